"""How much does something do? Counted in what the interpreter runs, alike on every machine.

What the interpreter's own types do in C is one step, however long it takes. Some interpreters count
what runs for the first time only in part, so that the first of several counts is left out.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, Literal

__all__ = ["steps", "work"]


def work(act: Callable[[], object]) -> int:
    """Do it, and count the interpreter's steps."""
    return _counted(act, "opcode")


def steps(act: Callable[[], object]) -> int:
    """Do it, and count the lines that are run: less exact than `work`, and several times faster."""
    return _counted(act, "line")


def _counted(act: Callable[[], object], counted: Literal["line", "opcode"]) -> int:
    count = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        frame.f_trace_opcodes, frame.f_trace_lines = counted == "opcode", counted == "line"
        count += event == counted
        return trace

    before, collects = sys.gettrace(), gc.isenabled()
    gc.disable()  # what is called back then isn't part of it
    sys.settrace(trace)
    try:
        act()
    finally:
        sys.settrace(before)
        if collects:
            gc.enable()
    return count
