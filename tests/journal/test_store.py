"""The store keeps the latest exchanges, within its bounds, and tells of what comes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from corscope.journal.exchange import Exchange, Outcome, Sighting
from corscope.journal.journal import Journal
from corscope.journal.store import Entry, Store
from corscope.messages import Request, Response

NOW = datetime(2026, 1, 1, tzinfo=UTC)
API = "https://api.example.com/items"
OF_PREFLIGHT = (
    ("Origin", "https://app.example.com"),
    ("Access-Control-Request-Method", "PUT"),
)


def exchange(id_: str, value: str = "*") -> Exchange:
    journal = Journal()
    journal.requested(id_, "a", Request("OPTIONS", API, OF_PREFLIGHT), NOW)
    answer = Response(204, (("Access-Control-Allow-Origin", value),))
    recorded = journal.answered(Sighting(id_, answer), NOW)
    assert recorded is not None
    return recorded


def ids(store: Store) -> list[str]:
    return [entry.exchange.id for entry in store]


def test_what_is_added_is_found_in_its_order() -> None:
    store = Store()
    first, second = exchange("1"), exchange("2")
    store.add(first)
    store.add(second)
    assert list(store) == [Entry(first), Entry(second)]
    assert store.get("2") == Entry(second)
    assert store.get("3") is None
    assert len(store) == 2


def test_the_oldest_go_first_where_there_are_too_many() -> None:
    store = Store(most=2)
    for id_ in "123":
        store.add(exchange(id_))
    assert ids(store) == ["2", "3"]


@pytest.mark.parametrize("id_", ["3", "2"], ids=["a new one", "one in another's place"])
def test_the_oldest_go_first_where_they_are_too_long(id_: str) -> None:
    store = Store(most_characters=3_000)
    store.add(exchange("1", "a" * 1_000))
    store.add(exchange("2", "b" * 1_000))
    store.add(exchange(id_, "c" * 2_500))
    assert ids(store)[-1] == id_
    assert "1" not in ids(store)


def test_the_latest_is_kept_however_long_it_is() -> None:
    store = Store(most_characters=10)
    store.add(exchange("1"))
    store.add(exchange("2"))
    assert ids(store) == ["2"]


def test_the_outcome_of_a_preflight_stands_beside_it() -> None:
    store = Store()
    store.add(exchange("1"))
    outcome = Outcome(NOW, "1", "followed", actual="2")
    store.note(outcome)
    store.note(Outcome(NOW, "gone", "not-followed"))
    assert store.get("1") == Entry(exchange("1"), outcome)
    assert len(store) == 1


def test_listeners_hear_of_what_is_added_and_changed() -> None:
    heard: list[Entry | None] = []
    store = Store(listeners=[heard.append])
    store.add(exchange("1"))
    store.note(Outcome(NOW, "1", "not-followed"))
    store.note_failure("2")
    *entries, failure = heard
    assert [e.outcome and e.outcome.outcome for e in entries if e] == [None, "not-followed"]
    assert failure is None


def test_an_exchange_with_several_failures_counts_once_until_all_is_cleared() -> None:
    store = Store()
    for id_ in ("1", "2", "1"):
        store.note_failure(id_)
    assert store.failed.count == 2
    store.clear()
    assert store.failed.count == 0


def test_what_is_forgotten_takes_no_room() -> None:
    store = Store(most_characters=3_000)
    store.add(exchange("1", "a" * 2_500))
    store.clear()
    store.add(exchange("2", "a" * 2_000))
    store.add(exchange("3", "a" * 500))
    assert ids(store) == ["2", "3"]
