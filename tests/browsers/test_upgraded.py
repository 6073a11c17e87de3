"""What a page's upgrade-insecure-requests makes of redirects, in real browsers and the journal."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browsers.agreement import ENGINES, OPTIONS, Browser
from tests.browsers.case import answer, redirect
from tests.support.mitmdump import Entry, Mitmdump
from tests.support.origin_server import EMPTY_PAGE, Answer, OriginServer, Scripted
from tests.support.page import Ask

pytestmark = pytest.mark.browser

PAGE = "https://page.test/"
API = "https://api.test/"
ANY = ("Access-Control-Allow-Origin", "*")
PUT = ("Access-Control-Allow-Methods", "PUT")
CSP = ("Content-Security-Policy", "default-src * 'unsafe-eval'; Upgrade-Insecure-Requests")

PLACES = {
    "same": "http://api.test/",
    "port": "http://other.test:8080/",
    "address": "http://10.0.0.9/",
    "loopback": "http://127.0.0.1/",
    "localhost": "http://localhost/",
}


@pytest.fixture
def browser(request: pytest.FixtureRequest, engine: str) -> Browser:
    found: Browser = request.getfixturevalue(engine)
    return found


def way(name: str, method: str) -> dict[tuple[str, str], Scripted]:
    start, target = f"{API}{name}/{method}", f"{PLACES[name]}{name}/{method}/end"
    led = redirect(target, ANY, status=307)
    urls = (target, target.replace("http:", "https:"))
    return {
        (method, start): led,
        ("OPTIONS", start): answer(ANY, PUT, status=204),
        **{(method, url): answer(ANY) for url in urls},
        **{("OPTIONS", url): answer(ANY, PUT, status=204) for url in urls},
    }


@pytest.mark.parametrize("engine", ENGINES)
def test_a_redirect_to_http_leads_on_by_https(
    browser: Browser, engine: str, tmp_path: Path
) -> None:
    routes: dict[tuple[str, str], Scripted] = {
        ("GET", PAGE): Answer(headers=(*EMPTY_PAGE.headers, CSP), body=EMPTY_PAGE.body)
    }
    ways = [(name, method) for name in PLACES for method in ("GET", "PUT")]
    for name, method in ways:
        routes |= way(name, method)
    with OriginServer(routes) as server, Mitmdump(tmp_path, server.upstream_mode, OPTIONS) as proxy:
        page = browser.open(PAGE, proxy.port)
        asks = [Ask(f"{API}{name}/{method}", {"method": method}) for name, method in ways]
        seen = page.play(asks)
        page.close()
    assert [each.ok for each in seen] == [True] * len(ways)
    entries = [entry for entry in proxy.journal() if entry["type"] == "exchange"]
    for name, method in ways:
        _is_linked(entries, name, method, engine)


def _is_linked(entries: list[Entry], name: str, method: str, engine: str) -> None:
    """The redirect leads to what has come, with the origin that has come."""
    [led] = _actuals(entries, f"/{name}/{method}")
    [end] = _actuals(entries, f"/{name}/{method}/end")
    is_left = engine == "firefox" and name in {"loopback", "localhost"}
    assert end["url"].startswith("http:" if is_left else "https:")
    assert led["verdicts"]["omit"]["verdict"] == "allowed"
    assert led["engines"][engine]["reason"] != "mixed-content"
    assert (end["redirected_from"], end["hop"]) == (led["id"], 1)
    assert (end["origin"] == "null") == (name != "same" or engine == "firefox")


def _actuals(entries: list[Entry], path: str) -> list[Entry]:
    found = (entry for entry in entries if entry["url"].endswith(path))
    return [entry for entry in found if entry["kind"] == "actual"]
