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
from tests.support.origin_server import EMPTY_PAGE, Answer, HeaderPairs, OriginServer
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


AGAIN = "https://api.test/again"
LETS = ("Access-Control-Allow-Methods", "PUT")
TO_ALL = (("Access-Control-Allow-Origin", "*"), LETS)
MENDED = (
    ("Access-Control-Allow-Origin", SECURE_PAGE),
    ("Access-Control-Allow-Credentials", "true"),
    LETS,
)


@pytest.mark.parametrize(
    ("modes", "last"),
    [
        pytest.param(["include", "include", "omit"], TO_ALL, id="without credentials"),
        pytest.param(["include", "include"], MENDED, id="once the server is mended"),
    ],
)
@pytest.mark.parametrize("age", ["0", "60"])
@pytest.mark.parametrize("engine", ENGINES)
def test_whoever_tries_again_follows_the_last_preflight(
    engine: str,
    age: str,
    modes: list[str],
    last: HeaderPairs,
    request: pytest.FixtureRequest,
    tmp_path: Path,
) -> None:
    """Those before were refused for the credentials, which only Firefox's preflights tell."""
    max_age = ("Access-Control-Max-Age", age)
    server = OriginServer(
        {("GET", f"{SECURE_PAGE}/"): EMPTY_PAGE, ("*", AGAIN): Answer(headers=(*TO_ALL, max_age))}
    )
    with server, Mitmdump(tmp_path, server.upstream_mode, OPTIONS) as proxy:
        page = request.getfixturevalue(engine).open(f"{SECURE_PAGE}/", proxy.port)
        asks = [Ask(AGAIN, {"method": "PUT", "credentials": mode}) for mode in modes]
        seen = [each for ask in asks[:-1] for each in page.play([ask])]
        server.routes["*", AGAIN] = Answer(headers=(*last, max_age))
        seen += page.play(asks[-1:])
        page.close()
    assert [each.ok for each in seen] == [*[False] * (len(modes) - 1), True]
    preflights = exchanges(proxy.journal(), "preflight")
    outcomes = {each["id"]: each for each in proxy.journal() if each["type"] == "outcome"}
    found = [outcomes[id_]["outcome"] for id_ in preflights]
    assert found == [*["not-followed"] * (len(modes) - 1), "followed"]
