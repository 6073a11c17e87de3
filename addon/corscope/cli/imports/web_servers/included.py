"""Where are the files that a server's configuration includes?

One that stands beside the first file, or in a folder above it, is read in place of what names it:
a copy of a server's configuration has the same folders as the server.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from corscope.cli.imports.tree import Source

__all__ = ["DEEPEST_INCLUDE", "Included"]

DEEPEST_INCLUDE: Final = 10
"""How many files deep a file may be included."""

_MOST_FILES: Final = 100
_MOST_CHARACTERS: Final = 1024 * 1024
_UP: Final = 2
"""How many folders above the file's own are searched: `sites-available` is one below nginx's."""


@dataclass
class Included:
    """What has been read.

    Attributes:
        first: the file that is imported.
        prefixes: where the server has its configuration, on the systems that it is on.
        files: the others, as `Source.included` has them.
        lines: how many lines all of them have.
        characters: how many characters the others have.
    """

    first: Source
    prefixes: tuple[str, ...]
    files: list[tuple[int, str]] = field(default_factory=list)
    lines: int = 0
    characters: int = 0

    @property
    def source(self) -> Source:
        """The first file, which knows whose lines the others' are."""
        return replace(self.first, included=tuple(self.files))

    def begin(self, source: Source) -> int:
        """Take a file's lines in, and give how many there are before them."""
        before = self.lines
        self.lines += source.text.count("\n") + 1
        return before

    def found(
        self, written: str, wanted: str, depth: int, line: int, *, by_own: bool = False
    ) -> list[Path]:
        """The files that are named, in the order that a server reads them.

        Args:
            written: the directive, as it is told of.
            wanted: a path, or a pattern of such.
            depth: how many files deep it stands.
            line: where.
            by_own: whether the path is seen from the file that names it, and not from the first.

        Raises:
            UnreadableError: that is too many of them.
        """
        is_stdin = self.first.name == "-"
        seen_from = self.source.at(line).rpartition(":")[0] if by_own else self.first.name
        files = [] if is_stdin else _found(wanted, Path(seen_from), self.prefixes)
        if depth > DEEPEST_INCLUDE or len(self.files) + len(files) > _MOST_FILES:
            message = f"{written}, which is too many files, or one that includes itself"
            self.source.refuse(message, line)
        return files

    def missing(self, written: str, line: int) -> None:
        """Tell of what isn't there."""
        self.source.note(f"{written} isn't read, nor what it says of CORS: write it there", line)

    def opened(self, file: Path, written: str, line: int) -> Source:
        """A file that is included.

        Raises:
            UnreadableError: it can't be read, or is no text.
        """
        try:
            with file.open(encoding="utf-8-sig") as stream:
                text = stream.read(_MOST_CHARACTERS + 1)
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "is not UTF-8"
            self.source.refuse(f"includes {file}, which can't be read: {reason}", line)
        self.characters += len(text)
        if self.characters > _MOST_CHARACTERS or "\0" in text:
            self.source.refuse(f"includes {file}, which is too large, or no text", line)
        if "access-control-" in text.lower():
            self.source.note(f"{written} is {file}", line)
        self.files.append((self.lines, str(file)))
        return Source(str(file), text)


def _found(wanted: str, first: Path, prefixes: tuple[str, ...]) -> list[Path]:
    for prefix in prefixes:
        wanted = wanted.removeprefix(prefix)
    path = Path(wanted)
    if not path.parts or {"..", "**"} & set(path.parts) or "\0" in wanted:
        return []
    for folder in first.absolute().parents[: _UP + 1]:
        if path.is_absolute() and folder not in path.parents:
            continue
        inside = str(path.relative_to(folder) if path.is_absolute() else path)
        files = [each for each in sorted(folder.glob(inside)) if each.is_file()]
        if files:
            return [_as_named(each, first) for each in files]
    return []


def _as_named(file: Path, first: Path) -> Path:
    """A file as the first one is named: seen from the folder at hand, if that one is."""
    here = Path.cwd()
    return file.relative_to(here) if not first.is_absolute() and here in file.parents else file
