"""Where in a HAR's text are the bodies? They are passed over as it is read.

Most of a HAR is bodies, and nothing of CORS is in them. They stand under the key "text"; here the
bytes are searched for that key, and the string that follows is left empty. What is left, about a
fifth, is JSON of the same shape.
"""

import re
from collections.abc import Callable
from typing import Final

__all__ = ["WithoutBodies"]

_KEY: Final = b'"text"'
_OPENING: Final = re.compile(_KEY + rb'[ \t\r\n]{0,8}:[ \t\r\n]{0,8}"')
_LONGEST_OPENING: Final = len(_KEY) + 8 + 1 + 8 + 1

_BEFORE_KEYS: Final = b"{, \t\r\n"
"""What stands before a key. Before a quote in a string there is always a backslash."""

# Up to a quote that ends the string, as far as can be told by one or three backslashes before it:
# those of quotes in text, and in JSON that is text. Looking for the quote alone, and only then at
# what is before it, takes a third of the time that `[^"\\]*(\\.[^"\\]*)*` does.
_IN_STRING: Final = re.compile(
    rb'[^"]*+(?:(?:(?<=[^\\]\\)|(?<=[^\\]\\\\\\))"[^"]*+)*+',
)
_BACKSLASH: Final = ord("\\")


class WithoutBodies:
    """A HAR's bytes without its bodies; `offset` is how far the file was read."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        self._held = b""
        self._is_inside = False
        self.offset = 0

    def read(self, size: int) -> bytes:
        """Read up to so many bytes, and return what of them is no body; nothing at the end."""
        while chunk := self._read(size):
            self.offset += len(chunk)
            if found := self._cut(self._held + chunk):
                return found
        rest, self._held = self._held, b""
        return rest

    def _cut(self, data: bytes) -> bytes:
        kept: list[bytes] = []
        at = 0
        while True:
            if self._is_inside:
                at = _end_of_string(data, at)
                if at == len(data):
                    # Whether the next quote is escaped hangs only on whether they are odd.
                    backslashes = len(data) - len(data.rstrip(b"\\"))
                    self._held = b"\\" * (backslashes % 2)
                    return b"".join(kept)
                self._is_inside = False
            opening = _next_opening(data, at)
            if opening is None:
                # The beginning of a key may stand at the end, with what is before it.
                end = max(at, len(data) - _LONGEST_OPENING - 1)
                kept.append(data[at:end])
                self._held = data[end:]
                return b"".join(kept)
            kept.append(data[at:opening])
            at, self._is_inside = opening, True


def _next_opening(data: bytes, start: int) -> int | None:
    """Where the next body begins, behind its opening quote."""
    at = start
    while (at := data.find(_KEY, at)) >= 0:
        if at > 0 and data[at - 1] in _BEFORE_KEYS and (found := _OPENING.match(data, at)):
            return found.end()
        at += 1
    return None


def _end_of_string(data: bytes, start: int) -> int:
    """Where the quote is that ends the string; the end of the data where it isn't there."""
    at = data.find(b'"', start)  # base64 has no other, and this takes no time
    while 0 <= at < len(data):
        first = at
        while first > start and data[first - 1] == _BACKSLASH:
            first -= 1
        if (at - first) % 2 == 0:
            return at
        found = _IN_STRING.match(data, at + 1)
        assert found is not None  # the pattern also matches nothing
        start, at = at + 1, found.end()
    return len(data)
