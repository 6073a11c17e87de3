"""docs/standard.md names what there is, and all of it."""

import inspect
import pkgutil
import re
from importlib import import_module
from pathlib import Path

import corscope.fetch

HERE = Path(__file__).parent
DOCUMENT = (HERE.parents[1] / "docs" / "standard.md").read_text(encoding="utf-8")
TABLE_ROWS = [line for line in DOCUMENT.splitlines() if line.startswith("| ")]


PREFIX = f"{corscope.fetch.__name__}."
MODULES = [
    found.name.removeprefix(PREFIX)
    for found in pkgutil.walk_packages(corscope.fetch.__path__, PREFIX)
    if not found.ispkg
]


def public_functions() -> set[str]:
    found = set()
    for module_name in MODULES:
        module = import_module(f"{PREFIX}{module_name}")
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__ and not name.startswith("_"):
                found.add(f"{module_name}.{name}")
    return found


def test_every_public_function_is_exported() -> None:
    for name in public_functions():
        module_name, _, function_name = name.rpartition(".")
        assert function_name in import_module(f"{PREFIX}{module_name}").__all__


def test_the_tables_have_every_public_function_once_and_no_other() -> None:
    modules = "|".join(map(re.escape, MODULES))
    named = re.findall(rf"`((?:{modules})\.(?!py`)\w+)`", "\n".join(TABLE_ROWS))
    assert sorted(named) == sorted(public_functions())


def test_the_tables_have_every_test_file_and_no_other() -> None:
    named = set(re.findall(r"`(test_\w+\.py)`", "\n".join(TABLE_ROWS)))
    assert named == {path.name for path in HERE.glob("test_*.py")} - {Path(__file__).name}


def test_every_module_has_its_test_file() -> None:
    for module in MODULES:
        assert (HERE / f"test_{module.replace('.', '_')}.py").exists()
