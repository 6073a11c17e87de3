"""What was told of a place, and is taken account of only once somebody asks about it?

Most of what is told nobody ever asks about. It waits at its place, in the order in which it came;
where there is too much of it, account is taken of what has waited longest.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

__all__ = ["Backlog", "Place", "Told"]

MOST: Final = 1_000
"""So much waits at most, at all places together."""

MOST_AT_A_PLACE: Final = 16

Place = tuple[str, str]
"""An origin that asks, and the URL that it asks."""


class Told(NamedTuple):
    """Something to take account of.

    Attributes:
        account: what takes account of it.
        what: what that is given, and is the same where the same happens once more.
        when: what it is given besides.
    """

    account: Callable[..., None]
    what: tuple[object, ...]
    when: tuple[object, ...] = ()


@dataclass(slots=True)
class Backlog:
    """All that waits to be taken account of, by place; bounded.

    Attributes:
        places: what was told of each, the places first told of at the front; to be looked at.
    """

    places: dict[Place, list[Told]] = field(default_factory=dict)
    _count: int = 0

    def add(self, place: Place, told: Told) -> None:
        """Let it wait behind what was told of the same place."""
        here = self.places.get(place)
        if here is None:
            here = self.places[place] = []
        here.append(told)
        self._count += 1
        if len(here) > MOST_AT_A_PLACE:
            self.take_account(place)
        while self._count > MOST:
            self.take_account(next(iter(self.places)))

    def keep_latest(self, place: Place, most: int = 1) -> None:
        """Drop what was told of a place before the latest, of which there are so many."""
        here = self.places[place]
        self._count -= len(here) - most
        del here[:-most]

    def take_account(self, place: Place) -> None:
        """Take account of all that was told of a place."""
        here = self.places.pop(place, ())
        self._count -= len(here)
        for told in here:
            told.account(*told.what, *told.when)

    def take_account_of_all(self) -> None:
        """The same for all places."""
        while self.places:
            self.take_account(next(iter(self.places)))
