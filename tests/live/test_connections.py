"""Connections that come to nothing before there is a request, and what the log says of them."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from .proxy import Proxy, exchanges
from .wire import Client, ask

WITH_LOGIN = {"connection_strategy": "eager", "proxyauth": "user:secret"}


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """A mitmproxy that connects to the server before it lets the browser speak, as by default."""
    folder: Path = tmp_path_factory.mktemp("connections")
    with Proxy(folder, options={"connection_strategy": "eager"}) as running:
        yield running


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        return int(closed.getsockname()[1])


def connect(proxy: Proxy, address: str) -> int:
    """Ask for a tunnel; the status of the answer."""
    return proxy.ask(f"CONNECT {address} HTTP/1.1\r\nHost: {address}\r\n\r\n".encode()).status


def distrust(proxy: Proxy, host: str) -> None:
    """Open a tunnel and break TLS off as a browser does that doesn't know who signed."""
    with Client(proxy.port) as client:
        client.send(f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n".encode())
        assert b" 200 " in client.head()
        with pytest.raises(ssl.SSLCertVerificationError):
            ssl.create_default_context().wrap_socket(client.socket, server_hostname=host)


def said(proxy: Proxy, host: str) -> list[str]:
    """What corscope has said of a host."""
    lines = proxy.log().splitlines()
    return [line for line in lines if "No CORS error: " in line and f" {host}" in line]


def settled(proxy: Proxy) -> None:
    """Wait until mitmproxy has dealt with all that was sent to it before."""
    port = closed_port()
    assert connect(proxy, f"127.0.0.1:{port}") == 502
    proxy.told(f"No CORS error: no connection to 127.0.0.1:{port} ")


def test_a_tunnel_to_where_nothing_listens(proxy: Proxy) -> None:
    address = f"127.0.0.1:{closed_port()}"
    assert [connect(proxy, address) for _ in range(3)] == [502] * 3
    settled(proxy)
    [line] = said(proxy, address)
    assert f"no connection to {address} (refused: [Errno 111] " in line
    assert line.endswith("Fix: start the server, or mend its address.")


def test_a_tunnel_to_a_name_that_nobody_knows(proxy: Proxy) -> None:
    assert connect(proxy, "nowhere.invalid:443") == 502
    line = proxy.told("No CORS error: no connection to nowhere.invalid:443 .*")
    assert "(dns: " in line
    assert "Fix: mend the host's name" in line


def test_the_journal_has_no_line_for_it(proxy: Proxy) -> None:
    settled(proxy)
    assert list(exchanges(proxy.journal())) == []


@pytest.fixture
def lazy(proxy: Proxy) -> Iterator[Proxy]:
    """The same, but each tunnel is opened, wherever it leads."""
    proxy.control(options={"connection_strategy": "lazy"})
    yield proxy
    proxy.control(options={"connection_strategy": "eager"})


def test_a_browser_that_does_not_trust_the_proxy(lazy: Proxy) -> None:
    for _ in range(2):
        distrust(lazy, "untrusting.test")
    distrust(lazy, "other.test")
    lazy.told("No CORS error: the browser doesn't trust .* other.test, ")
    [line] = said(lazy, "untrusting.test")
    assert "http://mitm.it" in line
    assert "`corscope run --browser`" in line


def test_a_browser_that_just_hangs_up_is_not_spoken_of(lazy: Proxy) -> None:
    """Browsers open connections that they may need, and drop those that they don't."""
    with Client(lazy.port) as client:
        client.send(b"CONNECT gone.test:443 HTTP/1.1\r\nHost: gone.test:443\r\n\r\n")
        assert b" 200 " in client.head()
        client.send(b"\x16\x03\x01\x02\x00\x01")
    lazy.told("Client TLS handshake failed. The client disconnected during the handshake")
    assert said(lazy, "gone.test") == []


def test_a_login_of_mitmproxys_own_is_told_as_one(tmp_path: Path) -> None:
    """The page of an app on localhost goes past the proxy, and what it asks for doesn't."""
    with Proxy(tmp_path, options=WITH_LOGIN) as proxy:
        assert proxy.ask(ask("http://api.test/login")).status == 407
        found = proxy.exchange("http://api.test/login")["findings"]
        assert found == [{"id": "proxy-login", "detail": None}]
        proxy.told("CORS blocked: GET .* Note: the proxy wants a login")


def test_a_tunnel_that_another_addon_refuses_is_that_ones_affair(tmp_path: Path) -> None:
    with Proxy(tmp_path, options=WITH_LOGIN) as proxy:
        address = f"127.0.0.1:{closed_port()}"
        assert connect(proxy, address) == 407
        proxy.told("client disconnect")
        assert said(proxy, address) == []
