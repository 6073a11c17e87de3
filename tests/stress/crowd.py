"""The clients of the load test, a process of its own: each request is unique, each answer checked.

    python -m tests.stress.crowd PORT CONNECTIONS SECONDS FILE

A line of the file is a JSON list: the token, the kind, and how it ended, then the milliseconds that
it took. What should come of a kind is in `KINDS`; all else is an error.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["KINDS", "ORIGIN", "Kind", "Sent", "body_of", "read"]

ORIGIN: Final = "http://page.test"
AGENT: Final = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/150.0.0.0 Safari/537.36"
UPLOAD: Final = 200_000
PATIENCE: Final = 60.0


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of request.

    Attributes:
        share: how many of a hundred are such.
        how: what its URL asks of the server.
        host: the host of its URL.
        method: its method.
        is_cors: whether it has an Origin.
        preflighted: whether a preflight is sent before it.
        actual: whether it is sent itself.
        ends: how it ends: the status, or `aborted`.
    """

    share: int
    how: str
    host: str = "api.test"
    method: str = "GET"
    is_cors: bool = True
    preflighted: bool = False
    actual: bool = True
    ends: str = "200"


@dataclass(frozen=True, slots=True)
class Sent:
    """A request of a kind, with its preflight where it has one, and how it ended."""

    token: str
    kind: str
    ended: str
    milliseconds: float


KINDS: Final = {
    "plain": Kind(20, "get", host="plain.test", is_cors=False),
    "cors": Kind(20, "get"),
    "closed": Kind(8, "closed"),
    "put": Kind(20, "put", method="PUT", preflighted=True),
    "ruled": Kind(8, "put", host="ruled.test", method="PUT", preflighted=True),
    "lost": Kind(6, "put", method="PUT", preflighted=True, actual=False),
    "streamed": Kind(4, "streamed"),
    "slow": Kind(4, "slow"),
    "upload": Kind(4, "get", method="POST"),
    "hung up": Kind(2, "hang-up", ends="502"),
    "half": Kind(2, "half", ends="502"),
    "aborted": Kind(2, "slow", ends="aborted"),
}


def body_of(how: str, token: str) -> bytes:
    """What the server answers."""
    return (token + ";").encode() * (20_000 if how == "streamed" else 16)


class Client:
    """One connection to the proxy, opened anew where it was closed."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, kind: Kind, token: str, method: str) -> str:
        """Send a request and check its answer; returns how it ended."""
        try:
            return await asyncio.wait_for(self._send(kind, token, method), PATIENCE)
        except asyncio.IncompleteReadError:
            ended = "closed"
        except ConnectionError as error:
            ended = type(error).__name__
        except TimeoutError:
            ended = "timeout"
        self.close()
        return ended

    async def _send(self, kind: Kind, token: str, method: str) -> str:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        is_upload = kind.method == method == "POST"
        writer.write(_request(kind, token, method, UPLOAD if is_upload else 0))
        if is_upload:
            writer.write(b"u" * UPLOAD)
        await writer.drain()
        if kind.ends == "aborted":
            await asyncio.sleep(random.random() * 0.3)
            self.close()
            return "aborted"
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        status = head.split(" ")[1]
        body = await _body(reader, head)
        if "connection: close" in head or status not in {"200", "204"}:
            self.close()
        if kind.ends != "200" or status not in {"200", "204"}:
            return status
        return _checked(kind, token, method, head, body)

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


def _request(kind: Kind, token: str, method: str, length: int) -> bytes:
    lines = [
        f"{method} http://{kind.host}/{kind.how}/{token} HTTP/1.1",
        f"Host: {kind.host}",
        f"User-Agent: {AGENT}",
    ]
    if kind.is_cors:
        lines += [f"Origin: {ORIGIN}"]
    if method == "OPTIONS":
        lines += [f"Access-Control-Request-Method: {kind.method}"]
        lines += ["Access-Control-Request-Headers: x-token"]
    elif kind.preflighted:
        lines += [f"X-Token: {token}"]
    if length:
        lines += [f"Content-Length: {length}", "Content-Type: text/plain"]
    return "\r\n".join((*lines, "", "")).encode()


async def _body(reader: asyncio.StreamReader, head: str) -> bytes:
    if "transfer-encoding: chunked" not in head:
        length = [line for line in head.split("\r\n") if line.startswith("content-length:")]
        return await reader.readexactly(int(length[0].split(":")[1]) if length else 0)
    body = b""
    while size := int(await reader.readline(), 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readline()
    return body


def _checked(kind: Kind, token: str, method: str, head: str, body: bytes) -> str:
    """`200` where the answer is that to this very request."""
    if method == "OPTIONS":
        # A rule's answer is made by the proxy, which knows no token.
        is_its_own = kind.host == "ruled.test" or f"x-token: {token}\r\n" in head
        return "200" if is_its_own and "access-control-allow-origin" in head else "other preflight"
    if f"x-token: {token}\r\n" not in head or body != body_of(kind.how, token):
        return "other answer"
    if kind.method == "POST" and f"x-got: {UPLOAD}\r\n" not in head:
        return "upload cut"
    return "200"


def _tokens(number: int) -> Iterator[str]:
    count = 0
    while True:
        count += 1
        yield f"t{number}-{count}"


async def _work(number: int, port: int, until: float, found: list[tuple[object, ...]]) -> None:
    client, names = Client(port), list(KINDS)
    shares = [kind.share for kind in KINDS.values()]
    chosen = random.Random(number)
    for token in _tokens(number):
        if time.monotonic() > until:
            break
        (name,) = chosen.choices(names, shares)
        kind, began, ended = KINDS[name], time.monotonic(), "200"
        if kind.preflighted:
            ended = await client.send(kind, token, "OPTIONS")
            if ended == "200" and kind.actual:
                ended = await client.send(kind, token, kind.method)
        else:
            ended = await client.send(kind, token, kind.method)
        found.append((token, name, ended, round((time.monotonic() - began) * 1_000, 1)))
    client.close()


def read(path: Path) -> list[Sent]:
    """What was sent, from the file that was written at the end."""
    return [Sent(*json.loads(line)) for line in path.read_text("utf-8").splitlines()]


async def main(port: int, connections: int, seconds: float, path: Path) -> None:
    found: list[tuple[object, ...]] = []
    until = time.monotonic() + seconds
    await asyncio.gather(*(_work(number, port, until, found) for number in range(connections)))
    with contextlib.suppress(OSError):
        path.write_text("".join(f"{json.dumps(each)}\n" for each in found), "utf-8")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), Path(sys.argv[4])))
