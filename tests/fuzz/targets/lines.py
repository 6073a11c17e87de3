"""Any line of a journal: an exchange or an outcome, or the key that is wrong."""

from __future__ import annotations

import json
from contextlib import suppress

from corscope.explain.log_check.check import JournalLineError, checked_line
from corscope.journal.exchange import Exchange
from corscope.journal.lines.read import LineError, exchange_of, outcome_of
from corscope.journal.store import Entry
from tests.fuzz.targets.headers import check_shown

__all__ = ["fuzz_one"]


def fuzz_one(data: bytes) -> None:
    """Read each line; what an exchange's line says is shown as any exchange is."""
    entries: dict[str, Entry] = {}
    for line in data.splitlines()[:4]:
        try:
            content = json.loads(line)
        except (ValueError, RecursionError):
            continue
        with suppress(JournalLineError):
            checked_line(content)
        if not isinstance(content, dict):
            continue
        with suppress(LineError):
            exchange: Exchange = exchange_of(content)
            entries[exchange.id] = Entry(exchange)
        with suppress(LineError):
            outcome = outcome_of(content)
            if outcome.id in entries:
                entries[outcome.id] = Entry(entries[outcome.id].exchange, outcome)
    check_shown(list(entries.values()))
