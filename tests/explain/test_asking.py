"""Why the browser asked leave, in words."""

from __future__ import annotations

import pytest

from corscope.explain.parts.asking import RULE_WORDS, why_text
from corscope.fetch.safelist import UnsafeRule
from corscope.journal.why import Why


def test_every_rule_has_words() -> None:
    assert set(RULE_WORDS) == set(UnsafeRule)


@pytest.mark.parametrize(
    ("whys", "expected"),
    [
        ([Why("method", "PUT", "method")], "PUT is no safelisted method"),
        (
            [Why("header", "content-type", "content-type", "application/json")],
            "content-type: application/json is not safelisted",
        ),
        ([Why("header", "x-a", "name")], "x-a is not safelisted"),
        ([Why("header", "accept")], "accept may have a value that is not safelisted"),
        (
            [Why("header", "range", "range-form", "bytes=-5")],
            "range: bytes=-5 is no single range with a beginning",
        ),
        (
            [Why("upload-listener")],
            "script listens to the upload's progress or streams the body",
        ),
        ([Why("redirect")], "it had asked before the redirect too"),
        (
            [Why("method", "\x1b"), Why("header", "x-b", "name")],
            "\\x1b is no safelisted method, x-b is not safelisted",
        ),
    ],
)
def test_each_cause_is_a_clause(whys: list[Why], expected: str) -> None:
    assert why_text(whys) == expected
