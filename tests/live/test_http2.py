"""HTTP/2 from the client: lower-case names, streams that end on their own."""

from __future__ import annotations

import socket
from threading import Event
from typing import Self

import h2.config
import h2.connection
import h2.events

from .proxy import Proxy, exchanges
from .wire import PAGE, Client, RawServer, reply

RULES = """
[[rule]]
name = "open"
match.host = "open.test"
policy = { allow_origins = ["https://page.test"], allow_methods = ["PUT"] }

[[rule]]
name = "edit"
match.host = "edit.test"
headers.set = { X-Edited = "Yes" }

[[rule]]
name = "status"
match.host = "status.test"
fault.status = 503

[[rule]]
name = "abort"
match.url = "https://abort.test/drop"
fault.abort = true

[[rule]]
name = "slow"
match.host = "slow.test"
fault = { delay = 0.5, status = 503 }
"""
SECURE_PAGE = PAGE.replace("http", "https")

Headers = list[tuple[str, str]]


class Http2:
    """An HTTP/2 connection to one host through the proxy."""

    def __init__(self, port: int, host: str) -> None:
        self._client = Client(port)
        self.host = host
        self.socket = self._client.to_tls(host)
        assert self.socket.selected_alpn_protocol() == "h2"
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="latin-1"))
        self.h2.initiate_connection()
        self.events: list[h2.events.Event] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.socket.close()

    def send(self, path: str, *further: tuple[str, str], method: str = "GET") -> int:
        """Open a stream with this request."""
        stream: int = self.h2.get_next_available_stream_id()
        head = [(":method", method), (":scheme", "https"), (":authority", self.host)]
        head += [(":path", path), ("origin", SECURE_PAGE), *further]
        self.h2.send_headers(stream, head, end_stream=True)
        self.flush()
        return stream

    def flush(self) -> None:
        """Send what h2 has to send."""
        self.socket.sendall(self.h2.data_to_send())

    def headers(self, stream: int) -> Headers:
        """The response's header lines on this stream, `:status` first; empty where it was reset."""
        while True:
            for event in self.events:
                if getattr(event, "stream_id", None) != stream:
                    continue
                if isinstance(event, h2.events.ResponseReceived):
                    return [(str(name), str(value)) for name, value in event.headers]
                if isinstance(event, h2.events.StreamReset):
                    return []
            data = self.socket.recv(65_536)
            assert data, "the connection was closed"
            self.events += [self._acknowledged(event) for event in self.h2.receive_data(data)]
            self.flush()

    def _acknowledged(self, event: h2.events.Event) -> h2.events.Event:
        """Make room for more: a window that is full holds all streams of the connection."""
        if isinstance(event, h2.events.DataReceived) and event.flow_controlled_length:
            self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        return event


def test_an_edited_answer_has_lower_case_names(proxy: Proxy, server: RawServer) -> None:
    server.answers["http://edit.test/"] = reply("Access-Control-Allow-Origin: *", "X-Odd: É")
    with Http2(proxy.port, "edit.test") as client:
        told = client.headers(client.send("/"))
    assert told[0] == (":status", "200")
    assert ("x-edited", "Yes") in told
    assert ("x-odd", "É") in told
    assert all(name == name.lower() for name, _ in told)
    entry = proxy.exchange("https://edit.test/")
    assert entry["headers"] == [["access-control-allow-origin", "*"]]
    assert entry["verdicts"]["omit"]["verdict"] == "allowed"
    assert "x-edited" in entry["hidden"]
    assert "converted" not in proxy.log().lower()


def test_a_rule_answers_a_preflight_which_its_request_follows(
    proxy: Proxy, server: RawServer
) -> None:
    server.answers["http://open.test/item"] = reply()
    with Http2(proxy.port, "open.test") as client:
        asked = client.send("/item", ("access-control-request-method", "PUT"), method="OPTIONS")
        told = client.headers(asked)
        assert told[0] == (":status", "204")
        assert ("access-control-allow-origin", SECURE_PAGE) in told
        put = client.headers(client.send("/item", method="PUT"))
        assert ("access-control-allow-origin", SECURE_PAGE) in put
    outcome = proxy.wait_for(lambda entry: entry.get("outcome") == "followed")
    of_kind = {e["kind"]: e for e in exchanges(proxy.journal()) if e["id"] in outcome.values()}
    assert outcome["id"] == of_kind["preflight"]["id"]
    assert outcome["actual"] == of_kind["actual"]["id"]
    assert of_kind["actual"]["preflight"] == outcome["id"]


def test_a_status_fault(proxy: Proxy) -> None:
    with Http2(proxy.port, "status.test") as client:
        told = client.headers(client.send("/"))
    assert told[0] == (":status", "503")
    assert proxy.exchange("https://status.test/")["answered_by"] == "rule"


def test_a_dropped_stream_leaves_the_others_alone(proxy: Proxy, server: RawServer) -> None:
    server.answers["http://abort.test/keep"] = reply()
    with Http2(proxy.port, "abort.test") as client:
        dropped, kept = client.send("/drop"), client.send("/keep")
        assert client.headers(dropped) == []
        assert client.headers(kept)[0] == (":status", "200")
    assert proxy.exchange("https://abort.test/drop")["reason"] == "connection-dropped"


def test_a_delayed_stream_does_not_hold_up_another(proxy: Proxy) -> None:
    with Http2(proxy.port, "slow.test") as client:
        streams = [client.send(f"/{number}") for number in range(3)]
        for stream in streams:
            assert client.headers(stream)[0] == (":status", "503")


def test_a_stream_that_the_client_resets(proxy: Proxy, server: RawServer) -> None:
    asked, go_on = Event(), Event()

    def late(connection: socket.socket) -> None:
        asked.set()
        go_on.wait(20)
        reply()(connection)

    server.answers["http://api.test/reset"] = late
    with Http2(proxy.port, "api.test") as client:
        stream = client.send("/reset")
        assert asked.wait(20)
        client.h2.reset_stream(stream)
        client.flush()
        entry = proxy.exchange("https://api.test/reset")
        go_on.set()
    assert entry["reason"] == "client-gone"


def test_an_own_page_is_same_origin_over_tls(proxy: Proxy, server: RawServer) -> None:
    server.answers["http://page.test/own"] = reply()
    with Http2(proxy.port, "page.test") as client:
        assert client.headers(client.send("/own"))[0] == (":status", "200")
    assert not [e for e in exchanges(proxy.journal()) if e["url"].endswith("/own")]
