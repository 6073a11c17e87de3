"""Which records tell of one and the same fetch, and in which credentials mode was it sent?

A fetch is a leg for each URL that redirects led it to; a leg is a request, and the preflight that
opened its way or kept it from being sent.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from corscope.fetch.check import CredentialsMode
from corscope.journal.exchange import Exchange, Judgement, Verdicts

__all__ = ["Leg", "ReproError", "Story", "story"]


class ReproError(ValueError):
    """A record that no program on one machine can play back; the message says why."""


@dataclass(frozen=True, slots=True)
class Leg:
    """A request, where one was recorded, and its preflight, where that was."""

    actual: Exchange | None
    preflight: Exchange | None

    @property
    def either(self) -> Exchange:
        """The record that tells the leg's URL and method: the request's, if there is one."""
        told = self.actual or self.preflight
        assert told is not None
        return told

    @property
    def recorded(self) -> tuple[Exchange, ...]:
        """What was recorded, in the order in which it happened."""
        return tuple(each for each in (self.preflight, self.actual) if each is not None)


@dataclass(frozen=True, slots=True)
class Story:
    """One fetch.

    Attributes:
        legs: those that were recorded, in order.
        mode: the credentials mode that it is told in.
        mode_is_seen: whether that mode showed, or followed from what came next.
        end: the record that it ends with: the first one that is blocked, or the last.
    """

    legs: tuple[Leg, ...]
    mode: CredentialsMode
    mode_is_seen: bool
    end: Exchange

    def judgement(self, exchange: Exchange) -> Judgement:
        """The decision on a record in the fetch's credentials mode."""
        return self.judged(exchange.verdicts)

    def judged(self, verdicts: Verdicts) -> Judgement:
        """That of two decisions which is the one in the fetch's credentials mode."""
        return verdicts.include if self.mode is CredentialsMode.INCLUDE else verdicts.omit


def story(
    exchange: Exchange, others: Iterable[Exchange], wanted: CredentialsMode | None = None
) -> Story:
    """The fetch that an exchange is part of.

    Args:
        exchange: any record of it.
        others: all records at hand.
        wanted: the credentials mode to tell it in; None for the one that showed, and where none
            did, for one in which it fails.

    Raises:
        ReproError: a redirect in the middle of it wasn't recorded.
    """
    legs = _legs(exchange, [*others, exchange])
    hops = [leg.either.hop for leg in legs]
    if hops != list(range(hops[0], hops[0] + len(hops))):
        raise ReproError("a redirect in the middle of this fetch is not in the record")
    mode, is_seen = (wanted, True) if wanted else _mode(legs)
    told = Story(legs, mode, is_seen, legs[-1].recorded[-1])
    ended = [
        number
        for number, leg in enumerate(legs)
        if any(told.judgement(each).verdict == "blocked" for each in leg.recorded)
    ]
    if not ended:
        return told
    last = legs[ended[0]]
    end = next(each for each in last.recorded if told.judgement(each).verdict == "blocked")
    return replace(told, legs=legs[: ended[0] + 1], end=end)


def _legs(exchange: Exchange, records: list[Exchange]) -> tuple[Leg, ...]:
    by_id = {each.id: each for each in records}
    anchor = exchange
    if exchange.kind == "preflight":
        opened = (each for each in records if each.preflight == exchange.id)
        anchor = next(opened, exchange)
    chain = anchor.chain or anchor.id
    members = [each for each in by_id.values() if (each.chain or each.id) == chain]
    actuals = {each.hop: each for each in members if each.kind == "actual"}
    announced = {each.hop: each for each in members if each.kind == "preflight"}
    if exchange.kind == "preflight":
        announced[exchange.hop] = exchange
    legs = []
    for hop in sorted(actuals | announced):
        actual = actuals.get(hop)
        opened_by = by_id.get(actual.preflight) if actual and actual.preflight else None
        legs.append(Leg(actual, opened_by or announced.get(hop)))
    return tuple(legs)


_MODES: Final = {"include": CredentialsMode.INCLUDE, "omit": CredentialsMode.OMIT}


def _mode(legs: tuple[Leg, ...]) -> tuple[CredentialsMode, bool]:
    """The mode that showed, or without which the fetch had ended sooner; else one that fails."""
    records = [each for leg in legs for each in leg.recorded]
    seen = [_MODES[each.credentials] for each in records if each.credentials in _MODES]
    if seen:
        return seen[-1], True
    if any(each.verdicts.include.verdict == "blocked" for each in records[:-1]):
        return CredentialsMode.OMIT, True
    last = records[-1].verdicts
    if last.omit.verdict != "blocked" and last.include.verdict == "blocked":
        return CredentialsMode.INCLUDE, False
    return CredentialsMode.OMIT, True
