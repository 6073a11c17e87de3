"""Requests as browsers send them, for the tests of what is read off them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from corscope.messages import HeaderList, Request, Response

PAGE = "https://page.test"
API = "https://api.test/items"

CHROMIUM = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36"
OLD_CHROMIUM = CHROMIUM.replace("156", "120")
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0"
OLD_FIREFOX = FIREFOX.replace("153", "140")
WEBKIT = "Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 Version/26.0 Safari/605.1.15"

START = datetime(2026, 1, 2, 3, 4, 5, 678_900, tzinfo=UTC)

ALLOWED = Response(
    200,
    (
        ("Access-Control-Allow-Origin", PAGE),
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Allow-Methods", "PUT, DELETE"),
        ("Access-Control-Allow-Headers", "content-type, x-tenant, authorization, if-match"),
    ),
)
REFUSED = Response(200, (("Content-Type", "text/plain"),))


def at(seconds: float) -> datetime:
    """The time so many seconds after the start."""
    return START + timedelta(seconds=seconds)


def actual(
    method: str = "GET", url: str = API, headers: HeaderList = (), origin: str = PAGE
) -> Request:
    """An actual request with mode "cors" to a trustworthy host."""
    return Request(method, url, (("Origin", origin), ("Sec-Fetch-Mode", "cors"), *headers))


def preflight(
    method: str = "PUT", names: str = "", url: str = API, headers: HeaderList = ()
) -> Request:
    """The preflight that announces this method and these headers."""
    announced = (("Access-Control-Request-Headers", names),) if names else ()
    asked = (("Origin", PAGE), ("Access-Control-Request-Method", method), *announced)
    return Request("OPTIONS", url, (*asked, *headers))
