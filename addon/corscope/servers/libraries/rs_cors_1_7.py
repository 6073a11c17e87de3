"""How does rs/cors 1.7 answer, and chi/cors, which descends from it?

Follows https://github.com/rs/cors/blob/v1.7.0/cors.go and
https://github.com/go-chi/cors/blob/v1.2.1/cors.go. A preflight is looked at closely: what isn't
allowed leaves it with nothing but `Vary`, and the same holds for an actual request's method.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from corscope.messages import HeaderList, Request, Response
from corscope.servers.answer import Answer
from corscope.servers.complaints import regex_complaints, value_complaints
from corscope.servers.dialect import Complaint
from corscope.servers.languages.go import (
    Code,
    added_to,
    canonical,
    function_complaints,
    is_matched,
    listed,
    sorted_by_name,
)
from corscope.servers.parts import (
    ALLOW_CREDENTIALS,
    ALLOW_HEADERS,
    ALLOW_METHODS,
    ALLOW_ORIGIN,
    EXPOSE_HEADERS,
    MAX_AGE,
    ORIGIN,
    REQUEST_HEADERS,
    REQUEST_METHOD,
    VARY,
    echoed,
    present,
)
from corscope.servers.patterns.regexes import RE2
from corscope.servers.policy import ECHO, WILDCARD, Policy
from corscope.servers.repeated import reading_first

__all__ = [
    "DEFAULT_METHODS",
    "SURPRISES",
    "VARY_LINES",
    "Variant",
    "actual",
    "allowed_origin",
    "complaints",
    "further",
    "options_of",
    "preflight",
]

DEFAULT_METHODS: Final = ("GET", "POST", "HEAD")
VARY_LINES: Final = (
    (VARY, "Origin"),
    (VARY, "Access-Control-Request-Method"),
    (VARY, "Access-Control-Request-Headers"),
)

SURPRISES: Final = (
    "A preflight that isn't allowed is answered 200, with nothing but `Vary`.",
    "Only the method that was asked for is sent back, not the list.",
    "An empty list is an unset one: no origins means all of them.",
    "A method that isn't allowed loses the headers on the actual request too.",
    "`*` in an origin stands for anything, so that https://*.example.com also allows deeper "
    "subdomains; origins are compared without regard to case.",
    "A function for origins makes it ignore the list of origins.",
    "`*` among the methods is a method of that name, and no wildcard.",
)


@dataclass(frozen=True, slots=True)
class Variant:
    """What each of the two has its own way.

    Attributes:
        default_headers: what is allowed where no headers are listed.
        name_characters: what is kept of a header's name that is asked for.
        word_ends: behind which of these a word begins, with a capital.
    """

    default_headers: tuple[str, ...]
    name_characters: frozenset[str]
    word_ends: str


@reading_first
def preflight(policy: Policy, request: Request, variant: Variant) -> Answer | None:
    """The answer to a preflight; None if it isn't one."""
    method = echoed(request, REQUEST_METHOD)
    if request.method != "OPTIONS" or not method:
        return None
    allowed = _allow_origin(policy, request)
    names = _header_names(echoed(request, REQUEST_HEADERS) or "", variant)
    if allowed is None or not (
        _allows_method(policy, method) and _allows_names(policy, names, variant)
    ):
        return Answer(200, VARY_LINES)
    headers = present(
        (ALLOW_ORIGIN, allowed),
        (ALLOW_METHODS, method.upper()),
        (ALLOW_HEADERS, ", ".join(names) or None),
        (ALLOW_CREDENTIALS, "true" if policy.allow_credentials else None),
        (MAX_AGE, str(policy.max_age) if (policy.max_age or 0) > 0 else None),
    )
    return Answer(200, sorted_by_name(headers + VARY_LINES))


@reading_first
def actual(policy: Policy, request: Request, response: Response) -> Response:
    """The answer to another request."""
    headers: HeaderList = VARY_LINES[:1]
    allowed = _allow_origin(policy, request)
    if allowed is not None and _allows_method(policy, request.method):
        headers += ((ALLOW_ORIGIN, allowed), *further(policy))
    return Response(response.status, added_to(policy, headers, response.headers))


def further(policy: Policy) -> HeaderList:
    """What an allowed actual request gets beside the origin."""
    return present(
        (EXPOSE_HEADERS, ", ".join(map(canonical, listed(policy.expose_headers))) or None),
        (ALLOW_CREDENTIALS, "true" if policy.allow_credentials else None),
    )


def _allow_origin(policy: Policy, request: Request) -> str | None:
    return allowed_origin(policy, echoed(request, ORIGIN))


def allowed_origin(policy: Policy, origin: str | None) -> str | None:
    """What is sent to an origin, that or a wildcard; None if it isn't allowed."""
    if not origin:
        return None
    if policy.allow_origins == ECHO or policy.allow_origin_regex is not None:
        return origin if is_matched(policy, origin) else None
    origins = [each.lower() for each in listed(policy.allow_origins)] or [WILDCARD]
    if WILDCARD in origins:
        return WILDCARD
    return origin if any(_matches(each, origin.lower()) for each in origins) else None


def _matches(listed_origin: str, origin: str) -> bool:
    """The first `*` stands for anything, slashes too; a further one for itself."""
    start, star, end = listed_origin.partition("*")
    if not star:
        return origin == start
    fits = len(origin) >= len(start) + len(end)
    return fits and origin.startswith(start) and origin.endswith(end)


def _allows_method(policy: Policy, method: str) -> bool:
    allowed = listed(policy.allow_methods) or DEFAULT_METHODS
    return method.upper() in {"OPTIONS", *(each.upper() for each in allowed)}


def _allows_names(policy: Policy, names: list[str], variant: Variant) -> bool:
    given = listed(policy.allow_headers)
    if policy.allow_headers == ECHO or WILDCARD in given:
        return True
    allowed = {*map(canonical, given), "Origin"} if given else set(variant.default_headers)
    return allowed.issuperset(map(canonical, names))


def _header_names(asked: str, variant: Variant) -> list[str]:
    """The names asked for, in capitals as it writes them; what isn't of a name is dropped.

    A capital stands where a word begins, but not where all of the word before was dropped.
    """
    names: list[str] = []
    name, is_capital = "", True
    for each in asked:
        if each in " ,":
            if name:
                names.append(name)
                name, is_capital = "", True
            continue
        if each in variant.name_characters:
            name += each.upper() if is_capital else each.lower()
        is_capital = each in variant.word_ends
    return [*names, name] if name else names


def complaints(policy: Policy) -> tuple[Complaint, ...]:
    """What neither can be told."""
    return (
        *value_complaints(policy, echo=("allow_headers",)),
        *regex_complaints(policy, RE2),
        *function_complaints(policy),
    )


def options_of(policy: Policy, function: Code | None) -> Mapping[str, object]:
    """The fields of `cors.Options`, with the function that tries an origin; None in unset ones."""
    headers = policy.allow_headers
    return {
        "AllowedOrigins": None if function else listed(policy.allow_origins) or None,
        "AllowOriginFunc": function,
        "AllowedMethods": listed(policy.allow_methods) or None,
        "AllowedHeaders": listed(WILDCARD if headers == ECHO else headers) or None,
        "ExposedHeaders": listed(policy.expose_headers) or None,
        "AllowCredentials": policy.allow_credentials or None,
        "MaxAge": policy.max_age or None,
        "OptionsPassthrough": policy.forward_preflight or None,
    }
