"""Which origins does a piece of JavaScript test for?

Only what compares the origin with what the file says is understood; what becomes of it,
`javascript_decisions` tells.
"""

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from corscope.cli.imports.languages.syntax import code_of, named, short_code_of
from corscope.cli.imports.regexes import escaped, of_host
from corscope.cli.imports.tree import DEEPEST, Node, Regex
from corscope.servers.patterns.origins import matches_regex
from corscope.servers.policy import WILDCARD

if TYPE_CHECKING:
    from tree_sitter import Node as Syntax

    from corscope.cli.imports.languages.javascript import JavaScriptFile

__all__ = [
    "FailsError",
    "OriginTest",
    "UnknownError",
    "bare",
    "parameters",
    "parts_of_call",
    "returned",
]

TRANSPARENT: Final = {
    *("parenthesized_expression", "as_expression", "satisfies_expression"),
    *("non_null_expression", "await_expression"),
}
_HOST: Final = re.compile(r"newURL\((\w+)!?\)\.hostname")
_HEADER: Final = re.compile(
    r"""\w+(?:\.req(?:uest)?)?\.(?:(?:get|header)\(["'][Oo]rigin["']\)|headers?(?:\.origin|\["origin"\]))"""
)
_IS_FOUND: Final = {("!==", "-1"), ("!=", "-1"), (">", "-1"), (">=", "0")}
_IS_MISSING: Final = {("===", "-1"), ("==", "-1"), ("<", "0")}
_PICKED: Final = {"some", "find"}
_LOOKED_UP: Final = {"includes", "has"}
_SEARCHED: Final = {"startsWith": "^{}", "endsWith": "{}$"}


class UnknownError(Exception):
    """A function does something else than to test its origin."""


class FailsError(Exception):
    """A test has an exception where there is no origin."""


def bare(node: "Syntax") -> "Syntax":
    """An expression without what only stands around it."""
    while node.type in TRANSPARENT and node.named_children:
        node = named(node)[0]
    return node


def parameters(function: "Syntax") -> list[str]:
    """The names of its parameters, without the types that TypeScript gives them."""
    single = function.child_by_field_name("parameter")
    listed = named(function.child_by_field_name("parameters"))
    each = [single] if single is not None else listed
    return [code_of(node.child_by_field_name("pattern") or node) for node in each]


def _of_host(node: Node) -> Node:
    """A host as a regex that fits its origins."""
    if not isinstance(node.value, str):
        raise UnknownError
    return Node(node.place, Regex(of_host(node.value)))


@dataclass(frozen=True, slots=True)
class OriginTest:
    """What a function asks of its origin; a node that is True allows all.

    Attributes:
        file: where it stands.
        origin: the parameter's name; empty if there is none.
        depth: how deep it is in what is read.
        followed: the names of tests that were looked up so far.
    """

    file: "JavaScriptFile"
    origin: str
    depth: int
    followed: list[str] = field(default_factory=list)

    def returned(self, body: "Syntax", deep: int = 0) -> list[Node]:
        """What a function allows that returns it: all, or the origin if a test holds."""
        _check_depth(deep)
        node = returned(body)
        if node is None:
            raise UnknownError
        if node.type == "true" or self.is_origin(node):
            return [Node("", value=True)]
        condition, then = (node.child_by_field_name(f) for f in ("condition", "consequence"))
        if node.type != "ternary_expression" or condition is None or then is None:
            raise UnknownError
        if not self.is_origin(then):
            raise UnknownError
        rest = node.child_by_field_name("alternative")
        is_test = rest is not None and bare(rest).type == "ternary_expression"
        return [
            *self.found(condition),
            *(self.returned(rest, deep + 1) if rest and is_test else []),
        ]

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
            raise UnknownError
        return value

    def _item(self, node: "Syntax") -> Node:
        """`list[0]`."""
        of, index = (node.child_by_field_name(f) for f in ("object", "index"))
        number = code_of(index)
        items = [] if of is None else self._value(of, tuple).items()
        if not re.fullmatch("[0-9]{1,5}", number) or int(number) >= len(items):
            raise UnknownError
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

    def _meant(self, node: "Syntax") -> "Syntax":
        """An expression, or that of its name, as in `const ok = list.includes(origin)`."""
        node = bare(node)
        if node.type != "identifier" or self.is_origin(node):
            return node
        value = self.file.constant(code_of(node))
        if value is None:
            return node
        self.followed.append(code_of(node))
        _check_depth(len(self.followed))  # a name may be of itself, or of another twice
        return bare(value)

    def found(self, node: "Syntax", deep: int = 0) -> list[Node]:
        """What tests with `||` between them allow; that there is no origin allows none."""
        _check_depth(deep)
        tests = [node]
        found: list[Node] = []
        while tests:
            test = self._meant(tests.pop())
            if test.type == "binary_expression" and _operator(test) == "||":
                tests += reversed(named(test))
            elif self._is_present(test):
                tests.append(named(test)[1])
            elif not self.is_absent(test):
                found += self._found_by(test, deep)
        return found

    def missing(self, node: "Syntax", deep: int = 0) -> list[Node]:
        """What a test allows that asks for the opposite, also after `origin &&`."""
        _check_depth(deep)
        node = self._meant(node)
        if node.type == "binary_expression" and _operator(node) == "&&":
            left, right = named(node)
            if self.is_origin(left):
                return self.missing(right, deep + 1)
        if node.type == "unary_expression" and _operator(node) == "!":
            return self.found(named(node)[0], deep + 1)
        return self._index(node, _IS_MISSING)

    def holds_without(self, node: "Syntax", deep: int = 0) -> bool:
        """Whether a test holds where there is no origin.

        Raises:
            FailsError: it asks for something of what is missing.
            UnknownError: it can't be told.
        """
        _check_depth(deep)
        node = self._meant(node)
        operator = _operator(node)
        if node.type == "binary_expression" and operator in {"||", "&&"}:
            return self._joined_without(node, operator, deep)
        if node.type == "unary_expression" and operator == "!":
            return not self.holds_without(named(node)[0], deep + 1)
        if node.type == "true" or self.is_absent(node):
            return True
        if self.is_origin(node) or (node.type == "unary_expression" and operator == "~"):
            return False
        if node.type == "binary_expression":
            return self._compared_without(node)
        if node.type != "call_expression":
            raise UnknownError
        return self._called_without(node)

    def _joined_without(self, node: "Syntax", operator: str, deep: int) -> bool:
        """Tests with one operator between them, each asked only if those before it let it."""
        tests = [node]
        while tests:
            test = self._meant(tests.pop())
            if test.type == "binary_expression" and _operator(test) == operator:
                tests += reversed(named(test))
            elif self.holds_without(test, deep + 1) is (operator == "||"):
                return operator == "||"
        return operator == "&&"

    def _compared_without(self, node: "Syntax") -> bool:
        if any(self.is_host(side) for side in named(node)):
            raise FailsError
        if (_operator(node), code_of(named(node)[1])) in _IS_MISSING:
            return True
        if not any(self.is_origin(side) for side in named(node)):
            return False
        return _operator(node) in {"!==", "!="}

    def _called_without(self, node: "Syntax") -> bool:
        """A regex reads what is missing as "undefined"; nothing else finds it."""
        of, method, given = parts_of_call(node)
        if self.is_origin(of) or self.is_host(of) or self.is_host(given):
            raise FailsError
        if method == "test":
            return _reads_missing(self._value(of, Regex))
        if method in _PICKED:
            if self._is_searched(given):
                raise FailsError
            return any(_reads_missing(each) for each in self._value(of, tuple).items())
        return False

    def _is_present(self, node: "Syntax") -> bool:
        """Whether it is `origin && …`, perhaps with `!!`; without an origin there is no CORS."""
        if node.type != "binary_expression" or _operator(node) != "&&":
            return False
        left = bare(named(node)[0])
        if short_code_of(left).startswith("!!"):
            left = bare(named(bare(named(left)[0]))[0])
        return self.is_origin(left)

    def is_absent(self, node: "Syntax") -> bool:
        """Whether it is `!origin`, or `origin === undefined`."""
        if node.type == "unary_expression" and _operator(node) == "!":
            return self.is_origin(named(node)[0])
        sides = named(node) if node.type == "binary_expression" else []
        words = {code_of(side) for side in sides if not self.is_origin(side)}
        is_equal = _operator(node) in {"===", "=="}
        return len(sides) == 2 and is_equal and bool(words & {"undefined", "null"})

    def _found_by(self, node: "Syntax", deep: int) -> list[Node]:
        if node.type == "true":
            return [self.file.read(node, self.depth)]
        if self.is_origin(node):  # any that is there
            return [Node("", value=True)]
        if node.type == "call_expression":
            return self._called(node)
        if node.type == "unary_expression" and _operator(node) == "~":
            return self._looked_up(named(node)[0], {"indexOf"})
        if node.type == "unary_expression" and _operator(node) == "!":
            return self.missing(node.named_children[0], deep + 1)
        if node.type != "binary_expression":
            raise UnknownError
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
            raise UnknownError
        return self._looked_up(bare(sides[0]), {"indexOf"})

    def _called(self, node: "Syntax") -> list[Node]:
        """`list.includes(origin)`, `list.some(…)`, `regex.test(origin)`, `origin.endsWith("…")`."""
        of, method, given = parts_of_call(node)
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
        if method in _PICKED:
            return self._some(of, given)
        return self._looked_up(node, _LOOKED_UP)

    def _looked_up(self, node: "Syntax", methods: set[str]) -> list[Node]:
        of, method, given = parts_of_call(node)
        if method in methods and self.is_host(given):
            return [_of_host(each) for each in self._value(of, tuple).items()]
        if method not in methods or not self.is_origin(given):
            raise UnknownError
        return list(self._value(of, tuple).items())

    def _some(self, of: "Syntax", function: "Syntax") -> list[Node]:
        """`list.some(each => each === origin)`, or with `each.test(origin)`."""
        names, body = parameters(function), function.child_by_field_name("body")
        test = None if body is None else returned(body)
        if test is None or len(names) != 1:
            raise UnknownError
        items = list(self._value(of, tuple).items())
        if self._is_searched(function):
            method = parts_of_call(test)[1]
            texts = [(each.place, escaped(each.text())) for each in items]
            return [Node(place, Regex(_SEARCHED[method].format(text))) for place, text in texts]
        if test.type == "binary_expression" and _operator(test) in {"===", "=="}:
            others = [code_of(side) for side in named(test) if not self.is_origin(side)]
            kind: type = str
        else:
            pattern, method, given = parts_of_call(test)
            is_asked = method == "test" and self.is_origin(given)
            others, kind = ([code_of(pattern)] if is_asked else []), Regex
        if others != names or not all(isinstance(item.value, kind) for item in items):
            raise UnknownError
        return items

    def _is_searched(self, function: "Syntax") -> bool:
        """`each => origin.startsWith(each)`."""
        body = function.child_by_field_name("body")
        test = None if body is None else returned(body)
        if test is None or test.type != "call_expression":
            return False
        of, method, given = parts_of_call(test)
        is_asked = self.is_origin(of) and method in _SEARCHED
        return is_asked and [code_of(given)] == parameters(function)

    def listed(self, node: "Syntax") -> list[Node]:
        """A list of origins and regexes, as the option itself may be one."""
        items = list(self._value(node, tuple).items())
        if not all(isinstance(item.value, str | Regex) for item in items):
            raise UnknownError
        return items

    def _value(self, node: "Syntax", kind: type) -> Node:
        value = self.file.read(node, self.depth)
        if not isinstance(value.value, kind):
            raise UnknownError
        return value


def _check_depth(deep: int) -> None:
    """Give up what the grammar's package, which crashes far below, would not survive."""
    if deep > DEEPEST:
        raise UnknownError


def _reads_missing(node: Node) -> bool:
    value = node.value
    return isinstance(value, Regex) and matches_regex(
        value.pattern, "undefined", "search", flags=re.ASCII
    )


def returned(body: "Syntax") -> "Syntax | None":
    """What a function returns that does nothing else but name constants."""
    if body.type != "statement_block":
        return bare(body)
    *before, last = named(body) or [body]
    declares = all(statement.type == "lexical_declaration" for statement in before)
    returns = last.type == "return_statement" and last.named_children
    return bare(named(last)[0]) if declares and returns else None


def parts_of_call(node: "Syntax") -> tuple["Syntax", str, "Syntax"]:
    """The parts of `object.method(argument)`."""
    called = node.child_by_field_name("function")
    of = None if called is None else called.child_by_field_name("object")
    given = named(node.child_by_field_name("arguments"))
    if called is None or of is None or len(given) != 1:
        raise UnknownError
    return of, code_of(called.child_by_field_name("property")), given[0]


def _operator(node: "Syntax") -> str:
    return code_of(node.child_by_field_name("operator"))
