"""Starting, stopping and changing while it runs; and what if corscope itself fails."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import threading
from pathlib import Path

import pytest

from tests.support.mitmdump import SCRIPT, Entry, wait_until

from .proxy import CONTROL, Proxy, exchanges
from .walk import FAULTS, SECRET, told
from .wire import PAGE, SECONDS, Client, RawServer, ask, preflight, reply

OPEN = """
[[rule]]
name = "open"
match.host = "api.test"
policy.allow_origins = ["http://page.test"]
"""
MISTAKES = {
    "a mistake": b'[[rule]]\nname = "r"\n',
    "binary": bytes(range(256)),
    "truncated": b'[[rule]]\nname = "r',
    "ten megabytes": b"# " + b"x" * 10_000_000,
}


# The rules at the start


@pytest.mark.parametrize("content", MISTAKES.values(), ids=MISTAKES)
def test_it_starts_with_a_mistake_in_the_rules_and_warns(
    server: RawServer, tmp_path: Path, content: bytes
) -> None:
    """mitmproxy ends when an error is logged at its start, so this is a warning."""
    rules = tmp_path / "rules.toml"
    rules.write_bytes(content)
    server.answers["http://api.test/start"] = reply()
    with Proxy(tmp_path, server.mode, {"cors_rules": rules}) as proxy:
        assert proxy.ask(ask("http://api.test/start")).status == 200
        (load,) = proxy.loads()
        assert (load["applied"], load["count"]) == (False, 0)
        proxy.told(re.escape(load["errors"][0]["message"]))
        load = proxy.next_load(lambda: rules.write_text(OPEN, "utf-8"))
        assert (load["applied"], load["count"]) == (True, 1)


@pytest.mark.parametrize("name", ["missing", "missing.toml", "~nobody-of-this-name/rules.toml"])
def test_it_starts_without_its_rules_and_warns(
    server: RawServer, tmp_path: Path, name: str
) -> None:
    path = name if name.startswith("~") else tmp_path / name
    with Proxy(tmp_path, server.mode, {"cors_rules": path}) as proxy:
        (load,) = proxy.loads()
        assert not load["applied"]
        proxy.told(r"CORS rules: .*missing.*" if name.startswith("missing") else r"CORS rules: ~")


# The options


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("cors_urls", "FULL", "must be masked or full, not 'FULL'"),
        ("cors_fresh", "no", 'must be "true", "false"'),
        ("cors_web", "off", 'must be "true", "false"'),
        ("cors_web_port", "abc", "abc"),
        ("cors_web_port", "65536", "must be from 0 to 65535, not 65536"),
    ],
)
def test_of_a_wrong_option_the_default_counts_and_all_others_as_they_are(
    server: RawServer, tmp_path: Path, name: str, value: str, why: str
) -> None:
    """mitmproxy itself would leave out corscope as a whole, without a word."""
    rules = tmp_path / "rules.toml"
    rules.write_text(OPEN, "utf-8")
    server.answers["http://api.test/o?secret=1"] = reply()
    with Proxy(tmp_path, server.mode, {name: value, "cors_rules": rules}) as proxy:
        proxy.told(rf"CORS option {name}: .*{re.escape(why)}.*; the default, .*, counts")
        proxy.ask(ask("http://api.test/o?secret=1"))
        assert proxy.exchange("http://api.test/o?secret=*")["rule"] == "open"
        default = {"cors_urls": "masked", "cors_fresh": True, "cors_web": True}
        start = proxy.journal()[0]["options"]
        assert start[name] == default.get(name, start["cors_web_port"])


def test_an_option_that_is_none_is_pointed_out(server: RawServer, tmp_path: Path) -> None:
    with Proxy(tmp_path, server.mode, {"cors_rule": "x.toml", "corset": "1"}) as proxy:
        proxy.told("there is no option cors_rule; did you mean cors_rules?")
        assert "corset" not in proxy.log()


def test_an_empty_path_of_rules_is_none(
    server: RawServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So does `set cors_rules=` end them, and what lies where mitmproxy was started is no rule."""
    (tmp_path / "pyproject.toml").write_text("[project]\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    with Proxy(tmp_path, server.mode, {"cors_rules": ""}) as proxy:
        proxy.control(command="set", arguments=["cors_rules="])
        assert "CORS rules" not in proxy.log()
        assert proxy.journal()[0]["options"]["cors_rules"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        "cors_urls=foo",
        "cors_web_port=-1",
        "cors_journal=cors\0.jsonl",
        "cors_journal=\ud800",
        "cors_rules=a\0.toml",
    ],
)
def test_a_wrong_option_is_refused_while_it_runs(
    server: RawServer, tmp_path: Path, wrong: str
) -> None:
    server.answers["http://api.test/o?secret=1"] = reply()
    with Proxy(tmp_path, server.mode) as proxy:
        answer = proxy.control(command="set", arguments=[wrong])
        assert f"{wrong.partition('=')[0]} must be" in answer["error"]
        proxy.ask(ask("http://api.test/o?secret=1"))
        proxy.exchange("http://api.test/o?secret=*")
        assert "corscope failed" not in proxy.log()


# The journal's file


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("missing/journal.jsonl", "No such file or directory"),
        (".", "Is a directory"),
        ("file/journal.jsonl", "Not a directory"),
        ("pipe", "Nobody reads this pipe"),
        ("closed/journal.jsonl", "Permission denied"),
        ("/proc/journal.jsonl", "No such file or directory"),
        ("~nobody-of-this-name/journal.jsonl", "No such file or directory"),
    ],
)
def test_a_journal_that_cannot_be_written_is_told_of_and_traffic_goes_on(
    server: RawServer, tmp_path: Path, path: str, why: str
) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "closed").mkdir(0o500)
    os.mkfifo(tmp_path / "pipe")
    journal = path if path.startswith("~") else tmp_path / path
    server.answers["http://api.test/journal"] = reply()
    with Proxy(tmp_path, server.mode, {"cors_journal": journal}, is_bound=True) as proxy:
        for _ in range(3):
            assert proxy.ask(ask("http://api.test/journal")).status == 200
        proxy.told("CORS blocked: GET")
        proxy.told("Set cors_journal to a file")
        warnings = re.findall(r"CORS journal .* can't be written \((.*)\)", proxy.log())
        assert warnings == [why]
        proxy.control(options={"cors_journal": str(proxy.journal_path)})
        proxy.ask(ask("http://api.test/journal"))
        assert proxy.exchange("http://api.test/journal")["verdict"] == "blocked"


def test_a_journal_that_can_be_written_later_goes_on_by_itself(
    server: RawServer, tmp_path: Path
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(0o500)
    journal, url = closed / "journal.jsonl", "http://api.test/later"
    server.answers[url] = reply()
    with Proxy(tmp_path, server.mode, {"cors_journal": journal}, is_bound=True) as proxy:
        assert proxy.ask(ask(url)).status == 200
        proxy.told(r"can't be written \(Permission denied\)")
        closed.chmod(0o700)
        wait_until(journal.exists, 15.0, "the journal")
        assert proxy.ask(ask(url)).status == 200
        proxy.told("is written again; missing: 2 lines")
    entries = [json.loads(line) for line in journal.read_text("utf-8").splitlines()]
    assert [entry["type"] for entry in entries] == ["gap", "exchange"]
    assert (entries[0]["lines"], entries[0]["why"]) == (2, "Permission denied")


def test_a_full_disk_is_told_of_and_traffic_goes_on(server: RawServer, tmp_path: Path) -> None:
    server.answers["http://api.test/full"] = reply()
    with Proxy(tmp_path, server.mode, {"cors_journal": "/dev/full"}) as proxy:
        for _ in range(3):
            assert proxy.ask(ask("http://api.test/full")).status == 200
        proxy.told("CORS blocked: GET")
        proxy.told("can't be written")
        assert proxy.log().count("can't be written (No space left on device)") == 1


def test_the_journal_is_appended_to(server: RawServer, tmp_path: Path) -> None:
    for _ in range(2):
        with Proxy(tmp_path, server.mode) as proxy:
            proxy.ask(ask("http://api.test/append"))
            wait_until(lambda: exchanges(proxy.journal()), 15.0, "an exchange")
    assert [entry["type"] for entry in proxy.journal()] == ["start", "exchange"] * 2


def test_the_journal_goes_on_in_another_file(server: RawServer, tmp_path: Path) -> None:
    other = tmp_path / "other.jsonl"
    with Proxy(tmp_path, server.mode) as proxy:
        proxy.ask(preflight("http://api.test/first"))
        proxy.exchange("http://api.test/first")
        proxy.control(options={"cors_journal": str(other)})
        proxy.ask(ask("http://api.test/second"))
        wait_until(lambda: other.read_text("utf-8").count("\n") > 1, 15.0, "an exchange")
        first = proxy.journal()
        proxy.control(options={"cors_journal": ""})
        proxy.ask(ask("http://api.test/third"))
    entries = [json.loads(line) for line in other.read_text("utf-8").splitlines()]
    assert [entry["type"] for entry in first] == ["start", "exchange"]
    assert [entry["type"] for entry in entries] == ["start", "exchange"]
    assert entries[0]["options"]["cors_journal"] == str(other)


def test_the_first_line_tells_versions_and_options(server: RawServer, tmp_path: Path) -> None:
    with Proxy(tmp_path, server.mode, {"cors_urls": "full"}) as proxy:
        proxy.ask(ask("http://u:p@api.test/full?a=b"))
        proxy.ask(ask("http://api.test/full?a=b#c"))
        assert proxy.exchange("http://api.test/full?a=b")
        start = proxy.journal()[0]
    assert start["type"] == "start"
    assert start["version"]
    assert re.match(r"\d+\.\d+", start["mitmproxy"])
    assert start["options"] == {
        "cors_rules": [],
        "cors_journal": str(proxy.journal_path),
        "cors_fresh": True,
        "cors_urls": "full",
        "cors_web": False,
        "cors_web_port": 8085,
    }


# The start


@pytest.mark.parametrize("fails", ["declare", "_take_over", "wrong"])
@pytest.mark.parametrize("error", ["MemoryError", "BaseException"])
def test_what_fails_at_the_start_keeps_the_proxy_from_nothing(
    server: RawServer, tmp_path: Path, fails: str, error: str
) -> None:
    """mitmproxy ends where an addon fails as it is loaded, or drops it without a word."""
    script = tmp_path / "cors.py"
    script.write_text(
        f"import sys; sys.path.insert(0, {str(SCRIPT.parent)!r})\n"
        "from corscope.mitm import options\n"
        "from corscope.mitm.addon import Corscope\n"
        f"def {fails}(*_): raise {error}({SECRET!r})\n"
        f"options.{fails} = {fails}\n"
        "addons = [Corscope()]\n",
        "utf-8",
    )
    server.answers["http://api.test/start"] = reply()
    with Proxy(tmp_path, server.mode, script=script) as proxy:
        assert proxy.ask(ask("http://api.test/start")).status == 200
        log = proxy.log()
    places = re.findall(rf"corscope failed in (\S+) \({error}\)", log)
    assert places
    assert len(places) == len(set(places))
    assert SECRET not in log


def test_what_can_not_be_imported_keeps_the_proxy_from_nothing(
    server: RawServer, tmp_path: Path
) -> None:
    """As in a Python that is too old, or beside a mitmproxy that lacks what is asked of it."""
    addon = tmp_path / "addon"
    shutil.copytree(SCRIPT.parent, addon, ignore=shutil.ignore_patterns("__pycache__"))
    (addon / "corscope" / "messages.py").write_text("from typing import Missing\n", "utf-8")
    server.answers["http://api.test/start"] = reply()
    with Proxy(tmp_path, server.mode, script=addon / "cors.py") as proxy:
        assert proxy.ask(ask("http://api.test/start")).status == 200
        [told] = [
            line for line in proxy.log().splitlines() if "corscope" in line and "Load" not in line
        ]
    assert re.search(
        r"corscope can't be loaded \(ImportError: cannot import name 'Missing' .*\); traffic goes "
        r"on without it\. It needs mitmproxy .*; here are mitmproxy [\d.]+ and Python [\d.]+\.$",
        told,
    )


# The end


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_outcomes_are_written_at_the_end(
    server: RawServer, tmp_path: Path, how: signal.Signals
) -> None:
    url = "http://api.test/end"
    server.answers[url] = reply(f"Access-Control-Allow-Origin: {PAGE}")
    with Proxy(tmp_path, server.mode) as proxy:
        proxy.ask(preflight(url, "GET"))
        entry = proxy.exchange(url)
        proxy.stop(how)
    outcome: Entry = proxy.journal()[-1]
    assert (outcome["type"], outcome["outcome"], outcome["id"]) == (
        "outcome",
        "not-followed",
        entry["id"],
    )
    assert "Traceback" not in proxy.log()


def test_outcomes_are_written_at_the_end_though_nothing_else_can_be_let_go_of(
    server: RawServer, tmp_path: Path
) -> None:
    url = "http://api.test/end"
    server.answers[url] = reply(f"Access-Control-Allow-Origin: {PAGE}")
    parts = ["OwnPage.close", "Browsers.close", "ContentView.remove"]
    with Proxy(tmp_path, server.mode, scripts=[CONTROL, FAULTS]) as proxy:
        proxy.ask(preflight(url, "GET"))
        proxy.exchange(url)
        for module, part in zip(["page", "ui.browsers", "ui.content_view"], parts, strict=True):
            told(proxy, fail=f"corscope.mitm.{module}:{part}", secret=SECRET)
        proxy.stop()
    journal = proxy.journal()
    assert [entry["where"] for entry in journal if entry["type"] == "failure"] == parts
    assert (journal[-1]["type"], journal[-1]["outcome"]) == ("outcome", "not-followed")
    assert "Addon error" not in proxy.log()


def test_an_outcome_is_written_without_waiting_for_the_end(
    server: RawServer, tmp_path: Path
) -> None:
    with Proxy(tmp_path, server.mode) as proxy:
        proxy.ask(preflight("http://api.test/alone"))
        outcome = proxy.wait_for(lambda entry: entry["type"] == "outcome")
        assert outcome["outcome"] == "not-followed"
        assert outcome["after_ms"] >= 3000


# The script is loaded again


def test_touching_the_script_loads_it_anew_and_doubles_nothing(
    server: RawServer, tmp_path: Path
) -> None:
    """mitmproxy watches a script's file; the package it imports stays."""
    addon = tmp_path / "addon"
    shutil.copytree(SCRIPT.parent, addon, ignore=shutil.ignore_patterns("__pycache__"))
    rules = tmp_path / "rules.toml"
    rules.write_text(OPEN, "utf-8")
    server.answers["http://api.test/again"] = reply()
    options = {"cors_rules": rules}
    with Proxy(tmp_path, server.mode, options, script=addon / "cors.py") as proxy:
        proxy.ask(ask("http://api.test/again?1"))
        for count in (2, 3):
            _load_again(proxy, addon, count)
        wait_until(lambda: proxy.control()["state"]["recorders"] == 1, 15.0, "one recorder")
        answer = proxy.ask(ask("http://api.test/again?2"))
        assert answer.lines("Access-Control-Allow-Origin")
        proxy.exchange("http://api.test/again?*")
        wait_until(lambda: len(exchanges(proxy.journal())) > 1, 15.0, "a second exchange")
        assert len(exchanges(proxy.journal())) == 2
        assert proxy.next_load(lambda: rules.write_text("# none", "utf-8"))["count"] == 0
        assert [entry["applied"] for entry in proxy.loads()] == [True] * 4
        assert "error" not in proxy.log().lower()


def _load_again(proxy: Proxy, addon: Path, count: int) -> None:
    """Touch the script, and wait for it to be loaded for the so-manieth time."""
    later = 2_000_000_000 + count
    os.utime(addon / "cors.py", (later, later))
    wait_until(
        lambda: [entry["type"] for entry in proxy.journal()].count("start") == count,
        15.0,
        "the script to be loaded again",
    )


def test_what_is_in_flight_as_the_script_is_loaded_anew_is_judged_paired_and_treated(
    server: RawServer, tmp_path: Path
) -> None:
    addon, rules, slow = tmp_path / "addon", tmp_path / "rules.toml", "http://api.test/slow"
    shutil.copytree(SCRIPT.parent, addon, ignore=shutil.ignore_patterns("__pycache__"))
    rules.write_text(f'{OPEN}policy.allow_headers = ["x-a"]\n', "utf-8")
    arrived, answers = threading.Event(), threading.Event()

    def answer(connection: socket.socket) -> bool | None:
        arrived.set()
        return answers.wait(SECONDS) and reply()(connection)

    server.answers[slow] = answer
    with (
        Proxy(tmp_path, server.mode, {"cors_rules": rules}, script=addon / "cors.py") as proxy,
        Client(proxy.port) as client,
    ):
        proxy.ask(preflight(slow, "GET", "Access-Control-Request-Headers: x-a"))
        asked = proxy.exchange(slow)
        client.send(ask(slow, "X-A: 1"))
        assert arrived.wait(SECONDS)
        _load_again(proxy, addon, 2)
        answers.set()
        assert client.reply().lines("Access-Control-Allow-Origin")
        told = proxy.wait_for(lambda entry: entry.get("kind") == "actual")
        assert (told["rule"], told["preflight"]) == ("open", asked["id"])
        assert [e["outcome"] for e in proxy.journal() if e["type"] == "outcome"] == ["followed"]


def test_the_garbage_collector_passes_over_what_stays_as_long_as_corscope_is_there(
    server: RawServer, tmp_path: Path
) -> None:
    """The modules: a full collection of them would hold up all flows for 70 ms, again and again."""
    with Proxy(tmp_path, server.mode) as proxy:
        told = proxy.control()
        assert "state" in told, "corscope is not there"
        assert told["passed_over"] > 50_000
        told = proxy.control(options={"scripts": [str(CONTROL)]})
        assert "state" not in told, "corscope is still there"
        assert told["passed_over"] == 0


# Options that change


def test_urls_may_be_unmasked_while_running(server: RawServer, tmp_path: Path) -> None:
    with Proxy(tmp_path, server.mode) as proxy:
        proxy.ask(ask("http://api.test/urls?a=b"))
        proxy.exchange("http://api.test/urls?a=*")
        proxy.control(options={"cors_urls": "full"})
        proxy.ask(ask("http://api.test/urls?a=b"))
        proxy.exchange("http://api.test/urls?a=b")


# Secrets


def _own_lines(proxy: Proxy) -> list[str]:
    return [line for line in proxy.log().splitlines() if "CORS" in line or "corscope" in line]


def test_no_secret_is_written_anywhere(server: RawServer, tmp_path: Path) -> None:
    """Neither to the journal nor to the log's lines of corscope."""
    rules = tmp_path / "rules.toml"
    rules.write_text(
        OPEN + '[[rule]]\nname = "s"\nmode = "shadow"\nmatch.host = "s.test"\nfault.status = 500\n',
        "utf-8",
    )
    secret = "s3cr3t"
    lines = (f"Cookie: {secret}", f"Authorization: Bearer {secret}", f"X-Api-Key: {secret}")
    answer = (f"Set-Cookie: sid={secret}", f"Location: /?t={secret}", f"X-Token: {secret}")
    with Proxy(tmp_path, server.mode, {"cors_rules": rules}) as proxy:
        for host in ("api.test", "s.test", "other.test"):
            for status in ("200 OK", "302 Found", "500 No"):
                url = f"http://{host}/{status[:3]}"
                server.answers[url] = reply(*answer, status=status, body=secret.encode())
                proxy.ask(ask(f"{url}?token={secret}", *lines, method="POST", body=secret.encode()))
                proxy.ask(preflight(f"{url}?{secret}", "PUT", f"Referer: http://a/?{secret}"))
        wait_until(lambda: len(exchanges(proxy.journal())) == 18, 15.0, "all exchanges")
        wait_until(lambda: len(_own_lines(proxy)) >= 18, 15.0, "the log of all of them")
        own = _own_lines(proxy)
    assert secret not in "\n".join(own)
    assert secret not in proxy.journal_path.read_text("utf-8")
