"""Which origins does a JavaScript function allow that tests one?

A function gives back what is allowed, as Koa's and Hono's do, or calls back with it, as Express's
and Fastify's do. Only those are understood that compare the origin with what the file says.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from corscope.cli.imports.languages.syntax import code_of, named, short_code_of
from corscope.cli.imports.regexes import escaped, of_host
from corscope.cli.imports.tree import LONGEST, Node, Opaque, Regex, Tested, Value
from corscope.servers.policy import WILDCARD

if TYPE_CHECKING:
    from tree_sitter import Node as Syntax

    from corscope.cli.imports.languages.javascript import JavaScriptFile

__all__ = ["bare", "origin_test"]

TRANSPARENT: Final = {
    *("parenthesized_expression", "as_expression", "satisfies_expression"),
    *("non_null_expression", "await_expression"),
}
_DECLARATIONS: Final = {"lexical_declaration", "variable_declaration", "empty_statement"}
_LOGGED: Final = re.compile(r"(?:console|logger|log)\.\w+\(")
_HOST: Final = re.compile(r"newURL\((\w+)!?\)\.hostname")
_HEADER: Final = re.compile(r"""\w+(?:\.req(?:uest)?)?\.(?:get|header)\(["'][Oo]rigin["']\)""")
_IS_FOUND: Final = {("!==", "-1"), ("!=", "-1"), (">", "-1"), (">=", "0")}
_IS_MISSING: Final = {("===", "-1"), ("==", "-1"), ("<", "0")}
_ERRORS: Final = {"new_expression", "string", "template_string"}
_LOOKED_UP: Final = {"includes", "has"}
_SEARCHED: Final = {"startsWith": "^{}", "endsWith": "{}$"}


class _UnknownError(Exception):
    """A function does something else than to test its origin."""


def bare(node: "Syntax") -> "Syntax":
    """An expression without what only stands around it."""
    while node.type in TRANSPARENT and node.named_children:
        node = named(node)[0]
    return node


def origin_test(function: "Syntax", file: "JavaScriptFile", depth: int) -> Value:
    """True if it sends back any origin, a list of those that it tests for, or code."""
    names = _parameters(function)
    test = _Test(file, names[0] if names else "", depth)
    body = function.child_by_field_name("body")
    if body is None:
        return Opaque(code_of(function))
    try:
        allowed, fallback = test.returned(body), test.fallback(_returned(body))
        if fallback is not None:
            return Tested(_few(_with(allowed, fallback)), "fallback", is_returned=True)
        return Tested(_few(allowed), is_returned=True)
    except _UnknownError:
        pass
    try:
        decision = _Decision(test, names[1] if len(names) > 1 else "")
        decision.decide(_statements(body))
        return Tested(_few(decision.allowed), decision.otherwise)
    except _UnknownError:
        return Opaque(code_of(function))


def _parameters(function: "Syntax") -> list[str]:
    """The names of its parameters, without the types that TypeScript gives them."""
    single = function.child_by_field_name("parameter")
    listed = named(function.child_by_field_name("parameters"))
    each = [single] if single is not None else listed
    return [code_of(node.child_by_field_name("pattern") or node) for node in each]


def _of_host(node: Node) -> Node:
    """A host as a regex that fits its origins."""
    if not isinstance(node.value, str):
        raise _UnknownError
    return Node(node.place, Regex(of_host(node.value)))


def _few(tested: Iterable[Node]) -> "bool | tuple[Node, ...]":
    found = tuple(tested)
    if len(found) > LONGEST:
        raise _UnknownError
    return True if any(each.value is True for each in found) else found


def _with(allowed: list[Node], fallback: Node) -> list[Node]:
    """What is allowed, with the origin that others get: that one can use it too."""
    is_listed = fallback.value in [each.value for each in allowed]
    return allowed if is_listed else [*allowed, fallback]


@dataclass(frozen=True, slots=True)
class _Test:
    """What a function asks of its origin; a node that is True allows all."""

    file: "JavaScriptFile"
    origin: str
    depth: int

    def returned(self, body: "Syntax") -> list[Node]:
        """What a function allows that returns it: all, or the origin if a test holds."""
        node = _returned(body)
        if node is None:
            raise _UnknownError
        if node.type == "true" or self.is_origin(node):
            return [Node(self.file.read(node, self.depth).place, value=True)]
        condition, then = (node.child_by_field_name(f) for f in ("condition", "consequence"))
        if node.type != "ternary_expression" or condition is None or then is None:
            raise _UnknownError
        if not self.is_origin(then):
            raise _UnknownError
        rest = node.child_by_field_name("alternative")
        is_test = rest is not None and bare(rest).type == "ternary_expression"
        return [*self.found(condition), *(self.returned(rest) if rest and is_test else [])]

    def fallback(self, node: "Syntax | None") -> Node | None:
        """The origin that all others get, behind the last colon; None if they get none."""
        while node is not None and node.type == "ternary_expression":
            rest = node.child_by_field_name("alternative")
            node = None if rest is None else bare(rest)
            if node is not None and node.type != "ternary_expression":
                return self._origin_of(node)
        return None

    def _origin_of(self, node: "Syntax") -> Node | None:
        """A value that is sent; of use to that origin alone, so that `*` is none."""
        if node.type == "subscript_expression":
            value = self._item(node)
        else:
            value = self.file.read(node, self.depth)
        if code_of(node) == "undefined" or value.value in (None, False, ""):
            return None
        if not isinstance(value.value, str) or value.value == WILDCARD:
            raise _UnknownError
        return value

    def _item(self, node: "Syntax") -> Node:
        """`list[0]`."""
        of, index = (node.child_by_field_name(f) for f in ("object", "index"))
        number = code_of(index)
        items = [] if of is None else self._value(of, tuple).items()
        if not re.fullmatch("[0-9]{1,5}", number) or int(number) >= len(items):
            raise _UnknownError
        return items[int(number)]

    def is_origin(self, node: "Syntax") -> bool:
        """Whether it is the origin: the function's parameter, or a header's value."""
        code = short_code_of(bare(node))
        value = short_code_of(self.file.constant(code))
        is_parameter = code == self.origin and bool(code)
        return is_parameter or any(_HEADER.fullmatch(each) for each in (code, value))

    def is_host(self, node: "Syntax") -> bool:
        """Whether it is the origin's host: `new URL(origin).hostname`, or a name of that."""
        code = short_code_of(bare(node))
        value = short_code_of(self.file.constant(code))
        whole = short_code_of(self.file.taken_from(code)) if code == "hostname" else ""
        codes = (code, value, f"{whole}.hostname")
        found = (_HOST.fullmatch(re.sub(r"\s", "", each)) for each in codes)
        return bool(self.origin) and any(each and each[1] == self.origin for each in found)

    def found(self, node: "Syntax") -> list[Node]:
        """What tests with `||` between them allow; that there is no origin allows none."""
        tests = [bare(node)]
        found: list[Node] = []
        while tests:
            test = tests.pop()
            if test.type == "binary_expression" and _operator(test) == "||":
                tests += [bare(each) for each in reversed(named(test))]
            elif self._is_present(test):
                tests.append(bare(named(test)[1]))
            elif not self._is_absent(test):
                found += self._found_by(test)
        return found

    def missing(self, node: "Syntax") -> list[Node]:
        """What a test allows that asks for the opposite, also after `origin &&`."""
        node = bare(node)
        if node.type == "binary_expression" and _operator(node) == "&&":
            left, right = named(node)
            if self.is_origin(left):
                return self.missing(right)
        if node.type == "unary_expression" and _operator(node) == "!":
            return self.found(named(node)[0])
        return self._index(node, _IS_MISSING)

    def _is_present(self, node: "Syntax") -> bool:
        """Whether it is `origin && …`, perhaps with `!!`; without an origin there is no CORS."""
        if node.type != "binary_expression" or _operator(node) != "&&":
            return False
        left = bare(named(node)[0])
        if short_code_of(left).startswith("!!"):
            left = bare(named(bare(named(left)[0]))[0])
        return self.is_origin(left)

    def _is_absent(self, node: "Syntax") -> bool:
        """Whether it is `!origin`, or `origin === undefined`."""
        if node.type == "unary_expression" and _operator(node) == "!":
            return self.is_origin(named(node)[0])
        sides = named(node) if node.type == "binary_expression" else []
        words = {code_of(side) for side in sides if not self.is_origin(side)}
        is_equal = _operator(node) in {"===", "=="}
        return len(sides) == 2 and is_equal and bool(words & {"undefined", "null"})

    def _found_by(self, node: "Syntax") -> list[Node]:
        if node.type == "true":
            return [self.file.read(node, self.depth)]
        if node.type == "call_expression":
            return self._called(node)
        if node.type == "unary_expression" and _operator(node) == "~":
            return self._looked_up(named(node)[0], {"indexOf"})
        if node.type == "unary_expression" and _operator(node) == "!":
            return self.missing(node.named_children[0])
        if node.type != "binary_expression":
            raise _UnknownError
        if _operator(node) in {"===", "=="}:
            other = [each for each in named(node) if not self.is_origin(each)]
            if len(other) == 1:
                return [self._value(other[0], str)]
            other = [each for each in named(node) if not self.is_host(each)]
            if len(other) == 1:
                return [_of_host(self._value(other[0], str))]
        return self._index(node, _IS_FOUND)

    def _index(self, node: "Syntax", signs: set[tuple[str, str]]) -> list[Node]:
        """`list.indexOf(origin)`, compared like that."""
        sides = named(node) if node.type == "binary_expression" else []
        if len(sides) != 2 or (_operator(node), code_of(sides[1])) not in signs:
            raise _UnknownError
        return self._looked_up(bare(sides[0]), {"indexOf"})

    def _called(self, node: "Syntax") -> list[Node]:
        """`list.includes(origin)`, `list.some(…)`, `regex.test(origin)`, `origin.endsWith("…")`."""
        of, method, given = _call(node)
        if self.is_origin(of) and method in {*_SEARCHED, "match"}:
            if method == "match":
                return [self._value(given, Regex)]
            text = self._value(given, str)
            return [Node(text.place, Regex(_SEARCHED[method].format(escaped(text.text()))))]
        if self.is_host(of) and method == "endsWith":
            text = self._value(given, str)
            return [Node(text.place, Regex(f"{escaped(text.text())}(:[0-9]+)?$"))]
        if method == "test" and self.is_origin(given):
            return [self._value(of, Regex)]
        if method == "some":
            return self._some(of, given)
        return self._looked_up(node, _LOOKED_UP)

    def _looked_up(self, node: "Syntax", methods: set[str]) -> list[Node]:
        of, method, given = _call(node)
        if method in methods and self.is_host(given):
            return [_of_host(each) for each in self._value(of, tuple).items()]
        if method not in methods or not self.is_origin(given):
            raise _UnknownError
        return list(self._value(of, tuple).items())

    def _some(self, of: "Syntax", function: "Syntax") -> list[Node]:
        """`list.some(each => each === origin)`, or with `each.test(origin)`."""
        names, body = _parameters(function), function.child_by_field_name("body")
        test = None if body is None else _returned(body)
        if test is None or len(names) != 1:
            raise _UnknownError
        items = list(self._value(of, tuple).items())
        if test.type == "binary_expression" and _operator(test) in {"===", "=="}:
            others = [code_of(side) for side in named(test) if not self.is_origin(side)]
            kind: type = str
        else:
            pattern, method, given = _call(test)
            is_asked = method == "test" and self.is_origin(given)
            others, kind = ([code_of(pattern)] if is_asked else []), Regex
        if others != names or not all(isinstance(item.value, kind) for item in items):
            raise _UnknownError
        return items

    def listed(self, node: "Syntax") -> list[Node]:
        """A list of origins and regexes, as the option itself may be one."""
        items = list(self._value(node, tuple).items())
        if not all(isinstance(item.value, str | Regex) for item in items):
            raise _UnknownError
        return items

    def _value(self, node: "Syntax", kind: type) -> Node:
        value = self.file.read(node, self.depth)
        if not isinstance(value.value, kind):
            raise _UnknownError
        return value


@dataclass(slots=True)
class _Decision:
    """What a function calls back with: `callback(null, true)`, `callback(new Error())`.

    Attributes:
        test: how it asks.
        callback: what it calls.
        allowed: for what it calls back with true.
        otherwise: what it calls back with for the rest, as `Tested` has it.
    """

    test: _Test
    callback: str
    allowed: list[Node] = field(default_factory=list)
    otherwise: str = "false"

    def decide(self, statements: list["Syntax"]) -> None:
        """Follow the statements, each of which is asked if those before it let it."""
        rest: list[Syntax] | None = statements
        while rest is not None:
            rest = _deciding(rest)
            if not rest:
                raise _UnknownError
            if rest[0].type == "if_statement":
                rest = self._asked(rest[0], rest[1:])
            else:
                self._called_back(rest)
                return

    def _asked(self, node: "Syntax", rest: list["Syntax"]) -> list["Syntax"] | None:
        """An `if`; what is left to be followed, None if it decides the rest too."""
        condition, then = (node.child_by_field_name(f) for f in ("condition", "consequence"))
        alternative = node.child_by_field_name("alternative")
        if condition is None or then is None:
            raise _UnknownError
        inside = _statements(then)
        after = rest if alternative is None else _statements(named(alternative)[0])
        if alternative is None and not _returns(inside):
            raise _UnknownError
        if self._is_denied(inside):
            self.allowed += self.test.missing(condition)
            if not self._is_allowed(after):
                raise _UnknownError
            return None
        if not self._is_allowed(inside):
            raise _UnknownError
        self.allowed += self.test.found(condition)
        return after

    def _called_back(self, statements: list["Syntax"]) -> None:
        """The last call, with what it is called with."""
        if self._is_denied(statements):
            return
        given = self._given(statements)
        if len(given) != 2 or code_of(given[0]) not in {"null", "undefined"}:
            raise _UnknownError
        value = bare(given[1])
        if self.test.is_origin(value):
            self.allowed.append(Node("", value=True))
        elif value.type == "ternary_expression":
            self.allowed += self.test.returned(value)
            fallback = self.test.fallback(value)
            if fallback is not None:
                self.allowed = _with(self.allowed, fallback)
                self.otherwise = "fallback"
        elif value.type in {"identifier", "array"}:
            self.allowed += self.test.listed(value)
            self.otherwise = "list"
        else:
            self.allowed += self.test.found(value)

    def _is_allowed(self, statements: list["Syntax"]) -> bool:
        given = self._given(statements)
        is_fine = len(given) == 2 and code_of(given[0]) in {"null", "undefined"}
        return is_fine and (given[1].type == "true" or self.test.is_origin(given[1]))

    def _is_denied(self, statements: list["Syntax"]) -> bool:
        """Whether it calls back with an error, or with false; takes note of which."""
        given = self._given(statements)
        is_error = bool(given) and given[0].type in _ERRORS
        is_false = len(given) == 2 and given[1].type == "false"
        if is_error:
            self.otherwise = "error"
        return is_error or (is_false and code_of(given[0]) in {"null", "undefined"})

    def _given(self, statements: list["Syntax"]) -> list["Syntax"]:
        """What `callback(…)` is called with, which is all that the statements do."""
        done = _deciding(statements)
        if len(done) == 2 and done[1].type == "return_statement" and not named(done[1]):
            done.pop()
        if len(done) != 1:
            raise _UnknownError
        node = done[0]
        if node.type in {"return_statement", "expression_statement"} and named(node):
            node = bare(named(node)[0])
        if not self.callback or code_of(node.child_by_field_name("function")) != self.callback:
            raise _UnknownError
        return named(node.child_by_field_name("arguments"))


def _deciding(statements: list["Syntax"]) -> list["Syntax"]:
    """The statements without those that name something, and that write a log."""
    return [
        each
        for each in statements
        if each.type not in _DECLARATIONS
        and not (each.type == "expression_statement" and _LOGGED.match(code_of(each)))
    ]


def _statements(node: "Syntax") -> list["Syntax"]:
    return named(node) if node.type == "statement_block" else [node]


def _returns(statements: list["Syntax"]) -> bool:
    return bool(statements) and statements[-1].type == "return_statement"


def _returned(body: "Syntax") -> "Syntax | None":
    """What a function returns that does nothing else but name constants."""
    if body.type != "statement_block":
        return bare(body)
    *before, last = named(body) or [body]
    declares = all(statement.type == "lexical_declaration" for statement in before)
    returns = last.type == "return_statement" and last.named_children
    return bare(named(last)[0]) if declares and returns else None


def _call(node: "Syntax") -> tuple["Syntax", str, "Syntax"]:
    """The parts of `object.method(argument)`."""
    called = node.child_by_field_name("function")
    of = None if called is None else called.child_by_field_name("object")
    given = named(node.child_by_field_name("arguments"))
    if called is None or of is None or len(given) != 1:
        raise _UnknownError
    return of, code_of(called.child_by_field_name("property")), given[0]


def _operator(node: "Syntax") -> str:
    return code_of(node.child_by_field_name("operator"))
