"""What do the JavaScript libraries have in common, and how is their code written?

Their options are an object literal of strings, lists, numbers and regexes; how each library reads
it is its dialect's business.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from corscope.servers.complaints import regex_complaints, value_complaints

__all__ = ["Code", "call", "regex_complaints", "regex_literal", "value_complaints"]

_WIDTH = 80


@dataclass(frozen=True, slots=True)
class Code:
    """A piece of JavaScript as it is to stand in the text."""

    text: str


def call(function: str, options: Mapping[str, object]) -> str:
    """Write a call with one object of options; those that are None are left out."""
    given = {name: value for name, value in options.items() if value is not None}
    if not given:
        return f"{function}()"
    lines = [f"  {name}: {_literal(value)},\n" for name, value in given.items()]
    return f"{function}({{\n{''.join(lines)}}})"


def _literal(value: object) -> str:
    if isinstance(value, Code):
        return value.text
    if isinstance(value, tuple | list):
        items = [_literal(item) for item in value]
        on_one_line = f"[{', '.join(items)}]"
        if len(on_one_line) <= _WIDTH:
            return on_one_line
        return "[\n" + "".join(f"    {item},\n" for item in items) + "  ]"
    return json.dumps(value)


def regex_literal(pattern: str) -> Code:
    """A regex as `new RegExp` takes it, so that no slash needs care."""
    return Code(f"new RegExp({json.dumps(pattern)})")
