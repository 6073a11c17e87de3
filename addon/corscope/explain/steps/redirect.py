"""Which questions does a redirect have to stand, and may the page go where it leads?

Follows https://fetch.spec.whatwg.org/#http-redirect-fetch, steps 3 to 10, and what main fetch asks
of the target.
"""

from collections.abc import Iterator
from typing import Final

from corscope.explain.escape import escaped
from corscope.explain.parts.mixed_content import blocked_by_standard, mixed_departure, onward_url
from corscope.explain.steps.check import fails_by_the_standard
from corscope.explain.steps.step import Question, Walk
from corscope.fetch.engines import Departure, Engine, departs
from corscope.fetch.mixed_content import is_preflighted_first
from corscope.fetch.origin import origin_of_url, parse_serialized_origin
from corscope.fetch.preflight import CorsRequest, is_redirect_status
from corscope.fetch.reasons import Reason

__all__ = [
    "count",
    "has_location",
    "leads_on",
    "location_first",
    "mixed_content",
    "redirect_questions",
]

REDIRECT: Final = "https://fetch.spec.whatwg.org/#http-redirect-fetch"
PORTS: Final = "https://fetch.spec.whatwg.org/#port-blocking"
MIXED: Final = "https://w3c.github.io/webappsec-mixed-content/#should-block-fetch"

_SCHEME: Final = frozenset({Reason.REDIRECT_NOT_HTTP, Reason.REDIRECT_TO_LOCAL})
_UNNAMED: Final = "CORSDidNotSucceed"


def has_location(walk: Walk) -> bool:
    """Whether the answer has the status and the Location of a redirect."""
    status = walk.status
    return status is not None and is_redirect_status(status) and walk.exchange.location is not None


def leads_on(walk: Walk) -> bool:
    """Whether the engine takes the answer for a redirect."""
    ignored = departs(walk.engine, Departure.EMPTY_LOCATION_IGNORED)
    return has_location(walk) and not (ignored and walk.exchange.location == "")


def location_first(walk: Walk) -> Iterator[Question]:
    """The questions about a Location that the engine asks before the CORS check.

    Of a preflight's, only one that ends the way is told: the standard asks nothing about it.
    """
    if not has_location(walk):
        return
    is_actual = walk.exchange.kind == "actual"
    reason = walk.judgement.reason
    if departs(walk.engine, Departure.INVALID_LOCATION_NAMED_FIRST) and (
        is_actual or reason is Reason.REDIRECT_INVALID
    ):
        yield _valid(walk)
    if _is_scheme_first(walk):
        yield _http(walk)
    if _is_mixed_first(walk):
        yield _not_mixed(walk, walk.exchange.scene.target)


def _is_mixed_first(walk: Walk) -> bool:
    """Whether it ends before the CORS check for where it leads, which is mixed content."""
    decides = walk.judgement.reason is Reason.MIXED_CONTENT and has_location(walk)
    return decides and departs(walk.engine, Departure.MIXED_CONTENT_NAMED_FIRST)


def redirect_questions(walk: Walk) -> Iterator[Question]:
    """The questions about a Location that come after the CORS check."""
    if not has_location(walk):
        return
    if not departs(walk.engine, Departure.INVALID_LOCATION_NAMED_FIRST):
        yield _valid(walk)
    if not leads_on(walk):
        return
    if not _is_scheme_first(walk):
        yield _http(walk)
    always = departs(walk.engine, Departure.USERINFO_ALWAYS_REFUSED)
    if walk.exchange.mode == "cors" or always:
        yield _without_userinfo(walk)
    yield _port(walk)


def _is_scheme_first(walk: Walk) -> bool:
    """Whether the scheme ends the way before the CORS check; Firefox has no name for it then."""
    departing = departs(walk.engine, Departure.LOCAL_LOCATION_NAMED_FIRST)
    judgement = walk.judgement
    return departing and judgement.reason in _SCHEME and judgement.firefox == _UNNAMED


def _read(walk: Walk) -> tuple[tuple[str, str | None], ...]:
    return (("status", walk.status_read), ("Location", walk.exchange.location))


def _target(walk: Walk) -> str:
    """Where it leads, absolute as far as that is known."""
    return walk.exchange.scene.location or walk.exchange.location or walk.exchange.url


def _valid(walk: Walk) -> Question:
    empty = f"an empty Location {'leads to the same URL' if leads_on(walk) else 'is none'}"
    is_empty = walk.exchange.location == ""
    return Question(
        "location-valid",
        "Is the Location a URL?",
        REDIRECT,
        _read(walk),
        empty if is_empty else f'it leads to "{escaped(_target(walk))}"',
        frozenset({Reason.REDIRECT_INVALID}),
        departure=_location_departure(walk),
    )


def _location_departure(walk: Walk) -> Departure | None:
    is_invalid = walk.judgement.reason is Reason.REDIRECT_INVALID
    if walk.exchange.location == "":
        of_empty = (Departure.EMPTY_LOCATION_IGNORED, Departure.EMPTY_LOCATION_REFUSED)
        return next((each for each in of_empty if departs(walk.engine, each)), None)
    if is_invalid:
        return _named_early(walk, Departure.INVALID_LOCATION_NAMED_FIRST)
    joins = departs(walk.engine, Departure.LOCATIONS_JOINED)
    others = walk.exchange.engine_verdicts[Engine.CHROMIUM].omit
    return Departure.LOCATIONS_JOINED if joins and _is_invalid(others.reason) else None


def _is_invalid(reason: Reason | None) -> bool:
    return reason is Reason.REDIRECT_INVALID


def _named_early(walk: Walk, departure: Departure) -> Departure | None:
    """The departure, where by the standard the way ends before, or nobody asks."""
    ends_elsewhere = walk.exchange.kind == "preflight" or fails_by_the_standard(walk)
    is_cors = walk.exchange.mode == "cors"
    return departure if departs(walk.engine, departure) and is_cors and ends_elsewhere else None


def _http(walk: Walk) -> Question:
    return Question(
        "location-http",
        "Does it lead to an http(s) URL?",
        REDIRECT,
        _read(walk),
        "it does",
        _SCHEME,
        departure=_named_early(walk, Departure.LOCAL_LOCATION_NAMED_FIRST)
        if _is_scheme_first(walk)
        else None,
    )


def _without_userinfo(walk: Walk) -> Question:
    return Question(
        "location-without-userinfo",
        "Is that URL without a user name and a password?",
        REDIRECT,
        _read(walk),
        "it is",
        frozenset({Reason.REDIRECT_WITH_CREDENTIALS}),
        departure=_refused_without_cors(walk),
    )


def _refused_without_cors(walk: Walk) -> Departure | None:
    """What lets userinfo end the way of a request that by the standard may have it."""
    is_refused = walk.judgement.reason is Reason.REDIRECT_WITH_CREDENTIALS
    is_cors = walk.exchange.mode == "cors"
    return Departure.USERINFO_ALWAYS_REFUSED if is_refused and not is_cors else None


def _port(walk: Walk) -> Question:
    return Question(
        "location-port",
        "Is its port one that browsers ask?",
        PORTS,
        _read(walk),
        "it is",
        frozenset({Reason.REDIRECT_BAD_PORT}),
    )


def count(walk: Walk) -> Iterator[Question]:
    """Whether there were too many redirects."""
    if leads_on(walk) or walk.judgement.reason is Reason.TOO_MANY_REDIRECTS:
        yield Question(
            "redirect-count",
            "Were there fewer than 20 redirects before?",
            REDIRECT,
            (),
            f"{walk.exchange.hop} before this one" if walk.exchange.hop else "this is the first",
            frozenset({Reason.TOO_MANY_REDIRECTS}),
        )


def mixed_content(walk: Walk, target: str) -> Iterator[Question]:
    """Whether a page of https may ask there by http; asked where that is so, or it decides."""
    page, origin = parse_serialized_origin(walk.exchange.scene.page), origin_of_url(target)
    decides = walk.judgement.reason is Reason.MIXED_CONTENT
    is_secure = page is not None and page.scheme == "https"
    to_plain = is_secure and origin is not None and origin.scheme == "http"
    if (decides or to_plain) and not _is_mixed_first(walk):
        yield _not_mixed(walk, target)


def _not_mixed(walk: Walk, target: str) -> Question:
    origin = origin_of_url(target)
    decides = walk.judgement.reason is Reason.MIXED_CONTENT
    by_standard = blocked_by_standard(walk.exchange, target)
    idle = "a preflight is asked first" if by_standard and _is_preflighted_first(walk) else None
    asked = onward_url(walk.exchange, target, walk.engine)
    finds = f"{escaped(str(origin or target))} is none"
    return Question(
        "not-mixed-content",
        "Is it no mixed content for the page?",
        MIXED,
        (),
        finds if asked is None else f"{escaped(str(origin_of_url(asked)))} is asked in its place",
        frozenset({Reason.MIXED_CONTENT}),
        idle=None if decides else idle,
        departure=_mixed_departure(walk, target, waits=idle is not None),
    )


def _mixed_departure(walk: Walk, target: str, *, waits: bool) -> Departure | None:
    if waits:
        return Departure.PREFLIGHT_BEFORE_MIXED_CONTENT
    if _is_mixed_first(walk):
        return _named_early(walk, Departure.MIXED_CONTENT_NAMED_FIRST)
    return mixed_departure(walk.exchange, target, walk.engine)


def _is_preflighted_first(walk: Walk) -> bool:
    of, why = walk.exchange, walk.exchange.why
    asked = CorsRequest(of.origin, of.url, of.method, of.request_headers)
    return of.kind == "actual" and is_preflighted_first(asked, walk.engine, preflighted=bool(why))
