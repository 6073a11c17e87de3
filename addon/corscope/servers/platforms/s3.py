"""How does Amazon S3 answer for a bucket that has one CORS rule?

Follows https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html, and what S3
answered to the recorded requests of LocalStack's tests (tests/aws/services/s3/test_s3_cors.py).
The rule holds for a request if it lists the origin, the method and all headers asked for. Without
origins there is no rule.
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
    REQUEST_METHOD,
    add_to_vary,
    echoed,
    present,
    without_cors_headers,
)
from corscope.servers.platforms.clouds import (
    allowed_headers,
    always_with_credentials,
    are_headers_allowed,
    as_json,
    error_answer,
    is_listed,
    listed,
    refused,
    requested_headers,
    unwritable,
)
from corscope.servers.policy import WILDCARD, Policy

__all__ = ["S3"]

_METHODS: Final = ("GET", "PUT", "POST", "DELETE", "HEAD")
_VARY: Final = ("Origin", "Access-Control-Request-Headers", "Access-Control-Request-Method")
_NOT_ALLOWED: Final = (
    "CORSResponse: This CORS request is not allowed. This is usually because the evalution of "
    "Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are "
    "not whitelisted by the resource's CORS spec."
)
_NO_RULE: Final = "S3 takes no empty list of rules: delete the bucket's CORS configuration instead."
_NOT_ENABLED: Final = "CORSResponse: CORS is not enabled for this bucket."
_NO_ORIGIN: Final = "Insufficient information. Origin request header needed."


def _preflight(policy: Policy, request: Request) -> Answer | None:
    if request.method != "OPTIONS":
        return None
    if not echoed(request, ORIGIN):
        return error_answer(400, "BadRequest", _NO_ORIGIN)
    if not _holds(policy, request):
        message, resource = (
            (_NOT_ENABLED, "BUCKET") if policy.allow_origins is None else (_NOT_ALLOWED, "OBJECT")
        )
        details = {"Method": _asked_method(request), "ResourceType": resource}
        return error_answer(403, "AccessForbidden", message, **details)
    return Answer(200, add_to_vary(_headers(policy, request), _VARY))


def _actual(policy: Policy, request: Request, response: Response) -> Response:
    headers = without_cors_headers(response.headers)
    if _holds(policy, request):
        headers = add_to_vary(headers + _headers(policy, request), _VARY)
    return Response(response.status, headers)


def _holds(policy: Policy, request: Request) -> bool:
    origin = echoed(request, ORIGIN)
    return (
        bool(origin)
        and is_listed(origin or "", listed(policy.allow_origins))
        and _asked_method(request) in _methods(policy)
        and are_headers_allowed(policy, request)
    )


def _asked_method(request: Request) -> str:
    """Of any request: a GET that has the header is taken for what that says."""
    return echoed(request, REQUEST_METHOD) or request.method


def _headers(policy: Policy, request: Request) -> HeaderList:
    """The same for preflights and all others."""
    is_any = WILDCARD in listed(policy.allow_origins)
    return present(
        (ALLOW_ORIGIN, WILDCARD if is_any else echoed(request, ORIGIN)),
        (ALLOW_METHODS, ", ".join(_methods(policy))),
        (ALLOW_HEADERS, ", ".join(requested_headers(request)) or None),
        (EXPOSE_HEADERS, ", ".join(listed(policy.expose_headers)) or None),
        (MAX_AGE, None if policy.max_age is None else str(policy.max_age)),
        (ALLOW_CREDENTIALS, None if is_any else "true"),
    )


def _methods(policy: Policy) -> tuple[str, ...]:
    return _METHODS if policy.allow_methods is None else listed(policy.allow_methods)


def _complaints(policy: Policy) -> tuple[Complaint, ...]:
    return (
        *unwritable(policy, echo=("allow_headers",)),
        *always_with_credentials(policy),
        *_refusals(policy),
    )


def _refusals(policy: Policy) -> tuple[Complaint, ...]:
    found = []
    for field in ("allow_origins", "allow_methods"):
        if getattr(policy, field) == ():
            found.append(refused(field, "is empty: a rule needs at least one", "list one"))
    for method in _methods(policy):
        if method not in _METHODS:
            hint = f"S3 knows {', '.join(_METHODS)}"
            found.append(refused("allow_methods", f"has an unsupported method: {method}", hint))
    for field in ("allow_origins", "allow_headers"):
        if any(name.count("*") > 1 for name in listed(getattr(policy, field))):
            found.append(refused(field, "can't have more than one * in a name", "list them"))
    if any("*" in name for name in listed(policy.expose_headers)):
        found.append(refused("expose_headers", "can't have a wildcard", "list the names"))
    return tuple(found)


def _export(policy: Policy) -> Export:
    if policy.allow_origins is None:
        return Export("cors.json", as_json({"CORSRules": []}), (_NO_RULE,))
    rule = {
        "AllowedOrigins": listed(policy.allow_origins),
        "AllowedMethods": _methods(policy),
        "AllowedHeaders": allowed_headers(policy),
        "ExposeHeaders": listed(policy.expose_headers),
        "MaxAgeSeconds": policy.max_age,
    }
    given = {name: value for name, value in rule.items() if value not in {None, ()}}
    return Export("cors.json", as_json({"CORSRules": [given]}))


S3 = Dialect(
    name="s3",
    title="Amazon S3",
    version="API 2006-03-01",
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html",
    evidence=Evidence.DOCUMENTED,
    preflight=_preflight,
    actual=_actual,
    complaints=_complaints,
    defaults=Policy(allow_origins=(), allow_methods=_METHODS, allow_headers=(), expose_headers=()),
    export=_export,
    surprises=(
        "Credentials are allowed to every origin that is listed, and never to `*`.",
        "A preflight that isn't allowed gets 403 with an XML body, whatever the reason.",
        "A request without Origin gets no Vary, so that a cache may keep it for all others.",
        "PATCH and OPTIONS can't be allowed.",
        "Actual responses have the preflight's headers too.",
    ),
)
