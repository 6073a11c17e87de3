"""In how many ways might `re` try a regex before it gives up?

It goes back and tries the next way wherever there is a choice: how often to repeat, which
alternative to take. Counted is the product of all choices for a text of this length, which is an
upper bound: what is found to be few is certainly quick; what is found to be many need not be slow.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

from corscope.servers.patterns.regex_tree import CHARACTERS, REPEATS, UNBOUNDED, Regex, inner_flags

__all__ = ["BEYOND_COUNTING", "ways"]

BEYOND_COUNTING: Final = 10**15

_ANCHORS: Final = frozenset({"AT_BEGINNING", "AT_BEGINNING_STRING"})


def ways(regex: Regex, length: int) -> int:
    """The number of ways, of a search in a text of this length; cut at `BEYOND_COUNTING`."""
    starts = 1 if _begins_at_the_beginning(regex.items, regex.flags) else length + 1
    return min(starts * _of_all(regex.items, length), BEYOND_COUNTING)


def _begins_at_the_beginning(items: Sequence[tuple[Any, Any]], flags: int) -> bool:
    """Whether a search for it is over after its first try."""
    if not items:
        return False
    op, arg = str(items[0][0]), items[0][1]
    if op == "SUBPATTERN":
        _, added, removed, inner = arg
        return _begins_at_the_beginning(inner.data, inner_flags(flags, added, removed))
    is_line = str(arg) == "AT_BEGINNING" and flags & re.MULTILINE
    return op == "AT" and str(arg) in _ANCHORS and not is_line


def _of_all(items: Sequence[tuple[Any, Any]], length: int) -> int:
    product = 1
    for op, arg in items:
        product = min(product * _of(str(op), arg, length), BEYOND_COUNTING)
    return product


def _of(op: str, arg: Any, length: int) -> int:
    if op in CHARACTERS or op in {"AT", "GROUPREF", "FAILURE"}:
        return 1
    if op in REPEATS:
        return _of_repeat(*arg, length=length)
    match op, arg:
        case "BRANCH", (_, branches):
            return sum(_of_all(branch.data, length) for branch in branches)
        case "SUBPATTERN", (_, _, _, inner):
            return _of_all(inner.data, length)
        case "ASSERT" | "ASSERT_NOT", (_, inner):
            return _of_all(inner.data, length)
        case "ATOMIC_GROUP", inner:
            return _of_all(inner.data, length)
        case "GROUPREF_EXISTS", (_, yes, no):
            return _of_all(yes.data, length) + (_of_all(no.data, length) if no else 1)
    return BEYOND_COUNTING


def _of_repeat(least: int, most: int, inner: Any, *, length: int) -> int:
    """For each number of repetitions the ways of that many; a text holds only so many of them."""
    each = _of_all(inner.data, length)
    least = min(least, length)
    most = max(least, length if most == UNBOUNDED else min(most, length))
    if each == 1:
        return most - least + 1
    if most > _MOST_NESTED:
        return BEYOND_COUNTING
    return min(sum(int(each**times) for times in range(least, most + 1)), BEYOND_COUNTING)


_MOST_NESTED: Final = 50
"""Two ways to do each of fifty repetitions are beyond counting."""
