"""How is code read whose language has a grammar of tree-sitter's?

The grammars are packages of their own, which only `corscope import` needs. They parse any text
without running it, also a deep one; so that a tree must be walked without recursion. Of code they
take a moment, of some texts that are none they would take days.
"""

import importlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from corscope.cli.imports.tree import Source, UnreadableError

if TYPE_CHECKING:
    from tree_sitter import Node as Syntax

__all__ = ["MethodCall", "code_of", "line_of", "named", "parsed", "short_code_of", "walk"]

_LONGEST_SHORT: Final = 2000

_MOST_SECONDS: Final = 5.0
"""Of the processor's time for a file: the largest that is read takes a fraction of one."""
_AT_ONCE: Final = 512
"""Bytes that a grammar is given at a time: what is behind them can still be kept back."""


@dataclass(frozen=True, slots=True)
class MethodCall:
    """A method that is called, and what it is given."""

    name: str
    arguments: tuple["Syntax", ...]
    node: "Syntax"


def parsed(source: Source, language: str, module: str, function: str = "language") -> "Syntax":
    """A file as a tree.

    Args:
        source: the file.
        language: what it is to be, in words.
        module: the package of the grammar, and `function` what gives it.
        function: see there.

    Raises:
        UnreadableError: it can't be parsed, or a package is missing.
    """
    try:
        tree_sitter = importlib.import_module("tree_sitter")
        grammar = getattr(importlib.import_module(module), function)()
    except ModuleNotFoundError as error:
        raise UnreadableError(
            f"{source.name}: to read {language}, the Python package {error.name} is "
            "needed: pip install 'corscope[import]'"
        ) from error
    text = f"{source.text}\n".encode()
    end = time.thread_time() + _MOST_SECONDS

    def part(offset: int, _: object) -> bytes:
        """What stands there; nothing once it takes too long, so that the parser comes to its end.

        Its own way to be stopped lets tree-sitter 0.25 crash.
        """
        return text[offset : offset + _AT_ONCE] if time.thread_time() < end else b""

    root: Syntax = tree_sitter.Parser(tree_sitter.Language(grammar)).parse(part).root_node
    if time.thread_time() >= end:
        source.refuse(f"takes too long to parse as {language}: give the part with the CORS")
    if root.has_error:
        wrong = next((n for n in walk(root) if n.is_error or n.is_missing), root)
        source.refuse(f"is no {language} that can be parsed", line_of(wrong))
    return root


def walk(root: "Syntax", *, only_named: bool = False) -> Iterator["Syntax"]:
    """All of a tree, in the file's order; also brackets, operators and the like."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(node.named_children if only_named else node.children))


def named(node: "Syntax | None") -> list["Syntax"]:
    """The children that have a meaning of their own; no comments."""
    return [] if node is None else [c for c in node.named_children if "comment" not in c.type]


def code_of(node: "Syntax | None") -> str:
    """It as it is written."""
    return "" if node is None else (node.text or b"").decode()


def short_code_of(node: "Syntax | None") -> str:
    """It as it is written; empty if it is long, which would be costly for all that is nested."""
    is_short = node is not None and node.end_byte - node.start_byte <= _LONGEST_SHORT
    return code_of(node) if is_short else ""


def line_of(node: "Syntax") -> int:
    """The line that it begins in."""
    return node.start_point[0] + 1
