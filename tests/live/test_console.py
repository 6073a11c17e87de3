"""corscope in mitmproxy's console, in a terminal: marker, comment, content view, commands."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.mitmdump import wait_until

from .wire import Client, RawServer, ask, preflight, reply

if sys.platform == "win32":
    pytest.skip("there are no pseudo-terminals", allow_module_level=True)

from tests.support.console import Console

RULES = """
[[rule]]
name = "the API"
match.host = "ruled.test"
policy = { allow_origins = ["http://page.test"], allow_methods = ["PUT"] }
"""

HOSTILE = (
    b"Access-Control-Allow-Origin: \x1b]0;owned\x07\x1b[2J\x1b[31m<b>http://evil.test</b>"
    + "\u202e\u2066".encode()
    + b"x" * 60_000
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("console")


@pytest.fixture(scope="module")
def console(server: RawServer, folder: Path) -> Iterator[Console]:
    (folder / "rules.toml").write_text(RULES, "utf-8")
    options = {
        "cors_rules": folder / "rules.toml",
        "cors_journal": folder / "journal.jsonl",
        "mode": server.mode,
        "connection_strategy": "lazy",
    }
    firefox = folder / "firefox"
    firefox.write_text(f'#!/bin/sh\necho "$@" > {folder}/browser.txt\nexec sleep 600\n', "utf-8")
    firefox.chmod(0o755)
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    with Console(folder, options, {"PATH": path}) as running:
        yield running


@pytest.fixture
def clean(console: Console) -> Console:
    """The console with nothing in its list of flows, and the list on the screen."""
    console.home()
    console.command("view.clear")
    console.shows("[0/0]")
    return console


def send(console: Console, data: bytes) -> None:
    with Client(console.port) as client:
        client.send(data).reply()


def test_a_blocked_exchange_is_marked_and_its_comment_says_why(
    clean: Console, server: RawServer
) -> None:
    server.answers["http://api.test/b"] = reply()
    send(clean, ask("http://api.test/b"))
    clean.shows("🔴")
    clean.press("\r")
    clean.tab("Detail")
    clean.shows("Comment: CORS blocked: allow-origin-missing")


def test_the_view_shows_each_flow_its_own_explanation(clean: Console, server: RawServer) -> None:
    """mitmproxy takes equal bodies under equal headers for the same; here the verdicts differ."""
    server.answers["http://api.test/v"] = reply("Access-Control-Allow-Origin: http://page.test")
    send(clean, ask("http://api.test/v"))
    send(clean, ask("http://api.test/v", origin="http://other.test"))
    clean.shows("[1/2]")
    clean.press("\r")
    clean.tab("Response")
    clean.command("console.flowview.mode.set cors")
    clean.shows("Conditional, blocked if credentials are included")
    clean.shows('fail Is Access-Control-Allow-Credentials "true"?')
    clean.press(" ")
    clean.shows("[2/2]")
    clean.command("console.flowview.mode.set cors")
    clean.shows("GET http://api.test/v from http://other.test")
    clean.shows("fail Is Access-Control-Allow-Origin the request's origin")


def test_a_preflights_comment_tells_its_outcome_once_it_is_known(
    clean: Console, server: RawServer
) -> None:
    """The flow is on the screen while that happens, and is drawn anew."""
    server.answers["http://api.test/p"] = reply(
        *("Access-Control-Allow-Origin: http://page.test", "Access-Control-Allow-Methods: PUT"),
        "Access-Control-Allow-Credentials: true",
    )
    send(clean, preflight("http://api.test/p"))
    clean.shows("[1/1]")
    clean.press("\r")
    clean.tab("Detail")
    clean.shows("Comment: CORS allowed Metadata")
    send(clean, ask("http://api.test/p", method="PUT"))
    clean.shows("Comment: CORS allowed, followed Metadata")


def test_explain_opens_the_text_in_mitmproxys_viewer(clean: Console, server: RawServer) -> None:
    """Also of a preflight, whose body is empty; broken between words, and q closes it."""
    server.answers["http://api.test/e"] = reply()
    send(clean, preflight("http://api.test/e"))
    clean.shows("[1/1]")
    clean.command("cors.explain @focus")
    clean.shows(
        "Data viewer",
        "Preflight because PUT is no safelisted method",
        "fail Is there an Access-Control-Allow-Origin?",
    )
    clean.press("q")
    clean.leaves("Data viewer")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (ask("http://api.test/n", origin=None), "the request has no Origin header"),
        (ask("http://api.test/n", origin="http://api.test"), "the request is same-origin"),
    ],
)
def test_what_is_no_cors_exchange_is_told_and_why(
    clean: Console, server: RawServer, data: bytes, told: str
) -> None:
    server.answers["http://api.test/n"] = reply()
    send(clean, data)
    clean.shows("[1/1]")
    clean.command("cors.explain @focus")
    clean.shows(f"no CORS exchange: {told}")


def test_a_rule_is_switched_off_and_on_again_by_its_completed_name(
    clean: Console, server: RawServer
) -> None:
    server.answers["http://ruled.test/"] = reply()
    clean.prompt("cors.rule.toggle \t")
    clean.shows('cors.rule.toggle "the API"')
    clean.press("\r")
    clean.shows("CORS rules: the API is off for this run")
    send(clean, ask("http://ruled.test/"))
    clean.shows("🔴")
    clean.command("cors.rules")
    clean.shows("the API (off for this run;")
    clean.press("q")
    clean.command("cors.rule.toggle 'the API'")
    clean.shows("CORS rules: the API is on for this run")
    send(clean, ask("http://ruled.test/"))
    clean.shows("🟡")


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("cors.expl", "cors.explain"),
        ("cors.explain @fo", "cors.explain @focus"),
        ("cors.rule.toggle ", 'cors.rule.toggle "the API"'),
        ("cors.rule.from @fo", "cors.rule.from @focus"),
        ("cors.whatif {folder}/ru", "cors.whatif {folder}/rules.toml"),
        ("cors.whatif {folder}/rules.toml @al", "cors.whatif {folder}/rules.toml @all"),
        ("cors.repro @focus {folder}/ru", "cors.repro @focus {folder}/rules.toml"),
        ("cors.report {folder}/ru", "cors.report {folder}/rules.toml"),
        ("cors.export 'the API' expr", "cors.export 'the API' express"),
        ("cors.browser fire", "cors.browser firefox"),
    ],
)
def test_tab_completes_commands_and_their_arguments(
    clean: Console, folder: Path, typed: str, completed: str
) -> None:
    clean.prompt(f"{typed.format(folder=folder)}\t")
    clean.shows(completed.format(folder=folder))
    clean.press("\x1b")
    clean.leaves("\n: ")


def test_a_browser_is_opened_at_the_prompt(clean: Console, folder: Path) -> None:
    """A program in a browser's place: that a real one works so is tested beside this."""
    clean.command("cors.browser firefox http://api.test/opened")
    clean.shows("Firefox is opened: it uses this proxy, and ends with it")
    told = folder / "browser.txt"
    wait_until(lambda: told.exists() and told.read_text("utf-8"), 10, "the browser")
    assert told.read_text("utf-8").endswith(" http://api.test/opened\n")
    clean.command("cors.browsers")
    clean.shows("firefox")


def test_a_mistyped_rule_is_answered_with_the_nearest(console: Console) -> None:
    console.home()
    console.command("cors.rule.toggle 'te API'")
    console.shows('no rule "te API": did you mean "the API"?')


def test_rules_are_read_again(console: Console, folder: Path) -> None:
    def readings() -> int:
        return (folder / "journal.jsonl").read_text("utf-8").count('"type":"rules"')

    before = readings()
    console.home()
    console.command("cors.reload")
    wait_until(lambda: readings() == before + 1, 10, "another reading")


def test_a_policy_is_exported_from_the_prompt(console: Console, tmp_path: Path) -> None:
    console.home()
    file = tmp_path / "server.js"
    file.touch()
    console.command(f'cors.export "the API" express {file}')
    wait_until(lambda: "http://page.test" in file.read_text("utf-8"), 10, "the policy in the file")


def test_the_smallest_rule_is_shown_and_appended_to_a_file_that_counts_at_once(
    clean: Console, server: RawServer, folder: Path
) -> None:
    server.answers["http://api.test/r"] = reply()
    send(clean, ask("http://api.test/r"))
    clean.shows("[1/1]")
    file = folder / "rules.toml"
    try:
        clean.command(f"cors.rule.from @focus {file}")
        clean.shows("[[rule]]")
        clean.home()
        wait_until(lambda: "api.test" in file.read_text("utf-8"), 10, "the rule in the file")
        assert file.read_text("utf-8").startswith(RULES)
        journal = folder / "journal.jsonl"
        wait_until(lambda: '"count":2' in journal.read_text("utf-8"), 10, "two rules in force")
        send(clean, ask("http://api.test/r"))
        clean.shows("[1/2]")
        clean.shows("🟢")
    finally:
        file.write_text(RULES, "utf-8")


def test_what_if_lists_what_would_change(clean: Console, server: RawServer, folder: Path) -> None:
    server.answers["http://api.test/w"] = reply()
    send(clean, ask("http://api.test/w"))
    clean.shows("[1/1]")
    other = folder / "other.toml"
    other.write_text(RULES.replace("ruled.test", "api.test"), "utf-8")
    clean.command(f"cors.whatif {other} @all")
    clean.shows("1 blocked becomes conditional")
    clean.home()
    clean.command(f"cors.whatif {other} '~u nothing'")
    clean.shows("no CORS exchange is among these flows")
    other.write_text("[[rule]]\nname = 3\n", "utf-8")
    clean.command(f"cors.whatif {other} @all")
    clean.shows("Error:")


def test_a_repro_and_reports_are_written(clean: Console, server: RawServer, tmp_path: Path) -> None:
    server.answers["http://api.test/t"] = reply()
    send(clean, ask("http://api.test/t"))
    clean.shows("[1/1]")
    for command, name, holds in (
        ("cors.repro @focus", "repro.py", "allow-origin-missing"),
        ("cors.report", "report.html", "allow-origin-missing"),
        ("cors.report", "report.md", "allow-origin-missing"),
    ):
        file = tmp_path / name
        file.touch()
        clean.command(f"{command} {file}")
        wait_until(lambda f=file, h=holds: h in f.read_text("utf-8"), 10, name)  # type: ignore[misc]
    clean.command(f"cors.report {tmp_path}")
    clean.shows("Is a directory")


def test_the_terminal_obeys_nothing_that_a_server_sends(clean: Console, server: RawServer) -> None:
    server.answers["http://api.test/h"] = reply(HOSTILE)
    send(clean, ask("http://api.test/h"))
    clean.shows("[1/1]")
    clean.command("cors.explain @focus")
    shown = clean.shows(r"\x1b]0;owned\x07\x1b[2J")
    assert "\u202e" not in shown
    assert "\u2066" not in shown
    clean.home()
    clean.press("\r")
    clean.tab("Response")
    clean.command("console.flowview.mode.set cors")
    clean.press("G")
    clean.leaves("[m:cors]")  # scrolled past what mitmproxy shows of the headers
    clean.shows("owned")
    assert b"\x1b]0;owned" not in clean.raw
    assert b"\x1b[2J\x1b[31m<b>" not in clean.raw
