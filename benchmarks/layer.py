"""What does the layer cost? Mitmproxy alone, with what else one would use, and with corscope.

Six mitmdumps run beside each other and get the same load in turn; see `sides` for what they are,
`rounds` for how they are compared, and `load` for what drives them.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks import load
from benchmarks.backend import EVENTS_PER_SECOND
from benchmarks.bars import bars
from benchmarks.load import Load
from benchmarks.processes import cpu_seconds, needed, peak_memory, serving
from benchmarks.rounds import Found, in_turn, measured, probe, shares
from benchmarks.section import Goal, Section, Spread, Table, spread
from benchmarks.sides import (
    ALONE,
    MANY,
    ONE,
    WATCHING,
    Proxy,
    mitmdumps,
    sides,
    streaming,
)

__all__ = ["WANTED", "WORKLOADS", "goals", "section"]

MEGABYTE: Final = 1_000_000
PLAIN, CORS, FRESH, PUT, PREFLIGHT, H2_PLAIN, H2_CORS = WORKLOADS = (
    "GET, not CORS",
    "CORS GET",
    "CORS GET, every URL new",
    "preflight + PUT",
    "preflight",
    "HTTP/2 GET, not CORS",
    "HTTP/2 CORS GET",
)
KINDS: Final = {PLAIN: "plain", CORS: "cors", FRESH: "fresh", PUT: "put", PREFLIGHT: "preflight"}
H2_KINDS: Final = {H2_PLAIN: "plain", H2_CORS: "cors"}
WANTED: Final = {PLAIN: 0.99, H2_PLAIN: 0.99, CORS: 0.95, FRESH: 0.95, PUT: 0.95, H2_CORS: 0.95}
"""The least share of mitmdump alone's requests/s with corscope watching, by workload."""

LATENCIES: Final = (PLAIN, CORS)
PICTURE: Final = "images/benchmarks-layer.svg"

logger = logging.getLogger(__name__)


Loads = dict[str, dict[str, list[Found]]]
"""What was found, by workload and side, round by round."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of everything.

    That are: so often mitmdumps are started, rounds for each of them, seconds a turn, rules, bytes
    and events of a stream.
    """

    starts: int
    rounds: int
    seconds: float
    rules: int
    hosts: int
    size: int
    stream_rounds: int
    events: int
    idle: float


FULL: Final = Plan(2, 7, 0.5, 10_000, 2_000, 1 << 30, 2, 1_000, 5.0)
QUICK: Final = Plan(1, 1, 0.5, 100, 20, 1 << 22, 1, 50, 0.5)


@dataclass(frozen=True, slots=True)
class Stream:
    """A body and an event stream through one side: seconds, CPU seconds, and the events' delays."""

    seconds: float
    cpu: float
    p50: float
    p99: float
    event_cpu: float


@dataclass(frozen=True, slots=True)
class Results:
    """All that was measured, each by the sides' names."""

    loads: Loads
    latencies: Loads
    streams: dict[str, list[Stream]]
    memory: dict[str, int]
    stream_memory: dict[str, int]
    idle: dict[str, float]


def section(*, quick: bool) -> Section:
    """Measure; `quick` does so little that its figures say nothing."""
    needed("wrk", "h2load")
    plan = QUICK if quick else FULL
    with TemporaryDirectory() as name, serving() as backend:
        results = _measure(plan, Path(name), backend)
    many = MANY.format(rules=plan.rules)
    return Section(
        "The cost of the layer",
        _text(plan),
        (_throughput(results), _cpu(results), _latency(results), _streams(results), _rest(results)),
        tuple(goals(results.loads, many)),
        PICTURE,
        _drawn(results),
    )


def _measure(plan: Plan, folder: Path, backend: int) -> Results:
    of = sides(folder, plan.rules, plan.hosts)
    results = Results({}, {}, {}, {}, {}, {})
    for number in range(plan.starts):
        logger.info("mitmdumps are started, %d of %d", number + 1, plan.starts)
        with mitmdumps(folder, backend, of) as proxies:
            in_turn(proxies, 1, _sending(CORS, plan, folder, backend))
            _measure_started(results, proxies, plan, folder, backend)
    logger.info("streams")
    with mitmdumps(folder, backend, of, streaming(folder)) as proxies:
        streamed = in_turn(
            proxies, plan.stream_rounds, lambda proxy, _: _streamed(proxy, plan, backend)
        )
        results.streams.update(streamed)
        results.stream_memory.update(_peaks(proxies))
    return results


def _measure_started(
    results: Results, proxies: Sequence[Proxy], plan: Plan, folder: Path, backend: int
) -> None:
    """Measure those that are started now, beside what others were measured at before."""
    for workload in WORKLOADS:
        logger.info("%s", workload)
        sending = _sending(workload, plan, folder, backend)
        _add(results.loads, workload, in_turn(proxies, plan.rounds, sending))
    for workload in LATENCIES:
        sending = _sending(workload, plan, folder, backend, connections=1)
        _add(results.latencies, workload, in_turn(proxies, plan.rounds, sending))
    results.memory.update(_peaks(proxies))
    results.idle.update(_idle(proxies, plan.idle))


def _add(loads: Loads, workload: str, found: dict[str, list[Found]]) -> None:
    for side, rounds in found.items():
        loads.setdefault(workload, {}).setdefault(side, []).extend(rounds)


def _peaks(proxies: Sequence[Proxy]) -> dict[str, int]:
    return {proxy.name: peak_memory(proxy.pid) for proxy in proxies}


def _sending(
    workload: str, plan: Plan, folder: Path, backend: int, connections: int = load.CONNECTIONS
) -> Callable[[Proxy, int], Found]:
    """What sends a workload to a proxy, once it has answered a single request as it should."""

    def send(proxy: Proxy, number: int) -> Found:
        if workload in H2_KINDS:
            kind, in_flight = H2_KINDS[workload], load.IN_FLIGHT

            def run() -> Load:
                return load.h2load(proxy.reverse, kind, plan.seconds, folder / "urls")
        else:
            kind, in_flight = KINDS[workload], connections
            probe(proxy, backend, kind)

            def run() -> Load:
                return load.wrk(proxy.port, kind, backend, plan.seconds, connections, number)

        return measured(proxy, run, kind != "plain", in_flight)

    return send


def _streamed(proxy: Proxy, plan: Plan, backend: int) -> Stream:
    begin = cpu_seconds(proxy.pid)
    seconds = load.read_body(proxy.port, backend, plan.size)
    between = cpu_seconds(proxy.pid)
    delays = load.read_events(proxy.port, backend, plan.events)
    end = cpu_seconds(proxy.pid)
    return Stream(
        seconds,
        between - begin,
        median(delays),
        delays[len(delays) * 99 // 100],
        (end - between) / plan.events,
    )


def _idle(proxies: Sequence[Proxy], seconds: float) -> dict[str, float]:
    """The CPU time that each takes a second while nobody asks anything, all at the same time."""
    before = {proxy.name: cpu_seconds(proxy.pid) for proxy in proxies}
    time.sleep(seconds)
    return {
        proxy.name: (cpu_seconds(proxy.pid) - before[proxy.name]) / seconds for proxy in proxies
    }


def _per_second(found: Found) -> float:
    return found.load.per_second


def _cpu_each(found: Found) -> float:
    return found.cpu


def _throughput(results: Results) -> Table:
    rows = [
        (
            side,
            *(
                f"{median(map(_per_second, found[side])):,.0f}/s"
                if side == ALONE
                else shares(found, side, ALONE, _per_second).text()
                for found in results.loads.values()
            ),
        )
        for side in results.memory
    ]
    return Table(("requests/s; share of mitmdump alone", *results.loads), tuple(rows))


def _cpu(results: Results) -> Table:
    rows = [
        (
            side,
            *(
                spread([each.cpu * 1e6 for each in found[side]]).text(0)
                for found in results.loads.values()
            ),
        )
        for side in results.memory
    ]
    return Table(("µs of CPU time per exchange", *results.loads), tuple(rows))


def _latency(results: Results) -> Table:
    rows = []
    for side in results.memory:
        row = [side]
        for found in results.latencies.values():
            for percentile in (_p50, _p99):
                row.append(_added(found, side, percentile).text())
        rows.append(tuple(row))
    columns = [f"{workload}, {which}" for workload in results.latencies for which in ("p50", "p99")]
    return Table(("ms; added to mitmdump alone", *columns), tuple(rows))


def _added(found: dict[str, list[Found]], side: str, value: Callable[[Found], float]) -> Spread:
    """Milliseconds beyond mitmdump alone in the same round; of that itself all of them."""
    alone = found[ALONE]
    if side == ALONE:
        return spread([value(each) * 1e3 for each in alone])
    return spread(
        [(value(each) - value(of)) * 1e3 for each, of in zip(found[side], alone, strict=True)]
    )


def _p50(found: Found) -> float:
    assert found.load.p50 is not None
    return found.load.p50


def _p99(found: Found) -> float:
    assert found.load.p99 is not None
    return found.load.p99


def _streams(results: Results) -> Table:
    rows = [
        (
            side,
            f"{median(each.seconds for each in of):.2f} s",
            f"{median(each.cpu for each in of):.2f} s",
            f"{median(each.p50 for each in of) * 1e3:.2f} ms",
            f"{median(each.p99 for each in of) * 1e3:.2f} ms",
            f"{median(each.event_cpu for each in of) * 1e6:.0f} µs",
            _megabytes(results.stream_memory[side]),
        )
        for side, of in results.streams.items()
    ]
    head = (
        *("streams", "body", "CPU time of it", "event under way, p50", "p99"),
        *("CPU time an event", "peak memory"),
    )
    return Table(head, tuple(rows))


def _rest(results: Results) -> Table:
    rows = [
        (side, _megabytes(memory), f"{results.idle[side] * 1e3:.1f} ms")
        for side, memory in results.memory.items()
    ]
    return Table(("after all requests", "peak memory", "CPU time of an idle second"), tuple(rows))


def _megabytes(size: int) -> str:
    return f"{size / MEGABYTE:,.0f} MB"


def _drawn(results: Results) -> str:
    compared = [side for side in results.memory if side != ALONE]
    of = {
        side: {
            workload: shares(found, side, ALONE, _per_second)
            for workload, found in results.loads.items()
        }
        for side in compared
    }
    return bars("Requests/s as a share of mitmdump alone: median, least and most", of)


def goals(loads: Loads, many: str) -> Iterator[Goal]:
    """What has to be reached, held against the median."""
    for workload, least in WANTED.items():
        yield _at_least(f"watching, {workload}", least, loads[workload], WATCHING, ALONE)
    yield _at_least("many rules beside one, CORS GET", 0.98, loads[CORS], many, ONE)
    cost = shares(loads[PREFLIGHT], ONE, ALONE, _cpu_each)
    what = "CPU time of a preflight answered by a rule, beside one forwarded"
    yield Goal(what, "< 1", cost.text(), cost.median < 1)


def _at_least(what: str, least: float, found: dict[str, list[Found]], side: str, to: str) -> Goal:
    share = shares(found, side, to, _per_second)
    return Goal(f"{what}: requests/s", f"≥ {least}", share.text(3), share.median >= least)


def _text(plan: Plan) -> str:
    return _TEXT.format(
        plan=plan,
        size=plan.size >> 20,
        events=EVENTS_PER_SECOND,
        connections=load.CONNECTIONS,
        h2=load.H2_CONNECTIONS,
        streams=load.H2_STREAMS,
    )


_TEXT: Final = """
Six mitmdumps run beside each other, with mitmproxy's defaults and `-q`, their output thrown away:
alone; with a script of five lines that sets four CORS headers; with `--modify-headers` for the
one; with corscope as it is by default, its page served and its journal written to a file; the
same with one rule, a policy that answers preflights; the same with {plan.rules:,} rules over
{plan.hosts:,} hosts, of which the last is that one. They get the same load one after the other,
in {plan.rounds} rounds, {plan.seconds:g} seconds a turn, each round beginning with another side;
a share is that of a side to mitmdump alone in the same round, and beside the median stand the
least and the most of all rounds. Two mitmdumps that are started alike differ by 2 to 4 % for as
long as they run; so all are started {plan.starts} times, for as many rounds each time, and still a
difference of 1 or 2 % says little; the next section compares within one. Load generator, backend
and proxy have the machine's cores to themselves. CPU time is that of the proxy's process, as Linux
counts it; this benchmark runs on no other system.

HTTP/1.1 is wrk through a regular proxy, {connections} connections kept alive, each waiting for
its answer before it asks again, so that a preflight is answered before its request goes out;
latency is that of one connection. HTTP/2 is h2load by TLS to the same mitmdump in reverse mode,
{h2} connections of {streams} streams. Requests have the headers that a Chromium sends; 50 URLs
and three origins take turns (HTTP/2: one origin), as the pages of an app ask the same few things
again and again. corscope remembers what alike exchanges share, so the repetition is to its
advantage: where every URL is new, what has it in it is made for each. mitmproxy itself gains
nothing by it. The backend answers with 1 KB; it is a small program that does nothing else, so that
the proxy is what takes the time. In a preflight with PUT both count as an exchange.

Each turn is checked: no answer that isn't a success, no error of a connection, one answer looked
at for its headers, and as many lines in the journal as there were exchanges of CORS, none for
others.

Streams: one body of {size:,} MiB with `stream_large_bodies=1m`, and an event stream of {events}
events a second, which mitmproxy holds back until its end unless a script has it streamed, so each
side has that script. Both are CORS exchanges. Peak memory after all requests has in it what
corscope keeps for its page, 10,000 exchanges. While nobody asks anything, corscope looks five
times a second whether its rule files have changed.
"""
