"""What would other rules do to what was recorded, and which rule lets one of it pass?

`corscope what-if` and `corscope rule-from`.
"""

from collections.abc import Sequence

import click

from corscope.cli.arguments.chosen import with_id
from corscope.cli.arguments.kinds import FILE
from corscope.cli.arguments.records import entries_of, read_records
from corscope.cli.arguments.rules import print_problems, read_rules
from corscope.cli.output import print_file
from corscope.explain.rule_from import NoRuleError, rule_from
from corscope.explain.whatif.compare import Change, what_if
from corscope.explain.whatif.text import asked, what_if_lines
from corscope.journal.store import Entry

__all__ = ["rule_from_recorded", "what_if_recorded"]


MOST_EXCHANGES = 100_000
"""Exchanges that are looked at; of more the last."""


def _read(files: Sequence[str]) -> tuple[Entry, ...]:
    """The exchanges of these files; what can't be read is told on standard error.

    Raises:
        click.ClickException: a file can't be opened, or there is no exchange in any.
    """
    entries = entries_of(read_records(files, lambda why: click.echo(why, err=True)), MOST_EXCHANGES)
    if not entries:
        raise click.ClickException(f"no CORS exchange is in {', '.join(files)}")
    return entries


@click.command("what-if")
@click.argument("rules", nargs=-1, required=True, type=FILE)
@click.option(
    "--on",
    "recorded",
    multiple=True,
    required=True,
    type=FILE,
    metavar="FILE",
    help="A journal, a flow file or a HAR; may be given several times.",
)
@click.option(
    "--fresh/--no-fresh", default=True, help="As the option cors_fresh is set (default: true)."
)
def what_if_recorded(rules: tuple[str, ...], recorded: tuple[str, ...], fresh: bool) -> None:
    """Tell how the verdicts of recorded exchanges would change under RULES.

    RULES are rule files or folders of them. Prints a summary, then each exchange that would end
    otherwise, and each of which it can't be told. The exit status is 1 if anything that is allowed
    would be blocked.
    """
    if "-" in rules and "-" in recorded:
        raise click.UsageError("- is standard input: either the rules or what is recorded")
    ruleset = read_rules(rules)
    print_problems(ruleset.warnings)
    found = what_if(_read(recorded), ruleset, fresh=fresh)
    for line in what_if_lines(found):
        click.echo(line)
    if any(_is_break(change) for change in found.changes):
        raise click.exceptions.Exit(1)


def _is_break(change: Change) -> bool:
    return change.before.verdict == "allowed" and change.after.verdict == "blocked"


@click.command("rule-from")
@click.argument("recorded", nargs=-1, required=True, type=FILE)
@click.option(
    "--id",
    "id_",
    metavar="ID",
    help="The exchange, by the beginning of its id; without it, the last one blocked.",
)
def rule_from_recorded(recorded: tuple[str, ...], id_: str | None) -> None:
    """Write the smallest rule that would let one recorded exchange pass.

    RECORDED are journals, flow files or HARs. The rule is tried on the exchange before it is
    printed; where no rule helps, it is said why, and the exit status is 1.
    """
    entry = _chosen(_read(recorded), id_)
    try:
        text = rule_from(entry.exchange, entry.outcome)
    except NoRuleError as error:
        raise click.ClickException(f"{asked(entry.exchange)}: {error}") from error
    print_file(text)


def _chosen(entries: Sequence[Entry], id_: str | None) -> Entry:
    """The entry of this id or with this beginning of it, or the last one that is blocked.

    Raises:
        click.ClickException: there is none, or several have ids that begin so.
    """
    if id_ is not None:
        by_id = {entry.exchange.id: entry for entry in entries}
        return by_id[with_id([entry.exchange for entry in entries], id_).id]
    blocked = [entry for entry in entries if entry.exchange.judgement.verdict == "blocked"]
    if not blocked:
        raise click.ClickException("nothing is blocked there; --id names another exchange")
    return blocked[-1]
