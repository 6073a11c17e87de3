"""What is an origin, how is it written, and when are two the same?

Follows https://html.spec.whatwg.org/multipage/browsers.html#origin and the `Origin` header's
syntax, https://fetch.spec.whatwg.org/#origin-header.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, ip_address
from itertools import pairwise
from typing import Final, NamedTuple

from corscope.fetch.url import DEFAULT_PORTS, Url, parse_url

__all__ = [
    "DEFAULT_PORTS",
    "OPAQUE_SERIALIZED",
    "TupleOrigin",
    "has_redirect_tainted_origin",
    "is_ip_address",
    "is_potentially_trustworthy",
    "origin_of_url",
    "parse_serialized_origin",
]

OPAQUE_SERIALIZED: Final = "null"
"""How every opaque origin is written; no two of them are the same origin."""

_LABEL = r"[a-z0-9_-]+"
_SERIALIZED = re.compile(
    rf"[a-z][a-z0-9+.-]*://(?:\[[0-9a-f:]+\]|{_LABEL}(?:\.{_LABEL})*\.?)(?::[0-9]{{1,5}})?"
)


class TupleOrigin(NamedTuple):
    """A tuple origin; `port` is None where it is the scheme's default."""

    scheme: str
    host: str
    port: int | None = None

    def __str__(self) -> str:
        """Serialize it: https://html.spec.whatwg.org/multipage/browsers.html#ascii-serialisation-of-an-origin"""
        return f"{self.scheme}://{self.authority}"

    @property
    def authority(self) -> str:
        """The host, and the port where it isn't the scheme's default."""
        return self.host if self.port is None else f"{self.host}:{self.port}"


def parse_serialized_origin(text: str) -> TupleOrigin | None:
    """Read a serialized tuple origin, byte-exact; None for `null` and for anything else.

    Follows the `serialized-origin` syntax of https://fetch.spec.whatwg.org/#origin-header, but
    takes what browsers do send beyond it: in a host's labels underscores and outer hyphens, and
    its final dot. What would be written otherwise (a default port, an IPv4 address in three
    parts, an IPv6 address that isn't compressed) is no serialization, hence None.
    """
    origin = _tuple_origin(parse_url(text)) if _SERIALIZED.fullmatch(text) else None
    return origin if str(origin) == text else None


def origin_of_url(url: str) -> TupleOrigin | None:
    """The origin of an absolute URL; None if it is opaque or no URL.

    https://url.spec.whatwg.org/#concept-url-origin; a blob's URL counts as opaque here, because
    none is ever requested over HTTP.
    """
    before_path = _BEFORE_PATH.match(url)
    return _origin_of_url(url) if before_path is None else _remembered(before_path[0])


def _origin_of_url(url: str) -> TupleOrigin | None:
    parsed = parse_url(url)
    return _tuple_origin(parsed) if parsed and parsed.scheme in DEFAULT_PORTS else None


_BEFORE_PATH: Final = re.compile(r"https?://[A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?(?=/)")
_remembered: Final = lru_cache(maxsize=512)(_origin_of_url)
"""What most URLs begin with, as they are written, is known in a fifth of the time."""


def _tuple_origin(url: Url | None) -> TupleOrigin | None:
    return TupleOrigin(url.scheme, url.host, url.port) if url and url.host else None


def has_redirect_tainted_origin(origin: TupleOrigin | None, url_list: Sequence[str]) -> bool:
    """Whether redirects tainted the request's origin, so that it is sent as `null`.

    https://fetch.spec.whatwg.org/#concept-request-tainted-origin, whether that isn't "same-origin".

    Args:
        origin: the request's origin; None if it is opaque.
        url_list: all URLs of the request, the redirects' targets included, in order.
    """
    origins = [origin_of_url(url) for url in url_list]
    return any(
        not _is_same_origin(current, last) and not _is_same_origin(origin, last)
        for last, current in pairwise(origins)
    )


def _is_same_origin(a: TupleOrigin | None, b: TupleOrigin | None) -> bool:
    """https://html.spec.whatwg.org/multipage/browsers.html#same-origin; opaque ones never are."""
    return a is not None and a == b


def is_ip_address(host: str) -> bool:
    """Whether a host is an address of version 4 or 6, and no name."""
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def is_potentially_trustworthy(origin: TupleOrigin | None) -> bool:
    """Whether browsers send Fetch metadata to it: https://w3c.github.io/webappsec-secure-contexts/#is-origin-trustworthy"""
    if origin is None:
        return False
    if origin.scheme in {"https", "wss"} or origin.host == "[::1]":
        return True
    host = origin.host.removesuffix(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return IPv4Address(origin.host).is_loopback
    except AddressValueError:
        return False
