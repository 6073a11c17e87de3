"""`corscope check-log`, over journals as corscope writes them, and over what is none."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from corscope.cli.check_log import check_log
from corscope.explain.articles.catalogue import FINDINGS, REASONS
from corscope.explain.entry import entry_text
from corscope.explain.log_check.check import KNOWN, MOST_PROBLEMS, Tally, Wanted
from corscope.explain.log_check.formats import FORMATS
from corscope.explain.parts.words import exchange_words
from corscope.fetch.reasons import Reason
from corscope.journal.exchange import Exchange, Missing, Sighting
from corscope.journal.failure import Failure
from corscope.journal.journal import Journal
from corscope.journal.lines.write import (
    exchange_line,
    failure_line,
    gap_line,
    rules_line,
    start_line,
)
from corscope.messages import HeaderList, Request, Response
from tests.cli.conftest import Command

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ORIGIN = ("Origin", "https://app.example")
ALLOWED = (("Access-Control-Allow-Origin", "https://app.example"), ("Vary", "Origin"))
HOSTILE = "https://evil.example/\x1b[2J<script>alert(1)</script>&]]>\u202e\"'"


def line(
    answer: HeaderList = (),
    url: str = "https://api.example/items?token=secret",
    origin: tuple[str, str] = ORIGIN,
) -> str:
    """A line of the journal: a GET of a page, answered so."""
    journal = Journal()
    journal.requested("1", "client", Request("GET", url, (origin,)), NOW)
    exchange = journal.answered(Sighting("1", Response(200, answer)), NOW)
    assert exchange is not None
    return exchange_line(exchange)


def gone() -> str:
    journal = Journal()
    journal.requested("1", "client", Request("GET", "https://api.example/", (ORIGIN,)), NOW)
    seen = Sighting("1", None, Missing.CLIENT_GONE, "Client disconnected.")
    exchange = journal.answered(seen, NOW)
    assert exchange is not None
    return exchange_line(exchange)


def preflight() -> Exchange:
    """A preflight that is answered with 404 and no header."""
    asked = (("Access-Control-Request-Method", "PUT"), ("Access-Control-Request-Headers", "x-a"))
    request = Request("OPTIONS", "https://api.example/", (ORIGIN, *asked))
    journal = Journal()
    journal.requested("1", "client", request, NOW)
    exchange = journal.answered(Sighting("1", Response(404, ())), NOW)
    assert exchange is not None
    return exchange


EXCHANGE = preflight()
BLOCKED_PREFLIGHT = exchange_line(EXCHANGE)
WILDCARD = "wildcard-with-credentials"
START = start_line(NOW, "1.0", "12.0", {})
RULES = rules_line(NOW, ["a.toml"], 1, [], applied=True)
FINE = line(ALLOWED)
BLOCKED = line()
CONDITIONAL = line((("Access-Control-Allow-Origin", "*"),))
FAILURE = failure_line(Failure(NOW, "Recorder.response", "KeyError", "9"))
ELSEWHERE = failure_line(Failure(NOW, "Corscope._look", "KeyError"))
REFLECTED = line((*ALLOWED[:1], ("Cache-Control", "max-age=60")))


LINES = (START, FINE, BLOCKED)
SPREAD = "\n".join(json.dumps(json.loads(each), indent=2) for each in LINES).encode()
CHANGED = {
    "pretty": (SPREAD, "`jq -c . FILE`"),
    "pretty, on Windows": (SPREAD.replace(b"\n", b"\r\n"), "`jq -c . FILE`"),
    "sorted": (
        json.dumps(json.loads(BLOCKED), indent=4, sort_keys=True).encode(),
        "`jq -c . FILE`",
    ),
    "a list": (json.dumps([json.loads(each) for each in LINES]).encode(), "`jq -c .[] FILE`"),
    "a list, pretty": (
        json.dumps([json.loads(each) for each in LINES], indent=2).encode(),
        "`jq -c .[] FILE`",
    ),
    "packed": (gzip.compress(BLOCKED.encode()), "zcat FILE"),
    "in UTF-16": (f"{BLOCKED}\r\n".encode("utf-16"), "iconv"),
}
"""What other programs make of a journal, and what is said of the way back."""


@dataclass(frozen=True, slots=True)
class Done:
    returncode: object
    stdout: str
    stderr: str


Check = Callable[..., Done]


@pytest.fixture
def check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Check:
    """Run the command over a journal of these lines, in this process."""

    def run(lines: list[str], *options: str) -> Done:
        journal = tmp_path / "cors.jsonl"
        journal.write_text("".join(f"{each}\n" for each in lines), encoding="utf-8")
        with pytest.raises(SystemExit) as ended:
            check_log.main([str(journal), *options], prog_name="corscope check-log")
        return Done(ended.value.code, *capsys.readouterr())

    return run


def test_a_journal_without_a_blocked_exchange_passes(check: Check) -> None:
    done = check([START, RULES, FINE, CONDITIONAL])
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "2 exchanges: nothing that is blocked\n"


def test_exchanges_on_which_corscope_failed_are_told_beside(check: Check) -> None:
    done = check([START, FINE, FAILURE, FAILURE, ELSEWHERE])
    assert (done.returncode, done.stdout) == (0, "1 exchange: nothing that is blocked\n")
    assert "corscope failed on 1 exchange, which may be missing here." in done.stderr
    assert json.loads(check([FINE, FAILURE], "--format", "json").stdout)["failed"] == 1


def test_lines_that_a_journal_says_are_missing_are_told_beside(check: Check) -> None:
    gaps = [gap_line(NOW, lines, "No space left on device") for lines in (3, 4)]
    odd = ['{"v": 1, "type": "gap", "lines": "?"}', '{"v": 1, "type": "gap"}']
    done = check([START, FINE, *gaps, *odd])
    assert (done.returncode, done.stdout) == (0, "1 exchange: nothing that is blocked\n")
    assert done.stderr == (
        "7 lines of the journal couldn't be written, at 2 places: what they told is missing here.\n"
    )
    assert json.loads(check([FINE, *gaps], "--format", "json").stdout)["missing_lines"] == 7
    assert json.loads(check([FINE], "--format", "json").stdout)["missing_lines"] == 0


def test_a_blocked_exchange_fails_with_its_line_its_cause_and_its_fix(check: Check) -> None:
    done = check([START, FINE, BLOCKED, BLOCKED])
    assert done.returncode == 1
    first, fix, total = done.stdout.splitlines()
    assert "cors.jsonl:3: allow-origin-missing: GET https://api.example/items from" in first
    assert first.endswith("(2 times)")
    assert 'send "Access-Control-Allow-Origin: https://app.example"' in fix
    assert total == "2 of 3 exchanges with a problem: 2 allow-origin-missing"
    assert "token" not in done.stdout


def test_a_fix_tells_of_all_that_is_wrong_as_the_log_does(check: Check) -> None:
    fix = check([BLOCKED_PREFLIGHT]).stdout.splitlines()[1].strip()
    assert fix == f"Fix: {exchange_words(EXCHANGE, EXCHANGE.judgement).fix}"
    for also in ("Access-Control-Allow-Methods: PUT", "Access-Control-Allow-Headers", "OPTIONS"):
        assert also in fix
    line_of_another = BLOCKED_PREFLIGHT.replace('"scene":{', '"scene":7,"was":{')
    assert 'Access-Control-Allow-Origin: https://app.example"' in check([line_of_another]).stdout


@pytest.mark.parametrize(
    ("options", "status"),
    [
        (("--fail-on", "conditional"), 1),
        (("--fail-on", "blocked,conditional", "--ignore", WILDCARD), 1),
        (("--fail-on", "conditional", "--ignore", f"{WILDCARD},allow-credentials-not-true"), 0),
        (("--fail-on", WILDCARD), 1),
        (("--fail-on", "vary-origin-missing"), 1),
        (("--fail-on", "vary-origin-missing", "--ignore", "vary-origin-missing"), 0),
        (("--ignore", "allow-origin-missing"), 0),
        (("--fail-on", "blocked", "--fail-on", "captive-portal"), 1),
        (("--fail-on", "captive-portal"), 0),
    ],
)
def test_what_counts_is_chosen(check: Check, options: tuple[str, ...], status: int) -> None:
    done = check([BLOCKED, CONDITIONAL, REFLECTED], *options)
    assert done.returncode == status, done.stdout + done.stderr


def test_a_browser_that_went_away_is_ignored_where_that_is_asked(check: Check) -> None:
    assert check([gone()]).returncode == 1
    assert check([gone()], "--ignore", "client-gone").returncode == 0


def test_an_unknown_id_is_refused_with_the_nearest(check: Check) -> None:
    done = check([FINE], "--fail-on", "alow-origin-missing")
    assert done.returncode == 2
    assert "did you mean allow-origin-missing?" in done.stderr
    assert check([FINE], "--ignore", "\x1b[2Jxyz").stderr.count("\x1b") == 0


def test_every_reason_can_be_asked_for() -> None:
    assert set(Reason) <= set(KNOWN)


def test_a_line_that_no_journal_has_is_told_with_its_place(check: Check) -> None:
    newer = FINE.replace('"v":1', '"v":2')
    torn = FINE[:60]
    done = check([FINE, "{}", newer, torn, "[1", FINE.replace('"verdict"', '"verdikt"', 1)])
    assert done.returncode == 2
    told = [each.partition("cors.jsonl:")[2] for each in done.stderr.splitlines()]
    assert told == [
        "2: is no line of a journal",
        "3: is of version 2, and this corscope reads version 1",
        "4: is no line of a journal, or only a part of one",
        "5: is no line of a journal, or only a part of one",
        '6: has no "verdict"',
    ]


@pytest.mark.parametrize(
    ("key", "value"),
    [("url", 1), ("reason", []), ("findings", [1]), ("status", "x"), ("request_headers", [1])],
)
def test_a_value_of_another_kind_is_told(check: Check, key: str, value: object) -> None:
    changed = json.dumps({**json.loads(BLOCKED), key: value})
    done = check([changed])
    assert done.returncode == 2
    assert f'"{key}"' in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_that_is_no_journal_is_told_apart(corscope: Command, tmp_path: Path) -> None:
    flows = tmp_path / "saved.flows"
    flows.write_bytes(b"1234:4:type;4:http;" * 50 + b"\n" * 100 + b"\xff\n" * 100)
    done = corscope("check-log", flows)
    assert done.returncode == 2
    assert "and 81 more like these" in done.stderr
    assert "--set cors_journal=FILE" in done.stderr
    missing = corscope("check-log", tmp_path / "none.jsonl")
    assert missing.returncode == 2
    assert "none.jsonl: can't be read: No such file" in missing.stderr
    assert "check the name and who may read it" in missing.stderr


def test_a_file_that_can_not_be_written_is_told(corscope: Command, tmp_path: Path) -> None:
    (tmp_path / "cors.jsonl").write_text("", encoding="utf-8")
    output = tmp_path / "none" / "a.xml"
    done = corscope("check-log", tmp_path / "cors.jsonl", "-o", output)
    assert done.returncode == 2
    assert "a.xml: can't be written: No such file" in done.stderr
    assert "check that its folder is there, and who may write there" in done.stderr


@pytest.mark.parametrize("form", CHANGED)
def test_what_was_a_journal_is_told_with_the_way_back(
    corscope: Command, tmp_path: Path, form: str
) -> None:
    """Nothing of it is checked, so that a pipeline can't take it for fine."""
    written, hint = CHANGED[form]
    journal = tmp_path / "cors.jsonl"
    journal.write_bytes(written)
    for read in (corscope("check-log", journal), corscope("check-log", "-", stdin=written)):
        assert (read.returncode, read.stdout) == (2, "")
        assert hint in read.stderr
        assert len(read.stderr.splitlines()) == 2
    others = corscope("explain", journal)
    assert others.returncode == 1
    assert others.stderr.count("\n    ") == 1
    assert hint in others.stderr


def test_the_order_of_keys_does_not_matter(corscope: Command, tmp_path: Path) -> None:
    """As `jq -cS` leaves them."""
    journal = tmp_path / "cors.jsonl"
    found = [json.dumps(json.loads(each), sort_keys=True) for each in (START, FINE, BLOCKED)]
    journal.write_text("\n".join(found) + "\n", encoding="utf-8")
    assert corscope("check-log", journal).returncode == 1
    told = corscope("explain", journal)
    assert (told.returncode, told.stderr) == (0, "")
    assert len(told.stdout.splitlines()) == 2


def test_standard_input_is_read(corscope: Command) -> None:
    done = corscope("check-log", "-", stdin=f"{BLOCKED}\n".encode())
    assert done.returncode == 1
    assert done.stdout.startswith("-:1: ")


def test_an_endless_line_is_left_out(corscope: Command) -> None:
    done = corscope("check-log", "-", stdin=b"x" * 40_000_000 + f"\n{FINE}\n".encode())
    assert done.returncode == 2
    assert "-:1: is longer than" in done.stderr
    assert "1 exchange: nothing" in done.stdout


def test_json_has_each_problem_once(check: Check) -> None:
    done = check([BLOCKED, BLOCKED, FINE], "--format", "json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["exchanges"], told["matches"]) == (1, 3, 2)
    [problem] = told["problems"]
    assert (problem["id"], problem["count"], problem["line"]) == ("allow-origin-missing", 2, 1)
    assert problem["url"] == "https://api.example/items"


def test_junit_is_xml_with_a_failed_test_for_each_problem(check: Check, tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    hostile = line((("Access-Control-Allow-Origin", HOSTILE.encode().decode("latin-1")),))
    done = check([BLOCKED, hostile, FINE], "--format", "junit", "-o", str(report))
    assert (done.returncode, done.stdout) == (1, "")
    root = ElementTree.parse(report).getroot()
    [suite] = root.iter("testsuite")
    failures = list(root.iter("failure"))
    assert (suite.get("tests"), suite.get("failures"), len(failures)) == ("2", "2", 2)
    assert failures[0].get("type") == "allow-origin-missing"
    assert "<script>" in (failures[1].get("message") or "")
    assert "\x1b" not in report.read_text(encoding="utf-8")


def test_junit_has_a_test_that_passes_where_nothing_is_found(check: Check) -> None:
    root = ElementTree.fromstring(check([FINE], "--format", "junit").stdout)
    [test] = root.iter("testcase")
    assert (test.get("name"), list(test)) == ("nothing is blocked", [])


def test_each_junit_test_has_a_name_of_its_own(check: Check) -> None:
    """Two values at one endpoint are two problems, and GitLab leaves out what is named alike."""
    wrong = [line((("Access-Control-Allow-Origin", f"https://{n}.example"),)) for n in "abc"]
    root = ElementTree.fromstring(check(wrong, "--format", "junit").stdout)
    names = [(test.get("classname"), test.get("name")) for test in root.iter("testcase")]
    assert len(set(names)) == 3


def test_sarif_has_what_its_version_requires(check: Check) -> None:
    hostile = line((("Access-Control-Allow-Origin", HOSTILE.encode().decode("latin-1")),))
    done = check(
        [BLOCKED, hostile, REFLECTED],
        *("--fail-on", "blocked,vary-origin-missing", "--format", "sarif"),
    )
    log = json.loads(done.stdout)
    assert log["version"] == "2.1.0"
    [run] = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "corscope"
    ids = [rule["id"] for rule in driver["rules"]]
    assert len(ids) == len(set(ids))
    for rule in driver["rules"]:
        told = {**REASONS, **FINDINGS}[rule["id"]]
        assert rule["shortDescription"]["text"] == told.title
        assert rule["fullDescription"]["text"] == told.standard
        assert rule["helpUri"] == told.section
        assert rule["help"]["text"] == entry_text(told.id)
    levels = {result["ruleId"]: result["level"] for result in run["results"]}
    assert levels["allow-origin-missing"] == "error"
    assert levels["vary-origin-missing"] == "warning"
    for result in run["results"]:
        assert ids[result["ruleIndex"]] == result["ruleId"]
        assert result["message"]["text"].isprintable()
        [place] = result["locations"]
        assert place["physicalLocation"]["region"]["startLine"] >= 1
        uri = place["physicalLocation"]["artifactLocation"]["uri"]
        assert uri.startswith("file:///")
        assert uri.endswith("/cors.jsonl")


def test_sarif_tells_of_what_a_later_corscope_has(check: Check) -> None:
    later = json.dumps({**json.loads(BLOCKED), "reason": "not-known-yet"})
    [run] = json.loads(check([later], "--format", "sarif").stdout)["runs"]
    [rule] = run["tool"]["driver"]["rules"]
    assert rule.keys() == {"id", "shortDescription", "fullDescription", "help"}


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("logs/cors ü.jsonl", "logs/cors%20%C3%BC.jsonl"),
        ("/tmp/a b.jsonl", "file:///tmp/a%20b.jsonl"),
        ("C:\\logs\\a.jsonl", "file:///C:/logs/a.jsonl"),
        ("-", "-"),
    ],
)
def test_sarif_names_a_file_by_a_uri(file: str, uri: str) -> None:
    """As the validator of SARIF wants it: a relative one may not begin with a slash."""
    tally = Tally(Wanted(frozenset({"blocked"})))
    tally.add(json.loads(BLOCKED), file, 1)
    [run] = json.loads(FORMATS["sarif"](tally, "1.0"))["runs"]
    [place] = run["results"][0]["locations"]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == uri


def test_nothing_that_a_server_sends_steers_the_terminal(check: Check) -> None:
    hostile = line((("Access-Control-Allow-Origin", HOSTILE.encode().decode("latin-1")),))
    for format_ in ("text", "json", "junit", "sarif"):
        told = check([hostile], "--format", format_).stdout
        assert "\x1b" not in told
        assert "\u202e" not in told


def test_memory_stays_bounded_and_the_rest_is_counted(check: Check) -> None:
    lines = [line(url=f"https://api.example/{number}") for number in range(MOST_PROBLEMS + 50)]
    done = check(lines)
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].endswith("50 more of other kinds aren't listed")
