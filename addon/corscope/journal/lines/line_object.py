"""Does a line have what it should, where it should? If not, the message names the key."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from corscope.messages import HeaderList

__all__ = ["LineError", "LineObject"]


class LineError(ValueError):
    """A line that can't be read; the message names the key, its value and what it should be."""


_SHOWN: Final = 60
"""Characters of a wrong value that a message shows."""


_BEYOND: Final = 2**63


def _is_text(value: object) -> bool:
    """Whether it is a string of whole characters: JSON can also write half a surrogate pair."""
    if not isinstance(value, str):
        return False
    return value.isascii() or not any("\ud800" <= char <= "\udfff" for char in value)


@dataclass(frozen=True, slots=True)
class LineObject:
    """An object of a line, with the way to it, for the messages."""

    content: Mapping[str, Any]
    path: str = ""

    def refuse(self, key: str, wanted: str) -> LineError:
        """The error that says what stands there instead."""
        if key not in self.content:
            return LineError(f'the key "{self.path}{key}" is missing; it should be {wanted}')
        found = ascii(self.content[key])
        shown = found if len(found) <= _SHOWN else f"{found[:_SHOWN]}..."
        return LineError(f'the key "{self.path}{key}" should be {wanted}, and is {shown}')

    def has(self, key: str) -> bool:
        """Whether the key is there, with anything but null."""
        return self.content.get(key) is not None

    def text(self, key: str) -> str:
        """A text."""
        value = self.content.get(key)
        if not _is_text(value):
            raise self.refuse(key, "a text")
        return cast("str", value)

    def maybe_text(self, key: str) -> str | None:
        """A text or null; a key that is missing counts as null."""
        return self.text(key) if self.has(key) else None

    def number(self, key: str) -> int:
        """A whole number that counts, or is counted with: a signed one of 64 bits."""
        value = self.content.get(key)
        if type(value) is not int or not -_BEYOND <= value < _BEYOND:
            raise self.refuse(key, "a whole number")
        return value

    def small_number(self, key: str, most: int) -> int:
        """A whole number from 0 on, of something of which there is not much."""
        value = self.content.get(key)
        if type(value) is not int or not 0 <= value <= most:
            raise self.refuse(key, f"a whole number from 0 to {most:,}")
        return value

    def maybe_number(self, key: str) -> int | None:
        """A whole number or null."""
        return self.number(key) if self.has(key) else None

    def one_of(self, key: str, choices: Collection[str]) -> str:
        """One of these texts."""
        value = self.content.get(key)
        if not isinstance(value, str) or value not in choices:
            raise self.refuse(key, "one of " + ", ".join(map(str, choices)))
        return value

    def flag(self, key: str) -> bool:
        """True or false; a key that is missing counts as false."""
        value = self.content.get(key, False)
        if type(value) is not bool:
            raise self.refuse(key, "true or false")
        return value

    def items(self, key: str) -> list[Any]:
        """A list."""
        value = self.content.get(key)
        if not isinstance(value, list):
            raise self.refuse(key, "a list")
        return value

    def names(self, key: str) -> tuple[str, ...]:
        """A list of texts."""
        items = self.items(key)
        if not all(map(_is_text, items)):
            raise self.refuse(key, "a list of texts")
        return tuple(items)

    def headers(self, key: str) -> HeaderList:
        """A list of header lines, each a name and a value."""
        items = self.items(key)
        for item in items:
            is_list = isinstance(item, list) and len(item) == 2
            if not (is_list and all(map(_is_text, item))):
                raise self.refuse(key, "a list of names with their values")
        return tuple((name, value) for name, value in items)

    def inner(self, key: str) -> "LineObject":
        """An object."""
        value = self.content.get(key)
        if not isinstance(value, Mapping):
            raise self.refuse(key, "an object")
        return LineObject(value, f"{self.path}{key}.")

    def objects(self, key: str) -> Iterator["LineObject"]:
        """A list of objects; a key that is missing counts as an empty one."""
        for number, item in enumerate(self.items(key) if key in self.content else ()):
            if not isinstance(item, Mapping):
                raise self.refuse(key, "a list of objects")
            yield LineObject(item, f"{self.path}{key}[{number}].")
