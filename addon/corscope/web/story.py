"""Which exchanges belong together? A preflight and what it opened, and the hops of a redirect.

In the order in which they happened, so that they can be drawn as a sequence.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from corscope.journal.store import Entry

__all__ = ["Index", "Story"]


@dataclass(frozen=True, slots=True)
class Story:
    """One exchange among those that belong to it.

    Attributes:
        chosen: the exchange that was asked for.
        entries: all of them, the first one first.
    """

    chosen: Entry
    entries: tuple[Entry, ...]


class Index:
    """Entries by their ids and their chains of redirects."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._by_id = {entry.exchange.id: entry for entry in entries}
        self._by_chain: dict[str, list[Entry]] = {}
        for entry in self._by_id.values():
            if (chain := entry.exchange.chain) is not None:
                self._by_chain.setdefault(chain, []).append(entry)

    def story(self, id_: str) -> Story | None:
        """The story of the exchange with this id, if there is one."""
        chosen = self._by_id.get(id_)
        if chosen is None:
            return None
        family = {entry.exchange.id: entry for entry in self._related(chosen)}
        return Story(chosen, tuple(sorted(family.values(), key=_place)))

    def _related(self, chosen: Entry) -> Iterator[Entry]:
        actual = self._actual(chosen)
        chain = actual.exchange.chain or chosen.exchange.chain
        for entry in (chosen, actual, *self._by_chain.get(chain or "", ())):
            yield entry
            if (preflight := self._by_id.get(entry.exchange.preflight or "")) is not None:
                yield preflight

    def _actual(self, chosen: Entry) -> Entry:
        """What a preflight opened, or the exchange itself."""
        id_ = chosen.outcome.actual if chosen.outcome else None
        return self._by_id.get(id_ or "", chosen)


def _place(entry: Entry) -> tuple[int, bool, float]:
    exchange = entry.exchange
    return (exchange.hop, exchange.kind == "actual", exchange.time.timestamp())
