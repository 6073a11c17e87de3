"""What is saved as a HAR tells the same as the journal that was written meanwhile.

By the browsers' own tools, and by mitmproxy. As far as a HAR tells: of what never left the browser,
and of what mitmproxy answered itself, it has something else, or nothing.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from corscope.cli.arguments.records import read_records
from corscope.journal.store import Entry
from tests.browsers.agreement import OPTIONS
from tests.browsers.case import PAGE, SECURE_PAGE
from tests.browsers.cases import CASES
from tests.browsers.conftest import need
from tests.browsers.hars import ChromiumTools, FirefoxTools, chromium_for_tools
from tests.support.chromium import missing_parts
from tests.support.firefox import Firefox
from tests.support.mitmdump import Mitmdump
from tests.support.origin_server import EMPTY_PAGE, OriginServer

pytestmark = pytest.mark.browser

AT_ONCE = 12
TOOLS_SECONDS = 1.0
"""How long the tools may be behind the browser."""

HELD = 0.8
"""At least so much of a journal does a HAR hold."""

PLAYED = {
    page: [case for case in CASES if case.page == page and not case.same_origin]
    for page in (PAGE, SECURE_PAGE)
}

Told = tuple[object, ...]
Tools = ChromiumTools | FirefoxTools


@contextmanager
def tools(engine: str, request: pytest.FixtureRequest, url: str, port: int) -> Iterator[Tools]:
    if engine == "firefox":
        browser = request.getfixturevalue("firefox")
        assert isinstance(browser, Firefox)
        yield FirefoxTools(browser, url, port)
        return
    need(missing_parts())
    with chromium_for_tools() as chromium:
        yield ChromiumTools(chromium, url, port)


def told(entry: Entry) -> Told:
    """What is compared; the other engines' verdicts follow from the same headers."""
    exchange, judgement = entry.exchange, entry.exchange.judgement
    return (
        judgement.verdict,
        judgement.reason,
        judgement.detail,
        exchange.credentials,
        exchange.hop,
        exchange.preflight is not None,
        exchange.request_headers,
        tuple(sorted(each.id for each in exchange.findings)),
        entry.outcome and entry.outcome.outcome,
    )


def by_place(file: Path) -> Mapping[Told, list[Entry]]:
    problems: list[str] = []
    found: defaultdict[Told, list[Entry]] = defaultdict(list)
    for entry in read_records([str(file)], problems.append):
        exchange = entry.exchange
        place = (exchange.kind, exchange.method, exchange.url, exchange.origin, exchange.status)
        found[place].append(entry)
    assert problems == []
    return found


@pytest.mark.parametrize("page", PLAYED)
@pytest.mark.parametrize("engine", ["chromium", "firefox"])
def test_a_har_tells_the_same_as_the_journal(
    engine: str, page: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    files, cases = (tmp_path / "saved.har", tmp_path / "proxy.har"), PLAYED[page]
    with OriginServer({("GET", f"{page}/"): EMPTY_PAGE}) as server:
        for case in cases:
            server.routes.update(case.routes())
        options = {**OPTIONS, "cors_urls": "masked", "hardump": files[1]}
        with (
            Mitmdump(tmp_path, server.upstream_mode, options) as proxy,
            tools(engine, request, f"{page}/", proxy.port) as opened,
        ):
            for start in range(0, len(cases), AT_ONCE):
                opened.play([case.ask for case in cases[start : start + AT_ONCE]])
            time.sleep(TOOLS_SECONDS)
            opened.save(files[0])
    live, of_tools, of_proxy = map(by_place, (proxy.journal_path, *files))
    compare(live, of_tools)
    # mitmproxy writes every method in capitals, so that `patch` isn't known again.
    compare(live, {place: found for place, found in of_proxy.items() if str(place[1]).isupper()})


def compare(live: Mapping[Told, list[Entry]], saved: Mapping[Told, list[Entry]]) -> None:
    wrong = [
        (place, told(of_journal), told(of_har))
        for place, entries in saved.items()
        for of_journal, of_har in zip(live.get(place, ()), entries, strict=False)
        if told(of_journal) != told(of_har)
    ]
    assert wrong == []
    both = sum(len(entries) for place, entries in saved.items() if place in live)
    assert both > HELD * sum(map(len, live.values()))
