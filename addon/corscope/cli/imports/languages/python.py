"""What values does a Python file hold, without running it?

Literals, lists and tables of them, and the names that the file gives to such; everything else is
kept as the code that it is.
"""

import ast
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final, TypeVar

from corscope.cli.imports.languages.python_choices import (
    added_to,
    called,
    chosen,
    code_of,
    compared,
    comprehended,
    decided,
)
from corscope.cli.imports.languages.python_classes import PythonClass, attribute_of, class_of
from corscope.cli.imports.languages.python_modules import elsewhere, star_imports
from corscope.cli.imports.tree import (
    BY_HAND_TOO,
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

__all__ = ["PythonCall", "PythonFile"]

_SEQUENCES: Final = {"list", "tuple", "set", "frozenset", "sorted"}
_CHANGES: Final = {
    *("append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse"),
    *("add", "discard", "update", "setdefault"),
}
_NOT_ALWAYS_SET: Final = "{} isn't always set: taken as if it is"
_ALLOW: Final = "access-control-allow-"
_KEY: Final = "["
"""What begins a key among the names."""

_Node = TypeVar("_Node", bound=ast.AST)

_IGNORES_CASE: Final = {"re.I", "re.IGNORECASE"}
_SECONDS: Final = {"weeks": 604800, "days": 86400, "hours": 3600, "minutes": 60, "seconds": 1}


@dataclass(frozen=True)
class PythonCall:
    """A call: its place, its function and the names among its arguments, as they are written."""

    place: str
    function: str
    names: tuple[str, ...]
    _node: ast.Call
    _file: "PythonFile"
    _is_branch: bool

    @property
    def warnings(self) -> tuple[str, ...]:
        """That it isn't always made, if so."""
        told = not_always_called(self.place, self.function.rpartition(".")[2])
        return (told,) if self._is_branch else ()

    def positional(self, *names: str) -> Mapping[str, Node]:
        """The arguments without a name, by the names that the function has for them.

        Raises:
            UnreadableError: there are more of them, or it can't be told how many.
        """
        nodes = [self._file.read(each) for each in self._node.args]
        if len(nodes) > len(names) or any(
            isinstance(each, ast.Starred) for each in self._node.args
        ):
            nodes[-1].refuse("must have a name")
        return dict(zip(names, nodes, strict=False))

    def refuse_positional(self, after: int) -> None:
        """Refuse arguments without a name behind so many.

        Raises:
            UnreadableError: there is one.
        """
        for node in self._node.args[after:]:
            self._file.source.refuse("has an argument without a name: write it", node.lineno)

    @cached_property
    def options(self) -> Mapping[str, Node]:
        """Its named arguments; a table that can't be read is one option that can't."""
        found: dict[str, Node] = {}
        for keyword in self._node.keywords:
            node = self._file.read(keyword.value)
            if keyword.arg is not None:
                found[keyword.arg] = node
            else:
                found |= node.value if isinstance(node.value, Mapping) else {REST: node}
        return found


@dataclass
class PythonFile:
    """A Python file.

    Attributes:
        source: it as text.
        known: names that it imports, with their values.
        others: the files of its program that were read, itself among them.
    """

    source: Source
    known: Mapping[str, Value] = field(default_factory=dict)
    others: dict[Path, "PythonFile"] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Parse it.

        Raises:
            UnreadableError: it is no Python.
        """
        self.others[Path(self.source.name).resolve()] = self
        self._tree = self._parsed()
        self._values: dict[str, object] = {}
        self._imported: dict[str, tuple[Mapping[str, str], set[str]]] = {}
        self._asked: set[str] = set()
        self._walked = list(_walked(self._tree))
        self._assigned: dict[str, list[ast.expr]] = {}
        self._unsure: dict[str, int] = {}
        for node, is_branch in self._walked:
            for name, value in _assignments(node):
                values = self._assigned.setdefault(name, [])
                added = added_to(values[-1], node) if values else None
                if added is None:
                    values.append(value)
                    self._unsure.pop(name, None)
                else:
                    values[-1] = added
                if is_branch:
                    self._unsure.setdefault(name, value.lineno)
            if _is_by_hand(node):
                self.source.note(BY_HAND_TOO, getattr(node, "lineno", 1))

    def _parsed(self) -> ast.Module:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ast.parse(self.source.text)
        except SyntaxError as error:
            self.source.refuse(f"is no Python: {error.msg}", error.lineno)
        except (RecursionError, MemoryError):
            self.source.refuse("is nested too deeply")
        except ValueError as error:
            self.source.refuse(f"is no Python: {error}")

    @cached_property
    def classes(self) -> Mapping[str, PythonClass]:
        """The classes by name; none of those that there are several of."""
        found = _only_ones(n for n, _ in self._walked if isinstance(n, ast.ClassDef))
        return {name: class_of(each) for name, each in found.items()}

    @cached_property
    def functions(self) -> Mapping[str, list[ast.stmt]]:
        """The bodies of functions by name, as those of `classes`."""
        found = _only_ones(n for n, _ in self._walked if isinstance(n, ast.FunctionDef))
        return {name: each.body for name, each in found.items()}

    @cached_property
    def written_attributes(self) -> set[str]:
        """The attributes that are written to from outside, whosever they are."""
        return {
            node.attr
            for node, _ in self._walked
            if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load)
        }

    def nodes(self, kind: type[_Node]) -> Iterator[_Node]:
        """The parts of it that are of this kind."""
        return (node for node, _ in self._walked if isinstance(node, kind))

    def assigned(self, name: str) -> list[ast.expr]:
        """All that a name is given."""
        return self._assigned.get(name, [])

    def calls(self) -> Iterator[PythonCall]:
        """Every call in it, as it stands in the file."""
        for node, is_branch in self._walked:
            if isinstance(node, ast.Call):
                place, names = self.source.at(node.lineno), tuple(map(_dotted, node.args))
                yield PythonCall(place, _dotted(node.func), names, node, self, is_branch)

    def maker(self, name: str) -> str:
        """The function that makes what a name is; empty if no single one does."""
        values = self._assigned.get(name, ())
        made = values[0] if len(values) == 1 else None
        return _dotted(made.func) if isinstance(made, ast.Call) else ""

    def unsure(self, prefix: str, *, of_keys: bool = False) -> tuple[str, ...]:
        """That names or keys which begin so are set last where that isn't always done."""
        sign = _KEY if of_keys else ""
        return tuple(
            f"{self.source.at(line)}: {_NOT_ALWAYS_SET.format(name.removeprefix(sign))}"
            for name, line in self._unsure.items()
            if name.startswith(f"{sign}{prefix}")
        )

    def name_in(self, module: str, function: str) -> str:
        """What a function that is called so here is called in that module; empty if not of it."""
        owner, _, name = function.rpartition(".")
        names, modules = self._imports(module)
        return name if owner in modules else names.get(function, "")

    def _imports(self, module: str) -> tuple[Mapping[str, str], set[str]]:
        """The names of what is imported from a module, and those of the module itself."""
        if module not in self._imported:
            names: dict[str, str] = {}
            modules: set[str] = set()
            for node, _ in self._walked:
                if isinstance(node, ast.ImportFrom) and node.module == module:
                    names |= {each.asname or each.name: each.name for each in node.names}
                elif isinstance(node, ast.Import):
                    modules |= {each.asname or module for each in node.names if each.name == module}
            self._imported[module] = names, modules
        return self._imported[module]

    def settings(self, prefix: str) -> Mapping[str, Node]:
        """The values of the names that begin so, also in files whose names are all imported.

        The last one counts.
        """
        found: dict[str, Node] = {}
        for other in star_imports(self) if self._is_first(prefix) else ():
            found |= other.settings(prefix)
        return found | {
            name: self.read(values[-1])
            for name, values in self._assigned.items()
            if name.startswith(prefix)
        }

    def _is_first(self, prefix: str) -> bool:
        """Whether they aren't being asked for already: files may import each other."""
        is_first = prefix not in self._asked
        self._asked.add(prefix)
        return is_first

    def entries(self, prefix: str) -> Mapping[str, Node]:
        """What stands under such keys, as in `app.config["CORS_…"] = …`; the last one counts."""
        values = {
            name[1:]: values[-1]
            for name, values in self._assigned.items()
            if name.startswith(f"{_KEY}{prefix}")
        }
        return {key: self.read(value) for key, value in values.items()}

    def read(self, node: ast.expr, depth: int = 0) -> Node:
        """An expression as a plain value."""
        place = self.source.at(node.lineno)
        if depth > DEEPEST:
            self.source.refuse("is nested too deeply", node.lineno)
        value = self._value(node, depth + 1)
        return Node(place, Opaque(code_of(node)) if value is _NOT_PLAIN else value)  # type: ignore[arg-type]

    def _value(self, node: ast.expr, depth: int) -> object:
        match node:
            case ast.Constant(value=bool() | int() | float() | str() | None as value):
                return value
            case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
                return self._items(items, depth)
            case ast.Dict(keys=keys, values=values) if None not in keys:
                names = [self.read(key, depth).value for key in keys if key is not None]
                nodes = [self.read(value, depth) for value in values]
                return {str(n): v for n, v in zip(names, nodes, strict=True)}
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as number)):
                return -number
            case ast.BinOp(left=left, op=ast.Add() | ast.Mult() as operator, right=right):
                sides = self.read(left, depth).value, self.read(right, depth).value
                return self._sum(*sides) if isinstance(operator, ast.Add) else _product(*sides)
            case ast.JoinedStr(values=parts):
                return self._formatted(parts, depth)
            case ast.Name():
                return self._named(node, depth)
            case ast.Call():
                return self._called(_dotted(node.func), node, depth)
        return self._of_choice(node, depth)

    def _of_choice(self, node: ast.expr, depth: int) -> object:
        """What hangs on the environment, on the items of a list, or on a class."""
        match node:
            case ast.BoolOp():
                return chosen(node, self, depth)
            case ast.IfExp():
                return decided(node, self, depth)
            case ast.Compare():
                return compared(node, self, depth)
            case ast.ListComp() | ast.GeneratorExp():
                return comprehended(node, self, depth)
            case ast.Attribute():
                value = self._elsewhere(node, depth)
                return attribute_of(node, self, depth) if value is _NOT_PLAIN else value
        return _NOT_PLAIN

    def _elsewhere(self, node: ast.Name | ast.Attribute, depth: int) -> object:
        """What another file of the program says it is."""
        there = elsewhere(node, self)
        if there is None or there[1] is None:
            return _NOT_PLAIN
        if isinstance(node, ast.Attribute) and node.attr in self.written_attributes:
            return _NOT_PLAIN
        value = there[0].read(there[1], depth).value
        return Opaque(code_of(node), value.variable) if isinstance(value, Opaque) else value

    def _items(self, items: list[ast.expr], depth: int) -> object:
        found: list[Node] = []
        for item in items:
            if not isinstance(item, ast.Starred):
                found.append(self.read(item, depth))
                continue
            inner = self.read(item.value, depth)
            found += inner.value if isinstance(inner.value, tuple) else [inner]
            if len(found) > LONGEST:
                return _NOT_PLAIN
        return tuple(found)

    def _formatted(self, parts: list[ast.expr], depth: int) -> object:
        """An f-string's text, where all that it names is known and nothing is said of its form."""
        texts: list[str] = []
        for part in parts:
            inner = part
            if isinstance(part, ast.FormattedValue) and _is_bare(part):
                inner = part.value
            value = self.read(inner, depth).value
            if type(value) not in {str, int}:
                return _NOT_PLAIN
            texts.append(str(value))
        text = "".join(texts)
        return text if len(text) <= LONGEST else _NOT_PLAIN

    def _sum(self, left: Value, right: Value) -> object:
        if type(left) is int and type(right) is int:
            return left + right
        are_lists = isinstance(left, tuple) and isinstance(right, tuple)
        if are_lists or (isinstance(left, str) and isinstance(right, str)):
            return left + right if len(left) + len(right) <= LONGEST else _NOT_PLAIN  # type: ignore
        return _NOT_PLAIN

    def _named(self, node: ast.Name, depth: int) -> object:
        """The value that a name is given once; while it is being read it has none."""
        name = node.id
        if name not in self._values:
            self._values[name] = _NOT_PLAIN
            values = self._assigned.get(name, ())
            if len(values) == 1:
                value = self.read(values[0], depth).value
                variable = value.variable if isinstance(value, Opaque) else ""
                is_plain = not isinstance(value, Opaque)
                self._values[name] = value if is_plain else Opaque(name, variable)
                if name in self._unsure and is_plain:
                    self.source.note(_NOT_ALWAYS_SET.format(name), self._unsure[name])
            elif not values and name in self.known:
                self._values[name] = self.known[name]
            elif not values:
                self._values[name] = self._elsewhere(node, depth)
        return self._values[name]

    def _called(self, function: str, call: ast.Call, depth: int) -> object:
        name = function.rpartition(".")[2]
        if name == "timedelta" and not call.args:
            return self._seconds(call.keywords, depth)
        of_choice = called(function, call, self, depth)
        if of_choice is not None:
            return of_choice
        if not call.args or call.keywords:
            return _NOT_PLAIN
        inner = self.read(call.args[0], depth).value
        if function in _SEQUENCES and isinstance(inner, tuple) and len(call.args) == 1:
            return inner
        if function == "re.compile" and isinstance(inner, str):
            flags = {_dotted(each) for each in call.args[1:]}
            if flags <= _IGNORES_CASE:
                return Regex(f"(?i){inner}" if flags else inner)
        return _NOT_PLAIN

    def _seconds(self, keywords: list[ast.keyword], depth: int) -> object:
        """How long `timedelta(days=1)` is; anything but whole numbers isn't plain."""
        given = {str(each.arg): self.read(each.value, depth).value for each in keywords}
        if not given.keys() <= _SECONDS.keys():
            return _NOT_PLAIN
        parts = [_SECONDS[unit] * n for unit, n in given.items() if type(n) is int]
        return sum(parts) if len(parts) == len(given) else _NOT_PLAIN


_NOT_PLAIN: Final = object()


def _is_bare(part: ast.FormattedValue) -> bool:
    """Whether it stands for itself: `{name}`, without `!r` and `:>9`."""
    return part.conversion == -1 and part.format_spec is None


def _product(left: Value, right: Value) -> object:
    """Of two whole numbers that aren't huge; `*` of anything else would repeat it."""
    is_plain = type(left) is int and type(right) is int and max(abs(left), abs(right)) < 1 << 62
    return left * right if is_plain else _NOT_PLAIN  # type: ignore[operator]


_Defined = TypeVar("_Defined", ast.ClassDef, ast.FunctionDef)


def _only_ones(defined: Iterable[_Defined]) -> dict[str, _Defined]:
    found: dict[str, list[_Defined]] = {}
    for each in defined:
        found.setdefault(each.name, []).append(each)
    return {name: each[0] for name, each in found.items() if len(each) == 1}


def _walked(tree: ast.Module) -> Iterator[tuple[ast.AST, bool]]:
    """All of a tree in the file's order, each with whether it isn't always run."""
    waiting: list[tuple[ast.AST, bool]] = [(tree, False)]
    while waiting:
        node, is_branch = waiting.pop()
        yield node, is_branch
        decided: set[ast.AST] = set()
        if isinstance(node, ast.If) and "__name__" not in _names_in(node.test):
            decided = {*node.body, *node.orelse}
        elif isinstance(node, ast.ExceptHandler | ast.match_case):
            decided = set(node.body)
        children = [(c, is_branch or c in decided) for c in ast.iter_child_nodes(node)]
        waiting.extend(reversed(children))


def _names_in(test: ast.expr) -> set[str]:
    sides = [test.left, *test.comparators] if isinstance(test, ast.Compare) else []
    return {side.id for side in sides if isinstance(side, ast.Name)}


def _assignments(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """The names that are given something, and the keys, as in `app.config["KEY"] = …`."""
    match node:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                yield from _written(target, value)
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            yield name, value
        case ast.AugAssign(target=ast.Name(id=name), value=value):
            yield name, ast.copy_location(ast.Name(f"{name} += …"), value)
        case ast.Call(func=ast.Attribute(value=ast.Attribute(attr="config")), keywords=keywords):
            yield from ((f"{_KEY}{each.arg}", each.value) for each in keywords)
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method)):
            if method in _CHANGES:
                yield name, ast.copy_location(ast.Name(f"{name}.{method}(…)"), node)
        case ast.arg(arg=name):
            yield name, ast.copy_location(ast.Name(name), node)


def _is_by_hand(node: ast.AST) -> bool:
    """Whether it is `headers["Access-Control-Allow-…"] = …`, or `headers.add("…", …)`."""
    match node:
        case ast.Assign(targets=[ast.Subscript(slice=ast.Constant(value=str() as name))]):
            return name.lower().startswith(_ALLOW)
        case ast.Call(
            func=ast.Attribute(attr="add" | "set" | "setdefault" | "append"),
            args=[ast.Constant(value=str() as name), _],
        ):
            return name.lower().startswith(_ALLOW)
    return False


def _written(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    match target:
        case ast.Name(id=name):
            yield name, value
        case ast.Subscript(value=of, slice=ast.Constant(value=str() as key)):
            yield f"{_KEY}{key}", value
            if isinstance(of, ast.Name):
                yield of.id, ast.copy_location(ast.Name(f"{of.id}[…] = …"), value)
        case ast.Subscript(value=ast.Name(id=name)):
            yield name, ast.copy_location(ast.Name(f"{name}[…] = …"), value)


def _dotted(node: ast.expr) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join(reversed([*parts, node.id if isinstance(node, ast.Name) else ""]))
