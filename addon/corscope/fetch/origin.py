"""What is an origin, how is it written, and when are two the same?

Follows https://html.spec.whatwg.org/multipage/browsers.html#origin and the `Origin` header's
syntax, https://fetch.spec.whatwg.org/#origin-header.
"""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

__all__ = [
    "DEFAULT_PORTS",
    "OPAQUE_SERIALIZED",
    "TupleOrigin",
    "has_redirect_tainted_origin",
    "is_potentially_trustworthy",
    "origin_of_url",
    "parse_serialized_origin",
]

DEFAULT_PORTS: Final = {"http": 80, "https": 443, "ws": 80, "wss": 443, "ftp": 21}
"""Default ports of special schemes: https://url.spec.whatwg.org/#default-port"""

OPAQUE_SERIALIZED: Final = "null"
"""How every opaque origin is written; no two of them are the same origin."""

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?"
_SERIALIZED = re.compile(
    rf"(?P<scheme>[a-z][a-z0-9+.-]*)://"
    rf"(?P<host>\[[0-9a-f:]+\]|{_LABEL}(?:\.{_LABEL})*\.?)(?::(?P<port>[1-9][0-9]{{0,4}}))?"
)


@dataclass(frozen=True, slots=True)
class TupleOrigin:
    """A tuple origin; `port` is None where it is the scheme's default."""

    scheme: str
    host: str
    port: int | None = None

    def __str__(self) -> str:
        """Serialize it: https://html.spec.whatwg.org/multipage/browsers.html#ascii-serialisation-of-an-origin"""
        port = "" if self.port is None else f":{self.port}"
        return f"{self.scheme}://{self.host}{port}"


def parse_serialized_origin(text: str) -> TupleOrigin | None:
    """Read a serialized tuple origin, byte-exact; None for `null` and for anything else.

    Follows the `serialized-origin` syntax of https://fetch.spec.whatwg.org/#origin-header, but
    takes the underscore and the final dot in a host that browsers do send. An explicit default
    port or an IPv6 address that isn't compressed is no serialization, hence None.
    """
    found = _SERIALIZED.fullmatch(text)
    if found is None:
        return None
    scheme, host, port = found["scheme"], found["host"], found["port"]
    number = int(port) if port else None
    if number is not None and (number > 65535 or DEFAULT_PORTS.get(scheme) == number):
        return None
    if host.startswith("[") and _serialized_ipv6(host[1:-1]) != host:
        return None
    return TupleOrigin(scheme, host, number)


def _serialized_ipv6(address: str) -> str | None:
    """Write an IPv6 address as a URL's host; None if it is none."""
    try:
        return f"[{ipaddress.IPv6Address(address).compressed}]"
    except ValueError:
        return None


def origin_of_url(url: str) -> TupleOrigin | None:
    """The origin of an absolute http(s) URL; None if it is opaque or no URL.

    https://url.spec.whatwg.org/#concept-url-origin
    """
    parts = _split(url)
    if parts is None or parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        return None
    try:
        port = parts.port
    except ValueError:
        return None
    host = parts.hostname
    if ":" in host:
        host = _serialized_ipv6(host) or f"[{host}]"
    return TupleOrigin(parts.scheme, host, None if port == DEFAULT_PORTS[parts.scheme] else port)


def _split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url)
    except ValueError:
        return None


def has_redirect_tainted_origin(origin: TupleOrigin | None, url_list: Sequence[str]) -> bool:
    """Whether redirects tainted the request's origin, so that it is sent as `null`.

    https://fetch.spec.whatwg.org/#concept-request-tainted-origin

    Args:
        origin: the request's origin; None if it is opaque.
        url_list: all URLs of the request, the redirects' targets included, in order.
    """
    last: TupleOrigin | None = None
    for index, url in enumerate(url_list):
        current = origin_of_url(url)
        if index and current != last and origin != last:
            return True
        last = current
    return False


def is_potentially_trustworthy(origin: TupleOrigin | None) -> bool:
    """Whether browsers send Fetch metadata to it: https://w3c.github.io/webappsec-secure-contexts/#is-origin-trustworthy"""
    if origin is None:
        return False
    if origin.scheme in {"https", "wss"}:
        return True
    host = origin.host.removesuffix(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
