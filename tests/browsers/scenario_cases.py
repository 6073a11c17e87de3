"""The ideas of web-platform-tests and of the engines' own tests that need a browser.

Those of `cors/`, `fetch/api/cors/` and `xhr/` in web-platform-tests, of Chromium's unit tests, of
Firefox's table of cross-site requests and of WebKit's access-control tests, as far as no other case
has them already; written anew.
"""

from __future__ import annotations

from collections.abc import Mapping

from tests.browsers.case import (
    ANY,
    BEARER,
    COOKIE_API,
    COOKIE_ORIGIN,
    FINE,
    INCLUDE,
    OWN,
    PAGE,
    PUT,
    PUT_FINE,
    PUT_INCLUDE,
    SITE_PAGE,
    TENANT,
    TENANT_INCLUDE,
    Case,
    Hop,
    allow,
    answer,
    credentials,
    expose,
    headers,
    methods,
    redirect,
)

__all__ = ["SCENARIOS"]

LIST, INVALID = "MultipleAllowOriginValues", "InvalidAllowOriginValue"
MISMATCH = "AllowOriginMismatch"


def origin_value(name: str, error: str, *lines: str) -> Case:
    """A GET whose answer has these lines of Access-Control-Allow-Origin."""
    return Case(f"Allow-Origin: {name}", error, answer(*map(allow, lines)))


ORIGIN_VALUES = (
    origin_value("the origin and a question mark", MISMATCH, f"{PAGE}?"),
    origin_value("the origin and a hash", MISMATCH, f"{PAGE}#"),
    origin_value("the origin and an escaped hash", INVALID, f"{PAGE}%23"),
    origin_value("the origin and a colon", MISMATCH, f"{PAGE}:"),
    origin_value("the origin and a dot", MISMATCH, f"{PAGE}."),
    origin_value("the origin and a semicolon", MISMATCH, f"{PAGE};"),
    origin_value("the origin and a comma", LIST, f"{PAGE},"),
    origin_value("a comma and the origin", LIST, f",{PAGE}"),
    origin_value("the origin and a slash after a space", LIST, f"{PAGE} /"),
    origin_value("the origin twice in a line", LIST, f"{PAGE} {PAGE}"),
    origin_value("the origin and a wildcard in a line", LIST, f"{PAGE}, *"),
    origin_value("a wildcard and the origin in a line", LIST, f"* {PAGE}"),
    origin_value("three origins the last of them right", LIST, f'"", http://b.test, {PAGE}'),
    origin_value("the origin with a user", MISMATCH, "http://user@page.test"),
    origin_value("the origin in quotes", INVALID, f'"{PAGE}"'),
    origin_value("the origin in single quotes", INVALID, f"'{PAGE}'"),
    origin_value("the origin in angle brackets", INVALID, f"<{PAGE}>"),
    origin_value("the origin in square brackets", INVALID, f"[{PAGE}]"),
    origin_value("one slash", MISMATCH, "http:/page.test"),
    origin_value("no slash", MISMATCH, "http:page.test"),
    origin_value("three slashes", MISMATCH, "http:///page.test"),
    origin_value("backslashes", MISMATCH, "http:\\\\page.test"),
    origin_value("two colons", INVALID, "http:://page.test"),
    origin_value("no scheme", INVALID, "//page.test"),
    origin_value("an empty scheme", INVALID, "://page.test"),
    origin_value("a scheme of its own", MISMATCH, "xxxhttp://page.test"),
    origin_value("the scheme of ftp", MISMATCH, "ftp://page.test"),
    origin_value("a scheme alone", INVALID, "http://"),
    origin_value("a host and a port", MISMATCH, "page.test:80"),
    origin_value("a port too great", INVALID, "http://page.test:65536"),
    origin_value("the domain above", INVALID, ".test"),
    origin_value("the domain above as an origin", MISMATCH, "http://.test"),
    origin_value("a pattern of hosts", INVALID, "*.test"),
    origin_value("a pattern of schemes", INVALID, "*://page.test"),
    origin_value("a pattern of all hosts", MISMATCH, "http://*"),
    origin_value("a pattern of ports", INVALID, "http://page.test:*"),
    origin_value("a wildcard before the origin", INVALID, f"*{PAGE}"),
    origin_value("a regular expression", INVALID, "/^http/"),
    origin_value("two wildcards", INVALID, "**"),
    origin_value("two wildcards with a space", LIST, "* *"),
    origin_value("a wildcard and null", LIST, "* null"),
    origin_value("a wildcard in single quotes", INVALID, "'*'"),
    origin_value("a wildcard escaped", INVALID, "%2A"),
    origin_value("a hyphen", INVALID, "-"),
    origin_value("true", INVALID, "true"),
    origin_value("undefined", INVALID, "undefined"),
    origin_value("an empty line and the wildcard", LIST, "", "*"),
    origin_value("the wildcard and an empty line", LIST, "*", ""),
)


def credentials_value(
    name: str, *lines: str, error: str | None = "InvalidAllowCredentials"
) -> Case:
    """A GET with credentials whose answer has these lines of Access-Control-Allow-Credentials."""
    found = answer(OWN, *map(credentials, lines))
    return Case(f"Allow-Credentials: {name}", error, found, init=INCLUDE)


CREDENTIALS_VALUES = (
    credentials_value("TRUE", "TRUE"),
    credentials_value("quoted", '"true"'),
    credentials_value("a list", "true, true"),
    credentials_value("a semicolon", "true;"),
    credentials_value("a number", "1"),
    credentials_value("another word", "yes"),
    credentials_value("a structured boolean", "?1"),
    credentials_value("the wildcard", "*"),
    credentials_value("false and true", "false", "true"),
    credentials_value("a tab around it", "\ttrue\t", error=None),
)


def exposing(name: str, *lines: str, init: Mapping[str, object] = INCLUDE) -> Case:
    """A GET whose answer has these lines of Access-Control-Expose-Headers."""
    present = (("BB-8", "hey"), ("C-3PO", ""), ("*", "star"), ("Content-Language", "mkay"))
    found = answer(OWN, credentials(), *present, *map(expose, lines))
    return Case(f"Expose-Headers: {name}", None, found, init=init)


EXPOSED = (
    exposing("a tab around a comma", "bb-8\t,\tc-3po"),
    exposing("commas first and last", " , ,,bb-8,nothing,  "),
    exposing("commas alone", ", ,"),
    exposing("an empty line first", "", "bb-8"),
    exposing("odd bytes of tokens", "bb-8, x%y, $_z"),
    exposing("odd bytes of none", "bb-8,,@#$#%%&^&^*()()11!"),
    exposing("odd bytes first", "@#$#%%&^&^*()()11!,bb-8"),
    exposing("a space in another name", "bb-8, no no"),
    exposing("a space in a name of another line", "bb-8", "no no"),
    exposing("a bracket", "bb-8, c-3p(o"),
    exposing("a semicolon", "bb-8;c-3po"),
    exposing("an equals sign", "bb-8=1"),
    exposing("quotes", '"bb-8"'),
    exposing("single quotes", "'bb-8'"),
    exposing("a byte of Latin-1", "bb-8\xa0"),
    exposing("a name with a star", "bb-*"),
    exposing("the star and the second kind of cookie", "*, set-cookie2", init={}),
    exposing("the star on one of two lines", "c-3po", "*", init={}),
    exposing("the star with credentials", "*"),
)


def asking(
    name: str, error: str | None, init: Mapping[str, object], *lines: tuple[str, str]
) -> Case:
    """A request whose preflight is answered with these lines; it itself would be allowed."""
    shared = (OWN, credentials())
    return Case(f"asking: {name}", error, answer(*shared), answer(*shared, *lines), init)


METHOD, HEADER = "MethodDisallowedByPreflightResponse", "HeaderDisallowedByPreflightResponse"
BAD_METHODS = "InvalidAllowMethodsPreflightResponse"
BAD_HEADERS = "InvalidAllowHeadersPreflightResponse"

DELETE: Mapping[str, object] = {"method": "DELETE"}
TWO: Mapping[str, object] = {"headers": {"X-Tenant": "7", "X-Other": ""}}
STAR: Mapping[str, object] = {"method": "*", "headers": {"*": "1"}}
LONG = "long-" * 90 + "header"

ASKED = (
    asking("a method of one's own", None, {"method": "CHICKEN"}, methods("CHICKEN")),
    asking("its case counts", METHOD, {"method": "CHICKEN"}, methods("Chicken")),
    asking("a longer method is another", METHOD, DELETE, methods("DELETEZ")),
    asking("an empty list of methods", METHOD, DELETE, methods("")),
    asking("a method among the headers", METHOD, DELETE, headers("DELETE")),
    asking("commas around methods", None, DELETE, methods("  ,,  PUT ,,  , DELETE  ,  ,")),
    asking("a bracket in another method", BAD_METHODS, DELETE, methods("DELETE, PU(T")),
    asking("a space in another method", BAD_METHODS, DELETE, methods("PUT Z, DELETE")),
    asking("a bad list of methods where none is needed", BAD_METHODS, TENANT, methods("a b")),
    asking("get is listed but GET is sent", None, TENANT, methods("get"), headers("x-tenant")),
    asking("two headers", None, TWO, headers("x-other,x-tenant")),
    asking("the first of two headers", HEADER, TWO, headers("x-other")),
    asking("the second of two headers", HEADER, TWO, headers("x-tenant")),
    asking("an empty list of headers", HEADER, TENANT, headers("")),
    asking("a header among the methods", HEADER, TENANT, methods("x-tenant")),
    asking("commas around headers", None, TWO, headers(",y-lol,X-Other, ,,,x-tenant,")),
    asking("a bracket in another header", BAD_HEADERS, TENANT, headers("x-tenant, y-(z")),
    asking("a header beside odd ones", None, TENANT, headers("x-tenant, $_%")),
    asking("a long header", None, {"headers": {LONG: "v"}}, headers(LONG)),
    asking("a HEAD with a header", None, {**TENANT, "method": "HEAD"}, headers("x-tenant")),
    asking("a HEAD with a header refused", HEADER, {**TENANT, "method": "HEAD"}),
    asking("a safe header with an unsafe byte", HEADER, {"headers": {"Accept": "() { :;};"}}),
    asking("the same allowed", None, {"headers": {"Accept": "() { :;};"}}, headers("accept")),
    asking(
        "two content types in one",
        HEADER,
        {"method": "POST", "headers": {"Content-Type": "foo/bar, text/plain"}, "body": "x"},
    ),
    asking("stars", None, {**TENANT, "method": "OK"}, methods("*"), headers("*")),
    asking(
        "stars beside others", None, {**TENANT, "method": "OK"}, methods("PUT,*"), headers("*,x")
    ),
    asking("a star for the header alone", METHOD, {**TENANT, "method": "OK"}, headers("*")),
    asking("a star for the method alone", HEADER, {**TENANT, "method": "OK"}, methods("*")),
    asking("stars for what is called star", None, STAR, methods("*"), headers("*")),
    asking(
        "stars with credentials for what is called star",
        None,
        {**STAR, **INCLUDE},
        methods("*"),
        headers("*"),
    ),
    asking("stars with credentials", METHOD, {**PUT_INCLUDE, **TENANT}, methods("*"), headers("*")),
    asking("a star for a header with credentials", HEADER, TENANT_INCLUDE, headers("*")),
    asking("the header beside a star", None, TENANT_INCLUDE, headers("*, x-tenant")),
    asking("Authorization beside a star", None, BEARER, headers("*, AUTHORIZAtion")),
    asking("Authorization with credentials", None, {**BEARER, **INCLUDE}, headers("authorization")),
)

TEXT: Mapping[str, object] = {"method": "POST", "body": "hello"}


def listening(
    name: str, error: str | None, init: Mapping[str, object], *lines: tuple[str, str]
) -> Case:
    """An upload with a listener, whose preflight is answered with these lines."""
    answered = answer(*lines)
    return Case(f"listening: {name}", error, FINE, answered, init, xhr=True, listens=True)


LISTENING = (
    listening("a POST", None, TEXT, ANY),
    listening("a POST is refused", "PreflightMissingAllowOriginHeader", TEXT),
    listening("a GET", None, {}, ANY),
    listening("a PUT without Allow-Methods", METHOD, {**TEXT, "method": "PUT"}, ANY),
    listening("a PUT", None, {**TEXT, "method": "PUT"}, ANY, methods("PUT")),
    Case("not listening: a POST asks nobody", None, FINE, init=TEXT, xhr=True),
)


def with_header(name: str, header: str, value: str, *, asks: bool = True) -> Case:
    """A POST with a header, for which nobody needs leave or everybody."""
    preflight = answer(ANY, headers(header)) if asks else None
    return Case(f"with {name}", None, FINE, preflight, {**TEXT, "headers": {header: value}})


WITH_HEADERS = (
    with_header("a language", "Accept-Language", "en-US,en;q=0.8", asks=False),
    with_header("an underscore in a language", "Accept-Language", "nn_NO"),
    with_header("a type and garbage", "Content-Type", "text/plain;garbage", asks=False),
    with_header("a type and a comma", "Content-Type", "text/plain,"),
    with_header("a type in odd letters", "Content-Type", "tEXT/PLAIN", asks=False),
    with_header("a range from a start", "Range", "bytes=200-", asks=False),
    with_header("a range from start to end", "Range", "bytes=100-200", asks=False),
    with_header("a range to an end", "Range", "bytes=-200"),
    with_header("a range in another unit", "Range", "MB=100-200"),
    with_header("two ranges", "Range", "bytes=100-200,300-400"),
    with_header("an event", "Last-Event-ID", "abc123"),
    with_header("a condition", "If-None-Match", '"x"'),
    with_header("an empty header", "X-A", ""),
)

FULL = "1" * 128
EIGHT: Mapping[str, str] = {
    **dict.fromkeys(("Accept", "Accept-Language", "Content-Language"), FULL),
    "Content-Type": f"text/plain; charset={FULL[:108]}",
    **dict.fromkeys(("DPR", "Device-Memory", "Viewport-Width", "Width"), FULL),
}
NAMES = ", ".join((*EIGHT, "RTT"))

IN_ALL = (
    Case(
        "with eight headers of 1,024 bytes that Chromium takes for safe",
        None,
        FINE,
        answer(ANY, headers(NAMES)),
        {"headers": EIGHT},
    ),
    Case(
        "with a byte more than it does",
        None,
        FINE,
        answer(ANY, headers(NAMES)),
        {"headers": {**EIGHT, "RTT": "1"}},
    ),
)

ADDING: Mapping[str, Mapping[str, object]] = {
    "no-store": {"cache": "no-store"},
    "reload": {"cache": "reload"},
    "no-cache": {"cache": "no-cache"},
    "no referrer": {"referrerPolicy": "no-referrer"},
    "keepalive": {"keepalive": True},
    "high priority": {"priority": "high"},
}

ADDED_BY_THE_BROWSER = tuple(
    case
    for name, init in ADDING.items()
    for case in (
        Case(f"a GET with {name} asks nobody", None, FINE, init=init),
        Case(f"a PUT with {name} announces no header", None, FINE, PUT_FINE, {**PUT, **init}),
    )
)

STATUSES = (
    *(
        Case(
            f"a preflight answered {status} beyond the usual",
            "PreflightInvalidStatus",
            FINE,
            answer(ANY, methods("PUT"), status=status),
            PUT,
        )
        for status in (300, 306, 402, 417, 501, 680, 790)
    ),
    *(
        Case(f"a {status} after a preflight", None, answer(ANY, status=status), PUT_FINE, PUT)
        for status in (204, 400, 401, 404, 501, 699)
    ),
    *(
        Case(
            f"a {status} to HEAD after a preflight",
            None,
            answer(ANY, status=status),
            answer(ANY, headers("x-tenant")),
            {**TENANT, "method": "HEAD"},
        )
        for status in (200, 401, 501)
    ),
)

API_2, OTHER, THIRD = (
    "http://api.test/{case}/2",
    "http://other.test/{case}/2",
    "http://third.test/{case}/3",
)
HERE, HERE_2 = "http://page.test/{case}", "http://page.test/{case}/2"
PONY: Mapping[str, object] = {
    "method": "POST",
    "headers": {"Content-Type": "application/x-pony"},
    "body": "yoyo",
}


def led(name: str, error: str | None, to: str, end: Hop | None, status: int = 302) -> Case:
    """A GET that the API redirects, with leave for all."""
    then = () if end is None else (end,)
    return Case(f"redirected: {name}", error, redirect(to, ANY, status=status), then=then)


def from_here(
    name: str,
    error: str | None,
    init: Mapping[str, object],
    *then: Hop,
    status: int = 302,
) -> Case:
    """A fetch of the page's own origin that it redirects to another."""
    started = redirect(then[0].url, status=status)
    return Case(f"from here: {name}", error, started, init=init, url=HERE, then=then)


OTHER_3, PAGE_3 = "http://other.test/{case}/3", "http://page.test/{case}/3"
OMITTED: Mapping[str, object] = {"credentials": "omit"}


def away(name: str, error: str | None, end: Hop) -> tuple[Case, Case]:
    """A fetch of the page's own origin that two redirects lead away and further.

    By default WebKit follows only the first of them, without credentials both.
    """
    then = (Hop(OTHER, redirect(end.url, OWN)), end)
    return (
        from_here(f"away and {name}", error, {}, *then),
        from_here(f"away and {name}, without credentials", error, OMITTED, *then),
    )


REDIRECTS = (
    *(
        led(
            f"by {status} to another origin", None, OTHER, Hop(OTHER, answer(allow("null"))), status
        )
        for status in (301, 303, 307, 308)
    ),
    led(
        "within its origin null is not the page", MISMATCH, API_2, Hop(API_2, answer(allow("null")))
    ),
    led(
        "a password without a user",
        "RedirectContainsCredentials",
        "http://:p@other.test/{case}/2",
        None,
    ),
    led(
        "a user and an empty password",
        "RedirectContainsCredentials",
        "http://u:@other.test/{case}/2",
        None,
    ),
    led("a user at home", "RedirectContainsCredentials", "http://u:p@page.test/{case}/2", None),
    led("a user where it was", "RedirectContainsCredentials", "http://u:p@api.test/{case}/2", None),
    led("an empty user", None, "http://@other.test/{case}/2", Hop(OTHER, FINE)),
    led("an empty user and password", None, "http://:@other.test/{case}/2", Hop(OTHER, FINE)),
    led("to about", "net::ERR_UNSAFE_REDIRECT", "about:blank?{case}", None),
    led("to an extension", "net::ERR_UNSAFE_REDIRECT", "chrome-extension://{case}/", None),
    led("to a source", "net::ERR_ABORTED", "view-source:{case}", None),
    led("to an icon", "CorsDisabledScheme", "page-icon:{case}", None),
    led("to a mail", "CorsDisabledScheme", "mailto:{case}", None),
    from_here("null is not the page", MISMATCH, {}, Hop(API_2, answer(allow("null")))),
    from_here("the wildcard", None, {}, Hop(API_2, FINE)),
    from_here(
        "twice within and then away",
        None,
        {},
        Hop(HERE_2, redirect(THIRD)),
        Hop(THIRD, answer(OWN)),
    ),
    *away("back, bare", "MissingAllowOriginHeader", Hop(PAGE_3, answer())),
    *away("back, for the page", MISMATCH, Hop(PAGE_3, answer(OWN))),
    *away("back, for all", None, Hop(PAGE_3, FINE)),
    *away("further, for the page", MISMATCH, Hop(THIRD, answer(OWN))),
    *away("within, for the page", None, Hop(OTHER_3, answer(OWN))),
    from_here(
        "Authorization stays there",
        None,
        BEARER,
        Hop(API_2, FINE, answer(ANY, headers("authorization"))),
    ),
    from_here("a header allowed", None, TENANT, Hop(API_2, FINE, answer(ANY, headers("x-tenant")))),
    from_here("a header refused", HEADER, TENANT, Hop(API_2, preflight=answer(ANY))),
    from_here(
        "a DELETE allowed",
        None,
        DELETE,
        Hop(API_2, FINE, answer(ANY, methods("DELETE"))),
        status=307,
    ),
    from_here("a DELETE refused", METHOD, DELETE, Hop(API_2, preflight=answer(ANY)), status=307),
    from_here("credentials", None, INCLUDE, Hop(API_2, answer(OWN, credentials()))),
    from_here(
        "credentials and the wildcard", "WildcardOriginNotAllowed", INCLUDE, Hop(API_2, FINE)
    ),
    *(
        from_here(
            f"a POST of a pony by {status} is a GET", None, PONY, Hop(API_2, FINE), status=status
        )
        for status in (301, 302, 303)
    ),
    from_here(
        "another method by 303 is a GET",
        None,
        {**PONY, "method": "FOO"},
        Hop(API_2, FINE),
        status=303,
    ),
    *(
        from_here(
            f"a POST of a pony by {status}, allowed",
            None,
            PONY,
            Hop(API_2, FINE, answer(ANY, headers("content-type"))),
            status=status,
        )
        for status in (307, 308)
    ),
    from_here(
        "a POST of a pony refused", HEADER, PONY, Hop(API_2, preflight=answer(ANY)), status=308
    ),
    from_here(
        "another method by 302 stays",
        None,
        {**PONY, "method": "FOO"},
        Hop(API_2, FINE, answer(ANY, methods("FOO"), headers("content-type"))),
    ),
    from_here(
        "plain text by 307 asks nobody",
        None,
        {"method": "POST", "body": "hello"},
        Hop(API_2, FINE),
        status=307,
    ),
)

SITE_OWN, COOKIE_API_2 = allow(SITE_PAGE), COOKIE_ORIGIN + "/{case}/2"
NEIGHBOUR = "http://other.site.test/{case}"


def with_cookie(name: str, error: str | None, url: str, *end: tuple[str, str]) -> Case:
    """A GET with credentials that is redirected to the host that has set a cookie."""
    led = redirect(COOKIE_API_2, SITE_OWN, credentials())
    then = (Hop(COOKIE_API_2, answer(*end)),)
    return Case(f"a cookie: {name}", error, led, None, INCLUDE, url, then, SITE_PAGE)


COOKIES = (
    with_cookie("within its host", None, COOKIE_API, SITE_OWN, credentials()),
    with_cookie("from another host", None, NEIGHBOUR, allow("null"), credentials()),
    with_cookie("from another host, for the page", MISMATCH, NEIGHBOUR, SITE_OWN, credentials()),
    with_cookie(
        "from another host, without leave", "InvalidAllowCredentials", NEIGHBOUR, allow("null")
    ),
    Case(
        "a cookie: after two preflights",
        None,
        redirect(COOKIE_API_2, SITE_OWN, credentials()),
        answer(SITE_OWN, credentials(), headers("x-tenant")),
        TENANT_INCLUDE,
        NEIGHBOUR,
        (
            Hop(
                COOKIE_API_2,
                answer(allow("null"), credentials()),
                answer(allow("null"), credentials(), headers("x-tenant")),
            ),
        ),
        SITE_PAGE,
    ),
)

SCENARIOS = (
    *ORIGIN_VALUES,
    *CREDENTIALS_VALUES,
    *EXPOSED,
    *ASKED,
    *LISTENING,
    *WITH_HEADERS,
    *IN_ALL,
    *ADDED_BY_THE_BROWSER,
    *STATUSES,
    *REDIRECTS,
    *COOKIES,
)
"""All of them."""
