"""A server that writes exactly the bytes a test asks for, and remembers what it was asked.

Point mitmproxy at it with ``--mode upstream:http://127.0.0.1:PORT`` and every host and port
exists without name resolution, because a proxy is asked in absolute form
(``GET http://api.test/x HTTP/1.1``), and for ``https`` by ``CONNECT``, after which the server
speaks TLS itself. Asked in origin form it is a plain server of its own.

No HTTP library writes the answers: a doubled header, an odd byte or an empty value is the very
thing under test, and a library would mend it.
"""

from __future__ import annotations

import contextlib
import socketserver
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, cast

from .certificate import server_context

if TYPE_CHECKING:
    from io import BufferedIOBase

__all__ = [
    "EMPTY_PAGE",
    "NOT_SCRIPTED",
    "Answer",
    "HangUp",
    "HeaderPairs",
    "OriginServer",
    "Received",
    "Scripted",
]

HeaderPairs = tuple[tuple[str, str], ...]

WITHOUT_BODY = {204, 304}  # these statuses end with the head, whatever it says of a length


@dataclass(frozen=True, slots=True)
class Answer:
    """A response: the headers are written in this order, in Latin-1, and not checked.

    The connection is closed after it, unless it `stays` until the client does so.
    """

    status: int = 200
    headers: HeaderPairs = ()
    body: bytes = b"body"
    reason: str = "Scripted"
    delay: float = 0.0
    stays: bool = False

    def wire(self, method: str) -> bytes:
        """Return the bytes to write; only the framing is added to what the test asked for."""
        without_body = self.status in WITHOUT_BODY
        framing = () if without_body else (("Content-Length", str(len(self.body))),)
        fields = (*self.headers, *framing, ("Connection", "close"))
        head = f"HTTP/1.1 {self.status} {self.reason}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in fields)
        body = b"" if without_body or method == "HEAD" else self.body
        return head.encode("latin-1") + b"\r\n" + body


@dataclass(frozen=True, slots=True)
class HangUp:
    """In place of an answer: close the connection without a word, as a dying backend does."""


Scripted = Answer | HangUp

NOT_SCRIPTED = Answer(501, reason="Not Scripted")

# A page to fetch from; it gives its icon, so that the browser asks for none.
EMPTY_PAGE = Answer(
    headers=(("Content-Type", "text/html"),),
    body=b"<!doctype html><title>page</title><link rel=icon href='data:,'>",
)


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it came off the wire, headers in order and decoded as Latin-1."""

    method: str
    url: str
    headers: HeaderPairs

    def values(self, name: str) -> list[str]:
        """Return the values of every header line with this name, in order."""
        return [value for key, value in self.headers if key.lower() == name.lower()]


class OriginServer:
    """Listens on a free loopback port while used as a context manager.

    ``routes`` maps (method, absolute URL) to what is answered; the method ``*`` stands for any,
    and an exact method goes before it. The table may be changed at any time. Whatever is not in
    it gets a 501, so that a request nobody expected cannot pass for an answer.
    """

    def __init__(self, routes: dict[tuple[str, str], Scripted] | None = None) -> None:
        self.routes: dict[tuple[str, str], Scripted] = dict(routes or {})
        self.received: list[Received] = []
        self._server = _Listener(self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )

    @property
    def port(self) -> int:
        """The loopback port it listens on."""
        return int(self._server.server_address[1])

    @property
    def upstream_mode(self) -> str:
        """The value of mitmproxy's option ``mode`` that sends every request here."""
        return f"upstream:http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def take(self, request: Received) -> Scripted:
        """Record a request and look up what it is to be answered with."""
        self.received.append(request)
        for method in (request.method, "*"):
            if (method, request.url) in self.routes:
                return self.routes[method, request.url]
        return NOT_SCRIPTED


class _Listener(socketserver.ThreadingTCPServer):
    """The listening socket; each connection carries one request and gets a thread."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, owner: OriginServer) -> None:
        self.owner = owner
        super().__init__(("127.0.0.1", 0), _Connection)


class _Connection(socketserver.StreamRequestHandler):
    """Reads one request, through a tunnel where one is asked for; writes one answer, closes."""

    def handle(self) -> None:
        with contextlib.suppress(OSError):  # some tests make the client hang up first
            self._serve("http")

    def finish(self) -> None:
        super().finish()
        self.connection.close()

    def _serve(self, scheme: str) -> None:
        request = self._read_request(scheme)
        if request is None:
            return
        if request.method == "CONNECT" and scheme == "http":
            self.wfile.write(b"HTTP/1.1 200 Connected\r\n\r\n")
            self._speak_tls()
            self._serve("https")
            return
        answer = cast("_Listener", self.server).owner.take(request)
        if isinstance(answer, HangUp):
            return
        time.sleep(answer.delay)
        self.wfile.write(answer.wire(request.method))
        if answer.stays:
            self.rfile.read()

    def _speak_tls(self) -> None:
        self.connection = server_context().wrap_socket(self.request, server_side=True)
        self.rfile = self.connection.makefile("rb", self.rbufsize)
        self.wfile = cast("BufferedIOBase", self.connection.makefile("wb", 0))

    def _read_request(self, scheme: str) -> Received | None:
        """Read head and body; None when the client closed without asking anything."""
        request_line = self.rfile.readline().decode("latin-1").split()
        if len(request_line) != 3:
            return None
        headers = self._read_headers()
        length = [value for name, value in headers if name.lower() == "content-length"]
        self.rfile.read(int(length[0]) if length else 0)
        method, target, _version = request_line
        return Received(method, _absolute(target, headers, scheme), headers)

    def _read_headers(self) -> HeaderPairs:
        pairs = []
        while line := self.rfile.readline().decode("latin-1").rstrip("\r\n"):
            name, _, value = line.partition(":")
            pairs.append((name, value.strip(" \t")))
        return tuple(pairs)


def _absolute(target: str, headers: HeaderPairs, scheme: str) -> str:
    """Complete an origin-form target with the Host header, as a direct origin server must."""
    if not target.startswith("/"):
        return target
    host = next((value for name, value in headers if name.lower() == "host"), "")
    return f"{scheme}://{host}{target}"
