"""Regexes are matched as `re` matches them, but none in more than linear time."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, example, given, settings

from corscope.messages import Request, Response
from corscope.rules.load import Source, load
from corscope.rules.problems import RulesError
from corscope.servers.patterns.backtracking import BEYOND_COUNTING, ways
from corscope.servers.patterns.linear import How, Linear, NotLinearError
from corscope.servers.patterns.origins import (
    FEW_WAYS,
    MAX_REGEX_SUBJECT,
    matches_regex,
    regex_error,
)
from corscope.servers.patterns.regex_tree import parsed
from corscope.servers.policy import Policy
from corscope.servers.registry import dialects
from tests.support.work import steps

from .patterns import EXPLOSIVE, UNFOLLOWED, flags, patterns, texts

HOWS: tuple[How, ...] = ("fullmatch", "match", "search")
NAMES = [dialect.name for dialect in dialects()]


@settings(max_examples=1_000, deadline=None)
@example(r"\B", 0, "")
@example(r"(?:|a)*b", 0, "aab")
@example(r"(?:a?)*?b", 0, "aab")
@example(r"a$", 0, "a\n")
@example(r"(?i:\u212a)", 0, "k")
@given(patterns, flags, texts)
def test_it_matches_what_re_matches(pattern: str, flag: int, text: str) -> None:
    regex = parsed(pattern, flag)
    assume(ways(regex, len(text)) < 1_000_000)
    compiled = re.compile(pattern, flag)
    linear = Linear(regex, longest=8)
    for how in HOWS:
        assert linear.matches(text, how) is (getattr(compiled, how)(text) is not None), how


@pytest.mark.parametrize("pattern", EXPLOSIVE)
def test_what_re_would_never_be_done_with_is_answered(pattern: str) -> None:
    assert ways(parsed(pattern), MAX_REGEX_SUBJECT) > FEW_WAYS
    assert regex_error(pattern) is None
    for how in HOWS:
        assert not matches_regex(pattern, EXPLOSIVE[pattern], how)


@pytest.mark.parametrize("pattern", EXPLOSIVE)
def test_the_work_grows_with_the_texts_length_and_no_faster(pattern: str) -> None:
    linear, hostile = Linear(parsed(pattern), 2_000), EXPLOSIVE[pattern]
    longer = hostile.replace("aa", "a" * 8).replace("xx", "x" * 8)
    assert len(longer) > 3 * len(hostile)
    once = steps(lambda: linear.matches(hostile, "search"))
    assert steps(lambda: linear.matches(longer, "search")) < 5 * once


@pytest.mark.parametrize("pattern", UNFOLLOWED)
def test_what_can_not_be_matched_so_is_refused_with_the_way_out(pattern: str) -> None:
    with pytest.raises(NotLinearError):
        Linear(parsed(pattern), MAX_REGEX_SUBJECT)
    error = regex_error(pattern) or ""
    assert error.startswith("none that can be tried in time on any origin: it has ")
    assert error.endswith("beside what it repeats; write it without one of both")
    assert not matches_regex(pattern, "a" * 400, "search")


@pytest.mark.parametrize("pattern", UNFOLLOWED)
@pytest.mark.parametrize("dialect", ["standard", "starlette", "django", "litestar"])
def test_a_rule_with_it_does_not_load(dialect: str, pattern: str) -> None:
    text = (
        '[[rule]]\nname = "r"\nmatch.host = "api.example.com"\n'
        f'[rule.policy]\nlike = "{dialect}"\nallow_origins = []\n'
        f"allow_origin_regex = '{pattern}'\n"
    )
    with pytest.raises(RulesError) as refused:
        load([Source("r.toml", text.encode())])
    [problem] = [each for each in refused.value.problems if "tried in time" in each.message]
    assert (problem.line, problem.path) == (7, "policy.allow_origin_regex")


@pytest.mark.parametrize(
    "pattern",
    [
        r"^https://(?!evil\.)[a-z.]+\.example\.com$",
        r"^https://(app|admin)\.example\.(com|org)(:\d+)?$",
        r"^(https?)://\1\.example\.com$",
        r"^https://(?>[a-z]+)\.example\.com$",
    ],
)
def test_what_is_quick_anyway_is_left_to_re(pattern: str) -> None:
    assert ways(parsed(pattern), MAX_REGEX_SUBJECT) <= FEW_WAYS
    assert regex_error(pattern) is None


def test_of_alternatives_each_is_matched_in_its_own_way() -> None:
    """As a glob and a regex that looks ahead, side by side in one pattern."""
    pattern = r"(?:https://*.*.test)|(?:^(?!https://evil)https://(?:app|one)\.example)"
    assert regex_error(pattern) is None
    origins = ["https://app.example", "https://evil.example", "https:/x.test", "http://a"]
    matched = [each for each in origins if matches_regex(pattern, each, "fullmatch")]
    assert matched == [each for each in origins if re.fullmatch(pattern, each)]
    assert matched == ["https://app.example", "https:/x.test"]


@pytest.mark.parametrize(
    ("pattern", "length", "count"),
    [
        ("abc", 10, 11),
        ("^abc", 10, 1),
        ("^a*", 10, 11),
        ("^a*b*", 10, 121),
        ("^(ab|cd|e)", 10, 3),
        ("^(ab|c){2}", 10, 4),
        ("^(a*)?", 10, 12),
        ("^a{3,5}", 10, 3),
        ("(?m)^a", 10, 11),
        (r"^(?i:\Aa)", 10, 1),
        ("^(a*)*", 100, BEYOND_COUNTING),
    ],
)
def test_ways_are_counted(pattern: str, length: int, count: int) -> None:
    assert ways(parsed(pattern), length) == count


@pytest.mark.parametrize("name", NAMES)
def test_no_dialect_takes_long_for_a_pattern_that_it_takes(name: str) -> None:
    """Whatever each does with asterisks, question marks and regexes, it comes to an end."""
    dialect = next(each for each in dialects() if each.name == name)
    asterisks = "https://" + "*a" * 60 + "?" * 60 + "*b.example.com"
    for policy in (
        Policy(allow_origins=(asterisks, "https://*.*.*.*.*.*.*.*.*.*.x:[80,443]")),
        *(Policy(allow_origins=(), allow_origin_regex=pattern) for pattern in EXPLOSIVE),
    ):
        if dialect.complaints(policy):
            continue
        for origin in ("https://" + "a" * 490, "https://" + "a." * 120 + "x", *EXPLOSIVE.values()):
            asked = Request("GET", "https://api.example.com/", (("Origin", origin),))
            dialect.actual(policy, asked, Response(200, ()))
