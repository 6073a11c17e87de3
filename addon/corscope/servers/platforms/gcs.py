"""How does Google Cloud Storage answer for a bucket that has one CORS entry?

Follows https://cloud.google.com/storage/docs/cross-origin and, for the entry's meaning,
https://cloud.google.com/storage/docs/xml-api/put-bucket-cors. `responseHeader` is one
list for two things: the headers that a preflight allows, and those that script may read.

What the documentation leaves open was never checked with the service: that an entry for `*` answers
`*`, that a preflight which isn't allowed gets 200 without CORS headers, and that there is no Vary.
"""

from typing import Final

from corscope.messages import HeaderList, Request, Response
from corscope.servers.answer import Answer
from corscope.servers.dialect import Complaint, Dialect, Evidence, Export
from corscope.servers.parts import (
    ALLOW_HEADERS,
    ALLOW_METHODS,
    ALLOW_ORIGIN,
    EXPOSE_HEADERS,
    MAX_AGE,
    ORIGIN,
    REQUEST_METHOD,
    echoed,
    present,
    without_cors_headers,
)
from corscope.servers.platforms.clouds import as_json, listed, refused, unwritable
from corscope.servers.policy import WILDCARD, Policy

__all__ = ["GCS"]

_ONE_LIST: Final = (
    "allow_headers and expose_headers become one list: each header in it is allowed and exposed."
)


def _preflight(policy: Policy, request: Request) -> Answer | None:
    if request.method != "OPTIONS":
        return None
    headers: HeaderList = ()
    if _matches(policy, request, echoed(request, REQUEST_METHOD)):
        headers = present(
            (ALLOW_ORIGIN, _allow_origin(policy, request)),
            (ALLOW_METHODS, ",".join(_methods(policy))),
            (ALLOW_HEADERS, ",".join(_response_header(policy)) or None),
            (MAX_AGE, None if policy.max_age is None else str(policy.max_age)),
        )
    return Answer(200, headers)


def _actual(policy: Policy, request: Request, response: Response) -> Response:
    headers = without_cors_headers(response.headers)
    if _matches(policy, request, request.method):
        headers += present(
            (ALLOW_ORIGIN, _allow_origin(policy, request)),
            (EXPOSE_HEADERS, ",".join(_response_header(policy)) or None),
        )
    return Response(response.status, headers)


def _matches(policy: Policy, request: Request, method: str | None) -> bool:
    """The entry is for a request if it has the origin and the method; headers don't matter."""
    origin, origins, methods = (
        echoed(request, ORIGIN),
        listed(policy.allow_origins),
        _methods(policy),
    )
    is_origin = bool(origin) and (origin in origins or WILDCARD in origins)
    return is_origin and bool(method) and (method in methods or WILDCARD in methods)


def _allow_origin(policy: Policy, request: Request) -> str | None:
    is_any = WILDCARD in listed(policy.allow_origins)
    return WILDCARD if is_any else echoed(request, ORIGIN)


def _methods(policy: Policy) -> tuple[str, ...]:
    return (WILDCARD,) if policy.allow_methods is None else listed(policy.allow_methods)


def _response_header(policy: Policy) -> tuple[str, ...]:
    names = listed(policy.allow_headers) + listed(policy.expose_headers)
    return tuple({name.lower(): name for name in names}.values())


def _complaints(policy: Policy) -> tuple[Complaint, ...]:
    found = list(unwritable(policy))
    if policy.allow_credentials:
        message = "can't be had: Cloud Storage never allows credentials"
        found.append(Complaint("allow_credentials", message, "sign the URLs instead"))
    if policy.allow_origins == ():
        message = "is empty: an entry needs at least one"
        found.append(refused("allow_origins", message, "list one"))
    return tuple(found)


def _export(policy: Policy) -> Export:
    if policy.allow_origins is None:
        return Export("cors.json", as_json([]))
    entry = {
        "origin": listed(policy.allow_origins),
        "method": _methods(policy),
        "responseHeader": _response_header(policy),
        "maxAgeSeconds": policy.max_age,
    }
    given = {n: value for n, value in entry.items() if value not in {None, ()} or n == "method"}
    allowed, exposed = (
        {name.lower() for name in listed(names)}
        for names in (policy.allow_headers, policy.expose_headers)
    )
    return Export("cors.json", as_json([given]), () if allowed == exposed else (_ONE_LIST,))


GCS = Dialect(
    name="gcs",
    title="Google Cloud Storage",
    version="XML API",
    source="https://cloud.google.com/storage/docs/cross-origin",
    evidence=Evidence.DOCUMENTED,
    preflight=_preflight,
    actual=_actual,
    complaints=_complaints,
    defaults=Policy(allow_origins=(), allow_methods=WILDCARD, allow_headers=(), expose_headers=()),
    export=_export,
    surprises=(
        "`responseHeader` allows a preflight's headers too; Content-Type has to be in it for JSON.",
        "Credentials can't be allowed.",
        "An origin has to match to the letter; there are no patterns but `*`.",
        "A preflight that isn't allowed gets 200 without CORS headers.",
        "The JSON API's endpoints have CORS of their own, whatever the bucket says.",
    ),
)
