"""What does a process use? Read from /proc, on Linux alone."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["memory_of"]


def memory_of(pid: int) -> int:
    """Bytes that it has in memory."""
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) * 1024
