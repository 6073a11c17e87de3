"""How much does something do? Counted in steps of the interpreter, alike on every machine.

What the interpreter's own types do in C is one step, however long it takes. Some interpreters count
what runs for the first time only in part, so that the first of several counts is left out.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

__all__ = ["work"]


def work(act: Callable[[], object]) -> int:
    """Do it, and count."""
    steps = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal steps
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        steps += event == "opcode"
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
    return steps
