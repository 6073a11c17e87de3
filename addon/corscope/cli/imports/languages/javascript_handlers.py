"""What does an application's own handler of errors answer an error with?

`app.use((error, request, response, next) => response.status(403).json({ … }))`, and Fastify's
`app.setErrorHandler((error, request, reply) => …)`, also in or behind an `if` that asks for the
error's words or code. Only what such a handler sends at once is understood.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from corscope.cli.imports.languages.javascript_errors import template_text
from corscope.cli.imports.languages.javascript_tests import bare, parameters
from corscope.cli.imports.languages.syntax import code_of, named, short_code_of
from corscope.cli.imports.tree import DEEPEST, Thrown
from corscope.servers.libraries.origin_function import ERROR_TYPES

if TYPE_CHECKING:
    from tree_sitter import Node as Syntax

    from corscope.cli.imports.languages.javascript import JavaScriptFile

__all__ = [
    "EXPRESS_HANDLER",
    "FASTIFY_HANDLER",
    "Handled",
    "HandlerForm",
    "error_handlers",
    "handled",
    "json_text",
]

_LOGGED: Final = re.compile(r"(?:console|logger|log)\.\w+\(")
_STATUS: Final = re.compile("[45][0-9][0-9]")
_EQUAL: Final = {"===", "=="}
_UNEQUAL: Final = {"!==", "!="}
_PASSED_ON: Final = r"(?:return )?next\({0}\);?|throw {0};?"
_ORIGIN_THERE: Final = re.compile(
    r"""(?:\w+\.headers(?:\.origin|\["origin"\])|\w+\.(?:get|header)\(["'][Oo]rigin["']\))"""
)
_IN_JSON: Final = re.compile(r"JSON\.stringify\((?:String\()?(.+?)\)?\)\.slice\(1,-1\)")


class HandlerForm(NamedTuple):
    """How a framework is given a handler of errors.

    Attributes:
        method: what the application's object is asked.
        parameters: how many the handler has at least: Express knows it by that.
        of_text: what a text is that is sent without its type, of `ERROR_TYPES`.
    """

    method: str
    parameters: int
    of_text: str


EXPRESS_HANDLER: Final = HandlerForm(".use", 4, "html")
FASTIFY_HANDLER: Final = HandlerForm(".setErrorHandler", 2, "text")


class Handled(NamedTuple):
    """What is sent: a status, a body, and which of `ERROR_TYPES` that is."""

    status: int
    body: str
    kind: str


def json_text(value: object) -> str:
    """JSON as `JSON.stringify` writes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def error_handlers(file: "JavaScriptFile", form: HandlerForm) -> Iterator["Syntax"]:
    """The functions that an application is given for errors."""
    for call in file.calls():
        for function in call.functions() if call.function.endswith(form.method) else ():
            if len(parameters(function)) >= form.parameters:
                yield function


def handled(
    handler: "Syntax", error: Thrown, file: "JavaScriptFile", form: HandlerForm
) -> Handled | None:
    """What a handler sends for that error; None if it can't be told."""
    asked, _, response, *_ = (*parameters(handler), "")
    sends = _sending(handler, asked, error, file)
    return None if sends is None else _sent(sends, (asked, response), error, file, form)


def _sending(
    handler: "Syntax", name: str, error: Thrown, file: "JavaScriptFile"
) -> "Syntax | None":
    """The statement that is reached with that error."""
    body = handler.child_by_field_name("body")
    statements = [] if body is None else [body]
    if body is not None and body.type == "statement_block":
        statements = [s for s in named(body) if not _LOGGED.match(code_of(s))]
    if not statements or statements[0].type != "if_statement":
        return statements[0] if statements else None
    first, *rest = statements
    condition, then = (first.child_by_field_name(f) for f in ("condition", "consequence"))
    if then is None:
        return None
    inside = next(iter(named(then)), None) if then.type == "statement_block" else then
    if _asks_for(condition, name, error, file, _EQUAL):
        return inside
    is_passed_on = re.fullmatch(_PASSED_ON.format(re.escape(name)), code_of(inside)) is not None
    if is_passed_on and rest and _asks_for(condition, name, error, file, _UNEQUAL):
        return rest[0]
    return None


def _asks_for(
    condition: "Syntax | None",
    name: str,
    error: Thrown,
    file: "JavaScriptFile",
    operators: set[str],
) -> bool:
    """Whether it compares `error.message` or `error.code` with this error's; or is `error`."""
    test = None if condition is None else bare(condition)
    if test is None or test.type != "binary_expression":
        return operators == _EQUAL and test is not None and code_of(test) == name
    left, right = named(test)[:2]
    is_meant = code_of(test.child_by_field_name("operator")) in operators
    own = {f"{name}.message": error.message, f"{name}.code": error.code}.get(code_of(left))
    return is_meant and file.read(right).value == own is not None


def _sent(
    node: "Syntax",
    names: tuple[str, str],
    error: Thrown,
    file: "JavaScriptFile",
    form: HandlerForm,
) -> Handled | None:
    """`response.status(403).json({ … })`, or with `send` and a text, perhaps of a `type`."""
    is_statement = node.type in {"expression_statement", "return_statement"} and named(node)
    said = _said(bare(named(node)[0]) if is_statement else node, names[1])
    status = _status(said.pop("status", None) or said.pop("code", None), names[0], error)
    kind = said.pop("type", None)
    method, given = said.popitem() if len(said) == 1 else ("", None)
    if method not in {"json", "send"} or given is None or status is None:
        return None
    value = _value(given, names[0], error, file)
    if kind is None and (isinstance(value, Mapping) or (method == "json" and value is not None)):
        return Handled(status, json_text(value), "json")
    types = {of: each for each, of in ERROR_TYPES.items()}
    of_kind = form.of_text if kind is None else types.get(str(file.read(kind).value))
    return Handled(status, value, of_kind) if of_kind and isinstance(value, str) else None


def _said(node: "Syntax", name: str) -> dict[str, "Syntax"]:
    """What each method of `response.status(403).send("…")` is given; empty if it's no such row."""
    said: dict[str, Syntax] = {}
    while node.type == "call_expression":
        function, given = (node.child_by_field_name(each) for each in ("function", "arguments"))
        of = None if function is None else function.child_by_field_name("object")
        if function is None or of is None or len(named(given)) != 1:
            return {}
        said[code_of(function.child_by_field_name("property"))] = named(given)[0]
        node = bare(of)
    return said if code_of(node) == name else {}


def _status(node: "Syntax | None", name: str, error: Thrown) -> int | None:
    """Of `403`, also of `error.status || 500`; what is no error's status can't be told."""
    code = re.sub(r"\s", "", short_code_of(node))
    own = rf"(?:{re.escape(name)}\.(?:status|statusCode)(?:\|\||\?\?))+([45][0-9][0-9])"
    otherwise = re.fullmatch(own, code)
    if otherwise is not None:
        return error.status if error.has_status else int(otherwise[1])
    return int(code) if _STATUS.fullmatch(code) else None


def _value(
    node: "Syntax", name: str, error: Thrown, file: "JavaScriptFile", deep: int = 0
) -> object:
    """A text, or a table of such, in which the error's words may stand."""
    node = bare(node)
    if deep > DEEPEST:
        return None
    if code_of(node) == f"{name}.message":
        return error.message
    if node.type == "template_string":
        return template_text(node, _origin_in)
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


def _origin_in(node: "Syntax") -> str | None:
    """The origin as a header's value, also as JSON has it between its quotes."""
    code = re.sub(r"\s", "", short_code_of(node))
    inside = _IN_JSON.fullmatch(code)
    is_origin = _ORIGIN_THERE.fullmatch(inside[1] if inside else code) is not None
    return "{origin}" if is_origin else None
