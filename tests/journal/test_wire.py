"""What is read off a request, and what is left open."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corscope.journal.wire import is_cors_exchange, view
from corscope.messages import HeaderList, Request

from .requests import (
    API,
    CHROMIUM,
    FIREFOX,
    OLD_CHROMIUM,
    OLD_FIREFOX,
    PAGE,
    WEBKIT,
    actual,
    preflight,
)

CROSS_SITE = ("Sec-Fetch-Site", "cross-site")
STORAGE_ACCESS = ("Sec-Fetch-Storage-Access", "active")

EXTENSION = "chrome-extension://bdgellodbkpajlckmaigfmkchbphfhpi"


@pytest.mark.parametrize(
    ("url", "headers", "expected"),
    [
        pytest.param(API, (("Origin", PAGE),), True, id="another origin"),
        pytest.param(API, (), False, id="without Origin it is no CORS request"),
        pytest.param(API, (("Origin", "null"),), True, id="an opaque origin is never the same"),
        pytest.param(API, (("origin", "https://api.test"),), False, id="its own origin"),
        pytest.param(API, (("Origin", "http://api.test"),), True, id="another scheme"),
        pytest.param(API, (("Origin", "https://api.test:8443"),), True, id="another port"),
        pytest.param(
            "https://api.test:443/", (("Origin", "https://api.test"),), False, id="default port"
        ),
        pytest.param(
            API, (("Origin", "https://api.test"),) * 2, True, id="two Origin lines are no origin"
        ),
        pytest.param(API, (("Origin", "\xe9\xff"),), True, id="bytes that are no origin"),
        pytest.param(API, (("Origin", ""),), True, id="an empty Origin"),
        pytest.param(
            "http://127.0.0.1:8080/",
            (("Origin", "http://localhost:8080"), ("Sec-Fetch-Site", "same-origin")),
            False,
            id="the browser itself says that it is the same origin",
        ),
        pytest.param(
            API,
            (("Origin", PAGE), ("Sec-Fetch-Site", "same-site")),
            True,
            id="the same site is another origin",
        ),
        pytest.param(  # as Chromium 156 sends it: the answer needs no headers, a PUT no preflight
            API,
            (("Origin", EXTENSION), ("Sec-Fetch-Site", "none"), ("Sec-Fetch-Mode", "cors")),
            False,
            id="an extension asks a host that its manifest names",
        ),
        pytest.param(
            API,
            (("Origin", EXTENSION), ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "cors")),
            True,
            id="an extension asks another host",
        ),
        pytest.param(  # as Firefox 153 says of what its manifest names
            API,
            (
                ("Origin", "moz-extension://d728ca0c-e4f7-43d6-befe-79d4794c632b"),
                ("Sec-Fetch-Mode", "cors"),
                ("Sec-Fetch-Site", "same-origin"),
            ),
            False,
            id="an extension of Firefox asks a host that its manifest names",
        ),
        pytest.param(
            "http://api.test/socket",
            (("Origin", "http://api.test"), ("Upgrade", "websocket")),
            False,
            id="a page's own WebSocket",
        ),
        pytest.param("/items", (("Origin", PAGE),), True, id="a URL without a host"),
    ],
)
def test_is_cors_exchange(url: str, headers: HeaderList, expected: bool) -> None:
    assert is_cors_exchange(Request("GET", url, headers)) is expected


@pytest.mark.parametrize(
    ("headers", "mode", "source"),
    [
        pytest.param((("Sec-Fetch-Mode", "no-cors"),), "no-cors", "sec-fetch-mode", id="told"),
        pytest.param((), "cors", "inferred", id="cors where nothing speaks against it"),
        pytest.param(
            (
                ("Upgrade-Insecure-Requests", "1"),
                ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
            ),
            "navigate",
            "inferred",
            id="a form's target",
        ),
        pytest.param(
            (("Upgrade-Insecure-Requests", "1"), ("Accept", 'text/html;q="1"')),
            "cors",
            "inferred",
            id="script that asks for a page",
        ),
        pytest.param(
            (("Upgrade-Insecure-Requests", "1"), ("Accept", "*/*")),
            "cors",
            "inferred",
            id="script can set that header too",
        ),
        pytest.param((("Upgrade", "WebSocket"),), "websocket", "inferred", id="a socket"),
        pytest.param((("Upgrade", "h2c"),), "cors", "inferred", id="another upgrade"),
        pytest.param(
            (("Upgrade", "websocket"), ("Sec-Fetch-Mode", "websocket")),
            "websocket",
            "sec-fetch-mode",
            id="a socket that tells",
        ),
        pytest.param((("Sec-Fetch-Mode", ""),), "cors", "inferred", id="an empty line is none"),
        pytest.param(
            (("Content-Type", "application/csp-report"),), "no-cors", "inferred", id="a CSP report"
        ),
        pytest.param(
            (("Content-Type", "text/ping"), ("Ping-To", PAGE)), "no-cors", "inferred", id="a ping"
        ),
        pytest.param((("Ping-To", PAGE),), "no-cors", "inferred", id="a redirected ping"),
        pytest.param(
            (("Content-Type", "application/csp-report"), ("Sec-Fetch-Mode", "cors")),
            "cors",
            "sec-fetch-mode",
            id="script that sends a report",
        ),
    ],
)
def test_the_mode_is_told_or_inferred(headers: HeaderList, mode: str, source: str) -> None:
    seen = view(Request("POST", "http://api.test/", (("Origin", PAGE), *headers)))
    assert (seen.mode, seen.mode_from) == (mode, source)


EVENTS = (("Accept", "text/event-stream"), ("Cache-Control", "no-cache"))
EMPTY = ("Sec-Fetch-Dest", "empty")


@pytest.mark.parametrize(
    ("headers", "destination"),
    [
        pytest.param((), None, id="nothing tells"),
        pytest.param((("Sec-Fetch-Dest", "font"), ("Accept", "*/*")), "font", id="it is told"),
        pytest.param((EMPTY, ("Accept", "image/png")), "empty", id="script asks for an image"),
        pytest.param((("Accept", "image/avif,image/*,*/*;q=0.8"),), "image", id="an image"),
        pytest.param((("Accept", "text/css,*/*;q=0.1"),), "style", id="a style sheet"),
        pytest.param((("Accept", "text/css"),), None, id="script asks for a style sheet"),
        pytest.param((("Accept", "application/json,*/*;q=0.5"),), "json", id="a JSON module"),
        pytest.param((("Accept", "text/plain,*/*;q=0.5"),), "text", id="a text module"),
        pytest.param((("Accept", "application/json"),), None, id="script asks for JSON"),
        pytest.param(
            (("Range", "bytes=0-"), ("Accept-Encoding", "identity;q=1, *;q=0")),
            "video",
            id="media",
        ),
        pytest.param(
            (("Range", "bytes=0-"), ("Accept-Encoding", "gzip")), None, id="script asks for a range"
        ),
        pytest.param((("Icy-Metadata", "1"),), "video", id="WebKit's media"),
        pytest.param(EVENTS, "event-stream", id="an event stream"),
        pytest.param((EMPTY, ("Sec-Purpose", "prefetch")), "prefetch", id="a prefetch"),
        pytest.param((EMPTY, *EVENTS), "event-stream", id="an event stream that tells"),
        pytest.param((EMPTY, EVENTS[0]), "empty", id="script asks for an event stream"),
    ],
)
def test_the_destination_is_told_or_shown_by_accept(
    headers: HeaderList, destination: str | None
) -> None:
    seen = view(Request("GET", "http://api.test/", (("Origin", PAGE), *headers)))
    assert seen.destination == destination


@pytest.mark.parametrize(
    ("headers", "source"),
    [((), "inferred"), ((("Sec-Fetch-Mode", "cors"),), "sec-fetch-mode")],
)
def test_a_preflight_is_always_of_mode_cors(headers: HeaderList, source: str) -> None:
    seen = view(preflight(headers=headers))
    assert (seen.kind, seen.mode, seen.mode_from) == ("preflight", "cors", source)


def test_a_preflight_shows_the_fetch_that_it_announces() -> None:
    seen = view(preflight("PATCH", "content-type,x-tenant"))
    assert seen.cors.method == "PATCH"
    assert seen.cors.unsafe_names == ("content-type", "x-tenant")
    assert seen.cors.url == API


@pytest.mark.parametrize("missing", ["Origin", "Access-Control-Request-Method"])
def test_any_other_options_request_is_an_actual_one(missing: str) -> None:
    headers = tuple(pair for pair in preflight().headers if pair[0] != missing)
    assert view(Request("OPTIONS", API, headers)).kind == "actual"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param((("Cookie", "a=1"),), "include", id="a Cookie"),
        pytest.param((), "unknown", id="nothing proves nothing"),
        pytest.param((STORAGE_ACCESS,), "include", id="storage access"),
        pytest.param((("Sec-Fetch-Storage-Access", "none"),), "include", id="without any cookie"),
        pytest.param((CROSS_SITE, ("User-Agent", CHROMIUM)), "omit", id="Chromium would have told"),
        pytest.param((CROSS_SITE, ("User-Agent", FIREFOX)), "omit", id="Firefox would have told"),
        pytest.param(
            (CROSS_SITE, ("User-Agent", OLD_CHROMIUM)), "unknown", id="an older Chromium wouldn't"
        ),
        pytest.param(
            (CROSS_SITE, ("User-Agent", OLD_FIREFOX)), "unknown", id="an older Firefox wouldn't"
        ),
        pytest.param((CROSS_SITE, ("User-Agent", WEBKIT)), "unknown", id="WebKit never tells"),
        pytest.param(
            (("Sec-Fetch-Site", "same-site"), ("User-Agent", CHROMIUM)),
            "unknown",
            id="within a site nobody tells",
        ),
        pytest.param(
            (CROSS_SITE, ("User-Agent", CHROMIUM), ("Cookie", "a=1")), "include", id="both"
        ),
        pytest.param((("Authorization", "Basic x"),), "unknown", id="script may have set it"),
        pytest.param(
            (CROSS_SITE, ("User-Agent", CHROMIUM), ("Sec-Fetch-Dest", "webidentity")),
            "include",
            id="a login by FedCM always has them",
        ),
    ],
)
def test_an_actual_request_tells_its_credentials_mode(headers: HeaderList, expected: str) -> None:
    assert view(actual(headers=headers)).credentials == expected


@pytest.mark.parametrize(
    ("value", "headers", "is_own"),
    [
        pytest.param("Basic x", (), False, id="browsers have that by themselves"),
        pytest.param("NEGOTIATE x", (), False, id="in any case"),
        pytest.param("Digest x", (("Cookie", "a=1"),), False, id="of one with credentials"),
        pytest.param("Basic x", (CROSS_SITE, ("User-Agent", CHROMIUM)), True, id="without any"),
        pytest.param("Bearer x", (), True, id="no browser's scheme"),
        pytest.param("Bearer x", (("Cookie", "a=1"),), True, id="with credentials too"),
        pytest.param("", (), True, id="no scheme"),
    ],
)
def test_whose_an_authorization_is(value: str, headers: HeaderList, is_own: bool) -> None:
    found = view(actual(headers=(*headers, ("Authorization", value))))
    assert found.cors.unsafe_names == (("authorization",) if is_own else ())


@pytest.mark.parametrize(
    ("agent", "page", "expected"),
    [
        pytest.param(FIREFOX, "http://app.api.test", "unknown", id="Firefox, the same host's site"),
        pytest.param(FIREFOX, "http://page.test", "omit", id="Firefox, another site"),
        pytest.param(FIREFOX, "https://app.api.test", "omit", id="Firefox, the same scheme"),
        pytest.param(CHROMIUM, "http://app.api.test", "omit", id="Chromium heeds the scheme"),
        pytest.param(OLD_FIREFOX, "http://page.test", "unknown", id="an older Firefox"),
    ],
)
def test_to_firefox_another_scheme_makes_no_other_site(
    agent: str, page: str, expected: str
) -> None:
    headers = (CROSS_SITE, ("User-Agent", agent))
    assert view(actual(origin=page, headers=headers)).credentials == expected


def test_after_a_redirect_that_may_have_led_home_nothing_is_told() -> None:
    headers = (CROSS_SITE, ("User-Agent", CHROMIUM))
    assert view(actual(origin="null", headers=headers)).credentials == "unknown"


def test_to_plain_http_no_browser_tells_the_credentials_mode() -> None:
    seen = view(actual(url="http://api.test/", headers=(CROSS_SITE, ("User-Agent", CHROMIUM))))
    assert seen.credentials == "unknown"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param((STORAGE_ACCESS,), "include", id="Firefox tells"),
        pytest.param((CROSS_SITE, ("User-Agent", FIREFOX)), "omit", id="Firefox would have told"),
        pytest.param(
            (CROSS_SITE, ("User-Agent", CHROMIUM)), "unknown", id="Chromium never tells here"
        ),
        pytest.param((("Cookie", "a=1"),), "unknown", id="a cookie here is no browser's doing"),
    ],
)
def test_a_preflight_tells_its_fetchs_credentials_mode(headers: HeaderList, expected: str) -> None:
    assert view(preflight(headers=headers)).credentials == expected


def test_headers_that_only_script_can_have_set_are_the_requests_own() -> None:
    own = (("X-Tenant", "a"), ("Content-Type", "application/json"), ("x-tenant", "b"))
    assert view(actual("PUT", headers=own)).cors.unsafe_names == ("content-type", "x-tenant")


@pytest.mark.parametrize(
    "header",
    [
        ("Accept", "*/*"),
        ("Accept-Encoding", "gzip"),
        ("Cache-Control", "no-cache"),
        ("Content-Length", "3"),
        ("Content-Type", "text/plain"),
        ("If-None-Match", '"a"'),
        ("Priority", "u=1"),
        ("Referer", "https://page.test/"),
        ("Sec-CH-UA", '"Chromium";v="156"'),
        ("Upgrade-Insecure-Requests", "1"),
        ("User-Agent", CHROMIUM),
    ],
    ids=lambda header: header[0],
)
def test_headers_that_the_browser_adds_are_not(header: tuple[str, str]) -> None:
    assert view(actual(headers=(header,))).cors.unsafe_names == ()


def test_two_origins_are_shown_as_they_combine() -> None:
    seen = view(Request("GET", API, (("Origin", PAGE), ("Origin", "https://b.test"))))
    assert seen.cors.origin == f"{PAGE}, https://b.test"


LATIN_1 = st.text(st.characters(max_codepoint=255), max_size=20)
HEADERS = st.lists(st.tuples(LATIN_1, LATIN_1), max_size=8).map(tuple)


@given(LATIN_1, LATIN_1, HEADERS)
def test_whatever_is_sent_can_be_viewed(method: str, url: str, headers: HeaderList) -> None:
    request = Request(method, url, (("Origin", PAGE), *headers))
    assert is_cors_exchange(request) in {True, False}
    assert view(request).cors.url == url
