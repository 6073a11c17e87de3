"""What values does a JavaScript or TypeScript file hold, without running it?

Tree-sitter parses it. Literals, arrays, objects, regular expressions and the constants that the
file gives names to are read. Of functions only those are understood that test an origin, which is
how some libraries take a list: all others are kept as the code that they are.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from corscope.cli.imports.languages.javascript_choices import (
    CHOOSES,
    UNSET_IS,
    called,
    chosen,
    compared,
    decided,
    looked_up,
    taken_from_environment,
)
from corscope.cli.imports.languages.javascript_decisions import delegated, origin_test
from corscope.cli.imports.languages.javascript_modules import imported_value
from corscope.cli.imports.languages.javascript_tests import bare
from corscope.cli.imports.languages.syntax import (
    code_of,
    line_of,
    named,
    parsed,
    short_code_of,
    walk,
)
from corscope.cli.imports.regexes import from_javascript
from corscope.cli.imports.tree import (
    DEEPEST,
    LONGEST,
    REST,
    Node,
    Opaque,
    Regex,
    Source,
    Value,
    not_always_called,
)

if TYPE_CHECKING:
    from tree_sitter import Node as Syntax

__all__ = ["ANY_PATH", "JavaScriptCall", "JavaScriptFile"]

_GRAMMARS: Final = {
    **dict.fromkeys(("ts", "mts", "cts"), ("tree_sitter_typescript", "language_typescript")),
    "tsx": ("tree_sitter_typescript", "language_tsx"),
}
_JAVASCRIPT: Final = ("tree_sitter_javascript", "language")
_FUNCTIONS: Final = {
    *("arrow_function", "function_expression", "function_declaration", "method_definition"),
}
_PARAMETERS: Final = {"identifier", "shorthand_property_identifier_pattern"}
_BRANCHES: Final = {"switch_case", "switch_default", "catch_clause"}
_CHANGES: Final = {
    *("push", "unshift", "pop", "shift", "splice", "fill", "add", "delete", "clear", "set"),
}
ANY_PATH: Final = {
    *("/", "*", "/*", "(.*)", "/(.*)", "*splat", "/*splat", "/{*splat}", "/{*any}", "/**", "**"),
}
"""The paths of a mount that fit any, and those of a route but for the first."""

_ROUTES: Final = {"all", "get", "head", "post", "put", "patch", "delete", "options"}
_BEGIN_PATHS: Final = ("'", '"', "`", "/", "[")
_FILES: Final = ("express.static(", "serveStatic(")
_ANY: Final = (".*", "^.*$", "(.*)")
_ROUTER: Final = re.compile(r"(?:new )?(?:\w+\.)?Router\(.*", re.DOTALL)
_SAFE: Final = (1 << 53) - 1
"""The largest whole number that JavaScript can count to."""

_REQUIRES: Final = re.compile(
    r"(?:\w++\s*+=\s*+)?+(?:await\s++)?+(?:require|import)\(\s*+[\"']([^\"']++)[\"']\s*+\)"
    r"(?:\.(\w++))?+"
)
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}


@dataclass(frozen=True)
class JavaScriptCall:
    """A call: its place, its function and its first argument, as they are written."""

    place: str
    function: str
    first: str
    _arguments: tuple["Syntax", ...]
    file: "JavaScriptFile"
    is_branch: bool
    _node: "Syntax"

    @property
    def route(self) -> tuple[str, list[str]] | None:
        """The method and the paths of a route that it stands in, as in `app.get("/path", …)`."""
        given = self._node.parent
        call = None if given is None or given.type != "arguments" else given.parent
        method = _method_of(call)
        if call is None or given is None or method not in _ROUTES:
            return None
        of_paths = _paths_of_route(call) or named(given)[0]
        if of_paths == self._node:
            return None
        values = [each.value for each in self.file.read(of_paths).items_or_self()]
        paths = [_path_of(value) for value in values]
        return None if None in paths else (method, [path for path in paths if path is not None])

    @property
    def answers(self) -> bool:
        """Whether it is what answers requests: a route with a handler, or a folder of files."""
        if self.function.endswith(".use"):
            return any(short_code_of(each).startswith(_FILES) for each in self._arguments)
        is_route = self.function.rpartition(".")[2] in _ROUTES - {"options"}
        return is_route and len(self._arguments) > 1 and self.first[:1] in _BEGIN_PATHS

    def placed(self) -> Iterator["JavaScriptCall"]:
        """It where it is used, for each use of its constant; one that is for all is enough."""
        uses = [replace(self, _node=each) for each in self.file.uses(self._node)]
        for_all = next((use for use in uses if use.is_for_all), None)
        yield from [for_all] if for_all is not None else uses or [self]

    @property
    def is_for_all(self) -> bool:
        """Whether it is for all requests: in no route, and mounted nowhere."""
        return self.route is None and not self.mounted and not self.router

    @property
    def made(self) -> int:
        """Which call it is, wherever it is used."""
        return self.file.behind(self._node)

    @property
    def given(self) -> set[int]:
        """Which calls it is given, as such or by a constant's name."""
        return {self.file.behind(each) for each in self._arguments}

    @property
    def warnings(self) -> tuple[str, ...]:
        """That it isn't always made, or only of a router, if so."""
        told = [not_always_called(self.place, self.function)] if self.is_branch else []
        if self.router and not self.mounted:
            message = "is meant only where it is mounted: say so in match.url"
            told.append(f"{self.place}: what {self.router} answers {message}")
        return tuple(told)

    @property
    def router(self) -> str:
        """The router that it stands in, as in `router.use(cors())`; empty if it is all."""
        given = self._node.parent
        if given is None or given.type != "arguments":
            return ""
        if _method_of(given.parent) not in {"use", *_ROUTES}:
            return ""
        function = None if given.parent is None else given.parent.child_by_field_name("function")
        name = "" if function is None else code_of(function.child_by_field_name("object"))
        is_router = _ROUTER.fullmatch(short_code_of(self.file.constant(name)))
        return name if is_router else ""

    @property
    def mounted(self) -> list[str]:
        """The paths of `app.use("/path", …)` that it stands in; none where that is for all."""
        given = self._node.parent
        if given is None or given.type != "arguments" or _method_of(given.parent) != "use":
            return []
        paths = self.file.read(named(given)[0]).items_or_self()
        texts = [each.value for each in paths if isinstance(each.value, str)]
        return [] if ANY_PATH.intersection(texts) else texts

    def last(self) -> Node:
        """The last argument."""
        return self.options(len(self._arguments) - 1)

    def delegated(self) -> Node | None:
        """The options that its argument calls back with, if that is a function that can be read."""
        node = bare(self._arguments[0]) if self._arguments else None
        if node is not None and node.type == "identifier":
            node = self.file.constant(code_of(node))
        options = (
            delegated(node, self.file) if node is not None and node.type in _FUNCTIONS else None
        )
        return None if options is None else Node(self.place, options)

    def functions(self) -> Iterator["Syntax"]:
        """Those among its arguments, also by their names."""
        for node in map(bare, self._arguments):
            constant = self.file.constant(code_of(node)) if node.type == "identifier" else node
            if constant is not None and constant.type in _FUNCTIONS:
                yield constant

    def options(self, index: int = 0) -> Node:
        """The argument of that index; a table without options if there is none."""
        if index >= len(self._arguments):
            return Node(self.place, {})
        return self.file.read(self._arguments[index])


@dataclass(frozen=True)
class JavaScriptFile:
    """A JavaScript or TypeScript file; `others` are those of its program that were read."""

    source: Source
    others: dict[Path, "JavaScriptFile"] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Be one of those that were read."""
        self.others[Path(self.source.name).resolve()] = self

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
        """What each name is given; one that more than once is done something to is ambiguous."""
        found: dict[str, list[Syntax]] = {}
        for node in self._all:
            for name, value in _named_by(node):
                found.setdefault(name, []).append(value)
        return found

    def constant(self, name: str) -> "Syntax | None":
        """What a name is given, if that is done once."""
        values = self._constants.get(name, [])
        return values[0] if len(values) == 1 else None

    def behind(self, node: "Syntax") -> int:
        """The id of a node, or of what the constant is given that it names."""
        value = self.constant(code_of(node)) if node.type == "identifier" else None
        return (node if value is None else value).id

    def uses(self, value: "Syntax") -> list["Syntax"]:
        """Where a call is given the constant that has this value."""
        return self._uses.get(value.id, [])

    @cached_property
    def _uses(self) -> Mapping[int, list["Syntax"]]:
        found: dict[int, list[Syntax]] = {}
        for given in self.nodes("arguments"):
            for each in named(given):
                if each.type == "identifier" and self.constant(code_of(each)) is not None:
                    found.setdefault(self.behind(each), []).append(each)
        return found

    def declared_class(self, name: str) -> "Syntax | None":
        """The class of that name, if the file has one."""
        return self._classes.get(name)

    @cached_property
    def _classes(self) -> Mapping[str, "Syntax"]:
        return {
            code_of(node.child_by_field_name("name")): node
            for node in self._all
            if node.type in {"class_declaration", "class"} and node.is_named
        }

    @cached_property
    def _imported(self) -> frozenset[str]:
        """The names that are imported, and given nothing else."""
        names = (name for _, _, names in self.imports() for name in names)
        return frozenset(each for each in names if len(self._constants.get(each, ())) < 2)

    @cached_property
    def _taken_apart(self) -> Mapping[str, list["Syntax"]]:
        """What each name is taken from, as in `const { name } = value`."""
        found: dict[str, list[Syntax]] = {}
        for node in self._all:
            pattern, value = (node.child_by_field_name(each) for each in ("name", "value"))
            if pattern is not None and value is not None and pattern.type == "object_pattern":
                for name, own in _pattern_names(pattern):
                    found.setdefault(name, []).extend([value] if own == name else [value, value])
        return found

    def taken_from(self, name: str) -> "Syntax | None":
        """What a name is a part of that has the same name there, if that is done once."""
        values = self._taken_apart.get(name, [])
        return values[0] if len(values) == 1 and name not in self._constants else None

    def imported(self, *modules: str) -> Mapping[str, str]:
        """The names that the file gives to what it imports from these modules, with their own.

        A default import is called `default`, a whole module `*`.
        """
        found: dict[str, str] = {}
        for _, module, names in self.imports():
            if module in modules:
                found |= names
        return found

    def imports(self) -> Iterator[tuple[int, str, Mapping[str, str]]]:
        """Each import: its line, the module, and the names as `imported` has them."""
        for node in self._all:
            source = node.child_by_field_name("source")
            if node.type == "import_statement" and source is not None:
                names = dict(_import_names(node))
                yield line_of(node), str(self.read(source).value), names
            elif node.type == "import_require_clause":
                yield line_of(node), _required(node)[0], {code_of(node.named_children[0]): "*"}
            elif node.type == "variable_declarator":
                value = node.child_by_field_name("value")
                module, member = ("", "") if value is None else _required(value)
                names = dict(_pattern_names(node.child_by_field_name("name")))
                if module.startswith(".") and member:  # of a package it may be all of it
                    names = {name: member for name, own in names.items() if own == "default"}
                if module:
                    yield line_of(node), module, names

    def nodes(self, *types: str) -> Iterator["Syntax"]:
        """The parts of it that are of one of these types."""
        return (node for node in self._all if node.type in types)

    def calls(self) -> Iterator[JavaScriptCall]:
        """Every call in it, in its order."""
        waiting = [(self._root, False)]
        while waiting:
            node, is_branch = waiting.pop()
            inner = is_branch or node.type in _BRANCHES
            for child in reversed(node.named_children):
                is_decided = (
                    node.type == "if_statement" and child.type != "parenthesized_expression"
                )
                waiting.append((child, inner or is_decided))
            function = node.child_by_field_name("function")
            if node.type != "call_expression" or function is None:
                continue
            given = node.child_by_field_name("arguments")
            arguments = named(given)
            first = short_code_of(arguments[0]) if arguments else ""
            place = self.source.at(line_of(node))
            name = short_code_of(function).removeprefix("await ")  # before type arguments
            yield JavaScriptCall(place, name, first, tuple(arguments), self, is_branch, node)

    def options_called(self, key: str, *, beside: str) -> Iterator[tuple[Node, Node | None]]:
        """The value of every option of this name, in whatever object.

        With it comes that of the name `beside`, of the object or one around it, if there is one.
        """
        for node in self._all:
            if node.type == "pair" and _key_of(node) == key:
                value = node.child_by_field_name("value")
                if value is not None:
                    yield self.read(value), self._beside(node, beside)

    def _beside(self, node: "Syntax", key: str) -> Node | None:
        around = node.parent
        for _ in range(DEEPEST):
            if around is None or around.type in {"arguments", "statement_block"}:
                return None
            for each in named(around) if around.type == "object" else ():
                value = each.child_by_field_name("value")
                if each.type == "pair" and _key_of(each) == key and value is not None:
                    return self.read(value)
            around = around.parent
        return None

    def read(self, node: "Syntax", depth: int = 0) -> Node:
        """An expression as a plain value."""
        if depth > DEEPEST:
            self.source.refuse("is nested too deeply", line_of(node))
        node = bare(node)
        return Node(self.source.at(line_of(node)), self._value(node, depth + 1))

    def _value(self, node: "Syntax", depth: int) -> Value:
        match node.type:
            case "string":
                return _string(node)
            case "template_string":
                return self._template(node, depth)
            case "binary_expression":
                return self._sum(node, depth)
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

    def _template(self, node: "Syntax", depth: int) -> str | Opaque:
        """A template's text, where all that it names is known."""
        code, begin, parts = node.text or b"", 1, list[str]()
        for child in node.children:
            if child.type != "template_substitution":
                continue
            at, end = child.start_byte - node.start_byte, child.end_byte - node.start_byte
            value = self.read(named(child)[0], depth).value
            if not _is_plain(value):
                return Opaque(code_of(node))
            parts += [_unescape(code[begin:at].decode()), str(value)]
            begin = end
        text = "".join([*parts, _unescape(code[begin:-1].decode())])
        return text if len(text) <= LONGEST else Opaque(code_of(node))

    def _sum(self, node: "Syntax", depth: int) -> Value:
        """What `+` makes of texts and whole numbers, and `*` of two numbers."""
        left, right = (node.child_by_field_name(side) for side in ("left", "right"))
        operator = code_of(node.child_by_field_name("operator"))
        if operator in CHOOSES:
            return chosen(node, self, depth)
        if operator in UNSET_IS:
            return compared(node, self, depth)
        if left is None or right is None or operator not in {"+", "*"}:
            return Opaque(code_of(node))
        one, other = self.read(left, depth).value, self.read(right, depth).value
        if type(one) is int and type(other) is int:
            result = one + other if operator == "+" else one * other
            return result if abs(result) <= _SAFE else Opaque(code_of(node))
        text = f"{one}{other}" if _is_plain(one) and _is_plain(other) else None
        is_joined = operator == "+" and text is not None and len(text) <= LONGEST
        return text if is_joined else Opaque(code_of(node))

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
            if code_of(constructor) == "Set" and len(values) == 1 and isinstance(values[0], tuple):
                return values[0]
            if code_of(constructor) == "RegExp" and texts and len(texts) == len(values):
                return _regex(texts[0], "".join(texts[1:2]), node)
        if node.type in _FUNCTIONS:
            return origin_test(node, self, depth)
        match node.type:
            case "ternary_expression":
                return decided(node, self, depth)
            case "call_expression":
                return called(node, self, depth)
            case "member_expression" | "subscript_expression":
                return looked_up(node, self, depth)
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
                found[code_of(name)] = Node(place, origin_test(child, self, depth))
        return found

    def _named_value(self, node: "Syntax", depth: int) -> Value:
        """The value of a constant; while it is being read it has none."""
        name = code_of(node)
        if name == "undefined":
            return None
        if _is_parameter(name, node):
            return Opaque(name)
        if name not in self._values:
            self._values[name] = Opaque(name)
            value = self.constant(name)
            if value is not None and not _required(value)[0]:
                self._values[name] = self.read(value, depth).value
            elif name in self._imported:
                self._values[name] = imported_value(name, self, depth)
            elif self.taken_from(name) is not None:
                self._values[name] = taken_from_environment(name, self.taken_from(name))
        return self._values[name]


def _required(node: "Syntax") -> tuple[str, str]:
    """The module of `require("…")`, and what of it is taken; empty if it is no such call."""
    called = _REQUIRES.fullmatch(short_code_of(node))
    return ("", "") if called is None else (called[1], called[2] or "")


def _key_of(pair: "Syntax") -> str:
    return code_of(pair.child_by_field_name("key")).strip("\"'")


def _is_parameter(name: str, node: "Syntax") -> bool:
    """Whether a name is that of a parameter there, whatever else it is elsewhere."""
    around = node.parent
    for _ in range(DEEPEST):
        if around is None:
            return False
        if around.type in _FUNCTIONS:
            given = (around.child_by_field_name(each) for each in ("parameter", "parameters"))
            all_given = (one for each in given if each is not None for one in walk(each))
            if any(one.type in _PARAMETERS and code_of(one) == name for one in all_given):
                return True
        around = around.parent
    return False


def _is_plain(value: Value) -> bool:
    """Whether it is as it is written in a longer text."""
    return isinstance(value, str) or (type(value) is int and abs(value) <= _SAFE)


def _method_of(call: "Syntax | None") -> str:
    """The method of an object that is called."""
    function = None if call is None else call.child_by_field_name("function")
    return "" if function is None else code_of(function.child_by_field_name("property"))


def _paths_of_route(call: "Syntax") -> "Syntax | None":
    """What names the paths in `app.route("/path").get(…)`."""
    function = call.child_by_field_name("function")
    before = None if function is None else function.child_by_field_name("object")
    while before is not None and before.type == "call_expression":
        if _method_of(before) == "route":
            return next(iter(named(before.child_by_field_name("arguments"))), None)
        function = before.child_by_field_name("function")
        before = None if function is None else function.child_by_field_name("object")
    return None


def _path_of(value: Value) -> str | None:
    """A route's path, as Express takes it; a regex for any is one for all."""
    if isinstance(value, Regex):
        return "*" if value.pattern in _ANY else value.pattern
    return value if isinstance(value, str) else None


def _named_by(node: "Syntax") -> Iterator[tuple[str, "Syntax"]]:
    """The names that are given something here, or whose value is changed."""
    name = node.child_by_field_name("name")
    match node.type:
        case "variable_declarator" if name is not None and name.type == "identifier":
            value = node.child_by_field_name("value")
            if value is not None:
                yield code_of(name), value
        case "function_declaration" if name is not None:
            yield code_of(name), node
        case "assignment_expression" | "augmented_assignment_expression" | "for_in_statement":
            yield from _changed(node.child_by_field_name("left"), node)
        case "update_expression":
            yield from _changed(node.child_by_field_name("argument"), node)
        case "call_expression":
            function = node.child_by_field_name("function")
            method = None if function is None else function.child_by_field_name("property")
            if function is not None and code_of(method) in _CHANGES:
                yield from _changed(function.child_by_field_name("object"), node)


def _changed(target: "Syntax | None", node: "Syntax") -> Iterator[tuple[str, "Syntax"]]:
    """The name that something is written to, or to something in it; as often as to be ambiguous."""
    for _ in range(DEEPEST):
        if target is not None and target.type in {"member_expression", "subscript_expression"}:
            target = target.child_by_field_name("object")
    if target is not None and target.type == "identifier":
        yield from ((code_of(target), each) for each in (node, node))


def _string(node: "Syntax") -> str:
    return _unescape(code_of(node)[1:-1])


def _unescape(text: str) -> str:
    return re.sub(
        r"\\(u\{[0-9a-fA-F]{1,6}\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|\r\n|.)",
        _unescaped,
        text,
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
    """A regex; `g` and `y` let it go on where it ended, the others change nothing in one line."""
    if set(flags) - set("dimsuv"):
        return Opaque(code_of(node))
    read = from_javascript(pattern)
    return Regex(f"(?i){read}" if "i" in flags else read)


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
            first, *_, last = map(code_of, child.named_children)  # a comment may stand between
            yield last, first
