"""mitmproxy's filter expressions, as rules hold them."""

from __future__ import annotations

import pytest

from corscope.mitm.filters import check_filter, matcher

from .flows import flow


@pytest.mark.parametrize("text", ["~m PUT", "~hq x-tenant", "!(~d a.test | ~u /b)", "plain"])
def test_a_filter_expression_passes(text: str) -> None:
    check_filter(text)


@pytest.mark.parametrize("text", ["~nonsense", "(", "~hq [", "~c notanumber"])
def test_what_is_none_is_refused_with_mitmproxys_words(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
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
