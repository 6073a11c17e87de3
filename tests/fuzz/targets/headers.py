"""Any headers: an exchange is judged, explained, written as a line and read again, and shown."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from corscope.explain.explanation import as_object, explain
from corscope.explain.line import comment, exchange_lines
from corscope.explain.markdown import report_markdown
from corscope.explain.repro.program import ReproError, repro
from corscope.explain.rule_from import NoRuleError, rule_from
from corscope.journal.exchange import Exchange, Missing, Outcome, Sighting
from corscope.journal.journal import Journal
from corscope.journal.lines.read import exchange_of, outcome_of
from corscope.journal.lines.write import exchange_line, outcome_line
from corscope.journal.store import Entry
from corscope.rules.load import Source, load
from corscope.web.render import exchange_html
from corscope.web.report import report_html
from corscope.web.story import Index
from tests.fuzz.exchanges import read_exchanges

__all__ = ["check_shown", "fuzz_one"]

START = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)


def fuzz_one(data: bytes) -> None:
    """Journal what the text tells of, and show it wherever exchanges are shown."""
    journal, now = Journal(), START
    entries: dict[str, Entry] = {}
    for number, (request, response) in enumerate(read_exchanges(data)):
        id_, now = f"exchange-{number}", now + timedelta(milliseconds=250)
        for outcome in journal.requested(id_, "a browser", request, now):
            _note(entries, outcome)
        missing = None if response else Missing.NO_ANSWER
        found = journal.answered(Sighting(id_, response, missing, "it is down"), now)
        if found is not None:
            entries[id_] = Entry(found)
    for outcome in journal.close(now):
        _note(entries, outcome)
    check_shown(list(entries.values()))


def _note(entries: dict[str, Entry], outcome: Outcome) -> None:
    assert outcome_of(_line(outcome_line(outcome))) == outcome
    entries[outcome.id] = Entry(entries[outcome.id].exchange, outcome)


def _in_milliseconds(time: datetime) -> datetime:
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


def _line(text: str) -> dict[str, object]:
    """A line of the journal is one line, whatever stands in it, and plain ASCII."""
    assert text.isprintable()
    assert text.isascii()
    content: dict[str, object] = json.loads(text)
    return content


def check_shown(entries: list[Entry]) -> None:
    """Show exchanges in every way that there is; nothing of them gets out of its place."""
    for entry in entries:
        exchange = entry.exchange
        read = exchange_of(_line(exchange_line(exchange)))
        assert read == replace(exchange, time=_in_milliseconds(exchange.time))
        json.dumps(as_object(explain(exchange, entry.outcome)))
        for text in exchange_lines(exchange, engines=True, details=True, steps=True):
            assert text.isprintable(), text
        assert comment(exchange, entry.outcome).isprintable()
        _check_rule(entry)
        _check_repro(exchange, entries)
        story = Index(entries).story(exchange.id)
        assert story is not None
        _check_html(exchange_html(story))
    report_markdown(entries).encode()
    _check_html(report_html(entries, "1"))


def _check_html(html: str) -> None:
    """No element comes from the wire: those seeds that try it carry this name."""
    assert "<hostile" not in html
    html.encode()


def _check_rule(entry: Entry) -> None:
    """A rule that is made of an exchange loads, and names no other origin than was asked for."""
    with suppress(NoRuleError):
        text = rule_from(entry.exchange, entry.outcome)
        assert load([Source("made.toml", text.encode())]).rules


def _check_repro(exchange: Exchange, entries: list[Entry]) -> None:
    """A program that is made of an exchange is one, and holds what was recorded as text only."""
    with suppress(ReproError):
        program = repro(exchange, [entry.exchange for entry in entries])
        assert "import hostile" not in program.replace("'", '"').split('"')[::2]
        compile(program, "repro.py", "exec")
