"""Does a regex match a text, in time that grows with their lengths and no faster?

All ways are followed at once, character by character (Thompson's simulation), so that there is
nothing to go back to. Which of them `re` would have found first can't be told so, but whether
there is one is the same. What needs more than the character at hand can't be followed:
backreferences, lookaround, and groups that give nothing back.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from corscope.servers.patterns.regex_tree import CHARACTERS, UNBOUNDED, Regex, inner_flags

__all__ = ["How", "Linear", "NotLinearError"]

How = Literal["fullmatch", "match", "search"]
"""How a regex is tried: as `re` does under these names."""

MOST_FURTHER_STATES: Final = 4_000
"""A regex that needs so many more than it has characters, by repetitions of repetitions, takes too
long even so."""


class NotLinearError(ValueError):
    """A regex can't be matched in this way; the message says what it has, as `a lookaround`."""


@dataclass(slots=True)
class _Character:
    """What stands for one character; `re` itself is asked, once for each character that is met."""

    compiled: re.Pattern[str]
    known: dict[str, bool] = field(default_factory=dict)

    def takes(self, char: str) -> bool:
        found = self.known.get(char)
        if found is None:
            found = self.known[char] = self.compiled.match(char) is not None
        return found


@dataclass(slots=True, eq=False)
class _State:
    """A place in the regex.

    Attributes:
        then: the places that it leads to; none from the end.
        character: what has to be taken on the way; None where nothing is.
        holds: what has to be so, at this place of the text, to go on; None where nothing has.
    """

    then: "tuple[_State, ...]" = ()
    character: _Character | None = None
    holds: Callable[[str, int], bool] | None = None


class Linear:
    """A regex, ready to be matched."""

    def __init__(self, regex: Regex, longest: int) -> None:
        """Prepare it for texts that are no longer than this.

        Raises:
            NotLinearError: it can't be matched in this way.
        """
        self._end = _State()
        most = len(regex.pattern) + MOST_FURTHER_STATES
        self._start = _Builder(longest, most).all(regex.items, regex.flags, self._end)

    def matches(self, text: str, how: How) -> bool:
        """Whether it matches, as `re` does under this name."""
        states = _reached((self._start,), text, 0)
        for place, char in enumerate(text, 1):
            if how != "fullmatch" and self._end in states:
                return True
            taken = [
                state.then[0]
                for state in states
                if state.character is not None and state.character.takes(char)
            ]
            if how == "search":
                taken.append(self._start)
            states = _reached(taken, text, place)
            if not states:
                return False
        return self._end in states


def _reached(states: Iterable[_State], text: str, place: int) -> set[_State]:
    """All that is reached from there without taking a character."""
    found = set(states)
    unseen = list(found)
    while unseen:
        state = unseen.pop()
        if state.character is not None or (state.holds and not state.holds(text, place)):
            continue
        for each in state.then:
            if each not in found:
                found.add(each)
                unseen.append(each)
    return found


@dataclass(slots=True)
class _Builder:
    """Makes states of a tree, from its end to its beginning."""

    longest: int
    most: int
    count: int = 0

    def all(self, items: Sequence[tuple[Any, Any]], flags: int, after: _State) -> _State:
        """The place from which these lead to what comes after them."""
        for op, arg in reversed(items):
            after = self._one(str(op), arg, flags, after)
        return after

    def _state(self, *then: _State) -> _State:
        self.count += 1
        if self.count > self.most:
            raise NotLinearError("so many repetitions")
        return _State(then)

    def _one(self, op: str, arg: Any, flags: int, after: _State) -> _State:
        if op in CHARACTERS:
            state = self._state(after)
            state.character = _Character(re.compile(_written(op, arg), flags & _OF_CHARACTERS))
            return state
        match op, arg:
            case "BRANCH", (_, branches):
                return self._state(*(self.all(each.data, flags, after) for each in branches))
            case "SUBPATTERN", (_, added, removed, inner):
                return self.all(inner.data, inner_flags(flags, added, removed), after)
            case "MAX_REPEAT" | "MIN_REPEAT", (least, most, inner):
                return self._repeat(least, most, inner, flags, after)
            case "AT", where:
                state = self._state(after)
                state.holds = _condition(str(where), flags)
                return state
            case "FAILURE", _:
                return self._state()
        raise NotLinearError(_HINDRANCES.get(op, "what Python's regexes have come to know since"))

    def _repeat(self, least: int, most: int, inner: Any, flags: int, after: _State) -> _State:
        """As many copies as may be needed; a text holds only so many that take a character."""
        if inner.getwidth()[0] > 0:
            least = min(least, self.longest + 1)
            most = UNBOUNDED if most > self.longest else most
        if most == UNBOUNDED:
            loop = self._state()
            loop.then = (self.all(inner.data, flags, loop), after)
            after = loop
        else:
            end = after
            for _ in range(most - least):
                after = self._state(self.all(inner.data, flags, after), end)
        for _ in range(least):
            after = self.all(inner.data, flags, after)
        return after


_NOTHING_HAS_NO_BOUNDARY: Final = re.match(r"\B", "") is not None
"""So it is from Python 3.14 on."""

_OF_CHARACTERS: Final = re.ASCII | re.DOTALL | re.IGNORECASE | re.UNICODE
_HINDRANCES: Final = {
    "ASSERT": "a lookaround",
    "ASSERT_NOT": "a lookaround",
    "ATOMIC_GROUP": "an atomic group",
    "GROUPREF": "a backreference",
    "GROUPREF_EXISTS": "a condition",
    "POSSESSIVE_REPEAT": "a possessive quantifier",
}
_CATEGORIES: Final = {
    "CATEGORY_DIGIT": r"\d",
    "CATEGORY_NOT_DIGIT": r"\D",
    "CATEGORY_SPACE": r"\s",
    "CATEGORY_NOT_SPACE": r"\S",
    "CATEGORY_WORD": r"\w",
    "CATEGORY_NOT_WORD": r"\W",
}


def _written(op: str, arg: Any) -> str:
    """What stands for one character, as a regex of its own."""
    match op:
        case "LITERAL":
            return _escaped(arg)
        case "NOT_LITERAL":
            return f"[^{_escaped(arg)}]"
        case "ANY":
            return "."
    return f"[{''.join(_member(str(kind), value) for kind, value in arg)}]"


def _member(kind: str, value: Any) -> str:
    match kind:
        case "NEGATE":
            return "^"
        case "LITERAL":
            return _escaped(value)
        case "RANGE":
            return f"{_escaped(value[0])}-{_escaped(value[1])}"
    return _CATEGORIES[str(value)]


def _escaped(number: int) -> str:
    return f"\\U{number:08x}"


def _condition(where: str, flags: int) -> Callable[[str, int], bool]:
    """What beginnings, ends and boundaries ask of a place."""
    if where == "AT_BEGINNING" and flags & re.MULTILINE:
        return lambda text, place: place == 0 or text[place - 1] == "\n"
    if where == "AT_END" and flags & re.MULTILINE:
        return lambda text, place: place == len(text) or text[place] == "\n"
    match where:
        case "AT_BEGINNING" | "AT_BEGINNING_STRING":
            return lambda _, place: place == 0
        case "AT_END_STRING":
            return lambda text, place: place == len(text)
        case "AT_END":
            return lambda text, place: place + text.endswith("\n", place) == len(text)
    word = _Character(re.compile(r"\w", flags & _OF_CHARACTERS))
    is_boundary = where == "AT_BOUNDARY"

    def at_boundary(text: str, place: int) -> bool:
        if not text:
            return not is_boundary and _NOTHING_HAS_NO_BOUNDARY
        before = place > 0 and word.takes(text[place - 1])
        after = place < len(text) and word.takes(text[place])
        return (before != after) is is_boundary

    return at_boundary
