"""What does a benchmark find, and how is that written down?

Each module of benchmarks/ that has a `section()` gives one `Section`: what was measured and how,
tables, and the goals that the figures are held against. `document` puts it into docs/benchmarks.md
in place of what an earlier run had found; the other sections stay as they are.
"""

import os
import platform
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import Final

__all__ = [
    "PAGE",
    "CannotRunError",
    "Goal",
    "Section",
    "Spread",
    "Table",
    "document",
    "machine",
    "markdown",
    "spread",
]

PAGE: Final = Path(__file__).parents[1] / "docs" / "benchmarks.md"


class CannotRunError(Exception):
    """A benchmark needs what isn't here; the message says what, and where it comes from."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Several runs of one thing: the median, the least and the most."""

    median: float
    least: float
    most: float

    def text(self, digits: int = 2) -> str:
        """As a table shows it."""
        return f"{self.median:,.{digits}f} ({self.least:,.{digits}f} to {self.most:,.{digits}f})"


def spread(values: list[float]) -> Spread:
    """The spread of the values of several runs."""
    return Spread(median(values), min(values), max(values))


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of texts below a head, the first column to the left."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Goal:
    """What has to be reached, what was, and whether that is enough."""

    what: str
    wanted: str
    reached: str
    holds: bool


@dataclass(frozen=True, slots=True)
class Section:
    """A part of docs/benchmarks.md.

    Attributes:
        title: its heading.
        text: what was measured and how, what the figures say and what falls short; Markdown.
        tables: the figures.
        goals: what they are held against.
        picture: the path of a picture below docs/, or none.
        drawn: the picture itself, in SVG.
    """

    title: str
    text: str
    tables: tuple[Table, ...]
    goals: tuple[Goal, ...] = ()
    picture: str | None = None
    drawn: str = ""


def machine() -> str:
    """The kind of machine and the versions, without which a figure says nothing."""
    versions = f"Python {platform.python_version()}, mitmproxy {metadata.version('mitmproxy')}"
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {versions}"


def markdown(section: Section) -> str:
    """A section as Markdown, with the day and the machine."""
    day = datetime.now(UTC).date().isoformat()
    parts = [f"## {section.title}", f"Measured {day}: {machine()}.", section.text.strip()]
    if section.picture:
        parts.append(f"![{section.title}]({section.picture})")
    parts += [_table(table) for table in section.tables]
    if section.goals:
        rows = tuple(
            (goal.what, goal.wanted, goal.reached, "yes" if goal.holds else "**no**")
            for goal in section.goals
        )
        parts.append(_table(Table(("goal", "wanted", "reached", "holds"), rows)))
    return "\n\n".join(parts) + "\n"


def _table(table: Table) -> str:
    rule = ("---", *("---:" for _ in table.head[1:]))
    return "\n".join(f"| {' | '.join(row)} |" for row in (table.head, rule, *table.rows))


def document(section: Section, page: Path = PAGE) -> None:
    """Write a section into the page, in its old place or at the end, and its picture."""
    if section.picture and section.drawn:
        (page.parent / section.picture).write_text(section.drawn, "utf-8")
    text = page.read_text("utf-8") if page.exists() else "# Benchmarks\n"
    heading = re.escape(f"## {section.title}\n")
    old = re.compile(rf"^{heading}.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    new = markdown(section)
    found = old.search(text)
    before, after = (text[: found.start()], text[found.end() :]) if found else (text, "")
    text = f"{before.rstrip()}\n\n{new}\n{after}"
    page.write_text(f"{text.rstrip()}\n", "utf-8")
