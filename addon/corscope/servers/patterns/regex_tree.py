"""What is a regex made of, as Python's own parser reads it?

The parser is no public part of the standard library, but `re` itself begins with it: what it
doesn't read the same way as `re` would be no regex. The tests hold both together, on every Python.
"""

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

__all__ = [
    "CHARACTERS",
    "REPEATS",
    "UNBOUNDED",
    "Regex",
    "alternatives",
    "inner_flags",
    "parsed",
]

_parser: Final[Any] = import_module("re._parser")
_compiler: Final[Any] = import_module("re._compiler")
_constants: Final[Any] = import_module("re._constants")

# `re` says of `[[a]` that a later Python may take it for a set within a set, and blames who asked:
# up to three calls above `parsed`, all within this package. The user, whose regex it is, would see
# a line of our source. There is one filter for good, since `catch_warnings` swaps the filters of
# the whole process, and rules are read in a thread. What else `re` says is shown, and what it says
# of others' regexes.
warnings.filterwarnings("ignore", r"Possible (?:nested )?set ", FutureWarning, r"corscope\.")

UNBOUNDED: Final[int] = _constants.MAXREPEAT
CHARACTERS: Final = frozenset({"LITERAL", "NOT_LITERAL", "ANY", "IN"})
"""What stands for one character."""
REPEATS: Final = frozenset({"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"})

_TYPES: Final = re.ASCII | re.LOCALE | re.UNICODE


@dataclass(frozen=True, slots=True)
class Regex:
    """A regex as a tree: each item is an operation, named by the word for it, and its argument."""

    pattern: str
    items: Sequence[tuple[Any, Any]]
    flags: int


def parsed(pattern: str, flags: int = 0) -> Regex:
    """Read a pattern that `re` has compiled."""
    tree = _parser.parse(pattern, flags)
    found = flags | tree.state.flags
    return Regex(pattern, tree.data, found if found & re.ASCII else found | re.UNICODE)


def alternatives(regex: Regex) -> list[tuple["re.Pattern[str]", Regex]]:
    """The alternatives that a regex consists of, compiled and as trees; none where it has others.

    A text matches it where it matches one of them.
    """
    if len(regex.items) != 1 or str(regex.items[0][0]) != "BRANCH":
        return []
    _, branches = regex.items[0][1]
    return [
        (_compiler.compile(branch, regex.flags), Regex(regex.pattern, branch.data, regex.flags))
        for branch in branches
    ]


def inner_flags(flags: int, added: int, removed: int) -> int:
    """The flags that hold within `(?i-s:…)`."""
    if added & _TYPES:
        flags &= ~_TYPES
    return (flags | added) & ~removed
