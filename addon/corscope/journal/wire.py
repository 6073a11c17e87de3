"""What does the wire show of the fetch behind a request?

A proxy sees headers, not the fetch: whether it is a CORS exchange at all, its mode, its own
headers and its credentials mode are read off here, or said to be unknown. Where the answer is an
inference, its source is named.
"""

import re
from typing import Final, Literal, NamedTuple

from corscope.fetch.engines import Engine, engine_of
from corscope.fetch.headers import contains, get, names
from corscope.fetch.origin import (
    TupleOrigin,
    is_potentially_trustworthy,
    origin_of_url,
    parse_serialized_origin,
)
from corscope.fetch.policy_container import NO_POLICIES, PolicyContainer
from corscope.fetch.preflight import CorsRequest, announced_request, is_cors_preflight_request
from corscope.fetch.reasons import Kind
from corscope.fetch.reports import REPORT, is_report
from corscope.fetch.safelist import (
    cors_unsafe_request_header_names,
    is_forbidden_request_header,
)
from corscope.journal.alike.memo import Memo, is_small
from corscope.journal.senders.sites import are_surely_cross_site, may_be_schemelessly_same_site
from corscope.messages import HeaderList, Request

__all__ = [
    "SITES",
    "Credentials",
    "WireView",
    "is_cors_exchange",
    "is_revalidation",
    "says_none_to",
    "scripts_own",
    "unsure",
    "view",
]

Credentials = Literal["include", "omit", "unknown"]

# Headers that browsers add to a fetch below the CORS protocol, though script may set them too.
_AMBIGUOUS: Final = frozenset(
    {
        "accept-signature",  # Chromium's, where integrity metadata has the key of whom it trusts
        "cache-control",
        "device-memory",  # a client hint, as dpr and some others: Chromium safelists them
        "downlink",
        "dpr",
        "ect",
        "icy-metadata",  # WebKit's on audio and video
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "if-unmodified-since",
        "last-event-id",
        "pragma",
        "priority",
        "purpose",
        "rtt",
        "save-data",
        "upgrade-insecure-requests",
        "user-agent",
        "viewport-width",
        "width",
    }
)

_SCHEMES_OF_BROWSERS: Final = frozenset({"basic", "digest", "negotiate", "ntlm"})
"""Of an Authorization: the schemes that they use by themselves; script may, too."""

_EXTENSION: Final = "chrome-extension://"
"""How an extension's origin begins in Chromium."""

_ACCEPT_OF_NAVIGATION: Final = "text/html,application/xhtml+xml,"
"""How all browsers begin the Accept of a navigation; script may well set only its first part."""

_SENT_BY_BROWSERS: Final = frozenset({"application/csp-report", "text/ping"})
"""The types that reports of a Content-Security-Policy and an `<a ping>` have, which are no-cors: to
send one of these, script would have to ask leave."""

# From these versions on, the header's absence is as telling as its presence.
_STORAGE_ACCESS_SINCE: Final = {
    Engine.CHROMIUM: re.compile(r"Chrom(?:e|ium)/([0-9]{1,9})"),
    Engine.FIREFOX: re.compile(r"Firefox/([0-9]{1,9})"),
}
_STORAGE_ACCESS_VERSION: Final = {Engine.CHROMIUM: 133, Engine.FIREFOX: 153}


SITES: Final = ("same-origin", "same-site", "cross-site")
"""How near a request says that it comes from: https://w3c.github.io/webappsec-fetch-metadata/#sec-fetch-site-header"""


class WireView(NamedTuple):
    """A CORS exchange's request as far as the wire shows the fetch behind it.

    Attributes:
        kind: whether it is a preflight.
        cors: the CORS protocol's view of the fetch's own request; for an actual request its
            `unsafe_names` are only those that the browser can't have added by itself.
        present: lower-case names of all headers on the wire.
        page: the page's origin; where `Origin` hides it, as after redirects, what the Referer
            tells of it.
        mode: the request's mode; `mode_from` says how that is known.
        destination: what the answer is for, as `Sec-Fetch-Dest` says, or where it says nothing of
            it the request's `Accept`; None where neither does.
        engine: the engine that asks.
        credentials: the credentials mode, as far as it shows.
        policies: the page's, which its documents tell, and not the request.
        site: of a request without CORS whose Origin hides the page, what `Sec-Fetch-Site` says.
    """

    kind: Kind
    cors: CorsRequest
    present: frozenset[str]
    page: TupleOrigin | None
    mode: str
    mode_from: Literal["sec-fetch-mode", "inferred"]
    destination: str | None
    engine: Engine
    credentials: Credentials
    policies: PolicyContainer = NO_POLICIES
    site: str | None = None

    def at(self, url: str) -> "WireView":
        """The same for another URL of the same origin."""
        return WireView(self.kind, self.cors.at(url), *self[2:])


def is_cors_exchange(request: Request) -> bool:
    """Whether it is a CORS request to another origin.

    A CORS request carries `Origin`: https://fetch.spec.whatwg.org/#cors-request. One whose origin
    is the URL's own is same-origin, however the browser sends it; a preflight never is. Where a
    redirect has led back to the page's origin, Chromium says `same-origin` of a request whose
    tainted origin, `null`, no longer is. It says `none` of what an extension asks of a host that
    its manifest names: whatever comes, that gets it, and no preflight goes before it.
    """
    origin = get(request.headers, "Origin")
    if origin is None or is_cors_preflight_request(request):
        return origin is not None
    site = get(request.headers, "Sec-Fetch-Site")
    if site == "none" and origin.startswith(_EXTENSION):
        return False
    same_origin = site == "same-origin"
    asked_by = parse_serialized_origin(origin)
    if asked_by is None:
        return not same_origin or get(request.headers, "Sec-Fetch-Mode") == "cors"
    return not same_origin and asked_by != origin_of_url(request.url)


def is_revalidation(wire: WireView) -> bool:
    """Whether the browser itself asks if its copy is still good, and script doesn't."""
    conditions = {"if-none-match", "if-modified-since"}
    return bool(conditions & wire.present) and not conditions.intersection(wire.cors.unsafe_names)


_views: Memo[object, WireView] = Memo(500)
"""By all of a request that it depends on but for the URL: an app asks many alike of one server."""


def view(request: Request) -> WireView:
    """Read off a CORS exchange's request what it shows."""
    key = (request.method, request.headers, origin_of_url(request.url))
    found = _views.get(key)
    if found is None:
        found = _view(request)
        if is_small(request.headers, request.method):
            _views.put(key, found)
    return found.at(request.url)


def unsure(wire: WireView, headers: HeaderList) -> WireView:
    """The same request where what it lacks is no sign that there are no credentials."""
    cors = wire.cors
    if wire.kind == "actual":
        names = tuple(cors_unsafe_request_header_names(scripts_own(headers), wire.engine))
        cors = cors._replace(unsafe_names=names)
    return wire._replace(cors=cors, credentials="unknown")


def _view(request: Request) -> WireView:
    engine = engine_of(request.headers)
    present = frozenset(name.lower() for name in names(request.headers))
    reports = is_report(request, engine)
    destination = REPORT if reports else _destination(request)
    if is_cors_preflight_request(request):
        return WireView(
            "preflight",
            announced_request(request),
            present,
            _page(request),
            "cors",
            "sec-fetch-mode" if "sec-fetch-mode" in present else "inferred",
            destination,
            engine,
            "omit" if reports else _preflight_credentials(request, engine),
        )
    mode = get(request.headers, "Sec-Fetch-Mode")
    credentials = "omit" if reports else _actual_credentials(request, engine)
    return WireView(
        "actual",
        _actual_request(request, engine, credentials),
        present,
        _page(request),
        mode or _inferred_mode(request),
        "sec-fetch-mode" if mode else "inferred",
        destination,
        engine,
        credentials,
        site=_site(request) if mode == "no-cors" else None,
    )


def _site(request: Request) -> str | None:
    if get(request.headers, "Origin") != "null":
        return None
    site = get(request.headers, "Sec-Fetch-Site")
    return site if site in SITES else None


def _page(request: Request) -> TupleOrigin | None:
    origin = parse_serialized_origin(get(request.headers, "Origin") or "")
    return origin or origin_of_url(get(request.headers, "Referer") or "")


def scripts_own(headers: HeaderList, credentials: Credentials = "unknown") -> HeaderList:
    """The headers that script has set, or the browser for it, as far as that is sure.

    Without credentials no browser has an Authorization of its own.
    """
    return tuple(
        (name, value)
        for name, value in headers
        if not is_forbidden_request_header(name, value)
        and not _may_be_the_browsers(name.lower(), value, credentials)
    )


def _may_be_the_browsers(name: str, value: str, credentials: Credentials) -> bool:
    if name == "authorization":
        return credentials != "omit" and _scheme(value) in _SCHEMES_OF_BROWSERS
    return name in _AMBIGUOUS


def _scheme(authorization: str) -> str:
    """https://www.rfc-editor.org/rfc/rfc9110#name-authentication-scheme"""
    return authorization.partition(" ")[0].lower()


def _actual_request(request: Request, engine: Engine, credentials: Credentials) -> CorsRequest:
    own = scripts_own(request.headers, credentials)
    return CorsRequest(
        get(request.headers, "Origin") or "",
        request.url,
        request.method,
        tuple(cors_unsafe_request_header_names(own, engine)),
    )


def _inferred_mode(request: Request) -> str:
    """Without Sec-Fetch-Mode, as to plain-http hosts, the request's other headers hint at it."""
    if (get(request.headers, "Upgrade") or "").lower() == "websocket":
        return "websocket"
    wants_a_page = (get(request.headers, "Accept") or "").startswith(_ACCEPT_OF_NAVIGATION)
    if wants_a_page and contains(request.headers, "Upgrade-Insecure-Requests"):
        return "navigate"
    # A ping that is redirected has its type no more.
    sent_by_browser = get(request.headers, "Content-Type") in _SENT_BY_BROWSERS
    return "no-cors" if sent_by_browser or contains(request.headers, "Ping-To") else "cors"


_EVENTS: Final = "text/event-stream"
_DESTINATIONS: Final = {
    "text/css,*/*;q=0.1": "style",
    "application/json,*/*;q=0.5": "json",
    "text/plain,*/*;q=0.5": "text",
}
"""By the Accept that browsers send for it, which script hardly sends."""


def _destination(request: Request) -> str | None:
    """EventSource and prefetch have no destination; plain-http hosts aren't told of any."""
    headers = request.headers
    told, accept = get(headers, "Sec-Fetch-Dest"), get(headers, "Accept") or ""
    if accept == _EVENTS and told in {None, "empty"} and contains(headers, "Cache-Control"):
        return "event-stream"
    if told == "empty" and get(headers, "Sec-Purpose") == "prefetch":
        return "prefetch"
    if told is not None:
        return told
    if accept.startswith("image/"):
        return "image"
    is_media = contains(headers, "Icy-Metadata") or (
        contains(headers, "Range")
        and (get(headers, "Accept-Encoding") or "").startswith("identity")
    )
    return "video" if is_media else _DESTINATIONS.get(accept)


def _preflight_credentials(request: Request, engine: Engine) -> Credentials:
    """Preflights never carry credentials; only Firefox's tell their fetch's credentials mode."""
    if contains(request.headers, "Sec-Fetch-Storage-Access"):
        return "include"
    if engine is Engine.FIREFOX and _storage_access_is_sent(request, engine):
        return "omit"
    return "unknown"


def _actual_credentials(request: Request, engine: Engine) -> Credentials:
    if contains(request.headers, "Cookie"):
        return "include"
    if contains(request.headers, "Sec-Fetch-Storage-Access"):
        return "include"
    if get(request.headers, "Sec-Fetch-Dest") == "webidentity":
        return "include"  # https://w3c-fedid.github.io/FedCM/#fetch-identity-assertion
    return "omit" if _storage_access_is_sent(request, engine) else "unknown"


def says_none_to(request: Request, page: str) -> bool:
    """Whether an actual request says that it has no credentials, once its page is known.

    Behind a redirect to another origin the Origin hides that. In Chromium alone: of Firefox's
    workers it isn't sure.
    """
    asked_by, of = parse_serialized_origin(page), origin_of_url(request.url)
    if asked_by is None or of is None or not are_surely_cross_site(asked_by, of):
        return False
    engine = engine_of(request.headers)
    return engine is Engine.CHROMIUM and _storage_access_is_sent(request, engine, asked_by)


def _storage_access_is_sent(
    request: Request, engine: Engine, page: TupleOrigin | None = None
) -> bool:
    """Whether this browser sends Sec-Fetch-Storage-Access here if credentials are included."""
    if get(request.headers, "Sec-Fetch-Site") != "cross-site":
        return False
    asked_by = page or parse_serialized_origin(get(request.headers, "Origin") or "")
    of = origin_of_url(request.url)
    if asked_by is None or of is None:
        # A redirect may have led back to the page's own site, whatever Sec-Fetch-Site says.
        return False
    if engine not in _STORAGE_ACCESS_SINCE or not is_potentially_trustworthy(of):
        return False
    by_scheme_alone = asked_by.scheme != of.scheme and may_be_schemelessly_same_site(asked_by, of)
    if engine is Engine.FIREFOX and by_scheme_alone:  # to it that is no other site
        return False
    found = _STORAGE_ACCESS_SINCE[engine].search(get(request.headers, "User-Agent") or "")
    return found is not None and int(found[1]) >= _STORAGE_ACCESS_VERSION[engine]
