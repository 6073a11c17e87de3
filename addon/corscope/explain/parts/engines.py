"""Which other engine would do otherwise with the same answer, and by which of its departures?"""

from collections.abc import Iterator, Mapping
from typing import Final

from corscope.explain.escape import escaped
from corscope.explain.parts.mixed_content import mixed_departure
from corscope.fetch.engines import DEPARTURES, Departure, Engine
from corscope.fetch.reasons import Reason
from corscope.fetch.reports import REPORT
from corscope.journal.exchange import Exchange, Judgement, Verdict

__all__ = ["NAMES", "difference", "engine_lines", "otherwise"]

NAMES: Final[Mapping[Engine, str]] = {
    Engine.CHROMIUM: "Chromium",
    Engine.FIREFOX: "Firefox",
    Engine.WEBKIT: "WebKit",
}

Outcomes = frozenset[Reason | None]
"""Reasons to refuse; None stands for leave given."""

_ANY: Final[Outcomes] = frozenset({None, *Reason})
_CHECK: Final[Outcomes] = frozenset(
    {
        Reason.ALLOW_ORIGIN_MISSING,
        Reason.ALLOW_ORIGIN_REPEATED,
        Reason.ALLOW_ORIGIN_LIST,
        Reason.ALLOW_ORIGIN_INVALID,
        Reason.ALLOW_ORIGIN_MISMATCH,
        Reason.WILDCARD_WITH_CREDENTIALS,
        Reason.ALLOW_CREDENTIALS_NOT_TRUE,
    }
)
_STATUS: Final[Outcomes] = frozenset({Reason.PREFLIGHT_STATUS, Reason.PREFLIGHT_REDIRECT})

TURNS: Final[Mapping[Departure, tuple[Outcomes, Outcomes]]] = {
    Departure.AUTHORIZATION_COVERED_BY_WILDCARD: (frozenset({Reason.HEADER_NOT_ALLOWED}), _ANY),
    Departure.REPEATED_ORIGIN_REFUSED: (_ANY, frozenset({Reason.ALLOW_ORIGIN_REPEATED})),
    Departure.EMPTY_LINES_DROPPED: (
        frozenset({Reason.ALLOW_ORIGIN_REPEATED, Reason.ALLOW_CREDENTIALS_NOT_TRUE}),
        _ANY,
    ),
    Departure.METHOD_NAMED_BEFORE_HEADERS: (
        frozenset({Reason.ALLOW_HEADERS_INVALID}),
        frozenset({Reason.METHOD_NOT_ALLOWED}),
    ),
    Departure.STATUS_NAMED_BEFORE_ORIGIN: (_CHECK, _STATUS),
    Departure.PREFLIGHT_REDIRECT_NAMED_FIRST: (_CHECK, frozenset({Reason.PREFLIGHT_REDIRECT})),
    Departure.INVALID_LOCATION_NAMED_FIRST: (
        _CHECK | _STATUS,
        frozenset({Reason.REDIRECT_INVALID}),
    ),
    Departure.LOCAL_LOCATION_NAMED_FIRST: (
        _CHECK | _STATUS,
        frozenset({Reason.REDIRECT_TO_LOCAL, Reason.REDIRECT_NOT_HTTP}),
    ),
    Departure.MIXED_CONTENT_NAMED_FIRST: (
        _CHECK | _STATUS | {Reason.REDIRECT_WITH_CREDENTIALS, Reason.REDIRECT_BAD_PORT},
        frozenset({Reason.MIXED_CONTENT}),
    ),
    Departure.PREFLIGHT_KEEPS_ORIGIN: (_CHECK, _ANY),
    Departure.USERINFO_ALWAYS_REFUSED: (
        frozenset({None}),
        frozenset({Reason.REDIRECT_WITH_CREDENTIALS}),
    ),
    Departure.UNKNOWN_RESOURCE_POLICY_TAKEN: (
        frozenset({Reason.CROSS_ORIGIN_EMBEDDER_POLICY}),
        frozenset({None}),
    ),
    Departure.DOCUMENTS_ISOLATED: (
        frozenset({None}),
        frozenset({Reason.DOCUMENT_ISOLATION_POLICY}),
    ),
    Departure.PREFLIGHT_BEFORE_MIXED_CONTENT: (
        frozenset({Reason.MIXED_CONTENT}),
        frozenset({None}),
    ),
}
"""What each departure that changes a verdict makes of which outcome by the standard."""


def difference(
    exchange: Exchange, engine: Engine, judgement: Judgement
) -> tuple[Departure, Engine] | None:
    """Find the departure by which another engine's judgement differs, and whose it is."""
    other, others = exchange.engine, exchange.judgement
    if exchange.scene.destination == REPORT:
        return _of_report(engine, other)
    if {None, Reason.MIXED_CONTENT} <= _outcomes(judgement) | _outcomes(others):
        for each in (engine, other):
            mixed = mixed_departure(exchange, exchange.scene.target, each)
            if mixed is not None:
                return mixed, each
    for departure, (before, after) in TURNS.items():
        engines = DEPARTURES[departure].engines
        for departing, outcome, keeping, kept in (
            (engine, judgement, other, others),
            (other, others, engine, judgement),
        ):
            applies = departing in engines and keeping not in engines
            if applies and before & _outcomes(kept) and after & _outcomes(outcome):
                return departure, departing
    return None


def _of_report(engine: Engine, other: Engine) -> tuple[Departure, Engine] | None:
    """The one that checks reports in its own way, where the other one doesn't."""
    apart = Departure.REPORTS_CHECKED_APART
    departing = [each for each in (engine, other) if each in DEPARTURES[apart].engines]
    return (apart, departing[0]) if len(departing) == 1 else None


def _outcomes(judgement: Judgement) -> Outcomes:
    """What comes of it; of a conditional verdict that is two things."""
    outcomes: set[Reason | None] = {judgement.reason}
    return frozenset(outcomes | {None} if judgement.verdict == "conditional" else outcomes)


def otherwise(exchange: Exchange) -> str | None:
    """A sentence where another engine's verdict is another one; None where all agree."""
    seen = exchange.judgement.verdict
    told: dict[str, list[str]] = {}
    for engine, judgement in exchange.engines.items():
        if judgement.verdict != seen:
            told.setdefault(_would(judgement, seen), []).append(NAMES[engine])
    clauses = (f"{' and '.join(names)} would {would}" for would, names in told.items())
    return "; ".join(clauses) or None


def _would(judgement: Judgement, seen: Verdict) -> str:
    if judgement.verdict == "allowed":
        return "allow it"
    if judgement.verdict == "blocked":
        return f"block it: {judgement.reason}"
    if seen == "blocked":
        return "allow it without credentials"
    return f"block it with credentials: {judgement.reason}"


def engine_lines(exchange: Exchange, *, always: bool = False) -> Iterator[str]:
    """A line for each engine that judges otherwise, with what makes the difference; or for all."""
    for engine, judgement in exchange.engines.items():
        own = exchange.judgement
        differs = (judgement.verdict, judgement.reason) != (own.verdict, own.reason)
        if not differs and not always:
            continue
        told = f"{NAMES[engine]}: {judgement.verdict}"
        if judgement.reason is not None:
            told += f", {judgement.reason}"
            told += f" ({escaped(judgement.detail)})" if judgement.detail else ""
        found = difference(exchange, engine, judgement) if differs else None
        yield f"{told}{_because(*found)}" if found else told


def _because(departure: Departure, engine: Engine) -> str:
    entry = DEPARTURES[departure]
    return (
        f". By the standard {entry.standard}; in {NAMES[engine]} {entry.instead} "
        f"({departure.value})"
    )
