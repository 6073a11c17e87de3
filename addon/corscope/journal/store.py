"""Which exchanges are at hand? The latest ones, for all that shows them.

The file keeps everything; here memory is bounded, in exchanges and in characters, and the oldest
go first. Whoever wants to know of what comes is told as it comes.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from corscope.journal.exchange import Exchange, Outcome
from corscope.journal.failure import Failed

__all__ = ["Entry", "Store", "characters_of"]

MOST_EXCHANGES: Final = 10_000
MOST_CHARACTERS: Final = 32_000_000


class Entry(NamedTuple):
    """An exchange, and for a preflight what became of it, once that is known."""

    exchange: Exchange
    outcome: Outcome | None = None


@dataclass(slots=True)
class Store:
    """The latest exchanges by id, the oldest first.

    Attributes:
        most: so many exchanges are kept at most.
        most_characters: so many characters of headers and URLs are kept at most.
        listeners: each is called with every entry that is added or changed, and with None where
            corscope has failed on an exchange.
        dropped: so many had to make room for later ones.
        failed: the exchanges on which corscope has failed.
    """

    most: int = MOST_EXCHANGES
    most_characters: int = MOST_CHARACTERS
    listeners: list[Callable[[Entry | None], None]] = field(default_factory=list)
    dropped: int = 0
    failed: Failed = field(default_factory=Failed)
    _exchanges: "OrderedDict[str, Exchange]" = field(default_factory=OrderedDict)
    _outcomes: dict[str, Outcome] = field(default_factory=dict)
    _characters: int = 0

    def __len__(self) -> int:
        return len(self._exchanges)

    def __iter__(self) -> Iterator[Entry]:
        outcome_of = self._outcomes.get
        return iter([Entry(each, outcome_of(id_)) for id_, each in self._exchanges.items()])

    def get(self, id_: str) -> Entry | None:
        """The entry of the exchange with this id, if it is still kept."""
        exchange = self._exchanges.get(id_)
        return None if exchange is None else Entry(exchange, self._outcomes.get(id_))

    def add(self, exchange: Exchange) -> None:
        """Keep an exchange; one with the same id makes place for it."""
        if exchange.id in self._exchanges:
            self._drop(exchange.id)
        self._exchanges[exchange.id] = exchange
        self._characters += characters_of(exchange)
        while len(self._exchanges) > self.most or (
            self._characters > self.most_characters and len(self._exchanges) > 1
        ):
            self._drop(next(iter(self._exchanges)))
            self.dropped += 1
        if self.listeners:
            self._tell(Entry(exchange))

    def note(self, outcome: Outcome) -> None:
        """Keep what became of a preflight; of one that is no longer here, nothing."""
        if (exchange := self._exchanges.get(outcome.id)) is not None:
            self._outcomes[outcome.id] = outcome
            if self.listeners:
                self._tell(Entry(exchange, outcome))

    def note_failure(self, id_: str) -> None:
        """Keep in mind that what is here of this exchange is not all, or nothing."""
        self.failed.note(id_)
        self._tell(None)

    def clear(self) -> None:
        """Forget all of them."""
        self._exchanges.clear()
        self._outcomes.clear()
        self.failed = Failed()
        self._characters = 0

    def _drop(self, id_: str) -> None:
        self._characters -= characters_of(self._exchanges.pop(id_))
        self._outcomes.pop(id_, None)

    def _tell(self, entry: Entry | None) -> None:
        for listener in tuple(self.listeners):
            listener(entry)


def characters_of(exchange: Exchange) -> int:
    """About how much there is in it of what comes from the wire."""
    pattern = exchange.pattern
    if pattern is None:
        return _counted(exchange)
    if pattern.characters is None:
        pattern.characters = _counted(exchange)
    return pattern.characters


def _counted(exchange: Exchange) -> int:
    lines = (*exchange.headers, *(exchange.server_headers or ()), *(exchange.goes_by or ()))
    lines += exchange.shadow.headers if exchange.shadow else ()
    names = (*exchange.request_headers, *(exchange.exposed or ()), *(exchange.hidden or ()))
    scene = exchange.scene
    told = (exchange.error, exchange.location, exchange.method, scene.page, scene.first_url)
    return (
        len(exchange.url)
        + len(exchange.origin)
        + sum(len(name) + len(value) for name, value in lines)
        + sum(map(len, names))
        + sum(len(each) for each in told if each)
    )
