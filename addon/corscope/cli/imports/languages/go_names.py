"""What does a name of a Go file stand for, at a place in it?

A name is looked up in the blocks around the place, from the inside out. What is done to it is a
list of writes in the file's order, of which those count that stand before the place. That is what
happens when the code runs, as long as they all are in the block that the name belongs to.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from corscope.cli.imports.languages.syntax import code_of, line_of, named
from corscope.cli.imports.tree import DEEPEST, Source

if TYPE_CHECKING:
    from tree_sitter import Node as Syntax

__all__ = ["Binding", "Names", "Scope", "Write", "names_of"]

_SCOPES: Final = {
    *("block", "function_declaration", "method_declaration", "func_literal"),
    *("if_statement", "for_statement", "select_statement", "communication_case"),
    *("expression_switch_statement", "type_switch_statement"),
    *("expression_case", "type_case", "default_case"),
}
_PARAMETERS: Final = {"parameter_declaration", "variadic_parameter_declaration"}
_DECLARATIONS: Final = {
    *("const_spec", "var_spec", "short_var_declaration", "function_declaration"),
    *_PARAMETERS,
}
_ASSIGNMENTS: Final = {"assignment_statement", "receive_statement", "range_clause"}
_COUNTS: Final = {"inc_statement", "dec_statement"}


@dataclass(frozen=True, slots=True)
class Write:
    """What is done to a name.

    Attributes:
        end: from where in the file on that is so.
        node: the code that does it.
        value: what it is given; None if that is no expression of its own.
        field: the field that is given it; empty for the whole.
        method: the method that is called on it instead.
        is_here: whether it is done in the block that the name belongs to.
    """

    end: int
    node: "Syntax"
    value: "Syntax | None" = None
    field: str = ""
    method: str = ""
    is_here: bool = True


@dataclass(eq=False, slots=True)
class Binding:
    """What a name stands for in a scope, from `start` on."""

    scope: "Scope"
    start: int
    writes: list[Write] = field(default_factory=list)


@dataclass(eq=False, slots=True)
class Scope:
    """A block, within another one; the file's own has none around it."""

    outer: "Scope | None" = None
    depth: int = 0
    names: dict[str, Binding] = field(default_factory=dict)

    def find(self, name: str, at: int) -> Binding | None:
        """What a name stands for at a place; the file's own names do so everywhere."""
        scope: Scope | None = self
        while scope is not None:
            found = scope.names.get(name)
            if found is not None and (scope.outer is None or found.start <= at):
                return found
            scope = scope.outer
        return None


@dataclass(eq=False, slots=True)
class Names:
    """The names of a file: in which block each stands, and what is done to it."""

    _scopes: dict[int, Scope] = field(default_factory=dict)
    _waiting: list[tuple[str, Scope, Write]] = field(default_factory=list)

    def scope(self, identifier: "Syntax") -> Scope:
        """The block that an identifier stands in."""
        return self._scopes[identifier.start_byte]

    def find(self, identifier: "Syntax") -> Binding | None:
        """What an identifier stands for; None if nothing of this file."""
        start = identifier.start_byte
        scope = self._scopes.get(start)
        return None if scope is None else scope.find(code_of(identifier), start)

    def take(self, node: "Syntax", scope: Scope, inner: Scope) -> None:
        """Take note of what a piece of code declares, and of what it does to names.

        Args:
            node: the code.
            scope: the block that it stands in.
            inner: the block that it opens; the same if it opens none.
        """
        if node.type == "identifier":
            self._scopes[node.start_byte] = scope
        elif node.type == "type_switch_statement":
            for name in named(node.child_by_field_name("alias")):
                self._declare(name, inner, Write(name.start_byte, node))
        elif node.type in _DECLARATIONS:
            for name, write in _declared(node, is_of_file=scope.outer is None):
                self._declare(name, scope, write)
        else:
            self._take_writes(node, scope)

    def _take_writes(self, node: "Syntax", scope: Scope) -> None:
        if node.type in _ASSIGNMENTS:
            declares = any(child.type == ":=" for child in node.children)
            for target, write in _assigned(node):
                if declares:
                    self._declare(target, scope, write)
                else:
                    self._write(target, scope, write)
        elif node.type in _COUNTS:
            self._write(node.named_children[0], scope, Write(node.end_byte, node))
        elif node.type == "unary_expression" and code_of(node.child(0)) == "&":
            self._write(node.child_by_field_name("operand"), scope, Write(node.end_byte, node))
        elif node.type == "expression_statement":
            self._call(node.named_children[0], scope)

    def _call(self, node: "Syntax", scope: Scope) -> None:
        called = node.child_by_field_name("function")
        of = None if called is None else called.child_by_field_name("operand")
        if called is not None and of is not None and of.type == "identifier":
            method = code_of(called.child_by_field_name("field"))
            self._waiting.append((code_of(of), scope, Write(node.end_byte, node, method=method)))

    def _declare(self, name: "Syntax | None", scope: Scope, write: Write) -> None:
        """A name that is declared once more is only written to."""
        text = code_of(name)
        if text not in scope.names:
            scope.names[text] = Binding(scope, write.end, [write])
        else:
            scope.names[text].writes.append(write)

    def _write(self, target: "Syntax | None", scope: Scope, write: Write) -> None:
        """To a name, to a field of it, or to anything in it, which may then be anything."""
        if target is None:
            return
        of = target.child_by_field_name("operand")
        if target.type == "selector_expression" and of is not None and of.type == "identifier":
            write = replace(write, field=code_of(target.child_by_field_name("field")))
        elif target.type != "identifier":
            write = replace(write, value=None)
        for _ in range(DEEPEST):
            if of is not None:
                target, of = of, of.child_by_field_name("operand")
        if target.type == "identifier":
            self._waiting.append((code_of(target), scope, write))

    def settle(self) -> None:
        """Give each name its writes, in the file's order."""
        touched: set[Binding] = set()
        for name, scope, write in self._waiting:
            binding = scope.find(name, write.end)
            if binding is not None:
                is_here = write.is_here and binding.scope is scope
                binding.writes.append(replace(write, is_here=is_here))
                touched.add(binding)
        for binding in touched:
            binding.writes.sort(key=lambda each: each.end)


def names_of(root: "Syntax", source: Source) -> Names:
    """The names of a file.

    Raises:
        UnreadableError: its blocks are nested too deeply.
    """
    names = Names()
    waiting = [(root, Scope())]
    while waiting:
        node, scope = waiting.pop()
        inner = Scope(scope, scope.depth + 1) if node.type in _SCOPES else scope
        if inner.depth > DEEPEST:
            source.refuse("is nested too deeply", line_of(node))
        names.take(node, scope, inner)
        waiting.extend((child, inner) for child in reversed(node.named_children))
    names.settle()
    return names


def _declared(node: "Syntax", *, is_of_file: bool) -> Iterator[tuple["Syntax", Write]]:
    """The names that are declared, each with what it is given."""
    names = [each for each in node.children_by_field_name("name") if each.is_named]
    if node.type == "short_var_declaration":
        yield from _assigned(node)
    elif node.type == "function_declaration":
        yield from ((name, Write(0, node, node)) for name in names)
    elif node.type in _PARAMETERS:
        yield from ((name, Write(name.start_byte, node)) for name in names)
    else:
        values = named(node.child_by_field_name("value"))
        is_paired = len(values) == len(names)
        end = 0 if is_of_file else node.end_byte  # the file's own have theirs before anything runs
        for index, name in enumerate(names):
            yield name, Write(end, node, values[index] if is_paired else None)


def _assigned(node: "Syntax") -> Iterator[tuple["Syntax", Write]]:
    """What stands on the left, each with what stands on the right of it."""
    targets = named(node.child_by_field_name("left"))
    values = named(node.child_by_field_name("right"))
    operator = code_of(node.child_by_field_name("operator"))
    is_plain = node.type == "short_var_declaration" or operator == "="
    for index, target in enumerate(targets):
        is_paired = is_plain and len(values) == len(targets)
        yield target, Write(node.end_byte, node, values[index] if is_paired else None)
