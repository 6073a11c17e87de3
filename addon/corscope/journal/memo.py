"""What was found out before, and holds again? A bounded memory of results.

Apps ask the same of the same places again and again; what depends on nothing but the request and
its answer is then found here instead of made anew.
"""

from typing import Generic, TypeVar

from corscope.messages import HeaderList

__all__ = ["Memo", "is_small"]

K = TypeVar("K")
V = TypeVar("V")

MOST_CHARACTERS = 8_000
"""So long may headers be, all together, for what is found out of them to be remembered."""


class Memo(Generic[K, V]):
    """Results by what they are of, the oldest at the front; so many at most."""

    __slots__ = ("_most", "_results", "get")

    def __init__(self, most: int) -> None:
        self._most = most
        self._results: dict[K, V] = {}
        self.get = self._results.get

    def put(self, key: K, result: V) -> V:
        """Remember a result; returns it."""
        self._results[key] = result
        if len(self._results) > self._most:
            del self._results[next(iter(self._results))]
        return result

    def __len__(self) -> int:
        return len(self._results)


def is_small(headers: HeaderList, text: str = "") -> bool:
    """Whether headers, and a URL with them, may be kept though nobody waits for them."""
    length = len(text)
    for name, value in headers:
        length += len(name) + len(value)
    return length <= MOST_CHARACTERS
