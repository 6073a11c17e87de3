"""Which value has a Python expression that the environment, or a list's items, decide?

`os.getenv("NAME", "…")`, `… or "…"`, `… if … else …`, and what django-environ and decouple have for
it. What the environment sets is taken as not set, and told; what is then made of a text,
`.split(",")` say, is made of what counts.
"""

import ast
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from corscope.cli.imports.environment import default_of, parted, settled, stripped
from corscope.cli.imports.tree import Node, Opaque, Value

if TYPE_CHECKING:
    from corscope.cli.imports.languages.python import PythonFile

__all__ = ["added_to", "called", "chosen", "code_of", "compared", "comprehended", "decided"]

_ASKS: Final = {"os.environ.get", "environ.get", "os.getenv", "getenv", "env.get"}
_ASKS_BY_NAME: Final = {"env", "config"}
_KINDS: Final = {"str", "list", "tuple", "bool", "int"}
_TRUE: Final = {"true", "1", "yes", "y", "on", "t"}
_FALSE: Final = {"false", "0", "no", "n", "off", "f", ""}
_WITHOUT_SLASH: Final = ".rstrip('/')"
_ADDS_ONE: Final = {"append": 0, "add": 0, "insert": 1}
"""What adds an item to a list or set, and which of its arguments that is."""


def chosen(node: ast.BoolOp, file: "PythonFile", depth: int) -> Value:
    """What `a or b` is; code where that can't be told."""
    variable = ""
    for each in node.values if isinstance(node.op, ast.Or) else ():
        value = file.read(each, depth).value
        if not isinstance(value, Opaque):
            if value or each is node.values[-1]:
                return default_of(file.source, node.lineno, variable, value)
        elif value.variable:
            variable += f" and {value.variable}" if variable else value.variable
        else:
            break
    else:
        return Opaque(code_of(node), variable)
    return Opaque(code_of(node))


def decided(node: ast.IfExp, file: "PythonFile", depth: int) -> Value:
    """What `a if test else b` is; code where that can't be told."""
    test = file.read(node.test, depth).value
    holds = None if isinstance(test, Opaque) and not test.variable else test
    if not isinstance(holds, bool | Opaque):
        return Opaque(code_of(node))
    value = file.read(node.body if holds is True else node.orelse, depth).value
    variable = holds.variable if isinstance(holds, Opaque) else ""
    return default_of(file.source, node.lineno, variable, value)


def compared(node: ast.Compare, file: "PythonFile", depth: int) -> Value:
    """What `os.getenv("NAME") == "text"` comes to, also with `in`; else code."""
    left = file.read(node.left, depth).value
    if len(node.ops) != 1 or (isinstance(left, Opaque) and not left.variable):
        return Opaque(code_of(node))
    right = file.read(node.comparators[0], depth).value
    variable, known = ("", left) if not isinstance(left, Opaque) else (left.variable, None)
    match node.ops[0]:
        case ast.Eq() | ast.NotEq() if isinstance(right, str):
            holds = (known == right) is isinstance(node.ops[0], ast.Eq)
        case ast.In() | ast.NotIn() if isinstance(right, tuple):
            items = [each.value for each in right]
            if any(isinstance(each, Opaque) for each in items):
                return Opaque(code_of(node))
            holds = (known in items) is isinstance(node.ops[0], ast.In)
        case _:
            return Opaque(code_of(node))
    return default_of(file.source, node.lineno, variable, holds)


def comprehended(node: ast.ListComp | ast.GeneratorExp, file: "PythonFile", depth: int) -> Value:
    """What `[each.strip() for each in list if each]` is, which only tidies up; else code."""
    one, *more = node.generators
    items = file.read(one.iter, depth).value
    name = one.target.id if isinstance(one.target, ast.Name) else ""
    forms = (name, f"{name}.strip()", f"str({name})")
    element = code_of(node.elt).removesuffix(_WITHOUT_SLASH)
    is_tidy = element in forms and all(code_of(each) in forms for each in one.ifs)
    if more or not is_tidy or not isinstance(items, tuple):
        return Opaque(code_of(node))
    items = settled(file.source, node.lineno, items) if one.ifs else items
    tidy = stripped(items) if "strip" in element else items
    kept = tidy if isinstance(tidy, tuple) else ()
    if element != code_of(node.elt):
        kept = tuple(Node(each.place, str(each.value).rstrip("/")) for each in kept)
    return tuple(each for each in kept if each.value or not one.ifs)


def called(function: str, call: ast.Call, file: "PythonFile", depth: int) -> Value:
    """What a call gives that asks for a setting, or makes something of a text; None if another."""
    named = {str(each.arg): file.read(each.value, depth) for each in call.keywords}
    given = [file.read(each, depth) for each in call.args]
    owner, _, method = function.rpartition(".")
    if function in _ASKS or function in _ASKS_BY_NAME or _is_of_kind(owner, method):
        return _setting(call, file, given, named, method)
    if isinstance(call.func, ast.Attribute) and not named:
        of = file.read(call.func.value, depth).value
        return _made(of, call.func.attr, given)
    if function in {"int", "str", "bool", "list"} and len(given) == 1:
        return _converted(function, given[0].value, code_of(call))
    return None


def _is_of_kind(owner: str, method: str) -> bool:
    return owner.rpartition(".")[2] == "env" and method in _KINDS


def _setting(
    call: ast.Call,
    file: "PythonFile",
    given: list[Node],
    named: Mapping[str, Node],
    kind: str,
) -> Value:
    """A setting's default, as it is cast."""
    name = given[0].value if given else None
    default = named.get("default") or (given[1] if len(given) == 2 else None)
    if not isinstance(name, str):
        return None
    if default is None:
        return Opaque(code_of(call), name if kind in {"get", "getenv"} else "")
    casts = [code_of(each.value) for each in call.keywords if each.arg == "cast"]
    value = _cast(default, casts[0] if casts else kind)
    return None if value is None else default_of(file.source, call.lineno, name, value)


def _cast(default: Node, cast: str) -> Value:
    """A default as what casts it, by the cast's code or the function's name; None if unknown."""
    value = default.value
    if cast in {"list", "tuple"} or cast.endswith("Csv()"):
        items = parted(value, ",", default.place) if isinstance(value, str) else value
        tidy = stripped(items)
        return tuple(e for e in tidy if e.value) if isinstance(tidy, tuple) else None
    if cast.startswith("lambda "):
        parts = parted(value, ",", default.place) if ".split(',')" in cast else None
        return stripped(parts) if "strip()" in cast else parts
    if cast == "bool" and isinstance(value, str):
        return {**dict.fromkeys(_TRUE, True), **dict.fromkeys(_FALSE, False)}.get(value.lower())
    return value


def _converted(function: str, value: Value, code: str) -> Value:
    """`int("600")` and the like of what is known."""
    if isinstance(value, Opaque):
        return Opaque(code, value.variable if function == "bool" else "")
    if function == "bool":
        return bool(value)
    if function == "list":
        return value if isinstance(value, tuple) else None
    text = str(value).strip()
    if function == "str":
        return text if isinstance(value, str | int) else None
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


def _made(of: Value, method: str, given: list[Node]) -> Value:
    """What a method makes of a text; None if that isn't known."""
    if method == "split" and len(given) == 1:
        return parted(of, given[0].value, given[0].place)
    if isinstance(of, str) and not given:
        known = {"strip": of.strip(), "lower": of.lower(), "upper": of.upper()}
        return known.get(method)
    return None


class _Extended(ast.List):
    """A list that more is added to."""


def added_to(before: ast.expr, change: ast.AST) -> ast.expr | None:
    """The expression that a list is after `+=`, `append` and the like; None if another change."""
    match change:
        case ast.AugAssign(op=ast.Add(), value=value):
            return ast.copy_location(ast.BinOp(before, ast.Add(), value), value)
        case ast.Call(func=ast.Attribute(attr="extend" | "update"), args=[value], keywords=[]):
            return _extended(before, ast.Starred(value), change)
        case ast.Call(func=ast.Attribute(attr=method), args=args, keywords=[]):
            at = _ADDS_ONE.get(method)
            is_one = at is not None and len(args) == at + 1
            return _extended(before, args[-1], change) if is_one else None
    return None


def _extended(before: ast.expr, item: ast.expr, change: ast.Call) -> ast.expr:
    """A list with one item more; one that is itself made so isn't put into another."""
    if isinstance(before, _Extended):
        before.elts.append(item)
        return before
    return ast.copy_location(_Extended([ast.Starred(before), item], ast.Load()), change)


def code_of(node: ast.expr) -> str:
    """It as code; without what is nested too deeply."""
    try:
        return ast.unparse(node)
    except RecursionError:
        return "…"
