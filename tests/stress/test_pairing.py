"""Which preflight opened whose way, where thousands of them look alike and come from one address.

The truth is known from numbers that the server gives its answers: of each fetch the clients know
which answers it got, and the journal's lines have them in a list of CORS.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.journal.requests import CHROMIUM, FIREFOX
from tests.support.chromium import Chromium
from tests.support.firefox import Firefox
from tests.support.mitmdump import Entry, Mitmdump

from . import alike
from .conftest import Count
from .figures import times
from .test_load import backend

pytestmark = [pytest.mark.browser, pytest.mark.live]

AGENTS = [CHROMIUM, CHROMIUM, FIREFOX]

FETCHES = times(100, 1_000)
"""That each client sends at once, over as many connections."""

OF_A_BROWSER = times(40, 400)
OUTCOMES_AFTER = 4.0


@dataclass(frozen=True, slots=True)
class Told:
    """What the journal says at the end."""

    exchanges: dict[str, Entry]
    last: dict[str, Entry]
    outcomes: Counter[str]

    def of_kind(self, kind: str) -> list[Entry]:
        return [line for line in self.exchanges.values() if line["kind"] == kind]

    def followed(self) -> dict[str, str]:
        """The actual request of each preflight that was followed."""
        return {
            id_: line["actual"] for id_, line in self.last.items() if line["outcome"] == "followed"
        }


def told_by(journal: list[Entry]) -> Told:
    exchanges = {line["id"]: line for line in journal if line["type"] == "exchange"}
    outcomes = [line for line in journal if line["type"] == "outcome"]
    last = {line["id"]: line for line in outcomes}
    return Told(exchanges, last, Counter(line["id"] for line in outcomes))


def number_of(line: Entry) -> int | None:
    """The number of an exchange's answer; None where none came."""
    found = re.search(r"\bn-(\d+)", str(line["headers"]))
    return int(found[1]) if found else None


def agree_in_all_that_shows(told: Told, journal: list[Entry]) -> None:
    """What holds of every journal: no request is linked with what isn't its own kind."""
    order = {line["id"]: place for place, line in enumerate(journal) if line["type"] == "exchange"}
    followed = told.followed()
    assert told.last.keys() == {line["id"] for line in told.of_kind("preflight")}
    assert len(set(followed.values())) == len(followed)
    for id_, actual in followed.items():
        one, other = told.exchanges[id_], told.exchanges[actual]
        assert other["preflight"] == id_
        assert order[id_] < order[actual]
        for key in ("url", "method", "origin", "engine"):
            assert one[key] == other[key], key
    for line in told.of_kind("actual"):
        assert followed[line["preflight"]] == line["id"]
        assert line["findings"] == []


def sent(folder: Path) -> tuple[list[alike.Fetch], list[Entry]]:
    """Let the clients send all at once through a mitmdump, and read what both tell."""
    path = folder / "sent.jsonl"
    with (
        backend() as server,
        Mitmdump(folder, f"upstream:http://127.0.0.1:{server}", {"flow_detail": 0}) as proxy,
    ):
        arguments = [str(proxy.port), str(FETCHES), str(path), *AGENTS]
        subprocess.run([sys.executable, "-m", "tests.stress.alike", *arguments], check=True)
        time.sleep(OUTCOMES_AFTER)
        return alike.read(path), proxy.journal()


def test_as_many_are_followed_as_were_and_never_by_a_client_that_looks_otherwise(
    tmp_path: Path, figure: Count
) -> None:
    fetches, journal = sent(tmp_path)
    told = told_by(journal)
    agree_in_all_that_shows(told, journal)
    assert len(told.of_kind("preflight")) == len(fetches)
    gone_on = sum(fetch.turn != "given up" for fetch in fetches)
    assert len(told.of_kind("actual")) == len(told.followed()) == gone_on
    by_actual = {fetch.actual: fetch for fetch in fetches if fetch.actual is not None}
    by_preflight = {fetch.preflight: fetch for fetch in fetches}
    links = [
        (fetch, by_preflight[number_of(told.exchanges[line["preflight"]]) or 0])
        for line in told.of_kind("actual")
        if (fetch := by_actual.get(number_of(line) or 0))
    ]
    assert all(AGENTS[one.browser] == AGENTS[other.browser] for one, other in links)
    own = sum(one is other for one, other in links) / len(links)
    figure(
        "Of identical preflights of three clients at one address as many are followed as were, none"
        " by a client with another User-Agent",
        f"{len(fetches):,} preflights at once, {gone_on:,} followed, {own:.0%} by their very own"
        " request, the others by one that looks the same",
    )


PLAY = """
async ([name, count]) => {
    const one = async number => {
        const stop = new AbortController();
        const token = number % 2 ? "same" : `${name}-${number}`;
        if (number % 5 === 0) setTimeout(() => stop.abort(), Math.random() * 3000);
        try {
            const init = {method: "PUT", headers: {"X-Token": "1"}, signal: stop.signal};
            const answer = await fetch(`http://api.test/counted/${token}`, init);
            return [token, Number(answer.headers.get("x-number"))];
        } catch (error) {
            return [token, error.name];
        }
    };
    return await Promise.all(Array.from({length: count}, (_, number) => one(number)));
}
"""


def played(folder: Path, browsers: list[Chromium | Firefox]) -> tuple[list[Any], list[Entry]]:
    """Let each browser fetch all at once, and read what script saw and what the journal says."""
    with (
        backend() as server,
        Mitmdump(folder, f"upstream:http://127.0.0.1:{server}", {"flow_detail": 0}) as proxy,
    ):
        pages = [browser.open("http://page.test/page/x", proxy.port) for browser in browsers]
        with ThreadPoolExecutor(len(pages)) as pool:
            seen = pool.map(
                lambda numbered: numbered[1].run(PLAY, [f"b{numbered[0]}", OF_A_BROWSER]),
                enumerate(pages),
            )
            found = [each for page in seen for each in page]
        for page in pages:
            page.close()
        time.sleep(OUTCOMES_AFTER)
        return found, proxy.journal()


def test_each_browser_gets_what_is_its_own(
    chromium: Chromium, firefox: Firefox, tmp_path: Path, figure: Count
) -> None:
    """Also where script aborts some fetches, and browsers let hundreds wait for a connection."""
    found, journal = played(tmp_path, [chromium, chromium, firefox])
    told = told_by(journal)
    agree_in_all_that_shows(told, journal)
    by_number = {number_of(line): line for line in told.of_kind("actual")}
    done = [(token, number) for token, number in found if isinstance(number, int)]
    for token, number in done:
        line = by_number[number]
        assert line["url"].endswith(f"/{token}")
        assert told.followed()[line["preflight"]] == line["id"]
    assert {what for _, what in found if not isinstance(what, int)} <= {"AbortError"}
    figure(
        "Two Chromiums and a Firefox at one address, fetching all at once and aborting some: each"
        " outcome is the right one",
        f"{len(told.last):,} preflights, {len(told.followed()):,} followed, {len(done):,} fetches"
        " that came to their end",
    )
