"""How does Flask answer with Flask-CORS?

Follows https://github.com/corydolphin/flask-cors/blob/6.0.5/flask_cors/core.py. Flask itself
answers OPTIONS, with 200 for every route that there is; Flask-CORS adds headers to that as to any
other response, and to none that already has Access-Control-Allow-Origin. A rule knows no routes: it
answers for all paths, where Flask says 404 to those it doesn't know. (What has more than 512
characters fits no pattern here but `*`.)
"""

import re
from typing import Final

from corscope.fetch.headers import get
from corscope.messages import HeaderList, Request, Response
from corscope.servers.answer import Answer
from corscope.servers.complaints import MEND_REGEX, value_complaints
from corscope.servers.dialect import Complaint, Dialect, Evidence, Export, Setting
from corscope.servers.languages.python import call, listed, regex_literal
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
    without_cors_headers,
)
from corscope.servers.patterns.origins import matches_regex, regex_error
from corscope.servers.policy import ECHO, WILDCARD, Policy
from corscope.servers.repeated import reading_joined_by_comma

__all__ = ["FLASK_CORS", "is_regex"]

_ALL_METHODS: Final = ("GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE")
_ANYTHING: Final = ".*"
_REGEX_SIGNS: Final = frozenset("*\\]?$^[]()")
_REQUEST_PRIVATE_NETWORK: Final = "access-control-request-private-network"

_SEND_WILDCARD: Final = Setting(
    "send_wildcard", "boolean", False, "whether `*` is sent as such, not as the request's Origin."
)
_ALWAYS_SEND: Final = Setting(
    "always_send", "boolean", True, "whether a request without Origin gets CORS headers too."
)
_VARY_HEADER: Final = Setting(
    "vary_header", "boolean", True, "whether Vary names Origin where the answer depends on it."
)
_PRIVATE_NETWORK: Final = Setting(
    "allow_private_network",
    "boolean",
    False,
    "what is answered to Access-Control-Request-Private-Network.",
)
_SETTINGS: Final = (_SEND_WILDCARD, _ALWAYS_SEND, _VARY_HEADER, _PRIVATE_NETWORK)


def _preflight(policy: Policy, request: Request) -> Answer | None:
    if not is_cors_preflight_request(request):
        return None
    headers = (("content-type", "text/html; charset=utf-8"), *_headers(policy, request))
    return Answer(200, headers)


def _actual(policy: Policy, request: Request, response: Response) -> Response:
    if get(response.headers, ALLOW_ORIGIN):
        return response
    return Response(response.status, response.headers + _headers(policy, request))


def _forwarded(policy: Policy, request: Request, response: Response) -> Response:
    """As of a view that answers OPTIONS itself."""
    own = without_cors_headers(response.headers)
    return _actual(policy, request, Response(response.status, own))


def _headers(policy: Policy, request: Request) -> HeaderList:
    allowed = _allow_origin(policy, request)
    if not allowed:
        return ()
    exposed = listed(policy.expose_headers) or ()
    headers = present(
        (ALLOW_ORIGIN, allowed),
        (EXPOSE_HEADERS, ", ".join(sorted(exposed)) or None),
        (ALLOW_CREDENTIALS, "true" if policy.allow_credentials else None),
    )
    if get(request.headers, _REQUEST_PRIVATE_NETWORK) == "true":
        answer = "true" if _PRIVATE_NETWORK.of(policy) else "false"
        headers += (("access-control-allow-private-network", answer),)
    if request.method == "OPTIONS":
        headers += _preflight_headers(policy, request)
    if _VARY_HEADER.of(policy) and allowed != WILDCARD and _is_dynamic(policy):
        headers += ((VARY, "Origin"),)
    return headers


def _preflight_headers(policy: Policy, request: Request) -> HeaderList:
    """What is allowed, if the method is: any part of the list's text counts as one."""
    listed_methods = listed(policy.allow_methods)
    methods = ", ".join(sorted(_ALL_METHODS if listed_methods is None else listed_methods)).upper()
    asked = (echoed(request, REQUEST_METHOD) or "").upper()
    if not asked or asked not in methods:
        return ()
    return present(
        (ALLOW_HEADERS, _allowed_subset(policy, echoed(request, REQUEST_HEADERS) or "") or None),
        (MAX_AGE, str(policy.max_age) if policy.max_age else None),
        (ALLOW_METHODS, methods),
    )


def _allowed_subset(policy: Policy, asked: str) -> str:
    allowed = WILDCARD if policy.allow_headers in {None, ECHO} else policy.allow_headers
    patterns = _patterns(allowed)
    names = [name.strip() for name in asked.split(",")] if asked else []
    return ", ".join(sorted(name for name in names if _matches_any(patterns, name))).strip()


def _allow_origin(policy: Policy, request: Request) -> str | None:
    patterns = _origin_patterns(policy)
    is_open = _ANYTHING in patterns
    if origin := echoed(request, ORIGIN):
        if is_open and _SEND_WILDCARD.of(policy):
            return WILDCARD
        return origin if _matches_any(patterns, origin) else None
    if not _ALWAYS_SEND.of(policy):
        return None
    if is_open:
        return None if policy.allow_credentials else WILDCARD
    return min((each for each in patterns if not is_regex(each)), default=None)


def _origin_patterns(policy: Policy) -> tuple[str, ...]:
    origins, pattern = policy.allow_origins, policy.allow_origin_regex
    if origins == ECHO or (origins is None and pattern is None):
        origins = WILDCARD
    return _patterns(origins) + (() if pattern is None else (pattern,))


def _patterns(words: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return tuple(_ANYTHING if word == WILDCARD else word for word in listed(words) or ())


def is_regex(pattern: str) -> bool:
    """Whether the library takes it for a regex: nothing but its characters tells."""
    return not _REGEX_SIGNS.isdisjoint(pattern)


def _matches_any(patterns: tuple[str, ...], text: str) -> bool:
    return _ANYTHING in patterns or any(
        matches_regex(pattern, text, "match", flags=re.IGNORECASE)
        if is_regex(pattern)
        else pattern.casefold() == text.casefold()
        for pattern in patterns
    )


def _is_dynamic(policy: Policy) -> bool:
    patterns = _origin_patterns(policy)
    return len(patterns) > 1 or any(is_regex(each) for each in patterns)


def _complaints(policy: Policy) -> tuple[Complaint, ...]:
    complaints = [*value_complaints(policy, echo=("allow_headers",)), *_pattern_complaints(policy)]
    is_wildcard = _SEND_WILDCARD.of(policy) and _ANYTHING in _origin_patterns(policy)
    if policy.allow_credentials and is_wildcard:
        message = "can't stand beside an origin `*` that is sent as such"
        hint = "drop send_wildcard: then the request's Origin is sent"
        complaints.append(Complaint("allow_credentials", message, hint, at_start=True))
    return tuple(complaints)


def _pattern_complaints(policy: Policy) -> list[Complaint]:
    pattern = policy.allow_origin_regex
    words = {
        "allow_origins": _patterns(policy.allow_origins),
        "allow_origin_regex": () if pattern is None else (pattern,),
        "allow_headers": _patterns(policy.allow_headers),
    }
    wrong = [
        Complaint(
            field,
            f"has a regular expression that is none, {each!r}: {error}",
            MEND_REGEX,
            at_start=True,
        )
        for field, patterns in words.items()
        for each in patterns
        if is_regex(each) and (error := regex_error(each))
    ]
    if pattern is not None and not is_regex(pattern):
        message = "would be taken for an origin: nothing in it tells that it is a regex"
        wrong.append(Complaint("allow_origin_regex", message, "begin it with ^"))
    return wrong


def _export(policy: Policy) -> Export:
    origins = WILDCARD if policy.allow_origins == ECHO else policy.allow_origins
    patterns: object = origins
    if policy.allow_origin_regex is not None:
        pattern = regex_literal(policy.allow_origin_regex)
        patterns = pattern if origins is None else [*(listed(origins) or ()), pattern]
    options = {
        "origins": patterns,
        "methods": policy.allow_methods,
        "allow_headers": WILDCARD if policy.allow_headers == ECHO else policy.allow_headers,
        "expose_headers": policy.expose_headers,
        "supports_credentials": policy.allow_credentials or None,
        "max_age": policy.max_age,
    }
    for setting in _SETTINGS:
        value = setting.of(policy)
        options[setting.name] = None if value == setting.default else value
    return Export("app.py", f"from flask_cors import CORS\n\n{call('CORS', ['app'], options)}\n")


FLASK_CORS = Dialect(
    name="flask-cors",
    title="Flask (Flask-CORS)",
    version="Flask-CORS 6.0.5, Flask 3.1.2",
    source="https://github.com/corydolphin/flask-cors/blob/6.0.5/flask_cors/core.py",
    evidence=Evidence.PROVED,
    preflight=reading_joined_by_comma(_preflight),
    actual=reading_joined_by_comma(_actual),
    complaints=_complaints,
    defaults=Policy(allow_origins=ECHO, allow_methods=_ALL_METHODS, allow_headers=ECHO),
    export=_export,
    forwarded=reading_joined_by_comma(_forwarded),
    settings=_SETTINGS,
    surprises=(
        "`*` allows any origin by sending it back, with credentials too.",
        "An origin or header with any of `*\\]?$^[]()` in it is a regular expression, matched from "
        "the start and in any case: `http://localhost:*` allows `http://localhost.evil.test`.",
        "A request without Origin gets the first origin of the list, in alphabetical order.",
        "A method counts as allowed if it is part of the list's text.",
        "Max-age 0 isn't sent.",
        "An application that sets Access-Control-Allow-Origin itself gets no further headers.",
    ),
)
