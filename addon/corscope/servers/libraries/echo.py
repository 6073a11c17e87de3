"""How does Echo answer with its CORS middleware?

Follows https://github.com/labstack/echo/blob/v4.2.1/middleware/cors.go. Every OPTIONS is a
preflight; an origin that isn't allowed gets its 204 without CORS headers.
"""

import re
from typing import Final

from corscope.messages import HeaderList, Request, Response
from corscope.servers.answer import Answer
from corscope.servers.complaints import regex_complaints, value_complaints
from corscope.servers.dialect import Complaint, Dialect, Evidence, Export
from corscope.servers.languages.go import (
    added_to,
    code_with_imports,
    function_complaints,
    is_matched,
    listed,
    origin_function,
    sorted_by_name,
    struct,
)
from corscope.servers.own_vary import REPLACES_VARY
from corscope.servers.parts import (
    ALLOW_CREDENTIALS,
    ALLOW_HEADERS,
    ALLOW_METHODS,
    ALLOW_ORIGIN,
    EXPOSE_HEADERS,
    MAX_AGE,
    ORIGIN,
    REQUEST_HEADERS,
    VARY,
    echoed,
    present,
)
from corscope.servers.patterns.origins import matches_regex
from corscope.servers.patterns.regexes import RE2
from corscope.servers.policy import ECHO, WILDCARD, Policy
from corscope.servers.repeated import reading_first

__all__ = ["ECHO_GO"]

_DEFAULT_METHODS: Final = ("GET", "HEAD", "PUT", "PATCH", "POST", "DELETE")
_LONGEST_HOST: Final = 253
_VARY: Final = (
    (VARY, "Origin"),
    (VARY, "Access-Control-Request-Method"),
    (VARY, "Access-Control-Request-Headers"),
)


def _preflight(policy: Policy, request: Request) -> Answer | None:
    if request.method != "OPTIONS":
        return None
    allowed = _allow_origin(policy, request)
    if allowed is None:
        return Answer(204, _VARY[:1])
    names = () if policy.allow_headers == ECHO else listed(policy.allow_headers)
    headers = present(
        (ALLOW_CREDENTIALS, "true" if policy.allow_credentials else None),
        (ALLOW_HEADERS, ",".join(names) or echoed(request, REQUEST_HEADERS) or None),
        (ALLOW_METHODS, ",".join(listed(policy.allow_methods) or _DEFAULT_METHODS)),
        (ALLOW_ORIGIN, allowed),
        (MAX_AGE, str(policy.max_age) if (policy.max_age or 0) > 0 else None),
    )
    return Answer(204, sorted_by_name(headers + _VARY))


def _actual(policy: Policy, request: Request, response: Response) -> Response:
    headers: HeaderList = _VARY[:1]
    allowed = _allow_origin(policy, request)
    if allowed is not None:
        headers += present(
            (ALLOW_ORIGIN, allowed),
            (ALLOW_CREDENTIALS, "true" if policy.allow_credentials else None),
            (EXPOSE_HEADERS, ",".join(listed(policy.expose_headers)) or None),
        )
    return Response(response.status, added_to(policy, headers, response.headers))


def _allow_origin(policy: Policy, request: Request) -> str | None:
    origin = echoed(request, ORIGIN)
    if not origin:
        return None
    if policy.allow_origins == ECHO or policy.allow_origin_regex is not None:
        return origin if is_matched(policy, origin) else None
    for each in listed(policy.allow_origins) or (WILDCARD,):
        if each == WILDCARD:
            return origin if policy.allow_credentials else WILDCARD
        if each == origin or _is_subdomain(origin, each):
            return origin
    return origin if _matches_any(origin, listed(policy.allow_origins)) else None


def _is_subdomain(origin: str, pattern: str) -> bool:
    """Labels are compared from the end; where the pattern's is `*`, the rest may be anything."""
    scheme, separator, authority = origin.partition("://")
    wanted, wanted_separator, wanted_authority = pattern.partition("://")
    if not (separator and wanted_separator) or len(authority) > _LONGEST_HOST:
        return False
    if scheme.partition(":")[0] != wanted.partition(":")[0]:
        return False
    labels, patterns = authority.split(".")[::-1], wanted_authority.split(".")[::-1]
    if WILDCARD not in patterns:
        return False
    fixed = patterns.index(WILDCARD)
    return len(labels) > fixed and labels[:fixed] == patterns[:fixed]


def _matches_any(origin: str, patterns: tuple[str, ...]) -> bool:
    """As globs: `*` stands for anything, `?` for one character."""
    _, separator, authority = origin.partition("://")
    if not separator or len(authority) > _LONGEST_HOST:
        return False
    return any(
        matches_regex(re.escape(each).replace(r"\*", ".*").replace(r"\?", "."), origin, "fullmatch")
        for each in patterns
    )


def _complaints(policy: Policy) -> tuple[Complaint, ...]:
    return (
        *value_complaints(policy, echo=("allow_headers",)),
        *regex_complaints(policy, RE2, at_start=False),
        *function_complaints(policy),
    )


def _export(policy: Policy) -> Export:
    function = origin_function(policy)
    headers = None if policy.allow_headers == ECHO else policy.allow_headers
    options = {
        "AllowOrigins": None if function else listed(policy.allow_origins) or None,
        "AllowOriginFunc": function and function.returning_error(),
        "AllowMethods": listed(policy.allow_methods) or None,
        "AllowHeaders": listed(headers) or None,
        "AllowCredentials": policy.allow_credentials or None,
        "ExposeHeaders": listed(policy.expose_headers) or None,
        "MaxAge": policy.max_age or None,
    }
    config = struct("middleware.CORSConfig", options)
    text = f"e.Use(middleware.CORSWithConfig({config}))\n"
    warned = ("preflights are answered here, not forwarded",) if policy.forward_preflight else ()
    code = code_with_imports(text, options, "github.com/labstack/echo/v4/middleware")
    return Export("main.go", code, warned)


ECHO_GO = Dialect(
    name="echo",
    title="Echo (middleware.CORS)",
    version="echo 4.2.1",
    source="https://echo.labstack.com/docs/middleware/cors",
    evidence=Evidence.PROVED,
    preflight=reading_first(_preflight),
    actual=reading_first(_actual),
    complaints=_complaints,
    defaults=Policy(allow_origins=WILDCARD, allow_methods=_DEFAULT_METHODS, allow_headers=ECHO),
    export=_export,
    settings=(REPLACES_VARY,),
    surprises=(
        "Every OPTIONS is answered 204, also one without Origin.",
        "`*` with credentials sends back whatever origin asks: all sites may use the cookies.",
        "An empty list is an unset one: no origins means all of them.",
        "In an origin `*` stands for anything, and `?` for one character.",
        "A function for origins makes it ignore the list of origins.",
        "A max-age of 0 isn't sent.",
    ),
)
