"""Where is what a Python file imports of its own program, `from .config import settings` say?

In a file beside it or in a folder above, as the program's own folders are: it is read there,
without running anything, and so is what that one imports. What is installed isn't looked for.
"""

import ast
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from corscope.cli.imports.languages.imported import imported_file

if TYPE_CHECKING:
    from corscope.cli.imports.languages.python import PythonFile

__all__ = ["elsewhere", "star_imports"]

_UP: Final = 3
"""How many folders above the file's own are searched for a module."""

_MOST_NAMES: Final = 10

_There = tuple["PythonFile", ast.expr | None]
"""A file, and what is meant there; None for the module itself."""


def elsewhere(node: ast.expr, file: "PythonFile", depth: int = 0) -> _There | None:
    """The file that an expression's first name is imported from, and the expression there.

    Raises:
        UnreadableError: it can't be read.
    """
    match node:
        case ast.Name(id=name) if depth < _MOST_NAMES:
            values = file.assigned(name)
            if len(values) == 1 and not isinstance(values[0], ast.Name):
                return elsewhere(values[0], file, depth + 1)
            return None if values else _imported(name, file)
        case ast.Attribute(value=value, attr=name):
            there = elsewhere(value, file, depth)
            return None if there is None else (there[0], _member(there, name))
        case ast.Call(func=function, args=[], keywords=[]):
            there = elsewhere(function, file, depth)
            if there is not None and there[1] is not None:
                return there[0], ast.copy_location(ast.Call(there[1], [], []), there[1])
    return None


def star_imports(file: "PythonFile") -> Iterator["PythonFile"]:
    """The files of which all names are imported, `from .base import *`; what isn't there is told.

    Raises:
        UnreadableError: one of them can't be read.
    """
    for node in file.nodes(ast.ImportFrom):
        if [each.name for each in node.names] != ["*"]:
            continue
        path = _path(node.module or "", node.level, file)
        if path is not None:
            yield _opened(path, file)
        else:
            written = f"{'.' * node.level}{node.module or ''}"
            message = f"from {written} import * isn't read, nor what it says of CORS"
            file.source.note(f"{message}: write it there", node.lineno)


def _member(there: _There, name: str) -> ast.expr:
    file, owner = there
    if owner is None:
        return _name(name, file)
    return ast.copy_location(ast.Attribute(owner, name, ast.Load()), owner)


def _name(name: str, file: "PythonFile") -> ast.expr:
    """A name in another file, where it is given something."""
    line = next((value.lineno for value in file.assigned(name)), 1)
    return ast.Name(name, ast.Load(), lineno=line, col_offset=0)


def _imported(name: str, file: "PythonFile") -> _There | None:
    """What a name is in the one file that it is imported from; None where none is found."""
    imports: list[ast.ImportFrom | ast.Import] = [
        *file.nodes(ast.ImportFrom),
        *file.nodes(ast.Import),
    ]
    found = [
        (node, each.name)
        for node in imports
        for each in node.names
        if (each.asname or each.name) == name
    ]
    if len(found) != 1:
        return None
    node, written = found[0]
    module, level = (node.module or "", node.level) if isinstance(node, ast.ImportFrom) else ("", 0)
    path = _path(f"{module}.{written}".strip("."), level, file)
    is_module = path is not None
    path = path or (_path(module, level, file) if module or level else None)
    if path is None:
        return None
    file.source.note(f"{name} is taken from {path}", node.lineno)
    other = _opened(path, file)
    return other, None if is_module else _name(written, other)


def _path(module: str, level: int, file: "PythonFile") -> Path | None:
    """A module's file, by its name with dots and how many of them stand before it."""
    first = Path(file.source.name)
    if file.source.name == "-":
        return None
    folders = (first, *first.parents) if first.is_absolute() else (first, *_up(first))
    searched = folders[level : level + 1] if level else folders[1 : _UP + 2]
    for folder in searched:
        inside = folder.joinpath(*module.split(".")) if module else folder
        for path in (inside.with_suffix(".py") if module else inside, inside / "__init__.py"):
            if os.path.isfile(path):  # noqa: PTH113 (Path raises where a name is too long)
                return path
    return None


def _up(path: Path) -> tuple[Path, ...]:
    """The folders of a path that is seen from the folder at hand, and those above that."""
    above = [Path(*[".."] * n) for n in range(1, _UP + 1)]
    return (*path.parents, *above)


def _opened(path: Path, file: "PythonFile") -> "PythonFile":
    return imported_file(
        path, file.source, file.others, lambda source: type(file)(source, file.known, file.others)
    )
