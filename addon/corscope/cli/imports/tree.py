"""What do configurations and code look like once they are read?

As a tree of plain values, each of which knows where it was written. What is no plain value, such as
`process.env.ORIGIN`, is kept as it stands: only who needs it complains.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, NoReturn

from corscope.servers.policy import Policy

__all__ = [
    "BY_HAND_TOO",
    "DEEPEST",
    "LONGEST",
    "REST",
    "TOO_DEEP",
    "USUAL_ERROR",
    "Found",
    "Node",
    "Opaque",
    "Regex",
    "Source",
    "Tested",
    "Thrown",
    "UnreadableError",
    "Value",
    "not_always_called",
]

DEEPEST: Final = 100
"""How deep a file's values may be nested."""

TOO_DEEP: Final = f"is nested too deeply: {DEEPEST} levels are read"
"""What is said of a file that goes deeper."""

LONGEST: Final = 10_000
"""How many items a list may have that is put together from others: two names double it."""

REST: Final = "..."
"""The key of what is unpacked into a table and can't be read."""

_LONGEST_CODE: Final = 60


class UnreadableError(ValueError):
    """Why a file can't be read, with the place in it."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file; what is wrong with it is said of its name.

    Attributes:
        name: its name.
        text: all of it.
        notes: what is told of values that were read, whatever they then are of.
        included: the files that it includes, each with the number after which its lines are
            counted; they follow those of the file itself.
    """

    name: str
    text: str
    notes: dict[str, None] = field(default_factory=dict, compare=False, repr=False)
    included: tuple[tuple[int, str], ...] = ()

    def refuse(self, message: str, line: int | None = None) -> NoReturn:
        """Say what is wrong with it.

        Raises:
            UnreadableError: always.
        """
        raise UnreadableError(f"{self.at(line) if line else self.name}: {message}")

    def at(self, line: int) -> str:
        """A line of it, or of a file that it includes, as a place."""
        for before, name in reversed(self.included):
            if line > before:
                return f"{name}:{line - before}"
        return f"{self.name}:{line}"

    def note(self, message: str, where: int | str) -> None:
        """Tell something of a value that is read there: in a line, or at a place."""
        place = self.at(where) if isinstance(where, int) else where
        self.notes[f"{place}: {message}"] = None


@dataclass(frozen=True, slots=True)
class Regex:
    """A regular expression, as the file's language has it."""

    pattern: str


@dataclass(frozen=True, slots=True)
class Opaque:
    """Code whose value shows only when it runs.

    Attributes:
        code: it as it is written.
        variable: what has no value where the environment, or a setting, doesn't say it.
    """

    code: str
    variable: str = ""


class Thrown(NamedTuple):
    """An error that a function refuses an origin with.

    Attributes:
        status: what it is answered with.
        message: its words, in which `{origin}` is the origin; None if they can't be told.
        made: what made it: the name of its class, `http-errors`, or `string`, which is none.
        given: what a class of its own is made with, as texts; None for what can't be told.
        body: the object that it is made with, which NestJS sends.
        has_status: whether its status is its own.
        code: its `code`, by which a handler may know it.
    """

    status: int = 500
    message: str | None = ""
    made: str = "Error"
    given: tuple[str | None, ...] = ()
    body: "Node | None" = None
    has_status: bool = False
    code: str | None = None


USUAL_ERROR: Final = Thrown()


@dataclass(frozen=True, slots=True)
class Tested:
    """What a function decides that is asked for each origin.

    Attributes:
        allowed: the origins that it allows; true if that is all of them.
        otherwise: what it calls back with for the others: `error`, `false`, `nothing` in its
            place, the same `list`, or `fallback`: an origin that is none of theirs; `fixed` where
            it has one origin for all; empty for nothing.
        is_returned: whether it gives that back, and calls nothing.
        is_async: whether it gives it back once that is there, as a promise.
        is_flag: whether it gives true for what is allowed, and not the origin.
        missing: what it does with a request without an Origin: `allow`, `error`, `false` or
            `nothing`.
        error: what it calls back with or throws.
        is_undefined: whether it calls back `undefined` where there is no error, and not null.
    """

    allowed: "bool | tuple[Node, ...]"
    otherwise: str = ""
    is_returned: bool = False
    is_async: bool = False
    is_flag: bool = False
    missing: str = "allow"
    error: Thrown = USUAL_ERROR
    is_undefined: bool = False


@dataclass(frozen=True, slots=True)
class Node:
    """A value, and where it is written."""

    place: str
    value: "Value"

    def refuse(self, message: str) -> NoReturn:
        """Say what is wrong with it, and the way out if it is no plain value.

        Raises:
            UnreadableError: always.
        """
        if isinstance(self.value, Opaque):
            code = " ".join(self.value.code.split())
            short = code if len(code) <= _LONGEST_CODE else f"{code[:_LONGEST_CODE]}…"
            message = f"can't tell the value of `{short}`: nothing is run; write the value there"
        raise UnreadableError(f"{self.place}: {message}")

    def text(self) -> str:
        """The value as a string."""
        return self.value if isinstance(self.value, str) else self.refuse("must be a string")

    def whole(self) -> int:
        """The value as an integer, also one in a string."""
        if isinstance(self.value, int) and not isinstance(self.value, bool):
            return self.value
        text = self.value.strip() if isinstance(self.value, str) else ""
        if text.isascii() and text.removeprefix("-").isdigit() and len(text) < 20:
            return int(text)
        return self.refuse("must be an integer")

    def flag(self) -> bool:
        """The value as a boolean, also one in a string."""
        value = self.value.strip().lower() if isinstance(self.value, str) else self.value
        known = {"true": True, "false": False}.get(value) if isinstance(value, str) else value
        return known if isinstance(known, bool) else self.refuse("must be true or false")

    def items(self) -> tuple["Node", ...]:
        """The value as a list, where a single one stands for itself."""
        if isinstance(self.value, Opaque | Mapping) or self.value is None:
            self.refuse("must be a list")
        return self.value if isinstance(self.value, tuple) else (self,)

    def items_or_self(self) -> tuple["Node", ...]:
        """The items of a list, or the value itself, whatever it is."""
        return self.value if isinstance(self.value, tuple) else (self,)

    def table(self) -> Mapping[str, "Node"]:
        """The value as a table of options."""
        return self.value if isinstance(self.value, Mapping) else self.refuse("must be a table")

    def all_of(self, *keys: str) -> Iterator["Node"]:
        """What stands anywhere in it under one of these keys, whose case doesn't matter."""
        waiting = [self]
        while waiting:
            value = waiting.pop().value
            if isinstance(value, tuple):
                waiting.extend(reversed(value))
            elif isinstance(value, Mapping):
                yield from (node for key, node in value.items() if key.lower() in keys)
                waiting.extend(reversed([n for k, n in value.items() if k.lower() not in keys]))

    def tables(self) -> Iterator["Node"]:
        """Every table in it, the outer ones first."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            if isinstance(node.value, tuple):
                waiting.extend(reversed(node.value))
            elif isinstance(node.value, Mapping):
                yield node
                waiting.extend(reversed(list(node.value.values())))


Value = (
    bool
    | int
    | float
    | str
    | None
    | Regex
    | Opaque
    | Tested
    | tuple[Node, ...]
    | Mapping[str, Node]
)


@dataclass(frozen=True, slots=True)
class Found:
    """A policy that a file holds.

    Attributes:
        place: where.
        policy: what is allowed.
        match: whom it is for, as far as the file says; keys and values of `[rule.match]`.
        warnings: what of it a rule can't say.
        like: the dialect that answers so; empty for that of the file's own server.
        paths: for which only, as globs over a URL from its path on; none if it is for all.
        site: of which of the file's servers, where that tells.
        added: header lines that are sent beside the policy's, as a second one of a name.
        removed: headers of the backend's own that are taken away, and none sent in their place.
        redirect: where all is sent that it is for, by a 301; empty where nothing is.
    """

    place: str
    policy: Policy
    match: Mapping[str, object] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    like: str = ""
    paths: tuple[str, ...] = ()
    site: str = ""
    added: tuple[tuple[str, str], ...] = ()
    removed: tuple[str, ...] = ()
    redirect: str = ""


BY_HAND_TOO: Final = "Access-Control-Allow-… is sent by hand too, and is not imported"
"""What is said of code that sends headers beside the library that is imported."""


def not_always_called(place: str, name: str) -> str:
    """A warning of a call that stands where it may not be made."""
    return f"{place}: {name} isn't always called: taken as if it is"
