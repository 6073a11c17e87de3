"""What was recorded, in whatever file it is? Journals, mitmproxy's flow files, HARs of browsers.

Which of them a file is shows at its beginning. What can't be read is told with its place, and the
rest is read all the same.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

import click

from corscope.cli.progress import Advance, progress
from corscope.explain.escape import LONGEST_MESSAGE, escaped
from corscope.journal.exchange import Exchange, Outcome
from corscope.journal.read import LineError, exchange_of, outcome_of
from corscope.journal.store import Entry, Store
from corscope.mitm.flows import FlowFileError, read_flows
from corscope.mitm.replay import exchanges

__all__ = ["entries_of", "read_records"]

Complain = Callable[[str], None]

_JOURNAL_BEGINS: Final = b'{"v":1,'
_LONGEST_LINE: Final = 64 * 1024 * 1024
_TOLD_EVERY: Final = 1_000


def read_records(files: Iterable[str], complain: Complain) -> Iterator[Exchange | Outcome]:
    """The exchanges of these files, and of journals what became of preflights, in their order.

    Args:
        files: their paths.
        complain: is told of what can't be read, with its place.

    Raises:
        click.ClickException: a file can't be opened.
    """
    for file in files:
        path = Path(file)
        with progress(file, path.stat().st_size if path.is_file() else None) as (advance, _):
            if _is_journal(path):
                yield from _journalled(path, advance, complain)
                continue
            try:
                yield from exchanges(read_flows(path, advance))
            except FlowFileError as error:
                complain(str(error))


def entries_of(records: Iterable[Exchange | Outcome], most: int) -> tuple[Entry, ...]:
    """The records with each preflight's outcome at its exchange; of more than `most` the last."""
    store = Store(most=most, most_characters=most * 10_000)
    for record in records:
        if isinstance(record, Exchange):
            store.add(record)
        else:
            store.note(record)
    return tuple(store)


def _is_journal(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            return stream.read(len(_JOURNAL_BEGINS)) == _JOURNAL_BEGINS
    except OSError as error:
        message = f"{escaped(str(path), LONGEST_MESSAGE)}: {error.strerror}"
        raise click.ClickException(message) from error


def _journalled(path: Path, advance: Advance, complain: Complain) -> Iterator[Exchange | Outcome]:
    done = 0
    with path.open("rb") as stream:
        number = 0
        while line := stream.readline(_LONGEST_LINE):
            number += 1
            done += len(line)
            if number % _TOLD_EVERY == 0:
                advance(done)
            try:
                record = _record(line)
            except (ValueError, RecursionError) as error:
                why = str(error) if isinstance(error, LineError) else "is no line of a journal"
                complain(f"{escaped(str(path), LONGEST_MESSAGE)}:{number}: {why}; left out")
                continue
            if record is not None:
                yield record


def _record(line: bytes) -> Exchange | Outcome | None:
    content = json.loads(line)
    if not isinstance(content, dict):
        raise ValueError
    match content.get("type"):
        case "exchange":
            return exchange_of(content)
        case "outcome":
            return outcome_of(content)
    return None
