"""Are these rule files fit for use? `corscope check` says so, and else names every mistake."""

import click

from corscope.mitm.filters import check_filter
from corscope.mitm.rule_files import RuleFiles
from corscope.rules.load import load
from corscope.rules.problems import Problem, RulesError

__all__ = ["check"]


@click.command()
@click.argument("files", nargs=-1, required=True)
def check(files: tuple[str, ...]) -> None:
    """Check rule FILES, or all *.toml of a folder, as one set.

    Prints every mistake with its place and what to write instead. The exit status is 1 if the
    set can't be used; warnings alone don't count.
    """
    sources = RuleFiles(files).sources()
    if not sources:
        raise click.ClickException(f"no rule files: there is no *.toml in {', '.join(files)}")
    try:
        rules = load(sources, check_filter)
    except RulesError as error:
        _print(error.problems)
        raise click.exceptions.Exit(1) from error
    _print(rules.warnings)
    click.echo(f"{_counted(len(rules.rules), 'rule')} in {_counted(len(sources), 'file')}: fine")


def _print(problems: tuple[Problem, ...]) -> None:
    for problem in problems:
        click.echo(str(problem), err=True)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
