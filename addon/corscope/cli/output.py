"""How is a command's text put into lines, and into a file?"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

__all__ = ["columns", "write_file"]


def columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A line for each row, its cells below those of the row before; no cell is ever broken."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (f"{cell:{width}}" for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def write_file(file: Path, text: str, *, force: bool) -> None:
    """Write a file, but not over another unless that is meant.

    Raises:
        click.ClickException: it is there already, or can't be written.
    """
    try:
        with file.open("w" if force else "x", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError as error:
        message = f"{file} is there already; --force overwrites it"
        raise click.ClickException(message) from error
    except OSError as error:
        raise click.ClickException(f"{file}: {error.strerror}") from error
