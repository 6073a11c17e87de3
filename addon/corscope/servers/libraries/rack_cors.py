"""How does a Rack application, and so Rails, answer with rack-cors?

Follows https://github.com/cyu/rack-cors/blob/v1.1.1/lib/rack/cors.rb. A preflight that is not
allowed is answered 200 without any CORS header; one that is has nothing in `Vary`, while all other
responses are said to vary by Origin.
"""

import re
from typing import Final

from corscope.fetch.headers import contains, delete, values
from corscope.messages import HeaderList, Request, Response
from corscope.servers.answer import Answer
from corscope.servers.complaints import regex_complaints, value_complaints
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
    echoed,
    present,
    replaced_by,
)
from corscope.servers.patterns.origins import matches_regex
from corscope.servers.patterns.regexes import RUBY
from corscope.servers.policy import ECHO, WILDCARD, Policy

__all__ = ["RACK_CORS"]

_ANY_METHOD: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_ALWAYS_ALLOWED: Final = frozenset(
    {"accept", "accept-language", "content-language", "content-type"}
)
_DEFAULT_MAX_AGE: Final = 7200
_X_ORIGIN: Final = "x-origin"
"""What is read where there is no Origin."""

_HANDLED_ERRORS: Final = Setting(
    "handled_errors",
    "boolean",
    default=True,
    doc="a 500 is the application's answer, not an exception that passed through the middleware.",
)


def _preflight(policy: Policy, request: Request) -> Answer | None:
    method = echoed(request, REQUEST_METHOD)
    if request.method != "OPTIONS" or method is None or not _has_origin(request):
        return None
    headers = _headers(policy, request)
    if not headers or method.upper() not in _methods(policy):
        return Answer(200)
    asked = echoed(request, REQUEST_HEADERS)
    if asked is None:
        return Answer(200, headers)
    if not _allows_names(policy, asked):
        return Answer(200)
    return Answer(200, (*headers, (ALLOW_HEADERS, asked)))


def _actual(policy: Policy, request: Request, response: Response) -> Response:
    if response.status == 500 and not _HANDLED_ERRORS.of(policy):
        return response
    return Response(
        response.status, _varying(replaced_by(_headers(policy, request), response.headers))
    )


def _varying(headers: HeaderList) -> HeaderList:
    """With Origin at the end of Vary's last line: to Rack, lines are one value with line ends."""
    varied = re.split(r",\s*", "\n".join(values(headers, VARY)))
    vary = ", ".join(dict.fromkeys((*filter(None, varied), "Origin")))
    place = next((n for n, (name, _) in enumerate(headers) if name.lower() == VARY), len(headers))
    lines = tuple((VARY, line) for line in vary.split("\n"))
    return headers[:place] + lines + delete(headers[place:], VARY)


def _headers(policy: Policy, request: Request) -> HeaderList:
    """What an allowed origin gets, on preflights and otherwise; nothing for another."""
    origin = echoed(request, ORIGIN if contains(request.headers, ORIGIN) else _X_ORIGIN)
    if origin is None or not _is_allowed(policy, origin):
        return ()
    exposed = policy.expose_headers or ()
    return present(
        (ALLOW_ORIGIN, WILDCARD if _is_public(policy) else origin),
        (ALLOW_METHODS, ", ".join(_methods(policy))),
        (EXPOSE_HEADERS, exposed if isinstance(exposed, str) else ", ".join(exposed)),
        (MAX_AGE, str(_DEFAULT_MAX_AGE if policy.max_age is None else policy.max_age)),
        (ALLOW_CREDENTIALS, "true" if policy.allow_credentials else None),
    )


def _has_origin(request: Request) -> bool:
    return any(contains(request.headers, name) for name in (ORIGIN, _X_ORIGIN))


def _listed_origins(policy: Policy) -> tuple[str, ...]:
    origins = policy.allow_origins
    return (origins,) if isinstance(origins, str) else origins or ()


def _is_public(policy: Policy) -> bool:
    return WILDCARD in _listed_origins(policy)


def _is_allowed(policy: Policy, origin: str) -> bool:
    if _is_public(policy) or policy.allow_origins == ECHO:
        return True
    if any(_matches(listed, origin) for listed in _listed_origins(policy) if listed):
        return True
    pattern = policy.allow_origin_regex
    return pattern is not None and matches_regex(pattern, origin, "search", flags=re.ASCII)


def _matches(listed: str, origin: str) -> bool:
    """What doesn't begin as a web origin is taken for a host, and fits every scheme."""
    if listed.startswith(("http://", "https://")) or listed == "file://":
        return origin == listed
    scheme, separator, host = origin.partition("://")
    return bool(separator) and host == listed and bool(re.fullmatch("[a-z][a-z0-9.+-]*", scheme))


def _methods(policy: Policy) -> tuple[str, ...]:
    methods = ("GET",) if policy.allow_methods is None else policy.allow_methods
    if isinstance(methods, str):
        return _ANY_METHOD if methods == WILDCARD else (methods.upper(),)
    return tuple(method.upper() for method in methods)


def _allows_names(policy: Policy, asked: str) -> bool:
    allowed = policy.allow_headers or ()
    if allowed in {WILDCARD, ECHO}:
        return True
    known = _ALWAYS_ALLOWED | {name.lower() for name in allowed}
    # Ruby leaves out what is empty at the end, and only there.
    names = re.split(r",\s*", re.sub(r"(?:,\s*)+\Z", "", asked))
    return names == [""] or all(name.lower() in known for name in names)


def _complaints(policy: Policy) -> tuple[Complaint, ...]:
    found = [*value_complaints(policy, echo=("allow_headers",)), *regex_complaints(policy, RUBY)]
    if _is_public(policy) and policy.allow_credentials:
        hint = "list the origins, or leave the credentials out"
        message = "can't be true where any origin is allowed"
        found.append(Complaint("allow_credentials", message, hint, at_start=True))
    return tuple(found)


def _export(policy: Policy) -> Export:
    options = {
        "headers": _names(policy.allow_headers),
        "methods": _symbols(policy.allow_methods),
        "expose": _exposed(policy),
        "credentials": "true" if policy.allow_credentials else None,
        "max_age": None if policy.max_age is None else str(policy.max_age),
    }
    given = [f",\n      {name}: {value}" for name, value in options.items() if value is not None]
    lines = [
        "use Rack::Cors do",
        "  allow do",
        *([f"    origins{_origins(policy)}"] if _origins(policy) else []),
        f'    resource "*"{"".join(given)}',
        "  end",
        "end",
    ]
    warned = ("preflights are answered here, not forwarded",) if policy.forward_preflight else ()
    return Export("config.ru", "\n".join(lines) + "\n", warned)


def _origins(policy: Policy) -> str:
    """The arguments of `origins`; an empty string where there are none."""
    if policy.allow_origins == ECHO:
        return " { |source, env| true }"
    arguments = [_string(origin) for origin in _listed_origins(policy)]
    if policy.allow_origin_regex is not None:
        arguments.append(f"Regexp.new({_string(policy.allow_origin_regex)})")
    return f" {', '.join(arguments)}" if arguments else ""


def _names(names: str | tuple[str, ...] | None) -> str | None:
    if names is None:
        return None
    if isinstance(names, str):
        return ":any" if names in {WILDCARD, ECHO} else f"[{_string(names)}]"
    return f"[{', '.join(map(_string, names))}]"


def _exposed(policy: Policy) -> str | None:
    exposed = policy.expose_headers
    return _names((exposed,) if isinstance(exposed, str) else exposed or None)


def _symbols(methods: str | tuple[str, ...] | None) -> str | None:
    if methods is None or methods == WILDCARD:
        return None if methods is None else ":any"
    named = (methods,) if isinstance(methods, str) else methods
    symbols = [name.lower() if name.isalpha() else _string(name.lower()) for name in named]
    return f"[{', '.join(f':{symbol}' for symbol in symbols)}]"


def _string(text: str) -> str:
    """In single quotes only a backslash and the quote have a meaning."""
    escaped = re.sub(r"\\(?=['\\]|\Z)|'", r"\\\g<0>", text)
    return f"'{escaped}'"


RACK_CORS = Dialect(
    name="rack-cors",
    title="Rack and Rails (rack-cors)",
    version="rack-cors 1.1.1",
    source="https://github.com/cyu/rack-cors",
    evidence=Evidence.PROVED,
    preflight=_preflight,
    actual=_actual,
    complaints=_complaints,
    defaults=Policy(allow_methods=("GET",), allow_headers=(), max_age=_DEFAULT_MAX_AGE),
    export=_export,
    settings=(_HANDLED_ERRORS,),
    surprises=(
        "A preflight that isn't allowed is answered 200, without any header.",
        "The answer to a preflight has no `Vary`, whatever it depends on.",
        "Actual responses have Access-Control-Allow-Methods and Access-Control-Max-Age too.",
        "Access-Control-Expose-Headers is sent empty where nothing is exposed.",
        "An origin without http:// or https:// is a host that fits every scheme, `null` too.",
        "An exception that nothing handles loses all CORS headers.",
        "Where there is no Origin, X-Origin counts as one.",
        "Preflights are cached for two hours where nothing is set.",
    ),
)
