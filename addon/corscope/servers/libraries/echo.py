"""How does Echo answer with its CORS middleware?

Follows https://github.com/labstack/echo/blob/v4.2.1/middleware/cors.go. Every OPTIONS is a
preflight; an origin that isn't allowed gets its 204 without CORS headers.

Since 4.11 a wildcard stays one beside credentials, and in 5 origins are compared without regard to
case, have no patterns, and are sent as they are listed. 4.15.4 and 5.3.1 were compared on
2026-12-01 with what the tests ask of 4.2.1; no test runs them, as no registry in use has them.
"""

import re
from collections.abc import Iterator
from itertools import takewhile
from typing import Final

from corscope.messages import HeaderList, Request, Response
from corscope.servers.answer import Answer
from corscope.servers.complaints import regex_complaints, value_complaints
from corscope.servers.dialect import Complaint, Dialect, Evidence, Export, Setting
from corscope.servers.languages.go import (
    Code,
    added_to,
    code_with_imports,
    function_complaints,
    is_matched,
    listed,
    origin_function,
    sorted_by_name,
    struct,
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
    REQUEST_HEADERS,
    VARY,
    echoed,
    present,
)
from corscope.servers.patterns.origins import matches_regex
from corscope.servers.patterns.regexes import RE2
from corscope.servers.policy import ECHO, WILDCARD, Policy
from corscope.servers.repeated import reading_first

__all__ = ["ECHO_GO"]

_DEFAULT_METHODS: Final = ("GET", "HEAD", "PUT", "PATCH", "POST", "DELETE")
_LONGEST_HOST: Final = 253
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://(?P<host>[^/?#]*)[?#]?")
_HOST: Final = re.compile(
    r"(?:\[[^\]]*\]|(?:[^\x00- \x7f%\\^`{|}\[\]:]|%[0-9A-Fa-f]{2})+)(?::[0-9]*)?|:[0-9]*"
)
_VERSION: Final = Setting(
    "version",
    "string",
    "4.2",
    "how it answers: an Echo 4 of today as 4.15, Echo 5 as 5.",
    choices=("4.2", "4.15", "5"),
)
_VARY: Final = (
    (VARY, "Origin"),
    (VARY, "Access-Control-Request-Method"),
    (VARY, "Access-Control-Request-Headers"),
)


def _preflight(policy: Policy, request: Request) -> Answer | None:
    if request.method != "OPTIONS":
        return None
    allowed = _allow_origin(policy, request)
    if allowed is None:
        return Answer(204, _VARY[:1])
    names = () if policy.allow_headers == ECHO else listed(policy.allow_headers)
    headers = present(
        (ALLOW_CREDENTIALS, "true" if policy.allow_credentials else None),
        (ALLOW_HEADERS, ",".join(names) or echoed(request, REQUEST_HEADERS) or None),
        (ALLOW_METHODS, ",".join(listed(policy.allow_methods) or _DEFAULT_METHODS)),
        (ALLOW_ORIGIN, allowed),
        (MAX_AGE, _max_age(policy)),
    )
    return Answer(204, sorted_by_name(headers + _VARY))


def _actual(policy: Policy, request: Request, response: Response) -> Response:
    headers: HeaderList = _VARY[:1]
    allowed = _allow_origin(policy, request)
    if allowed is not None:
        headers += present(
            (ALLOW_ORIGIN, allowed),
            (ALLOW_CREDENTIALS, "true" if policy.allow_credentials else None),
            (EXPOSE_HEADERS, ",".join(listed(policy.expose_headers)) or None),
        )
    return Response(response.status, added_to(policy, headers, response.headers))


def _max_age(policy: Policy) -> str | None:
    seconds = policy.max_age or 0
    is_sent = seconds > 0 or (seconds < 0 and _VERSION.of(policy) != "4.2")
    return str(max(seconds, 0)) if is_sent else None


def _allow_origin(policy: Policy, request: Request) -> str | None:
    origin = echoed(request, ORIGIN)
    if not origin:
        return None
    if policy.allow_origins == ECHO or policy.allow_origin_regex is not None:
        return origin if is_matched(policy, origin) else None
    origins = listed(policy.allow_origins) or (WILDCARD,)
    return (_of_5 if _VERSION.of(policy) == "5" else _of_4)(policy, origin, origins)


def _of_5(_policy: Policy, origin: str, origins: tuple[str, ...]) -> str | None:
    """The origin as it is listed."""
    if WILDCARD in origins:
        return WILDCARD
    return next((each for each in origins if each.lower() == origin.lower()), None)


def _of_4(policy: Policy, origin: str, origins: tuple[str, ...]) -> str | None:
    is_named = policy.allow_credentials and _VERSION.of(policy) == "4.2"
    for each in origins:
        if each == WILDCARD:
            return origin if is_named else WILDCARD
        if each == origin or _is_subdomain(origin, each):
            return origin
    return origin if _matches_any(origin, origins) else None


def _is_subdomain(origin: str, pattern: str) -> bool:
    """Labels are compared from the end; where the pattern's is `*`, the rest may be anything."""
    scheme, separator, authority = origin.partition("://")
    wanted, wanted_separator, wanted_authority = pattern.partition("://")
    if not (separator and wanted_separator) or len(authority) > _LONGEST_HOST:
        return False
    if scheme.partition(":")[0] != wanted.partition(":")[0]:
        return False
    labels, patterns = authority.split(".")[::-1], wanted_authority.split(".")[::-1]
    if WILDCARD not in patterns:
        return False
    fixed = patterns.index(WILDCARD)
    return len(labels) > fixed and labels[:fixed] == patterns[:fixed]


def _matches_any(origin: str, patterns: tuple[str, ...]) -> bool:
    """As globs: `*` stands for anything, `?` for one character."""
    _, separator, authority = origin.partition("://")
    if not separator or len(authority) > _LONGEST_HOST:
        return False
    return any(
        matches_regex(re.escape(each).replace(r"\*", ".*").replace(r"\?", "."), origin, "fullmatch")
        for each in patterns
    )


def _complaints(policy: Policy) -> tuple[Complaint, ...]:
    return (
        *value_complaints(policy, echo=("allow_headers",)),
        *regex_complaints(policy, RE2, at_start=False),
        *function_complaints(policy),
        *(_complaints_of_5(policy) if _VERSION.of(policy) == "5" else ()),
    )


def _complaints_of_5(policy: Policy) -> Iterator[Complaint]:
    if policy.allow_origins == ECHO or policy.allow_origin_regex is not None:
        return
    origins = listed(policy.allow_origins)
    if not origins:
        yield Complaint("allow_origins", "names nobody", "list an origin", at_start=True)
    if WILDCARD in origins and policy.allow_credentials:
        message = f'can\'t be true with an origin "{WILDCARD}"'
        hint = f'list the origins, or write "{ECHO}"'
        yield Complaint("allow_credentials", message, hint, at_start=True)
    for origin in takewhile(lambda each: each != WILDCARD, origins):
        if not _is_url_of_origin(origin):
            hint = "write scheme and host, as in https://app.example.com, and nothing else"
            yield Complaint("allow_origins", f"is no origin: {origin}", hint, at_start=True)


def _is_url_of_origin(text: str) -> bool:
    """Whether Go's url.Parse finds scheme and host, and no path, query or fragment."""
    found = _URL.fullmatch(text)
    if not found:
        return False
    host = found["host"].rpartition("@")[2]
    return bool(host) and _HOST.fullmatch(host) is not None


def _export(policy: Policy) -> Export:
    version, function = _VERSION.of(policy), origin_function(policy)
    headers = None if policy.allow_headers == ECHO else policy.allow_headers
    options = {
        "AllowOrigins": None if function else listed(policy.allow_origins) or None,
        **_function_option(function, is_5=version == "5"),
        "AllowMethods": listed(policy.allow_methods) or None,
        "AllowHeaders": listed(headers) or None,
        "AllowCredentials": policy.allow_credentials or None,
        "ExposeHeaders": listed(policy.expose_headers) or None,
        "MaxAge": policy.max_age or None,
    }
    config = struct("middleware.CORSConfig", options)
    module = f"github.com/labstack/echo/{'v5' if version == '5' else 'v4'}"
    required = "v5.0" if version == "5" else f"v{version}"
    text = f"// With {module} {required} in go.mod.\ne.Use(middleware.CORSWithConfig({config}))\n"
    warned = ("preflights are answered here, not forwarded",) if policy.forward_preflight else ()
    packages = [f"{module}/middleware"]
    if function is not None and version == "5":
        packages.insert(0, module)
    return Export("main.go", code_with_imports(text, options, *packages), warned)


def _function_option(function: Code | None, *, is_5: bool) -> dict[str, Code | None]:
    if function is None or not is_5:
        return {"AllowOriginFunc": function and function.returning_error()}
    text = (
        "func(_ *echo.Context, origin string) (string, bool, error) "
        f"{{ return origin, {function.text}(origin), nil }}"
    )
    return {"UnsafeAllowOriginFunc": Code(text, function.imports)}


ECHO_GO = Dialect(
    name="echo",
    title="Echo (middleware.CORS)",
    version="echo 4.2.1",
    source="https://echo.labstack.com/docs/middleware/cors",
    evidence=Evidence.PROVED,
    preflight=reading_first(_preflight),
    actual=reading_first(_actual),
    complaints=_complaints,
    defaults=Policy(allow_origins=WILDCARD, allow_methods=_DEFAULT_METHODS, allow_headers=ECHO),
    export=_export,
    settings=(REPLACES_VARY, _VERSION),
    surprises=(
        "Every OPTIONS is answered 204, also one without Origin.",
        "`*` with credentials sends back whatever origin asks: all sites may use the cookies.",
        "An empty list is an unset one: no origins means all of them.",
        "In an origin `*` stands for anything, and `?` for one character.",
        "A function for origins makes it ignore the list of origins.",
        "A max-age of 0 isn't sent.",
        'Echo 4.15 and 5 answer otherwise, as `version = "4.15"` and "5" do: `*` stays `*` beside '
        "credentials, which browsers refuse, and 5 doesn't start with them. 5 knows no patterns, "
        "and sends an origin as it is listed.",
        "Since 4.7 a preflight lists the route's own methods where none are set: a rule, which "
        "knows no routes, has all of them.",
    ),
)
