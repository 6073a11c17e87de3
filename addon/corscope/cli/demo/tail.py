"""What did corscope say of one press of a button? Read from the journal as it grows.

Each press has an id in its URL's path. Serving this is done in `servers`; the wording is that
of `explain`.
"""

import json
from collections import deque
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from corscope.explain.parts.words import exchange_words
from corscope.journal.exchange import Exchange, Judgement
from corscope.journal.lines.read import exchange_of

__all__ = ["JournalTail"]

Line = dict[str, Any]

_KEPT: Final = 1000


class JournalTail:
    """The latest exchanges of a journal file that another process writes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._exchanges: deque[Line] = deque(maxlen=_KEPT)

    def of_press(self, press: str) -> list[Line]:
        """Return the exchanges whose URL ends in this id, each with `told`: what and fix."""
        self._read_on()
        return [
            exchange | {"told": _told(exchange)}
            for exchange in self._exchanges
            if exchange["url"].endswith(f"/{press}")
        ]

    def _read_on(self) -> None:
        """Take up the lines written since; a line still being written is left for later."""
        try:
            with self._path.open("rb") as stream:
                stream.seek(self._offset)
                complete = stream.read().rpartition(b"\n")[0]
        except FileNotFoundError:
            return
        if not complete:
            return
        self._offset += len(complete) + 1
        lines = [json.loads(line) for line in complete.split(b"\n")]
        self._exchanges.extend(line for line in lines if line["type"] == "exchange")


def _told(line: Line) -> dict[str, dict[str, str] | None]:
    """Word the verdict for each credentials mode; None where there is nothing to mend."""
    exchange = exchange_of(line)
    verdicts = {"omit": exchange.verdicts.omit, "include": exchange.verdicts.include}
    return {mode: _words(exchange, judged) for mode, judged in verdicts.items()}


def _words(exchange: Exchange, judged: Judgement) -> dict[str, str] | None:
    return None if judged.reason is None else asdict(exchange_words(exchange, judged))
