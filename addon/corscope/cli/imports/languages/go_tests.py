"""Which origins does a Go function allow that tests one?

Only functions are understood that compare the origin with what the file says, one test after the
other, each of which is enough.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from corscope.cli.imports.languages.go_names import Binding
from corscope.cli.imports.languages.syntax import code_of, named
from corscope.cli.imports.regexes import compiled, escaped
from corscope.cli.imports.tree import DEEPEST, LONGEST, Node, Opaque, Regex, Value

if TYPE_CHECKING:
    from tree_sitter import Node as Syntax

    from corscope.cli.imports.languages.go import GoFile

__all__ = ["origin_test"]

_DECLARATIONS: Final = {"short_var_declaration", "var_declaration", "const_declaration"}
_CONTAINS: Final = {"slices.Contains", "golang.org/x/exp/slices.Contains"}
_SEARCHED: Final = {
    "strings.HasPrefix": "^{}",
    "strings.HasSuffix": "{}$",
    "strings.Contains": "{}",
    "strings.EqualFold": "(?i)^{}$",
}


class _UnknownError(Exception):
    """A function does something else than to test its origin."""


def origin_test(function: "Syntax", file: "GoFile", depth: int) -> Value:
    """True if it allows every origin, a list of those that it tests for, or code."""
    try:
        tested = _Test(file, _origin_of(function, file), depth).function(function)
        found = list(islice(tested, LONGEST + 1))
    except _UnknownError:
        return Opaque(code_of(function))
    if len(found) > LONGEST:
        return Opaque(code_of(function))
    return True if any(each.value is True for each in found) else tuple(found)


def _origin_of(function: "Syntax", file: "GoFile") -> Binding | None:
    """Its last parameter, which is the origin in all these libraries; None if it has no name."""
    parameters = named(function.child_by_field_name("parameters"))
    names = parameters[-1].children_by_field_name("name") if parameters else []
    return file.names.find(names[-1]) if names else None


@dataclass(frozen=True, slots=True)
class _Test:
    """What a function tests its origin for; an item that is True is all origins."""

    file: "GoFile"
    origin: Binding | None
    depth: int

    def function(self, function: "Syntax") -> Iterator[Node]:
        body = function.child_by_field_name("body")
        inside = [] if body is None else named(body)
        statements = named(inside[0]) if inside else []
        if not statements or self.depth > DEEPEST:
            raise _UnknownError
        for statement in statements:
            if statement.type == "return_statement":
                yield from self._returned(statement)
                return
            yield from self._statement(statement)
        raise _UnknownError

    def _statement(self, statement: "Syntax") -> Iterator[Node]:
        kind = statement.type
        if kind == "if_statement":
            yield from self._if(statement)
        elif kind == "expression_switch_statement":
            yield from self._switch(statement)
        elif kind == "for_statement":
            yield from self._for(statement)
        elif kind not in _DECLARATIONS:
            raise _UnknownError

    def _returned(self, statement: "Syntax") -> Iterator[Node]:
        """`return test`, also with `nil` for no error."""
        first, *more = [each for part in named(statement) for each in named(part)] or [statement]
        if first is statement or any(each.type != "nil" for each in more):
            raise _UnknownError
        yield from self._expression(first)

    def _if(self, statement: "Syntax") -> Iterator[Node]:
        """`if test { return true }`."""
        condition = statement.child_by_field_name("condition")
        then = statement.child_by_field_name("consequence")
        if condition is None or statement.child_by_field_name("alternative") is not None:
            raise _UnknownError
        _expect_result(then, "true")
        yield from self._expression(condition)

    def _switch(self, statement: "Syntax") -> Iterator[Node]:
        """`switch origin { case a, b: return true }`."""
        value = statement.child_by_field_name("value")
        if value is None or not self._is_origin(value):
            raise _UnknownError
        for case in named(statement):
            if case.type == "expression_case":
                _expect_result(case, "true")
                for each in named(case.child_by_field_name("value")):
                    yield self._text(each)
            elif case.type == "default_case":
                _expect_result(case, "false")

    def _for(self, statement: "Syntax") -> Iterator[Node]:
        """`for _, each := range list { if each == origin { return true } }`."""
        clause = next((each for each in named(statement) if each.type == "range_clause"), None)
        body = statement.child_by_field_name("body")
        if clause is None or body is None:
            raise _UnknownError
        names = named(clause.child_by_field_name("left"))
        right = clause.child_by_field_name("right")
        inside = [each for part in named(body) for each in named(part)]
        if right is None or len(names) != 2 or [each.type for each in inside] != ["if_statement"]:
            raise _UnknownError
        condition = inside[0].child_by_field_name("condition")
        sides = self._sides(condition)
        is_ours = [code_of(each) for each in sides if not self._is_origin(each)]
        if is_ours != [code_of(names[1])] or inside[0].child_by_field_name("alternative"):
            raise _UnknownError
        _expect_result(inside[0].child_by_field_name("consequence"), "true")
        yield from self._listed(right)

    def _expression(self, node: "Syntax") -> Iterator[Node]:
        """Tests with `||` between them, of which the last is found first."""
        tests = [_bare(node)]
        while tests[-1].type == "binary_expression" and _operator(tests[-1]) == "||":
            left, right = named(tests.pop())
            tests += [_bare(right), _bare(left)]
        for each in reversed(tests):
            yield from self._test(each)

    def _test(self, node: "Syntax") -> Iterator[Node]:
        match node.type:
            case "true":
                yield self.file.read(node)
            case "false":
                return
            case "binary_expression" if _operator(node) == "==":
                other = [each for each in self._sides(node) if not self._is_origin(each)]
                if len(other) != 1:
                    raise _UnknownError
                yield self._text(other[0])
            case "binary_expression" if _operator(node) == "||":
                yield from self._expression(node)
            case "call_expression":
                yield from self._call(node)
            case "index_expression":
                yield from self._if_true(node)
            case "identifier":
                yield from self._found(node)
            case _:
                raise _UnknownError

    def _sides(self, node: "Syntax | None") -> list["Syntax"]:
        if node is None or node.type != "binary_expression" or _operator(node) != "==":
            raise _UnknownError
        return [_bare(each) for each in named(node)]

    def _call(self, node: "Syntax") -> Iterator[Node]:
        function = node.child_by_field_name("function")
        given = [_bare(each) for each in named(node.child_by_field_name("arguments"))]
        is_asked = [self._is_origin(each) for each in given]
        path = "" if function is None else self.file.path_of(function)
        if function is None or True not in is_asked:
            raise _UnknownError
        if path in _CONTAINS and is_asked == [False, True]:
            yield from self._listed(given[0])
        elif path in _SEARCHED and is_asked == [True, False]:
            text = self._text(given[1])
            yield Node(text.place, Regex(_SEARCHED[path].format(escaped(text.text()))))
        elif path == "regexp.MatchString" and is_asked == [False, True]:
            text = self._text(given[0])
            yield Node(text.place, compiled(text))
        elif not path and is_asked[-1]:
            yield from self._tested_by(function)
        else:
            raise _UnknownError

    def _tested_by(self, function: "Syntax") -> Iterator[Node]:
        """Another function that tests it, or a regex's `MatchString`."""
        tested = self.file.read(function, self.depth + 1)
        if isinstance(tested.value, tuple):
            yield from tested.value
        elif tested.value is True or isinstance(tested.value, Regex):
            yield tested
        else:
            raise _UnknownError

    def _index(self, node: "Syntax") -> Iterator[Node]:
        """`allowed[origin]`, of a map."""
        of, index = (node.child_by_field_name(name) for name in ("operand", "index"))
        table = None if of is None else self.file.read(of, self.depth).value
        if not isinstance(table, Mapping) or index is None or not self._is_origin(_bare(index)):
            raise _UnknownError
        yield from (Node(value.place, name) for name, value in table.items())

    def _if_true(self, node: "Syntax") -> Iterator[Node]:
        """`allowed[origin]` as the test itself."""
        of = node.child_by_field_name("operand")
        table = None if of is None else self.file.read(of, self.depth).value
        is_set = isinstance(table, Mapping) and all(v.value is True for v in table.values())
        if not is_set:
            raise _UnknownError
        yield from self._index(node)

    def _found(self, node: "Syntax") -> Iterator[Node]:
        """`ok`, of `_, ok := allowed[origin]`."""
        binding = self.file.names.find(node)
        declared = None if binding is None else binding.writes[0].node
        if declared is None or declared.type != "short_var_declaration":
            raise _UnknownError
        names, values = (named(declared.child_by_field_name(side)) for side in ("left", "right"))
        if [code_of(each) for each in names][1:] != [code_of(node)] or len(values) != 1:
            raise _UnknownError
        yield from self._index(values[0])

    def _listed(self, node: "Syntax") -> Iterator[Node]:
        listed = self.file.read(node, self.depth).value
        if not isinstance(listed, tuple):
            raise _UnknownError
        for each in listed:
            if not isinstance(each.value, str):
                raise _UnknownError
            yield each

    def _text(self, node: "Syntax") -> Node:
        text = self.file.read(node, self.depth)
        if not isinstance(text.value, str):
            raise _UnknownError
        return text

    def _is_origin(self, node: "Syntax") -> bool:
        """Whether it is the parameter, which nothing is written to."""
        if node.type != "identifier" or self.origin is None:
            return False
        return self.file.names.find(node) is self.origin and len(self.origin.writes) == 1


def _expect_result(node: "Syntax | None", result: str) -> None:
    """A block or a case must do nothing but return `true`, or `false`.

    Raises:
        _UnknownError: it does something else.
    """
    statements = [] if node is None else [n for n in named(node) if n.type == "statement_list"]
    inside = [each for part in statements for each in named(part)]
    if len(inside) != 1 or inside[0].type != "return_statement":
        raise _UnknownError
    first, *more = [code_of(each) for part in named(inside[0]) for each in named(part)] or [""]
    if first != result or any(each != "nil" for each in more):
        raise _UnknownError


def _operator(node: "Syntax") -> str:
    return code_of(node.child_by_field_name("operator"))


def _bare(node: "Syntax") -> "Syntax":
    while node.type == "parenthesized_expression" and node.named_children:
        node = named(node)[0]
    return node
