"""How is code written for the Python libraries?

As Black would lay it out; what the options mean is each library's own dialect's business.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["Code", "assignments", "call", "listed", "literal", "regex_literal"]

_WIDTH: Final = 88


@dataclass(frozen=True, slots=True)
class Code:
    """A piece of Python as it is to stand in the text."""

    text: str


def call(function: str, arguments: Iterable[str], options: Mapping[str, object]) -> str:
    """Write a call; options that are None are left out."""
    parts = [*arguments, *(f"{key}={literal(value, 4)}" for key, value in _given(options))]
    on_one_line = f"{function}({', '.join(parts)})"
    if len(on_one_line) <= _WIDTH and "\n" not in on_one_line:
        return on_one_line
    return f"{function}(\n" + "".join(f"    {part},\n" for part in parts) + ")"


def assignments(settings: Mapping[str, object]) -> str:
    """Write one assignment a line; settings that are None are left out."""
    return "".join(f"{name} = {literal(value)}\n" for name, value in _given(settings))


def _given(options: Mapping[str, object]) -> Iterable[tuple[str, object]]:
    return ((name, value) for name, value in options.items() if value is not None)


def literal(value: object, indent: int = 0) -> str:
    """Write a value: code, a boolean, a number, a string, or a list of such."""
    match value:
        case Code():
            return value.text
        case str():
            return _string(value)
        case tuple() | list():
            items = [literal(item, indent + 4) for item in value]
            on_one_line = f"[{', '.join(items)}]"
            if len(on_one_line) + indent <= _WIDTH - 16:
                return on_one_line
            inside, outside = " " * (indent + 4), " " * indent
            return "[\n" + "".join(f"{inside}{item},\n" for item in items) + f"{outside}]"
    return repr(value)


def _string(text: str) -> str:
    shown = repr(text)
    return shown if '"' in shown else f'"{shown[1:-1]}"'


def regex_literal(pattern: str) -> Code:
    """A regex as a raw string, where it can be one."""
    is_raw = pattern.isprintable() and '"' not in pattern and not pattern.endswith("\\")
    return Code(f'r"{pattern}"' if is_raw and "\\" in pattern else _string(pattern))


def listed(value: str | tuple[str, ...] | None) -> tuple[str, ...] | None:
    """A policy's field as a list, where a string stands for itself: `*` is `["*"]`."""
    return (value,) if isinstance(value, str) else value
