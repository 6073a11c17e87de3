"""Which questions does a preflight's answer have to stand?

Follows step 7 of https://fetch.spec.whatwg.org/#cors-preflight-fetch-0, in each engine's order.
"""

from collections.abc import Iterator
from typing import Final

from corscope.explain.escape import escaped
from corscope.explain.steps.check import check_questions, fails_by_the_standard
from corscope.explain.steps.redirect import location_first, mixed_content
from corscope.explain.steps.step import Question, Read, Walk
from corscope.fetch.engines import Departure, departs
from corscope.fetch.headers import FAILURE, byte_lowercase, extract_header_list_values, get
from corscope.fetch.preflight import is_redirect_status
from corscope.fetch.reasons import Reason
from corscope.fetch.safelist import (
    is_cors_non_wildcard_request_header_name,
    is_cors_safelisted_method,
)

__all__ = ["preflight_questions"]

PREFLIGHT: Final = "https://fetch.spec.whatwg.org/#cors-preflight-fetch-0"

MOST_HEADERS: Final = 30
"""Headers that are told of one by one."""

_METHODS: Final = "Access-Control-Allow-Methods"
_HEADERS: Final = "Access-Control-Allow-Headers"
_COVERED: Final = '"*" stands for it where credentials aren\'t included'


def preflight_questions(walk: Walk) -> Iterator[Question]:
    """The questions that follow once there is an answer, in the engine's order."""
    yield from location_first(walk)
    redirected, ok = _not_redirected(walk), _ok_status(walk)
    status_first = departs(walk.engine, Departure.STATUS_NAMED_BEFORE_ORIGIN)
    redirect_first = departs(walk.engine, Departure.PREFLIGHT_REDIRECT_NAMED_FIRST)
    if status_first or redirect_first:
        yield redirected
    if status_first:
        yield ok
    yield from check_questions(walk)
    if not status_first and not redirect_first:
        yield redirected
    if not status_first:
        yield ok
    yield _methods_parse(walk)
    in_order = [_headers_parse(walk), _method_allowed(walk)]
    if departs(walk.engine, Departure.METHOD_NAMED_BEFORE_HEADERS):
        in_order.reverse()
    yield from in_order
    yield from _headers_allowed(walk)
    yield from mixed_content(walk, walk.exchange.url)


def _not_redirected(walk: Walk) -> Question:
    location = walk.exchange.location
    finds, departure = f"status {walk.status} is no redirect", None
    if walk.status is not None and is_redirect_status(walk.status):
        finds = "it has no Location to lead to"
        if location == "":
            finds, departure = "an empty Location is none", Departure.EMPTY_LOCATION_IGNORED
    early = _named_early(walk, Departure.PREFLIGHT_REDIRECT_NAMED_FIRST)
    return Question(
        "preflight-not-redirected",
        "Is it an answer, and no redirect?",
        PREFLIGHT,
        (("status", walk.status_read), ("Location", location)),
        finds,
        frozenset({Reason.PREFLIGHT_REDIRECT}),
        departure=early if walk.judgement.reason is Reason.PREFLIGHT_REDIRECT else departure,
    )


def _ok_status(walk: Walk) -> Question:
    return Question(
        "preflight-ok-status",
        "Is the status an ok status, 200 to 299?",
        PREFLIGHT,
        (("status", walk.status_read),),
        f"{walk.status} is",
        frozenset({Reason.PREFLIGHT_STATUS}),
        departure=_named_early(walk),
    )


def _named_early(walk: Walk, also: Departure | None = None) -> Departure | None:
    """What lets a status end the way that by the standard ends at the CORS check before it."""
    is_status = walk.judgement.reason in {Reason.PREFLIGHT_REDIRECT, Reason.PREFLIGHT_STATUS}
    if not is_status or not fails_by_the_standard(walk):
        return None
    for departure in (Departure.STATUS_NAMED_BEFORE_ORIGIN, also):
        if departure is not None and departs(walk.engine, departure):
            return departure
    return None


def _methods_parse(walk: Walk) -> Question:
    return Question(
        "allow-methods-parses",
        f"Is {_METHODS} a list of methods?",
        PREFLIGHT,
        ((_METHODS, get(walk.headers, _METHODS)),),
        _listed(walk, _METHODS, "it is absent, and so allows GET, HEAD and POST alone"),
        frozenset({Reason.ALLOW_METHODS_INVALID}),
    )


def _headers_parse(walk: Walk) -> Question:
    return Question(
        "allow-headers-parses",
        f"Is {_HEADERS} a list of header names?",
        PREFLIGHT,
        ((_HEADERS, get(walk.headers, _HEADERS)),),
        _listed(walk, _HEADERS, "it is absent, and so allows none but the safelisted ones"),
        frozenset({Reason.ALLOW_HEADERS_INVALID}),
    )


def _elements(walk: Walk, name: str) -> list[str]:
    parsed = extract_header_list_values(name, walk.headers)
    return [] if parsed is None or parsed == FAILURE else parsed


def _listed(walk: Walk, name: str, absent: str) -> str:
    if get(walk.headers, name) is None:
        return absent
    elements = _elements(walk, name)
    return f"it lists {escaped(', '.join(elements))}" if elements else "it is a list of none"


def _method_allowed(walk: Walk) -> Question:
    method = walk.exchange.method
    if method in _elements(walk, _METHODS):
        finds = "it is listed"
    elif is_cors_safelisted_method(method):
        finds = f"{method} needs nobody's leave"
    else:
        finds = _COVERED
    return Question(
        "method-allowed",
        f"Is the method {escaped(method)} allowed?",
        PREFLIGHT,
        (
            (_METHODS, get(walk.headers, _METHODS)),
            ("Access-Control-Request-Method", method),
        ),
        finds,
        frozenset({Reason.METHOD_NOT_ALLOWED}),
        departure=_method_named_early(walk),
    )


def _method_named_early(walk: Walk) -> Departure | None:
    """What lets the method end the way that by the standard ends at a list that doesn't parse."""
    early = Departure.METHOD_NAMED_BEFORE_HEADERS
    is_early = departs(walk.engine, early) and (
        walk.judgement.reason is Reason.METHOD_NOT_ALLOWED
        and extract_header_list_values(_HEADERS, walk.headers) == FAILURE
    )
    return early if is_early else None


def _headers_allowed(walk: Walk) -> Iterator[Question]:
    """One question for each header; of very many, those after the first ones have one for all."""
    names = list(dict.fromkeys(walk.exchange.request_headers))
    listed = frozenset(map(byte_lowercase, _elements(walk, _HEADERS)))
    read = (
        (_HEADERS, get(walk.headers, _HEADERS)),
        ("Access-Control-Request-Headers", ",".join(walk.exchange.request_headers)),
    )
    for number, name in enumerate(names[:MOST_HEADERS], 1):
        yield _header_allowed(walk, number, name, listed, read)
    others = names[MOST_HEADERS:]
    if others and walk.judgement.detail in others:
        number = names.index(walk.judgement.detail) + 1
        yield _header_allowed(walk, number, walk.judgement.detail, listed, read)
    elif others:
        finds = "they are listed" if listed.issuperset(others) else f"they are, or {_COVERED}"
        yield Question(
            "other-headers-allowed",
            f"Are the {len(others):,} headers that follow allowed?",
            PREFLIGHT,
            read,
            finds,
        )


def _header_allowed(
    walk: Walk, number: int, name: str, listed: frozenset[str], read: Read
) -> Question:
    is_listed = name in listed
    departure = None
    if not is_listed and is_cors_non_wildcard_request_header_name(name):
        covered = walk.judgement.reason is not Reason.HEADER_NOT_ALLOWED or (
            walk.judgement.detail != name
        )
        departure = Departure.AUTHORIZATION_COVERED_BY_WILDCARD if covered else None
    return Question(
        f"header-{number}-allowed",
        f"Is the header {escaped(name)} allowed?",
        PREFLIGHT,
        read,
        "it is listed" if is_listed else _COVERED,
        frozenset({Reason.HEADER_NOT_ALLOWED}),
        only=name,
        departure=departure,
    )
