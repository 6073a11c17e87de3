"""`corscope infer`, over what a real mitmproxy journalled and saved, and over junk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from corscope.rules.load import Source, load
from tests.cli.conftest import Command
from tests.live.proxy import Proxy
from tests.live.wire import RawServer, ask, preflight, reply

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def captured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the journal and the flows of some traffic to two hosts."""
    folder = tmp_path_factory.mktemp("infer")
    allow = ("Access-Control-Allow-Origin: http://page.test", "Vary: Origin")
    with RawServer() as server:
        for host in ("api.test", "other.test"):
            server.answers[f"http://{host}/x"] = reply(
                *allow, "Access-Control-Allow-Methods: PUT", "Access-Control-Max-Age: 60"
            )
        arguments = ("-w", str(folder / "saved.flows"))
        with Proxy(folder, server.mode, scripts=(), arguments=arguments) as proxy:
            for host in ("api.test", "other.test"):
                proxy.ask(preflight(f"http://{host}/x", "PUT"))
                proxy.ask(ask(f"http://{host}/x", method="PUT"))
            proxy.wait_for(lambda entry: entry.get("url") == "http://other.test/x")
    return folder


@pytest.mark.parametrize("file", ["journal.jsonl", "saved.flows"])
def test_the_policy_is_a_rule_that_loads(corscope: Command, captured: Path, file: str) -> None:
    done = corscope("infer", str(captured / file), "--host", "api.test")
    assert done.returncode == 0, done.stderr
    [rule] = load([Source("inferred.toml", done.stdout.encode())]).rules
    assert rule.policy is not None
    assert rule.policy.allow_origins == ("http://page.test",)
    assert rule.policy.max_age == 60
    assert "# allow_origins: guessed: no other origin asked" in done.stdout


def test_answers_that_no_server_gives_are_told_so(corscope: Command, tmp_path: Path) -> None:
    headers = {"Access-Control-Allow-Origin": "*", "Access-Control-Max-Age": "6x"}
    listed = [{"name": name, "value": value} for name, value in headers.items()]
    asked = [{"name": "Origin", "value": "https://app.test"}]
    entry = {
        "request": {"method": "GET", "url": "https://api.test/x", "headers": asked},
        "response": {"status": 200, "headers": listed},
    }
    (tmp_path / "a.har").write_text(json.dumps({"log": {"entries": [entry]}}), "utf-8")
    done = corscope("infer", tmp_path / "a.har")
    assert "# like: unknown: no server that is known gives any of these answers\n" in done.stdout
    [rule] = load([Source("inferred.toml", done.stdout.encode())]).rules
    assert rule.policy is not None
    assert rule.policy.allow_origins == "*"


def test_of_two_hosts_one_has_to_be_named(corscope: Command, captured: Path) -> None:
    done = corscope("infer", str(captured / "journal.jsonl"))
    assert done.returncode == 1
    assert "which host? --host says it: api.test, other.test" in done.stderr
    mistyped = corscope("infer", str(captured / "journal.jsonl"), "--host", "apo.test")
    assert "did you mean api.test?" in mistyped.stderr


def test_a_line_that_is_none_is_named_and_left_out(
    corscope: Command, captured: Path, tmp_path: Path
) -> None:
    torn = tmp_path / "torn.jsonl"
    torn.write_bytes((captured / "journal.jsonl").read_bytes() + b'{"v":1,"type":"exch')
    done = corscope("infer", str(torn), "--host", "api.test")
    assert done.returncode == 0
    assert "is no line of a journal; left out" in done.stderr


@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param(None, "No such file", id="no file"),
        pytest.param(b"", "no CORS answer", id="nothing in it"),
        pytest.param(b"\x00\xff junk", "no CORS answer", id="junk"),
        pytest.param(b'{"v":1,"type":"start"}\n', "no CORS answer", id="no exchange"),
    ],
)
def test_bad_files_are_told(
    corscope: Command, tmp_path: Path, content: bytes | None, told: str
) -> None:
    file = tmp_path / "file"
    if content is not None:
        file.write_bytes(content)
    done = corscope("infer", str(file))
    assert done.returncode == 1
    assert told in done.stderr
    assert "Traceback" not in done.stderr
