"""What does a process take? Starts one and the proxies' own, and reads what the kernel counted.

Only on Linux: the CPU time of another process, to the nanosecond, is a clock of Linux, and the peak
of its memory a line in /proc.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from benchmarks.section import CannotRunError

__all__ = [
    "cpu_seconds",
    "free_port",
    "needed",
    "peak_memory",
    "running",
    "serving",
    "until_listening",
]

ROOT: Final = Path(__file__).parents[1]
STARTS_WITHIN: Final = 60.0


def needed(*commands: str) -> None:
    """Look whether Linux and these commands are there.

    Raises:
        CannotRunError: one isn't.
    """
    if sys.platform != "linux":
        raise CannotRunError(f"it reads /proc, so it runs on Linux only, not on {sys.platform}")
    missing = [command for command in commands if not shutil.which(command)]
    if missing:
        which = ", ".join(missing)
        raise CannotRunError(f"missing: {which}. benchmarks/install brings it, or says how")


def free_port() -> int:
    """A port of this machine on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(
    words: Sequence[str | Path], environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that says nothing, and is ended with those that it started."""
    nowhere = subprocess.DEVNULL
    process = subprocess.Popen(  # noqa: S603
        [str(word) for word in words],
        cwd=ROOT,
        stdin=nowhere,
        stdout=nowhere,
        stderr=nowhere,
        env={**os.environ, **(environment or {})},
    )
    try:
        yield process
    finally:
        for pid in _family(process.pid)[1:]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def serving() -> Iterator[int]:
    """The backend, in a process of its own; gives its port."""
    words = [sys.executable, "-m", "benchmarks.backend"]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE) as process:  # noqa: S603
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def until_listening(process: subprocess.Popen[bytes], port: int) -> None:
    """Wait until somebody listens at the port.

    Raises:
        RuntimeError: the process ended, or took too long.
    """
    end = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise RuntimeError(f"{process.args!r} doesn't listen at port {port}")


def cpu_seconds(pid: int) -> float:
    """The CPU time of a process so far, and of those that it started."""
    return sum(time.clock_gettime(_cpu_clock(each)) for each in _family(pid))


def peak_memory(pid: int) -> int:
    """The most memory, in bytes, that a process and those that it started had at once, each."""
    return sum(_peak(each) for each in _family(pid))


def _cpu_clock(pid: int) -> int:
    """The clock that clock_getcpuclockid(3) gives, which Python has for threads only."""
    return (~pid << 3) | 2


def _peak(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def _family(pid: int) -> list[int]:
    """A process and all that it started, itself first."""
    found = [pid]
    for each in found:
        for task in Path(f"/proc/{each}/task").glob("*/children"):
            with suppress(OSError):
                found += map(int, task.read_text().split())
    return found
