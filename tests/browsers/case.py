"""One cross-origin fetch: what the page asks, what the servers answer, how it ends.

In URLs and header values ``{case}`` stands for the case's own name, so that no two cases share a
URL: what one leaves in the browser's preflight cache cannot open the way for another.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.support.origin_server import Answer, HangUp, Scripted
from tests.support.page import Ask

__all__ = [
    "ANY",
    "API",
    "BARE",
    "BEARER",
    "COOKIE_API",
    "COOKIE_ORIGIN",
    "DEAD",
    "FINE",
    "GET",
    "INCLUDE",
    "JSON",
    "LOCAL_API",
    "LOCAL_PAGE",
    "OWN",
    "PAGE",
    "PAGES",
    "PORT_PAGE",
    "PUT",
    "PUT_FINE",
    "PUT_INCLUDE",
    "SECURE_API",
    "SECURE_COOKIE_API",
    "SECURE_COOKIE_ORIGIN",
    "SECURE_PAGE",
    "SECURE_SITE_PAGE",
    "SITE_PAGE",
    "TENANT",
    "TENANT_INCLUDE",
    "Case",
    "Hop",
    "allow",
    "answer",
    "credentials",
    "expose",
    "headers",
    "methods",
    "redirect",
]

# Plain http hosts are not trustworthy, so requests to them carry no Sec-Fetch headers; hosts
# under localhost are. Hosts under site.test are one site, where cookies travel.
PAGE = "http://page.test"
PORT_PAGE = "http://page.test:8080"
LOCAL_PAGE = "http://page.localhost"
SITE_PAGE = "http://app.site.test"
PAGES = (PAGE, PORT_PAGE, LOCAL_PAGE, SITE_PAGE)

SECURE_PAGE = "https://page.test"
SECURE_SITE_PAGE = "https://app.site.test"

COOKIE_ORIGIN = "http://api.site.test"  # the one host that has set a cookie
SECURE_COOKIE_ORIGIN = "https://api.site.test"  # the same host, for secure pages

API = "http://api.test/{case}"
LOCAL_API = "http://api.localhost/{case}"
COOKIE_API = COOKIE_ORIGIN + "/{case}"
SECURE_API = "https://api.test/{case}"
SECURE_COOKIE_API = SECURE_COOKIE_ORIGIN + "/{case}"


@dataclass(frozen=True, slots=True)
class Hop:
    """What one URL answers; None where a request of that kind must not come."""

    url: str
    actual: Scripted | None = None
    preflight: Scripted | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One fetch by one page.

    ``error`` is Chromium's name for the failure (``corsErrorStatus.corsError``), or a ``net::``
    code where it fails for another cause than CORS, or None where it succeeds.
    """

    id: str
    error: str | None
    actual: Scripted | None = None
    preflight: Scripted | None = None
    init: Mapping[str, object] = field(default_factory=dict)
    url: str = API
    then: tuple[Hop, ...] = ()
    page: str = PAGE
    xhr: bool = False
    sandboxed: bool = False
    listens: bool = False

    @property
    def slug(self) -> str:
        """The case's name as its URLs carry it."""
        return re.sub(r"[^a-z0-9]+", "-", self.id.lower()).strip("-")

    @property
    def mode(self) -> str:
        """The credentials mode, of which the journal knows two: across origins, no other acts."""
        return "include" if self.init.get("credentials") == "include" else "omit"

    @property
    def same_origin(self) -> bool:
        """Whether the page stays within its own origin, where CORS has no say."""
        return self.url.startswith(f"{self.page}/") and not self.then

    @property
    def start(self) -> str:
        """The URL that the page asks for."""
        return self._fill(self.url)

    @property
    def ask(self) -> Ask:
        """What the page's script is to send."""
        return Ask(self.start, self.init, self.xhr, self.sandboxed, self.listens)

    def routes(self) -> dict[tuple[str, str], Scripted]:
        """The answers of every hop, by method (``*`` for any but a preflight's) and URL."""
        table: dict[tuple[str, str], Scripted] = {}
        for hop in (Hop(self.url, self.actual, self.preflight), *self.then):
            for method, scripted in (("*", hop.actual), ("OPTIONS", hop.preflight)):
                if scripted is not None:
                    table[method, self._fill(hop.url)] = self._filled(scripted)
        return table

    def _fill(self, text: str) -> str:
        return text.replace("{case}", self.slug)

    def _filled(self, scripted: Scripted) -> Scripted:
        if isinstance(scripted, HangUp):
            return scripted
        headers = tuple((name, self._fill(value)) for name, value in scripted.headers)
        return Answer(scripted.status, headers, scripted.body)


def allow(value: str) -> tuple[str, str]:
    """Give an Access-Control-Allow-Origin line."""
    return ("Access-Control-Allow-Origin", value)


def credentials(value: str = "true") -> tuple[str, str]:
    """Give an Access-Control-Allow-Credentials line."""
    return ("Access-Control-Allow-Credentials", value)


def methods(value: str) -> tuple[str, str]:
    """Give an Access-Control-Allow-Methods line."""
    return ("Access-Control-Allow-Methods", value)


def headers(value: str) -> tuple[str, str]:
    """Give an Access-Control-Allow-Headers line."""
    return ("Access-Control-Allow-Headers", value)


def expose(value: str) -> tuple[str, str]:
    """Give an Access-Control-Expose-Headers line."""
    return ("Access-Control-Expose-Headers", value)


def answer(*lines: tuple[str, str], status: int = 200) -> Answer:
    """Answer with these header lines."""
    return Answer(status, lines)


def redirect(location: str, *lines: tuple[str, str], status: int = 302) -> Answer:
    """Answer with a redirect and these header lines."""
    return Answer(status, (("Location", location), *lines))


ANY = allow("*")
OWN = allow(PAGE)
BARE = answer()
DEAD = HangUp()

GET: Mapping[str, object] = {}
PUT: Mapping[str, object] = {"method": "PUT"}
INCLUDE: Mapping[str, object] = {"credentials": "include"}
PUT_INCLUDE: Mapping[str, object] = {"method": "PUT", "credentials": "include"}
TENANT: Mapping[str, object] = {"headers": {"X-Tenant": "7"}}
TENANT_INCLUDE: Mapping[str, object] = {"headers": {"X-Tenant": "7"}, "credentials": "include"}
BEARER: Mapping[str, object] = {"headers": {"Authorization": "Bearer t"}}
JSON: Mapping[str, object] = {
    "method": "POST",
    "headers": {"Content-Type": "application/json"},
    "body": "{}",
}

FINE = answer(ANY)  # what an actual request gets where its preflight is the question
PUT_FINE = answer(ANY, methods("PUT"))
