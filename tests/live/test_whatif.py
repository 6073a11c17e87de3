"""What is predicted of rules is what comes of them: the same traffic with and without."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from corscope.explain.whatif.compare import what_if
from corscope.journal.exchange import Exchange, Judgement
from corscope.journal.lines.read import exchange_of
from corscope.journal.store import Entry
from corscope.rules.load import Source, load
from tests.journal.requests import CHROMIUM
from tests.support.mitmdump import Entry as Line
from tests.support.mitmdump import wait_until

from .proxy import Proxy, exchanges
from .wire import Client, RawServer, Reply, ask, reply

API = "http://api.example.com"
PAGE = "https://app.example.com"
OTHER = "https://evil.example"
COOKIE = "Cookie: a=b"
JSON = "Content-Type: application/json"
ALLOW = (f"Access-Control-Allow-Origin: {PAGE}", "Access-Control-Allow-Credentials: true")
FILES = sorted((Path(__file__).parents[2] / "rules").glob("*/*.toml"))

ODD = """
[[rule]]
name = "by the status"
match = { host = "api.example.com", status = "4xx" }
headers.set = { Access-Control-Allow-Origin = "{origin}" }

[[rule]]
name = "by the query's value"
match.url = "http://api.example.com/any?key=1"
fault.status = 500

[[rule]]
name = "only a shadow"
mode = "shadow"
match.url = "http://api.example.com/fine*"
headers.remove = "Access-Control-Allow-Origin"

[[rule]]
name = "one that is off"
enabled = false
match.host = "*"
fault.abort = true

[[rule]]
name = "forwarded preflights"
match = { url = "*/bare", kind = "preflight" }
policy = { allow_origins = "request", allow_methods = "request", preflight = "forward" }
"""


def _close(connection: socket.socket) -> None:
    connection.close()


def _answer(server: RawServer) -> None:
    """A server that is right at some places, and wrong in several ways at others."""
    lists = ("Access-Control-Allow-Methods: PUT", "Access-Control-Allow-Headers: content-type")
    server.answers |= {
        f"{API}/fine": reply(*ALLOW, *lists, "Vary: Origin", "ETag: x"),
        f"{API}/any": reply("Access-Control-Allow-Origin: *", *lists),
        f"{API}/bare": reply("Cache-Control: max-age=60"),
        f"{API}/gone": reply(status="404 Not Found"),
        f"{API}/moved": reply(*ALLOW, "Location: https://b.test/", status="302 Found"),
        f"{API}/lost": reply(*ALLOW, "Location: ftp://b.test/", status="302 Found"),
        f"{API}/dead": _close,
    }


def _traffic(agent: str) -> list[bytes]:
    """Requests to all of these places, of pages that may and may not ask."""
    sent = []
    ua = f"User-Agent: {agent}"
    for place in ("fine", "any", "bare", "gone", "moved", "lost", "dead"):
        url = f"{API}/{place}"
        sent.append(ask(url, ua, origin=PAGE))
        sent.append(ask(url, ua, COOKIE, origin=PAGE))
        sent.append(_preflight(url, "PUT", "content-type", ua))
        sent.append(ask(url, ua, JSON, method="PUT", origin=PAGE, body=b"{}"))
    for place in ("fine", "any", "bare"):
        url = f"{API}/{place}"
        sent.append(ask(f"{url}?key=1", ua, COOKIE, origin=OTHER))
        sent.append(ask(url, ua, origin="null"))
        sent.append(_preflight(url, "patch", "x-trace-id,authorization", ua))
    return sent


def _send(port: int, traffic: list[bytes]) -> None:
    """Send all of it one after another, on one connection as long as that stays open."""
    client = Client(port)
    for data in traffic:
        got = Reply(b"", b"")
        with suppress(ConnectionError):
            got = client.send(data).reply()
        if not got.head or b"close" in b"".join(got.lines("Connection")):
            client.socket.close()
            client = Client(port)
    client.socket.close()


def _preflight(url: str, method: str, names: str, ua: str) -> bytes:
    asked = f"Access-Control-Request-Method: {method}"
    headers = f"Access-Control-Request-Headers: {names}"
    return ask(url, asked, headers, ua, method="OPTIONS", origin=PAGE)


@dataclass(slots=True)
class Bench:
    """A running proxy, and the traffic that it has seen without rules."""

    proxy: Proxy
    rules: Path
    runs: int = 0

    def run(self, text: str) -> list[Exchange]:
        """Send the traffic under these rules; what is journalled of it.

        Each run has browsers of its own, so that none has anything cached from an earlier one.
        """
        self.rules.write_text(text, "utf-8")
        self.proxy.control(command="cors.reload")
        self.runs += 1
        before = len(self.proxy.journal())
        traffic = _traffic(f"{CHROMIUM} run/{self.runs}")
        _send(self.proxy.port, traffic)
        wait_until(lambda: len(self._since(before)) == len(traffic), 20.0, "all exchanges")
        return [exchange_of(line) for line in self._since(before)]

    def _since(self, line: int) -> list[Line]:
        return exchanges(self.proxy.journal()[line:])


@pytest.fixture(scope="module")
def bench(server: RawServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("whatif")
    rules = folder / "rules.toml"
    rules.write_text("", "utf-8")
    _answer(server)
    with Proxy(folder, server.mode, {"cors_rules": rules}) as proxy:
        yield Bench(proxy, rules)


@pytest.fixture(scope="module")
def recorded(bench: Bench) -> list[Exchange]:
    """What was recorded without rules."""
    return bench.run("")


def _told(judgement: Judgement) -> tuple[object, ...]:
    return judgement.verdict, judgement.reason


def _agree(bench: Bench, recorded: list[Exchange], text: str) -> tuple[int, int]:
    """Compare each verdict; how many changed, and of how many it could not be told."""
    ruleset = load([Source("rules.toml", text.encode())])
    found = what_if(map(Entry, recorded), ruleset, fresh=True)
    after = {change.exchange.id: change for change in found.changes}
    untold = {each.exchange.id for each in found.untold}
    for before, real in zip(recorded, bench.run(text), strict=True):
        asked = (before.kind, before.method, before.url, before.origin)
        assert asked == (real.kind, real.method, real.url, real.origin)
        if before.id in untold:
            continue
        change = after.get(before.id)
        said = before.judgement if change is None else change.after
        assert _told(said) == _told(real.judgement), asked
        if change is not None:
            assert change.rule == real.rule, asked
    return len(after), len(untold)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_rule_file_does_what_was_said(
    bench: Bench, recorded: list[Exchange], file: Path
) -> None:
    _, untold = _agree(bench, recorded, file.read_text("utf-8"))
    assert untold == 0


def test_so_do_rules_that_hang_on_the_answer_and_on_what_is_not_recorded(
    bench: Bench, recorded: list[Exchange]
) -> None:
    changed, untold = _agree(bench, recorded, ODD)
    assert changed > 0
    assert untold == 1  # the query's value


def test_most_rule_files_change_something(recorded: list[Exchange]) -> None:
    """So that the agreement says something."""
    changing = 0
    for file in FILES:
        ruleset = load([Source(file.name, file.read_bytes())])
        changing += bool(what_if(map(Entry, recorded), ruleset, fresh=True).changes)
    assert changing > len(FILES) / 2
