"""What is known of a request that the browser sends once more by itself."""

from __future__ import annotations

import pytest

from corscope.journal.exchange import Exchange, Missing, Outcome, Sighting
from corscope.journal.journal import Journal
from corscope.journal.links import in_flight
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

    def see(self, request: Request, response: Response | None = ALLOWED) -> Exchange:
        self.number += 1
        id_ = str(self.number)
        self.outcomes += self.journal.requested(id_, "browser", request, at(self.now))
        missing = Missing.DROPPED if response is None else None
        exchange = self.journal.answered(Sighting(id_, response, missing), at(self.now))
        assert exchange is not None
        return exchange


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.mark.parametrize("refused", [MISDIRECTED, TIMED_OUT, None], ids=["421", "408", "dropped"])
def test_a_repetition_belongs_to_the_same_preflight(told: Told, refused: Response | None) -> None:
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


# What comes again with an Authorization


WHO = Response(401, (*ALLOWED.headers, ("WWW-Authenticate", 'Basic realm="x"')))
SELF = ("Authorization", "Basic eDp5")
TENANT = ("X-Tenant", "7")
ONCE = (*ALLOWED.headers, ("Access-Control-Max-Age", "0"))


@pytest.mark.parametrize("seconds", [0, 299], ids=["known", "typed in"])
def test_an_answer_to_who_it_is_belongs_to_the_same_preflight(told: Told, seconds: float) -> None:
    told.see(preflight("PUT", "x-tenant"), Response(204, ONCE))
    first = told.see(actual("PUT", headers=(TENANT,)), WHO)
    told.now = seconds
    again = told.see(actual("PUT", headers=(TENANT, SELF, ("Cookie", "a=1"))))
    assert (again.preflight, again.credentials) == ("1", "include")
    assert (again.request_headers, again.why) == (("x-tenant",), first.why)
    assert again.findings == ()


def test_so_does_each_of_several_as_ntlm_needs_them(told: Told) -> None:
    told.see(preflight("PUT"), Response(204, ONCE))
    told.see(actual("PUT"), WHO)
    steps = [actual("PUT", headers=(("Authorization", f"NTLM {part}"),)) for part in ("a", "b")]
    assert [told.see(step, WHO).preflight for step in steps] == ["1", "1"]


def test_it_has_the_same_place_in_its_chain(told: Told) -> None:
    told.see(actual(), Response(302, (("Location", "/2"), *ALLOWED.headers)))
    told.see(actual(url="https://api.test/2"), WHO)
    again = told.see(actual(url="https://api.test/2", headers=(SELF,)))
    assert (again.redirected_from, again.hop, again.chain) == ("1", 1, "1")
    assert (again.preflight, again.credentials) == (None, "include")


@pytest.mark.parametrize(
    ("seconds", "response"),
    [
        pytest.param(301, WHO, id="too late"),
        pytest.param(0, Response(401, ALLOWED.headers), id="nobody asked"),
        pytest.param(0, Response(403, WHO.headers), id="another status"),
    ],
)
def test_else_it_is_no_answer_to_that(told: Told, seconds: float, response: Response) -> None:
    told.see(preflight("PUT"), Response(204, ONCE))
    told.see(actual("PUT"), response)
    told.now = seconds
    again = told.see(actual("PUT", headers=(SELF,)))
    assert (again.preflight, [each.id for each in again.findings]) == (None, ["preflight-not-seen"])


def test_a_token_is_scripts_own_answer(told: Told) -> None:
    told.see(preflight("PUT"), Response(204, ONCE))
    told.see(actual("PUT"), WHO)
    again = told.see(actual("PUT", headers=(("Authorization", "Bearer x"),)))
    assert (again.preflight, [each.id for each in again.findings]) == (None, ["preflight-not-seen"])


def test_what_has_had_leave_before_may_be_scripts_own_answer(told: Told) -> None:
    told.see(preflight("GET", "authorization"))
    told.see(actual(headers=(SELF,)), WHO)
    again = told.see(actual(headers=(SELF,)))
    assert (again.preflight, again.credentials) == ("1", "unknown")
    assert [each.id for each in again.findings] == ["preflight-cached"]


def test_who_was_not_told_in_time_is_forgotten(told: Told) -> None:
    told.see(actual(), WHO)
    told.journal.due(at(300))
    assert len(told.journal.repeats.challenged) == 1
    told.journal.due(at(300.1))
    assert len(told.journal.repeats.challenged) == 0
