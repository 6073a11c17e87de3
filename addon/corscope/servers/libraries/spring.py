"""How does Spring answer with its CorsFilter, a bare CorsConfiguration in it?

Follows https://github.com/spring-projects/spring-framework/tree/v6.2.19/spring-web/src/main/java/org/springframework/web/cors:
CorsUtils, DefaultCorsProcessor and CorsConfiguration. spring-web 6.2.14 and 7.0.9 were compared on
2026-12-01 in Tomcat 10.1 and 11, with the policies and requests that other servers get in the
tests; no test runs them, as no registry that is used has them. Of a header that comes twice it
reads the first line, but all lines of headers asked for. (An Origin that is no URI is refused under
`*` too, which isn't imitated.)
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from corscope.fetch.headers import delete, values
from corscope.fetch.origin import origin_of_url
from corscope.messages import HeaderList, Request, Response
from corscope.servers.answer import Answer
from corscope.servers.dialect import Complaint, Dialect, Evidence, Export, Setting
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
    is_cors_preflight_request,
    is_sendable,
    present,
    replaced_by,
)
from corscope.servers.patterns.origins import matches_regex
from corscope.servers.policy import ECHO, WILDCARD, Policy, listed

__all__ = ["SPRING"]

_PERMIT: Final = Setting(
    "permit_defaults",
    "boolean",
    default=False,
    doc="what isn't set is open, as @CrossOrigin and CorsRegistry have it: any origin and header, "
    "GET, HEAD and POST, half an hour.",
)
_DEFAULT_METHODS: Final = ("GET", "HEAD")
_PERMITTED_METHODS: Final = ("GET", "HEAD", "POST")
_PERMITTED_MAX_AGE: Final = 1800
_VARY: Final = tuple(
    (VARY, name)
    for name in ("Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers")
)
_REFUSED: Final = Answer(403, _VARY, b"Invalid CORS request")
_PORTS: Final = re.compile(r"(.*):\[(\*|\d+(?:,\d+)*)\]", re.ASCII)
_COMMA: Final = re.compile(r",(?![^\[\]]*\])")
_SPACES: Final = " \t"


def _preflight(policy: Policy, request: Request) -> Answer | None:
    """What it answers without the application: also an actual request that it refuses."""
    policy, is_preflight = _completed(policy), is_cors_preflight_request(request)
    if not _is_cors_request(request):
        return Answer(200, _VARY) if is_preflight else None
    allowed = _allow_origin(policy, request)
    asked = (_first(request, REQUEST_METHOD) or "") if is_preflight else request.method
    methods = _methods(policy, asked)
    if allowed is None or not methods:
        return _REFUSED
    if not is_preflight:
        return None
    names = _names(policy, request)
    if names is None:
        return _REFUSED
    age = policy.max_age
    preflight_only = (
        (ALLOW_METHODS, ",".join(methods)),
        (ALLOW_HEADERS, ", ".join(names) or None),
    )
    headers = _headers(policy, allowed, preflight_only)
    return Answer(200, headers + present((MAX_AGE, None if age is None else str(age))))


def _actual(policy: Policy, request: Request, response: Response) -> Response:
    if (made := _preflight(policy, request)) is not None:
        return Response(made.status, made.headers)
    own, headers = response.headers, _VARY
    if _is_cors_request(request):
        headers = _headers(policy, _allow_origin(_completed(policy), request))
    headers = replaced_by(headers, delete(own, VARY))
    return Response(response.status, headers + tuple((VARY, each) for each in values(own, VARY)))


def _headers(
    policy: Policy, allowed: str | None, preflight_only: Iterable[tuple[str, str | None]] = ()
) -> HeaderList:
    return _VARY + present(
        (ALLOW_ORIGIN, allowed),
        *preflight_only,
        (EXPOSE_HEADERS, ", ".join(listed(policy.expose_headers)) or None),
        (ALLOW_CREDENTIALS, "true" if policy.allow_credentials else None),
    )


def _is_cors_request(request: Request) -> bool:
    """An Origin that isn't the server's own; by its parts, so that a default port may stand."""
    origin = _first(request, ORIGIN)
    if origin is None:
        return False
    own = origin_of_url(request.url)
    return own is None or origin_of_url(origin) != own


def _first(request: Request, name: str) -> str | None:
    lines = values(request.headers, name)
    return lines[0] if lines else None


def _allow_origin(policy: Policy, request: Request) -> str | None:
    origin, origins = _first(request, ORIGIN), _origins(policy)
    if not origin or not origin.strip() or not is_sendable(origin):
        return None
    if WILDCARD in origins:
        return WILDCARD
    asked = origin.removesuffix("/")
    if policy.allow_origins == ECHO or any(_matches(each, asked) for each in origins):
        return origin
    return None


def _origins(policy: Policy) -> tuple[str, ...]:
    """The origins and patterns, without the slash that is cut off each."""
    if policy.allow_origins == ECHO:
        return ()
    return tuple(origin.removesuffix("/") for origin in _split(policy.allow_origins))


def _split(origins: str | tuple[str, ...] | None) -> tuple[str, ...]:
    """The list, in which an entry with a comma, but for one between ports, is several."""
    parts = ((_COMMA.split(each), "," in each) for each in listed(origins))
    return tuple(p.strip() if has_comma else p for several, has_comma in parts for p in several)


def _matches(listed_origin: str, origin: str) -> bool:
    """An origin is compared without regard to case, a pattern with."""
    if not _is_pattern(listed_origin):
        return listed_origin.lower() == origin.lower()
    found = _PORTS.fullmatch(listed_origin)
    pattern, ports = found.groups() if found else (listed_origin, None)
    regex = ".*".join(map(re.escape, pattern.split("*")))
    if ports is not None:
        regex += r"(:\d+)?" if ports == "*" else f":({ports.replace(',', '|')})"
    return matches_regex(regex, origin, "fullmatch", flags=re.ASCII)


def _is_pattern(origin: str) -> bool:
    return origin != WILDCARD and ("*" in origin or _PORTS.fullmatch(origin) is not None)


def _methods(policy: Policy, asked: str) -> tuple[str, ...]:
    """The methods to list; none if the one asked for isn't among them."""
    methods = _listed(policy.allow_methods) or _DEFAULT_METHODS
    if WILDCARD in methods:
        return (asked,) if is_sendable(asked) else ()
    return methods if asked in methods else ()


def _names(policy: Policy, request: Request) -> tuple[str, ...] | None:
    """Those of the headers asked for that are allowed; None if it is none of them."""
    lines = filter(is_sendable, values(request.headers, REQUEST_HEADERS))
    asked = [name for line in lines for token in _tokens(line) if (name := token.strip(_SPACES))]
    allowed = {name.lower() for name in _listed(policy.allow_headers)}
    found = tuple(name for name in asked if WILDCARD in allowed or name.lower() in allowed)
    return found if found or not asked else None


def _tokens(line: str) -> Iterator[str]:
    """The members of a list, quoted ones without their quotes.

    Behind the first comma or quoted member spaces are dropped wherever they stand.
    """
    token, is_quoted, keeps_spaces = "", False, True
    chars = iter(line)
    for char in chars:
        if char == '"' and not token:
            is_quoted = True
        elif char == '"' and is_quoted:
            is_quoted = keeps_spaces = False
        elif char == "\\" and is_quoted:
            token += next(chars, char)
        elif char == "," and not is_quoted:
            yield token
            token, keeps_spaces = "", False
        elif is_quoted or (token and keeps_spaces) or char not in _SPACES:
            token += char
    yield token


def _completed(policy: Policy) -> Policy:
    """The policy with what applyPermitDefaultValues sets."""
    if not _PERMIT.of(policy):
        return policy
    origins, methods, names, age = (
        *(policy.allow_origins, policy.allow_methods),
        *(policy.allow_headers, policy.max_age),
    )
    return replace(
        policy,
        allow_origins=WILDCARD if origins is None else origins,
        allow_methods=_PERMITTED_METHODS if methods is None else methods,
        allow_headers=WILDCARD if names is None else names,
        max_age=_PERMITTED_MAX_AGE if age is None else age,
    )


def _listed(value: str | tuple[str, ...] | None) -> tuple[str, ...]:
    """Methods or headers as a list, in which `*` sends back what was asked for."""
    return (WILDCARD,) if value == ECHO else listed(value)


def _complaints(policy: Policy) -> tuple[Complaint, ...]:
    found = []
    if policy.allow_origin_regex is not None:
        hint = 'list patterns such as "https://*.example.com"'
        found.append(Complaint("allow_origin_regex", "can't be: there are no regexes", hint))
    if policy.expose_headers == ECHO:
        found.append(Complaint("expose_headers", f'can\'t be "{ECHO}"', "list the names"))
    if policy.allow_credentials and WILDCARD in _origins(_completed(policy)):
        message = 'with an origin "*" makes every cross-origin request fail with 500'
        hint = f'list the origins, or write "{ECHO}"'
        found.append(Complaint("allow_credentials", message, hint, at_start=True))
    return tuple(found)


def _export(policy: Policy) -> Export:
    exact, patterns = _exported_origins(policy)
    lists = {
        "AllowedOrigins": exact,
        "AllowedOriginPatterns": patterns,
        "AllowedMethods": policy.allow_methods,
        "AllowedHeaders": policy.allow_headers,
        "ExposedHeaders": policy.expose_headers,
    }
    lines = [f"config.set{n}(List.of({_strings(v)}));" for n, v in lists.items() if v is not None]
    lines += ["config.setAllowCredentials(true);"] if policy.allow_credentials else []
    lines += [] if policy.max_age is None else [f"config.setMaxAge({policy.max_age}L);"]
    lines += ["config.applyPermitDefaultValues();"] if _PERMIT.of(policy) else []
    warned = ("preflights are answered here, not forwarded",) if policy.forward_preflight else ()
    return Export("CorsConfig.java", _BEAN.format("".join(f"    {x}\n" for x in lines)), warned)


def _exported_origins(policy: Policy) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
    """What of allow_origins is listed, and what is a pattern."""
    if policy.allow_origins is None:
        return None, None
    if policy.allow_origins == ECHO:
        return None, (WILDCARD,)
    origins = _split(policy.allow_origins)
    patterns = tuple(filter(_is_pattern, origins))
    exact = tuple(origin for origin in origins if origin not in patterns)
    return (None if patterns and not exact else exact), patterns or None


def _strings(value: str | tuple[str, ...]) -> str:
    return ", ".join(json.dumps(text, ensure_ascii=False) for text in _listed(value))


_BEAN: Final = """\
@Bean
CorsFilter corsFilter() {{
    CorsConfiguration config = new CorsConfiguration();
{}    UrlBasedCorsConfigurationSource source = new UrlBasedCorsConfigurationSource();
    source.registerCorsConfiguration("/**", config);
    return new CorsFilter(source);
}}
"""


SPRING = Dialect(
    name="spring",
    title="Spring and Spring Boot (CorsFilter)",
    version="spring-web 6.2",
    source="https://docs.spring.io/spring-framework/reference/web/webmvc-cors.html",
    evidence=Evidence.DOCUMENTED,
    preflight=_preflight,
    actual=_actual,
    complaints=_complaints,
    defaults=Policy(allow_origins=(), allow_methods=_DEFAULT_METHODS, allow_headers=()),
    export=_export,
    settings=(_PERMIT,),
    surprises=(
        "Another origin, and a method that isn't listed, get 403 on actual requests too.",
        "An OPTIONS that is no preflight gets 403 unless OPTIONS is among the methods.",
        "Every response has three `Vary` lines, also one to a request without an Origin.",
        "A preflight with one allowed header among others gets 200; the allowed ones are listed.",
        "`*` with credentials fails with 500: an IllegalArgumentException, not a refusal.",
        "An origin in the list may end in a slash, and its case doesn't matter.",
        "A request from the server's own origin isn't looked at; a preflight ends all the same.",
        "An entry of the list that holds a comma is several.",
        "A header that is asked for in quotes is listed without them.",
    ),
)
