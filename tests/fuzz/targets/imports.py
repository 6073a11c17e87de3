"""Any server's configuration or code: a rule file that loads, or what can't be read of it."""

from __future__ import annotations

from corscope.cli.imports.formats import FORMATS, IMPORTERS
from tests.fuzz.command import run

__all__ = ["fuzz_one"]


def fuzz_one(data: bytes) -> None:
    """The first line names the server, the rest is its file."""
    first, _, text = data.partition(b"\n")
    dialect = first.decode("ascii", "replace").strip("#/ ")
    names = (*IMPORTERS, *FORMATS)
    if dialect not in names:
        dialect = names[len(first) % len(names)]
    said = run(("import", "-", "--from", dialect), text)
    assert said.strip()
