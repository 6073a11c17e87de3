"""How long does a verdict take? The common ones side by side, for the standard and each engine.

    python -m benchmarks.verdict

prints a table in µs. Each figure is the fastest of several rounds, in this process's own time: what
slows a round down is other processes, never this code. The first row is the common case, and is to
stay in single digits.

The answers have ten headers, as many as servers send. The last row is the journal's whole work on
an exchange: reading its request, judging it for both credentials modes, sorting the headers that
script may read, and looking for findings.
"""

import sys
import time
import timeit
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final

from corscope.fetch.check import CredentialsMode
from corscope.fetch.engines import Engine
from corscope.fetch.exposed import cors_filtered_headers
from corscope.fetch.preflight import CorsRequest
from corscope.fetch.reasons import Kind
from corscope.fetch.safelist import cors_unsafe_request_header_names
from corscope.fetch.verdict import judge
from corscope.journal.exchange import Sighting
from corscope.journal.journal import Journal
from corscope.messages import HeaderList, Request, Response

__all__ = ["Measure", "main", "measures", "microseconds", "table"]

ROUNDS: Final = 9
SECONDS: Final = 0.02
"""How long a round is to take."""

ORIGIN: Final = "https://app.example"
URL: Final = "https://api.example/items?page=2"
NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
OMIT, INCLUDE = CredentialsMode.OMIT, CredentialsMode.INCLUDE

USER_AGENTS: Final = {
    Engine.UNKNOWN: "curl/8.14.1",
    Engine.CHROMIUM: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/156.0.0.0 Safari/537.36",
    Engine.FIREFOX: "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0",
    Engine.WEBKIT: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/26.0 Safari/605.1.15",
}

COMMON: Final[HeaderList] = (
    ("Server", "nginx"),
    ("Date", "Thu, 01 Jan 2026 00:00:00 GMT"),
    ("Content-Type", "application/json"),
    ("Content-Length", "123"),
    ("Connection", "keep-alive"),
    ("Cache-Control", "no-store"),
    ("ETag", '"1"'),
    ("Vary", "Origin"),
)
SHARED: Final[HeaderList] = (
    *COMMON,
    ("Access-Control-Allow-Origin", ORIGIN),
    ("Access-Control-Allow-Credentials", "true"),
)
PERMITTING: Final[HeaderList] = (
    *SHARED,
    ("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE"),
    ("Access-Control-Allow-Headers", "authorization, content-type, x-request-id"),
    ("Access-Control-Max-Age", "600"),
)
ASKED: Final[HeaderList] = (
    ("Accept", "application/json"),
    ("Content-Type", "application/json"),
    ("X-Request-Id", "7"),
)
GET: Final = CorsRequest(ORIGIN, URL, "GET", ())
PUT: Final = CorsRequest(ORIGIN, URL, "PUT", ("content-type", "x-request-id"))


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing to measure: what it is, and how it is done for an engine."""

    name: str
    of: Callable[[Engine], Callable[[], object]]


def measures() -> tuple[Measure, ...]:
    """Everything that the table has a row for, the common case first."""
    allowed, bare = Response(200, SHARED), Response(200, COMMON)
    other = Response(200, (*COMMON, ("Access-Control-Allow-Origin", "https://www.app.example")))
    permitting = Response(204, PERMITTING)
    return (
        _judging("an answer, allowed", "actual", allowed, OMIT),
        _judging("an answer with credentials, allowed", "actual", allowed, INCLUDE),
        _judging("an answer, bare", "actual", bare, OMIT),
        _judging("an answer for another origin", "actual", other, OMIT),
        _judging("a preflight, allowed", "preflight", permitting, INCLUDE),
        _judging("a preflight, its method refused", "preflight", allowed, INCLUDE),
        Measure("what script may read", lambda _: partial(cors_filtered_headers, PERMITTING, OMIT)),
        Measure(
            "what a preflight is to announce",
            lambda _: partial(cors_unsafe_request_header_names, ASKED),
        ),
        Measure("an exchange recorded, both modes", partial(_recording, allowed)),
    )


def _judging(name: str, kind: Kind, response: Response, mode: CredentialsMode) -> Measure:
    request = GET if kind == "actual" else PUT
    return Measure(name, lambda engine: partial(judge, kind, request, response, mode, engine))


def _recording(response: Response, engine: Engine) -> Callable[[], object]:
    headers = (("Origin", ORIGIN), ("User-Agent", USER_AGENTS[engine]), ("Accept", "*/*"))
    request, sighting, journal = Request("GET", URL, headers), Sighting("1", response), Journal()

    def recorded() -> object:
        journal.requested("1", "client", request, NOW)
        return journal.answered(sighting, NOW)

    return recorded


def microseconds(call: Callable[[], object], seconds: float = SECONDS) -> float:
    """The time of one call, by the fastest of several rounds of about so many seconds each."""
    timer = timeit.Timer(call, timer=time.process_time)
    once = min(timer.repeat(3, 1))
    number = max(1, round(seconds / once))
    return min(timer.repeat(ROUNDS, number)) / number * 1e6


def table(seconds: float = SECONDS) -> str:
    """Measure everything; a row each, a column for the standard and for each engine."""
    engines = tuple(USER_AGENTS)
    lines = [_row("µs", ["standard", *engines[1:]])]
    for measure in measures():
        found = (microseconds(measure.of(engine), seconds) for engine in engines)
        lines.append(_row(measure.name, [f"{each:.1f}" for each in found]))
    return "\n".join(lines)


def _row(name: str, cells: list[str]) -> str:
    return f"{name:<36}" + "".join(f"{cell:>10}" for cell in cells)


def main() -> None:
    """Print the table."""
    sys.stdout.write(f"{table()}\n")


if __name__ == "__main__":
    main()
