"""What do dialects build their answers from?

Names are written in lower case: HTTP/2 wants them so, and a dialect that differs says so itself.
"""

from collections.abc import Iterable
from typing import Final

from corscope.fetch.headers import append, combine, contains, delete, get, set_header, split_value
from corscope.messages import HeaderList, Request
from corscope.servers.policy import ECHO, WILDCARD

__all__ = [
    "ALLOW_CREDENTIALS",
    "ALLOW_HEADERS",
    "ALLOW_METHODS",
    "ALLOW_ORIGIN",
    "CONTENT_LENGTH",
    "EXPOSE_HEADERS",
    "MAX_AGE",
    "ORIGIN",
    "REQUEST_HEADERS",
    "REQUEST_METHOD",
    "VARY",
    "add_to_vary",
    "echoed",
    "is_cors_preflight_request",
    "is_cors_response_header_name",
    "is_sendable",
    "listed_or_echoed",
    "overridden_by",
    "present",
    "replaced_by",
    "without_cors_headers",
]

ORIGIN: Final = "origin"
VARY: Final = "vary"
REQUEST_METHOD: Final = "access-control-request-method"
REQUEST_HEADERS: Final = "access-control-request-headers"
ALLOW_ORIGIN: Final = "access-control-allow-origin"
ALLOW_CREDENTIALS: Final = "access-control-allow-credentials"
ALLOW_METHODS: Final = "access-control-allow-methods"
ALLOW_HEADERS: Final = "access-control-allow-headers"
EXPOSE_HEADERS: Final = "access-control-expose-headers"
MAX_AGE: Final = "access-control-max-age"
CONTENT_LENGTH: Final = "content-length"
"""Whoever sends an answer adds it, but to a 204, with which some servers send it too."""


def is_cors_preflight_request(request: Request) -> bool:
    """A CORS-preflight request: https://fetch.spec.whatwg.org/#cors-preflight-request

    The standard only says what browsers send; servers that look closely tell it by these three.
    """
    return (
        request.method == "OPTIONS"
        and contains(request.headers, ORIGIN)
        and contains(request.headers, REQUEST_METHOD)
    )


def is_sendable(value: str) -> bool:
    """Whether a header value can be sent without ending the line or the header block."""
    if not {"\r", "\n", "\0"}.isdisjoint(value):
        return False
    return value.isascii() or all(ord(char) < 256 for char in value)


def echoed(request: Request, name: str) -> str | None:
    """The request header's value to send back; None if it is missing or can't be sent."""
    value = get(request.headers, name)
    return value if value is not None and is_sendable(value) else None


def listed_or_echoed(
    allowed: str | tuple[str, ...] | None, request: Request, name: str
) -> str | None:
    """A policy's methods or headers as a header value; None where there is nothing to send."""
    if allowed == ECHO:
        return echoed(request, name)
    if isinstance(allowed, tuple):
        return ", ".join(allowed) or None
    return allowed


def present(*pairs: tuple[str, str | None]) -> HeaderList:
    """The header lines that have a value."""
    return tuple((name, value) for name, value in pairs if value is not None)


def replaced_by(headers: HeaderList, own: HeaderList) -> HeaderList:
    """A middleware's header lines as an application leaves them that sets its own after it.

    What the application says itself stands where the middleware's line of that name stood.
    """
    written: HeaderList = ()
    for name, value in headers:
        written += tuple(p for p in own if p[0].lower() == name) or ((name, value),)
    names = {name for name, _ in headers}
    return written + tuple(pair for pair in own if pair[0].lower() not in names)


def overridden_by(headers: HeaderList, own: HeaderList) -> HeaderList:
    """As `replaced_by`, but that the application's Vary is added to the middleware's.

    As npm's `vary` does it: where one of both is `*`, that is all.
    """
    if not contains(headers, VARY):
        return replaced_by(headers, own)
    varied = split_value(get(own, VARY) or "")
    headers = replaced_by(headers, delete(own, VARY))
    if WILDCARD in varied:
        return set_header(headers, VARY, WILDCARD)
    return add_to_vary(headers, filter(None, varied))


def is_cors_response_header_name(name: str) -> bool:
    """Whether a response header belongs to the CORS protocol or one of its extensions."""
    return name.lower().startswith("access-control-")


def without_cors_headers(headers: HeaderList) -> HeaderList:
    """The header list without what an application said about CORS itself."""
    return tuple(pair for pair in headers if not is_cors_response_header_name(pair[0]))


def add_to_vary(headers: HeaderList, field_names: Iterable[str]) -> HeaderList:
    """Name request headers in Vary; what it names already stays and is not repeated."""
    for field_name in field_names:
        varied = {token.lower() for token in split_value(get(headers, VARY) or "")}
        if "*" in varied or field_name.lower() in varied:
            continue
        known = get(headers, VARY)
        add = combine if known else append
        headers = add(headers, VARY, field_name)
    return headers
