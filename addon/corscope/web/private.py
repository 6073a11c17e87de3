"""How is a file made that tells of traffic? So that nobody but its user may read it.

Where there are modes, that is 0600; a file that is there keeps the one it has.
"""

import os
from pathlib import Path

__all__ = ["private", "write_private"]


def private(path: str, flags: int) -> int:
    """What opens such a file, as the argument `opener` of `open`."""
    return os.open(path, flags, 0o600)


def write_private(path: Path, text: str) -> None:
    """Write such a file, in place of one that is there.

    Raises:
        OSError: it can't be written.
    """
    with open(path, "w", encoding="utf-8", opener=private) as file:
        file.write(text)
