"""Which methods and headers need nobody's leave?

Follows https://fetch.spec.whatwg.org/#methods and, for the header names and values, the
definitions below https://fetch.spec.whatwg.org/#terminology-headers.
"""

import re
from collections.abc import Collection
from decimal import Decimal
from typing import Final

from corscope.fetch.headers import (
    byte_lowercase,
    convert_header_names_to_sorted_lowercase_set,
    split_value,
)
from corscope.fetch.mimetype import parse_a_mime_type
from corscope.messages import HeaderList

__all__ = [
    "cors_unsafe_request_header_names",
    "is_cors_non_wildcard_request_header_name",
    "is_cors_safelisted_method",
    "is_cors_safelisted_request_header",
    "is_cors_safelisted_response_header_name",
    "is_cors_unsafe_request_header_byte",
    "is_forbidden_method",
    "is_forbidden_request_header",
    "is_forbidden_response_header_name",
    "is_no_cors_safelisted_request_header",
    "is_request_body_header_name",
    "normalize_method",
    "parse_single_range_header_value",
]

MAX_SAFELISTED_VALUE: Final = 128
"""Bytes a safelisted request-header value may have."""

MAX_SAFELISTED_VALUES: Final = 1024
"""Bytes that all safelisted request-header values together may have."""

_UNSAFE_BYTES: Final = frozenset('"():<>?@[\\]{}\x7f') | (frozenset(map(chr, range(0x20))) - {"\t"})
_LANGUAGE = re.compile(r"[0-9A-Za-z *,\-.;=]*")
_SINGLE_RANGE = re.compile(r"bytes=([0-9]*)-([0-9]*)")
_SINGLE_RANGE_WITH_WHITESPACE = re.compile(r"bytes[\t ]*=[\t ]*([0-9]*)[\t ]*-[\t ]*([0-9]*)")
_SAFELISTED_ESSENCES = frozenset(
    {"application/x-www-form-urlencoded", "multipart/form-data", "text/plain"}
)
_SAFELISTED_RESPONSE_HEADERS = frozenset(
    {
        "cache-control",
        "content-language",
        "content-length",
        "content-type",
        "expires",
        "last-modified",
        "pragma",
    }
)
_FORBIDDEN_REQUEST_HEADERS = frozenset(
    {
        "accept-charset",
        "accept-encoding",
        "access-control-request-headers",
        "access-control-request-method",
        "connection",
        "content-length",
        "cookie",
        "cookie2",
        "date",
        "dnt",
        "expect",
        "host",
        "keep-alive",
        "origin",
        "referer",
        "set-cookie",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
    }
)
_NORMALIZED = {m.lower(): m for m in ("DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT")}
_METHOD_OVERRIDES = frozenset({"x-http-method", "x-http-method-override", "x-method-override"})


def is_cors_safelisted_method(method: str) -> bool:
    """A CORS-safelisted method: https://fetch.spec.whatwg.org/#cors-safelisted-method"""
    return method in {"GET", "HEAD", "POST"}  # methods are case-sensitive, unlike header names


def is_forbidden_method(method: str) -> bool:
    """A forbidden method: https://fetch.spec.whatwg.org/#forbidden-method"""
    return byte_lowercase(method) in {"connect", "trace", "track"}


def normalize_method(method: str) -> str:
    """Normalize a method: https://fetch.spec.whatwg.org/#concept-method-normalize"""
    return _NORMALIZED.get(byte_lowercase(method), method)


def is_cors_unsafe_request_header_byte(byte: str) -> bool:
    """A CORS-unsafe request-header byte: https://fetch.spec.whatwg.org/#cors-unsafe-request-header-byte"""
    return byte in _UNSAFE_BYTES


def is_cors_safelisted_request_header(name: str, value: str) -> bool:
    """A CORS-safelisted request-header: https://fetch.spec.whatwg.org/#cors-safelisted-request-header"""
    if len(value) > MAX_SAFELISTED_VALUE:
        return False
    match byte_lowercase(name):
        case "accept":
            return _UNSAFE_BYTES.isdisjoint(value)
        case "accept-language" | "content-language":
            return _LANGUAGE.fullmatch(value) is not None
        case "content-type":
            if not _UNSAFE_BYTES.isdisjoint(value):
                return False
            mime_type = parse_a_mime_type(value)
            return mime_type is not None and mime_type.essence in _SAFELISTED_ESSENCES
        case "range":
            range_value = parse_single_range_header_value(value, allow_whitespace=False)
            return range_value is not None and range_value[0] is not None
    return False


def parse_single_range_header_value(
    value: str, *, allow_whitespace: bool
) -> tuple[int | None, int | None] | None:
    """Parse a single range header value; None is the standard's failure.

    https://fetch.spec.whatwg.org/#simple-range-header-value
    """
    pattern = _SINGLE_RANGE_WITH_WHITESPACE if allow_whitespace else _SINGLE_RANGE
    found = pattern.fullmatch(value)
    if found is None:
        return None
    # int() refuses more than 4,300 digits; Decimal takes them all and keeps them exactly.
    start, end = (int(Decimal(digits)) if digits else None for digits in found.groups())
    if start is None and end is None:
        return None
    if start is not None and end is not None and start > end:
        return None
    return start, end


def cors_unsafe_request_header_names(headers: HeaderList) -> list[str]:
    """The CORS-unsafe request-header names: https://fetch.spec.whatwg.org/#cors-unsafe-request-header-names"""
    unsafe_names: list[str] = []
    potentially_unsafe_names: list[str] = []
    safelist_value_size = 0
    for name, value in headers:
        if is_cors_safelisted_request_header(name, value):
            potentially_unsafe_names.append(name)
            safelist_value_size += len(value)
        else:
            unsafe_names.append(name)
    if safelist_value_size > MAX_SAFELISTED_VALUES:
        unsafe_names.extend(potentially_unsafe_names)
    return convert_header_names_to_sorted_lowercase_set(unsafe_names)


def is_cors_non_wildcard_request_header_name(name: str) -> bool:
    """A CORS non-wildcard request-header name: https://fetch.spec.whatwg.org/#cors-non-wildcard-request-header-name"""
    return byte_lowercase(name) == "authorization"


def is_cors_safelisted_response_header_name(name: str, exposed: Collection[str]) -> bool:
    """A CORS-safelisted response-header name: https://fetch.spec.whatwg.org/#cors-safelisted-response-header-name

    Args:
        name: the response header's name.
        exposed: the response's CORS-exposed header-name list, lower-cased.
    """
    lower = byte_lowercase(name)
    if lower in _SAFELISTED_RESPONSE_HEADERS:
        return True
    return lower in exposed and not is_forbidden_response_header_name(lower)


def is_forbidden_response_header_name(name: str) -> bool:
    """A forbidden response-header name: https://fetch.spec.whatwg.org/#forbidden-response-header-name"""
    return byte_lowercase(name) in {"set-cookie", "set-cookie2"}


def is_no_cors_safelisted_request_header(name: str, value: str) -> bool:
    """A no-CORS-safelisted request-header: https://fetch.spec.whatwg.org/#no-cors-safelisted-request-header"""
    if byte_lowercase(name) not in {
        "accept",
        "accept-language",
        "content-language",
        "content-type",
    }:
        return False
    return is_cors_safelisted_request_header(name, value)


def is_forbidden_request_header(name: str, value: str) -> bool:
    """A forbidden request-header: https://fetch.spec.whatwg.org/#forbidden-request-header"""
    lower = byte_lowercase(name)
    if lower in _FORBIDDEN_REQUEST_HEADERS or lower.startswith(("proxy-", "sec-")):
        return True
    return lower in _METHOD_OVERRIDES and any(map(is_forbidden_method, split_value(value)))


def is_request_body_header_name(name: str) -> bool:
    """A request-body-header name: https://fetch.spec.whatwg.org/#request-body-header-name"""
    return byte_lowercase(name) in {
        "content-encoding",
        "content-language",
        "content-location",
        "content-type",
    }
