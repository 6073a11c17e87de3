"""What does corscope cost within one process? Taken out of mitmdump's addons and put back, in turn.

Two processes that are started alike differ by more than what is asked about here. See `switch` for
what is changed while mitmdump runs.
"""

import logging
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import median, stdev
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks import load
from benchmarks.layer import (
    CORS,
    FRESH,
    H2_CORS,
    H2_KINDS,
    H2_PLAIN,
    KINDS,
    PLAIN,
    PREFLIGHT,
    PUT,
    WANTED,
)
from benchmarks.load import Load, LoadError
from benchmarks.processes import needed, serving
from benchmarks.rounds import Found, measured
from benchmarks.section import Goal, Section, Table
from benchmarks.sides import Proxy, Side, corscope, mitmdumps, rules

__all__ = ["MODES", "Seen", "goals", "put", "section", "switched"]

ALONE, IDLE, WRITING, CORSCOPE = MODES = ("alone", "idle", "writing", "corscope")
BESIDE: Final = {IDLE: "empty hooks", WRITING: "and a line written", CORSCOPE: "corscope"}

WATCHED: Final = (PLAIN, CORS, FRESH, PREFLIGHT, PUT, H2_PLAIN, H2_CORS)
RULED: Final = {
    "preflight, answered by a rule": PREFLIGHT,
    "preflight, answered by a rule, + PUT": PUT,
}
BY_RULE: Final = next(iter(RULED))

SCRIPT: Final = Path(__file__).with_name("switch.py")
SWITCH: Final = "switch"
SWITCHED_WITHIN: Final = 10.0

logger = logging.getLogger(__name__)

Seen = dict[str, list[Found]]
"""What was found of one workload, by mode, round by round."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of it: rounds, and seconds a turn."""

    rounds: int
    seconds: float


FULL: Final = Plan(24, 0.7)
QUICK: Final = Plan(2, 0.5)


def section(*, quick: bool) -> Section:
    """Measure; `quick` does so little that its figures say nothing."""
    needed("wrk", "h2load")
    plan = QUICK if quick else FULL
    with TemporaryDirectory() as name, serving() as backend:
        folder = Path(name)
        rule_file = folder / "one.toml"
        rule_file.write_text(rules(1, 1))
        watching = corscope("watching", folder / "watching.jsonl")
        ruled = corscope("ruled", folder / "ruled.jsonl", rule_file)
        seen = _measure(watching, {each: each for each in WATCHED}, plan, folder, backend)
        seen |= _measure(ruled, RULED, plan, folder, backend)
    return Section(
        "The cost of the layer, in one process",
        _TEXT.format(plan=plan),
        (_throughput(seen), _cpu(seen)),
        tuple(goals(seen)),
    )


def _measure(
    side: Side, workloads: dict[str, str], plan: Plan, folder: Path, backend: int
) -> dict[str, Seen]:
    seen: dict[str, Seen] = {name: {mode: [] for mode in MODES} for name in workloads}
    with switched(side, folder, backend) as proxy:
        shuffled = Random(0)  # noqa: S311
        for name, workload in workloads.items():
            logger.info("in one process: %s", name)
            for number in range(-1, plan.rounds):  # the first is to warm up
                for mode in shuffled.sample(MODES, len(MODES)):
                    put(proxy, folder, mode)
                    turn = _turn(proxy, workload, mode, plan.seconds, (folder, backend, number))
                    if number >= 0:
                        seen[name][mode].append(turn)
    return seen


@contextmanager
def switched(side: Side, folder: Path, backend: int) -> Iterator[Proxy]:
    """A mitmdump with corscope, of which `put` takes it out."""
    switch = folder / SWITCH
    switch.write_text(CORSCOPE)
    common = ("-s", SCRIPT, "--set", f"benchmark_switch={switch}")
    with mitmdumps(folder, backend, [side], common) as [proxy]:
        _wait(proxy, switch)
        yield proxy


def put(proxy: Proxy, folder: Path, mode: str) -> None:
    """Let the mode hold."""
    switch = folder / SWITCH
    switch.write_text(mode)
    os.kill(proxy.pid, signal.SIGUSR1)
    _wait(proxy, switch)


def _wait(proxy: Proxy, switch: Path) -> None:
    """Wait until what was asked for holds."""
    end = time.monotonic() + SWITCHED_WITHIN
    while switch.exists():
        if time.monotonic() > end:
            raise LoadError(f"{proxy.name} doesn't switch to {switch.read_text()}")
        time.sleep(0.01)


def _turn(
    proxy: Proxy, workload: str, mode: str, seconds: float, of: tuple[Path, int, int]
) -> Found:
    """One turn of a workload; the journal must have its exchanges in the one mode only."""
    folder, backend, number = of
    kind = H2_KINDS.get(workload) or KINDS[workload]
    is_h2 = workload in H2_KINDS

    def run() -> Load:
        if is_h2:
            return load.h2load(proxy.reverse, kind, seconds, folder / "urls")
        return load.wrk(proxy.port, kind, backend, seconds, load.CONNECTIONS, number)

    # h2load doesn't count what is answered after its time, nor what it has asked for meanwhile.
    in_flight = 2 * load.IN_FLIGHT if is_h2 else load.CONNECTIONS
    return measured(proxy, run, mode == CORSCOPE and kind != "plain", in_flight)


def _shares(seen: Seen, mode: str) -> list[float]:
    """Of requests/s, what a mode reached of mitmdump alone in the same round."""
    pairs = zip(seen[mode], seen[ALONE], strict=True)
    return [each.load.per_second / alone.load.per_second for each, alone in pairs]


def _costs(seen: Seen, mode: str) -> list[float]:
    """Microseconds of CPU time an exchange beyond mitmdump alone in the same round."""
    pairs = zip(seen[mode], seen[ALONE], strict=True)
    return [(each.cpu - alone.cpu) * 1e6 for each, alone in pairs]


def _about(values: list[float], digits: int) -> str:
    """The median, and twice the standard error of the mean."""
    error = 2 * stdev(values) / len(values) ** 0.5
    return f"{median(values):.{digits}f} ± {error:.{digits}f}"


def _throughput(seen: dict[str, Seen]) -> Table:
    alone = [f"{median(each.load.per_second for each in of[ALONE]):,.0f}/s" for of in seen.values()]
    return _table("requests/s; share of mitmdump alone", seen, alone, 3, _shares)


def _cpu(seen: dict[str, Seen]) -> Table:
    alone = [f"{median(each.cpu for each in of[ALONE]) * 1e6:,.0f}" for of in seen.values()]
    return _table("µs of CPU time per exchange; added", seen, alone, 0, _costs)


def _table(
    title: str,
    seen: dict[str, Seen],
    alone: Iterable[str],
    digits: int,
    compared: Callable[[Seen, str], list[float]],
) -> Table:
    """Mitmdump alone, and each mode beside it."""
    rows = [
        (name, by_itself, *(_about(compared(found, mode), digits) for mode in BESIDE))
        for (name, found), by_itself in zip(seen.items(), alone, strict=True)
    ]
    return Table((title, "mitmdump alone", *BESIDE.values()), tuple(rows))


def goals(seen: dict[str, Seen]) -> Iterator[Goal]:
    """What has to be reached, held against the median."""
    for workload, least in WANTED.items():
        shares = _shares(seen[workload], CORSCOPE)
        what = f"watching, {workload}: requests/s"
        yield Goal(what, f"≥ {least}", _about(shares, 3), median(shares) >= least)
    added = _costs(seen[BY_RULE], CORSCOPE)
    what = f"{BY_RULE}: µs of CPU time beyond one forwarded"
    yield Goal(what, "< 0", _about(added, 0), median(added) < 0)


_TEXT: Final = """
Two mitmdumps that are started alike differ by more than what is asked about here. So one mitmdump
runs, and corscope is taken out of its chain of addons and put back, turn by turn: alone; with an
addon in corscope's places that has the same hooks for each exchange and does nothing in them; with
one that, beside that, writes a line as long as the journal's for each exchange of CORS; with
corscope, as for the cost of the layer. {plan.rounds} rounds, {plan.seconds:g} seconds a turn, in an
order that is drawn anew each round; a share is that of the same round's turn alone, and what stands
beside the median is twice the standard error of the mean. The loads and the checks are those above.
What corscope has the garbage collector pass over stays so in all turns, by which mitmdump alone is
20 µs an exchange faster here than by itself: that gain is in the section above, not in this one.

The first two columns are what any addon pays. mitmproxy asks all its addons eight times an
exchange, and goes into a script for its own, whatever that does then. A line that a `kill -9`
right after the answer must not lose has to be written before the answer goes out. What is left to
judge an exchange in, where the goal is to be reached, is what the goal leaves below the second
column.
"""
