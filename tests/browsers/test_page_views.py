"""The page's views in a real Chromium: what comes, what is chosen, what is shown, by keys alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from corscope.journal.exchange import Exchange
from corscope.rules.load import Source, load
from corscope.rules.reload import State
from tests.browsers.conftest import need
from tests.browsers.web_page import AXE, NARROW, WIDE, WebPage, take_pictures
from tests.support.chromium import Chromium
from tests.support.relay import Relay
from tests.support.web import Served
from tests.web.scenes import HOSTILE, Recording, answers, asks, preflight, put, told

pytestmark = pytest.mark.browser

RULES = """
[[rule]]
name = "the API as it should be"
match.host = "api.example.com"
policy.allow_origins = ["https://app.example.com"]
policy.allow_credentials = true
"""

ROW = "[role=option]"
CHOSEN = "[role=option][aria-selected=true]"
OPEN = "article.exchange"


@pytest.fixture(scope="module")
def recording() -> Recording:
    return told()


@pytest.fixture(scope="module")
def served(recording: Recording) -> Iterator[Served]:
    """A page that is only looked at."""
    with Served(recording.store, State(load([Source("rules.toml", RULES.encode())]))) as served:
        yield served


@pytest.fixture
def page(chromium: Chromium, served: Served) -> Iterator[WebPage]:
    with WebPage(chromium, served.page.url) as page:
        page.see(ROW)
        yield page
        assert page.errors == []


# What comes


def test_exchanges_appear_as_they_come(chromium: Chromium) -> None:
    recording = Recording()
    with Served(recording.store) as served, WebPage(chromium, served.page.url) as page:
        page.see("#begin", "Send a browser through the proxy")
        page.see("#begin", "docs/cors.md")
        served.do(lambda: recording.exchange(asks("GET", "/first"), answers()))
        page.see(ROW, "/first")
        page.gone("#begin")
        served.do(lambda: put(recording))
        page.see(ROW, "/items/7")
        assert "/first" in page.texts(ROW)[-1], "the newest come first"
        page.press("p")
        served.do(lambda: recording.exchange(asks("GET", "/while-paused"), answers()))
        page.see("#pause", "Go on (1 new)")
        assert not any("/while-paused" in row for row in page.texts(ROW))
        page.press("p")
        page.see(ROW, "/while-paused")
        page.click("#clear")
        page.see("#begin")
        assert len(recording.store) == 0
        assert page.errors == []


def test_who_is_new_is_led_to_the_guide(chromium: Chromium) -> None:
    with Served(Recording().store) as served, WebPage(chromium, served.page.url) as page:
        page.click("#begin a", "how it works")
        page.see("article.guide", "What an origin is")
        page.see("[aria-current=page]", "Guide")
        page.press("PageDown")
        page.wait_for("() => document.querySelector('#view').scrollTop > 100")
        page.press("1")
        page.see("#begin")
        page.press("4")
        page.see("article.guide")
        assert page.errors == []


def test_a_page_whose_mitmproxy_has_ended_says_so(chromium: Chromium) -> None:
    """Also where another one, with another token, has come to its port."""
    with Served(told().store) as served, WebPage(chromium, served.page.url) as page:
        page.see("#line-state", "Live")
        page.see(ROW)  # the view itself may still be on its way
        port = served.page.port
        served.do(served.page.close)
        page.see("#line-state", "Connection lost")
        with Served(told().store, port=port) as other:
            assert other.page.port == port
            page.see("#line-state", "This mitmproxy has ended")
        page.see(ROW)


SHORT_OF_PATIENCE = """() => {
    const later = window.setTimeout;
    window.setTimeout = (what, ms, ...rest) => later(what, ms > 30_000 ? 1_500 : ms, ...rest);
}"""
"""Lets what would wait for the better part of a minute wait for a second and a half."""


def test_a_connection_that_is_lost_without_a_word_is_made_anew(chromium: Chromium) -> None:
    """As through a tunnel, of a laptop that has slept: the browser itself would wait for ever."""
    recording = told()
    with (
        Relay() as relay,
        Served(recording.store) as served,
        WebPage(chromium, served.page.url, proxy_port=relay.port, proxy_scheme="socks5") as page,
    ):
        page.see("#line-state", "Live")
        page.go("#/exchanges/exchange-1")
        page.see(OPEN)
        page.run(SHORT_OF_PATIENCE)
        served.do(lambda: recording.exchange(asks("GET", "/before-it"), answers()))
        page.see(ROW, "/before-it")
        relay.silence()
        served.do(lambda: recording.exchange(asks("GET", "/in-the-silence"), answers()))
        page.see(ROW, "/in-the-silence")
        page.see("#line-state", "Live")
        assert page.run("() => document.querySelector('article.exchange') !== null")
        served.do(lambda: recording.exchange(asks("GET", "/after-it"), answers()))
        page.see(ROW, "/after-it")


def test_the_title_tells_what_is_going_on(chromium: Chromium) -> None:
    """It is all that shows of a tab in the background."""
    recording = told()
    blocked = sum(entry.exchange.judgement.verdict == "blocked" for entry in recording.store)
    with Served(recording.store) as served, WebPage(chromium, served.page.url) as page:
        title_is = "wanted => document.title === wanted"
        page.wait_for(title_is, f"{blocked} blocked · Exchanges · corscope")
        page.click(f"{ROW}.blocked")
        page.see(".exchange h2")
        title = page.run("() => document.title")
        assert title.startswith("blocked ")
        assert title.endswith(" · Exchanges · corscope")
        page.press("3")
        page.wait_for(title_is, f"{blocked} blocked · Rules · corscope")
        served.do(served.page.close)
        page.wait_for(title_is, "Connection lost · Rules · corscope")


def test_a_view_that_can_not_come_says_why_and_comes_when_it_can(page: WebPage) -> None:
    page.see(ROW)
    page.offline(True)
    page.press("2")
    page.see("#view > .trouble", "mitmproxy doesn't answer: has it ended?")
    page.gone(ROW)
    page.offline(False)
    page.click("#view > .trouble button", "Try again")
    page.see(".matrix")
    page.errors.clear()  # the console tells of what didn't come


def test_an_address_that_changes_while_its_view_is_on_the_way_is_gone_to(page: WebPage) -> None:
    page.hold("view/endpoints")
    page.go("#/endpoints")
    page.see("[data-view=endpoints][aria-current]")
    page.go("#/endpoints/https%3A//api.example.com/items")
    page.let_go()
    page.see("article.endpoint")


def test_a_view_that_comes_late_changes_nothing_of_the_one_that_was_gone_to(page: WebPage) -> None:
    page.go("#/guide")
    page.see("article.guide")
    page.hold("view/exchanges")
    page.go("#/exchanges")
    page.see("[data-view=exchanges][aria-current]")
    page.go("#/endpoints/https%3A//api.example.com/items")
    page.see("article.endpoint")
    page.let_go()
    assert page.run("() => document.querySelector('article.endpoint') !== null")


def test_who_has_gone_on_is_not_called_back_when_all_is_cleared(chromium: Chromium) -> None:
    with Served(told().store) as served, WebPage(chromium, served.page.url) as page:
        page.see(ROW)
        page.press("p")
        page.delay("clear")
        page.click("#clear")
        page.await_answer()
        page.go("#/endpoints")
        page.see("#begin", "No endpoint was asked yet")
        page.let_go()
        page.see("#told", "Cleared")
        assert page.run("() => location.hash") == "#/endpoints"
        page.press("1")
        page.see("#begin")
        page.gone(ROW)
        assert page.errors == []


def test_a_fix_that_comes_late_takes_no_later_ones_place(page: WebPage) -> None:
    page.go("#/exchanges/exchange-1")
    page.see("[data-dialect]")
    page.delay("exchange/exchange-1/fix/nginx")
    page.choose("[data-dialect]", "nginx")
    page.await_answer()
    page.choose("[data-dialect]", "django")
    page.see(".remedy pre", "CORS_ALLOW")
    page.let_go()
    page.see(".remedy pre", "CORS_ALLOW")


def test_what_is_read_stays_in_its_place_while_more_comes(chromium: Chromium) -> None:
    recording = Recording()
    for number in range(100):
        recording.exchange(asks("GET", f"/{number}"), answers())
    with Served(recording.store) as served, WebPage(chromium, served.page.url) as page:
        page.see(ROW)
        page.run("() => { document.querySelector('#rows').scrollTop = 40 * 56; }")
        page.see(ROW, "/59")
        served.do(lambda: [recording.exchange(asks("GET", "/new"), answers()) for _ in range(7)])
        page.see("#shown", "107 exchanges")
        assert page.run("() => document.querySelector('#rows').scrollTop") == 47 * 56


def test_the_row_that_keys_have_led_to_stays_in_sight_while_more_comes(chromium: Chromium) -> None:
    """At the newest too, which would else be out of sight, and of no use to a screen reader."""
    recording = Recording()
    for number in range(40):
        recording.exchange(asks("GET", f"/{number}"), answers())
    with Served(recording.store) as served, WebPage(chromium, served.page.url) as page:
        page.see(ROW)
        page.press("j")
        page.see(CHOSEN, "/39")
        served.do(lambda: [recording.exchange(asks("GET", "/new"), answers()) for _ in range(50)])
        page.see("#shown", "90 exchanges")
        place = """() => {
            const active = document.activeElement.getAttribute("aria-activedescendant");
            const list = document.activeElement.getBoundingClientRect();
            return document.getElementById(active).getBoundingClientRect().top - list.top;
        }"""
        assert page.run(place) == 0
        page.press("k")
        page.see(CHOSEN, "/new")
        page.press("Home", "/")
        served.do(lambda: recording.exchange(asks("GET", "/last"), answers()))
        page.see(ROW, "/last")


def test_ten_thousand_rows_are_few_elements(chromium: Chromium) -> None:
    recording = Recording()
    one = recording.exchange(asks("GET", "/0"), answers())
    entry = recording.store.get(one)
    assert entry is not None
    for number in range(1, 10_000):
        recording.store.add(_copied(entry.exchange, number))
    with Served(recording.store) as served, WebPage(chromium, served.page.url) as page:
        page.see("#shown", "10,000 exchanges")
        page.press("End")
        page.see(CHOSEN, "/0")
        page.press("Home")
        page.see(CHOSEN, "/9999")
        assert len(page.texts(ROW)) < 40
        page.press("/")
        page.write("/4321")
        page.see("#shown", "1 of 10,000")
        page.see(ROW, "/4321")
        assert page.errors == []


_FED = """async () => {
    let source;
    window.EventSource = class extends EventTarget {
        constructor() {
            super();
            source = this;
        }
    };
    const { Feed } = await import(new URL("static/feed.js", document.baseURI));
    const feed = new Feed();
    feed.open();
"""
"""The page's feed, and the source that a test lets events come from."""

_IN_A_HIDDEN_TAB = """
    window.setTimeout = () => 0;
    const all = 50000;
    for (let n = 0; n < all; n += 200) {
        const rows = [];
        for (let at = n; at < n + 200; at += 1) rows.push({ id: `hidden-${at}`, n: at });
        source.dispatchEvent(new MessageEvent("rows", { data: JSON.stringify(rows) }));
    }
    const known = Array.from({ length: all }, (_, n) => n).filter((n) => feed.get(`hidden-${n}`));
    return [known.length, known.at(-1)];
}"""
"""One whose timers don't run: what comes is gathered all the same."""


def test_a_hidden_tab_gathers_only_so_many_rows(page: WebPage) -> None:
    known, last = page.run(_FED + _IN_A_HIDDEN_TAB)
    assert 10_000 <= known <= 20_000
    assert last == 49_999


_FAILED = """
    const said = [feed.missing];
    for (const data of ["1", "2000"]) {
        source.dispatchEvent(new MessageEvent("failed", { data }));
        said.push(feed.missing);
    }
    source.dispatchEvent(new MessageEvent("reset"));
    return [...said, feed.missing];
}"""


def test_what_corscope_failed_on_is_said_in_words_until_all_is_forgotten(page: WebPage) -> None:
    before, one, many, after = page.run(_FED + _FAILED)
    assert (before, after) == ("", "")
    assert one.startswith("corscope failed on 1 exchange, which")
    assert many.startswith("corscope failed on 2,000 exchanges, which")


def _copied(exchange: Exchange, number: int) -> Exchange:
    return replace(exchange, id=f"copy-{number}", url=f"https://api.example.com/{number}")


# What is chosen


@pytest.mark.parametrize(
    ("by", "value", "paths"),
    [
        ("origin", "null", ["/v2/logo"]),
        ("host", "https://cdn.example.net", ["/v2/logo"]),
        ("reason", "method-not-allowed", ["/items"]),
        ("rule", "the API as it should be", ["/reports", "/items/7"]),
    ],
)
def test_a_filter_leaves_what_fits(page: WebPage, by: str, value: str, paths: list[str]) -> None:
    page.choose(f"[data-by={by}]", value)
    page.see("#shown", f"{len(paths)} of 10")
    assert page.texts(f"{ROW} .path") == paths
    page.click("#reset")
    page.see("#shown", "10 exchanges")


def test_filters_add_up(page: WebPage) -> None:
    page.click("[data-verdict=blocked]")
    page.see("#shown", "5 of 10")
    page.press("/")
    page.write("api.example.com items")
    page.see("#shown", "2 of 10")
    page.write(" nothing-like-that")
    page.see("#none-left", "No exchange is like that.")
    page.press("Escape")
    page.see("#shown", "5 of 10")


def test_filters_and_a_pause_stay_while_other_views_are_looked_at(page: WebPage) -> None:
    page.click(".chip.blocked")
    page.choose("[data-by=host]", "https://api.example.com")
    page.click("#text")
    page.write("Items")
    page.press("Tab")
    page.press("p")
    page.see("#pause", "Go on")
    before = page.text("#shown")
    page.go("#/endpoints")
    page.see(".matrix")
    page.go("#/exchanges")
    page.see(ROW)
    assert page.text("#shown") == before
    assert page.run("() => document.querySelector('#text').value") == "Items"
    page.see("#pause[aria-pressed=true]", "Go on")
    page.click("#reset")
    page.see("#shown", "10 exchanges")


def test_verdicts_are_told_by_word_and_shape(page: WebPage) -> None:
    for verdict in ("allowed", "blocked", "conditional"):
        page.see(f"{ROW}.{verdict} .word", verdict)
        page.see(f"{ROW}.{verdict} .sign use[href='#shape-{verdict}']")


# What is shown


def test_a_blocked_preflight_tells_what_to_change(page: WebPage) -> None:
    page.click(ROW, "header-not-allowed")
    page.see(".answerbox", "Access-Control-Allow-Headers doesn't allow x-tenant")
    page.see(".sequence .leg.chosen", "Access-Control-Request-Headers")
    page.see(".engines", "Firefox")
    page.see(".console", "Request header field x-tenant is not allowed")
    page.see(".remedy pre", "x-tenant")
    page.choose("[data-dialect]", "nginx")
    page.see(".remedy pre", "add_header")


def test_the_headers_at_fault_lead_to_their_step(page: WebPage) -> None:
    page.click(ROW, "header-not-allowed")
    page.see(".leg.chosen .mark.fail")
    number = page.text(".leg.chosen .mark.fail")
    page.click(".leg.chosen .mark.fail")
    page.wait_for("id => document.activeElement.id === id", f"step-{number}")
    page.see(f"#step-{number}.fail", "x-tenant")


def test_a_redirect_is_drawn_hop_by_hop_with_each_origin(page: WebPage) -> None:
    page.click(ROW, "/v2/logo")
    page.see(".leg:nth-child(1)", "https://api.example.com/logo")
    page.see(".leg:nth-child(1)", "Location")
    page.see(".leg:nth-child(2).chosen", "https://cdn.example.net")
    page.see(".leg:nth-child(2) .request", "null")
    page.click(".leg:nth-child(1) a", "look at this one")
    page.see(".leg:nth-child(1).chosen")


def test_a_rules_work_is_before_and_after(page: WebPage) -> None:
    page.click(ROW, "/reports")
    page.see(".changes tr", "https://www.example.com")
    page.see(".changes tr", "nothing")
    page.see(".ruling .tag", "the API as it should be")
    page.see(".note", "Without the rule it would be")
    page.see(".note", "allow-origin-mismatch")


def test_a_rules_policy_is_written_for_a_server(page: WebPage) -> None:
    page.click(ROW, "/reports")
    page.see(".remedy h3", "The rule's policy")
    page.choose("[data-dialect]", "nginx")
    page.see(".remedy pre", "add_header")
    page.see(".remedy pre", "Access-Control-Allow-Credentials")
    page.press("Escape")
    page.click(ROW, "header-not-allowed")
    page.see(".remedy pre", "add_header")  # the dialect is kept


def test_what_is_written_is_copied(page: WebPage) -> None:
    page.click(ROW, "header-not-allowed")
    page.click(".remedy [data-copy]")
    page.see("#told", "Copied.")


def test_the_time_is_that_of_the_list(page: WebPage) -> None:
    page.click(ROW, "/reports")
    page.see(OPEN)
    assert page.text(f"{CHOSEN} time") == page.text(".from time")


def test_a_rule_that_answers_stands_in_the_servers_place(page: WebPage) -> None:
    page.click(ROW, "/items/7")
    page.see(".leg.by-rule .end.server", "rule, in the server's stead")
    page.see(".leg .message", "OPTIONS")


def test_an_address_that_is_written_wrong_leads_to_nothing(page: WebPage) -> None:
    page.go("#/exchanges/%")
    page.see(".detail .trouble", "no longer kept")
    assert [error for error in page.errors if "404" not in error] == []
    page.errors.clear()


def test_an_exchange_that_is_gone_says_so(page: WebPage) -> None:
    page.go("#/exchanges/never-was")
    page.see(".detail .trouble", "no longer kept")
    page.errors.clear()  # Chromium notes the 404


# By keys alone


def test_everything_is_done_without_a_mouse(page: WebPage) -> None:
    page.press("j")
    page.see(CHOSEN, "header-not-allowed")
    page.press("j", "ArrowDown", "k")
    page.see(CHOSEN, "/reports")
    page.press("Enter")
    page.see(f"{OPEN} h2", "/reports")
    page.press("j")
    page.see(f"{OPEN} h2", "/down")
    page.press("Escape")
    page.gone(OPEN)
    page.press("/")
    page.write("logo")
    page.press("ArrowDown", "Enter")
    page.see(f"{OPEN} h2", "/v2/logo")
    page.press("?")
    page.see("#help[open]", "next, previous exchange")
    page.press("Escape")
    page.gone("#help[open]")
    page.see(f"{OPEN} h2", "/v2/logo")


def test_the_theme_is_kept(page: WebPage) -> None:
    ground = "() => getComputedStyle(document.body).backgroundColor"
    light = page.run(ground)
    page.press("t", "t")
    page.see("#theme", "Theme: dark")
    dark = page.run(ground)
    assert dark != light
    page.run("() => location.reload()")
    page.see("#theme", "Theme: dark")
    assert page.run(ground) == dark


@pytest.mark.parametrize("size", [WIDE, (640, 430), NARROW], ids=["wide", "zoomed", "narrow"])
def test_what_is_in_a_row_or_in_the_bar_is_not_cut_in_two(
    page: WebPage, size: tuple[int, int]
) -> None:
    """The sizes are a laptop's, the same at 200 %, and a phone's."""
    page.resize(*size)
    page.see(ROW)
    cut = """() => [...document.querySelectorAll(".row .tag")]
        .filter(each => each.getBoundingClientRect().right
                      > each.parentElement.getBoundingClientRect().right + 1)
        .map(each => each.textContent)"""
    page.wait_for(f"() => ({cut})().length === 0")
    beside = """() => new Set([...document.querySelectorAll(".brand, #theme, #keys")].map(each => {
        const {top, height} = each.getBoundingClientRect();
        return Math.round(top + height / 2);
    })).size"""
    assert page.run(beside) == 1


def test_in_a_row_the_origin_gives_way_first_then_the_reason_then_a_tag(page: WebPage) -> None:
    cut = """selector => document.querySelector(`[data-id=exchange-10] ${selector}`).scrollWidth
        > document.querySelector(`[data-id=exchange-10] ${selector}`).clientWidth"""
    assert [page.run(cut, each) for each in (".origin", "code", ".tag")] == [True, False, False]
    page.resize(*NARROW)
    page.wait_for("() => document.querySelector('#rows').clientWidth < 400")
    assert [page.run(cut, each) for each in (".origin", "code", ".tag")] == [True, True, False]


@pytest.mark.parametrize(
    ("address", "selector"),
    [
        ("#/exchanges/exchange-10", "article.exchange"),
        ("#/endpoints/https%3A//api.example.com/items", "article.endpoint"),
        ("#/guide", "article.guide"),
    ],
)
def test_what_is_open_is_printed_whole(page: WebPage, address: str, selector: str) -> None:
    page.go(address)
    page.see(selector)
    page.on_paper()
    page.gone(".bar")
    page.gone("#rows, .table")
    height = "each => document.querySelector(each).offsetHeight"
    whole = page.run("() => document.documentElement.scrollHeight")
    assert whole >= page.run(height, selector) > WIDE[1]


def test_the_list_is_printed_as_it_is_seen(page: WebPage) -> None:
    page.on_paper()
    page.gone(".bar")
    page.see(ROW)


@pytest.fixture(scope="module")
def long() -> Iterator[Served]:
    """A page of what is longer than usual, in each way."""
    recording = Recording()
    recording.exchange(asks("GET", f"/{'a' * 2000}"), answers(allow_origin="x" * 65_536))
    recording.exchange(preflight("M" * 300, "x-header," * 300), answers(204, allow_origin="*"))
    right_to_left = "https://\u0645\u062b\u0627\u0644.test/\u6f22\u5b57\U0001f389".encode()
    recording.exchange(asks("GET", "/"), answers(allow_origin=right_to_left.decode("latin-1")))
    for number in range(20):
        site = f"https://{'sub.' * 10}{number}.example"
        recording.exchange(asks("GET", "/many", origin=site), answers(allow_origin="*"))
    with Served(recording.store) as served:
        yield served


@pytest.mark.parametrize("pixels", [16, 32], ids=["usual", "large"])
@pytest.mark.parametrize(
    ("address", "seen"),
    [
        ("#/exchanges", ROW),
        ("#/exchanges/exchange-1", OPEN),
        ("#/exchanges/exchange-2", OPEN),
        ("#/exchanges/exchange-3", OPEN),
        ("#/endpoints", "#matrix .cell"),
        ("#/endpoints/https%3A%2F%2Fapi.example.com%2Fmany", ".policy"),
        ("#/rules", ".inforce"),
        ("#/guide", "article.guide"),
    ],
)
def test_nothing_is_wider_than_a_small_phone(
    chromium: Chromium, long: Served, address: str, seen: str, pixels: int
) -> None:
    with WebPage(chromium, long.page.url, NARROW) as page:
        page.enlarge_text(pixels)
        page.go(address)
        page.see(seen)
        assert page.too_wide() == []
        page.press("?")
        page.see("#help")
        assert page.too_wide() == []


def test_what_is_longer_than_usual_can_be_heard_of(chromium: Chromium, long: Served) -> None:
    need("" if AXE.exists() else "axe-core (npm in tests/browsers/axe)")
    with WebPage(chromium, long.page.url) as page:
        for number in (1, 2, 3):
            page.go(f"#/exchanges/exchange-{number}")
            page.see(OPEN)
            assert page.complaints() == []
        page.go("#/endpoints")
        page.see("#matrix .cell")
        assert page.complaints() == []


def test_spaces_within_a_value_are_seen(chromium: Chromium) -> None:
    """As HTML has it, two of them would look like one."""
    recording = Recording()
    recording.exchange(asks("GET"), answers(allow_origin="https://a.example,  *"))
    with Served(recording.store) as served, WebPage(chromium, served.page.url) as page:
        page.click(ROW)
        page.see(OPEN)
        assert "https://a.example,  *" in page.texts(".lines .value")
        assert "'https://a.example,  *'" in page.texts(".console")[0]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_axe_finds_nothing(
    chromium: Chromium, served: Served, size: tuple[int, int], dark: bool
) -> None:
    need("" if AXE.exists() else "axe-core (npm in tests/browsers/axe)")
    with WebPage(chromium, served.page.url, size, dark=dark) as page:
        page.see(ROW)
        found = page.complaints()
        for path in ("header-not-allowed", "/reports", "/v2/logo", "/me"):
            page.go("#/exchanges")
            page.see(ROW)
            page.click(ROW, path)
            page.see(OPEN)
            found += page.complaints()
        page.press("?")
        found += page.complaints()
        assert found == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_where_there_is_nothing(chromium: Chromium, dark: bool) -> None:
    need("" if AXE.exists() else "axe-core (npm in tests/browsers/axe)")
    with Served(Recording().store) as served, WebPage(chromium, served.page.url, dark=dark) as page:
        page.see("#begin")
        assert page.complaints() == []


# Hostile values


def test_nothing_from_the_wire_is_executed(chromium: Chromium) -> None:
    recording = Recording()
    long = "<b>" + "x" * 65_536
    recording.exchange(
        asks("GET", f"/?{HOSTILE}", (("X-<b>", HOSTILE),), origin=HOSTILE),
        answers(allow_origin=HOSTILE, expose_headers=HOSTILE, vary=long),
    )
    recording.exchange(
        preflight(HOSTILE, HOSTILE), answers(204, allow_origin=long, allow_methods=HOSTILE)
    )
    recording.exchange(asks("GET", "/moved"), answers(302, allow_origin="*", location=HOSTILE))
    with Served(recording.store) as served, WebPage(chromium, served.page.url) as page:
        page.see(ROW)
        for number in (1, 2, 3):
            page.go(f"#/exchanges/exchange-{number}")
            page.see(f"{OPEN} .leg.chosen")
            page.see(".head h2")
            assert not page.is_owned()
            assert (
                page.run(
                    "() => document.querySelectorAll('#view script, #view img, #view b b').length"
                )
                == 0
            )
            shown = page.text("#view")
            assert not any(character in shown for character in "\x1b\u202e")
        assert page.errors == []


def test_what_gets_into_the_page_all_the_same_is_not_executed(page: WebPage) -> None:
    """The policy holds even where the escaping would not."""
    page.run(
        """() => {
            const place = document.createElement("div");
            place.innerHTML = `<img src="x:" onerror="window.owned = 'yes'">`;
            const script = document.createElement("script");
            script.textContent = "window.owned = 'yes'";
            document.body.append(place, script);
        }"""
    )
    page.wait_for("() => true")
    assert not page.is_owned()
    assert any("Content Security Policy" in error for error in page.errors)
    page.errors.clear()


def test_the_pictures_are_taken(chromium: Chromium, tmp_path: Path) -> None:
    take_pictures(chromium, tmp_path)
    pictures = Path(__file__).parents[2] / "docs" / "images"
    assert {path.name for path in tmp_path.iterdir()} == {
        each.name for each in pictures.glob("page*")
    }
