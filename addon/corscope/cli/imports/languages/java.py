"""What values does a Java file hold, without running it?

Strings, numbers, arrays, the collections that `List.of` and its like make of them, and the
constants that the file gives names to.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from corscope.cli.imports.environment import default_of
from corscope.cli.imports.languages.codefile import CodeFile, call_name, joined, plain_number
from corscope.cli.imports.languages.syntax import MethodCall, code_of, named, walk
from corscope.cli.imports.tree import Node, Opaque, Source, Value

if TYPE_CHECKING:
    from tree_sitter import Node as Syntax

__all__ = ["JavaFile", "chain", "resolved"]

_ARRAYS: Final = {"array_initializer", "element_value_array_initializer"}
_COLLECTIONS: Final = {
    *("List.of", "Set.of", "Arrays.asList", "Collections.singletonList", "Collections.singleton"),
    *("Collections.emptyList", "Collections.emptySet", "ImmutableList.of", "ImmutableSet.of"),
    *("Lists.newArrayList", "Sets.newHashSet"),
}
_COPIES: Final = {
    *("List.copyOf", "Set.copyOf", "Collections.unmodifiableList", "ImmutableList.copyOf"),
    *("Collections.unmodifiableSet",),
}
_SAME: Final = {"toArray", "toString", "name", "trim"}
_PLACEHOLDER: Final = re.compile(r"\$\{(?P<name>[^${}:]+)(?::(?P<default>[^{}]*))?\}")
_LISTED: Final = re.compile(r"\w+\[\]|(?:List|Set|Collection)<String>")
_MUTATORS: Final = {"add", "addAll", "addFirst", "remove", "removeAll", "removeIf", "clear", "set"}
_DURATIONS: Final = {"ofSeconds": 1, "ofMinutes": 60, "ofHours": 3600, "ofDays": 86400}
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "s": " ", "0": "\0"}


@dataclass(frozen=True)
class JavaFile(CodeFile):
    """A Java file."""

    grammar: ClassVar = ("Java", "tree_sitter_java", "language")

    scopes: ClassVar = frozenset(
        {"method_declaration", "constructor_declaration", "lambda_expression", "class_body"}
    )
    branches: ClassVar = frozenset(
        {
            *("if_statement", "for_statement", "enhanced_for_statement", "while_statement"),
            *("switch_expression", "switch_statement", "catch_clause", "do_statement"),
            "ternary_expression",
        }
    )

    def assignments(self) -> Iterator[tuple[str, "Syntax | None"]]:
        """Variables and fields with what they begin with; None for what changes them."""
        for node in self.all:
            if node.type in {"field_declaration", "formal_parameter"} and _injected(node):
                for each in (node, *node.children_by_field_name("declarator")):
                    if (name := each.child_by_field_name("name")) is not None:
                        yield code_of(name), node
            elif node.type == "variable_declarator":
                if node.parent is None or not _injected(node.parent):
                    value = node.child_by_field_name("value")
                    yield code_of(node.child_by_field_name("name")), value
            elif node.type == "assignment_expression":
                yield call_name(code_of(node.child_by_field_name("left"))), None
            elif node.type == "method_invocation":
                name, of = (node.child_by_field_name(each) for each in ("name", "object"))
                if of is not None and of.type == "identifier" and code_of(name) in _MUTATORS:
                    yield code_of(of), None

    def value(self, node: "Syntax", depth: int) -> Value:
        """An expression's value."""
        match node.type:
            case "string_literal":
                return _string(node)
            case "decimal_integer_literal" | "unary_expression":
                return plain_number(code_of(node))
            case "true" | "false" | "null_literal":
                return {"true": True, "false": False}.get(node.type)
            case "identifier":
                return self.named_value(code_of(node), node, depth)
            case "field_access":
                return self._constant(node, depth)
            case "binary_expression":
                return self.sum(node, depth)
            case "method_invocation":
                return self._called(node, depth)
            case "array_creation_expression" | "object_creation_expression":
                return self._created(node, depth)
        if node.type in _ARRAYS:
            return self.items(named(node), depth)
        annotation = _injected(node)
        return Opaque(code_of(node)) if annotation is None else self._injected(node, annotation)

    def _injected(self, node: "Syntax", annotation: "Syntax") -> Value:
        """What `@Value("${name:default}")` gives a field or a parameter; a list has commas."""
        place = self.place(node)
        texts = [each for each in walk(annotation) if each.type == "string_literal"]
        text = _string(texts[0]) if len(texts) == 1 else Opaque(code_of(annotation))
        known = resolved(Node(place, text), self.source).value
        if not isinstance(known, str) or not _LISTED.fullmatch(
            code_of(node.child_by_field_name("type"))
        ):
            return known
        return tuple(Node(place, each.strip()) for each in known.split(",") if each)

    def _constant(self, node: "Syntax", depth: int) -> Value:
        """A constant of Spring's, or one of a class in this file."""
        owner = call_name(code_of(node.child_by_field_name("object")))
        name = code_of(node.child_by_field_name("field"))
        if owner == "CorsConfiguration" and name == "ALL":
            return "*"
        if owner in {"HttpMethod", "RequestMethod"}:
            return name
        if owner == "HttpHeaders" and name.isupper():
            return {"ETAG": "ETag", "TE": "TE"}.get(name, name.replace("_", "-").title())
        return self.named_value(name, node, depth)

    def _called(self, node: "Syntax", depth: int) -> Value:
        of, name = node.child_by_field_name("object"), code_of(node.child_by_field_name("name"))
        given = named(node.child_by_field_name("arguments"))
        if of is None:
            return Opaque(code_of(node))
        owner = call_name(code_of(of)) if of.type in {"identifier", "field_access"} else ""
        function = f"{owner}.{name}"
        if function in _COLLECTIONS:
            return self._collected(given, depth)
        if function in _COPIES and len(given) == 1:
            return self.read(given[0], depth).value
        if owner == "Duration" and name in _DURATIONS and len(given) == 1:
            number = self.read(given[0], depth).value
            return number * _DURATIONS[name] if type(number) is int else Opaque(code_of(node))
        inner = self.read(of, depth).value
        if name in _SAME:
            return Opaque(code_of(node)) if isinstance(inner, Opaque) else inner
        if name == "split" and isinstance(inner, str) and [code_of(g) for g in given] == ['","']:
            return tuple(self._text(part, of) for part in inner.split(","))
        return Opaque(code_of(node))

    def _text(self, text: str, node: "Syntax") -> Node:
        return Node(self.place(node), text)

    def _collected(self, given: list["Syntax"], depth: int) -> Value:
        """The items; a single array is the list itself."""
        items = self.items(given, depth)
        if len(items) == 1 and isinstance(items[0].value, tuple):
            return items[0].value
        return items

    def _created(self, node: "Syntax", depth: int) -> Value:
        """`new String[] {…}`, and a collection that copies another."""
        value = node.child_by_field_name("value")
        if value is not None:
            return self.items(named(value), depth)
        given = named(node.child_by_field_name("arguments"))
        kind = code_of(node.child_by_field_name("type")).partition("<")[0]
        if kind in {"ArrayList", "HashSet", "LinkedHashSet", "LinkedList"} and not named(
            node.child_by_field_name("body")
        ):
            lists = [self.read(each, depth).value for each in given]
            if all(isinstance(each, tuple) for each in lists):
                return joined([each for each in lists if isinstance(each, tuple)], node)
        return Opaque(code_of(node))


def _injected(node: "Syntax") -> "Syntax | None":
    """The `@Value` of a field or a parameter."""
    for each in node.children:
        if each.type == "modifiers":
            for annotation in named(each):
                if code_of(annotation.child_by_field_name("name")) == "Value":
                    return annotation
    return None


def resolved(node: Node, source: Source) -> Node:
    """A text or list in which each `${name:default}` is the default; code where one has none."""
    if isinstance(node.value, tuple):
        return Node(node.place, tuple(resolved(each, source) for each in node.value))
    if not isinstance(node.value, str) or "{" not in node.value:
        return node
    found = list(_PLACEHOLDER.finditer(node.value))
    left = _PLACEHOLDER.sub("", node.value)
    if any(each["default"] is None for each in found) or "${" in left or "#{" in left:
        return Node(node.place, Opaque(node.value))
    names = " and ".join(each["name"] for each in found)
    text = _PLACEHOLDER.sub(lambda each: each["default"], node.value)
    return Node(node.place, default_of(source, node.place, names, text))


def chain(node: "Syntax") -> tuple["Syntax | None", list[MethodCall]]:
    """What stands before the dots of `a.b(…).c(…)`, and the calls in their order."""
    calls: list[MethodCall] = []
    of: Syntax | None = node
    while of is not None and of.type == "method_invocation":
        given = tuple(named(of.child_by_field_name("arguments")))
        calls.append(MethodCall(code_of(of.child_by_field_name("name")), given, of))
        of = of.child_by_field_name("object")
    return of, calls[::-1]


def _string(node: "Syntax") -> Value:
    written = code_of(node)
    if written.startswith('"""'):
        return Opaque(written)
    return re.sub(r"\\(u+[0-9a-fA-F]{4}|[0-3]?[0-7]{1,2}|.)", _unescaped, written[1:-1])


def _unescaped(escape: re.Match[str]) -> str:
    text = escape[1]
    if text.startswith("u") and len(text) > 4:
        return chr(int(text.lstrip("u"), 16))
    return chr(int(text, 8)) if text.isdigit() and text != "0" else _ESCAPES.get(text, text)
