"""Which rules hold after a change: `rules.reload`."""

from corscope.rules.load import Source
from corscope.rules.problems import Severity
from corscope.rules.reload import State, reload

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
