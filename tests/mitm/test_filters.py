"""mitmproxy's filter expressions, as rules hold them."""

from __future__ import annotations

import pytest
from mitmproxy import http

from corscope.mitm.rules.filters import check_filter, matcher

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


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5_000,
        "(~u a & " * 5_000,
        "! " * 1_000 + "~u a",
        "(~u a | " * 200 + "~u b" + " )" * 200,
    ],
    ids=["opened", "opened and", "negated", "chosen"],
)
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


def test_a_filter_sees_the_request_as_the_browser_has_sent_it() -> None:
    """Other addons send it elsewhere, and take from it, before its answer comes."""
    made = flow(url="http://api.test/x", headers=(("X-Tenant", "a"),))
    matches = matcher(made)
    made.request.url = "http://elsewhere.test/y"
    made.request.headers.pop("X-Tenant")
    assert matches("~d api.test & ~u /x & ~hq X-Tenant")
    assert made.request.url == "http://elsewhere.test/y"


def test_a_filter_sees_the_body_once_it_is_there() -> None:
    made = flow(method=b"POST")
    made.request.raw_content = None
    matches = matcher(made)
    assert not matches("~bq secret")
    made.request.raw_content = b"a secret"
    assert matches("~bq secret")
    made.request.raw_content = b"masked"
    assert matches("~bq secret")
