"""Which MIME type does a Content-Type name?

Follows https://mimesniff.spec.whatwg.org/#parsing-a-mime-type, as far as the safelist needs it.
"""

import re
from dataclasses import dataclass

from corscope.fetch.headers import (
    HTTP_WHITESPACE,
    byte_lowercase,
    collect_an_http_quoted_string,
    is_token,
)

__all__ = ["MimeType", "parse_a_mime_type"]

_QUOTED_STRING_TOKENS = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


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
    type_, slash, rest = text.strip(HTTP_WHITESPACE).partition("/")
    subtype, _, parameters = rest.partition(";")
    subtype = subtype.rstrip(HTTP_WHITESPACE)
    if not slash or not is_token(type_) or not is_token(subtype):
        return None
    return MimeType(byte_lowercase(type_), byte_lowercase(subtype), _parameters(parameters))


def _parameters(text: str) -> tuple[tuple[str, str], ...]:
    """Step 11 of the parser: names lower-cased, the first of a name wins, bad ones skipped."""
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
        if is_token(name) and value is not None and _QUOTED_STRING_TOKENS.fullmatch(value):
            found.setdefault(name, value)
    return tuple(found.items())


def _parameter_name(text: str, position: int) -> tuple[str, int]:
    end = next((i for i in range(position, len(text)) if text[i] in ";="), len(text))
    return byte_lowercase(text[position:end].lstrip(HTTP_WHITESPACE)), end


def _parameter_value(text: str, position: int) -> tuple[str | None, int]:
    """The value from `position`, None where it is empty, and where the next parameter begins."""
    if text.startswith('"', position):
        value, position = collect_an_http_quoted_string(text, position, extract_value=True)
        return value, _end_of_parameter(text, position) + 1
    end = _end_of_parameter(text, position)
    return text[position:end].rstrip(HTTP_WHITESPACE) or None, end + 1


def _end_of_parameter(text: str, position: int) -> int:
    end = text.find(";", position)
    return len(text) if end < 0 else end
