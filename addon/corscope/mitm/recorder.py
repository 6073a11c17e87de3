"""What has the browser got in the end?

The recorder stands behind all addons that change a flow and before those that save it. It takes
the final picture, hands it to the journal, and annotates the flow.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from mitmproxy import http

from corscope.explain.line import comment, exchange_text
from corscope.journal.exchange import Exchange, Outcome, Sighting, Touch
from corscope.journal.journal import Journal
from corscope.journal.lines import exchange_line, outcome_line
from corscope.messages import Request
from corscope.mitm.guard import harmless
from corscope.mitm.journal_file import JournalFile
from corscope.mitm.translate import client_of, missing_of, moment, response_of

__all__ = ["MARKERS", "Recorder"]

MARKERS: Final = {
    "allowed": ":green_circle:",
    "conditional": ":yellow_circle:",
    "blocked": ":red_circle:",
}

logger = logging.getLogger("corscope")


@dataclass(slots=True)
class Recorder:
    """The observing half of corscope; `touches` is filled by the half that changes flows."""

    journal: Journal
    file: JournalFile
    touches: dict[str, Touch]
    name: str = "corscope-recorder"

    def requested(self, flow: http.HTTPFlow, request: Request) -> None:
        """Take note of a request before anything is done to it."""
        now = _now(flow, flow.request.timestamp_start)
        self._write(self.journal.requested(flow.id, client_of(flow), request, now))

    @harmless
    def responseheaders(self, flow: http.HTTPFlow) -> None:
        """A streamed body's headers leave after this hook: what they are now is final."""
        if flow.response is not None and flow.response.stream:
            self._record(flow)

    @harmless
    def response(self, flow: http.HTTPFlow) -> None:
        """The whole answer is there."""
        self._record(flow)

    @harmless
    def error(self, flow: http.HTTPFlow) -> None:
        """No answer, or not all of it, came."""
        self._record(flow)

    def _record(self, flow: http.HTTPFlow) -> None:
        now = _now(flow, flow.response.timestamp_start if flow.response else None)
        exchange = self.journal.answered(sighting(flow, self.touches.pop(flow.id, None)), now)
        if exchange is None:
            return
        self.file.write(exchange_line(exchange))
        annotate(flow, exchange)
        blocked = exchange.judgement.verdict == "blocked"
        logger.log(logging.WARNING if blocked else logging.INFO, exchange_text(exchange))

    def _write(self, outcomes: Iterable[Outcome]) -> None:
        for outcome in outcomes:
            self.file.write(outcome_line(outcome))

    def tick(self, now: datetime) -> None:
        """Write the outcome of preflights that have waited long enough."""
        self._write(self.journal.due(now))

    def close(self, now: datetime) -> None:
        """Write the outcome of all open preflights, and close the file."""
        self._write(self.journal.close(now))
        self.file.close()


def _now(flow: http.HTTPFlow, timestamp: float | None) -> datetime:
    """The time of a hook: that of the clock, or for a saved flow its own."""
    return moment(None if flow.live else timestamp)


def sighting(flow: http.HTTPFlow, touch: Touch | None) -> Sighting:
    """What the proxy saw of a flow that is answered or has failed."""
    failed = flow.error is not None or flow.response is None
    return Sighting(
        id=flow.id,
        response=None if failed or flow.response is None else response_of(flow.response),
        missing=missing_of(flow) if failed else None,
        error=flow.error.msg if flow.error else None,
        touch=touch,
    )


def annotate(flow: http.HTTPFlow, exchange: Exchange) -> None:
    """Put verdict and reason where mitmproxy's own filters find them.

    A comment or marker that isn't corscope's stays. The metadata is plain data, or the flow can't
    be saved.
    """
    if not flow.comment or flow.comment.startswith("CORS "):
        flow.comment = comment(exchange)
    if not flow.marked or flow.marked in MARKERS.values():
        flow.marked = MARKERS[exchange.judgement.verdict]
    flow.metadata["corscope"] = {
        "kind": exchange.kind,
        "verdict": exchange.judgement.verdict,
        "reason": exchange.judgement.reason and str(exchange.judgement.reason),
        "rule": exchange.rule,
    }
