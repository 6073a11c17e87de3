"""What does a preflight ask, and does its answer let the actual request go?

Follows https://fetch.spec.whatwg.org/#cors-preflight-request and step 7 of
https://fetch.spec.whatwg.org/#cors-preflight-fetch-0. What a success leaves behind is in `cache`.
"""

from collections.abc import Collection
from typing import NamedTuple

from corscope.fetch.check import CredentialsMode, cors_check
from corscope.fetch.engines import Departure, Engine, departs
from corscope.fetch.headers import (
    FAILURE,
    HTTP_TAB_OR_SPACE,
    byte_lowercase,
    contains,
    extract_header_list_values,
    get,
)
from corscope.fetch.origin import origin_of_url, parse_serialized_origin
from corscope.fetch.reasons import Failure, Reason
from corscope.fetch.safelist import (
    is_cors_non_wildcard_request_header_name,
    is_cors_safelisted_method,
)
from corscope.messages import HeaderList, Request, Response

__all__ = [
    "CorsRequest",
    "announced_request",
    "is_cors_preflight_request",
    "is_ok_status",
    "is_redirect_status",
    "is_unchecked",
    "preflight_failure",
]


class CorsRequest(NamedTuple):
    """What the CORS protocol knows of the fetch's own request.

    Attributes:
        origin: its origin, byte-serialized.
        url: its current URL.
        method: its method, never a preflight's `OPTIONS`.
        unsafe_names: its CORS-unsafe request-header names, lower-case.
    """

    origin: str
    url: str
    method: str
    unsafe_names: tuple[str, ...]

    def at(self, url: str) -> "CorsRequest":
        """The same for another URL."""
        return CorsRequest(self.origin, url, *self[2:])


def is_cors_preflight_request(request: Request) -> bool:
    """A CORS-preflight request: https://fetch.spec.whatwg.org/#cors-preflight-request"""
    return (
        request.method == "OPTIONS"
        and contains(request.headers, "Origin")
        and contains(request.headers, "Access-Control-Request-Method")
    )


def announced_request(preflight: Request) -> CorsRequest:
    """The actual request that this CORS-preflight request announces."""
    announced = get(preflight.headers, "Access-Control-Request-Headers") or ""
    stripped = (byte_lowercase(name.strip(HTTP_TAB_OR_SPACE)) for name in announced.split(","))
    return CorsRequest(
        get(preflight.headers, "Origin") or "",
        preflight.url,
        get(preflight.headers, "Access-Control-Request-Method") or "",
        tuple(name for name in stripped if name),
    )


def is_ok_status(status: int) -> bool:
    """An ok status: https://fetch.spec.whatwg.org/#ok-status"""
    return 200 <= status <= 299


def is_redirect_status(status: int) -> bool:
    """A redirect status: https://fetch.spec.whatwg.org/#redirect-status"""
    return status in {301, 302, 303, 307, 308}


def preflight_failure(
    announced: CorsRequest,
    response: Response,
    mode: CredentialsMode,
    engine: Engine = Engine.UNKNOWN,
) -> Failure | None:
    """Whether the preflight's answer is a network error, and why; None lets the request go.

    https://fetch.spec.whatwg.org/#cors-preflight-fetch-0, step 7. A preflight isn't redirected:
    HTTP-network-or-cache fetch returns the redirect itself, whose status is not ok.
    """
    bad_status = _status_failure(response, engine)
    if bad_status is not None and _is_named_first(bad_status.reason, engine):
        return bad_status
    refused = None
    if not is_unchecked(announced, engine):
        refused = cors_check(announced.origin, mode, response.headers, engine)
    return (  # 7
        refused
        or bad_status
        or _method_or_header_failure(announced, response.headers, mode, engine)
    )


def _status_failure(response: Response, engine: Engine) -> Failure | None:
    if is_ok_status(response.status):
        return None
    location = get(response.headers, "Location")
    if location == "" and departs(engine, Departure.EMPTY_LOCATION_IGNORED):
        location = None
    if is_redirect_status(response.status) and location is not None:
        return Failure(Reason.PREFLIGHT_REDIRECT, location)
    return Failure(Reason.PREFLIGHT_STATUS, str(response.status))


def _is_named_first(reason: Reason, engine: Engine) -> bool:
    """Whether the engine looks at such a status before the CORS check."""
    if departs(engine, Departure.STATUS_NAMED_BEFORE_ORIGIN):
        return True
    is_redirect = reason is Reason.PREFLIGHT_REDIRECT
    return is_redirect and departs(engine, Departure.PREFLIGHT_REDIRECT_NAMED_FIRST)


def is_unchecked(announced: CorsRequest, engine: Engine) -> bool:
    """Whether the engine checks nothing, as it takes the page's own origin to be asked."""
    if not departs(engine, Departure.PREFLIGHT_KEEPS_ORIGIN):
        return False
    origin = parse_serialized_origin(announced.origin)
    return origin is not None and origin == origin_of_url(announced.url)


def _method_or_header_failure(
    announced: CorsRequest, headers: HeaderList, mode: CredentialsMode, engine: Engine
) -> Failure | None:
    """Steps 7.1 to 7.7. No browser lets the use-CORS-preflight flag stand in for step 7.4."""
    methods = extract_header_list_values("Access-Control-Allow-Methods", headers)  # 1
    header_names = extract_header_list_values("Access-Control-Allow-Headers", headers)  # 2
    if methods == FAILURE:  # 3
        return Failure(Reason.ALLOW_METHODS_INVALID, get(headers, "Access-Control-Allow-Methods"))
    wildcard_counts = mode is not CredentialsMode.INCLUDE
    refused = _method_failure(announced.method, methods or (), wildcard_counts)  # 5
    if refused is not None and departs(engine, Departure.METHOD_NAMED_BEFORE_HEADERS):
        return refused
    if header_names == FAILURE:
        return Failure(Reason.ALLOW_HEADERS_INVALID, get(headers, "Access-Control-Allow-Headers"))
    if refused is not None:
        return refused
    allowed_names = {byte_lowercase(name) for name in header_names or ()}
    everything = wildcard_counts and "*" in allowed_names
    covers_authorization = departs(engine, Departure.AUTHORIZATION_COVERED_BY_WILDCARD)
    for name in announced.unsafe_names:  # 6 and 7
        covered = everything and (
            covers_authorization or not is_cors_non_wildcard_request_header_name(name)
        )
        if name not in allowed_names and not covered:
            return Failure(Reason.HEADER_NOT_ALLOWED, name)
    return None


def _method_failure(method: str, allowed: Collection[str], wildcard_counts: bool) -> Failure | None:
    covered = method in allowed or (wildcard_counts and "*" in allowed)
    if covered or is_cors_safelisted_method(method):
        return None
    return Failure(Reason.METHOD_NOT_ALLOWED, method)
