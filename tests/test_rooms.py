"""Who may enter which room: the import table of docs/architecture.md, held against every module.

A room that imports what it may not is no longer testable by itself, and the script no longer
loads in a mitmproxy that nothing can be installed into.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from corscope.mitm.script import NEEDED

ADDON = Path(__file__).parents[1] / "addon"
PACKAGE = ADDON / "corscope"

FETCH_WORDS = ("fetch.headers", "fetch.origin", "fetch.safelist")

ROOMS: dict[str, tuple[str, ...]] = {
    "messages": (),
    "encoding": (),
    "fetch": ("messages",),
    "servers": ("messages", *FETCH_WORDS),
    "rules": ("messages", "encoding", "servers", *FETCH_WORDS),
    "journal": ("messages", "fetch"),
    "explain": ("messages", "fetch", "servers", "rules", "journal"),
    "web": ("messages", "encoding", "fetch", "servers", "rules", "journal", "explain"),
    "mitm": ("messages", "encoding", "fetch", "servers", "rules", "journal", "explain", "web"),
    "cli": (
        *("messages", "encoding", "fetch", "servers", "rules", "journal", "explain", "web"),
        *(f"mitm.{name}" for name in ("saved", "start", "rules.files", "rules.filters")),
    ),
}
"""For each room, the rooms or single modules of ours that it may import, besides its own."""

OF_MITMPROXY = {"tornado", "jinja2", "markupsafe", "publicsuffix2", "cryptography"}
"""What mitmproxy itself stands on, and is therefore there wherever the script is loaded."""

OF_OTHERS: dict[str, set[str]] = {
    "mitm": {"mitmproxy"},
    "cli": {"click", "rich", "ruamel", "tree_sitter"},
}
"""Which further packages a room may import."""

TOML = PACKAGE / "rules" / "_toml.py"

MODULES = sorted(PACKAGE.rglob("*.py"))


def _room(module: Path) -> str:
    return module.relative_to(PACKAGE).with_suffix("").parts[0]


def _imported(module: Path) -> Iterator[str]:
    """Every module that is imported, also within functions; `from a import b` counts as a.b."""
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: a relative import, line {node.lineno}"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _is_within(name: str, allowed: tuple[str, ...]) -> bool:
    return any(name == room or name.startswith(f"{room}.") for room in allowed)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_what_its_room_may(module: Path) -> None:
    room = _room(module)
    if room in {"__init__", "__main__"}:
        room = "cli"  # the version, and the door to the command
    own = (*ROOMS[room], room, "__version__")
    ours = [name for name in _imported(module) if name.partition(".")[0] == "corscope"]
    refused = [
        name
        for name in ours
        if name != "corscope" and not _is_within(name.removeprefix("corscope."), own)
    ]
    assert refused == []


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_of_others_only_what_is_there(module: Path) -> None:
    known = sys.stdlib_module_names - {"tomllib"} | OF_MITMPROXY | {"corscope"}
    known |= OF_OTHERS.get(_room(module), set())
    if module == TOML:
        known |= {"tomllib", "tomli"}
    assert {name.partition(".")[0] for name in _imported(module)} <= known


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_of_another_what_that_names_as_its_own(module: Path) -> None:
    """What isn't in `__all__` may change without a look at other modules."""
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("corscope."):
            there = import_module(node.module or "")
            names = {alias.name for alias in node.names if not _is_module(there, alias.name)}
            assert names <= set(getattr(there, "__all__", ())), node.module


def _is_module(package: ModuleType, name: str) -> bool:
    return isinstance(getattr(package, name), ModuleType)


def test_the_pure_rooms_touch_no_files_clocks_or_sockets() -> None:
    """Such modules of the stdlib are named here; `now` and texts are arguments."""
    impure = {"asyncio", "os", "pathlib", "random", "socket", "subprocess", "threading", "time"}
    pure = set(ROOMS) - {"mitm", "web", "cli"}
    found = {
        f"{module.relative_to(PACKAGE)}: {name}"
        for module in MODULES
        if _room(module).removesuffix(".py") in pure
        for name in _imported(module)
        if name.partition(".")[0] in impure
    }
    assert found == set()


def test_every_folder_and_module_at_the_top_is_a_room() -> None:
    here = {_room(module) for module in MODULES} - {"__init__", "__main__"}
    assert here <= set(ROOMS)


def test_beside_the_script_lies_nothing_but_the_package() -> None:
    """mitmproxy leaves the script's folder first on sys.path, so a name there shadows others."""
    beside = {path.name for path in ADDON.iterdir() if not path.name.startswith((".", "__"))}
    assert beside == {"cors.py", "corscope"}


def test_the_script_has_no_logic() -> None:
    kinds = [type(node) for node in ast.parse((ADDON / "cors.py").read_text("utf-8")).body]
    assert kinds == [ast.Expr, ast.ImportFrom, ast.Assign]


def test_what_the_script_imports_at_once_is_nothing_of_ours_that_may_fail() -> None:
    """What tells that the rest can't be imported has to be there itself, in an old Python too."""
    script = PACKAGE / "mitm" / "script.py"
    at_once = [
        node
        for node in ast.parse(script.read_text("utf-8"), feature_version=(3, 8)).body
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert not [node for node in at_once if "corscope" in ast.unparse(node)]
    for package in (PACKAGE, PACKAGE / "mitm"):
        kinds = {
            type(node) for node in ast.parse((package / "__init__.py").read_text("utf-8")).body
        }
        assert kinds <= {ast.Expr, ast.Assign, ast.AnnAssign}


def test_what_the_script_says_is_needed_is_what_is_declared() -> None:
    project = tomllib.loads((ADDON.parent / "pyproject.toml").read_text("utf-8"))["project"]
    [mitmproxy] = [each for each in project["dependencies"] if each.startswith("mitmproxy")]
    least = re.findall(r">=\s*([\d.]+)", f"{mitmproxy} {project['requires-python']}")
    assert f"mitmproxy {least[0]} or later and Python {least[1]} or later" == NEEDED
