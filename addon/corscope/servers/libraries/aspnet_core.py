"""How does ASP.NET Core answer with UseCors and one policy?

Follows CorsMiddleware, CorsService and CorsPolicyBuilder in
https://github.com/dotnet/aspnetcore/tree/main/src/Middleware/CORS/src/Infrastructure, and the
order in which Kestrel sends the lines.
"""

import json
import re
from collections.abc import Iterator
from typing import Final

from corscope.fetch.headers import append, set_header
from corscope.fetch.origin import origin_of_url
from corscope.messages import HeaderList, Request, Response
from corscope.servers.answer import Answer
from corscope.servers.complaints import function_complaints, regex_complaints, value_complaints
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
    is_cors_preflight_request,
    present,
)
from corscope.servers.patterns.origins import matches_regex
from corscope.servers.patterns.regexes import DOTNET
from corscope.servers.policy import ECHO, WILDCARD, Policy, listed
from corscope.servers.repeated import reading_joined_where_not_empty

__all__ = ["ASPNET_CORE"]

_HANDLED_ERRORS: Final = Setting(
    "handled_errors",
    "boolean",
    default=True,
    doc="a 500 comes from the application, or from a page for exceptions (`UseExceptionHandler`, "
    "and what is there in Development); if false, from an exception that nobody caught, and has no "
    "CORS headers.",
)
_SUBDOMAINS: Final = "://*."
_MEMBER: Final = re.compile(r'(?:[^",]++|"[^"]*+(?:"|\Z))++')
_KNOWN: Final = {
    *(ALLOW_CREDENTIALS, ALLOW_HEADERS, ALLOW_METHODS, ALLOW_ORIGIN, EXPOSE_HEADERS, MAX_AGE, VARY),
}


def _preflight(policy: Policy, request: Request) -> Answer | None:
    if not is_cors_preflight_request(request):
        return None
    allowed = _allow_origin(policy, request)
    if allowed is None:
        return Answer(204)
    headers = _origin_and_credentials(policy, allowed) + present(
        (ALLOW_HEADERS, _asked_or_listed(policy.allow_headers, request, REQUEST_HEADERS)),
        (ALLOW_METHODS, _asked_or_listed(policy.allow_methods, request, REQUEST_METHOD)),
        (MAX_AGE, None if policy.max_age is None else str(policy.max_age)),
    )
    return Answer(204, _as_sent(_varied(headers, policy)))


def _actual(policy: Policy, request: Request, response: Response) -> Response:
    allowed = _allow_origin(policy, request)
    if allowed is None or (response.status == 500 and not _HANDLED_ERRORS.of(policy)):
        return response
    exposed = ",".join(listed(policy.expose_headers)) or None
    headers = response.headers
    for name, value in (
        *_origin_and_credentials(policy, allowed),
        *present((EXPOSE_HEADERS, exposed)),
    ):
        headers = set_header(headers, name, value)
    return Response(response.status, _as_sent(_varied(headers, policy)))


def _as_sent(headers: HeaderList) -> HeaderList:
    """Kestrel puts the lines that it knows by name before all others."""
    known = sorted((line for line in headers if line[0].lower() in _KNOWN), key=_lower_name)
    return (*known, *(line for line in headers if line[0].lower() not in _KNOWN))


def _lower_name(line: tuple[str, str]) -> str:
    return line[0].lower()


def _origin_and_credentials(policy: Policy, allowed: str) -> HeaderList:
    credentials = "true" if policy.allow_credentials else None
    return present((ALLOW_ORIGIN, allowed), (ALLOW_CREDENTIALS, credentials))


def _varied(headers: HeaderList, policy: Policy) -> HeaderList:
    """Nothing varies by the origin if it is one alone, compared as it is."""
    has_function = policy.allow_origins == ECHO or policy.allow_origin_regex is not None
    varies = has_function or len(_origins(policy)) > 1 or _has_subdomains(policy)
    return headers if _is_any(policy) or not varies else append(headers, VARY, "Origin")


def _asked_or_listed(
    allowed: str | tuple[str, ...] | None, request: Request, name: str
) -> str | None:
    """The list, or what was asked for; only a `*` that stands alone says so."""
    if not _is_open(allowed):
        return ",".join(listed(allowed)) or None
    asked = echoed(request, name)
    if not asked:
        return None
    names = (asked,) if name == REQUEST_METHOD else _separated(asked)
    return ",".join(_quoted(each) for each in names) or None


def _separated(value: str) -> Iterator[str]:
    """The members of a list that aren't empty, as GetCommaSeparatedValues reads them.

    No comma counts within quotation marks, wherever they begin; those around all of a member fall.
    """
    for found in _MEMBER.finditer(value):
        member = found[0].strip()
        is_quoted = len(member) > 1 and member[0] == member[-1] == '"'
        if member := member[1:-1] if is_quoted else member:
            yield member


def _quoted(value: str) -> str:
    """A member as SetCommaSeparatedValues writes it."""
    is_quoted = value[0] == value[-1] == '"'
    return f'"{value}"' if "," in value and not is_quoted else value


def _is_open(value: str | tuple[str, ...] | None) -> bool:
    """Whether methods or headers are any; in a list, "request" is a name like others."""
    return value == ECHO or listed(value) == (WILDCARD,)


def _allow_origin(policy: Policy, request: Request) -> str | None:
    origin = echoed(request, ORIGIN)
    if not origin:
        return None
    if _is_any(policy):
        return WILDCARD
    return origin if _is_allowed(policy, origin) else None


def _is_any(policy: Policy) -> bool:
    return listed(policy.allow_origins) == (WILDCARD,)


def _is_allowed(policy: Policy, origin: str) -> bool:
    if policy.allow_origins == ECHO:
        return True
    if policy.allow_origin_regex is not None:
        return matches_regex(policy.allow_origin_regex, origin, "search")
    origins = _origins(policy)
    return origin in origins or any(_is_subdomain(origin, each) for each in origins)


def _is_subdomain(origin: str, pattern: str) -> bool:
    """By scheme, port and the host's end, however deep below it."""
    base, asked = origin_of_url(pattern.replace("*.", "")), origin_of_url(origin)
    if _SUBDOMAINS not in pattern or base is None or asked is None:
        return False
    is_below = asked.host.endswith(f".{base.host}")
    return is_below and (asked.scheme, asked.port) == (base.scheme, base.port)


def _origins(policy: Policy) -> tuple[str, ...]:
    """The list as it is kept, in small letters."""
    if policy.allow_origins == ECHO or policy.allow_origin_regex is not None:
        return ()
    return tuple(origin.lower() for origin in listed(policy.allow_origins))


def _has_subdomains(policy: Policy) -> bool:
    return any(_SUBDOMAINS in origin for origin in _origins(policy))


def _complaints(policy: Policy) -> tuple[Complaint, ...]:
    found = [
        *value_complaints(policy, echo=("allow_methods", "allow_headers")),
        *regex_complaints(policy, DOTNET, at_start=False),
        *function_complaints(policy),
    ]
    if _is_any(policy) and policy.allow_credentials:
        message = f'can\'t be true with an origin "{WILDCARD}"'
        hint = f'list the origins, or write "{ECHO}"'
        found.append(Complaint("allow_credentials", message, hint, at_start=True))
    if policy.max_age is not None and policy.max_age < 0:
        hint = "leave it out, or write 0"
        found.append(Complaint("max_age", "is never below 0", hint, at_start=True))
    for origin in _origins(policy):
        if _SUBDOMAINS in origin and origin_of_url(origin.replace("*.", "")) is None:
            hint = 'only subdomains have a pattern: "https://*.example.com"'
            found.append(Complaint("allow_origins", f"has no URL without its *.: {origin}", hint))
    return tuple(found)


def _export(policy: Policy) -> Export:
    calls = [
        *_origin_calls(policy),
        *_call("Methods", policy.allow_methods),
        *_call("Headers", policy.allow_headers),
    ]
    if policy.expose_headers:
        calls.append(f"WithExposedHeaders({_strings(policy.expose_headers)})")
    calls += ["AllowCredentials()"] if policy.allow_credentials else []
    if policy.max_age is not None:
        calls.append(f"SetPreflightMaxAge(TimeSpan.FromSeconds({policy.max_age}))")
    body = "policy" + "".join(f"\n    .{call}" for call in calls) if calls else "{ }"
    text = f"builder.Services.AddCors();\n\napp.UseCors(policy => {body});\n"
    if policy.allow_origin_regex is not None and policy.allow_origins != ECHO:
        text = f"using System.Text.RegularExpressions;\n\n{text}"
    warned = ("preflights are answered here, not forwarded",) if policy.forward_preflight else ()
    return Export("Program.cs", text, warned)


def _origin_calls(policy: Policy) -> list[str]:
    if policy.allow_origins == ECHO:
        return ["SetIsOriginAllowed(_ => true)"]
    if policy.allow_origin_regex is not None:
        pattern = policy.allow_origin_regex.replace('"', '""')
        return [f'SetIsOriginAllowed(origin => Regex.IsMatch(origin, @"{pattern}"))']
    if _is_any(policy):
        return ["AllowAnyOrigin()"]
    calls = ["SetIsOriginAllowedToAllowWildcardSubdomains()"] if _has_subdomains(policy) else []
    origins = listed(policy.allow_origins)
    return [f"WithOrigins({_strings(origins)})", *calls] if origins else []


def _call(what: str, value: str | tuple[str, ...] | None) -> list[str]:
    if _is_open(value):
        return [f"AllowAny{what[:-1]}()"]
    return [f"With{what}({_strings(value)})"] if value else []


def _strings(value: str | tuple[str, ...]) -> str:
    return ", ".join(json.dumps(text, ensure_ascii=False) for text in listed(value))


ASPNET_CORE = Dialect(
    name="aspnet-core",
    title="ASP.NET Core (UseCors)",
    version="ASP.NET Core 9.0.7",
    source="https://learn.microsoft.com/aspnet/core/security/cors",
    evidence=Evidence.PROVED,
    preflight=reading_joined_where_not_empty(_preflight),
    actual=reading_joined_where_not_empty(_actual),
    complaints=_complaints,
    defaults=Policy(allow_origins=(), allow_methods=(), allow_headers=(), expose_headers=()),
    export=_export,
    settings=(_HANDLED_ERRORS,),
    surprises=(
        "Another origin's preflight gets 204 without CORS headers, and without `Vary`.",
        "Methods and headers are never checked, only listed; none are listed by default.",
        "`*` among methods or headers sends back what was asked for, if it stands alone.",
        "An origin that ends in a slash is never matched.",
        "One origin alone has no `Vary`.",
        "A name with a comma in it is sent in quotation marks, which no browser reads.",
        "An exception that nobody catches loses the headers, so that the browser hides it.",
    ),
)
