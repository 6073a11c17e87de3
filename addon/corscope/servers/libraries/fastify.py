"""How does Fastify answer with `@fastify/cors`?

Follows https://github.com/fastify/fastify-cors/blob/v11.4.3/index.js. Every OPTIONS is answered;
one that is no preflight with 400. An application's `reply.header("Vary", …)` replaces the
middleware's Vary; `replaces_vary` says where a plugin adds to it instead.
"""

import json
from typing import Final

from corscope.messages import HeaderList, Request, Response
from corscope.servers.answer import Answer
from corscope.servers.complaints import regex_complaints, status_complaints, value_complaints
from corscope.servers.dialect import Complaint, Dialect, Evidence, Export, Setting
from corscope.servers.forwarded import forwarded_by
from corscope.servers.languages.javascript import Code, call, cors_options, is_allowed
from corscope.servers.libraries.origin_function import (
    ANSWER,
    ERROR_BODY,
    ERROR_MESSAGE,
    ERROR_STATUS,
    ERROR_TYPE,
    MISSING_ORIGIN,
    OTHER_ORIGINS,
    called_back,
    error_message,
    error_status,
    handled_error,
    handler_code,
    is_error,
    is_ignored,
    origin_function_complaints,
    reason_phrase,
)
from corscope.servers.own_vary import joined_by_npm
from corscope.servers.parts import (
    ALLOW_CREDENTIALS,
    ALLOW_HEADERS,
    ALLOW_METHODS,
    ALLOW_ORIGIN,
    CONTENT_LENGTH,
    EXPOSE_HEADERS,
    MAX_AGE,
    ORIGIN,
    REQUEST_HEADERS,
    REQUEST_METHOD,
    VARY,
    add_to_vary,
    echoed,
    present,
)
from corscope.servers.patterns.regexes import JAVASCRIPT
from corscope.servers.policy import ECHO, WILDCARD, Policy

__all__ = ["FASTIFY"]

_DEFAULT_METHODS: Final = ("GET", "HEAD", "POST")
_STATUS: Final = Setting(
    "options_success_status", "integer", 204, "the status of the answer to a preflight."
)
_STRICT: Final = Setting(
    "strict_preflight",
    "boolean",
    default=True,
    doc="whether an OPTIONS that is no preflight gets 400.",
)
_REPLACES: Final = Setting(
    "replaces_vary",
    "boolean",
    default=True,
    doc="whether the application sets a Vary of its own in the place of the middleware's, as by "
    '`reply.header("Vary", …)`; else it adds to it, as what compresses answers does.',
)

_CONTINUED: Final = (
    "without a route of the application's own for OPTIONS, the plugin's answers a preflight with "
    "200, and any other OPTIONS with 400"
)


def _preflight(policy: Policy, request: Request) -> Answer | None:
    refused = _refused(policy, request)
    if refused is not None:
        return refused
    if request.method != "OPTIONS" or is_ignored(policy, request):
        return None
    headers = _on_every_response(policy, request)
    methods = ",".join(_DEFAULT_METHODS) if policy.allow_methods is None else policy.allow_methods
    headers += present((ALLOW_METHODS, _joined(methods)))
    if policy.allow_headers in {None, ECHO}:
        headers = add_to_vary(headers, ["Access-Control-Request-Headers"])
        headers += present((ALLOW_HEADERS, echoed(request, REQUEST_HEADERS)))
    else:
        headers += present((ALLOW_HEADERS, _joined(policy.allow_headers)))
    max_age = None if policy.max_age is None else str(policy.max_age)
    headers += present((MAX_AGE, max_age), (CONTENT_LENGTH, "0"))
    status = _STATUS.of(policy)
    assert isinstance(status, int)
    return Answer(status, headers)


def _refused(policy: Policy, request: Request) -> Answer | None:
    """What the function has an error for; and what is no preflight isn't passed on either."""
    if is_error(policy, request):
        return _error(policy, request)
    if is_ignored(policy, request):
        return None
    asks = echoed(request, ORIGIN) and echoed(request, REQUEST_METHOD)
    if request.method != "OPTIONS" or asks or not _STRICT.of(policy):
        return None
    headers = (*_on_every_response(policy, request), ("content-type", "text/plain"))
    return Answer(400, headers, b"Invalid Preflight Request")


def _joined_with(policy: Policy, headers: HeaderList, own: HeaderList) -> HeaderList:
    return joined_by_npm(policy, headers, own, _REPLACES)


def _error(policy: Policy, request: Request) -> Answer:
    status, handled = error_status(policy), handled_error(policy, request)
    if handled is None:
        message = error_message(policy, request)
        told = {"statusCode": status, "error": reason_phrase(status), "message": message}
        body = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
        handled = "application/json; charset=utf-8", body
    kind, body = handled
    return Answer(status, ((VARY, "Origin"), ("content-type", kind)), body)


def _actual(policy: Policy, request: Request, response: Response) -> Response:
    if is_error(policy, request):
        return Response(*_error(policy, request)[:2])
    headers = _on_every_response(policy, request)
    return Response(response.status, _joined_with(policy, headers, response.headers))


def _on_every_response(policy: Policy, request: Request) -> HeaderList:
    if is_ignored(policy, request):
        return ((VARY, "Origin"),)
    return _vary_and_origin(policy, request) + present(
        (ALLOW_CREDENTIALS, "true" if policy.allow_credentials else None),
        (EXPOSE_HEADERS, _joined(policy.expose_headers)),
    )


def _vary_and_origin(policy: Policy, request: Request) -> HeaderList:
    origins, pattern = policy.allow_origins, policy.allow_origin_regex
    if isinstance(origins, str) and origins != ECHO:
        return ((ALLOW_ORIGIN, origins),)
    is_asked = OTHER_ORIGINS.of(policy) != ANSWER
    if not is_asked and (WILDCARD in (origins or ()) or (origins is None and pattern is None)):
        return ((ALLOW_ORIGIN, WILDCARD),)
    origin = echoed(request, ORIGIN)
    allowed = origin if origin and is_allowed(policy, origin) else None
    return ((VARY, "Origin"), *present((ALLOW_ORIGIN, allowed)))


def _joined(listed: str | tuple[str, ...] | None) -> str | None:
    """The value of a list: also an empty one is sent."""
    return ", ".join(listed) if isinstance(listed, tuple) else listed


def _complaints(policy: Policy) -> tuple[Complaint, ...]:
    found = (
        *value_complaints(policy, echo=("allow_headers",)),
        *regex_complaints(policy, JAVASCRIPT),
        *status_complaints(policy, _STATUS),
        *origin_function_complaints(policy),
    )
    if policy.allow_origins == "":
        message = "is empty: every request would fail with 500"
        found += (Complaint("allow_origins", message, "write [] if nobody is meant"),)
    return found


def _export(policy: Policy) -> Export:
    status = _STATUS.of(policy)
    options = cors_options(policy, None if status == _STATUS.default else status)
    options["strictPreflight"] = None if _STRICT.of(policy) else False
    constants = ""
    if OTHER_ORIGINS.of(policy) != ANSWER:
        constants, function = called_back(policy, "statusCode")
        options["origin"] = Code(function)
    register = call("app.register", options, "cors")
    handler = _handler(policy)  # before the plugin's own route for OPTIONS
    text = f'import cors from "@fastify/cors";\n\n{constants}{handler}await {register};\n'
    return Export("server.js", text, (_CONTINUED,) if policy.forward_preflight else ())


def _handler(policy: Policy) -> str:
    """What answers the function's error, and leaves others as they are."""
    handled = handler_code(policy)
    if handled is None:
        return ""
    kind, body = handled
    return (
        "app.setErrorHandler((error, request, reply) => {\n"
        '  if (error.code !== "CORS") throw error;\n'
        f"  reply.code({error_status(policy)}).type({kind}).send({body});\n"
        "});\n"
    )


FASTIFY = Dialect(
    name="fastify",
    title="Fastify (@fastify/cors)",
    version="@fastify/cors 11.4.3, fastify 5.12.8",
    source="https://github.com/fastify/fastify-cors",
    evidence=Evidence.PROVED,
    preflight=_preflight,
    actual=_actual,
    complaints=_complaints,
    defaults=Policy(allow_origins=WILDCARD, allow_methods=_DEFAULT_METHODS, allow_headers=ECHO),
    export=_export,
    forwarded=forwarded_by(_preflight, _joined_with),
    refused=_refused,
    settings=(
        *(_STATUS, _STRICT, OTHER_ORIGINS, MISSING_ORIGIN, _REPLACES),
        *(ERROR_STATUS, ERROR_MESSAGE, ERROR_BODY, ERROR_TYPE),
    ),
    surprises=(
        "PUT, PATCH and DELETE aren't among the default methods.",
        "An OPTIONS that is no preflight gets 400, also where the application has a route for it.",
        "An origin that isn't allowed still gets all other CORS headers.",
        "One origin as a string is sent to every site, allowed or not.",
        "A function that calls back an error ends the request with JSON, and Vary alone.",
        "A function that calls back false leaves preflights to the application.",
        "An application that sets Vary itself replaces the Origin in it.",
    ),
)
