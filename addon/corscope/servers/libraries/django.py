"""How does Django answer with django-cors-headers?

Follows https://github.com/adamchainz/django-cors-headers/blob/4.9.0/src/corsheaders/middleware.py.
Every OPTIONS that asks for a method is answered with 200; what is allowed is listed, never checked.
Origins are compared as parsed URLs, by scheme and netloc.
"""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import SplitResult, urlsplit

from corscope.fetch.headers import contains, get, set_header
from corscope.messages import HeaderList, Request, Response
from corscope.servers.answer import Answer
from corscope.servers.complaints import MEND_REGEX, echo_and_regex_complaints, value_complaints
from corscope.servers.dialect import Complaint, Dialect, Evidence, Export, Setting
from corscope.servers.languages.python import assignments, listed, regex_literal
from corscope.servers.parts import (
    ALLOW_CREDENTIALS,
    ALLOW_HEADERS,
    ALLOW_METHODS,
    ALLOW_ORIGIN,
    EXPOSE_HEADERS,
    MAX_AGE,
    ORIGIN,
    REQUEST_METHOD,
    VARY,
    echoed,
    present,
)
from corscope.servers.patterns.origins import matches_regex, regex_error
from corscope.servers.policy import ECHO, WILDCARD, Policy
from corscope.servers.repeated import reading_joined_by_comma

__all__ = ["DJANGO"]

_DEFAULTS: Final = Policy(
    allow_origins=(),
    allow_methods=("DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT"),
    allow_headers=(
        *("accept", "authorization", "content-type"),
        *("user-agent", "x-csrftoken", "x-requested-with"),
    ),
    max_age=86400,
)
_NOT_URLS: Final = {"null", "file://"}
_ORIGIN: Final = "write it as https://app.example.com"
_COMMA: Final = re.compile(r"\s*,\s*")
_REQUEST_PRIVATE_NETWORK: Final = "access-control-request-private-network"
_PRIVATE_NETWORK: Final = Setting(
    "allow_private_network",
    "boolean",
    False,
    "whether Access-Control-Request-Private-Network is answered with leave.",
)


def _preflight(policy: Policy, request: Request) -> Answer | None:
    if request.method != "OPTIONS" or not contains(request.headers, REQUEST_METHOD):
        return None
    empty: HeaderList = (("content-type", "text/html; charset=utf-8"),)
    return Answer(200, _with_cors(policy, request, empty))


def _actual(policy: Policy, request: Request, response: Response) -> Response:
    return Response(response.status, _with_cors(policy, request, response.headers))


def _with_cors(policy: Policy, request: Request, headers: HeaderList) -> HeaderList:
    headers = _varied_by_origin(headers)
    origin = echoed(request, ORIGIN)
    if not origin or not _is_allowed(policy, origin):
        return headers
    is_open = policy.allow_origins == WILDCARD and not policy.allow_credentials
    added = present(
        (ALLOW_ORIGIN, WILDCARD if is_open else origin),
        (ALLOW_CREDENTIALS, "true" if policy.allow_credentials else None),
        (EXPOSE_HEADERS, ", ".join(listed(policy.expose_headers) or ()) or None),
    )
    if request.method == "OPTIONS":
        added += _preflight_headers(policy)
    asked = get(request.headers, _REQUEST_PRIVATE_NETWORK) == "true"
    if asked and _PRIVATE_NETWORK.of(policy):
        added += (("access-control-allow-private-network", "true"),)
    for name, value in added:
        headers = set_header(headers, name, value)
    return headers


def _preflight_headers(policy: Policy) -> HeaderList:
    methods = _DEFAULTS.allow_methods if policy.allow_methods is None else policy.allow_methods
    names = _DEFAULTS.allow_headers if policy.allow_headers is None else policy.allow_headers
    max_age = _DEFAULTS.max_age if policy.max_age is None else policy.max_age
    return present(
        (ALLOW_HEADERS, ", ".join(listed(names) or ())),
        (ALLOW_METHODS, ", ".join(listed(methods) or ())),
        (MAX_AGE, str(max_age) if max_age else None),
    )


def _varied_by_origin(headers: HeaderList) -> HeaderList:
    known = get(headers, VARY)
    names = [] if known is None else _COMMA.split(known)
    if "origin" not in {name.lower() for name in names}:
        names.append("origin")
    return set_header(headers, VARY, "*" if "*" in names else ", ".join(names))


def _is_allowed(policy: Policy, origin: str) -> bool:
    url = _split(origin)
    if url is None:
        return False
    if policy.allow_origins in {WILDCARD, ECHO} or _is_listed(policy, url):
        return True
    pattern = policy.allow_origin_regex
    return pattern is not None and matches_regex(pattern, origin, "match")


def _is_listed(policy: Policy, url: SplitResult) -> bool:
    """By scheme and netloc alone; `null` has neither, like anything else that is no URL."""
    allowed = map(_split, listed(policy.allow_origins) or ())
    return any(each is not None and each[:2] == url[:2] for each in allowed)


def _split(origin: str) -> SplitResult | None:
    try:
        return urlsplit(origin)
    except ValueError:
        return None


def _complaints(policy: Policy) -> tuple[Complaint, ...]:
    complaints = [*value_complaints(policy), *echo_and_regex_complaints(policy)]
    origins, pattern = policy.allow_origins, policy.allow_origin_regex
    if isinstance(origins, str) and origins not in {WILDCARD, ECHO}:
        message = "is a string, each letter of which is taken for an origin"
        complaints.append(Complaint("allow_origins", message, "make it a list", at_start=True))
    elif isinstance(origins, tuple):
        complaints += _origin_complaints(origins)
    if policy.max_age is not None and policy.max_age < 0:
        message = "must not be negative (corsheaders.E004)"
        complaints.append(Complaint("max_age", message, "0 sends none", at_start=True))
    if pattern is not None and (error := regex_error(pattern)):
        message = f"is no regular expression, so that requests fail with 500: {error}"
        complaints.append(Complaint("allow_origin_regex", message, MEND_REGEX))
    return tuple(complaints)


def _origin_complaints(origins: tuple[str, ...]) -> Iterator[Complaint]:
    for origin in origins:
        url = _split(origin)
        if origin in _NOT_URLS:
            continue
        if url is None:
            message = f"has {origin!r}, which is no URL"
            yield Complaint("allow_origins", message, _ORIGIN, at_start=True)
        elif not url.scheme or not url.netloc:
            message = f"has {origin!r}, which is missing scheme or netloc (corsheaders.E013)"
            hint = 'write allow_origins = "*" for any origin' if origin == WILDCARD else _ORIGIN
            yield Complaint("allow_origins", message, hint, at_start=True)
        elif url.path or url.query or url.fragment:
            message = f"has {origin!r}, which should have nothing after the host (corsheaders.E014)"
            yield Complaint("allow_origins", message, _ORIGIN, at_start=True)


def _export(policy: Policy) -> Export:
    origins = policy.allow_origins
    pattern = ".*" if origins == ECHO else policy.allow_origin_regex
    settings = {
        "CORS_ALLOW_ALL_ORIGINS": True if origins == WILDCARD else None,
        "CORS_ALLOWED_ORIGINS": None if origins in {WILDCARD, ECHO} else origins,
        "CORS_ALLOWED_ORIGIN_REGEXES": None if pattern is None else [regex_literal(pattern)],
        "CORS_ALLOW_METHODS": listed(policy.allow_methods),
        "CORS_ALLOW_HEADERS": listed(policy.allow_headers),
        "CORS_EXPOSE_HEADERS": listed(policy.expose_headers),
        "CORS_ALLOW_CREDENTIALS": policy.allow_credentials or None,
        "CORS_ALLOW_PRIVATE_NETWORK": _PRIVATE_NETWORK.of(policy) or None,
        "CORS_PREFLIGHT_MAX_AGE": policy.max_age,
    }
    return Export("settings.py", f"{_INSTALLED}\n{assignments(settings)}".rstrip() + "\n")


_INSTALLED: Final = """\
INSTALLED_APPS += ["corsheaders"]
MIDDLEWARE = ["corsheaders.middleware.CorsMiddleware", *MIDDLEWARE]
"""

DJANGO = Dialect(
    name="django",
    title="Django (django-cors-headers)",
    version="django-cors-headers 4.9.0, Django 5.2.8",
    source="https://github.com/adamchainz/django-cors-headers/blob/4.9.0/src/corsheaders/middleware.py",
    evidence=Evidence.PROVED,
    preflight=reading_joined_by_comma(_preflight),
    actual=reading_joined_by_comma(_actual),
    complaints=_complaints,
    defaults=_DEFAULTS,
    export=_export,
    settings=(_PRIVATE_NETWORK,),
    surprises=(
        "Methods and headers are never checked, only listed; `*` is sent as it stands.",
        "With credentials, CORS_ALLOW_ALL_ORIGINS sends any origin back.",
        "Every OPTIONS that asks for a method is answered with 200, also one without Origin.",
        "A regular expression is matched from the start only: `https://app\\.test` also allows "
        "`https://app.test.evil.test`.",
        "Wildcards in CORS_ALLOWED_ORIGINS mean nothing.",
        "Max-age 0 isn't sent.",
        "`null` in the list allows anything that is no URL.",
    ),
)
