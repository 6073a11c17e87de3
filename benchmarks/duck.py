"""What does a journal of ten million lines answer? DuckDB is asked, as docs/journal.md shows it.

The lines are those that the journal writes of a session: a block of them with all that varies, and
more blocks with other ids and days. They are packed as logrotate packs them, or they would take
20 GB of disk.
"""

import gzip
import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from importlib import metadata
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.process import Run, run
from benchmarks.section import Goal, Section, Table
from benchmarks.traffic import START, session
from corscope.journal.exchange import Exchange, Outcome, Sighting
from corscope.journal.journal import Journal
from corscope.journal.lines.write import exchange_line, outcome_line, start_line

__all__ = ["journal_lines", "questions", "section"]

LINES: Final = 10_000_000
BLOCK: Final = 200_000

_DOC: Final = Path(__file__).parents[1] / "docs" / "journal.md"
_SQL: Final = re.compile(r"^(\w[^\n]*):\n\n?```sql\n(.*?)^```$", re.MULTILINE | re.DOTALL)

logger = logging.getLogger(__name__)


def questions() -> dict[str, str]:
    """The SQL of docs/journal.md, by the sentence before it; the first makes the table."""
    return dict(_SQL.findall(_DOC.read_text("utf-8")))


def journal_lines(count: int) -> Iterator[str]:
    """So many lines as the journal writes them of a session in which all is of CORS."""
    return islice(_lines(), count)


def _lines() -> Iterator[str]:
    yield start_line(START, "1.0", "12.0", {})
    journal = Journal()
    for sample in session(cors=100):
        answered = sample.time + sample.took
        found: list[Exchange | Outcome | None] = [
            *journal.requested(sample.id, sample.user_agent, sample.request, sample.time),
            journal.answered(Sighting(sample.id, sample.response), answered),
            *journal.due(answered),
        ]
        for each in found:
            if isinstance(each, Exchange):
                yield exchange_line(each)
            elif each is not None:
                yield outcome_line(each)


def section(*, quick: bool) -> Section:
    """Ask all questions of the journal."""
    lines, block = (20_000, 2_000) if quick else (LINES, BLOCK)
    program = "import sys, duckdb\nfor sql in sys.argv[1:]: print(duckdb.sql(sql))"
    with TemporaryDirectory() as name:
        folder = Path(name)
        size = _write(folder, lines, block)
        packed = sum(file.stat().st_size for file in folder.iterdir())
        table, *asked = questions().items()
        where = str(folder / "cors-*.jsonl.gz")
        found = [
            (said, run(program, table[1].replace("cors.jsonl", where), sql), sql)
            for said, sql in asked
        ]
    text = _TEXT.format(
        lines=lines,
        size=size / 1e9,
        packed=packed / 1e9,
        block=block,
        duckdb=metadata.version("duckdb"),
    )
    rows = [(said, *_figures(taken)) for said, taken, _ in found]
    most = max(taken.memory for _, taken, _ in found) / 1e9
    goal = Goal("memory of the process", "≤ 4 GB", f"{most:,.1f} GB", most <= 4)
    head = ("question", "time", "CPU time", "memory")
    return Section("Ten million lines", text, (Table(head, tuple(rows)),), (goal,))


def _figures(taken: Run) -> tuple[str, ...]:
    return f"{taken.wall:,.1f} s", f"{taken.seconds:,.1f} s", f"{taken.memory / 1e6:,.0f} MB"


_TEXT: Final = """
A journal of {lines:,} lines, {size:,.1f} GB, packed with gzip into {packed:,.1f} GB as logrotate
leaves them. A session wrote {block:,} of them, in which all is of CORS: calls and preflights from
60 pages, followed and not, redirects, fonts and modules; in the other blocks the same has other ids
and other days. DuckDB {duckdb} is asked the questions of [journal.md](journal.md#questions), each
in a process of its own, starting Python and unpacking included.
"""


def _write(folder: Path, lines: int, block: int) -> int:
    """Write the journal, and return how many bytes it has unpacked."""
    text = "".join(f"{line}\n" for line in journal_lines(block)).encode()
    blocks = lines // block
    for number in range(blocks):
        with gzip.open(folder / f"cors-{number:04}.jsonl.gz", "wb", compresslevel=1) as stream:
            stream.write(_another(text, number))
        logger.info("%d of %d blocks are written", number + 1, blocks)
    return len(text) * blocks


def _another(text: bytes, number: int) -> bytes:
    """The same block on another day, and with other ids: each begins with eight digits."""
    day = (START + timedelta(days=number)).date().isoformat()
    first = START.date().isoformat()
    text = text.replace(f'"time":"{first}'.encode(), f'"time":"{day}'.encode())
    return re.sub(rb'"([0-9a-f]{8}-[0-9a-f]{12})"', rb'"%04x-\1"' % number, text)
