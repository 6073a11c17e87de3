"""What may stand in a table of known keys, and what is said of any other?"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from corscope.rules.kinds.place import At
from corscope.rules.kinds.values import Json, ValueKind
from corscope.rules.kinds.wrong import complain_of_kind
from corscope.servers.registry import nearest

__all__ = ["Field", "Table"]


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
            complain_of_kind("a table", value, at, f"write {{ {self.example} }}, say")
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


def _as_key(name: str) -> str:
    """A key as a policy would have it, where somebody wrote the header that it becomes."""
    return name.lower().removeprefix("access-control-").replace("-", "_")
