"""What do the packages hold that Go code writes its CORS options with?"""

from collections.abc import Callable, Mapping
from typing import Final

from corscope.cli.imports.regexes import python_regex
from corscope.cli.imports.tree import LONGEST, Node, Regex, Value
from corscope.servers.origins import regex_error

__all__ = ["STANDARD", "Given", "Known", "compiled", "strings"]

Given = tuple[Node, ...]
Known = Mapping[str, "Value | Callable[[Given], Value]"]
"""Values and functions by their package's path and name; `()` follows one without arguments.

A function gives None where it can't tell.
"""

_METHODS: Final = ("Get", "Head", "Post", "Put", "Patch", "Delete", "Connect", "Options", "Trace")
_NANOSECONDS: Final = {
    "Nanosecond": 1,
    "Microsecond": 10**3,
    "Millisecond": 10**6,
    "Second": 10**9,
    "Minute": 60 * 10**9,
    "Hour": 3600 * 10**9,
}


def strings(*texts: str) -> Value:
    """A slice of strings that stands in a package."""
    return tuple(Node("", text) for text in texts)


def compiled(given: Given) -> Value:
    """A regular expression; one that Python doesn't know is refused."""
    text = given[0].value
    if not isinstance(text, str):
        return None
    pattern = python_regex(text)
    if pattern is None or regex_error(pattern):
        message = f"can't read the regular expression {text!r}: rules have them in Python's syntax"
        given[0].refuse(message)
    return Regex(pattern)


def _parted(given: Given) -> Value:
    if len(given) != 2:
        return None
    text, separator = (each.value for each in given)
    if not isinstance(text, str) or not isinstance(separator, str) or not separator:
        return None
    parts = text.split(separator)
    return tuple(Node(given[0].place, each) for each in parts) if len(parts) <= LONGEST else None


STANDARD: Final[Known] = {
    **{f"net/http.Method{name}": name.upper() for name in _METHODS},
    **{f"time.{name}": length for name, length in _NANOSECONDS.items()},
    "time.Duration": lambda given: given[0].value,
    "regexp.MustCompile": compiled,
    "strings.Split": _parted,
    "slices.Clone": lambda given: given[0].value,
}
"""What the standard library holds of use here; a duration is in nanoseconds."""
