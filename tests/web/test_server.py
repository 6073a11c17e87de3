"""The server: its port, its views, its events, and how it ends."""

from __future__ import annotations

import asyncio
import http.client
import itertools
import json
import socket
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from corscope.journal.exchange import Outcome
from corscope.journal.store import Store
from corscope.web import feed as feed_
from corscope.web.access import TOKEN_HEADER
from corscope.web.listening import PORTS_TRIED
from corscope.web.views import VIEWS, View
from tests.support.mitmdump import wait_until
from tests.support.web import Served
from tests.web.scenes import Recording, answers, asks, preflight, told


@contextmanager
def taken(first: int, count: int) -> Iterator[None]:
    """Have others listen at these ports."""
    sockets = []
    try:
        for port in range(first, first + count):
            sockets.append(socket.create_server(("127.0.0.1", port)))
        yield
    finally:
        for each in sockets:
            each.close()


def free_range(count: int) -> int:
    """Find so many free ports in a row."""
    for first in range(20_000, 60_000, count):
        try:
            with taken(first, count):
                return first
        except OSError:
            continue
    raise AssertionError("no ports are free")


def test_a_port_that_is_taken_leads_to_the_next_free_one() -> None:
    first = free_range(4)
    with taken(first, 2), Served(told().store, port=first) as served:
        assert served.page.port == first + 2
        assert served.ask().status == 200


def test_where_none_of_the_ports_is_free_the_error_names_them() -> None:
    first = free_range(PORTS_TRIED)
    with taken(first, PORTS_TRIED), pytest.raises(OSError, match=f"{first} to {first + 19}"):
        Served(told().store, port=first).__enter__()


@pytest.mark.parametrize("port", [-1, 65_536, 10**20])
def test_what_is_no_port_is_told(port: int) -> None:
    with pytest.raises(OSError, match=f"{port} is no port: they go from 0 to 65535"):
        Served(told().store, port=port).__enter__()


def test_it_listens_on_loopback_alone() -> None:
    with Served(told().store) as served:
        sockets = [each.getsockname() for each in served.page._server._sockets.values()]
        assert sockets == [("127.0.0.1", served.page.port)]


def test_once_closed_nothing_answers() -> None:
    with Served(told().store) as served:
        pass
    with pytest.raises(OSError):
        served.ask()
    assert served.store.listeners == []


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: ", id="half a head"),
        pytest.param(
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf", id="half a body"
        ),
    ],
)
def test_a_request_that_never_ends_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    """Each connection is a descriptor that the proxy lacks."""
    monkeypatch.setattr("corscope.web.server.PATIENCE", 0.3)
    with (
        Served(told().store) as served,
        socket.create_connection(("127.0.0.1", served.page.port), timeout=30) as client,
    ):
        client.sendall(sent)
        assert client.recv(1) == b""


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_each_view_has_its_html_and_its_module(view: View) -> None:
    with Served(told().store) as served:
        assert served.ask(f"view/{view.name}").status == 200
        module = served.ask(f"static/views/{view.name}.js")
        assert module.headers["Content-Type"].startswith("text/javascript")
        assert "export function mount(" in module.text


def test_what_is_not_there_is_404() -> None:
    with Served(told().store) as served:
        for path in (
            "view/else",
            "exchange/else",
            "exchange/exchange-1/fix/else",
            "export/else?rule=",
        ):
            assert served.ask(path).status == 404, path


# Events


class Listening:
    """A client of the events."""

    def __init__(self, served: Served, known: str | None = None) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", served.page.port, timeout=30)
        headers = {} if known is None else {"Last-Event-ID": known}
        self._connection.request("GET", f"/{served.page.token}/events", headers=headers)
        self._response = self._connection.getresponse()
        assert self._response.headers["Content-Type"] == "text/event-stream"
        self.known: str | None = known

    def next(self) -> tuple[str, Any]:
        """The next event's name and its rows, or what else it tells."""
        fields = {}
        while line := self._response.readline().decode().rstrip("\n"):
            name, _, value = line.partition(": ")
            fields[name] = value
        self.known = fields.get("id", self.known)
        return fields["event"], json.loads(fields["data"])

    def ends(self) -> bool:
        return self._response.readline() == b""

    def close(self) -> None:
        self._connection.close()


def ids(event: tuple[str, Any]) -> list[object]:
    return [row["id"] for row in event[1]]


def test_who_comes_gets_all_then_what_follows() -> None:
    recording = Recording()
    recording.exchange(asks("GET"), answers(allow_origin="*"))
    recording.exchange(asks("GET"), answers())
    with Served(recording.store) as served:
        client = Listening(served)
        assert client.next() == ("reset", [])
        assert ids(client.next()) == ["exchange-2", "exchange-1"]
        served.do(lambda: recording.exchange(asks("GET"), answers()))
        assert ids(client.next()) == ["exchange-3"]


def test_a_preflights_outcome_makes_its_row_anew() -> None:
    recording = Recording()
    with Served(recording.store) as served:
        client = Listening(served)
        client.next()
        id_ = served.do(lambda: recording.exchange(preflight("PUT"), answers(204)))
        assert client.next()[1][0]["outcome"] is None
        served.do(lambda: recording.store.note(Outcome(recording.now, id_, "not-followed")))
        assert client.next()[1][0]["outcome"] == "not-followed"


def test_who_comes_back_gets_what_was_missed() -> None:
    recording = Recording()
    with Served(recording.store) as served:
        client = Listening(served)
        client.next()
        served.do(lambda: recording.exchange(asks("GET"), answers()))
        client.next()
        client.close()
        served.do(lambda: recording.exchange(asks("GET"), answers()))
        again = Listening(served, client.known)
        assert ids(again.next()) == ["exchange-2"]


@pytest.mark.parametrize(
    "known",
    [
        *("", "else", "00000000-1", "x-1", "{epoch}-999999", "{epoch}--1"),
        pytest.param("{epoch}-" + "9" * 5_000, id="a number beyond what Python reads"),
    ],
)
def test_who_knows_what_never_was_gets_all(known: str) -> None:
    with Served(told().store) as served:
        epoch = served.page.feed.upto().partition("-")[0]
        assert Listening(served, known.format(epoch=epoch)).next() == ("reset", [])


def test_who_missed_more_than_is_kept_gets_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_, "MOST_PENDING", 3)
    recording = Recording()
    with Served(recording.store) as served:
        before = served.page.feed.upto()
        for _ in range(4):
            served.do(lambda: recording.exchange(asks("GET"), answers()))
        assert Listening(served, before).next() == ("reset", [])


def test_who_reads_too_slowly_gets_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_, "MOST_PENDING", 3)
    recording = Recording()
    with Served(recording.store) as served:
        client = Listening(served)
        client.next()
        served.do(lambda: [recording.exchange(asks("GET"), answers()) for _ in range(5)])
        assert client.next() == ("reset", [])
        assert client.known == "", "what it knew is void, should it come back before it has all"
        assert len(client.next()[1]) == 5
        assert client.known == served.page.feed.upto()


def test_who_hears_nothing_else_hears_that_it_is_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    """As an event: what comes as a comment no script hears."""
    monkeypatch.setattr(feed_, "ALIVE_EVERY", 0.05)
    with Served(Recording().store) as served:
        client = Listening(served)
        assert client.next() == ("reset", [])
        assert [client.next(), client.next()] == [("alive", []), ("alive", [])]


def test_much_comes_in_parts() -> None:
    """So that the proxy's own work has its turn in between."""
    recording = Recording()
    for _ in range(feed_.AT_ONCE + 1):
        recording.exchange(asks("GET"), answers())
    with Served(recording.store) as served:
        client = Listening(served)
        client.next()
        assert len(client.next()[1]) == feed_.AT_ONCE
        assert client.known == "", "it doesn't have all yet"
        assert ids(client.next()) == ["exchange-1"]
        assert client.known == served.page.feed.upto()


def test_so_does_much_that_has_come_at_once() -> None:
    recording = Recording()
    with Served(recording.store) as served:
        client = Listening(served)
        client.next()
        many = feed_.AT_ONCE + 1
        served.do(lambda: [recording.exchange(asks("GET"), answers()) for _ in range(many)])
        assert len(client.next()[1]) == feed_.AT_ONCE
        assert len(client.next()[1]) == 1
        assert client.known == served.page.feed.upto()


def test_the_proxys_own_work_has_its_turn_between_two_parts() -> None:
    """Also where the client's socket takes all of them at once."""
    recording = Recording()
    for _ in range(3 * feed_.AT_ONCE):
        recording.exchange(asks("GET"), answers())
    order: list[str] = []

    async def follow() -> None:
        with feed_.Feed(recording.store).subscribed(None) as subscription:
            async for event in subscription.events():
                order.append(event.name)
                if event.upto is not None:
                    return

    async def both() -> None:
        following = asyncio.create_task(follow())
        while not following.done():
            await asyncio.sleep(0)
            order.append("other work")

    asyncio.run(both())
    parts = [place for place, what in enumerate(order) if what != "other work"]
    assert len(parts) == 4
    assert all("other work" in order[one:other] for one, other in itertools.pairwise(parts))


def test_a_client_that_never_reads_is_sent_no_more_than_its_socket_takes() -> None:
    """A tab that is suspended; and once it is woken up, it sees all that is kept."""
    recording = Recording(Store(most=300))
    made, rounds = 250, 240
    with Served(recording.store) as served, socket.socket() as sleeper:
        sleeper.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sleeper.connect(("127.0.0.1", served.page.port))
        path = f"/{served.page.token}/events"
        sleeper.sendall(f"GET {path} HTTP/1.1\r\nHost: {served.host}\r\n\r\n".encode())
        entry = recording.store.get(recording.exchange(asks("GET", path="x" * 300), answers()))
        assert entry is not None
        for number in range(rounds):
            found = [replace(entry.exchange, id=f"{number}-{n}") for n in range(made)]
            served.do(partial(deque, map(recording.store.add, found), 0))
        got = b""
        while f'"id":"{rounds - 1}-{made - 1}"'.encode() not in got:
            got += sleeper.recv(65_536)
        assert len(got) < made * rounds * 300 / 2, "half of what there was to tell"


def test_clearing_empties_the_store_and_tells_all() -> None:
    with Served(told().store) as served:
        client = Listening(served)
        client.next()
        client.next()
        headers = {"Origin": f"http://{served.host}", TOKEN_HEADER: served.page.token}
        assert served.ask("clear", "POST", headers).status == 200
        assert len(served.store) == 0
        assert client.next() == ("reset", [])


def test_on_how_many_exchanges_corscope_failed_is_told_to_all_that_look_and_come() -> None:
    with Served(told().store) as served:
        client = Listening(served)
        client.next()
        client.next()
        for id_ in ("a", "b", "a"):
            served.do(partial(served.store.note_failure, id_))
        assert client.next() == ("failed", 2)
        later = Listening(served)
        assert [later.next()[0], later.next()[0]] == ["reset", "rows"]
        assert later.next() == ("failed", 2)


def test_other_rules_are_told_to_all_that_look_once() -> None:
    with Served(Recording().store) as served:
        client = Listening(served)
        assert client.next() == ("reset", [])
        served.do(served.page.look)  # they are as they were
        served.state = replace(served.state, files=("a.toml",))
        served.do(served.page.look)
        served.do(served.page.look)
        assert client.next() == ("rules", [])
        served.do(lambda: served.store.note_failure("a"))
        assert client.next() == ("failed", 1)


def test_what_fails_inside_is_told_without_the_address_and_answered_without_a_word_of_it() -> None:
    recording = Recording()
    with Served(recording.store) as served:
        recording.store._exchanges["broken"] = "s3cr3t"  # type: ignore[assignment]
        told_of = served.ask("exchange/broken")
        assert told_of.status == 500
        assert told_of.text == "corscope: Internal Server Error\n"
    [(where, error)] = served.failures
    assert (where, type(error)) == ("One", AttributeError)


def test_closing_lets_the_clients_go() -> None:
    with Served(told().store) as served:
        client = Listening(served)
        client.next()
        client.next()
    assert client.ends()


def test_a_client_that_goes_is_forgotten() -> None:
    recording = Recording()
    with Served(recording.store) as served:
        client = Listening(served)
        client.next()
        assert len(served.page.feed._subscriptions) == 1
        client.close()

        def is_forgotten() -> bool:
            """Whether it is, once there has been something to tell it."""
            served.do(lambda: recording.exchange(asks("GET"), answers()))
            return not served.page.feed._subscriptions

        wait_until(is_forgotten, 30, "the client to be forgotten")
