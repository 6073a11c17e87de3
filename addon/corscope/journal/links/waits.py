"""What waits for a request that is yet to come, and which of it does that request answer?

What waits stands at the place where the request will come, and there in a line with all that looks
alike: which of those it is, the wire doesn't tell. A request takes the oldest that has come lately,
since browsers ask in order; but for what had come before a later one was even asked for, and that
may have led to nothing. What has waited for long has most likely been given up, so that of it the
latest is taken, and only where nothing else fits. No search goes beyond the place, nor there over
more than so many lines.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Generic, TypeVar

__all__ = ["LATELY", "MOST_CHARACTERS", "Waits", "since"]

LATELY: Final = timedelta(seconds=3)
"""How long something waits before it has most likely been given up.

Browsers go on within milliseconds, or as soon as a connection is free.
"""

MAX_LINES: Final = 64
"""Lines at one place; those that were begun first go first."""

MOST_CHARACTERS: Final = 32_000_000
"""So many characters wait at most, of headers and URLs."""

PlaceT = TypeVar("PlaceT", bound=Hashable)
ShapeT = TypeVar("ShapeT", bound=Hashable)
T = TypeVar("T")


def since(then: datetime, now: datetime) -> timedelta:
    """How long ago that was; what seems yet to come is from before the clock was set back."""
    return abs(now - then)


@dataclass(slots=True)
class _Line(Generic[T]):
    """What looks alike, each with its number and its time, the oldest first.

    Mostly it is one, for which a deque would take ten times a list's memory. So many of those that
    have come lately did so before a later one was asked for, where they may have led to nothing.
    """

    lately: list[tuple[int, datetime, T]] = field(default_factory=list)
    long_since: list[tuple[int, datetime, T]] = field(default_factory=list)
    may_end: bool = False
    before: int = 0

    @property
    def is_past(self) -> bool:
        """Whether all that has come lately stands back."""
        return self.before >= len(self.lately)

    def asked(self, when: datetime) -> None:
        """Let those that had come by then stand back behind what was asked for then."""
        while self.before < len(self.lately) and self.lately[self.before][1] < when:
            self.before += 1

    def has(self, *, long_since: bool) -> bool:
        """Whether there is any that a request may answer."""
        return bool(self.long_since if long_since else self.lately)

    def next(self, *, long_since: bool) -> tuple[int, datetime, T]:
        """The one of them that it answers."""
        return self.long_since[-1] if long_since else self.lately[self._index()]

    def age(self, now: datetime) -> None:
        """Let those that haven't come lately count as given up."""
        while self.lately and since(self.lately[0][1], now) >= LATELY:
            self.long_since.append(self._first())

    def drop_first(self) -> None:
        """Drop the one that has waited longest."""
        if self.long_since:
            self.long_since.pop(0)
        else:
            self._first()

    def taken(self, *, long_since: bool) -> tuple[int, datetime, T]:
        """Take that one out."""
        if long_since:
            return self.long_since.pop()
        index = self._index()
        return self.lately.pop(index) if index else self._first()

    def _index(self) -> int:
        return 0 if self.is_past else self.before

    def _first(self) -> tuple[int, datetime, T]:
        self.before = max(0, self.before - 1)
        return self.lately.pop(0)


@dataclass(slots=True)
class Waits(Generic[PlaceT, ShapeT, T]):
    """All that waits, by place and by what it looks like.

    Attributes:
        most: so many wait at most; the oldest go first.
        kept: how long something waits before it is forgotten.
        most_characters: so long is all that waits at most, but for the latest.
        places: what waits, by place and by what it looks like; only to be looked at.
    """

    most: int
    kept: timedelta
    most_characters: int = MOST_CHARACTERS
    places: dict[PlaceT, dict[ShapeT, _Line[T]]] = field(default_factory=dict)
    # A dict that loses thousands at its front takes 3 us to find its first: an OrderedDict none.
    _order: "OrderedDict[int, tuple[PlaceT, ShapeT, datetime, int]]" = field(
        default_factory=OrderedDict
    )
    _count: int = 0
    _characters: int = 0

    def __len__(self) -> int:
        return len(self._order)

    def add(
        self,
        place: PlaceT,
        shape: ShapeT,
        item: T,
        now: datetime,
        length: int = 0,
        asked: datetime | None = None,
        *,
        may_end: bool = False,
    ) -> None:
        """Let something wait.

        Args:
            place: where the request that it waits for will come.
            shape: what it looks like.
            item: what waits.
            now: when it has come.
            length: so many characters it has.
            asked: when it was asked for; what had come by then, and may end, has most likely done.
            may_end: whether it may be that no request comes.
        """
        self._count += 1
        lines = self.places.setdefault(place, {})
        if shape not in lines and len(lines) >= MAX_LINES:
            self._drop_line(place, next(iter(lines)))
            lines = self.places.setdefault(place, {})
        line = lines.setdefault(shape, _Line())
        line.may_end = may_end
        for other in lines.values():
            if asked is not None and other.may_end:
                other.asked(asked)
        line.lately.append((self._count, now, item))
        self._order[self._count] = place, shape, now, length
        self._characters += length
        while len(self._order) > self.most or (
            self._characters > self.most_characters and len(self._order) > 1
        ):
            self._drop_oldest()

    def take(
        self,
        place: PlaceT,
        closeness: Callable[[ShapeT], int | None],
        now: datetime,
        *,
        long_since: bool = False,
    ) -> T | None:
        """Take out what a request answers that has come to this place.

        Args:
            place: where it has come.
            closeness: how well it fits what looks like this; None where it doesn't.
            now: when it has come.
            long_since: whether to take of what has waited for long, not of what has come lately.
        """
        self._forget(now)
        best: tuple[tuple[int, bool, int], ShapeT] | None = None
        for shape, line in self.places.get(place, {}).items():
            line.age(now)
            close = closeness(shape) if line.has(long_since=long_since) else None
            if close is None:
                continue
            number = line.next(long_since=long_since)[0]
            rank = (close, long_since or not line.is_past, number if long_since else -number)
            if best is None or rank > best[0]:
                best = rank, shape
        return None if best is None else self._taken(place, best[1], long_since=long_since)

    def _taken(self, place: PlaceT, shape: ShapeT, *, long_since: bool) -> T:
        line = self.places[place][shape]
        number, _, item = line.taken(long_since=long_since)
        self._characters -= self._order.pop(number)[3]
        self._tidy(place, shape)
        return item

    def _forget(self, now: datetime) -> None:
        """Drop all that has waited too long."""
        while self._order and since(next(iter(self._order.values()))[2], now) > self.kept:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        number = next(iter(self._order))
        place, shape, _, length = self._order.pop(number)
        self._characters -= length
        self.places[place][shape].drop_first()
        self._tidy(place, shape)

    def _drop_line(self, place: PlaceT, shape: ShapeT) -> None:
        line = self.places[place][shape]
        for number, _, _ in (*line.long_since, *line.lately):
            self._characters -= self._order.pop(number)[3]
        line.long_since.clear()
        line.lately.clear()
        self._tidy(place, shape)

    def _tidy(self, place: PlaceT, shape: ShapeT) -> None:
        """Leave no empty line behind, and no empty place."""
        lines = self.places[place]
        if not lines[shape].lately and not lines[shape].long_since:
            del lines[shape]
        if not lines:
            del self.places[place]
