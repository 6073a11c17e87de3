"""What do the packages hold that Go code writes its CORS options with?"""

from collections.abc import Callable, Mapping
from typing import Final

from corscope.cli.imports.regexes import compiled
from corscope.cli.imports.tree import LONGEST, Node, Value

__all__ = ["STANDARD", "Given", "Known", "strings"]

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


def _compiled(given: Given) -> Value:
    return compiled(given[0]) if isinstance(given[0].value, str) else None


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
    "regexp.MustCompile": _compiled,
    "strings.Split": _parted,
    "slices.Clone": lambda given: given[0].value,
}
"""What the standard library holds of use here; a duration is in nanoseconds."""
