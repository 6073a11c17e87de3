"""The server behind the proxy of the load test, a process of its own.

It is asked as an upstream proxy is. A URL's first part says how it answers, and its last part, the
token, comes back in every answer, so that an answer to another request shows. What is `counted`
comes late and out of order, each answer with a number that the journal records too, as one more
name in a list of CORS.

    python -m tests.stress.backend
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from itertools import count

from tests.stress.crowd import ORIGIN, body_of

ALLOWING = (
    f"Access-Control-Allow-Origin: {ORIGIN}",
    "Access-Control-Allow-Methods: PUT",
    "Access-Control-Allow-Headers: x-token",
    "Access-Control-Max-Age: 0",
)
PAGE = b"<!doctype html><title>page</title><link rel=icon href='data:,'>"
LATEST = 0.3
NUMBERS = count(1)
PARTS = 4
PAUSE = 0.1


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one request after the other, until one of both hangs up."""
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            length = [line for line in head.split("\r\n") if line.lower().startswith("content-len")]
            got = await _drain(reader, head, int(length[0].split(":")[1]) if length else 0)
            if not await _answer(writer, head, got):
                break
    writer.close()


async def _drain(reader: asyncio.StreamReader, head: str, length: int) -> int:
    """Read a request's body, and count it."""
    if "transfer-encoding: chunked" not in head.lower():
        await reader.readexactly(length)
        return length
    total = 0
    while size := int(await reader.readline(), 16):
        await reader.readexactly(size + 2)
        total += size
    await reader.readline()
    return total


async def _answer(writer: asyncio.StreamWriter, head: str, got: int) -> bool:
    """Answer; false where the connection is to be closed."""
    method, url, _ = head.split("\r\n", 1)[0].split(" ")
    how, token = url.split("/")[3:5]
    if how == "hang-up":
        return False
    if how in {"counted", "page"}:
        writer.write(await _counted(method) if how == "counted" else _page())
        return True
    body = b"" if method == "OPTIONS" else body_of(how, token)
    lines = [
        "HTTP/1.1 200 OK",
        f"Content-Length: {len(body)}",
        f"X-Token: {token}",
        f"X-Got: {got}",
        *(() if how == "closed" else ALLOWING),
    ]
    writer.write("\r\n".join((*lines, "", "")).encode())
    step = -(-len(body) // PARTS) if how in {"slow", "half"} else len(body)
    for start in range(0, len(body), step or 1):
        writer.write(body[start : start + step])
        await writer.drain()
        if how == "half":
            return False
        if how == "slow":
            await asyncio.sleep(PAUSE)
    return True


async def _counted(method: str) -> bytes:
    """An answer with a number of its own, after a while."""
    await asyncio.sleep(random.random() * LATEST)
    number = next(NUMBERS)
    name = "Allow-Headers: x-token" if method == "OPTIONS" else "Expose-Headers: x-number"
    lines = (
        "HTTP/1.1 200 OK",
        "Content-Length: 0",
        *(line for line in ALLOWING if "Allow-Headers" not in line),
        f"Access-Control-{name}, n-{number}",
        f"X-Number: {number}",
    )
    return "\r\n".join((*lines, "", "")).encode()


def _page() -> bytes:
    """A page to fetch from."""
    lines = ("HTTP/1.1 200 OK", "Content-Type: text/html", f"Content-Length: {len(PAGE)}")
    return "\r\n".join((*lines, "", "")).encode() + PAGE


async def main() -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=1_000)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201  whoever starts it reads it
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
