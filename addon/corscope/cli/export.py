"""A rule works: how is the real server configured? `corscope export` writes it."""

from pathlib import Path

import click

from corscope.cli.rules import as_dialect, read_rules, rule_with_policy
from corscope.rules.model import Rule
from corscope.servers.dialect import Dialect, Export
from corscope.servers.handoff import hand_off

__all__ = ["export"]


@click.command()
@click.argument("files", nargs=-1, required=True)
@click.option(
    "--rule", "name", metavar="NAME", help="The rule; not needed if only one has a policy."
)
@click.option(
    "--to",
    "target",
    callback=as_dialect,
    metavar="DIALECT",
    help="The server; default: the rule's own.",
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write it to this file."
)
@click.option("--force", is_flag=True, help="Overwrite the file if there is one.")
def export(
    files: tuple[str, ...],
    name: str | None,
    target: Dialect | None,
    output: Path | None,
    force: bool,
) -> None:
    """Write a rule's policy as configuration or code of a real server.

    FILES are rule files or folders of them. What the server can't express, or answers otherwise,
    is told on standard error.
    """
    rule = rule_with_policy(read_rules(files), name)
    exported = _exported(rule, target)
    for warning in (*exported.warnings, *_not_exported(rule)):
        click.echo(f"warning: {warning}", err=True)
    if output is None:
        click.echo(exported.text, nl=False)
        return
    try:
        with output.open("w" if force else "x", encoding="utf-8") as file:
            file.write(exported.text)
    except FileExistsError as error:
        message = f"{output} is there already; --force overwrites it"
        raise click.ClickException(message) from error
    except OSError as error:
        raise click.ClickException(f"{output}: {error.strerror}") from error
    click.echo(f"{output} written: it belongs into {exported.file}")


def _exported(rule: Rule, target: Dialect | None) -> Export:
    assert rule.policy is not None
    assert rule.dialect is not None
    try:
        return hand_off(rule.policy, rule.dialect, target or rule.dialect)
    except ValueError as error:
        raise click.ClickException(f"{error}; --to DIALECT names another server") from error


def _not_exported(rule: Rule) -> list[str]:
    """The parts of a rule that no server's CORS configuration has."""
    parts = {"headers": rule.headers, "fault": rule.fault}
    return [f"[rule.{part}] is not exported" for part, given in parts.items() if given is not None]
