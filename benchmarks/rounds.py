"""How do several sides compare in one run? Measures them in turn, and checks that work was done.

In each round every side has its turn, one at a time, and the order moves on by one from round to
round. A share is that of a side to another one in the same round.
"""

import http.client
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from benchmarks.load import ORIGIN, Load, LoadError
from benchmarks.processes import cpu_seconds
from benchmarks.section import Spread, spread
from benchmarks.sides import Proxy

__all__ = ["Found", "in_turn", "measured", "probe", "shares"]

T = TypeVar("T")

EXCHANGE: Final = b'"type":"exchange"'
AT_REST: Final = 0.05


@dataclass(frozen=True, slots=True)
class Found:
    """One side in one round: what the load generator counted, and CPU seconds per exchange."""

    load: Load
    cpu: float


def in_turn(
    proxies: Sequence[Proxy], rounds: int, measure: Callable[[Proxy, int], T]
) -> dict[str, list[T]]:
    """Measure each in each round; gives what was found, by the sides' names."""
    found: dict[str, list[T]] = {proxy.name: [] for proxy in proxies}
    for number in range(rounds):
        begin = number % len(proxies)
        for proxy in (*proxies[begin:], *proxies[:begin]):
            found[proxy.name].append(measure(proxy, number))
    return found


def shares(
    found: dict[str, list[Found]], side: str, to: str, value: Callable[[Found], float]
) -> Spread:
    """What a side reached of what another one did in the same round."""
    pairs = zip(found[side], found[to], strict=True)
    return spread([value(each) / value(other) for each, other in pairs])


def measured(proxy: Proxy, send: Callable[[], Load], journalled: bool, in_flight: int) -> Found:
    """Send a load to a proxy, and read what its process took for it.

    Args:
        proxy: whom.
        send: what sends it.
        journalled: whether the exchanges are of CORS, so that a journal has each of them.
        in_flight: so many more at most were under way when the time was up.

    Raises:
        LoadError: the load had errors, or the journal lacks exchanges or has too many.
    """
    journal = _Tail(proxy.journal) if proxy.journal else None
    before = cpu_seconds(proxy.pid)
    try:
        load = send()
    except LoadError as error:
        raise LoadError(f"{proxy.name}: {error}") from error
    time.sleep(AT_REST)
    cpu = cpu_seconds(proxy.pid) - before
    if journal:
        lines = journal.exchanges()
        least, most = (load.exchanges, load.exchanges + in_flight) if journalled else (0, 0)
        if not least <= lines <= most:
            raise LoadError(
                f"{proxy.name}: {load.exchanges} exchanges, {lines} in the journal instead of "
                f"{least} to {most}"
            )
    return Found(load, cpu / load.exchanges)


class _Tail:
    """What is appended to a journal from now on."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.begin = path.stat().st_size if path.exists() else 0

    def exchanges(self) -> int:
        """How many exchanges were written since then."""
        if not self.path.exists():
            return 0
        with self.path.open("rb") as stream:
            stream.seek(self.begin)
            return sum(EXCHANGE in line for line in stream)


def probe(proxy: Proxy, backend: int, kind: str) -> None:
    """Ask once, and check that the answer has what a browser needs.

    Raises:
        LoadError: it hasn't.
    """
    method = {"preflight": "OPTIONS", "put": "OPTIONS"}.get(kind, "GET")
    headers = {} if kind == "plain" else {"Origin": ORIGIN, "Sec-Fetch-Mode": "cors"}
    if method == "OPTIONS":
        headers["Access-Control-Request-Method"] = "PUT"
        headers["Access-Control-Request-Headers"] = "content-type,x-request-id"
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=30)
    try:
        connection.request(method, f"http://127.0.0.1:{backend}/probe", headers=headers)
        answer = connection.getresponse()
        answer.read()
    finally:
        connection.close()
    allowed = answer.headers.get_all("Access-Control-Allow-Origin", [])
    methods = answer.headers.get("Access-Control-Allow-Methods", "")
    names = answer.headers.get("Access-Control-Allow-Headers", "").lower()
    if (
        answer.status not in (200, 204)
        or (kind != "plain" and allowed not in (["*"], [ORIGIN]))
        or (method == "OPTIONS" and not ("PUT" in methods and "x-request-id" in names))
    ):
        raise LoadError(f"{proxy.name} answers {kind} with {answer.status}:\n{answer.headers}")
