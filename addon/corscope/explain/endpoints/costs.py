"""What do an endpoint's preflights cost, and what would a max-age save?

It is played through with the preflight cache of each engine: the preflights that were seen, at
their times, had each passing answer had that max-age. All are taken to come from one browser and
one page of each origin, which is what somebody who debugs has before them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from corscope.explain.whatif.masked_urls import is_masked
from corscope.fetch.cache import (
    IMPOSED_LIMITS,
    PreflightCache,
    drop_insufficient,
    is_covered,
    store,
)
from corscope.fetch.check import CredentialsMode
from corscope.fetch.engines import Engine
from corscope.fetch.headers import get, set_header
from corscope.fetch.preflight import CorsRequest
from corscope.journal.exchange import Exchange
from corscope.journal.store import Entry

__all__ = ["MAX_AGES", "PreflightCosts", "Saving", "preflight_costs"]

MAX_AGES: Final = (600, 7200)
"""The values of max-age that are tried, in seconds."""

_MAX_AGE: Final = "Access-Control-Max-Age"


@dataclass(frozen=True, slots=True)
class Saving:
    """What a max-age would spare one engine.

    Attributes:
        engine: the engine.
        max_age: what the server would send, in seconds.
        kept_for: for how long this engine would keep it, in seconds.
        preflights: how many preflights would not be sent.
        waited_ms: the time spent waiting for those, in milliseconds.
    """

    engine: Engine
    max_age: int
    kept_for: int
    preflights: int
    waited_ms: int


@dataclass(frozen=True, slots=True)
class PreflightCosts:
    """What preflights cost.

    Attributes:
        preflights: how many were sent.
        waited_ms: the time spent waiting for their answers, in milliseconds.
        untimed: for how many of them it isn't known.
        requests: how many requests of mode "cors" were sent that are no preflights.
        preceded: how many of those had to wait for a preflight.
        max_ages: what the passing answers' max-age were, each once; None stands for no such header.
        savings: what each max-age would spare each engine.
        at_most: whether the savings are an upper bound: requests may differ in what isn't recorded.
    """

    preflights: int
    waited_ms: int
    untimed: int
    requests: int
    preceded: int
    max_ages: tuple[str | None, ...]
    savings: tuple[Saving, ...]
    at_most: bool

    @property
    def share(self) -> float:
        """The share of requests that had to wait for a preflight, from 0 to 1."""
        return self.preceded / self.requests if self.requests else 0.0


def preflight_costs(entries: Iterable[Entry]) -> PreflightCosts | None:
    """What the preflights among these exchanges cost; None where there are none."""
    entries = list(entries)
    preflights = [entry for entry in entries if entry.exchange.kind == "preflight"]
    if not preflights:
        return None
    exchanges = [entry.exchange for entry in preflights]
    actual = [entry.exchange for entry in entries if _is_cors_actual(entry.exchange)]
    passing = [entry for entry in preflights if _passes(entry.exchange)]
    ages = (_max_age(entry.exchange) for entry in passing)
    return PreflightCosts(
        preflights=len(preflights),
        waited_ms=sum(each.waited_ms or 0 for each in exchanges),
        untimed=sum(each.waited_ms is None for each in exchanges),
        requests=len(actual),
        preceded=len({each.preflight for each in actual} - {None}),
        max_ages=tuple(dict.fromkeys(ages)),
        savings=tuple(
            _saving(preflights, engine, age) for age in MAX_AGES for engine in IMPOSED_LIMITS
        ),
        at_most=any(is_masked(each.url) for each in exchanges),
    )


def _is_cors_actual(exchange: Exchange) -> bool:
    return exchange.kind == "actual" and exchange.mode == "cors"


def _passes(exchange: Exchange) -> bool:
    return exchange.judgement.verdict != "blocked"


def _max_age(exchange: Exchange) -> str | None:
    return get(exchange.headers, _MAX_AGE)


def _saving(preflights: Sequence[Entry], engine: Engine, max_age: int) -> Saving:
    """Play the preflights through with an engine's cache."""
    cache = PreflightCache(engine)
    spared, waited = 0, 0
    for entry in preflights:
        exchange = entry.exchange
        asked = CorsRequest(
            exchange.origin, exchange.url, exchange.method, exchange.request_headers
        )
        mode = _mode(entry)
        answered = exchange.time.timestamp()
        wait = exchange.waited_ms or 0
        headers = set_header(exchange.headers, _MAX_AGE, str(max_age))
        if not is_covered(cache, "", asked, mode, now=answered - wait / 1000):
            drop_insufficient(cache, "", asked)
            if _passes(exchange):
                store(cache, "", asked, mode, headers, now=answered)
        elif _passes(exchange):
            spared += 1
            waited += wait
    return Saving(engine, max_age, min(max_age, IMPOSED_LIMITS[engine]), spared, waited)


def _mode(entry: Entry) -> CredentialsMode:
    """The credentials mode; where it didn't show, the one to which less is allowed and enough."""
    credentials = entry.exchange.credentials
    if credentials == "unknown" and entry.outcome is not None:
        credentials = entry.outcome.credentials
    passes_with = entry.exchange.verdicts.include.verdict == "allowed"
    with_them = credentials == "include" or (credentials == "unknown" and passes_with)
    return CredentialsMode.INCLUDE if with_them else CredentialsMode.OMIT
