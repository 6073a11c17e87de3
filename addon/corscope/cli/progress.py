"""How far is long work? A bar on a terminal, and nothing where messages go into a file."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

__all__ = ["Advance", "Show", "progress", "size_of"]

EVERY: Final = 0.1
"""Seconds between two times that lines are printed above the bar."""

Advance = Callable[[int], None]
Show = Callable[[str], None]


def _print(line: str) -> None:
    click.echo(line)


@contextmanager
def progress(
    name: str, size: int | None, *, counts_bytes: bool = True
) -> Iterator[tuple[Advance, Show]]:
    """Give a function that takes how much is done, and one that prints a line meanwhile.

    Args:
        name: what stands before the bar.
        size: how much there is to do; None where that isn't known.
        counts_bytes: whether that is a number of bytes.
    """
    if not sys.stderr.isatty():
        yield lambda _: None, _print
        return
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn() if counts_bytes else MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, redirect_stdout=False) as bar:
        task = bar.add_task(name, total=size)

        # Where lines and bar share the terminal, the bar has to make way for the lines.
        above = _Above(console)
        shared = sys.stdout.isatty()

        def advance(done: int) -> None:
            bar.update(task, completed=done)
            above.print_if_due()

        try:
            yield advance, above.show if shared else _print
        finally:
            above.print()


@dataclass(slots=True)
class _Above:
    """Lines that are to stand above the bar, a few at once: drawing it anew takes its time."""

    console: Console
    lines: list[str] = field(default_factory=list)
    printed: float = 0.0

    def show(self, line: str) -> None:
        """Print a line, soon."""
        self.lines.append(line)
        self.print_if_due()

    def print_if_due(self) -> None:
        """Print what is there, but not again and again."""
        if time.monotonic() - self.printed >= EVERY:
            self.print()

    def print(self) -> None:
        """Print what is there."""
        if self.lines:
            self.console.print(Text("\n".join(self.lines)), soft_wrap=True)
        self.lines.clear()
        self.printed = time.monotonic()


def size_of(file: str) -> int | None:
    """The file's size in bytes, where that is known."""
    path = Path(file)
    try:
        return path.stat().st_size if file != "-" and path.is_file() else None
    except OSError:  # a name that is too long, which is told where it is opened
        return None
