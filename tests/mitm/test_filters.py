"""mitmproxy's filter expressions, as rules hold them."""

from __future__ import annotations

import pytest
from mitmproxy import http

from corscope.mitm.filters import check_filter, matcher

from .flows import flow


@pytest.mark.parametrize("text", ["~m PUT", "~hq x-tenant", "!(~d a.test | ~u /b)", "plain"])
def test_a_filter_expression_passes(text: str) -> None:
    check_filter(text)


@pytest.mark.parametrize("text", ["~nonsense", "(", "~hq [", "~c notanumber"])
def test_what_is_none_is_refused_with_mitmproxys_words(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        check_filter(text)


@pytest.mark.parametrize(
    "text", ["~c 404", "~s", "!~a", "~m PUT & (~u a | ~hs b)", "~e", "~ts json", "~bs x"]
)
def test_what_looks_at_the_answer_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"looks at the answer"):
        check_filter(text)


@pytest.mark.parametrize("text", ["(" * 5_000, "(~u a & " * 5_000])
def test_what_is_nested_too_deeply_is_no_filter_expression(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        check_filter(text)


@pytest.mark.parametrize(
    ("text", "expected"), [("~m GET", True), ("~m PUT", False), ("~hq X-Tenant", True)]
)
def test_a_filter_matches_the_request(text: str, expected: bool) -> None:
    made = flow(headers=(("X-Tenant", "a"),))
    assert matcher(made)(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"), [("~q", True), ("~h server", False), ("~t html", False), ("~b ok", False)]
)
def test_whether_there_is_an_answer_changes_nothing(text: str, expected: bool) -> None:
    made = flow()
    assert matcher(made)(text) is expected
    answer = http.Response.make(200, b"ok", {"Server": "x", "Content-Type": "text/html"})
    made.response = answer
    assert matcher(made)(text) is expected
    assert made.response is answer
