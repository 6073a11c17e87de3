"""What is known of a request that the browser sends once more by itself."""

from __future__ import annotations

import pytest

from corscope.journal import in_flight
from corscope.journal.exchange import Exchange, Outcome, Sighting
from corscope.journal.journal import Journal
from corscope.messages import Request, Response

from .requests import ALLOWED, API, actual, at, preflight

MISDIRECTED = Response(421, ALLOWED.headers)
TIMED_OUT = Response(408, ALLOWED.headers)


class Told:
    """A journal that numbers what it is told, and keeps the outcomes it gives."""

    def __init__(self) -> None:
        self.journal = Journal()
        self.number = 0
        self.now = 0.0
        self.outcomes: list[Outcome] = []

    def see(self, request: Request, response: Response = ALLOWED) -> Exchange:
        self.number += 1
        id_ = str(self.number)
        self.outcomes += self.journal.requested(id_, "browser", request, at(self.now))
        exchange = self.journal.answered(Sighting(id_, response), at(self.now))
        assert exchange is not None
        return exchange


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.mark.parametrize("refused", [MISDIRECTED, TIMED_OUT], ids=["421", "408"])
def test_a_repetition_belongs_to_the_same_preflight(told: Told, refused: Response) -> None:
    told.see(preflight("PUT"))
    first = told.see(actual("PUT"), refused)
    again = [told.see(actual("PUT"), refused), told.see(actual("PUT"))]
    assert [exchange.preflight for exchange in again] == ["1", "1"]
    assert [exchange.why for exchange in again] == [first.why, first.why]
    assert [exchange.findings for exchange in again] == [(), ()]
    assert [(outcome.id, outcome.actual) for outcome in told.outcomes] == [("1", "2")]


def test_a_repetition_has_the_same_place_in_its_chain(told: Told) -> None:
    told.see(actual(), Response(302, (("Location", "/2"), *ALLOWED.headers)))
    for response in (MISDIRECTED, ALLOWED):
        exchange = told.see(actual(url="https://api.test/2"), response)
        assert (exchange.redirected_from, exchange.hop, exchange.chain) == ("1", 1, "1")


def test_a_preflight_may_be_repeated_too(told: Told) -> None:
    told.see(actual(), Response(307, (("Location", "/2"), *ALLOWED.headers)))
    asked = preflight("GET", "x-tenant", "https://api.test/2")
    told.see(
        actual(headers=(("X-Tenant", "7"),)), Response(307, (("Location", "/2"), *ALLOWED.headers))
    )
    first = told.see(asked, MISDIRECTED)
    again = told.see(asked)
    assert first.redirected_from == again.redirected_from == "2"
    followed = told.see(actual(url="https://api.test/2", headers=(("X-Tenant", "7"),)))
    assert (followed.preflight, followed.redirected_from) == ("4", "2")


@pytest.mark.parametrize(
    ("wait", "request_", "response"),
    [
        pytest.param(2.1, actual("PUT"), MISDIRECTED, id="too late"),
        pytest.param(0, actual("PUT", headers=(("Pragma", "x"),)), MISDIRECTED, id="not the same"),
        pytest.param(0, actual("PUT"), Response(409, ALLOWED.headers), id="another status"),
    ],
)
def test_else_it_is_another_request(
    told: Told, wait: float, request_: Request, response: Response
) -> None:
    told.see(preflight("PUT"))
    told.see(actual("PUT"), response)
    told.now = wait
    assert [finding.id for finding in told.see(request_).findings] == ["preflight-cached"]


def test_scripts_own_repetition_follows_a_preflight_of_its_own(told: Told) -> None:
    told.see(preflight("PUT"))
    told.see(actual("PUT"), MISDIRECTED)
    told.see(preflight("PUT"))
    assert told.see(actual("PUT")).preflight == "3"
    assert [(outcome.id, outcome.actual) for outcome in told.outcomes] == [("1", "2"), ("3", "4")]


def test_what_does_not_come_again_in_time_is_forgotten(told: Told) -> None:
    told.see(actual(url=f"{API}/1"), MISDIRECTED)
    told.now = 1.5
    told.see(actual(url=f"{API}/2"), MISDIRECTED)
    told.journal.due(at(2))
    assert len(told.journal.repeats.answered) == 2
    told.journal.due(at(2.1))
    assert len(told.journal.repeats.answered) == 1


def test_what_is_kept_is_bounded(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_flight, "MAX_REPEATS", 2)
    for number in range(4):
        told.see(actual(url=f"{API}/{number}"), MISDIRECTED)
    assert [again.known.wire.cors.url for _, again in told.journal.repeats.answered.values()] == [
        f"{API}/2",
        f"{API}/3",
    ]
