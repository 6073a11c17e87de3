"""An answer that a person holds up in mitmweb and edits is judged as the browser then gets it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.mitmdump import Entry
from tests.support.mitmweb import Mitmweb

from .proxy import exchanges
from .wire import Client, RawServer, ask, reply

PERSON = """
import asyncio
from mitmproxy import ctx

def running():
    global task
    task = asyncio.ensure_future(act())

async def act():
    while True:
        await asyncio.sleep(0.05)
        for flow in list(ctx.master.view):
            if not flow.intercepted:
                continue
            if flow.response is not None and flow.request.path == "/allowed":
                flow.response.headers["Access-Control-Allow-Origin"] = "http://page.test"
            if flow.response is not None and flow.request.path == "/refused":
                flow.response.status_code = 403
                del flow.response.headers["Access-Control-Allow-Origin"]
            if flow.response is None and flow.request.path == "/asked":
                flow.request.headers["Origin"] = "http://other.test"
            flow.resume()
"""

ALLOWING = b"Access-Control-Allow-Origin: http://page.test"


@pytest.fixture(scope="module")
def held(server: RawServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mitmweb]:
    """A mitmweb that holds up all but one host's flows, and a person who looks after them."""
    folder: Path = tmp_path_factory.mktemp("held")
    (folder / "person.py").write_text(PERSON, "utf-8")
    options = {"intercept": "!~d free.test", "connection_strategy": "lazy"}
    web = Mitmweb(folder, server.mode, options)
    web._command += ["-s", str(folder / "person.py")]
    with web:
        yield web


def asked(held: Mitmweb, server: RawServer, url: str, *lines: bytes) -> Entry:
    """The one line that the journal has of it once the browser has its answer."""
    server.answers[url] = reply(*lines)
    with Client(held.port) as client:
        status = client.send(ask(url)).reply().status
    held.wait_for(lambda entry: entry.get("url") == url)
    [entry] = [each for each in exchanges(held.journal()) if each["url"] == url]
    assert entry["status"] == status
    return entry


def test_an_edited_answer_is_judged_as_the_browser_gets_it(
    held: Mitmweb, server: RawServer
) -> None:
    entry = asked(held, server, "http://api.test/allowed")
    assert entry["verdicts"]["omit"]["verdict"] == "allowed"
    assert entry["headers"] == [["Access-Control-Allow-Origin", "http://page.test"]]


def test_so_is_one_whose_header_is_taken_off(held: Mitmweb, server: RawServer) -> None:
    entry = asked(held, server, "http://api.test/refused", ALLOWING)
    assert (entry["reason"], entry["status"]) == ("allow-origin-missing", 403)
    assert entry["headers"] == []


def test_what_is_let_go_unchanged_is_judged_as_it_came(held: Mitmweb, server: RawServer) -> None:
    entry = asked(held, server, "http://api.test/as-is", ALLOWING)
    assert entry["verdicts"]["omit"]["verdict"] == "allowed"


def test_an_edited_request_is_still_the_browsers(held: Mitmweb, server: RawServer) -> None:
    entry = asked(held, server, "http://api.test/asked", ALLOWING)
    assert (entry["origin"], entry["verdicts"]["omit"]["reason"]) == ("http://page.test", None)


def test_what_isnt_held_up_is_recorded_before_it_goes(held: Mitmweb, server: RawServer) -> None:
    url = "http://free.test/"
    server.answers[url] = reply(ALLOWING)
    with Client(held.port) as client:
        client.send(ask(url)).reply()
    assert [each["url"] for each in exchanges(held.journal())].count(url) == 1
