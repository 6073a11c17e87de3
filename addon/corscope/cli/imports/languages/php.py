"""What values does a PHP file hold, without running it?

Strings, numbers, arrays, and the constants and variables that the file gives such values once.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from corscope.cli.imports.environment import default_of, parted, settled
from corscope.cli.imports.languages.codefile import CodeFile, joined, plain_number
from corscope.cli.imports.languages.syntax import code_of, line_of, named
from corscope.cli.imports.tree import Node, Opaque, Value

if TYPE_CHECKING:
    from tree_sitter import Node as Syntax

__all__ = ["PhpFile"]

_MERGING: Final = {"array_merge", "array_values", "array_unique"}
_TRIM: Final = {"'trim'", '"trim"', "trim(...)"}
_ENVIRONMENT: Final = {"env", "getenv"}
_UNSET_IS: Final = {"===": False, "==": False, "!==": True, "!=": True}
"""What a comparison of what isn't set with a text comes to."""

_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "v": "\v", "e": "\x1b", "f": "\f"}


@dataclass(frozen=True)
class PhpFile(CodeFile):
    """A PHP file."""

    grammar: ClassVar = ("PHP", "tree_sitter_php", "language_php")

    def returned(self) -> Node | None:
        """What the file itself returns, as files of settings do."""
        found = [node for node in named(self.root) if node.type == "return_statement"]
        return self.read(named(found[0])[0]) if found and named(found[0]) else None

    def assignments(self) -> Iterator[tuple[str, "Syntax | None"]]:
        """Constants and variables; None for what changes them."""
        for node in self.all:
            left, right = (node.child_by_field_name(side) for side in ("left", "right"))
            if node.type == "const_element":
                name, *value = named(node)
                yield code_of(name), value[0] if value else None
            elif node.type == "assignment_expression":
                yield code_of(left).partition("[")[0], None if "[" in code_of(left) else right
            elif node.type in {
                "augmented_assignment_expression",
                "reference_assignment_expression",
            }:
                yield code_of(left), None

    def value(self, node: "Syntax", depth: int) -> Value:
        """An expression's value."""
        match node.type:
            case "string" | "encapsed_string" | "integer" | "boolean" | "null":
                return _literal(node)
            case "array_creation_expression":
                return self._array(node, depth)
            case "unary_op_expression":
                return plain_number(code_of(node))
            case "name" | "variable_name":
                return self.named_value(code_of(node), node, depth)
            case "class_constant_access_expression":
                return self.named_value(code_of(named(node)[-1]), node, depth)
            case "binary_expression":
                return self._computed(node, depth)
            case "conditional_expression":
                return self._decided(node, depth)
            case "function_call_expression":
                return self._called(node, depth)
        return Opaque(code_of(node))

    def _computed(self, node: "Syntax", depth: int) -> Value:
        """A sum, `a ?? b`, or what `env('NAME') === 'text'` comes to."""
        left, right = named(node)[:2]
        operator = code_of(node.child_by_field_name("operator"))
        value = self.read(left, depth).value
        variable = value.variable if isinstance(value, Opaque) else ""
        if operator in _UNSET_IS and variable and isinstance(self.read(right, depth).value, str):
            return default_of(self.source, line_of(node), variable, _UNSET_IS[operator])
        if operator != "??":
            return self.sum(node, depth)
        if value is None or variable:
            default = self.read(right, depth).value
            return default_of(self.source, line_of(node), variable, default)
        return Opaque(code_of(node)) if isinstance(value, Opaque) else value

    def _decided(self, node: "Syntax", depth: int) -> Value:
        """`a ? b : c`, and `a ?: c`."""
        test, then, rest = (
            node.child_by_field_name(each) for each in ("condition", "body", "alternative")
        )
        value = None if test is None else self.read(test, depth).value
        variable = value.variable if isinstance(value, Opaque) else ""
        if rest is None or (isinstance(value, Opaque) and not variable):
            return Opaque(code_of(node))
        if not isinstance(value, Opaque) and value not in (None, False, "", "0", 0, ()):
            return value if then is None else self.read(then, depth).value
        return default_of(self.source, line_of(node), variable, self.read(rest, depth).value)

    def _setting(self, node: "Syntax", values: list[Value]) -> Value:
        """`env('NAME', 'default')`."""
        name, *default = values
        if not isinstance(name, str) or len(default) > 1:
            return Opaque(code_of(node))
        if not default or default[0] is None:
            return Opaque(code_of(node), name)
        return default_of(self.source, line_of(node), name, default[0])

    def _array(self, node: "Syntax", depth: int) -> Value:
        """A list, or a table if it has keys."""
        lists: list[tuple[Node, ...]] = []
        table: dict[str, Node] = {}
        for each in named(node):
            parts = named(each)
            if parts[0].type == "variadic_unpacking":
                inner = self.read(named(parts[0])[0], depth)
                if not isinstance(inner.value, tuple):
                    return Opaque(code_of(node))
                lists.append(inner.value)
            elif len(parts) == 1:
                lists.append((self.read(parts[0], depth),))
            else:
                key = self.read(parts[0], depth).value
                table[str(key)] = self.read(parts[1], depth)
        if table and not lists:
            return table
        return joined(lists, node) if not table else Opaque(code_of(node))

    def _called(self, node: "Syntax", depth: int) -> Value:
        """`array_merge(…)` and its like, and `explode(',', …)`."""
        function = code_of(node.child_by_field_name("function")).lower().lstrip("\\")
        given = [named(each)[-1] for each in named(node.child_by_field_name("arguments"))]
        values = [self.read(each, depth).value for each in given]
        if function in _ENVIRONMENT and values:
            return self._setting(node, values)
        if function == "array_map" and code_of(given[0]) in _TRIM and len(values) == 2:
            return _trimmed(values[1], node)
        if function == "array_filter" and len(values) == 1:
            kept = settled(self.source, line_of(node), values[0])
            return tuple(e for e in kept if e.value) if isinstance(kept, tuple) else kept
        if function in _MERGING and all(isinstance(each, tuple) for each in values):
            return joined([each for each in values if isinstance(each, tuple)], node)
        if function == "explode" and len(values) == 2:
            mark, text = values
            parts = parted(text, mark, self.source.at(line_of(node)))
            return Opaque(code_of(node)) if parts is None else parts
        return Opaque(code_of(node))


def _trimmed(value: Value, node: "Syntax") -> Value:
    """A list of texts without the spaces around them."""
    items = value if isinstance(value, tuple) else ()
    texts = [Node(each.place, each.value.strip()) for each in items if isinstance(each.value, str)]
    return tuple(texts) if texts and len(texts) == len(items) else Opaque(code_of(node))


def _literal(node: "Syntax") -> Value:
    written = code_of(node)
    match node.type:
        case "string":
            return re.sub(r"\\([\\'])", r"\1", written[1:-1])
        case "encapsed_string":
            return _interpreted(node)
        case "integer":
            return plain_number(written)
    return written.lower() == "true" if node.type == "boolean" else None


def _interpreted(node: "Syntax") -> Value:
    """What stands between double quotes, unless a variable does."""
    kinds = {child.type for child in node.named_children}
    if not kinds <= {"string_content", "escape_sequence"}:
        return Opaque(code_of(node))
    return re.sub(
        r"\\(u\{[0-9a-fA-F]{1,6}\}|x[0-9a-fA-F]{1,2}|[0-7]{1,3}|.)",
        _unescaped,
        code_of(node)[1:-1],
        flags=re.DOTALL,
    )


def _unescaped(escape: re.Match[str]) -> str:
    text = escape[1]
    if text[0] in "ux" and len(text) > 1:
        return chr(min(int(text[1:].strip("{}"), 16), 0x10FFFF))
    if text.isdigit():
        return chr(int(text, 8) & 255) if text.isascii() and set(text) <= set("01234567") else text
    return _ESCAPES.get(text, text if text in '\\"$' else f"\\{text}")
