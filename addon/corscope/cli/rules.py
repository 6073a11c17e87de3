"""Which rule does a command mean? Shared by those that take rule files and a rule's name."""

import click

from corscope.mitm.filters import check_filter
from corscope.mitm.rule_files import RuleFiles
from corscope.rules.load import load
from corscope.rules.model import Rule, Ruleset
from corscope.rules.problems import Problem, RulesError
from corscope.servers.dialect import Dialect
from corscope.servers.registry import dialects, find, nearest

__all__ = ["as_dialect", "print_problems", "read_rules", "rule_with_policy"]


def read_rules(files: tuple[str, ...]) -> Ruleset:
    """Read rule files, or folders of them.

    Raises:
        click.exceptions.Exit: a mistake; all of them have been printed.
        click.ClickException: there are no files.
    """
    sources = RuleFiles(files).sources()
    if not sources:
        raise click.ClickException(f"no rule files: there is no *.toml in {', '.join(files)}")
    try:
        return load(sources, check_filter)
    except RulesError as error:
        print_problems(error.problems)
        raise click.exceptions.Exit(1) from error


def print_problems(problems: tuple[Problem, ...]) -> None:
    """Print mistakes and warnings, one a line, on standard error."""
    for problem in problems:
        click.echo(str(problem), err=True)


def rule_with_policy(rules: Ruleset, name: str | None) -> Rule:
    """The rule of this name; without a name the only one that has a policy.

    Raises:
        click.ClickException: there is none, or more than one.
    """
    having = {rule.name: rule for rule in rules.rules if rule.policy is not None}
    if name is None:
        if len(having) == 1:
            return next(iter(having.values()))
        names = ", ".join(f'"{each}"' for each in having) or "none"
        raise click.ClickException(f"which rule? --rule NAME says it; with a policy: {names}")
    if name in having:
        return having[name]
    if any(rule.name == name for rule in rules.rules):
        raise click.ClickException(
            f'the rule "{name}" has no [rule.policy], so no server is like it'
        )
    meant = nearest(name, having)
    raise click.ClickException(
        f'no rule "{name}"' + (f': did you mean "{meant}"?' if meant else "")
    )


def as_dialect(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> Dialect | None:
    """Find the dialect that a word on the command line names, as rule files do after `like`.

    Raises:
        click.BadParameter: there is no such dialect.
    """
    if value is None:
        return None
    found = find(value)
    if found is None:
        known = [dialect.name for dialect in dialects()]
        meant = nearest(value, known)
        hint = f'did you mean "{meant}"?' if meant else f"there are {', '.join(known)}"
        raise click.BadParameter(f'no dialect "{value}": {hint}')
    return found
