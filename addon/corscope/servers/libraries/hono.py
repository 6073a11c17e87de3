"""How does Hono answer with its `cors` middleware?

Follows https://github.com/honojs/hono/blob/v4.13.19/src/middleware/cors/index.ts, under Node: there
the header lines are in the order of their names. What the application sets with `c.header` wins
over the middleware; what it puts in a `Response` of its own doesn't, which a proxy can't see.
"""

from typing import Final

from corscope.fetch.headers import delete, values
from corscope.messages import HeaderList, Request, Response
from corscope.servers.answer import Answer
from corscope.servers.complaints import regex_complaints, value_complaints
from corscope.servers.dialect import Complaint, Dialect, Evidence, Export
from corscope.servers.languages.javascript import (
    Code,
    as_web_headers,
    call,
    is_allowed,
    origin_test,
)
from corscope.servers.parts import (
    ALLOW_CREDENTIALS,
    ALLOW_HEADERS,
    ALLOW_METHODS,
    ALLOW_ORIGIN,
    EXPOSE_HEADERS,
    MAX_AGE,
    ORIGIN,
    REQUEST_HEADERS,
    VARY,
    echoed,
    present,
    replaced_by,
)
from corscope.servers.patterns.regexes import JAVASCRIPT
from corscope.servers.policy import ECHO, WILDCARD, Policy

__all__ = ["HONO"]

_DEFAULT_METHODS: Final = ("GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "QUERY")


def _preflight(policy: Policy, request: Request) -> Answer | None:
    if request.method != "OPTIONS":
        return None
    names = _allow_headers(policy, request)
    methods = _DEFAULT_METHODS if policy.allow_methods is None else policy.allow_methods
    vary = ["Origin"] if _depends_on_origin(policy) else []
    vary += ["Access-Control-Request-Headers"] if names else []
    headers = _on_every_response(policy, request) + present(
        (ALLOW_METHODS, _joined(methods)),
        (ALLOW_HEADERS, names),
        (MAX_AGE, None if policy.max_age is None else str(policy.max_age)),
        (VARY, ", ".join(vary) or None),
    )
    return Answer(204, as_web_headers(headers))


def _actual(policy: Policy, request: Request, response: Response) -> Response:
    headers = replaced_by(_on_every_response(policy, request), response.headers)
    if _depends_on_origin(policy):
        varied = ", ".join([*values(headers, VARY), "Origin"])
        headers = (*delete(headers, VARY), (VARY, varied))
    return Response(response.status, as_web_headers(headers))


def _on_every_response(policy: Policy, request: Request) -> HeaderList:
    origin: str | None = WILDCARD
    if _depends_on_origin(policy):
        sent = echoed(request, ORIGIN)
        origin = sent if sent and is_allowed(policy, sent) else None
    return present(
        (ALLOW_ORIGIN, origin),
        (ALLOW_CREDENTIALS, "true" if policy.allow_credentials else None),
        (EXPOSE_HEADERS, _joined(policy.expose_headers)),
    )


def _depends_on_origin(policy: Policy) -> bool:
    if policy.allow_origin_regex is not None:
        return True
    return policy.allow_origins not in {None, WILDCARD}


def _allow_headers(policy: Policy, request: Request) -> str | None:
    """The listed names, else those asked for without the spaces around them."""
    listed = None if policy.allow_headers == ECHO else _joined(policy.allow_headers)
    if listed:
        return listed
    asked = echoed(request, REQUEST_HEADERS)
    return ",".join(name.strip() for name in asked.split(",")) if asked else None


def _joined(listed: str | tuple[str, ...] | None) -> str | None:
    """The value of a list; an empty one has none."""
    return ",".join((listed,) if isinstance(listed, str) else listed or ()) or None


def _complaints(policy: Policy) -> tuple[Complaint, ...]:
    return (
        *value_complaints(policy, echo=("allow_headers",)),
        *regex_complaints(policy, JAVASCRIPT),
    )


def _export(policy: Policy) -> Export:
    constants, origin = _origin_option(policy)
    names = None if policy.allow_headers == ECHO else policy.allow_headers
    options = {
        "origin": origin,
        "allowMethods": _list_option(policy.allow_methods),
        "allowHeaders": _list_option(names),
        "exposeHeaders": _list_option(policy.expose_headers),
        "credentials": policy.allow_credentials or None,
        "maxAge": policy.max_age,
    }
    use = f"app.use({call('cors', options)});\n"
    return Export("server.js", f'import {{ cors }} from "hono/cors";\n\n{constants}{use}')


def _origin_option(policy: Policy) -> tuple[str, object]:
    """The option, after the constants that it needs."""
    if policy.allow_origins == ECHO:
        return "", Code("(origin) => origin")
    if policy.allow_origin_regex is None:
        return "", policy.allow_origins
    constants, test = origin_test(policy)
    return constants, Code(f"(origin) => ({test} ? origin : null)")


def _list_option(listed: str | tuple[str, ...] | None) -> tuple[str, ...] | None:
    """Its options are lists, and `*` is one of the names."""
    return (listed,) if isinstance(listed, str) else listed


HONO = Dialect(
    name="hono",
    title="Hono (hono/cors)",
    version="hono 4.13.19, @hono/node-server 2.1.8",
    source="https://hono.dev/docs/middleware/builtin/cors",
    evidence=Evidence.PROVED,
    preflight=_preflight,
    actual=_actual,
    complaints=_complaints,
    defaults=Policy(allow_origins=WILDCARD, allow_methods=_DEFAULT_METHODS, allow_headers=ECHO),
    export=_export,
    surprises=(
        "Every OPTIONS is answered as a preflight, also one without Origin.",
        "An origin that isn't allowed still gets all other CORS headers.",
        "Vary names Access-Control-Request-Headers also where the headers are a fixed list.",
        "An empty list of headers sends back what was asked for.",
        "An application that adds Origin to Vary itself gets it twice.",
    ),
)
