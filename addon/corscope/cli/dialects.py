"""Which servers can corscope be like, and what do two of them answer otherwise?"""

import click

from corscope.cli.arguments.kinds import DIALECT, FILE
from corscope.cli.arguments.rules import named_rule, read_rules
from corscope.cli.output import columns
from corscope.servers.dialect import Dialect
from corscope.servers.difference import differences
from corscope.servers.habits import habits
from corscope.servers.handoff import translated
from corscope.servers.registry import dialects as all_dialects

__all__ = ["dialects", "diff_dialects"]


@click.command()
@click.argument("dialect", type=DIALECT, required=False)
def dialects(dialect: Dialect | None) -> None:
    """List the servers that a policy can be `like`, or tell how one of them answers.

    "Proved" dialects answer as the real server in a test that runs both; "documented" ones follow
    the server's documentation.
    """
    if dialect is None:
        told = [
            (each.name, each.title, each.version, each.evidence.value) for each in all_dialects()
        ]
        for line in columns([("name", "server", "version", "known by"), *told]):
            click.echo(line)
        return
    click.echo(f"{dialect.name}: {dialect.title}, {dialect.version}, {dialect.evidence.value}")
    click.echo(f"{dialect.source}\n")
    for habit in habits(dialect):
        click.echo(f"{habit.question.replace('`', '')}: {habit.answer.replace('`', '')}")
    for setting in dialect.settings:
        click.echo(f"\nsetting {setting.name} ({setting.kind}): {setting.doc}", nl=False)
    if dialect.settings:
        click.echo()
    for surprise in dialect.surprises:
        click.echo(f"- {surprise}")


@click.command("diff-dialects")
@click.argument("first", type=DIALECT)
@click.argument("second", type=DIALECT)
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option(
    "--rule", "name", metavar="NAME", help="The rule; not needed if only one has a policy."
)
@click.option("--spelling", is_flag=True, help="Tell also what means the same to a browser.")
def diff_dialects(
    first: Dialect, second: Dialect, files: tuple[str, ...], name: str | None, spelling: bool
) -> None:
    """Tell which requests two servers answer otherwise under a rule's policy.

    FIRST and SECOND are dialects, FILES rule files or folders of them. The exit status is 1 if
    any request is answered otherwise.
    """
    rule = named_rule(read_rules(files).rules, name)
    assert rule.policy is not None
    assert rule.dialect is not None
    sides = []
    for dialect in (first, second):
        policy, lost = translated(rule.policy, rule.dialect, dialect)
        sides.append((dialect, policy))
        for sentence in lost:
            click.echo(f"warning: {dialect.name}: {sentence}", err=True)
    found = list(differences(sides[0], sides[1], spelling=spelling))
    for each in found:
        click.echo(
            f"{each.probe.title}:\n  {first.name}: {each.first}\n  {second.name}: {each.second}"
        )
    if found:
        raise click.exceptions.Exit(1)
    click.echo(f"{first.name} and {second.name} answer alike")
