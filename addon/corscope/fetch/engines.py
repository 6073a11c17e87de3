"""Which engine asks, and where does it leave the standard?

The standard is the code; each departure is an entry of `DEPARTURES`, consulted by the step of the
standard that it changes. An unknown engine has none.
"""

import re
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Final

from corscope.fetch.headers import get
from corscope.messages import HeaderList

__all__ = ["DEPARTURES", "Departure", "DepartureEntry", "Engine", "departs", "engine_of"]


class Engine(StrEnum):
    """A browser engine, as the journal names it."""

    CHROMIUM = "chromium"
    FIREFOX = "firefox"
    WEBKIT = "webkit"
    UNKNOWN = "unknown"


class Departure(Enum):
    """A named point at which engines leave the standard."""

    AUTHORIZATION_COVERED_BY_WILDCARD = "authorization-covered-by-wildcard"
    EMPTY_CREDENTIALS_LINE_DROPPED = "empty-credentials-line-dropped"
    STATUS_NAMED_BEFORE_ORIGIN = "status-named-before-origin"
    PREFLIGHT_REDIRECT_NAMED_FIRST = "preflight-redirect-named-first"
    INVALID_LOCATION_NAMED_FIRST = "invalid-location-named-first"
    LOCAL_LOCATION_NAMED_FIRST = "local-location-named-first"
    PREFLIGHT_KEEPS_ORIGIN = "preflight-keeps-origin"


@dataclass(frozen=True, slots=True)
class DepartureEntry:
    """What the standard says, what the engines do instead, and the versions it was seen in."""

    engines: frozenset[Engine]
    standard: str
    instead: str
    seen_in: str


DEPARTURES: Final[dict[Departure, DepartureEntry]] = {
    Departure.AUTHORIZATION_COVERED_BY_WILDCARD: DepartureEntry(
        frozenset({Engine.CHROMIUM, Engine.FIREFOX, Engine.WEBKIT}),
        "`Access-Control-Allow-Headers: *` never covers Authorization",
        "it does, where credentials are not included",
        "Chromium 156, Firefox 153, WebKitGTK 2.50",
    ),
    Departure.EMPTY_CREDENTIALS_LINE_DROPPED: DepartureEntry(
        frozenset({Engine.FIREFOX}),
        "two Access-Control-Allow-Credentials lines, `true` and an empty one, are not `true`",
        "the empty line is dropped",
        "Firefox 153",
    ),
    Departure.STATUS_NAMED_BEFORE_ORIGIN: DepartureEntry(
        frozenset({Engine.WEBKIT}),
        "a preflight's CORS check comes before its status",
        "the status is tested, and named, first",
        "WebKitGTK 2.50",
    ),
    Departure.PREFLIGHT_REDIRECT_NAMED_FIRST: DepartureEntry(
        frozenset({Engine.CHROMIUM}),
        "a preflight's CORS check comes before its status, also that of a redirect",
        "the redirect is named first",
        "Chromium 156",
    ),
    Departure.INVALID_LOCATION_NAMED_FIRST: DepartureEntry(
        frozenset({Engine.CHROMIUM, Engine.FIREFOX}),
        "the CORS check comes before anything is asked about a redirect's Location",
        "the network stack has by then refused one that is no URL",
        "Chromium 156, Firefox 153",
    ),
    Departure.LOCAL_LOCATION_NAMED_FIRST: DepartureEntry(
        frozenset({Engine.FIREFOX}),
        "the CORS check comes before anything is asked about a redirect's Location",
        "a data:, file: or other local one has by then been refused",
        "Firefox 153",
    ),
    Departure.PREFLIGHT_KEEPS_ORIGIN: DepartureEntry(
        frozenset({Engine.FIREFOX}),
        "once redirects have tainted the origin, a preflight too is sent and checked for `null`",
        "it is sent for the page's origin, and at that origin itself not checked at all",
        "Firefox 153",
    ),
}

_IOS = re.compile(r"\b(?:CriOS|FxiOS|EdgiOS|OPiOS|iPhone|iPad|iPod)\b")
_CHROMIUM = re.compile(r"\b(?:Headless)?Chrom(?:e|ium)/")


def departs(engine: Engine, departure: Departure) -> bool:
    """Whether this engine leaves the standard at this point."""
    return engine in DEPARTURES[departure].engines


def engine_of(headers: HeaderList) -> Engine:
    """Tell the engine from a request's client hints and User-Agent; every iOS browser is WebKit."""
    if "Chromium" in (get(headers, "Sec-CH-UA") or ""):
        return Engine.CHROMIUM
    user_agent = get(headers, "User-Agent") or ""
    if _IOS.search(user_agent) and "AppleWebKit/" in user_agent:
        return Engine.WEBKIT
    if _CHROMIUM.search(user_agent):
        return Engine.CHROMIUM
    if "Gecko/" in user_agent and "Firefox/" in user_agent:
        return Engine.FIREFOX
    return Engine.WEBKIT if "AppleWebKit/" in user_agent else Engine.UNKNOWN
