"""Which preflight opened the way of which actual request?

A preflight waits under the place it was sent for: the browser, URL and method. The next request
there with its headers is the one it announced. What comes later without a preflight of its own was
let through by an earlier answer, which `cached` may know.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple

from corscope.fetch.engines import Departure, Engine, departs
from corscope.fetch.origin import OPAQUE_SERIALIZED
from corscope.fetch.preflight import CorsRequest
from corscope.journal.alike.memo import MOST_KEPT, Shelf
from corscope.journal.exchange import Verdicts
from corscope.journal.links.chains import Step
from corscope.journal.links.waits import LATELY, MOST_CHARACTERS, Waits, since
from corscope.journal.wire import Credentials, WireView
from corscope.messages import HeaderList

__all__ = ["WAIT", "Pairing", "Place", "Shape", "Waiting", "passing", "shape_of"]

WAIT: Final = LATELY
"""How long a preflight may go without its actual request before it counts as not followed.

One that comes after all takes the outcome back, where nothing else has let it go.
"""

KEPT: Final = timedelta(minutes=5)
"""How long that may be; browsers don't leave a request in their queue for longer."""

MAX_WAITING: Final = 10_000
MAX_KNOWN: Final = 2_000

Mode = Literal["omit", "include", "unsaid"]
"""A credentials mode; the last is `include` where a preflight seemed to say `omit`: of a fetch with
`keepalive`, Firefox sends no Sec-Fetch-Storage-Access, and yet its cookies."""

Place = tuple[str, str, str]
"""Where an actual request will come: the browser, the URL and the method."""


class Shape(NamedTuple):
    """What tells the preflights of one place apart.

    Attributes:
        origin: the origin that asks.
        names: what was announced.
        passes: the credentials modes in which the browser goes on.
        is_after_redirect: whether a redirect led there.
    """

    origin: str
    names: frozenset[str]
    passes: frozenset[Mode]
    is_after_redirect: bool


def shape_of(step: Step, announced: CorsRequest, passes: frozenset[Mode]) -> Shape:
    """The shape of a preflight that announced this, and after which the browser goes on in those.

    Args:
        step: its place in a chain of redirects.
        announced: what it announced.
        passes: the credentials modes.
    """
    is_after_redirect = step.link.hop > 0
    return Shape(announced.origin, frozenset(announced.unsafe_names), passes, is_after_redirect)


@dataclass(slots=True)
class Waiting:
    """An answered preflight.

    Attributes:
        id: its id.
        step: its place in a chain of redirects.
        announced: what it announced.
        answer: the headers of its answer.
        answered: when that came.
        asked: when the preflight had come.
        may_end: whether the browser may have refused it for a credentials mode that didn't show.
        shape: what tells it apart at its place.
        length: about how many characters it has.
        followed_by: the id of the request that it announced.
    """

    id: str
    step: Step
    announced: CorsRequest
    answer: HeaderList
    answered: datetime
    asked: datetime
    may_end: bool
    shape: Shape
    length: int
    followed_by: str | None = None


def passing(engine: Engine, credentials: Credentials, verdicts: Verdicts) -> frozenset[Mode]:
    """The credentials modes that a preflight may be of, and in which its fetch goes on."""
    with_them = verdicts.include.verdict == "allowed"
    by_mode: tuple[tuple[Mode, Credentials, bool], ...] = (
        ("omit", "omit", verdicts.omit.verdict == "allowed"),
        ("include", "include", with_them),
        ("unsaid", "omit", with_them and engine is Engine.FIREFOX),
    )
    return frozenset(
        mode for mode, seen, allowed in by_mode if allowed and credentials in {seen, "unknown"}
    )


@dataclass(slots=True)
class Pairing:
    """The answered preflights that may still matter; all bounded.

    Attributes:
        waits: those that no request has followed, where the browser goes on.
        open: those whose outcome hasn't been told, the oldest first, and some that were followed.
        known: the latest by id, followed or not: what they allowed may have been cached.
    """

    waits: Waits[Place, Shape, Waiting] = field(default_factory=lambda: Waits(MAX_WAITING, KEPT))
    open: deque[Waiting] = field(default_factory=deque)
    known: "Shelf[str, Waiting]" = field(default_factory=lambda: Shelf(MAX_KNOWN, MOST_CHARACTERS))
    _open_characters: int = 0

    def add(self, client: str, waiting: Waiting) -> None:
        """Let an answered preflight wait for its actual request."""
        if waiting.shape.passes:
            place = client, waiting.announced.url, waiting.announced.method
            self.waits.add(
                place,
                waiting.shape,
                waiting,
                waiting.answered,
                length=waiting.length,
                asked=waiting.asked,
                may_end=waiting.may_end,
            )
        self.open.append(waiting)
        self._open_characters += waiting.length
        if waiting.length <= MOST_KEPT:
            self.known.put(waiting.id, waiting, waiting.length)

    def take(
        self, client: str, wire: WireView, now: datetime, *, late: bool = False
    ) -> Waiting | None:
        """Find the preflight that announced this actual request and no other before it.

        Args:
            client: what tells one browser from another.
            wire: what the request shows.
            now: when it came.
            late: whether to look among those that count as not followed.
        """
        place = client, wire.cors.url, wire.cors.method
        return self.waits.take(place, lambda shape: _closeness(shape, wire), now, long_since=late)

    def is_awaited(self, client: str, wire: WireView) -> bool:
        """Whether any preflight waits where this request has come."""
        return (client, wire.cors.url, wire.cors.method) in self.waits.places

    def overdue(self, now: datetime) -> Iterator[Waiting]:
        """Take out the preflights that have waited long enough for what they announced."""
        while self.open and (
            self.open[0].followed_by
            or since(self.open[0].answered, now) >= WAIT
            or len(self.open) > MAX_WAITING
            or self._open_characters > MOST_CHARACTERS
        ):
            yield from self._take_out()

    def rest(self) -> Iterator[Waiting]:
        """Take out all that still wait."""
        while self.open:
            yield from self._take_out()

    def _take_out(self) -> Iterator[Waiting]:
        waiting = self.open.popleft()
        self._open_characters -= waiting.length
        if waiting.followed_by is None:
            yield waiting


def _closeness(shape: Shape, wire: WireView) -> int | None:
    """How many of the request's headers such a preflight announced; None if it's another's.

    Its sure headers must be announced, and of those that a browser also adds by itself some may be.
    An Authorization may come from an extension of the browser's, behind the preflight's back.
    """
    if not _is_for_origin(shape.origin, wire) or not _announces_all(shape, wire):
        return None
    unsaid = wire.credentials != "unknown" and wire.credentials not in shape.passes
    if unsaid and not _is_unsaid(shape, wire):
        return None
    announces = wire.present.issuperset(shape.names) or (
        shape.is_after_redirect and departs(wire.engine, Departure.DROPPED_HEADERS_ANNOUNCED)
    )
    return len(shape.names & wire.present) - int(unsaid) if announces else None


def _announces_all(shape: Shape, wire: WireView) -> bool:
    """Whether it announced all that is surely script's, but for an Authorization."""
    sure = wire.cors.unsafe_names
    return shape.names.issuperset(sure) or shape.names.issuperset({*sure} - {"authorization"})


def _is_unsaid(shape: Shape, wire: WireView) -> bool:
    return "unsaid" in shape.passes and "sec-fetch-storage-access" not in wire.present


def _is_for_origin(origin: str, wire: WireView) -> bool:
    """Whether a preflight was for the request's origin, in the engine's way of saying so."""
    if origin == wire.cors.origin:
        return True
    is_tainted = wire.cors.origin == OPAQUE_SERIALIZED
    return is_tainted and departs(wire.engine, Departure.PREFLIGHT_KEEPS_ORIGIN)
