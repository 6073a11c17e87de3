"""Which kinds of values are there, but for tables of known keys?"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from corscope.rules.kinds.place import At
from corscope.rules.kinds.wrong import (
    MILLI,
    as_pairs,
    complain_of_kind,
    complain_of_range,
    of_milliseconds,
)
from corscope.rules.problems import BadValueError, shown, shown_list
from corscope.servers.registry import nearest

__all__ = [
    "Amount",
    "Choice",
    "Either",
    "Filter",
    "Flag",
    "Json",
    "OneOrMany",
    "Pairs",
    "Status",
    "Text",
    "ValueKind",
    "Whole",
]

Json = dict[str, Any]


class ValueKind(Protocol):
    """A kind of value. What `read` returns counts only if it noted no mistake."""

    def read(self, value: object, at: At) -> Any:
        """Check a value and turn it into what the rules work with."""

    def schema(self) -> Json:
        """The same as JSON Schema."""


def _same(text: str) -> str:
    return text


@dataclass(frozen=True, slots=True)
class Text:
    """A string; `parse` raises BadValueError for one that is not of this kind."""

    parse: Callable[[str], Any] = _same
    pattern: str | None = None
    may_be_empty: bool = False

    def read(self, value: object, at: At) -> Any:
        """Check it and parse it."""
        if not isinstance(value, str):
            complain_of_kind("a string", value, at)
        elif not value and not self.may_be_empty:
            at.complain("must not be empty", "write what is meant, or leave it out", value=value)
        else:
            try:
                return self.parse(value)
            except BadValueError as mistake:
                at.complain(str(mistake), mistake.hint, value=value)
        return None

    def schema(self) -> Json:
        """The same as JSON Schema."""
        length = {} if self.may_be_empty else {"minLength": 1}
        pattern = {"pattern": self.pattern} if self.pattern else {}
        return {"type": "string", **length, **pattern}


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter expression, which only the caller can judge."""

    def read(self, value: object, at: At) -> str | None:
        """Let the caller check it."""
        expression = Text().read(value, at)
        if not isinstance(expression, str):
            return None
        try:
            at.check_filter(expression)
        except ValueError as error:
            at.complain(
                f"is no filter over the request: {error}", "see mitmproxy's ~ filters", value=value
            )
        return expression

    def schema(self) -> Json:
        """The same as JSON Schema."""
        return Text().schema()


@dataclass(frozen=True, slots=True)
class Flag:
    """A boolean."""

    def read(self, value: object, at: At) -> bool:
        """Check it."""
        if not isinstance(value, bool):
            complain_of_kind("a boolean", value, at)
        return value is True

    def schema(self) -> Json:
        """The same as JSON Schema."""
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Whole:
    """An integer in a range; a boolean is none, although Python thinks so."""

    low: int
    high: int

    def read(self, value: object, at: At) -> int | None:
        """Check it."""
        if not isinstance(value, int) or isinstance(value, bool):
            complain_of_kind("an integer", value, at)
            return None
        if not self.low <= value <= self.high:
            complain_of_range(self.low, self.high, value, at)
        return value

    def schema(self) -> Json:
        """The same as JSON Schema."""
        return {"type": "integer", "minimum": self.low, "maximum": self.high}


@dataclass(frozen=True, slots=True)
class Amount:
    """A number of seconds, from 0 up to a bound."""

    high: int

    def read(self, value: object, at: At) -> float:
        """Check it; TOML also writes infinity and not-a-number."""
        if not isinstance(value, int | float) or isinstance(value, bool):
            complain_of_kind("a number", value, at)
        elif math.isnan(value) or not 0 <= value <= self.high:
            is_milli = self.high < value <= self.high * MILLI
            hint = of_milliseconds(value) if is_milli else ""
            complain_of_range(0, self.high, value, at, hint)
        else:
            return float(value)
        return 0.0

    def schema(self) -> Json:
        """The same as JSON Schema."""
        return {"type": "number", "minimum": 0, "maximum": self.high}


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words, each with what it means to the rules.

    `otherwise` tells of a word that looks like none of them what may have been meant by it.
    """

    words: Mapping[str, Any]
    otherwise: str = "choose one, or leave it out"

    def read(self, value: object, at: At) -> Any:
        """Check it and look it up."""
        known = " or ".join(shown(word) for word in self.words)
        if not isinstance(value, str):
            complain_of_kind("a string", value, at, self._as_word(value) or f"write {known}")
        elif value not in self.words:
            meant = nearest(value, self.words)
            hint = f"did you mean {shown(meant)}?" if meant else self.otherwise
            at.complain(f"must be {known}", hint, value=value)
        else:
            return self.words[value]
        return None

    def _as_word(self, value: object) -> str:
        """How a value is written that is one of the words but for its brackets."""
        alone = value[0] if isinstance(value, list) and len(value) == 1 else None
        return f"write {shown(alone)} without brackets" if alone in self.words else ""

    def schema(self) -> Json:
        """The same as JSON Schema."""
        return {"enum": list(self.words)}


@dataclass(frozen=True, slots=True)
class Status:
    """A status, or a class of them such as `5xx`; read as a range."""

    def read(self, value: object, at: At) -> range:
        """Check it."""
        hint = 'a status is written 404, a class of them "4xx"'
        if isinstance(value, bool) or not isinstance(value, int | str):
            complain_of_kind("an integer or a string", value, at, hint)
            return range(0)
        text = value if isinstance(value, str) else shown(value)
        if len(text) != 3 or text[0] not in "2345":
            at.complain("must be a final status, from 200 to 599", hint, value=value)
        elif text.endswith("xx"):
            return range(int(text[0]) * 100, int(text[0]) * 100 + 100)
        elif text.isascii() and text.isdigit():
            return range(int(text), int(text) + 1)
        else:
            at.complain("is no status", hint, value=value)
        return range(0)

    def schema(self) -> Json:
        """The same as JSON Schema."""
        number = {"type": "integer", "minimum": 200, "maximum": 599}
        return {"anyOf": [number, {"type": "string", "pattern": "^[2-5](?:xx|[0-9][0-9])$"}]}


@dataclass(frozen=True, slots=True)
class OneOrMany:
    """A value, or an array of them that isn't empty; read as a tuple."""

    item: ValueKind

    def read(self, value: object, at: At) -> tuple[Any, ...]:
        """Check it."""
        if not isinstance(value, list):
            return (self.item.read(value, at),)
        if not value:
            at.complain(
                "must not be empty: it could match nothing", "leave the key out", value=value
            )
        return _read_items(self.item, value, at)

    def schema(self) -> Json:
        """The same as JSON Schema."""
        item = self.item.schema()
        return {"anyOf": [item, {"type": "array", "items": item, "minItems": 1}]}


@dataclass(frozen=True, slots=True)
class Either:
    """A single string with a meaning of its own, or an array; read as a string or a tuple."""

    single: ValueKind
    item: ValueKind

    def read(self, value: object, at: At) -> Any:
        """Check it."""
        if isinstance(value, list):
            return _read_items(self.item, value, at)
        if not isinstance(value, str):
            complain_of_kind("a string or an array", value, at)
            return None
        alone = at.aside()
        read = self.single.read(value, alone)
        if alone.remarks and isinstance(self.single, Choice):
            items = filter(None, map(str.strip, value.split(",")))
            message = f"{alone.remarks[0].message}, or an array"
            at.complain(message, f"write {shown_list(items)}", value=value)
        else:
            at.remarks.extend(alone.remarks)
        return read

    def schema(self) -> Json:
        """The same as JSON Schema."""
        array = {"type": "array", "items": self.item.schema()}
        return {"anyOf": [self.single.schema(), array]}


@dataclass(frozen=True, slots=True)
class Pairs:
    """A table of header lines; read as pairs, with `repeated` one for each item of an array."""

    key: Text
    value: ValueKind
    repeated: bool = False

    def read(self, value: object, at: At) -> tuple[tuple[str, Any], ...]:
        """Check it."""
        if not isinstance(value, dict):
            complain_of_kind("a table of headers", value, at, as_pairs(value))
            return ()
        if not value:
            at.complain("must not be empty", "leave the key out", value=value)
        pairs: list[tuple[str, Any]] = []
        for name, lines in value.items():
            self._read_name(name, lines, at.into(name))
            read = self.value.read(lines, at.into(name))
            pairs.extend((name, line) for line in (read if self.repeated else (read,)))
        return tuple(pairs)

    def _read_name(self, name: str, lines: object, at: At) -> None:
        """Check the name; what stands behind it is its value all the same."""
        alone = at.aside()
        self.key.read(name, alone)
        for each in alone.remarks:
            at.complain(f"has a name that {each.message}", each.hint, value=lines)

    def schema(self) -> Json:
        """The same as JSON Schema."""
        return {
            "type": "object",
            "minProperties": 1,
            "propertyNames": self.key.schema(),
            "additionalProperties": self.value.schema(),
        }


def _read_items(kind: ValueKind, items: Sequence[object], at: At) -> tuple[Any, ...]:
    return tuple(kind.read(item, at.into(index)) for index, item in enumerate(items))
