"""Which preflight opened the way of which actual request?

A preflight waits under the place it was sent for: the browser and URL. The next request
there with its method and headers is the one it announced. What comes later without a preflight of
its own was let through by an earlier answer, which `cached` may know.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from corscope.fetch.engines import Departure, departs
from corscope.fetch.origin import OPAQUE_SERIALIZED
from corscope.fetch.preflight import CorsRequest
from corscope.journal.chains import Step
from corscope.journal.wire import WireView
from corscope.messages import HeaderList

__all__ = ["WAIT", "Pairing", "Waiting"]

WAIT: Final = timedelta(seconds=3)
"""How long a preflight may go without its actual request before it counts as not followed.

Browsers send that request within milliseconds, or as soon as a connection is free; one that
comes after all takes the outcome back.
"""

MAX_PER_PLACE: Final = 256
MAX_WAITING: Final = 10_000

Place = tuple[str, str]


@dataclass(slots=True)
class Waiting:
    """An answered preflight; `passes` where the browser goes on, for some credentials mode."""

    id: str
    step: Step
    announced: CorsRequest
    answer: HeaderList
    answered: datetime
    passes: bool
    followed_by: str | None = None


@dataclass(slots=True)
class Pairing:
    """All answered preflights that may still matter, by place, the oldest first."""

    places: dict[Place, deque[Waiting]] = field(default_factory=dict)
    open: deque[Waiting] = field(default_factory=deque)

    def add(self, client: str, waiting: Waiting) -> None:
        """Let an answered preflight wait for its actual request."""
        key = (client, waiting.announced.url)
        place = self.places.pop(key, None) or deque(maxlen=MAX_PER_PLACE)
        place.append(waiting)
        self.places[key] = place  # the places used last stand last
        if len(self.places) > MAX_WAITING:
            del self.places[next(iter(self.places))]
        self.open.append(waiting)

    def announcing(self, client: str, wire: WireView) -> Waiting | None:
        """Find the preflight that announced this actual request and no other before it."""
        return next(
            (
                waiting
                for waiting in self.places.get((client, wire.cors.url), ())
                if waiting.passes and waiting.followed_by is None and _announces(waiting, wire)
            ),
            None,
        )

    def of_id(self, id_: str | None, client: str, wire: WireView) -> Waiting | None:
        """Find an answered preflight of the request's place again."""
        here = self.places.get((client, wire.cors.url), ())
        return next((waiting for waiting in here if waiting.id == id_), None)

    def overdue(self, now: datetime) -> Iterator[Waiting]:
        """Take out the preflights that have waited long enough for what they announced."""
        while self.open and (self.open[0].followed_by or self.open[0].answered + WAIT <= now):
            yield from self._take()

    def rest(self) -> Iterator[Waiting]:
        """Take out all that still wait."""
        while self.open:
            yield from self._take()

    def _take(self) -> Iterator[Waiting]:
        waiting = self.open.popleft()
        if waiting.followed_by is None:
            yield waiting


def _is_for_origin(waiting: Waiting, wire: WireView) -> bool:
    """Whether the preflight was for the request's origin, in the engine's way of saying so."""
    if waiting.announced.origin == wire.cors.origin:
        return True
    is_tainted = wire.cors.origin == OPAQUE_SERIALIZED
    return is_tainted and departs(wire.engine, Departure.PREFLIGHT_KEEPS_ORIGIN)


def _announces(waiting: Waiting, wire: WireView) -> bool:
    """Whether the request is as announced: its sure headers, and maybe some a browser also adds."""
    announced = waiting.announced
    names = set(announced.unsafe_names)
    if not _is_for_origin(waiting, wire):
        return False
    if announced.method != wire.cors.method or not names.issuperset(wire.cors.unsafe_names):
        return False
    if wire.present.issuperset(names):
        return True
    was_redirected = waiting.step.link.hop > 0
    return was_redirected and departs(wire.engine, Departure.DROPPED_HEADERS_ANNOUNCED)
