"""How is a command's text put into lines, and into a file?"""

import errno
import io
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from corscope.explain.escape import LONGEST_MESSAGE, escaped
from corscope.mitm.saved.unreadable import is_folder
from corscope.web.private import private

__all__ = ["as_word", "columns", "print_file", "unfit_text", "unwritable", "write_file"]


def columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A line for each row, its cells below those of the row before; no cell is ever broken."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (f"{cell:{width}}" for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def as_word(path: Path) -> str:
    """A path as the shell takes it for one word, spaces and all."""
    text = str(path)
    return subprocess.list2cmdline([text]) if sys.platform == "win32" else shlex.quote(text)


def unfit_text(file: str, told: tuple[str, str]) -> str:
    """What is wrong with a file, and below it the way out."""
    what, hint = told
    return f"{escaped(file, LONGEST_MESSAGE)}: {what}\n    {hint}"


def unwritable(error: OSError) -> tuple[str, str]:
    """Word why a file can't be written, and what to do, for `unfit_text`."""
    if error.filename and is_folder(Path(error.filename)):
        return "this is a folder", "name a file in it"
    if error.errno == errno.ENOSPC:
        return f"can't be written: {error.strerror}", "make room, or name a file elsewhere"
    return (
        f"can't be written: {error.strerror or error}",
        "check that its folder is there, and who may write there",
    )


def print_file(text: str) -> None:
    """Write a file's text to standard output; where that is no terminal, in UTF-8 as into a file.

    Windows' code pages make other bytes of it, which TOML, Python and JSON can't be, and which an
    HTML file says that it isn't.
    """
    if isinstance(sys.stdout, io.TextIOWrapper) and not sys.stdout.isatty():
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    click.echo(text, nl=False)


def write_file(file: Path, text: str, *, force: bool, is_private: bool = False) -> None:
    """Write a file, but not over another unless that is meant.

    Args:
        file: where.
        text: what.
        force: whether another may be overwritten.
        is_private: whether nobody but its user may read it, as it tells of traffic or of who is
            let in.

    Raises:
        click.ClickException: it is there already, or can't be written.
    """
    try:
        mode, opener = "w" if force else "x", private if is_private else None
        with open(file, mode, encoding="utf-8", opener=opener) as opened:
            opened.write(text)
    except OSError as error:
        if isinstance(error, FileExistsError) and not file.is_dir():
            message = f"{file} is there already; --force overwrites it"
            raise click.ClickException(message) from error
        raise click.ClickException(unfit_text(str(file), unwritable(error))) from error
