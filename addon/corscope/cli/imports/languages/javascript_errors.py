"""Which error does a piece of JavaScript refuse an origin with: of what status, in what words?

`new Error("…")`, `createError(403, "…")`, `Object.assign(new Error("…"), { status: 403 })`, an
error that has a name and is given its status after that, and `ctx.throw(403, "…")`.
"""

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from corscope.cli.imports.languages.javascript_tests import (
    OriginTest,
    UnknownError,
    bare,
    parameters,
)
from corscope.cli.imports.languages.syntax import code_of, line_of, named, short_code_of, walk
from corscope.cli.imports.tree import DEEPEST, USUAL_ERROR, Thrown
from corscope.servers.libraries.origin_function import reason_phrase

if TYPE_CHECKING:
    from tree_sitter import Node as Syntax

__all__ = [
    "NESTS",
    "PLAIN",
    "NamedErrors",
    "error_of",
    "given_to",
    "named_errors",
    "status_given",
    "template_text",
    "thrown_by",
]

_MAKES_ERROR: Final = re.compile(r"(?:Error|create(?:Http)?Error|\w+\.createError)")
PLAIN: Final = {"Error", "TypeError", "RangeError"}
NESTS: Final = {
    "BadRequestException": 400,
    "UnauthorizedException": 401,
    "ForbiddenException": 403,
    "NotFoundException": 404,
    "MethodNotAllowedException": 405,
    "NotAcceptableException": 406,
    "ConflictException": 409,
    "GoneException": 410,
    "ImATeapotException": 418,
    "MisdirectedException": 421,
    "UnprocessableEntityException": 422,
    "InternalServerErrorException": 500,
    "NotImplementedException": 501,
    "BadGatewayException": 502,
    "ServiceUnavailableException": 503,
}
"""NestJS' own exceptions, and the status of each."""

_CODE: Final = re.compile(r"""\bcode\s*:\s*["'](\w+)["']""")
_AS_THEY_ARE: Final = ("`", "\\", "$", "{", '"', "'")
"""What is the same behind a backslash."""

_STATUSES: Final = re.compile(r"\bstatus(?:Code)?\s*:\s*([45][0-9][0-9])\b")
_STATUS: Final = re.compile("[45][0-9][0-9]")
_TEXTS: Final = {"string", "template_string"}
_USUAL: Final = USUAL_ERROR.status

_STATUS_NAME: Final = re.compile(r"HttpStatus\.([A-Z_]+)")
_EXTENDS: Final = re.compile(r"extends\s+(\w+)")
_OWN_STATUS: Final = re.compile(r"\bstatus(?:Code)?\s*=\s*(\w+)\b")
_GIVEN: Final = re.compile(r"(\w+)\.status(?:Code)?=([45][0-9][0-9]);?")

_Parameters = dict[str, "Syntax"]
"""What a constructor's parameters are given."""

NamedErrors = dict[str, tuple["Syntax", int | None]]
"""What makes the error of a name, and the status that it is given after that."""


def given_to(node: "Syntax") -> list["Syntax"]:
    """The arguments of a call, or of `new`."""
    return named(node.child_by_field_name("arguments"))


def named_errors(body: "Syntax") -> NamedErrors:
    """The values that have a name in a function, with the status that they are given there."""
    names: NamedErrors = {}
    for node in walk(body, only_named=True):
        name, value = (node.child_by_field_name(each) for each in ("name", "value"))
        if node.type == "variable_declarator" and name is not None and value is not None:
            names[code_of(name)] = (value, None)
        elif (given := status_given(node)) is not None and given[0] in names:
            names[given[0]] = (names[given[0]][0], given[1])
    return names


def status_given(node: "Syntax") -> tuple[str, int] | None:
    """The name and the status of `error.status = 403`."""
    is_statement = node.type == "expression_statement"
    code = re.sub(r"\s", "", short_code_of(node)) if is_statement else ""
    given = _GIVEN.fullmatch(code)
    return None if given is None else (given[1], int(given[2]))


def error_of(node: "Syntax", test: OriginTest, names: NamedErrors, deep: int = 0) -> Thrown:
    """An error as frameworks read it.

    Raises:
        UnknownError: it can't be told.
    """
    if deep > DEEPEST:
        raise UnknownError
    if node.type == "identifier" and code_of(node) in names:
        made, status = names[code_of(node)]
        thrown = error_of(bare(made), test, {}, deep + 1)
        return thrown if status is None else thrown._replace(status=status, has_status=True)
    if node.type in _TEXTS:
        return Thrown(message=_words(node, test, {}), made="string")
    if node.type == "new_expression":
        return _new(node, test)
    function, given = node.child_by_field_name("function"), given_to(node)
    name = short_code_of(function)
    if name == "Object.assign" and len(given) == 2:
        said, code = (each.search(short_code_of(given[1])) for each in (_STATUSES, _CODE))
        thrown = error_of(bare(given[0]), test, names, deep + 1)
        thrown = thrown._replace(status=int(said[1])) if said else thrown
        return thrown._replace(code=code[1]) if code else thrown
    if not _MAKES_ERROR.fullmatch(name):
        raise UnknownError
    return _made(given, test, Thrown(made="Error" if name == "Error" else "http-errors"))


def thrown_by(given: list["Syntax"], test: OriginTest) -> Thrown:
    """What `ctx.throw(403, "…")` throws; what begins with no status has the usual one."""
    first = given[0] if given else None
    is_status = first is not None and first.type == "number"
    is_status = is_status and _STATUS.fullmatch(code_of(first)) is not None
    if first is not None and not is_status and first.type not in {*_TEXTS, "new_expression"}:
        raise UnknownError
    return _made(given, test, Thrown(made="http-errors"))


def _made(
    given: list["Syntax"], test: OriginTest, thrown: Thrown, names: _Parameters | None = None
) -> Thrown:
    """An error of a status and words, in any order; of a status alone the words are its name."""
    status = next(filter(None, map(_status_of, given)), None)
    words = next((each for each in given if each.type != "number"), None)
    if words is not None:
        message = _words(words, test, names or {})
    elif thrown.made == "http-errors":
        message = reason_phrase(status or _USUAL)
    else:
        message = ""
    has_status = status is not None
    return thrown._replace(status=status or _USUAL, message=message, has_status=has_status)


def _new(node: "Syntax", test: OriginTest) -> Thrown:
    name = code_of(node.child_by_field_name("constructor"))
    thrown = _made_as(name, given_to(node), test, {})
    if thrown.made not in {*PLAIN, *NESTS} and not thrown.has_status:
        message = f"the status of {name} isn't known: taken for {_USUAL}"
        test.file.source.note(message, line_of(node))
    return thrown


def _made_as(
    name: str, given: list["Syntax"], test: OriginTest, names: _Parameters, deep: int = 0
) -> Thrown:
    """What `new` makes of a class of this name, which may be one of the file's own."""
    own = None if deep > DEEPEST else test.file.declared_class(name)
    if own is not None:
        return _of_class(own, given, test, deep)
    if name in PLAIN:
        return Thrown(message=_words(given[0], test, names) if given else "", made=name)
    said = tuple(_said(each, test, names) for each in given)
    first = bare(given[0]) if given else None
    body = test.file.read(first, test.depth) if first and first.type == "object" else None
    thrown = _made(given, test, Thrown(made=name, given=said, body=body), names)
    if name not in NESTS:
        return thrown
    return thrown._replace(status=NESTS[name], has_status=True, message=said[0] if said else "")


def _of_class(own: "Syntax", given: list["Syntax"], test: OriginTest, deep: int) -> Thrown:
    """An error of a class that is declared: what it gives its base, and the status it has."""
    extended = _EXTENDS.search(short_code_of(next((c for c in own.children if _is_base(c)), None)))
    body, names = own.child_by_field_name("body"), _Parameters()
    if extended is None:
        raise UnknownError
    for member in named(body):
        if code_of(member.child_by_field_name("name")) == "constructor":
            names = dict(zip(parameters(member), given, strict=False))
            calls = (n for n in walk(member) if n.type == "call_expression")
            supers = [c for c in calls if code_of(c.child_by_field_name("function")) == "super"]
            asked = given_to(supers[0]) if supers else []
            given = [names.get(code_of(each), each) for each in asked]
    thrown = _made_as(extended[1], given, test, names, deep + 1)
    own_status = _OWN_STATUS.search(short_code_of(body))
    if own_status is None or thrown.made in {*NESTS, "HttpException"}:
        return thrown
    code = own_status[1]
    status = _status_of(names[code]) if code in names else _status(code)
    return thrown if status is None else thrown._replace(status=status, has_status=True)


def _is_base(node: "Syntax") -> bool:
    return node.type == "class_heritage"


def _status_of(node: "Syntax") -> int | None:
    """The status that a number is, or `HttpStatus.FORBIDDEN`."""
    code = short_code_of(node)
    name = _STATUS_NAME.fullmatch(code)
    if name is not None and name[1] in HTTPStatus.__members__:
        code = str(HTTPStatus[name[1]].value)
    return _status(code)


def _status(code: str) -> int | None:
    return int(code) if _STATUS.fullmatch(code) else None


def _said(node: "Syntax", test: OriginTest, names: _Parameters) -> str | None:
    return code_of(node) if node.type == "number" else _words(node, test, names)


def _words(
    node: "Syntax | None", test: OriginTest, names: _Parameters, deep: int = 0
) -> str | None:
    """A text, in which `{origin}` is the origin; None if it can't be told."""
    node = None if node is None or deep > DEEPEST else bare(node)
    if node is None:
        return None
    if test.is_origin(node):
        return "{origin}"
    if code_of(node) in names:
        return _words(names[code_of(node)], test, {}, deep + 1)
    value = test.file.read(node, test.depth).value
    if isinstance(value, str):
        return value
    if node.type == "template_string":
        return _template(node, test, names, deep)
    if node.type == "identifier":
        test.followed.append(code_of(node))
        is_followed = len(test.followed) <= DEEPEST  # one that is of another twice, and so on
        constant = test.file.constant(code_of(node)) if is_followed else None
        return _words(constant, test, names, deep + 1)
    if node.type != "binary_expression" or code_of(node.child_by_field_name("operator")) != "+":
        return None
    left, right = (_words(each, test, names, deep + 1) for each in named(node)[:2])
    return None if left is None or right is None else left + right


def _template(node: "Syntax", test: OriginTest, names: _Parameters, deep: int) -> str | None:
    """A template that names the origin, or what can be told."""
    return template_text(node, lambda given: _words(given, test, names, deep + 1))


def template_text(node: "Syntax", told: Callable[["Syntax"], str | None]) -> str | None:
    """A template's text, where each `${…}` is as `told`; None if something can't be told."""
    parts = list[str | None]()
    for child in node.children:
        if child.type == "string_fragment":
            parts.append(code_of(child))
        elif child.type == "template_substitution":
            parts.append(told(named(child)[0]))
        elif child.type == "escape_sequence":
            character = code_of(child)[1:]
            parts.append(character if character in _AS_THEY_ARE else None)
    texts = [each for each in parts if each is not None]
    return "".join(texts) if len(texts) == len(parts) else None
