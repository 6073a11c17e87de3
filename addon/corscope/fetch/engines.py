"""Which engine asks, and where does it leave the standard?

The standard is the code; each departure is an entry of `DEPARTURES`, consulted by the step of the
standard that it changes. An unknown engine has none.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
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


class Departure(StrEnum):
    """A named point at which engines leave the standard."""

    CLIENT_HINTS_SAFELISTED = "client-hints-safelisted"
    USER_AGENT_SAFELISTED = "user-agent-safelisted"
    LARGE_RANGES_UNSAFE = "large-ranges-unsafe"
    RANGE_READ_LENIENTLY = "range-read-leniently"
    NON_ASCII_UNSAFE = "non-ascii-unsafe"
    CONTENT_TYPE_READ_TO_ITS_ESSENCE = "content-type-read-to-its-essence"
    AUTHORIZATION_COVERED_BY_WILDCARD = "authorization-covered-by-wildcard"
    EMPTY_LINES_DROPPED = "empty-lines-dropped"
    REPEATED_ORIGIN_REFUSED = "repeated-origin-refused"
    METHOD_NAMED_BEFORE_HEADERS = "method-named-before-headers"
    STATUS_NAMED_BEFORE_ORIGIN = "status-named-before-origin"
    PREFLIGHT_REDIRECT_NAMED_FIRST = "preflight-redirect-named-first"
    INVALID_LOCATION_NAMED_FIRST = "invalid-location-named-first"
    LOCAL_LOCATION_NAMED_FIRST = "local-location-named-first"
    MIXED_CONTENT_NAMED_FIRST = "mixed-content-named-first"
    PREFLIGHT_KEEPS_ORIGIN = "preflight-keeps-origin"
    DROPPED_HEADERS_ANNOUNCED = "dropped-headers-announced"
    IDLE_LISTENER_IGNORED = "idle-listener-ignored"
    PREFLIGHTED_AGAIN = "preflighted-again"
    DELETE_BECOMES_GET = "delete-becomes-get"
    CLIENT_HINTS_DROPPED = "client-hints-dropped"
    USERINFO_SENT = "userinfo-sent"
    USERINFO_ALWAYS_REFUSED = "userinfo-always-refused"
    LOCATIONS_JOINED = "locations-joined"
    LOCATION_MISREAD = "location-misread"
    EMPTY_LOCATION_IGNORED = "empty-location-ignored"
    EMPTY_LOCATION_REFUSED = "empty-location-refused"
    HEADERS_COME_BACK = "headers-come-back"
    AUTHORIZATION_COMES_BACK = "authorization-comes-back"
    BODY_HEADERS_DROPPED_BY_FIRST_METHOD = "body-headers-dropped-by-first-method"
    REDIRECT_ERROR_NEEDS_LOCATION = "redirect-error-needs-location"
    REDIRECT_CHECKED_WITH_CREDENTIALS = "redirect-checked-with-credentials"
    REFUSED_AFTER_PREFLIGHT = "refused-after-preflight"
    EXPOSED_WILDCARD_OUTLIVES_ERROR = "exposed-wildcard-outlives-error"
    MAX_AGE_IS_AN_INTEGER = "max-age-is-an-integer"
    OTHER_MAX_AGE_NOT_CACHED = "other-max-age-not-cached"
    MAX_AGE_LIMITED = "max-age-limited"
    UNCACHED_ANSWER_CHANGES_NOTHING = "uncached-answer-changes-nothing"
    ONE_CACHED_ANSWER = "one-cached-answer"
    REFUSAL_CACHED = "refusal-cached"
    CREDENTIALS_CACHED_APART = "credentials-cached-apart"
    CACHED_WILDCARD_NOT_REUSED = "cached-wildcard-not-reused"
    CACHED_WILDCARD_COVERS_AUTHORIZATION = "cached-wildcard-covers-authorization"
    CACHED_WILDCARD_OF_CREDENTIALS_REUSED = "cached-wildcard-of-credentials-reused"
    FAILURE_KEEPS_CACHE = "failure-keeps-cache"
    SIMPLE_FAILURE_CLEARS_CACHE = "simple-failure-clears-cache"
    LOOPBACK_IS_MIXED_CONTENT = "loopback-is-mixed-content"
    LOCAL_NETWORK_IS_NO_MIXED_CONTENT = "local-network-is-no-mixed-content"
    PREFLIGHT_BEFORE_MIXED_CONTENT = "preflight-before-mixed-content"
    UPGRADED_AS_BEGUN = "upgraded-as-begun"
    LOCATION_UPGRADED = "location-upgraded"
    ALL_UPGRADED = "all-upgraded"
    IP_ADDRESSES_UPGRADED = "ip-addresses-upgraded"
    IPV6_UPGRADED = "ipv6-upgraded"
    TRACK_IS_NO_MIXED_CONTENT = "track-is-no-mixed-content"
    CREDENTIALLESS_UNKNOWN = "credentialless-unknown"
    UNKNOWN_RESOURCE_POLICY_TAKEN = "unknown-resource-policy-taken"
    DOCUMENTS_ISOLATED = "documents-isolated"
    COPIES_KEPT_APART = "copies-kept-apart"
    REFUSED_NOT_KEPT = "refused-not-kept"
    PROXY_STATUS_REFUSED = "proxy-status-refused"
    CARRIAGE_RETURN_ENDS_LINE = "carriage-return-ends-line"
    CONTROLS_REFUSED = "controls-refused"
    NEWLINES_TAKEN = "newlines-taken"
    HSTS_IS_A_REDIRECT = "hsts-is-a-redirect"
    REPORTS_CHECKED_APART = "reports-checked-apart"


@dataclass(frozen=True, slots=True)
class DepartureEntry:
    """What the standard says, what the engines do instead, and the versions it was seen in."""

    engines: frozenset[Engine]
    standard: str
    instead: str
    seen_in: str


DEPARTURES: Final[dict[Departure, DepartureEntry]] = {
    Departure.CLIENT_HINTS_SAFELISTED: DepartureEntry(
        frozenset({Engine.CHROMIUM}),
        "a client hint that script sets needs leave",
        "none where it is well-formed: Device-Memory, Downlink, DPR, ECT, RTT, Save-Data, "
        "Viewport-Width, Width; nor does Intervention",
        "Chromium 156",
    ),
    Departure.USER_AGENT_SAFELISTED: DepartureEntry(
        frozenset({Engine.CHROMIUM}),
        "a User-Agent that script sets needs leave",
        "it doesn't, and the browser's own is sent in its place",
        "Chromium 156",
    ),
    Departure.LARGE_RANGES_UNSAFE: DepartureEntry(
        frozenset({Engine.CHROMIUM, Engine.FIREFOX, Engine.WEBKIT}),
        "the numbers of a Range that needs no leave may be of any size",
        "at most 2^63-2 in Chromium, 2^64-1 in Firefox and WebKit",
        "Chromium 156, Firefox 153, WebKitGTK 2.50",
    ),
    Departure.RANGE_READ_LENIENTLY: DepartureEntry(
        frozenset({Engine.WEBKIT}),
        "a Range that needs no leave begins with `bytes=` in lower case, and has digits alone",
        "the unit may be in any case, and a number may have a `+`",
        "WebKitGTK 2.50",
    ),
    Departure.NON_ASCII_UNSAFE: DepartureEntry(
        frozenset({Engine.FIREFOX}),
        "an Accept or Content-Type needs no leave for bytes from 0x80 on",
        "it does",
        "Firefox 153",
    ),
    Departure.CONTENT_TYPE_READ_TO_ITS_ESSENCE: DepartureEntry(
        frozenset({Engine.FIREFOX}),
        "a Content-Type needs no leave if it parses as one of three types",
        "if it begins with one, whatever follows after white space; but no comma may follow, nor "
        "an empty parameter at the end after another",
        "Firefox 153",
    ),
    Departure.AUTHORIZATION_COVERED_BY_WILDCARD: DepartureEntry(
        frozenset({Engine.CHROMIUM, Engine.FIREFOX, Engine.WEBKIT}),
        "`Access-Control-Allow-Headers: *` never covers Authorization",
        "it does, where credentials are not included",
        "Chromium 156, Firefox 153, WebKitGTK 2.50",
    ),
    Departure.EMPTY_LINES_DROPPED: DepartureEntry(
        frozenset({Engine.FIREFOX}),
        "an empty line of Access-Control-Allow-Origin, -Credentials or a policy counts beside "
        "another",
        "it is dropped",
        "Firefox 153",
    ),
    Departure.REPEATED_ORIGIN_REFUSED: DepartureEntry(
        frozenset({Engine.FIREFOX}),
        "repeated Access-Control-Allow-Origin lines are combined",
        "they are refused unread where they are spelled just so, in any other case combined",
        "Firefox 153",
    ),
    Departure.METHOD_NAMED_BEFORE_HEADERS: DepartureEntry(
        frozenset({Engine.FIREFOX}),
        "Access-Control-Allow-Headers is parsed before the method is looked up",
        "a method that isn't allowed is named first",
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
        "a data:, file:, javascript:, ws: or other such one has by then been refused",
        "Firefox 153",
    ),
    Departure.MIXED_CONTENT_NAMED_FIRST: DepartureEntry(
        frozenset({Engine.FIREFOX}),
        "the CORS check comes before anything is asked about a redirect's Location",
        "one that is mixed content for the page has by then been refused",
        "Firefox 153",
    ),
    Departure.DROPPED_HEADERS_ANNOUNCED: DepartureEntry(
        frozenset({Engine.FIREFOX, Engine.WEBKIT}),
        "a preflight after a redirect announces headers that the request has",
        "also some that it has no more: in WebKit all that script had set, in Firefox a body's",
        "Firefox 153, WebKitGTK 2.50",
    ),
    Departure.IDLE_LISTENER_IGNORED: DepartureEntry(
        frozenset({Engine.CHROMIUM}),
        "a listener on an XMLHttpRequest's upload makes for a preflight",
        "only where something is uploaded",
        "Chromium 156",
    ),
    Departure.PREFLIGHTED_AGAIN: DepartureEntry(
        frozenset({Engine.FIREFOX, Engine.WEBKIT}),
        "a redirect of a preflighted request is preflighted where its method or headers need it",
        "it always is",
        "Firefox 153, WebKitGTK 2.50",
    ),
    Departure.DELETE_BECOMES_GET: DepartureEntry(
        frozenset({Engine.WEBKIT}),
        "of a redirected DELETE, only 303 makes a GET",
        "so does any redirect to another origin",
        "WebKitGTK 2.50",
    ),
    Departure.CLIENT_HINTS_DROPPED: DepartureEntry(
        frozenset({Engine.CHROMIUM}),
        "a redirect leaves client hints that script set in place",
        "one to another origin takes them off, but for a fetch with `keepalive`",
        "Chromium 156",
    ),
    Departure.USERINFO_SENT: DepartureEntry(
        frozenset({Engine.WEBKIT}),
        "userinfo in a Location may lead on within the page's own origin, and isn't sent",
        "a proxy gets it in the URL, which mitmproxy answers with 400",
        "WebKitGTK 2.50",
    ),
    Departure.USERINFO_ALWAYS_REFUSED: DepartureEntry(
        frozenset({Engine.CHROMIUM}),
        "userinfo in a Location may lead on within the page's own origin, and without CORS",
        "the fetch ends there too, without a name",
        "Chromium 156",
    ),
    Departure.LOCATIONS_JOINED: DepartureEntry(
        frozenset({Engine.WEBKIT}),
        "a Location on several lines is refused, or in other engines one where they agree",
        "the lines are joined by a comma and make one URL",
        "WebKitGTK 2.50",
    ),
    Departure.LOCATION_MISREAD: DepartureEntry(
        frozenset({Engine.WEBKIT}),
        "bytes of a Location from 0x80 on stay what they are, percent-encoded",
        "each is taken for a letter of Latin-1, and leads on as that letter's UTF-8",
        "WebKitGTK 2.50",
    ),
    Departure.EMPTY_LOCATION_IGNORED: DepartureEntry(
        frozenset({Engine.CHROMIUM}),
        "an empty Location leads to the same URL once more",
        "it is none: the response is an answer",
        "Chromium 156",
    ),
    Departure.EMPTY_LOCATION_REFUSED: DepartureEntry(
        frozenset({Engine.WEBKIT}),
        "an empty Location leads to the same URL once more",
        "the redirect fails",
        "WebKitGTK 2.50",
    ),
    Departure.HEADERS_COME_BACK: DepartureEntry(
        frozenset({Engine.FIREFOX, Engine.WEBKIT}),
        "what a redirect takes off a request's headers stays off",
        "the next redirect begins with all that script had set; in WebKit without Authorization",
        "Firefox 153, WebKitGTK 2.50",
    ),
    Departure.AUTHORIZATION_COMES_BACK: DepartureEntry(
        frozenset({Engine.FIREFOX}),
        "an Authorization that a redirect to another origin took off stays off",
        "a redirect within that other origin sends it there",
        "Firefox 153",
    ),
    Departure.BODY_HEADERS_DROPPED_BY_FIRST_METHOD: DepartureEntry(
        frozenset({Engine.FIREFOX}),
        "a redirect takes off a body's headers where it makes a GET of the request",
        "where it would make a GET of the request that the fetch began with",
        "Firefox 153",
    ),
    Departure.REDIRECT_ERROR_NEEDS_LOCATION: DepartureEntry(
        frozenset({Engine.CHROMIUM, Engine.WEBKIT}),
        "with `redirect: error` a redirect's status is enough for an error",
        "there has to be a Location too",
        "Chromium 156, WebKitGTK 2.50",
    ),
    Departure.REDIRECT_CHECKED_WITH_CREDENTIALS: DepartureEntry(
        frozenset({Engine.WEBKIT}),
        "a redirect has to pass the CORS check for the credentials mode",
        "of a fetch that began in its own origin, with `same-origin`, as if it were `include`",
        "WebKitGTK 2.50",
    ),
    Departure.REFUSED_AFTER_PREFLIGHT: DepartureEntry(
        frozenset({Engine.WEBKIT}),
        "a redirect with userinfo from the request's own origin to another ends the fetch",
        "where its target needs a preflight, that is sent before",
        "WebKitGTK 2.50",
    ),
    Departure.PREFLIGHT_KEEPS_ORIGIN: DepartureEntry(
        frozenset({Engine.FIREFOX}),
        "once redirects have tainted the origin, a preflight too is sent and checked for `null`",
        "it is sent for the page's origin, and at that origin itself not checked at all",
        "Firefox 153",
    ),
    Departure.EXPOSED_WILDCARD_OUTLIVES_ERROR: DepartureEntry(
        frozenset({Engine.FIREFOX}),
        "an Access-Control-Expose-Headers with anything malformed exposes nothing",
        "a `*` before that still exposes everything to fetch(), not to an XMLHttpRequest",
        "Firefox 153",
    ),
    Departure.MAX_AGE_IS_AN_INTEGER: DepartureEntry(
        frozenset({Engine.CHROMIUM, Engine.WEBKIT}),
        "an Access-Control-Max-Age that isn't digits alone counts as 5 seconds",
        "a sign is read: `+60` is 60, a negative number none at all; only past 64 bits it is 5",
        "Chromium 156, WebKitGTK 2.50",
    ),
    Departure.OTHER_MAX_AGE_NOT_CACHED: DepartureEntry(
        frozenset({Engine.FIREFOX}),
        "an Access-Control-Max-Age that isn't digits alone counts as 5 seconds",
        "such an answer isn't cached; only a missing or empty one counts as 5",
        "Firefox 153",
    ),
    Departure.MAX_AGE_LIMITED: DepartureEntry(
        frozenset({Engine.CHROMIUM, Engine.FIREFOX, Engine.WEBKIT}),
        "a limit on max-age is left to the browser",
        "7,200 seconds in Chromium, 86,400 in Firefox, 600 in WebKit",
        "not measured, from their sources: preflight_result.cc, nsCORSListenerProxy.cpp, "
        "CrossOriginPreflightResultCache.cpp",
    ),
    Departure.UNCACHED_ANSWER_CHANGES_NOTHING: DepartureEntry(
        frozenset({Engine.FIREFOX}),
        "a later answer with a max-age of 0 ends what it lists at once",
        "it leaves earlier entries as they are",
        "Firefox 153",
    ),
    Departure.ONE_CACHED_ANSWER: DepartureEntry(
        frozenset({Engine.CHROMIUM, Engine.WEBKIT}),
        "entries add up: one for each method and header name",
        "only the latest answer is kept, until a request that it doesn't cover drops it",
        "Chromium 156, WebKitGTK 2.50",
    ),
    Departure.REFUSAL_CACHED: DepartureEntry(
        frozenset({Engine.WEBKIT}),
        "a preflight that fails for its method or a header is not cached",
        "it is: a later request that its lists allow goes without a preflight",
        "WebKitGTK 2.50",
    ),
    Departure.CREDENTIALS_CACHED_APART: DepartureEntry(
        frozenset({Engine.FIREFOX}),
        "an entry made with credentials serves requests without them too",
        "it doesn't",
        "Firefox 153",
    ),
    Departure.CACHED_WILDCARD_NOT_REUSED: DepartureEntry(
        frozenset({Engine.FIREFOX}),
        "a cached `*` covers any method, or header but Authorization, without credentials",
        "it covers nothing",
        "Firefox 153",
    ),
    Departure.CACHED_WILDCARD_COVERS_AUTHORIZATION: DepartureEntry(
        frozenset({Engine.WEBKIT}),
        "a cached `*` doesn't cover Authorization",
        "it does",
        "WebKitGTK 2.50",
    ),
    Departure.CACHED_WILDCARD_OF_CREDENTIALS_REUSED: DepartureEntry(
        frozenset({Engine.WEBKIT}),
        "a `*` that was cached with credentials, where it is no wildcard, never becomes one",
        "it is one to requests without credentials",
        "WebKitGTK 2.50",
    ),
    Departure.FAILURE_KEEPS_CACHE: DepartureEntry(
        frozenset({Engine.CHROMIUM, Engine.WEBKIT}),
        "a fetch that failed clears the entries of its place",
        "they stay",
        "Chromium 156, WebKitGTK 2.50",
    ),
    Departure.SIMPLE_FAILURE_CLEARS_CACHE: DepartureEntry(
        frozenset({Engine.FIREFOX}),
        "only a fetch that needs a preflight clears entries when it fails",
        "so does one that needs none",
        "Firefox 153",
    ),
    Departure.LOOPBACK_IS_MIXED_CONTENT: DepartureEntry(
        frozenset({Engine.WEBKIT}),
        "a page of https may ask localhost and loopback addresses over plain http",
        "it may not",
        "WebKitGTK 2.50",
    ),
    Departure.LOCAL_NETWORK_IS_NO_MIXED_CONTENT: DepartureEntry(
        frozenset({Engine.CHROMIUM}),
        "a page of https may not ask a local network's addresses and names over plain http",
        "it may: local network access guards those",
        "Chromium 156",
    ),
    Departure.PREFLIGHT_BEFORE_MIXED_CONTENT: DepartureEntry(
        frozenset({Engine.WEBKIT}),
        "mixed content is blocked before a redirected request's preflight",
        "the preflight is sent, and only what it asks leave for is blocked",
        "WebKitGTK 2.50",
    ),
    Departure.UPGRADED_AS_BEGUN: DepartureEntry(
        frozenset({Engine.CHROMIUM}),
        "where an image, audio or video for a page of https is redirected to what would be mixed "
        "content, it is asked by https; where that is an IP address, it is blocked",
        "what began at a name that isn't a local one is asked by https wherever it is redirected, "
        "as if the Location had said so; else nothing is, and only a public IP address is blocked",
        "Chromium 156",
    ),
    Departure.LOCATION_UPGRADED: DepartureEntry(
        frozenset({Engine.CHROMIUM, Engine.WEBKIT}),
        "where a page's `upgrade-insecure-requests` has a redirect's target asked by https, the "
        "redirect is still one to the origin of plain http, for which the Origin may become `null`",
        "it is as if the Location had said https",
        "Chromium 156, WebKitGTK 2.50",
    ),
    Departure.ALL_UPGRADED: DepartureEntry(
        frozenset({Engine.CHROMIUM, Engine.WEBKIT}),
        "a page's `upgrade-insecure-requests` leaves localhost and loopback addresses as they are",
        "they too are asked by https where a redirect leads there",
        "Chromium 156, WebKitGTK 2.50",
    ),
    Departure.IP_ADDRESSES_UPGRADED: DepartureEntry(
        frozenset({Engine.FIREFOX}),
        "an image, audio or video isn't upgraded to https where the host is an IP address",
        "it is",
        "Firefox 153",
    ),
    Departure.IPV6_UPGRADED: DepartureEntry(
        frozenset({Engine.WEBKIT}),
        "an image, audio or video isn't upgraded to https where the host is an IP address",
        "it is where that is of version 6, [::1] too",
        "WebKitGTK 2.50",
    ),
    Departure.TRACK_IS_NO_MIXED_CONTENT: DepartureEntry(
        frozenset({Engine.FIREFOX}),
        "a text track by plain http is mixed content for a page of https",
        "it isn't",
        "Firefox 153",
    ),
    Departure.CREDENTIALLESS_UNKNOWN: DepartureEntry(
        frozenset({Engine.WEBKIT}),
        "a Cross-Origin-Embedder-Policy may be `credentialless`",
        "that counts as none",
        "WebKitGTK 2.50",
    ),
    Departure.UNKNOWN_RESOURCE_POLICY_TAKEN: DepartureEntry(
        frozenset({Engine.FIREFOX}),
        "a Cross-Origin-Resource-Policy that is none of the three counts as missing, so that a "
        "page whose embedder policy is `require-corp` gets nothing",
        "it counts as `cross-origin`",
        "Firefox 153",
    ),
    Departure.DOCUMENTS_ISOLATED: DepartureEntry(
        frozenset({Engine.CHROMIUM}),
        "a page's Document-Isolation-Policy says nothing: it is a proposal",
        "`isolate-and-require-corp` keeps from the page what has no Cross-Origin-Resource-Policy",
        "Chromium 156",
    ),
    Departure.COPIES_KEPT_APART: DepartureEntry(
        frozenset({Engine.FIREFOX}),
        "whatever a page of one site asks for at one URL shares one copy in the HTTP cache",
        "what is asked for with credentials has another than what is without, and what script "
        "fetches from another site another than what elements embed",
        "Firefox 153",
    ),
    Departure.REFUSED_NOT_KEPT: DepartureEntry(
        frozenset({Engine.CHROMIUM, Engine.WEBKIT}),
        "an answer that the CORS check refuses may be kept in the HTTP cache",
        "it isn't, but for a redirect; WebKit leaves the copy there that it had",
        "Chromium 156, WebKitGTK 2.50",
    ),
    Departure.PROXY_STATUS_REFUSED: DepartureEntry(
        frozenset({Engine.CHROMIUM}),
        "a 407 is an answer as any other, once nobody can be asked for a password",
        "behind a proxy's tunnel, hence over https, the fetch fails",
        "Chromium 156",
    ),
    Departure.CARRIAGE_RETURN_ENDS_LINE: DepartureEntry(
        frozenset({Engine.CHROMIUM}),
        "over HTTP/1.1 a carriage return within a header's value is part of it",
        "it ends the line, and a new one begins",
        "Chromium 156",
    ),
    Departure.CONTROLS_REFUSED: DepartureEntry(
        frozenset({Engine.CHROMIUM}),
        "over HTTP/2 an answer is refused where a header's value holds NUL or a newline",
        "it is for any control character but the tab",
        "Chromium 156",
    ),
    Departure.NEWLINES_TAKEN: DepartureEntry(
        frozenset({Engine.WEBKIT}),
        "over HTTP/2 an answer is refused where a header's value holds NUL or a newline",
        "it is for NUL alone; a value over several lines is put on one",
        "WebKitGTK 2.50",
    ),
    Departure.HSTS_IS_A_REDIRECT: DepartureEntry(
        frozenset({Engine.CHROMIUM}),
        "what a page of plain http asks of a host known for HSTS is asked by https from the start",
        "the browser redirects it to https by itself: that makes the Origin `null`, and where a "
        "preflight is needed the fetch fails, as if that had been redirected, and nothing is sent",
        "Chromium 156",
    ),
    Departure.REPORTS_CHECKED_APART: DepartureEntry(
        frozenset({Engine.CHROMIUM}),
        "what is sent to another origin's Reporting-Endpoints is checked as any request with CORS",
        "in a preflight's answer it is enough that one element of Access-Control-Allow-Origin and "
        "one of Access-Control-Allow-Headers fits, in any case; a redirect to https is followed; "
        "the answer to the report isn't checked",
        "Chromium 156",
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
