"""Which origins a pattern allows: `servers.patterns.origins`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corscope.servers.patterns.origins import (
    MAX_REGEX_SUBJECT,
    matches_pattern,
    matches_regex,
    parse_origin_pattern,
    regex_error,
)


@pytest.mark.parametrize(
    ("pattern", "origin", "allowed"),
    [
        pytest.param("https://a.test", "https://a.test", True, id="an origin allows itself"),
        pytest.param("https://a.test", "http://a.test", False, id="but no other scheme"),
        pytest.param("https://a.test", "https://a.test:8443", False, id="and no other port"),
        pytest.param("https://a.test", "https://x.a.test", False, id="and no subdomain"),
        pytest.param("https://a.test", "https://A.test", False, id="and no other case"),
        pytest.param("https://a.test/", "https://a.test", False, id="a slash is no origin's end"),
        pytest.param("https://a.test:443", "https://a.test", False, id="nor a default port"),
        pytest.param("null", "null", True, id="null allows null"),
        pytest.param("https://a.test", "null", False, id="nothing else allows null"),
        pytest.param("https://*.a.test", "https://x.a.test", True, id="a star is a label"),
        pytest.param("https://*.a.test", "https://x.y.a.test", True, id="or several"),
        pytest.param("https://*.a.test", "https://a.test", False, id="but not none"),
        pytest.param("https://*.a.test", "https://xa.test", False, id="and it ends at a dot"),
        pytest.param("https://*.a.test", "https://x.a.test:8443", False, id="ports still count"),
        pytest.param("https://*.a.test", "https://x.a.test.evil.test", False, id="no suffix"),
        pytest.param("https://*.a.test", "https://evil.test/.a.test", False, id="a path is none"),
        pytest.param("https://*.a.test", "https://.a.test", False, id="an empty label is none"),
        pytest.param("http://localhost:*", "http://localhost:5173", True, id="any port"),
        pytest.param("http://localhost:*", "http://localhost", True, id="also the default port"),
        pytest.param("http://localhost:*", "http://localhost.evil.test:1", False, id="one host"),
        pytest.param("https://*.a.test:*", "https://x.a.test:1", True, id="both stars at once"),
        pytest.param("https://*.a.test:8443", "https://x.a.test:8443", True, id="one port of all"),
        pytest.param("http://[::1]:*", "http://[::1]:3000", True, id="an IPv6 address, any port"),
        pytest.param("https://*", "https://a.test", False, id="a star alone is no host"),
        pytest.param("*", "https://a.test", False, id="a star alone is no pattern"),
        pytest.param("https://a.*", "https://a.test", False, id="a star elsewhere is no pattern"),
        pytest.param("app://x", "app://x", True, id="any scheme has origins"),
    ],
)
def test_matches_pattern(pattern: str, origin: str, *, allowed: bool) -> None:
    assert matches_pattern(pattern, origin) is allowed


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_text_is_compared_without_error(pattern: str, origin: str) -> None:
    assert matches_pattern(pattern, origin) in {True, False}
    assert matches_pattern(origin, origin)


@given(st.lists(st.from_regex(r"[a-z]{1,5}", fullmatch=True), min_size=1, max_size=4))
def test_every_subdomain_is_allowed_and_no_sibling(labels: list[str]) -> None:
    below = ".".join(labels)
    assert matches_pattern("https://*.a.test", f"https://{below}.a.test")
    assert not matches_pattern("https://*.a.test", f"https://{below}a.test")
    assert not matches_pattern("https://*.a.test", f"https://{below}.a.test.b")


def test_what_no_origin_can_match_is_no_pattern() -> None:
    assert parse_origin_pattern("https://a.test/path") is None
    assert parse_origin_pattern("https://a.test") is not None


@pytest.mark.parametrize(
    ("how", "allowed"),
    [("fullmatch", False), ("match", True), ("search", True)],
)
def test_a_regex_is_anchored_as_the_dialect_says(how: str, *, allowed: bool) -> None:
    origin = "https://a.test.evil.test"
    assert matches_regex(r"https://a\.test", origin, how) is allowed  # type: ignore[arg-type]


def test_a_regex_is_not_tried_on_an_origin_that_no_browser_sends() -> None:
    assert matches_regex("a*", "a" * MAX_REGEX_SUBJECT, "fullmatch")
    assert not matches_regex("a*", "a" * (MAX_REGEX_SUBJECT + 1), "fullmatch")


@pytest.mark.parametrize("pattern", ["(", "a{99999999999999999999}", "(?P<1>a)", "*"])
def test_a_bad_regex_is_told(pattern: str) -> None:
    assert regex_error(pattern)


def test_a_good_regex_is_no_error() -> None:
    assert regex_error(r"https://[a-z]+\.a\.test") is None
