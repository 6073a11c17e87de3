"""What is `settings.cors_origins` in Python?

A class of the file's own that is made without running anything: its fields have their defaults, as
pydantic's and dataclasses' do, unless they are given where it is made.
"""

import ast
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from corscope.cli.imports.environment import default_of
from corscope.cli.imports.tree import Opaque, Value

if TYPE_CHECKING:
    from corscope.cli.imports.languages.python import PythonFile

__all__ = ["PythonClass", "attribute_of", "class_of"]

_SETTINGS: Final = "BaseSettings"
_FIELDS: Final = {"Field", "field"}
_VALIDATES: Final = {"validator", "field_validator", "BeforeValidator", "AfterValidator"}
_MOST_BASES: Final = 10


@dataclass(frozen=True, slots=True)
class PythonClass:
    """A class as it is written.

    Attributes:
        bases: the last words of what it inherits from.
        fields: its statements by the name that each defines.
        validated: the names that its validators are for.
    """

    bases: tuple[str, ...]
    fields: Mapping[str, ast.stmt]
    validated: frozenset[str]


def class_of(node: ast.ClassDef) -> PythonClass:
    """Read a class."""
    calls = (
        by
        for function in node.body
        if isinstance(function, ast.FunctionDef)
        for by in function.decorator_list
        if isinstance(by, ast.Call) and _last(by.func) in _VALIDATES
    )
    names = (each.value for by in calls for each in by.args if isinstance(each, ast.Constant))
    return PythonClass(
        tuple(map(_last, node.bases)),
        {_name_of(each): each for each in node.body},
        frozenset(map(str, names)),
    )


def attribute_of(node: ast.Attribute, file: "PythonFile", depth: int) -> Value:
    """The value of an object's field; code where that can't be told."""
    code = Opaque(ast.unparse(node))
    made = _made(node.value, file)
    if made is None or node.attr in file.written_attributes:
        return code
    name, call = made
    given = {each.arg: each.value for each in call.keywords} if call is not None else {}
    if call is not None and (call.args or None in given):
        return code
    if node.attr in given:
        return file.read(given[node.attr], depth).value
    classes = list(_with_bases(name, file))
    owner = next((each for each in classes if node.attr in each.fields), None)
    found = None if owner is None else owner.fields[node.attr]
    if isinstance(found, ast.FunctionDef) and (computed := _computed(found, node.value)):
        value = file.read(computed, depth).value
        return code if isinstance(value, Opaque) else value
    if owner is None or not isinstance(found, ast.Assign | ast.AnnAssign):
        return code
    value = _default(found, file, depth)
    if isinstance(value, Opaque) or not _is_kept(found, owner, value, file):
        return code
    is_set = any(_SETTINGS in each.bases for each in classes)
    return default_of(file.source, node.lineno, node.attr.upper() if is_set else "", value)


class _Self(ast.NodeTransformer):
    """Puts the object in the place of `self`."""

    def __init__(self, name: str, of: ast.expr) -> None:
        self._name, self._of = name, of

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.copy_location(self._of, node) if node.id == self._name else node


def _computed(function: ast.FunctionDef, of: ast.expr) -> ast.expr | None:
    """What a property of an object gives that does nothing else; None if it isn't such a one."""
    body = [each for each in function.body if not _is_docstring(each)]
    is_property = "property" in map(_last, function.decorator_list)
    if not is_property or len(body) != 1 or not isinstance(body[0], ast.Return):
        return None
    value = body[0].value
    return None if value is None else _Self(function.args.args[0].arg, of).visit(deepcopy(value))


def _made(node: ast.expr, file: "PythonFile", depth: int = 0) -> tuple[str, ast.Call | None] | None:
    """The class that an expression is, or is made by, and the call that makes it."""
    if depth > _MOST_BASES:
        return None
    if isinstance(node, ast.Name):
        if node.id in file.classes:
            return node.id, None
        values = file.assigned(node.id)
        return _made(values[0], file, depth + 1) if len(values) == 1 else None
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return None
    if node.func.id in file.classes:
        return node.func.id, node
    returned = _returned(file, node.func.id) if not node.args and not node.keywords else None
    return None if returned is None else _made(returned, file, depth + 1)


def _returned(file: "PythonFile", name: str) -> ast.expr | None:
    """What a function gives back that does nothing else, as `get_settings` does."""
    body = [each for each in file.functions.get(name, ()) if not _is_docstring(each)]
    is_one = len(body) == 1 and isinstance(body[0], ast.Return)
    return body[0].value if is_one and isinstance(body[0], ast.Return) else None


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _with_bases(name: str, file: "PythonFile") -> Iterator[PythonClass]:
    """A class and those that it inherits from, as far as they stand in the file."""
    waiting, seen = [name], 0
    while waiting and seen < _MOST_BASES:
        made = file.classes.get(waiting.pop(0))
        seen += 1
        if made is not None:
            yield made
            waiting += made.bases


def _name_of(node: ast.stmt) -> str:
    """What a statement of a class defines."""
    match node:
        case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
            return name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            return name
    return ""


def _default(node: ast.Assign | ast.AnnAssign, file: "PythonFile", depth: int) -> Value:
    """What a field is where nobody sets it: its value, or what `Field(…)` says of that."""
    value = node.value
    if not isinstance(value, ast.Call) or _last(value.func) not in _FIELDS:
        return Opaque("") if value is None else file.read(value, depth).value
    named = {each.arg: each.value for each in value.keywords}
    factory = named.get("default_factory")
    first = value.args[0] if value.args else named.get("default")
    if isinstance(factory, ast.Lambda):
        first = factory.body
    if first is None or (isinstance(first, ast.Constant) and first.value is ...):
        return Opaque("")
    return file.read(first, depth).value


def _is_kept(
    node: ast.Assign | ast.AnnAssign, owner: PythonClass, value: Value, file: "PythonFile"
) -> bool:
    """Whether a field's default stays what it is: a URL doesn't, and what is validated may not."""
    annotation = ast.unparse(node.annotation) if isinstance(node, ast.AnnAssign) else ""
    if "Url" in annotation:
        return value == ()
    name = _name_of(node)
    is_validated = any(each in annotation for each in _VALIDATES)
    is_validated = is_validated or not owner.validated.isdisjoint({name, "*"})
    if is_validated and isinstance(value, str):
        return False
    if is_validated:
        file.source.note(f"what a validator makes of {name} isn't read", node.lineno)
    return True


def _last(node: ast.expr) -> str:
    """The last word of a name with dots."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
