"""What does an application's own handler of errors answer an error with?

`app.use((error, request, response, next) => response.status(403).json({ … }))`, also in an `if`
that asks for the error's words. Only what such a handler sends at once is understood.
"""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from corscope.cli.imports.languages.javascript_tests import bare, parameters
from corscope.cli.imports.languages.syntax import code_of, named, short_code_of
from corscope.cli.imports.tree import DEEPEST, Thrown

if TYPE_CHECKING:
    from tree_sitter import Node as Syntax

    from corscope.cli.imports.languages.javascript import JavaScriptFile

__all__ = ["Handled", "error_handlers", "handled"]

_LOGGED: Final = re.compile(r"(?:console|logger|log)\.\w+\(")
_STATUS: Final = re.compile("[45][0-9][0-9]")
_PARAMETERS: Final = 4
"""By how many Express knows a handler of errors."""


class Handled(NamedTuple):
    """What is sent: a status, and a text or what JSON is made of."""

    status: int
    value: object
    is_json: bool


def error_handlers(file: "JavaScriptFile") -> Iterator["Syntax"]:
    """The functions that `app.use(…)` is given for errors."""
    for call in file.calls():
        for function in call.functions() if call.function.endswith(".use") else ():
            if len(parameters(function)) == _PARAMETERS:
                yield function


def handled(handler: "Syntax", error: Thrown, file: "JavaScriptFile") -> Handled | None:
    """What a handler sends for that error; None if it can't be told."""
    body = handler.child_by_field_name("body")
    statements = [] if body is None else [body]
    if body is not None and body.type == "statement_block":
        statements = [s for s in named(body) if not _LOGGED.match(code_of(s))]
    first = statements[0] if statements else None
    asked, _, response, *_ = parameters(handler)
    if first is not None and first.type == "if_statement":
        condition, then = (first.child_by_field_name(f) for f in ("condition", "consequence"))
        if then is None or not _asks_for(condition, asked, error, file):
            return None
        first = next(iter(named(then)), None) if then.type == "statement_block" else then
    return None if first is None else _sent(first, (asked, response), error, file)


def _asks_for(condition: "Syntax | None", name: str, error: Thrown, file: "JavaScriptFile") -> bool:
    """Whether it is `error.message === "…"` with this error's words, or `error`."""
    test = None if condition is None else bare(condition)
    if test is None or test.type != "binary_expression":
        return test is not None and code_of(test) == name
    left, right = named(test)[:2]
    is_equal = code_of(test.child_by_field_name("operator")) in {"===", "=="}
    words = file.read(right).value
    return is_equal and code_of(left) == f"{name}.message" and words == error.message is not None


def _sent(
    node: "Syntax", names: tuple[str, str], error: Thrown, file: "JavaScriptFile"
) -> Handled | None:
    """`response.status(403).json({ … })`, or with `send` and a text."""
    is_statement = node.type in {"expression_statement", "return_statement"} and named(node)
    call = bare(named(node)[0]) if is_statement else node
    function, given = (call.child_by_field_name(each) for each in ("function", "arguments"))
    if function is None or len(named(given)) != 1:
        return None
    method = code_of(function.child_by_field_name("property"))
    status = _status(function.child_by_field_name("object"), names, error)
    value = _value(named(given)[0], names[0], error, file)
    is_json = method == "json" or isinstance(value, Mapping)
    if method not in {"json", "send"} or status is None or value is None:
        return None
    return Handled(status, value, is_json) if is_json or isinstance(value, str) else None


def _status(node: "Syntax | None", names: tuple[str, str], error: Thrown) -> int | None:
    """Of `response.status(403)`, also with `error.status || 500`; 200 is no error's."""
    code = re.sub(r"\s", "", short_code_of(node))
    said = re.fullmatch(rf"{re.escape(names[1])}\.status\((.+)\)", code)
    if said is None:
        return None
    own = rf"(?:{re.escape(names[0])}\.(?:status|statusCode)(?:\|\||\?\?))+([45][0-9][0-9])"
    otherwise = re.fullmatch(own, said[1])
    if otherwise is not None:
        return error.status if error.has_status else int(otherwise[1])
    return int(said[1]) if _STATUS.fullmatch(said[1]) else None


def _value(
    node: "Syntax", name: str, error: Thrown, file: "JavaScriptFile", deep: int = 0
) -> object:
    """A text, or a table of such, in which the error's words may stand."""
    node = bare(node)
    if deep > DEEPEST:
        return None
    if code_of(node) == f"{name}.message":
        return error.message
    if node.type != "object":
        plain = file.read(node).value
        return plain if isinstance(plain, str | bool | int) else None
    table: dict[str, object] = {}
    for pair in named(node):
        key, value = (pair.child_by_field_name(each) for each in ("key", "value"))
        read = None if key is None or value is None else _value(value, name, error, file, deep + 1)
        if read is None:
            return None
        table[code_of(key).strip("\"'")] = read
    return table
