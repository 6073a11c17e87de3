"""How does Traefik answer with the accessControl… options of its headers middleware?

Follows https://github.com/traefik/traefik/blob/v3.7.15/pkg/middlewares/headers/header.go and the
options' documentation.
"""

import re
from typing import Final

from corscope.fetch.headers import set_header
from corscope.messages import Request, Response
from corscope.servers.answer import Answer
from corscope.servers.complaints import regex_complaints, replaced_complaints, value_complaints
from corscope.servers.dialect import Complaint, Dialect, Evidence, Export, Setting
from corscope.servers.languages.go import sorted_by_name
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
    VARY,
    echoed,
    present,
)
from corscope.servers.patterns.origins import matches_regex
from corscope.servers.patterns.regexes import RE2
from corscope.servers.policy import ECHO, WILDCARD, Policy, listed
from corscope.servers.repeated import reading_first

__all__ = ["TRAEFIK"]

_ADD_VARY: Final = Setting(
    "add_vary_header",
    "boolean",
    default=False,
    doc="actual responses vary by the origin.",
)


def _preflight(policy: Policy, request: Request) -> Answer | None:
    origin, method = echoed(request, ORIGIN), echoed(request, REQUEST_METHOD)
    if request.method != "OPTIONS" or not origin or not method or not _options(policy):
        return None
    names = echoed(request, REQUEST_HEADERS)
    headers = present(
        (ALLOW_CREDENTIALS, "true" if policy.allow_credentials else None),
        (ALLOW_HEADERS, _listed_or_asked(policy, policy.allow_headers, names)),
        (ALLOW_METHODS, _listed_or_asked(policy, policy.allow_methods, method)),
        (ALLOW_ORIGIN, _allow_origin(policy, origin)),
        (MAX_AGE, None if policy.max_age is None else str(policy.max_age)),
        (EXPOSE_HEADERS, _listed_or_asked(policy, policy.expose_headers, None)),
    )
    return Answer(200, sorted_by_name(headers))


def _actual(policy: Policy, request: Request, response: Response) -> Response:
    """What the application says itself is replaced by what the middleware says, and else stays."""
    headers = response.headers
    for name, value in present(
        (ALLOW_ORIGIN, _allow_origin(policy, echoed(request, ORIGIN) or "")),
        (ALLOW_CREDENTIALS, "true" if policy.allow_credentials else None),
        (EXPOSE_HEADERS, _listed_or_asked(policy, policy.expose_headers, None)),
        (VARY, _vary(policy, response)),
    ):
        headers = set_header(headers, name, value)
    return Response(response.status, sorted_by_name(headers))


def _vary(policy: Policy, response: Response) -> str | None:
    """The first line of Vary, which becomes the only one, and the origin."""
    if not _ADD_VARY.of(policy):
        return None
    lines = [value for name, value in response.headers if name.lower() == VARY]
    first = lines[0] if lines else ""
    return None if first == "Origin" else f"{first},Origin" if first else "Origin"


def _allow_origin(policy: Policy, origin: str) -> str | None:
    """The value for an origin, or for none, which a wildcard with credentials sends back."""
    for each in _items(policy.allow_origins):
        if each == origin:
            return origin
        if each == WILDCARD:
            return origin if policy.allow_credentials else WILDCARD
    pattern = policy.allow_origin_regex
    if pattern is not None and matches_regex(pattern.strip(), origin, "search", flags=re.ASCII):
        return origin
    return None


def _listed_or_asked(
    policy: Policy, value: str | tuple[str, ...] | None, asked: str | None
) -> str | None:
    """The list; with credentials, what was asked for if there is a `*` among it."""
    items = _items(value)
    if WILDCARD in items and policy.allow_credentials:
        return asked or None
    return ",".join(items) or None


def _items(value: str | tuple[str, ...] | None) -> list[str]:
    """A list as it is read from the file, without the white space around its items."""
    return [each.strip() for each in listed(value)]


def _complaints(policy: Policy) -> tuple[Complaint, ...]:
    found = [*value_complaints(policy), *regex_complaints(policy, RE2)]
    if policy.allow_origins == ECHO:
        hint = 'write "*": it becomes the Origin sent where credentials are allowed'
        found.append(Complaint("allow_origins", f'can\'t be "{ECHO}"', hint))
    if not _options(policy):
        message = "leaves every option unset, and Traefik takes no such middleware"
        found.append(Complaint("allow_origins", message, "list an origin", at_start=True))
    return (*found, *replaced_complaints(policy, "{{", "an action of a template"))


def _options(policy: Policy) -> dict[str, object]:
    """The options that are set; an empty list is none."""
    options: dict[str, object] = {
        "accessControlAllowOriginList": listed(policy.allow_origins) or None,
        "accessControlAllowOriginListRegex": _regexes(policy),
        "accessControlAllowMethods": listed(policy.allow_methods) or None,
        "accessControlAllowHeaders": listed(policy.allow_headers) or None,
        "accessControlExposeHeaders": listed(policy.expose_headers) or None,
        "accessControlAllowCredentials": policy.allow_credentials or None,
        "accessControlMaxAge": policy.max_age,
        "addVaryHeader": _ADD_VARY.of(policy) or None,
    }
    return {name: value for name, value in options.items() if value is not None}


def _regexes(policy: Policy) -> tuple[str, ...] | None:
    return None if policy.allow_origin_regex is None else (policy.allow_origin_regex,)


def _export(policy: Policy) -> Export:
    text = yaml_text({"http": {"middlewares": {"cors": {"headers": _options(policy)}}}})
    warned = ("preflights are answered here, not forwarded",) if policy.forward_preflight else ()
    return Export("traefik.yml", text, warned)


TRAEFIK = Dialect(
    name="traefik",
    title="Traefik (headers middleware)",
    version="Traefik 3.7.15",
    source="https://doc.traefik.io/traefik/middlewares/http/headers/#cors-headers",
    evidence=Evidence.PROVED,
    preflight=reading_first(_preflight),
    actual=reading_first(_actual),
    complaints=_complaints,
    defaults=Policy(allow_origins=(), allow_methods=(), allow_headers=(), expose_headers=()),
    export=_export,
    settings=(_ADD_VARY,),
    # A shared cache must not give one origin's answer to another, and some option there must be.
    handed_off=((_ADD_VARY.name, True),),
    surprises=(
        "An origin that isn't allowed still gets all other CORS headers.",
        "There is no `Vary` unless `addVaryHeader` is set, and never one on a preflight.",
        "`*` is sent as it is; with credentials, what was asked for is sent back instead.",
        "A regex may match anywhere in the origin; `https://*.example.com` is no pattern.",
        "Methods and headers are never checked, only listed.",
    ),
)
