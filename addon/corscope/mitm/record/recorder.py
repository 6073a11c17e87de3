"""What has the browser got in the end?

The recorder stands behind all addons that change a flow and before those that save it. It takes
the final picture, hands it to the journal, and annotates the flow.
"""

import asyncio
import logging
import re
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, Protocol, runtime_checkable
from weakref import ref

from mitmproxy import addonmanager, ctx, http
from mitmproxy.hooks import UpdateHook

from corscope.explain.failure import kind_of
from corscope.explain.line import comment, exchange_text, judgement_after
from corscope.journal.alike.memo import keep
from corscope.journal.exchange import Exchange, Missing, Outcome, Sighting, Touch
from corscope.journal.failure import Failure
from corscope.journal.journal import Journal
from corscope.journal.lines.masking import cleaning
from corscope.journal.lines.write import exchange_pieces, failure_line, outcome_line
from corscope.journal.store import Store
from corscope.mitm.guard import harmless
from corscope.mitm.record.causes import cause_of
from corscope.mitm.record.event_log import EventLog
from corscope.mitm.record.journal_file import JournalFile
from corscope.mitm.translate.answers import Unreadable, delivered_response, missing_of
from corscope.mitm.translate.requests import Asked
from corscope.mitm.translate.times import answered_at, asked_at

__all__ = ["MARKERS", "Recorder", "remembered", "sighting"]

MARKERS: Final = {
    "allowed": ":green_circle:",
    "conditional": ":yellow_circle:",
    "blocked": ":red_circle:",
}
MOST_MARKED: Final = 100
MOST_PREFLIGHTS: Final = 10_000
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
_OWN_COMMENT: Final = re.compile(
    r"CORS (?:allowed|conditional|blocked)(?:, (?:not )?followed)?(?:: [a-z-]+)?"
)


@runtime_checkable
class Intercepts(Protocol):
    """What is asked of mitmproxy's addon `intercept`.

    Its own class would bring every addon of mitmproxy into `corscope explain` and the like, which
    have none running: a third of what those take to start.
    """

    def should_intercept(self, f: http.HTTPFlow) -> bool:
        """Whether the flow is to be held up until a person lets it go on."""


@dataclass(slots=True)
class Recorder:
    """The observing half of corscope; `touches` is filled by the half that changes flows.

    Flows that are loaded from a file have times of their own, hence a journal of their own, whose
    clock is `loaded_up_to`. What all that shows exchanges looks at is in `store`. The flows of
    `preflights` are annotated again when their outcome is known, if anyone still has them; those of
    `annotated` were, and nobody was told yet: whoever has none of them needn't be. `addons` is what
    mitmproxy is to call next. `marked` are the failures that were on no exchange. `intercepts`
    tells which answers a person wants to hold up, and `held` waits for those that are.
    """

    file: JournalFile
    journal: Journal = field(default_factory=Journal)
    loaded: Journal = field(default_factory=Journal.of_a_recording)
    loaded_up_to: datetime = _LONG_AGO
    touches: dict[str, Touch] = field(default_factory=dict)
    store: Store = field(default_factory=Store)
    preflights: "OrderedDict[str, ref[http.HTTPFlow]]" = field(default_factory=OrderedDict)
    event_log: EventLog = field(default_factory=EventLog)
    annotated: "list[ref[http.HTTPFlow]]" = field(default_factory=list)
    addons: list[object] = field(default_factory=list)
    marked: set[tuple[str, str]] = field(default_factory=set)
    intercepts: Intercepts | None = None
    held: "set[asyncio.Task[None]]" = field(default_factory=set)
    name: str = "corscope-recorder"

    def take_place(self, manager: addonmanager.AddonManager) -> None:
        """Stand in the chain right before what saves flows.

        It takes that addon's place and calls it next: one more in the chain would cost every event
        2 us, which is 1 % of a plain request.
        """
        saves = manager.get("save")
        found = manager.get("intercept")  # which only mitmproxy and mitmweb have
        self.intercepts = found if isinstance(found, Intercepts) else None
        manager.register(self)
        if saves in manager.chain:
            self.addons = [saves]
            manager.chain[manager.chain.index(saves)] = self
        else:
            manager.chain.append(self)

    def leave_place(self, manager: addonmanager.AddonManager) -> None:
        """Let what saves flows stand where it did."""
        if self in manager.chain:
            place = manager.chain.index(self)
            manager.chain[place : place + 1] = self.addons
            self.addons = []
            manager.remove(self)

    def mask_urls(self, masked: bool) -> None:
        """Set whether query values are secret."""
        for journal in (self.journal, self.loaded):
            journal.records.mask_urls = masked

    def requested(self, flow: http.HTTPFlow, asked: Asked) -> None:
        """Take note of a request before anything is done to it."""
        if flow.live:
            journal, now = self.journal, datetime.now(UTC)
        else:
            journal, now = self.loaded, self._loaded_time(asked_at(flow))
        outcomes = journal.requested(flow.id, asked.client, asked.request, now)
        if outcomes:
            self._write(outcomes)

    @harmless
    def responseheaders(self, flow: http.HTTPFlow) -> None:
        """A streamed body's headers leave after this hook: what they are now is final."""
        if flow.response is not None and flow.response.stream:
            self._answered(flow, head_sent=False)

    @harmless
    def response(self, flow: http.HTTPFlow) -> None:
        """The whole answer is there, or as much of it as there will be.

        One that a person holds up may yet be edited.
        """
        if self.intercepts is not None and self.intercepts.should_intercept(flow):
            task = asyncio.ensure_future(self._when_resumed(flow))
            self.held.add(task)
            task.add_done_callback(self.held.discard)
        else:
            self._answered(flow, head_sent=False)

    @harmless
    async def _when_resumed(self, flow: http.HTTPFlow) -> None:
        await asyncio.sleep(0)  # the addon that holds it up is asked after this one
        await flow.wait_for_resume()
        self._answered(flow, head_sent=False)

    def _answered(self, flow: http.HTTPFlow, *, head_sent: bool) -> None:
        touch = self.touches.pop(flow.id, None)
        if flow.id in self.journal.in_flight:
            seen = sighting(flow, touch, head_sent=head_sent)
            exchange = self.journal.answered(seen, datetime.now(UTC))
            if exchange is not None:
                self._keep(flow, exchange)
        elif flow.id in self.loaded.in_flight:
            seen = sighting(flow, remembered(flow), head_sent=head_sent)
            exchange = self.loaded.answered(seen, self._loaded_time(answered_at(flow)))
            if exchange is not None:
                self._keep(flow, exchange)
                self._write(self.loaded.due(self.loaded_up_to))

    @harmless
    def error(self, flow: http.HTTPFlow) -> None:
        """No answer came, or not all of it; of one that was streamed, the headers have left."""
        self._answered(flow, head_sent=flow.response is not None and bool(flow.response.stream))

    def failed(self, where: str, error: BaseException, about: Sequence[object]) -> None:
        """Mark a failure of corscope's own, so that nobody takes what is missing for fine."""
        of = next((each.id for each in about if isinstance(each, http.HTTPFlow | Outcome)), None)
        try:
            self._mark(where, error, about, of)
        finally:  # each of the two, though the other is what fails
            if of is not None and any(each is self for each in about):
                self._forget(of)

    def _mark(
        self, where: str, error: BaseException, about: Sequence[object], of: str | None
    ) -> None:
        flow = next((each for each in about if isinstance(each, http.HTTPFlow)), None)
        failure = Failure(datetime.now(UTC), where, kind_of(error), of, self._shown_url(flow))
        if of is None and not self._is_new(failure):
            return
        self.file.write(failure_line(failure))
        if of is not None:
            self.store.note_failure(of)

    def _forget(self, id_: str) -> None:
        """What waits for the rest of an exchange that can't be recorded waits in vain."""
        self.touches.pop(id_, None)
        self.journal.forget(id_)
        self.loaded.forget(id_)

    def _is_new(self, failure: Failure) -> bool:
        """What fails without an exchange may do so several times a second: once is enough."""
        known = (failure.where, failure.error) in self.marked
        if len(self.marked) < MOST_MARKED:
            self.marked.add((failure.where, failure.error))
        return not known

    def _shown_url(self, flow: http.HTTPFlow | None) -> str | None:
        if flow is None:
            return None
        with suppress(Exception):  # this very thing may be what fails
            return cleaning(self.journal.records.mask_urls)(flow.request.url)
        return None

    def _keep(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
        # What lasts comes first: where a later thing fails, it is there.
        self.file.append(exchange_pieces(exchange))
        annotation = _annotation(exchange)
        metadata = annotation[2]
        level = logging.WARNING if metadata["verdict"] == "blocked" else logging.INFO
        self.event_log.tell(level, exchange_text(exchange))
        _put(flow, annotation)
        if metadata["kind"] == "preflight":
            keep(self.preflights, flow.id, ref(flow), MOST_PREFLIGHTS)
        self.store.add(exchange)

    def _loaded_time(self, recorded: datetime) -> datetime:
        """The time of a hook for a loaded flow: the flow's own."""
        self.loaded_up_to = max(self.loaded_up_to, recorded)
        return recorded

    def _write(self, outcomes: Iterable[Outcome]) -> None:
        for outcome in outcomes:
            self._write_outcome(outcome)

    @harmless
    def _write_outcome(self, outcome: Outcome) -> None:
        """Each by itself: one that can't be written takes no other with it."""
        self.file.write(outcome_line(outcome))
        self._annotate_again(outcome)
        self.store.note(outcome)

    def _annotate_again(self, outcome: Outcome) -> None:
        is_final = outcome.outcome == "followed"
        find = self.preflights.pop if is_final else self.preflights.get
        kept, entry = find(outcome.id, None), self.store.get(outcome.id)
        if kept is None or entry is None or (flow := kept()) is None:
            return
        annotate(flow, entry.exchange, outcome)
        self.annotated.append(kept)

    def tick(self, now: datetime) -> None:
        """Look after the file, write what preflights came to, and tell what there is to tell."""
        self._look_after_file()
        self._write_due(now)
        self._tell()

    @harmless
    def _look_after_file(self) -> None:
        self.file.look()

    @harmless
    def _write_due(self, now: datetime) -> None:
        self._write(self.journal.due(now))

    @harmless
    def _tell(self) -> None:
        self.event_log.flush()
        if self.annotated:
            # mitmproxy refreshes by itself only the flow that a hook is called for.
            annotated, self.annotated = self.annotated, []
            if flows := [flow for each in annotated if (flow := each()) is not None]:
                ctx.master.addons.trigger(UpdateHook(flows))

    def close(self, now: datetime) -> None:
        """Write the outcome of all open preflights, and close the file."""
        self._write_open(now)
        self.file.close()

    def let_go(self) -> None:
        """Wait no more for what is held up."""
        for task in self.held:
            task.cancel()

    @harmless
    def _write_open(self, now: datetime) -> None:
        self._write(self.journal.close(now))
        self._write(self.loaded.close(self.loaded_up_to))
        self.event_log.flush()


def sighting(flow: http.HTTPFlow, touch: Touch | None, *, head_sent: bool = False) -> Sighting:
    """What the proxy saw of a flow that is answered or has failed.

    Args:
        flow: the flow.
        touch: what a rule did to it.
        head_sent: whether the browser got the answer's head, though the flow has failed since.
    """
    response = flow.response
    if response is not None and (head_sent or flow.error is None):
        head, missing = delivered_response(flow, response), None
    else:
        head, missing = None, missing_of(flow)
    if isinstance(head, Unreadable):
        return Sighting(flow.id, None, Missing.UNREADABLE, head.error, touch, head.detail)
    if flow.error is None:
        return Sighting(flow.id, head, missing, touch=touch)
    message = flow.error.msg
    return Sighting(flow.id, head, missing, message, touch, cause_of(message))


def annotate(flow: http.HTTPFlow, exchange: Exchange, outcome: Outcome | None = None) -> None:
    """Put verdict, reason and outcome where mitmproxy's own filters find them.

    A comment or marker that isn't corscope's stays. The metadata is plain data, or the flow can't
    be saved.
    """
    _put(flow, _annotation(exchange, outcome))


_Annotation = tuple[str, str, dict[str, str | None]]
"""A flow's comment, its marker, and its metadata."""


def _put(flow: http.HTTPFlow, annotation: _Annotation) -> None:
    text, marker, metadata = annotation
    if not flow.comment or _is_own(flow.comment):
        flow.comment = text
    if not flow.marked or flow.marked in MARKERS.values():
        flow.marked = marker
    flow.metadata["corscope"] = metadata.copy()


@lru_cache(maxsize=100)
def _is_own(comment: str) -> bool:
    """Whether corscope has made it, as most: a preflight's flow is annotated twice."""
    return _OWN_COMMENT.fullmatch(comment) is not None


def _annotation(exchange: Exchange, outcome: Outcome | None = None) -> _Annotation:
    """What all exchanges that are alike share, made once."""
    if exchange.pattern is None:
        return _annotated(exchange, outcome)
    key = None if outcome is None else (outcome.outcome, outcome.credentials)
    known = exchange.pattern.annotations
    if key not in known:
        known[key] = _annotated(exchange, outcome)
    made: _Annotation = known[key]
    return made


def _annotated(exchange: Exchange, outcome: Outcome | None) -> _Annotation:
    judgement = judgement_after(exchange, outcome)
    return _of_alike(
        comment(exchange, outcome),
        MARKERS[judgement.verdict],
        kind=exchange.kind,
        verdict=judgement.verdict,
        reason=judgement.reason and str(judgement.reason),
        outcome=None if outcome is None else outcome.outcome,
        rule=exchange.rule,
        rule_mode=exchange.rule_mode,
        answered_by=exchange.answered_by,
    )


@lru_cache(maxsize=1_000)
def _of_alike(text: str, marker: str, **metadata: str | None) -> _Annotation:
    """One value for all flows that are annotated alike, whatever their URL: they are few."""
    return text, marker, metadata


def remembered(flow: http.HTTPFlow) -> Touch | None:
    """What a rule did to a saved flow, as far as `annotate` has left a note of it."""
    match flow.metadata.get("corscope"):
        case {"rule": str(rule), "rule_mode": "apply" | "shadow" as mode, "answered_by": by}:
            return Touch(rule, mode, answered=by == "rule")
    return None
