"""Which rule files and which rule does a command mean? Shared by those that take such words."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from corscope.mitm.rules.files import RuleFiles, nothing_in
from corscope.mitm.rules.filters import check_filter
from corscope.rules.export import find_rule_with_policy
from corscope.rules.load import MAX_BYTES, Source, load
from corscope.rules.model import Rule, Ruleset
from corscope.rules.problems import Problem, RulesError

__all__ = ["named_rule", "print_problems", "read_rules"]


def read_rules(files: tuple[str, ...]) -> Ruleset:
    """Read rule files, or folders of them; a - is the standard input.

    Raises:
        click.exceptions.Exit: a mistake; all of them have been printed.
        click.ClickException: there are no files.
    """
    if "" in files:  # as of a variable that isn't set; it would be the folder at hand
        raise click.ClickException("no rule files: a path is empty")
    if files.count("-") > 1:
        raise click.ClickException("no rule files: - is standard input, which is read once")
    sources = [source for file in files for source in _sources(file)]
    if not sources:
        raise click.ClickException(f"no rule files: {nothing_in(files)}")
    try:
        return load(sources, check_filter)
    except RulesError as error:
        print_problems(error.problems)
        raise click.exceptions.Exit(1) from error


def _sources(file: str) -> list[Source]:
    """What a file says, a named pipe, the files of a folder, or the standard input."""
    if file == "-":
        return [Source(file, sys.stdin.buffer.read(MAX_BYTES + 1), None)]
    if _is_pipe(Path(file)):  # a proxy doesn't wait for one, a command does
        with Path(file).open("rb") as pipe:
            return [Source(file, pipe.read(MAX_BYTES + 1), None)]
    return RuleFiles([file]).sources()


def _is_pipe(path: Path) -> bool:
    try:
        return path.is_fifo()
    except OSError:  # a name that is too long, which is told where it is opened
        return False


def print_problems(problems: tuple[Problem, ...]) -> None:
    """Print mistakes and warnings, one a line, on standard error."""
    for problem in problems:
        click.echo(str(problem), err=True)


def named_rule(rules: Sequence[Rule], name: str | None) -> Rule:
    """The rule with a policy that `--rule` names, or the only one.

    Raises:
        click.ClickException: there is none, or more than one.
    """
    try:
        return find_rule_with_policy(rules, name)
    except ValueError as error:
        of_several = name is None and any(rule.policy for rule in rules)
        hint = "; --rule NAME says it" if of_several else ""
        raise click.ClickException(f"{error}{hint}") from error
