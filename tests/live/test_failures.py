"""Connections that end too soon, on either side, and what the journal says of them."""

from __future__ import annotations

import socket
from pathlib import Path
from threading import Event

import pytest

from .proxy import Proxy
from .wire import PAGE, Client, Handler, RawServer, ask, preflight, reply

RULES = """
[[rule]]
name = "abort"
match.host = "abort.test"
fault.abort = true

[[rule]]
name = "abort on 500"
match = { host = "abort-500.test", status = 500 }
fault.abort = true

[[rule]]
name = "slow"
match.host = "slow.test"
fault = { delay = 1.0, status = 503 }

[[rule]]
name = "slow server"
match.host = "slow-server.test"
fault.delay = 0.4

[[rule]]
name = "shadow"
mode = "shadow"
match.host = "down.test"
policy.allow_origins = ["http://page.test"]
"""


def close_at_once(connection: socket.socket) -> None:
    """A backend that dies before it says anything."""


def close_in_the_body(connection: socket.socket) -> None:
    """A backend that dies while it answers."""
    head = (
        f"HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: {PAGE}\r\nContent-Length: 99\r\n\r\nhalf"
    )
    connection.sendall(head.encode())


def hint_first(connection: socket.socket) -> None:
    """A backend that tells of what the answer will need."""
    head = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"
    answer = b"HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nContent-Length: 0\r\n\r\n"
    connection.sendall(head + answer)


def close_in_the_head(connection: socket.socket) -> None:
    """A backend that dies even earlier."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nAccess-Control-Al")


def test_an_interim_answer_is_none_that_the_browser_goes_by(
    proxy: Proxy, server: RawServer
) -> None:
    """mitmproxy takes it for the final one."""
    url = "http://down.test/hints"
    server.answers[url] = hint_first
    assert b"103" in proxy.ask(ask(url)).head
    entry = proxy.exchange(url)
    assert (entry["status"], entry["reason"]) == (None, "connection-dropped")
    assert entry["detail"] == "interim"


@pytest.mark.parametrize("server_does", [close_at_once, close_in_the_body, close_in_the_head])
@pytest.mark.parametrize("kind", ["actual", "preflight"])
def test_the_proxys_own_error_page_is_no_cors_error(
    proxy: Proxy, server: RawServer, server_does: Handler, kind: str
) -> None:
    url = f"http://down.test/{server_does.__qualname__}/{kind}"
    server.answers[url] = server_does
    told = proxy.ask(ask(url) if kind == "actual" else preflight(url))
    assert told.status == 502
    entry = proxy.exchange(url)
    assert (entry["kind"], entry["verdict"], entry["reason"]) == (kind, "blocked", "no-response")
    assert entry["status"] is None
    assert entry["error"]
    prefix = "Preflight" if kind == "preflight" else ""
    assert entry["chromium"] == f"{prefix}MissingAllowOriginHeader"


def test_a_server_that_cannot_be_reached(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with Proxy(tmp_path) as proxy:
        assert proxy.ask(ask(f"http://127.0.0.1:{port}/")).status == 502
        entry = proxy.exchange(f"http://127.0.0.1:{port}/")
        assert entry["reason"] == "no-response"
        assert str(port) in entry["error"]
        proxy.told("CORS blocked: GET .* no-response: no answer came from the server")


def test_the_client_hangs_up_before_the_answer(proxy: Proxy, server: RawServer) -> None:
    url = "http://api.test/gone"
    asked, go_on = Event(), Event()

    def late(connection: socket.socket) -> None:
        asked.set()
        go_on.wait(20)
        reply(f"Access-Control-Allow-Origin: {PAGE}")(connection)

    server.answers[url] = late
    with Client(proxy.port) as client:
        client.send(ask(url))
        assert asked.wait(20)
    entry = proxy.exchange(url)
    go_on.set()
    assert (entry["reason"], entry["status"], entry["chromium"]) == ("client-gone", None, None)


def test_the_client_hangs_up_in_the_middle_of_its_upload(proxy: Proxy) -> None:
    url = "http://api.test/upload"
    with Client(proxy.port) as client:
        client.send(ask(url, "Content-Length: 99", method="POST") + b"half")
        proxy.told("client connect")
    assert proxy.exchange(url)["reason"] == "client-gone"


def test_a_rule_drops_the_connection(proxy: Proxy, server: RawServer) -> None:
    url = "http://abort.test/"
    with Client(proxy.port) as client:
        assert client.send(ask(url)).rest() == b""
    entry = proxy.exchange(url)
    assert (entry["reason"], entry["rule"]) == ("connection-dropped", "abort")
    assert entry["answered_by"] == "rule"
    assert not any(b"abort.test" in head for head in server.heads)


def test_a_rule_drops_the_connection_after_the_server_has_answered(
    proxy: Proxy, server: RawServer
) -> None:
    url = "http://abort-500.test/"
    server.answers[url] = reply("Access-Control-Allow-Origin: *", status="500 No")
    with Client(proxy.port) as client:
        assert client.send(ask(url)).rest() == b""
    entry = proxy.exchange(url)
    assert (entry["reason"], entry["rule"]) == ("connection-dropped", "abort on 500")
    assert entry["answered_by"] == "server"
    assert entry["server_headers"] == [["Access-Control-Allow-Origin", "*"]]
    assert entry["server_verdict"]["omit"]["verdict"] == "allowed"


def test_a_delay_holds_up_only_its_own_connection(proxy: Proxy, server: RawServer) -> None:
    with Client(proxy.port) as slow:
        slow.send(ask("http://slow.test/"))
        server.answers["http://api.test/quick"] = reply()
        assert proxy.ask(ask("http://api.test/quick")).status == 200
        urls = [entry.get("url") for entry in proxy.journal()]
        assert "http://slow.test/" not in urls
        assert slow.reply().status == 503
    assert proxy.exchange("http://slow.test/")["rule"] == "slow"


def test_a_delayed_answer_of_the_servers_stays_as_it_is(proxy: Proxy, server: RawServer) -> None:
    url = "http://slow-server.test/"
    server.answers[url] = reply("X-Odd:  \x80", "ETag: a", status="200 Fine")
    told = proxy.ask(ask(url, "If-None-Match: a"))
    assert told.head.startswith(b"HTTP/1.1 200 Fine\r\nX-Odd: ")
    entry = proxy.exchange(url)
    assert (entry["rule"], entry["server_headers"]) == ("slow server", None)
    assert b"If-None-Match: a" in server.heads[-1]


def test_the_client_hangs_up_while_a_rule_lets_it_wait(proxy: Proxy) -> None:
    url = "http://slow.test/gone"
    with Client(proxy.port) as client:
        client.send(ask(url))
    assert proxy.exchange(url)["reason"] == "client-gone"


def test_a_shadow_tells_what_it_would_have_done_where_no_answer_came(
    proxy: Proxy, server: RawServer
) -> None:
    """A rule that would have answered the preflight itself doesn't need the server."""
    url = "http://down.test/shadow"
    server.answers[url] = close_at_once
    assert proxy.ask(preflight(url, "GET")).status == 502
    entry = proxy.exchange(url)
    assert entry["reason"] == "no-response"
    assert (entry["rule"], entry["rule_mode"]) == ("shadow", "shadow")
    assert entry["shadow"]["verdicts"]["omit"]["verdict"] == "allowed"


def test_a_shadow_that_would_have_needed_an_answer_is_none_where_none_came(
    proxy: Proxy, server: RawServer
) -> None:
    """As it would not have been applied, either."""
    url = "http://down.test/no-shadow"
    server.answers[url] = close_at_once
    assert proxy.ask(ask(url)).status == 502
    entry = proxy.exchange(url)
    assert (entry["rule"], entry["rule_mode"], entry["shadow"]) == (None, None, None)
