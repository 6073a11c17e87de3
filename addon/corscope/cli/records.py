"""Which exchanges do these files hold, whatever their kind? Journals, flow files and HARs alike.

A preflight's entry waits for its outcome, and what comes after it waits too, so that the order
stays; but not for long, so that memory stays bounded.
"""

import io
import json
import re
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import click

from corscope.journal.exchange import Exchange, Outcome
from corscope.journal.read import LineError, exchange_of, outcome_of
from corscope.journal.store import Entry
from corscope.mitm.flows import LISTED, FlowFileError, read_flows
from corscope.mitm.replay import records

__all__ = ["read_records"]

MOST_WAITING: Final = 1_000
"""So many entries are held back at most until a preflight's outcome is known."""

LONGEST_LINE: Final = 16 * 1024 * 1024
"""A line longer than this is left out."""

_JOURNAL_BEGINS: Final = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"v"\s*:')

Tell = Callable[[str], None]


def _tell(problem: str) -> None:
    click.echo(problem, err=True)


def read_records(files: Iterable[str], tell: Tell = _tell) -> Iterator[Entry]:
    """Yield the exchanges of the files in their order, preflights with their outcomes.

    Args:
        files: journals, mitmproxy's flow files, HARs; a single - is the standard input.
        tell: gets each problem in words: a line of a journal that can't be read, by file and
            line; what of a flow file or a HAR can't. All the rest is read.

    Raises:
        click.ClickException: a file can't be opened.
    """
    for file in files:
        with _opened(file) as stream:
            is_journal = _JOURNAL_BEGINS.match(stream.peek(64))
            found = _journalled(file, stream, tell) if is_journal else _captured(stream, tell)
            yield from _entries(found)


@contextmanager
def _opened(file: str) -> Iterator[io.BufferedReader]:
    if file == "-":
        stream = sys.stdin.buffer
        assert isinstance(stream, io.BufferedReader)  # as Python opens it on every system
        yield stream
        return
    try:
        opened = Path(file).open("rb")  # noqa: SIM115 (only opening it may fail so)
    except OSError as error:
        raise click.ClickException(f"{file}: {error.strerror}") from error
    with opened:
        yield opened


def _captured(stream: io.BufferedReader, tell: Tell) -> Iterator[Exchange | Outcome]:
    try:
        yield from records(read_flows(stream))
    except FlowFileError as error:
        tell(str(error))


def _journalled(file: str, stream: io.BufferedReader, tell: Tell) -> Iterator[Exchange | Outcome]:
    problems = 0
    for number, line in _numbered(stream):
        try:
            found = _read(line)
        except LineError as error:
            problems += 1
            if problems <= LISTED:
                tell(f"{file}:{number}: {error}; left out")
            continue
        if found is not None:
            yield found
    if problems > LISTED:
        tell(f"{file}: and {problems - LISTED} more lines like these")


def _numbered(stream: io.BufferedReader) -> Iterator[tuple[int, bytes]]:
    """Lines with their numbers; of one that is too long, only its beginning."""
    number = 0
    while line := stream.readline(LONGEST_LINE):
        number += 1
        yield number, line
        while not line.endswith(b"\n") and (line := stream.readline(LONGEST_LINE)):
            pass


def _read(line: bytes) -> Exchange | Outcome | None:
    """What a line records; None for lines of other types."""
    if not line.strip():
        return None
    try:
        content: Any = json.loads(line)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise LineError("is no line of a journal")
    match content.get("type"):
        case "exchange":
            return exchange_of(content)
        case "outcome":
            return outcome_of(content)
    return None


@dataclass(slots=True)
class _Waiting:
    """Entries that are held back, in order."""

    entries: "OrderedDict[str, Entry]" = field(default_factory=OrderedDict)

    def add(self, found: Exchange | Outcome) -> Iterator[Entry]:
        """Take in what was read; yields what need not wait any longer."""
        if isinstance(found, Outcome):
            if (known := self.entries.get(found.id)) is not None:
                self.entries[found.id] = replace(known, outcome=found)
        else:
            if (same := self.entries.pop(found.id, None)) is not None:
                yield same
            self.entries[found.id] = Entry(found)
        while self.entries and (len(self.entries) > MOST_WAITING or not self._is_first_open()):
            yield self.entries.popitem(last=False)[1]

    def _is_first_open(self) -> bool:
        first = next(iter(self.entries.values()))
        return first.exchange.kind == "preflight" and first.outcome is None


def _entries(found: Iterable[Exchange | Outcome]) -> Iterator[Entry]:
    waiting = _Waiting()
    for each in found:
        yield from waiting.add(each)
    yield from waiting.entries.values()
