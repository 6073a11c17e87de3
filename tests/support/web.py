"""The page, served for a test: on a loop in a thread of its own, as mitmproxy's loop serves it."""

from __future__ import annotations

import asyncio
import http.client
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Self, TypeVar

from corscope.journal.store import Store
from corscope.mitm.rules.filters import check_filter
from corscope.mitm.rules.live import LiveRules
from corscope.rules.reload import State
from corscope.web.desk import NO_DESK, Desk
from corscope.web.server import Behind, Page

__all__ = ["Answer", "Served"]

T = TypeVar("T")

SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a client gets."""

    status: int
    headers: Mapping[str, str]
    text: str


@dataclass
class Served:
    """Serves while used as a context manager; the store and the rules are the test's to change."""

    store: Store
    state: State = field(default_factory=State)
    port: int = 0
    rules: LiveRules | None = None

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.failures: list[tuple[str, Exception]] = []
        behind = Behind(
            self.store,
            self._rules_now,
            lambda: "127.0.0.1:8080",
            self._desk(),
            lambda where, error: self.failures.append((where, error)),
        )
        self.page = self.do(lambda: Page(behind, self.port))
        return self

    def __exit__(self, *_: object) -> None:
        self.do(self.page.close)
        asyncio.run_coroutine_threadsafe(_rest(), self._loop).result(SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _rules_now(self) -> State:
        return self.state if self.rules is None else self.rules.state

    def _desk(self) -> Desk:
        """The page's desk with real rule files, where there are any."""
        if self.rules is None:
            return NO_DESK
        return Desk(self.rules.sources, self.rules.write, self.rules.toggle, check_filter)

    def do(self, act: Callable[[], T]) -> T:
        """Do something on the page's loop, as the proxy's hooks do."""

        async def acted() -> T:
            return act()

        return asyncio.run_coroutine_threadsafe(acted(), self._loop).result(SECONDS)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.page.port}"

    def ask(
        self,
        path: str = "",
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        token: str | None = None,
        body: str | None = None,
    ) -> Answer:
        """Ask for a path below the token, as a program would that isn't a browser."""
        connection = http.client.HTTPConnection("127.0.0.1", self.page.port, timeout=SECONDS)
        try:
            known = self.page.token if token is None else token
            connection.request(method, f"/{known}/{path}", body, dict(headers or {}))
            response = connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), response.read().decode())
        finally:
            connection.close()


async def _rest() -> None:
    """Let what is still being answered come to its end."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    if others:
        await asyncio.wait(others, timeout=5)
