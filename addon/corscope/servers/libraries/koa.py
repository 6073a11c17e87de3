"""How does Koa answer with `@koa/cors`?

Follows https://github.com/koajs/cors/blob/5.0.0/index.js. It takes one origin or a function; a list
or a regex is a function that gives back the origin. Where that gives none, the request is passed
on with nothing but Vary; where it throws, Koa answers with nothing of CORS. An exception,
`ctx.throw(401)` too, loses all headers but its own and those that the middleware gives it to keep:
Vary too where the origin isn't allowed. What was thrown a proxy can't see; `thrown_errors` says it.
"""

from typing import Final

from corscope.fetch.headers import values
from corscope.messages import HeaderList, Request, Response
from corscope.servers.answer import Answer
from corscope.servers.complaints import regex_complaints, value_complaints
from corscope.servers.dialect import Complaint, Dialect, Evidence, Export, Setting
from corscope.servers.languages.javascript import Code, call, is_allowed, origin_test
from corscope.servers.libraries.origin_function import (
    ERROR,
    ERROR_MESSAGE,
    ERROR_STATUS,
    IGNORE,
    MISSING_ORIGIN,
    error_message,
    error_status,
    function_test,
    is_error,
    origin_function_complaints,
    reason_phrase,
    text_code,
)
from corscope.servers.own_vary import REPLACES_VARY, joined_by_npm
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
    add_to_vary,
    echoed,
    present,
)
from corscope.servers.patterns.regexes import JAVASCRIPT
from corscope.servers.policy import ECHO, WILDCARD, Policy

__all__ = ["KOA"]

_DEFAULT_METHODS: Final = ("GET", "HEAD", "PUT", "POST", "DELETE", "PATCH")
_VARY: Final = ((VARY, "Origin"),)
_SET: Final = (404, 405, 501)
"""The errors that Koa and its router never throw."""

_THROWN: Final = Setting(
    "thrown_errors",
    "boolean",
    default=True,
    doc="whether a 4xx or 5xx is thrown, as by `ctx.throw(401)`, but for 404, 405 and 501, which "
    "Koa and its router set; if false, all are set: `ctx.status = 401`.",
)
_KEEP: Final = Setting(
    "keep_headers_on_error",
    "boolean",
    default=True,
    doc="whether exceptions keep the CORS headers.",
)

_OTHERS: Final = Setting(
    "other_origins",
    "string",
    IGNORE,
    f"what becomes of an origin that isn't allowed: `{IGNORE}`, where a function gives back "
    f"nothing; `{ERROR}`, where it throws one.",
    choices=(IGNORE, ERROR),
)


def _refused(policy: Policy, request: Request) -> Answer | None:
    """What Koa answers itself, whatever was asked, where the function throws."""
    if not is_error(policy, request, _OTHERS):
        return None
    status = error_status(policy)
    body = error_message(policy, request, "") if status < 500 else reason_phrase(status)
    return Answer(status, (("content-type", "text/plain; charset=utf-8"),), body.encode())


def _preflight(policy: Policy, request: Request) -> Answer | None:
    if (refused := _refused(policy, request)) is not None:
        return refused
    allowed = _allow_origin(policy, request)
    if request.method != "OPTIONS" or allowed is None or not echoed(request, REQUEST_METHOD):
        return None
    asked = echoed(request, REQUEST_HEADERS) or None
    listed = None if policy.allow_headers == ECHO else _joined(policy.allow_headers)
    headers = present(
        (ALLOW_ORIGIN, allowed),
        (ALLOW_CREDENTIALS, "true" if policy.allow_credentials else None),
        (MAX_AGE, str(policy.max_age) if policy.max_age else None),
        (ALLOW_METHODS, _joined(policy.allow_methods, _DEFAULT_METHODS)),
        (ALLOW_HEADERS, listed or asked),
    )
    return Answer(204, _VARY + headers)


def _actual(policy: Policy, request: Request, response: Response) -> Response:
    if (refused := _refused(policy, request)) is not None:
        return Response(refused.status, refused.headers)
    allowed = _allow_origin(policy, request)
    headers: HeaderList = ()
    if request.method != "OPTIONS" and allowed is not None:
        headers = present(
            (ALLOW_ORIGIN, allowed),
            (ALLOW_CREDENTIALS, "true" if policy.allow_credentials else None),
            (EXPOSE_HEADERS, _joined(policy.expose_headers)),
        )
    if not _is_thrown(policy, response):
        return Response(response.status, joined_by_npm(policy, _VARY + headers, response.headers))
    if not headers or not _KEEP.of(policy):
        return response
    return Response(response.status, _kept(headers, response.headers))


def _is_thrown(policy: Policy, response: Response) -> bool:
    return _THROWN.of(policy) is True and response.status >= 400 and response.status not in _SET


def _kept(headers: HeaderList, own: HeaderList) -> HeaderList:
    """An exception's own headers, as far as the middleware doesn't set them, behind its."""
    names = {name for name, _ in headers}
    rest = tuple(pair for pair in own if pair[0].lower() not in {*names, VARY})
    vary = add_to_vary(tuple((VARY, line) for line in values(own, VARY)), ["Origin"])
    return headers + vary + rest


def _allow_origin(policy: Policy, request: Request) -> str | None:
    """The value of Access-Control-Allow-Origin, maybe an empty one; None where it stays out."""
    origins, origin = policy.allow_origins, echoed(request, ORIGIN) or ""
    if isinstance(origins, tuple) or origins == ECHO or policy.allow_origin_regex is not None:
        return origin if origin and is_allowed(policy, origin) else None
    fixed = origins or WILDCARD
    return origin if fixed == WILDCARD and policy.allow_credentials else fixed


def _joined(listed: str | tuple[str, ...] | None, default: tuple[str, ...] = ()) -> str | None:
    """The value of a list; an empty list has none, and what isn't set has the default's."""
    listed = default if listed is None else listed
    return (listed if isinstance(listed, str) else ",".join(listed)) or None


def _complaints(policy: Policy) -> tuple[Complaint, ...]:
    return (
        *value_complaints(policy, echo=("allow_headers",)),
        *regex_complaints(policy, JAVASCRIPT),
        *origin_function_complaints(policy, _OTHERS),
    )


def _export(policy: Policy) -> Export:
    constants, origin = _origin_option(policy)
    options = {
        "origin": origin,
        "allowMethods": policy.allow_methods,
        "allowHeaders": None if policy.allow_headers == ECHO else policy.allow_headers,
        "exposeHeaders": policy.expose_headers,
        "credentials": policy.allow_credentials or None,
        "maxAge": policy.max_age,
        "keepHeadersOnError": None if _KEEP.of(policy) else False,
    }
    use = f"app.use({call('cors', options)});\n"
    return Export("server.js", f'import cors from "@koa/cors";\n\n{constants}{use}')


def _origin_option(policy: Policy) -> tuple[str, str | Code | None]:
    """The option, after the constants that it needs."""
    origins = policy.allow_origins
    if _OTHERS.of(policy) == ERROR:
        return _throwing(policy)
    if origins == ECHO:
        return "", Code('(ctx) => ctx.get("Origin")')
    if policy.allow_origin_regex is None and not isinstance(origins, tuple):
        return "", origins
    constants, test = origin_test(policy)
    return constants, Code(
        "(ctx) => {\n"
        '    const origin = ctx.get("Origin");\n'
        f'    return {test} ? origin : "";\n'
        "  }"
    )


def _throwing(policy: Policy) -> tuple[str, Code]:
    constants, test = function_test(policy)
    return constants, Code(
        "(ctx) => {\n"
        '    const origin = ctx.get("Origin");\n'
        f"    if ({test}) return origin;\n"
        f"    ctx.throw({error_status(policy)}, {text_code(str(ERROR_MESSAGE.of(policy)))});\n"
        "  }"
    )


KOA = Dialect(
    name="koa",
    title="Koa (@koa/cors)",
    version="@koa/cors 5.0.0, koa 3.3.0",
    source="https://github.com/koajs/cors",
    evidence=Evidence.PROVED,
    preflight=_preflight,
    actual=_actual,
    complaints=_complaints,
    defaults=Policy(allow_origins=WILDCARD, allow_methods=_DEFAULT_METHODS, allow_headers=ECHO),
    export=_export,
    settings=(_THROWN, _KEEP, _OTHERS, MISSING_ORIGIN, ERROR_STATUS, ERROR_MESSAGE, REPLACES_VARY),
    surprises=(
        "A preflight from an origin that a function refuses is passed on, and mostly ends in 404.",
        "A function that throws ends the request with an error, and no CORS headers.",
        "With credentials, `*` sends back any origin.",
        "One origin as a string is sent to every site, allowed or not.",
        "A preflight needs no Origin to be answered, only a method asked for.",
        "A max-age of 0 isn't sent.",
        "A thrown error that keeps its headers has Vary only where the origin is allowed.",
    ),
)
