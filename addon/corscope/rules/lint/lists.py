"""Which methods and headers does a policy list that need no leave, or can't be had?"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from corscope.fetch.headers import values
from corscope.fetch.safelist import (
    is_cors_safelisted_method,
    is_cors_safelisted_response_header_name,
    is_forbidden_method,
    is_forbidden_request_header,
    is_forbidden_response_header_name,
    normalize_method,
)
from corscope.rules.kinds.place import Remark
from corscope.rules.lint.asked import ANY_ORIGIN, sent_in_preflight, sent_to
from corscope.rules.lint.ids import remark
from corscope.rules.locate import KeyPath
from corscope.rules.model import Match
from corscope.rules.problems import shown
from corscope.servers.dialect import Dialect
from corscope.servers.parts import (
    ALLOW_HEADERS,
    ALLOW_METHODS,
    EXPOSE_HEADERS,
    ORIGIN,
    REQUEST_HEADERS,
    REQUEST_METHOD,
    is_cors_response_header_name,
)
from corscope.servers.policy import ECHO, WILDCARD, Policy

__all__ = ["MAX_AGE_CAPS", "OF_REQUESTS", "lint_lists"]

MAX_AGE_CAPS: Final = {"WebKit": 600, "Chromium": 7200, "Firefox": 86400}
"""The longest time, in seconds, for which each engine keeps a preflight's answer."""

_NEEDLESS_HEADERS: Final = frozenset({"accept", "accept-language", "content-language"})
OF_REQUESTS: Final = frozenset({ORIGIN, REQUEST_METHOD, REQUEST_HEADERS})
"""The headers of CORS, in lower case, that only requests have."""

_KNOW_BEGINNINGS: Final = {
    "allow_headers": frozenset({"s3", "azure-blob"}),
    "expose_headers": frozenset({"azure-blob"}),
}
"""The dialects to which a name with a `*` in it stands for all that begin so."""

_OF_PREFLIGHTS: Final = ("allow_methods", "allow_headers", "max_age")


def lint_lists(policy: Policy, dialect: Dialect, match: Match) -> Iterator[Remark]:
    """Everything about a policy but its origins."""
    yield from _echoes(policy)
    yield from _methods(policy)
    yield from _request_headers(policy)
    yield from _exposed_headers(policy)
    yield from _parts_of_names(policy, dialect)
    yield from _repeated(policy)
    yield from _wildcards(policy, dialect)
    yield from _max_age(policy)
    yield from _unused(policy, match)


def _echoes(policy: Policy) -> Iterator[Remark]:
    """The word that sends back what is asked for, where it is one of a list."""
    for field in ("allow_methods", "allow_headers"):
        for index, item in _items(getattr(policy, field)):
            if item == ECHO:
                message = "is a name in a list, and sends nothing back"
                hint = f"to send back what is asked for write {field} = {shown(ECHO)}"
                yield remark("request-in-list", ("policy", field, index), item, message, hint)


def _methods(policy: Policy) -> Iterator[Remark]:
    for index, method in _items(policy.allow_methods):
        path: KeyPath = ("policy", "allow_methods", index)
        if is_forbidden_method(method):
            message = "is a method that script can't use"
            yield remark("method-forbidden", path, method, message, "drop it")
        elif is_cors_safelisted_method(method):
            message = "needs no leave: it is safelisted"
            yield remark("method-safelisted", path, method, message, "drop it")
        elif method == "OPTIONS":
            message = "is for script that sends it itself: preflights need no leave"
            yield remark("method-options", path, method, message, "drop it")
        elif method != method.upper() and method != ECHO:
            hint = f"browsers send {method.upper()}; methods differ by case"
            if normalize_method(method) == method:
                hint = f"browsers send it as script wrote it: {method.upper()} is another method"
            yield remark("method-case", path, method, "is not in upper case", hint)


def _request_headers(policy: Policy) -> Iterator[Remark]:
    for index, name in _items(policy.allow_headers):
        path: KeyPath = ("policy", "allow_headers", index)
        if is_cors_response_header_name(name) and not is_forbidden_request_header(name, ""):
            message = "is a response header: no request has use for it"
            yield remark("header-of-responses", path, name, message, "drop it")
        elif is_forbidden_request_header(name, ""):
            message = "is set by the browser: it is never asked for"
            yield remark("header-forbidden", path, name, message, "drop it")
        elif name.lower() in _NEEDLESS_HEADERS:
            message = "seldom needs leave: its usual values are safelisted"
            hint = "drop it, unless script sends others"
            yield remark("header-safelisted", path, name, message, hint)


def _exposed_headers(policy: Policy) -> Iterator[Remark]:
    for index, name in _items(policy.expose_headers):
        path: KeyPath = ("policy", "expose_headers", index)
        if is_forbidden_response_header_name(name):
            yield remark("expose-forbidden", path, name, "is never shown to script", "drop it")
        elif name.lower() in OF_REQUESTS:
            message = "is a request header: no response has it"
            yield remark("expose-of-requests", path, name, message, "drop it")
        elif is_cors_safelisted_response_header_name(name, ()):
            message = "needs no leave: it is safelisted"
            yield remark("expose-safelisted", path, name, message, "drop it")


def _parts_of_names(policy: Policy, dialect: Dialect) -> Iterator[Remark]:
    for field, knowing in _KNOW_BEGINNINGS.items():
        if dialect.name in knowing:
            continue
        for index, name in _items(getattr(policy, field)):
            if WILDCARD in name:
                message = "is no pattern: the * is a part of the name"
                path: KeyPath = ("policy", field, index)
                yield remark("header-wildcard", path, name, message, "write the names out")


def _items(listed: str | tuple[str, ...] | None) -> Iterator[tuple[int, str]]:
    if isinstance(listed, tuple):
        yield from ((index, item) for index, item in enumerate(listed) if item != WILDCARD)


def _repeated(policy: Policy) -> Iterator[Remark]:
    """Entries that their list has already, and those that a `*` beside them makes needless."""
    same: dict[str, Callable[[str], str]] = {
        "allow_origins": str,
        "allow_methods": str,
        "allow_headers": str.lower,
        "expose_headers": str.lower,
    }
    for field, key in same.items():
        listed = getattr(policy, field)
        entries = list(map(key, listed)) if isinstance(listed, tuple) else []
        first: dict[str, int] = {}
        for index, entry in enumerate(entries):
            if first.setdefault(entry, index) != index:
                path: KeyPath = ("policy", field, index)
                message = "is in the list already"
                yield remark("duplicate-entry", path, listed[index], message, "drop it")
        needed = {"authorization"} if field == "allow_headers" else set()
        if WILDCARD in entries and set(entries) - needed - {WILDCARD}:
            message = "makes the other entries needless"
            place = ("policy", field, entries.index(WILDCARD))
            yield remark("wildcard-with-others", place, WILDCARD, message, "drop it, or them")


def _wildcards(policy: Policy, dialect: Dialect) -> Iterator[Remark]:
    """Each `*` that is sent as such beside credentials."""
    if not policy.allow_credentials:
        return
    known = replace(policy, allow_origins=(ANY_ORIGIN,), allow_origin_regex=None)
    known = policy if dialect.complaints(known) else known
    sent = sent_in_preflight(known, dialect, ANY_ORIGIN) + sent_to(ANY_ORIGIN, known, dialect)
    fields = {
        "allow_methods": (ALLOW_METHODS, 'list the methods, or write "request"'),
        "allow_headers": (ALLOW_HEADERS, 'list the headers, or write "request"'),
        "expose_headers": (EXPOSE_HEADERS, "list the headers"),
    }
    for field, (name, hint) in fields.items():
        value = getattr(policy, field)
        is_any = value == WILDCARD or (isinstance(value, tuple) and WILDCARD in value)
        tokens = {token.strip() for line in values(sent, name) for token in line.split(",")}
        if is_any and WILDCARD in tokens:
            message = "is no wildcard for a request with credentials"
            path: KeyPath = ("policy", field)
            yield remark("wildcard-with-credentials", path, WILDCARD, message, hint)


def _max_age(policy: Policy) -> Iterator[Remark]:
    age, path = policy.max_age, ("policy", "max_age")
    if age is None:
        return
    if age < 0:
        message = "is no number of seconds; browsers differ"
        yield remark("max-age-negative", path, age, message, "write 0")
    caps = [f"{engine} ({cap})" for engine, cap in MAX_AGE_CAPS.items() if age > cap]
    if caps:
        message = f"is more than these browsers keep: {', '.join(caps)}"
        hint = f"write {min(MAX_AGE_CAPS.values())} to have all of them keep it equally long"
        yield remark("max-age-above-cap", path, age, message, hint)


def _unused(policy: Policy, match: Match) -> Iterator[Remark]:
    """Fields that say nothing in the one kind of request that the rule is for."""
    if len(set(match.kind)) != 1:
        return
    unused = _OF_PREFLIGHTS if match.kind[0] == "actual" else ("expose_headers",)
    for field in unused:
        if getattr(policy, field) is not None:
            message = f"is without use: the rule is only for match.kind = {shown(match.kind[0])}"
            yield remark("field-without-use", ("policy", field), None, message, "drop one of them")
