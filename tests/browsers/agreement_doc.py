"""docs/agreement.md, written by the run that it tells of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from corscope.fetch.engines import DEPARTURES, Departure, Engine
from corscope.fetch.safelist import (
    cors_unsafe_request_header_names,
    is_cors_safelisted_method,
    normalize_method,
)
from tests.browsers.case import Case
from tests.browsers.departures import shown_by
from tests.browsers.predict import own_headers

__all__ = ["DOCUMENT", "Tally", "departures", "document", "group_of"]

DOCUMENT = Path(__file__).parents[2] / "docs" / "agreement.md"

GROUPS = (
    *("no CORS", "redirects", "opaque origins", "upload listeners", "preflights for a method"),
    *("preflights for headers", "credentials", "simple requests"),
)

INTRODUCTION = """\
# Agreement with real browsers
Written by `make agree N={count} SEED={seed} TABLE=1` on {date}.

Each case is one fetch by a page in a real browser, through a real mitmdump with corscope, to
servers that answer as scripted. Compared are how it ends for script; the name that the browser's
own tools give a failure; the headers that script reads; every request that came, what it announces
and which of script's headers it carries, with what the rules in `fetch/` foretell; which preflight
opened which request's way; the credentials mode. No case is excused: what no proxy can know is in
[scope.md](scope.md).
"""

GROUPED = """\
## Cases by group
A case counts in the first group that it fits; "by hand" are those of the tables in
`tests/browsers/`, "random" those of the seed.

"""

LEAVING = """\
## Where engines leave the standard
`fetch/engines.py` in words; an unknown engine has none of these. Each is shown by a case of the
tables that would go otherwise by the standard, or by a test in `tests/browsers/`.

"""


@dataclass(frozen=True, slots=True)
class Tally:
    """What came of the cases in one engine."""

    engine: str
    version: str
    cases: int
    resolved: int
    disagreements: int
    disagreeing: Counter[str] = field(default_factory=Counter)


def group_of(case: Case) -> str:
    """What the case exercises: the first of `GROUPS` that it fits."""
    answers = (answer for answer in case.routes().values() if hasattr(answer, "headers"))
    redirects = any(n.lower() == "location" for a in answers for n, _ in a.headers)
    traits = (
        case.init.get("mode") == "no-cors" or case.same_origin,
        bool(case.then) or redirects,
        case.sandboxed,
        case.listens,
        not is_cors_safelisted_method(normalize_method(str(case.init.get("method", "GET")))),
        bool(cors_unsafe_request_header_names(own_headers(case))),
        case.mode == "include",
        True,
    )
    return GROUPS[traits.index(True)]


def document(
    tallies: Sequence[Tally], table: Sequence[Case], random: Sequence[Case], seed: int, date: str
) -> str:
    """Put the whole document together."""
    parts = (
        INTRODUCTION.format(count=len(random), seed=seed, date=date),
        "\n".join(_engines(tallies)),
        GROUPED + "\n".join(_groups(tallies, table, random)),
        LEAVING + departures(),
    )
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


def _engines(tallies: Sequence[Tally]) -> Iterator[str]:
    yield "| engine | version | cases | resolved for script | disagreements |"
    yield "|---|---|---|---|---|"
    for tally in tallies:
        counts = f"{tally.cases:,} | {tally.resolved:,} | {tally.disagreements:,}"
        yield f"| {tally.engine} | {tally.version} | {counts} |"


def _groups(
    tallies: Sequence[Tally], table: Sequence[Case], random: Sequence[Case]
) -> Iterator[str]:
    by_hand, drawn = Counter(map(group_of, table)), Counter(map(group_of, random))
    yield "| group | by hand | random | disagreements in any engine |"
    yield "|---|---|---|---|"
    for group in GROUPS:
        disagreeing = sum(tally.disagreeing[group] for tally in tallies)
        yield f"| {group} | {by_hand[group]:,} | {drawn[group]:,} | {disagreeing:,} |"


def departures() -> str:
    """Give the table of `DEPARTURES`, in its order."""
    rows = [
        f"| {departure.value} | {', '.join(sorted(entry.engines))} | {entry.standard} "
        f"| {entry.instead} | {entry.seen_in} | {_shown(departure, entry.engines)} |"
        for departure, entry in DEPARTURES.items()
    ]
    head = "| name | engines | the standard | instead | seen in | shown by |"
    return "\n".join([head, "|---|---|---|---|---|---|", *rows])


def _shown(departure: Departure, engines: Collection[Engine]) -> str:
    cases = (shown_by(departure, engine) for engine in sorted(engines))
    return "; ".join(dict.fromkeys(str(case) for case in cases))
