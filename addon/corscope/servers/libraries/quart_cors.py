"""How does Quart answer with Quart-CORS?

Follows https://github.com/pgjones/quart-cors/blob/0.8.0/src/quart_cors/__init__.py. Quart itself
answers OPTIONS, with 200 for every route that there is; Quart-CORS adds headers to that as to any
other response. A rule knows no routes: it answers for all paths. What is joined from a set has an
order that changes from process to process; here it is the policy's.
"""

import re
from typing import Final

from corscope.fetch.headers import delete, is_token, set_header, values
from corscope.messages import HeaderList, Request, Response
from corscope.servers.answer import Answer
from corscope.servers.complaints import MEND_REGEX, echo_and_regex_complaints, value_complaints
from corscope.servers.dialect import Complaint, Dialect, Evidence, Export
from corscope.servers.languages.python import Code, call, listed, regex_literal
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
    without_cors_headers,
)
from corscope.servers.patterns.origins import matches_regex, regex_error
from corscope.servers.policy import ECHO, WILDCARD, Policy
from corscope.servers.repeated import reading_first

__all__ = ["QUART_CORS"]

_ALL_METHODS: Final = ("GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE")
_UNSET_EXPOSED: Final = ("",)
_PART: Final = re.compile(r'[^",]+|"(?:[^"\\]|\\.)*+("?)|,', re.DOTALL)


def _preflight(policy: Policy, request: Request) -> Answer | None:
    if not is_cors_preflight_request(request):
        return None
    empty: HeaderList = (("content-type", "text/html; charset=utf-8"),)
    return Answer(200, _with_cors(policy, request, empty))


def _actual(policy: Policy, request: Request, response: Response) -> Response:
    return Response(response.status, _with_cors(policy, request, response.headers))


def _forwarded(policy: Policy, request: Request, response: Response) -> Response:
    """As of a view that answers OPTIONS itself."""
    own = without_cors_headers(response.headers)
    return _actual(policy, request, Response(response.status, own))


def _with_cors(policy: Policy, request: Request, headers: HeaderList) -> HeaderList:
    allowed = _allow_origin(policy, request)
    if allowed is not None:
        if not policy.allow_credentials:
            headers = delete(headers, ALLOW_CREDENTIALS)
        for name, value in _headers(policy, request, allowed):
            headers = set_header(headers, name, value)
    return headers if WILDCARD in (allowed or "") else _varying(headers)


def _varying(headers: HeaderList) -> HeaderList:
    """With Origin in Vary; where the first line lacks it, the others are lost."""
    names = _members(next(iter(values(headers, VARY)), ""))
    if "origin" in (name.lower() for name in names):
        return headers
    return set_header(headers, VARY, _joined((*names, "Origin")))


def _headers(policy: Policy, request: Request, allowed: str) -> HeaderList:
    exposed = listed(policy.expose_headers)
    headers = present(
        (ALLOW_ORIGIN, allowed),
        (ALLOW_CREDENTIALS, "true" if policy.allow_credentials else None),
        (EXPOSE_HEADERS, _joined(_UNSET_EXPOSED if exposed is None else exposed)),
    )
    methods = _ALL_METHODS if policy.allow_methods is None else listed(policy.allow_methods)
    method = echoed(request, REQUEST_METHOD)
    if request.method != "OPTIONS" or not method or not _is_in(methods or (), method):
        return headers
    return headers + present(
        (ALLOW_HEADERS, _joined(_allowed_names(policy, request))),
        (ALLOW_METHODS, _joined(methods or ())),
        (MAX_AGE, None if policy.max_age is None else str(policy.max_age)),
    )


def _is_in(names: tuple[str, ...], name: str) -> bool:
    return WILDCARD in names or name.lower() in {each.lower() for each in names}


def _allowed_names(policy: Policy, request: Request) -> tuple[str, ...]:
    asked = _members(echoed(request, REQUEST_HEADERS) or "")
    allowed = listed(policy.allow_headers)
    if allowed is None or policy.allow_headers == ECHO or WILDCARD in allowed:
        return asked
    lowered = {name.lower() for name in asked}
    return tuple(dict.fromkeys(name.lower() for name in allowed if name.lower() in lowered))


def _members(value: str) -> tuple[str, ...]:
    """A list as Werkzeug reads it: without the quotes around a member; one left open spoils all."""
    members = [""]
    for part in _PART.finditer(value):
        if part[0] == ",":
            members.append("")
        elif part[1] == "":
            return ()
        else:
            members[-1] += part[0]
    stripped = (member.strip(" \t") for member in members)
    return tuple(_unquoted(member) for member in stripped if member)


def _unquoted(member: str) -> str:
    is_quoted = len(member) > 1 and member[0] == member[-1] == '"'
    return re.sub(r"\\(.)", r"\1", member[1:-1]) if is_quoted else member


def _joined(names: tuple[str, ...]) -> str:
    """A list as Werkzeug writes it, which puts quotes around whatever is no token."""
    return ", ".join(name if is_token(name) else f'"{_escaped(name)}"' for name in names)


def _escaped(name: str) -> str:
    return name.replace("\\", "\\\\").replace('"', '\\"')


def _allow_origin(policy: Policy, request: Request) -> str | None:
    origin, pattern = echoed(request, ORIGIN), policy.allow_origin_regex
    if not origin:
        return None
    origins = listed(policy.allow_origins)
    if origins is None and pattern is None:
        origins = (WILDCARD,)
    if WILDCARD in (origins or ()):
        return WILDCARD
    if policy.allow_origins == ECHO or origin in (origins or ()):
        return origin
    return origin if pattern is not None and matches_regex(pattern, origin, "match") else None


def _complaints(policy: Policy) -> tuple[Complaint, ...]:
    complaints = [*value_complaints(policy, echo=("allow_headers",))]
    origins, pattern = listed(policy.allow_origins), policy.allow_origin_regex
    has_wildcard = WILDCARD in origins if origins is not None else pattern is None
    if has_wildcard and policy.allow_credentials:
        message = "beside an origin `*` makes every request fail with 500"
        complaints.append(Complaint("allow_credentials", message, "list the origins"))
    if has_wildcard and (len(origins or ()) > 1 or pattern is not None):
        message = "has `*` beside others: whether it or the origin is sent changes with the process"
        complaints.append(Complaint("allow_origins", message, f'write "{WILDCARD}" alone'))
    if pattern is not None and (error := regex_error(pattern)):
        message = f"is no regular expression of Python's: {error}"
        complaints.append(Complaint("allow_origin_regex", message, MEND_REGEX, at_start=True))
    return (*complaints, *echo_and_regex_complaints(policy))


def _export(policy: Policy) -> Export:
    pattern = ".*" if policy.allow_origins == ECHO else policy.allow_origin_regex
    origins: object = policy.allow_origins
    if pattern is not None:
        compiled = Code(f"re.compile({regex_literal(pattern).text})")
        more = None if policy.allow_origins == ECHO else listed(policy.allow_origins)
        origins = [*more, compiled] if more else compiled
    options = {
        "allow_origin": origins,
        "allow_methods": listed(policy.allow_methods),
        "allow_headers": None if policy.allow_headers == ECHO else listed(policy.allow_headers),
        "expose_headers": listed(policy.expose_headers),
        "allow_credentials": policy.allow_credentials or None,
        "max_age": policy.max_age,
    }
    imported = "from quart_cors import cors\n"
    if pattern is not None:
        imported = f"import re\n\n{imported}"
    return Export("app.py", f"{imported}\napp = {call('cors', ['app'], options)}\n")


QUART_CORS = Dialect(
    name="quart-cors",
    title="Quart (Quart-CORS)",
    version="Quart-CORS 0.8.0, Quart 0.20.0",
    source="https://github.com/pgjones/quart-cors/blob/0.8.0/src/quart_cors/__init__.py",
    evidence=Evidence.PROVED,
    preflight=reading_first(_preflight),
    actual=reading_first(_actual),
    complaints=_complaints,
    defaults=Policy(allow_origins=WILDCARD, allow_methods=_ALL_METHODS, allow_headers=ECHO),
    export=_export,
    forwarded=reading_first(_forwarded),
    surprises=(
        "`*` with credentials starts, and then fails every request with 500.",
        'Without expose_headers the header is sent all the same, as `""`.',
        "A regular expression is matched from the start only.",
        "Only those of the requested headers are listed that are allowed, in lower case.",
    ),
)
