"""What do the servers written in Java have in common?"""

from collections.abc import Iterable

__all__ = ["hash_order"]

_SMALLEST_TABLE = 16


def hash_order(texts: Iterable[str]) -> tuple[str, ...]:
    """The texts, each once, in the order of a HashSet that they were added to in theirs."""
    added = tuple(dict.fromkeys(texts))
    size = _SMALLEST_TABLE
    while len(added) * 4 > size * 3:
        size *= 2
    return tuple(sorted(added, key=lambda text: _spread(text) % size))


def _spread(text: str) -> int:
    """A string's hashCode, its upper half mixed into the lower as HashMap does."""
    code = 0
    for char in text:
        code = (31 * code + ord(char)) & 0xFFFFFFFF
    return code ^ (code >> 16)
