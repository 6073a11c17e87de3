"""The subcommands, as a user runs them: what they print, and their exit status."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import pexpect
import pytest
from mitmproxy.test import tflow

from corscope import __version__
from corscope.cli.run import port_is_open
from corscope.journal.failure import Failure
from corscope.journal.lines.write import failure_line, gap_line
from tests.cli.conftest import ADDON, Command, environment
from tests.cli.test_flows import entry, har, saved
from tests.live.proxy import bound
from tests.support.mitmdump import wait_until

COMMANDS = (
    *("path", "check", "schema", "explain", "why", "run", "demo"),
    *("export", "dialects", "diff-dialects", "import", "infer", "new"),
    *("what-if", "rule-from", "report", "repro", "check-log"),
)

RULE = """
[[rule]]
name = "one"
[rule.match]
host = "api.test"
[rule.policy]
allow_origins = ["https://app.test"]
"""

LINE = "CORS allowed: GET https://api.test/x from https://app.test"


class TestHelp:
    @pytest.mark.parametrize(
        ("typed", "says"),
        [
            ("chekc", 'no command "chekc": did you mean "check"?'),
            ("rulefrom", 'no command "rulefrom": did you mean "rule-from"?'),
            ("x", "No such command 'x'."),
            ("--chekc", "No such option"),
        ],
    )
    def test_a_command_that_is_none_is_told_with_the_nearest(
        self, corscope: Command, typed: str, says: str
    ) -> None:
        done = corscope(typed)
        assert done.returncode == 2
        assert says in done.stderr
        assert "Try 'corscope --help' for help." in done.stderr

    @pytest.mark.parametrize("command", COMMANDS)
    def test_every_command_has_help(self, corscope: Command, command: str) -> None:
        done = corscope(command, "--help")
        assert done.returncode == 0
        assert done.stdout.startswith(f"Usage: corscope {command}")

    def test_the_list_of_commands_is_in_whole_sentences(self, corscope: Command) -> None:
        listed = corscope("--help").stdout.partition("Commands:\n")[2].rstrip("\n").split("\n")
        assert len(listed) > 10
        assert [line for line in listed if not re.fullmatch(r"  [\w-]+ +[A-Z].*[^.]\.", line)] == []

    def test_the_group_lists_them_all(self, corscope: Command) -> None:
        listed = re.findall(
            r"^  ([\w-]+) ", corscope("--help").stdout.partition("Commands:")[2], re.M
        )
        assert sorted(listed) == sorted(COMMANDS)

    @pytest.mark.parametrize("command", COMMANDS)
    def test_the_manual_has_every_command_and_option(self, corscope: Command, command: str) -> None:
        manual = (ADDON.parent / "docs" / "commands.md").read_text("utf-8")
        assert f"## corscope {command}" in manual
        section = manual.partition(f"## corscope {command}")[2].partition("\n## ")[0]
        for option in re.findall(r"--[a-z-]+", corscope(command, "--help").stdout):
            assert option in section or option == "--help", f"{option} is missing in the manual"

    def test_the_version_is_told(self, corscope: Command) -> None:
        assert __version__ in corscope("--version").stdout


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("corscope rep", ["plain,report", "plain,repro"]),
        ("corscope export --to ng", ["plain,nginx"]),
        ("corscope diff-dialects standard gi", ["plain,gin"]),
        ("corscope explain cors.j", ["file,cors.j"]),
        ("corscope what-if rules/ --on cap", ["file,cap"]),
        ("corscope new bug -o my", ["file,my"]),
    ],
)
def test_a_shell_is_told_how_to_complete(words: str, offered: list[str]) -> None:
    asked = {
        "_CORSCOPE_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
    }
    done = subprocess.run(
        [sys.executable, "-m", "corscope"],
        env={**environment(), **asked},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == offered


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other names that are too long")
@pytest.mark.parametrize(
    "words",
    [
        *(["explain"], ["report"], ["infer"], ["rule-from"], ["repro"], ["check-log"], ["check"]),
        ["export", "--to", "nginx"],
        ["import", "--from", "nginx"],
        ["diff-dialects", "standard", "express"],
        ["new", "policy", "public-api", "-o"],
    ],
    ids=lambda words: words[0],
)
def test_a_message_in_a_files_place_is_told_as_a_name_too_long(
    corscope: Command, words: list[str]
) -> None:
    """Before Python 3.14, asking whether there is such a file fails."""
    done = corscope(*words, "blocked by CORS policy " * 20)
    assert done.returncode in {1, 2}
    assert "File name too long" in done.stderr
    assert "check " in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")
class TestStreams:
    @pytest.mark.parametrize("command", ["explain", "why", "import", "check-log", "check"])
    def test_without_a_standard_input_there_is_nothing_to_read(self, command: str) -> None:
        done = _in_shell(f"{command} - <&-")
        assert done.returncode in {0, 1}
        assert "Traceback" not in done.stderr

    @pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
    def test_odd_bytes_are_no_obstacle(self, encoding: str) -> None:
        text = r"printf 'caf\351: Method PUT is not allowed by Access-Control-Allow-Methods'"
        done = _in_shell("why -", before=f"{text} |", PYTHONIOENCODING=encoding)
        assert done.stdout.startswith("method-not-allowed: "), done.stderr

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full disk")
    @pytest.mark.parametrize("command", ["why", "schema", "explain -"])
    def test_a_full_disk_is_told(self, command: str) -> None:
        whole = f"printf '%s' '{har(entry())}' |" if command == "explain -" else ""
        done = _in_shell(f"{command} >/dev/full", before=whole)
        assert done.returncode == 1
        assert done.stderr == "corscope: the output can't be written: No space left on device\n"


def _in_shell(words: str, before: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", f"{before} '{sys.executable}' -m corscope {words}"],
        env={**environment(), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("missing", ["click", "rich"])
def test_a_missing_package_is_named_with_the_way_out(tmp_path: Path, missing: str) -> None:
    """As in a clone that is run with nothing but mitmproxy installed."""
    (tmp_path / "sitecustomize.py").write_text(f"import sys\nsys.modules[{missing!r}] = None\n")
    done = subprocess.run(
        [sys.executable, "-m", "corscope", "explain", "file"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ADDON)])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert f"pip install {missing}" in done.stderr
    assert "Traceback" not in done.stderr


def test_none_of_mitmproxys_addons_is_loaded_to_explain_a_file(tmp_path: Path) -> None:
    """They are a third of what the command takes to start, and it has none of them running."""
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\nsys.modules['mitmproxy.addons'] = None\n"
    )
    help_text = _in_shell("explain --help", PYTHONPATH=os.pathsep.join([str(tmp_path), str(ADDON)]))
    assert (help_text.returncode, help_text.stderr) == (0, "")


class TestPathAndSchema:
    def test_the_path_is_that_of_the_script(self, corscope: Command) -> None:
        assert corscope("path").stdout == f"{ADDON / 'cors.py'}\n"

    def test_the_schema_is_json(self, corscope: Command) -> None:
        assert json.loads(corscope("schema").stdout)["properties"]["rule"]


class TestCheck:
    def test_a_good_file_is_fine(self, corscope: Command, tmp_path: Path) -> None:
        (tmp_path / "a.toml").write_text(RULE)
        done = corscope("check", tmp_path)
        assert (done.returncode, done.stdout) == (0, "1 rule in 1 file: fine\n")

    def test_an_empty_path_is_no_folder(self, corscope: Command) -> None:
        """As of a variable that isn't set: what lies where one happens to be isn't meant."""
        done = corscope("check", "")
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == "Error: no rule files: a path is empty\n"

    def test_the_standard_input_is_a_file_too(self, corscope: Command, tmp_path: Path) -> None:
        (tmp_path / "a.toml").write_text(RULE.replace('"one"', '"two"'))
        done = corscope("check", tmp_path, "-", stdin=RULE.replace("host", "hosst").encode())
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith('-:5:1: rule "one": match.hosst = '), done.stderr
        assert corscope("check", "-", stdin=b"").stdout == "0 rules in 1 file: fine\n"

    @pytest.mark.parametrize(
        ("words", "status"),
        [("check - -", 1), ("what-if - --on -", 2), ("what-if a - - --on b", 1)],
    )
    def test_it_is_read_once(self, corscope: Command, words: str, status: int) -> None:
        done = corscope(*words.split(), stdin=RULE.encode())
        assert (done.returncode, done.stdout) == (status, "")
        assert "is standard input" in done.stderr

    def test_warnings_count_if_asked_to(self, corscope: Command, tmp_path: Path) -> None:
        (tmp_path / "a.toml").write_text(RULE.replace("app.test", "app.test/"))
        assert corscope("check", tmp_path).returncode == 0
        done = corscope("check", tmp_path, "--strict")
        assert (done.returncode, done.stdout) == (1, "")
        assert "[origin-ends-in-slash]" in done.stderr

    def test_every_mistake_of_all_files_is_told_with_its_place(
        self, corscope: Command, tmp_path: Path
    ) -> None:
        (tmp_path / "a.toml").write_text(RULE.replace("host", "hosst"))
        (tmp_path / "b.toml").write_text(RULE.replace("[rule.policy]", "[rule.policy"))
        (tmp_path / "c.toml").write_bytes(b"\xff\x00\xfe")
        done = corscope("check", tmp_path, tmp_path / "nowhere.toml")
        assert done.returncode == 1
        assert done.stdout == ""
        for place in (r"a\.toml:\d+", r"b\.toml:\d+:\d+: ", r"c\.toml:", r"nowhere\.toml: "):
            assert re.search(place, done.stderr), done.stderr

    def test_a_bad_filter_is_a_mistake(self, corscope: Command, tmp_path: Path) -> None:
        file = tmp_path / "a.toml"
        file.write_text(RULE.replace('host = "api.test"', 'host = "api.test"\nfilter = "~nope ("'))
        done = corscope("check", file)
        assert done.returncode == 1
        assert "filter" in done.stderr

    def test_a_folder_without_rule_files_is_told(self, corscope: Command, tmp_path: Path) -> None:
        done = corscope("check", tmp_path)
        assert done.returncode == 1
        assert "no *.toml" in done.stderr


class TestExplain:
    def test_a_line_for_each_cors_exchange(self, corscope: Command, tmp_path: Path) -> None:
        file = tmp_path / "a.har"
        file.write_text(har(entry(), entry()))
        done = corscope("explain", file, file)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.splitlines() == [LINE] * 4

    def test_a_saved_flow_file_is_read(self, corscope: Command, tmp_path: Path) -> None:
        flow = tflow.tflow(resp=True)
        flow.request.headers["Origin"] = "https://app.test"
        (tmp_path / "a").write_bytes(saved(flow, tflow.tflow(resp=True)))
        done = corscope("explain", tmp_path / "a")
        assert done.returncode == 0
        assert len(done.stdout.splitlines()) == 1
        assert "allow-origin-missing" in done.stdout

    def test_the_standard_input_is_read(self, corscope: Command) -> None:
        done = corscope("explain", "-", stdin=har(entry()).encode())
        assert done.stdout.splitlines() == [LINE]

    def test_all_three_engines_are_told_if_asked_for(
        self, corscope: Command, tmp_path: Path
    ) -> None:
        file = tmp_path / "a.har"
        file.write_text(har(entry()))
        done = corscope("explain", "--engines", file)
        engines = ("Chromium", "Firefox", "WebKit")
        assert done.stdout.splitlines() == [LINE, *(f"    {name}: allowed" for name in engines)]

    def test_at_length_the_consoles_words_are_told(self, corscope: Command, tmp_path: Path) -> None:
        file = tmp_path / "a.har"
        file.write_text(har(entry(response={"status": 200, "headers": []})))
        done = corscope("explain", "--long", file)
        assert "    Firefox prints: Cross-Origin Request Blocked: " in done.stdout
        assert done.stdout.count("\n    ") == 5

    def test_the_steps_of_the_standard_are_told_if_asked_for(
        self, corscope: Command, tmp_path: Path
    ) -> None:
        file = tmp_path / "a.har"
        file.write_text(har(entry(response={"status": 200, "headers": []})))
        done = corscope("explain", "--steps", file)
        lines = done.stdout.splitlines()
        assert lines[1] == "    The standard's steps in an unknown browser, without credentials"
        assert "      fail     Is there an Access-Control-Allow-Origin?" in lines

    @pytest.mark.parametrize("option", ["--engine", "--longer", "--engines=firefox"])
    def test_an_option_that_is_not_there_is_told(self, corscope: Command, option: str) -> None:
        done = corscope("explain", option, "a.har")
        assert done.returncode == 2
        assert "option" in done.stderr.lower()

    def test_no_cors_exchange_is_said_to_be_none(self, corscope: Command, tmp_path: Path) -> None:
        (tmp_path / "a").write_bytes(saved(tflow.tflow(resp=True)))
        done = corscope("explain", tmp_path / "a")
        assert (done.returncode, done.stdout) == (0, "")
        assert done.stderr == f"{tmp_path / 'a'}: no CORS exchange is in it\n"

    def test_what_is_readable_comes_first_then_the_errors(
        self, corscope: Command, tmp_path: Path
    ) -> None:
        broken, whole = tmp_path / "broken.har", tmp_path / "whole.har"
        broken.write_text(har(entry(), entry())[:-60])
        whole.write_text(har(entry()))
        done = corscope("explain", broken, tmp_path / "nowhere", tmp_path, whole)
        assert done.returncode == 1
        assert done.stdout.splitlines() == [LINE, LINE]
        told = done.stderr
        assert told.index("broken.har: after entry 1") < told.index("nowhere: can't be read")
        assert "this is a folder" in told
        assert "Traceback" not in told

    @pytest.mark.parametrize("command", ["explain", "report", "infer", "repro", "rule-from"])
    def test_a_file_in_utf_16_is_said_to_be_one(
        self, corscope: Command, tmp_path: Path, command: str
    ) -> None:
        """As Windows PowerShell writes what passes through it."""
        (tmp_path / "a.har").write_bytes(har(entry()).encode("utf-16"))
        done = corscope(command, tmp_path / "a.har")
        assert done.returncode == 1
        assert "a.har: is in UTF-16\n    corscope reads UTF-8" in done.stderr

    def test_terminal_controls_are_escaped(self, corscope: Command) -> None:
        headers = [{"name": "Access-Control-Allow-Origin", "value": "\x1b[31mred"}]
        text = har(entry(response={"status": 200, "headers": headers}))
        done = corscope("explain", "-", stdin=text.encode())
        assert "\\x1b[31mred" in done.stdout
        assert "\x1b" not in done.stdout

    def test_a_reader_that_leaves_early_is_no_error(self, tmp_path: Path) -> None:
        file = tmp_path / "a.har"
        file.write_text(har(*[entry()] * 5000))
        command = f"{sys.executable} -m corscope explain {file} | head -1"
        done = subprocess.run(
            ["sh", "-c", command], env=environment(), capture_output=True, text=True, check=True
        )
        assert (done.stdout, done.stderr) == (f"{LINE}\n", "")

    def test_a_terminal_gets_a_bar_above_which_the_lines_stand(self, tmp_path: Path) -> None:
        file = tmp_path / "a.har"
        file.write_text(har(*[entry()] * 2000))
        shown, status = _in_terminal("explain", str(file))
        assert status == 0
        assert shown.count(LINE) == 2000
        assert "━" in shown
        assert "kB" in shown or "MB" in shown

    def test_a_long_line_is_not_broken_by_the_bar(self, tmp_path: Path) -> None:
        """Else it can't be copied or searched for."""
        url = "https://api.test/" + "x" * 150
        file = tmp_path / "a.har"
        file.write_text(har(entry(url)))
        shown, _ = _in_terminal("explain", str(file))
        assert url in shown

    def test_the_bar_goes_to_the_terminal_and_the_lines_to_the_pipe(self, tmp_path: Path) -> None:
        file, out = tmp_path / "a.har", tmp_path / "out"
        file.write_text(har(*[entry()] * 2000))
        shown, status = _in_terminal("explain", str(file), redirect=out)
        assert status == 0
        assert out.read_text().splitlines() == [LINE] * 2000
        assert LINE not in shown
        assert "━" in shown

    def test_what_a_journal_says_is_missing_in_it_is_told_at_the_end(
        self, corscope: Command, tmp_path: Path
    ) -> None:
        now = datetime(2026, 1, 2, tzinfo=UTC)
        failures = [failure_line(Failure(now, "record", "KeyError", id_)) for id_ in "aab"]
        gaps = [gap_line(now, lines, "No space left on device") for lines in (3, 4)]
        odd = ['{"v": 1, "type": "gap", "lines": "?"}', '{"v": 1, "type": "gap"}']
        file = tmp_path / "a.jsonl"
        file.write_text("\n".join([*failures, *gaps, *odd, ""]))
        done = corscope("explain", str(file), str(file))
        assert done.returncode == 0
        assert done.stderr.splitlines()[-2:] == [
            "corscope failed on 2 exchanges, which may be missing here. "
            "mitmproxy's event log said what to report.",
            "14 lines of the journal couldn't be written, at 4 places: "
            "what they told is missing here.",
        ]

    @pytest.mark.parametrize("format_", ["html", "markdown"])
    def test_a_report_says_what_a_journal_lacks(
        self, corscope: Command, tmp_path: Path, format_: str
    ) -> None:
        """The one who opens it hasn't seen what the command printed."""
        now = datetime(2026, 1, 2, tzinfo=UTC)
        lines = [
            failure_line(Failure(now, "record", "KeyError", "a")),
            gap_line(now, 3, "No space left on device"),
        ]
        file = tmp_path / "a.jsonl"
        file.write_text("\n".join([*lines, ""]))
        done = corscope("report", str(file), "--format", format_)
        assert done.returncode == 0
        asides = done.stderr.splitlines()
        assert [aside.split(",")[0] for aside in asides] == [
            "corscope failed on 1 exchange",
            "3 lines of the journal couldn't be written",
        ]
        for aside in asides:
            assert aside in unescape(done.stdout)

    @pytest.mark.parametrize("command", ["infer", "repro", "rule-from", "what-if"])
    def test_who_finds_nothing_hears_that_it_may_be_missing(
        self, corscope: Command, tmp_path: Path, command: str
    ) -> None:
        now = datetime(2026, 1, 2, tzinfo=UTC)
        file, rules = tmp_path / "a.jsonl", tmp_path / "rules.toml"
        file.write_text(gap_line(now, 3, "No space left on device") + "\n")
        rules.write_text("")
        arguments = [str(rules), "--on", str(file)] if command == "what-if" else [str(file)]
        done = corscope(command, *arguments)
        assert done.returncode == 1
        told, error = done.stderr.splitlines()
        assert told.startswith("3 lines of the journal couldn't be written, at 1 place: ")
        assert error.startswith("Error: no CORS ")

    def test_a_whole_journal_lacks_nothing(self, corscope: Command, tmp_path: Path) -> None:
        file = tmp_path / "a.har"
        file.write_text(har(entry()))
        assert corscope("explain", str(file)).stderr == ""

    def test_a_report_has_bars_in_a_terminal_and_nothing_of_them_in_the_file(
        self, tmp_path: Path
    ) -> None:
        file, out = tmp_path / "a.har", tmp_path / "out.html"
        file.write_text(har(*[entry()] * 2000))
        shown, status = _in_terminal("report", str(file), "-o", str(out))
        assert status == 0
        assert "━" in shown
        assert "kB" in shown or "MB" in shown  # while it is read
        assert "/2000" in shown  # while it is written
        assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")  # the cursor is back
        assert "2000 exchanges" in shown
        written = out.read_text("utf-8")
        assert "━" not in written
        assert "\x1b" not in written

    def test_ctrl_c_ends_it_at_once_and_the_terminal_is_well(self, tmp_path: Path) -> None:
        file = tmp_path / "a.har"
        file.write_text(har(*[entry()] * 10_000))
        child = pexpect.spawn(sys.executable, ["-m", "corscope", "explain", str(file)], env=_env())
        child.expect_exact(LINE)
        child.sendintr()
        rest = child.read().decode()
        child.close()
        assert child.signalstatus == signal.SIGINT
        assert "Traceback" not in rest
        assert rest.rindex("\x1b[?25h") > rest.rfind("\x1b[?25l")  # the cursor is back


def _env() -> dict[str, str]:
    return {**environment(), "TERM": "xterm-256color", "COLUMNS": "100"}


def _in_terminal(*arguments: str, redirect: Path | None = None) -> tuple[str, int | None]:
    """Run it in a terminal of 100 columns; `redirect` sends standard output to a file."""
    command = [sys.executable, "-m", "corscope", *arguments]
    if redirect is not None:
        command = ["sh", "-c", 'exec "$@" > "$0"', str(redirect), *command]
    child = pexpect.spawn(
        command[0], command[1:], env=_env(), dimensions=(24, 100), timeout=60, encoding="utf-8"
    )
    shown = child.read()
    child.close()
    return shown, child.exitstatus


@pytest.mark.live
class TestRun:
    def test_options_it_does_not_know_are_handed_on(self, corscope: Command) -> None:
        done = corscope("run", "--ui", "dump", "--version")
        assert done.stdout.startswith("Mitmproxy: ")

    @pytest.mark.parametrize("ui", ["web", "console", "dump"])
    def test_the_exit_status_is_the_programs(self, corscope: Command, ui: str) -> None:
        done = corscope("run", "--ui", ui, "--no-such-option")
        assert done.returncode == 1
        assert "no-such-option" in done.stderr

    def test_rules_and_journal_are_set(self, tmp_path: Path) -> None:
        (tmp_path / "my rules.toml").write_text(RULE)
        journal = tmp_path / "a b.jsonl"
        process = subprocess.Popen(
            [
                *[sys.executable, "-m", "corscope", "run", "--ui", "dump", "--rules"],
                *[str(tmp_path / "my rules.toml"), "--journal", str(journal)],
                *["-p", "0", "--set", f"confdir={tmp_path / 'confdir'}"],
            ],
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        try:
            lines = wait_until(
                lambda: journal.read_text().splitlines()[1:] if journal.exists() else [],
                60,
                "the rules",
            )
        finally:
            process.send_signal(signal.SIGINT)
            output = process.communicate(timeout=30)[0]
        assert json.loads(lines[0])["count"] == 1
        assert process.returncode == 0, output

    def test_rules_that_are_not_there_are_told_at_once(self, corscope: Command) -> None:
        done = corscope("run", "--rules", "nowhere.toml")
        assert done.returncode == 2
        assert "nowhere.toml" in done.stderr

    def test_a_home_that_can_not_be_written_to_is_told_with_the_way_out(
        self, tmp_path: Path
    ) -> None:
        """mitmproxy says it with the stack of its calls."""
        (tmp_path / "home").mkdir(0o500)
        done = subprocess.run(
            [*bound(), sys.executable, "-m", "corscope", "run", "--ui", "dump", "-p", "0"],
            env={**environment(), "HOME": str(tmp_path / "home")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert done.stderr == (
            f"Error: mitmproxy makes its certificates in {tmp_path}/home/.mitmproxy, and "
            f"{tmp_path}/home may not be written to; choose another folder with "
            "--set confdir=FOLDER\n"
        )

    def test_a_port_in_use_is_told_before_a_browser_opens(self, corscope: Command) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            done = corscope("run", "--ui", "dump", "--browser", "-p", port)
        assert done.returncode == 1
        assert "in use" in done.stderr or "no browser" in done.stderr

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            (("-p", "abc"), "invalid int value: 'abc'"),
            (("-p", "0"), "choose one with -p PORT"),
            (("--mode", "socks5"), "regular, upstream and reverse; running: socks5"),
        ],
    )
    def test_a_proxy_that_no_browser_can_use_is_not_started_with_one(
        self, corscope: Command, arguments: tuple[str, ...], says: str
    ) -> None:
        done = corscope("run", "--ui", "dump", "--browser", *arguments)
        assert done.returncode == 1
        assert says in done.stderr or "no browser" in done.stderr
        assert "Traceback" not in done.stderr

    @pytest.mark.usefixtures("hang_up_counts")
    @pytest.mark.parametrize("how", ["SIGTERM", "SIGHUP"])
    def test_who_ends_it_ends_proxy_and_browser_too(self, tmp_path: Path, how: str) -> None:
        """As a closed terminal does, which the browser doesn't hear of, and a manager of tasks."""
        (tmp_path / "firefox").write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 300\n")
        (tmp_path / "firefox").chmod(0o755)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
        process = subprocess.Popen(
            [
                *[sys.executable, "-m", "corscope", "run", "--ui", "dump", "-p", str(port)],
                *["--browser", "--browser-name", "firefox", "--set", f"confdir={tmp_path}"],
            ],
            env={**environment(), "PATH": path, "TMPDIR": str(tmp_path)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        file = tmp_path / "pid"
        browser = wait_until(
            lambda: file.read_text("utf-8") if file.exists() else "", 60, "a browser"
        )
        process.send_signal(signal.Signals[how])
        process.wait(30)
        assert not port_is_open("127.0.0.1", port)
        with pytest.raises(ProcessLookupError):
            os.kill(int(browser), 0)
        assert list(tmp_path.glob("corscope-browser-*")) == []

    @pytest.mark.parametrize("name", ["chrome", "edge"])
    def test_a_browser_that_is_not_there_is_told_with_those_that_are(
        self, corscope: Command, name: str
    ) -> None:
        from corscope.mitm.start.installed import find_browsers

        if name in {browser.name.lower() for browser in find_browsers()}:
            pytest.skip(f"{name} is here")
        done = corscope("run", "--ui", "dump", "--browser", "--browser-name", name)
        assert done.returncode == 1
        assert f"{name} was not found on this machine; found:" in done.stderr
