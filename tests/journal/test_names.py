"""Requests of a browser whose script sets a User-Agent, as Firefox lets it."""

from __future__ import annotations

import pytest

from corscope.journal.exchange import Exchange, Sighting
from corscope.journal.journal import Journal
from corscope.journal.senders import names as names_module
from corscope.messages import Request, Response

from .requests import ALLOWED, API, FIREFOX, PAGE, actual, at, preflight

OCTOKIT = "octokit.js/5 Mozilla/5.0 (X11)"
GIVEN = (
    ("Access-Control-Allow-Origin", PAGE),
    ("Access-Control-Allow-Methods", "PUT"),
    ("Access-Control-Allow-Headers", "user-agent, x-tenant"),
    ("Access-Control-Max-Age", "60"),
)


class Told:
    """A journal that is told what comes from an address, by User-Agent."""

    def __init__(self) -> None:
        self.journal = Journal()
        self.number = 0

    def see(self, request: Request, agent: str = FIREFOX, address: str = "::1") -> Exchange:
        self.number += 1
        id_ = str(self.number)
        named = request._replace(headers=(*request.headers, ("User-Agent", agent)))
        self.journal.requested(id_, f"{address} {agent}", named, at(0))
        answer = Response(200, GIVEN if request.method == "OPTIONS" else ALLOWED.headers)
        exchange = self.journal.answered(Sighting(id_, answer), at(0))
        assert exchange is not None
        return exchange


@pytest.fixture
def told() -> Told:
    return Told()


ASKED = preflight("PUT", "user-agent,x-tenant")
PUT = actual("PUT", headers=(("X-Tenant", "7"),))


def test_it_follows_the_preflight_that_announced_the_name(told: Told) -> None:
    asked = told.see(ASKED)
    put = told.see(PUT, OCTOKIT)
    assert (put.preflight, put.engine) == (asked.id, "firefox")
    assert put.request_headers == ("user-agent", "x-tenant")
    assert put.findings == ()


def test_from_then_on_the_name_is_known(told: Told) -> None:
    asked = told.see(ASKED)
    told.see(PUT, OCTOKIT)
    again = told.see(PUT, OCTOKIT)
    assert [finding.id for finding in again.findings] == ["preflight-cached"]
    elsewhere = told.see(actual(url=f"{API}/other"), OCTOKIT)
    assert (again.preflight, elsewhere.engine) == (asked.id, "firefox")


@pytest.mark.parametrize(
    ("asked", "agent", "address"),
    [
        pytest.param(preflight("PUT", "x-tenant"), OCTOKIT, "::1", id="nothing announced"),
        pytest.param(ASKED, OCTOKIT, "::2", id="another address"),
        pytest.param(ASKED, FIREFOX.replace("153", "152"), "::1", id="another browser"),
        pytest.param(ASKED, "x" * 1_000, "::1", id="too long"),
    ],
)
def test_else_it_is_another_client(told: Told, asked: Request, agent: str, address: str) -> None:
    told.see(asked)
    put = told.see(PUT, agent, address)
    assert (put.preflight, [each.id for each in put.findings]) == (None, ["preflight-not-seen"])


def test_what_is_kept_is_bounded(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names_module, "MAX_ANNOUNCED", 2)
    monkeypatch.setattr(names_module, "MAX_NAMES", 2)
    for number in range(4):
        url = f"{API}/{number}"
        told.see(preflight("PUT", "user-agent,x-tenant", url))
        told.see(PUT._replace(url=url), f"name {number}")
    assert [url for _, url, _ in told.journal.names.announced] == [f"{API}/2", f"{API}/3"]
    assert list(told.journal.names.known) == ["::1 name 2", "::1 name 3"]
