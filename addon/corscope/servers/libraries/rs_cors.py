"""How does a Go server answer with rs/cors, and so with chi/cors, which descends from it?

Follows https://github.com/rs/cors/blob/v1.7.0/cors.go. A preflight is looked at closely: what isn't
allowed leaves it with nothing but `Vary`, and the same holds for an actual request's method.

Since 1.11, https://github.com/rs/cors/blob/v1.11.1/cors.go takes a preflight as a browser sends it:
methods are compared as they are, names have to be sorted, and what is allowed is sent back as it
came, line for line. 1.11.1 was compared on 2026-12-01 with what the tests ask of 1.7.0; no test
runs it, as no registry that is used has it.
"""

import re
from itertools import pairwise
from string import ascii_letters, digits
from typing import Final

from corscope.fetch.headers import values
from corscope.messages import HeaderList, Request, Response
from corscope.servers.answer import Answer
from corscope.servers.complaints import regex_complaints, value_complaints
from corscope.servers.dialect import Complaint, Dialect, Evidence, Export, Setting
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
    is_sendable,
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


_SINCE_1_11: Final = "1.11"
_VERSION: Final = Setting(
    "version",
    "string",
    "1.7",
    "how it answers: chi/cors as rs/cors 1.7, an rs/cors of today as 1.11.",
    choices=("1.7", _SINCE_1_11),
)
_SMALL_DEFAULT_HEADERS: Final = frozenset({"accept", "content-type", "x-requested-with"})
_VARY_IN_ONE: Final = (VARY, ", ".join(name for _, name in _VARY))
_NAME: Final = re.compile(r"[ \t]?([^ \t](?:.*[^ \t])?)?[ \t]?")  # one blank on either side
_EMPTY_NAMES: Final = 16


def _preflight(policy: Policy, request: Request) -> Answer | None:
    return (_new_preflight if _is_new(policy) else _old_preflight)(policy, request)


def _actual(policy: Policy, request: Request, response: Response) -> Response:
    return (_new_actual if _is_new(policy) else _old_actual)(policy, request, response)


def _is_new(policy: Policy) -> bool:
    return _VERSION.of(policy) == _SINCE_1_11


@reading_first
def _old_preflight(policy: Policy, request: Request) -> Answer | None:
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


@reading_first
def _old_actual(policy: Policy, request: Request, response: Response) -> Response:
    headers: HeaderList = _VARY[:1]
    allowed = _allow_origin(policy, request)
    if allowed is not None and _allows_method(policy, request.method):
        headers += ((ALLOW_ORIGIN, allowed), *_further(policy))
    return Response(response.status, added_to(policy, headers, response.headers))


def _further(policy: Policy) -> HeaderList:
    return present(
        (EXPOSE_HEADERS, ", ".join(map(canonical, listed(policy.expose_headers))) or None),
        (ALLOW_CREDENTIALS, "true" if policy.allow_credentials else None),
    )


def _new_preflight(policy: Policy, request: Request) -> Answer | None:
    methods = _lines(request, REQUEST_METHOD)
    if request.method != "OPTIONS" or not methods or not methods[0]:
        return None
    origins, names = _new_allow_origin(policy, request), _lines(request, REQUEST_HEADERS)
    is_allowed = origins and methods[0] in _new_methods(policy) and _accepts(policy, names)
    if not is_allowed:
        return Answer(204, (_VARY_IN_ONE,))
    seconds = policy.max_age or 0
    headers = (
        *((ALLOW_ORIGIN, each) for each in origins),
        *((ALLOW_METHODS, each) for each in methods),
        *((ALLOW_HEADERS, each) for each in names if names[0]),
        *present(
            (ALLOW_CREDENTIALS, "true" if policy.allow_credentials else None),
            (MAX_AGE, str(max(seconds, 0)) if seconds else None),
        ),
        _VARY_IN_ONE,
    )
    return Answer(204, sorted_by_name(headers))


def _new_actual(policy: Policy, request: Request, response: Response) -> Response:
    headers: HeaderList = _VARY[:1]
    origins = _new_allow_origin(policy, request)
    if origins and request.method in _new_methods(policy):
        headers += (*((ALLOW_ORIGIN, each) for each in origins), *_further(policy))
    return Response(response.status, added_to(policy, headers, response.headers))


def _lines(request: Request, name: str) -> list[str]:
    return [value for value in values(request.headers, name) if is_sendable(value)]


def _new_allow_origin(policy: Policy, request: Request) -> list[str]:
    """The lines to send; none where the first line's origin isn't allowed."""
    lines = _lines(request, ORIGIN)
    allowed = _allowed(policy, lines[0] if lines else None)
    return [WILDCARD] if allowed == WILDCARD else lines if allowed else []


def _new_methods(policy: Policy) -> set[str]:
    return {"OPTIONS", *(listed(policy.allow_methods) or _DEFAULT_METHODS)}


def _accepts(policy: Policy, lines: list[str]) -> bool:
    """Whether all names are listed, and in their order, with a blank around each at most."""
    given = listed(policy.allow_headers)
    if policy.allow_headers == ECHO or WILDCARD in given:
        return True
    found = [_NAME.fullmatch(each) for line in lines for each in line.split(",")]
    names = [match[1] for match in found if match and match[1]]
    known = {each.lower() for each in given} or _SMALL_DEFAULT_HEADERS
    is_sorted = all(name < later for name, later in pairwise(names))
    return (
        None not in found
        and known.issuperset(names)
        and is_sorted
        and len(found) - len(names) <= _EMPTY_NAMES
    )


def _allow_origin(policy: Policy, request: Request) -> str | None:
    return _allowed(policy, echoed(request, ORIGIN))


def _allowed(policy: Policy, origin: str | None) -> str | None:
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
    text = (
        f"// With github.com/rs/cors v{_VERSION.of(policy)} in go.mod.\n"
        f"handler = cors.New({struct('cors.Options', options)}).Handler(handler)\n"
    )
    return Export("main.go", code_with_imports(text, options, "github.com/rs/cors"))


RS_CORS = Dialect(
    name="rs-cors",
    title="Go (rs/cors, chi/cors)",
    version="rs/cors 1.7.0",
    source="https://github.com/rs/cors",
    evidence=Evidence.PROVED,
    preflight=_preflight,
    actual=_actual,
    complaints=_complaints,
    defaults=Policy(
        allow_origins=WILDCARD, allow_methods=_DEFAULT_METHODS, allow_headers=_DEFAULT_HEADERS
    ),
    export=_export,
    forwarded=forwarded_by(_preflight, added_to),
    settings=(REPLACES_VARY, _VERSION),
    surprises=(
        "A preflight that isn't allowed is answered 200, with nothing but `Vary`.",
        "Only the method that was asked for is sent back, not the list.",
        "An empty list is an unset one: no origins means all of them.",
        "A method that isn't allowed loses the headers on the actual request too.",
        "`*` in an origin stands for anything, so that https://*.example.com also allows "
        "deeper subdomains; origins are compared without regard to case.",
        "A function for origins makes it ignore the list of origins.",
        "`*` among the methods is a method of that name, and no wildcard.",
        'rs/cors 1.11 answers otherwise, as `version = "1.11"` does: 204, one `Vary` line, the '
        "headers as they were asked for, and those only if they come as browsers send them, sorted "
        "and in lower case.",
    ),
)
