"""How does aiohttp answer with aiohttp-cors?

Follows https://github.com/aio-libs/aiohttp-cors/blob/v0.8.1/aiohttp_cors/cors_config.py, with all
routes added to it. Every OPTIONS is taken for a preflight, and one that isn't allowed gets 403. The
method that a preflight asks for must have a route, or be among the allowed ones. Sets are joined in
an order that changes from process to process; here it is the policy's.
"""

from typing import Final

from corscope.fetch.headers import contains
from corscope.messages import HeaderList, Request, Response
from corscope.servers.answer import Answer
from corscope.servers.complaints import value_complaints
from corscope.servers.dialect import Complaint, Dialect, Evidence, Export, Setting
from corscope.servers.languages.python import call, listed, literal
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
    echoed,
    present,
    without_cors_headers,
)
from corscope.servers.policy import ECHO, WILDCARD, Policy
from corscope.servers.repeated import reading_first

__all__ = ["AIOHTTP"]

_NEVER_EXPOSED: Final = {
    *("Cache-Control", "Content-Language", "Content-Type"),
    *("Expires", "Last-Modified", "Pragma"),
}
_ITS_OWN: Final = (ALLOW_ORIGIN, ALLOW_CREDENTIALS, EXPOSE_HEADERS)
_NO_ORIGINS: Final = "no origins are allowed"
_ANYTHING: Final = {WILDCARD, ECHO}
_USUAL_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_ROUTED: Final = Setting(
    "routed_methods",
    "strings",
    _USUAL_METHODS,
    "the methods that have a route; a preflight may ask for them whatever allow_methods is.",
)
_ROUTED_ERRORS: Final = Setting(
    "routed_errors",
    "boolean",
    True,
    "whether 404 and 405 come from the application's handlers; those of aiohttp's own router have "
    "no CORS headers. It is so or so for all of them: a rule can't tell them apart.",
)


def _preflight(policy: Policy, request: Request) -> Answer | None:
    if request.method != "OPTIONS":
        return None
    names = _asked_names(request)
    if refusal := _refusal(policy, request, names):
        text = f"CORS preflight request failed: {refusal}"
        return Answer(403, (("content-type", "text/plain; charset=utf-8"),), text.encode())
    headers = present(
        (ALLOW_ORIGIN, echoed(request, ORIGIN)),
        (ALLOW_CREDENTIALS, "true" if policy.allow_credentials else None),
        (MAX_AGE, None if policy.max_age is None else str(policy.max_age)),
        (ALLOW_METHODS, echoed(request, REQUEST_METHOD)),
        (ALLOW_HEADERS, ",".join(names) or None),
    )
    return Answer(200, headers)


def _refusal(policy: Policy, request: Request, names: tuple[str, ...]) -> str | None:
    """Why a preflight isn't allowed."""
    origin, method = echoed(request, ORIGIN), echoed(request, REQUEST_METHOD)
    if origin is None:
        return "origin header is not specified in the request"
    if method is None:
        return "'Access-Control-Request-Method' header is not specified"
    is_allowed = _is_allowed(policy, origin)
    if not _has_route(policy, method) and not (is_allowed and _allows_method(policy, method)):
        return f"request method {method!r} is not allowed for {origin!r} origin"
    if not is_allowed:
        return f"origin '{origin}' is not allowed" if policy.allow_origins else _NO_ORIGINS
    allowed = {name.upper() for name in policy.allow_headers or ()}
    wrong = [name for name in names if name not in allowed]
    if wrong and policy.allow_headers not in _ANYTHING:
        return f"headers are not allowed: {', '.join(wrong)}"
    return None


def _asked_names(request: Request) -> tuple[str, ...]:
    asked = (echoed(request, REQUEST_HEADERS) or "").upper().split(",")
    return tuple(dict.fromkeys(filter(None, (name.strip(" \t") for name in asked))))


def _is_allowed(policy: Policy, origin: str) -> bool:
    origins = listed(policy.allow_origins) or ()
    return policy.allow_origins in _ANYTHING or origin in origins or WILDCARD in origins


def _has_route(policy: Policy, method: str) -> bool:
    routed = _ROUTED.of(policy)
    assert isinstance(routed, tuple)
    return method in routed


def _allows_method(policy: Policy, method: str) -> bool:
    if policy.allow_methods in _ANYTHING:
        return True
    return method.upper() in {each.upper() for each in listed(policy.allow_methods) or ()}


def _actual(policy: Policy, request: Request, response: Response) -> Response:
    origin = echoed(request, ORIGIN)
    if origin is None or _is_routers(policy, request, response) or not _is_allowed(policy, origin):
        return response
    if any(contains(response.headers, name) for name in _ITS_OWN):
        return Response(502, without_cors_headers(response.headers))
    added = present(
        (EXPOSE_HEADERS, ",".join(_exposed(policy, response.headers)) or None),
        (ALLOW_ORIGIN, origin),
        (ALLOW_CREDENTIALS, "true" if policy.allow_credentials else None),
    )
    return Response(response.status, response.headers + added)


def _is_routers(policy: Policy, request: Request, response: Response) -> bool:
    """Whether the router answers: it surely does where the method has no route."""
    if response.status == 405 and not _has_route(policy, request.method):
        return True
    return response.status in {404, 405} and not _ROUTED_ERRORS.of(policy)


def _exposed(policy: Policy, headers: HeaderList) -> tuple[str, ...]:
    if policy.expose_headers == WILDCARD:
        return tuple(dict.fromkeys(name for name, _ in headers if name not in _NEVER_EXPOSED))
    return tuple(dict.fromkeys(listed(policy.expose_headers) or ()))


def _complaints(policy: Policy) -> tuple[Complaint, ...]:
    complaints = value_complaints(policy, echo=("allow_methods", "allow_headers"))
    if policy.max_age is not None and policy.max_age < 0:
        message = "must be a non-negative integer"
        complaints += (Complaint("max_age", message, "leave it out", at_start=True),)
    if policy.allow_origin_regex is None:
        return complaints
    message = "can't be had: aiohttp-cors compares origins as text"
    return (*complaints, Complaint("allow_origin_regex", message, "list the origins"))


def _export(policy: Policy) -> Export:
    options = {
        "allow_credentials": policy.allow_credentials or None,
        "expose_headers": policy.expose_headers,
        "allow_headers": WILDCARD if policy.allow_headers == ECHO else policy.allow_headers,
        "max_age": policy.max_age,
        "allow_methods": WILDCARD if policy.allow_methods == ECHO else policy.allow_methods,
    }
    origins = WILDCARD if policy.allow_origins == ECHO else policy.allow_origins
    defaults = ", ".join(f"{literal(each)}: options" for each in listed(origins) or ())
    text = f"""\
import aiohttp_cors

options = {call("aiohttp_cors.ResourceOptions", (), options)}
cors = aiohttp_cors.setup(app, defaults={{{defaults}}})
for route in list(app.router.routes()):
    cors.add(route)
"""
    return Export("main.py", text)


AIOHTTP = Dialect(
    name="aiohttp",
    title="aiohttp (aiohttp-cors)",
    version="aiohttp-cors 0.8.1, aiohttp 3.13.2",
    source="https://github.com/aio-libs/aiohttp-cors/blob/v0.8.1/aiohttp_cors/cors_config.py",
    evidence=Evidence.PROVED,
    preflight=reading_first(_preflight),
    actual=reading_first(_actual),
    complaints=_complaints,
    defaults=Policy(
        allow_origins=(), allow_methods=_USUAL_METHODS, allow_headers=(), expose_headers=()
    ),
    export=_export,
    settings=(_ROUTED, _ROUTED_ERRORS),
    surprises=(
        "There is never a Vary: caches may hand one origin's answer to another.",
        "`*` allows any origin by sending it back, with credentials too.",
        "Every OPTIONS is taken for a preflight; without Origin or a method it gets 403.",
        "Header names are sent back in upper case.",
        "Expose-headers `*` lists every header that the response has.",
        "The router's own 404 and 405 have no CORS headers.",
        "An application that sets Access-Control-Allow-Origin itself fails an assertion, and the "
        "connection ends without an answer; the rule answers 502 as a gateway would.",
    ),
)
