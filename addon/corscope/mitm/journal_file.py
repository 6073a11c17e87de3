"""Where do the journal's lines go? Appended to a file, each flushed as it is written."""

import logging
import os
from pathlib import Path
from typing import TextIO

from corscope.mitm.options import user_path
from corscope.web.private import private

__all__ = ["JournalFile"]

logger = logging.getLogger("corscope")


class JournalFile:
    """The journal's file; one that can't be written is told of once, and traffic goes on."""

    def __init__(self, path: str) -> None:
        """Open the file at `path` for appending; an empty path means that there is none."""
        self._path = user_path(path) if path else None
        self._file: TextIO | None = None
        self._told = False
        if self._path is not None:
            self._open(self._path)

    def _open(self, path: Path) -> None:
        try:
            self._file = open(path, "a", encoding="utf-8", newline="\n", opener=private)  # noqa: SIM115
            if _ends_within_a_line(path):
                self._file.write("\n")
        except OSError as error:
            self._tell(error)

    def write(self, line: str) -> None:
        """Append a line."""
        if self._file is None:
            return
        try:
            self._file.write(f"{line}\n")
            self._file.flush()
        except OSError as error:
            self._tell(error)

    def _tell(self, error: OSError) -> None:
        if not self._told:
            self._told = True
            logger.warning(
                "CORS journal %s can't be written (%s); traffic goes on without it. "
                "Set cors_journal to a file in a folder that exists and is writable.",
                self._path,
                error.strerror or error,
            )

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            try:
                self._file.close()
            except OSError as error:
                self._tell(error)
            self._file = None


def _ends_within_a_line(path: Path) -> bool:
    """Whether a crash has cut the last line off, which the next one must not be joined to."""
    if not path.is_file() or path.stat().st_size == 0:
        return False
    with path.open("rb") as stream:
        stream.seek(-1, os.SEEK_END)
        return stream.read(1) != b"\n"
