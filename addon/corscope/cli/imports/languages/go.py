"""What values does a Go file hold, without running it?

Tree-sitter parses it. Literals, slices, structs, durations, the names that the file gives to such
and what is done to them before they are used are read. Of functions those are understood that test
an origin, and those that do nothing but return a value.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from corscope.cli.imports.environment import default_of
from corscope.cli.imports.languages.go_names import Binding, Write, names_of
from corscope.cli.imports.languages.go_packages import STANDARD, Given, Known
from corscope.cli.imports.languages.go_tests import origin_test
from corscope.cli.imports.languages.syntax import (
    code_of,
    line_of,
    named,
    parsed,
    short_code_of,
    walk,
)
from corscope.cli.imports.tree import (
    BY_HAND_TOO,
    DEEPEST,
    LONGEST,
    Node,
    Opaque,
    Regex,
    Source,
    Value,
    not_always_called,
)

if TYPE_CHECKING:
    from tree_sitter import Node as Syntax

__all__ = ["GoCall", "GoFile"]

_MOST_WRITES: Final = 1000
_LARGEST: Final = 2**63
_LONGEST_NUMBER: Final = 25
_FUNCTIONS: Final = {"func_literal", "function_declaration"}
_CONVERSIONS: Final = {"int", "int32", "int64", "float64", "string"}
_BRANCHES: Final = {"expression_case", "type_case", "default_case", "communication_case"}
_LISTS: Final = {"slice_type", "array_type", "implicit_length_array_type"}
_TRANSPARENT: Final = {"parenthesized_expression", "type_conversion_expression", "literal_element"}
_GROUPS: Final = {"Group", "Route", "PathPrefix", "Mount"}
_ANY_PATH: Final = {"", "/", "/*"}
_GETENV: Final = "os.Getenv"
_ASKS: Final = re.compile(r"\bos\.(?:Getenv|LookupEnv)\(")
_LENGTHS: Final = {"Seconds": 10**9, "Minutes": 60 * 10**9, "Hours": 3600 * 10**9}
_ESCAPES: Final = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


@dataclass(frozen=True)
class GoCall:
    """A call of a package's function: its place, the function by the package's path."""

    place: str
    function: str
    _arguments: tuple["Syntax", ...]
    _file: "GoFile"
    _is_branch: bool
    _node: "Syntax"

    @property
    def warnings(self) -> tuple[str, ...]:
        """That it isn't always made, or is for some paths only, if so."""
        told = []
        if self._is_branch:
            told.append(not_always_called(self.place, self.function.rpartition(".")[2]))
        path = self._file.group_of(self._node)
        if path not in _ANY_PATH:
            told.append(f"{self.place}: only paths that fit {path} are meant: say so in match.url")
        return tuple(told)

    def given(self) -> Given:
        """The values of its arguments."""
        found = self._file.spread(self._arguments, 0)
        if found is None:
            return (Node(self.place, Opaque(", ".join(map(code_of, self._arguments)))),)
        return found


class GoFile:
    """A Go file.

    Args:
        source: the file.
        packages: the paths of packages that it needs no import of: an excerpt has none.
        known: what packages hold.
        adders: methods that add to a field, and that field.
    """

    def __init__(
        self,
        source: Source,
        packages: tuple[str, ...],
        known: Known,
        adders: Mapping[str, str] | None = None,
    ) -> None:
        self.source = source
        self._known = {**STANDARD, **known}
        self._adders = adders or {}
        self._root = parsed(source, "Go", "tree_sitter_go")
        self.names = names_of(self._root, source)
        assumed = {path.rpartition("/")[2]: path for path in (*packages, *_paths(STANDARD))}
        self._packages = {**assumed, **dict(self._imports())}
        self._values: dict[Binding, list[Value]] = {}
        self._busy: set[Binding] = set()
        self._results: dict[Binding, Value] = {}

    def _imports(self) -> Iterator[tuple[str, str]]:
        """Packages by their name here; a path is without its version."""
        for node in walk(self._root, only_named=True):
            if node.type == "import_spec":
                path = re.sub(
                    r"/v[0-9]+(?=/|$)", "", code_of(node.child_by_field_name("path"))[1:-1]
                )
                yield code_of(node.child_by_field_name("name")) or path.rpartition("/")[2], path

    def calls(self) -> Iterator[GoCall]:
        """Every call of a package's function, in the file's order."""
        waiting = [(self._root, False)]
        while waiting:
            node, is_branch = waiting.pop()
            function = node.child_by_field_name("function")
            path = "" if function is None else self.path_of(function)
            if node.type == "call_expression" and path:
                given = tuple(named(node.child_by_field_name("arguments")))
                yield GoCall(self.source.at(line_of(node)), path, given, self, is_branch, node)
            elif node.type == "call_expression" and _is_by_hand(node):
                self.source.note(BY_HAND_TOO, line_of(node))
            inner = is_branch or node.type in _BRANCHES
            for child in reversed(node.named_children):
                is_decided = node.type == "if_statement" and child.type in {"block", node.type}
                waiting.append((child, inner or is_decided))

    def group_of(self, node: "Syntax") -> str:
        """The path of the group that a call is made for or in; empty if it is for all."""
        around: Syntax | None = node.parent
        while around is not None:
            if around.type == "call_expression":
                path = self._group_path(around)
                function = around.child_by_field_name("function")
                of = None if function is None else function.child_by_field_name("operand")
                binding = None if of is None or of.type != "identifier" else self.names.find(of)
                made = binding.writes[0].value if binding is not None and binding.writes else None
                path = path or ("" if made is None else self._group_path(made))
                if path:
                    return path
            around = around.parent
        return ""

    def _group_path(self, node: "Syntax") -> str:
        """`/api` of `router.Group("/api")`, `r.Route("/api", …)`, `r.PathPrefix("/api")…`."""
        while node.type == "call_expression":
            function = node.child_by_field_name("function")
            given = named(node.child_by_field_name("arguments"))
            is_group = function is not None and (
                code_of(function.child_by_field_name("field")) in _GROUPS
            )
            path = self.read(given[0]).value if is_group and given else None
            if isinstance(path, str):
                return path
            of = None if function is None else function.child_by_field_name("operand")
            if of is None:
                break
            node = of
        return ""

    def path_of(self, node: "Syntax") -> str:
        """What `package.Name` stands for: its path; empty if it isn't a package's."""
        of = node.child_by_field_name("operand")
        if node.type != "selector_expression" or of is None or of.type != "identifier":
            return ""
        package = self._packages.get(code_of(of), "")
        if not package or self.names.find(of) is not None:
            return ""
        return f"{package}.{code_of(node.child_by_field_name('field'))}"

    def read(self, node: "Syntax", depth: int = 0) -> Node:
        """An expression as a plain value."""
        if depth > DEEPEST:
            self.source.refuse("is nested too deeply", line_of(node))
        return Node(self.source.at(line_of(node)), self._value(bare(node), depth + 1))

    def spread(self, nodes: tuple["Syntax", ...], depth: int) -> Given | None:
        """Several values, where `list...` is what it holds; None if that isn't known."""
        found: list[Node] = []
        for node in nodes:
            if node.type != "variadic_argument":
                found.append(self.read(node, depth))
                continue
            inner = self.read(node.named_children[0], depth).value
            if not isinstance(inner, tuple) or len(found) + len(inner) > LONGEST:
                return None
            found += inner
        return tuple(found)

    def _value(self, node: "Syntax", depth: int) -> Value:
        match node.type:
            case "identifier":
                return self._named(node, depth)
            case "composite_literal" | "literal_value":
                return self._composed(node, depth)
            case "binary_expression" | "unary_expression":
                return self._computed(node, depth)
            case "call_expression":
                return self._called(node, depth)
            case "selector_expression":
                return self._selected(node, depth)
            case kind if kind in _FUNCTIONS:
                return origin_test(node, self, depth)
        return _literal(node)

    def _composed(self, node: "Syntax", depth: int) -> Value:
        """A slice, or a struct or map; one without keys can't be told from a slice."""
        body = node.child_by_field_name("body") or node
        kind = node.child_by_field_name("type")
        items = named(body)
        if all(item.type == "literal_element" for item in items) and items:
            is_list = kind is None or kind.type in _LISTS
            return tuple(self.read(item, depth) for item in items) if is_list else _opaque(node)
        if kind is not None and kind.type in _LISTS:
            return _opaque(node) if items else ()
        found: dict[str, Node] = {}
        for item in items:
            key, value = (item.child_by_field_name(name) for name in ("key", "value"))
            if key is None or value is None:
                return _opaque(node)
            found[self._key(bare(key), kind, depth)] = self.read(value, depth)
        return found

    def _key(self, node: "Syntax", kind: "Syntax | None", depth: int) -> str:
        is_field = node.type == "identifier" and (kind is None or kind.type != "map_type")
        value = code_of(node) if is_field else self.read(node, depth).value
        return value if isinstance(value, str) else code_of(node)

    def _computed(self, node: "Syntax", depth: int) -> Value:
        operator = code_of(node.child_by_field_name("operator"))
        if node.type == "unary_expression":
            value = self.read(node.named_children[0], depth).value
            if operator in {"&", "*"}:
                return value
            return -value if operator == "-" and type(value) is int else _opaque(node)
        left, right = (self.read(each, depth).value for each in named(node)[:2])
        result = _calculated(left, operator, right)
        return _opaque(node) if result is None else result

    def _selected(self, node: "Syntax", depth: int) -> Value:
        """What a package holds, a field of a struct, or a regex's method as a function."""
        path = self.path_of(node)
        if path:
            value = self._known.get(path)
            return _opaque(node) if value is None or callable(value) else value
        field = code_of(node.child_by_field_name("field"))
        of = self.read(node.named_children[0], depth).value
        if isinstance(of, Regex) and field == "MatchString":
            return of
        return of[field].value if isinstance(of, Mapping) and field in of else _opaque(node)

    def _called(self, node: "Syntax", depth: int) -> Value:
        function = node.child_by_field_name("function") or node
        arguments = tuple(named(node.child_by_field_name("arguments")))
        value: Value = None
        if function.type == "identifier":
            value = self._called_by_name(function, arguments, depth)
        elif path := self.path_of(function):
            if path in {_GETENV, "cmp.Or"}:
                value = self._of_environment(path, arguments, node, depth)
            else:
                value = self._known_result(path, arguments, depth)
        elif code_of(function.child_by_field_name("field")) in _LENGTHS and not arguments:
            length = self.read(function.named_children[0], depth).value
            unit = _LENGTHS[code_of(function.child_by_field_name("field"))]
            value = length / unit if type(length) is int else None
        return _opaque(node) if value is None else value

    def _of_environment(
        self, path: str, arguments: tuple["Syntax", ...], node: "Syntax", depth: int
    ) -> Value:
        """`os.Getenv("NAME")`, and `cmp.Or` of that and a default; None if it is neither."""
        values = [self.read(each, depth).value for each in arguments]
        if path == _GETENV:
            name = values[0] if len(values) == 1 and isinstance(values[0], str) else ""
            return Opaque(code_of(node), name)
        unset = [value.variable for value in values[:-1] if isinstance(value, Opaque)]
        if len(unset) < len(values) - 1 or "" in unset:
            return None
        return default_of(self.source, line_of(node), " and ".join(unset), values[-1])

    def _asked_with_default(
        self, binding: Binding, arguments: tuple["Syntax", ...], node: "Syntax", depth: int
    ) -> Value:
        """`getEnv("NAME", "default")` of the file's own, which asks for it and else returns that.

        None if the function isn't seen to be one of these.
        """
        function = binding.writes[0].value
        if len(binding.writes) > 1 or function is None or function.type not in _FUNCTIONS:
            return None
        parameters = named(function.child_by_field_name("parameters"))
        names = [code_of(n) for each in parameters for n in each.children_by_field_name("name")]
        body = function.child_by_field_name("body")
        if body is None or len(names) != 2 or not _ASKS.search(code_of(body)):
            return None
        returns = {code_of(n).removeprefix("return ") for n in walk(body) if "return_" in n.type}
        name, default = (self.read(each, depth).value for each in arguments)
        if names[1] not in returns or not isinstance(name, str):
            return None
        return default_of(self.source, line_of(node), name, default)

    def _known_result(self, path: str, arguments: tuple["Syntax", ...], depth: int) -> Value:
        known = self._known.get(path if arguments else f"{path}()")
        given = self.spread(arguments, depth) if callable(known) else None
        if callable(known):
            return None if given is None else known(given)
        return known

    def _called_by_name(
        self, function: "Syntax", arguments: tuple["Syntax", ...], depth: int
    ) -> Value:
        name, binding = code_of(function), self.names.find(function)
        if binding is not None:
            if len(arguments) == 2:
                return self._asked_with_default(binding, arguments, function, depth)
            return None if arguments else self._result(binding, depth)
        if name == "append":
            return self._appended(arguments, depth)
        if name in _CONVERSIONS and len(arguments) == 1:
            value = self.read(arguments[0], depth).value
            is_whole = isinstance(value, float) and name != "float64"
            return int(value) if is_whole and isinstance(value, float) else value
        is_empty = name == "make" and [code_of(each) for each in arguments[1:2]] == ["0"]
        return () if is_empty and arguments[0].type == "slice_type" else None

    def _appended(self, arguments: tuple["Syntax", ...], depth: int) -> Value:
        first = self.read(arguments[0], depth).value if arguments else None
        added = self.spread(arguments[1:], depth)
        held = () if first is None else first
        if not isinstance(held, tuple) or added is None or len(held) + len(added) > LONGEST:
            return None
        return held + added

    def _result(self, binding: Binding, depth: int) -> Value:
        """What a function of the file's returns; while it is being read that isn't known."""
        if binding not in self._results:
            self._results[binding] = None
            self._results[binding] = self._returned(binding, depth)
        return self._results[binding]

    def _returned(self, binding: Binding, depth: int) -> Value:
        """The same, if there is only one `return` in it."""
        function = binding.writes[0].value
        if len(binding.writes) > 1 or function is None or function.type not in _FUNCTIONS:
            return None
        body = function.child_by_field_name("body")
        returns = [] if body is None else [n for n in walk(body) if n.type == "return_statement"]
        given = (
            named(returns[0].named_children[0]) if len(returns) == 1 and named(returns[0]) else []
        )
        return self.read(given[0], depth).value if len(given) == 1 else None

    # Names

    def _named(self, node: "Syntax", depth: int) -> Value:
        """What a name stands for where it is used."""
        binding = self.names.find(node)
        if binding is None:
            return _opaque(node)
        if len(binding.writes) > _MOST_WRITES:
            return _opaque(node)
        writes = [write for write in binding.writes if write.end <= node.start_byte]
        is_later = len(writes) < len(binding.writes)
        is_inner = self.names.scope(node) is not binding.scope
        elsewhere = [write for write in binding.writes if not write.is_here]
        default = self._default(binding, code_of(node), depth)
        if default is not None and not is_later:
            return default
        if (is_later and is_inner) or any(not write.field for write in elsewhere):
            return _opaque(node)
        value = self._written(binding, len(writes), depth)
        if elsewhere and isinstance(value, Mapping):
            changed = {each.field: self._unknown(each) for each in elsewhere}
            return {**value, **changed}
        return value

    def _default(self, binding: Binding, name: str, depth: int) -> Value:
        """What `if name == "" { name = "default" }` gives the environment's; None if no such."""
        if len(binding.writes) != 2 or not _is_where_empty(binding.writes[1], name):
            return None
        first, second = binding.writes
        value = None if first.value is None else self.read(first.value, depth).value
        if not isinstance(value, Opaque) or not value.variable or second.value is None:
            return None
        default = self.read(second.value, depth).value
        return default_of(self.source, line_of(second.node), value.variable, default)

    def _unknown(self, write: Write) -> Node:
        return Node(self.source.at(line_of(write.node)), _opaque(write.node))

    def _written(self, binding: Binding, count: int, depth: int) -> Value:
        """What is in a name after so many writes; while it is being read that isn't known."""
        values = self._values.setdefault(binding, [])
        if len(values) < count and binding in self._busy:
            return _opaque(binding.writes[count - 1].node)
        self._busy.add(binding)
        while len(values) < count:
            write = binding.writes[len(values)]
            values.append(self._after(write, values[-1] if values else None, depth))
        self._busy.discard(binding)
        return values[count - 1] if count else None

    def _after(self, write: Write, held: Value, depth: int) -> Value:
        if write.method:
            return self._after_method(write, held, depth)
        if write.value is not None:
            given = self.read(write.value, depth)
        elif write.node.type == "var_spec" and write.node.child_by_field_name("value") is None:
            return _zero(write.node)
        else:
            given = self._unknown(write)
        if not write.field:
            return given.value
        return {**held, write.field: given} if isinstance(held, Mapping) else _opaque(write.node)

    def _after_method(self, write: Write, held: Value, depth: int) -> Value:
        """A method that adds to a field; any other one may do anything."""
        field = self._adders.get(write.method, "")
        added = self.spread(tuple(named(write.node.child_by_field_name("arguments"))), depth)
        if not field or not isinstance(held, Mapping) or added is None:
            return _opaque(write.node)
        before = held.get(field, Node("", ())).value
        if not isinstance(before, tuple) or len(before) + len(added) > LONGEST:
            return _opaque(write.node)
        return {**held, field: Node(self.source.at(line_of(write.node)), before + added)}


def _is_by_hand(node: "Syntax") -> bool:
    """Whether it is `….Header().Set("Access-Control-Allow-…", …)`, or gin's `c.Header`."""
    function = node.child_by_field_name("function")
    given = named(node.child_by_field_name("arguments"))
    method = "" if function is None else code_of(function.child_by_field_name("field"))
    name = short_code_of(given[0]).strip('"`').lower() if len(given) == 2 else ""
    return method in {"Set", "Add", "Header"} and name.startswith("access-control-allow-")


def _is_where_empty(write: Write, name: str) -> bool:
    """Whether it stands in `if name == "" { … }`."""
    node = write.node.parent
    for _ in range(2):  # the block, and what some versions of the grammar have in it
        if node is not None and node.type != "if_statement":
            node = node.parent
    condition = None if node is None else node.child_by_field_name("condition")
    is_first = node is not None and node.child_by_field_name("alternative") is None
    return is_first and re.sub(r"\s", "", code_of(condition)) == f'{name}==""'


def bare(node: "Syntax") -> "Syntax":
    """An expression without brackets around it, and without a type that it is taken for."""
    while node.type in _TRANSPARENT and node.named_children:
        node = node.child_by_field_name("operand") or named(node)[0]
    return node


def _paths(known: Known) -> set[str]:
    return {name.rpartition(".")[0] for name in known}


def _literal(node: "Syntax") -> Value:
    code = code_of(node)
    match node.type:
        case "interpreted_string_literal":
            return _string(code[1:-1])
        case "raw_string_literal":
            return code[1:-1].replace("\r", "")
        case "int_literal" | "float_literal":
            return _number(code)
        case "true" | "false":
            return node.type == "true"
        case "nil":
            return None
    return Opaque(code)


def _opaque(node: "Syntax") -> Opaque:
    return Opaque(code_of(node))


def _zero(node: "Syntax") -> Value:
    """What `var name type` holds."""
    kind = node.child_by_field_name("type")
    if kind is None or kind.type in _LISTS:
        return ()
    return {} if kind.type == "qualified_type" else _opaque(node)


def _calculated(left: Value, operator: str, right: Value) -> Value:
    """A sum or product of whole numbers, or two texts put together; None if it is neither."""
    if isinstance(left, str) and isinstance(right, str) and operator == "+":
        return left + right if len(left) + len(right) <= LONGEST else None
    if type(left) is not int or type(right) is not int:
        return None
    if operator == "/":
        return abs(left) // abs(right) * (1 if left * right > 0 else -1) if right else None
    results = {"+": left + right, "-": left - right, "*": left * right}
    result = results.get(operator)
    return result if result is not None and abs(result) < _LARGEST else None


def _number(code: str) -> int | float | Opaque:
    if len(code) > _LONGEST_NUMBER:
        return Opaque(code)
    try:
        return float(code) if "." in code else int(code, 0)
    except ValueError:
        return Opaque(code)


def _string(code: str) -> str:
    return re.sub(
        r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|.)", _unescaped, code
    )


def _unescaped(escape: re.Match[str]) -> str:
    code = escape[1]
    if len(code) > 1:
        number = int(code[1:], 16) if code[0] in "xuU" else int(code, 8)
        return chr(min(number, 0x10FFFF))
    return _ESCAPES.get(code, code)
