"""What has come or changed since a client last looked?

Each client has a bounded set of the exchanges that it doesn't know yet; one that reads too slowly
gets all anew instead. A client that comes back says up to where it knows, and gets what it missed.
"""

import asyncio
import re
import secrets
from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Literal

from corscope.journal.store import Entry, Store
from corscope.web.rows import Row, row_of

__all__ = ["Event", "Feed", "Subscription"]

MOST_PENDING: Final = 4_000
"""Exchanges that a client may be behind before it gets all anew."""

AT_ONCE: Final = 200
"""Rows of one event; the proxy's own work comes between two."""

GATHERED_FOR: Final = 0.05
"""Seconds in which changes become one event."""

ALIVE_EVERY: Final = 15.0
"""Seconds after which something is sent, or nobody would learn that the client has gone."""

_COUNT: Final = re.compile("[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Event:
    """What a client is told: that all it knows is void, rows, failures, other rules, or a beat.

    `failed` is on how many exchanges corscope has failed. `upto` is what the client says when it
    comes back; None while it doesn't have all up to there.
    """

    name: Literal["reset", "rows", "failed", "rules", "alive"]
    rows: tuple[Row, ...] = ()
    upto: str | None = None
    failed: int = 0


class Feed:
    """The exchanges of a store as rows, for any number of clients.

    Until there is one it looks at none of them: a page that nobody opens costs traffic nothing.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self._epoch = secrets.token_hex(4)
        self._count = 0
        self._numbers: dict[str, int] = {}
        self._changes: deque[tuple[int, str]] = deque(maxlen=MOST_PENDING)
        self._subscriptions: list[Subscription] = []

    def close(self) -> None:
        """Tell no client anything more."""
        if self._changed in self.store.listeners:
            self.store.listeners.remove(self._changed)
        for subscription in self._subscriptions:
            subscription.end()

    def cleared(self) -> None:
        """Let all clients begin anew: the store has been emptied."""
        self._changes.clear()
        self._numbers.clear()
        self._count += 1
        for subscription in self._subscriptions:
            subscription.begin_anew()

    def rules_changed(self) -> None:
        """Let all clients look at the rules again."""
        for subscription in self._subscriptions:
            subscription.look_at_rules()

    @contextmanager
    def subscribed(self, known: str | None) -> Iterator["Subscription"]:
        """Follow what comes, from where the client says that it is."""
        if self._changed not in self.store.listeners:
            for entry in self.store:
                self._note(entry.exchange.id)
            self.store.listeners.append(self._changed)
        subscription = Subscription(self, self._missed(known))
        self._subscriptions.append(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.remove(subscription)

    def upto(self) -> str:
        """Where the feed is now."""
        return f"{self._epoch}-{self._count}"

    def row(self, id_: str) -> Row | None:
        """The row of an exchange that is still kept."""
        entry = self.store.get(id_)
        return None if entry is None else row_of(entry, self._numbers.get(id_, 0))

    def _changed(self, entry: Entry | None) -> None:
        if entry is not None:
            self._note(entry.exchange.id)
        for subscription in self._subscriptions:
            subscription.add(None if entry is None else entry.exchange.id)

    def _note(self, id_: str) -> None:
        self._count += 1
        self._numbers.setdefault(id_, self._count)
        self._changes.append((self._count, id_))
        if len(self._numbers) > 2 * self.store.most:
            kept = (entry.exchange.id for entry in self.store)
            self._numbers = {each: self._numbers[each] for each in kept if each in self._numbers}

    def _missed(self, known: str | None) -> Sequence[str] | None:
        """What a client doesn't know that comes back; None where that can't be told."""
        epoch, _, count = (known or "").partition("-")
        if epoch != self._epoch or not _COUNT.fullmatch(count):
            return None
        behind = self._count - int(count)
        if not 0 <= behind <= len(self._changes):
            return None
        return [id_ for at, id_ in self._changes if at > int(count)]


class Subscription:
    """One client's place in the feed."""

    def __init__(self, feed: Feed, missed: Sequence[str] | None) -> None:
        self._feed = feed
        self._anew = missed is None
        self._pending = dict.fromkeys(missed or ())
        self._woken = asyncio.Event()
        self._ended = False
        self._failed = 0  # as the client knows it
        self._other_rules = False

    def add(self, id_: str | None) -> None:
        """Take note of an exchange that the client doesn't know yet, or that there is else news."""
        if id_ is not None:
            self._pending[id_] = None
        if len(self._pending) > MOST_PENDING:
            self._pending.clear()
            self._anew = True
        self._woken.set()

    def begin_anew(self) -> None:
        """Let the client forget what it knows."""
        self._anew = True
        self._woken.set()

    def look_at_rules(self) -> None:
        """Let the client know that the rules are others now."""
        self._other_rules = True
        self._woken.set()

    def end(self) -> None:
        """Let the client go."""
        self._ended = True
        self._woken.set()

    async def events(self) -> AsyncIterator[Event]:
        """What to tell the client, as it comes, until one of both has had enough."""
        while not self._ended:
            self._woken.clear()
            for event in self._all() if self._anew else self._news():
                yield event
                # What a socket takes at once is sent without a turn for anything else.
                await asyncio.sleep(0)
            if self._failed != (failed := self._feed.store.failed.count):
                self._failed = failed
                yield Event("failed", failed=failed)
            if self._other_rules:
                self._other_rules = False
                yield Event("rules")
            try:
                await asyncio.wait_for(self._woken.wait(), ALIVE_EVERY)
                if not self._ended:
                    await asyncio.sleep(GATHERED_FOR)
            except TimeoutError:
                yield Event("alive")

    def _all(self) -> Iterator[Event]:
        """Everything, the newest first, so that what is looked at is there at once."""
        self._anew = False
        self._pending.clear()
        upto = self._feed.upto()
        ids = [entry.exchange.id for entry in self._feed.store][::-1]
        yield Event("reset", upto=None if ids else upto)
        yield from self._parts(ids, upto)

    def _news(self) -> Iterator[Event]:
        upto = self._feed.upto()
        ids, self._pending = tuple(self._pending), {}
        yield from self._parts(ids, upto)

    def _parts(self, ids: Sequence[str], upto: str) -> Iterator[Event]:
        for start in range(0, len(ids), AT_ONCE):
            is_last = start + AT_ONCE >= len(ids)
            rows = self._rows(ids[start : start + AT_ONCE])
            yield Event("rows", rows, upto if is_last else None)

    def _rows(self, ids: Sequence[str]) -> tuple[Row, ...]:
        return tuple(row for row in map(self._feed.row, ids) if row is not None)
