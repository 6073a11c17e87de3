"""How does Starlette's CORSMiddleware answer, and so FastAPI, which hands it on?

Follows https://github.com/Kludex/starlette/blob/1.10.0/starlette/middleware/cors.py. A preflight
that isn't allowed gets 400 and says in its body what was wrong; every other answer, whoever asked,
varies by Origin and tells of credentials and exposed headers.
"""

from typing import Final

from corscope.fetch.headers import contains, set_header, values
from corscope.messages import HeaderList, Request, Response
from corscope.servers.answer import Answer
from corscope.servers.complaints import MEND_REGEX, echo_and_regex_complaints, value_complaints
from corscope.servers.dialect import Complaint, Dialect, Evidence, Export, Setting
from corscope.servers.languages.python import call, listed, regex_literal
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
    is_cors_preflight_request,
    present,
)
from corscope.servers.patterns.origins import matches_regex, regex_error
from corscope.servers.policy import ECHO, WILDCARD, Policy
from corscope.servers.repeated import reading_first

__all__ = ["STARLETTE"]

_ALL_METHODS: Final = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY")
_DEFAULT_METHODS: Final = ("GET",)
_SAFELISTED: Final = {"Accept", "Accept-Language", "Content-Language", "Content-Type"}
_DEFAULT_MAX_AGE: Final = 600
_PREFLIGHT_VARY: Final = (
    "Origin, Access-Control-Request-Method, Access-Control-Request-Headers, "
    "Access-Control-Request-Private-Network"
)
_STRING_WARNING: Final = (
    "allow_origins is a string, so that any part of it is allowed as an Origin: make it a list."
)
_REQUEST_PRIVATE_NETWORK: Final = "access-control-request-private-network"
_PRIVATE_NETWORK: Final = Setting(
    "allow_private_network",
    "boolean",
    False,
    "whether preflights may ask with Access-Control-Request-Private-Network; else they get 400.",
)
_HANDLED_ERRORS: Final = Setting(
    "handled_errors",
    "boolean",
    True,
    "whether the application answers its errors itself; a 500 for an exception that nothing "
    "handles has no CORS headers.",
)


def _preflight(policy: Policy, request: Request) -> Answer | None:
    if not is_cors_preflight_request(request):
        return None
    any_header = _has_wildcard(policy.allow_headers) or policy.allow_headers == ECHO
    max_age = _DEFAULT_MAX_AGE if policy.max_age is None else policy.max_age
    private = contains(request.headers, _REQUEST_PRIVATE_NETWORK)
    is_open = _has_wildcard(policy.allow_origins) and not policy.allow_credentials
    headers = present(
        (VARY, _PREFLIGHT_VARY),
        (ALLOW_ORIGIN, WILDCARD if is_open else None),
        (ALLOW_METHODS, ", ".join(_methods(policy))),
        (MAX_AGE, str(max_age)),
        (ALLOW_HEADERS, None if any_header else ", ".join(_header_names(policy))),
        (ALLOW_CREDENTIALS, "true" if policy.allow_credentials else None),
        (ALLOW_ORIGIN, None if is_open else _allow_origin(policy, request)),
        (ALLOW_HEADERS, echoed(request, REQUEST_HEADERS) if any_header else None),
    )
    if private and _PRIVATE_NETWORK.of(policy):
        headers += (("access-control-allow-private-network", "true"),)
    failures = _failures(policy, request, any_header=any_header)
    headers += (("content-type", "text/plain; charset=utf-8"),)
    if failures:
        return Answer(400, headers, f"Disallowed CORS {', '.join(failures)}".encode())
    return Answer(200, headers, b"OK")


def _failures(policy: Policy, request: Request, *, any_header: bool) -> list[str]:
    """What of a preflight isn't allowed, in the server's own words."""
    asked = echoed(request, REQUEST_HEADERS)
    names = [] if asked is None or any_header else asked.lower().split(",")
    known = {name.lower() for name in _header_names(policy)}
    private = contains(request.headers, _REQUEST_PRIVATE_NETWORK)
    wrong = {
        "origin": _allow_origin(policy, request) is None,
        "method": echoed(request, REQUEST_METHOD) not in _methods(policy),
        "headers": any(name.strip() not in known for name in names),
        "private-network": private and not _PRIVATE_NETWORK.of(policy),
    }
    return [what for what, is_wrong in wrong.items() if is_wrong]


def _actual(policy: Policy, request: Request, response: Response) -> Response:
    if response.status == 500 and not _HANDLED_ERRORS.of(policy):
        return response
    headers = response.headers
    for name, value in _simple_headers(policy, request):
        headers = set_header(headers, name, value)
    vary = ", ".join([*values(headers, VARY), "Origin"])
    return Response(response.status, set_header(headers, VARY, vary))


def _simple_headers(policy: Policy, request: Request) -> HeaderList:
    if not contains(request.headers, ORIGIN):
        return ()
    allowed = _allow_origin(policy, request)
    headers = present(
        (ALLOW_ORIGIN, WILDCARD if _has_wildcard(policy.allow_origins) else None),
        (ALLOW_CREDENTIALS, "true" if policy.allow_credentials else None),
        (EXPOSE_HEADERS, ", ".join(listed(policy.expose_headers) or ()) or None),
    )
    return headers if allowed is None else set_header(headers, ALLOW_ORIGIN, allowed)


def _allow_origin(policy: Policy, request: Request) -> str | None:
    """The value of Access-Control-Allow-Origin; None if the origin is not allowed, or not sent."""
    origin = echoed(request, ORIGIN)
    if origin is None:
        return None
    if _has_wildcard(policy.allow_origins):
        return origin if policy.allow_credentials else WILDCARD
    if policy.allow_origins == ECHO or origin in (policy.allow_origins or ()):
        return origin
    pattern = policy.allow_origin_regex
    return origin if pattern is not None and matches_regex(pattern, origin, "fullmatch") else None


def _has_wildcard(names: str | tuple[str, ...] | None) -> bool:
    """Whether there is a `*` among the names, or in a string that stands in a list's place."""
    return WILDCARD in (names or ())


def _methods(policy: Policy) -> tuple[str, ...]:
    methods = listed(policy.allow_methods)
    if methods is None:
        return _DEFAULT_METHODS
    return _ALL_METHODS if WILDCARD in methods else methods


def _header_names(policy: Policy) -> list[str]:
    return sorted(_SAFELISTED | set(listed(policy.allow_headers) or ()))


def _complaints(policy: Policy) -> tuple[Complaint, ...]:
    complaints = [*value_complaints(policy, echo=("allow_headers",))]
    pattern = policy.allow_origin_regex
    if pattern is not None and (error := regex_error(pattern)):
        message = f"is no regular expression of Python's: {error}"
        complaints.append(Complaint("allow_origin_regex", message, MEND_REGEX, at_start=True))
    return (*complaints, *echo_and_regex_complaints(policy))


def _export(policy: Policy) -> Export:
    pattern = ".*" if policy.allow_origins == ECHO else policy.allow_origin_regex
    origins = None if policy.allow_origins == ECHO else policy.allow_origins
    headers = WILDCARD if policy.allow_headers == ECHO else policy.allow_headers
    options = {
        "allow_origins": listed(origins) if origins == WILDCARD else origins,
        "allow_origin_regex": None if pattern is None else regex_literal(pattern),
        "allow_methods": listed(policy.allow_methods),
        "allow_headers": listed(headers),
        "expose_headers": listed(policy.expose_headers),
        "allow_credentials": policy.allow_credentials or None,
        "allow_private_network": _PRIVATE_NETWORK.of(policy) or None,
        "max_age": policy.max_age,
    }
    imported = "from starlette.middleware.cors import CORSMiddleware"
    text = f"{imported}\n\n{call('app.add_middleware', ['CORSMiddleware'], options)}\n"
    is_string = isinstance(origins, str) and origins != WILDCARD
    return Export("main.py", text, (_STRING_WARNING,) if is_string else ())


STARLETTE = Dialect(
    name="starlette",
    title="Starlette and FastAPI (CORSMiddleware)",
    version="starlette 1.10.0, fastapi 0.165.0",
    source="https://github.com/Kludex/starlette/blob/1.10.0/starlette/middleware/cors.py",
    evidence=Evidence.PROVED,
    preflight=reading_first(_preflight),
    actual=reading_first(_actual),
    complaints=_complaints,
    defaults=Policy(
        allow_origins=(),
        allow_methods=_DEFAULT_METHODS,
        allow_headers=tuple(sorted(_SAFELISTED)),
        max_age=_DEFAULT_MAX_AGE,
    ),
    export=_export,
    settings=(_HANDLED_ERRORS, _PRIVATE_NETWORK),
    surprises=(
        "A preflight that isn't allowed gets 400, with Access-Control-Allow-Methods and -Headers "
        "all the same.",
        "A 500 for an exception that nothing handles has no CORS headers.",
        "One origin as a string is searched for the Origin: any part of it is allowed.",
        "Methods default to GET alone.",
        "Origins that aren't allowed are still told of credentials and exposed headers.",
    ),
)
