"""What was found out before, and holds again? A bounded memory of results.

Apps ask the same of the same places again and again; what depends on nothing but the request and
its answer is then found here instead of made anew.
"""

from collections import OrderedDict
from collections.abc import Iterator
from typing import Final, Generic, TypeVar

from corscope.messages import HeaderList

__all__ = ["MOST_CHARACTERS", "MOST_KEPT", "Memo", "Shelf", "is_small", "keep", "length_of"]

K = TypeVar("K")
V = TypeVar("V")

MOST_CHARACTERS = 8_000
"""So long may headers be, all together, for what is found out of them to be remembered."""


def keep(results: dict[K, V], key: K, result: V, most: int) -> V:
    """Keep a result, in the place of the oldest where there are so many; returns it.

    Of thousands the oldest is found at once in an OrderedDict; a dict goes over all that were taken
    from its front before.
    """
    results[key] = result
    if len(results) > most:
        del results[next(iter(results))]
    return result


class Memo(dict[K, V]):
    """Results by what they are of, the oldest at the front; so many at most.

    Where most may never be asked for again, a result is kept from its second time on only: all that
    is kept is looked through by the garbage collector, which takes as long as to find it out anew.
    """

    __slots__ = ("_most", "_once")

    def __init__(self, most: int, *, from_second_time: bool = False) -> None:
        self._most = most
        self._once: OrderedDict[int, None] | None = OrderedDict() if from_second_time else None

    def put(self, key: K, result: V) -> V:
        """Remember a result; returns it."""
        if self._once is not None and self._is_first_time(self._once, hash(key)):
            return result
        return keep(self, key, result, self._most)

    def _is_first_time(self, once: "OrderedDict[int, None]", mark: int) -> bool:
        if mark in once:
            del once[mark]
            return False
        keep(once, mark, None, self._most)
        return True


MOST_KEPT: Final = 64_000
"""Of a request or an answer that is longer, nothing is remembered for those after it: servers take
no such request, and a table of thousands would fill the memory."""


LINE: Final = 50
"""A header line, or a name out of a list, counts for so many characters more than it has, so that
thousands of short ones aren't small."""


def is_small(headers: HeaderList, text: str = "", most: int = MOST_CHARACTERS) -> bool:
    """Whether headers, and a URL with them, may be kept though nobody waits for them."""
    return length_of(headers, text) <= most


def length_of(headers: HeaderList, text: str = "", names: int = 0) -> int:
    """About how many characters headers take, a URL with them, and so many names out of them."""
    length = len(text) + LINE * (len(headers) + names)
    for name, value in headers:
        length += len(name) + len(value)
    return length


class Shelf(Generic[K, V]):
    """What is kept by key, the oldest at the front; so many at most, and so many characters.

    The latest stays, however long it is. `items` is only to be looked at.
    """

    __slots__ = ("_characters", "_most", "_most_characters", "items")

    def __init__(self, most: int, most_characters: int) -> None:
        self._most = most
        self._most_characters = most_characters
        self.items: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._characters = 0

    def put(self, key: K, item: V, length: int) -> list[K]:
        """Keep what has so many characters; returns the keys of what has to make room for it."""
        self.drop(key)
        self.items[key] = item, length
        self._characters += length
        gone = []
        while len(self.items) > self._most or (
            self._characters > self._most_characters and len(self.items) > 1
        ):
            gone.append(next(iter(self.items)))
            self.drop(gone[-1])
        return gone

    def get(self, key: K) -> V | None:
        """What is kept under this key, if it still is."""
        found = self.items.get(key)
        return None if found is None else found[0]

    def drop(self, key: K) -> None:
        """Keep nothing under this key."""
        found = self.items.pop(key, None)
        if found is not None:
            self._characters -= found[1]

    def clear(self) -> None:
        """Keep nothing at all."""
        self.items.clear()
        self._characters = 0

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[K]:
        return iter(self.items)
