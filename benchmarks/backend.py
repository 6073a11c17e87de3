"""What stands behind the proxies: the cheapest server that does what the workloads ask.

`python -m benchmarks.backend` serves on a free port of this machine and prints it. It answers any
origin's GET, PUT and preflight at once, gives a body of any size at `/big?SIZE`, and an event
stream at `/events?COUNT`, each event with the moment at which it was sent.
"""

import asyncio
import contextlib
import re
import sys
import time
from typing import Final

__all__ = ["EVENTS_PER_SECOND", "answer"]

EVENTS_PER_SECOND: Final = 500

BLOCK: Final = bytes(1 << 16)
BODY: Final = b'{"name":"' + b"x" * 1_000 + b'"}'
COMMON: Final = (
    b"Server: nginx\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nCache-Control: no-store\r\n"
    b"Vary: Origin\r\n"
)
ORIGIN: Final = re.compile(rb"\r\norigin: ([^\r]+)", re.IGNORECASE)
LENGTH: Final = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)
ASKED: Final = re.compile(rb"\r\naccess-control-request-headers: ([^\r]+)", re.IGNORECASE)
NUMBERED: Final = re.compile(rb"[A-Z]+ \S*/(big|events)\?(\d+) ")


def answer(head: bytes) -> bytes:
    """The answer to a request, of which this is everything before its body."""
    origin = ORIGIN.search(head)
    cors = b"Access-Control-Allow-Origin: %b\r\n" % origin[1] if origin else b""
    if head.startswith(b"OPTIONS "):
        asked = ASKED.search(head)
        names = b"Access-Control-Allow-Headers: %b\r\n" % asked[1] if asked else b""
        return (
            b"HTTP/1.1 204 No Content\r\n%b%bAccess-Control-Allow-Methods: GET, PUT\r\n%b\r\n"
            % (COMMON, cors, names)
        )
    return (
        b"HTTP/1.1 200 OK\r\n%b%bContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
        % (
            COMMON,
            cors,
            len(BODY),
            BODY,
        )
    )


class _Connection(asyncio.Protocol):
    """One connection of a proxy, its requests one after the other."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.received = b""
        self.writable = asyncio.Event()
        self.writable.set()
        self.task: asyncio.Task[None] | None = None

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        if self.task:
            self.task.cancel()

    def pause_writing(self) -> None:
        self.writable.clear()

    def resume_writing(self) -> None:
        self.writable.set()

    def data_received(self, data: bytes) -> None:
        self.received += data
        while (end := self.received.find(b"\r\n\r\n")) >= 0:
            head = self.received[:end]
            length = LENGTH.search(head)
            end += 4 + (int(length[1]) if length else 0)
            if len(self.received) < end:
                return
            self.received = self.received[end:]
            self._answer(head)

    def _answer(self, head: bytes) -> None:
        asked = NUMBERED.match(head)
        if not asked:
            self.transport.write(answer(head))
            return
        origin = ORIGIN.search(head)
        cors = b"Access-Control-Allow-Origin: %b\r\n" % origin[1] if origin else b""
        self.transport.write(b"HTTP/1.1 200 OK\r\n" + COMMON + cors)
        send = self._body if asked[1] == b"big" else self._events
        self.task = asyncio.create_task(send(int(asked[2])))

    async def _body(self, size: int) -> None:
        self.transport.write(
            b"Content-Type: application/octet-stream\r\nContent-Length: %d\r\n\r\n" % size
        )
        for start in range(0, size, len(BLOCK)):
            await self.writable.wait()
            self.transport.write(BLOCK[: size - start])

    async def _events(self, count: int) -> None:
        self.transport.write(
            b"Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        begun = time.monotonic()
        for number in range(count):
            wait = begun + number / EVENTS_PER_SECOND - time.monotonic()
            await asyncio.sleep(max(0.0, wait))
            event = b"data: %d\n\n" % time.monotonic_ns()
            self.transport.write(b"%x\r\n%b\r\n" % (len(event), event))
        self.transport.write(b"0\r\n\r\n")


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Connection, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve())
