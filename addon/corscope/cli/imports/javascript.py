"""What values does a JavaScript or TypeScript file hold, without running it?

Tree-sitter parses it. Literals, arrays, objects, regular expressions and the constants that the
file gives names to are read. Of functions only those are understood that test an origin, which is
how some libraries take a list: all others are kept as the code that they are.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from corscope.cli.imports.syntax import code_of, line_of, named, parsed, walk
from corscope.cli.imports.tree import (
    DEEPEST,
    LONGEST,
    REST,
    Node,
    Opaque,
    Regex,
    Source,
    Value,
)

if TYPE_CHECKING:
    from tree_sitter import Node as Syntax

__all__ = ["JavaScriptCall", "JavaScriptFile"]

_GRAMMARS: Final = {
    **dict.fromkeys(("ts", "mts", "cts"), ("tree_sitter_typescript", "language_typescript")),
    "tsx": ("tree_sitter_typescript", "language_tsx"),
}
_JAVASCRIPT: Final = ("tree_sitter_javascript", "language")
_TRANSPARENT: Final = {
    *("parenthesized_expression", "as_expression", "satisfies_expression"),
    *("non_null_expression", "await_expression"),
}
_FUNCTIONS: Final = {"arrow_function", "function_expression"}
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}


@dataclass(frozen=True)
class JavaScriptCall:
    """A call: its place, its function and its first argument, as they are written."""

    place: str
    function: str
    first: str
    _arguments: tuple["Syntax", ...]
    _file: "JavaScriptFile"

    def options(self, index: int = 0) -> Node:
        """The argument of that index; a table without options if there is none."""
        if index >= len(self._arguments):
            return Node(self.place, {})
        return self._file.read(self._arguments[index])


@dataclass(frozen=True)
class JavaScriptFile:
    """A JavaScript or TypeScript file."""

    source: Source

    @cached_property
    def _root(self) -> "Syntax":
        module, function = _GRAMMARS.get(self.source.name.rpartition(".")[2].lower(), _JAVASCRIPT)
        return parsed(self.source, "JavaScript", module, function)

    @cached_property
    def _values(self) -> dict[str, Value]:
        return {}

    @cached_property
    def _all(self) -> tuple["Syntax", ...]:
        return tuple(walk(self._root))

    @cached_property
    def _constants(self) -> Mapping[str, list["Syntax"]]:
        """The values of `const` by name; a name with more than one is ambiguous."""
        found: dict[str, list[Syntax]] = {}
        for node in self._all:
            name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
            if node.type == "variable_declarator" and name is not None and value is not None:
                is_const = node.parent is not None and code_of(node.parent.child(0)) == "const"
                found.setdefault(code_of(name), []).extend([value] if is_const else [value, value])
        return found

    def imported(self, *modules: str) -> Mapping[str, str]:
        """The names that the file gives to what it imports from these modules, with their own.

        A default import is called `default`, a whole module `*`.
        """
        found: dict[str, str] = {}
        for node in self._all:
            source = node.child_by_field_name("source")
            if node.type == "import_statement" and source is not None:
                if self.read(source).value in modules:
                    found |= dict(_import_names(node))
            elif node.type == "import_require_clause" and self._requires(node, modules):
                found[code_of(node.named_children[0])] = "*"
            elif node.type == "variable_declarator":
                value = node.child_by_field_name("value")
                if value is not None and self._requires(value, modules):
                    found |= dict(_pattern_names(node.child_by_field_name("name")))
        return found

    def _requires(self, node: "Syntax", modules: tuple[str, ...]) -> bool:
        """Whether it is `require("…")` of one of these, or of its `default`."""
        called = re.fullmatch(
            r"""(?:\w+\s*=\s*)?(?:await\s+)?(?:require|import)\(\s*["']([^"']+)["']\s*\)(?:\.\w+)?""",
            code_of(node),
        )
        return called is not None and called[1] in modules

    def calls(self) -> Iterator[JavaScriptCall]:
        """Every call in it, in its order."""
        for node in self._all:
            function = node.child_by_field_name("function")
            if node.type != "call_expression" or function is None:
                continue
            given = node.child_by_field_name("arguments")
            arguments = named(given)
            first = code_of(arguments[0]) if arguments else ""
            place = self.source.at(line_of(node))
            yield JavaScriptCall(place, code_of(function), first, tuple(arguments), self)

    def options_called(self, key: str) -> Iterator[Node]:
        """The value of every option of this name, in whatever object."""
        for node in self._all:
            if node.type == "pair":
                name, value = node.child_by_field_name("key"), node.child_by_field_name("value")
                if name is not None and value is not None and code_of(name).strip("\"'") == key:
                    yield self.read(value)

    def read(self, node: "Syntax", depth: int = 0) -> Node:
        """An expression as a plain value."""
        if depth > DEEPEST:
            self.source.refuse("is nested too deeply", line_of(node))
        while node.type in _TRANSPARENT and node.named_children:
            node = named(node)[0]
        return Node(self.source.at(line_of(node)), self._value(node, depth + 1))

    def _value(self, node: "Syntax", depth: int) -> Value:
        match node.type:
            case "string":
                return _string(node)
            case "template_string" if not any(
                child.type == "template_substitution" for child in node.children
            ):
                return _string(node)
            case "number" | "unary_expression":
                return _number(node)
            case "true" | "false":
                return node.type == "true"
            case "null" | "undefined":
                return None
            case "array":
                return self._items(node, depth)
            case "object":
                return self._table(node, depth)
            case "identifier" | "shorthand_property_identifier":
                return self._named_value(node, depth)
            case _:
                return self._special(node, depth)

    def _special(self, node: "Syntax", depth: int) -> Value:
        if node.type == "regex":
            pattern, flags = (node.child_by_field_name(n) for n in ("pattern", "flags"))
            body = code_of(pattern).replace("\\/", "/")
            return _regex(body, code_of(flags), node)
        constructor = node.child_by_field_name("constructor")
        if node.type == "new_expression" and constructor is not None:
            given = node.child_by_field_name("arguments")
            values = [self.read(each, depth).value for each in named(given)]
            texts = [value for value in values if isinstance(value, str)]
            if code_of(constructor) == "RegExp" and texts and len(texts) == len(values):
                return _regex(texts[0], "".join(texts[1:2]), node)
        if node.type in _FUNCTIONS:
            return self._origin_test(node, depth)
        return Opaque(code_of(node))

    def _items(self, node: "Syntax", depth: int) -> tuple[Node, ...] | Opaque:
        found: list[Node] = []
        for child in named(node):
            if child.type != "spread_element":
                found.append(self.read(child, depth))
                continue
            inner = self.read(child.named_children[0], depth)
            found += inner.value if isinstance(inner.value, tuple) else [inner]
            if len(found) > LONGEST:
                return Opaque("...")
        return tuple(found)

    def _table(self, node: "Syntax", depth: int) -> dict[str, Node]:
        found: dict[str, Node] = {}
        for child in named(node):
            key, value = child.child_by_field_name("key"), child.child_by_field_name("value")
            name = child.child_by_field_name("name")
            if child.type == "pair" and key is not None and value is not None:
                found[str(_string(key)) if key.type == "string" else code_of(key)] = self.read(
                    value, depth
                )
            elif child.type == "shorthand_property_identifier":
                found[code_of(child)] = self.read(child, depth)
            elif child.type == "spread_element":
                inner = self.read(child.named_children[0], depth)
                found |= inner.value if isinstance(inner.value, Mapping) else {REST: inner}
            elif name is not None:  # a method
                place = self.source.at(line_of(child))
                found[code_of(name)] = Node(place, Opaque(code_of(child)))
        return found

    def _named_value(self, node: "Syntax", depth: int) -> Value:
        """The value of a constant; while it is being read it has none."""
        name = code_of(node)
        if name == "undefined":
            return None
        if name not in self._values:
            self._values[name] = Opaque(name)
            values = self._constants.get(name, [])
            if len(values) == 1:
                self._values[name] = self.read(values[0], depth).value
        return self._values[name]

    # Functions that test an origin

    def _origin_test(self, node: "Syntax", depth: int) -> Value:
        """True if it sends back any origin, a list of origins and regexes if it tests for those."""
        body = node.child_by_field_name("body")
        returned = None if body is None else _returned(body)
        if returned is None:
            return Opaque(code_of(node))
        if returned.type == "true" or self._is_origin(returned, node):
            return True
        parts = [returned.child_by_field_name(f) for f in ("condition", "consequence")]
        condition, consequence = parts
        is_ours = returned.type == "ternary_expression" and consequence is not None
        if condition is None or consequence is None or not is_ours:
            return Opaque(code_of(node))
        tested = list(self._tested(condition, node, depth))
        if None in tested or not self._is_origin(consequence, node):
            return Opaque(code_of(node))
        return tuple(each for each in tested if each is not None)

    def _is_origin(self, node: "Syntax", function: "Syntax") -> bool:
        """Whether it is the origin: the function's first parameter, or a header's value."""
        code = code_of(_bare(node))
        parameters = function.child_by_field_name("parameters") or function.child_by_field_name(
            "parameter"
        )
        first = re.match(r"\(?\s*(\w+)", code_of(parameters))
        header = r"""\w+(?:\.req(?:uest)?)?\.(?:get|header)\(["'][Oo]rigin["']\)"""
        values = self._constants.get(code, [])
        return (
            (first is not None and first[1] == code)
            or re.fullmatch(header, code) is not None
            or (len(values) == 1 and re.fullmatch(header, code_of(values[0])) is not None)
        )

    def _tested(self, node: "Syntax", function: "Syntax", depth: int) -> Iterator[Node | None]:
        """What a chain of `a.includes(origin) || b.test(origin)` tests for; None for the rest."""
        node = _bare(node)
        left, right = (node.child_by_field_name(side) for side in ("left", "right"))
        if left is not None and right is not None and "||" in map(code_of, node.children):
            yield from self._tested(left, function, depth)
            yield from self._tested(right, function, depth)
            return
        called, given = (node.child_by_field_name(name) for name in ("function", "arguments"))
        arguments = named(given)
        of = called and called.child_by_field_name("object")
        method = called and called.child_by_field_name("property")
        is_asked = len(arguments) == 1 and self._is_origin(arguments[0], function)
        if not of or not method or not is_asked:
            yield None
            return
        value = self.read(of, depth)
        kind = {"includes": tuple, "test": Regex}.get(code_of(method))
        is_known = kind is not None and isinstance(value.value, kind)
        yield from (value.items() if is_known else (None,))


def _bare(node: "Syntax") -> "Syntax":
    while node.type in _TRANSPARENT and node.named_children:
        node = named(node)[0]
    return node


def _returned(body: "Syntax") -> "Syntax | None":
    """What a function returns that does nothing else but name constants."""
    if body.type != "statement_block":
        return _bare(body)
    *before, last = named(body) or [body]
    declares = all(statement.type == "lexical_declaration" for statement in before)
    returns = last.type == "return_statement" and last.named_children
    return _bare(named(last)[0]) if declares and returns else None


def _string(node: "Syntax") -> str:
    return re.sub(
        r"\\(u\{[0-9a-fA-F]{1,6}\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|\r\n|.)",
        _unescaped,
        code_of(node)[1:-1],
        flags=re.DOTALL,
    )


def _unescaped(escape: re.Match[str]) -> str:
    code = escape[1]
    if len(code) > 1 and code[0] in "ux":
        return chr(min(int(code[1:].strip("{}"), 16), 0x10FFFF))
    return "" if code in {"\n", "\r\n"} else _ESCAPES.get(code, code)


def _number(node: "Syntax") -> int | float | Opaque:
    code = code_of(node).replace("_", "")
    try:
        value = json.loads(code)
    except ValueError:
        return Opaque(code)
    return value if isinstance(value, int | float) else Opaque(code)


def _regex(pattern: str, flags: str, node: "Syntax") -> Regex | Opaque:
    """A regex; flags other than `i` and `u` change more than which origins fit."""
    if set(flags) - set("iuv"):
        return Opaque(code_of(node))
    return Regex(f"(?i){pattern}" if "i" in flags else pattern)


def _import_names(node: "Syntax") -> Iterator[tuple[str, str]]:
    for each in walk(node):
        if each.type == "import_clause":
            yield from ((code_of(c), "default") for c in each.children if c.type == "identifier")
        elif each.type == "namespace_import":
            yield code_of(each.named_children[0]), "*"
        elif each.type == "import_specifier":
            names: Iterable[Syntax] = each.named_children
            first, *rest = map(code_of, names)
            yield (rest[0] if rest else first), first


def _pattern_names(node: "Syntax | None") -> Iterator[tuple[str, str]]:
    if node is None:
        return
    if node.type == "identifier":
        yield code_of(node), "default"
    for child in node.named_children:
        if child.type == "shorthand_property_identifier_pattern":
            yield code_of(child), code_of(child)
        elif child.type == "pair_pattern":
            first, last = map(code_of, child.named_children)
            yield last, first
