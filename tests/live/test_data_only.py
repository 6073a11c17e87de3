"""What a rule file says and a request sends is data: nothing is run, and no line is ended."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .proxy import Proxy
from .wire import PAGE, RawServer, ask, preflight, reply

EVIL = "{0.__class__} {origin.__class__} {{7*7}} ${7*7} #{7*7} `touch EVIL` $(touch EVIL) %s %n"
RULES = """
[[rule]]
name = "filled in"
match.host = "filled.test"
[rule.headers.set]
Access-Control-Allow-Origin = "{origin}"
X-Asked = "<{method}> <{headers}> <{host}>"

[[rule]]
name = "__import__('os').system('touch EVIL')"
description = "$(touch EVIL)"
match = { host = "evil.test", filter = "~hq '__import__(chr(111)+chr(115))'" }
fault.status = 500

[[rule]]
name = "{{7*7}} ${7*7} <script>evil()</script>"
match.url = "http://evil.test/*${7*7}*"
headers.set = { X-Evil = "{{0.__class__}} {{{{7*7}}}} ${{7*7}} $(touch EVIL)" }
"""
TEXT = st.text(st.characters(min_codepoint=0, max_codepoint=255, exclude_characters="\n"))


@pytest.fixture(scope="module")
def proxy(server: RawServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    folder: Path = tmp_path_factory.mktemp("data")
    rules = folder / "rules.toml"
    rules.write_text(RULES, "utf-8")
    server.answers["http://filled.test/"] = reply("X-Server: yes")
    server.answers["http://evil.test/"] = reply("X-Server: yes")
    server.answers["http://evil.test/${7*7}"] = reply("X-Server: yes")
    with Proxy(folder, server.mode, {"cors_rules": rules}) as running:
        assert running.loads()[-1]["applied"]
        yield running


@settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(origin=TEXT, method=TEXT, names=TEXT)
def test_what_is_filled_in_ends_no_line_and_adds_none(
    proxy: Proxy, origin: str, method: str, names: str
) -> None:
    sent = preflight("http://filled.test/", method, f"Access-Control-Request-Headers: {names}")
    sent = sent.replace(f"Origin: {PAGE}".encode(), b"Origin: " + origin.encode("latin-1"))
    told = proxy.ask(sent)
    if told.status >= 400:  # mitmproxy itself takes no such request
        return
    lines = told.head.split(b"\r\n")[1:]
    assert not any(re.search(rb"[\r\n\0]", line) for line in lines)
    named = [line.partition(b":")[0].lower() for line in lines]
    known = {b"x-server", b"content-length", b"access-control-allow-origin", b"x-asked"}
    assert set(named) <= known | {b"access-control-max-age"}
    assert len(named) == len(set(named))
    assert told.body == b"body"


def test_nothing_in_a_rule_file_is_run(proxy: Proxy, tmp_path: Path) -> None:
    told = proxy.ask(ask("http://evil.test/${7*7}", method="POST"))
    assert told.lines("X-Evil") == [b"X-Evil: {0.__class__} {{7*7}} ${7*7} $(touch EVIL)"]
    assert proxy.ask(ask("http://evil.test/", f"X-A: {EVIL}")).lines("X-Server")
    assert not list(Path.cwd().glob("EVIL"))
    assert not list(tmp_path.parent.rglob("EVIL"))
