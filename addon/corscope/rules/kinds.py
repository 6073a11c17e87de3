"""What may stand as the value of a key in a rule file?

Each kind is told once and used twice: `read` checks a value and turns it into what the rules work
with, `schema` says the same to editors in JSON Schema. Which key has which kind is in `schema`.
"""

import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from corscope.rules.locate import KeyPath
from corscope.rules.problems import BadValueError, kind_of, shown, shown_list
from corscope.servers.registry import nearest

__all__ = [
    "Amount",
    "At",
    "Choice",
    "Either",
    "Field",
    "Filter",
    "Flag",
    "Json",
    "OneOrMany",
    "Pairs",
    "Remark",
    "Status",
    "Table",
    "Text",
    "ValueKind",
    "Whole",
]

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Remark:
    """Something wrong with a value, by its key's path; `load` knows the file and the line.

    What is only suspicious has an id, of those in `lint.ids`.
    """

    path: KeyPath
    value: str | None
    message: str
    hint: str
    id: str = ""


@dataclass(frozen=True, slots=True)
class At:
    """The place that is being read, and the list that its mistakes go to."""

    path: KeyPath
    remarks: list[Remark]
    check_filter: Callable[[str], None]

    def into(self, part: str | int) -> "At":
        """The place of a key or an item in this one."""
        return At((*self.path, part), self.remarks, self.check_filter)

    def aside(self) -> "At":
        """The same place with a list of its own, for mistakes that are yet to be put otherwise."""
        return At(self.path, [], self.check_filter)

    def complain(self, message: str, hint: str, *, value: object = None) -> None:
        """Note a mistake, and the way out; a value of None is not shown."""
        text = None if value is None else shown(value)
        self.remarks.append(Remark(self.path, text, message, hint))


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
            _complain_of_kind("a string", value, at)
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
            _complain_of_kind("a boolean", value, at)
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
            _complain_of_kind("an integer", value, at)
            return None
        if not self.low <= value <= self.high:
            _complain_of_range(self.low, self.high, value, at)
        return value

    def schema(self) -> Json:
        """The same as JSON Schema."""
        return {"type": "integer", "minimum": self.low, "maximum": self.high}


@dataclass(frozen=True, slots=True)
class Amount:
    """A number from 0 up to a bound."""

    high: int

    def read(self, value: object, at: At) -> float:
        """Check it; TOML also writes infinity and not-a-number."""
        if not isinstance(value, int | float) or isinstance(value, bool):
            _complain_of_kind("a number", value, at)
        elif math.isnan(value) or not 0 <= value <= self.high:
            _complain_of_range(0, self.high, value, at)
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
            _complain_of_kind("a string", value, at, self._as_word(value) or f"write {known}")
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
            _complain_of_kind("an integer or a string", value, at, hint)
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
            _complain_of_kind("a string or an array", value, at)
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
            _complain_of_kind("a table of headers", value, at, _as_pairs(value))
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


@dataclass(frozen=True, slots=True)
class Field:
    """A key of a table; `into` is the name its value has in the rules, if that is another one."""

    name: str
    kind: ValueKind
    doc: str
    default: object = None
    required: bool = False
    into: str = ""


def _no_fields(_raw: Mapping[str, object]) -> Sequence[Field]:
    return ()


def _no_check(_values: Mapping[str, Any], _at: At) -> None: ...


@dataclass(frozen=True, slots=True)
class Table:
    """A table with known keys.

    Attributes:
        fields: its keys.
        build: makes the value from what was read, if nothing was wrong.
        example: what may stand in it, for whoever has something else there, or nothing.
        any_of: keys of which at least one has to be there.
        check: looks at the keys together; gets whatever could be read, by the names in the rules.
        further: keys that depend on what else is there; `all_further` are all there can be.
        elsewhere: keys that belong into another table, each with a hint.
        beside: the same for those that are only taken so where no key of this table looks alike.
        otherwise: what to do about any other key.
        dependent: keys where the table has to fit a further JSON Schema if they are there; `read`
            finds out in other ways.
    """

    fields: tuple[Field, ...]
    build: Callable[..., Any]
    example: str
    any_of: tuple[str, ...] = ()
    check: Callable[[Mapping[str, Any], At], None] = _no_check
    further: Callable[[Mapping[str, object]], Sequence[Field]] = _no_fields
    all_further: tuple[Field, ...] = ()
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    beside: Mapping[str, str] = field(default_factory=dict)
    otherwise: str = ""
    dependent: Mapping[str, Json] = field(default_factory=dict)

    def read(self, value: object, at: At) -> Any:
        """Check it and build what it means."""
        if not isinstance(value, dict):
            _complain_of_kind("a table", value, at, f"write {{ {self.example} }}, say")
            return None
        before = len(at.remarks)
        known = {each.name: each for each in (*self.fields, *self.further(value))}
        values: dict[str, Any] = {}
        present = set(value)
        for name, item in value.items():
            if isinstance(item, dict):
                present.update(item)
            if name not in known:
                meant = nearest(_as_key(name), known)
                present.add(meant or name)
                hint = self.elsewhere.get(name) or self._hint_of_key(name, item, meant, known)
                at.into(name).complain("is no key that is known here", hint, value=item)
                continue
            mistakes = len(at.remarks)
            read = known[name].kind.read(item, at.into(name))
            if len(at.remarks) == mistakes:
                values[known[name].into or name] = read
        self._check_presence(present, at)
        self.check(values, at)
        return self.build(**values) if len(at.remarks) == before else None

    def _hint_of_key(
        self, name: str, item: object, meant: str | None, known: Collection[str]
    ) -> str:
        if meant and not (isinstance(item, dict) and name in self.beside):
            return f"did you mean {meant}?"
        return self.beside.get(name) or self.otherwise or f"there are {', '.join(known)}"

    def _check_presence(self, present: Collection[str], at: At) -> None:
        """Tell what is missing, but not of a key that is only misspelt, or a table too deep."""
        for each in self.fields:
            if each.required and each.name not in present:
                inner = f"{{ {each.kind.example} }}" if isinstance(each.kind, Table) else '"…"'
                at.complain(f"has no {each.name}", f"write {each.name} = {inner}, say")
        if self.any_of and not any(name in present for name in self.any_of):
            *others, last = self.any_of
            wanted = f"{', '.join(others)} or {last}" if others else last
            at.complain(f"needs {wanted}", f"write {self.example}, say")

    def schema(self) -> Json:
        """The same as JSON Schema."""
        properties = {each.name: _field_schema(each) for each in (*self.fields, *self.all_further)}
        required = [each.name for each in self.fields if each.required]
        schema: Json = {"type": "object", "additionalProperties": False, "properties": properties}
        if required:
            schema["required"] = required
        if self.any_of:
            schema["anyOf"] = [{"required": [name]} for name in self.any_of]
        if self.dependent:
            schema["dependentSchemas"] = dict(self.dependent)
        return schema


def _field_schema(field: Field) -> Json:
    default = {} if field.default is None else {"default": field.default}
    return {**field.kind.schema(), "description": field.doc, **default}


def _read_items(kind: ValueKind, items: Sequence[object], at: At) -> tuple[Any, ...]:
    return tuple(kind.read(item, at.into(index)) for index, item in enumerate(items))


def _as_key(name: str) -> str:
    """A key as a policy would have it, where somebody wrote the header that it becomes."""
    return name.lower().removeprefix("access-control-").replace("-", "_")


def _complain_of_range(low: int, high: int, value: float, at: At) -> None:
    nearest_one = high if value > high else low
    at.complain(f"must be from {low} to {high}", f"the nearest is {nearest_one}", value=value)


def _complain_of_kind(wanted: str, value: object, at: At, hint: str = "") -> None:
    at.complain(
        f"must be {wanted}, not {kind_of(value)}",
        hint or _conversion(wanted, value) or _WRITTEN_AS[wanted],
        value=value,
    )


_WRITTEN_AS: Final = {
    "a string": "write one string, in quotes",
    "a boolean": "write true or false",
    "an integer": "write digits alone",
    "a number": "write digits alone, or 0.5 say",
    "a string or an array": 'write ["…", "…"]',
}
_MEANT_BY: Final = {
    "true": True,
    "yes": True,
    "on": True,
    "false": False,
    "no": False,
    "off": False,
}
_NUMBER: Final = re.compile(r"(-?[0-9]{1,9}+(?:\.[0-9]{1,9}+)?+)[0-9.]*+ ?(?:s|sec|seconds?)?")
_LONGEST_WHOLE: Final = 1e9


def _conversion(wanted: str, value: object) -> str:
    """How the value is written as the kind that is wanted, where that is plain."""
    match wanted, value:
        case "a boolean", str() if value.strip().lower() in _MEANT_BY:
            return f"write {shown(_MEANT_BY[value.strip().lower()])} without quotes"
        case "a boolean", 0 | 1:
            return f"write {shown(bool(value))}"
        case (("an integer" | "a number"), str()) if found := _NUMBER.fullmatch(value.strip()):
            whole = wanted == "an integer"
            return f"write {found[1].partition('.')[0] if whole else found[1]} without quotes"
        case "an integer", float() if abs(value) < _LONGEST_WHOLE:
            return f"write {shown(int(value))}"
        case "a string or an array", bool():
            return ""
        case (("a string" | "a string or an array"), bool() | int() | float()):
            return f'write "{shown(value)}" in quotes'
        case _, list() if len(value) == 1 and not isinstance(value[0], list | dict):
            return f"write {shown(value[0])} without brackets"
    return ""


def _as_pairs(value: object) -> str:
    """How header lines are written as a table, where there are such."""
    lines = value if isinstance(value, list) else [value]
    pairs = dict(line.split(":", 1) for line in lines if isinstance(line, str) and ":" in line)
    meant = {name.strip(): text.strip() for name, text in pairs.items()}
    return f"write {shown(meant)}" if meant else 'write { "Vary" = "Origin" }, say'
