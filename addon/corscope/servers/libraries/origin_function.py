"""What does a JavaScript library do whose option for origins is a function that can say no?

A list leaves an origin that isn't in it without its header. A function can do more: call back or
throw an error, with which the request ends, or give back nothing, so that the middleware leaves the
request alone. It is asked of requests without an Origin too.
"""

import json
import re
from http import HTTPStatus
from typing import Final

from corscope.fetch.headers import get
from corscope.messages import Request
from corscope.servers.dialect import Complaint, Setting
from corscope.servers.languages.javascript import is_allowed, literal, origin_test
from corscope.servers.parts import ORIGIN, echoed
from corscope.servers.policy import ECHO, Policy

__all__ = [
    "ANSWER",
    "ERROR",
    "ERROR_BODY",
    "ERROR_MESSAGE",
    "ERROR_STATUS",
    "ERROR_TYPE",
    "ERROR_TYPES",
    "IGNORE",
    "MISSING_ORIGIN",
    "OTHER_ORIGINS",
    "called_back",
    "error_code",
    "error_message",
    "error_status",
    "function_test",
    "handled_error",
    "handler_code",
    "is_error",
    "is_ignored",
    "origin_function_complaints",
    "reason_phrase",
    "text_code",
]

ANSWER: Final = "answer"
ERROR: Final = "error"
IGNORE: Final = "ignore"

OTHER_ORIGINS: Final = Setting(
    "other_origins",
    "string",
    ANSWER,
    f"what becomes of an origin that isn't allowed: `{ANSWER}`, all but its own header, as with a "
    f"list; `{ERROR}`, where a function calls back `new Error(…)`; `{IGNORE}`, where it calls back "
    "`false`: nothing is sent, and a preflight is passed on.",
    choices=(ANSWER, ERROR, IGNORE),
)
MISSING_ORIGIN: Final = Setting(
    "missing_origin",
    "boolean",
    default=True,
    doc="whether such a function lets a request without an Origin through, as by `!origin ||`.",
)
ERROR_STATUS: Final = Setting(
    "error_status", "integer", 500, "the status that the framework answers such an error with."
)
ERROR_MESSAGE: Final = Setting(
    "error_message",
    "string",
    "Not allowed by CORS",
    "the words of such an error, where they are sent; `{origin}` in them is the origin.",
)
ERROR_BODY: Final = Setting(
    "error_body",
    "string",
    "",
    "the whole body that such an error is answered with, where a handler of the application's or "
    "NestJS does so; `{origin}` in it is the origin.",
)
ERROR_TYPE: Final = Setting(
    "error_type", "string", "json", "what `error_body` is.", choices=("json", "text", "html")
)
ERROR_TYPES: Final = {
    "json": "application/json; charset=utf-8",
    "text": "text/plain; charset=utf-8",
    "html": "text/html; charset=utf-8",
}
"""The Content-Type of each."""

_ORIGIN: Final = "{origin}"
_PHRASES: Final = {each.value: each.phrase for each in HTTPStatus} | {
    413: "Payload Too Large",
    414: "URI Too Long",
    416: "Range Not Satisfiable",
    418: "I'm a Teapot",
    422: "Unprocessable Entity",
}
"""Node's: Python's, but for those that hang on its version."""


def is_error(policy: Policy, request: Request, setting: Setting = OTHER_ORIGINS) -> bool:
    """Whether the function ends the request with an error."""
    return setting.of(policy) == ERROR and not _lets_in(policy, request)


def is_ignored(policy: Policy, request: Request) -> bool:
    """Whether the function has the middleware do nothing."""
    return OTHER_ORIGINS.of(policy) == IGNORE and not _lets_in(policy, request)


def _lets_in(policy: Policy, request: Request) -> bool:
    origin = echoed(request, ORIGIN)
    return is_allowed(policy, origin) if origin else MISSING_ORIGIN.of(policy) is True


def reason_phrase(status: int) -> str:
    """What Node calls a status; nothing of one that has no name."""
    return _PHRASES.get(status, "")


def error_status(policy: Policy) -> int:
    """The status of an error, by a policy of which there are no complaints."""
    status = ERROR_STATUS.of(policy)
    assert isinstance(status, int)
    return status


def error_message(policy: Policy, request: Request, missing: str = "undefined") -> str:
    """The words of an error, and what stands in them for an origin that isn't there."""
    origin = get(request.headers, ORIGIN)
    return str(ERROR_MESSAGE.of(policy)).replace(_ORIGIN, missing if origin is None else origin)


def handled_error(policy: Policy, request: Request) -> tuple[str, bytes] | None:
    """The type and the body that a handler answers with; None where the framework does."""
    body, kind = str(ERROR_BODY.of(policy)), str(ERROR_TYPE.of(policy))
    if not body:
        return None
    origin = get(request.headers, ORIGIN)
    origin = "undefined" if origin is None else origin
    shown = json.dumps(origin, ensure_ascii=False)[1:-1] if kind == "json" else origin
    return ERROR_TYPES[kind], body.replace(_ORIGIN, shown).encode()


def origin_function_complaints(
    policy: Policy, setting: Setting = OTHER_ORIGINS
) -> tuple[Complaint, ...]:
    """Why such a function can't be: it has nothing to compare with, or its error no status."""
    found: list[Complaint] = []
    origins = policy.allow_origins
    is_compared = isinstance(origins, tuple) or origins == ECHO
    is_compared = is_compared or (origins is None and policy.allow_origin_regex is not None)
    value = setting.of(policy)
    if value in {ERROR, IGNORE} and value != setting.default and not is_compared:
        message = f'"{value}" needs origins that a function compares with'
        found.append(Complaint(setting.name, message, "write allow_origins as a list"))
    status = ERROR_STATUS.of(policy)
    if not isinstance(status, int) or not 400 <= status <= 599:
        message = "must be an error's status, from 400 to 599"
        hint = f"the usual one is {ERROR_STATUS.default}"
        found.append(Complaint(ERROR_STATUS.name, message, hint))
    return tuple(found)


def called_back(policy: Policy, status_name: str) -> tuple[str, str]:
    """The constants and the function that calls back what the settings say.

    Args:
        policy: the policy, of which there are no complaints.
        status_name: the property of an error that the framework takes for its status.
    """
    constants, test = function_test(policy)
    refused = "null, false"
    if OTHER_ORIGINS.of(policy) == ERROR:
        refused = error_code(policy, status_name)
    function = (
        "(origin, callback) => {\n"
        f"    if ({test}) callback(null, true);\n"
        f"    else callback({refused});\n"
        "  }"
    )
    return constants, function


def error_code(policy: Policy, status_name: str) -> str:
    """The error that is called back or thrown, as code; one with a handler is known by its code."""
    error = f"new Error({text_code(str(ERROR_MESSAGE.of(policy)))})"
    status = ERROR_STATUS.of(policy)
    said = [] if status == ERROR_STATUS.default else [f"{status_name}: {status}"]
    said += ['code: "CORS"'] if ERROR_BODY.of(policy) else []
    return f"Object.assign({error}, {{ {', '.join(said)} }})" if said else error


def handler_code(policy: Policy) -> tuple[str, str] | None:
    """The type and the body that a handler answers with, as code; None where there is none."""
    body, kind = str(ERROR_BODY.of(policy)), str(ERROR_TYPE.of(policy))
    if OTHER_ORIGINS.of(policy) != ERROR or not body:
        return None
    origin = "request.headers.origin"
    if kind == "json":
        origin = f"JSON.stringify(String({origin})).slice(1, -1)"
    return literal(ERROR_TYPES[kind]), text_code(body, origin)


def text_code(text: str, origin: str = "origin") -> str:
    """A text as code, in which the origin is what that code gives."""
    if _ORIGIN not in text:
        return literal(text)
    escaped = re.sub(r"([\\`]|\$(?=\{))", r"\\\1", text)
    return f"`{escaped.replace(_ORIGIN, f'${{{origin}}}')}`"


def function_test(policy: Policy) -> tuple[str, str]:
    """As `origin_test`, with what is said of a request without an Origin."""
    missing = MISSING_ORIGIN.of(policy)
    if policy.allow_origins == ECHO:
        return "", "true" if missing else "origin"
    constants, test = origin_test(policy)
    if missing:
        return constants, f"!origin || {test}"
    if policy.allow_origin_regex is None:
        return constants, test
    return constants, f"origin && ({test})"  # a regex reads what is missing as "undefined"
