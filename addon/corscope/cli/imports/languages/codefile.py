"""What values does a file of Java, C# or PHP hold, without running it?

What the readers of these languages share: the constants by name, and how literals, lists and sums
of them become plain values. A language says which of its nodes are which.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from corscope.cli.imports.languages.syntax import code_of, line_of, named, parsed, walk
from corscope.cli.imports.tree import DEEPEST, LONGEST, Node, Opaque, Source, Value

if TYPE_CHECKING:
    from tree_sitter import Node as Syntax

__all__ = ["CodeFile", "Scope", "call_name", "joined", "plain_number"]


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """A part of the file with names of its own, or one that isn't always run."""

    outer: "Scope | None" = None
    is_branch: bool = False
    depth: int = 0
    names: dict[str, object] = field(default_factory=dict)

    def find(self, name: str) -> tuple[object, bool]:
        """What a name stands for here, and whether only sometimes; None if for nothing."""
        scope: Scope | None = self
        is_branch = False
        while scope is not None:
            if name in scope.names:
                return scope.names[name], is_branch
            is_branch |= scope.is_branch
            scope = scope.outer
        return None, False

    @property
    def is_decided(self) -> bool:
        """Whether it stands in any part that isn't always run."""
        scope: Scope | None = self
        while scope is not None and not scope.is_branch:
            scope = scope.outer
        return scope is not None


@dataclass(frozen=True)
class CodeFile(ABC):
    """A file of code; what a language reads is in its own class."""

    source: Source
    grammar: ClassVar[tuple[str, str, str]]
    """The language in words, the package of its grammar, and what gives it."""

    scopes: ClassVar[frozenset[str]] = frozenset()
    """The nodes within which names are of their own."""

    branches: ClassVar[frozenset[str]] = frozenset()
    """The nodes that aren't always run."""

    transparent: ClassVar[frozenset[str]] = frozenset(
        {"parenthesized_expression", "cast_expression"}
    )
    """The nodes that only stand around an expression, their last part."""

    @cached_property
    def root(self) -> "Syntax":
        """The root of its tree."""
        return parsed(self.source, *self.grammar)

    @cached_property
    def all(self) -> tuple["Syntax", ...]:
        """All of its tree, in the file's order."""
        return tuple(walk(self.root))

    def scoped(self) -> Iterator[tuple["Syntax", Scope]]:
        """All of its tree in the file's order, each with the scope that it stands in or opens."""
        waiting = [(self.root, Scope())]
        while waiting:
            node, scope = waiting.pop()
            if node.type in self.scopes or node.type in self.branches:
                scope = Scope(scope, node.type in self.branches, scope.depth + 1)
                if scope.depth > DEEPEST:
                    self.source.refuse("is nested too deeply", line_of(node))
            yield node, scope
            waiting.extend((child, scope) for child in reversed(node.children))

    @cached_property
    def _values(self) -> dict[str, Value]:
        return {}

    @cached_property
    def _constants(self) -> dict[str, list["Syntax | None"]]:
        found: dict[str, list[Syntax | None]] = {}
        for name, value in self.assignments():
            found.setdefault(name, []).append(value)
        return found

    @abstractmethod
    def assignments(self) -> Iterator[tuple[str, "Syntax | None"]]:
        """The names that are given values; None for what can't be known."""

    @abstractmethod
    def value(self, node: "Syntax", depth: int) -> Value:
        """An expression's value in this language."""

    def bare(self, node: "Syntax") -> "Syntax":
        """The expression without what only stands around it."""
        while node.type in self.transparent and named(node):
            node = named(node)[-1]
        return node

    def read(self, node: "Syntax", depth: int = 0) -> Node:
        """An expression as a plain value."""
        if depth > DEEPEST:
            self.source.refuse("is nested too deeply", line_of(node))
        node = self.bare(node)
        return Node(self.place(node), self.value(node, depth + 1))

    def place(self, node: "Syntax") -> str:
        """Where a node stands."""
        return self.source.at(line_of(node))

    def named_value(self, name: str, node: "Syntax", depth: int) -> Value:
        """The value of a name that is given one once; while it is being read it has none."""
        if name not in self._values:
            self._values[name] = Opaque(name)
            values = self._constants.get(name, [])
            if len(values) == 1 and values[0] is not None:
                self._values[name] = self.read(values[0], depth).value
        found = self._values[name]
        return Opaque(code_of(node)) if isinstance(found, Opaque) else found

    def items(self, nodes: Iterable["Syntax"], depth: int) -> tuple[Node, ...]:
        """A list of expressions."""
        return tuple(self.read(each, depth) for each in nodes)

    def sum(self, node: "Syntax", depth: int) -> Value:
        """What `+` or `.` makes of two strings, lists or numbers, and `*` of two numbers."""
        left, right = (node.child_by_field_name(side) for side in ("left", "right"))
        operator = node.child_by_field_name("operator")
        if left is None or right is None or operator is None:
            return Opaque(code_of(node))
        one, other = self.read(left, depth).value, self.read(right, depth).value
        if type(one) is int and type(other) is int and abs(one * other) < 1 << 62:
            known = {"+": one + other, "*": one * other}
            return known.get(code_of(operator), Opaque(code_of(node)))
        if code_of(operator) in {"+", "."}:
            if isinstance(one, str) and isinstance(other, str) and len(one + other) <= LONGEST:
                return one + other
            if isinstance(one, tuple) and isinstance(other, tuple):
                return joined([one, other], node)
        return Opaque(code_of(node))


def joined(lists: Iterable[tuple[Node, ...]], node: "Syntax") -> Value:
    """Several lists as one."""
    found: list[Node] = []
    for each in lists:
        found += each
        if len(found) > LONGEST:
            return Opaque(code_of(node))
    return tuple(found)


def call_name(written: str) -> str:
    """A dotted name's last part."""
    return written.rpartition(".")[2]


def plain_number(written: str) -> Value:
    """A whole decimal number, with what may stand before it, in it and behind it."""
    digits = written.removeprefix("-").replace("_", "").rstrip("lLuU")
    is_decimal = digits.isascii() and digits.isdigit() and len(digits) < 19
    leads = len(digits) > 1 and digits.startswith("0")
    if not is_decimal or leads:
        return Opaque(written)
    return -int(digits) if written.startswith("-") else int(digits)
