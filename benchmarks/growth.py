"""Does the millionth exchange cost more than the first, in time or in memory?

A process of its own records a session in which all is of CORS, as the recorder does: told to the
journal, kept in the store, written as lines. Nothing is on the wire and nothing on disk, so that
what is measured is corscope's own.
"""

import gc
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.process import run
from benchmarks.section import Goal, Section, Table, spread
from benchmarks.traffic import Sample, session
from corscope.journal.exchange import Exchange, Outcome, Sighting
from corscope.journal.journal import Journal
from corscope.journal.lines.write import exchange_line, outcome_line
from corscope.journal.store import Store

__all__ = ["main", "section"]

EXCHANGES: Final = 1_000_000
BLOCK: Final = 100_000
AT_ONCE: Final = 500
"""So many are made up before they are recorded; only recording is measured."""

SETTLED: Final = 10_000
MOST_SLOWER: Final = 1.1
MOST_MEMORY: Final = 50_000_000

CHILD: Final = "import sys; from benchmarks.growth import main; main(*map(int, sys.argv[1:]))"


@dataclass(frozen=True, slots=True)
class Block:
    """Some exchanges: how long each took at the median, least and most; and memory behind them."""

    until: int
    microseconds: tuple[float, ...]
    memory: int


def main(exchanges: int, block: int, settled: int) -> None:
    """Record, and print what each block took as a line of JSON."""
    blocks = [settled, *(block for _ in range(exchanges // block))]
    samples, recording = session(cors=100), _Recording()
    until = 0
    for size in blocks:
        until += size
        taken = tuple(_record(recording, islice(samples, size)))
        sys.stdout.write(f"{json.dumps(asdict(Block(until, taken, _memory())))}\n")


@dataclass(slots=True)
class _Recording:
    """What the recorder has."""

    journal: Journal = field(default_factory=Journal)
    store: Store = field(default_factory=Store)
    written: int = 0

    def record(self, sample: Sample) -> None:
        """An exchange, from its request to its line."""
        journal, answered = self.journal, sample.time + sample.took
        self._outcomes(journal.requested(sample.id, sample.user_agent, sample.request, sample.time))
        exchange = journal.answered(Sighting(sample.id, sample.response), answered)
        if isinstance(exchange, Exchange):
            self.written += len(exchange_line(exchange))
            self.store.add(exchange)
        self._outcomes(journal.due(answered))

    def _outcomes(self, outcomes: list[Outcome]) -> None:
        for outcome in outcomes:
            self.written += len(outcome_line(outcome))
            self.store.note(outcome)


def _record(recording: _Recording, samples: Iterator[Sample]) -> Iterator[float]:
    """Record samples; yields microseconds of CPU time for each, of so many at once."""
    while made := list(islice(samples, AT_ONCE)):
        began = time.process_time()
        for sample in made:
            recording.record(sample)
        yield (time.process_time() - began) / len(made) * 1e6


def _memory() -> int:
    """Bytes that the process has now; at most, where the system doesn't tell."""
    import resource  # Windows has none, and is told so before it comes to this

    gc.collect()
    status = Path("/proc/self/statm")
    if status.exists():
        return int(status.read_text().split()[1]) * resource.getpagesize()
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def section(*, quick: bool) -> Section:
    """Measure; `quick` records few."""
    exchanges, block, settled = (4_000, 1_000, 1_000) if quick else (EXCHANGES, BLOCK, SETTLED)
    with TemporaryDirectory() as folder:
        output = Path(folder) / "blocks"
        run(CHILD, str(exchanges), str(block), str(settled), output=output)
        lines = output.read_text("utf-8").splitlines()
    blocks = [Block(**json.loads(line)) for line in lines]
    head = ("exchanges until then", "µs of CPU time each", "memory")
    rows = tuple(
        (f"{each.until:,}", spread(list(each.microseconds)).text(0), f"{each.memory / 1e6:,.0f} MB")
        for each in blocks
    )
    return Section("Growth", _TEXT, (Table(head, rows),), _goals(blocks))


_TEXT: Final = f"""
A session of sixty pages, in which all is of CORS (calls, preflights followed and not, redirects,
fonts and modules, of three browsers, each URL new), told to the journal, kept in the store and
written as lines, in one process, without a proxy around it. Time is the median of {AT_ONCE}
exchanges at once, with the least and the most; memory is the process's after the block.
"""


def _goals(blocks: list[Block]) -> tuple[Goal, ...]:
    first, last = blocks[1], blocks[-1]
    share = spread(list(last.microseconds)).median / spread(list(first.microseconds)).median
    grown = last.memory - blocks[0].memory
    return (
        Goal(
            "an exchange of the last block",
            f"≤ {MOST_SLOWER} x one of the first",
            f"{share:.2f} x",
            share <= MOST_SLOWER,
        ),
        Goal(
            f"memory, from {blocks[0].until:,} exchanges on",
            f"≤ {MOST_MEMORY / 1e6:.0f} MB more",
            f"{grown / 1e6:+,.0f} MB",
            grown <= MOST_MEMORY,
        ),
    )
