"""What stands in a file that another one imports? It is read as the first one is, and once."""

from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Final, TypeVar

from corscope.cli.imports.tree import Source

__all__ = ["imported_file"]

_MOST_FILES: Final = 20
_MOST_CHARACTERS: Final = 1024 * 1024

File = TypeVar("File")


def imported_file(
    path: Path,
    importing: Source,
    others: MutableMapping[Path, File],
    parsed: Callable[[Source], File],
) -> File:
    """The file at a path.

    Args:
        path: where it is.
        importing: the file that imports it, of which is said that it can't be read.
        others: what has been imported so far, which it is added to.
        parsed: makes of a file's text what its language's reader takes.

    Raises:
        UnreadableError: it can't be read, is too large, or is one too many.
    """
    key = path.resolve()
    if key not in others:
        if len(others) >= _MOST_FILES:
            importing.refuse(f"imports {path}, which is one file too many")
        others[key] = parsed(Source(str(path), _text(path, importing), importing.notes))
    return others[key]


def _text(path: Path, importing: Source) -> str:
    try:
        with path.open(encoding="utf-8-sig") as stream:
            text = stream.read(_MOST_CHARACTERS + 1)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not UTF-8"
        importing.refuse(f"imports {path}, which can't be read: {reason}")
    if len(text) > _MOST_CHARACTERS:
        importing.refuse(f"imports {path}, which is too large")
    return text
