"""What does a header value with placeholders become for one request?

`{origin}`, `{method}`, `{headers}` and `{host}` are filled in; a brace itself is doubled.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from corscope.rules.problems import BadValueError

__all__ = ["PLACEHOLDERS", "Template", "fill", "parse_template"]

PLACEHOLDERS: Final = ("origin", "method", "headers", "host")

_PIECE = re.compile(r"\{\{|\}\}|\{(?P<name>[^{}]*)\}|[{}]|[^{}]+")
_BRACES: Final = {"{{": "{", "}}": "}"}


@dataclass(frozen=True, slots=True)
class Template:
    """A header value; its pieces are literal text and placeholders by turns, text first."""

    text: str
    pieces: tuple[str, ...]


def parse_template(text: str) -> Template:
    """Read a header value with placeholders.

    Raises:
        BadValueError: a brace stands alone, or there is no such placeholder.
    """
    pieces: list[str] = []
    literal: list[str] = []
    for found in _PIECE.finditer(text):
        name = found["name"]
        if found[0] in {"{", "}"}:
            brace = found[0]
            raise BadValueError(
                f'has a lone "{brace}"', f'write "{2 * brace}" to mean the brace itself'
            )
        if name is None:
            literal.append(_BRACES.get(found[0], found[0]))
        elif name in PLACEHOLDERS:
            pieces += ["".join(literal), name]
            literal.clear()
        else:
            known = ", ".join(f"{{{placeholder}}}" for placeholder in PLACEHOLDERS)
            raise BadValueError(f"names no placeholder with {found[0]}", f"there are {known}")
    return Template(text, (*pieces, "".join(literal)))


def fill(template: Template, values: Mapping[str, str | None]) -> str | None:
    """Fill the placeholders in; None if the request has nothing to fill one in with."""
    filled = []
    for index, piece in enumerate(template.pieces):
        value = values[piece] if index % 2 else piece
        if value is None:
            return None
        filled.append(value)
    return "".join(filled)
