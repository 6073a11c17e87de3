"""Any text pasted from a console: what it means, or that nothing is known of it."""

from __future__ import annotations

from tests.fuzz.command import run

__all__ = ["fuzz_one"]


def fuzz_one(data: bytes) -> None:
    """Ask `corscope why` about it."""
    said = run(("why", "-"), data.decode("utf-8", "replace").encode())
    assert said.strip()
    for line in said.splitlines():
        assert line.isprintable(), line
