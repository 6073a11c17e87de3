"""How does h3 answer with its `handleCors`, and so Nitro and Nuxt, which are made with h3?

Follows https://github.com/h3js/h3/blob/v2.0.8/src/utils/cors.ts, under Node: there the header lines
are in the order of their names. An application's Vary is taken as added with `append`; where it is
`set`, `replaces_vary` says so.
"""

from typing import Final

from corscope.fetch.headers import delete, values
from corscope.messages import Request, Response
from corscope.servers.answer import Answer
from corscope.servers.complaints import regex_complaints, status_complaints, value_complaints
from corscope.servers.dialect import Complaint, Dialect, Evidence, Export, Setting
from corscope.servers.languages.javascript import (
    Code,
    as_web_headers,
    is_allowed,
    literal,
    regex_literal,
)
from corscope.servers.own_vary import REPLACES_VARY, replaces_vary
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
    replaced_by,
)
from corscope.servers.patterns.regexes import JAVASCRIPT
from corscope.servers.policy import ECHO, WILDCARD, Policy

__all__ = ["H3"]

_ANY: Final = (None, "", WILDCARD)
_STATUS: Final = Setting(
    "preflight_status_code", "integer", 204, "the status of the answer to a preflight."
)


def _preflight(policy: Policy, request: Request) -> Answer | None:
    origin, method = echoed(request, ORIGIN), echoed(request, REQUEST_METHOD)
    if request.method != "OPTIONS" or not origin or not method:
        return None
    echoes_method = _is_any(policy.allow_methods) and policy.allow_credentials
    vary = [
        *(["origin"] if _depends_on_origin(policy) else []),
        *([REQUEST_METHOD] if echoes_method else []),
        REQUEST_HEADERS,
    ]
    headers = present(
        (ALLOW_ORIGIN, _allow_origin(policy, request)),
        (ALLOW_CREDENTIALS, "true" if policy.allow_credentials else None),
        (ALLOW_METHODS, method if echoes_method else _joined(policy.allow_methods) or None),
        (ALLOW_HEADERS, _allow_headers(policy, request)),
        (MAX_AGE, None if policy.max_age is None else str(policy.max_age)),
        (VARY, ", ".join(vary)),
    )
    status = _STATUS.of(policy)
    assert isinstance(status, int)
    return Answer(status, as_web_headers(headers))


def _actual(policy: Policy, request: Request, response: Response) -> Response:
    exposes_any = _is_any(policy.expose_headers) and policy.allow_credentials
    headers = present(
        (ALLOW_ORIGIN, _allow_origin(policy, request)),
        (ALLOW_CREDENTIALS, "true" if policy.allow_credentials else None),
        (EXPOSE_HEADERS, None if exposes_any else _joined(policy.expose_headers)),
    )
    headers = replaced_by(headers, response.headers)
    if _depends_on_origin(policy) and not replaces_vary(policy, response.headers):
        varied = ", ".join(["origin", *values(headers, VARY)])
        headers = (*delete(headers, VARY), (VARY, varied))
    return Response(response.status, as_web_headers(headers))


def _allow_origin(policy: Policy, request: Request) -> str | None:
    if not _depends_on_origin(policy):
        return WILDCARD
    origin = echoed(request, ORIGIN)
    return origin if origin and is_allowed(policy, origin) else None


def _depends_on_origin(policy: Policy) -> bool:
    return policy.allow_origin_regex is not None or policy.allow_origins not in _ANY


def _allow_headers(policy: Policy, request: Request) -> str | None:
    """The listed names, else those asked for."""
    if isinstance(policy.allow_headers, tuple) and policy.allow_headers:
        return ",".join(policy.allow_headers)
    return echoed(request, REQUEST_HEADERS) or None


def _is_any(listed: str | tuple[str, ...] | None) -> bool:
    return listed is None or listed == WILDCARD


def _joined(listed: str | tuple[str, ...] | None) -> str:
    """The value of a list; what isn't set is `*`."""
    return ",".join(listed) if isinstance(listed, tuple) else WILDCARD


def _complaints(policy: Policy) -> tuple[Complaint, ...]:
    return (
        *value_complaints(policy, echo=("allow_headers",)),
        *regex_complaints(policy, JAVASCRIPT),
        *status_complaints(policy, _STATUS),
    )


def _export(policy: Policy) -> Export:
    status = _STATUS.of(policy)
    options = {
        "origin": _origin_option(policy),
        "methods": policy.allow_methods,
        "allowHeaders": None if policy.allow_headers == ECHO else policy.allow_headers,
        "exposeHeaders": policy.expose_headers,
        "credentials": policy.allow_credentials or None,
        "maxAge": None if policy.max_age is None else str(policy.max_age),
        "preflight": None if status == _STATUS.default else {"statusCode": status},
    }
    text = (
        'import { handleCors } from "h3";\n\n'
        f"const options = {literal(options)};\n\n"
        "app.use((event) => {\n"
        "  const preflight = handleCors(event, options);\n"
        "  if (preflight !== false) return preflight;\n"
        "});\n"
    )
    return Export("server.js", text)


def _origin_option(policy: Policy) -> object:
    if policy.allow_origins == ECHO:
        return Code("() => true")
    if policy.allow_origin_regex is not None:
        return [*(policy.allow_origins or ()), regex_literal(policy.allow_origin_regex)]
    return policy.allow_origins


H3 = Dialect(
    name="h3",
    title="h3, Nitro and Nuxt (handleCors)",
    version="h3 2.0.8",
    source="https://h3.dev/utils/security#cors",
    evidence=Evidence.PROVED,
    preflight=_preflight,
    actual=_actual,
    complaints=_complaints,
    defaults=Policy(
        allow_origins=WILDCARD,
        allow_methods=WILDCARD,
        allow_headers=ECHO,
        expose_headers=WILDCARD,
    ),
    export=_export,
    settings=(_STATUS, REPLACES_VARY),
    surprises=(
        "An origin that isn't allowed still gets all other CORS headers.",
        "Every response header is exposed if no list is given, but none to credentialed requests.",
        "Methods that aren't set are `*`; with credentials the method asked for is sent back.",
        "`*` as the headers is never sent: those asked for are sent back.",
    ),
)
