"""The page beside a real mitmproxy, read through the proxy by the browser that is debugged.

Everything is on 127.0.0.1, so the debugged site is the page's neighbour: same site, other origin.
It even knows the page's address with the token, and still learns nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.browsers.web_page import WebPage
from tests.support.chromium import Chromium, Page
from tests.support.firefox import Firefox, FirefoxPage
from tests.support.mitmdump import Mitmdump, wait_until
from tests.support.origin_server import EMPTY_PAGE, Answer, OriginServer
from tests.support.webkit import WebKit, WebKitPage

pytestmark = pytest.mark.browser

ROW = "[role=option]"
NOT_COPIED = "The browser doesn't let the page copy; select the text instead."

STEAL = """
async page => {
    const told = async (name, attempt) => {
        try {
            return `${name}: ${await attempt()}`;
        } catch (error) {
            return `${name}: refused`;
        }
    };
    const loaded = (name, properties) => new Promise((resolve, reject) => {
        const made = Object.assign(document.createElement(name), properties);
        made.onload = () => resolve(made);
        made.onerror = reject;
        document.body.append(made);
    });
    const token = new URL(page).pathname.split("/")[1];
    const mine = {"X-Corscope-Token": token};
    return [
        await told("fetch", async () => (await fetch(page)).status),
        await told("fetch of rows", async () => (await fetch(`${page}events`)).status),
        await told("fetch with a header", async () => (await fetch(page, {headers: mine})).status),
        await told("clear", async () =>
            (await fetch(`${page}clear`, {method: "POST", headers: mine})).status),
        await told("blind clear", async () =>
            (await fetch(`${page}clear`, {method: "POST", mode: "no-cors"})).type),
        await told("opaque fetch", async () => (await fetch(page, {mode: "no-cors"})).type),
        await told("script", async () =>
            (await loaded("script", {src: `${page}static/theme.js`})).src),
        await told("style", async () =>
            (await loaded("link", {rel: "stylesheet", href: `${page}static/page.css`})).href),
        await told("frame", async () =>
            (await loaded("iframe", {src: page})).contentDocument.body.textContent),
        await told("events", () => new Promise((resolve, reject) => {
            const source = new EventSource(`${page}events`);
            source.onmessage = source.onopen = () => resolve("open");
            source.onerror = () => { source.close(); reject(); };
        })),
    ];
}
"""


@dataclass(frozen=True, slots=True)
class Bench:
    """A debugged site, open in a browser, its API, the proxy between, and the page's address."""

    site: Page
    api: OriginServer
    proxy: Mitmdump
    url: str

    def api_url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.api.port}{path}"

    def answer(self, path: str, *headers: tuple[str, str]) -> str:
        """Let the API answer this path with these headers, and return its URL."""
        url = self.api_url(path)
        self.api.routes["GET", url] = Answer(headers=headers)
        return url


@pytest.fixture(scope="module")
def bench(chromium: Chromium, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("page")
    (folder / "rules.toml").write_text("", "utf-8")
    options = {"cors_web": True, "cors_web_port": 0, "cors_rules": folder / "rules.toml"}
    with OriginServer() as site, OriginServer() as api, Mitmdump(folder, options=options) as proxy:
        home = f"http://127.0.0.1:{site.port}/"
        site.routes["GET", home] = EMPTY_PAGE
        found = wait_until(
            lambda: re.search(r"CORS page: (http://\S+/)", proxy.log()), 30, "the page's address"
        )
        assert found is not None
        opened = chromium.open(home, proxy.port)
        yield Bench(opened, api, proxy, found[1])
        opened.close()


def test_what_the_browser_does_appears_at_once(chromium: Chromium, bench: Bench) -> None:
    with WebPage(chromium, bench.url, proxy_port=bench.proxy.port) as page:
        page.see("#line-state", "Live")
        bench.site.fetch(bench.answer("/refused"))
        page.see(f"{ROW}.blocked", "/refused")
        bench.site.fetch(bench.answer("/allowed", ("Access-Control-Allow-Origin", "*")))
        page.see(f"{ROW}", "/allowed")
        page.click(ROW, "/refused")
        page.see(".answerbox", "has no Access-Control-Allow-Origin")
        page.see(".console", "No 'Access-Control-Allow-Origin' header is present")
        assert page.errors == []


def test_the_page_itself_is_in_no_list(chromium: Chromium, bench: Bench) -> None:
    """Though it is read through the proxy, as all is."""
    bench.site.fetch(bench.answer("/to-be-cleared"))
    with WebPage(chromium, bench.url, proxy_port=bench.proxy.port) as page:
        page.see(ROW, "/to-be-cleared")
        page.click("#clear")
        page.see("#begin")
    assert all(bench.url not in str(entry) for entry in bench.proxy.journal())


def test_a_debugged_site_can_not_read_the_page(chromium: Chromium, bench: Bench) -> None:
    bench.site.fetch(bench.answer("/secret"))
    told = bench.site.run(STEAL, bench.url)
    blind = {"blind clear: opaque", "opaque fetch: opaque"}  # sent, and never seen
    assert {line for line in told if not line.endswith(": refused")} <= blind
    with WebPage(chromium, bench.url, proxy_port=bench.proxy.port) as page:
        page.see(ROW, "/secret")  # nor has it been cleared


PUT = """
url => fetch(url, {method: "PUT", headers: {"X-Tenant": "7"}}).then(it => it.status, it => it.name)
"""


def test_a_rule_made_and_saved_on_the_page_changes_the_debugged_app(
    chromium: Chromium, bench: Bench
) -> None:
    """What was predicted of it comes true in the browser."""
    url = bench.answer("/mended-by-a-rule")
    bench.api.routes["OPTIONS", url] = bench.api.routes["PUT", url] = Answer()
    assert bench.site.run(PUT, url) == "TypeError"
    with WebPage(chromium, bench.url) as page:
        page.click(f"{ROW}.preflight", "/mended-by-a-rule")
        page.click("a", "Put it into a rule file")
        page.see("#whatif .summary", "1 blocked becomes allowed")
        page.press("Control+s")
        page.see("#told", "Saved, and in force")
        assert bench.site.run(PUT, url) == 200
        page.see(".rules .facts", "2 exchanges")
        page.run("() => document.querySelector('[role=switch]').click()")
        page.see(".rules li", "for this run")
        assert bench.site.run(PUT, url) == "TypeError"
        assert page.errors == []


IN_ANOTHER = """
async path => {
    const seen = async look => {
        for (;;) {
            const found = look();
            if (found) return found;
            await new Promise(resolve => setTimeout(resolve, 50));
        }
    };
    const errors = [];
    window.addEventListener("error", event => errors.push(String(event.message)));
    const press = key => document.activeElement.dispatchEvent(
        new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true}));
    const row = await seen(() => [...document.querySelectorAll("[role=option]")]
        .find(each => each.innerText.includes(path)));
    press("j");
    press("Enter");
    const drawn = await seen(() => document.querySelector(".leg.chosen"));
    press("t");
    document.querySelector("[data-copy]").click();
    const copied = await seen(() => document.querySelector("#told").innerText);
    return {
        copied, state: document.querySelector("#line-state").innerText,
        height: row.getBoundingClientRect().height,
        beyond: document.documentElement.scrollWidth - innerWidth,
        row: row.innerText, drawn: drawn.innerText, errors,
        theme: document.querySelector("#theme").innerText,
        ground: getComputedStyle(document.body).backgroundColor,
    };
}
"""


@pytest.fixture(params=["firefox", "webkit"])
def another(request: pytest.FixtureRequest, bench: Bench) -> Iterator[FirefoxPage | WebKitPage]:
    """The page in another browser than Chromium."""
    browser: Firefox | WebKit = request.getfixturevalue(request.param)
    page = browser.open(bench.url, bench.proxy.port)
    yield page
    page.close()


def test_other_browsers_show_it_too(another: FirefoxPage | WebKitPage, bench: Bench) -> None:
    bench.site.fetch(bench.answer("/in-another"))
    told = another.run(IN_ANOTHER, "/in-another")
    assert "allow-origin-missing" in told["row"]
    assert "/in-another" in told["drawn"]
    assert told["theme"] == "Theme: light"
    assert told["ground"] == "rgb(248, 247, 244)"
    assert told["copied"] in {"Copied.", NOT_COPIED}  # no browser lets a script that nobody pressed
    assert (told["state"], told["beyond"]) == ("Live", 0)
    assert told["height"] > 40
    assert told["errors"] == []


VIEWS_IN_ANOTHER = """
async path => {
    const seen = async look => {
        for (;;) {
            const found = look();
            if (found) return found;
            await new Promise(resolve => setTimeout(resolve, 50));
        }
    };
    const errors = [];
    window.addEventListener("error", event => errors.push(String(event.message)));
    location.hash = "#/endpoints";
    const link = await seen(() => [...document.querySelectorAll(".matrix tbody a")]
        .find(each => each.innerText.includes(path)));
    link.click();
    const endpoint = await seen(() => document.querySelector("article.endpoint"));
    location.hash = "#/rules";
    const source = await seen(() => document.querySelector("#source:enabled"));
    source.value = "[[rule]";
    source.dispatchEvent(new Event("input"));
    const mistake = await seen(() => document.querySelector("#problems .error"));
    location.hash = "#/guide";
    const guide = await seen(() => document.querySelector("article.guide"));
    return {
        endpoint: endpoint.innerText, mistake: mistake.innerText, guide: guide.innerText, errors,
    };
}
"""


def test_other_browsers_have_the_other_views_too(
    another: FirefoxPage | WebKitPage, bench: Bench
) -> None:
    bench.site.fetch(bench.answer("/endpoint-in-another"))
    told = another.run(VIEWS_IN_ANOTHER, "/endpoint-in-another")
    assert "The policy that it seems to have" in told["endpoint"]
    assert "line 1" in told["mistake"]
    assert "What an origin is" in told["guide"]
    assert told["errors"] == []
