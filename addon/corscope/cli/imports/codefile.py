"""What values does a file of code hold that tree-sitter parses, without running it?

What the readers of several languages share: the tree, the constants by name, and how literals,
lists and sums of them become plain values. A language says which of its nodes are which.
"""

import importlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Final

from corscope.cli.imports.tree import (
    DEEPEST,
    LONGEST,
    Node,
    Opaque,
    Source,
    UnreadableError,
    Value,
)

if TYPE_CHECKING:
    from tree_sitter import Node as Syntax

__all__ = [
    "CodeFile",
    "Grammar",
    "call_name",
    "code",
    "joined",
    "line",
    "named",
    "plain_number",
    "walk",
]

_COMMENTS: Final = {"comment", "line_comment", "block_comment"}


@dataclass(frozen=True, slots=True)
class Grammar:
    """A language, and the package that has its grammar."""

    language: str
    module: str
    function: str = "language"

    def parsed(self, source: Source) -> "Syntax":
        """The root of a file's tree.

        Raises:
            UnreadableError: it is none of this language, or the package is missing.
        """
        try:
            tree_sitter = importlib.import_module("tree_sitter")
            grammar = getattr(importlib.import_module(self.module), self.function)()
        except ModuleNotFoundError as error:
            raise UnreadableError(
                f"{source.name}: to read {self.language}, the Python package {error.name} is "
                "needed: pip install 'corscope[import]'"
            ) from error
        parser = tree_sitter.Parser(tree_sitter.Language(grammar))
        root: Syntax = parser.parse(source.text.encode()).root_node
        if root.has_error:
            wrong = next((n for n in walk(root) if n.is_error or n.is_missing), root)
            source.refuse(f"is no {self.language} that can be parsed", line(wrong))
        return root


@dataclass(frozen=True)
class CodeFile(ABC):
    """A file of code; what a language reads is in its own class."""

    source: Source
    grammar: ClassVar[Grammar]

    @cached_property
    def root(self) -> "Syntax":
        """The root of its tree."""
        return self.grammar.parsed(self.source)

    @cached_property
    def all(self) -> tuple["Syntax", ...]:
        """All of its tree, in the file's order."""
        return tuple(walk(self.root))

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

    @abstractmethod
    def bare(self, node: "Syntax") -> "Syntax":
        """The expression without what only stands around it."""

    def read(self, node: "Syntax", depth: int = 0) -> Node:
        """An expression as a plain value."""
        if depth > DEEPEST:
            self.source.refuse("is nested too deeply", line(node))
        node = self.bare(node)
        return Node(self.place(node), self.value(node, depth + 1))

    def place(self, node: "Syntax") -> str:
        """Where a node stands."""
        return self.source.at(line(node))

    def named_value(self, name: str, node: "Syntax", depth: int) -> Value:
        """The value of a name that is given one once; while it is being read it has none."""
        if name not in self._values:
            self._values[name] = Opaque(name)
            values = self._constants.get(name, [])
            if len(values) == 1 and values[0] is not None:
                self._values[name] = self.read(values[0], depth).value
        found = self._values[name]
        return Opaque(code(node)) if isinstance(found, Opaque) else found

    def items(self, nodes: Iterable["Syntax"], depth: int) -> tuple[Node, ...]:
        """A list of expressions."""
        return tuple(self.read(each, depth) for each in nodes)

    def sum(self, node: "Syntax", depth: int) -> Value:
        """What `+` or `.` makes of two strings, lists or numbers, and `*` of two numbers."""
        left, right = (node.child_by_field_name(side) for side in ("left", "right"))
        operator = node.child_by_field_name("operator")
        if left is None or right is None or operator is None:
            return Opaque(code(node))
        one, other = self.read(left, depth).value, self.read(right, depth).value
        if type(one) is int and type(other) is int and abs(one * other) < 1 << 62:
            known = {"+": one + other, "*": one * other}
            return known.get(code(operator), Opaque(code(node)))
        if code(operator) in {"+", "."}:
            if isinstance(one, str) and isinstance(other, str) and len(one + other) <= LONGEST:
                return one + other
            if isinstance(one, tuple) and isinstance(other, tuple):
                return joined([one, other], node)
        return Opaque(code(node))


def joined(lists: Iterable[tuple[Node, ...]], node: "Syntax") -> Value:
    """Several lists as one."""
    found: list[Node] = []
    for each in lists:
        found += each
        if len(found) > LONGEST:
            return Opaque(code(node))
    return tuple(found)


def walk(root: "Syntax") -> Iterator["Syntax"]:
    """All of a tree, in the file's order; a deep one isn't walked by recursion."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(node.children))


def named(node: "Syntax | None") -> list["Syntax"]:
    """The parts of a node that aren't punctuation or comments."""
    children = [] if node is None else node.named_children
    return [child for child in children if child.type not in _COMMENTS]


def code(node: "Syntax | None") -> str:
    """A node as it is written."""
    return "" if node is None else (node.text or b"").decode()


def line(node: "Syntax") -> int:
    """The line where a node begins."""
    return node.start_point[0] + 1


def call_name(written: str) -> str:
    """A dotted name's last part."""
    return written.rpartition(".")[2]


def plain_number(written: str) -> Value:
    """A whole decimal number, with what may stand in it and behind it."""
    digits = written.replace("_", "").rstrip("lLuU")
    is_decimal = digits.isascii() and digits.isdigit() and len(digits) < 19
    leads = len(digits) > 1 and digits.startswith("0")
    return int(digits) if is_decimal and not leads else Opaque(written)
