"""How does Azure Blob Storage answer with one CORS rule?

Follows https://learn.microsoft.com/rest/api/storageservices/preflight-blob-request and
https://learn.microsoft.com/rest/api/storageservices/cross-origin-resource-sharing--cors--support-for-the-azure-storage-services
with its table of when Vary is sent; how exposed prefixes become names is as Azurite does it.
Neither that table nor the texts of the errors in XML were ever checked with the service.
"""

from typing import Final

from corscope.fetch.headers import names
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
    REQUEST_HEADERS,
    REQUEST_METHOD,
    add_to_vary,
    echoed,
    is_cors_preflight_request,
    present,
    without_cors_headers,
)
from corscope.servers.platforms.clouds import (
    allowed_headers,
    always_with_credentials,
    are_headers_allowed,
    element,
    error_answer,
    is_listed,
    listed,
    refused,
    unwritable,
)
from corscope.servers.policy import WILDCARD, Policy

__all__ = ["AZURE_BLOB"]

_METHODS: Final = ("DELETE", "GET", "HEAD", "MERGE", "OPTIONS", "PATCH", "POST", "PUT")
_NO_RULE: Final = "CORS not enabled or no matching rule found for this request."
_NO_HEADER: Final = "A required CORS header is not present."


def _preflight(policy: Policy, request: Request) -> Answer | None:
    if request.method != "OPTIONS":
        return None
    if not is_cors_preflight_request(request):
        return error_answer(400, "InvalidHeaderValue", _NO_HEADER)
    origin, method = echoed(request, ORIGIN), echoed(request, REQUEST_METHOD)
    if not _holds(policy, origin, method) or not are_headers_allowed(policy, request):
        return error_answer(403, "CorsPreflightFailure", _NO_RULE)
    headers = present(
        (ALLOW_ORIGIN, origin),
        (ALLOW_METHODS, method),
        (ALLOW_HEADERS, echoed(request, REQUEST_HEADERS)),
        (MAX_AGE, str(policy.max_age or 0)),
        (ALLOW_CREDENTIALS, "true"),
    )
    return Answer(200, headers)


def _actual(policy: Policy, request: Request, response: Response) -> Response:
    """A rule for all origins also holds for a request that has none."""
    headers = without_cors_headers(response.headers)
    if policy.allow_origins is None:
        return Response(response.status, headers)
    origin, is_any = echoed(request, ORIGIN), WILDCARD in listed(policy.allow_origins)
    if is_any and request.method in _methods(policy):
        headers += present((EXPOSE_HEADERS, _exposed(policy, headers)), (ALLOW_ORIGIN, WILDCARD))
        return Response(response.status, headers)
    if _holds(policy, origin, request.method):
        headers += present(
            (EXPOSE_HEADERS, _exposed(policy, headers)),
            (ALLOW_ORIGIN, origin),
            (ALLOW_CREDENTIALS, "true"),
        )
    if request.method in {"GET", "HEAD"}:
        headers = add_to_vary(headers, ["Origin"])
    return Response(response.status, headers)


def _holds(policy: Policy, origin: str | None, method: str | None) -> bool:
    is_origin = bool(origin) and is_listed(origin or "", listed(policy.allow_origins))
    return is_origin and method in _methods(policy)


def _methods(policy: Policy) -> tuple[str, ...]:
    return _METHODS if policy.allow_methods is None else listed(policy.allow_methods)


def _exposed(policy: Policy, headers: HeaderList) -> str | None:
    """The names that the response has of those listed by prefix, and all that are listed whole."""
    patterns = tuple(name.lower() for name in listed(policy.expose_headers))
    there = [name for name in names(headers) if is_listed(name.lower(), patterns)]
    known = {name.lower() for name in there}
    whole = [n for n in listed(policy.expose_headers) if "*" not in n and n.lower() not in known]
    return ",".join(dict.fromkeys([*there, *whole])) or None


def _complaints(policy: Policy) -> tuple[Complaint, ...]:
    found = [*unwritable(policy, echo=("allow_headers",)), *always_with_credentials(policy)]
    for field in ("allow_origins", "allow_methods"):
        if getattr(policy, field) == ():
            found.append(refused(field, "is empty: a rule needs at least one", "list one"))
    if any("," in origin or origin != origin.strip() for origin in listed(policy.allow_origins)):
        message = "has a comma or a space, which end an origin there"
        found.append(refused("allow_origins", message, "list each by itself"))
    for method in _methods(policy):
        if method not in _METHODS:
            hint = f"Azure Storage knows {', '.join(_METHODS)}"
            found.append(refused("allow_methods", f"has an unsupported method: {method}", hint))
    for field in ("allow_headers", "expose_headers"):
        if any("*" in name[:-1] for name in listed(getattr(policy, field))):
            found.append(refused(field, "can have a * at the end of a name only", "list them"))
    return tuple(found)


def _export(policy: Policy) -> Export:
    if policy.allow_origins is None:
        return Export("cors.xml", "<Cors />\n")
    rule = {
        "AllowedOrigins": ",".join(listed(policy.allow_origins)),
        "AllowedMethods": ",".join(_methods(policy)),
        "AllowedHeaders": ",".join(allowed_headers(policy)),
        "ExposedHeaders": ",".join(listed(policy.expose_headers)),
        "MaxAgeInSeconds": str(policy.max_age or 0),
    }
    lines = "".join(f"    {element(name, text)}\n" for name, text in rule.items())
    return Export("cors.xml", f"<Cors>\n  <CorsRule>\n{lines}  </CorsRule>\n</Cors>\n")


AZURE_BLOB = Dialect(
    name="azure-blob",
    title="Azure Blob Storage",
    version="REST API 2013-08-15 and later",
    source="https://learn.microsoft.com/rest/api/storageservices/preflight-blob-request",
    evidence=Evidence.DOCUMENTED,
    preflight=_preflight,
    actual=_actual,
    complaints=_complaints,
    defaults=Policy(
        allow_origins=(),
        allow_methods=_METHODS,
        allow_headers=(),
        expose_headers=(),
        max_age=0,
    ),
    export=_export,
    surprises=(
        "A preflight's answer always allows credentials, an actual response's only without `*`.",
        "A preflight that isn't allowed gets 403, one without the needed headers 400.",
        "The method and the headers asked for are sent back, not the lists.",
        "An origin has to match to the letter, case included; `*` may stand for its subdomain.",
        "`*` at the end of a header's name stands for all that begin so.",
    ),
)
