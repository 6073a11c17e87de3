"""Which remarks an exchange gets, each beside a twin that gets none.

All go through a whole journal: what was seen before is what it was told of before.
"""

from __future__ import annotations

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corscope.journal.exchange import Exchange, Missing, Sighting, Touch
from corscope.journal.journal import Journal
from corscope.journal.remarks import memory as memory_module
from corscope.journal.remarks.findings import FindingId
from corscope.messages import HeaderList, Request, Response
from tests.journal.requests import FIREFOX

from .requests import ALLOWED, API, CHROMIUM, PAGE, REFUSED, actual, at, preflight

OTHER = "https://other.example"
ACAO = "Access-Control-Allow-Origin"
FRESH = ("Cache-Control", "max-age=60")
ETAG = ("ETag", '"1"')
HTML = ("Content-Type", "text/html; charset=utf-8")
HIT = ("X-Cache", "Hit from cloudfront")
WITH_CREDENTIALS = ("Access-Control-Allow-Credentials", "true")
ASKED_ANEW = (("If-None-Match", '"1"'),)


def allowing(origin: str, *more: tuple[str, str], status: int = 200) -> Response:
    return Response(status, ((ACAO, origin), *more))


def image(url: str = API, referer: str = f"{PAGE}/gallery", *more: tuple[str, str]) -> Request:
    return Request("GET", url, (("Sec-Fetch-Mode", "no-cors"), ("Referer", referer), *more))


class Told:
    """A journal that tells these findings of each exchange, as pairs."""

    def __init__(self) -> None:
        self.journal = Journal()
        self.ids = map(str, count())

    def see(
        self,
        request: Request,
        response: Response | None,
        touch: Touch | None = None,
        client: str = "browser",
    ) -> list[tuple[str, str | None]]:
        exchange = self.exchange(request, response, touch, client)
        found = exchange.findings if exchange else ()
        return [(f.id, f.detail) for f in found if f.id in set(FindingId)]

    def exchange(
        self,
        request: Request,
        response: Response | None,
        touch: Touch | None = None,
        client: str = "browser",
    ) -> Exchange | None:
        id_ = next(self.ids)
        self.journal.requested(id_, client, request, at(0))
        missing = Missing.NO_ANSWER if response is None else None
        return self.journal.answered(Sighting(id_, response, missing, touch=touch), at(0.1))


@pytest.fixture
def told() -> Told:
    return Told()


def test_most_exchanges_get_no_remark(told: Told) -> None:
    assert told.see(preflight("PUT"), ALLOWED) == []
    assert told.see(actual("PUT"), ALLOWED) == []
    assert told.see(actual(), REFUSED) == []
    assert told.see(actual(), allowing("*", FRESH)) == []
    assert told.see(actual(), None) == []


# vary-origin-missing

MAY_VARY = [("vary-origin-missing", "may")]


def test_two_origins_that_get_their_own_show_that_it_varies(told: Told) -> None:
    assert told.see(actual(origin=OTHER), allowing(OTHER)) == []
    assert told.see(actual(), allowing(PAGE)) == [("vary-origin-missing", OTHER)]


@pytest.mark.parametrize(
    "response",
    [
        pytest.param(allowing(PAGE, ("Vary", "accept, ORIGIN")), id="it says so"),
        pytest.param(allowing(PAGE, ("Vary", "*")), id="it varies by everything"),
        pytest.param(allowing(PAGE, ("Cache-Control", "no-store")), id="no cache keeps it"),
        pytest.param(allowing(PAGE, status=500), id="nor such a status"),
        pytest.param(allowing("*"), id="it is the same for all"),
        pytest.param(allowing(OTHER), id="it is for another"),
    ],
)
def test_where_it_varies_rightly_or_without_harm_there_is_no_remark(
    told: Told, response: Response
) -> None:
    told.see(actual(origin=OTHER), allowing(OTHER))
    assert told.see(actual(), response) == []


@pytest.mark.parametrize(
    ("method", "url"),
    [
        pytest.param("POST", API, id="what caches don't answer"),
        pytest.param("GET", f"{API}/2", id="another URL may have a fixed origin of its own"),
    ],
)
def test_other_answers_say_nothing(told: Told, method: str, url: str) -> None:
    told.see(actual(origin=OTHER), allowing(OTHER))
    assert told.see(actual(method, url), allowing(PAGE)) == []


@pytest.mark.parametrize(
    "how_long",
    [
        pytest.param(FRESH, id="max-age"),
        pytest.param(("Cache-Control", "public, s-maxage=5"), id="s-maxage"),
        pytest.param(("Expires", "Sat, 01 Jan 2050 00:00:00 GMT"), id="Expires"),
        pytest.param(ETAG, id="ETag"),
        pytest.param(("Last-Modified", "Sat, 01 Jan 2022 00:00:00 GMT"), id="Last-Modified"),
    ],
)
def test_one_origin_alone_may_be_all_there_is(told: Told, how_long: tuple[str, str]) -> None:
    assert told.see(actual(), allowing(PAGE, how_long)) == MAY_VARY


@pytest.mark.parametrize(
    "how_long",
    [
        pytest.param(("Cache-Control", "max-age=0"), id="max-age 0"),
        pytest.param(("Cache-Control", "max-age=-1"), id="max-age negative"),
        pytest.param(("Cache-Control", "max-age=soon"), id="max-age no number"),
        pytest.param(("Expires", "0"), id="Expires 0"),
        pytest.param(("Expires", "Sat, 01 Jan 2050 00:00:00 -0000"), id="a date without a zone"),
        pytest.param(("Expires", "Sat, 01 Jan 2022 00:00:00 GMT"), id="Expires long ago"),
    ],
)
def test_what_no_cache_gives_again_needs_no_vary(told: Told, how_long: tuple[str, str]) -> None:
    assert told.see(actual(), allowing(PAGE, how_long)) == []


@pytest.mark.parametrize(
    "earlier",
    [
        pytest.param(actual(origin=OTHER), id="another origin was told the same"),
        pytest.param(image(), id="an image was told the same"),
    ],
)
def test_a_fixed_origin_needs_no_vary(told: Told, earlier: Request) -> None:
    told.see(earlier, allowing(PAGE, FRESH))
    assert told.see(actual(), allowing(PAGE, FRESH)) == []


def test_what_a_cache_answered_shows_nothing_of_the_server(told: Told) -> None:
    told.see(actual(origin=OTHER), allowing(PAGE, FRESH, HIT))
    told.see(image(), allowing(PAGE, FRESH, HIT))
    assert told.see(actual(), allowing(PAGE, FRESH)) == MAY_VARY


# non-cors-copy-may-be-cached

COPY = "non-cors-copy-may-be-cached"
PLAIN = Response(200, (FRESH, ETAG))
VARIES = allowing(PAGE, ("Vary", "Origin"))


def test_an_image_first_and_a_fetch_later(told: Told) -> None:
    assert told.see(image(), PLAIN) == []
    assert told.see(actual(), VARIES) == [(COPY, "may")]
    assert told.see(actual(), VARIES) == []  # which has taken the copy's place


def test_the_image_may_be_of_another_page_of_the_site(told: Told) -> None:
    told.see(image(referer=PAGE.replace("://", "://www.")), PLAIN)
    assert told.see(actual(), VARIES) == [(COPY, "may")]


@pytest.mark.parametrize(
    ("request_", "response", "client"),
    [
        pytest.param(image(), Response(200, (FRESH, ("Vary", "Origin"))), "browser", id="varies"),
        pytest.param(image(), allowing("*", FRESH), "browser", id="the copy is for all"),
        pytest.param(image()._replace(method="HEAD"), PLAIN, "browser", id="there is no copy"),
        pytest.param(
            image(), Response(200, (("Cache-Control", "no-store"), ETAG)), "browser", id="no-store"
        ),
        pytest.param(
            image(), Response(200, (("Cache-Control", "no-cache"), ETAG)), "browser", id="asks anew"
        ),
        pytest.param(image(), Response(200, ()), "browser", id="kept by no cache"),
        pytest.param(image(), Response(404, (FRESH,)), "browser", id="not found"),
        pytest.param(image(), None, "browser", id="no answer"),
        pytest.param(image(), PLAIN, "another browser", id="another browser's cache"),
        pytest.param(image(referer=OTHER), PLAIN, "browser", id="another page's part of it"),
        pytest.param(image(url=f"{API}/2"), PLAIN, "browser", id="another URL"),
        pytest.param(Request("GET", API, ()), PLAIN, "browser", id="no page is known"),
        pytest.param(
            Request("GET", API, (("Sec-Fetch-Mode", "navigate"), ("Referer", PAGE))),
            PLAIN,
            "browser",
            id="a page of its own",
        ),
        pytest.param(
            Request("HEAD", API, (("Referer", PAGE),)), PLAIN, "browser", id="HEAD has no body"
        ),
    ],
)
def test_what_leaves_no_copy_in_the_way(
    told: Told, request_: Request, response: Response | None, client: str
) -> None:
    told.see(request_, response, client=client)
    assert told.see(actual(), VARIES) == []


@pytest.mark.parametrize(
    "response",
    [allowing(OTHER, ("Vary", "Origin")), allowing(PAGE, ("Vary", "Origin"), status=404)],
)
def test_where_the_server_itself_refuses_the_copy_makes_no_difference(
    told: Told, response: Response
) -> None:
    told.see(image(), PLAIN)
    assert told.see(actual(), response) == []


def test_a_better_copy_takes_the_place_of_one_in_the_way(told: Told) -> None:
    told.see(image(), PLAIN)
    told.see(image(), allowing("*", FRESH))
    assert told.see(actual(), VARIES) == []


def test_only_a_get_is_answered_from_the_copy(told: Told) -> None:
    told.see(image(), PLAIN)
    assert told.see(actual("POST"), VARIES) == []


NO_HEADERS = "not-modified-without-cors-headers"


def test_a_304_for_the_plain_copy_is_the_likely_cause(told: Told) -> None:
    told.see(actual(), VARIES)
    told.see(image(), PLAIN)
    found = told.see(actual(headers=ASKED_ANEW), Response(304, (ETAG,)))
    assert found == [(COPY, "likely"), (NO_HEADERS, None)]


def test_where_fetches_without_credentials_have_copies_of_their_own_it_is_none(told: Told) -> None:
    of = (("User-Agent", FIREFOX), ("Sec-Fetch-Site", "cross-site"))
    told.see(actual(headers=of), VARIES)
    told.see(image(), PLAIN)
    found = told.see(actual(headers=(*of, *ASKED_ANEW)), Response(304, (ETAG,)))
    assert found == [(NO_HEADERS, None)]


def test_unless_the_server_was_never_seen_to_send_cors_headers(told: Told) -> None:
    told.see(image(), PLAIN)
    found = told.see(actual(headers=ASKED_ANEW), Response(304, (ETAG,)))
    assert found == [(COPY, "may"), (NO_HEADERS, None)]


def test_a_shared_cache_may_have_the_plain_copy_of_any_browser(told: Told) -> None:
    told.see(actual(), VARIES)
    told.see(image(), PLAIN, client="another browser")
    assert told.see(actual(), Response(200, (("Age", "3"),))) == [(COPY, "likely")]


def test_but_none_of_what_is_private(told: Told) -> None:
    told.see(actual(), VARIES)
    told.see(image(), Response(200, (("Cache-Control", "private, max-age=60"),)))
    assert told.see(actual(), Response(200, (("Age", "3"),))) == []


def test_a_server_that_itself_refuses_is_the_cause_itself(told: Told) -> None:
    told.see(actual(), VARIES)
    told.see(image(), PLAIN)
    assert told.see(actual(), REFUSED) == []


# not-modified-without-cors-headers


def test_a_304_leaves_the_copys_headers(told: Told) -> None:
    assert told.see(actual(headers=ASKED_ANEW), Response(304, ())) == [(NO_HEADERS, None)]


@pytest.mark.parametrize(
    ("request_", "response"),
    [
        pytest.param(actual(headers=ASKED_ANEW), allowing(PAGE, status=304), id="it has its own"),
        pytest.param(actual(), Response(304, ()), id="the browser asked about no copy"),
        pytest.param(actual(headers=ASKED_ANEW), Response(200, ()), id="a whole answer"),
    ],
)
def test_where_the_answers_own_headers_count(
    told: Told, request_: Request, response: Response
) -> None:
    assert told.see(request_, response) == []


def test_a_condition_that_script_has_set_is_answered_to_script(told: Told) -> None:
    told.see(
        preflight("GET", "if-none-match"), allowing(PAGE, ("Access-Control-Allow-Headers", "*"))
    )
    assert told.see(actual(headers=ASKED_ANEW), Response(304, ())) == []


# shared-cache-foreign-origin

FOREIGN = [("shared-cache-foreign-origin", OTHER)]


@pytest.mark.parametrize(
    "mark",
    [
        ("Age", "1"),
        ("X-Cache", "HIT"),
        ("X-Cache", "MISS, HIT"),
        ("X-Cache", "TCP_HIT from edge"),
        HIT,
        ("CF-Cache-Status", "HIT"),
    ],
)
def test_a_shared_cache_gave_what_is_anothers(told: Told, mark: tuple[str, str]) -> None:
    assert told.see(actual(), allowing(OTHER, mark)) == FOREIGN


@pytest.mark.parametrize(
    "response",
    [
        pytest.param(allowing(OTHER), id="no cache"),
        pytest.param(allowing(OTHER, ("Age", "0")), id="fetched just now"),
        pytest.param(allowing(OTHER, ("Age", "old")), id="no age"),
        pytest.param(allowing(OTHER, ("X-Cache", "MISS")), id="a miss"),
        pytest.param(allowing(OTHER, ("X-Cache", "WHITE")), id="no word of its own"),
        pytest.param(allowing(PAGE, ("Age", "1"), ("Vary", "Origin")), id="this origin's"),
        pytest.param(allowing("*", ("Age", "1")), id="for all"),
        pytest.param(allowing("other", ("Age", "1")), id="no origin"),
        pytest.param(Response(200, (("Age", "1"),)), id="no header"),
    ],
)
def test_what_no_cache_mixed_up(told: Told, response: Response) -> None:
    assert told.see(actual(), response) == []


def test_a_server_that_always_names_one_origin_is_no_caches_fault(told: Told) -> None:
    told.see(actual(), allowing(OTHER))
    assert told.see(actual(), allowing(OTHER, HIT)) == []


# preflight-and-actual-disagree

DISAGREE = "preflight-and-actual-disagree"


@pytest.mark.parametrize(
    ("before", "after", "names"),
    [
        pytest.param(allowing(PAGE), REFUSED, ACAO, id="the origin is missing"),
        pytest.param(allowing("*"), allowing(PAGE), ACAO, id="any origin, then this one"),
        pytest.param(allowing(PAGE), allowing("*"), ACAO, id="this origin, then any"),
        pytest.param(
            allowing(PAGE, WITH_CREDENTIALS),
            allowing(PAGE),
            WITH_CREDENTIALS[0],
            id="credentials are missing",
        ),
        pytest.param(
            allowing(PAGE, WITH_CREDENTIALS), REFUSED, f"{ACAO}, {WITH_CREDENTIALS[0]}", id="both"
        ),
    ],
)
def test_preflight_and_actual_differ(
    told: Told, before: Response, after: Response, names: str
) -> None:
    methods = ("Access-Control-Allow-Methods", "PUT")
    told.see(preflight("PUT"), Response(before.status, (*before.headers, methods)))
    assert told.see(actual("PUT"), after) == [(DISAGREE, names)]


@pytest.mark.parametrize(
    ("request_", "response"),
    [
        pytest.param(actual("PUT"), ALLOWED, id="both allow"),
        pytest.param(actual("PUT"), Response(304, ()), id="a 304 isn't what the browser goes by"),
        pytest.param(actual("PUT"), None, id="no answer"),
        pytest.param(actual(), REFUSED, id="another request"),
    ],
)
def test_preflight_and_actual_agree(
    told: Told, request_: Request, response: Response | None
) -> None:
    told.see(preflight("PUT"), ALLOWED)
    assert told.see(request_, response) == []


def test_a_cached_preflight_may_be_from_before_a_change(told: Told) -> None:
    told.see(preflight("PUT"), ALLOWED)
    told.see(actual("PUT"), ALLOWED)
    assert told.see(actual("PUT"), REFUSED) == []


# any-origin-with-credentials

ANY = "any-origin-with-credentials"
ECHO = allowing(PAGE, WITH_CREDENTIALS, ("Vary", "Origin"))


def echo(origin: str) -> Response:
    return allowing(origin, WITH_CREDENTIALS, ("Vary", "Origin"))


def test_unrelated_sites_are_all_let_in(told: Told) -> None:
    assert told.see(actual(origin=OTHER), echo(OTHER)) == []
    assert told.see(actual(), ECHO) == [(ANY, OTHER)]


@pytest.mark.parametrize(
    "origin",
    [
        pytest.param("https://www.page.test", id="maybe the same site"),
        pytest.param("http://page.test:8080", id="the same host"),
        pytest.param("http://localhost:3000", id="a developer's own machine"),
        pytest.param("http://192.168.1.2", id="an address"),
        pytest.param("http://[::1]", id="an IPv6 address"),
        pytest.param("http://laptop.local", id="a private name"),
    ],
)
def test_these_may_well_stand_on_a_list(told: Told, origin: str) -> None:
    told.see(actual(origin=origin), echo(origin))
    assert told.see(actual(), ECHO) == []


@pytest.mark.parametrize(
    "response",
    [
        pytest.param(allowing(PAGE, ("Vary", "Origin")), id="without credentials"),
        pytest.param(allowing("*", WITH_CREDENTIALS), id="not by name"),
        pytest.param(Response(200, (*ECHO.headers, HIT)), id="from a cache"),
    ],
)
def test_what_lets_no_origin_in_with_credentials(told: Told, response: Response) -> None:
    told.see(actual(origin=OTHER), echo(OTHER))
    assert told.see(actual(), response) == []


def test_the_other_one_counts_only_with_credentials(told: Told) -> None:
    told.see(actual(origin=OTHER), allowing(OTHER, ("Vary", "Origin")))
    assert told.see(actual(), ECHO) == []


def test_an_origin_that_is_refused_shows_that_there_is_a_list(told: Told) -> None:
    told.see(actual(origin=OTHER), echo(OTHER))
    told.see(actual(origin="https://third.example"), REFUSED)
    assert told.see(actual(), ECHO) == []


def test_any_site_can_be_null(told: Told) -> None:
    assert told.see(actual(origin="null"), echo("null")) == [(ANY, "null")]
    assert told.see(actual(origin="null"), allowing("null")) == []


# What isn't CORS


@pytest.mark.parametrize(
    ("status", "headers", "detail"),
    [
        pytest.param(403, (("cf-mitigated", "challenge"),), "cf-mitigated", id="Cloudflare"),
        pytest.param(
            202, (("x-amzn-waf-action", "challenge"),), "x-amzn-waf-action", id="AWS challenges"
        ),
        pytest.param(
            405, (("x-amzn-waf-action", "captcha"),), "x-amzn-waf-action", id="AWS asks a riddle"
        ),
        pytest.param(403, (("Server", "AkamaiGHost"), HTML), "AkamaiGHost", id="Akamai's edge"),
    ],
)
@pytest.mark.parametrize("request_", [actual(), preflight()], ids=["actual", "preflight"])
def test_a_bot_check(
    told: Told, request_: Request, status: int, headers: HeaderList, detail: str
) -> None:
    assert told.see(request_, Response(status, headers)) == [("challenge-page", detail)]


@pytest.mark.parametrize(
    "response",
    [
        pytest.param(Response(403, (("Server", "cloudflare"), HTML)), id="the server behind it"),
        pytest.param(Response(200, (("Server", "AkamaiGHost"), HTML)), id="a page from the edge"),
        pytest.param(Response(403, (("Server", "AkamaiGHost"),)), id="no page"),
        pytest.param(Response(403, (HTML,)), id="a page that says no"),
    ],
)
def test_no_bot_check(told: Told, response: Response) -> None:
    assert told.see(actual(), response) == []


def test_a_captive_portal(told: Told) -> None:
    assert told.see(actual(), Response(511, (HTML,))) == [("captive-portal", None)]
    assert told.see(actual(), Response(503, (HTML,))) == []


ASKS_FOR_A_LOGIN = ("Proxy-Authenticate", 'Basic realm="mitmproxy"')


@pytest.mark.parametrize(
    ("url", "answer", "expected"),
    [
        ("http://api.test/", Response(407, (ASKS_FOR_A_LOGIN,)), [("proxy-login", None)]),
        ("http://api.test/", Response(407, ()), []),
        ("http://api.test/", Response(401, (ASKS_FOR_A_LOGIN,)), []),
        ("https://api.test/", Response(407, (ASKS_FOR_A_LOGIN,)), []),
    ],
)
def test_a_proxy_that_wants_a_login(
    told: Told, url: str, answer: Response, expected: list[tuple[str, str | None]]
) -> None:
    page = ("Origin", "http://page.test")
    assert told.see(Request("GET", url, (page,)), answer) == expected


def handshake(*more: tuple[str, str]) -> Request:
    upgrade = (("Origin", PAGE), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"))
    return Request("GET", API, (*upgrade, *more))


@pytest.mark.parametrize("told_by", [(), (("Sec-Fetch-Mode", "websocket"),)])
def test_a_web_socket_that_is_refused(told: Told, told_by: HeaderList) -> None:
    for status in (200, 301, 403):
        assert told.see(handshake(*told_by), Response(status, ())) == [
            ("websocket-refused", str(status))
        ]
    assert told.see(handshake(*told_by), Response(101, (("Upgrade", "websocket"),))) == []
    assert told.see(actual(), Response(403, (("Upgrade", "websocket"),))) == []


BARE_HTML, BARE_TEXT = ("Content-Type", "text/html"), ("Content-Type", "text/plain")


@pytest.mark.parametrize(
    ("status", "headers", "name"),
    [
        (413, (("Server", "nginx"), BARE_HTML), "nginx"),
        (502, (("Server", "openresty/1.25.3.1"), BARE_HTML), "OpenResty"),
        (504, (("Server", "Caddy"), ("Content-Length", "0")), "Caddy"),
        (503, (("Server", "envoy"), BARE_TEXT), "Envoy"),
        (503, (("Server", "istio-envoy"), BARE_TEXT), "Istio"),
        (504, (("Server", "awselb/2.0"), BARE_HTML), "Elastic Load Balancing"),
        (521, (("Server", "cloudflare"), HTML), "Cloudflare"),
        (403, (("x-amzn-ErrorType", "ForbiddenException"),), "Amazon API Gateway"),
    ],
)
def test_a_gateways_own_error(told: Told, status: int, headers: HeaderList, name: str) -> None:
    """Of those that can't be run here; the others are in `tests/servers/real`."""
    for request in (actual(), preflight()):
        assert told.see(request, Response(status, headers)) == [("gateway-error", name)]


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        pytest.param(500, (("Server", "nginx"), BARE_HTML), id="a status of applications"),
        pytest.param(502, (("Server", "nginx"), HTML), id="an application's page"),
        pytest.param(502, (("Server", "nginx"), BARE_HTML, (ACAO, "*")), id="with CORS headers"),
        pytest.param(503, (BARE_HTML,), id="nobody's name"),
        pytest.param(521, (HTML,), id="another's 521"),
        pytest.param(200, (("x-amzn-ErrorType", "x"),), id="no error"),
    ],
)
def test_no_gateways_error(told: Told, status: int, headers: HeaderList) -> None:
    assert told.see(actual(), Response(status, headers)) == []


LOGIN = "https://login.example/start?token=secret"


def to(location: str, status: int = 302) -> Response:
    return allowing("*", ("Location", location), status=status)


@pytest.mark.parametrize(
    ("location", "origin"),
    [
        (LOGIN, "https://login.example"),
        ("https://id.example/oauth2/v1/authorize?client_id=1", "https://id.example"),
        ("https://id.example/Login.aspx", "https://id.example"),
        ("https://accounts.google.com/o/oauth2/v2/auth?scope=a", "https://accounts.google.com"),
        ("https://www.facebook.com/v3.2/dialog/oauth?a=b", "https://www.facebook.com"),
        (
            "https://keys.example/realms/a/protocol/openid-connect/auth?b=c",
            "https://keys.example",
        ),
        ("//sso.api.test:8443/", "https://sso.api.test:8443"),
    ],
)
def test_a_redirect_to_a_login(told: Told, location: str, origin: str) -> None:
    assert told.see(actual(), to(location)) == [("redirect-to-login", origin)]
    assert told.see(preflight(), to(location)) == [("redirect-to-login", origin)]


@pytest.mark.parametrize(
    ("url", "response"),
    [
        pytest.param(API, to("/login"), id="the same host's"),
        pytest.param(API, to("https://cdn.example/blogin/file"), id="not the word"),
        pytest.param(API, to("https://cdn.example/?next=/login"), id="only in the query"),
        pytest.param(API, to("https://www.example/login", 301), id="moved for good"),
        pytest.param(API, to("ftp://login.example/"), id="no host to ask"),
        pytest.param(API, Response(200, (("Location", LOGIN),)), id="no redirect"),
        pytest.param(f"{API}/login", to("https://www.api.test/login"), id="a login that has moved"),
    ],
)
def test_no_redirect_to_a_login(told: Told, url: str, response: Response) -> None:
    assert told.see(actual(url=url), response) == []


def test_the_login_page_itself(told: Told) -> None:
    page = Response(200, (HTML,))
    assert told.see(actual(url=LOGIN), page) == []
    told.see(actual(), to(f"{LOGIN}#top"))
    assert told.see(actual(url=LOGIN), page) == [("redirect-to-login", "https://login.example")]
    assert told.see(actual(url=LOGIN), Response(200, ())) == []
    assert told.see(actual(url=LOGIN), page, client="another browser") == []


BASIC = ("WWW-Authenticate", "Basic")
SESSION = ("Set-Cookie", "id=secret")
CROSS_SITE = (("Sec-Fetch-Site", "cross-site"), ("User-Agent", CHROMIUM))


@pytest.mark.parametrize(
    ("headers", "response", "mode"),
    [
        pytest.param((), allowing("*", BASIC, status=401), "unknown", id="it asks"),
        pytest.param((), allowing("*", BASIC, status=403), "unknown", id="it asks with 403"),
        pytest.param((), allowing("*", SESSION, status=401), "unknown", id="a session begins"),
        pytest.param(CROSS_SITE, allowing("*", BASIC, status=401), "omit", id="not included"),
        pytest.param(
            (*CROSS_SITE, ("Sec-Fetch-Storage-Access", "none")),
            allowing("*", BASIC, status=401),
            "include",
            id="included, and none came",
        ),
    ],
)
def test_credentials_that_were_not_sent(
    told: Told, headers: HeaderList, response: Response, mode: str
) -> None:
    assert told.see(actual(headers=headers), response) == [("credentials-not-sent", mode)]


@pytest.mark.parametrize(
    ("request_", "response"),
    [
        pytest.param(
            actual(headers=(("Cookie", "a=1"),)), allowing("*", BASIC, status=401), id="a cookie"
        ),
        pytest.param(
            actual(headers=(("Authorization", "Bearer x"),)),
            allowing("*", BASIC, status=401),
            id="a token",
        ),
        pytest.param(actual(), allowing("*", status=401), id="it asks for nothing"),
        pytest.param(actual(), allowing("*", SESSION, status=403), id="a bot check's cookie"),
        pytest.param(actual(), allowing("*", BASIC), id="let in"),
        pytest.param(preflight(), allowing("*", BASIC, status=401), id="preflights never have any"),
    ],
)
def test_credentials_that_are_not_the_matter(
    told: Told, request_: Request, response: Response
) -> None:
    assert told.see(request_, response) == []


BEACON = Request("POST", API, (("Origin", PAGE), ("Sec-Fetch-Mode", "no-cors")))
MIXED = [("mixed-content", None)]


def test_mixed_content(told: Told) -> None:
    assert told.see(actual(url="http://api.test/"), ALLOWED) == MIXED
    assert told.see(actual(url="http://192.168.1.2/"), None) == MIXED
    assert told.see(actual(url="http://127.0.0.1/"), ALLOWED) == []
    assert told.see(actual(url="http://api.test/", origin="http://page.test"), ALLOWED) == []
    assert told.see(actual(url="http://api.test/", origin="null"), REFUSED) == []


# Rules, order, bounds


@pytest.mark.parametrize(
    ("touch", "expected"),
    [
        pytest.param(Touch("r", "shadow"), MAY_VARY, id="a shadow changes nothing"),
        pytest.param(
            Touch("r", "apply", server_response=allowing(PAGE, ETAG)), MAY_VARY, id="the server's"
        ),
        pytest.param(Touch("r", "apply", server_response=REFUSED), [], id="the rule's"),
        pytest.param(Touch("r", "apply", answered=True), [], id="made up by the rule"),
    ],
)
def test_a_remark_is_about_the_server(
    told: Told, touch: Touch, expected: list[tuple[str, str]]
) -> None:
    assert told.see(actual(), allowing(PAGE, ETAG), touch) == expected


def test_what_a_rule_does_to_an_image_says_nothing_of_the_server(told: Told) -> None:
    told.see(image(), PLAIN, Touch("r", "apply", answered=True))
    assert told.see(actual(), VARIES) == []


def test_the_most_telling_comes_first(told: Told) -> None:
    url = "http://api.test/"
    found = told.see(actual(url=url), allowing(PAGE, BASIC, FRESH, status=401))
    assert [id_ for id_, _ in found] == ["credentials-not-sent", "mixed-content"]


def test_no_remark_changes_the_verdict(told: Told) -> None:
    exchange = told.exchange(actual(), Response(403, (("cf-mitigated", "challenge"),)))
    assert exchange is not None
    assert exchange.judgement.reason == "allow-origin-missing"


def test_the_memory_is_bounded(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_module, "MAX_URLS", 3)
    for number in range(9):
        url = f"https://api.test/{number}"
        told.see(image(url), PLAIN)
        told.see(actual(url=url, origin=OTHER), to(f"{LOGIN}{number}"))
        for origin in range(9):
            told.see(actual(url=API, origin=f"https://{origin}.test"), REFUSED)
    memory = told.journal.records.memory
    assert [len(memory.answers), len(memory.copies), len(memory.logins)] == [3, 3, 3]
    assert list(memory.copies) == [f"https://api.test/{number}" for number in (6, 7, 8)]
    assert len(memory.answers[API]) == memory_module.MAX_PER_URL


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(image(referer="https://api.test/"), id="the site's own page"),
        pytest.param(image(API, PAGE, ("Origin", "https://api.test")), id="with an Origin"),
        pytest.param(
            Request("GET", API, (("Referer", PAGE), ("Sec-Fetch-Site", "same-origin"))),
            id="the browser says it is the site's own",
        ),
    ],
)
def test_traffic_that_cannot_get_in_the_way_is_not_even_noted(
    told: Told, request_: Request
) -> None:
    told.journal.requested("plain", "browser", request_, at(0))
    assert not told.journal.in_flight


HEADERS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                *(ACAO, "Age", "Cache-Control", "Content-Type", "Cross-Origin-Resource-Policy"),
                *("Date", "ETag", "Expires", "Location", "Server", "Set-Cookie", "Vary", "X-Cache"),
            ]
        ),
        st.sampled_from(["", "*", PAGE, "//[", "https://[/", "max-age==", '"', "1 Jan 0 0:0 -9999"])
        | st.text(st.characters(max_codepoint=255)),
    ),
    max_size=5,
).map(tuple)


@given(HEADERS, st.integers(100, 599), st.sampled_from([actual(), preflight(), BEACON, image()]))
def test_no_answer_makes_it_stumble(headers: HeaderList, status: int, request_: Request) -> None:
    told = Told()
    for _ in range(2):
        told.see(request_, Response(status, headers))
        told.see(actual(headers=ASKED_ANEW), Response(status, headers))
