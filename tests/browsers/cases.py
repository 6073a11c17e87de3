"""Cross-origin fetches, each a row: what the page asks, what the servers answer, how it ends.

How it ends is Chromium's own word for it, and is asserted, so that no case can silently come to
test something else. What corscope must say is nowhere written down here: that is compared with
what the browser does.
"""

from __future__ import annotations

from collections.abc import Mapping

from tests.browsers.case import (
    ANY,
    BARE,
    BEARER,
    COOKIE_API,
    COOKIE_ORIGIN,
    DEAD,
    FINE,
    GET,
    INCLUDE,
    JSON,
    LOCAL_API,
    LOCAL_PAGE,
    OWN,
    PAGE,
    PAGES,
    PORT_PAGE,
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
from tests.browsers.departure_cases import DEPARTING
from tests.browsers.scenario_cases import SCENARIOS
from tests.browsers.secure_cases import SECURE
from tests.support.origin_server import Answer

__all__ = ["CASES", "COOKIE_ORIGIN", "PAGES", "Case", "Hop"]

SIMPLE = (
    Case("a GET is allowed by the wildcard", None, FINE),
    Case("a GET is allowed by its own origin", None, answer(OWN)),
    Case("a HEAD is allowed without a preflight", None, FINE, init={"method": "HEAD"}),
    Case(
        "a POST of plain text is allowed without a preflight",
        None,
        FINE,
        init={"method": "POST", "body": "text"},
    ),
    Case("a GET without Allow-Origin is refused", "MissingAllowOriginHeader", BARE),
    Case(
        "a POST of plain text without Allow-Origin is refused",
        "MissingAllowOriginHeader",
        BARE,
        init={"method": "POST", "body": "text"},
    ),
    Case("another origin is refused", "AllowOriginMismatch", answer(allow("http://b.test"))),
    Case("an XHR is allowed", None, FINE, xhr=True),
    Case("an XHR is refused", "MissingAllowOriginHeader", BARE, xhr=True),
    Case("an XHR with a preflight is allowed", None, FINE, PUT_FINE, PUT, xhr=True),
    Case("a trustworthy target is allowed", None, FINE, url=LOCAL_API),
    Case("a trustworthy target is refused", "MissingAllowOriginHeader", BARE, url=LOCAL_API),
    Case(
        "a trustworthy page is allowed at a trustworthy target",
        None,
        answer(allow(LOCAL_PAGE)),
        url=LOCAL_API,
        page=LOCAL_PAGE,
    ),
    Case(
        "a page on an odd port is allowed by an origin with that port",
        None,
        answer(allow(PORT_PAGE)),
        page=PORT_PAGE,
    ),
    Case(
        "a page on an odd port is refused by an origin without it",
        "AllowOriginMismatch",
        answer(OWN),
        page=PORT_PAGE,
    ),
    Case(
        "the same host on another port is another origin",
        "MissingAllowOriginHeader",
        BARE,
        url="http://page.test:9000/{case}",
    ),
)

VALUES = (
    Case("space and tab around the wildcard do not count", None, answer(allow(" \t* \t"))),
    Case("space around the origin does not count", None, answer(allow(f"  {PAGE}  "))),
    Case("a value that begins on the next line", None, answer(allow("\r\n *"))),
    Case("a value with nothing on its next line", None, answer(allow("*\r\n  "))),
    Case("a value that goes on after a mere newline", None, answer(allow("*\n\t"))),
    Case(
        "a fold within the origin is a space",
        "MultipleAllowOriginValues",
        answer(allow("http://\r\n page.test")),
    ),
    Case(
        "a list of headers over several lines, as configurations are written",
        None,
        FINE,
        answer(ANY, headers("DNT,\r\n            X-Tenant,\r\n            Content-Type")),
        TENANT,
    ),
    Case(
        "a list of methods over several lines",
        None,
        FINE,
        answer(ANY, methods("GET,\r\n\tPUT")),
        PUT,
    ),
    Case(
        "names to expose over several lines",
        None,
        answer(ANY, expose("X-A,\r\n X-B"), ("X-B", "1")),
    ),
    Case(
        "credentials on the next line",
        None,
        answer(OWN, credentials("\r\n true")),
        init=INCLUDE,
    ),
    Case(
        "the header name is read in any case",
        None,
        answer(("access-CONTROL-allow-Origin", "*")),
    ),
    Case(
        "a trailing slash makes another value",
        "AllowOriginMismatch",
        answer(allow(f"{PAGE}/")),
    ),
    Case(
        "an upper-case scheme makes another value",
        "AllowOriginMismatch",
        answer(allow("HTTP://page.test")),
    ),
    Case(
        "an upper-case host makes another value",
        "AllowOriginMismatch",
        answer(allow("http://PAGE.test")),
    ),
    Case(
        "the default port written out makes another value",
        "AllowOriginMismatch",
        answer(allow("http://page.test:80")),
    ),
    Case(
        "another scheme makes another origin",
        "AllowOriginMismatch",
        answer(allow("https://page.test")),
    ),
    Case(
        "a path after the origin makes another value",
        "AllowOriginMismatch",
        answer(allow(f"{PAGE}/app")),
    ),
    Case("a host alone is no origin", "InvalidAllowOriginValue", answer(allow("page.test"))),
    Case("an empty value is no origin", "InvalidAllowOriginValue", answer(allow(""))),
    Case("null does not allow a page", "AllowOriginMismatch", answer(allow("null"))),
    Case(
        "a wildcard in a host name is no wildcard",
        "AllowOriginMismatch",
        answer(allow("http://*.test")),
    ),
    Case("a quoted wildcard is no wildcard", "InvalidAllowOriginValue", answer(allow('"*"'))),
    Case(
        "an odd byte after the wildcard is no space",
        "InvalidAllowOriginValue",
        answer(allow("*\xa0")),
    ),
    Case(
        "an odd byte after the origin is no space",
        "InvalidAllowOriginValue",
        answer(allow(f"{PAGE}\xff")),
    ),
    Case(
        "a host in UTF-8 makes another value",
        "AllowOriginMismatch",
        answer(allow("http://p\xc3\xa4ge.test")),
    ),
    Case(
        "a host in Latin-1 makes no URL",
        "InvalidAllowOriginValue",
        answer(allow("http://p\xe4ge.test")),
    ),
    Case(
        "an escaped letter in the host makes another value",
        "AllowOriginMismatch",
        answer(allow("http://%70age.test")),
    ),
    Case(
        "an address left open makes no URL",
        "InvalidAllowOriginValue",
        answer(allow("http://[::1")),
    ),
    Case("the origin sent twice", "MultipleAllowOriginValues", answer(OWN, OWN)),
    Case("the wildcard sent twice", "MultipleAllowOriginValues", answer(ANY, ANY)),
    Case("the origin and the wildcard", "MultipleAllowOriginValues", answer(OWN, ANY)),
    Case("the origin and an empty line", "MultipleAllowOriginValues", answer(OWN, allow(""))),
    Case(
        "two origins in one line",
        "MultipleAllowOriginValues",
        answer(allow(f"{PAGE}, http://b.test")),
    ),
    Case(
        "two origins parted by a space",
        "MultipleAllowOriginValues",
        answer(allow(f"{PAGE} http://b.test")),
    ),
)


def put(name: str, error: str | None, *lines: tuple[str, str], status: int = 200) -> Case:
    """A PUT whose preflight is answered with these lines; the PUT itself would be allowed."""
    return Case(name, error, FINE, answer(*lines, status=status), PUT)


def tenant(name: str, error: str | None, *lines: tuple[str, str]) -> Case:
    """A GET with a custom header whose preflight is answered with these lines."""
    return Case(name, error, FINE, answer(*lines), TENANT)


PREFLIGHT_CHECK = (
    put("a preflight allows PUT", None, ANY, methods("PUT")),
    put("a preflight without Allow-Origin", "PreflightMissingAllowOriginHeader", methods("PUT")),
    put(
        "a preflight for another origin",
        "PreflightAllowOriginMismatch",
        allow("http://b.test"),
        methods("PUT"),
    ),
    put(
        "a preflight with two Allow-Origin lines",
        "PreflightMultipleAllowOriginValues",
        OWN,
        ANY,
        methods("PUT"),
    ),
    put(
        "a preflight with a host for an origin",
        "PreflightInvalidAllowOriginValue",
        allow("page.test"),
        methods("PUT"),
    ),
    Case(
        "a preflight with the wildcard for credentials",
        "PreflightWildcardOriginNotAllowed",
        answer(OWN, credentials()),
        answer(ANY, credentials(), methods("PUT")),
        PUT_INCLUDE,
    ),
    Case(
        "a preflight without Allow-Credentials for credentials",
        "PreflightInvalidAllowCredentials",
        answer(OWN, credentials()),
        answer(OWN, methods("PUT")),
        PUT_INCLUDE,
    ),
    Case(
        "a preflight with Allow-Credentials in capitals",
        "PreflightInvalidAllowCredentials",
        answer(OWN, credentials()),
        answer(OWN, credentials("TRUE"), methods("PUT")),
        PUT_INCLUDE,
    ),
    Case(
        "a preflight allows a PUT with credentials",
        None,
        answer(OWN, credentials()),
        answer(OWN, credentials(), methods("PUT")),
        PUT_INCLUDE,
    ),
    Case(
        "a good preflight does not save a bare answer",
        "MissingAllowOriginHeader",
        BARE,
        PUT_FINE,
        PUT,
    ),
    Case(
        "a good preflight does not save an answer for another origin",
        "AllowOriginMismatch",
        answer(allow("http://b.test")),
        PUT_FINE,
        PUT,
    ),
    Case(
        "a good preflight does not save the wildcard with credentials",
        "WildcardOriginNotAllowed",
        answer(ANY, credentials()),
        answer(OWN, credentials(), methods("PUT")),
        PUT_INCLUDE,
    ),
    Case(
        "a preflight to a trustworthy target is refused",
        "PreflightMissingAllowOriginHeader",
        FINE,
        BARE,
        PUT,
        url=LOCAL_API,
    ),
    Case(
        "a preflight to a trustworthy target is allowed",
        None,
        FINE,
        PUT_FINE,
        PUT,
        url=LOCAL_API,
    ),
)

PREFLIGHT_STATUS = (
    put("a preflight answered 204", None, ANY, methods("PUT"), status=204),
    put("a preflight answered 299", None, ANY, methods("PUT"), status=299),
    *(
        put(
            f"a preflight answered {status}",
            "PreflightInvalidStatus",
            ANY,
            methods("PUT"),
            status=status,
        )
        for status in (304, 400, 401, 403, 404, 405, 500, 503)
    ),
    put(
        "a preflight answered 401 and bare is named for its missing header",
        "PreflightMissingAllowOriginHeader",
        status=401,
    ),
    *(
        Case(
            f"a preflight redirected with {status}",
            "PreflightDisallowedRedirect",
            FINE,
            redirect("http://api.test/{case}/2", ANY, methods("PUT"), status=status),
            PUT,
        )
        for status in (301, 302, 303, 307, 308)
    ),
    put(
        "a preflight answered 302 without Location",
        "PreflightInvalidStatus",
        ANY,
        methods("PUT"),
        status=302,
    ),
    Case(
        "a preflight redirected and bare",
        "PreflightDisallowedRedirect",
        FINE,
        redirect("http://api.test/{case}/2"),
        PUT,
    ),
)

PREFLIGHT_METHODS = (
    put("no Allow-Methods does not allow PUT", "MethodDisallowedByPreflightResponse", ANY),
    put(
        "other methods do not allow PUT",
        "MethodDisallowedByPreflightResponse",
        ANY,
        methods("GET, DELETE"),
    ),
    put("a list of methods allows PUT", None, ANY, methods("GET,PUT , DELETE")),
    put("methods on two lines are one list", None, ANY, methods("GET"), methods("PUT")),
    put("empty elements among the methods", None, ANY, methods(",, PUT ,")),
    put(
        "a lower-case method does not allow PUT",
        "MethodDisallowedByPreflightResponse",
        ANY,
        methods("put"),
    ),
    put(
        "methods parted by semicolons are no list",
        "InvalidAllowMethodsPreflightResponse",
        ANY,
        methods("GET; PUT"),
    ),
    put(
        "methods parted by spaces are no list",
        "InvalidAllowMethodsPreflightResponse",
        ANY,
        methods("GET PUT"),
    ),
    put("a wildcard allows any method", None, ANY, methods("*")),
    Case(
        "a wildcard allows no method with credentials",
        "MethodDisallowedByPreflightResponse",
        answer(OWN, credentials()),
        answer(OWN, credentials(), methods("*")),
        PUT_INCLUDE,
    ),
    Case(
        "put in lower case is sent as PUT",
        None,
        FINE,
        PUT_FINE,
        {"method": "put"},
    ),
    Case(
        "patch in lower case is not PATCH",
        "MethodDisallowedByPreflightResponse",
        FINE,
        answer(ANY, methods("PATCH")),
        {"method": "patch"},
    ),
    Case(
        "patch in lower case is allowed as such",
        None,
        FINE,
        answer(ANY, methods("patch")),
        {"method": "patch"},
    ),
    Case(
        "a POST needs no Allow-Methods",
        None,
        FINE,
        answer(ANY, headers("content-type")),
        JSON,
    ),
)

PREFLIGHT_HEADERS = (
    tenant("a custom header is allowed", None, ANY, headers("x-tenant")),
    tenant("a custom header is allowed in any case", None, ANY, headers("X-TENANT")),
    tenant(
        "no Allow-Headers does not allow a custom header",
        "HeaderDisallowedByPreflightResponse",
        ANY,
    ),
    tenant(
        "other headers do not allow a custom header",
        "HeaderDisallowedByPreflightResponse",
        ANY,
        headers("x-other, content-type"),
    ),
    tenant("headers on two lines are one list", None, ANY, headers("x-other"), headers("x-tenant")),
    tenant(
        "headers parted by spaces are no list",
        "InvalidAllowHeadersPreflightResponse",
        ANY,
        headers("x-other x-tenant"),
    ),
    tenant(
        "a colon among the headers makes no list",
        "InvalidAllowHeadersPreflightResponse",
        ANY,
        headers("x-tenant: 7"),
    ),
    tenant("a wildcard allows any header", None, ANY, headers("*")),
    Case(
        "a wildcard allows no header with credentials",
        "HeaderDisallowedByPreflightResponse",
        answer(OWN, credentials()),
        answer(OWN, credentials(), headers("*")),
        TENANT_INCLUDE,
    ),
    Case(
        "JSON needs its content type allowed",
        "HeaderDisallowedByPreflightResponse",
        FINE,
        answer(ANY, methods("POST")),
        JSON,
    ),
    Case(
        "a wildcard does for Authorization in practice",
        None,
        FINE,
        answer(ANY, headers("*")),
        BEARER,
    ),
    Case(
        "Authorization allowed by name",
        None,
        FINE,
        answer(ANY, headers("authorization")),
        BEARER,
    ),
    Case(
        "Authorization that is not allowed",
        "HeaderDisallowedByPreflightResponse",
        FINE,
        answer(ANY, headers("x-tenant")),
        BEARER,
    ),
    Case(
        "Authorization with credentials needs more than the wildcard",
        "HeaderDisallowedByPreflightResponse",
        answer(OWN, credentials()),
        answer(OWN, credentials(), headers("*")),
        {**BEARER, **INCLUDE},
    ),
)


def with_cookie(
    name: str, error: str | None, *lines: tuple[str, str], mode: str = "include"
) -> Case:
    """A GET to the host that has set a cookie, from a page of the same site."""
    init = {"credentials": mode}
    return Case(name, error, answer(*lines), init=init, url=COOKIE_API, page=SITE_PAGE)


SITE_OWN = allow(SITE_PAGE)

CREDENTIALS = (
    with_cookie("a cookie goes along where credentials are allowed", None, SITE_OWN, credentials()),
    with_cookie("a cookie without Allow-Credentials", "InvalidAllowCredentials", SITE_OWN),
    with_cookie(
        "a cookie with Allow-Credentials True",
        "InvalidAllowCredentials",
        SITE_OWN,
        credentials("True"),
    ),
    with_cookie(
        "a cookie with Allow-Credentials twice",
        "InvalidAllowCredentials",
        SITE_OWN,
        credentials(),
        credentials(),
    ),
    with_cookie(
        "a cookie with Allow-Credentials empty",
        "InvalidAllowCredentials",
        SITE_OWN,
        credentials(""),
    ),
    with_cookie(
        "a cookie with space around Allow-Credentials",
        None,
        SITE_OWN,
        credentials(" true\t"),
    ),
    with_cookie("a cookie and the wildcard", "WildcardOriginNotAllowed", ANY, credentials()),
    with_cookie("a cookie and a bare answer", "MissingAllowOriginHeader"),
    with_cookie("a cookie left out by omit", None, ANY, mode="omit"),
    with_cookie("a cookie left out by same-origin", None, ANY, mode="same-origin"),
    with_cookie(
        "a cookie left out by omit and a bare answer", "MissingAllowOriginHeader", mode="omit"
    ),
    Case(
        "a cookie after a preflight",
        None,
        answer(SITE_OWN, credentials()),
        answer(SITE_OWN, credentials(), methods("PUT")),
        PUT_INCLUDE,
        COOKIE_API,
        page=SITE_PAGE,
    ),
    Case(
        "a cookie after a preflight, without Allow-Credentials",
        "InvalidAllowCredentials",
        answer(SITE_OWN),
        answer(SITE_OWN, credentials(), methods("PUT")),
        PUT_INCLUDE,
        COOKIE_API,
        page=SITE_PAGE,
    ),
    Case(
        "an XHR with credentials and a cookie",
        None,
        answer(SITE_OWN, credentials()),
        init=INCLUDE,
        url=COOKIE_API,
        page=SITE_PAGE,
        xhr=True,
    ),
    Case("credentials without any cookie", None, answer(OWN, credentials()), init=INCLUDE),
    Case(
        "credentials without any cookie and without Allow-Credentials",
        "InvalidAllowCredentials",
        answer(OWN),
        init=INCLUDE,
    ),
    Case(
        "credentials without any cookie and the wildcard",
        "WildcardOriginNotAllowed",
        answer(ANY, credentials()),
        init=INCLUDE,
    ),
    Case(
        "credentials to a trustworthy target",
        None,
        answer(OWN, credentials()),
        init=INCLUDE,
        url=LOCAL_API,
    ),
    Case(
        "credentials to a trustworthy target and the wildcard",
        "WildcardOriginNotAllowed",
        answer(ANY),
        init=INCLUDE,
        url=LOCAL_API,
    ),
    Case(
        "no credentials to a trustworthy target and the wildcard",
        None,
        answer(ANY),
        init={"credentials": "omit"},
        url=LOCAL_API,
    ),
    Case(
        "a wildcard method with credentials to a trustworthy target",
        "MethodDisallowedByPreflightResponse",
        answer(OWN, credentials()),
        answer(OWN, credentials(), methods("*")),
        PUT_INCLUDE,
        LOCAL_API,
    ),
)


def sandboxed(
    name: str,
    error: str | None,
    actual: Answer,
    preflight: Answer | None = None,
    init: Mapping[str, object] = GET,
) -> Case:
    """A fetch by a sandboxed frame, whose origin is sent as ``null``."""
    return Case(name, error, actual, preflight, init, sandboxed=True)


NULL_ORIGIN = (
    sandboxed("a sandboxed frame is allowed by null", None, answer(allow("null"))),
    sandboxed("a sandboxed frame is allowed by the wildcard", None, FINE),
    sandboxed(
        "a sandboxed frame is refused by its page's origin", "AllowOriginMismatch", answer(OWN)
    ),
    sandboxed("a sandboxed frame without Allow-Origin", "MissingAllowOriginHeader", BARE),
    sandboxed("a sandboxed frame and NULL", "InvalidAllowOriginValue", answer(allow("NULL"))),
    sandboxed(
        "a sandboxed frame with credentials is allowed by null",
        None,
        answer(allow("null"), credentials()),
        init=INCLUDE,
    ),
    sandboxed(
        "a sandboxed frame with credentials is refused by the wildcard",
        "WildcardOriginNotAllowed",
        answer(ANY, credentials()),
        init=INCLUDE,
    ),
    sandboxed(
        "a sandboxed frame's preflight is allowed by null",
        None,
        answer(allow("null")),
        answer(allow("null"), methods("PUT")),
        PUT,
    ),
    sandboxed(
        "a sandboxed frame's preflight is refused by its page's origin",
        "PreflightAllowOriginMismatch",
        answer(allow("null")),
        answer(OWN, methods("PUT")),
        PUT,
    ),
)

OTHER = "http://other.test/{case}/2"
API_2 = "http://api.test/{case}/2"
PAGE_2 = "http://page.test/{case}/2"
LOCAL_PAGE_2 = "http://page.localhost/{case}/2"

REDIRECTS = (
    Case(
        "a redirect within the API's origin keeps the page's origin",
        None,
        redirect(API_2, OWN),
        then=(Hop(API_2, answer(OWN)),),
    ),
    Case(
        "a redirect to another origin is allowed by wildcards",
        None,
        redirect(OTHER, ANY),
        then=(Hop(OTHER, FINE),),
    ),
    Case(
        "a redirect to another origin is allowed by null at its end",
        None,
        redirect(OTHER, OWN),
        then=(Hop(OTHER, answer(allow("null"))),),
    ),
    Case(
        "a redirect to another origin taints the origin to null",
        "AllowOriginMismatch",
        redirect(OTHER, OWN),
        then=(Hop(OTHER, answer(OWN)),),
    ),
    Case(
        "a bare redirect is refused before its target is asked",
        "MissingAllowOriginHeader",
        redirect(OTHER),
        then=(Hop(OTHER),),
    ),
    Case(
        "a redirect to a bare answer is refused at its target",
        "MissingAllowOriginHeader",
        redirect(OTHER, ANY),
        then=(Hop(OTHER, BARE),),
    ),
    Case(
        "the second of two redirects is refused",
        "MissingAllowOriginHeader",
        redirect(API_2, ANY),
        then=(Hop(API_2, redirect(OTHER)), Hop(OTHER)),
    ),
    Case(
        "two redirects are allowed",
        None,
        redirect(API_2, ANY, status=301),
        then=(Hop(API_2, redirect(OTHER, ANY, status=308)), Hop(OTHER, FINE)),
    ),
    Case(
        "a redirect from the page's own origin is judged at its target",
        "MissingAllowOriginHeader",
        redirect(API_2),
        url="http://page.test/{case}",
        then=(Hop(API_2, BARE),),
    ),
    Case(
        "a redirect from the page's own origin keeps that origin",
        None,
        redirect(API_2),
        url="http://page.test/{case}",
        then=(Hop(API_2, answer(OWN)),),
    ),
    Case(
        "a redirect back to the page's origin is refused there without null",
        "AllowOriginMismatch",
        redirect(PAGE_2, OWN),
        then=(Hop(PAGE_2, answer(OWN)),),
    ),
    Case(
        "a redirect back to the page's origin is refused there when bare",
        "MissingAllowOriginHeader",
        redirect(PAGE_2, OWN),
        then=(Hop(PAGE_2, BARE),),
    ),
    Case(
        "a redirect back to the page's origin is allowed there by null",
        None,
        redirect(PAGE_2, OWN),
        then=(Hop(PAGE_2, answer(allow("null"))),),
    ),
    Case(
        "a redirect back to a trustworthy page's origin, with credentials",
        None,
        redirect(LOCAL_PAGE_2, allow(LOCAL_PAGE), credentials()),
        init=INCLUDE,
        url=LOCAL_API,
        page=LOCAL_PAGE,
        then=(Hop(LOCAL_PAGE_2, answer(allow("null"), credentials())),),
    ),
    Case(
        "a redirect back to a trustworthy page's origin, with credentials and the wildcard",
        "WildcardOriginNotAllowed",
        redirect(LOCAL_PAGE_2, allow(LOCAL_PAGE), credentials()),
        init=INCLUDE,
        url=LOCAL_API,
        page=LOCAL_PAGE,
        then=(Hop(LOCAL_PAGE_2, answer(ANY, credentials())),),
    ),
    Case(
        "a second preflight at a trustworthy page's own origin is allowed",
        None,
        redirect(LOCAL_PAGE_2, ANY, status=307),
        PUT_FINE,
        PUT,
        LOCAL_API,
        then=(Hop(LOCAL_PAGE_2, FINE, PUT_FINE),),
        page=LOCAL_PAGE,
    ),
    Case(
        "a second preflight at a trustworthy page's own origin is refused",
        "PreflightMissingAllowOriginHeader",
        redirect(LOCAL_PAGE_2, ANY, status=307),
        PUT_FINE,
        PUT,
        LOCAL_API,
        then=(Hop(LOCAL_PAGE_2, preflight=BARE),),
        page=LOCAL_PAGE,
    ),
    Case(
        "userinfo in a cross-origin Location",
        "RedirectContainsCredentials",
        redirect("http://user:secret@other.test/{case}/2", ANY),
        then=(Hop(OTHER),),
    ),
    Case(
        "a user without a password in a cross-origin Location",
        "RedirectContainsCredentials",
        redirect("http://user@other.test/{case}/2", ANY),
        then=(Hop(OTHER),),
    ),
    Case(
        "a bare redirect with userinfo is named for its missing header",
        "MissingAllowOriginHeader",
        redirect("http://user:secret@other.test/{case}/2"),
        then=(Hop(OTHER),),
    ),
    Case(
        "a redirect to ftp",
        "CorsDisabledScheme",
        redirect("ftp://files.test/{case}/2", ANY),
    ),
    Case(
        "a redirect to an app's own scheme",
        "CorsDisabledScheme",
        redirect("x-app://open/{case}", ANY),
    ),
    Case(
        "a redirect to a port for mail",
        "net::ERR_UNSAFE_PORT",
        redirect("http://other.test:25/{case}", ANY),
    ),
    Case(
        "a bare redirect to a port for mail",
        "MissingAllowOriginHeader",
        redirect("http://other.test:25/{case}"),
    ),
    Case("a redirect to data", "net::ERR_UNSAFE_REDIRECT", redirect("data:,{case}", ANY)),
    Case("a bare redirect to data", "MissingAllowOriginHeader", redirect("data:,{case}")),
    Case("a redirect to a file", "net::ERR_UNSAFE_REDIRECT", redirect("file:///{case}", ANY)),
    Case(
        "a bare redirect to ftp", "MissingAllowOriginHeader", redirect("ftp://files.test/{case}/2")
    ),
    Case(
        "a bare redirect to a URL that cannot be parsed",
        "net::ERR_INVALID_REDIRECT",
        redirect("http://[{case}"),
    ),
    Case(
        "a preflight redirected to a URL that cannot be parsed",
        "net::ERR_INVALID_REDIRECT",
        None,
        redirect("http://[{case}", ANY, methods("PUT")),
        PUT,
    ),
    Case(
        "a preflight redirected to data",
        "PreflightDisallowedRedirect",
        None,
        redirect("data:,{case}", ANY, methods("PUT")),
        PUT,
    ),
    Case(
        "a redirect to a URL that cannot be parsed",
        "net::ERR_INVALID_REDIRECT",
        redirect("http://[{case}", ANY),
    ),
    Case(
        "a preflighted request redirected has a second preflight",
        None,
        redirect(OTHER, ANY, status=307),
        PUT_FINE,
        PUT,
        then=(Hop(OTHER, FINE, PUT_FINE),),
    ),
    Case(
        "a preflighted request redirected fails its second preflight",
        "PreflightMissingAllowOriginHeader",
        redirect(OTHER, ANY, status=307),
        PUT_FINE,
        PUT,
        then=(Hop(OTHER, preflight=BARE),),
    ),
    Case(
        "a second preflight is for the origin null",
        "PreflightAllowOriginMismatch",
        redirect(OTHER, ANY, status=307),
        PUT_FINE,
        PUT,
        then=(Hop(OTHER, preflight=answer(OWN, methods("PUT"))),),
    ),
    Case(
        "a preflighted PUT redirected by 303 becomes a GET without one",
        None,
        redirect(OTHER, ANY, status=303),
        PUT_FINE,
        PUT,
        then=(Hop(OTHER, FINE),),
    ),
    Case(
        "a preflighted request whose redirect is bare",
        "MissingAllowOriginHeader",
        redirect(OTHER, status=307),
        PUT_FINE,
        PUT,
        then=(Hop(OTHER),),
    ),
    Case(
        "a manual redirect is allowed and opaque",
        None,
        redirect(OTHER, ANY),
        init={"redirect": "manual"},
        then=(Hop(OTHER),),
    ),
    Case(
        "a manual redirect that is bare is refused",
        "MissingAllowOriginHeader",
        redirect(OTHER),
        init={"redirect": "manual"},
        then=(Hop(OTHER),),
    ),
    Case(
        "a redirect whose Location has backslashes and an empty query",
        None,
        redirect("\\{case}\\1?", ANY),
        then=(Hop("http://api.test/{case}/1?", FINE),),
    ),
    Case("a 302 without Location is an answer", None, answer(ANY, status=302)),
    Case(
        "a redirect with credentials is allowed by null at its end",
        None,
        redirect(OTHER, OWN, credentials()),
        init=INCLUDE,
        then=(Hop(OTHER, answer(allow("null"), credentials())),),
    ),
    Case(
        "a redirect with credentials is refused at its end by the wildcard",
        "WildcardOriginNotAllowed",
        redirect(OTHER, OWN, credentials()),
        init=INCLUDE,
        then=(Hop(OTHER, FINE),),
    ),
)

TAGGED = (("X-Request-Id", "1"), ("X-Total", "9"), ("Set-Cookie", "probe=1; Path=/none"))


def exposing(name: str, *lines: tuple[str, str]) -> Case:
    """A GET whose answer also has custom headers, a Set-Cookie and some safelisted headers."""
    safelisted = (("Cache-Control", "no-store"), ("Content-Type", "text/plain"))
    return Case(name, None, answer(ANY, *safelisted, *TAGGED, *lines))


EXPOSED = (
    exposing("without Expose-Headers only the safelisted are read"),
    exposing("a list exposes what it names", expose("X-Request-Id, X-Nowhere")),
    exposing("a list exposes in any case", expose("x-TOTAL")),
    exposing("two lists are one", expose("x-total"), expose("x-request-id")),
    exposing("empty elements in a list do not count", expose(",x-total,,")),
    exposing("a wildcard exposes all but Set-Cookie", expose("*")),
    exposing("a wildcard in a list exposes all", expose("x-total, *")),
    exposing("Set-Cookie named is not exposed", expose("Set-Cookie, x-total")),
    exposing("a list with a space in a name exposes nothing", expose("x-total x-request-id")),
    exposing("a list with a bad second line exposes nothing", expose("x-total"), expose("@")),
    exposing("an empty Expose-Headers exposes nothing", expose("")),
    Case(
        "a wildcard exposes only a header called * with credentials",
        None,
        answer(allow(SITE_PAGE), credentials(), ("X-Total", "9"), ("*", "star"), expose("*")),
        init=INCLUDE,
        url=COOKIE_API,
        page=SITE_PAGE,
    ),
    Case(
        "a list exposes with credentials",
        None,
        answer(allow(SITE_PAGE), credentials(), ("X-Total", "9"), expose("x-total")),
        init=INCLUDE,
        url=COOKIE_API,
        page=SITE_PAGE,
    ),
    Case(
        "an XHR reads what a list exposes",
        None,
        answer(ANY, ("X-Total", "9"), ("X-Hidden", "0"), expose("x-total")),
        xhr=True,
    ),
)

STATUSES = (
    *(
        Case(f"a {status} with headers is allowed", None, answer(ANY, status=status))
        for status in (201, 204, 205, 206, 300, 304, 401, 403, 404, 429, 500, 503)
    ),
    *(
        Case(
            f"a {status} without headers is refused",
            "MissingAllowOriginHeader",
            answer(status=status),
        )
        for status in (204, 304, 401, 403, 404, 500, 502, 503)
    ),
    Case(
        "a 401 without headers after a good preflight",
        "MissingAllowOriginHeader",
        answer(status=401),
        answer(ANY, headers("authorization")),
        BEARER,
    ),
    Case(
        "a 500 without headers after a good preflight",
        "MissingAllowOriginHeader",
        answer(status=500),
        PUT_FINE,
        PUT,
    ),
)

NO_CORS: Mapping[str, object] = {"mode": "no-cors"}

OUTSIDE = (
    Case("a no-cors GET is opaque", None, BARE, init=NO_CORS),
    Case(
        "a no-cors GET to a trustworthy target is opaque", None, BARE, init=NO_CORS, url=LOCAL_API
    ),
    Case(
        "a no-cors POST to a trustworthy target is opaque",
        None,
        BARE,
        init={"mode": "no-cors", "method": "POST", "body": "text"},
        url=LOCAL_API,
    ),
    Case(
        "a no-cors POST to a dead backend gets the proxy's error page, opaque",
        None,
        DEAD,
        init={"mode": "no-cors", "method": "POST", "body": "text"},
        url=LOCAL_API,
    ),
    Case(
        "a GET of the page's own origin needs nothing",
        None,
        BARE,
        url="http://page.test/{case}",
    ),
    Case("a backend that hangs up looks like CORS", "MissingAllowOriginHeader", DEAD),
    Case(
        "a backend that hangs up on the preflight looks like CORS",
        "PreflightMissingAllowOriginHeader",
        FINE,
        DEAD,
        PUT,
    ),
    Case(
        "a backend that hangs up after the preflight looks like CORS",
        "MissingAllowOriginHeader",
        DEAD,
        PUT_FINE,
        PUT,
    ),
    Case(
        "a trustworthy backend that hangs up looks like CORS",
        "MissingAllowOriginHeader",
        DEAD,
        url=LOCAL_API,
    ),
)

CASES = (
    *SIMPLE,
    *VALUES,
    *PREFLIGHT_CHECK,
    *PREFLIGHT_STATUS,
    *PREFLIGHT_METHODS,
    *PREFLIGHT_HEADERS,
    *CREDENTIALS,
    *NULL_ORIGIN,
    *REDIRECTS,
    *EXPOSED,
    *STATUSES,
    *OUTSIDE,
    *SECURE,
    *SCENARIOS,
    *DEPARTING,
)
