"""How does a Go server answer with rs/cors, and so with chi/cors, which descends from it?

Follows https://github.com/rs/cors/blob/v1.7.0/cors.go. A preflight is looked at closely: what isn't
allowed leaves it with nothing but `Vary`, and the same holds for an actual request's method.
"""

from string import ascii_letters, digits
from typing import Final

from corscope.messages import HeaderList, Request, Response
from corscope.servers.answer import Answer
from corscope.servers.complaints import regex_complaints, value_complaints
from corscope.servers.dialect import Complaint, Dialect, Evidence, Export
from corscope.servers.forwarded import forwarded_by
from corscope.servers.languages.go import (
    added_to,
    canonical,
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
    REQUEST_METHOD,
    VARY,
    echoed,
    present,
)
from corscope.servers.patterns.regexes import RE2
from corscope.servers.policy import ECHO, WILDCARD, Policy
from corscope.servers.repeated import reading_first

__all__ = ["RS_CORS"]

_DEFAULT_METHODS: Final = ("GET", "POST", "HEAD")
_DEFAULT_HEADERS: Final = ("Origin", "Accept", "Content-Type", "X-Requested-With")
_OF_A_NAME: Final = frozenset(f"{ascii_letters}{digits}-_")
_VARY: Final = (
    (VARY, "Origin"),
    (VARY, "Access-Control-Request-Method"),
    (VARY, "Access-Control-Request-Headers"),
)


def _preflight(policy: Policy, request: Request) -> Answer | None:
    method = echoed(request, REQUEST_METHOD)
    if request.method != "OPTIONS" or not method:
        return None
    allowed = _allow_origin(policy, request)
    names = _header_names(echoed(request, REQUEST_HEADERS) or "")
    if allowed is None or not (_allows_method(policy, method) and _allows_names(policy, names)):
        return Answer(200, _VARY)
    headers = present(
        (ALLOW_ORIGIN, allowed),
        (ALLOW_METHODS, method.upper()),
        (ALLOW_HEADERS, ", ".join(names) or None),
        (ALLOW_CREDENTIALS, "true" if policy.allow_credentials else None),
        (MAX_AGE, str(policy.max_age) if (policy.max_age or 0) > 0 else None),
    )
    return Answer(200, sorted_by_name(headers + _VARY))


def _actual(policy: Policy, request: Request, response: Response) -> Response:
    headers: HeaderList = _VARY[:1]
    allowed = _allow_origin(policy, request)
    if allowed is not None and _allows_method(policy, request.method):
        headers += present(
            (ALLOW_ORIGIN, allowed),
            (EXPOSE_HEADERS, ", ".join(map(canonical, listed(policy.expose_headers))) or None),
            (ALLOW_CREDENTIALS, "true" if policy.allow_credentials else None),
        )
    return Response(response.status, added_to(policy, headers, response.headers))


def _allow_origin(policy: Policy, request: Request) -> str | None:
    origin = echoed(request, ORIGIN)
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
    allowed = listed(policy.allow_methods) or _DEFAULT_METHODS
    return method.upper() in {"OPTIONS", *(each.upper() for each in allowed)}


def _allows_names(policy: Policy, names: list[str]) -> bool:
    given = listed(policy.allow_headers)
    if policy.allow_headers == ECHO or WILDCARD in given:
        return True
    allowed = {*map(canonical, given), "Origin"} if given else set(_DEFAULT_HEADERS)
    return allowed.issuperset(map(canonical, names))


def _header_names(asked: str) -> list[str]:
    """The names asked for, in capitals as it writes them; what isn't of a name is dropped.

    A capital stands where a word begins and behind `-` and `_`, but not where all of the word
    before was dropped.
    """
    names: list[str] = []
    name, is_capital = "", True
    for each in asked:
        if each in " ,":
            if name:
                names.append(name)
                name, is_capital = "", True
            continue
        if each in _OF_A_NAME:
            name += each.upper() if is_capital else each.lower()
        is_capital = each in "-_"
    return [*names, name] if name else names


def _complaints(policy: Policy) -> tuple[Complaint, ...]:
    return (
        *value_complaints(policy, echo=("allow_headers",)),
        *regex_complaints(policy, RE2),
        *function_complaints(policy),
    )


def _export(policy: Policy) -> Export:
    function = origin_function(policy)
    headers = policy.allow_headers
    options = {
        "AllowedOrigins": None if function else listed(policy.allow_origins) or None,
        "AllowOriginFunc": function,
        "AllowedMethods": listed(policy.allow_methods) or None,
        "AllowedHeaders": listed(WILDCARD if headers == ECHO else headers) or None,
        "ExposedHeaders": listed(policy.expose_headers) or None,
        "AllowCredentials": policy.allow_credentials or None,
        "MaxAge": policy.max_age or None,
        "OptionsPassthrough": policy.forward_preflight or None,
    }
    text = f"handler = cors.New({struct('cors.Options', options)}).Handler(handler)\n"
    return Export("main.go", code_with_imports(text, options, "github.com/rs/cors"))


RS_CORS = Dialect(
    name="rs-cors",
    title="Go (rs/cors, chi/cors)",
    version="rs/cors 1.7.0",
    source="https://github.com/rs/cors",
    evidence=Evidence.PROVED,
    preflight=reading_first(_preflight),
    actual=reading_first(_actual),
    complaints=_complaints,
    defaults=Policy(
        allow_origins=WILDCARD, allow_methods=_DEFAULT_METHODS, allow_headers=_DEFAULT_HEADERS
    ),
    export=_export,
    forwarded=reading_first(forwarded_by(_preflight, added_to)),
    settings=(REPLACES_VARY,),
    surprises=(
        "A preflight that isn't allowed is answered 200, with nothing but `Vary`.",
        "Only the method that was asked for is sent back, not the list.",
        "An empty list is an unset one: no origins means all of them.",
        "A method that isn't allowed loses the headers on the actual request too.",
        "`*` in an origin stands for anything, so that https://*.example.com also allows "
        "deeper subdomains; origins are compared without regard to case.",
        "A function for origins makes it ignore the list of origins.",
        "`*` among the methods is a method of that name, and no wildcard.",
        "rs/cors 1.11 answers otherwise: 204, one `Vary` line, the headers as they were asked for, "
        "and those only if they come as browsers send them: sorted, in lower case, without spaces.",
    ),
)
