"""The pieces all dialects share, and the registry of dialects."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corscope.messages import HeaderList, Request
from corscope.servers.parts import (
    add_to_vary,
    echoed,
    is_cors_preflight_request,
    is_sendable,
    without_cors_headers,
)
from corscope.servers.registry import dialects, find, nearest

PREFLIGHT: HeaderList = (("Origin", "https://a.test"), ("Access-Control-Request-Method", "PUT"))


@pytest.mark.parametrize(
    ("method", "headers", "preflight"),
    [
        pytest.param("OPTIONS", PREFLIGHT, True, id="three things make a preflight"),
        pytest.param("options", PREFLIGHT, False, id="the method is case-sensitive"),
        pytest.param("GET", PREFLIGHT, False, id="not any method"),
        pytest.param("OPTIONS", PREFLIGHT[:1], False, id="not without a method asked for"),
        pytest.param("OPTIONS", PREFLIGHT[1:], False, id="not without an origin"),
    ],
)
def test_is_cors_preflight_request(method: str, headers: HeaderList, *, preflight: bool) -> None:
    assert is_cors_preflight_request(Request(method, "https://b.test/", headers)) is preflight


@pytest.mark.parametrize(
    ("before", "names", "after"),
    [
        pytest.param((), ["Origin"], (("vary", "Origin"),), id="made where there is none"),
        pytest.param(
            (("Vary", "Accept"),), ["Origin"], (("Vary", "Accept, Origin"),), id="added to"
        ),
        pytest.param((("Vary", "oRiGin"),), ["Origin"], (("Vary", "oRiGin"),), id="not repeated"),
        pytest.param((("Vary", "*"),), ["Origin"], (("Vary", "*"),), id="a star says it all"),
        pytest.param(
            (("Vary", "A"), ("Vary", "Origin")),
            ["Origin"],
            (("Vary", "A"), ("Vary", "Origin")),
            id="all its lines are read",
        ),
        pytest.param((("Vary", ""),), ["Origin"], (("Vary", ""), ("Vary", "Origin")), id="empty"),
        pytest.param((), [], (), id="nothing to add"),
    ],
)
def test_add_to_vary(before: HeaderList, names: list[str], after: HeaderList) -> None:
    assert add_to_vary(before, names) == after


def test_the_application_s_own_cors_headers_go_in_any_case() -> None:
    headers = (("ACCESS-CONTROL-ALLOW-ORIGIN", "*"), ("Timing-Allow-Origin", "*"), ("Vary", "A"))
    assert without_cors_headers(headers) == headers[1:]


@given(st.characters(max_codepoint=0x17F))
def test_only_latin_1_without_line_ends_can_be_sent(char: str) -> None:
    assert is_sendable(f"a{char}b") == (ord(char) < 256 and char not in "\r\n\0")


@pytest.mark.parametrize("value", ["a\rb", "a\nb", "a\0b"])
def test_what_would_end_the_line_is_not_echoed(value: str) -> None:
    request = Request("GET", "https://b.test/", (("Origin", value),))
    assert echoed(request, "origin") is None


def test_a_dialect_is_found_by_its_name_and_no_other() -> None:
    assert dialects()[0].name == "standard"
    assert all(find(dialect.name) is dialect for dialect in dialects())
    assert find("Standard") is None


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("standrad", "standard"), ("STANDARD", "standard"), ("zzz", None), ("s" * 10**6, None)],
)
def test_the_nearest_dialect(typed: str, meant: str | None) -> None:
    assert nearest(typed, [dialect.name for dialect in dialects()]) == meant


def test_nearest_takes_no_word_from_nowhere() -> None:
    assert nearest("anything", []) is None
