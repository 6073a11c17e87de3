"""How does hapi answer, which has CORS built in?

Follows https://github.com/hapijs/hapi/blob/v21.4.10/lib/cors.js. There are no allowed methods: the
preflight asks whether there is a route. Of an OPTIONS for which the application has no route of its
own nothing is passed on. Which paths have routes a proxy can't know: all are taken to.
"""

import json
import re
from typing import Final

from corscope.fetch.headers import delete, set_header, values
from corscope.messages import HeaderList, Request, Response
from corscope.servers.answer import Answer
from corscope.servers.complaints import value_complaints
from corscope.servers.dialect import Complaint, Dialect, Evidence, Export, Setting
from corscope.servers.languages.javascript import call
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
from corscope.servers.patterns.origins import matches_regex
from corscope.servers.policy import ECHO, WILDCARD, Policy

__all__ = ["HAPI"]

_DEFAULT_HEADERS: Final = ("Accept", "Authorization", "Content-Type", "If-None-Match")
_DEFAULT_EXPOSED: Final = ("WWW-Authenticate", "Server-Authorization")
_DEFAULT_MAX_AGE: Final = 86400
_ROUTED: Final = Setting(
    "routed_methods",
    "strings",
    ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"),
    "the methods that have a route; a preflight for another gets 404.",
)
_IGNORE: Final = Setting(
    "ignore_origin",
    "boolean",
    default=False,
    doc='origin: "ignore", whatever allow_origins is: everybody gets `*`.',
)
_STATUS: Final = Setting(
    "preflight_status_code", "integer", 200, "the status of the answer to a preflight: 200 or 204."
)


def _preflight(policy: Policy, request: Request) -> Answer | None:
    if request.method != "OPTIONS":
        return None
    origin, method = echoed(request, ORIGIN), echoed(request, REQUEST_METHOD)
    if not method:
        return _not_found("CORS error: Missing Access-Control-Request-Method header")
    if not _has_route(policy, method):
        return _not_found("Not Found")
    if method.upper() == "OPTIONS":
        return _refused("CORS is disabled for this route")  # it is the route of preflights
    if not origin and not _IGNORE.of(policy):
        return _not_found("CORS error: Missing Origin header")
    if not _is_allowed(policy, origin):
        return _refused("CORS error: Origin not allowed")
    if not _are_allowed(policy, echoed(request, REQUEST_HEADERS)):
        return _refused("CORS error: Some headers are not allowed")
    max_age = _DEFAULT_MAX_AGE if policy.max_age is None else policy.max_age
    status = _STATUS.of(policy)
    assert isinstance(status, int)
    headers = present(
        (ALLOW_ORIGIN, WILDCARD if _IGNORE.of(policy) else origin),
        (ALLOW_METHODS, method),
        (ALLOW_HEADERS, ",".join(_headers(policy))),
        (MAX_AGE, str(max_age)),
        (ALLOW_CREDENTIALS, "true" if policy.allow_credentials else None),
        (EXPOSE_HEADERS, _exposed(policy) or None),
        ("cache-control", "no-cache"),
        # A 204 has no Content-Length that would tell that there is nothing to compress.
        (VARY, "accept-encoding" if status == 204 else None),
    )
    return Answer(status, headers)


def _not_found(message: str) -> Answer:
    return _told(404, {"statusCode": 404, "error": "Not Found", "message": message})


def _refused(message: str) -> Answer:
    return _told(200, {"message": message})


def _told(status: int, told: object) -> Answer:
    body = json.dumps(told, separators=(",", ":")).encode()
    lines = (("content-type", "application/json; charset=utf-8"), ("cache-control", "no-cache"))
    return Answer(status, lines, body)


def _actual(policy: Policy, request: Request, response: Response) -> Response:
    """Where hapi may compress, it names Accept-Encoding in Vary, after all the rest.

    An application that names it last, in small letters, can't be told from that.
    """
    varied = ",".join(values(response.headers, VARY)).split(",")
    may_compress = varied[-1] == "accept-encoding"
    headers = response.headers
    if may_compress:
        headers = _with_vary(delete(headers, VARY), varied[:-1])
    if not _IGNORE.of(policy):
        headers = _with_vary(headers, ["origin"])
    headers = _with_cors_headers(policy, request, headers)
    return Response(response.status, _with_vary(headers, varied[-1:] if may_compress else []))


def _with_vary(headers: HeaderList, names: list[str]) -> HeaderList:
    """With these names in Vary, but for those that it has in the same case."""
    varied = list(filter(None, ",".join(values(headers, VARY)).split(",")))
    if not names or WILDCARD in varied:
        return headers
    varied += [name for name in names if name not in varied]
    return set_header(headers, VARY, ",".join(varied))


def _with_cors_headers(policy: Policy, request: Request, headers: HeaderList) -> HeaderList:
    origin = echoed(request, ORIGIN)
    if not _is_allowed(policy, origin):
        return headers
    allowed = WILDCARD if _IGNORE.of(policy) else origin
    if allowed is None:
        headers = delete(headers, ALLOW_ORIGIN)
    else:
        headers = set_header(headers, ALLOW_ORIGIN, allowed)
    if policy.allow_credentials:
        headers = set_header(headers, ALLOW_CREDENTIALS, "true")
    if exposed := ",".join(filter(None, [*values(headers, EXPOSE_HEADERS), _exposed(policy)])):
        headers = set_header(headers, EXPOSE_HEADERS, exposed)
    return headers


def _has_route(policy: Policy, method: str) -> bool:
    routed = _ROUTED.of(policy)
    assert isinstance(routed, tuple)
    return method.upper() in {"OPTIONS", *routed}


def _is_allowed(policy: Policy, origin: str | None) -> bool:
    origins = _origins(policy)
    if _IGNORE.of(policy) or WILDCARD in origins:
        return True
    return origin is not None and any(_matches(each, origin) for each in origins)


def _matches(pattern: str, origin: str) -> bool:
    """In an origin with a `*`, that stands for anything, and `?` for any one character."""
    if "*" not in pattern:
        return origin == pattern
    regex = "".join({"*": ".*", "?": "."}.get(char) or re.escape(char) for char in pattern)
    return matches_regex(regex, origin, "fullmatch")


def _origins(policy: Policy) -> tuple[str, ...]:
    origins = policy.allow_origins
    if origins is None or origins == ECHO:
        return (WILDCARD,)
    return (origins,) if isinstance(origins, str) else origins


def _headers(policy: Policy) -> tuple[str, ...]:
    listed = policy.allow_headers
    return _DEFAULT_HEADERS if listed is None else _list(listed)


def _are_allowed(policy: Policy, asked: str | None) -> bool:
    """Whether the headers are; a name that is asked for twice isn't found twice."""
    if not asked:
        return True
    names = re.split(r"\s*,\s*", asked.lower())
    known = {name.lower() for name in _headers(policy)} | {"origin"}
    return len(known & set(names)) == len(names)


def _exposed(policy: Policy) -> str:
    listed = policy.expose_headers
    return ",".join(_DEFAULT_EXPOSED if listed is None else _list(listed))


def _list(listed: str | tuple[str, ...]) -> tuple[str, ...]:
    """Its options are lists, and `*` is one of the names."""
    return (listed,) if isinstance(listed, str) else listed


def _complaints(policy: Policy) -> tuple[Complaint, ...]:
    found = list(value_complaints(policy, echo=("allow_methods",)))
    if policy.allow_methods not in {None, ECHO}:
        hint = "leave it out; which methods have routes is the setting routed_methods"
        message = "can't be set: every method that has a route is allowed"
        found.append(Complaint("allow_methods", message, hint))
    if policy.allow_origin_regex is not None:
        hint = 'list patterns such as "https://*.example.com"'
        found.append(Complaint("allow_origin_regex", "can't be: origins are strings", hint))
    return (*found, *_refusals(policy))


def _refusals(policy: Policy) -> tuple[Complaint, ...]:
    """With what hapi doesn't start."""
    origins, found = policy.allow_origins, []
    if origins == ():
        found.append(("allow_origins", "must have at least one origin", "list one"))
    if isinstance(origins, tuple) and WILDCARD in origins[1:] + origins[:-1]:
        message = f'can\'t have "{WILDCARD}" together with other values'
        found.append(("allow_origins", message, f'write ["{WILDCARD}"] alone'))
    if _IGNORE.of(policy) and policy.allow_credentials:
        message = "must be false where the origin is ignored"
        found.append(("allow_credentials", message, f"drop it, or {_IGNORE.name}"))
    if _STATUS.of(policy) not in {200, 204}:
        found.append((_STATUS.name, "must be 200 or 204", f"the usual one is {_STATUS.default}"))
    return tuple(Complaint(*refusal, at_start=True) for refusal in found)


def _export(policy: Policy) -> Export:
    origins = None if policy.allow_origins is None else _origins(policy)
    status = _STATUS.of(policy)
    cors = {
        "origin": "ignore" if _IGNORE.of(policy) else origins,
        "headers": None if policy.allow_headers is None else _headers(policy),
        "exposedHeaders": None if policy.expose_headers is None else _list(policy.expose_headers),
        "credentials": policy.allow_credentials or None,
        "maxAge": policy.max_age,
        "preflightStatusCode": None if status == _STATUS.default else status,
    }
    given = any(value is not None for value in cors.values())
    server = call("Hapi.server", {"routes": {"cors": cors if given else True}})
    return Export("server.js", f'import Hapi from "@hapi/hapi";\n\nconst server = {server};\n')


HAPI = Dialect(
    name="hapi",
    title="hapi (built in)",
    version="@hapi/hapi 21.4.10",
    source="https://hapi.dev/api/#-routeoptionscors",
    evidence=Evidence.PROVED,
    preflight=_preflight,
    actual=_actual,
    complaints=_complaints,
    defaults=Policy(
        allow_origins=ECHO,
        allow_methods=ECHO,
        allow_headers=_DEFAULT_HEADERS,
        expose_headers=_DEFAULT_EXPOSED,
        max_age=_DEFAULT_MAX_AGE,
    ),
    export=_export,
    settings=(_ROUTED, _IGNORE, _STATUS),
    surprises=(
        "`*` sends back any origin, with and without credentials.",
        "A refused preflight gets 200 with a JSON body that says why, and no CORS headers.",
        "There are no allowed methods: the one asked for is sent back if it has a route.",
        "`*` in the headers is a header of that name, not a wildcard.",
        "The application's own Access-Control-Allow-Origin is replaced.",
        "The answer to a preflight has no Vary.",
    ),
)
