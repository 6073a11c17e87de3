"""The application behind the proxies: it knows nothing of CORS."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

__all__ = ["start"]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else a body waits 40 ms for its head to be acknowledged

    def _answer(self) -> None:
        route, _, rest = self.path.removeprefix("/").partition("/")
        if route == "crash":
            # No header, so that the proxy has to answer for it.
            self.wfile.write(b"HTTP/1.1 200 OK\r\nbroken\r\n\r\n")
            self.close_connection = True
        elif route == "silent":
            self.close_connection = True
        elif route == "status" and rest.isdigit():
            self._send(int(rest))
        elif route == "vary":
            self._send(200, *(("Vary", line) for line in rest.split("+")))
        elif route == "own" and rest:
            self._send(200, *((name, "own") for name in rest.split("+")))
        elif route == "own":
            self._send(200, ("Access-Control-Allow-Origin", "https://own.test"))
        elif route == "ok":
            self._send(200)
        else:
            self._send(404)

    def _send(self, status: int, *lines: tuple[str, str]) -> None:
        self.send_response(status)
        for line in lines:
            self.send_header(*line)
        body = b"" if status in {204, 304} or self.command == "HEAD" else b"body"
        if status not in {204, 304}:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = _answer  # noqa: N815

    def do_OPTIONS(self) -> None:
        """Only one kind of path has an answer, for preflights that are passed on."""
        if self.path.startswith("/vary/"):
            self._answer()
        else:
            self._send(405)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A proxy that closes its connections is no error."""


def start() -> int:
    """Serve it on a free port for as long as the program runs."""
    server = _Server(("127.0.0.1", 0), _Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    return int(server.server_address[1])
