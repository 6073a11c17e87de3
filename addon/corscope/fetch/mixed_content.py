"""May a page of https go on to this place, or is that mixed content?

Follows https://w3c.github.io/webappsec-mixed-content/#should-block-fetch and, for what is rather
asked by https than not at all, https://w3c.github.io/webappsec-mixed-content/#upgrade-algorithm.
Main fetch asks both before every request, a redirected one too:
https://fetch.spec.whatwg.org/#concept-main-fetch.
"""

import re
from ipaddress import ip_address, ip_network
from typing import Final, NamedTuple

from corscope.fetch.engines import Departure, Engine, departs
from corscope.fetch.origin import (
    TupleOrigin,
    is_ip_address,
    is_potentially_trustworthy,
    origin_of_url,
)
from corscope.fetch.preflight import CorsRequest
from corscope.fetch.reasons import Failure, Kind, Reason
from corscope.fetch.redirect import location_url
from corscope.fetch.safelist import is_cors_safelisted_method
from corscope.messages import Response

__all__ = [
    "NO_LOAD",
    "UPGRADED",
    "Load",
    "is_blocked",
    "is_mixed_content",
    "is_preflighted_first",
    "mixed_content_failure",
    "mixed_content_named_first",
    "upgraded_url",
]

UPGRADED: Final = frozenset({"image", "audio", "video"})
"""The destinations of what is rather asked by https than not at all."""

_PLAIN: Final = re.compile(r"http:(//[^/?#\\]*?)(?::80)?(?=[/?#\\]|$)", re.IGNORECASE)
"""An http URL up to its path, without the port that goes without saying."""

# https://wicg.github.io/local-network-access/#ip-address-space-section, as seen in Chromium.
_LOCAL_NETWORKS: Final = tuple(
    ip_network(block)
    for block in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.168.0.0/16", "::/128", "2001:db8::/32", "fc00::/7", "fe80::/10", "fec0::/10"),
    )
)


class Load(NamedTuple):
    """What a page loads, as far as that decides on mixed content.

    Attributes:
        page: the page's origin; None for one that is opaque, or unknown.
        destination: the request's destination; None where it isn't known.
        first_url: the URL that it began with; None for the request's own.
        upgrades: whether the page has all that it asks for asked by https.
    """

    page: TupleOrigin | None = None
    destination: str | None = None
    first_url: str | None = None
    upgrades: bool = False


NO_LOAD: Final = Load()
"""Of which nothing is known."""


def is_mixed_content(page: TupleOrigin | None, target: TupleOrigin | None, engine: Engine) -> bool:
    """Whether the browser keeps such a page from asking there; None for an origin that is opaque.

    Of what isn't just upgraded: see `upgraded_url`.
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


def upgraded_url(load: Load, url: str, location: str, engine: Engine) -> str | None:
    """What the browser asks, by https, in the place of a redirect's target; None for that itself.

    The images that `srcset` and `<picture>` offer aren't upgraded, but look like others.

    Args:
        load: what the page loads.
        url: the URL of the request that is redirected.
        location: where to.
        engine: the engine that asks.
    """
    target = origin_of_url(location)
    if target is None or target.scheme != "http" or not _is_upgraded(load, url, target, engine):
        return None
    return _PLAIN.sub(r"https:\1", location, count=1)


def _is_upgraded(load: Load, url: str, target: TupleOrigin, engine: Engine) -> bool:
    if load.upgrades and (
        departs(engine, Departure.ALL_UPGRADED) or not is_potentially_trustworthy(target)
    ):
        return True
    is_secure_page = load.page is not None and load.page.scheme == "https"
    return is_secure_page and _is_upgraded_content(load, url, target, engine)


def _is_upgraded_content(load: Load, url: str, target: TupleOrigin, engine: Engine) -> bool:
    if load.destination not in UPGRADED:
        return False
    if departs(engine, Departure.UPGRADED_AS_BEGUN):
        return _is_public_name(origin_of_url(load.first_url or url))
    if ":" in target.host and departs(engine, Departure.IPV6_UPGRADED):
        return True
    if is_potentially_trustworthy(target):
        return False
    return departs(engine, Departure.IP_ADDRESSES_UPGRADED) or not is_ip_address(target.host)


def _is_public_name(origin: TupleOrigin | None) -> bool:
    if origin is None or is_ip_address(origin.host) or _is_local(origin.host):
        return False
    return not is_potentially_trustworthy(origin._replace(scheme="http"))


def is_blocked(load: Load, url: str, target: str, engine: Engine) -> bool:
    """Whether going on to a target is refused: what is loaded is neither upgraded nor let through.

    Args:
        load: what the page loads.
        url: the URL of the request before.
        target: where to.
        engine: the engine that asks.
    """
    origin = origin_of_url(target)
    if origin is None or not is_mixed_content(load.page, origin, engine):
        return False
    if load.destination == "track" and departs(engine, Departure.TRACK_IS_NO_MIXED_CONTENT):
        return False
    if load.destination in UPGRADED and departs(engine, Departure.UPGRADED_AS_BEGUN):
        return is_ip_address(origin.host) and not _is_upgraded(load, url, origin, engine)
    return upgraded_url(load, url, target, engine) is None


def mixed_content_failure(
    kind: Kind,
    load: Load,
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
        load: what the page loads; its origin also where the request's own is by now opaque.
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
    if not is_blocked(load, request.url, target, engine):
        return None
    return Failure(Reason.MIXED_CONTENT, str(origin_of_url(target)))


def mixed_content_named_first(
    load: Load,
    request: CorsRequest,
    response: Response,
    engine: Engine = Engine.UNKNOWN,
) -> Failure | None:
    """Why an engine refuses a redirect, a preflight's too, before it asks about CORS.

    Args:
        load: what the page loads.
        request: the request as CORS sees it.
        response: the answer.
        engine: the engine that asks.
    """
    if not departs(engine, Departure.MIXED_CONTENT_NAMED_FIRST):
        return None
    location = location_url(response, request.url, engine)
    target = origin_of_url(location) if isinstance(location, str) else None
    if location is None or target is None or target.scheme != "http":
        return None  # of ws: and the like, that it leads nowhere is told
    blocked = is_blocked(load, request.url, location, engine)
    return Failure(Reason.MIXED_CONTENT, str(target)) if blocked else None


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
