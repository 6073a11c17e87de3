"""Where in a TOML text does each key stand?

The standard library's parser gives values without places. This walks a text that the parser has
accepted and notes where each key and each item of an array begins. It follows the grammar of
https://toml.io/en/v1.0.0 as far as places need it; of a text that isn't valid it promises nothing.
"""

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

from corscope.rules._toml import loads

__all__ = ["DEEPEST", "KeyPath", "Places", "locate", "too_deep"]

KeyPath = tuple[str | int, ...]

DEEPEST = 8
"""Deeper paths are not noted: no rule has any, and a key of a thousand dots has very long ones."""

_SPACE = re.compile(r"(?:[ \t\n]++|#[^\n]*+)*+")
_EQUALS = re.compile(r"=[ \t]*")
_KEY_PART = re.compile(
    r"[ \t]*(?:(?P<bare>[A-Za-z0-9_-]+)"
    r"""|(?P<quoted>"(?:[^"\\]|\\.)*+"|'[^']*'))"""
    r"[ \t]*(?P<dot>\.)?"
)
_STRING = re.compile(
    r'"""(?:[^"\\]++|\\.|"(?!""))*+"{3,5}'
    r"|'''(?:[^']++|'(?!''))*+'{3,5}"
    r'|"(?:[^"\\\n]++|\\.)*+"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}#\n]*")
_BRACKETS = re.compile(rf"{_STRING.pattern}|#[^\n]*+|[\[\]{{}}]", re.DOTALL)
_TOO_DEEP = 100
"""More brackets within each other than anybody means; the parser takes a few more."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where keys stand, in characters from the text's beginning."""

    offsets: Mapping[KeyPath, int]
    line_starts: tuple[int, ...]

    def find(self, path: KeyPath) -> tuple[int, int]:
        """Line and column, from 1, of the key or of the nearest one above it."""
        while path and path not in self.offsets:
            path = path[:-1]
        offset = self.offsets.get(path, 0)
        line = bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1] + 1


def locate(text: str) -> Places:
    """Note where each key of a valid TOML text stands."""
    walker = _Walker(text.replace("\r\n", "\n"))
    walker.document()
    starts = (0, *(newline.end() for newline in re.finditer("\n", walker.text)))
    return Places(walker.offsets, starts)


def too_deep(text: str) -> int | None:
    """Where brackets are nested more deeply than any text does in earnest, be it TOML or not."""
    depth = 0
    for found in _BRACKETS.finditer(text):
        depth += (found[0] in "[{") - (found[0] in "]}")
        if depth > _TOO_DEEP:
            return found.start()
    return None


class _Walker:
    """The reading position in a text, and what was found so far."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.offsets: dict[KeyPath, int] = {}
        self.counts: dict[KeyPath, int] = {}  # tables so far in each array of tables

    def document(self) -> None:
        table: KeyPath = ()
        self.skip(_SPACE)
        while self.position < len(self.text):
            if self.text.startswith("[", self.position):
                table = self.header()
            else:
                self.key_value(table)
            self.skip(_SPACE)

    def header(self) -> KeyPath:
        """A table's header; returns the path that its keys begin with."""
        start = self.position
        array = self.text.startswith("[[", start)
        self.position += 2 if array else 1
        names = self.key()[:DEEPEST]
        self.position += 2 if array else 1
        path: KeyPath = ()
        for name in names[:-1]:
            path = self.entered((*path, name), start)
        path = (*path, names[-1])
        if array:
            self.counts[path] = self.counts.get(path, 0) + 1
        return self.entered(path, start)

    def entered(self, path: KeyPath, start: int) -> KeyPath:
        """Note a table; of an array of tables the last one is meant."""
        self.note(path, start)
        if path in self.counts:
            path = (*path, self.counts[path] - 1)
            self.note(path, start)
        return path

    def key_value(self, table: KeyPath) -> None:
        start = self.position
        path = table
        for name in self.key():
            path = (*path, name) if len(path) < DEEPEST else path
            self.note(path, start)
        self.skip(_EQUALS)
        self.value(path)

    def key(self) -> list[str]:
        """A key's names; ends behind the blanks that follow it."""
        names = []
        while True:
            part = self.skip(_KEY_PART)
            names.append(part["bare"] or _string_value(part["quoted"]))
            if not part["dot"]:
                return names

    def value(self, path: KeyPath) -> None:
        match self.text[self.position]:
            case "[":
                self.array(path)
            case "{":
                self.inline_table(path)
            case '"' | "'":
                self.skip(_STRING)
            case _:
                self.skip(_SCALAR)

    def array(self, path: KeyPath) -> None:
        index = 0
        while self.another("]"):
            self.note((*path, index), self.position)
            self.value((*path, index))
            index += 1

    def inline_table(self, path: KeyPath) -> None:
        while self.another("}"):
            self.key_value(path)

    def another(self, end: str) -> bool:
        """Go behind the opening bracket or the comma; False behind the closing bracket."""
        self.skip(_SPACE)
        if self.text[self.position] != end:
            self.position += 1
            self.skip(_SPACE)
        if self.text[self.position] != end:
            return True
        self.position += 1
        return False

    def note(self, path: KeyPath, offset: int) -> None:
        if len(path) <= DEEPEST:
            self.offsets.setdefault(path, offset)

    def skip(self, pattern: re.Pattern[str]) -> re.Match[str]:
        found = pattern.match(self.text, self.position)
        assert found is not None, "the text was said to be valid TOML"
        self.position = found.end()
        return found


def _string_value(written: str) -> str:
    if "\\" not in written:
        return written[1:-1]
    value = loads(f"key = {written}")["key"]
    assert isinstance(value, str)
    return value
