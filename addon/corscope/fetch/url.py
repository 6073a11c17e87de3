"""Which scheme, host and port does a URL name, and does it hold credentials?

Follows https://url.spec.whatwg.org/#url-parsing and https://url.spec.whatwg.org/#host-parsing as
far as origins need them. Path, query and fragment can't be wrong, and are left alone.
"""

import re
import struct
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final
from urllib.parse import quote, unquote_to_bytes

__all__ = [
    "ASCII",
    "C0_CONTROL_OR_SPACE",
    "DEFAULT_PORTS",
    "LONGEST_REMEMBERED",
    "Url",
    "parse_host",
    "parse_url",
    "percent_encode_non_ascii",
    "scalar_values",
]

DEFAULT_PORTS: Final = {"http": 80, "https": 443, "ws": 80, "wss": 443, "ftp": 21}
"""Default ports of special schemes: https://url.spec.whatwg.org/#default-port

`file`, the special scheme without one, is read as any other: its origin is opaque anyway.
"""

LONGEST_REMEMBERED: Final = 300
"""A longer authority than this is no host's, and isn't kept."""

C0_CONTROL_OR_SPACE: Final = "".join(map(chr, range(0x21)))
ASCII: Final = "".join(map(chr, range(0x80)))
"""What is never percent-encoded where only the rest is to be."""
_TAB_OR_NEWLINE: Final = dict.fromkeys(map(ord, "\t\n\r"))
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_END_OF_SPECIAL_AUTHORITY = re.compile(r"[/\\?#]")
_END_OF_AUTHORITY = re.compile(r"[/?#]")
_HOST_AND_PORT = re.compile(r"(\[[^\]]*\]|[^:]+)(?::(?:0*([0-9]{1,5}))?)?")
_FORBIDDEN_IN_HOST = re.compile(r"[\x00\t\n\r #/:<>?@\[\\\]^|]")
_FORBIDDEN_IN_DOMAIN = re.compile(r"[\x00-\x20#%/:<>?@\[\\\]^|\x7f]")
_ENDS_IN_A_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?", re.DOTALL)
# Ten digits are enough: longer decimal numbers are no part of an address.
_IPV4_NUMBER = re.compile(r"0x(?P<hex>[0-9a-f]*)|(?P<octal>0[0-7]*)|(?P<decimal>[1-9][0-9]{0,9})")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_BASES: Final = {"hex": 16, "octal": 8, "decimal": 10}
_ZERO_PIECES = re.compile(r"\b0(?::0)+\b")


@dataclass(frozen=True, slots=True)
class Url:
    """What of a URL record origins need: https://url.spec.whatwg.org/#concept-url

    `host` is serialized, and None where the URL has none; `port` is None for the scheme's default.
    """

    scheme: str
    host: str | None = None
    port: int | None = None
    includes_credentials: bool = False


def scalar_values(text: str) -> str:
    """Let U+FFFD stand for each surrogate: https://infra.spec.whatwg.org/#javascript-string-convert

    Python's strings have halves of a surrogate pair alone, never two that belong together.
    """
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def percent_encode_non_ascii(value: str) -> str:
    """Make a header value, isomorphically decoded, into a URL that means the same bytes."""
    if value.isascii():
        return value
    return quote(value, safe=ASCII, encoding="latin-1", errors="replace")


def parse_url(text: str) -> Url | None:
    """Parse an absolute URL; None is the standard's failure.

    https://url.spec.whatwg.org/#concept-url-parser, without a base URL.
    """
    text = text.strip(C0_CONTROL_OR_SPACE)
    if not text.isprintable():
        text = text.translate(_TAB_OR_NEWLINE)
    scheme, colon, rest = text.partition(":")
    if not colon or not _SCHEME.fullmatch(scheme):
        return None
    scheme = scheme.lower()
    if scheme in DEFAULT_PORTS:  # however many slashes there are, in either direction
        return _with(scheme, _END_OF_SPECIAL_AUTHORITY.split(rest.lstrip("/\\"), 1)[0])
    if rest.startswith("//"):
        return _with(scheme, _END_OF_AUTHORITY.split(rest[2:], 1)[0])
    return Url(scheme)  # its path is opaque, as in mailto:someone or localhost:3000


def _with(scheme: str, authority: str) -> Url | None:
    """A URL of this scheme and authority: few are asked for again and again."""
    is_short = len(authority) <= LONGEST_REMEMBERED
    return (_remembered if is_short else _with_authority)(scheme, authority)


def _with_authority(scheme: str, authority: str) -> Url | None:
    """From https://url.spec.whatwg.org/#authority-state to the port state."""
    is_special = scheme in DEFAULT_PORTS
    if not authority and not is_special:
        return Url(scheme, "")
    userinfo, _, host_and_port = authority.rpartition("@")
    found = _HOST_AND_PORT.fullmatch(host_and_port)
    host = parse_host(found[1], is_opaque=not is_special) if found else None
    if found is None or host is None:
        return None
    port = int(found[2]) if found[2] else None
    if port is not None and port > 65535:
        return None
    return Url(
        scheme,
        host,
        None if port == DEFAULT_PORTS.get(scheme) else port,
        includes_credentials=userinfo not in {"", ":"},
    )


_remembered = lru_cache(maxsize=512)(_with_authority)
"""Takes a tenth of the time, for most of the URLs that an exchange names."""


def parse_host(text: str, *, is_opaque: bool = False) -> str | None:
    """Parse a host and serialize it; None is the standard's failure.

    https://url.spec.whatwg.org/#concept-host-parser
    """
    if text.startswith("["):
        return _parse_ipv6(text[1:-1]) if text.endswith("]") else None
    if is_opaque:
        return None if _FORBIDDEN_IN_HOST.search(text) else quote(scalar_values(text), ASCII)
    ascii_domain = _domain_to_ascii(text)
    if not ascii_domain or _FORBIDDEN_IN_DOMAIN.search(ascii_domain):
        return None
    return _parse_ipv4(ascii_domain) if _ENDS_IN_A_NUMBER.fullmatch(ascii_domain) else ascii_domain


def _domain_to_ascii(text: str) -> str | None:
    """https://url.spec.whatwg.org/#concept-domain-to-ascii of the percent-decoded text.

    The standard library maps as IDNA 2003 does, browsers by UTS 46, which differs for a few
    letters (ß, ς). It hardly matters: what browsers send is Punycode already.
    """
    try:
        domain = unquote_to_bytes(text).decode()
        return domain.lower() if domain.isascii() else domain.encode("idna").decode().lower()
    except UnicodeError:
        return None


def _parse_ipv4(domain: str) -> str | None:
    """https://url.spec.whatwg.org/#concept-ipv4-parser"""
    numbers = [_parse_ipv4_number(part) for part in domain.removesuffix(".").split(".")]
    address = numbers.pop()
    if len(numbers) > 3 or address is None or address >= 256 ** (4 - len(numbers)):
        return None
    for position, number in enumerate(numbers):
        if number is None or number > 255:
            return None
        address += number * 256 ** (3 - position)
    return str(IPv4Address(address))


def _parse_ipv4_number(part: str) -> int | None:
    found = _IPV4_NUMBER.fullmatch(part)
    if found is None or found.lastgroup is None:
        return None
    return int(found[found.lastgroup] or "0", _BASES[found.lastgroup])


def _parse_ipv6(text: str) -> str | None:
    """https://url.spec.whatwg.org/#concept-ipv6-parser, and the serializer.

    `IPv6Address` writes an IPv4-mapped address in dots from Python 3.13 on; URLs never do.
    """
    try:
        packed = IPv6Address(text).packed
    except AddressValueError:
        return None
    if "%" in text:  # a zone, which URLs don't have
        return None
    pieces = ":".join(f"{piece:x}" for piece in struct.unpack("!8H", packed))
    zeros = max(_ZERO_PIECES.finditer(pieces), key=lambda run: len(run[0]), default=None)
    if zeros is None:
        return f"[{pieces}]"
    before, after = pieces[: zeros.start()].rstrip(":"), pieces[zeros.end() :].lstrip(":")
    return f"[{before}::{after}]"
