"""What do the rule files say now, and has that changed? And how is one written?

Reads files and folders into sources for `rules`; looking for changes is cheap enough to be done
several times a second.
"""

import contextlib
import io
import os
import stat
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, NamedTuple

from corscope.mitm.options import user_path
from corscope.rules.load import MAX_BYTES, Source

__all__ = ["RuleFiles", "nothing_in", "overwrite"]

COARSEST: Final = 2.0
"""Seconds that a file system may take for the same moment, as FAT does."""

Signature = tuple["_Stamp", ...]


class _Stamp(NamedTuple):
    """What tells a file's states apart without reading it; `written` is in seconds."""

    file: str
    written: float
    rest: tuple[int | None, ...]


class RuleFiles:
    """The files behind the option `cors_rules`.

    Attributes:
        restless: how many looks in a row have found the files changed and not at rest.
    """

    def __init__(self, paths: Iterable[str], clock: Callable[[], float] = time.time) -> None:
        """Name files and folders; a folder means its `*.toml` by name, but no hidden ones."""
        self._paths = [user_path(path) for path in paths]
        self._clock = clock
        self._read: Signature = ()
        self._seen: Signature = ()
        self._held: list[Source] = []
        self._again_at: float | None = None
        self.restless = 0

    def sources(self) -> list[Source]:
        """Read all files as they are now; one that can't be read is a source with an error."""
        self._seen = self._signature()
        self._note(self._seen, self._read_all())
        return self._held

    def news(self) -> list[Source] | None:
        """What the files say, where that is other than it was and they are at rest; else None.

        They are at rest once all of them together are the same at two looks, and still the same
        after they were read: what counts has stood on the disk all at once, and for a while.
        """
        now = self._signature()
        is_at_rest, self._seen = now == self._seen, now
        is_known = now == self._read
        if is_known:
            self.restless = 0
            if self._again_at is None or self._clock() < self._again_at:
                return None
        elif not is_at_rest:
            self.restless += 1
            return None
        found, before = self._read_all(), self._held
        self._seen = self._signature()
        if self._seen != now:
            self.restless += 1
            return None
        self._note(now, found)
        return None if is_known and found == before else found

    def _note(self, signature: Signature, found: list[Source]) -> None:
        self._read, self._held, self.restless = signature, found, 0
        # What is written within the same tick of a coarse clock shows in no stamp.
        sure = max((stamp.written for stamp in signature), default=0.0) + COARSEST
        self._again_at = sure if self._clock() < sure else None

    def _signature(self) -> Signature:
        # Of texts: several times a second paths would be felt where there are thousands of files.
        return tuple(_stamp(file) for path in self._paths for file in _files(path))

    def _read_all(self) -> list[Source]:
        return [source for path in self._paths for source in _sources(path)]


def nothing_in(paths: Iterable[str]) -> str:
    """Say which of these are folders without rule files, and where some are; "" if none is."""
    empty = [path for path in paths if _files(user_path(path)) == []]
    if not empty:
        return ""
    inner = {
        file.parent
        for path in empty
        for file in user_path(path).glob("[!.]*/*.toml")
        if not file.name.startswith(".")
    }
    near = f"; there are some in {', '.join(map(str, sorted(inner)))}" if inner else ""
    return f"there is no *.toml in {', '.join(empty)}{near}"


def overwrite(path: Path, data: bytes) -> None:
    """Write a file that is there; where that fails, as on a full disk, it stays as it was.

    In its place, so that its owner, its permissions and its links stay too.

    Raises:
        OSError: it isn't there, or can't be written.
    """
    with path.open("r+b", buffering=0) as file:
        before = file.readall()
        try:
            _write_from_start(file, data)
        except OSError:
            with contextlib.suppress(OSError):
                _write_from_start(file, before)
            raise


def _write_from_start(file: io.FileIO, data: bytes) -> None:
    file.seek(0)
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]
    file.truncate()


def _files(path: Path) -> list[str]:
    try:
        return _files_in(path) if path.is_dir() else [str(path)]
    except OSError:
        return [str(path)]


def _files_in(folder: Path) -> list[str]:
    """Its `*.toml` but for hidden ones, which macOS and editors leave beside them."""
    with os.scandir(folder) as entries:
        found = [entry.path for entry in entries if _is_rule_file(entry.name)]
    return sorted(found, key=os.path.normcase)


def _is_rule_file(name: str) -> bool:
    return os.path.normcase(name).endswith(".toml") and not name.startswith(".")


def _stamp(file: str) -> _Stamp:
    try:
        status = os.stat(file)  # noqa: PTH116  of a path it would take twice the time
    except OSError as error:
        return _Stamp(file, 0.0, (error.errno,))
    rest = (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_dev, status.st_ino)
    return _Stamp(file, status.st_mtime, rest)


def _sources(path: Path) -> list[Source]:
    try:
        if path.is_dir():
            return [_source(Path(file)) for file in _files_in(path)]
    except OSError as error:
        return [Source(str(path), None, error.strerror or str(error))]
    return [_source(path)]


def _source(file: Path) -> Source:
    try:
        with open(file, "rb", opener=_at_once) as stream:
            if stat.S_ISFIFO(os.fstat(stream.fileno()).st_mode):
                return Source(str(file), None, "Is a named pipe")
            # One byte past the limit is enough for `load` to refuse the file.
            return Source(str(file), stream.read(MAX_BYTES + 1) or b"", None)
    except OSError as error:
        return Source(str(file), None, error.strerror or str(error))


def _at_once(path: str, flags: int) -> int:
    """Open without waiting for whoever may write into a pipe."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
