"""What happened in a saved capture? `corscope explain` says it in the words of the live log.

Reading files is done in `mitm.flows`, judging and wording in `mitm.replay`; here is the exit
status.
"""

import io
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from corscope.cli.progress import Advance, progress
from corscope.mitm.flows import FlowFileError, HTTPFlow, read_flows
from corscope.mitm.replay import explain_flows

__all__ = ["explain"]


@click.command()
@click.argument("files", nargs=-1, required=True)
@click.option("--engines", is_flag=True, help="Tell all three engines' verdicts each time.")
@click.option(
    "--long",
    "details",
    is_flag=True,
    help="Tell also why a preflight came, and the console's words.",
)
@click.option("--steps", is_flag=True, help="Tell the standard's steps below each exchange.")
def explain(files: tuple[str, ...], engines: bool, details: bool, steps: bool) -> None:
    """Explain the CORS exchanges in saved FILES: flow files of mitmproxy, or HARs of browsers.

    Prints one line an exchange, as the log does live. Where Chromium, Firefox and WebKit differ,
    an indented line tells what another does, and why. A single - reads the standard input.
    What can't be read is told at the end; the exit status is then 1.
    """
    readings = [_Reading(file) for file in files]
    for reading in readings:
        with progress(reading.file, reading.size) as (advance, show):
            flows = reading.flows(advance)
            for lines in explain_flows(flows, engines=engines, details=details, steps=steps):
                reading.exchanges += 1
                show(lines)
    for reading in readings:
        reading.report()
    if any(reading.error for reading in readings):
        raise click.exceptions.Exit(1)


class _Reading:
    """One file on its way through: what came of it, and what could not be read."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.count = 0
        self.exchanges = 0
        self.error: FlowFileError | None = None

    @property
    def size(self) -> int | None:
        """The file's size in bytes, where that is known."""
        path = Path(self.file)
        return path.stat().st_size if self.file != "-" and path.is_file() else None

    def flows(self, advance: Advance) -> Iterator[HTTPFlow]:
        """Yield the file's flows; an error is kept for the end."""
        source = _standard_input() if self.file == "-" else Path(self.file)
        try:
            for flow in read_flows(source, advance):
                self.count += 1
                yield flow
        except FlowFileError as error:
            self.error = error

    def report(self) -> None:
        """Say what could not be read, and where nothing was found, that it was looked for."""
        if self.error is not None:
            click.echo(str(self.error), err=True)
        if not self.exchanges and (self.count or self.error is None):
            told = f"{self.file}: no CORS exchange among {self.count} HTTP flows"
            click.echo(told, err=True)


def _standard_input() -> io.BufferedReader:
    stream = sys.stdin.buffer
    assert isinstance(stream, io.BufferedReader)  # as Python opens it on every system
    return stream
