"""The CORS check has failed on the origin: how is this failure called?

Runs only after the check has failed, and can't change that. The distinctions are those that
browsers make in their own messages; Chromium's, the finest, draw the lines.
"""

import ipaddress
import re
from typing import Final

from corscope.fetch.headers import values
from corscope.fetch.origin import OPAQUE_SERIALIZED
from corscope.fetch.reasons import Failure, Reason
from corscope.messages import HeaderList

__all__ = ["name_origin_mismatch"]

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):(.*)", re.IGNORECASE | re.DOTALL)
_SPECIAL_SCHEMES: Final = frozenset({"http", "https", "ws", "wss", "ftp"})
_FORBIDDEN_IN_DOMAIN = re.compile(r"[\x00-\x20\"#%/:<>?@\[\\\]^`{|}\x7f]")
_AUTHORITY = re.compile(r"[/\\]*([^/\\?#]*)")
_LAST_LABEL_IS_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?", re.IGNORECASE)
_IPV4_PART = re.compile(r"0x[0-9a-f]*|[0-9]+", re.IGNORECASE)


def name_origin_mismatch(allow_origin: str, headers: HeaderList) -> Failure:
    """Name the way in which `Access-Control-Allow-Origin` isn't the request's origin.

    Args:
        allow_origin: the header's combined value, neither missing nor a match.
        headers: the response's header list, which still has the lines apart.
    """
    if allow_origin == "*":
        reason = Reason.WILDCARD_WITH_CREDENTIALS  # without credentials it had been a match
    elif len(values(headers, "Access-Control-Allow-Origin")) > 1:
        reason = Reason.ALLOW_ORIGIN_REPEATED
    elif " " in allow_origin or "," in allow_origin:
        reason = Reason.ALLOW_ORIGIN_LIST
    elif allow_origin != OPAQUE_SERIALIZED and not _is_url(allow_origin):
        reason = Reason.ALLOW_ORIGIN_INVALID
    else:
        reason = Reason.ALLOW_ORIGIN_MISMATCH
    return Failure(reason, allow_origin)


def _is_url(text: str) -> bool:
    """Whether it parses as an absolute URL: https://url.spec.whatwg.org/#url-parsing"""
    found = _SCHEME.fullmatch(text)
    if found is None:
        return False
    scheme, rest = found[1].lower(), found[2]
    if scheme not in _SPECIAL_SCHEMES:
        return True  # nothing after another scheme's colon is invalid, as in localhost:3000
    authority = _AUTHORITY.match(rest)
    return authority is not None and _is_authority(authority[1])


def _is_authority(authority: str) -> bool:
    host_and_port = authority.rpartition("@")[2]
    if host_and_port.startswith("["):
        host, _, port = host_and_port[1:].partition("]")
        return _is_ipv6(host) and (not port or _is_port(port))
    host, colon, port = host_and_port.partition(":")
    return _is_host(host) and (not colon or _is_port(f":{port}"))


def _is_port(text: str) -> bool:
    digits = text.removeprefix(":")
    if not text.startswith(":") or not ((digits.isascii() and digits.isdigit()) or not digits):
        return False
    return len(digits.lstrip("0")) <= 5 and int(digits or "0") <= 65535


def _is_host(host: str) -> bool:
    if not host or _FORBIDDEN_IN_DOMAIN.search(host):
        return False
    return not _LAST_LABEL_IS_NUMBER.fullmatch(host) or _is_ipv4(host)


def _is_ipv4(host: str) -> bool:
    """https://url.spec.whatwg.org/#concept-ipv4-parser, whether it succeeds."""
    parts = host.removesuffix(".").split(".")
    if len(parts) > 4 or not all(_IPV4_PART.fullmatch(part) for part in parts):
        return False
    numbers = [_ipv4_number(part) for part in parts]
    last = numbers.pop()
    if last is None or last >= 256 ** (4 - len(numbers)):
        return False
    return all(number is not None and number < 256 for number in numbers)


def _ipv4_number(part: str) -> int | None:
    digits = part.lower()
    try:
        if digits.startswith("0x"):
            return int(digits[2:] or "0", 16)
        return int(digits, 8 if len(digits) > 1 and digits[0] == "0" else 10)
    except ValueError:
        return None


def _is_ipv6(host: str) -> bool:
    try:
        ipaddress.IPv6Address(host)
    except ValueError:
        return False
    return "%" not in host
