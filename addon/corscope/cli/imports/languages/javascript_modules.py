"""What is a name that JavaScript imports from another file, `require("./origins")` say?

What that file exports under it, where it stands beside the first or wherever its path says: it is
read without running anything, and so is what that one imports. Packages aren't looked into.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from corscope.cli.imports.languages.imported import imported_file
from corscope.cli.imports.languages.syntax import code_of
from corscope.cli.imports.tree import Opaque, Value

if TYPE_CHECKING:
    from tree_sitter import Node as Syntax

    from corscope.cli.imports.languages.javascript import JavaScriptFile

__all__ = ["imported_value"]

_ENDINGS: Final = (".js", ".ts", ".mjs", ".cjs", ".mts", ".cts", ".jsx", ".tsx")
_WRITTEN_AS: Final = {".js": ".ts", ".mjs": ".mts", ".cjs": ".cts"}
"""What TypeScript's imports call a file that it has yet to translate."""

_EXPORTS: Final = ("module.exports", "exports")


def imported_value(name: str, file: "JavaScriptFile", depth: int) -> Value:
    """The value of a name that a file imports by a path; code where that can't be told.

    Raises:
        UnreadableError: the file that it names can't be read.
    """
    for line, module, names in file.imports():
        path = _path(module, file) if name in names and module.startswith(".") else None
        if path is not None:
            other = _opened(path, file)
            value = _exported(names[name], other, depth)
            if not isinstance(value, Opaque):
                file.source.note(f"{name} is taken from {path}", line)
                return value
    return Opaque(name)


def _exported(own: str, file: "JavaScriptFile", depth: int) -> Value:
    """What a file exports by this name, or as a whole."""
    exports = list(_exports(file))
    whole = [value for name, value in exports if name == "default"]
    named = [value for name, value in exports if name == own]
    for only in (named, whole):
        if len(only) > 1:
            break
        value = file.read(only[0], depth).value if only else None
        if only and only is named:
            return value
        if isinstance(value, Mapping) and own in value:
            return value[own].value
    return Opaque(own)


def _exports(file: "JavaScriptFile") -> Iterator[tuple[str, "Syntax"]]:
    """What is exported, by its names; `default` is all of it, or what `export default` names."""
    for node in file.nodes("export_statement", "assignment_expression"):
        if node.type == "assignment_expression":
            target, value = (node.child_by_field_name(each) for each in ("left", "right"))
            owner, _, last = code_of(target).rpartition(".")
            if value is not None and code_of(target) == _EXPORTS[0]:
                yield "default", value
            elif value is not None and owner in _EXPORTS:
                yield last, value
        elif (value := node.child_by_field_name("value")) is not None:
            yield "default", value
        else:
            yield from _declared(node)


def _declared(node: "Syntax") -> Iterator[tuple[str, "Syntax"]]:
    """`export const name = …`, and `export { name }`."""
    declaration = node.child_by_field_name("declaration")
    for each in declaration.named_children if declaration is not None else ():
        name, value = (each.child_by_field_name(field) for field in ("name", "value"))
        if each.type == "variable_declarator" and value is not None:
            yield code_of(name), value
    clauses = [each for each in node.named_children if each.type == "export_clause"]
    if node.child_by_field_name("source") is None:
        for each in (one for clause in clauses for one in clause.named_children):
            name, alias = (each.child_by_field_name(field) for field in ("name", "alias"))
            if name is not None:
                yield code_of(alias or name), name


def _path(module: str, file: "JavaScriptFile") -> Path | None:
    """The file that a path without an ending names, as Node.js and TypeScript look for it."""
    if file.source.name == "-":
        return None
    path = Path(os.path.normpath(Path(file.source.name).parent / module))
    named = [path, *(path.with_name(f"{path.name}{ending}") for ending in _ENDINGS)]
    if path.suffix in _WRITTEN_AS:
        named.append(path.with_suffix(_WRITTEN_AS[path.suffix]))
    named += [path / f"index{ending}" for ending in _ENDINGS]
    files = (each for each in named if each.suffix in _ENDINGS)
    # Path raises where a name is too long.
    return next((each for each in files if os.path.isfile(each)), None)  # noqa: PTH113


def _opened(path: Path, file: "JavaScriptFile") -> "JavaScriptFile":
    return imported_file(
        path, file.source, file.others, lambda source: type(file)(source, file.others)
    )
