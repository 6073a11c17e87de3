"""Which preflight opened whose way, where two browsers behind one proxy ask the same at once.

What they ask differs in its method, its headers and its URL, and each of it is asked several times:
requests may be told apart by that alone, by the browser, and else by their order.
"""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.browsers.agreement import ENGINES, OPTIONS
from tests.support.chromium import Chromium
from tests.support.firefox import Firefox
from tests.support.mitmdump import Entry, Mitmdump
from tests.support.origin_server import EMPTY_PAGE, Answer, OriginServer
from tests.support.page import Ask

pytestmark = pytest.mark.browser

PAGE = "http://page.test"
SECURE_PAGE = "https://page.test"
API = "http://api.test"
ALLOWING = (
    ("Access-Control-Allow-Origin", PAGE),
    ("Access-Control-Allow-Methods", "PUT, DELETE, PATCH"),
    ("Access-Control-Allow-Headers", "x-tenant"),
    ("Access-Control-Max-Age", "0"),
)
METHODS = ("PUT", "DELETE", "PATCH")
TIMES = 4
"""How often each browser sends each request at the same time."""

ASKS = [
    Ask(f"{API}/{path}", {"method": method, "headers": headers, "credentials": "omit"})
    for path in ("a", "b")
    for method in METHODS
    for headers in ({}, {"X-Tenant": "7"})
    for _ in range(TIMES)
]


@pytest.fixture(scope="module")
def journal(
    chromium: Chromium, firefox: Firefox, tmp_path_factory: pytest.TempPathFactory
) -> list[Entry]:
    """Both browsers send all of it at once, and each gets its preflights answered late."""
    folder: Path = tmp_path_factory.mktemp("both")
    routes = {("*", f"{API}/{path}"): Answer(headers=ALLOWING, delay=0.05) for path in "ab"}
    with OriginServer({("GET", f"{PAGE}/"): EMPTY_PAGE, **routes}) as server:
        with Mitmdump(folder, server.upstream_mode) as proxy:
            pages = [browser.open(f"{PAGE}/", proxy.port) for browser in (chromium, firefox)]
            with ThreadPoolExecutor(len(pages)) as pool:
                seen = list(pool.map(lambda page: page.play(ASKS), pages))
            for page in pages:
                page.close()
        assert all(each.ok for found in seen for each in found)
        return proxy.journal()


def exchanges(journal: list[Entry], kind: str) -> dict[str, Entry]:
    lines = (line for line in journal if line["type"] == "exchange")
    return {line["id"]: line for line in lines if line["kind"] == kind}


def asked(line: Entry) -> tuple[object, ...]:
    return line["engine"], line["url"], line["method"], tuple(line["request_headers"])


def test_both_browsers_sent_all_of_it(journal: list[Entry]) -> None:
    sent: defaultdict[tuple[object, ...], int] = defaultdict(int)
    for line in exchanges(journal, "actual").values():
        sent[asked(line)] += 1
    assert len(sent) == 2 * len(ASKS) / TIMES
    assert set(sent.values()) == {TIMES}


def test_each_request_has_a_preflight_of_its_own_browser_that_asks_for_it(
    journal: list[Entry],
) -> None:
    preflights = exchanges(journal, "preflight")
    actual = exchanges(journal, "actual")
    assert len(preflights) == len(actual)
    for line in actual.values():
        assert asked(preflights[line["preflight"]]) == asked(line)
        assert line["findings"] == []
    assert len({line["preflight"] for line in actual.values()}) == len(actual)


def test_each_preflight_has_one_outcome_and_it_is_its_request(journal: list[Entry]) -> None:
    outcomes = [line for line in journal if line["type"] == "outcome"]
    opened = {line["preflight"]: id_ for id_, line in exchanges(journal, "actual").items()}
    last = {line["id"]: line for line in outcomes}  # a slow machine takes some back
    assert {line["outcome"] for line in last.values()} == {"followed"}
    assert {id_: line["actual"] for id_, line in last.items()} == opened


def test_no_request_comes_before_the_answer_that_let_it_go(journal: list[Entry]) -> None:
    order = [line["id"] for line in journal if line["type"] == "exchange"]
    for id_, line in exchanges(journal, "actual").items():
        assert order.index(line["preflight"]) < order.index(id_)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("age", ["0", "60"])
def test_whoever_tries_again_without_credentials_follows_the_later_preflight(
    engine: str, age: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """The first was refused for them, which only Firefox's own tells."""
    url = "https://api.test/again"
    allowing = (
        ("Access-Control-Allow-Origin", "*"),
        ("Access-Control-Allow-Methods", "PUT"),
        ("Access-Control-Max-Age", age),
    )
    server = OriginServer(
        {("GET", f"{SECURE_PAGE}/"): EMPTY_PAGE, ("*", url): Answer(headers=allowing)}
    )
    with server, Mitmdump(tmp_path, server.upstream_mode, OPTIONS) as proxy:
        page = request.getfixturevalue(engine).open(f"{SECURE_PAGE}/", proxy.port)
        seen = [
            page.fetch(url, {"method": "PUT", "credentials": mode}).ok
            for mode in ("include", "include", "omit")
        ]
        page.close()
    assert seen == [False, False, True]
    preflights = exchanges(proxy.journal(), "preflight")
    outcomes = {each["id"]: each for each in proxy.journal() if each["type"] == "outcome"}
    assert [outcomes[id_]["outcome"] for id_ in preflights] == [
        "not-followed",
        "not-followed",
        "followed",
    ]
