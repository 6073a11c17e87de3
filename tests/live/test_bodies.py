"""Bodies that are passed on as they come: headers leave early, and the journal must be as early."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from .proxy import Proxy, exchanges
from .wire import PAGE, Client, RawServer, ask, reply

RULES = """
[[rule]]
name = "open up"
match.host = "edited.test"
policy.allow_origins = ["http://page.test"]
policy.allow_credentials = true
"""
ALLOWED = (
    f"Access-Control-Allow-Origin: {PAGE}\r\nAccess-Control-Allow-Credentials: true\r\n".encode()
)


@pytest.fixture(scope="module")
def proxy(server: RawServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """Streams what is longer than a kilobyte."""
    folder: Path = tmp_path_factory.mktemp("bodies")
    rules = folder / "rules.toml"
    rules.write_text(RULES, "utf-8")
    options = {"cors_rules": rules, "stream_large_bodies": "1k"}
    with Proxy(folder, server.mode, options) as running:
        yield running


class Slow:
    """A server's answer that stops after the head and a piece of the body, until it may go on."""

    def __init__(self, head: bytes, first: bytes, last: bytes = b"") -> None:
        self.go_on = Event()
        self.bytes = (b"HTTP/1.1 200 OK\r\n" + head + b"\r\n" + first, last)

    def __call__(self, connection: socket.socket) -> None:
        connection.sendall(self.bytes[0])
        self.go_on.wait(20)
        connection.sendall(self.bytes[1])


def test_an_edited_head_and_its_line_leave_before_the_body_has_come(
    proxy: Proxy, server: RawServer
) -> None:
    url = "http://edited.test/large"
    slow = Slow(b"Content-Length: 5000\r\n", b"a" * 100, b"b" * 4900)
    server.answers[url] = slow
    with Client(proxy.port) as client:
        head = client.send(ask(url)).head()
        assert b"access-control-allow-origin: http://page.test" in head.lower()
        assert client.until(b"a" * 100)
        entry = proxy.exchange(url)
        slow.go_on.set()
        client.until(b"b" * 4900)
    assert entry["verdict"] == "allowed"
    assert entry["rule"] == "open up"
    assert entry["server_verdict"]["omit"]["reason"] == "allow-origin-missing"
    proxy.told(r"/large\n.*<< 200")
    assert [e["url"] for e in exchanges(proxy.journal())].count(url) == 1


@pytest.fixture(scope="module")
def streaming(server: RawServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """Streams every answer, as a script does that sets `stream`."""
    folder: Path = tmp_path_factory.mktemp("streaming")
    script = folder / "stream_all.py"
    script.write_text("def responseheaders(flow):\n    flow.response.stream = True\n", "utf-8")
    with Proxy(folder, server.mode, scripts=[script]) as running:
        yield running


def test_an_endless_event_stream_is_told_while_it_runs(streaming: Proxy, server: RawServer) -> None:
    url = "http://api.test/events"
    slow = Slow(ALLOWED + b"Content-Type: text/event-stream\r\n", b"data: 1\n\n", b"data: 2\n\n")
    server.answers[url] = slow
    with Client(streaming.port) as client:
        client.send(ask(url)).until(b"data: 1\n\n")
        entry = streaming.exchange(url)
        assert (entry["verdict"], entry["status"]) == ("allowed", 200)
        slow.go_on.set()
        assert b"data: 2\n\n" in client.rest()


@pytest.mark.parametrize("leaves", ["client", "server"])
def test_a_stream_that_breaks_off_was_an_answer_all_the_same(
    streaming: Proxy, server: RawServer, leaves: str
) -> None:
    """The page has seen the head; what broke is the body, which is no matter of CORS."""
    url = f"http://api.test/broken/{leaves}"
    slow = Slow(ALLOWED + b"Content-Length: 5000\r\n", b"a" * 100)
    server.answers[url] = slow
    with Client(streaming.port) as client:
        client.send(ask(url)).until(b"a" * 100)
        if leaves == "server":
            slow.go_on.set()
            client.rest()
    slow.go_on.set()
    streaming.told(rf"{url}\n")
    told = [entry for entry in exchanges(streaming.journal()) if entry["url"] == url]
    assert [entry["verdict"] for entry in told] == ["allowed"]


@pytest.mark.parametrize("end", ["in good order", "client"])
def test_a_body_that_turns_out_large_while_it_comes(
    proxy: Proxy, server: RawServer, end: str
) -> None:
    """Without a length mitmproxy begins to stream when it has seen too much of the body."""
    url = f"http://edited.test/chunked/{end.replace(' ', '-')}"
    piece = b"800\r\n" + b"a" * 2048 + b"\r\n"
    slow = Slow(b"Transfer-Encoding: chunked\r\n", piece, b"0\r\n\r\n")
    server.answers[url] = slow
    with Client(proxy.port) as client:
        head = client.send(ask(url)).head()
        assert b"access-control-allow-origin: http://page.test" in head.lower()
        client.until(b"a" * 2048)
        if end == "in good order":
            slow.go_on.set()
            client.until(b"0\r\n\r\n")
    slow.go_on.set()
    entry = proxy.exchange(url)
    assert (entry["verdict"], entry["status"], entry["rule"]) == ("allowed", 200, "open up")


@pytest.fixture(scope="module")
def upload(server: RawServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """Streams uploads, and has rules that would answer them."""
    folder: Path = tmp_path_factory.mktemp("upload")
    rules = folder / "rules.toml"
    rules.write_text(
        "".join(
            f'[[rule]]\nname = "{status}"\nmatch.host = "s{status}.test"\nfault.status = {status}\n'
            for status in (413, 204)
        ),
        "utf-8",
    )
    with Proxy(folder, server.mode, {"cors_rules": rules, "stream_large_bodies": "1k"}) as proxy:
        yield proxy


CHUNKED = (b"1000\r\n" + b"a" * 4096 + b"\r\n") * 4 + b"0\r\n\r\n"


@pytest.mark.parametrize(
    ("framing", "body"),
    [("Content-Length: 100000", b"a" * 100_000), ("Transfer-Encoding: chunked", CHUNKED)],
    ids=["of known length", "that turns out large"],
)
@pytest.mark.parametrize("status", [413, 204])
def test_an_upload_that_was_streamed_on_gets_the_servers_answer_edited(
    upload: Proxy, server: RawServer, status: int, framing: str, body: bytes
) -> None:
    """mitmproxy can't begin to stream a request that has its answer; a 204 must have no body."""
    url = f"http://s{status}.test/{framing[0]}"
    server.answers[url] = reply("Access-Control-Allow-Origin: *", body=b"the server's")
    with Client(upload.port) as client:
        told = client.send(ask(url, framing, method="POST") + body).reply()
        assert told.status == status
        assert not told.lines("Access-Control-Allow-Origin")
        assert told.body == (b"" if status == 204 else b"the server's")
        assert client.send(ask("http://other.test/next")).reply().status == 501
    entry = upload.exchange(url)
    assert (entry["status"], entry["rule"], entry["answered_by"]) == (status, str(status), "server")


def test_a_small_upload_is_answered_in_the_servers_stead(upload: Proxy, server: RawServer) -> None:
    told = upload.ask(ask("http://s413.test/small", method="POST", body=b"a" * 100))
    assert told.status == 413
    assert upload.exchange("http://s413.test/small")["answered_by"] == "rule"
    assert b"/small" not in b"".join(server.heads)
