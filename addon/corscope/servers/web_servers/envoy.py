"""How does Envoy answer with its CORS filter?

It stands behind Istio's `corsPolicy` and, with Envoy Gateway, the Gateway API's. Follows
https://github.com/envoyproxy/envoy/blob/main/source/extensions/filters/http/cors/cors_filter.cc and
the documentation of CorsPolicy. What sets the policy may write it otherwise: here lists are joined
without a space.
"""

import re
from typing import Final

from corscope.fetch.headers import set_header
from corscope.messages import HeaderList, Request, Response
from corscope.servers.answer import Answer
from corscope.servers.complaints import regex_complaints, value_complaints
from corscope.servers.dialect import Complaint, Dialect, Evidence, Export, Setting
from corscope.servers.languages.yaml_text import yaml_text
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
    echoed,
    present,
)
from corscope.servers.patterns.origins import matches_regex
from corscope.servers.patterns.regexes import RE2
from corscope.servers.policy import ECHO, WILDCARD, Policy, listed
from corscope.servers.repeated import reading_appended_by_comma

__all__ = ["ENVOY"]

_FORWARD: Final = Setting(
    "forward_not_matching_preflights",
    "boolean",
    default=True,
    doc="another origin's preflight goes to the backend.",
)
_TYPE: Final = "type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy"


def _preflight(policy: Policy, request: Request) -> Answer | None:
    origin, method = echoed(request, ORIGIN), echoed(request, REQUEST_METHOD)
    if request.method != "OPTIONS" or not origin or not method:
        return None
    is_allowed = _is_allowed(policy, origin)
    if not is_allowed and _FORWARD.of(policy):
        return None
    names = echoed(request, REQUEST_HEADERS) or ""
    headers = present(
        (ALLOW_ORIGIN, origin if is_allowed else None),
        (ALLOW_CREDENTIALS, "true" if policy.allow_credentials else None),
        (ALLOW_METHODS, _listed_or_asked(policy.allow_methods, method)),
        (ALLOW_HEADERS, _listed_or_asked(policy.allow_headers, names)),
        (MAX_AGE, None if policy.max_age is None else str(policy.max_age)),
        (EXPOSE_HEADERS, _written(policy.expose_headers) if is_allowed else None),
    )
    return Answer(200, headers)


def _actual(policy: Policy, request: Request, response: Response) -> Response:
    """What the application says itself is replaced for an allowed origin, and else stays."""
    origin = echoed(request, ORIGIN)
    if not origin or not _is_allowed(policy, origin):
        return response
    own: HeaderList = present(
        (ALLOW_ORIGIN, origin),
        (ALLOW_CREDENTIALS, "true" if policy.allow_credentials else None),
        (EXPOSE_HEADERS, _written(policy.expose_headers)),
    )
    headers = response.headers
    for name, value in own:
        headers = set_header(headers, name, value)
    return Response(response.status, headers)


def _is_allowed(policy: Policy, origin: str) -> bool:
    """A matcher that matches the text `*` allows every origin, a regex too."""
    pattern = policy.allow_origin_regex
    return any(
        text in _exact(policy)
        or (pattern is not None and matches_regex(pattern, text, "fullmatch", flags=re.ASCII))
        for text in (WILDCARD, origin)
    )


def _exact(policy: Policy) -> tuple[str, ...]:
    return (WILDCARD,) if policy.allow_origins == ECHO else listed(policy.allow_origins)


def _written(value: str | tuple[str, ...] | None) -> str | None:
    """Methods or headers as the text that they are there; None if there is none."""
    return WILDCARD if value == ECHO else ",".join(listed(value)) or None


def _listed_or_asked(value: str | tuple[str, ...] | None, asked: str) -> str | None:
    written = _written(value)
    return asked if written == WILDCARD else written


def _complaints(policy: Policy) -> tuple[Complaint, ...]:
    found = [
        *value_complaints(policy, echo=("allow_methods", "allow_headers")),
        *regex_complaints(policy, RE2),
    ]
    if policy.allow_origin_regex == "":
        hint = 'write ".*" for any origin, or drop it'
        found.append(Complaint("allow_origin_regex", "is empty", hint, at_start=True))
    return tuple(found)


def _export(policy: Policy) -> Export:
    matchers: list[object] = [{"exact": origin} for origin in _exact(policy)]
    if policy.allow_origin_regex is not None:
        matchers.append({"safe_regex": {"regex": policy.allow_origin_regex}})
    forwarded = _FORWARD.of(policy)
    cors = {
        "'@type'": _TYPE,
        "allow_origin_string_match": matchers or None,
        "allow_methods": _written(policy.allow_methods),
        "allow_headers": _written(policy.allow_headers),
        "expose_headers": _written(policy.expose_headers),
        "max_age": None if policy.max_age is None else str(policy.max_age),
        "allow_credentials": policy.allow_credentials or None,
        "forward_not_matching_preflights": None if forwarded else False,
    }
    text = yaml_text({"typed_per_filter_config": {"envoy.filters.http.cors": cors}})
    warned = ("an allowed preflight is answered here",) if policy.forward_preflight else ()
    return Export("envoy.yaml", text, warned)


ENVOY = Dialect(
    name="envoy",
    title="Envoy, Istio, Envoy Gateway (CORS filter)",
    version="Envoy 1.40.0, CorsPolicy v3",
    source="https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/cors_filter",
    evidence=Evidence.PROVED,
    preflight=reading_appended_by_comma(_preflight),
    actual=reading_appended_by_comma(_actual),
    complaints=_complaints,
    defaults=Policy(allow_origins=(), allow_methods=(), allow_headers=(), expose_headers=()),
    export=_export,
    settings=(_FORWARD,),
    surprises=(
        "`*` allows every origin by its name, with credentials too.",
        "There is never a `Vary`, so that a shared cache may give one origin's answer to another.",
        "Another origin's preflight goes to the backend, which may not know OPTIONS.",
        "`*` as methods or headers sends back what was asked for.",
        "A regex has to match the whole origin; `https://*.example.com` is no pattern.",
        "Methods and headers are never checked, only listed.",
        "`QUERY` without a Content-Type is refused with a 400 that has no CORS headers.",
    ),
)
