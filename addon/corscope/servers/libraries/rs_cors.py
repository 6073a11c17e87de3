"""How does a Go server answer with rs/cors?

Up to 1.7 as `rs_cors_1_7` says. Since 1.11, https://github.com/rs/cors/blob/v1.11.1/cors.go takes a
preflight as a browser sends it: methods are compared as they are, names have to be sorted, and what
is allowed is sent back as it came, line for line. 1.11.1 was compared on 2026-12-01 with what the
tests ask of 1.7.0; no test runs it, as no registry that is used has it.
"""

import re
from itertools import pairwise
from string import ascii_letters, digits
from typing import Final

from corscope.fetch.headers import values
from corscope.messages import HeaderList, Request, Response
from corscope.servers.answer import Answer
from corscope.servers.dialect import Dialect, Evidence, Export, Setting
from corscope.servers.forwarded import forwarded_by
from corscope.servers.languages.go import (
    added_to,
    code_with_imports,
    listed,
    origin_function,
    sorted_by_name,
    struct,
)
from corscope.servers.libraries.rs_cors_1_7 import (
    DEFAULT_METHODS,
    SURPRISES,
    VARY_LINES,
    Variant,
    actual,
    allowed_origin,
    complaints,
    further,
    options_of,
    preflight,
)
from corscope.servers.own_vary import REPLACES_VARY
from corscope.servers.parts import (
    ALLOW_CREDENTIALS,
    ALLOW_HEADERS,
    ALLOW_METHODS,
    ALLOW_ORIGIN,
    MAX_AGE,
    ORIGIN,
    REQUEST_HEADERS,
    REQUEST_METHOD,
    VARY,
    is_sendable,
    present,
)
from corscope.servers.policy import ECHO, WILDCARD, Policy

__all__ = ["RS_CORS"]

_1_7: Final = Variant(
    default_headers=("Origin", "Accept", "Content-Type", "X-Requested-With"),
    name_characters=frozenset(f"{ascii_letters}{digits}-_"),
    word_ends="-_",
)
_SINCE_1_11: Final = "1.11"
_VERSION: Final = Setting(
    "version",
    "string",
    "1.7",
    "how it answers: an rs/cors of today as 1.11.",
    choices=("1.7", _SINCE_1_11),
)
_SMALL_DEFAULT_HEADERS: Final = frozenset({"accept", "content-type", "x-requested-with"})
_VARY_IN_ONE: Final = (VARY, ", ".join(name for _, name in VARY_LINES))
_NAME: Final = re.compile(r"[ \t]?([^ \t](?:.*[^ \t])?)?[ \t]?")  # one blank on either side
_EMPTY_NAMES: Final = 16


def _preflight(policy: Policy, request: Request) -> Answer | None:
    return _new_preflight(policy, request) if _is_new(policy) else preflight(policy, request, _1_7)


def _actual(policy: Policy, request: Request, response: Response) -> Response:
    return (_new_actual if _is_new(policy) else actual)(policy, request, response)


def _is_new(policy: Policy) -> bool:
    return _VERSION.of(policy) == _SINCE_1_11


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
    headers: HeaderList = VARY_LINES[:1]
    origins = _new_allow_origin(policy, request)
    if origins and request.method in _new_methods(policy):
        headers += (*((ALLOW_ORIGIN, each) for each in origins), *further(policy))
    return Response(response.status, added_to(policy, headers, response.headers))


def _lines(request: Request, name: str) -> list[str]:
    return [value for value in values(request.headers, name) if is_sendable(value)]


def _new_allow_origin(policy: Policy, request: Request) -> list[str]:
    """The lines to send; none where the first line's origin isn't allowed."""
    lines = _lines(request, ORIGIN)
    allowed = allowed_origin(policy, lines[0] if lines else None)
    return [WILDCARD] if allowed == WILDCARD else lines if allowed else []


def _new_methods(policy: Policy) -> set[str]:
    return {"OPTIONS", *(listed(policy.allow_methods) or DEFAULT_METHODS)}


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


def _export(policy: Policy) -> Export:
    options = options_of(policy, origin_function(policy))
    text = (
        f"// With github.com/rs/cors v{_VERSION.of(policy)} in go.mod.\n"
        f"handler = cors.New({struct('cors.Options', options)}).Handler(handler)\n"
    )
    return Export("main.go", code_with_imports(text, options, "github.com/rs/cors"))


RS_CORS = Dialect(
    name="rs-cors",
    title="Go (rs/cors)",
    version="rs/cors 1.7.0",
    source="https://github.com/rs/cors",
    evidence=Evidence.PROVED,
    preflight=_preflight,
    actual=_actual,
    complaints=complaints,
    defaults=Policy(
        allow_origins=WILDCARD, allow_methods=DEFAULT_METHODS, allow_headers=_1_7.default_headers
    ),
    export=_export,
    forwarded=forwarded_by(_preflight, added_to),
    settings=(REPLACES_VARY, _VERSION),
    surprises=(
        *SURPRISES,
        'rs/cors 1.11 answers otherwise, as `version = "1.11"` does: 204, one `Vary` line, the '
        "headers as they were asked for, and those only if they come as browsers send them, sorted "
        "and in lower case.",
    ),
)
