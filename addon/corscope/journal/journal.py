"""What happened, in order? The room's front door.

The adapter tells the journal of each request as it comes and of each exchange once its final
headers are known; the journal judges, pairs and returns what there is to record. The clock is
the caller's.
"""

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from corscope.fetch.headers import contains
from corscope.journal.alike.memo import MOST_CHARACTERS, Memo, Shelf, length_of
from corscope.journal.alike.pattern import Pattern
from corscope.journal.caches.cached import OF_A_RECORDING, UNCOVERED, Caches
from corscope.journal.caches.stale import Answer
from corscope.journal.exchange import (
    Exchange,
    Missing,
    Outcome,
    Sighting,
    milliseconds,
)
from corscope.journal.links.chains import FIRST, Chains, Step
from corscope.journal.links.in_flight import (
    CHALLENGED,
    REPEATED,
    Busy,
    InFlight,
    Known,
    Pending,
    Repeats,
)
from corscope.journal.links.pairing import Pairing, Waiting, passing, shape_of
from corscope.journal.reading import Plain, Reading, read
from corscope.journal.recording import Records
from corscope.journal.remarks.memory import PlainRequest
from corscope.journal.senders.documents import DocumentRequest, document_request
from corscope.journal.senders.names import Names
from corscope.journal.senders.pages import Pages
from corscope.journal.senders.workers import Workers
from corscope.journal.why import Why, why_announced, why_asked
from corscope.journal.wire import WireView, says_none_to
from corscope.messages import Request, Response

__all__ = ["Journal"]

MAX_IN_FLIGHT: Final = 10_000
MAX_LONG_IN_FLIGHT: Final = 32_000_000
"""Characters, of the requests in flight that have more than most have."""

MAX_READINGS: Final = 2_000


def _readings() -> "Memo[tuple[str, Request], Reading | Plain]":
    return Memo(MAX_READINGS, from_second_time=True)


def _long() -> "Shelf[str, None]":
    return Shelf(MAX_IN_FLIGHT, MAX_LONG_IN_FLIGHT)


@dataclass(slots=True)
class Journal:
    """The exchanges in flight, the preflights that wait, what was seen before; all bounded."""

    pairing: Pairing = field(default_factory=Pairing)
    caches: Caches = field(default_factory=Caches)
    chains: Chains = field(default_factory=Chains)
    repeats: Repeats = field(default_factory=Repeats)
    busy: Busy = field(default_factory=Busy)
    in_flight: "OrderedDict[str, Pending]" = field(default_factory=OrderedDict)
    long: "Shelf[str, None]" = field(default_factory=_long)
    """Which of those are long: their characters count, the others' number bounds them enough."""
    records: Records = field(default_factory=Records)
    workers: Workers = field(default_factory=Workers)
    pages: Pages = field(default_factory=Pages)
    names: Names = field(default_factory=Names)
    readings: "Memo[tuple[str, Request], Reading | Plain]" = field(default_factory=_readings)
    """Of requests that came before; begun anew when one of these would be read otherwise now."""

    @classmethod
    def of_a_recording(cls, *, mask_urls: bool = True) -> "Journal":
        """One for what was recorded before: what isn't there may have been left out."""
        return cls(caches=Caches(unseen=OF_A_RECORDING), records=Records(mask_urls))

    def requested(self, id_: str, client: str, request: Request, now: datetime) -> list[Outcome]:
        """Take note of a request as it comes; returns the outcome of the preflight it follows.

        Args:
            id_: the exchange's id.
            client: what tells one browser from another: its address, a space, its User-Agent.
            request: the request as the browser sent it.
            now: when it came.
        """
        if self.names.announced:
            client, request = self.names.real(client, request)
        known_before = self.readings.get((client, request))
        reading = known_before or self._read(id_, client, request)
        if isinstance(reading, Plain):
            if reading.of is not None:
                self._requested_plainly(id_, reading.of, now)
            return []
        if (
            reading.is_simple
            and reading.place not in self.pairing.waits.places
            and not self.chains.waits.places
            and not self.repeats.answered
            and not (reading.is_doubtful and self.caches.knows(reading.asked_of))
        ):  # nothing that came before it can matter
            seen = InFlight(reading.alone, now) if known_before else reading.for_once(now)
            self._remember(id_, seen)
            return []
        announced_by, repeated = self._announced(reading, now)
        if announced_by is not None:
            return [self._followed(reading, announced_by, id_, now)]
        self._remember(id_, repeated or self._first(reading, now))
        return []

    def _requested_plainly(
        self, id_: str, of: PlainRequest | Step | DocumentRequest, now: datetime
    ) -> None:
        self._remember(id_, self.chains.linked(of, now) if isinstance(of, Step) else of)

    def _announced(self, reading: Reading, now: datetime) -> tuple[Waiting | None, InFlight | None]:
        """The preflight that announced a request, or what is known of one that comes again.

        A preflight that counts as not followed is taken for it only where nothing else explains
        the request: no preflight since, no earlier sending, and no cached answer, unless so many
        are in flight there that requests wait for each other.
        """
        client, wire = reading.client, reading.alone.wire
        if not self._may_be_announced(client, wire):
            return None, self._repeated(reading, now)
        announced_by = self.pairing.take(client, wire, now)
        if announced_by is not None:
            return announced_by, None
        repeated = self._repeated(reading, now)
        if repeated is not None or not self.pairing.is_awaited(client, wire):
            return None, repeated
        covered = self.caches.explain(client, wire, now, elsewhere=False)
        in_flight = reversed(self.in_flight.values())
        if covered.preflight and not self.busy.is_so(client, wire.cors.url, in_flight, now):
            return None, None
        return self.pairing.take(client, wire, now, late=True), None

    def _repeated(self, reading: Reading, now: datetime) -> InFlight | None:
        """What is known of a request that the browser sends again by itself."""
        client, wire = reading.client, reading.alone.wire
        repeated = self.repeats.take(client, wire, now)
        unsure = "authorization" in wire.present and "authorization" not in wire.cors.unsafe_names
        if repeated is not None or not unsure or not self.repeats.challenged:
            return repeated
        covered = self.caches.explain(client, wire, now)
        if covered.preflight and covered.has_authorization:  # it may as well be script's
            return None
        before = self.repeats.take_challenged(client, wire, now)
        return None if before is None else _with_authorization(reading, before, now)

    def _may_be_announced(self, client: str, wire: WireView) -> bool:
        may_be_cors = wire.mode == "cors" or wire.mode_from == "inferred"
        return wire.kind == "actual" and may_be_cors and self.pairing.is_awaited(client, wire)

    def _read(self, id_: str, client: str, request: Request) -> Reading | Plain:
        reading = read(client, request)
        if isinstance(reading, Plain):
            length = length_of(request.headers, client + request.url)
            if self.workers.note(client, request):
                self.readings = _readings()  # what was sure of a page isn't of a worker
        else:
            if self.workers.may_have_sent(client, reading.anywhere):
                reading = reading.unsure()
            length = reading.length + len(request.url)
        reading, is_known_better = self.pages.asks(client, request, reading)
        if is_known_better:
            self.readings = _readings()
        if length <= MOST_CHARACTERS:
            self.readings.put((client, request), reading)
        elif not isinstance(reading, Plain) or reading.of is not None:
            for gone in self.long.put(id_, None, length):
                self.in_flight.pop(gone, None)
        return reading

    def _followed(self, reading: Reading, waiting: Waiting, id_: str, now: datetime) -> Outcome:
        """Take note of a request that a preflight announced."""
        known = reading.told(waiting.announced.unsafe_names, certain=True)
        if waiting.step.link is not FIRST:
            step = known.step.after(waiting.step)
            again = step.link.preflighted
            why = why_asked(known.wire, reading.request.headers, is_again=again)
            known = _linked(known, step, why)
        self._remember(id_, InFlight(known, now, waiting.id, waiting.answer))
        if known.credentials != "unknown":
            engine, answer = known.wire.engine, _answer(waiting)
            self.caches.followed(reading.client, engine, answer, known.credentials)
        waiting.followed_by = id_
        after = milliseconds(waiting.answered, now)
        return Outcome(now, waiting.id, "followed", known.credentials, id_, after, why=known.why)

    def _first(self, reading: Reading, now: datetime) -> InFlight:
        """What is known of a request that no preflight of its own announced."""
        client, known = reading.client, reading.alone
        step, wire = self.chains.linked(known.step, now), known.wire
        if wire.kind == "preflight":
            length = reading.length + len(wire.cors.url)
            if length <= MOST_CHARACTERS:
                self.names.note(client, wire)
            self.caches.asked(client, wire, length)
            if step is not known.step:
                why = why_announced(wire, is_again=step.link.preflighted)
                known = _linked(known, step, why)
            return InFlight(known, now)
        covered, earlier = UNCOVERED, None
        if wire.mode == "cors":
            covered = self.caches.explain(client, wire, now)
            earlier = self.pairing.known.get(covered.preflight or "")
        if earlier is not None:
            names = earlier.announced.unsafe_names
            known = reading.told(names, certain=not covered.has_authorization)
        elif covered.findings:
            known = reading.told((), certain=True)
        if step is not reading.alone.step:
            step = step._replace(own_names=known.step.own_names)
            known = _linked(known, step, known.why)
        return InFlight(known, now, covered.preflight, findings=covered.findings)

    def _remember(self, id_: str, seen: Pending) -> None:
        self.in_flight[id_] = seen
        if len(self.in_flight) > MAX_IN_FLIGHT:
            self.forget(next(iter(self.in_flight)))

    def forget(self, id_: str) -> None:
        """Expect no answer to this request."""
        self.in_flight.pop(id_, None)
        if self.long.items:
            self.long.drop(id_)

    def answered(self, seen: Sighting, now: datetime) -> Exchange | None:
        """Record an exchange whose final headers, or whose failure, are known.

        Returns None for what is no CORS exchange, or was recorded before.
        """
        pending = self.in_flight.pop(seen.id, None)
        if self.long.items:
            self.long.drop(seen.id)
        if isinstance(pending, InFlight):
            return self._recorded(pending, seen, now)
        if isinstance(pending, PlainRequest):
            return self.records.of_plain(pending, seen, now)
        if isinstance(pending, DocumentRequest):
            self._opened(pending, seen.response)
            return None
        if pending is not None and seen.response is not None:
            asks = bool(pending.own_names)
            self.chains.redirected(seen.id, pending, seen.response, now, asked_leave=asks)
        return None

    def _opened(self, asked: DocumentRequest | None, response: Response | None) -> None:
        if self.pages.opened(asked, response):
            self.readings = _readings()

    def _recorded(self, pending: InFlight, seen: Sighting, now: datetime) -> Exchange:
        if pending.elsewhere is not None:
            quiet = self.records.cast(pending, seen, now)
            if quiet is not None:  # nothing after it has to be known by it
                pattern, exchange = quiet
                if pattern.is_kept:
                    self.busy.answered.append((now, pending))
                return exchange
            pending = pending.there()
        pattern, exchange = self.records.record(pending, seen, now)
        self._note(pattern, pending, exchange)
        known = pending.known
        if known.wire.mode == "navigate":  # as of a form that posts to another origin
            asked = Request(known.wire.cors.method, known.wire.cors.url, known.step.headers)
            self._opened(document_request(known.step.client, asked), seen.response)
        return exchange

    def _note(self, pattern: Pattern, pending: InFlight, exchange: Exchange) -> None:
        """Let what comes after it be known by it: its follower, its repetition, its redirect."""
        known, now = pending.known, exchange.time
        response: Response | None = pattern.seen.response
        if known.wire.kind == "preflight":
            self._note_preflight(pattern, pending, exchange)
        elif pattern.is_kept and pattern.clears_cache:
            client, verdicts = known.step.client, pattern.shared["verdicts"]
            self.caches.refused(client, known.wire, known.credentials, verdicts, pattern.length)
        if not pattern.is_kept:
            return
        self.busy.answered.append((now, pending))
        if _may_be_repeated(pattern.seen):
            self.repeats.note(pending, now)
        if response is None:
            return
        if response.status == CHALLENGED and contains(response.headers, "WWW-Authenticate"):
            self.repeats.note_challenge(pending, now)
        if pattern.leads_on:
            self.chains.redirected(
                exchange.id,
                known.step,
                response,
                now,
                asked_leave=bool(known.why),
                credentials=known.credentials,
                asked=pending.asked,
            )

    def _note_preflight(self, pattern: Pattern, pending: InFlight, exchange: Exchange) -> None:
        known = pending.known
        client, wire, verdicts = known.step.client, known.wire, pattern.shared["verdicts"]
        id_, now, length = exchange.id, exchange.time, pattern.length
        answer = pattern.seen.response.headers if pattern.seen.response else ()
        if pattern.awaited is None:
            modes = passing(wire.engine, known.credentials, verdicts)
            pattern.awaited = shape_of(known.step, wire.cors, modes)
        may_end = pattern.shared["judgement"].verdict == "conditional"
        waiting = Waiting(
            id_,
            known.step,
            wire.cors,
            answer,
            now,
            pending.asked,
            may_end,
            pattern.awaited,
            length,
        )
        self.pairing.add(client, waiting)
        if pattern.is_kept:
            self.caches.answered(client, wire, id_, answer, verdicts, now, length)

    def due(self, now: datetime) -> list[Outcome]:
        """The preflights that weren't followed within the wait; asked for a few times a second."""
        self.repeats.forget(now)  # while there is any, every request is looked for among them
        return [_not_followed(waiting, now) for waiting in self.pairing.overdue(now)]

    def close(self, now: datetime) -> list[Outcome]:
        """The outcome of all preflights that are still open."""
        return [_not_followed(waiting, now) for waiting in self.pairing.rest()]


def _linked(known: Known, step: Step, why: tuple[Why, ...]) -> Known:
    """What is known of a request in its place behind a redirect.

    Its Origin is `null` where it shows the credentials mode no more, but its page's own did so
    before. One whose Origin is as it was shows as much as that one: it may be another's.
    """
    wire, credentials, link = known.wire, known.credentials, step.link
    if credentials == "unknown" and link.tainted_by is not None:
        asked = Request(wire.cors.method, wire.cors.url, step.headers)
        is_told = wire.kind == "actual" and says_none_to(asked, step.page)
        credentials = "omit" if is_told else link.credentials
    step = step._replace(link=replace(link, credentials=credentials))
    return Known(wire, step, credentials, why)


def _with_authorization(reading: Reading, before: InFlight, now: datetime) -> InFlight:
    """What is known of a request that comes again with an Authorization of the browser's own."""
    known = reading.told(before.known.wire.cors.unsafe_names, certain=True)
    step = known.step.after(before.known.step)
    known = Known(known.wire, step, known.credentials, before.known.why)
    return before._replace(known=known, asked=now)


def _may_be_repeated(seen: Sighting) -> bool:
    """Whether the browser may send the same again; Firefox asks ten times where nobody answers."""
    if seen.response is None:
        return seen.missing is Missing.DROPPED
    return seen.response.status in REPEATED


def _answer(waiting: Waiting) -> Answer:
    moment = waiting.answered.timestamp()
    announced, length = waiting.announced, waiting.length
    return Answer(waiting.id, moment, announced, waiting.answer, passed=True, length=length)


def _not_followed(waiting: Waiting, now: datetime) -> Outcome:
    after = milliseconds(waiting.answered, now)
    return Outcome(now, waiting.id, "not-followed", after_ms=after)
