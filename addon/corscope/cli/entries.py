"""Which exchanges do these files hold? Journals, flow files and HARs alike, told apart by content.

What can't be read of a file is told on standard error, and the rest is used.
"""

import json
from collections.abc import Iterable
from pathlib import Path

import click

from corscope.journal.read import exchange_of, outcome_of
from corscope.journal.store import Entry, Store
from corscope.mitm.flows import FlowFileError, read_flows
from corscope.mitm.replay import exchanges

__all__ = ["read_entries"]

MOST_EXCHANGES = 100_000
MOST_CHARACTERS = 500_000_000

_JOURNAL_BEGINS = b'{"v":1,'


def read_entries(files: Iterable[str]) -> list[Entry]:
    """The exchanges of all files, with what became of the preflights, in their order.

    Of more than 100,000 the latest are kept.

    Raises:
        click.ClickException: a file can't be opened, or there is no exchange in any.
    """
    names = list(files)
    store = Store(MOST_EXCHANGES, MOST_CHARACTERS)
    for name in names:
        _read(name, store)
    if not len(store):
        raise click.ClickException(f"no CORS exchange is in {', '.join(names)}")
    return list(store)


def _read(name: str, store: Store) -> None:
    path = Path(name)
    try:
        with path.open("rb") as stream:
            is_journal = stream.read(len(_JOURNAL_BEGINS)) == _JOURNAL_BEGINS
    except OSError as error:
        raise click.ClickException(f"{name}: {error.strerror}") from error
    if is_journal:
        _read_journal(path, store)
        return
    try:
        for exchange in exchanges(read_flows(path)):
            store.add(exchange)
    except FlowFileError as error:
        click.echo(str(error), err=True)


def _read_journal(path: Path, store: Store) -> None:
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                _take(json.loads(line), store)
            except (ValueError, RecursionError) as error:
                click.echo(f"{path}:{number}: {_why(error)}; left out", err=True)


def _why(error: Exception) -> str:
    is_no_json = isinstance(error, json.JSONDecodeError | UnicodeDecodeError | RecursionError)
    return "is no line of a journal" if is_no_json else str(error)


def _take(line: object, store: Store) -> None:
    if not isinstance(line, dict):
        raise ValueError("is no line of a journal")
    match line.get("type"):
        case "exchange":
            store.add(exchange_of(line))
        case "outcome":
            store.note(outcome_of(line))
