"""Are these rule files fit for use? `corscope check` says so, and else names every mistake."""

import click

from corscope.cli.arguments.kinds import FILE
from corscope.cli.arguments.rules import print_problems, read_rules
from corscope.explain.counted import counted

__all__ = ["check"]


@click.command()
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
def check(files: tuple[str, ...], strict: bool) -> None:
    """Check rule FILES, or all *.toml of a folder, as one set.

    Prints every mistake with its place and what to write instead. The exit status is 1 if the
    set can't be used; warnings alone don't count without --strict.
    """
    rules = read_rules(files)
    print_problems(rules.warnings)
    if strict and rules.warnings:
        raise click.exceptions.Exit(1)
    told = f"{counted(len(rules.rules), 'rule')} in {counted(len(rules.files), 'file')}"
    click.echo(f"{told}: fine")
