"""What happened, in order? The room's front door.

The adapter tells the journal of each request as it comes and of each exchange once its final
headers are known; the journal judges, pairs and returns what there is to record. The clock is
the caller's.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from corscope.fetch.cache import is_cleared_by_failure
from corscope.fetch.headers import contains
from corscope.journal.cached import UNCOVERED, Answer, Caches
from corscope.journal.chains import FIRST, Chains, Step
from corscope.journal.documents import DocumentRequest, document_request
from corscope.journal.embedded import kept_back
from corscope.journal.exchange import (
    Exchange,
    Finding,
    Missing,
    Outcome,
    Sighting,
    of_pattern,
    pattern_of,
)
from corscope.journal.findings import Case
from corscope.journal.in_flight import CHALLENGED, REPEATED, Busy, InFlight, Known, Pending, Repeats
from corscope.journal.masking import cleaning
from corscope.journal.memo import MOST_CHARACTERS, MOST_KEPT, Memo, Shelf, length_of
from corscope.journal.memory import NOTHING, Memory, Noted, PlainRequest, note, note_plain, noted_of
from corscope.journal.mould import LONGEST_CAST, Mould
from corscope.journal.names import Names
from corscope.journal.pages import Pages
from corscope.journal.pairing import Pairing, Waiting, passing
from corscope.journal.pattern import Pattern, depends_on_time, essence
from corscope.journal.reading import Plain, Reading, read
from corscope.journal.remarks import findings_of
from corscope.journal.revalidation import Copies
from corscope.journal.why import why_announced, why_asked
from corscope.journal.wire import WireView
from corscope.journal.workers import Workers
from corscope.messages import HeaderList, Request, Response

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

    mask_urls: bool = True
    pairing: Pairing = field(default_factory=Pairing)
    caches: Caches = field(default_factory=Caches)
    chains: Chains = field(default_factory=Chains)
    repeats: Repeats = field(default_factory=Repeats)
    busy: Busy = field(default_factory=Busy)
    in_flight: "OrderedDict[str, Pending]" = field(default_factory=OrderedDict)
    long: "Shelf[str, None]" = field(default_factory=_long)
    """Which of those are long: their characters count, the others' number bounds them enough."""
    copies: Copies = field(default_factory=Copies)
    memory: Memory = field(default_factory=Memory)
    workers: Workers = field(default_factory=Workers)
    pages: Pages = field(default_factory=Pages)
    names: Names = field(default_factory=Names)
    readings: "Memo[tuple[str, Request], Reading | Plain]" = field(default_factory=_readings)
    """Of requests that came before; begun anew when one of these would be read otherwise now."""

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
        is_actual = wire.kind == "actual" and wire.mode == "cors"
        return is_actual and self.pairing.is_awaited(client, wire)

    def _read(self, id_: str, client: str, request: Request) -> Reading | Plain:
        reading = read(client, request)
        if isinstance(reading, Plain):
            length = length_of(request.headers, client + request.url)
            if self.workers.note(client, request):
                self.readings = _readings()  # what was sure of a page isn't of a worker
        else:
            if self.workers.may_have_sent(client, reading.alone.wire):
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
            known = Known(known.wire, step, known.credentials, why)
        self._remember(id_, InFlight(known, now, waiting.id, waiting.answer))
        if known.credentials != "unknown":
            engine, answer = known.wire.engine, _answer(waiting)
            self.caches.followed(reading.client, engine, answer, known.credentials)
        waiting.followed_by = id_
        after = _milliseconds(waiting.answered, now)
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
                known = Known(wire, step, known.credentials, why)
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
            known = Known(known.wire, step, known.credentials, known.why)
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
            return self._cast_once(pending, seen, now) or self._recorded(pending, seen, now)
        if isinstance(pending, PlainRequest):
            texts = pending.client + pending.url + pending.page
            if _length(seen, pending.request.headers, texts) <= MOST_KEPT:
                note_plain(pending, seen, self.memory, now)
                if seen.response is not None:
                    page, url = pending.page, pending.url
                    self.copies.note_plain(pending.client, page, url, seen.response, now)
            return kept_back(pending, seen, self.copies, now, mask_urls=self.mask_urls)
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

    def _cast_once(self, pending: InFlight, seen: Sighting, now: datetime) -> Exchange | None:
        """Record one that differs in its URL alone from another, of which nothing was to remark.

        Most URLs come once: nothing is made and kept to know this one by. None for any that may
        not be as quiet, or that those after it have to be known by.
        """
        known, url, essential = pending.known, pending.elsewhere, _essentials.get(seen[1:])
        if url is None or essential is None:
            return None
        mould = _mould_for(url, known, (essential[1:], self.mask_urls))
        if mould is None or mould.quiet_on != (self.memory.recall(url), pending.opened_by):
            return None
        response, wire = essential.response, known.wire
        if response is None or response.status in REPEATED or response.status == CHALLENGED:
            return None
        if mould.first.is_refused and is_cleared_by_failure(wire.engine, wire.cors):
            return None
        pattern = mould.cast(cleaning(self.mask_urls)(url), len(url))
        if pattern.is_kept:
            self.busy.answered.append((now, pending))
            if mould.noted is not None:
                note(mould.noted, url, self.memory)
            if wire.mode == "cors":
                self.copies.note(known.step.client, wire.cors, url, response, now)
        return of_pattern(pattern, now, seen.id, _milliseconds(pending.asked, now))

    def _recorded(self, pending: InFlight, seen: Sighting, now: datetime) -> Exchange:
        pending = pending.there()
        known = pending.known
        pattern = known.answers.get((seen[1:], self.mask_urls)) or self._pattern(known, seen)
        before = (self.memory.recall(known.wire.cors.url), pending.opened_by)
        is_settled = pattern.settled == before
        findings = pattern.findings if is_settled else self._findings(pending, pattern, before, now)
        exchange = of_pattern(
            pattern,
            now,
            seen.id,
            _milliseconds(pending.asked, now),
            preflight=pending.preflight,
            chain=pattern.chain or (seen.id if pattern.leads_on else None),
            findings=pending.findings + findings,
        )
        self._note(pattern, pending, exchange)
        if known.wire.mode == "navigate":  # as of a form that posts to another origin
            asked = Request(known.wire.cors.method, known.wire.cors.url, known.step.headers)
            self._opened(document_request(known.step.client, asked), seen.response)
        return exchange

    def _pattern(self, known: Known, seen: Sighting) -> Pattern:
        """What this exchange is but for its time, made anew only where it wasn't seen before."""
        key, known_essence = (seen[1:], self.mask_urls), _essentials.get(seen[1:])
        is_short = known_essence is not None or _is_short(seen)
        seen = known_essence or _essential(seen, is_short=is_short)
        if seen.response is not None and seen.response.status == 304:
            step, wire = known.step, known.wire
            goes_by = self.copies.renewed(step.client, wire, step.headers, seen.response)
            return self._made(known, seen, goes_by)
        essential = (seen[1:], self.mask_urls)
        pattern = known.patterns.get(essential) or self._cast(known, essential)
        if pattern is None:
            pattern = self._made(known, seen)
        if is_short:
            known.answered(key, essential, pattern)
        return pattern

    def _cast(self, known: Known, essential: object) -> Pattern | None:
        """The pattern of one that differs in its URL alone, with this one put in its place."""
        url = known.wire.cors.url
        mould = _mould_for(url, known, essential)
        return None if mould is None else mould.cast(cleaning(self.mask_urls)(url), len(url))

    def _made(self, known: Known, seen: Sighting, goes_by: Response | None = None) -> Pattern:
        made = pattern_of(
            seen,
            known.wire,
            credentials=known.credentials,
            link=known.step.link,
            why=known.why,
            mask_urls=self.mask_urls,
            goes_by=goes_by,
        )
        texts = known.step.client + known.wire.cors.url
        names = len(known.step.own_names)
        made.measure(_length(seen, known.step.headers, texts, names))
        return made

    def _findings(
        self, pending: InFlight, pattern: Pattern, before: tuple[object, ...], now: datetime
    ) -> tuple[Finding, ...]:
        """The remarks on it, in the light of what was known before."""
        url = pending.known.wire.cors.url
        mould: Mould | None = pattern.mould
        findings: tuple[Finding, ...] = ()
        if mould is not None and mould.quiet_on == before:
            noted = mould.noted
        else:
            case = _case(pending, pattern, now)
            findings, noted = findings_of(case, self.memory), noted_of(case)
            if pattern.is_of_any_url and not findings and before[0] == NOTHING:
                self._keep_mould(pattern, pending.known, before, noted)
        if noted is not None and pattern.is_kept:
            note(noted, url, self.memory)
        after = (self.memory.recall(url), pending.opened_by)
        # A redirect may be noted of the URL that it leads to, too.
        if (
            after == before
            and pattern.shared["location"] is None
            and not depends_on_time(pattern.seen.response)
        ):
            pattern.settle(after, findings)  # not `before`, to be found the same at a glance
        return findings

    def _keep_mould(
        self, pattern: Pattern, known: Known, before: tuple[object, ...], noted: Noted | None
    ) -> None:
        """Let others that differ in their URL alone be made of this one."""
        essential = (pattern.seen[1:], self.mask_urls)
        url = len(known.wire.cors.url)
        if url <= LONGEST_CAST and essential in known.patterns and essential not in known.moulds:
            mould = Mould(pattern, pattern.length - url, before, noted)
            pattern.mould = known.casts(essential, mould)

    def _note(self, pattern: Pattern, pending: InFlight, exchange: Exchange) -> None:
        """Let what comes after it be known by it: its follower, its repetition, its redirect."""
        known, now = pending.known, exchange.time
        response: Response | None = pattern.seen.response
        if known.wire.kind == "preflight":
            self._note_preflight(pattern, known, exchange)
        elif pattern.is_kept and known.wire.mode == "cors":
            client = known.step.client
            if pattern.is_refused:
                verdicts, length = pattern.shared["verdicts"], pattern.length
                self.caches.refused(client, known.wire, known.credentials, verdicts, length)
            if response is not None:
                self.copies.note(client, known.wire.cors, known.wire.cors.url, response, now)
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
            asks = bool(known.why)
            self.chains.redirected(exchange.id, known.step, response, now, asked_leave=asks)

    def _note_preflight(self, pattern: Pattern, known: Known, exchange: Exchange) -> None:
        client, wire, verdicts = known.step.client, known.wire, pattern.shared["verdicts"]
        id_, now, length = exchange.id, exchange.time, pattern.length
        answer = pattern.seen.response.headers if pattern.seen.response else ()
        if pattern.passes is None:
            pattern.passes = passing(wire.engine, wire.credentials, verdicts)
        waiting = Waiting(id_, known.step, wire.cors, answer, now, pattern.passes, length)
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


def _mould_for(url: str, known: Known, essential: object) -> Mould | None:
    """What the pattern of an exchange at this URL can be made of, by what counts of its answer."""
    return None if len(url) > LONGEST_CAST else known.moulds.get(essential)


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


def _case(pending: InFlight, pattern: Pattern, now: datetime) -> Case:
    known = pending.known
    return Case(
        pattern.seen,
        known.wire,
        known.step.client,
        known.credentials,
        pending.opened_by,
        known.step.link,
        pattern.shared["judgement"],
        now,
    )


def _length(seen: Sighting, asked: HeaderList, texts: str, names: int = 0) -> int:
    """About how many characters an exchange has; those after it may be known by a short one."""
    answer = seen.response.headers if seen.response else ()
    return length_of(asked + answer, texts, names)


def _is_short(seen: Sighting) -> bool:
    """Whether an answer, and what a rule made of it, may be kept though nobody waits for them."""
    length = sum(length_of(head.headers) for head in seen.heads)
    return length + len(seen.error or "") <= MOST_CHARACTERS


def _answer(waiting: Waiting) -> Answer:
    moment = waiting.answered.timestamp()
    announced, length = waiting.announced, waiting.length
    return Answer(waiting.id, moment, announced, waiting.answer, passed=True, length=length)


def _not_followed(waiting: Waiting, now: datetime) -> Outcome:
    after = _milliseconds(waiting.answered, now)
    return Outcome(now, waiting.id, "not-followed", after_ms=after)


def _milliseconds(since: datetime | None, until: datetime) -> int | None:
    """How long it was; never less than nothing, whatever the clocks say."""
    if since is None:
        return None
    waited = until - since  # whose parts are added in a third of the time of its division
    seconds = waited.days * 86_400 + waited.seconds
    return max(0, seconds * 1_000 + (waited.microseconds + 500) // 1_000)


_essentials: Memo[object, Sighting] = Memo(500)
"""Of what was seen: a server answers alike at many URLs."""


def _essential(seen: Sighting, *, is_short: bool) -> Sighting:
    """What was seen, wherever it was, with those values alone that the journal looks at."""
    touch = seen.touch
    if touch is not None and (touch.server_response or touch.shadow):
        shadow = touch.shadow
        touch = touch._replace(
            server_response=touch.server_response and essence(touch.server_response),
            shadow=essence(shadow) if isinstance(shadow, Response) else shadow,
        )
    response = seen.response and essence(seen.response)
    made = Sighting("", response, seen.missing, seen.error, touch, seen.cause)
    return _essentials.put(seen[1:], made) if is_short else made
