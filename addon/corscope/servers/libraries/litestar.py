"""How does Litestar answer, which has CORS built in?

Follows https://github.com/litestar-org/litestar/blob/v2.25.0/litestar/middleware/_internal/cors.py.
Every OPTIONS with an Origin is a preflight; one that isn't allowed gets 400 and no CORS headers.
"""

import re
from typing import Final

from corscope.fetch.headers import contains, set_header
from corscope.messages import Request, Response
from corscope.servers.answer import Answer
from corscope.servers.complaints import MEND_REGEX, echo_and_regex_complaints, value_complaints
from corscope.servers.dialect import Complaint, Dialect, Evidence, Export
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
    present,
)
from corscope.servers.patterns.origins import matches_regex, regex_error
from corscope.servers.policy import ECHO, WILDCARD, Policy
from corscope.servers.repeated import reading_first

__all__ = ["LITESTAR"]

_ALL_METHODS: Final = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
_SAFELISTED: Final = {"Accept", "Accept-Language", "Content-Language", "Content-Type"}
_DEFAULT_MAX_AGE: Final = 600


def _preflight(policy: Policy, request: Request) -> Answer | None:
    origin = echoed(request, ORIGIN)
    if request.method != "OPTIONS" or not origin:
        return None
    asked = _asked_names(request)
    if failures := _failures(policy, request, origin, asked):
        body = f"Disallowed CORS {', '.join(failures)}".encode()
        return Answer(400, (("content-type", "text/plain; charset=utf-8"),), body)
    is_open, names = WILDCARD in _origins(policy), _header_names(policy)
    allowed = _joined(_SAFELISTED, names)
    if WILDCARD in names:
        allowed = _joined(_SAFELISTED, asked) if asked else ""
    methods = _methods(policy)
    headers = present(
        (MAX_AGE, str(_DEFAULT_MAX_AGE if policy.max_age is None else policy.max_age)),
        (ALLOW_ORIGIN, WILDCARD if is_open else None),
        (VARY, None if is_open else "Origin"),
        (ALLOW_CREDENTIALS, "true" if policy.allow_credentials else None),
        (ALLOW_HEADERS, None if WILDCARD in names else allowed),
        (ALLOW_METHODS, _joined(_ALL_METHODS if WILDCARD in methods else methods) or None),
        (ALLOW_ORIGIN, None if is_open else origin),
        (ALLOW_HEADERS, allowed or None if WILDCARD in names else None),
    )
    return Answer(204, headers)


def _failures(policy: Policy, request: Request, origin: str, asked: tuple[str, ...]) -> list[str]:
    """What of a preflight isn't allowed, in the server's own words."""
    method = echoed(request, REQUEST_METHOD)
    methods, names = _methods(policy), _header_names(policy)
    known = {name.lower() for name in (*names, *_SAFELISTED)}
    wrong = {
        "method": bool(method) and WILDCARD not in methods and method not in methods,
        "Origin": not _is_allowed(policy, origin),
        "headers": WILDCARD not in names and any(name.lower() not in known for name in asked),
    }
    return [what for what, is_wrong in wrong.items() if is_wrong]


def _asked_names(request: Request) -> tuple[str, ...]:
    names = (echoed(request, REQUEST_HEADERS) or "").split(",")
    return tuple(filter(None, (name.strip() for name in names)))


def _actual(policy: Policy, request: Request, response: Response) -> Response:
    origin = echoed(request, ORIGIN)
    if not origin:
        return response
    is_open = WILDCARD in _origins(policy)
    is_sent = contains(request.headers, "cookie") if is_open else _is_allowed(policy, origin)
    headers = response.headers
    for name, value in present(
        (ALLOW_ORIGIN, WILDCARD if is_open else None),
        (ALLOW_CREDENTIALS, "true" if policy.allow_credentials else None),
        (EXPOSE_HEADERS, _joined(listed(policy.expose_headers) or ()) or None),
        (ALLOW_ORIGIN, origin if is_sent else None),
        (VARY, "Origin" if is_sent else None),
        (ALLOW_HEADERS, _joined(_header_names(policy))),
        (ALLOW_METHODS, _joined(_methods(policy))),
    ):
        headers = set_header(headers, name, value)
    return Response(response.status, headers)


def _joined(*several: set[str] | tuple[str, ...]) -> str:
    return ", ".join(sorted(set().union(*several)))


def _origins(policy: Policy) -> tuple[str, ...]:
    """The allowed origins; all by default, and none but those of a regex that is set."""
    if policy.allow_origins == ECHO:
        return ()
    origins = listed(policy.allow_origins)
    if origins is None:
        return (WILDCARD,) if policy.allow_origin_regex is None else ()
    return origins


def _methods(policy: Policy) -> tuple[str, ...]:
    methods = listed(policy.allow_methods)
    return (WILDCARD,) if methods is None else methods


def _header_names(policy: Policy) -> tuple[str, ...]:
    names = listed(policy.allow_headers)
    if names is None or policy.allow_headers == ECHO:
        return (WILDCARD,)
    return tuple(name.lower() for name in names)


def _is_allowed(policy: Policy, origin: str) -> bool:
    return WILDCARD in _origins(policy) or matches_regex(_regex(policy), origin, "fullmatch")


def _regex(policy: Policy) -> str:
    """All origins as one regex, as the library makes it; in each a `*` stands for anything."""
    regexes = [".*".join(map(re.escape, origin.split("*"))) for origin in _origins(policy)]
    own = ".*" if policy.allow_origins == ECHO else policy.allow_origin_regex
    return "|".join([*regexes, own] if own else regexes)


def _complaints(policy: Policy) -> tuple[Complaint, ...]:
    complaints = value_complaints(policy, echo=("allow_headers",))
    if error := regex_error(_regex(policy)):
        message = f"is no regular expression, so that requests fail with 500: {error}"
        complaints += (Complaint("allow_origin_regex", message, MEND_REGEX),)
    return complaints + echo_and_regex_complaints(policy)


def _export(policy: Policy) -> Export:
    pattern = ".*" if policy.allow_origins == ECHO else policy.allow_origin_regex
    is_default = policy.allow_origins is None and pattern is None
    names = WILDCARD if policy.allow_headers == ECHO else policy.allow_headers
    options = {
        "allow_origins": None if is_default else _origins(policy),
        "allow_origin_regex": None if pattern is None else regex_literal(pattern),
        "allow_methods": listed(policy.allow_methods),
        "allow_headers": listed(names),
        "expose_headers": listed(policy.expose_headers),
        "allow_credentials": policy.allow_credentials or None,
        "max_age": policy.max_age,
    }
    text = f"""\
from litestar import Litestar
from litestar.config.cors import CORSConfig

cors_config = {call("CORSConfig", (), options)}
app = Litestar(route_handlers, cors_config=cors_config)
"""
    return Export("app.py", text)


LITESTAR = Dialect(
    name="litestar",
    title="Litestar",
    version="litestar 2.25.0",
    source="https://github.com/litestar-org/litestar/blob/v2.25.0/litestar/middleware/_internal/cors.py",
    evidence=Evidence.PROVED,
    preflight=reading_first(_preflight),
    actual=reading_first(_actual),
    complaints=_complaints,
    defaults=Policy(
        allow_origins=WILDCARD,
        allow_methods=_ALL_METHODS,
        allow_headers=ECHO,
        max_age=_DEFAULT_MAX_AGE,
    ),
    export=_export,
    surprises=(
        "The application's Vary is replaced by Origin where the origin is allowed.",
        "`*` with credentials is sent as `*`, but for requests with a cookie: they get the origin.",
        "Actual responses list methods and headers too, to origins that aren't allowed as well.",
        "A `*` in an origin stands for anything: `https://*.example.com` allows "
        "`https://evil.test/.example.com`, and all depths of subdomains.",
        "Preflights that aren't allowed get 400 without any CORS header.",
    ),
)
