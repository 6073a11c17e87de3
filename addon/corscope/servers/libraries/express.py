"""How does Express answer with the `cors` package, and so NestJS, which brings it?

Follows https://github.com/expressjs/cors/blob/v2.8.6/lib/index.js. No preflight is looked at
closely: every OPTIONS is one, and an origin that isn't allowed only loses
Access-Control-Allow-Origin, unless a function says otherwise: its error is answered by Express's
own handler, as in production, or by one of the application's or NestJS's: `error_body` is what that
sends.
"""

import base64
import hashlib
from html import escape
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
    error_status,
    handled_error,
    handler_code,
    is_error,
    is_ignored,
    origin_function_complaints,
    reason_phrase,
)
from corscope.servers.own_vary import REPLACES_VARY, joined_by_npm
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
    add_to_vary,
    echoed,
    present,
)
from corscope.servers.patterns.regexes import JAVASCRIPT
from corscope.servers.policy import ECHO, WILDCARD, Policy

__all__ = ["EXPRESS"]

_DEFAULT_METHODS: Final = ("GET", "HEAD", "PUT", "PATCH", "POST", "DELETE")
_STATUS: Final = Setting(
    "options_success_status", "integer", 204, "the status of the answer to OPTIONS."
)


def _preflight(policy: Policy, request: Request) -> Answer | None:
    refused = _refused(policy, request)
    if refused is not None:
        return refused
    if request.method != "OPTIONS" or is_ignored(policy, request):
        return None
    headers = _origin_and_vary(policy, request)
    headers += present(
        (ALLOW_CREDENTIALS, "true" if policy.allow_credentials else None),
        (ALLOW_METHODS, _joined(policy.allow_methods, _DEFAULT_METHODS)),
    )
    if policy.allow_headers in {None, ECHO}:
        headers = add_to_vary(headers, ["Access-Control-Request-Headers"])
        headers += present((ALLOW_HEADERS, echoed(request, REQUEST_HEADERS) or None))
    else:
        headers += present((ALLOW_HEADERS, _joined(policy.allow_headers)))
    headers += present(
        (MAX_AGE, None if policy.max_age is None else str(policy.max_age)),
        (EXPOSE_HEADERS, _joined(policy.expose_headers)),
        (CONTENT_LENGTH, "0"),
    )
    status = _STATUS.of(policy)
    assert isinstance(status, int)
    return Answer(status, headers)


_ERROR_PAGE: Final = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Error</title>
</head>
<body>
<pre>{}</pre>
</body>
</html>
"""


def _refused(policy: Policy, request: Request) -> Answer | None:
    """What Express answers itself, whatever was asked, where the function has an error."""
    if not is_error(policy, request):
        return None
    status, handled = error_status(policy), handled_error(policy, request)
    if handled is not None:
        kind, body = handled
        return Answer(status, (("content-type", kind), ("etag", _etag(body))), body)
    headers = (
        ("content-security-policy", "default-src 'none'"),
        ("x-content-type-options", "nosniff"),
        ("content-type", "text/html; charset=utf-8"),
    )
    phrase = escape(reason_phrase(status)).replace("&#x27;", "&#39;")  # as escape-html has it
    return Answer(status, headers, _ERROR_PAGE.format(phrase).encode())


def _etag(body: bytes) -> str:
    """What `response.send` tells a body by: its length and some of its SHA-1."""
    digest = base64.b64encode(hashlib.sha1(body, usedforsecurity=False).digest()).decode()
    return f'W/"{len(body):x}-{digest[:27]}"'


def _actual(policy: Policy, request: Request, response: Response) -> Response:
    if (refused := _refused(policy, request)) is not None:
        return Response(refused.status, refused.headers)
    if is_ignored(policy, request):
        return response
    headers = _origin_and_vary(policy, request)
    headers += present(
        (ALLOW_CREDENTIALS, "true" if policy.allow_credentials else None),
        (EXPOSE_HEADERS, _joined(policy.expose_headers)),
    )
    return Response(response.status, joined_by_npm(policy, headers, response.headers))


def _origin_and_vary(policy: Policy, request: Request) -> HeaderList:
    origins = policy.allow_origins
    if policy.allow_origin_regex is None and origins in {None, "", WILDCARD}:
        return ((ALLOW_ORIGIN, WILDCARD),)
    if isinstance(origins, str) and origins != ECHO:
        return ((ALLOW_ORIGIN, origins), ("vary", "Origin"))
    origin = echoed(request, ORIGIN)
    allowed = origin if origin and is_allowed(policy, origin) else None
    return (*present((ALLOW_ORIGIN, allowed)), ("vary", "Origin"))


def _joined(listed: str | tuple[str, ...] | None, default: tuple[str, ...] = ()) -> str | None:
    """The value of a list; an empty list has none, and what isn't set has the default's."""
    listed = default if listed is None else listed
    return (listed if isinstance(listed, str) else ",".join(listed)) or None


def _complaints(policy: Policy) -> tuple[Complaint, ...]:
    return (
        *value_complaints(policy, echo=("allow_headers",)),
        *regex_complaints(policy, JAVASCRIPT),
        *status_complaints(policy, _STATUS),
        *origin_function_complaints(policy),
    )


def _export(policy: Policy) -> Export:
    status = _STATUS.of(policy)
    options = cors_options(policy, None if status == _STATUS.default else status)
    constants = ""
    if OTHER_ORIGINS.of(policy) != ANSWER:
        constants, function = called_back(policy, "status")
        options["origin"] = Code(function)
    text = f'import cors from "cors";\n\n{constants}app.use({call("cors", options)});\n'
    return Export("server.js", text + _handler(policy))


def _handler(policy: Policy) -> str:
    """What answers the function's error, and is asked right behind it."""
    handled = handler_code(policy)
    if handled is None:
        return ""
    kind, body = handled
    return (
        "app.use((error, request, response, next) => {\n"
        '  if (error.code !== "CORS") return next(error);\n'
        f"  response.status({error_status(policy)}).type({kind}).send({body});\n"
        "});\n"
    )


EXPRESS = Dialect(
    name="express",
    title="Express and NestJS (cors)",
    version="cors 2.8.6, express 5.3.0",
    source="https://github.com/expressjs/cors",
    evidence=Evidence.PROVED,
    preflight=_preflight,
    actual=_actual,
    complaints=_complaints,
    defaults=Policy(allow_origins=WILDCARD, allow_methods=_DEFAULT_METHODS, allow_headers=ECHO),
    export=_export,
    forwarded=forwarded_by(_preflight, joined_by_npm),
    refused=_refused,
    settings=(
        *(_STATUS, OTHER_ORIGINS, MISSING_ORIGIN, REPLACES_VARY),
        *(ERROR_STATUS, ERROR_MESSAGE, ERROR_BODY, ERROR_TYPE),
    ),
    surprises=(
        "Every OPTIONS is answered as a preflight, also one without Origin.",
        "An origin that isn't allowed still gets all other CORS headers.",
        "Methods and headers are never checked, only listed.",
        "One origin as a string is sent to every site, allowed or not.",
        "A function that calls back an error ends the request with a page and no CORS headers.",
        "A function that calls back false leaves preflights to the application.",
    ),
)
