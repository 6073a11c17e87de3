"""Who asks? Clients that ask one thing after another, each of its own, and note the answers."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterable
from typing import Self

from tests.live.wire import Client, Handler, RawServer, ask, preflight, reply

__all__ = ["URL", "Clients", "answered_ids", "open_server"]

URL = "http://api.test/"

RETRY_SECONDS = 0.05


def open_server(server: RawServer, answer: Handler | None = None) -> None:
    """Let the server allow what these clients ask."""
    allowing = (
        "Access-Control-Allow-Origin: http://page.test",
        "Access-Control-Allow-Methods: PUT",
    )
    server.answers[URL] = answer or reply(*allowing)


class Clients:
    """Threads with a connection each: a preflight, then its PUT, and so on until told to stop.

    Attributes:
        answered: kind and id of what got its whole answer.
        refused: the statuses that weren't 200.
    """

    def __init__(self, port: int, name: str, count: int = 8, pause: float = 0.0) -> None:
        self.answered: set[str] = set()
        self.refused: list[int] = []
        self._port, self._name, self._pause = port, name, pause
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(n,)) for n in range(count)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, more: int, seconds: float = 30.0) -> None:
        """Wait until so many more answers have come."""
        wanted, until = len(self.answered) + more, time.monotonic() + seconds
        while len(self.answered) < wanted:
            assert time.monotonic() < until, f"{len(self.answered)} answers of {wanted}"
            time.sleep(0.01)

    def _run(self, client: int) -> None:
        number = 0
        while not self._stop.is_set():
            # A proxy that is killed closes the connection, or refuses the next.
            with contextlib.suppress(OSError), Client(self._port) as connection:
                while not self._stop.is_set():
                    number += 1
                    id_ = f"{self._name}-{client}-{number}"
                    self._ask(connection, "preflight", id_, preflight(f"{URL}?{id_}"))
                    self._ask(connection, "actual", id_, ask(f"{URL}?{id_}", method="PUT"))
            self._stop.wait(RETRY_SECONDS)

    def _ask(self, connection: Client, kind: str, id_: str, data: bytes) -> None:
        got = connection.send(data).reply()
        if not got.head.startswith(b"HTTP/"):
            raise ConnectionError("closed")
        if got.status != 200:
            self.refused.append(got.status)
        self.answered.add(f"{kind} {id_}")
        self._stop.wait(self._pause)


def answered_ids(entries: Iterable[dict[str, object]]) -> list[str]:
    """What of this is in a journal whose URLs aren't masked."""
    return [
        f"{entry['kind']} {str(entry['url']).partition('?')[2]}"
        for entry in entries
        if entry["type"] == "exchange"
    ]
