"""What is remembered of a request until its answer comes, and until it comes again?

Browsers send some requests once more by themselves, without a preflight or a redirect before: what
was found out about the first holds for the second.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from corscope.journal.chains import Step
from corscope.journal.exchange import Finding
from corscope.journal.why import Why
from corscope.journal.wire import Credentials, WireView
from corscope.messages import HeaderList

__all__ = ["InFlight", "Repeats"]

REPEATED_WITHIN: Final = timedelta(seconds=2)
MAX_REPEATS: Final = 1_000


@dataclass(frozen=True, slots=True)
class InFlight:
    """A CORS exchange's request.

    Attributes:
        wire: what it shows, with the fetch's own headers as far as the preflight tells.
        step: its place in a chain of redirects.
        credentials: the credentials mode, as far as it shows.
        why: what made the browser ask leave.
        preflight: the id of the preflight that opened its way.
        opened_by: the headers of that preflight's answer, where it announced this very request.
        findings: remarks that need no answer.
        asked: when it came.
    """

    wire: WireView
    step: Step
    credentials: Credentials
    why: tuple[Why, ...] = ()
    preflight: str | None = None
    opened_by: HeaderList | None = None
    findings: tuple[Finding, ...] = ()
    asked: datetime | None = None


_Key = tuple[str, str, str, str, str, frozenset[str]]


@dataclass(slots=True)
class Repeats:
    """The requests that a browser may be about to send once more, the latest last; bounded.

    All engines repeat what a 421 answers (https://www.rfc-editor.org/rfc/rfc9110#section-15.5.20),
    Chromium also what a 408 does.
    """

    answered: "OrderedDict[_Key, tuple[datetime, InFlight]]" = field(default_factory=OrderedDict)

    def note(self, known: InFlight, status: int, now: datetime) -> None:
        """Take note of an answer."""
        if status not in {408, 421}:
            return
        key = _key(known.step.client, known.wire)
        self.answered.pop(key, None)
        self.answered[key] = (now, known)
        if len(self.answered) > MAX_REPEATS:
            self.answered.popitem(last=False)

    def take(self, client: str, wire: WireView, now: datetime) -> InFlight | None:
        """What is known of a request that comes again; None for one that is new."""
        answered, known = self.answered.pop(_key(client, wire), (now, None))
        return known if now - answered <= REPEATED_WITHIN else None


def _key(client: str, wire: WireView) -> _Key:
    """All that is the same where a request is repeated."""
    cors = wire.cors
    return client, wire.kind, cors.method, cors.url, cors.origin, wire.present
