"""Traffic of every kind that there is, each with the bytes that both of its ends got.

What is the same with and without corscope is compared by them: so no exercise says anything that
differs from one time to the next.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlsplit

import h2.events

from .proxy import CONTROL, Proxy
from .test_http2 import Http2
from .wire import PAGE, SECONDS, Client, RawServer, ask, preflight, reply

__all__ = ["EXERCISES", "FAULTS", "RULED", "RULES", "SECRET", "Seen", "answer_all", "done", "told"]

FAULTS: Final = CONTROL.with_name("faults.py")

RULES: Final = """
[[rule]]
name = "edits"
match.host = "edit.test"
headers.set = { Access-Control-Allow-Origin = "{origin}", X-Edited = "{method} {host}" }
headers.remove = "X-Server"

[[rule]]
name = "other status"
match = { host = "status.test", status = "5xx", filter = "~m GET" }
fault.status = 204

[[rule]]
name = "answers"
match.host = "open.test"
policy = { allow_origins = ["http://page.test"], allow_methods = ["PUT"], like = "express" }

[[rule]]
name = "sends away"
match.host = "redirect.test"
fault.redirect = "https://login.test/"

[[rule]]
name = "drops"
match.host = "drop.test"
fault = { abort = true, delay = 0.01 }

[[rule]]
name = "would answer"
mode = "shadow"
match.host = "shadow.test"
policy.allow_origins = "*"
"""

ALLOWED: Final = (f"Access-Control-Allow-Origin: {PAGE}", "Access-Control-Allow-Methods: PUT")
MODERN: Final = ("User-Agent: AppleWebKit/537.36 Chrome/156.0.0.0", "Sec-Fetch-Mode: cors")


SECRET: Final = "s3cr3t-of-the-exception"
"""What an exception says that is let fail something; it may be a value that came by."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the client got, and what the server was asked."""

    client: tuple[bytes, ...]
    server: tuple[bytes, ...]


Exercise = Callable[[Proxy], list[bytes]]


def answer_all(server: RawServer) -> None:
    """Let the server answer what the exercises ask."""
    chunks = b"".join(b"800\r\n" + b"%d" % n * 2048 + b"\r\n" for n in range(3)) + b"0\r\n\r\n"

    def chunked(connection: socket.socket) -> None:
        head = "\r\n".join(("HTTP/1.1 200 OK", *ALLOWED, "Transfer-Encoding: chunked", "", ""))
        connection.sendall(head.encode() + chunks)

    def close(connection: socket.socket) -> None:
        connection.close()

    put = reply(*ALLOWED, "X-Server: Yes", "Set-Cookie: a")
    bare = reply("X-Server: Yes", "VARY: Accept", "Vary: b")
    for host in ("api", "edit", "open", "shadow", "redirect", "drop", "secure"):
        server.answers |= {f"http://{host}.test/put": put, f"http://{host}.test/bare": bare}
    moved = reply(*ALLOWED, "Location: http://shadow.test/bare", status="302 Found")
    image = reply("Cross-Origin-Resource-Policy: same-origin")
    server.answers |= {
        "http://api.test/stream": chunked,
        "http://edit.test/stream": chunked,
        "http://api.test/dead": close,
        "http://shadow.test/dead": close,
        "http://api.test/moved": moved,
        "http://api.test/image": image,
        "http://status.test/": reply(status="503 No", body=b"not now"),
    }


def _asked(proxy: Proxy, *asked: bytes) -> list[bytes]:
    """Ask on one connection; where it is dropped, go on with another."""
    got = []
    with contextlib.ExitStack() as open_ones:
        client = open_ones.enter_context(Client(proxy.port))
        for each in asked:
            told = None
            with contextlib.suppress(ConnectionError):
                told = client.send(each).reply()
            if told is None or not told.head:
                client = open_ones.enter_context(Client(proxy.port))
            got += [told.head, told.body] if told else [b"", b""]
    return got


def _put(host: str) -> Exercise:
    url = f"http://{host}.test/put"
    return lambda proxy: _asked(
        proxy,
        preflight(url, "PUT", *MODERN, "Access-Control-Request-Headers: x-a"),
        ask(url, *MODERN, "X-A: 1", 'If-None-Match: "a"', method="PUT", body=b"body"),
        ask(f"http://{host}.test/bare", "Cookie: a=b"),
    )


def _streamed(host: str) -> Exercise:
    def exercise(proxy: Proxy) -> list[bytes]:
        with Client(proxy.port) as client:
            client.send(ask(f"http://{host}.test/stream"))
            return [client.head(), client.until(b"0\r\n\r\n")]

    return exercise


def _asks(*asked: bytes) -> Exercise:
    return lambda proxy: _asked(proxy, *asked)


def _tunnel(proxy: Proxy) -> list[bytes]:
    """A preflight and its request over HTTP/2, through a tunnel."""
    got = []
    with Http2(proxy.port, "secure.test") as client:
        asks = ("access-control-request-method", "PUT")
        for extra, method in (((asks,), "OPTIONS"), ((), "PUT")):
            stream = client.send("/put", *extra, method=method)
            got.append(repr(client.headers(stream)).encode())
            got.append(_body(client, stream))
    return got


def _body(client: Http2, stream: int) -> bytes:
    """The body of a stream whose headers have come."""
    while True:
        own = [each for each in client.events if getattr(each, "stream_id", None) == stream]
        if any(isinstance(each, h2.events.StreamEnded) for each in own):
            data = [each.data or b"" for each in own if isinstance(each, h2.events.DataReceived)]
            return b"".join(data)
        client.events += client.h2.receive_data(client.socket.recv(65_536))


def _untrusting(proxy: Proxy) -> list[bytes]:
    """A browser that doesn't take mitmproxy's certificate."""
    with Client(proxy.port) as client:
        head = client.send(b"CONNECT secure.test:443 HTTP/1.1\r\nHost: secure.test\r\n\r\n").head()
        with contextlib.suppress(ssl.SSLError, ConnectionError):
            ssl.create_default_context().wrap_socket(client.socket, server_hostname="secure.test")
        return [head]


def told(proxy: Proxy, **asked: Any) -> dict[str, Any]:
    """Ask the script that lets functions fail."""
    body = json.dumps(asked).encode()
    reply_ = proxy.ask(ask("http://faults.test/", method="POST", origin=None, body=body))
    answer: dict[str, Any] = json.loads(reply_.body)
    return answer


def _looked_at(proxy: Proxy) -> list[bytes]:
    """An exchange that a person looks at: with commands, in the content view, on the page."""
    seen = _asked(proxy, ask("http://api.test/bare", *MODERN))
    address = re.search(r"CORS page: (\S+)", proxy.log())
    if address is not None:
        looked = told(proxy, look=True)
        assert SECRET not in str(looked), looked
        url = urlsplit(address[1])
        for path in ("", "view/exchanges", f"exchange/{looked.get('id')}", "events"):
            connection = HTTPConnection("127.0.0.1", url.port or 0, timeout=SECONDS)
            with contextlib.suppress(HTTPException, ConnectionError):
                connection.request("GET", url.path + path)
                assert SECRET.encode() not in connection.getresponse().read1(65_536)
            connection.close()
    return seen


EXERCISES: Final[Mapping[str, Exercise]] = MappingProxyType(
    {
        "no cors": _asks(ask("http://api.test/bare", origin=None, method="POST", body=b"x")),
        "put": _put("api"),
        "streamed": _streamed("api"),
        "redirect": _asks(
            ask("http://api.test/moved", *MODERN), ask("http://shadow.test/bare", *MODERN)
        ),
        "image": _asks(
            ask(
                "http://api.test/image",
                "Sec-Fetch-Mode: no-cors",
                f"Referer: {PAGE}/",
                origin=None,
            )
        ),
        "dead server": _asks(ask("http://api.test/dead")),
        "tunnel": _tunnel,
        "no trust": _untrusting,
        "looked at": _looked_at,
        "shadowed": _put("shadow"),
        "shadowed, dead": _asks(ask("http://shadow.test/dead")),
        "edited": _put("edit"),
        "edited, streamed": _streamed("edit"),
        "other status": _asks(ask("http://status.test/"), ask("http://api.test/bare")),
        "answered": _put("open"),
        "sent away": _put("redirect"),
        "dropped": _put("drop"),
    }
)
RULED: Final = tuple(EXERCISES)[list(EXERCISES).index("edited") :]
"""Those that a rule changes."""


def done(exercise: Exercise, proxy: Proxy, server: RawServer) -> Seen:
    """Do an exercise, and tell what was seen at both ends."""
    before = len(server.heads)
    client = exercise(proxy)
    return Seen(tuple(client), tuple(server.heads[before:]))
