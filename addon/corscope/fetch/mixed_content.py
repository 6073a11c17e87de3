"""May a page of https go on to this place, or is that mixed content?

Follows https://w3c.github.io/webappsec-mixed-content/#should-block-fetch, which main fetch asks
before every request, a redirected one too: https://fetch.spec.whatwg.org/#concept-main-fetch.
"""

from ipaddress import ip_address, ip_network
from typing import Final

from corscope.fetch.engines import Departure, Engine, departs
from corscope.fetch.origin import TupleOrigin, is_potentially_trustworthy, origin_of_url
from corscope.fetch.preflight import CorsRequest
from corscope.fetch.reasons import Failure, Kind, Reason
from corscope.fetch.redirect import location_url
from corscope.fetch.safelist import is_cors_safelisted_method
from corscope.messages import Response

__all__ = [
    "is_mixed_content",
    "is_preflighted_first",
    "mixed_content_failure",
    "mixed_content_named_first",
]

# https://wicg.github.io/local-network-access/#ip-address-space-section, as seen in Chromium.
_LOCAL_NETWORKS: Final = tuple(
    ip_network(block)
    for block in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.168.0.0/16", "::/128", "2001:db8::/32", "fc00::/7", "fe80::/10", "fec0::/10"),
    )
)


def is_mixed_content(page: TupleOrigin | None, target: TupleOrigin | None, engine: Engine) -> bool:
    """Whether the browser keeps such a page from asking there; None for an origin that is opaque.

    What it would rather ask by https than not at all (images, audio, video) is another matter.
    """
    if page is None or page.scheme != "https" or target is None:
        return False
    if departs(engine, Departure.LOOPBACK_IS_MIXED_CONTENT):
        return target.scheme != "https"
    if departs(engine, Departure.LOCAL_NETWORK_IS_NO_MIXED_CONTENT) and _is_local(target.host):
        return False
    return not is_potentially_trustworthy(target)


def _is_local(host: str) -> bool:
    """Whether a host shows, before it is resolved, that it is of this machine or its network."""
    name = host.removesuffix(".")
    if name == "local" or name.endswith(".local"):
        return True
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_loopback or any(address in network for network in _LOCAL_NETWORKS)


def mixed_content_failure(
    kind: Kind,
    page: TupleOrigin | None,
    request: CorsRequest,
    response: Response,
    engine: Engine = Engine.UNKNOWN,
    *,
    preflighted: bool = False,
) -> Failure | None:
    """Why the browser stops after an answer that passes in all other respects.

    An actual response may redirect to a place that would be mixed content. A preflight for such a
    place comes from an engine that asks only before the request itself.

    Args:
        kind: whether the answer is a preflight's.
        page: the origin of the page, also where the request's own is by now opaque.
        request: the request as CORS sees it.
        response: the answer.
        engine: the engine that asks.
        preflighted: whether it had asked leave for this request, or one before it.
    """
    target = request.url
    if kind == "actual":
        location = location_url(response, request.url, engine)
        if location is None or is_preflighted_first(request, engine, preflighted=preflighted):
            return None
        target = location
    origin = origin_of_url(target)
    is_mixed = is_mixed_content(page, origin, engine)
    return Failure(Reason.MIXED_CONTENT, str(origin)) if is_mixed else None


def mixed_content_named_first(
    page: TupleOrigin | None,
    request: CorsRequest,
    response: Response,
    engine: Engine = Engine.UNKNOWN,
) -> Failure | None:
    """Why an engine refuses a redirect, a preflight's too, before it asks about CORS.

    Args:
        page: the origin of the page.
        request: the request as CORS sees it.
        response: the answer.
        engine: the engine that asks.
    """
    if not departs(engine, Departure.MIXED_CONTENT_NAMED_FIRST):
        return None
    location = location_url(response, request.url, engine)
    target = origin_of_url(location) if isinstance(location, str) else None
    is_mixed = is_mixed_content(page, target, engine)
    if target is None or target.scheme != "http" or not is_mixed:
        return None  # of ws: and the like, that it leads nowhere is told
    return Failure(Reason.MIXED_CONTENT, str(target))


def is_preflighted_first(request: CorsRequest, engine: Engine, *, preflighted: bool) -> bool:
    """Whether the engine sends a preflight after a redirect of this, and only then asks.

    Args:
        request: the request as CORS sees it.
        engine: the engine that asks.
        preflighted: whether it had asked leave for this request, or one before it.
    """
    if not departs(engine, Departure.PREFLIGHT_BEFORE_MIXED_CONTENT):
        return False
    if preflighted and departs(engine, Departure.PREFLIGHTED_AGAIN):
        return True
    return bool(request.unsafe_names) or not is_cors_safelisted_method(request.method)
