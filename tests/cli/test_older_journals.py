"""Journals that earlier versions wrote are read by every command, and appended to.

Each file of `tests/journal/older` holds what a real mitmdump with the corscope of that time wrote
of the same eleven exchanges. They are kept as they are: what reads them has to go on doing so.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from corscope.cli.arguments.records import read_records
from corscope.cli.commands import corscope
from corscope.journal.lines.write import exchange_line
from corscope.mitm.record.journal_file import JournalFile
from corscope.rules.load import Source, load

OLDER = sorted((Path(__file__).parents[1] / "journal" / "older").glob("*.jsonl"))
EXCHANGES, BLOCKED = 11, 4

ALLOW = """
[[rule]]
name = "open"
match.host = "api.test"
policy = { allow_origins = ["http://page.test"], allow_methods = ["DELETE"] }
"""

pytestmark = pytest.mark.parametrize("older", OLDER, ids=[path.stem for path in OLDER])


def test_the_samples_differ_in_what_a_line_has(older: Path) -> None:
    """The first lacks redirects, the second what a server sent, the third the scene."""
    lacks = [
        {"redirected_from", "why", "engines", "console", "waited_ms", "scene"},
        {"waited_ms", "server_status", "scene"},
        {"scene", "location", "engine_verdicts"},
        {"location_userinfo"},
    ][OLDER.index(older)]
    exchanges = [line for line in map(json.loads, older.open()) if line["type"] == "exchange"]
    assert len(exchanges) == EXCHANGES
    assert all(lacks.isdisjoint(line) for line in exchanges)


def test_every_exchange_is_read_and_none_complained_of(older: Path) -> None:
    problems: list[str] = []
    entries = list(read_records([str(older)], problems.append))
    assert problems == []
    assert len(entries) == EXCHANGES
    preflights = [entry for entry in entries if entry.exchange.kind == "preflight"]
    assert [entry.outcome and entry.outcome.outcome for entry in preflights] == [
        "followed",
        "followed",
        "not-followed",
    ]
    verdicts = [entry.exchange.judgement.verdict for entry in entries]
    assert verdicts.count("blocked") == BLOCKED
    for entry in entries:
        assert json.loads(exchange_line(entry.exchange))["id"] == entry.exchange.id


def test_every_command_takes_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, older: Path
) -> None:
    def run(*arguments: object) -> tuple[object, str]:
        with pytest.raises(SystemExit) as ended:
            corscope.main([*map(str, arguments)], prog_name="corscope")
        out, err = capsys.readouterr()
        assert "left out" not in err
        return ended.value.code, out

    status, told = run("explain", older)
    assert (status, told.count("CORS blocked")) == (0, BLOCKED)
    assert run("report", older, "-o", tmp_path / "report.html")[0] == 0
    assert "api.test/closed" in run("report", older, "--format", "markdown")[1]
    assert run("check-log", older)[0] == 1
    status, inferred = run("infer", older, "--host", "api.test")
    assert status == 0
    assert load([Source("inferred.toml", inferred.encode())]).rules
    assert run("repro", older, "--last", "-o", tmp_path / "repro.py")[0] == 0
    rules = tmp_path / "rules.toml"
    rules.write_text(ALLOW, "utf-8")
    assert "2 blocked become conditional" in run("what-if", rules, "--on", older)[1]


def test_a_run_of_today_appends_to_it(tmp_path: Path, older: Path) -> None:
    path = tmp_path / "journal.jsonl"
    shutil.copy(older, path)
    (last, *_) = reversed(list(read_records([str(path)])))
    journal = JournalFile(str(path))
    journal.write(exchange_line(last.exchange))
    journal.close()
    assert path.read_bytes().startswith(older.read_bytes())
    problems: list[str] = []
    assert len(list(read_records([str(path)], problems.append))) == EXCHANGES + 1
    assert problems == []
