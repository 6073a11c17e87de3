"""Are two origins of different sites?"""

from functools import cache, lru_cache
from typing import Final

from publicsuffix2 import PublicSuffixList

from corscope.fetch.origin import TupleOrigin, is_ip_address, parse_serialized_origin

__all__ = [
    "are_cross_site",
    "are_surely_cross_site",
    "may_be_schemelessly_same_site",
    "site_of",
]


def are_surely_cross_site(a: TupleOrigin | None, b: TupleOrigin | None) -> bool:
    """Whether both sites can be told, and differ; None for an origin that is no tuple origin."""
    sites = [_site(origin) for origin in (a, b) if origin is not None]
    return len(sites) == 2 and None not in sites and sites[0] != sites[1]


def are_cross_site(a: TupleOrigin, b: TupleOrigin | None) -> bool:
    """Whether two hosts aren't schemelessly same site, by the public suffix list.

    https://html.spec.whatwg.org/multipage/browsers.html#schemelessly-same-site
    """
    if b is None or a.host == b.host:
        return b is None
    if is_ip_address(a.host) or is_ip_address(b.host):
        return True
    return _registrable_domain(a.host) != _registrable_domain(b.host)


LONGEST_REMEMBERED: Final = 300
"""The site of a longer origin than this is found anew each time."""


def site_of(origin: str) -> str:
    """The site of a serialized origin; of what is no tuple origin, itself.

    https://html.spec.whatwg.org/multipage/browsers.html#obtain-a-site
    """
    return (_remembered if len(origin) <= LONGEST_REMEMBERED else _found)(origin)


def _found(origin: str) -> str:
    parsed = parse_serialized_origin(origin)
    if parsed is None:
        return origin
    host = parsed.host
    return f"{parsed.scheme}://{host if is_ip_address(host) else _registrable_domain(host)}"


_remembered = lru_cache(maxsize=500)(_found)


def _registrable_domain(host: str) -> str:
    """https://url.spec.whatwg.org/#host-registrable-domain; a public suffix is its own here."""
    suffix = _public_suffixes().get_tld(host)
    labels = host.removesuffix(suffix).rstrip(".")
    return f"{labels.rpartition('.')[2]}.{suffix}".lstrip(".")


@cache
def _public_suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def may_be_schemelessly_same_site(a: TupleOrigin, b: TupleOrigin) -> bool:
    """Whether two hosts agree in their last two labels: only then can they be of one site.

    https://html.spec.whatwg.org/multipage/browsers.html#schemelessly-same-site
    """
    return a.host.split(".")[-2:] == b.host.split(".")[-2:]


def _site(origin: TupleOrigin) -> str | None:
    """What two hosts of one site have in common, or more; None where no site can be told.

    A site's name has two labels or more. Two hosts that differ in the last two are of different
    sites, whatever the public suffix list says; where they agree, they may be of one.
    """
    labels = origin.host.rstrip(".").split(".")
    private = {"localhost", "local", "internal"}
    if len(labels) < 2 or labels[-1] in private or is_ip_address(origin.host):
        return None
    return ".".join(labels[-2:])
