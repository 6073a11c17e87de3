"""How far is long work? A bar on a terminal, and nothing where messages go into a file."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

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

__all__ = ["Advance", "Show", "progress"]

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

        def above_the_bar(line: str) -> None:
            console.print(Text(line), soft_wrap=True)

        # Where lines and bar share the terminal, the bar has to make way for each line.
        shared = sys.stdout.isatty()
        yield lambda done: bar.update(task, completed=done), above_the_bar if shared else _print
