"""Where do the journal's lines go? To the file at a path, whatever becomes of that file.

One that is moved or deleted is made anew; one that can't be written is tried again and again. What
is missing then is counted, told in the log, and marked in the journal itself.
"""

import contextlib
import errno
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import chain
from typing import Final

from corscope.explain.counted import counted
from corscope.journal.lines.write import gap_line
from corscope.mitm.options import user_path
from corscope.mitm.record.append import AppendFile

__all__ = ["JournalFile"]

CALM: Final = 2.0
"""Seconds without a loss after which it is told what was lost: a disk may be full on and off."""

MOST_RECENT: Final = 50
"""Lines that are kept until it is seen that their file is still there."""

_NOBODY_READS: Final = "Nobody reads this pipe"

logger = logging.getLogger("corscope")


class JournalFile:
    """The journal's file; while it can't be written, traffic goes on."""

    def __init__(self, path: str, clock: Callable[[], float] = time.monotonic) -> None:
        """Open the file at `path` for appending; an empty path means that there is none."""
        self._path = user_path(path) if path else None
        self._clock = clock
        self._file: AppendFile | None = None
        self._rests = False
        self._recent: list[tuple[bytes, ...]] = []
        self._missing = 0  # lines since the last that was written
        self._in_gaps = 0  # lines that the gaps among the recent ones tell of
        self._untold = 0  # lines since trouble was told of
        self._why = ""
        self._is_troubled = False
        self._calm_at = 0.0
        self.look()

    def write(self, line: str) -> None:
        """Append a line."""
        self.append((line.encode(),))

    def append(self, line: tuple[bytes, ...]) -> None:
        """Append a line that comes in pieces, without its end."""
        if self._path is None:
            return
        if self._file is None or self._rests:
            self._missing += 1
            self._untold += 1
            return
        # In one write, or a disk that is nearly full would take the one and not the other.
        data = (self._gap(), *line, b"\n") if self._missing else (*line, b"\n")
        try:
            self._file.append(b"".join(data))
        except OSError as error:
            self._rests = True  # until the next look
            self._lose(1, error)
            return
        self._in_gaps += self._missing
        self._missing = 0
        self._recent.append(data)
        if len(self._recent) == MOST_RECENT:
            self._rescue()

    def _gap(self) -> bytes:
        return f"{gap_line(datetime.now(UTC), self._missing, self._why)}\n".encode()

    def _rescue(self) -> None:
        """Write again what has gone, since the last look, into a file that was deleted."""
        lines, self._recent = self._recent, []
        in_gaps, self._in_gaps = self._in_gaps, 0
        if self._file is None or not self._file.is_deleted():
            return
        try:
            self._open().append(b"".join(chain.from_iterable(lines)))
        except OSError as error:
            self._missing += in_gaps  # the log knows of these already
            self._lose(len(lines), error)

    def look(self) -> None:
        """Follow the path where another file stands there now; try again what has failed."""
        if self._path is None:
            return
        self._rests = False
        self._rescue()
        try:
            if self._file is None or not self._file.is_at(self._path):
                self._open()
        except OSError as error:
            self._tell(error)
        # That a file can be opened doesn't say that there is room in it.
        if self._is_troubled and not self._missing and self._clock() > self._calm_at:
            self._tell_end("is written again")

    def _open(self) -> AppendFile:
        """Open the file at the path, and only then let go of the one before."""
        assert self._path is not None
        before, self._file = self._file, AppendFile.open(self._path)
        if before is not None:
            with contextlib.suppress(OSError):
                before.close()
        return self._file

    def _lose(self, lines: int, error: OSError) -> None:
        self._missing += lines
        self._untold += lines
        self._tell(error)

    def _tell(self, error: OSError) -> None:
        """Tell of trouble, once until it is over."""
        is_pipe = error.errno == errno.ENXIO and self._path is not None and self._path.is_fifo()
        self._why = _NOBODY_READS if is_pipe else error.strerror or str(error)
        if not self._is_troubled:
            logger.warning(
                "CORS journal %s can't be written (%s); traffic goes on without it, and it is "
                "tried again. "
                "Set cors_journal to a file in a folder that exists, is writable and has room.",
                self._path,
                self._why,
            )
        self._is_troubled = True
        self._calm_at = self._clock() + CALM

    def _tell_end(self, what: str) -> None:
        missing = counted(self._untold, "line")
        logger.warning("CORS journal %s %s; missing: %s", self._path, what, missing)
        self._is_troubled = False
        self._untold = 0

    def close(self) -> None:
        """Close the file."""
        self._rescue()
        if self._file is not None:
            try:
                self._file.close()
            except OSError as error:
                self._tell(error)
            self._file = None
        if self._is_troubled:
            self._tell_end("is closed")
