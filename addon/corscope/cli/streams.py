"""What do the command's streams bear? Any text, and a reader that leaves, as `head` does."""

import io
import os
import sys
from pathlib import Path
from typing import Any

__all__ = ["fit_streams", "reader_has_left"]


class _Output(io.FileIO):
    """Standard output, into which all goes that nobody reads any more.

    So that the exit status is that of the work, whenever the reader leaves.
    """

    is_left = False

    def write(self, data: Any, /) -> int:  # of a buffer; Python 3.11 has no name for one
        try:
            return super().write(data)
        except BrokenPipeError:
            self.is_left = True
            return memoryview(data).nbytes


def fit_streams() -> None:
    """Let any text be written and read, whatever the system's encoding lacks or bytes are odd."""
    if sys.stdin is None:
        sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115 (as long as we run)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout = _bearing(sys.stdout)
    for stream, errors in (
        (sys.stdout, "backslashreplace"),  # Windows' code pages lack most letters
        (sys.stderr, "backslashreplace"),
        (sys.stdin, "replace"),
    ):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=errors)


def _bearing(stream: io.TextIOWrapper) -> io.TextIOWrapper:
    """Standard output as it is, but that a reader may leave."""
    if stream.isatty():
        return stream  # on Windows it isn't written to by its number
    output = io.BufferedWriter(_Output(stream.fileno(), "wb", closefd=False))
    return io.TextIOWrapper(output, encoding=stream.encoding, newline=None)


def reader_has_left() -> bool:
    """Tell whether nobody reads standard output any more, so that work for it may end."""
    output = sys.stdout.buffer if isinstance(sys.stdout, io.TextIOWrapper) else None
    raw = output.raw if isinstance(output, io.BufferedWriter) else None
    return isinstance(raw, _Output) and raw.is_left
