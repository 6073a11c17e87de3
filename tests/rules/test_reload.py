"""Which rules hold after a change: `rules.reload`."""

import pytest

from corscope.rules.load import Source
from corscope.rules.problems import Severity
from corscope.rules.reload import State, no_such_rule, reload, toggle

GOOD = Source("good.toml", b'[[rule]]\nname = "a"\nmatch.host = "a.test"\nfault.status = 401\n')
MORE = Source("more.toml", b'[[rule]]\nname = "b"\nmatch.host = "b.test"\nfault.status = 401\n')
BAD = Source("bad.toml", b'[[rule]]\nname = "c"\nmatch.host = 3\nfault.status = 401\nfault.x = 1\n')
LOUD = Source(
    "loud.toml", b'[[rule]]\nname = "d"\nmatch.host = "d.example"\npolicy.allow_origins = "*"\n'
)


def accept(_expression: str) -> None: ...


def names(state: State) -> list[str]:
    return [rule.name for rule in state.ruleset.rules]


def test_at_first_no_rules_hold() -> None:
    assert names(State()) == []


def test_good_files_replace_all_rules() -> None:
    state = reload(reload(State(), [GOOD], accept), [MORE], accept)
    assert names(state) == ["b"]
    assert state.applied
    assert state.problems == ()


def test_one_bad_file_keeps_the_whole_last_set_and_tells_every_mistake() -> None:
    before = reload(State(), [GOOD], accept)
    after = reload(before, [MORE, BAD, Source("gone.toml", None, "no such file")], accept)
    assert after.ruleset is before.ruleset
    assert not after.applied
    assert after.files == ("more.toml", "bad.toml", "gone.toml")
    assert [(problem.file, problem.path) for problem in after.problems] == [
        ("bad.toml", "match.host"),
        ("bad.toml", "fault.x"),
        ("gone.toml", ""),
    ]


def test_a_mended_file_is_taken_again() -> None:
    broken = reload(reload(State(), [GOOD], accept), [BAD], accept)
    assert names(reload(broken, [GOOD, MORE], accept)) == ["a", "b"]


def test_warnings_do_not_keep_rules_from_holding() -> None:
    state = reload(State(), [LOUD], accept)
    assert state.applied
    assert names(state) == ["d"]
    assert [problem.severity for problem in state.problems] == [Severity.WARNING]


def test_no_files_are_no_rules() -> None:
    assert names(reload(reload(State(), [GOOD], accept), [], accept)) == []


def enabled(state: State) -> dict[str, bool]:
    return {rule.name: rule.enabled for rule in state.ruleset.rules}


def off(source: Source) -> Source:
    """The same file with its rule disabled."""
    return Source(source.path, (source.data or b"") + b"enabled = false\n")


def test_a_rule_is_switched_off_and_on_again() -> None:
    before = reload(State(), [GOOD, MORE], accept)
    without = toggle(before, "a")
    assert enabled(without) == {"a": False, "b": True}
    assert without.switched == {"a"}
    assert toggle(without, "a") == before


def test_what_was_switched_outlives_what_is_saved_broken_or_good() -> None:
    switched = toggle(reload(State(), [GOOD, MORE], accept), "a")
    broken = reload(switched, [BAD], accept)
    assert enabled(broken) == {"a": False, "b": True}
    assert broken.switched == {"a"}
    assert enabled(reload(broken, [MORE, GOOD], accept)) == {"b": True, "a": False}


def test_a_rule_that_its_file_disables_can_be_switched_on() -> None:
    switched = toggle(reload(State(), [off(GOOD)], accept), "a")
    assert enabled(switched) == {"a": True}
    assert enabled(reload(switched, [off(GOOD)], accept)) == {"a": True}


def test_once_the_file_says_the_same_nothing_is_switched_any_more() -> None:
    same = reload(toggle(reload(State(), [GOOD], accept), "a"), [off(GOOD)], accept)
    assert (enabled(same), same.switched) == ({"a": False}, frozenset())
    assert enabled(reload(same, [GOOD], accept)) == {"a": True}


def test_a_switched_rule_keeps_its_place_among_the_hosts() -> None:
    switched = toggle(reload(State(), [GOOD, MORE], accept), "b")
    assert list(switched.ruleset.index.positions("b.test")) == [1]


@pytest.mark.parametrize(
    ("known", "told"),
    [
        (["a rule", "another"], 'no rule "a rul": did you mean "a rule"?'),
        (["x", "y"], 'no rule "a rul": there are "x", "y"'),
        ([], 'no rule "a rul": no rules are in force'),
    ],
)
def test_a_rule_that_is_not_there_is_told_with_the_way_out(known: list[str], told: str) -> None:
    assert no_such_rule("a rul", known) == told
    with pytest.raises(ValueError, match='no rule "c"'):
        toggle(reload(State(), [GOOD], accept), "c")
