"""May the pipeline go on? `corscope check-log` looks for what it must not let through.

The journal is read line by line; what counts and how it is worded is said in `explain.log_check`.
"""

import io
import json
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Final

import click

from corscope import __version__
from corscope.cli.arguments.journal_form import unfit
from corscope.cli.arguments.kinds import FILE, output_option
from corscope.cli.output import print_file, unfit_text, unwritable
from corscope.cli.progress import Advance, progress, size_of
from corscope.explain.escape import LONGEST_MESSAGE, escaped
from corscope.explain.failure import missing_texts
from corscope.explain.log_check.check import (
    KNOWN,
    VERDICTS,
    JournalLineError,
    Tally,
    Wanted,
    checked_line,
)
from corscope.explain.log_check.formats import FORMATS
from corscope.mitm.saved.unreadable import unreadable
from corscope.servers.registry import nearest

__all__ = ["check_log"]

LONGEST_LINE: Final = 16 * 1024 * 1024
"""A line longer than this is none of a journal's, so that memory stays bounded."""

_BEGIN: Final = 4096
"""So many bytes are looked at to tell what is none as a whole."""

MOST_COMPLAINTS: Final = 20
_TOLD_EVERY: Final = 1_000
_BAD_INPUT: Final = 2


class _BadInputError(click.ClickException):
    exit_code = _BAD_INPUT


def _ids(_: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> frozenset[str]:
    """Ids with commas between; one that isn't known is an error that names the nearest."""
    ids = [id_.strip() for value in values for id_ in value.split(",") if id_.strip()]
    for id_ in ids:
        if id_ not in KNOWN:
            meant = nearest(id_, KNOWN)
            advice = f"did you mean {meant}?" if meant else f"as verdicts: {', '.join(VERDICTS)}"
            raise click.BadParameter(
                f'"{escaped(id_)}" is no verdict, reason or finding; {advice}', param=parameter
            )
    return frozenset(ids)


@click.command("check-log")
@click.argument("journals", nargs=-1, required=True, type=FILE)
@click.option(
    "--fail-on",
    multiple=True,
    default=("blocked",),
    show_default=True,
    metavar="ID,...",
    callback=_ids,
    help="Verdicts (blocked, conditional), reasons and findings that fail the check.",
)
@click.option(
    "--ignore",
    multiple=True,
    metavar="ID,...",
    callback=_ids,
    help="Reasons and findings that don't.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(tuple(FORMATS)),
    default="text",
    show_default=True,
    help="How it is told.",
)
@output_option()
def check_log(
    journals: tuple[str, ...],
    fail_on: frozenset[str],
    ignore: frozenset[str],
    format_: str,
    output: Path | None,
) -> None:
    """Check JOURNALS for what a pipeline must not let through; a single - is standard input.

    The exit status is 1 if anything is found, else 0, and 2 where something can't be read.
    """
    if not fail_on:
        raise click.UsageError("--fail-on names nothing to fail on")
    reading = _Reading(Wanted(fail_on, ignore))
    for journal in journals:
        reading.read(journal)
    told = FORMATS[format_](reading.tally, __version__)
    if output is None:
        print_file(told)
    else:
        _write(output, told)
    reading.complain()
    if reading.bad:
        raise click.exceptions.Exit(_BAD_INPUT)
    if reading.tally.matches:
        raise click.exceptions.Exit(1)


class _Reading:
    """The journals on their way through: what was found, and what is no journal's."""

    def __init__(self, wanted: Wanted) -> None:
        self.tally = Tally(wanted)
        self.bad = 0
        self._complaints: list[str] = []

    def read(self, journal: str) -> None:
        """Look at each line of a journal."""
        with progress(journal, size_of(journal)) as (advance, _):
            for number, line in _lines(journal, advance):
                try:
                    self.tally.add(_parsed(line), journal, number)
                except JournalLineError as error:
                    self._note(f"{escaped(journal, LONGEST_MESSAGE)}:{number}: {error}")

    def complain(self) -> None:
        """Say what isn't there or couldn't be read, and where nothing was, what to look at."""
        for aside in (*missing_texts(self.tally.failed), *self._complaints):
            click.echo(aside, err=True)
        if self.bad > len(self._complaints):
            click.echo(f"and {self.bad - len(self._complaints)} more like these", err=True)
        if self.bad and not self.tally.exchanges:
            click.echo(
                "A journal is what mitmproxy with corscope writes: --set cors_journal=FILE. Of "
                "flow files and HARs, `corscope explain` and `corscope report` tell.",
                err=True,
            )

    def _note(self, complaint: str) -> None:
        self.bad += 1
        if len(self._complaints) < MOST_COMPLAINTS:
            self._complaints.append(complaint)


def _parsed(line: bytes) -> dict[str, object]:
    if len(line) > LONGEST_LINE:
        raise JournalLineError(f"is longer than {LONGEST_LINE} bytes")
    try:
        return dict(checked_line(json.loads(line)))
    except JournalLineError:
        raise
    except (ValueError, RecursionError) as error:
        raise JournalLineError("is no line of a journal, or only a part of one") from error


def _lines(journal: str, advance: Advance) -> Iterator[tuple[int, bytes]]:
    """The lines that aren't empty, with their numbers; of one that is too long, the beginning."""
    done = 0
    try:
        with _opened(journal) as stream:
            if (told := unfit(stream.peek(_BEGIN))) is not None:
                raise _BadInputError(unfit_text(journal, told))
            number = 0
            while line := stream.readline(LONGEST_LINE + 1):
                number += 1
                done += len(line)
                rest = line
                while not rest.endswith(b"\n") and len(rest) > LONGEST_LINE:
                    rest = stream.readline(LONGEST_LINE + 1)
                    done += len(rest)
                if number % _TOLD_EVERY == 0:
                    advance(done)
                if line.strip():
                    yield number, line
    except OSError as error:
        raise _BadInputError(unfit_text(journal, unreadable(error))) from error


def _opened(journal: str) -> AbstractContextManager[io.BufferedReader]:
    if journal != "-":
        return Path(journal).open("rb")
    stream = sys.stdin.buffer
    assert isinstance(stream, io.BufferedReader)  # as Python opens it on every system
    return nullcontext(stream)


def _write(output: Path, told: str) -> None:
    try:
        output.write_text(told, encoding="utf-8", newline="\n")
    except OSError as error:
        raise _BadInputError(unfit_text(str(output), unwritable(error))) from error
