"""How does an HTTP API of Amazon API Gateway answer?

Follows https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html. Only HTTP
APIs have CORS of their own: a REST API has an OPTIONS method with a made-up response, and what its
other methods send is the integration's business.

Never checked with the service: that a preflight which isn't allowed gets 204 without headers, which
patterns it takes, that a max-age is at most 86400, and, of which nothing is written, that there is
no Vary.
"""

from typing import Final

from corscope.messages import HeaderList, Request, Response
from corscope.servers.answer import Answer
from corscope.servers.dialect import Complaint, Dialect, Evidence, Export
from corscope.servers.parts import (
    ALLOW_CREDENTIALS,
    ALLOW_HEADERS,
    ALLOW_METHODS,
    ALLOW_ORIGIN,
    EXPOSE_HEADERS,
    MAX_AGE,
    ORIGIN,
    echoed,
    is_cors_preflight_request,
    present,
    without_cors_headers,
)
from corscope.servers.platforms.clouds import as_json, is_listed, listed, refused, unwritable
from corscope.servers.policy import WILDCARD, Policy

__all__ = ["API_GATEWAY"]

_LONGEST_MAX_AGE: Final = 86400
_PATTERNS: Final = (WILDCARD, "https://*", "http://*")


def _preflight(policy: Policy, request: Request) -> Answer | None:
    if not is_cors_preflight_request(request):
        return None
    headers = _on_every_response(policy, request)
    if headers:
        headers += present(
            (ALLOW_METHODS, ",".join(listed(policy.allow_methods)) or None),
            (ALLOW_HEADERS, ",".join(listed(policy.allow_headers)) or None),
            (MAX_AGE, None if policy.max_age is None else str(policy.max_age)),
        )
    return Answer(204, headers)


def _actual(policy: Policy, request: Request, response: Response) -> Response:
    headers = without_cors_headers(response.headers)
    return Response(response.status, headers + _on_every_response(policy, request))


def _on_every_response(policy: Policy, request: Request) -> HeaderList:
    origin, origins = echoed(request, ORIGIN), listed(policy.allow_origins)
    if not origin or not is_listed(origin, origins):
        return ()
    return present(
        (ALLOW_ORIGIN, WILDCARD if WILDCARD in origins else origin),
        (ALLOW_CREDENTIALS, "true" if policy.allow_credentials else None),
        (EXPOSE_HEADERS, ",".join(listed(policy.expose_headers)) or None),
    )


def _complaints(policy: Policy) -> tuple[Complaint, ...]:
    found = list(unwritable(policy))
    origins = listed(policy.allow_origins)
    if policy.allow_credentials and WILDCARD in origins:
        hint = 'list the origins, or "https://*"'
        message = f'isn\'t supported if allow_origins has "{WILDCARD}"'
        found.append(refused("allow_credentials", message, hint))
    for origin in origins:
        if "*" in origin and origin not in _PATTERNS:
            hint = f"the only patterns are {', '.join(_PATTERNS)}"
            found.append(refused("allow_origins", f"has an invalid format: {origin}", hint))
    if policy.max_age is not None and policy.max_age > _LONGEST_MAX_AGE:
        message = f"can't be more than {_LONGEST_MAX_AGE}"
        found.append(refused("max_age", message, f"write {_LONGEST_MAX_AGE}"))
    return tuple(found)


def _export(policy: Policy) -> Export:
    cors = {
        "AllowOrigins": listed(policy.allow_origins),
        "AllowMethods": listed(policy.allow_methods),
        "AllowHeaders": listed(policy.allow_headers),
        "ExposeHeaders": listed(policy.expose_headers),
        "AllowCredentials": policy.allow_credentials or None,
        "MaxAge": policy.max_age,
    }
    given = {name: value for name, value in cors.items() if value not in {None, ()}}
    return Export("cors.json", as_json(given))


API_GATEWAY = Dialect(
    name="api-gateway",
    title="Amazon API Gateway, HTTP API",
    version="apigatewayv2",
    source="https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html",
    evidence=Evidence.DOCUMENTED,
    preflight=_preflight,
    actual=_actual,
    complaints=_complaints,
    defaults=Policy(allow_origins=(), allow_methods=(), allow_headers=(), expose_headers=()),
    export=_export,
    surprises=(
        "CORS headers of the integration are dropped, so a Lambda's own have no effect.",
        "A preflight that isn't allowed gets 204 without CORS headers.",
        "The only patterns are `*`, `https://*` and `http://*`.",
        "An OPTIONS that is no preflight goes to the route, where an authorizer may answer 401.",
    ),
)
