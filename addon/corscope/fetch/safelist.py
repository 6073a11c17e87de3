"""Which methods and headers need nobody's leave?

Follows https://fetch.spec.whatwg.org/#methods and, for the header names and values, the
definitions below https://fetch.spec.whatwg.org/#terminology-headers.
"""

import re
from collections.abc import Collection, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Final

from corscope.fetch.engines import Departure, Engine, departs
from corscope.fetch.headers import (
    byte_lowercase,
    convert_header_names_to_sorted_lowercase_set,
    split_value,
)
from corscope.fetch.mimetype import parse_a_mime_type
from corscope.messages import HeaderList

__all__ = [
    "UnsafeRule",
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
    "unsafe_rule",
    "unsafe_rules",
]


class UnsafeRule(StrEnum):
    """Why a request header needs leave: the part of the safelist's definition that it fails."""

    NAME = "name"
    VALUE_LENGTH = "value-length"
    UNSAFE_BYTE = "unsafe-byte"
    LANGUAGE_BYTE = "language-byte"
    CONTENT_TYPE = "content-type"
    RANGE_FORM = "range-form"
    CLIENT_HINT_FORM = "client-hint-form"
    TOTAL_LENGTH = "total-length"


MAX_SAFELISTED_VALUE: Final = 128
"""Bytes a safelisted request-header value may have."""

MAX_SAFELISTED_VALUES: Final = 1024
"""Bytes that all safelisted request-header values together may have."""

_UNSAFE_BYTES: Final = frozenset('"():<>?@[\\]{}\x7f') | (frozenset(map(chr, range(0x20))) - {"\t"})
_LANGUAGE = re.compile(r"[0-9A-Za-z *,\-.;=]*")
_SINGLE_RANGE = re.compile(r"bytes=([0-9]*)-([0-9]*)")
_LENIENT_RANGE = re.compile(r"\Abytes=\+?([0-9]+)-(?:\+?([0-9]+))?\Z", re.IGNORECASE)
_ESSENCE_IN_FIREFOX = re.compile(r"([^\t ;,]+)(?:(?:[\t ][^;,]*)?;(?:[^,]*[^,;])?)?")
_SINGLE_RANGE_WITH_WHITESPACE = re.compile(r"bytes[\t ]*=[\t ]*([0-9]*)[\t ]*-[\t ]*([0-9]*)")
_GREATEST_RANGE: Final[Mapping[Engine, int]] = {
    Engine.CHROMIUM: 2**63 - 2,
    Engine.FIREFOX: 2**64 - 1,
    Engine.WEBKIT: 2**64 - 1,
}
_DECIMAL = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_INTEGER = re.compile(r"[0-9]+")
# What Chromium itself may add to a request; Intervention is none, but treated as one.
_CLIENT_HINTS: Final[Mapping[str, re.Pattern[str]]] = {
    "device-memory": _DECIMAL,
    "downlink": _DECIMAL,
    "dpr": _DECIMAL,
    "ect": re.compile(r"slow-2g|[234]g"),
    "intervention": re.compile(r".*"),
    "rtt": _INTEGER,
    "save-data": re.compile(r"on", re.IGNORECASE),
    "viewport-width": _INTEGER,
    "width": _INTEGER,
}
_SAFELISTED_REQUEST_HEADERS = frozenset(
    {"accept", "accept-language", "content-language", "content-type", "range"}
)
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


def is_cors_safelisted_request_header(
    name: str, value: str, engine: Engine = Engine.UNKNOWN
) -> bool:
    """A CORS-safelisted request-header: https://fetch.spec.whatwg.org/#cors-safelisted-request-header"""
    return unsafe_rule(name, value, engine) is None


def unsafe_rule(name: str, value: str, engine: Engine = Engine.UNKNOWN) -> UnsafeRule | None:
    """The rule that a header breaks on its own; None where it is CORS-safelisted.

    https://fetch.spec.whatwg.org/#cors-safelisted-request-header. The standard asks for the
    value's length first, but a name that no value makes safe is what has to be told.

    Args:
        name: the header's name, in any case.
        value: its value.
        engine: whose departures from the standard apply.
    """
    lower = byte_lowercase(name)
    if lower not in _SAFELISTED_REQUEST_HEADERS:
        return _unsafe_rule_besides(lower, value, engine)
    if len(value) > MAX_SAFELISTED_VALUE:
        return UnsafeRule.VALUE_LENGTH
    match lower:
        case "accept":
            return UnsafeRule.UNSAFE_BYTE if _has_unsafe_byte(value, engine) else None
        case "accept-language" | "content-language":
            return None if _LANGUAGE.fullmatch(value) else UnsafeRule.LANGUAGE_BYTE
        case "content-type":
            return _content_type_rule(value, engine)
        case _:
            return None if _is_simple_range(value, engine) else UnsafeRule.RANGE_FORM


def _unsafe_rule_besides(lower: str, value: str, engine: Engine) -> UnsafeRule | None:
    """The rule that a header breaks which only engines safelist."""
    if lower == "user-agent" and departs(engine, Departure.USER_AGENT_SAFELISTED):
        return None
    form = _CLIENT_HINTS.get(lower)
    if form is None or not departs(engine, Departure.CLIENT_HINTS_SAFELISTED):
        return UnsafeRule.NAME
    if len(value) > MAX_SAFELISTED_VALUE:
        return UnsafeRule.VALUE_LENGTH
    return None if form.fullmatch(value) else UnsafeRule.CLIENT_HINT_FORM


def _has_unsafe_byte(value: str, engine: Engine) -> bool:
    if not _UNSAFE_BYTES.isdisjoint(value):
        return True
    return departs(engine, Departure.NON_ASCII_UNSAFE) and not value.isascii()


def _content_type_rule(value: str, engine: Engine) -> UnsafeRule | None:
    if _has_unsafe_byte(value, engine):
        return UnsafeRule.UNSAFE_BYTE
    return None if _essence(value, engine) in _SAFELISTED_ESSENCES else UnsafeRule.CONTENT_TYPE


def _essence(value: str, engine: Engine) -> str | None:
    """https://mimesniff.spec.whatwg.org/#mime-type-essence; None where that is no MIME type."""
    if departs(engine, Departure.CONTENT_TYPE_READ_TO_ITS_ESSENCE):
        found = _ESSENCE_IN_FIREFOX.fullmatch(value)
        return byte_lowercase(found[1]) if found else None
    mime_type = parse_a_mime_type(value)
    return mime_type.essence if mime_type else None


def _is_simple_range(value: str, engine: Engine) -> bool:
    """A Range whose start is given: https://fetch.spec.whatwg.org/#simple-range-header-value"""
    if departs(engine, Departure.RANGE_READ_LENIENTLY):
        value = _LENIENT_RANGE.sub(r"bytes=\1-\2", value)
    found = parse_single_range_header_value(value, allow_whitespace=False)
    if found is None or found[0] is None:
        return False
    if not departs(engine, Departure.LARGE_RANGES_UNSAFE):
        return True
    return max(found[0], found[1] or 0) <= _GREATEST_RANGE[engine]


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


def cors_unsafe_request_header_names(
    headers: HeaderList, engine: Engine = Engine.UNKNOWN
) -> list[str]:
    """The CORS-unsafe request-header names: https://fetch.spec.whatwg.org/#cors-unsafe-request-header-names"""
    return convert_header_names_to_sorted_lowercase_set(unsafe_rules(headers, engine))


def unsafe_rules(headers: HeaderList, engine: Engine = Engine.UNKNOWN) -> dict[str, UnsafeRule]:
    """The CORS-unsafe request-header names, byte-lowercased, each with the rule that it breaks.

    https://fetch.spec.whatwg.org/#cors-unsafe-request-header-names. Of a name's several values the
    first that breaks a rule counts.
    """
    found: dict[str, UnsafeRule] = {}
    potentially_unsafe_names: list[str] = []
    safelist_value_size = 0
    for name, value in headers:
        rule = unsafe_rule(name, value, engine)
        if rule is None:
            potentially_unsafe_names.append(name)
            safelist_value_size += len(value)
        else:
            found.setdefault(byte_lowercase(name), rule)
    if safelist_value_size > MAX_SAFELISTED_VALUES:
        for name in potentially_unsafe_names:
            found.setdefault(byte_lowercase(name), UnsafeRule.TOTAL_LENGTH)
    return found


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
