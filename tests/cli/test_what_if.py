"""`corscope what-if` and `corscope rule-from`, over a journal and over junk."""

from __future__ import annotations

from pathlib import Path

import pytest

from corscope.journal.exchange import Sighting
from corscope.journal.journal import Journal
from corscope.journal.lines.write import exchange_line, outcome_line
from corscope.messages import Request, Response
from corscope.rules.load import Source, load
from tests.cli.conftest import Command
from tests.journal.requests import ALLOWED, API, PAGE, REFUSED, actual, at, preflight

ALLOW = f"""
[[rule]]
name = "allow"
match = {{ host = "api.test" }}
policy = {{ allow_origins = ["{PAGE}"], allow_methods = ["PUT"], allow_credentials = true }}
"""
REFUSE = """
[[rule]]
name = "refuse"
match = { host = "api.test" }
headers = { remove = "Access-Control-Allow-Origin" }
"""


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """A journal in which a preflight was refused and a GET allowed, with a line that is none."""
    lines: list[str] = []
    kept = Journal()
    asked: list[tuple[str, Request, Response]] = [
        ("get", actual(), ALLOWED),
        ("put", preflight("PUT"), REFUSED),
    ]
    for id_, request, response in asked:
        kept.requested(id_, "browser", request, at(0))
        exchange = kept.answered(Sighting(id_, response), at(1))
        assert exchange is not None
        lines.append(exchange_line(exchange))
    lines += map(outcome_line, kept.close(at(9)))
    path = tmp_path / "cors.jsonl"
    path.write_text("\n".join([*lines, '{"v":1,"type":"exchange","ti']), "utf-8")
    return path


def written(folder: Path, text: str) -> Path:
    path = folder / "rules.toml"
    path.write_text(text, "utf-8")
    return path


def test_what_changes_is_summed_up_and_listed(
    corscope: Command, journal: Path, tmp_path: Path
) -> None:
    done = corscope("what-if", written(tmp_path, ALLOW), "--on", journal)
    assert done.stdout.splitlines() == [
        "1 blocked becomes allowed",
        "blocked (allow-origin-missing) -> allowed: preflight for "
        f'PUT {API} from {PAGE} [put], by rule "allow"; the request that it asks for would follow; '
        "its answer isn't in the record",
    ]
    assert done.returncode == 0
    assert f"{journal}:4: is no line of a journal; left out" in done.stderr


def test_what_would_break_makes_it_fail(corscope: Command, journal: Path, tmp_path: Path) -> None:
    done = corscope("what-if", written(tmp_path, REFUSE), "--on", journal)
    assert done.returncode == 1
    assert done.stdout.startswith("1 allowed becomes blocked\nallowed -> blocked")


def test_what_cannot_be_told_is_listed(corscope: Command, journal: Path, tmp_path: Path) -> None:
    rules = written(tmp_path, REFUSE.replace('"api.test"', '"api.test", filter = "~q"'))
    done = corscope("what-if", rules, "--on", journal)
    assert done.returncode == 0
    assert "2 can't be told" in done.stdout
    assert 'the record can\'t tell whether it matches "~q"' in done.stdout


def test_a_rule_is_made_of_the_last_exchange_that_was_blocked(
    corscope: Command, journal: Path, tmp_path: Path
) -> None:
    done = corscope("rule-from", journal)
    assert done.returncode == 0
    [rule] = load([Source("made.toml", done.stdout.encode())]).rules
    assert rule.name == f"{PAGE} may PUT {API}"
    checked = corscope("check", "--strict", written(tmp_path, done.stdout))
    assert checked.returncode == 0, checked.stderr
    again = corscope("what-if", tmp_path / "rules.toml", "--on", journal)
    assert again.stdout.startswith("1 blocked becomes allowed")


def test_an_exchange_that_needs_no_rule_says_so(corscope: Command, journal: Path) -> None:
    done = corscope("rule-from", journal, "--id", "get")
    assert done.returncode == 1
    assert "it is allowed already: no rule is needed" in done.stderr
    mistyped = corscope("rule-from", journal, "--id", "pot")
    assert 'no exchange has the id "pot"; did you mean put?' in mistyped.stderr


def test_an_exchange_is_named_by_the_beginning_of_its_id(
    corscope: Command, journal: Path, tmp_path: Path
) -> None:
    assert corscope("rule-from", journal, "--id", "pu").returncode == 0
    again = tmp_path / "again.jsonl"
    text = journal.read_text("utf-8")
    again.write_text(text + text.replace('"put"', '"push"'), "utf-8")
    assert corscope("rule-from", again, "--id", "put").returncode == 0
    either = corscope("rule-from", again, "--id", "pu")
    assert either.returncode == 1
    assert '2 exchanges have an id that begins with "pu":' in either.stderr


@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param(None, "No such file", id="no file"),
        pytest.param(b"", "no CORS exchange", id="nothing in it"),
        pytest.param(b'{"v":1,"type":"start"}\n[1]\n', "no CORS exchange", id="no exchange"),
        pytest.param(b'{"v":1,"type":"exchange"}\n', "no CORS exchange", id="a line without keys"),
    ],
)
def test_bad_files_are_told(
    corscope: Command, tmp_path: Path, content: bytes | None, told: str
) -> None:
    file = tmp_path / "file"
    if content is not None:
        file.write_bytes(content)
    for words in (("rule-from", file), ("what-if", written(tmp_path, ALLOW), "--on", file)):
        done = corscope(*words)
        assert done.returncode == 1
        assert told in done.stderr
        assert "Traceback" not in done.stderr


def test_a_mistake_in_the_rules_is_told_at_its_line(
    corscope: Command, journal: Path, tmp_path: Path
) -> None:
    done = corscope("what-if", written(tmp_path, ALLOW.replace("host", "hots")), "--on", journal)
    assert done.returncode == 1
    assert "rules.toml:" in done.stderr
    assert done.stdout == ""
