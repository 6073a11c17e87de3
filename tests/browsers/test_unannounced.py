"""Requests that come without a preflight just before them, in the ways in which browsers send such.

Another site's page has them leave, the browser says who it is or asks again, or each waits for a
connection: of none of them the journal says that nobody has seen its preflight.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browsers.agreement import ENGINES, OPTIONS, Browser
from tests.support.mitmdump import Entry, Mitmdump, wait_until
from tests.support.origin_server import (
    EMPTY_PAGE,
    Answer,
    HangUp,
    HeaderPairs,
    OriginServer,
    Received,
    Scripted,
)
from tests.support.page import Ask

pytestmark = pytest.mark.browser

APP = "https://app.site.test"
API = "https://api.site.test"  # each test has a path of its own: Firefox is there for all of them
TOLD = f"{APP}/told"

Routes = dict[tuple[str, str], Scripted]

every_engine = pytest.mark.parametrize("engine", ENGINES)


def leave(max_age: str, origin: str = APP) -> HeaderPairs:
    return (
        ("Access-Control-Allow-Origin", origin),
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Allow-Methods", "PUT, DELETE"),
        ("Access-Control-Allow-Headers", "x-tenant, cache-control, user-agent"),
        ("Access-Control-Max-Age", max_age),
        ("Cache-Control", "no-store"),
    )


ECHO = (("Access-Control-Allow-Origin", "*"), ("Access-Control-Max-Age", "600"))


class Echoing(OriginServer):
    """Gives leave for the method alone that is asked about."""

    def take(self, request: Received) -> Scripted:
        answer = super().take(request)
        asked = request.values("Access-Control-Request-Method")
        if isinstance(answer, HangUp) or not asked:
            return answer
        methods = ("Access-Control-Allow-Methods", asked[0])
        return Answer(answer.status, (*answer.headers, methods))


def html(script: str, before: str = "") -> Answer:
    body = EMPTY_PAGE.body + f"{before}<script>{script}</script>".encode()
    return Answer(headers=(*EMPTY_PAGE.headers, ("Cache-Control", "no-store")), body=body)


@pytest.fixture
def browser(request: pytest.FixtureRequest, engine: str) -> Browser:
    found: Browser = request.getfixturevalue(engine)
    return found


def preflights(entries: list[Entry]) -> list[Entry]:
    return [entry for entry in entries if entry["kind"] == "preflight"]


def actuals(entries: list[Entry]) -> list[Entry]:
    return [entry for entry in entries if entry["kind"] == "actual"]


def exchanges(proxy: Mitmdump, url: str) -> list[Entry]:
    lines = (entry for entry in proxy.journal() if entry["type"] == "exchange")
    return [entry for entry in lines if entry["url"].startswith(url)]


def cache_findings(entry: Entry) -> list[str]:
    found = [finding["id"] for finding in entry["findings"]]
    return [id_ for id_ in found if "preflight" in id_]


SITES_API = f"{API}/sites"


def sites_pages() -> Routes:
    """A page that has one thing done by a frame in it, and goes on to the next site's page."""
    way = (("https://one.test/1", "PUT"), ("https://two.test/2", "PUT DELETE"))
    last = "https://one.test/3"
    pages: Routes = {}
    for (url, methods), (following, _) in zip(way, (*way[1:], (last, "")), strict=True):
        frame = f"<iframe src='{APP}/{methods.replace(' ', '-')}'></iframe>"
        pages["GET", url] = html(f"onmessage = () => {{ location = '{following}'; }}", frame)
    pages["GET", last] = html("", f"<iframe src='{APP}/PUT-told'></iframe>")
    for methods in ("PUT", "PUT-DELETE", "PUT-told"):
        pages["GET", f"{APP}/{methods}"] = html(f"""(async () => {{
            for (const method of "{methods}".split("-")) {{
                const url = method === "told" ? "{TOLD}" : "{SITES_API}";
                await fetch(url, {{method}}).catch(() => {{}});
            }}
            parent.postMessage("done", "*");
        }})();""")
    return pages


@every_engine
def test_an_earlier_answer_lets_a_page_of_another_site_go(browser: Browser, tmp_path: Path) -> None:
    """The first site's page still has what the second site's last preflight has not replaced."""
    routes: Routes = {
        **sites_pages(),
        ("*", SITES_API): Answer(headers=ECHO),
        ("*", TOLD): Answer(),
    }
    with Echoing(routes) as server, Mitmdump(tmp_path, server.upstream_mode, OPTIONS) as proxy:
        page = browser.open("https://one.test/1", proxy.port)
        wait_until(lambda: any(each.url == TOLD for each in server.received), 60, "the last page")
        page.close()
    came = [request.method for request in server.received if request.url == SITES_API]
    assert came == ["OPTIONS", "PUT", "OPTIONS", "PUT", "OPTIONS", "DELETE", "PUT"]
    entries = exchanges(proxy, SITES_API)
    *_, last = actuals(entries)
    assert last["preflight"] in {p["id"] for p in preflights(entries) if p["method"] == "PUT"}
    assert cache_findings(last) == ["preflight-cached"]


@every_engine
def test_a_fetch_past_the_cache_leaves_in_it_what_there_was(
    browser: Browser, engine: str, tmp_path: Path
) -> None:
    """In Chromium its preflight isn't cached either, and drops nothing."""
    url = f"{API}/past"
    routes: Routes = {("GET", f"{APP}/"): EMPTY_PAGE, ("*", url): Answer(headers=ECHO)}
    put = {"method": "PUT"}
    past = [{"method": method, "cache": "no-store"} for method in ("PUT", "DELETE")]
    with Echoing(routes) as server, Mitmdump(tmp_path, server.upstream_mode, OPTIONS) as proxy:
        page = browser.open(f"{APP}/", proxy.port)
        for init in (put, *past, put):
            assert page.play([Ask(url, init)])[0].ok
        page.close()
    came = [request.method for request in server.received if request.url == url]
    assert came[-2:] == (["DELETE", "PUT"] if engine != "webkit" else ["OPTIONS", "PUT"])
    entries = exchanges(proxy, url)
    for entry in actuals(entries):
        assert entry["preflight"] in {each["id"] for each in preflights(entries)}
        assert "preflight-not-seen" not in cache_findings(entry)


@every_engine
def test_a_header_of_scripts_that_browsers_set_too(browser: Browser, tmp_path: Path) -> None:
    url = f"{API}/header"
    routes: Routes = {("GET", f"{APP}/"): EMPTY_PAGE, ("*", url): Answer(headers=leave("600"))}
    own = {"headers": {"Cache-Control": "no-cache"}}
    with OriginServer(routes) as server, Mitmdump(tmp_path, server.upstream_mode, OPTIONS) as proxy:
        page = browser.open(f"{APP}/", proxy.port)
        for init in (own, own, {"cache": "no-store"}):
            assert page.play([Ask(url, init)])[0].ok
        page.close()
    entries = exchanges(proxy, url)
    (first,) = preflights(entries)
    told = [(entry["preflight"], cache_findings(entry)) for entry in actuals(entries)]
    assert told == [(first["id"], []), (first["id"], ["preflight-cached"]), (None, [])]


class Guarded(OriginServer):
    """Wants to know who it is, but of preflights."""

    def take(self, request: Received) -> Scripted:
        answer = super().take(request)
        is_api = request.url.startswith(f"{API}/")
        if request.method == "OPTIONS" or not is_api or request.values("Authorization"):
            return answer
        challenge = ("WWW-Authenticate", 'Basic realm="x"')
        return Answer(401, (*leave("0"), challenge))


@every_engine
def test_a_browser_that_says_who_it_is_needs_no_other_preflight(
    browser: Browser, tmp_path: Path
) -> None:
    """It knows since it was at another path of that host, and tells once it is asked."""
    url = f"{API}/who"
    put = f"fetch('{url}', {{method: 'PUT', credentials: 'include', headers: {{'X-Tenant': 1}}}})"
    routes: Routes = {
        ("GET", f"{API}/login/"): html(f"location = '{APP}/';"),
        ("GET", f"{APP}/"): html(f"{put}.finally(() => fetch('{TOLD}'));"),
        ("*", url): Answer(headers=leave("0")),
        ("*", TOLD): Answer(),
    }
    with Guarded(routes) as server, Mitmdump(tmp_path, server.upstream_mode, OPTIONS) as proxy:
        page = browser.open("https://x:y@api.site.test/login/", proxy.port)
        wait_until(lambda: any(each.url == TOLD for each in server.received), 60, "the fetch")
        page.close()
    came = [request.method for request in server.received if request.url == url]
    assert came == ["OPTIONS", "PUT", "PUT"]
    asked, first, again = exchanges(proxy, url)
    assert [first["status"], again["status"]] == [401, 200]
    assert first["preflight"] == again["preflight"] == asked["id"]
    assert again["credentials"] == "include"
    assert again["request_headers"] == first["request_headers"] == ["x-tenant"]
    assert cache_findings(again) == []


DROP = """
[[rule]]
name = "drop"
match = { host = "api.site.test", kind = "actual" }
fault.abort = true
"""


@every_engine
def test_each_time_that_it_is_asked_after_a_drop_belongs_to_the_one_preflight(
    browser: Browser, engine: str, tmp_path: Path
) -> None:
    (tmp_path / "rules.toml").write_text(DROP)
    url = f"{API}/dropped"
    routes: Routes = {("GET", f"{APP}/"): EMPTY_PAGE, ("*", url): Answer(headers=leave("0"))}
    options = {**OPTIONS, "cors_rules": tmp_path / "rules.toml"}
    with OriginServer(routes) as server, Mitmdump(tmp_path, server.upstream_mode, options) as proxy:
        page = browser.open(f"{APP}/", proxy.port)
        assert not page.play([Ask(url, {"method": "PUT"})])[0].ok
        page.close()
    entries = exchanges(proxy, url)
    (asked,) = preflights(entries)
    assert len(actuals(entries)) == (10 if engine == "firefox" else 1)
    for entry in actuals(entries):
        assert (entry["preflight"], cache_findings(entry)) == (asked["id"], [])


LOCAL = "http://page.localhost"
"""Where service workers are allowed, whatever the certificate."""

WORKERS = {
    "answers": "onfetch = (event) => event.respondWith(fetch(event.request));",
    "leaves it": "onfetch = () => {};",
    "isn't asked": "",
}


@pytest.mark.parametrize("does", WORKERS)
@every_engine
def test_what_a_service_worker_leaves_to_the_browser(
    browser: Browser, engine: str, does: str, tmp_path: Path
) -> None:
    """In WebKit nobody asks leave for it any more."""
    url = f"http://api.localhost/{list(WORKERS).index(does)}"
    home = f"{LOCAL}:{8000 + list(WORKERS).index(does)}"
    start = f"""navigator.serviceWorker.oncontrollerchange = () =>
            fetch("{url}", {{method: "PUT"}}).finally(() => fetch("/told"));
        navigator.serviceWorker.register("/worker.js");"""
    worker = f"onactivate = (event) => event.waitUntil(clients.claim()); {WORKERS[does]}"
    script = (("Content-Type", "text/javascript"), ("Cache-Control", "no-store"))
    routes: Routes = {
        ("GET", f"{home}/"): html(start),
        ("GET", f"{home}/worker.js"): Answer(headers=script, body=worker.encode()),
        ("*", f"{home}/told"): Answer(),
        ("*", url): Answer(headers=leave("0", home)),
    }
    with OriginServer(routes) as server, Mitmdump(tmp_path, server.upstream_mode, OPTIONS) as proxy:
        page = browser.open(f"{home}/", proxy.port)
        wait_until(lambda: any("/told" in each.url for each in server.received), 60, "the fetch")
        page.close()
    *asked, put = exchanges(proxy, url)
    assert put["verdict"] == "allowed"
    if (engine, does) == ("webkit", "leaves it"):
        assert (asked, put["preflight"]) == ([], None)
        (finding,) = put["findings"]
        assert finding["id"] == "preflight-not-seen"
        assert "left to WebKit by a service worker" in finding["detail"]
    else:
        assert [each["id"] for each in asked] == [put["preflight"]]
        assert cache_findings(put) == []


@every_engine
def test_a_user_agent_of_scripts_makes_no_other_browser(
    browser: Browser, engine: str, tmp_path: Path
) -> None:
    """Firefox sends it, after a preflight that has its own; Chromium asks no leave for it.

    WebKit has it on both, so that nothing tells of WebKit any more.
    """
    url = f"{API}/agent"
    routes: Routes = {("GET", f"{APP}/"): EMPTY_PAGE, ("*", url): Answer(headers=leave("600"))}
    init = {"method": "PUT", "headers": {"User-Agent": "octokit.js/5", "X-Tenant": "7"}}
    with OriginServer(routes) as server, Mitmdump(tmp_path, server.upstream_mode, OPTIONS) as proxy:
        page = browser.open(f"{APP}/", proxy.port)
        seen = [page.play([Ask(url, init)])[0].ok for _ in range(2)]
        page.close()
    assert seen == [True, True]
    entries = exchanges(proxy, url)
    (asked,) = preflights(entries)
    assert [entry["preflight"] for entry in actuals(entries)] == [asked["id"]] * 2
    assert [cache_findings(entry) for entry in actuals(entries)] == [[], ["preflight-cached"]]
    assert {entry["engine"] for entry in entries} == {"unknown" if engine == "webkit" else engine}


SIGNED_BY = "ed25519-JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs="
"""Integrity metadata: the public key of whoever has to have signed the answer."""


@every_engine
def test_what_has_to_be_signed_is_asked_for_without_leave(
    browser: Browser, engine: str, tmp_path: Path
) -> None:
    """Chromium sends the key along, in an Accept-Signature of its own."""
    url = f"{API}/signed.js"
    routes: Routes = {
        ("GET", f"{APP}/"): EMPTY_PAGE,
        ("GET", url): Answer(headers=leave("600")),
    }
    with OriginServer(routes) as server, Mitmdump(tmp_path, server.upstream_mode, OPTIONS) as proxy:
        page = browser.open(f"{APP}/", proxy.port)
        page.play([Ask(url, {"integrity": SIGNED_BY})])
        page.close()
    [asked] = [received for received in server.received if received.url == url]
    assert bool(asked.values("Accept-Signature")) == (engine == "chromium")
    [entry] = exchanges(proxy, url)
    assert (entry["verdict"], entry["request_headers"], entry["why"]) == ("allowed", [], [])
    assert cache_findings(entry) == []


MANY = 20
SECONDS = 1.2
"""So long each answer takes, that the last of so many wait for more than three seconds."""


@every_engine
def test_what_waits_for_a_connection_follows_its_preflight(
    browser: Browser, tmp_path: Path
) -> None:
    page_url, api = "http://app.test", "http://api.test/"
    answers = {
        "OPTIONS": Answer(headers=leave("600", page_url)),
        "PUT": Answer(headers=leave("600", page_url), delay=SECONDS),
    }
    routes: Routes = {
        (m, f"{api}{n}"): answer for m, answer in answers.items() for n in range(MANY)
    }
    routes["GET", f"{page_url}/"] = EMPTY_PAGE
    with OriginServer(routes) as server, Mitmdump(tmp_path, server.upstream_mode) as proxy:
        page = browser.open(f"{page_url}/", proxy.port)
        seen = page.play([Ask(f"{api}{number}", {"method": "PUT"}) for number in range(MANY)])
        page.close()
    assert [each.ok for each in seen] == [True] * MANY
    entries = exchanges(proxy, api)
    asked = {entry["id"]: entry["url"] for entry in preflights(entries)}
    assert sorted(asked.values()) == sorted(f"{api}{number}" for number in range(MANY))
    for entry in actuals(entries):
        assert (asked[entry["preflight"]], cache_findings(entry)) == (entry["url"], [])
    last = {entry["id"]: entry for entry in proxy.journal() if entry["type"] == "outcome"}
    followed = {entry["preflight"]: entry["id"] for entry in actuals(entries)}
    assert {id_: entry["actual"] for id_, entry in last.items()} == followed
