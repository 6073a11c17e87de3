"""What does it cost to explain a recording of a gigabyte, beside only reading it?

`corscope explain` and `corscope report` on a flow file and on HARs, each in a process of its own,
in turn with processes that only read the same file: mitmproxy's `FlowReader` and `json.load`. What
is measured is the CPU time of the process, its start included, and the most memory that it had.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.process import Run, run
from benchmarks.recordings import write_flows, write_har
from benchmarks.section import Goal, Section, Spread, Table, spread
from benchmarks.traffic import Sample, session

__all__ = ["section"]

MEGABYTE: Final = 1_000_000
MOST_SHARE: Final = 1.3
MOST_GROWN: Final = 20 * MEGABYTE
"""By so much tables may still fill from one gigabyte to two: they have a most number of entries."""

READERS: Final = {
    "flows": "import sys\nfrom mitmproxy.io import FlowReader\n"
    "with open(sys.argv[1], 'rb') as stream:\n"
    "    for _ in FlowReader(stream).stream(): pass",
    "har": "import json, sys\n"
    "with open(sys.argv[1], encoding='utf-8') as stream: json.load(stream)",
}
CORSCOPE: Final = "from corscope.cli.main import main; main()"

Write = Callable[[Path, Iterable[Sample], int], int]

RECORDINGS: Final[dict[str, tuple[str, Write]]] = {
    "flow file": ("flows", write_flows),
    "HAR, as browsers write it": ("har", partial(write_har, indent=2)),
    "HAR in one line": ("har", partial(write_har, indent=None)),
}
COMMANDS: Final = {
    "explain": ("explain",),
    "report, Markdown": ("report", "--format", "markdown"),
    "report, HTML": ("report", "--format", "html"),
}
HELD: Final = ("explain", "report, Markdown")
"""What is held against the goal; a page of 10,000 exchanges takes its time whatever is read."""

MIXES: Final = (0, 10, 26, 50, 100)
"""So many of 100 exchanges are of CORS."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """One command on one kind of recording."""

    recording: str
    command: str
    shares: Spread
    reading: float
    seconds: float
    memory: int
    small_memory: int
    double_memory: int
    reading_memory: int


def section(*, quick: bool) -> Section:
    """Measure; `quick` takes files of a few megabytes, whose figures say nothing."""
    size, rounds = (4 * MEGABYTE, 1) if quick else (1_000 * MEGABYTE, 3)
    mixed = size // 5
    with TemporaryDirectory() as name:
        folder = Path(name)
        found = [
            each for recording in RECORDINGS for each in _compared(folder, recording, size, rounds)
        ]
        mixes = {cors: _mix(folder, cors, mixed, rounds) for cors in MIXES}
    return Section(
        "Offline: recordings of a gigabyte",
        _TEXT.format(
            size=size // MEGABYTE,
            small=size // 10 // MEGABYTE,
            double=size * 2 // MEGABYTE,
            rounds=rounds,
        ),
        (_costs(found), _mixes(mixes, mixed)),
        tuple(_goals(found)),
    )


def _compared(folder: Path, name: str, size: int, rounds: int) -> list[Found]:
    """Run the commands on a recording; for their memory also on a tenth of it, and on two."""
    kind, write = RECORDINGS[name]
    small, double = folder / f"small.{kind}", folder / f"double.{kind}"
    write(small, session(None), size // 10)
    write(double, session(None), size * 2)
    reads, runs = _in_turn(folder, name, size, rounds, list(COMMANDS))
    return [
        Found(
            name,
            command,
            _shares(of, reads),
            median(read.seconds for read in reads),
            median(each.seconds for each in of),
            max(each.memory for each in of),
            run(CORSCOPE, *COMMANDS[command], small).memory,
            run(CORSCOPE, *COMMANDS[command], double).memory,
            max(read.memory for read in reads),
        )
        for command, of in runs.items()
    ]


def _mix(folder: Path, cors: int, size: int, rounds: int) -> Spread:
    """The share of explaining a HAR in which so many of 100 exchanges are of CORS."""
    name = "HAR, as browsers write it"
    reads, runs = _in_turn(folder, name, size, rounds, ["explain"], cors)
    return _shares(runs["explain"], reads)


def _in_turn(
    folder: Path, name: str, size: int, rounds: int, commands: list[str], cors: int | None = None
) -> tuple[list[Run], dict[str, list[Run]]]:
    """Run commands on a recording, in turn with only reading it."""
    kind, write = RECORDINGS[name]
    large = folder / f"large.{kind}"
    count = write(large, session(cors), size)
    logger.info("%s: %d exchanges", name, count)
    reads: list[Run] = []
    runs: dict[str, list[Run]] = {command: [] for command in commands}
    for _ in range(rounds):
        reads.append(run(READERS[kind], large))
        for command in commands:
            runs[command].append(run(CORSCOPE, *COMMANDS[command], large))
    return reads, runs


def _shares(of: list[Run], reads: list[Run]) -> Spread:
    return spread([ours.seconds / read.seconds for ours, read in zip(of, reads, strict=True)])


_TEXT: Final = """
`corscope explain FILE` and `corscope report FILE` on recordings of {size:,} MB, made for this and
thrown away, in turn with a process that only reads the same file: mitmproxy's own
`FlowReader(…).stream()` for a flow file, `json.load` for a HAR. The share is CPU time of the one by
that of the other, starting Python and importing everything included, {rounds} rounds. Memory is the
most that the process had, on {small:,} MB, {size:,} MB and {double:,} MB; what is held against the
goal is that it doesn't grow with what is read once the journal's tables are about full.

Recordings are of a developer's session: of 100 exchanges about 26 are of CORS (fonts and modules
from a CDN, calls of an API, a third of those with a preflight), the others documents, scripts,
stylesheets and images; bodies of 6 to 30 KB in the median of their kind, 26 KB an exchange with all
that stands beside it; flows of HTTPS with the server's two certificates. What doesn't belong to
CORS is mostly passed over, what does is judged: the second table has the share for other mixes.

A report has the last 10,000 exchanges and says so where there were more. Writing that many as an
HTML page takes its time, whatever the size of what was read, so it isn't held against the goal. It
keeps those, so its memory grows until there are as many: a recording of 1,000 MB has about 10,000,
a tenth of it a tenth of them.
"""


def _costs(found: list[Found]) -> Table:
    rows = [
        (
            each.recording,
            each.command,
            f"{each.reading:,.1f} s",
            f"{each.seconds:,.1f} s",
            each.shares.text(),
            *map(_megabytes, (each.small_memory, each.memory, each.double_memory)),
            _megabytes(each.reading_memory),
        )
        for each in found
    ]
    head = (
        *("recording", "command", "only reading", "corscope", "share"),
        *("memory, a tenth", "memory", "memory, twice as much", "memory of only reading"),
    )
    return Table(head, tuple(rows))


def _mixes(mixes: dict[int, Spread], size: int) -> Table:
    head = (f"exchanges of CORS in a HAR of {size // MEGABYTE:,} MB", "share of `explain`")
    return Table(head, tuple((f"{cors} of 100", each.text()) for cors, each in mixes.items()))


def _goals(found: list[Found]) -> Iterable[Goal]:
    for each in found:
        what = f"`{each.command}`, {each.recording}"
        if each.command in HELD:
            holds = each.shares.median <= MOST_SHARE
            yield Goal(f"{what}: share", f"≤ {MOST_SHARE}", each.shares.text(), holds)
        grown = each.double_memory - each.memory
        wanted = f"within {_megabytes(MOST_GROWN)} for twice as much"
        yield Goal(f"{what}: memory", wanted, f"{grown / MEGABYTE:+,.1f} MB", grown <= MOST_GROWN)


def _megabytes(size: int) -> str:
    return f"{size / MEGABYTE:,.0f} MB"
