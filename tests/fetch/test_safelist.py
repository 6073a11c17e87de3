"""https://fetch.spec.whatwg.org/#methods and the safelists of #terminology-headers"""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corscope.fetch.engines import Engine
from corscope.fetch.safelist import (
    UnsafeRule,
    cors_unsafe_request_header_names,
    is_cors_non_wildcard_request_header_name,
    is_cors_safelisted_method,
    is_cors_safelisted_request_header,
    is_cors_safelisted_response_header_name,
    is_cors_unsafe_request_header_byte,
    is_forbidden_method,
    is_forbidden_request_header,
    is_forbidden_response_header_name,
    is_no_cors_safelisted_request_header,
    is_request_body_header_name,
    normalize_method,
    parse_single_range_header_value,
    unsafe_rule,
    unsafe_rules,
)
from corscope.messages import HeaderList
from tests.fetch.strategies import ALL_BYTES, any_value

UNSAFE_BYTES = frozenset(map(chr, range(0x20))) - {"\t"} | frozenset('"():<>?@[\\]{}\x7f')
SAFE_BYTES = frozenset(ALL_BYTES) - UNSAFE_BYTES
LANGUAGE_BYTES = frozenset(string.ascii_letters + string.digits + " *,-.;=")


@pytest.mark.parametrize(
    ("method", "safelisted", "forbidden", "normalized"),
    [
        pytest.param("GET", True, False, "GET", id="GET is safelisted"),
        pytest.param("HEAD", True, False, "HEAD", id="HEAD is safelisted"),
        pytest.param("POST", True, False, "POST", id="POST is safelisted"),
        pytest.param("get", False, False, "GET", id="get isn't, before it is normalized"),
        pytest.param("oPtIoNs", False, False, "OPTIONS", id="OPTIONS is normalized"),
        pytest.param("put", False, False, "PUT", id="PUT is normalized"),
        pytest.param("delete", False, False, "DELETE", id="DELETE is normalized"),
        pytest.param("patch", False, False, "patch", id="PATCH isn't normalized"),
        pytest.param("CHICKEN", False, False, "CHICKEN", id="any token is a method"),
        pytest.param("pu\xdf", False, False, "pu\xdf", id="other letters have no capitals"),
        pytest.param("TRACE", False, True, "TRACE", id="TRACE is forbidden"),
        pytest.param("track", False, True, "track", id="TRACK too, in any case"),
        pytest.param("Connect", False, True, "Connect", id="and CONNECT"),
    ],
)
def test_methods(method: str, *, safelisted: bool, forbidden: bool, normalized: str) -> None:
    """https://fetch.spec.whatwg.org/#methods"""
    assert is_cors_safelisted_method(method) == safelisted
    assert is_forbidden_method(method) == forbidden
    assert normalize_method(method) == normalized


def test_of_all_bytes_45_are_unsafe() -> None:
    """https://fetch.spec.whatwg.org/#cors-unsafe-request-header-byte"""
    assert len(UNSAFE_BYTES) == 45
    assert set(filter(is_cors_unsafe_request_header_byte, ALL_BYTES)) == UNSAFE_BYTES


@pytest.mark.parametrize(
    ("name", "before", "after", "expected"),
    [
        pytest.param("Accept", "a", "b", SAFE_BYTES, id="Accept takes all but the unsafe ones"),
        pytest.param("Accept-Language", "en", "de", LANGUAGE_BYTES, id="Accept-Language takes 69"),
        pytest.param("Content-Language", "en", "", LANGUAGE_BYTES, id="so does Content-Language"),
        pytest.param("Content-Type", "text/plain;a=", "b", SAFE_BYTES, id="parameters take all"),
        pytest.param("Content-Type", "text/plain", "", set("\t ;"), id="but types take few"),
        pytest.param("Range", "bytes=1", "-", frozenset(string.digits), id="Range takes digits"),
        pytest.param("X-A", "a", "b", frozenset(), id="other headers take none"),
    ],
)
def test_of_all_bytes(name: str, before: str, after: str, expected: set[str]) -> None:
    """https://fetch.spec.whatwg.org/#cors-safelisted-request-header"""
    values = {byte: f"{before}{byte}{after}" for byte in ALL_BYTES}
    safe = {byte for byte in ALL_BYTES if is_cors_safelisted_request_header(name, values[byte])}
    assert safe == expected


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        pytest.param("accept", "", True, id="an empty Accept"),
        pytest.param("Accept", "a" * 128, True, id="128 bytes are enough"),
        pytest.param("Accept", "a" * 129, False, id="129 are too many"),
        pytest.param("Accept-Language", "a" * 128, True, id="128 bytes of language"),
        pytest.param("Accept-Language", "a" * 129, False, id="not 129"),
        pytest.param("Content-Type", "text/plain;" + "a" * 117, True, id="128 bytes of type"),
        pytest.param("Content-Type", "text/plain;" + "a" * 118, False, id="not 129"),
        pytest.param("Range", "bytes=" + "1" * 121 + "-", True, id="128 bytes of range"),
        pytest.param("Range", "bytes=" + "1" * 122 + "-", False, id="not 129"),
        pytest.param("Content-Type", "text/plain", True, id="plain text"),
        pytest.param("Content-Type", "TEXT/Plain", True, id="in any case"),
        pytest.param("Content-Type", "text/plain;charset=utf-8", True, id="with parameters"),
        pytest.param("Content-Type", "text/plain;a=b,c", True, id="even one with a comma"),
        pytest.param("Content-Type", "multipart/form-data", True, id="a form with files"),
        pytest.param("Content-Type", "application/x-www-form-urlencoded", True, id="a form"),
        pytest.param("Content-Type", "application/json", False, id="JSON"),
        pytest.param("Content-Type", "text/html", False, id="HTML"),
        pytest.param("Content-Type", "text", False, id="no MIME type"),
        pytest.param("Content-Type", "", False, id="an empty type"),
        pytest.param("Content-Type", 'text/plain;a="b"', False, id="a quoted parameter"),
        pytest.param(
            "Content-Type", "application/json, text/plain", False, id="two types don't choose"
        ),
        pytest.param("Range", "bytes=0-", True, id="a range from a start"),
        pytest.param("Range", "bytes=0-0", True, id="a range from start to end"),
        pytest.param("Range", "bytes=-500", False, id="a range from the end"),
        pytest.param("Range", "bytes=1-0", False, id="a range that ends before it starts"),
        pytest.param("Range", "bytes=0-1,3-4", False, id="two ranges"),
        pytest.param("Range", "bytes= 0-1", False, id="white space in a range"),
        pytest.param("Range", "Bytes=0-1", False, id="another case"),
        pytest.param("Authorization", "", False, id="any other header, be it empty"),
        pytest.param("DPR", "2", False, id="also a client hint"),
    ],
)
def test_is_cors_safelisted_request_header(name: str, value: str, *, expected: bool) -> None:
    """https://fetch.spec.whatwg.org/#cors-safelisted-request-header"""
    assert is_cors_safelisted_request_header(name, value) == expected
    assert is_no_cors_safelisted_request_header(name, value) == (expected and name != "Range")


@pytest.mark.parametrize(
    ("value", "strict", "lenient"),
    [
        pytest.param("bytes=0-", (0, None), (0, None), id="from a start"),
        pytest.param("bytes=-500", (None, 500), (None, 500), id="to an end"),
        pytest.param("bytes=5-10", (5, 10), (5, 10), id="from start to end"),
        pytest.param("bytes=5-5", (5, 5), (5, 5), id="a single byte"),
        pytest.param("bytes=6-5", None, None, id="start beyond end"),
        pytest.param("bytes=10-9", None, None, id="compared as numbers"),
        pytest.param("bytes=007-08", (7, 8), (7, 8), id="with leading zeros"),
        pytest.param("bytes=-", None, None, id="neither start nor end"),
        pytest.param("bytes=", None, None, id="nothing"),
        pytest.param("bytes", None, None, id="no equals sign"),
        pytest.param("bytes=5", None, None, id="no hyphen"),
        pytest.param("items=0-5", None, None, id="another unit"),
        pytest.param("BYTES=0-5", None, None, id="the unit in another case"),
        pytest.param("bytes=0-5 ", None, None, id="white space at the end"),
        pytest.param("bytes=0-5,7-8", None, None, id="two ranges"),
        pytest.param("bytes=+0-5", None, None, id="a sign"),
        pytest.param("bytes=0--5", None, None, id="two signs"),
        pytest.param("bytes=\u0663-", None, None, id="another script's digits"),
        pytest.param("bytes =0-5", None, (0, 5), id="white space before the equals sign"),
        pytest.param("bytes=\t 0-5", None, (0, 5), id="and after it"),
        pytest.param("bytes=0\t-5", None, (0, 5), id="and before the hyphen"),
        pytest.param("bytes=0- 5", None, (0, 5), id="and after it too"),
        pytest.param("bytes=0 0-5", None, None, id="but not in a number"),
        pytest.param("bytes=0-\n5", None, None, id="and no newlines"),
    ],
)
def test_parse_single_range_header_value(
    value: str,
    strict: tuple[int | None, int | None] | None,
    lenient: tuple[int | None, int | None] | None,
) -> None:
    """https://fetch.spec.whatwg.org/#simple-range-header-value"""
    assert parse_single_range_header_value(value, allow_whitespace=False) == strict
    assert parse_single_range_header_value(value, allow_whitespace=True) == lenient


def test_ranges_of_any_length_are_compared_exactly() -> None:
    long = "1" + "0" * 5000
    above, below = f"bytes={long}1-{long}0", f"bytes={long}0-{long}1"
    assert parse_single_range_header_value(above, allow_whitespace=False) is None
    assert parse_single_range_header_value(below, allow_whitespace=False) is not None


@given(st.integers(0), st.integers(0))
def test_a_range_is_any_two_numbers_in_order(start: int, end: int) -> None:
    found = parse_single_range_header_value(f"bytes={start}-{end}", allow_whitespace=False)
    assert found == ((start, end) if start <= end else None)


FULL = "a" * 128


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param([], [], id="no headers, no names"),
        pytest.param([("Accept", "*/*")], [], id="a safelisted header is none"),
        pytest.param([("X-B", ""), ("x-a", "")], ["x-a", "x-b"], id="sorted and lower-cased"),
        pytest.param([("X-A", ""), ("x-a", "")], ["x-a"], id="each once"),
        pytest.param([("Accept", "(")], ["accept"], id="an unsafe value gives the name away"),
        pytest.param(
            [("Accept", "("), ("Accept", "ok")], ["accept"], id="beside a safe one as well"
        ),
        pytest.param([("Accept", FULL)] * 8, [], id="1,024 bytes in all are enough"),
        pytest.param(
            [("Accept", FULL)] * 8 + [("Accept-Language", "a")],
            ["accept", "accept-language"],
            id="1,025 make every name unsafe",
        ),
        pytest.param(
            [("Accept", FULL)] * 8 + [("Accept-Language", "")], [], id="an empty value adds nothing"
        ),
        pytest.param(
            [("Accept", FULL)] * 8 + [("X-A", "a")], ["x-a"], id="unsafe values don't count"
        ),
    ],
)
def test_cors_unsafe_request_header_names(
    headers: list[tuple[str, str]], expected: list[str]
) -> None:
    """https://fetch.spec.whatwg.org/#cors-unsafe-request-header-names"""
    assert cors_unsafe_request_header_names(tuple(headers)) == expected


@given(
    st.lists(st.tuples(st.sampled_from(["Accept", "Content-Type", "Range", "X-A"]), any_value)).map(
        tuple
    )
)
def test_short_headers_are_unsafe_one_by_one(headers: HeaderList) -> None:
    unsafe = {n.lower() for n, v in headers if not is_cors_safelisted_request_header(n, v)}
    if sum(len(value) for _, value in headers) <= 1024:
        assert cors_unsafe_request_header_names(headers) == sorted(unsafe)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        pytest.param("X-A", "a" * 129, UnsafeRule.NAME, id="no value would help the name"),
        pytest.param("DPR", "2", UnsafeRule.NAME, id="nor that of a client hint"),
        pytest.param("User-Agent", "x", UnsafeRule.NAME, id="nor that of the browser's own"),
        pytest.param("Accept", "a" * 129, UnsafeRule.VALUE_LENGTH, id="a value that is too long"),
        pytest.param("Accept", "a(b", UnsafeRule.UNSAFE_BYTE, id="a byte that is unsafe"),
        pytest.param("Content-Type", "text/plain;a=(", UnsafeRule.UNSAFE_BYTE, id="in a type too"),
        pytest.param("Accept-Language", "de_DE", UnsafeRule.LANGUAGE_BYTE, id="not of a language"),
        pytest.param("content-language", "a/b", UnsafeRule.LANGUAGE_BYTE, id="nor of this one"),
        pytest.param(
            "Content-Type", "application/json", UnsafeRule.CONTENT_TYPE, id="another type"
        ),
        pytest.param("Content-Type", "text", UnsafeRule.CONTENT_TYPE, id="no type"),
        pytest.param("Range", "bytes=-5", UnsafeRule.RANGE_FORM, id="a range without a start"),
        pytest.param("Accept", "*/*", None, id="none is broken"),
    ],
)
def test_the_rule_that_makes_a_header_unsafe(
    name: str, value: str, expected: UnsafeRule | None
) -> None:
    assert unsafe_rule(name, value) is expected


def test_each_unsafe_name_has_the_first_rule_that_it_breaks() -> None:
    headers = (("X-A", ""), ("Accept", "ok"), ("ACCEPT", "("), ("accept", "a" * 129))
    assert unsafe_rules(headers) == {"x-a": UnsafeRule.NAME, "accept": UnsafeRule.UNSAFE_BYTE}


def test_safe_values_that_are_too_long_together_break_a_rule_of_their_own() -> None:
    headers = (*[("Accept", FULL)] * 9, ("X-A", ""))
    assert unsafe_rules(headers) == {"x-a": UnsafeRule.NAME, "accept": UnsafeRule.TOTAL_LENGTH}


C, F, W = Engine.CHROMIUM, Engine.FIREFOX, Engine.WEBKIT
EVERY = {Engine.UNKNOWN, C, F, W}


@pytest.mark.parametrize(
    ("name", "value", "safe_in"),
    [
        pytest.param("DPR", "2", {C}, id="a ratio"),
        pytest.param("dpr", "1.5", {C}, id="a broken one"),
        pytest.param("DPR", "1.", set(), id="broken off"),
        pytest.param("DPR", "-1", set(), id="a negative one"),
        pytest.param("DPR", "1" * 129, set(), id="a long one"),
        pytest.param("Device-Memory", "0.25", {C}, id="a memory"),
        pytest.param("Downlink", "10.5", {C}, id="a speed"),
        pytest.param("RTT", "50", {C}, id="a delay"),
        pytest.param("RTT", "50.5", set(), id="a broken delay"),
        pytest.param("Width", "99", {C}, id="a width"),
        pytest.param("Viewport-Width", "9 9", set(), id="two widths"),
        pytest.param("ECT", "slow-2g", {C}, id="a kind of connection"),
        pytest.param("ECT", "4G", set(), id="but not in capitals"),
        pytest.param("ECT", "5g", set(), id="nor of the future"),
        pytest.param("Save-Data", "ON", {C}, id="a wish, here in any case"),
        pytest.param("Save-Data", "off", set(), id="but not the contrary"),
        pytest.param("Intervention", "\xe9", {C}, id="a complaint of Chromium's own"),
        pytest.param("User-Agent", "x" * 500, {C}, id="another User-Agent"),
        pytest.param("Accept", "a\x80b", EVERY - {F}, id="a byte from 0x80 on"),
        pytest.param("Content-Type", "text/plain;a=\xff", EVERY - {F}, id="also in a parameter"),
        pytest.param("Content-Type", "text/plain;a=b,c", EVERY - {F}, id="a comma in a parameter"),
        pytest.param("Content-Type", "text/plain;", EVERY, id="an empty parameter"),
        pytest.param("Content-Type", "text/plain;a=b;", EVERY - {F}, id="one after another"),
        pytest.param("Content-Type", "text/plain; ;", EVERY - {F}, id="two of them"),
        pytest.param("Content-Type", "text/plain;;a", EVERY, id="but not at the end"),
        pytest.param("Content-Type", "TEXT/plain x/y;a", {F}, id="white space ends the type"),
        pytest.param("Content-Type", "text/plain x", set(), id="only before a semicolon"),
        pytest.param("Range", "BYTES=0-", {W}, id="a unit in capitals"),
        pytest.param("Range", "bytes=+0-+1", {W}, id="numbers with signs"),
        pytest.param("Range", "bytes=0-+", set(), id="but no sign alone"),
        pytest.param("Range", "bytes=+1-0", set(), id="and in order"),
        pytest.param("Range", f"bytes={2**63 - 2}-", EVERY, id="a large number"),
        pytest.param("Range", f"bytes=0-{2**63 - 1}", EVERY - {C}, id="a larger one"),
        pytest.param("Range", f"bytes={2**64 - 1}-", EVERY - {C}, id="the largest of 64 bits"),
        pytest.param("Range", f"bytes={2**64}-", {Engine.UNKNOWN}, id="one too large"),
    ],
)
def test_engines_have_their_own_safelists(name: str, value: str, safe_in: set[Engine]) -> None:
    """Each was seen in the three browsers; the unknown engine is the standard."""
    assert {e for e in Engine if is_cors_safelisted_request_header(name, value, e)} == safe_in


@pytest.mark.parametrize("engine", Engine)
def test_no_engine_safelists_any_other_header_whatever_its_length(engine: Engine) -> None:
    assert {unsafe_rule("X-A", "a" * length, engine) for length in (0, 129)} == {UnsafeRule.NAME}


def test_a_client_hint_may_have_128_bytes_too() -> None:
    assert unsafe_rule("Intervention", "a" * 128, C) is None
    assert unsafe_rule("Intervention", "a" * 129, C) is UnsafeRule.VALUE_LENGTH


def test_a_client_hint_out_of_form_is_told_apart() -> None:
    assert unsafe_rule("ECT", "x", Engine.CHROMIUM) is UnsafeRule.CLIENT_HINT_FORM
    assert unsafe_rule("ECT", "x" * 129, Engine.CHROMIUM) is UnsafeRule.VALUE_LENGTH
    assert unsafe_rule("ECT", "x", Engine.WEBKIT) is UnsafeRule.NAME


def test_authorization_is_the_only_non_wildcard_name() -> None:
    """https://fetch.spec.whatwg.org/#cors-non-wildcard-request-header-name"""
    assert is_cors_non_wildcard_request_header_name("AuthoriZation")
    assert not is_cors_non_wildcard_request_header_name("Proxy-Authorization")


@pytest.mark.parametrize(
    "name",
    [
        "Cache-Control",
        "CONTENT-LANGUAGE",
        "content-length",
        "Content-Type",
        "Expires",
        "Last-Modified",
        "Pragma",
    ],
)
def test_seven_response_headers_are_always_readable(name: str) -> None:
    """https://fetch.spec.whatwg.org/#cors-safelisted-response-header-name"""
    assert is_cors_safelisted_response_header_name(name, ())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("ETag", True, id="an exposed header is"),
        pytest.param("Server", False, id="another isn't"),
        pytest.param("Set-Cookie", False, id="a cookie isn't, though exposed"),
        pytest.param("set-cookie2", False, id="nor is one of the second kind"),
    ],
)
def test_other_response_headers_are_readable_if_exposed(name: str, *, expected: bool) -> None:
    exposed = {"etag", "set-cookie", "set-cookie2"}
    assert is_cors_safelisted_response_header_name(name, exposed) == expected
    assert is_forbidden_response_header_name(name) == name.lower().startswith("set-cookie")


@pytest.mark.parametrize(
    "name",
    [
        *("Accept-Charset", "Accept-Encoding", "Access-Control-Request-Headers"),
        *("Access-Control-Request-Method", "Connection", "Content-Length", "Cookie", "Cookie2"),
        *("Date", "DNT", "Expect", "Host", "Keep-Alive", "Origin", "Referer", "Set-Cookie", "TE"),
        *("Trailer", "Transfer-Encoding", "Upgrade", "Via", "Proxy-", "Proxy-X", "Sec-", "SEC-X"),
    ],
)
def test_script_cannot_set_these_request_headers(name: str) -> None:
    """https://fetch.spec.whatwg.org/#forbidden-request-header"""
    assert is_forbidden_request_header(name, "")
    assert is_forbidden_request_header(name.lower(), "x")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        pytest.param("Proxy", "", False, id="a prefix has its hyphen"),
        pytest.param("X-Sec-A", "", False, id="and begins the name"),
        pytest.param("Authorization", "", False, id="Authorization can be set"),
        pytest.param("User-Agent", "", False, id="so can User-Agent"),
        pytest.param("X-HTTP-Method", "GET", False, id="an override may name a method"),
        pytest.param("X-HTTP-Method", "trace", True, id="but no forbidden one"),
        pytest.param("x-http-method-override", "GET, TRACK", True, id="not in a list"),
        pytest.param("X-Method-Override", " CONNECT ", True, id="not with white space"),
        pytest.param("X-Method-Override", '"CONNECT"', False, id="quotes are part of the value"),
        pytest.param("X-Method", "CONNECT", False, id="another header overrides nothing"),
    ],
)
def test_these_depend_on_name_or_value(name: str, value: str, *, expected: bool) -> None:
    assert is_forbidden_request_header(name, value) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Content-Encoding", True),
        ("content-language", True),
        ("Content-Location", True),
        ("CONTENT-TYPE", True),
        ("Content-Length", False),
    ],
)
def test_is_request_body_header_name(name: str, *, expected: bool) -> None:
    """https://fetch.spec.whatwg.org/#request-body-header-name"""
    assert is_request_body_header_name(name) == expected
