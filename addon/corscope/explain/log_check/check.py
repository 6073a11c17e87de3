"""Does a journal hold what a pipeline must not let through?

Lines go in one by one, as the journal has them; like problems are counted together, and of those
that differ so many are kept that memory stays bounded.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from corscope.explain.parts.findings import finding_text
from corscope.explain.parts.words import Words, exchange_words, worded
from corscope.fetch.reasons import Reason
from corscope.journal.caches.cached import FindingId as CacheFindingId
from corscope.journal.exchange import Finding
from corscope.journal.failure import Failed
from corscope.journal.lines.read import LineError, exchange_of
from corscope.journal.lines.write import VERSION
from corscope.journal.remarks.findings import FindingId

__all__ = [
    "KNOWN",
    "MOST_PROBLEMS",
    "VERDICTS",
    "JournalLineError",
    "Problem",
    "Tally",
    "Wanted",
    "checked_line",
]

VERDICTS: Final = ("blocked", "conditional")
KNOWN: Final = (
    *VERDICTS,
    *dict.fromkeys([*map(str, Reason), *map(str, FindingId), *map(str, CacheFindingId)]),
)
"""What can be looked for: verdicts, reasons and findings."""

MOST_PROBLEMS: Final = 1_000
"""So many problems that differ are told one by one."""

Level = Literal["error", "warning"]


class JournalLineError(ValueError):
    """A line that no journal has; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What counts as a problem: verdicts and ids to fail on, and ids that don't count."""

    fail_on: frozenset[str]
    ignore: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of problem at one endpoint; the values are the wire's, `says` and `fix` escaped.

    Attributes:
        id: the reason, or the finding; of a verdict without a reason the verdict.
        level: a blocked exchange is an error, what is only remarked a warning.
        method: the fetch's method.
        url: where it went, without the query.
        origin: the page's.
        kind: whether it was seen on the preflight.
        says: what is wrong.
        fix: what to do about it; empty where `says` tells that too.
    """

    id: str
    level: Level
    method: str
    url: str
    origin: str
    kind: str
    says: str
    fix: str


@dataclass(slots=True)
class Tally:
    """The problems in the order in which they came up, how often each, and where first.

    Attributes:
        wanted: what is looked for.
        exchanges: how many were looked at.
        matches: how many of them have a problem.
        untold: how often there was one beyond the most that are kept.
        counts: how often there was each.
        places: the file and the line where each was first.
        failed: the exchanges on which corscope itself failed, and the lines that are missing.
    """

    wanted: Wanted
    exchanges: int = 0
    matches: int = 0
    untold: int = 0
    counts: Counter[Problem] = field(default_factory=Counter)
    places: dict[Problem, tuple[str, int]] = field(default_factory=dict)
    failed: Failed = field(default_factory=Failed)

    def add(self, line: Mapping[str, Any], file: str, number: int) -> None:
        """Look at one line; those that aren't exchanges have no verdict.

        Raises:
            JournalLineError: it lacks what an exchange's line has.
        """
        if line["type"] != "exchange":
            self.failed.note_line(line)
            return
        problems = list(_problems(_exchange(line), self.wanted))
        self.exchanges += 1
        self.matches += bool(problems)
        for problem in problems:
            if problem not in self.places and len(self.places) == MOST_PROBLEMS:
                self.untold += 1
                continue
            self.counts[problem] += 1
            self.places.setdefault(problem, (file, number))

    def by_id(self) -> Counter[str]:
        """How many exchanges there are of each id."""
        counted: Counter[str] = Counter()
        for problem, count in self.counts.items():
            counted[problem.id] += count
        return counted


def checked_line(line: object) -> Mapping[str, Any]:
    """The line as an object of this version.

    Raises:
        JournalLineError: it is none.
    """
    if not isinstance(line, dict) or "v" not in line or not isinstance(line.get("type"), str):
        raise JournalLineError("is no line of a journal")
    if line["v"] != VERSION:
        told = str(line["v"])[:20]
        raise JournalLineError(f"is of version {told}, and this corscope reads version {VERSION}")
    return line


_STRINGS: Final = ("kind", "origin", "url", "method", "verdict")
_MAYBE_STRINGS: Final = ("reason", "detail", "error")


def _exchange(line: Mapping[str, Any]) -> Mapping[str, Any]:
    """The line, if it has the keys that are looked at, with values of their kind."""
    for key in _STRINGS:
        if not isinstance(line.get(key), str):
            raise JournalLineError(f'has no "{key}"')
    for key in _MAYBE_STRINGS:
        if not isinstance(line.get(key), str | None):
            raise JournalLineError(f'has a "{key}" that is no string')
    if not isinstance(line.get("status"), int | None):
        raise JournalLineError('has a "status" that is no number')
    names = line.get("request_headers", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise JournalLineError('has "request_headers" that are no list of names')
    found = line.get("findings", [])
    if not isinstance(found, list) or not all(map(_is_finding, found)):
        raise JournalLineError('has "findings" that are none')
    return line


def _is_finding(found: object) -> bool:
    if not isinstance(found, dict):
        return False
    return isinstance(found.get("id"), str) and isinstance(found.get("detail"), str | None)


def _problems(line: Mapping[str, Any], wanted: Wanted) -> Iterator[Problem]:
    verdict, reason = line["verdict"], line.get("reason")
    id_ = reason or verdict
    if verdict != "allowed" and _counts({verdict, id_}, wanted):
        says, fix = _worded(line, reason)
        yield _problem(line, id_, says, fix, "error" if verdict == "blocked" else "warning")
    for found in line.get("findings", []):
        if _counts({found["id"]}, wanted):
            finding = Finding(found["id"], found.get("detail"))
            yield _problem(line, finding.id, finding_text(finding) or finding.id, "", "warning")


def _counts(names: set[str], wanted: Wanted) -> bool:
    return not wanted.fail_on.isdisjoint(names) and wanted.ignore.isdisjoint(names)


def _problem(line: Mapping[str, Any], id_: str, says: str, fix: str, level: Level) -> Problem:
    url = line["url"].partition("?")[0]
    return Problem(id_, level, line["method"], url, line["origin"], line["kind"], says, fix)


def _exchange_words(line: Mapping[str, Any]) -> Words | None:
    """The words of the whole exchange, which tell all its faults; None where a line is no whole."""
    try:
        exchange = exchange_of(line)
    except LineError:
        return None
    return exchange_words(exchange, exchange.judgement)


def _worded(line: Mapping[str, Any], reason: str | None) -> tuple[str, str]:
    """What happened, and the fix; of a reason that a later corscope has, the id has to do."""
    if reason not in list(Reason):
        return reason or line["verdict"], ""
    words = _exchange_words(line) or worded(
        Reason(reason),
        detail=line.get("detail"),
        origin=line["origin"],
        method=line["method"],
        headers=line.get("request_headers", []),
        status=line.get("status"),
        error=line.get("error"),
    )
    told = words.what
    if line["verdict"] == "conditional":
        told = f"blocked if credentials are included: {told}"
    return told, words.fix
