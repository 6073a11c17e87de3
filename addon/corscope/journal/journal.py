"""What happened, in order? The room's front door.

The adapter tells the journal of each request as it comes and of each exchange once its final
headers are known; the journal judges, pairs and returns what there is to record. The clock is
the caller's.
"""

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from corscope.journal.cached import Caches
from corscope.journal.exchange import Exchange, Finding, Outcome, Sighting, record
from corscope.journal.findings import Case
from corscope.journal.memory import Memory, PlainRequest, note, note_plain, plain_request
from corscope.journal.pairing import Pairing, Waiting
from corscope.journal.remarks import findings_of
from corscope.journal.wire import Credentials, WireView, is_cors_exchange, view
from corscope.messages import HeaderList, Request

__all__ = ["Journal"]

MAX_IN_FLIGHT: Final = 10_000


@dataclass(frozen=True, slots=True)
class _InFlight:
    wire: WireView
    client: str
    credentials: Credentials
    preflight: str | None
    opened_by: HeaderList | None = None
    cached: tuple[Finding, ...] = ()


@dataclass(slots=True)
class Journal:
    """The exchanges in flight, the preflights that wait, what was seen before; all bounded."""

    mask_urls: bool = True
    pairing: Pairing = field(default_factory=Pairing)
    caches: Caches = field(default_factory=Caches)
    in_flight: "OrderedDict[str, _InFlight | PlainRequest]" = field(default_factory=OrderedDict)
    memory: Memory = field(default_factory=Memory)

    def requested(self, id_: str, client: str, request: Request, now: datetime) -> list[Outcome]:
        """Take note of a request as it comes; returns the outcome of the preflight it follows.

        Args:
            id_: the exchange's id.
            client: what tells one browser from another.
            request: the request as the browser sent it.
            now: when it came.
        """
        if not is_cors_exchange(request):
            plain = plain_request(client, request)
            if plain is not None:
                self._remember(id_, plain)
            return []
        wire = view(request)
        if wire.kind == "preflight":
            self.caches.asked(client, wire)
        if wire.kind == "preflight" or wire.mode != "cors":
            self._remember(id_, _InFlight(wire, client, wire.credentials, None))
            return []
        announced_by = self.pairing.announcing(client, wire)
        if announced_by is None:
            self._remember(id_, self._unannounced(client, wire, now))
            return []
        wire = _completed(wire, announced_by)
        credentials = _credentials(wire, certain=True)
        seen = _InFlight(wire, client, credentials, announced_by.id, announced_by.answer)
        self._remember(id_, seen)
        announced_by.followed_by = id_
        self.caches.followed(client, wire, announced_by.id, credentials)
        after = round((now - announced_by.answered) / timedelta(milliseconds=1))
        return [Outcome(now, announced_by.id, "followed", credentials, id_, max(0, after))]

    def _unannounced(self, client: str, wire: WireView, now: datetime) -> _InFlight:
        """What to remember of an actual request that no preflight of its own announced."""
        covered = self.caches.explain(client, wire, now)
        earlier = self.pairing.of_id(covered.preflight, client, wire)
        wire = _completed(wire, earlier)
        credentials = _credentials(wire, certain=earlier is None)
        preflight = earlier.id if earlier else None
        return _InFlight(wire, client, credentials, preflight, cached=covered.findings)

    def _remember(self, id_: str, seen: _InFlight | PlainRequest) -> None:
        self.in_flight[id_] = seen
        if len(self.in_flight) > MAX_IN_FLIGHT:
            self.in_flight.popitem(last=False)

    def answered(self, seen: Sighting, now: datetime) -> Exchange | None:
        """Record an exchange whose final headers, or whose failure, are known.

        Returns None for what is no CORS exchange, or was recorded before.
        """
        known = self.in_flight.pop(seen.id, None)
        if known is None:
            return None
        if isinstance(known, PlainRequest):
            note_plain(known, seen, self.memory, now)
            return None
        exchange = record(
            seen,
            known.wire,
            time=now,
            credentials=known.credentials,
            preflight=known.preflight,
            mask_urls=self.mask_urls,
        )
        if exchange.kind == "preflight":
            answer = seen.response.headers if seen.response else ()
            passes = exchange.verdicts.omit.verdict == "allowed"
            waiting = Waiting(seen.id, known.wire.cors, answer, now, passes)
            self.pairing.add(known.client, waiting)
        self._note_in_cache(seen, known, exchange)
        case = Case(seen, known.wire, known.client, known.credentials, known.opened_by, now)
        findings = (*known.cached, *findings_of(case, self.memory))
        note(case, self.memory)
        return replace(exchange, findings=findings)

    def _note_in_cache(self, seen: Sighting, known: _InFlight, exchange: Exchange) -> None:
        """Let the client's preflight cache learn of an answer, or of a fetch that failed."""
        caches, verdicts = self.caches, exchange.verdicts
        if exchange.kind == "preflight":
            headers = seen.response.headers if seen.response else ()
            caches.answered(known.client, known.wire, seen.id, headers, verdicts, exchange.time)
        elif known.wire.mode == "cors":
            caches.finished(known.client, known.wire, known.credentials, verdicts)

    def due(self, now: datetime) -> list[Outcome]:
        """The preflights that weren't followed within the wait."""
        return [_not_followed(waiting, now) for waiting in self.pairing.overdue(now)]

    def close(self, now: datetime) -> list[Outcome]:
        """The outcome of all preflights that are still open."""
        return [_not_followed(waiting, now) for waiting in self.pairing.rest()]


def _not_followed(waiting: Waiting, now: datetime) -> Outcome:
    after = round((now - waiting.answered) / timedelta(milliseconds=1))
    return Outcome(now, waiting.id, "not-followed", after_ms=max(0, after))


def _completed(wire: WireView, waiting: Waiting | None) -> WireView:
    """Count as the fetch's own the headers that its preflight announced."""
    if waiting is None:
        return wire
    announced = wire.present.intersection(waiting.announced.unsafe_names)
    names = tuple(sorted(announced.union(wire.cors.unsafe_names)))
    return replace(wire, cors=replace(wire.cors, unsafe_names=names))


def _credentials(wire: WireView, *, certain: bool) -> Credentials:
    """An Authorization that no preflight announced is the browser's own, hence `include`.

    That is certain unless a cached answer let the request through: it may cover the header too.
    """
    unannounced = "authorization" in wire.present and "authorization" not in wire.cors.unsafe_names
    return "include" if unannounced and certain else wire.credentials
