"""Which rules hold after the files have changed, or after one was switched on or off?

All the new ones or all the old ones: a mistake in one file keeps the whole last good set, so that
a typo can't silently switch a policy off. When to look at the files is left to the caller. What
was switched by hand holds until the program ends, whatever is saved in between.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from corscope.rules.load import Source, load
from corscope.rules.model import Ruleset
from corscope.rules.problems import Problem, RulesError, shown
from corscope.servers.registry import nearest

__all__ = ["State", "no_such_rule", "reload", "toggle"]


@dataclass(frozen=True, slots=True)
class State:
    """The rules that hold.

    Attributes:
        ruleset: the last good set, each rule as enabled as it is now.
        files: what was read last, whether or not it was good.
        problems: what is wrong with what was read last, warnings included.
        applied: whether what was read last is what holds.
        switched: the rules that are switched by hand to other than what their file says.
    """

    ruleset: Ruleset = field(default_factory=Ruleset)
    files: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    applied: bool = True
    switched: frozenset[str] = frozenset()


def reload(old: State, sources: Sequence[Source], check_filter: Callable[[str], None]) -> State:
    """The state after these files were read."""
    files = tuple(source.path for source in sources)
    try:
        ruleset = load(sources, check_filter)
    except RulesError as error:
        return State(old.ruleset, files, error.problems, applied=False, switched=old.switched)
    by_hand = {r.name: r.enabled for r in old.ruleset.rules if r.name in old.switched}
    other = {r.name for r in ruleset.rules if by_hand.get(r.name, r.enabled) != r.enabled}
    return State(_flipped(ruleset, other), files, ruleset.warnings, switched=frozenset(other))


def toggle(state: State, name: str) -> State:
    """The state after the rule of this name was switched on or off, until the program ends.

    Raises:
        ValueError: there is no such rule.
    """
    known = [rule.name for rule in state.ruleset.rules]
    if name not in known:
        raise ValueError(no_such_rule(name, known))
    ruleset = _flipped(state.ruleset, {name})
    return replace(state, ruleset=ruleset, switched=state.switched ^ {name})


def no_such_rule(name: str, known: Sequence[str]) -> str:
    """Say that there is no rule of this name, and which one may be meant."""
    meant = nearest(name, known)
    hint = f"did you mean {shown(meant)}?" if meant else f"there are {', '.join(map(shown, known))}"
    return f"no rule {shown(name)}: {hint if known else 'no rules are in force'}"


def _flipped(ruleset: Ruleset, names: set[str]) -> Ruleset:
    """The set with these rules switched; where each stands in the index stays."""
    if not names:
        return ruleset
    rules = (replace(r, enabled=r.enabled ^ (r.name in names)) for r in ruleset.rules)
    return replace(ruleset, rules=tuple(rules))
