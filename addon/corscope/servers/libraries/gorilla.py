"""How does a Go server answer with gorilla/handlers?

Follows https://github.com/gorilla/handlers/blob/v1.5.1/cors.go. A preflight names what is wrong by
its status: 400 without a method, 405 for the method, 403 for a header; but 200, and nothing else,
for an origin.
"""

from typing import Final

from corscope.fetch.headers import contains
from corscope.messages import HeaderList, Request, Response
from corscope.servers.answer import Answer
from corscope.servers.complaints import regex_complaints, status_complaints, value_complaints
from corscope.servers.dialect import Complaint, Dialect, Evidence, Export, Setting
from corscope.servers.languages.go import (
    added_to,
    canonical,
    code_with_imports,
    function_complaints,
    is_matched,
    listed,
    literal,
    origin_function,
    sorted_by_name,
    trimmed,
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

__all__ = ["GORILLA"]

_SIMPLE_METHODS: Final = ("GET", "HEAD", "POST")
_SAFELISTED: Final = ("Accept", "Accept-Language", "Content-Language", "Origin")
_LONGEST_MAX_AGE: Final = 600
_STATUS: Final = Setting(
    "option_status_code", "integer", 200, "the status of the answer to an allowed preflight."
)


def _preflight(policy: Policy, request: Request) -> Answer | None:
    if request.method != "OPTIONS":
        return None
    allowed = _allow_origin(policy, request)
    if allowed is None:
        return Answer(200)
    if not contains(request.headers, REQUEST_METHOD):
        return Answer(400)
    method = echoed(request, REQUEST_METHOD) or ""
    if method not in _allowed_methods(policy):
        return Answer(405)
    names = _asked_names(request)
    if not set(names) <= set(map(canonical, listed(policy.allow_headers))):
        return Answer(403)
    age = min(policy.max_age or 0, _LONGEST_MAX_AGE)
    headers = present(
        (ALLOW_HEADERS, ",".join(names) or None),
        (MAX_AGE, str(age) if age > 0 else None),
        (ALLOW_METHODS, None if method in _SIMPLE_METHODS else method),
    )
    status = _STATUS.of(policy)
    assert isinstance(status, int)
    return Answer(status, sorted_by_name(headers + _for_all(policy, allowed)))


def _actual(policy: Policy, request: Request, response: Response) -> Response:
    allowed = _allow_origin(policy, request)
    if allowed is None:
        return Response(response.status, sorted_by_name(response.headers))
    exposed = dict.fromkeys(map(canonical, listed(policy.expose_headers)))
    headers = present((EXPOSE_HEADERS, ",".join(exposed) or None)) + _for_all(policy, allowed)
    return Response(response.status, added_to(policy, headers, response.headers))


def _for_all(policy: Policy, allowed: str) -> HeaderList:
    is_list = WILDCARD not in _origins(policy) and len(_origins(policy)) > 1
    return present(
        (ALLOW_CREDENTIALS, "true" if policy.allow_credentials else None),
        (VARY, "Origin" if is_list else None),
        (ALLOW_ORIGIN, allowed),
    )


def _allow_origin(policy: Policy, request: Request) -> str | None:
    origin = echoed(request, ORIGIN)
    if not origin:
        return None
    if policy.allow_origins == ECHO or policy.allow_origin_regex is not None:
        return origin if is_matched(policy, origin) else None
    origins = _origins(policy)
    if not origins or WILDCARD in origins:
        return WILDCARD
    return origin if origin in origins else None


def _origins(policy: Policy) -> tuple[str, ...]:
    return () if policy.allow_origins == ECHO else listed(policy.allow_origins)


def _allowed_methods(policy: Policy) -> tuple[str, ...]:
    if policy.allow_methods is None:
        return _SIMPLE_METHODS
    return tuple(method.upper() for method in listed(policy.allow_methods))


def _asked_names(request: Request) -> list[str]:
    """The headers asked for, but those that are always allowed."""
    asked = (echoed(request, REQUEST_HEADERS) or "").split(",")
    names = [canonical(trimmed(name)) for name in asked]
    return [name for name in names if name and name not in _SAFELISTED]


def _complaints(policy: Policy) -> tuple[Complaint, ...]:
    return (
        *value_complaints(policy),
        *regex_complaints(policy, RE2),
        *function_complaints(policy),
        *status_complaints(policy, _STATUS),
    )


def _export(policy: Policy) -> Export:
    function = origin_function(policy)
    methods, status = policy.allow_methods, _STATUS.of(policy)
    options = {
        "AllowedOrigins": None if function else _origins(policy) or None,
        "AllowedOriginValidator": function,
        "AllowedMethods": None if methods is None else listed(methods),
        "AllowedHeaders": listed(policy.allow_headers) or None,
        "ExposedHeaders": listed(policy.expose_headers) or None,
        "MaxAge": policy.max_age or None,
        "OptionStatusCode": None if status == _STATUS.default else status,
    }
    calls = [f"{n}({literal(value)})" for n, value in options.items() if value is not None]
    calls += ["AllowCredentials()"] if policy.allow_credentials else []
    given = "".join(f"\thandlers.{call},\n" for call in calls)
    text = f"handler = handlers.CORS({given and f'{chr(10)}{given}'})(handler)\n"
    warned = ("preflights are answered here, not forwarded",) if policy.forward_preflight else ()
    code = code_with_imports(text, options, "github.com/gorilla/handlers")
    return Export("main.go", code, warned)


GORILLA = Dialect(
    name="gorilla",
    title="Go (gorilla/handlers)",
    version="gorilla/handlers 1.5.1",
    source="https://github.com/gorilla/handlers",
    evidence=Evidence.PROVED,
    preflight=reading_first(_preflight),
    actual=reading_first(_actual),
    complaints=_complaints,
    defaults=Policy(
        allow_origins=WILDCARD, allow_methods=_SIMPLE_METHODS, allow_headers=_SAFELISTED
    ),
    export=_export,
    settings=(_STATUS, REPLACES_VARY),
    surprises=(
        "Every OPTIONS is answered, one of another origin by a bare 200.",
        "A method that isn't allowed gets 405, a header 403, and neither has CORS headers.",
        "Access-Control-Allow-Methods is left out for GET, HEAD and POST.",
        "Content-Type isn't among the headers allowed by default.",
        "`Vary` is set only where two origins or more are listed.",
        "A max-age above 600 becomes 600.",
        "`*` among methods or headers is a name like any other, and no wildcard.",
    ),
)
