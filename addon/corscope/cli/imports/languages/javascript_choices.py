"""Which of several values has a JavaScript expression that chooses between them?

`process.env.ORIGIN || "http://localhost:3000"`, `?? …` and `… ? … : …`: what the environment sets
is taken as not set, and told. What is then made of a text, `.split(",")` say, is made of that.
"""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from corscope.cli.imports.environment import default_of, parted, settled, stripped
from corscope.cli.imports.languages.javascript_tests import bare
from corscope.cli.imports.languages.syntax import code_of, line_of, named, short_code_of
from corscope.cli.imports.tree import LONGEST, Node, Opaque, Value

if TYPE_CHECKING:
    from tree_sitter import Node as Syntax

    from corscope.cli.imports.languages.javascript import JavaScriptFile

__all__ = [
    "CHOOSES",
    "UNSET_IS",
    "called",
    "chosen",
    "compared",
    "decided",
    "looked_up",
    "taken_from_environment",
]

CHOOSES: Final = {"||", "??"}
"""The operators that have a default behind them."""

UNSET_IS: Final = {"===": False, "==": False, "!==": True, "!=": True}
"""What a comparison of what isn't set with a text comes to."""

_ENVIRONMENT: Final = r"(?:process|import\.meta|Bun)\.env"
_VARIABLE: Final = re.compile(rf"""{_ENVIRONMENT}!?(?:\??\.(\w+)|(?:\?\.)?\[["'`](\w+)["'`]\])""")
_ASKED: Final = re.compile(r"(?:Deno\.env|(?:this\.)?\w*[cC]onfig(?:Service)?)!?\.get")
_CONVERTS: Final = {"parseInt", "Number", "Number.parseInt", "String"}
_TRIMS: Final = re.compile(r"\(?(\w+)(?::\w+)?\)?=>\1[?!]?\.trim\(\)")
_KEEPS: Final = re.compile(r"Boolean|\(?(\w+)(?::\w+)?\)?=>(?:!!)?\1(?:\.length>0|!==?[\"']{2})?")


def looked_up(node: "Syntax", file: "JavaScriptFile", depth: int) -> Value:
    """A member of something: one of a known table is its value, the environment's is a variable."""
    code = code_of(node)
    variable = _VARIABLE.fullmatch(short_code_of(node))
    if variable is not None:
        return Opaque(code, next(filter(None, variable.groups()), ""))
    of, name = (node.child_by_field_name(each) for each in ("object", "property"))
    if of is None or name is None or bare(of).type not in {"identifier", "member_expression"}:
        return Opaque(code)
    table = file.read(of, depth).value
    known = table.get(code_of(name)) if isinstance(table, Mapping) else None
    return Opaque(code) if known is None else known.value


def taken_from_environment(name: str, value: "Syntax | None") -> Opaque:
    """What a name is that isn't given a value, as of `const { NAME } = process.env`."""
    is_variable = re.fullmatch(_ENVIRONMENT, short_code_of(value)) is not None
    return Opaque(name, name if is_variable else "")


def chosen(node: "Syntax", file: "JavaScriptFile", depth: int) -> Value:
    """What `a || b` and `a ?? b` are; code where that can't be told."""
    left, right = named(node)[:2]
    value = file.read(left, depth).value
    if isinstance(value, Opaque):
        if not value.variable:
            return Opaque(code_of(node))
        default = file.read(right, depth).value
        if isinstance(default, Opaque):
            both = f"{value.variable} and {default.variable}" if default.variable else ""
            return Opaque(code_of(node), both)
        return default_of(file.source, line_of(node), value.variable, default)
    is_or = code_of(node.child_by_field_name("operator")) == "||"
    goes_on = value in (None, False, "", 0) if is_or else value is None
    return file.read(right, depth).value if goes_on else value


def compared(node: "Syntax", file: "JavaScriptFile", depth: int) -> Value:
    """What `process.env.NAME === "text"` comes to, and the like; code where that can't be told."""
    holds, variable = _holds(node, file, depth)
    if holds is None:
        return Opaque(code_of(node))
    return default_of(file.source, line_of(node), variable, holds)


def decided(node: "Syntax", file: "JavaScriptFile", depth: int) -> Value:
    """What `a ? b : c` is; code where that can't be told."""
    condition, then, rest = named(node)[:3]
    holds, variable = _holds(bare(condition), file, depth)
    if holds is None:
        return Opaque(code_of(node))
    value = file.read(then if holds else rest, depth).value
    return default_of(file.source, line_of(node), variable, value)


def _holds(node: "Syntax", file: "JavaScriptFile", depth: int) -> tuple[bool | None, str]:
    """Whether a condition holds, and the variable that this hangs on; None if it can't be told."""
    operator = code_of(node.child_by_field_name("operator"))
    if node.type == "unary_expression" and operator == "!":
        holds, variable = _holds(bare(named(node)[0]), file, depth + 1)
        return (None if holds is None else not holds), variable
    if node.type == "binary_expression":
        left, right = (file.read(each, depth).value for each in named(node)[:2])
        variable = left.variable if isinstance(left, Opaque) else ""
        is_known = bool(variable) and isinstance(right, str)
        return (UNSET_IS.get(operator) if is_known else None), variable
    value = file.read(node, depth).value
    if isinstance(value, Opaque):
        return (False if value.variable else None), value.variable
    return (value if isinstance(value, bool) else None), ""


_Method = Callable[[Value, Node, str], Value]


def _split(value: Value, given: Node, _code: str) -> Value:
    return parted(value, given.value, given.place)


def _mapped(value: Value, _given: Node, code: str) -> Value:
    return stripped(value) if isinstance(value, tuple) and _TRIMS.fullmatch(code) else None


def _filtered(value: Value, _given: Node, code: str) -> Value:
    """The items that aren't empty, of which none may be unknown."""
    if not isinstance(value, tuple) or not _KEEPS.fullmatch(code):
        return None
    if any(isinstance(each.value, Opaque) for each in value):
        return None
    return tuple(each for each in value if each.value not in (None, False, ""))


def _trimmed(value: Value, _given: Node, _code: str) -> Value:
    return value.strip() if isinstance(value, str) else None


def _joined(value: Value, given: Node, _code: str) -> Value:
    items = (*value, *given.items_or_self()) if isinstance(value, tuple) else ()
    return items if items and len(items) <= LONGEST else None


_METHODS: Final[Mapping[str, _Method]] = {
    "split": _split,
    "map": _mapped,
    "filter": _filtered,
    "trim": _trimmed,
    "concat": _joined,
}


def called(node: "Syntax", file: "JavaScriptFile", depth: int) -> Value:
    """What a method makes of a text or list that is known; a setting's default; else code."""
    function = node.child_by_field_name("function")
    given = named(node.child_by_field_name("arguments"))
    if function is None:
        return Opaque(code_of(node))
    if short_code_of(function) == "Object.freeze" and len(given) == 1:
        return file.read(given[0], depth).value
    if _ASKED.fullmatch(short_code_of(function)) and given:
        return _setting(node, file, [file.read(each, depth).value for each in given])
    if code_of(function) in _CONVERTS and given:
        value = file.read(given[0], depth).value
        if isinstance(value, Opaque):
            return Opaque(code_of(node), value.variable)
        return value if isinstance(value, str | int) else Opaque(code_of(node))
    of, method = (function.child_by_field_name(each) for each in ("object", "property"))
    if of is None or code_of(method) not in _METHODS or len(given) > 1:
        return Opaque(code_of(node))
    value = file.read(of, depth).value
    if isinstance(value, Opaque):
        is_spared = any(each.type == "optional_chain" for each in function.children)
        return Opaque(code_of(node), value.variable if is_spared else "")
    argument = file.read(given[0], depth) if given else Node(file.source.at(line_of(node)), None)
    code = re.sub(r"\s", "", short_code_of(given[0])) if given else ""
    if code_of(method) == "filter" and _KEEPS.fullmatch(code):
        value = settled(file.source, line_of(node), value)
    result = _METHODS[code_of(method)](value, argument, code)
    return Opaque(code_of(node)) if result is None else result


def _setting(node: "Syntax", file: "JavaScriptFile", given: list[Value]) -> Value:
    """`get("NAME")`, which a default may stand behind."""
    name, *default = given
    if not isinstance(name, str) or len(default) > 1:
        return Opaque(code_of(node))
    if not default or isinstance(default[0], Opaque):
        return Opaque(code_of(node), name)
    return default_of(file.source, line_of(node), name, default[0])
