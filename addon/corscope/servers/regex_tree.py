"""What is a regex made of, as Python's own parser reads it?

The parser is no public part of the standard library, but `re` itself begins with it: what it
doesn't read the same way as `re` would be no regex. The tests hold both together, on every Python.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

__all__ = ["CHARACTERS", "REPEATS", "UNBOUNDED", "Regex", "inner_flags", "parsed"]

_parser: Final[Any] = import_module("re._parser")
_constants: Final[Any] = import_module("re._constants")

UNBOUNDED: Final[int] = _constants.MAXREPEAT
CHARACTERS: Final = frozenset({"LITERAL", "NOT_LITERAL", "ANY", "IN"})
"""What stands for one character."""
REPEATS: Final = frozenset({"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"})

_TYPES: Final = re.ASCII | re.LOCALE | re.UNICODE


@dataclass(frozen=True, slots=True)
class Regex:
    """A regex as a tree: each item is an operation, named by the word for it, and its argument."""

    items: Sequence[tuple[Any, Any]]
    flags: int


def parsed(pattern: str, flags: int = 0) -> Regex:
    """Read a pattern that `re` has compiled."""
    tree = _parser.parse(pattern, flags)
    found = flags | tree.state.flags
    return Regex(tree.data, found if found & re.ASCII else found | re.UNICODE)


def inner_flags(flags: int, added: int, removed: int) -> int:
    """The flags that hold within `(?i-s:…)`."""
    if added & _TYPES:
        flags &= ~_TYPES
    return (flags | added) & ~removed
