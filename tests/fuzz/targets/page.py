"""Anything sent to the page's port: never an error of ours, and no answer for who doesn't know it.

A request is written as text; the words TOKEN, PORT, STAMP and LENGTH in it are filled in.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from corscope.mitm.rules.filters import check_filter
from corscope.rules.load import Source, load
from corscope.rules.reload import State
from corscope.web.desk import Desk, stamp
from corscope.web.server import Behind, Page
from tests.web.rule_folder import ALLOW
from tests.web.scenes import told

__all__ = ["fuzz_one"]

PATIENCE: Final = 0.05
"""Seconds to wait for an answer; a request that isn't complete gets none."""

OF_EXCHANGES: Final = (b"app.example.com", b"api.example.com")
"""What no answer holds for who doesn't know the token."""


def fuzz_one(data: bytes) -> None:
    """Send it, and look at what comes back."""
    served = _served()
    answer = served.loop.run_until_complete(_sent(served, _filled(data, served.page)))
    assert not served.failures, served.failures.pop()
    if not answer:
        return
    assert not answer.startswith((b"HTTP/1.1 500", b"HTTP/1.1 501")), answer[:200]
    head = answer.partition(b"\r\n\r\n")[0].lower()
    assert b"\naccess-control-" not in head
    assert b"\nset-cookie" not in head
    if not (b"TOKEN" in data and b"PORT" in data):
        assert not any(word in answer for word in (*OF_EXCHANGES, served.page.token.encode()))


def _filled(data: bytes, page: Page) -> bytes:
    head, blank, body = data.partition(b"\n\n")
    known = {b"TOKEN": page.token, b"PORT": str(page.port), b"STAMP": stamp(ALLOW.encode())}
    for word, value in known.items():
        head = head.replace(word, value.encode())
        body = body.replace(word, value.encode())
    head = head.replace(b"LENGTH", str(len(body)).encode())
    return head.replace(b"\n", b"\r\n") + blank.replace(b"\n", b"\r\n") + body


@dataclass
class _Served:
    """The page on a loop that runs while something is asked."""

    loop: asyncio.AbstractEventLoop
    page: Page
    failures: list[str] = field(default_factory=list)


@cache
def _served() -> _Served:
    loop = asyncio.new_event_loop()
    source = Source("rules.toml", ALLOW.encode())
    desk = Desk(lambda: (source,), lambda *_: None, lambda _: True, check_filter)
    state = State(load([source]), (source.path,))
    behind = Behind(told().store, lambda: state, lambda: "127.0.0.1:8080", desk)

    async def page() -> Page:
        return Page(behind, 0)

    served = _Served(loop, loop.run_until_complete(page()))
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: served.failures.append(record.getMessage())  # type: ignore[method-assign]
    for name in ("corscope", "tornado.application"):
        logging.getLogger(name).addHandler(handler)
    logging.getLogger("tornado.general").setLevel(logging.ERROR)
    return served


async def _sent(served: _Served, data: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", served.page.port)
    answer = b""
    with suppress(TimeoutError, ConnectionError):
        writer.write(data)
        async with asyncio.timeout(PATIENCE):
            while piece := await reader.read(65_536):
                answer += piece
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    return answer
