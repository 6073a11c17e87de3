"""What do the rule files say now, and has that changed?

Reads files and folders into sources for `rules`; looking for changes is cheap enough to be done
several times a second.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from corscope.mitm.options import user_path
from corscope.rules.load import MAX_BYTES, Source

__all__ = ["RuleFiles"]

PATIENCE: Final = 3
"""Looks that a file which keeps changing is given to settle, before it is read all the same."""

Signature = tuple[object, ...]


class RuleFiles:
    """The files behind the option `cors_rules`."""

    def __init__(self, paths: Iterable[str]) -> None:
        """Name the files and folders; a folder means its `*.toml`, sorted by name."""
        self._paths = [user_path(path) for path in paths]
        self._read: Signature = ()
        self._seen: Signature = ()
        self._unsettled = 0

    def sources(self) -> list[Source]:
        """Read all files; one that can't be read is a source with an error."""
        self._read = self._seen = self._signature()
        self._unsettled = 0
        return [source for path in self._paths for source in _sources(path)]

    def changed(self) -> bool:
        """Whether the files are other than they were when read, and no longer being written.

        A file is taken as written once it is the same at two looks; one that is saved on and on
        is read at the fourth.
        """
        now = self._signature()
        settled = now == self._seen
        self._seen = now
        if now == self._read:
            self._unsettled = 0
            return False
        self._unsettled += 1
        return settled or self._unsettled > PATIENCE

    def _signature(self) -> Signature:
        return tuple(
            stamp for path in self._paths for file in _files(path) for stamp in _stamp(file)
        )


def _files(path: Path) -> list[Path]:
    try:
        return sorted(path.glob("*.toml")) if path.is_dir() else [path]
    except OSError:
        return [path]


def _stamp(file: Path) -> Signature:
    try:
        stat = file.stat()
    except OSError as error:
        return (file, error.errno)
    return (file, stat.st_mtime_ns, stat.st_size, stat.st_ino, stat.st_mode)


def _sources(path: Path) -> list[Source]:
    try:
        if path.is_dir():
            files = sorted(path.glob("*.toml"))
            if not files and not _is_readable(path):
                raise PermissionError(13, "Permission denied")
            return [_source(file) for file in files]
    except OSError as error:
        return [Source(str(path), None, error.strerror or str(error))]
    return [_source(path)]


def _is_readable(folder: Path) -> bool:
    try:
        next(folder.iterdir(), None)
    except OSError:
        return False
    return True


def _source(file: Path) -> Source:
    try:
        if file.is_fifo():  # reading it would never end
            return Source(str(file), None, "Is a named pipe")
        with file.open("rb") as stream:
            # One byte past the limit is enough for `load` to refuse the file.
            return Source(str(file), stream.read(MAX_BYTES + 1), None)
    except OSError as error:
        return Source(str(file), None, error.strerror or str(error))
