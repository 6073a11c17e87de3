"""Fetches that https has a part in: on the page, at its target, or at both.

Requests to https hosts carry ``Sec-Fetch-*`` headers, in two browsers the credentials mode too;
mitmproxy speaks HTTP/2 with all three there. Pages of https may not ask hosts of plain http.
"""

from __future__ import annotations

from collections.abc import Mapping

from tests.browsers.case import (
    ANY,
    API,
    BARE,
    BEARER,
    DEAD,
    FINE,
    GET,
    INCLUDE,
    JSON,
    LOCAL_API,
    PAGE,
    PUT,
    PUT_FINE,
    PUT_INCLUDE,
    SECURE_API,
    SECURE_COOKIE_API,
    SECURE_PAGE,
    SECURE_SITE_PAGE,
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
from tests.support.origin_server import Scripted

__all__ = ["SECURE"]

OWN = allow(SECURE_PAGE)
SITE_OWN = allow(SECURE_SITE_PAGE)

OMIT: Mapping[str, object] = {"credentials": "omit"}

API_2 = "https://api.test/{case}/2"
OTHER = "https://other.test/{case}/2"
PAGE_2 = "https://page.test/{case}/2"
HTTP_OTHER = "http://other.test/{case}/2"
LOCAL_OTHER = "http://other.localhost/{case}/2"
NETWORK_API = "http://192.168.7.7/{case}"
NETWORK_OTHER = "http://other.local/{case}/2"
PORT_API = "https://page.test:8443/{case}"


def secure(
    name: str,
    error: str | None,
    actual: Scripted | None = None,
    preflight: Scripted | None = None,
    init: Mapping[str, object] = GET,
    url: str = SECURE_API,
    *then: Hop,
) -> Case:
    """A fetch by an https page, and of an https host unless its URL says otherwise."""
    return Case(name, error, actual, preflight, init, url, then, SECURE_PAGE)


SIMPLE = (
    secure("https: a GET is allowed by the wildcard", None, FINE),
    secure("https: a GET is allowed by its own origin", None, answer(OWN)),
    secure("https: a bare GET is refused", "MissingAllowOriginHeader", BARE),
    secure(
        "https: the same host over http is another origin",
        "AllowOriginMismatch",
        answer(allow(PAGE)),
    ),
    secure("https: two Allow-Origin lines", "MultipleAllowOriginValues", answer(OWN, OWN)),
    secure(
        "https: the port 443 written out makes another value",
        "AllowOriginMismatch",
        answer(allow("https://page.test:443")),
    ),
    secure("https: a list exposes", None, answer(ANY, ("X-Total", "9"), expose("X-Total"))),
    secure("https: a 401 without headers", "MissingAllowOriginHeader", answer(status=401)),
    secure("https: a backend that hangs up looks like CORS", "MissingAllowOriginHeader", DEAD),
    secure("https: another port is another origin", None, answer(OWN), url=PORT_API),
    secure("https: a no-cors GET is opaque", None, BARE, init={"mode": "no-cors"}),
    secure("https: a GET of the page's own origin needs nothing", None, BARE, url=PAGE_2),
)

PREFLIGHTS = (
    secure("https: a preflight allows PUT", None, FINE, PUT_FINE, PUT),
    secure(
        "https: a bare preflight is refused", "PreflightMissingAllowOriginHeader", FINE, BARE, PUT
    ),
    secure(
        "https: a preflight answered 403",
        "PreflightInvalidStatus",
        FINE,
        answer(ANY, methods("PUT"), status=403),
        PUT,
    ),
    secure(
        "https: a method that is not allowed",
        "MethodDisallowedByPreflightResponse",
        FINE,
        answer(ANY, methods("DELETE")),
        PUT,
    ),
    secure(
        "https: a header that is not allowed",
        "HeaderDisallowedByPreflightResponse",
        FINE,
        answer(ANY, headers("content-type")),
        TENANT,
    ),
    secure("https: JSON is allowed by the wildcard", None, FINE, answer(ANY, headers("*")), JSON),
    secure(
        "https: Authorization allowed by name",
        None,
        FINE,
        answer(ANY, headers("authorization")),
        BEARER,
    ),
    secure(
        "https: a bare answer after a good preflight",
        "MissingAllowOriginHeader",
        BARE,
        PUT_FINE,
        PUT,
    ),
    secure(
        "https: a backend that hangs up on the preflight",
        "PreflightMissingAllowOriginHeader",
        FINE,
        DEAD,
        PUT,
    ),
)

CREDENTIALS = (
    secure("https: credentials are allowed", None, answer(OWN, credentials()), init=INCLUDE),
    secure(
        "https: credentials without Allow-Credentials",
        "InvalidAllowCredentials",
        answer(OWN),
        init=INCLUDE,
    ),
    secure(
        "https: credentials and the wildcard",
        "WildcardOriginNotAllowed",
        answer(ANY, credentials()),
        init=INCLUDE,
    ),
    secure("https: no credentials and the wildcard", None, FINE, init=OMIT),
    secure(
        "https: a wildcard method with credentials",
        "MethodDisallowedByPreflightResponse",
        answer(OWN, credentials()),
        answer(OWN, credentials(), methods("*")),
        PUT_INCLUDE,
    ),
    secure("https: a wildcard method without", None, FINE, answer(ANY, methods("*")), PUT),
    secure(
        "https: a wildcard header with credentials",
        "HeaderDisallowedByPreflightResponse",
        answer(OWN, credentials()),
        answer(OWN, credentials(), headers("*")),
        TENANT_INCLUDE,
    ),
    secure(
        "https: a preflight without Allow-Credentials",
        "PreflightInvalidAllowCredentials",
        answer(OWN, credentials()),
        answer(OWN, methods("PUT")),
        PUT_INCLUDE,
    ),
    secure(
        "https: a wildcard exposes nothing with credentials",
        None,
        answer(OWN, credentials(), ("X-Total", "9"), expose("*")),
        init=INCLUDE,
    ),
    secure(
        "https: credentials to another port of the same site",
        "InvalidAllowCredentials",
        answer(OWN),
        init=INCLUDE,
        url=PORT_API,
    ),
    *(
        Case(
            f"https: a cookie within the site, {told}",
            error,
            answer(*lines),
            init=init,
            url=SECURE_COOKIE_API,
            page=SECURE_SITE_PAGE,
        )
        for told, error, lines, init in (
            ("allowed", None, (SITE_OWN, credentials()), INCLUDE),
            ("without Allow-Credentials", "InvalidAllowCredentials", (SITE_OWN,), INCLUDE),
            ("the wildcard", "WildcardOriginNotAllowed", (ANY, credentials()), INCLUDE),
            ("left out", None, (ANY,), OMIT),
        )
    ),
    Case(
        "https: a cookie within the site after a preflight",
        None,
        answer(SITE_OWN, credentials()),
        answer(SITE_OWN, credentials(), methods("PUT")),
        PUT_INCLUDE,
        SECURE_COOKIE_API,
        page=SECURE_SITE_PAGE,
    ),
)

FROM_HTTP = (
    Case("from http: a GET of an https host is allowed", None, FINE, url=SECURE_API),
    Case(
        "from http: a bare GET of an https host", "MissingAllowOriginHeader", BARE, url=SECURE_API
    ),
    Case("from http: a PUT to an https host", None, FINE, PUT_FINE, PUT, SECURE_API),
    Case(
        "from http: credentials to an https host and the wildcard",
        "WildcardOriginNotAllowed",
        answer(ANY, credentials()),
        init=INCLUDE,
        url=SECURE_API,
    ),
    Case("from http: no credentials to an https host", None, FINE, init=OMIT, url=SECURE_API),
    Case(
        "from http: credentials to the page's own host over https",
        "InvalidAllowCredentials",
        answer(allow(PAGE)),
        init=INCLUDE,
        url=PORT_API,
    ),
    Case(
        "from http: no credentials to the page's own host over https",
        None,
        FINE,
        init=OMIT,
        url=PORT_API,
    ),
)

MIXED = (
    secure("mixed: a GET of an http host", "mixed-content", FINE, url=API),
    secure("mixed: a PUT to an http host", "mixed-content", FINE, PUT_FINE, PUT, API),
    secure("mixed: an address of a local network", None, FINE, url=NETWORK_API),
    secure("mixed: a name under localhost", None, FINE, url=LOCAL_API),
    secure("mixed: a PUT to a name under localhost", None, FINE, PUT_FINE, PUT, LOCAL_API),
    secure("mixed: localhost itself", None, FINE, url="http://localhost/{case}"),
    secure("mixed: the address of localhost", None, FINE, url="http://127.0.0.1:8000/{case}"),
    secure("mixed: the newer address of localhost", None, FINE, url="http://[::1]:8000/{case}"),
    secure("mixed: localhost that refuses", "MissingAllowOriginHeader", BARE, url=LOCAL_API),
)

REDIRECTS = (
    secure(
        "https: a redirect to another origin taints the origin to null",
        "AllowOriginMismatch",
        redirect(OTHER, OWN),
        None,
        GET,
        SECURE_API,
        Hop(OTHER, answer(OWN)),
    ),
    secure(
        "https: a redirect with credentials to another origin is allowed by null",
        None,
        redirect(OTHER, OWN, credentials()),
        None,
        INCLUDE,
        SECURE_API,
        Hop(OTHER, answer(allow("null"), credentials())),
    ),
    secure(
        "https: a redirect back to the page's origin",
        "AllowOriginMismatch",
        redirect(PAGE_2, OWN),
        None,
        GET,
        SECURE_API,
        Hop(PAGE_2, answer(OWN)),
    ),
    secure(
        "https: a preflighted request redirected has a second preflight",
        None,
        redirect(OTHER, ANY, status=307),
        PUT_FINE,
        PUT,
        SECURE_API,
        Hop(OTHER, FINE, PUT_FINE),
    ),
    secure(
        "https: userinfo in a Location",
        "RedirectContainsCredentials",
        redirect("https://u:p@other.test/{case}/2", ANY),
    ),
    secure(
        "mixed: a redirect to http",
        "net::ERR_ABORTED",
        redirect(HTTP_OTHER, ANY),
        None,
        GET,
        SECURE_API,
        Hop(HTTP_OTHER),
    ),
    secure(
        "mixed: a tainted redirect to http",
        "net::ERR_ABORTED",
        redirect(OTHER, ANY),
        None,
        GET,
        SECURE_API,
        Hop(OTHER, redirect(HTTP_OTHER, ANY)),
        Hop(HTTP_OTHER),
    ),
    secure(
        "mixed: a redirect from the page's own origin to http",
        "net::ERR_ABORTED",
        redirect(HTTP_OTHER),
        None,
        GET,
        PAGE_2,
        Hop(HTTP_OTHER),
    ),
    secure(
        "mixed: a preflighted redirect to http",
        "net::ERR_ABORTED",
        redirect(HTTP_OTHER, ANY, status=307),
        PUT_FINE,
        PUT,
        SECURE_API,
        Hop(HTTP_OTHER),
    ),
    secure(
        "mixed: a preflighted redirect to http becomes a GET",
        "net::ERR_ABORTED",
        redirect(HTTP_OTHER, ANY, status=303),
        PUT_FINE,
        PUT,
        SECURE_API,
        Hop(HTTP_OTHER),
    ),
    secure(
        "mixed: by localhost to http",
        "net::ERR_ABORTED",
        redirect(LOCAL_OTHER, ANY),
        None,
        GET,
        SECURE_API,
        Hop(LOCAL_OTHER, redirect("http://other.test/{case}/3", ANY)),
        Hop("http://other.test/{case}/3"),
    ),
    secure(
        "mixed: a bare redirect to http",
        "MissingAllowOriginHeader",
        redirect(HTTP_OTHER),
        None,
        GET,
        SECURE_API,
        Hop(HTTP_OTHER),
    ),
    secure(
        "mixed: a bare redirect to http with a user and a password",
        "MissingAllowOriginHeader",
        redirect("http://u:p@other.test/{case}/2"),
    ),
    secure(
        "mixed: a bare redirect to a blocked port of http",
        "MissingAllowOriginHeader",
        redirect("http://other.test:25/{case}/2"),
    ),
    secure(
        "mixed: a bare redirect to a name under localhost",
        "MissingAllowOriginHeader",
        redirect(LOCAL_OTHER),
        None,
        GET,
        SECURE_API,
        Hop(LOCAL_OTHER),
    ),
    secure(
        "mixed: a bare redirect to ws",
        "MissingAllowOriginHeader",
        redirect("ws://other.test/{case}/2"),
    ),
    secure(
        "mixed: a preflight that is redirected to http",
        "PreflightDisallowedRedirect",
        FINE,
        redirect(HTTP_OTHER, ANY, status=307),
        PUT,
        SECURE_API,
        Hop(HTTP_OTHER),
    ),
    secure(
        "mixed: a preflight that is redirected to http and bare",
        "PreflightDisallowedRedirect",
        FINE,
        redirect(HTTP_OTHER, status=307),
        PUT,
        SECURE_API,
        Hop(HTTP_OTHER),
    ),
    secure(
        "mixed: a redirect to a name under localhost",
        None,
        redirect(LOCAL_OTHER, ANY),
        None,
        GET,
        SECURE_API,
        Hop(LOCAL_OTHER, FINE),
    ),
    secure(
        "mixed: a redirect to a name of a local network",
        None,
        redirect(NETWORK_OTHER, ANY),
        None,
        GET,
        SECURE_API,
        Hop(NETWORK_OTHER, FINE),
    ),
    Case(
        "from http: a redirect from https to http",
        None,
        redirect(HTTP_OTHER, ANY),
        url=SECURE_API,
        then=(Hop(HTTP_OTHER, FINE),),
    ),
    Case(
        "from http: a redirect from http to https keeps the origin",
        "AllowOriginMismatch",
        redirect(API_2, allow(PAGE)),
        then=(Hop(API_2, answer(allow(PAGE))),),
    ),
)

SANDBOXED = (
    Case(
        "https: a sandboxed frame is allowed by null",
        None,
        answer(allow("null")),
        url=SECURE_API,
        page=SECURE_PAGE,
        sandboxed=True,
    ),
    Case(
        "https: a sandboxed frame with credentials and the wildcard",
        "WildcardOriginNotAllowed",
        answer(ANY, credentials()),
        init=INCLUDE,
        url=SECURE_API,
        page=SECURE_PAGE,
        sandboxed=True,
    ),
    Case(
        "mixed: a sandboxed frame asks an http host",
        "mixed-content",
        FINE,
        page=SECURE_PAGE,
        sandboxed=True,
    ),
)

SECURE = (
    *SIMPLE,
    *PREFLIGHTS,
    *CREDENTIALS,
    *FROM_HTTP,
    *MIXED,
    *REDIRECTS,
    *SANDBOXED,
)
"""All of them."""
