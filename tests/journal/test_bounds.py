"""What the journal remembers has an end in characters too, however long the exchanges are."""

from __future__ import annotations

import gc
import types
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from corscope.journal import journal as journal_module
from corscope.journal.caches import cached
from corscope.journal.exchange import Missing, Sighting
from corscope.journal.journal import Journal
from corscope.journal.links import pairing
from corscope.journal.links.chains import Chains
from corscope.journal.links.waits import Waits
from corscope.messages import HeaderList, Request, Response

NOW = datetime(2026, 1, 1, tzinfo=UTC)
COUNT, LENGTH = 40, 100_000
BOUND = 10 * LENGTH
API = "https://api.test/"
ORIGIN = ("Origin", "https://app.test")
TAG = ("ETag", "1")
ANY = ("Access-Control-Allow-Origin", "*")


def kept(journal: Journal) -> int:
    """The characters of all texts that the journal holds."""
    seen: set[int] = set()
    waiting: list[object] = [journal]
    characters = 0
    while waiting:
        each = waiting.pop()
        if id(each) in seen or isinstance(each, type | types.ModuleType | types.FunctionType):
            continue
        seen.add(id(each))
        if isinstance(each, str):
            characters += len(each)
        else:
            waiting.extend(gc.get_referents(each))
    return characters


def exchanges(long: str) -> dict[str, tuple[HeaderList, int, HeaderList]]:
    """Request headers, status and response headers, of which one is long."""
    to = ("Location", "https://b.test/")
    return {
        "client": ((ORIGIN,), 200, (ANY, TAG)),
        "url": ((ORIGIN,), 200, (ANY, TAG)),
        "origin": ((("Origin", f"https://{long}.test"),), 200, (ANY, TAG)),
        "request header": ((ORIGIN, ("X-A", long)), 200, (ANY, TAG)),
        "request header name": ((ORIGIN, (f"X-{long}", "1")), 200, (ANY, TAG)),
        "allowed origin": ((ORIGIN,), 200, (("Access-Control-Allow-Origin", long),)),
        "exposed headers": ((ORIGIN,), 200, (ANY, ("Access-Control-Expose-Headers", long))),
        "location": ((ORIGIN,), 302, (ANY, (to[0], to[1] + long))),
        "redirected": ((ORIGIN, ("X-A", long)), 307, (ANY, to)),
        "page without Origin": ((("Referer", f"https://{long}.test/"),), 200, (ANY, TAG)),
    }


@pytest.mark.parametrize("what", exchanges(""))
def test_long_exchanges_are_not_remembered(what: str) -> None:
    journal, now = Journal(), NOW
    for number in range(COUNT):
        now += timedelta(milliseconds=1)
        long = f"{number:08}" + "x" * LENGTH
        asked, status, answer = exchanges(long)[what]
        client = long if what == "client" else "client"
        url = f"https://api.test/{long if what == 'url' else number}"
        journal.requested(str(number), client, Request("GET", url, asked), now)
        recorded = journal.answered(Sighting(str(number), Response(status, answer)), now)
        assert (recorded is None) == (what == "page without Origin")
    found = kept(journal)
    assert found < 3 * LENGTH, f"of {COUNT * LENGTH:,} characters {found:,} are kept"


@pytest.mark.parametrize("what", ["client", "URL", "origin"])
def test_long_documents_are_not_remembered(what: str) -> None:
    journal = Journal()
    opened = (("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document"))
    policy = (("Cross-Origin-Embedder-Policy", "require-corp"),)
    for number in range(COUNT):
        long = f"{number:08}" + "x" * LENGTH
        client = long if what == "client" else "client"
        origin = f"https://{long if what == 'origin' else number}.test"
        request = Request("GET", f"{origin}/{long if what == 'URL' else ''}", opened)
        journal.requested(str(number), client, request, NOW)
        assert journal.answered(Sighting(str(number), Response(200, policy)), NOW) is None
    assert kept(journal) < LENGTH


@pytest.mark.parametrize("status", [408, 421])
def test_a_long_request_is_not_expected_once_more(status: int) -> None:
    journal = Journal()
    for number in range(COUNT):
        asked = (ORIGIN, ("X-A", f"{number}" + "x" * LENGTH))
        journal.requested(str(number), "client", Request("GET", f"{API}{number}", asked), NOW)
        journal.answered(Sighting(str(number), Response(status, (ANY,))), NOW)
    assert kept(journal) < LENGTH


def test_a_long_error_is_not_remembered() -> None:
    journal = Journal()
    for number in range(COUNT):
        journal.requested(str(number), "client", Request("GET", API, (ORIGIN,)), NOW)
        error = f"{number}" + "x" * LENGTH
        exchange = journal.answered(Sighting(str(number), None, Missing.NO_ANSWER, error), NOW)
        assert exchange is not None
        assert exchange.error == error
    assert kept(journal) < LENGTH


def unanswered(long: str) -> dict[str, tuple[str, Request]]:
    """A client and what it asks, of which one thing is long."""
    asks = (ORIGIN, ("Access-Control-Request-Method", "PUT"))
    names = ",".join(f"x-{number}{long[:8]}" for number in range(len(long) // 15))
    return {
        "client": (long, Request("GET", API, (ORIGIN,))),
        "URL": ("client", Request("GET", API + long, (ORIGIN,))),
        "header": ("client", Request("GET", API, (ORIGIN, ("X-A", long)))),
        "preflight": (
            "client",
            Request("OPTIONS", API, (*asks, ("Access-Control-Request-Headers", names))),
        ),
        "page without Origin": (
            "client",
            Request("GET", API, (("Referer", f"https://{long}.test/"),)),
        ),
        "request that may yet leave its origin": ("client", Request("GET", API, (("X-A", long),))),
        "request of no interest": ("client", Request("POST", API, (("Sec-Fetch-Mode", long),))),
    }


@pytest.fixture
def journal(monkeypatch: pytest.MonkeyPatch) -> Journal:
    """One that is full sooner than others, as they have room for tens of megabytes."""
    monkeypatch.setattr(journal_module, "MAX_LONG_IN_FLIGHT", BOUND)
    monkeypatch.setattr(pairing, "MOST_CHARACTERS", BOUND)
    monkeypatch.setattr(cached, "MOST_CHARACTERS", BOUND)
    waiting: Waits[Any, Any, Any] = Waits(10_000, pairing.KEPT, BOUND)
    redirects: Waits[Any, Any, Any] = Waits(10_000, pairing.KEPT, BOUND)
    return Journal(pairing=pairing.Pairing(waits=waiting), chains=Chains(waits=redirects))


def few_are_kept(journal: Journal) -> bool:
    """Whether of what is longer only about as much is kept as there is room for.

    A URL is there in more than one form.
    """
    return kept(journal) < 2.5 * BOUND


@pytest.mark.parametrize("what", unanswered(""))
def test_long_requests_that_nobody_answers_are_forgotten(journal: Journal, what: str) -> None:
    for number in range(COUNT):
        client, request = unanswered(f"{number:08}" + "x" * LENGTH)[what]
        journal.requested(str(number), client, request, NOW)
    assert few_are_kept(journal)
    assert (str(COUNT - 1) in journal.in_flight) == (what != "request of no interest")


def asked_in_vain(journal: Journal, number: int) -> None:
    asked = (ORIGIN, ("X-A", f"{number:08}" + "x" * LENGTH))
    journal.requested(str(number), "client", Request("GET", API, asked), NOW)


def test_long_requests_send_no_short_one_away(journal: Journal) -> None:
    journal.requested("short", "client", Request("GET", API, (ORIGIN,)), NOW)
    for number in range(COUNT):
        asked_in_vain(journal, number)
    assert journal.answered(Sighting("short", Response(200, (ANY,))), NOW) is not None


def test_what_was_answered_makes_room_again(journal: Journal) -> None:
    for number in range(COUNT):
        asked_in_vain(journal, number)
        if number:
            assert journal.answered(Sighting(str(number), Response(200, (ANY,))), NOW) is not None
    assert list(journal.in_flight) == list(journal.long) == ["0"]


def test_what_is_forgotten_for_a_failure_makes_room_again(journal: Journal) -> None:
    for number in range(COUNT):
        asked_in_vain(journal, number)
        if number:
            journal.forget(str(number))
    assert list(journal.in_flight) == list(journal.long) == ["0"]


LONG_PREFLIGHTS: dict[str, Callable[[str], tuple[str, HeaderList, HeaderList]]] = {
    "URL": lambda long: (API + long, (), ()),
    "header": lambda long: (API, (("X-A", long),), ()),
    "answer": lambda long: (API, (), (("Server", long),)),
}


@pytest.mark.parametrize("what", LONG_PREFLIGHTS)
@pytest.mark.parametrize("length", [LENGTH, LENGTH // 2], ids=["long", "not so long"])
def test_long_preflights_that_nothing_follows_are_forgotten(
    journal: Journal, what: str, length: int
) -> None:
    asks = (ORIGIN, ("Access-Control-Request-Method", "PUT"))
    allows = (ANY, ("Access-Control-Allow-Methods", "PUT"))
    told = []
    for number in range(COUNT):
        url, asked, answer = LONG_PREFLIGHTS[what](f"{number:08}" + "x" * length)
        journal.requested(str(number), "client", Request("OPTIONS", url, (*asks, *asked)), NOW)
        journal.answered(Sighting(str(number), Response(204, (*allows, *answer))), NOW)
        told += journal.due(NOW)
    assert few_are_kept(journal)
    assert {each.outcome for each in told} == {"not-followed"}
    told += journal.close(NOW)
    assert [each.id for each in told] == [str(number) for number in range(COUNT)]


def test_long_redirects_that_nobody_follows_are_forgotten(journal: Journal) -> None:
    for number in range(COUNT):
        url = f"https://b.test/{number:08}" + "x" * (LENGTH // 2)
        journal.requested(str(number), "client", Request("GET", API, (ORIGIN,)), NOW)
        journal.answered(Sighting(str(number), Response(302, (ANY, ("Location", url)))), NOW)
    assert few_are_kept(journal)
    assert 0 < len(journal.chains.waits) < COUNT


def test_a_chain_of_redirects_does_not_gather_names_for_ever() -> None:
    journal = Journal()
    for number in range(100):
        headers = tuple((f"Sec-{number}-{each}-{'x' * 100}", "") for each in range(100))
        request = Request("GET", f"{API}{number}", headers)
        journal.requested(str(number), "client", request, NOW)
        to = Response(302, (("Location", f"{API}{number + 1}"),))
        journal.answered(Sighting(str(number), to), NOW)
    assert kept(journal) < 2 * LENGTH


def test_a_long_preflight_is_paired_all_the_same() -> None:
    journal = Journal()
    url = f"https://api.test/{'x' * LENGTH}"
    asks = (ORIGIN, ("Access-Control-Request-Method", "PUT"))
    allows = (ANY, ("Access-Control-Allow-Methods", "PUT"))
    journal.requested("1", "client", Request("OPTIONS", url, asks), NOW)
    journal.answered(Sighting("1", Response(204, allows)), NOW)
    [outcome] = journal.requested("2", "client", Request("PUT", url, (ORIGIN,)), NOW)
    assert (outcome.id, outcome.outcome) == ("1", "followed")
