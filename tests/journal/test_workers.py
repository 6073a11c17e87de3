"""What Firefox sends of a worker's fetch says nothing of credentials, and looks like a page's."""

from __future__ import annotations

import pytest

from corscope.journal.exchange import Exchange, Sighting
from corscope.journal.journal import Journal
from corscope.journal.senders import workers as workers_module
from corscope.messages import HeaderList, Request, Response

from .requests import CHROMIUM, FIREFOX, PAGE, actual, at, preflight

ANY = Response(200, (("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Methods", "PUT")))
ACCESS = ("Sec-Fetch-Storage-Access", "none")


def lines(agent: str) -> HeaderList:
    return (("User-Agent", agent), ("Sec-Fetch-Site", "cross-site"))


def script(destination: str, origin: str = PAGE, agent: str = FIREFOX) -> Request:
    headers = (("User-Agent", agent), ("Sec-Fetch-Dest", destination))
    return Request("GET", f"{origin}/worker.js", headers)


def asked(journal: Journal, request: Request, client: str = "browser") -> Exchange:
    journal.requested("x", client, request, at(0))
    exchange = journal.answered(Sighting("x", ANY), at(0))
    assert exchange is not None
    return exchange


@pytest.mark.parametrize("destination", ["worker", "sharedworker", "serviceworker"])
def test_once_there_is_a_worker_credentials_do_not_show(destination: str) -> None:
    """Also of a request that was asked, and read, before."""
    journal = Journal()
    get, put = actual(headers=lines(FIREFOX)), preflight("PUT", headers=lines(FIREFOX))
    for request in (get, put) * 3:
        assert asked(journal, request).credentials == "omit"
    journal.requested("w", "browser", script(destination), at(0))
    for request in (get, put) * 3:
        exchange = asked(journal, request)
        assert exchange.credentials == "unknown"
        assert exchange.judgement.verdict == "conditional"
    assert asked(journal, actual(headers=(*lines(FIREFOX), ACCESS))).credentials == "include"
    with_cookie = actual(headers=(*lines(FIREFOX), ("Cookie", "a=1")))
    assert asked(journal, with_cookie).credentials == "include"


def test_a_workers_authorization_may_be_the_browsers() -> None:
    journal = Journal()
    request = actual(headers=(*lines(FIREFOX), ("Authorization", "Basic eDp5")))
    of_page = asked(journal, request)
    assert (of_page.credentials, of_page.request_headers) == ("omit", ("authorization",))
    journal.requested("w", "browser", script("worker"), at(0))
    of_worker = asked(journal, request)
    assert (of_worker.credentials, of_worker.request_headers) == ("include", ())


def test_a_preflights_outcome_is_as_unsure() -> None:
    journal = Journal()
    journal.requested("w", "browser", script("worker"), at(0))
    asked(journal, preflight("PUT", headers=lines(FIREFOX)))
    [outcome] = journal.requested("y", "browser", actual("PUT", headers=lines(FIREFOX)), at(1))
    assert (outcome.outcome, outcome.credentials) == ("followed", "unknown")


@pytest.mark.parametrize(
    ("loaded", "client"),
    [
        pytest.param(script("script"), "browser", id="no worker's script"),
        pytest.param(script("worker", "https://other.test"), "browser", id="another page's"),
        pytest.param(script("worker"), "another", id="another browser's"),
    ],
)
def test_else_what_is_missing_tells(loaded: Request, client: str) -> None:
    journal = Journal()
    journal.requested("w", client, loaded, at(0))
    assert asked(journal, actual(headers=lines(FIREFOX))).credentials == "omit"


def test_chromium_tells_of_workers_too() -> None:
    journal = Journal()
    journal.requested("w", "browser", script("worker", agent=CHROMIUM), at(0))
    assert asked(journal, actual(headers=lines(CHROMIUM))).credentials == "omit"


def test_what_is_kept_of_workers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers_module, "MAX_WORKERS", 3)
    journal = Journal()
    for number in range(5):
        journal.requested("w", "browser", script("worker", f"https://{number}.test"), at(0))
    assert len(journal.workers.places) == 3
    assert ("browser", "https://4.test") in journal.workers.places
