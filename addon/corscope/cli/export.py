"""A rule works: how is the real server configured? `corscope export` writes it."""

from pathlib import Path

import click

from corscope.cli.arguments.kinds import DIALECT, FILE, output_option
from corscope.cli.arguments.rules import named_rule, read_rules
from corscope.cli.output import print_file, write_file
from corscope.rules.export import export_rule
from corscope.servers.dialect import Dialect

__all__ = ["export"]


@click.command()
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option(
    "--rule", "name", metavar="NAME", help="The rule; not needed if only one has a policy."
)
@click.option(
    "--to",
    "target",
    type=DIALECT,
    metavar="DIALECT",
    help="The server; default: the rule's own.",
)
@output_option()
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
    rule = named_rule(read_rules(files).rules, name)
    try:
        exported = export_rule(rule, target)
    except ValueError as error:
        raise click.ClickException(f"{error}; --to DIALECT names another server") from error
    for warning in exported.warnings:
        click.echo(f"warning: {warning}", err=True)
    if output is None:
        print_file(exported.text)
        return
    write_file(output, exported.text, force=force, is_private=True)
    click.echo(f"{output} written: it belongs into {exported.file}")
