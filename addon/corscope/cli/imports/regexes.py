"""How is another language's regex written in Python?

Most are the same everywhere. What a rule holds is tried by Python, so that the rest is rewritten
if it has a twin there; what has none is found out when Python compiles it.
"""

import re
from functools import lru_cache
from typing import Final

from corscope.cli.imports.tree import LONGEST, Node, Regex
from corscope.servers.patterns.origins import regex_error

__all__ = [
    "alternatives",
    "anchored",
    "compiled",
    "escaped",
    "from_javascript",
    "is_anchored",
    "is_one_group",
    "of_host",
    "python_regex",
]

_LONGEST_SHOWN: Final = 60
_PIECES: Final = re.compile(r"\\.|\(\?<(?![=!])|\[:\^?[a-z]+:\]|[^\\(\[\]]+|.", re.DOTALL)
_CLASSES: Final = {
    "[:alnum:]": "0-9A-Za-z",
    "[:alpha:]": "A-Za-z",
    "[:digit:]": "0-9",
    "[:lower:]": "a-z",
    "[:upper:]": "A-Z",
    "[:word:]": r"\w",
    "[:xdigit:]": "0-9A-Fa-f",
}
_HEX: Final = "0-9A-Fa-f"

_OF_JAVASCRIPT: Final = re.compile(
    r"(?P<set>\[(?:\\.|[^\]\\])*\])|\\.|(?P<named>\(\?<(?![=!])[^>]*>)|(?P<brace>\{(?=,[0-9]*\}))",
    re.DOTALL,
)
_OF_SET: Final = re.compile(r"(?P<many>\\[dDsSwW])-|\\.|(?P<dash>-(?=\\[dDsSwW]))", re.DOTALL)


def compiled(node: Node) -> Regex:
    """A text as a regular expression.

    Raises:
        UnreadableError: Python doesn't know it.
    """
    text = node.text()
    pattern = python_regex(text) if len(text) <= LONGEST else None
    if pattern is None or regex_error(pattern):
        shown = repr(text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…")
        node.refuse(f"can't read the regular expression {shown}: rules have Python's")
    return Regex(pattern)


def python_regex(pattern: str) -> str | None:
    """The pattern in Python's syntax, for texts of one line; None if it can't be said there."""
    written: list[str] = []
    in_class = False
    for found in _PIECES.finditer(pattern):
        piece = found[0]
        if piece == r"\h":
            piece = _HEX if in_class else f"[{_HEX}]"
        elif piece == r"\z":
            piece = "$"
        elif piece == "(?<" and not in_class:
            piece = "(?P<"
        elif piece.startswith("[:") and piece.endswith(":]"):
            if not in_class or piece not in _CLASSES:
                return None
            piece = _CLASSES[piece]
        elif piece in {"[", "]"}:
            if in_class and piece == "[":  # Ruby takes it for a set within the set
                return None
            in_class = piece == "["
        written.append(piece)
    return "".join(written)


def from_javascript(pattern: str) -> str:
    """The pattern in Python's syntax, for texts of one line, where it can be said there."""
    return _OF_JAVASCRIPT.sub(_part_from_javascript, pattern)


def _part_from_javascript(found: re.Match[str]) -> str:
    """A name says nothing of what is matched; a dash beside a class of characters is one itself."""
    if found["named"] is not None:
        return "("
    if found["brace"] is not None:
        return r"\{"
    match found["set"]:
        case None:
            return found[0]
        case "[]":
            return "(?!)"
        case "[^]":
            return r"[\s\S]"
        case text:
            return _OF_SET.sub(_dash_from_javascript, text)


def _dash_from_javascript(found: re.Match[str]) -> str:
    if found["many"] is not None:
        return found["many"] + r"\-"
    return found[0] if found["dash"] is None else r"\-"


def escaped(text: str) -> str:
    """A regex that is found where this text is."""
    return re.sub(r"[.+*?()\[\]{}|^$\\]", r"\\\g<0>", text)


def of_host(host: str) -> str:
    """A regex that fits the origins of this host, at any port."""
    return f"^[a-z][a-z0-9+.-]*://{escaped(host)}(:[0-9]+)?$"


def alternatives(regex: str) -> list[str]:
    """The parts of `a|b`; of a regex with flags for all of it the whole."""
    if regex.startswith("(?") and not regex.startswith("(?:"):
        return [regex]
    parts, depth, begin, is_class = [], 0, 0, False
    for found in re.finditer(r"\\.|[()\[\]|]", regex, re.DOTALL):
        match found[0], is_class:
            case "[", False:
                is_class = True
            case "]", True:
                is_class = False
            case "(", False:
                depth += 1
            case ")", False:
                depth -= 1
            case "|", False if depth == 0:
                parts.append(regex[begin : found.start()])
                begin = found.end()
    return [*parts, regex[begin:]]


@lru_cache(maxsize=10_000)  # a file asks it of each of its regexes for each of its origins
def is_anchored(regex: str) -> bool:
    """Whether it fits nothing but a whole text."""
    body = regex.removeprefix("(?i)")
    ends = body.startswith("^") and body.endswith("$") and not body.endswith(r"\$")
    return ends and len(alternatives(body)) == 1


def anchored(regex: str) -> str:
    """The regex for a whole text."""
    body = regex.removeprefix("(?i)")
    return f"{regex[: len(regex) - len(body)]}^(?:{body})$"


def is_one_group(regex: str) -> bool:
    """Whether all of it, but for the anchors, stands in one pair of brackets that is numbered."""
    body = regex.removeprefix("^").removesuffix("$")
    inner = body[1:-1]
    is_group = body.startswith("(") and body.endswith(")") and not body.startswith("(?")
    depth = 0
    for found in re.finditer(r"\\.|\[(?:\\.|[^\]\\])*+\]|[()]", inner, re.DOTALL):
        depth += {"(": 1, ")": -1}.get(found[0], 0)
        if depth < 0:
            return False
    return is_group
