"""Which rules hold after the files have changed?

All the new ones or all the old ones: a mistake in one file keeps the whole last good set, so that
a typo can't silently switch a policy off. When to look at the files is left to the caller.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from corscope.rules.load import Source, load
from corscope.rules.model import Ruleset
from corscope.rules.problems import Problem, RulesError

__all__ = ["State", "reload"]


@dataclass(frozen=True, slots=True)
class State:
    """The rules that hold.

    Attributes:
        ruleset: the last good set.
        files: what was read last, whether or not it was good.
        problems: what is wrong with what was read last, warnings included.
        applied: whether what was read last is what holds.
    """

    ruleset: Ruleset = field(default_factory=Ruleset)
    files: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    applied: bool = True


def reload(old: State, sources: Sequence[Source], check_filter: Callable[[str], None]) -> State:
    """The state after these files were read."""
    files = tuple(source.path for source in sources)
    try:
        ruleset = load(sources, check_filter)
    except RulesError as error:
        return State(old.ruleset, files, error.problems, applied=False)
    return State(ruleset, files, ruleset.warnings)
