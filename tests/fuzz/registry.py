"""Which targets are there, and what does each begin from?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Final, cast

__all__ = ["CORPUS", "NAMES", "Seed", "fuzz_one_of", "seed_folders", "seeds"]

NAMES: Final = (
    *("headers", "urls", "values", "rules", "captures", "lines", "why", "imports", "page"),
)
"""The modules in `targets`; each has one function, `fuzz_one`."""

CORPUS: Final = Path(__file__).parent / "corpus"
_RULES: Final = Path(__file__).parents[2] / "rules"
_BESIDE: Final = {"rules": (_RULES / "bugs", _RULES / "policies")}


@dataclass(frozen=True, slots=True)
class Seed:
    """A file that a target begins from, or that once was too much for it."""

    target: str
    path: Path

    def __str__(self) -> str:
        return f"{self.target}/{self.path.name}"


def seed_folders(target: str) -> tuple[Path, ...]:
    """Where a target's seeds are: its own, and what else in this repository is such a file."""
    return (CORPUS / target, *_BESIDE.get(target, ()))


def seeds() -> Iterator[Seed]:
    """Every seed."""
    for target in NAMES:
        for folder in seed_folders(target):
            yield from (Seed(target, path) for path in sorted(folder.iterdir()))


def fuzz_one_of(target: str) -> Callable[[bytes], None]:
    """A target's function; imported only now, so that what it imports can be instrumented."""
    module = import_module(f"tests.fuzz.targets.{target}")
    return cast("Callable[[bytes], None]", module.fuzz_one)
