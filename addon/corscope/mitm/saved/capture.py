"""What does a file tell of one exchange? As much as the journal is told of a live one."""

from dataclasses import dataclass
from datetime import datetime

from mitmproxy import http

from corscope.journal.exchange import Sighting
from corscope.messages import Request
from corscope.mitm.record.recorder import remembered, sighting
from corscope.mitm.translate.requests import asked_of
from corscope.mitm.translate.times import answered_at, asked_at

__all__ = ["Capture", "capture_of"]


@dataclass(frozen=True, slots=True)
class Capture:
    """A saved exchange.

    Attributes:
        client: what tells one browser from another.
        request: the request as the browser sent it.
        asked: when it came.
        sighting: its answer, or why there is none.
        answered: when that came; not before `asked`.
        waits_until: when at the latest a preflight began that it waited for, where `asked` is when
            script asked for it, as in a browser's HAR; None where it is when it was sent.
        is_sent: whether the browser has sent it, as far as a HAR tells, and not only listed it.
    """

    client: str
    request: Request
    asked: datetime
    sighting: Sighting
    answered: datetime
    waits_until: datetime | None = None
    is_sent: bool = True


def capture_of(flow: http.HTTPFlow) -> Capture:
    """What a saved flow tells."""
    asked = asked_of(flow)
    return Capture(
        asked.client,
        asked.request,
        asked_at(flow),
        sighting(flow, remembered(flow)),
        answered_at(flow),
    )
