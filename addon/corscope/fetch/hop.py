"""What does a fetch send at each of its hops, and what does a redirect make of it?

Follows https://fetch.spec.whatwg.org/#concept-main-fetch and
https://fetch.spec.whatwg.org/#http-redirect-fetch for a request of mode "cors". What an answer
means to the hop that it answers is in `verdict`.

A proxy sees each hop as it comes, and asks here only what becomes of the method. By the rest the
tests predict all that a browser sends of a fetch: tests/browsers/predict.py.
"""

import re
from dataclasses import dataclass, replace
from typing import Final

from corscope.fetch.check import CredentialsMode
from corscope.fetch.engines import Departure, Engine, departs
from corscope.fetch.headers import byte_lowercase
from corscope.fetch.origin import OPAQUE_SERIALIZED, origin_of_url
from corscope.fetch.preflight import CorsRequest
from corscope.fetch.reasons import Failure, Reason
from corscope.fetch.redirect import location_url, redirect_failure
from corscope.fetch.safelist import (
    cors_unsafe_request_header_names,
    is_cors_safelisted_method,
    is_request_body_header_name,
)
from corscope.messages import HeaderList, Response

__all__ = [
    "Hop",
    "actual_request",
    "begin",
    "listener_forces_preflight",
    "needs_preflight",
    "preflight_request",
    "redirect_mode",
    "redirected",
    "redirected_method",
]

_USERINFO = re.compile(r"^([a-z]+://)[^/?#]*@", re.IGNORECASE)
_DELEGATED_HINTS: Final = frozenset(
    {"device-memory", "downlink", "dpr", "ect", "rtt", "viewport-width", "width"}
)
"""Client hints that a page has to delegate before another origin gets them."""


@dataclass(frozen=True, slots=True)
class Hop:
    """A fetch as it stands before one of its requests.

    Attributes:
        origin: the request's origin, serialized; redirects may taint it, but don't change it.
        url: its current URL.
        method: its method.
        headers: its own header list: what script set, and the body's Content-Type.
        announced: the header list that a preflight announces the unsafe names of.
        begun_method: the method that the fetch began with.
        begun_headers: the header list that the fetch began with.
        forced: its use-CORS-preflight flag, which a listener to an upload sets.
        began_at_home: whether its first URL was of its own origin.
        was_cors: whether a hop before this one was a CORS request.
        was_preflighted: whether a hop before this one needed a preflight.
        is_tainted: whether redirects tainted its origin.
        is_refused: whether it ends before its own request, though it may be preflighted.
    """

    origin: str
    url: str
    method: str
    headers: HeaderList
    announced: HeaderList
    begun_method: str
    begun_headers: HeaderList
    forced: bool
    began_at_home: bool
    was_cors: bool = False
    was_preflighted: bool = False
    is_tainted: bool = False
    is_refused: bool = False

    @property
    def is_cors(self) -> bool:
        """Whether it is a CORS request: to another origin, or after having been to one."""
        return self.was_cors or not _is_at_home(self.origin, self.url)

    @property
    def serialized_origin(self) -> str:
        """https://fetch.spec.whatwg.org/#serializing-a-request-origin"""
        return OPAQUE_SERIALIZED if self.is_tainted else self.origin


def begin(origin: str, url: str, method: str, headers: HeaderList, *, forced: bool = False) -> Hop:
    """A fetch before its first request; the arguments are those of `Hop`."""
    at_home = _is_at_home(origin, url)
    return Hop(origin, url, method, headers, headers, method, headers, forced, at_home)


def listener_forces_preflight(*, uploads: bool, engine: Engine = Engine.UNKNOWN) -> bool:
    """Whether a listener to the upload sets the use-CORS-preflight flag.

    https://xhr.spec.whatwg.org/#the-send()-method

    Args:
        uploads: whether there is a body.
        engine: whose departures from the standard apply.
    """
    return uploads or not departs(engine, Departure.IDLE_LISTENER_IGNORED)


def needs_preflight(hop: Hop, engine: Engine = Engine.UNKNOWN) -> bool:
    """Whether a CORS request needs a preflight: https://fetch.spec.whatwg.org/#concept-main-fetch"""
    if hop.forced or (hop.was_preflighted and departs(engine, Departure.PREFLIGHTED_AGAIN)):
        return True
    come_back = departs(engine, Departure.HEADERS_COME_BACK)
    headers = hop.begun_headers if come_back else hop.headers
    unsafe_names = cors_unsafe_request_header_names(headers, engine)
    return bool(unsafe_names) or not is_cors_safelisted_method(hop.method)


def preflight_request(hop: Hop, engine: Engine = Engine.UNKNOWN) -> CorsRequest:
    """What a preflight of this hop asks leave for."""
    keeps_origin = departs(engine, Departure.PREFLIGHT_KEEPS_ORIGIN)
    origin = hop.origin if keeps_origin else hop.serialized_origin
    names = cors_unsafe_request_header_names(hop.announced, engine)
    return CorsRequest(origin, hop.url, hop.method, tuple(names))


def actual_request(hop: Hop, engine: Engine = Engine.UNKNOWN) -> CorsRequest:
    """This hop's own request, as the CORS protocol sees it."""
    names = cors_unsafe_request_header_names(hop.headers, engine)
    return CorsRequest(hop.serialized_origin, hop.url, hop.method, tuple(names))


def redirect_mode(
    hop: Hop, mode: CredentialsMode, engine: Engine = Engine.UNKNOWN
) -> CredentialsMode:
    """The credentials mode in which a redirect of this hop passes the CORS check, or doesn't."""
    strictly = departs(engine, Departure.REDIRECT_CHECKED_WITH_CREDENTIALS)
    if strictly and hop.began_at_home and mode is CredentialsMode.SAME_ORIGIN:
        return CredentialsMode.INCLUDE
    return mode


def redirected(hop: Hop, response: Response, engine: Engine = Engine.UNKNOWN) -> Hop | None:
    """What a redirect makes of the fetch; None where it leads nowhere, or isn't followed.

    https://fetch.spec.whatwg.org/#http-redirect-fetch. The response has passed its CORS check.
    """
    location = location_url(response, hop.url, engine)  # 3
    if location is None:  # 4
        return None
    failure = redirect_failure(response, hop.url, engine)  # 5 to 10
    refused = failure is not None and _is_refused(hop, failure, location, engine)
    if failure and refused and not _is_refused_late(hop, failure, location, engine):
        return None
    before, after = origin_of_url(hop.url), origin_of_url(location)
    leaves = before != after
    headers, announced = _headers_after(hop, response.status, location, engine)
    return replace(
        hop,
        url=_USERINFO.sub(r"\1", location).replace(" ", "%20"),
        method=redirected_method(hop.method, response.status, leaves=leaves, engine=engine),  # 12
        headers=headers,
        announced=announced,
        was_cors=hop.is_cors,
        was_preflighted=hop.was_preflighted or (hop.is_cors and needs_preflight(hop, engine)),
        is_tainted=hop.is_tainted or (leaves and str(before) != hop.origin),
        is_refused=refused,
    )


def _is_at_home(origin: str, url: str) -> bool:
    return str(origin_of_url(url)) == origin


def _is_refused(hop: Hop, failure: Failure, location: str, engine: Engine) -> bool:
    """Steps 5 to 10: userinfo may stand in the Location while the fetch stays in its own origin."""
    if hop.is_cors or failure.reason is not Reason.REDIRECT_WITH_CREDENTIALS:
        return True
    if departs(engine, Departure.USERINFO_SENT):
        return True
    at_home = _is_at_home(hop.origin, location)
    return not at_home or departs(engine, Departure.USERINFO_ALWAYS_REFUSED)


def _is_refused_late(hop: Hop, failure: Failure, location: str, engine: Engine) -> bool:
    """Whether a redirect that is refused has its target preflighted before."""
    return (
        failure.reason is Reason.REDIRECT_WITH_CREDENTIALS
        and not hop.is_cors
        and not _is_at_home(hop.origin, location)
        and departs(engine, Departure.REFUSED_AFTER_PREFLIGHT)
    )


def redirected_method(method: str, status: int, *, leaves: bool, engine: Engine) -> str:
    """The method after a redirect: https://fetch.spec.whatwg.org/#http-redirect-fetch, step 12

    Args:
        method: the method before it.
        status: the redirect's.
        leaves: whether it leads to another origin.
        engine: whose departures from the standard apply.
    """
    if leaves and method == "DELETE" and departs(engine, Departure.DELETE_BECOMES_GET):
        return "GET"
    return "GET" if _becomes_get(method, status) else method


def _becomes_get(method: str, status: int) -> bool:
    """Step 12: whether a redirect makes a GET of a request."""
    if status == 303:
        return method not in {"GET", "HEAD"}
    return status in {301, 302} and method == "POST"


def _headers_after(
    hop: Hop, status: int, location: str, engine: Engine
) -> tuple[HeaderList, HeaderList]:
    """Steps 12 and 13: what a redirect leaves of the header list, and what is then announced."""
    decisive = hop.method
    if departs(engine, Departure.BODY_HEADERS_DROPPED_BY_FIRST_METHOD):
        decisive = hop.begun_method
    headers = _stripped(hop, _becomes_get(decisive, status), location, engine)
    if not departs(engine, Departure.DROPPED_HEADERS_ANNOUNCED):
        return headers, headers
    if departs(engine, Departure.BODY_HEADERS_DROPPED_BY_FIRST_METHOD):
        return headers, _stripped(hop, _becomes_get(hop.method, status), location, engine)
    return headers, hop.announced


def _stripped(hop: Hop, without_body: bool, location: str, engine: Engine) -> HeaderList:
    """The header list that a redirect to this location leaves."""
    come_back = departs(engine, Departure.HEADERS_COME_BACK)
    headers = hop.begun_headers if come_back else hop.headers
    gone: set[str] = set()
    if origin_of_url(hop.url) != origin_of_url(location):
        gone.add("authorization")
    elif not departs(engine, Departure.AUTHORIZATION_COMES_BACK):
        gone |= {"authorization"} - {byte_lowercase(name) for name, _ in hop.headers}
    if not _is_at_home(hop.origin, location) and departs(engine, Departure.CLIENT_HINTS_DROPPED):
        gone |= _DELEGATED_HINTS
    return tuple(
        (name, value)
        for name, value in headers
        if byte_lowercase(name) not in gone
        and not (without_body and is_request_body_header_name(name))
    )
