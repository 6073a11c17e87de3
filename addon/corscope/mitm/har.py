"""What does a HAR file hold? Its entries one by one, each as a flow, in constant memory.

The format: http://www.softwareishard.com/blog/har-12-spec/. mitmproxy's own reader loads the
whole file and gives up at the first entry that lacks a field; browsers leave out many. Here the
text is walked piece by piece, only one entry is ever held, and bodies are dropped at once:
nothing of CORS is in them. Which file it is, and what to tell the user, is said in `flows`.
"""

import codecs
import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final

from mitmproxy import connection, flow, http

__all__ = ["HarError", "HarText", "entries", "entry_flow"]

CHUNK: Final = 64 * 1024

# Possessive: a long string is passed over once, without a stack of places to come back to.
_IN_STRING: Final = re.compile(r'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
_BETWEEN: Final = re.compile(r'[^"{}\[\]]*+')
_SCALAR: Final = re.compile(r"[^\s,\]}]*+")
_SPACE: Final = re.compile(r"[ \t\r\n]*+")


class HarError(ValueError):
    """The text can't be followed any further."""


class HarText:
    """A HAR's text, read forward only; never more than one piece and one value is held."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("surrogateescape")
        self._text = ""
        self._at = 0
        self._ended = False
        self._bytes_read = 0

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
            raise HarError(f"the file ends at byte {self._bytes_read}, in the middle of the HAR")
        if found not in wanted:
            expected = " or ".join(wanted)
            raise HarError(f"{found!r} near byte {self._bytes_read}, where {expected} should be")
        self._at += 1
        return found

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
        raise HarError(f"the file ends at byte {self._bytes_read}, in the middle of the HAR")

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
            self._text, self._at = self._more(), 0
            while self._text.endswith("\\") and not self._ended:
                self._text += self._more()  # a backslash and what it escapes stay together
        return self._at < len(self._text)

    def _more(self) -> str:
        chunk = self._read(CHUNK)
        self._bytes_read += len(chunk)
        self._ended = not chunk
        return self._decoder.decode(chunk, final=self._ended)


_STEP: Final = {"{": 1, "[": 1, "}": -1, "]": -1, '"': 0}


def _end(pattern: re.Pattern[str], text: str, start: int) -> int:
    """Where a pattern that also matches nothing ends."""
    matched = pattern.match(text, start)
    assert matched is not None
    return matched.end()


def entries(text: HarText, limit: int) -> Iterator[str | None]:
    """Yield the text of each item of `log.entries`; None stands for one longer than the limit.

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
            if log_key != "entries":
                text.skip()
                continue
            seen = True
            for _ in text.each_item():
                yield text.value(limit)
    if not seen:
        raise HarError("there is no log.entries in it, so it is JSON but no HAR")


def entry_flow(entry: object) -> http.HTTPFlow | None:
    """Translate one entry; None for what no proxy sees, such as data: URLs and WebSockets.

    Raises ValueError with what the entry lacks.
    """
    request = _object(_object(entry, "the entry").get("request"), "request")
    url = request.get("url")
    if not isinstance(url, str):
        raise ValueError("it has no request.url")
    if not url.lower().startswith(("http://", "https://")):
        return None
    assert isinstance(entry, dict)
    started = _timestamp(entry.get("startedDateTime"))
    found = http.HTTPFlow(_client(started), connection.Server(address=None))
    found.request = http.Request.make(str(request.get("method") or "GET"), url)
    found.request.headers = _headers(request.get("headers"))
    found.request.timestamp_start = found.request.timestamp_end = started
    _add_answer(found, entry, started + _seconds(entry.get("time")))
    return found


def _add_answer(found: http.HTTPFlow, entry: dict[str, Any], ended: float) -> None:
    """Add the response, or the error where there was none: browsers then write status 0."""
    answer = entry.get("response")
    answer = answer if isinstance(answer, dict) else {}
    status = answer.get("status")
    if isinstance(status, int) and 100 <= status <= 599:
        found.response = http.Response.make(status)
        found.response.headers = _headers(answer.get("headers"))
        found.response.timestamp_start = found.response.timestamp_end = ended
        return
    said = answer.get("_error") or entry.get("_error")
    found.error = flow.Error(str(said) if said else "the HAR holds no response", ended)


def _headers(listed: object) -> http.Headers:
    """Read a list of {"name", "value"} or [name, value]; what HTTP/2 calls pseudo-headers is left.

    Where a browser joined repeated lines with a line feed, they are taken apart again.
    """
    fields = []
    for item in listed if isinstance(listed, list) else []:
        match item:
            case {"name": str(name), "value": value} | [str(name), value]:
                if not name.startswith(":"):
                    lines = str("" if value is None else value).split("\n")
                    fields += [(_bytes(name), _bytes(line.strip("\r"))) for line in lines]
    return http.Headers(fields)


def _bytes(text: str) -> bytes:
    """Encode as mitmproxy does; bytes that were no UTF-8 come out as they went in."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half a surrogate pair, written as an escape
        return text.encode("utf-8", "replace")


def _object(value: object, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{what} is not an object")
    return value


def _timestamp(text: object) -> float:
    """Read startedDateTime; 0 where it is missing or unreadable, which spoils no verdict."""
    try:
        return datetime.fromisoformat(str(text)).timestamp()
    except (ValueError, OverflowError, OSError):
        return 0.0


def _seconds(milliseconds: object) -> float:
    return milliseconds / 1000 if isinstance(milliseconds, int | float) else 0.0


def _client(started: float) -> connection.Client:
    nobody = ("127.0.0.1", 0)
    return connection.Client(peername=nobody, sockname=nobody, timestamp_start=started)
