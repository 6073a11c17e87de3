"""How is a header read out of a header list?

Follows https://fetch.spec.whatwg.org/#terminology-headers and the list syntax of RFC 9110,
section 5.6.1. What a particular header means is left to the modules that read it.
"""

import re
import string
from collections.abc import Iterable
from typing import Final, Literal

from corscope.messages import HeaderList

__all__ = [
    "FAILURE",
    "HTTP_TAB_OR_SPACE",
    "HTTP_WHITESPACE",
    "Failed",
    "append",
    "byte_lowercase",
    "collect_an_http_quoted_string",
    "combine",
    "contains",
    "convert_header_names_to_sorted_lowercase_set",
    "delete",
    "extract_header_list_values",
    "from_fields",
    "get",
    "get_decode_and_split",
    "is_token",
    "names",
    "normalize",
    "set_header",
    "sort_and_combine",
    "split_value",
    "unfold",
    "values",
]

Failed = Literal["failure"]
FAILURE: Final[Failed] = "failure"
"""The standard's *failure*, where null already means that the header is absent."""

HTTP_TAB_OR_SPACE: Final = "\t "
HTTP_WHITESPACE: Final = "\t\n\r "
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_UP_TO_QUOTE_OR_COMMA = re.compile(r'[^",]*')
_QUOTED_STRING = re.compile(r'"((?:[^"\\]++|\\.)*+\\?)"?', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_TO_LOWERCASE: Final = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_DELTA_SECONDS = re.compile(r"[0-9]+")
_FOLD = re.compile(r"[\t ]*\r?\n[\t ]+")


def byte_lowercase(text: str) -> str:
    """Byte-lowercase: https://infra.spec.whatwg.org/#byte-lowercase, so that É stays É."""
    return text.lower() if text.isascii() else text.translate(_TO_LOWERCASE)


def from_fields(fields: Iterable[tuple[bytes, bytes]]) -> HeaderList:
    """Decode raw header lines isomorphically; a header value has no outer tab or space.

    One that is written over several lines is put on one, as all browsers do:
    https://www.rfc-editor.org/rfc/rfc9112#name-obsolete-line-folding
    """
    return tuple(
        (name.decode("latin-1"), unfold(value.decode("latin-1")).strip(HTTP_TAB_OR_SPACE))
        for name, value in fields
    )


def unfold(value: str) -> str:
    """A value on one line: each fold is a space."""
    return _FOLD.sub(" ", value) if "\n" in value else value


def normalize(potential_value: str) -> str:
    """Normalize a value: https://fetch.spec.whatwg.org/#concept-header-value-normalize"""
    return potential_value.strip(HTTP_WHITESPACE)


def is_token(text: str) -> bool:
    """Whether `text` is a token, as methods and header names are: RFC 9110, section 5.6.2."""
    return _TOKEN.fullmatch(text) is not None


def values(headers: HeaderList, name: str) -> tuple[str, ...]:
    """All values of the header, one for each of its lines, in order."""
    return tuple(_by_name(headers).get(byte_lowercase(name), ()))


_Index = dict[str, list[str]]
_indexed: tuple[tuple[HeaderList, _Index], ...] = ()
"""The lists that were read last, the latest first, with their values by lower-case name.

An exchange's two lists are read twenty times each, one after the other: that is a third of the work
on it if each time all names are looked at.
"""


def _by_name(headers: HeaderList) -> _Index:
    global _indexed
    for known, index in _indexed:
        if known is headers:
            return index
    made: _Index = {}
    for name, value in headers:
        lower = name.lower() if name.isascii() else byte_lowercase(name)
        if lower in made:
            made[lower].append(value)
        else:
            made[lower] = [value]
    _indexed = ((headers, made), *_indexed[:3])  # one step, whoever else reads meanwhile
    return made


def names(headers: HeaderList) -> tuple[str, ...]:
    """All header names in order, as they were written, repeated ones repeated."""
    return tuple([name for name, _ in headers])


def contains(headers: HeaderList, name: str) -> bool:
    """Contains: https://fetch.spec.whatwg.org/#header-list-contains"""
    return byte_lowercase(name) in _by_name(headers)


def get(headers: HeaderList, name: str) -> str | None:
    """Get: https://fetch.spec.whatwg.org/#concept-header-list-get"""
    found = _by_name(headers).get(byte_lowercase(name))
    return None if found is None else found[0] if len(found) == 1 else ", ".join(found)


def get_decode_and_split(headers: HeaderList, name: str) -> list[str] | None:
    """Get, decode, and split: https://fetch.spec.whatwg.org/#concept-header-list-get-decode-split"""
    value = get(headers, name)
    return None if value is None else split_value(value)


def split_value(value: str) -> list[str]:
    """Get, decode, and split a value: https://fetch.spec.whatwg.org/#header-value-get-decode-and-split"""
    position, found, temporary = 0, [], ""
    while True:
        plain = _UP_TO_QUOTE_OR_COMMA.match(value, position)
        assert plain is not None  # the pattern also matches nothing
        temporary += plain[0]
        position = plain.end()
        if position < len(value) and value[position] == '"':
            quoted, position = collect_an_http_quoted_string(value, position)
            temporary += quoted
            if position < len(value):
                continue
        found.append(temporary.strip(HTTP_TAB_OR_SPACE))
        temporary = ""
        if position >= len(value):
            return found
        position += 1


def collect_an_http_quoted_string(
    text: str, position: int, *, extract_value: bool = False
) -> tuple[str, int]:
    """Collect an HTTP quoted string: https://fetch.spec.whatwg.org/#collect-an-http-quoted-string

    Returns:
        What was collected, without its quotes and backslashes if `extract_value`, and the position
        behind it.
    """
    quoted = _QUOTED_STRING.match(text, position)
    assert quoted is not None  # the caller has seen the opening quote
    collected = _ESCAPE.sub(r"\1", quoted[1]) if extract_value else quoted[0]
    return collected, quoted.end()


def append(headers: HeaderList, name: str, value: str) -> HeaderList:
    """Append: https://fetch.spec.whatwg.org/#concept-header-list-append"""
    wanted = byte_lowercase(name)
    casing = next((key for key, _ in headers if byte_lowercase(key) == wanted), name)
    return (*headers, (casing, value))


def delete(headers: HeaderList, name: str) -> HeaderList:
    """Delete: https://fetch.spec.whatwg.org/#concept-header-list-delete"""
    wanted = byte_lowercase(name)
    return tuple(pair for pair in headers if byte_lowercase(pair[0]) != wanted)


def set_header(headers: HeaderList, name: str, value: str) -> HeaderList:
    """Set: https://fetch.spec.whatwg.org/#concept-header-list-set"""
    wanted, kept, placed = byte_lowercase(name), [], False
    for key, old in headers:
        if byte_lowercase(key) != wanted:
            kept.append((key, old))
        elif not placed:
            kept.append((key, value))
            placed = True
    return tuple(kept) if placed else append(headers, name, value)


def combine(headers: HeaderList, name: str, value: str) -> HeaderList:
    """Combine: https://fetch.spec.whatwg.org/#concept-header-list-combine"""
    wanted = byte_lowercase(name)
    for index, (key, old) in enumerate(headers):
        if byte_lowercase(key) == wanted:
            return (*headers[:index], (key, f"{old}, {value}"), *headers[index + 1 :])
    return append(headers, name, value)


def convert_header_names_to_sorted_lowercase_set(header_names: Iterable[str]) -> list[str]:
    """Convert header names to a sorted-lowercase set.

    https://fetch.spec.whatwg.org/#convert-header-names-to-a-sorted-lowercase-set
    """
    return sorted({byte_lowercase(name) for name in header_names})


def sort_and_combine(headers: HeaderList) -> HeaderList:
    """Sort and combine: https://fetch.spec.whatwg.org/#concept-header-list-sort-and-combine"""
    combined: list[tuple[str, str]] = []
    for name in convert_header_names_to_sorted_lowercase_set(names(headers)):
        if name == "set-cookie":
            combined.extend((name, value) for value in values(headers, name))
        else:
            combined.append((name, ", ".join(values(headers, name))))
    return tuple(combined)


def extract_header_list_values(name: str, headers: HeaderList) -> list[str] | Failed | None:
    """Extract header list values: https://fetch.spec.whatwg.org/#extract-header-list-values

    Knows the ABNF of the CORS protocol's list headers (`#field-name` and `#method`, both lists of
    tokens) and of `Access-Control-Max-Age` (`delta-seconds`, once).
    """
    lines = values(headers, name)
    if not lines:
        return None
    if byte_lowercase(name) == "access-control-max-age":
        single = len(lines) == 1 and _DELTA_SECONDS.fullmatch(lines[0])
        return [lines[0]] if single else FAILURE
    elements = (each.strip(HTTP_TAB_OR_SPACE) for line in lines for each in line.split(","))
    extracted = list(filter(None, elements))
    # Put together, they are a token exactly where each of them is.
    return extracted if not extracted or is_token("".join(extracted)) else FAILURE
