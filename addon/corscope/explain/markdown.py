"""What does a ticket need of the records? A summary, the endpoints, and each failure, as Markdown.

Values from the wire, and all sentences with such values in them, stand in code spans and fenced
blocks that are longer than any run of backticks in them: there, no Markdown and no HTML counts.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from corscope.explain.counted import counted
from corscope.explain.endpoints.matrix import Endpoint, Matrix, endpoint_of, endpoints
from corscope.explain.escape import LONGEST_MESSAGE, escaped
from corscope.explain.explanation import Explanation, explain
from corscope.explain.parts.engines import NAMES
from corscope.fetch.reasons import CATALOGUE
from corscope.journal.exchange import Exchange
from corscope.journal.store import Entry

__all__ = ["MOST_FAILURES", "report_markdown"]

MOST_FAILURES: Final = 50
"""So many failures that differ are told; a ticket is for reading."""

MOST_ENDPOINTS: Final = 100
_VERDICTS: Final = ("allowed", "blocked", "conditional")


@dataclass(frozen=True, slots=True)
class _Failure:
    """Failures of one kind at one endpoint: the first of them, and how many there are."""

    entry: Entry
    count: int


def report_markdown(entries: Sequence[Entry], missing: Sequence[str] = ()) -> str:
    """The report: of failures that are alike, the first, with their number.

    Args:
        entries: the exchanges, the oldest first.
        missing: what to say of that which the record lacks.
    """
    failures = list(_failures(entries))
    parts = [
        "# CORS report",
        _summary(entries),
        *missing,
        "## Endpoints",
        _endpoints(endpoints(entries)),
        "## Failures",
        *(_failure(number, each) for number, each in enumerate(failures[:MOST_FAILURES], 1)),
    ]
    if len(failures) > MOST_FAILURES:
        parts.append(f"{len(failures) - MOST_FAILURES} failures of other kinds aren't listed here.")
    if not failures:
        parts.append("None.")
    return "\n\n".join(part for part in parts if part) + "\n"


def _failures(entries: Iterable[Entry]) -> Iterator[_Failure]:
    first: dict[tuple[str | None, ...], Entry] = {}
    counts: Counter[tuple[str | None, ...]] = Counter()
    for entry in entries:
        exchange = entry.exchange
        judgement = exchange.judgement
        if judgement.verdict == "allowed":
            continue
        where = (exchange.method, endpoint_of(exchange.url), exchange.origin, exchange.kind)
        kind = (judgement.verdict, judgement.reason, judgement.detail, *where)
        first.setdefault(kind, entry)
        counts[kind] += 1
    # What is blocked goes before what only may be.
    ordered = sorted(first, key=lambda kind: kind[0] == "conditional")
    return (_Failure(first[kind], counts[kind]) for kind in ordered)


def _summary(entries: Sequence[Entry]) -> str:
    if not entries:
        return "No CORS exchange was recorded."
    verdicts = Counter(entry.exchange.judgement.verdict for entry in entries)
    told = ", ".join(f"{verdicts[verdict]} {verdict}" for verdict in _VERDICTS)
    begin, end = (entries[i].exchange.time for i in (0, -1))
    lines = [
        f"{counted(len(entries), 'exchange')} from {begin:%Y-%m-%d %H:%M:%S} "
        f"to {end:%Y-%m-%d %H:%M:%S} ({begin.tzname()}): {told}."
    ]
    if verdicts["conditional"]:
        lines.append("Conditional ones are blocked if credentials are included.")
    return "\n".join(lines)


def _endpoints(matrix: Matrix) -> str:
    if not matrix.endpoints:
        return "None."
    rows = [
        _row("endpoint", "methods", "origin", *_VERDICTS),
        _row(*["---"] * 3, *["---:"] * len(_VERDICTS)),
    ]
    for endpoint in matrix.endpoints[:MOST_ENDPOINTS]:
        rows.extend(_endpoint_rows(endpoint, matrix.origins))
    if (left_out := len(matrix.endpoints) - MOST_ENDPOINTS) > 0:
        rows.append(f"\n{left_out} more endpoints aren't listed here.")
    return "\n".join(rows)


def _endpoint_rows(endpoint: Endpoint, origins: Sequence[str]) -> Iterator[str]:
    for origin, cell in zip(origins, endpoint.cells, strict=True):
        if cell is not None:
            counts = (str(cell.counts.get(verdict, 0)) for verdict in _VERDICTS)
            methods = code(", ".join(endpoint.methods))
            yield _row(code(endpoint.url), methods, code(origin), *counts)


def _row(*cells: str) -> str:
    """A row of a table, in which a bar ends a cell even in code, and a backslash may not help."""
    return "| " + " | ".join(cell.replace("|", "\\x7c") for cell in cells) + " |"


def _failure(number: int, failure: _Failure) -> str:
    exchange = failure.entry.exchange
    explained = explain(exchange, failure.entry.outcome)
    name = str(exchange.judgement.reason or exchange.judgement.verdict)
    asked = code(f"{exchange.method} {exchange.url}")
    parts = [
        f"### {number}. {code(name)}: {asked}",
        _circumstances(failure),
        _block("", *_sentences(explained)),
        *_lines_of(exchange),
        *_prints(explained),
        *_remarks(explained),
    ]
    if exchange.judgement.reason is not None:
        parts.append(f"The standard: <{CATALOGUE[exchange.judgement.reason].section}>")
    return "\n\n".join(parts)


def _circumstances(failure: _Failure) -> str:
    exchange = failure.entry.exchange
    browser = NAMES.get(exchange.engine, "an unknown browser")
    told = f"From {code(exchange.origin)} in {browser}"
    if exchange.kind == "preflight":
        told += ", on the preflight"
    if failure.count > 1:
        told += f", {failure.count} times"
    if exchange.request_headers:
        told += f"; headers that need leave: {code(', '.join(exchange.request_headers))}"
    if exchange.rule is not None:
        told += f"; rule: {code(exchange.rule)}"
    return f"{told}."


def _sentences(explained: Explanation) -> Iterator[str]:
    yield explained.title
    if explained.fix:
        yield f"Fix: {explained.fix}"
    if explained.why:
        yield f"Preflight because {explained.why}"


def _lines_of(exchange: Exchange) -> Iterator[str]:
    """The answer's header lines that CORS is about, as the browser got them."""
    if exchange.status is None:
        yield f"No answer came: {code(exchange.error or 'unknown')}"
        return
    yield f"The answer, status {exchange.status}:"
    lines = [f"{name}: {value}" for name, value in exchange.headers]
    yield _block("http", *(lines or ["(no header line that CORS is about)"]))


def _prints(explained: Explanation) -> Iterator[str]:
    if explained.prints:
        yield "What the browser's console prints:"
        yield _block("text", *explained.prints)


def _remarks(explained: Explanation) -> Iterator[str]:
    if explained.findings:
        yield "Worth knowing:"
        yield _block("", *(f"{each.id}: {each.text}" for each in explained.findings))


_BACKTICKS: Final = re.compile(r"`+")


def code(text: str) -> str:
    """A code span; no run of backticks in it is as long as those around it."""
    shown = escaped(text) or " "
    fence = "`" * (_longest_run(shown) + 1)
    space = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{space}{shown}{space}{fence}"


def _block(language: str, *lines: str) -> str:
    shown = [escaped(line, LONGEST_MESSAGE) for line in lines]
    fence = "`" * max(3, *(_longest_run(line) + 1 for line in shown))
    return "\n".join([f"{fence}{language}", *shown, fence])


def _longest_run(text: str) -> int:
    return max(map(len, _BACKTICKS.findall(text)), default=0)
