"""The pieces all dialects share, and the registry of dialects."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from corscope.messages import HeaderList, Request
from corscope.servers.parts import (
    add_to_vary,
    echoed,
    is_cors_preflight_request,
    is_sendable,
    listed_or_echoed,
    overridden_by,
    replaced_by,
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


OWN: HeaderList = (("X-A", "own"), ("Vary", "Accept"), ("X-B", "own"))


def test_what_the_application_says_itself_stands_in_the_middlewares_place() -> None:
    written = (("x-a", "1"), ("x-c", "3"))
    assert replaced_by(written, OWN[::2]) == (("X-A", "own"), ("x-c", "3"), ("X-B", "own"))


@pytest.mark.parametrize(
    ("written", "own", "expected"),
    [
        pytest.param((), "Accept", "Accept", id="none of the middleware's"),
        pytest.param((("vary", "Origin"),), "Accept", "Origin, Accept", id="both"),
        pytest.param((("vary", "Origin"),), "origin", "Origin", id="each name once"),
        pytest.param((("vary", "Origin"),), "Accept, *", "*", id="a star says it all"),
        pytest.param((("vary", "*"),), "Accept", "*", id="the middleware's too"),
        pytest.param((("vary", "Origin"),), "", "Origin", id="an empty one adds nothing"),
    ],
)
def test_the_applications_vary_is_added_to_the_middlewares(
    written: HeaderList, own: str, expected: str
) -> None:
    made = overridden_by((("x-a", "1"), *written), (("X-A", "own"), ("Vary", own)))
    assert [value for name, value in made if name.lower() == "vary"] == [expected]
    assert made[0] == ("X-A", "own")


@pytest.mark.parametrize(
    ("allowed", "sent"),
    [
        pytest.param("request", "X-A", id="what is asked for"),
        pytest.param(("A", "B"), "A, B", id="a list"),
        pytest.param((), None, id="an empty list is nothing to send"),
        pytest.param("*", "*", id="a star as it is"),
        pytest.param(None, None, id="what isn't set"),
    ],
)
def test_a_policys_headers_as_a_value(allowed: str | tuple[str, ...] | None, sent: str) -> None:
    request = Request("GET", "https://b.test/", (("Access-Control-Request-Headers", "X-A"),))
    assert listed_or_echoed(allowed, request, "access-control-request-headers") == sent


def test_the_application_s_own_cors_headers_go_in_any_case() -> None:
    headers = (("ACCESS-CONTROL-ALLOW-ORIGIN", "*"), ("Timing-Allow-Origin", "*"), ("Vary", "A"))
    assert without_cors_headers(headers) == headers[1:]


@example("\xff")
@example("\u0100")
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
