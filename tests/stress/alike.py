"""The clients of the pairing test, a process of its own: all that they send looks alike.

    python -m tests.stress.alike PORT FETCHES FILE AGENT...

Each agent is a browser that sends so many fetches at once, each over a connection of its own: some
of them are given up after the preflight, some in the middle of the actual request, some are late.
A line of the file is a JSON list: the browser's place among them, the number of the preflight's
answer, that of the actual request's or null, and what script did.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.stress.crowd import ORIGIN

__all__ = ["Fetch", "read"]

TURNS: Final = {"sent": 70, "late": 10, "given up": 12, "aborted": 8}
LATER: Final = {"sent": 1.0, "late": 6.0, "given up": 0.0, "aborted": 1.0}
"""Seconds within which the actual request goes out."""


@dataclass(frozen=True, slots=True)
class Fetch:
    """What became of a fetch."""

    browser: int
    preflight: int
    actual: int | None
    turn: str


async def _ask(
    streams: tuple[asyncio.StreamReader, asyncio.StreamWriter], agent: str, *lines: str
) -> int:
    """Send a request; the number of its answer."""
    reader, writer = streams
    _write(writer, agent, *lines)
    head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 120)).decode("latin-1")
    numbers = [line for line in head.split("\r\n") if line.lower().startswith("x-number:")]
    return int(numbers[0].split(":")[1])


def _write(writer: asyncio.StreamWriter, agent: str, first: str, *lines: str) -> None:
    own = ("Host: api.test", f"Origin: {ORIGIN}", f"User-Agent: {agent}")
    writer.write("\r\n".join((first, *own, *lines, "", "")).encode())


async def _fetch(port: int, browser: int, agent: str, turn: str) -> Fetch:
    streams = await asyncio.open_connection("127.0.0.1", port)
    url = "http://api.test/counted/same"
    preflight = await _ask(
        streams,
        agent,
        f"OPTIONS {url} HTTP/1.1",
        "Access-Control-Request-Method: PUT",
        "Access-Control-Request-Headers: x-token",
    )
    put = (f"PUT {url} HTTP/1.1", "X-Token: 1", "Content-Length: 0")
    actual = None
    await asyncio.sleep(random.random() * LATER[turn])
    if turn == "aborted":
        _write(streams[1], agent, *put)
        await streams[1].drain()
    elif turn != "given up":
        actual = await _ask(streams, agent, *put)
    streams[1].close()
    return Fetch(browser, preflight, actual, turn)


def read(path: Path) -> list[Fetch]:
    """What was fetched, from the file that was written at the end."""
    return [Fetch(*json.loads(line)) for line in path.read_text("utf-8").splitlines()]


async def main(port: int, fetches: int, path: Path, agents: list[str]) -> None:
    turns = random.choices(list(TURNS), list(TURNS.values()), k=fetches * len(agents))
    found = await asyncio.gather(
        *(
            _fetch(port, number % len(agents), agents[number % len(agents)], turn)
            for number, turn in enumerate(turns)
        )
    )
    lines = ([each.browser, each.preflight, each.actual, each.turn] for each in found)
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4:]))
