"""Both ends of the wire, byte for byte: a server that runs what a test hands it, and a client.

`tests.support.origin_server` answers whole messages; here a test holds the connection itself, so
that it can stop in the middle, close, or send what no server should.
"""

from __future__ import annotations

import contextlib
import re
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self, cast

__all__ = [
    "PAGE",
    "SECONDS",
    "Client",
    "Handler",
    "RawServer",
    "Reply",
    "ask",
    "preflight",
    "reply",
]

PAGE = "http://page.test"
SECONDS = 20.0  # a bound against hanging

Handler = Callable[[socket.socket], bool | None]
"""Answers one request; true where the connection stays open for the next."""


def ask(
    target: str,
    *lines: str | bytes,
    method: str = "GET",
    origin: str | None = PAGE,
    body: bytes = b"",
) -> bytes:
    """The bytes of a request; `lines` are further header lines, without their ends."""
    host = target.split("/")[2] if "://" in target else "api.test"
    head = [f"{method} {target} HTTP/1.1".encode("latin-1"), f"Host: {host}".encode("latin-1")]
    if origin is not None:
        head.append(b"Origin: " + origin.encode("latin-1"))
    if body:
        head.append(b"Content-Length: %d" % len(body))
    head += [line.encode("latin-1") if isinstance(line, str) else line for line in lines]
    return b"\r\n".join(head) + b"\r\n\r\n" + body


def preflight(target: str, method: str = "PUT", *lines: str) -> bytes:
    """The bytes of a preflight."""
    return ask(target, f"Access-Control-Request-Method: {method}", *lines, method="OPTIONS")


def reply(*lines: str | bytes, status: str = "200 OK", body: bytes = b"body") -> Handler:
    """Answer with exactly these header lines and a length."""
    head = [f"HTTP/1.1 {status}".encode("latin-1")]
    head += [line.encode("latin-1") if isinstance(line, str) else line for line in lines]
    head.append(b"Content-Length: %d" % len(body))

    def answer(connection: socket.socket) -> bool:
        connection.sendall(b"\r\n".join(head) + b"\r\n\r\n" + body)
        return True

    return answer


class RawServer:
    """Listens on a free loopback port; `answers` says by URL what runs on the connection.

    It is asked as an upstream proxy is, in absolute form, so that every host exists.
    """

    def __init__(self) -> None:
        self.answers: dict[str, Handler] = {}
        self.heads: list[bytes] = []
        self._server = _Listener(("127.0.0.1", 0), _Connection)
        self._server.owner = self

    @property
    def mode(self) -> str:
        """The value of mitmproxy's option `mode` that sends every request here."""
        return f"upstream:http://127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        """The loopback port it listens on."""
        return int(self._server.server_address[1])

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def take(self, head: bytes) -> Handler:
        """Record a request, and say what is to be done; the query doesn't matter for that."""
        self.heads.append(head)
        target = head.split(b" ")[1].decode("latin-1").partition("?")[0]
        host = re.search(rb"(?i)\r\nhost: *([^\r]*)", head)
        if target.startswith("/") and host:
            target = f"http://{host[1].decode('latin-1')}{target}"
        return self.answers.get(target, reply(status="501 Not Scripted"))


class _Listener(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    owner: RawServer


class _Connection(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        connection = cast("socket.socket", self.request)
        connection.settimeout(SECONDS)
        with contextlib.suppress(OSError):  # some tests make the other side go away
            while head := _read_request(connection):
                if not cast("_Listener", self.server).owner.take(head)(connection):
                    break


def _read_request(connection: socket.socket) -> bytes:
    """The head; the body is read too, or closing would break the connection off."""
    head, mark, body = _until(connection, b"\r\n\r\n").partition(b"\r\n\r\n")
    if b"\r\ntransfer-encoding:" in head.lower():
        _until(connection, b"0\r\n\r\n", body)
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    missing = (int(length[1]) if length else 0) - len(body)
    while missing > 0:
        missing -= len(connection.recv(missing)) or missing
    return head + mark


def _until(connection: socket.socket, mark: bytes, got: bytes = b"") -> bytes:
    while mark not in got and (piece := connection.recv(65_536)):
        got += piece
    return got


@dataclass(frozen=True, slots=True)
class Reply:
    """A response as it came: its head without the empty line, and the body."""

    head: bytes
    body: bytes

    @property
    def status(self) -> int:
        """The status code."""
        return int(self.head.split(b" ")[1])

    def lines(self, name: str) -> list[bytes]:
        """The header lines of this name, each as it came."""
        start = name.encode("latin-1").lower() + b":"
        return [line for line in self.head.split(b"\r\n")[1:] if line.lower().startswith(start)]


class Client:
    """A connection to the proxy."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), SECONDS)
        self._got = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> Self:
        """Send these bytes."""
        self.socket.sendall(data)
        return self

    def head(self) -> bytes:
        """The next response's head, without the empty line."""
        self._got = _until(self.socket, b"\r\n\r\n", self._got)
        head, _, self._got = self._got.partition(b"\r\n\r\n")
        return head

    def until(self, mark: bytes) -> bytes:
        """What comes, up to this mark or the end of the connection."""
        self._got = _until(self.socket, mark, self._got)
        before, found, self._got = self._got.partition(mark)
        return before + found

    def rest(self) -> bytes:
        """All that comes until the connection ends."""
        with contextlib.suppress(ConnectionError):
            while piece := self.socket.recv(65_536):
                self._got += piece
        rest, self._got = self._got, b""
        return rest

    def reply(self) -> Reply:
        """The next response, whose body has a length or none."""
        head = self.head()
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        size = int(length[1]) if length else 0
        while len(self._got) < size and (piece := self.socket.recv(65_536)):
            self._got += piece
        body, self._got = self._got[:size], self._got[size:]
        return Reply(head, body)

    def to_tls(self, host: str) -> ssl.SSLSocket:
        """Open a tunnel to this host and speak TLS and HTTP/2 in it, whoever signed for it."""
        self.send(f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n".encode())
        assert b" 200 " in self.head() + b" "
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_alpn_protocols(["h2"])
        self.socket = context.wrap_socket(self.socket, server_hostname=host)
        return self.socket
