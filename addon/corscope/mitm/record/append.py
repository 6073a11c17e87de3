"""How does a line get to the end of a file whole, whatever else happens to that file?

One write a line, at the end of the file as it then is: neither a process that is killed nor another
one that writes there too cuts a line in two. What a full disk cuts off is taken away again.
"""

import os
import stat
from pathlib import Path
from typing import Final, Self

__all__ = ["AppendFile"]

# Without O_NONBLOCK a named pipe that nobody reads would stop the whole proxy.
_FLAGS: Final = (
    os.O_APPEND
    | os.O_CREAT
    | os.O_WRONLY
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_NONBLOCK", 0)
)
_MODE: Final = 0o600  # it tells of traffic


class AppendFile:
    """A file that is open for whole lines to be appended to it."""

    def __init__(self, descriptor: int, *, is_cut: bool) -> None:
        """Take over an open file; `is_cut` tells that it ends within a line."""
        self._descriptor = descriptor
        self._is_cut = is_cut
        status = os.fstat(descriptor)
        self._is_regular = stat.S_ISREG(status.st_mode)
        # Some file systems count no names, and then none that are lost.
        self._has_name = self._is_regular and status.st_nlink > 0

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the file at `path`, which is made where there is none.

        Raises:
            OSError: it can't be opened for writing.
        """
        return cls(os.open(path, _FLAGS, _MODE), is_cut=_ends_within_a_line(path))

    def append(self, lines: bytes) -> None:
        """Append these lines, all of them or nothing.

        Raises:
            OSError: they couldn't be written.
        """
        if self._is_cut:
            lines = b"\n" + lines
        done = os.write(self._descriptor, lines)
        if done != len(lines):
            self._write_rest(lines, done)
        self._is_cut = False

    def _write_rest(self, lines: bytes, done: int) -> None:
        """A short write means that there is no more room; the next one tells why."""
        try:
            while done < len(lines):
                done += os.write(self._descriptor, lines[done:])
        except OSError:
            # One that was cut before stays so: its line feed is taken back as well.
            self._is_cut |= not self._took_back(done)
            raise

    def _took_back(self, size: int) -> bool:
        """Take away the last bytes, unless another process has written behind them."""
        if not self._is_regular:
            return False
        try:
            end = os.lseek(self._descriptor, 0, os.SEEK_CUR)
            if os.fstat(self._descriptor).st_size != end:
                return False
            os.ftruncate(self._descriptor, end - size)
        except OSError:
            return False
        return True

    def is_deleted(self) -> bool:
        """Whether nobody will ever find what is written here."""
        return self._has_name and os.fstat(self._descriptor).st_nlink == 0

    def is_at(self, path: Path) -> bool:
        """Whether it is still this file that stands at `path`."""
        try:
            return os.path.samestat(path.stat(), os.fstat(self._descriptor))
        except OSError:
            return False

    def close(self) -> None:
        """Close it.

        Raises:
            OSError: the system tells only now that something couldn't be written.
        """
        os.close(self._descriptor)


def _ends_within_a_line(path: Path) -> bool:
    """Whether a crash has cut the last line off, which the next one must not be joined to."""
    try:
        if not path.is_file() or path.stat().st_size == 0:
            return False
        with path.open("rb") as stream:
            stream.seek(-1, os.SEEK_END)
            return stream.read(1) != b"\n"
    except OSError:
        return True  # it may be written but not read; an empty line does no harm
