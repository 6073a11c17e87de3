"""The demo's two origins: the page, and the API that it calls across origins.

The page's origin also serves what corscope said, to itself only: it sends no CORS headers, and
it answers to no other host name, so that no other site can read the journal.
"""

import os
import socket
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from corscope.cli.demo.api import Asked, answer
from corscope.cli.demo.cases import as_json
from corscope.cli.demo.tail import JournalTail

__all__ = ["Addresses", "DemoError", "Origins"]

_PAGE_FILES: Final = {
    "/": ("demo.html", "text/html; charset=utf-8"),
    "/demo.css": ("demo.css", "text/css; charset=utf-8"),
    "/demo.js": ("demo.js", "text/javascript; charset=utf-8"),
}

_PORTS: Final = 5

_FOLDER: Final = Path(__file__).parent / "page"


class DemoError(Exception):
    """The demo can't go on; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where everything is: the origins, of which `down` has nobody listening, and the proxy.

    `web_port` is for mitmweb's own page.
    """

    page_port: int
    api_port: int
    down_port: int
    proxy_port: int
    web_port: int

    @property
    def page(self) -> str:
        """The page's origin."""
        return f"http://localhost:{self.page_port}"

    @property
    def api(self) -> str:
        """The API's origin, on another site than the page: the harder case of the two."""
        return f"http://127.0.0.1:{self.api_port}"

    @property
    def elsewhere(self) -> str:
        """The same API by another name, which makes it another origin."""
        return f"http://localhost:{self.api_port}"

    @property
    def down(self) -> str:
        """An origin where nobody listens."""
        return f"http://127.0.0.1:{self.down_port}"


class Origins:
    """The servers and the sockets they need. `port` is the page's; the others follow it.

    Without one, all ports are free ones. `close` must be called in the end.
    """

    def __init__(self, port: int | None) -> None:
        wanted = [0] * _PORTS if port is None else range(port, port + _PORTS)
        self._servers: list[HTTPServer] = []
        # Bound and never listened on: refused for sure, and nobody else can take it.
        self._down = _bind(wanted[2])
        self._page = _listen(wanted[0])
        self._api = _listen(wanted[1])
        self.addresses = Addresses(
            page_port=_port(self._page[0]),
            api_port=_port(self._api[0]),
            down_port=_port(self._down),
            proxy_port=_free_port(wanted[3]),
            web_port=_free_port(wanted[4]),
        )

    def serve(self, tail: JournalTail, setting: dict[str, str]) -> None:
        """Start answering; `setting` is told to the page beside the addresses and the cases."""
        shown = {
            **setting,
            "api": self.addresses.api,
            "down": self.addresses.down,
            "proxy": f"127.0.0.1:{self.addresses.proxy_port}",
            "cases": as_json(),
        }
        page = Application(
            [
                *((path, _PageFile, {"file": file}) for path, file in _PAGE_FILES.items()),
                ("/setting", _Setting, {"setting": shown}),
                (r"/said/([0-9a-f]{1,32})", _Said, {"tail": tail}),
            ],
            hosts=frozenset({f"localhost:{self.addresses.page_port}"}),
            log_function=lambda _: None,
        )
        api = Application(
            [(r"/([a-z-]+)/([0-9a-f]{1,32})", _Api, {"addresses": self.addresses})],
            log_function=lambda _: None,
        )
        for application, sockets in ((page, self._page), (api, self._api)):
            server = HTTPServer(application)
            server.add_sockets(sockets)
            self._servers.append(server)

    async def close(self) -> None:
        """Stop answering and give the ports back."""
        for server in self._servers:
            server.stop()
            await server.close_all_connections()
        for bound in (*self._page, *self._api, self._down):
            bound.close()


class _PageHandler(RequestHandler):
    """What all of the page's origin has in common: it is for itself alone."""

    def prepare(self) -> None:
        if self.request.host not in self.settings["hosts"]:
            self.send_error(421)  # another name for this address: a rebound DNS name, perhaps

    def set_default_headers(self) -> None:
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        self.set_header(
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; base-uri 'none'; "
            "connect-src 'self' http://127.0.0.1:* http://localhost:*; frame-ancestors 'none'",
        )


class _PageFile(_PageHandler):
    def initialize(self, file: tuple[str, str]) -> None:
        self._name, self._type = file

    def get(self) -> None:
        self.set_header("Content-Type", self._type)
        self.write((_FOLDER / self._name).read_bytes())


class _Setting(_PageHandler):
    def initialize(self, setting: dict[str, Any]) -> None:
        self._setting = setting

    def get(self) -> None:
        self.write(self._setting)


class _Said(_PageHandler):
    def initialize(self, tail: JournalTail) -> None:
        self._tail = tail

    def get(self, press: str) -> None:
        self.write({"exchanges": self._tail.of_press(press)})


class _Api(RequestHandler):
    """The API; it knows no journal."""

    def initialize(self, addresses: Addresses) -> None:
        self._asked = Asked("", "", False, addresses.page, addresses.elsewhere)

    def _answer(self, case: str, press: str) -> None:
        preflight = (
            self.request.method == "OPTIONS"
            and "Access-Control-Request-Method" in self.request.headers
        )
        answered = answer(replace(self._asked, case=case, press=press, preflight=preflight))
        self.set_status(answered.status)
        for name, value in answered.headers:
            self.add_header(name, value)
        if answered.status == 204:
            self.clear_header("Content-Type")
        else:
            self.write({"said": "hello from the API", "status": answered.status})

    get = post = put = delete = options = _answer  # one answer, whatever the method


def _listen(port: int) -> list[socket.socket]:
    """Listen on all addresses that localhost has, with the same port."""
    try:
        return bind_sockets(port, "localhost")
    except OSError as error:
        raise _busy(port) from error


def _bind(port: int, *, again: bool = False) -> socket.socket:
    """Bind a loopback port; `again` also where connections of an earlier demo are still fading."""
    bound = socket.socket()
    if again and os.name == "posix":  # on Windows the option would let two listen on one port
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(("127.0.0.1", port))
    except OSError as error:
        bound.close()
        raise _busy(port) from error
    return bound


def _free_port(port: int) -> int:
    """Return a port that is free now; the proxy has to bind it by itself."""
    with _bind(port, again=True) as bound:
        return _port(bound)


def _port(bound: socket.socket) -> int:
    return int(bound.getsockname()[1])


def _busy(port: int) -> DemoError:
    return DemoError(
        f"port {port} is in use by another program or not allowed: the demo needs "
        f"{_PORTS} in a row; name another first one with --port, or leave it out for free ones"
    )
