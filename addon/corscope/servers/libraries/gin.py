"""How does gin answer with gin-contrib/cors?

Follows https://github.com/gin-contrib/cors/blob/v1.4.0/cors.go. An origin that isn't allowed is
refused with 403 whatever it asks for, and the application never hears of it; methods and headers
are listed, not checked.
"""

from typing import Final

from corscope.fetch.origin import origin_of_url
from corscope.messages import HeaderList, Request, Response
from corscope.servers.answer import Answer
from corscope.servers.complaints import regex_complaints, value_complaints
from corscope.servers.dialect import Complaint, Dialect, Evidence, Export
from corscope.servers.languages.go import (
    Code,
    added_to,
    canonical,
    code_with_imports,
    is_matched,
    listed,
    literal,
    origin_function,
    sorted_by_name,
)
from corscope.servers.own_vary import REPLACES_VARY
from corscope.servers.parts import (
    ALLOW_CREDENTIALS,
    ALLOW_HEADERS,
    ALLOW_METHODS,
    ALLOW_ORIGIN,
    EXPOSE_HEADERS,
    MAX_AGE,
    ORIGIN,
    VARY,
    echoed,
    present,
)
from corscope.servers.patterns.regexes import RE2
from corscope.servers.policy import ECHO, WILDCARD, Policy
from corscope.servers.repeated import reading_first

__all__ = ["GIN"]

_DEFAULT_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
_DEFAULT_HEADERS: Final = ("Origin", "Content-Length", "Content-Type")
_DEFAULT_MAX_AGE: Final = 12 * 60 * 60
_VARY: Final = (
    (VARY, "Origin"),
    (VARY, "Access-Control-Request-Method"),
    (VARY, "Access-Control-Request-Headers"),
)


def _preflight(policy: Policy, request: Request) -> Answer | None:
    """What it answers without the application: also an actual request that it refuses."""
    origin = _cross_origin(request)
    if origin is None:
        return None
    if not _is_allowed(policy, origin):
        return Answer(403)
    if request.method != "OPTIONS":
        return None
    methods = listed(_DEFAULT_METHODS if policy.allow_methods is None else policy.allow_methods)
    names = listed(_DEFAULT_HEADERS if policy.allow_headers is None else policy.allow_headers)
    max_age = _DEFAULT_MAX_AGE if policy.max_age is None else policy.max_age
    headers = present(
        (ALLOW_CREDENTIALS, "true" if policy.allow_credentials else None),
        (ALLOW_HEADERS, ",".join(map(canonical, _distinct(names))) or None),
        (ALLOW_METHODS, ",".join(_distinct(methods)).upper() or None),
        (ALLOW_ORIGIN, WILDCARD if _allows_all(policy) else origin),
        (MAX_AGE, str(max_age) if max_age > 0 else None),
    )
    return Answer(204, headers if _allows_all(policy) else headers + _VARY)


def _actual(policy: Policy, request: Request, response: Response) -> Response:
    origin = _cross_origin(request)
    if origin is None:
        return Response(response.status, sorted_by_name(response.headers))
    if not _is_allowed(policy, origin):
        return Response(403, ())
    exposed = _distinct(listed(policy.expose_headers))
    headers: HeaderList = present(
        (ALLOW_CREDENTIALS, "true" if policy.allow_credentials else None),
        (ALLOW_ORIGIN, WILDCARD if _allows_all(policy) else origin),
        (EXPOSE_HEADERS, ",".join(map(canonical, exposed)) or None),
        (VARY, None if _allows_all(policy) else "Origin"),
    )
    return Response(response.status, added_to(policy, headers, response.headers))


def _cross_origin(request: Request) -> str | None:
    """The origin; None if there is none, or if it is the server's own by its host."""
    origin, own = echoed(request, ORIGIN), origin_of_url(request.url)
    host = own.authority if own else ""
    return None if origin in {None, "", f"http://{host}", f"https://{host}"} else origin


def _allows_all(policy: Policy) -> bool:
    if policy.allow_origins is None:
        return policy.allow_origin_regex is None
    return WILDCARD in listed(policy.allow_origins)


def _is_allowed(policy: Policy, origin: str) -> bool:
    """The list is compared in small letters, the origin as it came; patterns as they stand."""
    if _allows_all(policy) or origin in _distinct(listed(policy.allow_origins)):
        return True
    patterns = [each.split("*") for each in listed(policy.allow_origins) if "*" in each]
    if any(origin.startswith(start) and origin.endswith(end) for start, end in patterns):
        return True
    return is_matched(policy, origin)


def _distinct(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value.strip().lower() for value in values))


def _complaints(policy: Policy) -> tuple[Complaint, ...]:
    return (
        *value_complaints(policy),
        *regex_complaints(policy, RE2),
        *(() if policy.allow_origins == ECHO else _origin_complaints(policy)),
    )


def _origin_complaints(policy: Policy) -> list[Complaint]:
    """What it panics about when it is set up."""
    found = []
    if policy.allow_origins == () and policy.allow_origin_regex is None:
        found.append(Complaint("allow_origins", "allows nobody", "list an origin", at_start=True))
    for origin in listed(policy.allow_origins):
        if "*" not in origin and not origin.startswith(("http://", "https://")):
            message = f"holds {origin!r}, which doesn't begin with http:// or https://"
            hint = "write a whole origin, or a pattern with a *"
            found.append(Complaint("allow_origins", message, hint, at_start=True))
        if origin.count("*") > 1:
            message = f"holds {origin!r}: only one * is allowed"
            hint = "write allow_origin_regex"
            found.append(Complaint("allow_origins", message, hint, at_start=True))
    return found


def _export(policy: Policy) -> Export:
    options = _options(policy)
    lines = [
        f"config.{n} = {literal(value)}\n" for n, value in options.items() if value is not None
    ]
    text = f"config := cors.DefaultConfig()\n{''.join(lines)}router.Use(cors.New(config))\n"
    warned = ("preflights are answered here, not forwarded",) if policy.forward_preflight else ()
    code = code_with_imports(text, options, "github.com/gin-contrib/cors")
    return Export("main.go", code, warned)


def _options(policy: Policy) -> dict[str, object]:
    origins, function = policy.allow_origins, origin_function(policy)
    is_all = origins == WILDCARD or (origins is None and function is None)
    is_list = origins not in {None, WILDCARD, ECHO}
    age = policy.max_age
    return {
        "AllowAllOrigins": is_all or None,
        "AllowOrigins": listed(origins) if is_list else None,
        "AllowWildcard": (is_list and any("*" in each for each in listed(origins))) or None,
        "AllowOriginFunc": function,
        "AllowMethods": None if policy.allow_methods is None else listed(policy.allow_methods),
        "AllowHeaders": None if policy.allow_headers is None else listed(policy.allow_headers),
        "ExposeHeaders": listed(policy.expose_headers) or None,
        "AllowCredentials": policy.allow_credentials or None,
        "MaxAge": None if age is None else Code(f"{age} * time.Second", ("time",)),
    }


GIN = Dialect(
    name="gin",
    title="gin (gin-contrib/cors)",
    version="gin-contrib/cors 1.4.0",
    source="https://github.com/gin-contrib/cors",
    evidence=Evidence.PROVED,
    preflight=reading_first(_preflight),
    actual=reading_first(_actual),
    complaints=_complaints,
    defaults=Policy(
        allow_origins=WILDCARD,
        allow_methods=_DEFAULT_METHODS,
        allow_headers=_DEFAULT_HEADERS,
        max_age=_DEFAULT_MAX_AGE,
    ),
    export=_export,
    settings=(REPLACES_VARY,),
    surprises=(
        "Another origin gets 403, on actual requests too, and the application isn't asked.",
        "Every OPTIONS with an Origin is answered as a preflight.",
        "Preflights are cached for twelve hours where nothing is set, and max-age 0 isn't sent.",
        "A listed origin is put in small letters, and `null` is refused at start.",
        "The headers allowed by default don't include Authorization.",
    ),
)
