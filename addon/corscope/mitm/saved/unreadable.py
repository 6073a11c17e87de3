"""Why can a file not be read as it is, and what is to be done?

For commands that read other files than mitmproxy's too: importing mitmproxy is most of the time
that a command takes to start.
"""

from pathlib import Path
from typing import Final

from corscope.encoding import encoding_of

__all__ = ["is_folder", "packing", "unreadable"]

_PACKED: Final[dict[bytes, tuple[str, str]]] = {
    b"\x1f\x8b": ("is packed with gzip", "corscope reads it from zcat: `zcat FILE | corscope … -`"),
    b"PK\x03\x04": (
        "is a ZIP archive",
        "unpack it, and name the files that were in it; if no HAR was, as in Fiddler's, export one",
    ),
}
"""How a file may begin that has to be made something else of first: what it is, and what to do."""


def packing(head: bytes) -> tuple[str, str] | None:
    """What a file is that has to be unpacked first, and how, by how it begins; None of others."""
    if encoding_of(head) != "utf-8-sig":
        return "is in UTF-16", "corscope reads UTF-8: save it so, or pass it through iconv"
    begins = (begin for begin in _PACKED if head.startswith(begin))
    return _PACKED.get(next(begins, b""))


def unreadable(error: OSError) -> tuple[str, str]:
    """Word why the file can't be read; opening a folder fails in other words on each system."""
    if error.filename and is_folder(Path(error.filename)):
        return "this is a folder", "name the files in it"
    return f"can't be read: {error.strerror or error}", "check the name and who may read it"


def is_folder(path: Path) -> bool:
    """Whether it is one; what can't have a name so long, as a pasted message, is none."""
    try:
        return path.is_dir()
    except OSError:
        return False
