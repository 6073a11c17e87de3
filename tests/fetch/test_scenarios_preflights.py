"""From a script's request to the preflight's decision: what is announced, and what suffices.

The ideas are those of web-platform-tests' `cors/` and `fetch/api/cors/` (safelisted request
headers, preflights and their stars, statuses), of Chromium's unit tests of the safelist and of
preflight results, of Firefox's table of cross-site requests, and of WebKit's of simple headers.
"""

import pytest

from corscope.fetch.check import CredentialsMode
from corscope.fetch.engines import Engine
from corscope.fetch.preflight import CorsRequest, announced_request, preflight_failure
from corscope.fetch.reasons import Failure, Reason
from corscope.fetch.safelist import (
    cors_unsafe_request_header_names,
    is_cors_safelisted_method,
    is_forbidden_method,
    is_forbidden_request_header,
    normalize_method,
)
from corscope.messages import HeaderList, Request, Response
from tests.fetch.strategies import INCLUDE, OMIT, ORIGIN, URL

METHOD, HEADER = Reason.METHOD_NOT_ALLOWED, Reason.HEADER_NOT_ALLOWED
BAD_METHODS, BAD_HEADERS = Reason.ALLOW_METHODS_INVALID, Reason.ALLOW_HEADERS_INVALID


def asked(method: str, *headers: tuple[str, str], engine: Engine = Engine.UNKNOWN) -> CorsRequest:
    """The request that a script's method and headers come to, those it may not set left out."""
    own = tuple(pair for pair in headers if not is_forbidden_request_header(*pair))
    names = cors_unsafe_request_header_names(own, engine)
    return CorsRequest(ORIGIN, URL, normalize_method(method), tuple(names))


def is_simple(request: CorsRequest) -> bool:
    return is_cors_safelisted_method(request.method) and not request.unsafe_names


@pytest.mark.parametrize("method", ["GET", "Get", "HEAD", "head", "POST", "post"])
@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("Accept", "test")],
        [("accept", "*/*")],
        [("Accept", "application/json,text/*,*/*")],
        [("Accept", "text/*;q=0.3, text/html;q=0.7, text/html;level=1, */*;q=0.5")],
        [("Accept", ",/;=")],
        [("accept-language", "fr")],
        [("Accept-Language", "en-US,en;q=0.8")],
        [("Accept-Language", "zh-Latn-CN-variant1-a-extend1-x-wadegile-private1")],
        [("CONTENT-language", " *,-.;=")],
        [("Content-Type", "application/x-www-form-urlencoded")],
        [("content-type", "multipart/form-data")],
        [("content-type", "Text/Plain;charset=utf-8")],
        [("content-type", "text/plain; parameter=whatever")],
        [("content-type", "text/plain;")],
        [("content-type", "text/plain;garbage")],
        [("range", "bytes=100-200")],
        [("range", "bytes=200-")],
        [
            ("accept", "test"),
            ("accept-language", "nn,en"),
            ("content-language", "nn"),
            ("content-type", "text/plain; parameter=extra"),
        ],
        [("Cookie", "a=1"), ("Host", "b.example"), ("Origin", "null"), ("Sec-X", ""), ("DNT", "1")],
    ],
)
@pytest.mark.parametrize("engine", Engine)
def test_these_go_without_a_preflight(
    method: str, headers: list[tuple[str, str]], engine: Engine
) -> None:
    assert is_simple(asked(method, *headers, engine=engine))


@pytest.mark.parametrize("engine", Engine)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("accept", '"'),
        ("accept", "() { :;};"),
        ("accept", "a" * 129),
        *(("accept", delimiter) for delimiter in '"():<>?@[\\]{}'),
        ("accept-language", "\x01"),
        ("accept-language", "@"),
        ("accept-language", "nn_NO"),
        ("accept-language", "() { :;};"),
        ("content-language", "\x01"),
        ("content-language", "@"),
        ("content-language", "nn_NO"),
        ("content-type", "text/html"),
        ("content-type", "foo/bar"),
        ("content-type", "foo/bar, text/plain"),
        ("content-type", "foo/bar, text/plain, garbage"),
        ("content-type", "application/octet-stream"),
        ("content-type", "application/www-form-urlencoded"),
        ("content-type", "application/x-www-form-urlencoded;\x7f"),
        ("content-type", 'multipart/form-data;"'),
        ("content-type", "text/plain;garbage\x01\x02"),
        ("content-type", "text /plain"),
        ("content-type", "text\t/\tplain"),
        ("content-type", "text/plain,"),
        ("content-type", ",text/plain"),
        ("content-type", "text/plain,text/plain"),
        ("content-type", "text/plain,x/x"),
        ("content-type", "text/plain\v"),
        ("content-type", "text/plain\x0c"),
        ("content-type", "text/plain; charset=" + "a" * 109),
        ("range", "100-200"),
        ("range", "MB=100-200"),
        ("range", "bytes 100-200"),
        ("range", "bytes =100-200"),
        ("range", "bytes\t=100-200"),
        ("range", "bytes= \t100-200"),
        ("range", "bytes=100 -200"),
        ("range", "bytes=100-\t200"),
        ("range", "bytes = 100-200"),
        ("range", "bytes=100-200hello"),
        ("range", "bytes=abc-def"),
        ("range", "bytes=100-200,300-400"),
        ("range", ",bytes=100-200"),
        ("range", "bytes=,100-200"),
        ("range", "bytes=-200"),
        ("range", "bytes=200-100"),
        ("range", f"bytes=1{'0' * 60}-2{'0' * 60}"),
        ("last-event-id", "abc123"),
        ("authorization", "basics"),
        ("if-none-match", '"x"'),
        ("x-a", ""),
    ],
)
def test_these_are_announced(name: str, value: str, engine: Engine) -> None:
    assert asked("POST", (name.upper(), value), engine=engine).unsafe_names == (name,)


@pytest.mark.parametrize(
    ("headers", "names"),
    [
        pytest.param(
            [("Orange", "o"), ("Apple", "r"), ("Kiwi", "g"), ("Content-Type", "x/y"), ("B", "")],
            ["apple", "b", "content-type", "kiwi", "orange"],
            id="sorted",
        ),
        pytest.param(
            [("x-test-D", ""), ("X-TEST-c", ""), ("x-test-a", ""), ("x-test-2", "")],
            ["x-test-2", "x-test-a", "x-test-c", "x-test-d"],
            id="in lower case before they are sorted",
        ),
        pytest.param(
            [("Accept", "*"), ("Accept-Language", "bzh"), ("X-A", ""), ("Content-Language", "eu")],
            ["x-a"],
            id="without the safe ones beside them",
        ),
        pytest.param([("Referer", "x"), ("Date", "x"), ("X-A", "")], ["x-a"], id="or forbidden"),
        pytest.param(
            [("Accept", "text/*"), ("Accept", "() { :;};")], ["accept"], id="of two values the bad"
        ),
        pytest.param(
            [("Accept", "text/*"), ("Accept-Language", "en"), ("Content-Language", "{}")],
            ["content-language"],
            id="of three headers the bad",
        ),
        pytest.param([("long-" * 90 + "h", "v")], ["long-" * 90 + "h"], id="however long"),
    ],
)
def test_what_a_preflight_announces(headers: list[tuple[str, str]], names: list[str]) -> None:
    request = asked("GET", *headers)
    assert list(request.unsafe_names) == names
    preflight = Request(
        "OPTIONS",
        URL,
        (
            ("Origin", ORIGIN),
            ("Access-Control-Request-Method", "GET"),
            ("Access-Control-Request-Headers", ",".join(names)),
        ),
    )
    assert announced_request(preflight) == request


def safelisted(size: int) -> list[tuple[str, str]]:
    """Headers of all safelisted names, their values together of so many bytes."""
    full = "1" * 128
    headers = [("accept", full)] * 5 + [("content-type", "text/plain; charset=" + "1" * 108)]
    headers += [("accept-language", full), ("content-language", "1" * (size - 7 * 128))]
    assert sum(len(value) for _, value in headers) == size
    return headers


def test_safe_values_of_1024_bytes_are_safe_together_and_no_more() -> None:
    assert asked("GET", *safelisted(1024), ("hogE", "fuga")).unsafe_names == ("hoge",)
    everything = ("accept", "accept-language", "content-language", "content-type", "hoge")
    assert asked("GET", *safelisted(1024), ("range", "bytes=0-"), ("hogE", "")).unsafe_names == (
        *everything,
        "range",
    )


@pytest.mark.parametrize(
    ("method", "forbidden"),
    [
        ("connect", True),
        ("CoNnEcT", True),
        ("C0NNECT", False),
        ("trace", True),
        ("trac", False),
        ("tracz", False),
        ("TRACK", True),
        ("OPTIONS", False),
    ],
)
def test_methods_that_script_may_not_use(method: str, *, forbidden: bool) -> None:
    assert is_forbidden_method(method) == forbidden


def decided(
    request: CorsRequest, mode: CredentialsMode, methods: str | None, header_names: str | None
) -> tuple[Reason, str | None] | None:
    """Why the preflight fails whose answer has these lists, and the detail; None if it doesn't."""
    lists = (
        ("Access-Control-Allow-Methods", methods),
        ("Access-Control-Allow-Headers", header_names),
    )
    headers: HeaderList = (
        ("Access-Control-Allow-Origin", ORIGIN),
        ("Access-Control-Allow-Credentials", "true"),
        *((name, value) for name, value in lists if value is not None),
    )
    failures = {
        preflight_failure(request, Response(status, headers), mode) for status in (200, 204)
    }
    (failure,) = failures
    return (failure.reason, failure.detail) if failure else None


@pytest.mark.parametrize(
    ("method", "listed", "reason"),
    [
        *((method, method, None) for method in ("DELETE", "PUT", "PATCH", "OPTIONS", "FOOBAR")),
        *((method, None, None) for method in ("GET", "HEAD", "POST")),
        *((method, "", None) for method in ("GET", "HEAD", "POST")),
        ("GET", "get", None),
        ("get", "PUT", None),
        ("put", "PUT", None),
        ("PUT", "put", METHOD),
        ("put", "put", METHOD),
        ("patch", "PATCH", METHOD),
        ("MYMETHOD", "myMethod", METHOD),
        ("DELETE", None, METHOD),
        ("DELETE", "", METHOD),
        ("DELETE", "GET, POST, PUT", METHOD),
        ("DELETE", "DELETEZ", METHOD),
        ("DELETE", "POST, PUT, DELETE", None),
        ("DELETE", "DELETE,POST,PUT", None),
        ("DELETE", "POST ,DELETE ,PUT", None),
        ("DELETE", "  ,,  PUT ,,  ,    , DELETE  ,  ,", None),
        ("PUT", ",,PUT,GET", None),
        ("DELETE", "DELETE PUT", BAD_METHODS),
        ("DELETE", "PUT DELETE", BAD_METHODS),
        ("DELETE", "DELETE, PUT Z", BAD_METHODS),
        ("DELETE", "PUT Z, DELETE", BAD_METHODS),
        ("DELETE", "DELETE, PU(T", BAD_METHODS),
        ("DELETE", "PU(T, DELETE", BAD_METHODS),
        ("GET", "bad value", BAD_METHODS),
    ],
)
def test_lists_of_methods(method: str, listed: str | None, reason: Reason | None) -> None:
    detail = listed if reason is BAD_METHODS else normalize_method(method)
    for mode in CredentialsMode:
        expected = (reason, detail) if reason else None
        assert decided(asked(method), mode, listed, None) == expected


X, Y, Z = ("X-My-Header", "1"), ("y-my-header", "2"), ("Z-MY-HEADER", "")


@pytest.mark.parametrize(
    ("headers", "listed", "refused"),
    [
        ([X], "x-my-header", None),
        ([X], "X-MY-HEADER", None),
        ([X, Y], "x-my-header, Y-MY-HEADER", None),
        ([X, Y, Z], "x-my-header,z-my-header,y-my-header", None),
        ([X, Y, Z], "x-my-header ,z-my-header , y-my-header", None),
        ([X, Y], ",  x-my-header, , ,, y-my-header, ,   ", None),
        ([X, Y], ",y-lol,x-MY-header, ,,,Y-MY-HEADER", None),
        ([X], "x-my-header, unused", None),
        ([X], "x-my-header, $_%", None),
        ([("x-my%-header", "v")], "x-my%-header", None),
        ([("User-Agent", "v")], "user-agent", None),
        ([("Content-Type", "foo/bar"), X], "x-my-header, content-type", None),
        ([("Accept", "ok"), X], "x-my-header", None),
        ([X], None, "x-my-header"),
        ([X], "", "x-my-header"),
        ([Z], None, "z-my-header"),
        ([X], "y-my-header", "x-my-header"),
        ([X, Y], "x-my-header", "y-my-header"),
        ([X, Y], "y-my-header", "x-my-header"),
        ([X, Y, Z], None, "x-my-header"),
        ([("User-Agent", "v")], None, "user-agent"),
        ([("Content-Type", "foo/bar"), X], "x-my-header", "content-type"),
        ([("Accept", "("), X], "x-my-header", "accept"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_lists_of_headers(
    headers: list[tuple[str, str]], listed: str | None, refused: str | None, method: str
) -> None:
    for mode in CredentialsMode:
        expected = (HEADER, refused) if refused else None
        assert decided(asked(method, *headers), mode, None, listed) == expected


@pytest.mark.parametrize(
    "listed",
    [
        "bad value",
        "x-my-header y-my-header",
        "y-my-header x-my-header",
        "x-my-header, y-my-header z",
        "x-my-header, y-my-he(ader",
        "header name with space, x-my-header",
        "x-my-header; y-my-header",
        "x-my-header: 1",
        "[x-my-header]",
    ],
)
def test_lists_of_headers_that_are_none(listed: str) -> None:
    assert decided(asked("GET", X), OMIT, None, listed) == (BAD_HEADERS, listed)


def test_each_list_is_for_its_own() -> None:
    """A method among the headers allows nothing, nor does a header among the methods."""
    assert decided(asked("DELETE"), OMIT, None, "DELETE") == (METHOD, "DELETE")
    assert decided(asked("GET", ("myheader", "")), OMIT, "myheader", None) == (HEADER, "myheader")


TEST = ("X-Test", "1")


@pytest.mark.parametrize(
    ("mode", "methods", "header_names", "request_", "refused"),
    [
        # without credentials the star is any method and any header
        (OMIT, "get", "x-test", asked("GET", TEST), None),
        (OMIT, "*", "x-test", asked("SUPER", TEST), None),
        (OMIT, "*", "*", asked("OK", TEST), None),
        (OMIT, "*", "*", asked("OPTIONS", TEST, X, Y), None),
        (OMIT, "PUT, *", "x-other, *", asked("OK", TEST), None),
        (OMIT, "*", None, asked("OK", TEST), "x-test"),
        (OMIT, None, "*", asked("OK", TEST), "OK"),
        (OMIT, "*", "*", asked("*", ("*", "1")), None),
        # with credentials it is a name as any other
        (INCLUDE, "*", "*", asked("OK", TEST), "OK"),
        (INCLUDE, "*", None, asked("PUT"), "PUT"),
        (INCLUDE, "PUT", "*", asked("PUT"), None),
        (INCLUDE, "put", "*", asked("PUT"), "PUT"),
        (INCLUDE, "get", "*", asked("GET", TEST), "x-test"),
        (INCLUDE, "*", "*", asked("GET", TEST), "x-test"),
        (INCLUDE, "*", "*", asked("*", ("*", "1")), None),
        (INCLUDE, "*", "*, x-test", asked("*", TEST), None),
        # it never covers Authorization, which a list may name beside it
        (OMIT, "*", "*", asked("GET", ("Authorization", "x"), TEST), "authorization"),
        (OMIT, "*", "*, AUTHORIZAtion", asked("GET", ("auThorization", "x"), TEST), None),
        (OMIT, "*", "authorization, *", asked("POST", ("auThorization", "x"), TEST), None),
        (OMIT, "*", "x-test", asked("POST", ("auThorization", "x"), TEST), "authorization"),
        (INCLUDE, "*", "authorization", asked("POST", ("Authorization", "x")), None),
    ],
)
def test_stars(
    mode: CredentialsMode,
    methods: str | None,
    header_names: str | None,
    request_: CorsRequest,
    refused: str | None,
) -> None:
    decision = decided(request_, mode, methods, header_names)
    assert (decision and decision[1]) == refused


@pytest.mark.parametrize("engine", Engine)
def test_no_status_but_a_success_lets_a_request_go(engine: Engine) -> None:
    """Nor does one beyond HTTP's, as 680 or 790."""
    headers = (("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Headers", "*"))
    for status in (*range(100, 200), *range(300, 1000)):
        failure = preflight_failure(asked("GET", X), Response(status, headers), OMIT, engine)
        assert failure == Failure(Reason.PREFLIGHT_STATUS, str(status))
