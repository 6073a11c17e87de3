"""Which MIME type does a Content-Type name?

Follows https://mimesniff.spec.whatwg.org/#parsing-a-mime-type, as far as the safelist needs it.
"""

import re
from dataclasses import dataclass

__all__ = ["MimeType", "parse_a_mime_type"]

_HTTP_WHITESPACE = "\t\n\r "
_HTTP_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_QUOTED_STRING_TOKENS = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class MimeType:
    """A MIME type; parameters are in the order in which they were first given."""

    type: str
    subtype: str
    parameters: tuple[tuple[str, str], ...] = ()

    @property
    def essence(self) -> str:
        """Its type and subtype: https://mimesniff.spec.whatwg.org/#mime-type-essence"""
        return f"{self.type}/{self.subtype}"


def parse_a_mime_type(text: str) -> MimeType | None:
    """Parse a MIME type; None is the standard's failure.

    https://mimesniff.spec.whatwg.org/#parse-a-mime-type
    """
    type_, slash, rest = text.strip(_HTTP_WHITESPACE).partition("/")
    subtype, _, parameters = rest.partition(";")
    subtype = subtype.rstrip(_HTTP_WHITESPACE)
    if not slash or not _HTTP_TOKEN.fullmatch(type_) or not _HTTP_TOKEN.fullmatch(subtype):
        return None
    return MimeType(type_.lower(), subtype.lower(), _parameters(parameters))


def _parameters(text: str) -> tuple[tuple[str, str], ...]:
    """Steps 11 of the parser: names lower-cased, the first of a name wins, bad ones skipped."""
    found: dict[str, str] = {}
    position = 0
    while position < len(text):
        name, position = _parameter_name(text, position)
        if position >= len(text):
            break
        if text[position] == ";":
            position += 1
            continue
        value, position = _parameter_value(text, position + 1)
        usable = _HTTP_TOKEN.fullmatch(name) and value is not None
        if usable and value is not None and _QUOTED_STRING_TOKENS.fullmatch(value):
            found.setdefault(name, value)
    return tuple(found.items())


def _parameter_name(text: str, position: int) -> tuple[str, int]:
    end = next((i for i in range(position, len(text)) if text[i] in ";="), len(text))
    return text[position:end].lstrip(_HTTP_WHITESPACE).lower(), end


def _parameter_value(text: str, position: int) -> tuple[str | None, int]:
    """The value from `position`, None where it is empty, and where the next parameter begins."""
    if text.startswith('"', position):
        value, position = _quoted_string(text, position + 1)
        end = text.find(";", position)
        return value, len(text) if end < 0 else end + 1
    end = text.find(";", position)
    end = len(text) if end < 0 else end
    return text[position:end].rstrip(_HTTP_WHITESPACE) or None, end + 1


def _quoted_string(text: str, start: int) -> tuple[str, int]:
    position = start
    while position < len(text) and text[position] != '"':
        position += 2 if text[position] == "\\" else 1
    return _ESCAPE.sub(r"\1", text[start:position]), min(position + 1, len(text))
