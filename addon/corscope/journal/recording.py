"""What is recorded of an exchange whose answer is known?

Made anew, or of the pattern that one alike has left; with the remarks that what was seen before it
gives rise to.
"""

from dataclasses import dataclass, field
from datetime import datetime

from corscope.fetch.engines import Departure, departs, engine_of
from corscope.journal.alike.memo import MOST_CHARACTERS, MOST_KEPT, Memo, length_of
from corscope.journal.alike.mould import LONGEST_CAST, Mould
from corscope.journal.alike.pattern import Pattern, depends_on_time, essence
from corscope.journal.caches.revalidation import Cache, Copies
from corscope.journal.embedded import kept_back, plain_cache
from corscope.journal.exchange import (
    Exchange,
    Finding,
    Sighting,
    milliseconds,
    of_pattern,
    pattern_of,
)
from corscope.journal.lines.masking import cleaning
from corscope.journal.links.in_flight import CHALLENGED, REPEATED, InFlight, Known
from corscope.journal.remarks.findings import Case
from corscope.journal.remarks.memory import (
    NOTHING,
    Memory,
    Noted,
    PlainRequest,
    note,
    note_plain,
    noted_of,
)
from corscope.journal.remarks.remarks import findings_of
from corscope.messages import HeaderList, Response

__all__ = ["Records"]


@dataclass(slots=True)
class Records:
    """What exchanges are made with, and what of them counts for those after.

    Attributes:
        mask_urls: whether the values of a URL's query are left out.
        memory: what earlier answers showed, for the remarks.
        copies: the answers that a browser may have kept, by which it goes after a 304.
    """

    mask_urls: bool = True
    memory: Memory = field(default_factory=Memory)
    copies: Copies = field(default_factory=Copies)

    def of_plain(self, pending: PlainRequest, seen: Sighting, now: datetime) -> Exchange | None:
        """Take note of one without CORS; recorded is only what a policy keeps from its page."""
        texts = pending.client + pending.url + pending.page
        is_kept = pending.request.method == "GET"
        if is_kept and _length(seen, pending.request.headers, texts) <= MOST_KEPT:
            note_plain(pending, seen, self.memory, now)
            if seen.response is not None:
                cache = plain_cache(pending)
                engine = engine_of(pending.request.headers)
                self.copies.note_plain(cache, engine, pending.url, seen.response, now)
        return kept_back(pending, seen, self.copies, now, mask_urls=self.mask_urls)

    def cast(
        self, pending: InFlight, seen: Sighting, now: datetime
    ) -> tuple[Pattern, Exchange] | None:
        """Record one that differs in its URL alone from another, of which nothing was to remark.

        Most URLs come once: nothing is made and kept to know this one by. None for any that may
        not be as quiet, or that those after it have to be known by.
        """
        known, url = pending.known, pending.elsewhere
        if url is None:
            return None
        essential = _essentials.get(seen[1:])
        if essential is None:
            return None
        mould = _mould_for(url, known, (essential[1:], self.mask_urls))
        if mould is None or mould.quiet_on != (self.memory.recall(url), pending.opened_by):
            return None
        response, wire = essential.response, known.wire
        if response is None or response.status in REPEATED or response.status == CHALLENGED:
            return None
        if mould.first.clears_cache:
            return None
        pattern = mould.cast(cleaning(self.mask_urls)(url), len(url))
        if pattern.is_kept:
            if mould.noted is not None:
                note(mould.noted, url, self.memory)
            if wire.mode == "cors" and _may_be_copied(mould.first, known):
                self.copies.note(_cache(known), wire, url, response, now)
        waited = milliseconds(pending.asked, now)
        return pattern, of_pattern(pattern, now, seen.id, waited)

    def record(self, pending: InFlight, seen: Sighting, now: datetime) -> tuple[Pattern, Exchange]:
        """Record one by what is known of its own request, and remember its answer."""
        known = pending.known
        pattern = known.answers.get((seen[1:], self.mask_urls)) or self._pattern(known, seen)
        before = (self.memory.recall(known.wire.cors.url), pending.opened_by)
        is_settled = pattern.settled == before
        findings = pattern.findings if is_settled else self._findings(pending, pattern, before, now)
        exchange = of_pattern(
            pattern,
            now,
            seen.id,
            milliseconds(pending.asked, now),
            preflight=pending.preflight,
            chain=pattern.chain or (seen.id if pattern.leads_on else None),
            findings=pending.findings + findings,
        )
        wire, response = known.wire, pattern.seen.response
        if (
            pattern.is_kept
            and wire.kind != "preflight"
            and wire.mode == "cors"
            and response is not None
            and _may_be_copied(pattern, known)
        ):
            self.copies.note(_cache(known), wire, wire.cors.url, response, now)
        return pattern, exchange

    def _pattern(self, known: Known, seen: Sighting) -> Pattern:
        """What this exchange is but for its time, made anew only where it wasn't seen before."""
        key, known_essence = (seen[1:], self.mask_urls), _essentials.get(seen[1:])
        is_short = known_essence is not None or _is_short(seen)
        seen = known_essence or _essential(seen, is_short=is_short)
        if seen.response is not None and seen.response.status == 304:
            asked, wire = known.step.headers, known.wire
            goes_by = self.copies.renew(_cache(known), wire, asked, seen.response)
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


def _cache(known: Known) -> Cache:
    wire = known.wire
    return Cache.of(known.step.client, wire.cors.origin, wire, known.credentials)


def _may_be_copied(pattern: Pattern, known: Known) -> bool:
    """Whether the browser may keep the answer, as far as CORS is concerned."""
    verdicts, judgement = pattern.shared["verdicts"], pattern.shared["judgement"]
    if judgement.verdict != "blocked" or not (verdicts.omit.reason or verdicts.include.reason):
        return True
    return not departs(known.wire.engine, Departure.REFUSED_NOT_KEPT)


def _mould_for(url: str, known: Known, essential: object) -> Mould | None:
    """What the pattern of an exchange at this URL can be made of, by what counts of its answer."""
    return None if len(url) > LONGEST_CAST else known.moulds.get(essential)


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
