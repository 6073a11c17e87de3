"""Which exchanges do these files hold, whatever their kind? Journals, flow files and HARs alike.

A preflight's entry waits for its outcome, and what comes after it waits too, so that the order
stays; but not for long, so that memory stays bounded.
"""

import gc
import io
import json
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import click

from corscope.cli.arguments.journal_form import begins_as_journal, unfit
from corscope.cli.output import unfit_text
from corscope.cli.progress import Advance, progress, size_of
from corscope.explain.escape import LONGEST_MESSAGE, escaped
from corscope.explain.failure import missing_texts
from corscope.journal.exchange import Exchange, Outcome
from corscope.journal.failure import Failed
from corscope.journal.lines.alike import AlikeLines
from corscope.journal.lines.read import LineError, exchange_of, outcome_of
from corscope.journal.store import Entry, Store, characters_of
from corscope.mitm.saved.flows import LISTED, FlowFileError, read_captures
from corscope.mitm.saved.replay import records
from corscope.mitm.saved.unreadable import unreadable

__all__ = ["entries_of", "kept_of", "read_file", "read_records"]

MOST_WAITING: Final = 1_000
"""So many entries are held back at most until a preflight's outcome is known."""

MOST_CHARACTERS: Final = 200_000_000
"""So many characters of URLs and headers are held at most, of those that wait and of those kept."""

LONGEST_LINE: Final = 16 * 1024 * 1024
"""A line longer than this is left out."""

LONGEST_REST: Final = 64 * 1024
"""So far a journal's first whole line is looked for, as far as that much is read at once."""

TOLD_EVERY: Final = 1_000
"""After so many lines it is told how far the reading is."""

COLLECTED_EVERY: Final = 50_000
"""After so many new objects, while a file is read, cycles among them are looked for."""

Tell = Callable[[str], None]


def _tell(problem: str) -> None:
    click.echo(problem, err=True)


def read_records(
    files: Iterable[str], tell: Tell = _tell, failed: Failed | None = None
) -> Iterator[Entry]:
    """Yield the exchanges of the files in their order, preflights with their outcomes.

    Args:
        files: journals, mitmproxy's flow files, HARs; a single - is the standard input.
        tell: gets each problem in words: a line of a journal that can't be read, by file and
            line; what of a flow file or a HAR can't. All the rest is read.
        failed: hears of the exchanges on which corscope failed when they were recorded, and of
            lines that couldn't be written; without it, `tell` gets it in words at the end.

    Raises:
        click.ClickException: a file can't be opened.
    """
    heard = Failed() if failed is None else failed
    for file in files:
        with progress(file, size_of(file)) as (advance, _):
            yield from _entries(read_file(file, tell, advance, heard))
    if failed is None:
        for text in missing_texts(heard):
            tell(text)


def read_file(
    file: str, tell: Tell, advance: Advance, failed: Failed
) -> Iterator[Exchange | Outcome]:
    """Yield what one file holds in its order: exchanges, and what became of preflights.

    Args:
        file: as in `read_records`.
        tell: as there.
        advance: hears the number of bytes read so far.
        failed: as in `read_records`.

    Raises:
        click.ClickException: it can't be opened.
    """
    with _opened(file) as stream, _collecting_rarely():
        begin = _begin(file, stream)
        if (told := unfit(begin)) is not None:
            tell(unfit_text(file, told))
        elif begins_as_journal(begin):
            yield from _journalled(file, stream, tell, advance, failed)
        else:
            yield from _captured(stream, tell, advance)


def kept_of(entries: Iterable[Entry], most: int) -> Store:
    """Keep the last of these entries, `most` at most; of those with one id the last."""
    kept = Store(most, MOST_CHARACTERS)
    for entry in entries:
        kept.add(entry.exchange)
        if entry.outcome is not None:
            kept.note(entry.outcome)
    return kept


def entries_of(entries: Iterable[Entry], most: int) -> tuple[Entry, ...]:
    """The same, where nobody is told of what isn't kept."""
    return tuple(kept_of(entries, most))


@contextmanager
def _collecting_rarely() -> Iterator[None]:
    """Look for cycles of objects less often: what is read has few, and looking takes its 5 %."""
    before = gc.get_threshold()
    gc.set_threshold(COLLECTED_EVERY, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


@contextmanager
def _opened(file: str) -> Iterator[io.BufferedReader]:
    if file == "-":
        stream = sys.stdin.buffer
        assert isinstance(stream, io.BufferedReader)  # as Python opens it on every system
        yield stream
        return
    try:
        opened: io.BufferedReader = io.BufferedReader(io.FileIO(file), LONGEST_REST)
    except OSError as error:
        raise click.ClickException(unfit_text(file, unreadable(error))) from error
    with opened:
        yield opened


def _begin(file: str, stream: io.BufferedReader) -> bytes:
    """What the file begins with, as far as it can be read: a disk may fail only then."""
    try:
        return stream.peek(LONGEST_REST)
    except OSError as error:
        raise click.ClickException(unfit_text(file, unreadable(error))) from error


def _captured(
    stream: io.BufferedReader, tell: Tell, advance: Advance
) -> Iterator[Exchange | Outcome]:
    try:
        yield from records(read_captures(stream, advance))
    except FlowFileError as error:
        tell(str(error))


def _journalled(
    file: str, stream: io.BufferedReader, tell: Tell, advance: Advance, failed: Failed
) -> Iterator[Exchange | Outcome]:
    problems, alike = 0, AlikeLines()

    def readline() -> bytes:
        try:
            return stream.readline(LONGEST_LINE)
        except OSError as error:  # what came before it counts
            tell(unfit_text(file, unreadable(error)))
            return b""

    for number, line in _numbered(readline, advance):
        try:
            found = alike.exchange(line) or _read(line, failed)
        except LineError as error:
            problems += 1
            if problems <= LISTED:
                tell(f"{escaped(file, LONGEST_MESSAGE)}:{number}: {error}; left out")
            continue
        if found is not None:
            yield found
    if problems > LISTED:
        tell(f"{escaped(file, LONGEST_MESSAGE)}: and {problems - LISTED} more lines like these")


def _numbered(readline: Callable[[], bytes], advance: Advance) -> Iterator[tuple[int, bytes]]:
    """Lines with their numbers; of one that is too long, only its beginning."""
    number = done = 0
    while line := readline():
        number += 1
        done += len(line)
        if number % TOLD_EVERY == 0:
            advance(done)
        yield number, line
        while not line.endswith(b"\n") and (line := readline()):
            pass


def _read(line: bytes, failed: Failed) -> Exchange | Outcome | None:
    """What a line records; None for lines of other types."""
    if not line.strip():
        return None
    try:
        content: Any = json.loads(line)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict) or not isinstance(content.get("type"), str):
        raise LineError("is no line of a journal")
    match content.get("type"):
        case "exchange":
            return exchange_of(content)
        case "outcome":
            return outcome_of(content)
    failed.note_line(content)
    return None


@dataclass(slots=True)
class _Waiting:
    """Entries that are held back, in order."""

    entries: "OrderedDict[str, Entry]" = field(default_factory=OrderedDict)
    characters: int = 0

    def add(self, found: Exchange | Outcome) -> Iterator[Entry]:
        """Take in what was read; yields what need not wait any longer."""
        if isinstance(found, Outcome):
            if (known := self.entries.get(found.id)) is not None:
                self.entries[found.id] = known._replace(outcome=found)
        else:
            if found.id in self.entries:
                yield self._take(found.id)
            self.entries[found.id] = Entry(found)
            self.characters += characters_of(found)
        while self.entries and (self._is_too_much() or not self._is_first_open()):
            yield self._take(next(iter(self.entries)))

    def _take(self, id_: str) -> Entry:
        entry = self.entries.pop(id_)
        self.characters -= characters_of(entry.exchange)
        return entry

    def _is_too_much(self) -> bool:
        return len(self.entries) > MOST_WAITING or self.characters > MOST_CHARACTERS

    def _is_first_open(self) -> bool:
        first = next(iter(self.entries.values()))
        return first.exchange.kind == "preflight" and first.outcome is None


def _entries(found: Iterable[Exchange | Outcome]) -> Iterator[Entry]:
    waiting = _Waiting()
    for each in found:
        yield from waiting.add(each)
    yield from waiting.entries.values()
