"""What happened, in order? The room's front door.

The adapter tells the journal of each request as it comes and of each exchange once its final
headers are known; the journal judges, pairs and returns what there is to record. The clock is
the caller's.
"""

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from corscope.fetch.headers import contains, get
from corscope.journal.cached import Answer, Caches
from corscope.journal.chains import FIRST, Chains, Step, plain_step, step_of
from corscope.journal.exchange import Exchange, Outcome, Sighting, record
from corscope.journal.findings import Case
from corscope.journal.in_flight import InFlight, Repeats
from corscope.journal.memory import Memory, PlainRequest, note, note_plain, plain_request
from corscope.journal.pairing import Pairing, Waiting, passing
from corscope.journal.remarks import findings_of
from corscope.journal.revalidation import Copies
from corscope.journal.why import why_announced, why_asked
from corscope.journal.wire import Credentials, WireView, is_cors_exchange, view
from corscope.messages import Request

__all__ = ["Journal"]

MAX_IN_FLIGHT: Final = 10_000


@dataclass(slots=True)
class Journal:
    """The exchanges in flight, the preflights that wait, what was seen before; all bounded."""

    mask_urls: bool = True
    pairing: Pairing = field(default_factory=Pairing)
    caches: Caches = field(default_factory=Caches)
    chains: Chains = field(default_factory=Chains)
    repeats: Repeats = field(default_factory=Repeats)
    in_flight: "OrderedDict[str, InFlight | PlainRequest | Step]" = field(
        default_factory=OrderedDict
    )
    copies: Copies = field(default_factory=Copies)
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
            self._remember(id_, self._plain(client, request, now))
            return []
        wire = view(request)
        step = step_of(client, wire, request.headers)
        announced_by, repeated = self._announced(client, wire, now)
        if announced_by is None:
            known = repeated or self._first(step, wire, request, now)
            self._remember(id_, replace(known, asked=now))
            return []
        known = _opened(announced_by, client, wire, request)
        self._remember(id_, replace(known, asked=now))
        announced_by.followed_by = id_
        self.caches.followed(client, known.wire, _answer(announced_by), known.credentials)
        return [_followed(announced_by, known, id_, now)]

    def _announced(
        self, client: str, wire: WireView, now: datetime
    ) -> tuple[Waiting | None, InFlight | None]:
        """The preflight that announced a request, or what is known of one that comes again.

        A preflight that counts as not followed is taken for it only where nothing else explains
        the request: no preflight since, no earlier sending, no cached answer.
        """
        may_be_announced = wire.kind == "actual" and wire.mode == "cors"
        announced_by = self.pairing.take(client, wire, now) if may_be_announced else None
        if announced_by is not None:
            return announced_by, None
        repeated = self.repeats.take(client, wire, now)
        is_late = may_be_announced and self.pairing.is_awaited(client, wire)
        if repeated is not None or not is_late:
            return None, repeated
        if self.caches.explain(client, wire, now).preflight is not None:
            return None, None
        return self.pairing.take(client, wire, now, late=True), None

    def _plain(self, client: str, request: Request, now: datetime) -> PlainRequest | Step | None:
        """What may matter later of a request that is no CORS exchange."""
        plain = plain_request(client, request)
        step = plain_step(client, request) if plain is None else None
        return plain if step is None else self.chains.linked(step, now)

    def _first(self, step: Step, wire: WireView, request: Request, now: datetime) -> InFlight:
        """What is known of a request that no preflight of its own announced."""
        step = self.chains.linked(step, now)
        if wire.kind == "preflight":
            self.caches.asked(step.client, wire)
            why = why_announced(wire, is_again=step.link.preflighted)
            return InFlight(wire, step, wire.credentials, why)
        if wire.mode != "cors":
            return InFlight(wire, step, wire.credentials)
        covered = self.caches.explain(step.client, wire, now)
        earlier = self.pairing.known.get(covered.preflight or "")
        wire = _completed(wire, earlier)
        needs_leave = bool(earlier or covered.findings)
        return InFlight(
            wire,
            replace(step, own_names=frozenset(wire.cors.unsafe_names)),
            _credentials(wire, certain=earlier is None),
            why_asked(wire, request.headers, is_again=False) if needs_leave else (),
            preflight=earlier.id if earlier else None,
            findings=covered.findings,
        )

    def _remember(self, id_: str, seen: InFlight | PlainRequest | Step | None) -> None:
        if seen is None:
            return
        self.in_flight[id_] = seen
        if len(self.in_flight) > MAX_IN_FLIGHT:
            self.in_flight.popitem(last=False)

    def answered(self, seen: Sighting, now: datetime) -> Exchange | None:
        """Record an exchange whose final headers, or whose failure, are known.

        Returns None for what is no CORS exchange, or was recorded before.
        """
        known = self.in_flight.pop(seen.id, None)
        if isinstance(known, PlainRequest):
            note_plain(known, seen, self.memory, now)
            return self._embedded(known, seen, now)
        if isinstance(known, Step) and seen.response is not None:
            asks = bool(known.own_names)
            self.chains.redirected(seen.id, known, seen.response, now, asked_leave=asks)
        if not isinstance(known, InFlight):
            return None
        exchange = record(
            seen,
            known.wire,
            time=now,
            credentials=known.credentials,
            preflight=known.preflight,
            link=known.step.link,
            why=known.why,
            mask_urls=self.mask_urls,
            goes_by=self.copies.renewed(known.step.client, known.wire, seen.response),
            waited_ms=_milliseconds(known.asked, now),
        )
        self._note(seen, known, exchange)
        case = Case(
            seen,
            known.wire,
            known.step.client,
            known.credentials,
            known.opened_by,
            known.step.link,
            exchange.judgement,
            now,
        )
        findings = (*known.findings, *findings_of(case, self.memory))
        note(case, self.memory)
        return replace(exchange, findings=findings)

    def _embedded(self, plain: PlainRequest, seen: Sighting, now: datetime) -> Exchange | None:
        """The exchange of an image or the like, only where a policy keeps it from the page."""
        mode = get(plain.request.headers, "Sec-Fetch-Mode")
        if seen.response is None or mode is None:
            return None
        if not contains(seen.response.headers, "Cross-Origin-Resource-Policy"):
            return None
        wire = view(plain.request)
        wire = replace(wire, cors=replace(wire.cors, origin=plain.page))
        exchange = record(
            seen,
            wire,
            time=now,
            credentials=wire.credentials,
            preflight=None,
            link=FIRST,
            why=(),
            mask_urls=self.mask_urls,
        )
        return exchange if exchange.judgement.verdict == "blocked" else None

    def _note(self, seen: Sighting, known: InFlight, exchange: Exchange) -> None:
        """Let what comes after it be known by it: its follower, its repetition, its redirect."""
        client, wire, verdicts, now = (
            known.step.client,
            known.wire,
            exchange.verdicts,
            exchange.time,
        )
        if exchange.status is not None:
            self.repeats.note(known, exchange.status, now)
        if exchange.kind == "preflight":
            answer = seen.response.headers if seen.response else ()
            passes = passing(wire.credentials, verdicts)
            self.pairing.add(client, Waiting(seen.id, known.step, wire.cors, answer, now, passes))
            self.caches.answered(client, wire, seen.id, answer, verdicts, now)
            return
        if wire.mode == "cors":
            self.caches.finished(client, wire, known.credentials, verdicts)
            if seen.response is not None:
                self.copies.note(client, wire, seen.response, now)
        if seen.response is not None and exchange.judgement.verdict != "blocked":
            asks = bool(known.why)
            self.chains.redirected(seen.id, known.step, seen.response, now, asked_leave=asks)

    def due(self, now: datetime) -> list[Outcome]:
        """The preflights that weren't followed within the wait."""
        return [_not_followed(waiting, now) for waiting in self.pairing.overdue(now)]

    def close(self, now: datetime) -> list[Outcome]:
        """The outcome of all preflights that are still open."""
        return [_not_followed(waiting, now) for waiting in self.pairing.rest()]


def _answer(waiting: Waiting) -> Answer:
    moment = waiting.answered.timestamp()
    return Answer(waiting.id, moment, waiting.announced, waiting.answer, passed=True)


def _not_followed(waiting: Waiting, now: datetime) -> Outcome:
    after = _milliseconds(waiting.answered, now)
    return Outcome(now, waiting.id, "not-followed", after_ms=after)


def _followed(waiting: Waiting, known: InFlight, id_: str, now: datetime) -> Outcome:
    after = _milliseconds(waiting.answered, now)
    return Outcome(now, waiting.id, "followed", known.credentials, id_, after, why=known.why)


def _milliseconds(since: datetime | None, until: datetime) -> int | None:
    """How long it was; never less than nothing, whatever the clocks say."""
    return None if since is None else max(0, round((until - since) / timedelta(milliseconds=1)))


def _opened(waiting: Waiting, client: str, wire: WireView, request: Request) -> InFlight:
    """What is known of the request that a preflight announced."""
    wire = _completed(wire, waiting)
    step = step_of(client, wire, request.headers).after(waiting.step)
    return InFlight(
        wire,
        step,
        _credentials(wire, certain=True),
        why_asked(wire, request.headers, is_again=step.link.preflighted),
        preflight=waiting.id,
        opened_by=waiting.answer,
    )


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
