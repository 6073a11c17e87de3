"""Flows beside the plain case: saved and loaded, replayed, upgraded, edited by others."""

from __future__ import annotations

import base64
import hashlib
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from mitmproxy.http import HTTPFlow
from mitmproxy.io import FlowReader

from tests.support.mitmdump import SCRIPT, Entry, wait_until

from .proxy import CONTROL, Proxy, exchanges
from .wire import PAGE, Client, RawServer, ask, preflight, reply

RULES = """
[[rule]]
name = "open"
match.host = "open.test"
policy = { allow_origins = ["http://page.test"], allow_methods = ["PUT"] }
"""
ALLOWING = (f"Access-Control-Allow-Origin: {PAGE}", "Access-Control-Allow-Credentials: true")
GREEN, RED = ":green_circle:", ":red_circle:"


def mitmdump(*arguments: str | Path) -> str:
    """Run a mitmdump that ends by itself; what it prints."""
    program = Path(sys.executable).with_name("mitmdump")
    command = [str(program), "-n", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert "rror" not in done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def saved(server: RawServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a flow file, and the journal that was written beside it."""
    folder: Path = tmp_path_factory.mktemp("saved")
    rules = folder / "rules.toml"
    rules.write_text(RULES, "utf-8")
    server.answers["http://api.test/allowed"] = reply(*ALLOWING)
    server.answers["http://api.test/blocked"] = reply()
    server.answers["http://open.test/put"] = reply()
    options = {"cors_rules": rules, "save_stream_file": folder / "flows"}
    with Proxy(folder, server.mode, options) as proxy:
        proxy.ask(ask("http://api.test/allowed"))
        proxy.ask(ask("http://api.test/blocked?token=s3cr3t", "Cookie: sid=s3cr3t"))
        proxy.ask(preflight("http://open.test/put"))
        proxy.ask(ask("http://open.test/put", method="PUT"))
        proxy.ask(preflight("http://open.test/never", "DELETE"))
        proxy.ask(ask("http://api.test/plain", origin=None))
    return folder


def flows(path: Path) -> dict[str, HTTPFlow]:
    """The flows of a file by the path of their URL; of several, the last."""
    with path.open("rb") as stream:
        found = [flow for flow in FlowReader(stream).stream() if isinstance(flow, HTTPFlow)]
    return {flow.request.path: flow for flow in found}


def journal(path: Path) -> list[Entry]:
    import json

    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_comment_marker_and_metadata_are_saved(saved: Path) -> None:
    found = flows(saved / "flows")
    allowed, blocked = found["/allowed"], found["/blocked?token=s3cr3t"]
    assert (allowed.comment, allowed.marked) == ("CORS allowed", GREEN)
    assert (blocked.comment, blocked.marked) == ("CORS blocked: allow-origin-missing", RED)
    assert blocked.metadata["corscope"] == {
        "kind": "actual",
        "verdict": "blocked",
        "reason": "allow-origin-missing",
        "rule": None,
        "rule_mode": None,
        "answered_by": "server",
        "outcome": None,
    }
    plain = found["/plain"]
    assert (plain.comment, plain.marked, plain.metadata.get("corscope")) == ("", "", None)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("~comment blocked", {"/blocked"}),
        ("~comment allow-origin-missing", {"/blocked"}),
        (f"~marker {GREEN}", {"/allowed"}),
        ("~marked & ~d api.test", {"/allowed", "/blocked"}),
        ("!~marked", {"/plain"}),
    ],
)
def test_mitmproxys_own_filters_find_them(saved: Path, expression: str, expected: set[str]) -> None:
    shown = mitmdump("-r", saved / "flows", "--set", "flow_detail=1", expression)
    assert set(re.findall(r"http://api\.test(/\w+)", shown)) == expected


def test_loaded_flows_are_told_as_they_were_live(saved: Path, tmp_path: Path) -> None:
    """With the times of the capture, and what a rule had done to them; not what it did it to."""
    path = tmp_path / "journal.jsonl"
    mitmdump("-r", saved / "flows", "-s", SCRIPT, "--set", f"cors_journal={path}")
    live, loaded = journal(saved / "journal.jsonl"), journal(path)
    volatile = {"time", "waited_ms", "server_status", "server_headers", "server_verdict"}
    then, again = (
        [{k: v for k, v in entry.items() if k not in volatile} for entry in exchanges(entries)]
        for entries in (live, loaded)
    )
    assert again == then
    assert {entry["time"][:16] for entry in exchanges(loaded)} <= {
        entry["time"][:16] for entry in exchanges(live)
    }


def test_the_outcomes_of_loaded_preflights_are_counted_by_the_captures_clock(
    saved: Path, tmp_path: Path
) -> None:
    path = tmp_path / "journal.jsonl"
    mitmdump("-r", saved / "flows", "-s", SCRIPT, "--set", f"cors_journal={path}")
    outcomes = [entry for entry in journal(path) if entry["type"] == "outcome"]
    assert [entry["outcome"] for entry in outcomes] == ["followed", "not-followed"]
    assert all(0 <= entry["after_ms"] < 60_000 for entry in outcomes)


def test_rules_do_not_touch_loaded_flows(saved: Path, tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text('[[rule]]\nname = "r"\nmatch.host = "*.test"\nfault.status = 418\n', "utf-8")
    copy = tmp_path / "copy"
    mitmdump("-r", saved / "flows", "-s", SCRIPT, "--set", f"cors_rules={rules}", "-w", copy)
    before, after = flows(saved / "flows"), flows(copy)
    assert after.keys() == before.keys()
    for path, flow in after.items():
        assert flow.get_state()["response"] == before[path].get_state()["response"]


def test_a_persons_own_comment_and_marker_stay(saved: Path, tmp_path: Path) -> None:
    """Only what corscope has written may it write over."""
    script = tmp_path / "annotate.py"
    script.write_text(
        "def requestheaders(flow):\n"
        "    flow.comment, flow.marked = 'CORS is broken here', ':bug:'\n",
        "utf-8",
    )
    copy = tmp_path / "copy"
    mitmdump("-r", saved / "flows", "-s", script, "-s", SCRIPT, "-w", copy)
    for flow in flows(copy).values():
        assert (flow.comment, flow.marked) == ("CORS is broken here", ":bug:")


def test_replayed_requests_are_judged_anew(saved: Path, server: RawServer, tmp_path: Path) -> None:
    """By what the server answers now; the rules are in force for them too."""
    server.answers["http://api.test/blocked"] = reply(*ALLOWING)
    server.answers["http://api.test/allowed"] = lambda _: None
    rules = saved / "rules.toml"
    arguments = ["--client-replay", str(saved / "flows")]
    with Proxy(tmp_path, server.mode, {"cors_rules": rules}, arguments=arguments) as proxy:
        blocked = proxy.exchange("http://api.test/blocked?token=*")
        allowed = proxy.exchange("http://api.test/allowed")
        put = proxy.wait_for(lambda entry: entry.get("method") == "PUT" and entry.get("rule"))
        proxy.wait_for(lambda entry: entry.get("method") == "DELETE")
    assert (blocked["verdict"], blocked["credentials"]) == ("allowed", "include")
    assert (allowed["verdict"], allowed["reason"]) == ("blocked", "no-response")
    assert (put["rule"], put["answered_by"]) == ("open", "rule")


def test_a_replay_takes_no_browsers_preflight(server: RawServer, tmp_path: Path) -> None:
    """Nor does its answer wait for a browser's request: who replays one looks what it says now."""
    url = "http://api.test/mended"
    allowing = reply(f"Access-Control-Allow-Origin: {PAGE}", "Access-Control-Allow-Methods: PUT")
    server.answers[url] = allowing
    script = tmp_path / "again.py"
    script.write_text(
        "from mitmproxy import command, ctx\n"
        "seen = []\n"
        "class Again:\n"
        "    def response(self, flow):\n"
        "        if flow.request.host == 'api.test' and not flow.is_replay:\n"
        "            seen.append(flow)\n"
        "    @command.command('test.again')\n"
        "    def again(self, number: int) -> None:\n"
        "        ctx.master.commands.call('replay.client', [seen[number]])\n"
        "addons = [Again()]\n",
        "utf-8",
    )
    with Proxy(tmp_path, server.mode, scripts=[CONTROL, script]) as proxy:

        def replayed(number: int) -> None:
            known = len(exchanges(proxy.journal()))
            proxy.control(command="test.again", arguments=[str(number)])
            wait_until(lambda: len(exchanges(proxy.journal())) > known, 20, "the replay")

        proxy.ask(preflight(url))
        proxy.ask(ask(url, method="PUT"))
        replayed(0)  # were it the browser's, it would be the older one of two that wait
        proxy.ask(preflight(url))
        replayed(1)  # were it the browser's, it would take that one
        proxy.ask(ask(url, method="PUT"))
        entries = proxy.journal()
    asked = exchanges(entries)
    first, _, second = (each["id"] for each in asked if each["kind"] == "preflight")
    opened_by = [each["preflight"] for each in asked if each["kind"] == "actual"]
    assert opened_by == [first, first, second]  # the replay's id is that of what was asked before
    assert {each["id"] for each in entries if each.get("outcome") == "followed"} == {first, second}


# Others who edit flows


@pytest.fixture(scope="module")
def edited(server: RawServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """A proxy with mitmproxy's own modify_headers and with a script that edits late."""
    folder: Path = tmp_path_factory.mktemp("edited")
    script = folder / "late.py"
    script.write_text(
        "def response(flow):\n"
        "    if flow.request.host == 'late.test':\n"
        "        flow.response.headers['Access-Control-Allow-Origin'] = 'http://page.test'\n"
        "    if flow.request.host == 'killed.test':\n"
        "        flow.kill()\n"
        "def request(flow):\n"
        "    from mitmproxy.http import Response\n"
        "    if flow.request.host == 'made.test':\n"
        "        flow.response = Response.make(203, b'', {'Access-Control-Allow-Origin': '*'})\n",
        "utf-8",
    )
    options = {"modify_headers": f"/~d modified.test/Access-Control-Allow-Origin/{PAGE}"}
    with Proxy(folder, server.mode, options, scripts=[CONTROL, script]) as running:
        yield running


@pytest.mark.parametrize("host", ["late.test", "modified.test", "made.test"])
def test_the_final_picture_has_what_others_edited(
    edited: Proxy, server: RawServer, host: str
) -> None:
    url = f"http://{host}/"
    server.answers[url] = reply()
    told = edited.ask(ask(url))
    assert told.lines("Access-Control-Allow-Origin")
    assert edited.exchange(url)["verdicts"]["omit"]["verdict"] == "allowed"


def test_a_rules_filter_sees_what_the_browser_has_sent(server: RawServer, tmp_path: Path) -> None:
    """mitmproxy sends it elsewhere, without a header, after the rule was chosen the first time."""
    rules = tmp_path / "rules.toml"
    rules.write_text(RULES + 'match.filter = "~d open.test & ~hq X-Tenant"\n', "utf-8")
    server.answers["http://elsewhere.test/x"] = reply()
    options = {
        "cors_rules": rules,
        "map_remote": "|//open.test/|//elsewhere.test/",
        "modify_headers": "/~q/X-Tenant/",
    }
    with Proxy(tmp_path, server.mode, options) as proxy:
        for data in (preflight("http://open.test/x"), ask("http://open.test/x", method="PUT")):
            told = proxy.ask(data.replace(b"\r\n\r\n", b"\r\nX-Tenant: a\r\n\r\n"))
            assert told.lines("Access-Control-Allow-Origin")
        assert [entry["rule"] for entry in exchanges(proxy.journal())] == ["open", "open"]


def test_a_flow_that_another_script_kills(edited: Proxy, server: RawServer) -> None:
    url = "http://killed.test/"
    server.answers[url] = reply(*ALLOWING)
    with Client(edited.port) as client:
        assert client.send(ask(url)).rest() == b""
    assert edited.exchange(url)["reason"] == "connection-dropped"


# WebSockets


def accept_socket(connection: socket.socket, key: bytes) -> None:
    magic = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    accept = base64.b64encode(hashlib.sha1(key + magic).digest())
    connection.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n\x81\x05hello"
    )
    connection.recv(1024)


def test_a_websocket_beside_cors_exchanges(edited: Proxy, server: RawServer) -> None:
    key = base64.b64encode(b"0123456789abcdef")
    server.answers["http://api.test/socket"] = lambda connection: accept_socket(connection, key)
    server.answers["http://api.test/beside"] = reply()
    upgrade = (
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {key.decode()}",
    )
    with Client(edited.port) as client:
        client.send(ask("http://api.test/socket", *upgrade))
        assert client.head().startswith(b"HTTP/1.1 101 ")
        assert client.until(b"hello")
        edited.ask(ask("http://api.test/beside"))
        beside = edited.exchange("http://api.test/beside")
    entry = edited.exchange("http://api.test/socket")
    assert (entry["mode"], entry["verdict"], entry["status"]) == ("websocket", "allowed", 101)
    assert (beside["mode"], beside["verdict"]) == ("cors", "blocked")


# Where the browser comes in another way


def test_behind_a_reverse_proxy_the_url_is_that_of_the_proxy(
    server: RawServer, tmp_path: Path
) -> None:
    mode = f"reverse:http://127.0.0.1:{server.port}"
    with Proxy(tmp_path, mode) as proxy:
        own = f"http://localhost:{proxy.port}"
        for origin in (own, f"http://127.0.0.1:{proxy.port}", PAGE):
            line = f"Host: localhost:{proxy.port}\r\nOrigin: {origin}"
            proxy.ask(f"GET /a HTTP/1.1\r\n{line}\r\n\r\n".encode())
        entry = proxy.exchange(f"http://127.0.0.1:{proxy.port}/a")
        told = exchanges(proxy.journal())
    assert entry["origin"] == PAGE
    assert len(told) == 1


def test_many_flows_leave_nothing_behind(server: RawServer, tmp_path: Path) -> None:
    """Not in the dicts of the addon, whatever becomes of the flows."""
    rules = tmp_path / "rules.toml"
    rules.write_text(RULES.replace('"open.test"', '["open.test", "api.test"]'), "utf-8")
    server.answers["http://api.test/many"] = reply(*ALLOWING)
    server.answers["http://api.test/cut"] = lambda connection: connection.sendall(b"HTTP/1.1 200")
    with Proxy(tmp_path, server.mode, {"cors_rules": rules}) as proxy:
        for number in range(60):
            with Client(proxy.port) as client:
                client.send(ask(f"http://api.test/many?{number}")).reply()
                client.send(preflight(f"http://open.test/{number}")).reply()
                client.send(ask("http://api.test/plain", origin=None)).reply()
                client.send(ask("http://api.test/cut"))
        wait_until(
            lambda: sum(e["url"].endswith("/cut") for e in exchanges(proxy.journal())) == 60,
            15.0,
            "all exchanges",
        )
        state = proxy.control()["state"]
        assert (state["subjects"], state["touches"], state["in_flight"]) == (0, 0, 0)
        assert len(exchanges(proxy.journal())) == 180
