"""Many clients at once through a real mitmdump, its rules reloading and its page open.

The same load goes through mitmdump alone, which is the measure: of errors, of memory, of the time
that an answer takes. Each request is unique, so that each has to be found in the journal.
"""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from corscope.journal.store import MOST_EXCHANGES
from tests.browsers.web_page import WebPage
from tests.live.proxy import Proxy
from tests.support import chromium as chromium_
from tests.support.mitmdump import SCRIPT, Entry, Mitmdump, wait_until
from tests.support.resources import memory_of

from .conftest import Count
from .crowd import KINDS, Sent, read
from .figures import is_full, times

pytestmark = [
    pytest.mark.browser,
    pytest.mark.live,
    pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc"),
]

CONNECTIONS = 200
SECONDS = times(10, 300)
ALONE_SECONDS = times(5, 300)
WARM_UP = times(3, 60)
FULL_AFTER = MOST_EXCHANGES + 1_000
"""Exchanges after which all that is bounded has filled up."""

WATCH = Path(__file__).with_name("scripts") / "watch.py"

OPTIONS = {"stream_large_bodies": "64k", "connection_strategy": "lazy", "flow_detail": 0}
RELOAD_EVERY = times(1, 2)
OUTCOMES_AFTER = 4.0

RULE = """
[[rule]]
name = "ruled"
match = {{ host = "ruled.test" }}
[rule.policy]
allow_origins = ["http://page.test"]
allow_methods = ["PUT"]
allow_headers = ["x-token"]
max_age = {max_age}
"""
BROKEN = "[[rule]]\nname = "


@dataclass(frozen=True, slots=True)
class Run:
    """What the clients and the proxy's process tell of a run.

    Attributes:
        sent: what the clients have sent.
        memory: the process's, once warm and at the end.
        warm: the number of exchanges journalled when the first of them was taken.
        seen: what the script `watch` has seen.
    """

    sent: list[Sent]
    memory: tuple[int, int]
    warm: int
    seen: dict[str, Any]

    def errors(self) -> Counter[tuple[str, str]]:
        """What didn't end as it was meant to, by kind and by what happened."""
        return Counter(
            (each.kind, each.ended) for each in self.sent if each.ended != KINDS[each.kind].ends
        )

    def milliseconds(self, share: float) -> float:
        """So long do all but this share of the plain requests take at most."""
        took = sorted(each.milliseconds for each in self.sent if each.kind == "plain")
        return took[int(len(took) * (1 - share))]


@dataclass(frozen=True, slots=True)
class Loaded:
    """The run with corscope, and all that was looked at in it."""

    run: Run
    alone: Run
    journal: list[Entry]
    log: str
    reloads: int
    rows: list[int]
    complaints: list[str]


@contextmanager
def backend() -> Iterator[int]:
    """The server behind the proxy; its port."""
    command = [sys.executable, "-m", "tests.stress.backend"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


@contextmanager
def crowd(port: int, seconds: float, path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The clients, while they send."""
    arguments = [str(port), str(CONNECTIONS), str(seconds), str(path)]
    with subprocess.Popen([sys.executable, "-m", "tests.stress.crowd", *arguments]) as process:
        try:
            yield process
        finally:
            process.terminate()


@contextmanager
def proxy_of(folder: Path, server: int, script: Path | None, **options: object) -> Iterator[Proxy]:
    """A mitmdump that is watched from inside."""
    all_ = OPTIONS | options | {"watch_file": folder / "watch.json"}
    mode = f"upstream:http://127.0.0.1:{server}"
    with Proxy(folder, mode, all_, script=script, scripts=[WATCH]) as proxy:
        yield proxy


def load(proxy: Mitmdump, seconds: float, folder: Path, full_after: int) -> tuple[int, int, int]:
    """Let the clients send for so long.

    Returns the proxy's memory after the warm-up, once so many exchanges are journalled; that at the
    end; and the number of exchanges at the first of them.
    """
    counted = journalled(proxy.journal_path)
    with crowd(proxy.port, seconds, folder / "sent.jsonl") as process:
        time.sleep(WARM_UP)
        while (count := next(counted)) < full_after and process.poll() is None:
            time.sleep(1)
        warm = memory_of(proxy.pid)
        assert process.wait(seconds + 120) == 0
    return warm, memory_of(proxy.pid), count


def journalled(path: Path) -> Iterator[int]:
    """The number of exchanges up to now, each time that it is asked for."""
    if not path.exists():
        yield 0
        return
    count = 0
    with path.open("rb") as stream:
        while True:
            count += sum(b'"type":"exchange"' in line for line in stream)
            yield count


def run_of(folder: Path, memory: tuple[int, int, int]) -> Run:
    seen = json.loads((folder / "watch.json").read_text("utf-8"))
    return Run(read(folder / "sent.jsonl"), memory[:2], memory[2], seen)


@contextmanager
def reloading(path: Path) -> Iterator[list[int]]:
    """Save the rules again and again, every third time with a mistake; how often it was done."""
    done, is_over = [0], threading.Event()

    def save() -> None:
        while not is_over.wait(RELOAD_EVERY):
            done[0] += 1
            text = BROKEN if done[0] % 3 == 0 else RULE.format(max_age=done[0] % 2)
            new = path.with_suffix(".new")
            new.write_text(text, "utf-8")
            new.replace(path)

    thread = threading.Thread(target=save)
    thread.start()
    try:
        yield done
    finally:
        is_over.set()
        thread.join()


@contextmanager
def reader_that_sleeps(url: str) -> Iterator[socket.socket]:
    """A tab that has been suspended: it has asked for the page's events and never reads them."""
    host, path = re.fullmatch(r"http://([^/]+)(/.*)", url).groups()  # type: ignore[union-attr]
    address, port = host.split(":")
    with socket.create_connection((address, int(port))) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(f"GET {path}events HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        yield connection


@contextmanager
def counting_rows(page: WebPage, url: str) -> Iterator[list[int]]:
    """What a person at the page sees, looked at all the while: the newest row's number."""
    seen: list[int] = []
    is_over = threading.Event()

    def look() -> None:
        while not is_over.wait(1):
            with urllib.request.urlopen(url, timeout=60) as answer:
                assert answer.status == 200
            seen.append(page.run("() => document.querySelectorAll('[role=option]').length"))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        is_over.set()
        thread.join()


@pytest.fixture(scope="module")
def loaded(chromium: chromium_.Chromium, tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    """One run of mitmdump alone, and one with corscope and all that can be in its way."""
    with backend() as server:
        folder = tmp_path_factory.mktemp("alone")
        with proxy_of(folder, server, None) as proxy:
            memory = load(proxy, ALONE_SECONDS, folder, 0)
        alone = run_of(folder, memory)
        folder = tmp_path_factory.mktemp("loaded")
        rules = folder / "rules.toml"
        rules.write_text(RULE.format(max_age=0), "utf-8")
        web = {"cors_web": True, "cors_web_port": 0, "cors_rules": rules}
        # A tab that never wakes up again must not keep mitmdump from ending either.
        with ExitStack() as asleep, proxy_of(folder, server, SCRIPT, **web) as proxy:
            url = wait_until(lambda: page_of(proxy), 30, "the page's address")
            asleep.enter_context(reader_that_sleeps(url))
            with (
                WebPage(chromium, url) as page,
                reloading(rules) as reloads,
                counting_rows(page, url) as rows,
            ):
                memory = load(proxy, SECONDS, folder, FULL_AFTER)
            time.sleep(OUTCOMES_AFTER)
            journal, log = proxy.journal(), proxy.log()
    run = run_of(folder, memory)
    return Loaded(run, alone, journal, log, reloads[0], rows, page.errors)


def page_of(proxy: Mitmdump) -> str:
    found = re.search(r"CORS page: (http://\S+)", proxy.log())
    return found[1] if found else ""


def lines(loaded: Loaded, kind: str) -> defaultdict[str, list[Entry]]:
    """The exchanges of a kind by the token of their requests."""
    found: defaultdict[str, list[Entry]] = defaultdict(list)
    for line in loaded.journal:
        if line["type"] == "exchange" and line["kind"] == kind:
            found[line["url"].rpartition("/")[2]].append(line)
    return found


def test_there_is_no_error_that_mitmdump_alone_does_not_give(loaded: Loaded, figure: Count) -> None:
    figure(
        f"{CONNECTIONS} connections for {SECONDS} s: no error that mitmdump alone doesn't give",
        f"{len(loaded.run.sent):,} requests, {loaded.run.errors().total()} errors"
        f" (alone: {loaded.alone.errors().total()} of {len(loaded.alone.sent):,})",
    )
    assert loaded.run.errors().keys() <= loaded.alone.errors().keys()
    assert {each.kind for each in loaded.run.sent} == set(KINDS)


def test_every_cors_exchange_is_journalled_exactly_once(loaded: Loaded, figure: Count) -> None:
    actual = lines(loaded, "actual")
    expected = {
        each.token
        for each in loaded.run.sent
        if KINDS[each.kind].is_cors and KINDS[each.kind].actual
    }
    figure("Under that load every CORS exchange is journalled once", f"{len(actual):,} exchanges")
    assert actual.keys() == expected
    assert {token: len(found) for token, found in actual.items() if len(found) > 1} == {}


def test_every_preflight_is_journalled_with_its_outcome(loaded: Loaded, figure: Count) -> None:
    preflights = lines(loaded, "preflight")
    expected = {each.token: each for each in loaded.run.sent if KINDS[each.kind].preflighted}
    last = {line["id"]: line for line in loaded.journal if line["type"] == "outcome"}
    actual = lines(loaded, "actual")
    figure(
        "Every preflight has its outcome, and it is the right one",
        f"{len(expected):,} preflights, {sum(each.kind == 'lost' for each in expected.values()):,}"
        " of them lost",
    )
    assert preflights.keys() == expected.keys()
    assert {token for token, found in preflights.items() if len(found) > 1} == set()
    for token, (line,) in preflights.items():
        is_lost = expected[token].kind == "lost"
        assert last[line["id"]]["outcome"] == ("not-followed" if is_lost else "followed"), token
        assert last[line["id"]]["actual"] == (None if is_lost else actual[token][0]["id"])
    assert len(last) == len(preflights)


def test_nothing_is_remarked_that_only_the_load_has_brought(loaded: Loaded) -> None:
    """A preflight that got lost would show as a request that came without one."""
    found = Counter(
        finding["id"]
        for line in loaded.journal
        if line["type"] == "exchange"
        for finding in line["findings"]
    )
    assert "preflight-not-seen" not in found
    assert "corscope failed" not in loaded.log


def test_the_rules_were_read_all_the_while(loaded: Loaded, figure: Count) -> None:
    read_ = [line for line in loaded.journal if line["type"] == "rules"]
    figure("Rules are read anew under that load", f"{len(read_)} times, {loaded.reloads} savings")
    assert len(read_) > times(1, 30)
    assert not is_full() or {line["applied"] for line in read_} == {True, False}
    assert {line["count"] for line in read_} == {1}


def test_the_page_stays_alive(loaded: Loaded) -> None:
    assert len(loaded.rows) > SECONDS / 10
    assert loaded.rows[-1] > 0
    assert loaded.complaints == []


@pytest.mark.skipif(not is_full(), reason="the store is full after minutes only: make stress")
def test_memory_grows_no_more_than_that_of_mitmdump_alone(loaded: Loaded, figure: Count) -> None:
    """Once the store, the caches and the feed are full."""
    exchanges = sum(line["type"] == "exchange" for line in loaded.journal)
    grown = [(end - warm) / 2**20 for warm, end in (loaded.run.memory, loaded.alone.memory)]
    figure(
        "Memory is flat once the store is full, with a page open and another that never reads",
        f"{grown[0]:+.0f} MB from exchange {loaded.run.warm:,} to {exchanges:,}"
        f" (alone: {grown[1]:+.0f} MB)",
    )
    assert exchanges > FULL_AFTER, "this machine is too slow to fill the store in that time"
    assert grown[0] < grown[1] + 20


def test_nothing_is_left_of_what_has_ended(loaded: Loaded) -> None:
    assert loaded.run.seen["left"] == {"subjects": 0, "touches": 0, "in_flight": 0}


def test_the_loop_is_not_held(loaded: Loaded, figure: Count) -> None:
    """Told and not judged: how long an answer takes hangs on the machine."""
    held, alone = loaded.run.seen, loaded.alone.seen
    figure(
        "Processor time for which the loop is held under that load",
        f"p99 {held['held_p99'] * 1e3:.0f} ms, at most {held['held_most'] * 1e3:.0f} ms"
        f" (alone: {alone['held_p99'] * 1e3:.0f} ms, {alone['held_most'] * 1e3:.0f} ms)",
    )
    ratios = [loaded.run.milliseconds(s) / loaded.alone.milliseconds(s) for s in (0.5, 0.01)]
    figure(
        "The time of a plain GET under that load, as a ratio to mitmdump alone",
        f"p50 {ratios[0]:.2f}, p99 {ratios[1]:.2f}",
    )
    assert held["held_p99"] > 0
