"""Many clients at once through a real mitmdump, its rules reloading and its page open.

The same load goes through mitmdump alone, which is the measure: of errors, of memory, of the time
that an answer takes. Each request is unique, so that each has to be found in the journal.
"""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import pytest

from tests.browsers.web_page import WebPage
from tests.support import chromium as chromium_
from tests.support.mitmdump import Entry, Mitmdump, wait_until
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
WARM_UP = times(3, 90)
"""Seconds after which all that is bounded has filled up: the store alone holds 10,000 exchanges."""

OPTIONS = {"stream_large_bodies": "64k", "connection_strategy": "lazy", "flow_detail": 0}
RELOAD_EVERY = 1.0
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
    """What the clients and the proxy's process tell of a run."""

    sent: list[Sent]
    memory: tuple[int, int]

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


def load(proxy: Mitmdump, seconds: float, folder: Path) -> Run:
    """Let the clients send for so long, and see how the proxy's memory grows after the warm-up."""
    path = folder / "sent.jsonl"
    with crowd(proxy.port, seconds, path) as process:
        time.sleep(WARM_UP)
        warm = memory_of(proxy.pid)
        assert process.wait(seconds + 120) == 0
    return Run(read(path), (warm, memory_of(proxy.pid)))


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
        mode = f"upstream:http://127.0.0.1:{server}"
        folder = tmp_path_factory.mktemp("alone")
        with Mitmdump(folder, mode, OPTIONS, script=None) as proxy:
            alone = load(proxy, ALONE_SECONDS, folder)
        folder = tmp_path_factory.mktemp("loaded")
        rules = folder / "rules.toml"
        rules.write_text(RULE.format(max_age=0), "utf-8")
        web = {"cors_web": True, "cors_web_port": 0, "cors_rules": rules}
        with Mitmdump(folder, mode, OPTIONS | web) as proxy:
            url = wait_until(lambda: page_of(proxy), 30, "the page's address")
            with (
                WebPage(chromium, url) as page,
                reader_that_sleeps(url),
                reloading(rules) as reloads,
                counting_rows(page, url) as rows,
            ):
                run = load(proxy, SECONDS, folder)
            time.sleep(OUTCOMES_AFTER)
            journal, log = proxy.journal(), proxy.log()
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
    assert len(read_) > SECONDS / 4
    assert {line["applied"] for line in read_} == {True, False}
    assert {line["count"] for line in read_} == {1}


def test_the_page_stays_alive(loaded: Loaded) -> None:
    assert len(loaded.rows) > SECONDS / 10
    assert loaded.rows[-1] > 0
    assert loaded.complaints == []


def test_memory_grows_no_more_than_that_of_mitmdump_alone(loaded: Loaded, figure: Count) -> None:
    """The store, the caches and the feed are full after the warm-up of the long run."""
    grown = [(end - warm) / 2**20 for warm, end in (loaded.run.memory, loaded.alone.memory)]
    figure(
        "Memory is flat after the warm-up, with a page open and another that never reads",
        f"{grown[0]:+.0f} MB in {SECONDS - WARM_UP} s (alone: {grown[1]:+.0f} MB)",
    )
    if is_full():
        assert grown[0] < grown[1] + 50


def test_how_long_an_answer_takes_is_told(loaded: Loaded, figure: Count) -> None:
    ratios = [loaded.run.milliseconds(s) / loaded.alone.milliseconds(s) for s in (0.5, 0.01)]
    figure(
        "The time of a plain GET under that load, as a ratio to mitmdump alone",
        f"p50 {ratios[0]:.2f}, p99 {ratios[1]:.2f}",
    )
    assert median(ratios) > 0
