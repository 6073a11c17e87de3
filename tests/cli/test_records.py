"""Journals, flow files and HARs, read alike."""

from __future__ import annotations

import errno
import io
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pytest
from mitmproxy.test import tflow

from corscope.cli.arguments import records
from corscope.cli.arguments.records import read_records
from corscope.journal.exchange import Exchange, Outcome, Sighting
from corscope.journal.failure import Failed, Failure
from corscope.journal.journal import Journal
from corscope.journal.lines.write import (
    exchange_line,
    failure_line,
    outcome_line,
    rules_line,
    start_line,
)
from corscope.journal.store import Entry
from tests.journal.requests import ALLOWED, PAGE, actual, at, preflight

from .test_flows import entry, har, saved

HEAD = start_line(at(0), "1.0", "12.0", {})
RULES = rules_line(at(0), [], 0, [], applied=True)


def pair() -> list[Exchange | Outcome]:
    """A preflight, what became of it, and the request that it opened, as the journal has them."""
    journal, found = Journal(), list[Exchange | Outcome]()
    for number, request in enumerate((preflight("PUT"), actual("PUT"))):
        found += journal.requested(str(number), "browser", request, at(number))
        exchange = journal.answered(Sighting(str(number), ALLOWED), at(number))
        assert exchange is not None
        found.append(exchange)
    return found


def lines(*found: Exchange | Outcome) -> str:
    written = (
        exchange_line(each) if isinstance(each, Exchange) else outcome_line(each) for each in found
    )
    return "".join(f"{line}\n" for line in (HEAD, RULES, *written))


def journal_file(folder: Path, text: str) -> str:
    file = folder / "cors.jsonl"
    file.write_text(text, encoding="utf-8", newline="")
    return str(file)


def test_the_exchanges_on_which_corscope_failed_are_counted_and_nothing_else_of_them(
    tmp_path: Path,
) -> None:
    marks = [
        failure_line(Failure(at(9), "Recorder.response", "KeyError", id_))
        for id_ in ("7", "7", None)
    ]
    text = lines(*pair()) + "".join(f"{mark}\n" for mark in marks)
    failed = Failed()
    found = list(read_records([journal_file(tmp_path, text)], pytest.fail, failed))
    assert [each.exchange.id for each in found] == ["0", "1"]
    assert failed.count == 1


def test_a_journal_gives_its_exchanges_in_order_preflights_with_their_outcomes(
    tmp_path: Path,
) -> None:
    found = list(read_records([journal_file(tmp_path, lines(*pair()))], pytest.fail))
    assert [(each.exchange.id, each.exchange.kind) for each in found] == [
        ("0", "preflight"),
        ("1", "actual"),
    ]
    assert found[0].outcome is not None
    assert (found[0].outcome.outcome, found[0].outcome.actual) == ("followed", "1")
    assert found[1].outcome is None


def test_flows_and_hars_give_the_same_kind_of_entries(tmp_path: Path) -> None:
    flow = tflow.tflow(resp=True)
    flow.request.headers["Origin"] = PAGE
    (tmp_path / "a.flows").write_bytes(saved(flow))
    (tmp_path / "a.har").write_text(har(entry()), encoding="utf-8")
    files = [str(tmp_path / "a.flows"), str(tmp_path / "a.har")]
    found = list(read_records(files, pytest.fail))
    assert [each.exchange.judgement.verdict for each in found] == ["blocked", "allowed"]


@pytest.mark.parametrize("others", [[], [{"request": {}}]], ids=["whole", "with a broken entry"])
def test_of_flows_too_the_outcome_is_known(tmp_path: Path, others: list[dict[str, Any]]) -> None:
    """Also where not all of the file can be read."""
    asked = [
        {"name": "Origin", "value": "https://app.test"},
        {"name": "Access-Control-Request-Method", "value": "PUT"},
    ]
    request = entry()["request"] | {"method": "OPTIONS", "headers": asked}
    (tmp_path / "a.har").write_text(har(entry(request=request), *others), encoding="utf-8")
    told: list[str] = []
    [found] = read_records([str(tmp_path / "a.har")], told.append)
    assert found.outcome is not None
    assert found.outcome.outcome == "not-followed"
    assert len(told) == len(others)


def test_the_standard_input_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.BufferedReader(io.BytesIO(lines(*pair()).encode()))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stream))
    assert len(list(read_records(["-"], pytest.fail))) == 2


@pytest.mark.parametrize("begins", ["\ufeff", " ", "\r\n"])
def test_a_journal_is_known_by_its_first_key(tmp_path: Path, begins: str) -> None:
    text = begins + lines(*pair()).replace("\n", "\r\n")
    told: list[str] = []
    assert len(list(read_records([journal_file(tmp_path, text)], told.append))) == 2
    assert all(":1: " in problem for problem in told)


@pytest.mark.parametrize("rest", ['mode":"cors"}\n', "\0" * 4096 + HEAD + "\n"])
def test_a_journal_that_begins_within_a_line_is_read_from_the_next_one(
    tmp_path: Path, rest: str
) -> None:
    """As `tail -c` leaves it, or logrotate that truncates the file under who writes it."""
    told: list[str] = []
    file = journal_file(tmp_path, rest + lines(*pair()))
    assert len(list(read_records([file], told.append))) == 2
    assert told == [f"{file}:1: is no line of a journal; left out"]


def test_a_flow_whose_body_is_a_journal_is_a_flow(tmp_path: Path) -> None:
    flow = tflow.tflow(resp=True)
    flow.request.headers["Origin"] = PAGE
    flow.request.text = f"\n{lines(*pair())}"
    (tmp_path / "a.flows").write_bytes(saved(flow))
    [found] = read_records([str(tmp_path / "a.flows")], pytest.fail)
    assert found.exchange.id == flow.id


# What can't be read


def test_bad_lines_are_told_by_file_and_line_and_the_rest_is_read(tmp_path: Path) -> None:
    found = pair()
    broken = json.loads(exchange_line(found[-1])) | {"status": "fine"}  # type: ignore[arg-type]
    text = lines(*found) + f'{json.dumps(broken)}\n[1]\n\n{{"v":1,"type":"later"}}\n'
    text += '{"a":1}\n{"v":1,"ty'
    file = journal_file(tmp_path, text)
    told: list[str] = []
    assert len(list(read_records([file], told.append))) == 2
    assert told == [
        f"{file}:6: the key \"status\" should be a whole number, and is 'fine'; left out",
        f"{file}:7: is no line of a journal; left out",
        f"{file}:10: is no line of a journal; left out",
        f"{file}:11: is no line of a journal; left out",
    ]


def test_a_file_of_junk_does_not_fill_the_screen(tmp_path: Path) -> None:
    told: list[str] = []
    file = journal_file(tmp_path, '{"v":1,\n' * 1000)
    assert list(read_records([file], told.append)) == []
    assert len(told) == 21
    assert told[-1] == f"{file}: and 980 more lines like these"


def test_a_line_without_end_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "LONGEST_LINE", 20_000)
    told: list[str] = []
    text = '{"v":1,"x":"' + "x" * 100_000 + '"}\n' + lines(*pair())
    file = journal_file(tmp_path, text)
    assert len(list(read_records([file], told.append))) == 2
    assert told == [f"{file}:1: is no line of a journal; left out"]


def test_what_is_no_capture_is_told(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\x00 junk")
    told: list[str] = []
    assert list(read_records([str(tmp_path / "a")], told.append)) == []
    assert "corscope reads journals, flow files" in told[0]


@pytest.mark.parametrize("name", ["nowhere", ""])
def test_a_file_that_cannot_be_opened_is_an_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(click.ClickException) as raised:
        list(read_records([str(tmp_path / name)]))
    assert str(tmp_path / name) in str(raised.value.message)


# What waits


class _FailingDisk(io.RawIOBase):
    """Gives this much, and then nothing but errors."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._content:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        given, self._content = self._content[: len(buffer)], self._content[len(buffer) :]
        buffer[: len(given)] = given
        return len(given)


def test_what_stands_before_a_place_that_can_not_be_read_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stream = io.BufferedReader(_FailingDisk(lines(*pair()).encode()))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stream))
    told: list[str] = []
    assert [each.exchange.id for each in read_records(["-"], told.append)] == ["0", "1"]
    assert told == ["-: can't be read: Input/output error\n    check the name and who may read it"]


def test_a_file_that_can_be_opened_and_not_read_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stream = io.BufferedReader(_FailingDisk(b""))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stream))
    with pytest.raises(click.ClickException, match="-: can't be read: Input/output error"):
        list(read_records(["-"], pytest.fail))


def preflights(count: int) -> list[Exchange | Outcome]:
    [first, *_] = pair()
    assert isinstance(first, Exchange)
    return [replace(first, id=str(number)) for number in range(count)]


def test_entries_do_not_wait_without_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "MOST_WAITING", 10)
    found = preflights(50)
    outcome = Outcome(at(9), "0", "followed")
    entries = list(read_records([journal_file(tmp_path, lines(*found, outcome))], pytest.fail))
    assert [each.exchange.id for each in entries] == [str(number) for number in range(50)]
    assert all(each.outcome is None for each in entries)


def test_long_entries_do_not_wait_without_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "MOST_CHARACTERS", 10_000)
    found = [replace(each, url="a" * 3_000) for each in preflights(5) if isinstance(each, Exchange)]
    outcome = Outcome(at(9), "0", "followed")
    entries = list(read_records([journal_file(tmp_path, lines(*found, outcome))], pytest.fail))
    assert [each.exchange.id for each in entries] == list("01234")
    assert all(each.outcome is None for each in entries)


def test_of_long_entries_only_the_last_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "MOST_CHARACTERS", 10_000)
    found = [replace(each, url="a" * 3_000) for each in preflights(5) if isinstance(each, Exchange)]
    kept = records.kept_of(map(Entry, found), 10)
    assert [each.exchange.id for each in kept] == list("234")
    assert kept.dropped == 2


def test_a_later_outcome_takes_the_earlier_ones_place(tmp_path: Path) -> None:
    first, second = preflights(2)
    told = [Outcome(at(9), "1", "not-followed"), Outcome(at(10), "1", "followed")]
    text = lines(first, second, *told, Outcome(at(11), "0", "not-followed"))
    entries = list(read_records([journal_file(tmp_path, text)], pytest.fail))
    assert [each.outcome and each.outcome.outcome for each in entries] == [
        "not-followed",
        "followed",
    ]


def test_two_runs_with_one_id_are_two_entries(tmp_path: Path) -> None:
    [first] = preflights(1)
    assert isinstance(first, Exchange)
    again = replace(first, status=404)
    entries = list(read_records([journal_file(tmp_path, lines(first, again))], pytest.fail))
    assert [each.exchange.status for each in entries] == [200, 404]
