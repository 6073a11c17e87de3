"""What does a process take? CPU time and memory, as the system counts them when it ends."""

import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.section import CannotRunError

__all__ = ["Run", "run"]


@dataclass(frozen=True, slots=True)
class Run:
    """What a process took.

    Attributes:
        seconds: of CPU time, on all cores.
        wall: seconds from its beginning to its end.
        memory: bytes, at most.
    """

    seconds: float
    wall: float
    memory: int


def run(program: str, *arguments: str | Path, output: str | Path = os.devnull) -> Run:
    """Run a program of Python's with what it prints in a file, and wait for it.

    Raises:
        RuntimeError: it failed.
        CannotRunError: the system doesn't tell what a process took.
    """
    if not hasattr(os, "wait4"):
        raise CannotRunError(f"it asks the system what a process took, which {sys.platform} lacks")
    words = [sys.executable, "-c", program, *map(str, arguments)]
    mode = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    prints = [(os.POSIX_SPAWN_OPEN, 1, os.fspath(output), mode, 0o600)]
    began = time.perf_counter()
    process = os.posix_spawn(sys.executable, words, _environment(), file_actions=prints)
    _, status, used = os.wait4(process, 0)
    if status:
        raise RuntimeError(f"a process ended with status {status}: {words[2:]}")
    unit = 1 if sys.platform == "darwin" else 1024
    took = time.perf_counter() - began
    return Run(used.ru_utime + used.ru_stime, took, used.ru_maxrss * unit)


def _environment() -> dict[str, str]:
    """This one's, where bytecode may be kept: an installed program isn't compiled at each start."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
