"""How is a HAR's text followed in constant memory? Its entries come one by one, decoded.

The format: http://www.softwareishard.com/blog/har-12-spec/. mitmproxy's own reader loads the
whole file and gives up at the first entry that lacks a field; browsers leave out many. Here the
text is read piece by piece, only one of them and one entry are ever held, and bodies are passed
over. What an entry tells is read in `har`.
"""

import codecs
import json
import re
from collections.abc import Callable, Iterator
from typing import Final

from corscope.mitm.saved.bodies import WithoutBodies

__all__ = ["HarError", "HarText", "UnreadableError", "entries"]

CHUNK: Final = 1024 * 1024

MOST_BROKEN: Final = 100
"""After so many broken entries each is cut out before it is decoded: Python's JSON decoder counts
the lines before a mistake, of the whole piece each time."""

# Possessive: a long string is passed over once, without a stack of places to come back to.
_IN_STRING: Final = re.compile(r'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
_BETWEEN: Final = re.compile(r'[^"{}\[\]]*+')
_SCALAR: Final = re.compile(r"[^\s,\]}]*+")
_SPACE: Final = re.compile(r"[ \t\r\n]*+")


class HarError(ValueError):
    """The text can't be followed any further.

    `hint` is what to do, where that isn't to save it again.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class UnreadableError(ValueError):
    """One entry can't be read; what comes after it can."""


class HarText:
    """A HAR's text, read forward only; never more than one piece and one value is held.

    `creator` is the name of the program that wrote it, once that was read.
    """

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self.creator = ""
        self._source = WithoutBodies(read)
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("surrogateescape")
        self._text = ""
        self._at = 0
        self._held = ""
        self._broken = 0
        self._ended = False

    def peek(self) -> str:
        """Pass over white space and return the next character, or "" at the end."""
        while self._fill():
            self._at = _end(_SPACE, self._text, self._at)
            if self._at < len(self._text):
                return self._text[self._at]
        return ""

    def take(self, wanted: str) -> str:
        """Take the next character, which must be one of those wanted."""
        found = self.peek()
        if not found:
            raise HarError(f"the file ends at byte {self._source.offset}, in the middle of the HAR")
        if found not in wanted:
            expected = " or ".join(wanted)
            raise HarError(f"{found!r} near byte {self._source.offset}, where {expected} should be")
        self._at += 1
        return found

    def end(self) -> None:
        """Have nothing more in the text."""
        if self.peek():
            raise HarError(
                f"there is more behind the end of the HAR, near byte {self._source.offset}",
                "only what is before it was read: name each HAR as a file of its own",
            )

    def each_key(self) -> Iterator[str]:
        """Walk an object: yields each key; the caller takes or skips the value before the next."""
        self.take("{")
        if self.peek() == "}":
            self.take("}")
            return
        while True:
            if self.peek() not in ('"', ""):
                self.take('"')  # says what is there instead
            yield str(json.loads(self.value(CHUNK) or '""'))
            if self.take(",}") == "}":
                return

    def each_item(self) -> Iterator[int]:
        """Walk an array: yields each index; the caller takes or skips the item before the next."""
        self.take("[")
        if self.peek() == "]":
            self.take("]")
            return
        index = 0
        while True:
            yield index
            index += 1
            if self.take(",]") == "]":
                return

    def value(self, limit: int) -> str | None:
        """Take the next value's text; None, and nothing held, where it is longer than the limit."""
        held: list[str] = []
        length = 0
        for piece in self._pieces():
            length += len(piece)
            if length <= limit:
                held.append(piece)
            else:
                held.clear()
        return "".join(held) if length <= limit else None

    def decoded(self, limit: int) -> object:
        """Take the next value, decoded.

        Raises:
            UnreadableError: it is longer than the limit, or no JSON; it is passed over then.
        """
        if self.peek() == "{" and self._broken < MOST_BROKEN:
            found = self._whole() or self._whole_with_more()
            if found and found[1] > limit:
                raise _too_long(limit)
            if found:
                return found[0]
        text = self.value(limit)  # passed over bracket by bracket, whatever is wrong with it
        if text is None:
            raise _too_long(limit)
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            self._broken += 1
            raise UnreadableError(str(error)) from error

    def _whole(self) -> tuple[object, int] | None:
        """Take an object that is whole in this piece: what it is, and how long."""
        start = self._at
        try:
            found, self._at = _DECODER.raw_decode(self._text, start)
        except (ValueError, RecursionError):
            return None
        return found, self._at - start

    def _whole_with_more(self) -> tuple[object, int] | None:
        """The same for one that goes on in the next piece."""
        if len(self._text) - self._at > CHUNK or self._ended:
            return None
        self._text, self._at = self._text[self._at :] + self._piece(), 0
        return self._whole()

    def skip(self) -> None:
        """Pass over the next value."""
        for _ in self._pieces():
            pass

    def _pieces(self) -> Iterator[str]:
        """Yield the next value's text as it is read; only brackets and strings are understood."""
        if self.peek() not in ('"', "{", "["):
            yield from self._scalar()
            return
        depth, in_string = 0, False
        while self._fill():
            start = self._at
            while self._at < len(self._text):
                if in_string:
                    self._at = _end(_IN_STRING, self._text, self._at)
                    if self._at == len(self._text):
                        break
                    in_string = False
                else:
                    self._at = _end(_BETWEEN, self._text, self._at)
                    if self._at == len(self._text):
                        break
                    in_string = self._text[self._at] == '"'
                    depth += _STEP[self._text[self._at]]
                self._at += 1
                if depth == 0 and not in_string:
                    yield self._text[start : self._at]
                    return
            yield self._text[start:]
        raise HarError(f"the file ends at byte {self._source.offset}, in the middle of the HAR")

    def _scalar(self) -> Iterator[str]:
        """Yield a number or a word; it ends where anything else begins."""
        while self._fill():
            start = self._at
            self._at = _end(_SCALAR, self._text, start)
            yield self._text[start : self._at]
            if self._at < len(self._text):
                return

    def _fill(self) -> bool:
        """Have unread text at hand, reading on where there is none; False at the end."""
        while self._at >= len(self._text) and not self._ended:
            self._text, self._at = self._piece(), 0
        return self._at < len(self._text)

    def _piece(self) -> str:
        """The next piece; a backslash and what it escapes stay together."""
        piece, self._held = self._held + self._more(), ""
        backslashes = len(piece) - len(piece.rstrip("\\"))
        if backslashes % 2 and not self._ended:
            piece, self._held = piece[:-1], "\\"
        return piece

    def _more(self) -> str:
        chunk = self._source.read(CHUNK)
        self._ended = not chunk
        return self._decoder.decode(chunk, final=self._ended)


_DECODER: Final = json.JSONDecoder()
_STEP: Final = {"{": 1, "[": 1, "}": -1, "]": -1, '"': 0}


def _end(pattern: re.Pattern[str], text: str, start: int) -> int:
    """Where a pattern that also matches nothing ends."""
    matched = pattern.match(text, start)
    assert matched is not None
    return matched.end()


def _too_long(limit: int) -> UnreadableError:
    return UnreadableError(f"it is longer than {limit:,} characters")


def entries(text: HarText, limit: int) -> Iterator[object]:
    """Yield each item of `log.entries`; an `UnreadableError` stands for one that can't be read.

    The keys are walked, since a string or another object may well hold the word "entries".
    """
    seen = False
    for key in text.each_key():
        text.take(":")
        if key != "log":
            text.skip()
            continue
        for log_key in text.each_key():
            text.take(":")
            if log_key == "creator":
                text.creator = _name_in(text.value(CHUNK))
                continue
            if log_key != "entries":
                text.skip()
                continue
            seen = True
            for _ in text.each_item():
                try:
                    item = text.decoded(limit)
                except UnreadableError as error:
                    item = error
                yield item
    if not seen:
        raise HarError("there is no log.entries in it, so it is JSON but no HAR")
    text.end()


def _name_in(creator: str | None) -> str:
    try:
        found = json.loads(creator or "null")
    except (ValueError, RecursionError):
        return ""
    return str(found.get("name")) if isinstance(found, dict) else ""
