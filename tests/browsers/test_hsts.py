"""A host that Chromium knows for HSTS: what a page of plain http asks of it by http.

The browser goes on to https by itself, which it takes for a redirect: no proxy sees that, but for
what it makes of the request. It is known only of hosts whose certificate the browser trusts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import pytest

from corscope.explain.pasted.paste import found_in
from corscope.fetch.reasons import Reason
from corscope.mitm.start.chromium import spki_hash
from tests.browsers.agreement import OPTIONS
from tests.browsers.case import ANY, OWN, PAGE, allow, credentials, methods, redirect
from tests.browsers.conftest import need
from tests.browsers.consoles import when_silent
from tests.support.chromium import Chromium, Page, missing_parts
from tests.support.mitmdump import Entry, Mitmdump
from tests.support.origin_server import EMPTY_PAGE, Answer, OriginServer
from tests.support.page import Ask

pytestmark = pytest.mark.browser

API, ELSEWHERE = "http://api.test", "http://elsewhere.test"
TAINTED = "http://api.test to https://api.test"

ALLOWING = {
    "none": (),
    "any": (ANY,),
    "page": (OWN, credentials(), methods("PUT")),
    "null": (allow("null"), credentials()),
}
"""By its path's end: what the API answers, asked by https."""

READ = {"omit": {"any", "null"}, "include": {"null"}}
"""Which of them script can read."""

STARTS: Mapping[str, tuple[str, str]] = {
    "direct": (API, TAINTED),
    "own": (PAGE, TAINTED),
    "foreign": (ELSEWHERE, f"{ELSEWHERE} to {API}"),
}
"""Where the page asks, which leads it to the API by http; and what makes the Origin `null`."""


@pytest.fixture(scope="module")
def opened(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Page, OriginServer, Mitmdump]]:
    """A page of plain http in a Chromium that trusts the proxy, and has got to know the API."""
    need(missing_parts())
    folder = tmp_path_factory.mktemp("hsts")
    with OriginServer() as server, Mitmdump(folder, server.upstream_mode, OPTIONS) as proxy:
        server.routes["GET", f"{PAGE}/"] = EMPTY_PAGE
        known = f"{_secure(API)}/known"
        server.routes["GET", known] = Answer(
            headers=(ANY, ("Strict-Transport-Security", "max-age=600"))
        )
        authority = folder / "confdir" / "mitmproxy-ca-cert.pem"
        trusted = f"--ignore-certificate-errors-spki-list={spki_hash(authority)}"
        with Chromium(trusted) as browser:
            page = browser.open(f"{PAGE}/", proxy.port)
            assert page.fetch(known).ok
            yield page, server, proxy
            page.close()


def _secure(url: str) -> str:
    return url.replace("http:", "https:", 1)


def _of(proxy: Mitmdump, url: str) -> list[Entry]:
    return [entry for entry in proxy.journal() if entry.get("url") == url]


@pytest.mark.parametrize("mode", ["omit", "include"])
@pytest.mark.parametrize("allowed", ALLOWING)
@pytest.mark.parametrize("start", STARTS)
def test_what_is_asked_by_http_of_a_host_known_for_hsts(
    opened: tuple[Page, OriginServer, Mitmdump], start: str, allowed: str, mode: str
) -> None:
    page, server, proxy = opened
    origin, tainted = STARTS[start]
    path = f"/{start}/{mode}/{allowed}"
    url, target = origin + path, _secure(API + path)
    server.routes["GET", target] = Answer(headers=ALLOWING[allowed])
    if origin != API:
        server.routes["GET", url] = redirect(API + path, OWN, credentials())
    page.console.clear()
    seen = page.play([Ask(url, {"credentials": mode})])[0]
    assert seen.ok == (allowed in READ[mode])
    [entry] = _of(proxy, target)
    assert entry["origin"] == "null"
    assert entry["hop"] == (0 if origin == API else 1)
    verdict = entry["verdicts"][mode]["verdict"]
    assert (verdict == "allowed") == seen.ok
    scene = entry["scene"]
    assert (scene["page"], scene["first_url"]) == (PAGE, url)
    if entry["verdict"] == "blocked":
        printed = [text for text, _ in when_silent(lambda: tuple(page.console))]
        assert printed == entry["console"].splitlines()
    if allowed in {"none", "page"}:
        assert {"id": "origin-null-after-redirect", "detail": tainted} in entry["findings"]


def test_a_preflight_fails_within_the_browser(
    opened: tuple[Page, OriginServer, Mitmdump],
) -> None:
    """Nothing is sent, so that the journal has nothing; what is printed leads to the reason."""
    page, server, proxy = opened
    url = f"{API}/preflighted"
    server.routes["*", _secure(url)] = Answer(headers=ALLOWING["page"])
    page.console.clear()
    assert not page.fetch(url, {"method": "PUT"}).ok
    assert not [request for request in server.received if "/preflighted" in request.url]
    assert _of(proxy, url) == _of(proxy, _secure(url)) == []
    printed = [text for text, _ in when_silent(lambda: tuple(page.console))]
    found = found_in(printed[0])
    assert found is not None
    assert found.reasons == (Reason.PREFLIGHT_REDIRECT,)


def test_an_opaque_page_is_not_taken_for_it(opened: tuple[Page, OriginServer, Mitmdump]) -> None:
    page, server, proxy = opened
    url = _secure(f"{API}/sandboxed")
    server.routes["GET", url] = Answer()
    page.console.clear()
    assert not page.fetch(url, sandboxed=True).ok
    [entry] = _of(proxy, url)
    assert (entry["origin"], entry["scene"]["page"], entry["findings"]) == ("null", "null", [])
    printed = [text for text, _ in when_silent(lambda: tuple(page.console))]
    assert [line for line in printed if re.match("Access|Failed", line)] == (
        entry["console"].splitlines()
    )
