"""Which questions does the CORS check ask?

Follows https://fetch.spec.whatwg.org/#concept-cors-check, with the diagnosis's finer lines.
"""

from dataclasses import replace
from typing import Final

from corscope.explain.escape import escaped
from corscope.explain.steps.step import Question, Walk
from corscope.fetch.check import cors_check, value_as_read
from corscope.fetch.engines import Departure, Engine
from corscope.fetch.headers import values
from corscope.fetch.preflight import is_unchecked
from corscope.fetch.reasons import Failure, Reason

__all__ = ["CHECK", "check_questions", "fails_by_the_standard"]

CHECK: Final = "https://fetch.spec.whatwg.org/#concept-cors-check"

_ORIGIN: Final = "Access-Control-Allow-Origin"
_CREDENTIALS: Final = "Access-Control-Allow-Credentials"
_IN_THE_COPY: Final = "the 304 has none, but the copy that the browser goes by may"


def check_questions(walk: Walk) -> tuple[Question, ...]:
    """The CORS check's questions, in order."""
    value = value_as_read(walk.headers, _ORIGIN, walk.engine)
    asked = (
        _present(value),
        _single(walk, value),
        _matches(walk, value),
        _allow_credentials(walk),
    )
    if walk.exchange.kind == "preflight" and is_unchecked(walk.request, walk.engine):
        idle = "this engine takes the page's own origin to be asked, and checks nothing"
        keeps = Departure.PREFLIGHT_KEEPS_ORIGIN
        return tuple(replace(each, idle=idle, departure=keeps) for each in asked)
    departure, reason = _departure(walk)
    return tuple(
        replace(each, departure=departure if reason in each.refuses else None) for each in asked
    )


def fails_by_the_standard(walk: Walk) -> bool:
    """Whether the check fails in an engine that has no departures."""
    return cors_check(walk.exchange.origin, walk.mode, walk.headers) is not None


def _departure(walk: Walk) -> tuple[Departure | None, Reason | None]:
    """By what the engine leaves the standard in this check, and at the question of which reason."""
    standard = cors_check(walk.exchange.origin, walk.mode, walk.headers)
    own = cors_check(walk.exchange.origin, walk.mode, walk.headers, walk.engine)
    if walk.engine is Engine.UNKNOWN or _reason(standard) is _reason(own):
        return None, None
    if own is not None and own.reason is Reason.ALLOW_ORIGIN_REPEATED:
        return Departure.REPEATED_ORIGIN_REFUSED, own.reason
    return Departure.EMPTY_LINES_DROPPED, _reason(standard) or _reason(own)


def _reason(failure: Failure | None) -> Reason | None:
    return failure.reason if failure else None


def _present(value: str | None) -> Question:
    return Question(
        "allow-origin-present",
        f"Is there an {_ORIGIN}?",
        CHECK,
        ((_ORIGIN, value),),
        _IN_THE_COPY if value is None else f'it is "{escaped(value)}"',
        frozenset({Reason.ALLOW_ORIGIN_MISSING}),
    )


def _single(walk: Walk, value: str | None) -> Question:
    count = len(values(walk.headers, _ORIGIN))
    return Question(
        "allow-origin-single",
        f"Does {_ORIGIN} have a single value?",
        CHECK,
        ((_ORIGIN, value),),
        "it does" if count == 1 else f"its {count} lines make one value",
        frozenset({Reason.ALLOW_ORIGIN_REPEATED, Reason.ALLOW_ORIGIN_LIST}),
        idle=_IN_THE_COPY if value is None else None,
    )


def _matches(walk: Walk, value: str | None) -> Question:
    asks = f"Is {_ORIGIN} the request's origin"
    is_wildcard = value == "*" and not walk.with_credentials
    return Question(
        "allow-origin-matches",
        f"{asks}?" if walk.with_credentials else f'{asks}, or "*"?',
        CHECK,
        ((_ORIGIN, value), ("Origin", walk.exchange.origin)),
        '"*" stands for any origin where credentials aren\'t included'
        if is_wildcard
        else "it is, byte for byte",
        frozenset(
            {
                Reason.ALLOW_ORIGIN_INVALID,
                Reason.ALLOW_ORIGIN_MISMATCH,
                Reason.WILDCARD_WITH_CREDENTIALS,
            }
        ),
        idle=_IN_THE_COPY if value is None else None,
    )


def _allow_credentials(walk: Walk) -> Question:
    value = value_as_read(walk.headers, _CREDENTIALS, walk.engine)
    idle = None if walk.with_credentials else "credentials aren't included"
    if value_as_read(walk.headers, _ORIGIN, walk.engine) is None and walk.with_credentials:
        idle = _IN_THE_COPY
    return Question(
        "allow-credentials",
        f'Is {_CREDENTIALS} "true"?',
        CHECK,
        ((_CREDENTIALS, value),),
        _IN_THE_COPY if value is None else "it is",
        frozenset({Reason.ALLOW_CREDENTIALS_NOT_TRUE}),
        idle=idle,
    )
