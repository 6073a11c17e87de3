"""What does a JavaScript function make of the origins that it tests?

It gives back what is allowed, as Koa's and Hono's do, or calls back with it, as Express's and
Fastify's do; what isn't allowed it refuses by an error, or by giving nothing.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from corscope.cli.imports.languages.javascript_errors import (
    error_of,
    given_to,
    named_errors,
    status_given,
    thrown_by,
)
from corscope.cli.imports.languages.javascript_tests import (
    FailsError,
    OriginTest,
    UnknownError,
    bare,
    parameters,
)
from corscope.cli.imports.languages.syntax import code_of, line_of, named
from corscope.cli.imports.tree import LONGEST, USUAL_ERROR, Node, Opaque, Tested, Thrown, Value

if TYPE_CHECKING:
    from tree_sitter import Node as Syntax

    from corscope.cli.imports.languages.javascript import JavaScriptFile

__all__ = ["delegated", "origin_test"]

_DECLARATIONS: Final = {"lexical_declaration", "variable_declaration", "empty_statement"}
_LOGGED: Final = re.compile(r"(?:console|logger|log|(?:this\.|request\.|req\.)log(?:ger)?)\.\w+\(")
_ENDINGS: Final = {"return_statement", "throw_statement"}
_NOTHING: Final = {"null", "undefined", '""', "''"}
_NO_ERROR: Final = {"null", "undefined"}
_THROWS: Final = re.compile(r"\w+\.throw")
_REFUSES: Final = {"error", "false", "nothing"}


def origin_test(function: "Syntax", file: "JavaScriptFile", depth: int) -> Value:
    """True if it sends back any origin, a list of those that it tests for, or code."""
    names = parameters(function)
    test = OriginTest(file, names[0] if names else "", depth)
    body = function.child_by_field_name("body")
    is_async = any(child.type == "async" for child in function.children)
    if body is None:
        return Opaque(code_of(function))
    for callback in (names[1] if len(names) > 1 else "", ""):
        try:
            takes_lists = bool(callback) or is_async
            decision = _Decision(test, callback, body, takes_lists)
            decision.decide(body)
            return decision.tested(is_async=is_async)
        except (UnknownError, RecursionError):
            continue
    return Opaque(code_of(function))


def delegated(function: "Syntax", file: "JavaScriptFile") -> Mapping[str, Node] | None:
    """The options that a function calls back with, asked with the request; None if it does more.

    `(req, callback) => callback(null, { origin: … })`, or options that an `if` chooses of which one
    has `origin: true` and the other false: their origin is then what the function tests for.
    """
    names, body = parameters(function), function.child_by_field_name("body")
    if len(names) != 2 or body is None:
        return None
    test = OriginTest(file, "", 0)
    done = _deciding(_statements(body))
    try:
        if not done:
            return None
        *chosen, last = done
        called = _unwrapped(last)
        given, name = given_to(called), code_of(called.child_by_field_name("function"))
        if name != names[1] or len(given) != 2 or code_of(given[0]) not in _NO_ERROR:
            return None
        if len(chosen) == 1 and given[1].type == "identifier":
            return _chosen_options(chosen[0], code_of(given[1]), test)
        return _tested_options(bare(given[1]), test) if not chosen else None
    except (UnknownError, FailsError):
        return None


def _tested_options(options: "Syntax", test: OriginTest) -> Mapping[str, Node]:
    """An object whose `origin` is a test, or a name of one."""
    pairs = [e for e in named(options) if code_of(e.child_by_field_name("key")) == "origin"]
    asked = pairs[0].child_by_field_name("value") if len(pairs) == 1 else None
    read = test.file.read(options)
    if options.type != "object" or asked is None or not isinstance(read.value, Mapping):
        raise UnknownError
    constant = test.file.constant(code_of(asked)) if asked.type == "identifier" else None
    asked = constant or asked
    missing = "allow" if test.holds_without(asked) else "false"
    tested = Tested(_few(test.found(asked)), "false", missing=missing)
    return {**read.value, "origin": Node(read.place, tested)}


def _chosen_options(node: "Syntax", name: str, test: OriginTest) -> Mapping[str, Node]:
    """`if (test) options = { origin: true } else options = { origin: false }`."""
    condition, then = (node.child_by_field_name(f) for f in ("condition", "consequence"))
    alternative = node.child_by_field_name("alternative")
    if node.type != "if_statement" or condition is None or then is None or alternative is None:
        raise UnknownError
    allowed, others = (_assigned(each, name, test) for each in (then, named(alternative)[0]))
    if allowed["origin"].value is not True or others["origin"].value is not False:
        raise UnknownError
    missing = "allow" if test.holds_without(condition) else "false"
    tested = Tested(_few(test.found(condition)), "false", missing=missing)
    return {**allowed, "origin": Node(allowed["origin"].place, tested)}


def _assigned(node: "Syntax", name: str, test: OriginTest) -> Mapping[str, Node]:
    """The object that a branch gives to a name, and does nothing else."""
    done = _deciding(_statements(node))
    given = bare(named(done[0])[0]) if len(done) == 1 and named(done[0]) else node
    left, right = (given.child_by_field_name(side) for side in ("left", "right"))
    if given.type != "assignment_expression" or code_of(left) != name or right is None:
        raise UnknownError
    value = test.file.read(right).value
    if not isinstance(value, Mapping) or "origin" not in value:
        raise UnknownError
    return value


def _few(tested: Iterable[Node]) -> "bool | tuple[Node, ...]":
    found = tuple(tested)
    if len(found) > LONGEST:
        raise UnknownError
    return True if any(each.value is True for each in found) else found


def with_fallback(allowed: list[Node], fallback: Node) -> list[Node]:
    """What is allowed, with the origin that others get: that one can use it too."""
    is_listed = fallback.value in [each.value for each in allowed]
    return allowed if is_listed else [*allowed, fallback]


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What a function ends with.

    Attributes:
        kind: `allow`, `error`, `false`, `nothing`, or `value`: what else it gives; `fails` where
            it has an exception that nobody wrote.
        error: what it refuses with.
        value: the value that it gives.
    """

    kind: str
    error: Thrown = USUAL_ERROR
    value: "Syntax | None" = None


@dataclass(slots=True)
class _Decision:
    """What a function calls back with, or gives back: `callback(null, true)`, `throw new Error()`.

    Attributes:
        test: how it asks.
        callback: what it calls; empty if it gives back.
        body: all of it.
        takes_lists: whether it may give a list: it calls back, or is waited for.
        allowed: for what it does so with true, or with the origin.
        denied: what it does for the rest, once that shows.
        missing: what it does where there is no origin, once that shows.
        otherwise: more of what it does for the rest, as `Tested` has it.
        is_flag: whether it gives back true, and not the origin.
        is_undefined: whether it calls back `undefined` where there is no error.
        is_asked: whether it asks anything, if perhaps of an empty list.
    """

    test: OriginTest
    callback: str
    body: "Syntax"
    takes_lists: bool
    allowed: list[Node] = field(default_factory=list)
    denied: _Outcome | None = None
    missing: _Outcome | None = None
    otherwise: str = ""
    is_flag: bool = False
    is_undefined: bool = False
    is_asked: bool = False

    def tested(self, *, is_async: bool) -> Tested:
        """All of it."""
        denied = self.denied or _Outcome("false")
        missing = self._met_missing(denied)
        if not self.callback and not self.allowed and not self.is_asked:
            raise UnknownError
        is_error = [each.kind == "error" for each in (missing, denied)]
        is_one_way = missing.kind == "allow" or is_error[0] == is_error[1]
        if not is_one_way and (is_error[0] or (self.callback and missing.kind == "false")):
            raise UnknownError
        return Tested(
            _few(self.allowed),
            self.otherwise or denied.kind,
            is_returned=not self.callback,
            is_async=is_async,
            is_flag=self.is_flag,
            missing=missing.kind,
            error=self._one_error(missing, denied),
            is_undefined=self.is_undefined,
        )

    def decide(self, body: "Syntax") -> None:
        """Follow the statements, each of which is asked if those before it let it."""
        rest: list[Syntax] | None
        if body.type == "statement_block":
            rest = _deciding(named(body))
        elif self.callback:
            rest = [body]
        else:
            self._end(self._given_back(bare(body)))
            return
        while rest is not None:
            choice = self._choice(rest[0]) if rest else None
            if choice is not None:
                rest = self._asked(choice, rest[1:])
            else:
                if not self._errs_by_test(rest):
                    self._end(self._outcome(rest))
                return

    def _errs_by_test(self, statements: list["Syntax"]) -> bool:
        """Whether it is `callback(test ? null : new Error("…"), true)`, and take note of that."""
        done = _deciding(statements)
        given = given_to(_unwrapped(done[0])) if len(done) == 1 else []
        choice = bare(given[0]) if given else None
        if choice is None or choice.type != "ternary_expression" or len(given) != 2:
            return False
        condition, none, error = named(choice)
        value, asked = bare(given[1]), bare(condition)
        is_same = code_of(value) in {"true", code_of(asked)} or self.test.is_origin(value)
        if code_of(none) not in _NO_ERROR or not is_same:
            raise UnknownError
        refused = _Outcome("error", self._error(bare(error)))
        self._meet_missing(condition, self._given_back(value))
        self.missing = self.missing or refused
        self.allowed += self.test.found(condition)
        self._deny(refused)
        return True

    def _choice(self, node: "Syntax") -> "Syntax | None":
        """An `if`, or a `… ? callback(…) : callback(…)` by itself."""
        if node.type == "if_statement" or not self.callback:
            return node if node.type == "if_statement" else None
        node = _unwrapped(node)
        return node if node.type == "ternary_expression" else None

    def _asked(self, node: "Syntax", rest: list["Syntax"]) -> list["Syntax"] | None:
        """An `if`; what is left to be followed, None if it decides the rest too."""
        condition, then = (node.child_by_field_name(f) for f in ("condition", "consequence"))
        alternative = node.child_by_field_name("alternative")
        if condition is None or then is None:
            raise UnknownError
        self.is_asked = True
        inside = _statements(then)
        if alternative is not None and alternative.type == "else_clause":
            alternative = named(alternative)[0]
        after = rest if alternative is None else _deciding(_statements(alternative))
        if alternative is None and not (inside and self._is_ending(inside[-1])):
            raise UnknownError
        outcome = self._outcome(inside)
        if outcome.kind == "value":
            raise UnknownError
        self._meet_missing(condition, outcome)
        if outcome.kind == "allow":
            self.allowed += self.test.found(condition)
            return after
        if self.test.is_absent(bare(condition)):
            return after
        self._deny(outcome)
        self.allowed += self.test.missing(condition)
        self._allow_rest(after)
        return None

    def _is_ending(self, node: "Syntax") -> bool:
        """Whether nothing comes after it: `return`, `throw`, `ctx.throw(403)`."""
        called = named(node)[0] if node.type == "expression_statement" else node
        function = called.child_by_field_name("function")
        throws = not self.callback and _THROWS.fullmatch(code_of(function)) is not None
        return throws or node.type in _ENDINGS

    def _allow_rest(self, rest: list["Syntax"]) -> None:
        """What follows upon a refusal: all that is left is allowed."""
        outcome = self._outcome(rest)
        if outcome.kind != "allow":
            raise UnknownError
        self.missing = self.missing or self._without_origin(outcome)

    def _meet_missing(self, condition: "Syntax", outcome: _Outcome) -> None:
        """Take note of what it does where there is no origin, if this decides it."""
        if self.missing is not None:
            return
        try:
            if self.test.holds_without(condition):
                self.missing = self._without_origin(outcome)
        except FailsError:
            self.missing = _Outcome("fails", value=condition)

    def _without_origin(self, outcome: _Outcome) -> _Outcome:
        """To give back what is missing is to give nothing."""
        is_origin = outcome.value is not None and self.test.is_origin(outcome.value)
        return _Outcome("nothing") if outcome.kind == "allow" and is_origin else outcome

    def _met_missing(self, denied: _Outcome) -> _Outcome:
        """What it does where there is no origin, once it shows how it refuses.

        An exception, as what is asked of nothing has, is answered as an error is.
        """
        met = self.missing or _Outcome("allow")
        if met.kind != "fails":
            return met
        if denied.kind != "error" and met.value is not None:
            message = "a request without an Origin fails there; by the rule it is passed on"
            self.test.file.source.note(message, line_of(met.value))
        return denied

    def _deny(self, outcome: _Outcome) -> None:
        """Take note of how it refuses, which has to be one way, if perhaps in other words."""
        before = self.denied or outcome
        if before.kind != outcome.kind or before.error.status != outcome.error.status:
            raise UnknownError
        self.denied = (
            before
            if before.error == outcome.error
            else _Outcome("error", before.error._replace(message=None))
        )

    def _one_error(self, missing: _Outcome, denied: _Outcome) -> Thrown:
        """What it refuses with, be there an origin or none."""
        if denied.kind != "error":
            return missing.error
        if missing.kind == "error" and missing.error != denied.error:
            message = "a request without an Origin gets another error there than by the rule"
            self.test.file.source.note(message, line_of(self.body))
        return denied.error

    def _end(self, outcome: _Outcome) -> None:
        """What it does once all questions are answered."""
        self.missing = self.missing or self._last_missing(outcome)
        if outcome.kind in _REFUSES:
            self._deny(outcome)
            return
        value = outcome.value
        assert value is not None
        if outcome.kind == "allow":
            self.allowed.append(Node("", value=True))
        elif value.type == "ternary_expression":
            self._end_choice(value)
        elif self._is_fixed(value):
            self.allowed, self.otherwise = [self.test.file.read(value)], "fixed"
        elif self.takes_lists and value.type in {"identifier", "array"}:
            self.allowed += self.test.listed(value)
            self.otherwise = "list"
        else:
            self.is_flag = True
            self.allowed += self.test.found(value)

    def _end_choice(self, value: "Syntax") -> None:
        """`test ? origin : false`, or with the origin that others get."""
        self.is_asked = True
        self.allowed += self.test.returned(value)
        fallback = self.test.fallback(value)
        if fallback is not None:
            self.allowed = with_fallback(self.allowed, fallback)
            self.otherwise = "fallback"
        else:
            self._deny(self._last_of(value))

    def _last_of(self, value: "Syntax") -> _Outcome:
        """What stands behind the last colon."""
        last = value
        while last.type == "ternary_expression":
            last = bare(named(last)[2])
        return self._given_back(last)

    def _is_fixed(self, value: "Syntax") -> bool:
        """Whether it is one origin for all, without a question."""
        is_asked = self.allowed or self.denied
        return not is_asked and isinstance(self.test.file.read(value).value, str)

    def _last_missing(self, outcome: _Outcome) -> _Outcome:
        value = outcome.value
        if outcome.kind != "value" or value is None:
            return self._without_origin(outcome)
        if self.takes_lists and value.type in {"identifier", "array"}:
            return _Outcome("allow")
        if self._is_fixed(value):
            return _Outcome("allow")
        is_choice = value.type == "ternary_expression"
        condition = value.child_by_field_name("condition") if is_choice else value
        assert condition is not None
        try:
            is_let_in = self.test.holds_without(condition)
        except FailsError:
            return _Outcome("fails", value=condition)
        if not is_choice:
            return _Outcome("allow" if is_let_in else "false")
        # An origin that isn't there is nothing.
        return _Outcome("nothing") if is_let_in else self._last_of(value)

    def _outcome(self, statements: list["Syntax"]) -> _Outcome:
        """What statements end with that do nothing else."""
        done = _deciding(statements)
        if len(done) == 2 and done[1].type == "return_statement" and not named(done[1]):
            done.pop()
        if not done and not self.callback:
            return _Outcome("nothing")
        if len(done) != 1:
            raise UnknownError
        (node,) = done
        if node.type == "throw_statement":
            return _Outcome("error", self._error(bare(named(node)[0])))
        is_return = node.type == "return_statement"
        if not named(node) and is_return and not self.callback:
            return _Outcome("nothing")
        node = _unwrapped(node)
        function, given = node.child_by_field_name("function"), given_to(node)
        if not self.callback and function is not None and _THROWS.fullmatch(code_of(function)):
            return _Outcome("error", thrown_by(given, self.test))
        if not self.callback:
            return self._given_back(node) if is_return else _raise()
        if code_of(function) != self.callback:
            raise UnknownError
        return self._called_back(given)

    def _error(self, node: "Syntax") -> Thrown:
        names = named_errors(self.body) if node.type == "identifier" else {}
        return error_of(node, self.test, names)

    def _called_back(self, given: list["Syntax"]) -> _Outcome:
        if given and code_of(given[0]) not in _NO_ERROR:
            return _Outcome("error", self._error(bare(given[0])))
        if given and code_of(given[0]) == "undefined":
            self.is_undefined = True
        if len(given) < 2:
            return _Outcome("nothing")
        return self._given_back(bare(given[1]))

    def _given_back(self, value: "Syntax") -> _Outcome:
        if code_of(value) in _NOTHING or value.type == "false":
            return _Outcome("false" if value.type == "false" else "nothing")
        if value.type == "ternary_expression":
            condition, *sides = named(value)
            if [each.type for each in sides] == ["true", "false"]:
                value = bare(condition)
        if value.type == "true" or self.test.is_origin(value):
            self.is_flag = self.is_flag or value.type == "true"
            return _Outcome("allow", value=value)
        return _Outcome("value", value=value)


def _unwrapped(node: "Syntax") -> "Syntax":
    """The expression of a statement that is one, or returns it."""
    is_statement = node.type in {"return_statement", "expression_statement"}
    return bare(named(node)[0]) if is_statement and named(node) else node


def _raise() -> _Outcome:
    raise UnknownError


def _deciding(statements: list["Syntax"]) -> list["Syntax"]:
    """The statements without those that name something, give it a status, or write a log."""
    return [
        each
        for each in statements
        if each.type not in _DECLARATIONS
        and not (each.type == "expression_statement" and _LOGGED.match(code_of(each)))
        and status_given(each) is None
    ]


def _statements(node: "Syntax") -> list["Syntax"]:
    return named(node) if node.type == "statement_block" else [node]
