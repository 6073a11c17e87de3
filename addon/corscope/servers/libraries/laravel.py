"""How does Laravel answer with its HandleCors middleware?

Follows https://github.com/fruitcake/php-cors/blob/v1.4.0/src/CorsService.php and
https://github.com/laravel/framework/blob/12.x/src/Illuminate/Http/Middleware/HandleCors.php, with
the defaults of its config/cors.php. php-cors 1.4.0 was compared on 2026-12-01 before Symfony's
HttpFoundation 5.4, in PHP 8.2: policies and requests of all kinds by lot, an application's own CORS
and Vary lines among them. No test runs it, as it can't be installed from a registry that is used.
"""

import re
from typing import Final

from corscope.fetch.headers import contains, set_header, split_value, values
from corscope.messages import HeaderList, Request, Response
from corscope.servers.answer import Answer
from corscope.servers.complaints import engine_complaints, value_complaints
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
    VARY,
    echoed,
)
from corscope.servers.patterns.origins import matches_regex
from corscope.servers.patterns.regexes import PCRE
from corscope.servers.policy import ECHO, WILDCARD, Policy, listed

__all__ = ["LARAVEL"]

_ASKED_METHOD: Final = "Access-Control-Request-Method"
_ASKED_HEADERS: Final = "Access-Control-Request-Headers"
_UNCACHED: Final = ("cache-control", "no-cache, private")
"""What Symfony says of every response that says nothing of it itself."""


def _preflight(policy: Policy, request: Request) -> Answer | None:
    """An OPTIONS that asks for a method; it needs no Origin."""
    if request.method != "OPTIONS" or not contains(request.headers, REQUEST_METHOD):
        return None
    headers = _with_origin((_UNCACHED,), policy, request)
    if contains(headers, ALLOW_ORIGIN):
        headers = _with_credentials(headers, policy)
        headers = _with_methods(headers, policy, request)
        headers = _with_headers(headers, policy, request)
        headers = set_header(headers, MAX_AGE, str(policy.max_age or 0))
    return Answer(204, _varied(headers, _ASKED_METHOD))


def _actual(policy: Policy, request: Request, response: Response) -> Response:
    """An Access-Control-Allow-Origin of the application counts as if it were the middleware's."""
    headers = response.headers
    if request.method == "OPTIONS":
        headers = _varied(headers, _ASKED_METHOD)
    headers = _with_origin(headers, policy, request)
    if contains(headers, ALLOW_ORIGIN):
        headers = _with_credentials(headers, policy)
        if exposed := listed(policy.expose_headers):
            headers = set_header(headers, EXPOSE_HEADERS, ", ".join(exposed))
    return Response(response.status, headers)


def _with_origin(headers: HeaderList, policy: Policy, request: Request) -> HeaderList:
    origins, is_any = _origins(policy), WILDCARD in _origins(policy)
    if is_any and not policy.allow_credentials:
        return set_header(headers, ALLOW_ORIGIN, WILDCARD)
    if _is_single(policy):
        return set_header(headers, ALLOW_ORIGIN, origins[0])
    origin = echoed(request, ORIGIN)
    if origin is not None and (is_any or _is_allowed(policy, origin)):
        headers = set_header(headers, ALLOW_ORIGIN, origin)
    return _varied(headers, "Origin")


def _with_credentials(headers: HeaderList, policy: Policy) -> HeaderList:
    return set_header(headers, ALLOW_CREDENTIALS, "true") if policy.allow_credentials else headers


def _with_methods(headers: HeaderList, policy: Policy, request: Request) -> HeaderList:
    methods = _listed(policy.allow_methods)
    if WILDCARD not in methods:
        return set_header(headers, ALLOW_METHODS, ", ".join(method.upper() for method in methods))
    asked = (echoed(request, REQUEST_METHOD) or "").upper()
    return set_header(_varied(headers, _ASKED_METHOD), ALLOW_METHODS, asked)


def _with_headers(headers: HeaderList, policy: Policy, request: Request) -> HeaderList:
    names = _listed(policy.allow_headers)
    if WILDCARD not in names:
        return set_header(headers, ALLOW_HEADERS, ", ".join(name.lower() for name in names))
    asked = echoed(request, REQUEST_HEADERS) or ""
    return set_header(_varied(headers, _ASKED_HEADERS), ALLOW_HEADERS, asked)


def _varied(headers: HeaderList, field_name: str) -> HeaderList:
    """Vary with a further name: on its line if there is one, on a new one after several."""
    lines = values(headers, VARY)
    if any(field_name in split_value(line) for line in lines):
        return headers
    if len(lines) == 1 and lines[0]:
        return set_header(headers, VARY, f"{lines[0]}, {field_name}")
    places = [place for place, (name, _) in enumerate(headers, 1) if name.lower() == VARY]
    after = max(places, default=len(headers))  # Symfony sends the lines of a name together
    return (*headers[:after], (VARY, field_name), *headers[after:])


def _is_allowed(policy: Policy, origin: str) -> bool:
    pattern = policy.allow_origin_regex
    return (
        origin in _origins(policy)
        or any(_fits(origin, each) for each in _origins(policy))
        or (pattern is not None and matches_regex(pattern, origin, "search", flags=re.ASCII))
    )


def _fits(origin: str, pattern: str) -> bool:
    """Whether an origin is a pattern that matches: a `*` in it stands for anything."""
    regex = ".*".join(map(re.escape, pattern.split("*")))
    return "*" in pattern and matches_regex(regex, origin, "fullmatch")


def _is_single(policy: Policy) -> bool:
    """Whether one origin is all there is: it is then sent to everybody."""
    origins = _origins(policy)
    return len(origins) == 1 and "*" not in origins[0] and policy.allow_origin_regex is None


def _origins(policy: Policy) -> tuple[str, ...]:
    """The list of origins; where only a regex is set, it is to be the only way in."""
    if policy.allow_origins is None:
        return (WILDCARD,) if policy.allow_origin_regex is None else ()
    return listed(policy.allow_origins)


def _listed(value: str | tuple[str, ...] | None) -> tuple[str, ...]:
    """Methods or headers as a list, in which `*` sends back what was asked for."""
    return (WILDCARD,) if value in {None, ECHO} else listed(value)


def _complaints(policy: Policy) -> tuple[Complaint, ...]:
    found = list(value_complaints(policy, echo=("allow_methods", "allow_headers")))
    if policy.allow_origins == ECHO:
        hint = 'write "*": it becomes the Origin sent where credentials are allowed'
        found.append(Complaint("allow_origins", f'can\'t be "{ECHO}"', hint))
    pattern = policy.allow_origin_regex
    if pattern is not None:
        found += engine_complaints(pattern, PCRE, at_start=False)
    if pattern is not None and WILDCARD in _origins(policy):
        message = f'adds nothing: allow_origins has "{WILDCARD}"'
        found.append(Complaint("allow_origin_regex", message, "drop one of the two"))
    return tuple(found)


def _export(policy: Policy) -> Export:
    """The whole file, since the framework adds its own defaults to what is left out."""
    regex = policy.allow_origin_regex
    options: dict[str, str | int | tuple[str, ...]] = {
        "paths": ("*",),
        "allowed_methods": _listed(policy.allow_methods),
        "allowed_origins": _origins(policy),
        "allowed_origins_patterns": () if regex is None else (_delimited(regex),),
        "allowed_headers": _listed(policy.allow_headers),
        "exposed_headers": listed(policy.expose_headers),
        "max_age": policy.max_age or 0,
        "supports_credentials": bool(policy.allow_credentials),
    }
    lines = "".join(f"    {_literal(n)} => {_literal(value)},\n" for n, value in options.items())
    warned = ("preflights are answered here, not forwarded",) if policy.forward_preflight else ()
    return Export("config/cors.php", f"<?php\n\nreturn [\n{lines}];\n", warned)


def _delimited(pattern: str) -> str:
    """A regex between the characters that PHP wants around it, which can't stand in it."""
    escaped = re.sub(r"\\.|#", lambda found: "\\#" if found[0] == "#" else found[0], pattern)
    return f"#{escaped}#"


def _literal(value: str | int | tuple[str, ...]) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int():
            return str(value)
        case str():
            return "'" + re.sub(r"[\\']", r"\\\g<0>", value) + "'"
    return f"[{', '.join(map(_literal, value))}]"


LARAVEL = Dialect(
    name="laravel",
    title="Laravel (HandleCors)",
    version="Laravel 12, php-cors 1.4.0",
    source="https://laravel.com/docs/12.x/routing#cors",
    evidence=Evidence.DOCUMENTED,
    preflight=_preflight,
    actual=_actual,
    complaints=_complaints,
    defaults=Policy(
        allow_origins=WILDCARD, allow_methods=WILDCARD, allow_headers=WILDCARD, max_age=0
    ),
    export=_export,
    surprises=(
        "One origin alone in the list is sent to every site, allowed or not.",
        "`*` among methods or headers sends back what was asked for, methods in capitals.",
        "`*` with credentials allows every origin by its name.",
        "An allowed preflight always has a max-age, 0 unless one is set.",
        "A preflight needs no Origin: every OPTIONS with Access-Control-Request-Method is one.",
        "Methods and headers are never checked, only listed.",
        "Without `paths` of its own only `api/*` and `sanctum/csrf-cookie` have CORS at all.",
    ),
)
