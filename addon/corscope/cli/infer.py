"""Which policy does a backend seem to have? `corscope infer` writes it as a rule to try."""

from collections import defaultdict
from collections.abc import Sequence

import click

from corscope.cli.arguments.kinds import FILE
from corscope.cli.arguments.records import read_records
from corscope.cli.output import print_file
from corscope.explain.infer import Observation, Resemblance, infer, observed, resembling
from corscope.rules.write import rule_text
from corscope.servers.policy import ECHO
from corscope.servers.registry import dialects, nearest

__all__ = ["infer_policy"]

MOST_SEEN = 100_000
"""Answers of one host that are looked at; later ones add nothing."""


@click.command("infer")
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option("--host", metavar="HOST", help="The backend, with its port if the URL has one.")
def infer_policy(files: tuple[str, ...], host: str | None) -> None:
    """Write the CORS policy that a backend seems to have, as a rule to tighten and to try.

    FILES are journals, mitmproxy's flow files, or HARs of browsers. Each field says how sure it is.
    """
    seen: defaultdict[str, list[Observation]] = defaultdict(list)
    for entry in read_records(files):
        each = observed(entry.exchange)
        if each is not None and len(seen[each.host]) < MOST_SEEN:
            seen[each.host].append(each)
    print_file(_rule(*_of_host(seen, host)))


def _of_host(seen: dict[str, list[Observation]], host: str | None) -> tuple[str, list[Observation]]:
    if not seen:
        raise click.ClickException("no CORS answer of a server is in there")
    if host is None and len(seen) == 1:
        return next(iter(seen.items()))
    if host is None:
        raise click.ClickException(f"which host? --host says it: {', '.join(sorted(seen))}")
    if host not in seen:
        meant = nearest(host, seen) or ", ".join(sorted(seen))
        raise click.ClickException(f"no CORS answer of {host} is in there: did you mean {meant}?")
    return host, seen[host]


def _rule(host: str, observations: list[Observation]) -> str:
    inferred = infer(observations)
    found = resembling(inferred.policy, observations, dialects())
    best = found[0]
    notes = {"like": _likeness(found, len(observations))}
    for field, words in inferred.notes.items():
        value = getattr(best.policy, field)
        how = "by an echo" if value == ECHO else "from a list"
        is_same = value in (None, getattr(inferred.policy, field))
        notes[field] = words if is_same else f"guessed: {best.dialect.name} answers so {how}"
    return rule_text(
        f"what {host} seems to do", {"host": host}, best.policy, best.dialect, notes=notes
    )


def _likeness(found: Sequence[Resemblance], count: int) -> str:
    """Which servers would have given how many of the answers."""
    best = found[0]
    if not best.alike:
        return "unknown: no server that is known gives any of these answers"
    equal = [each.dialect.name for each in found[1:] if each.alike == best.alike]
    note = f"{best.dialect.name} answers {best.alike} of these {count} so"
    return note + (f"; as do {', '.join(equal)}" if equal else "")
