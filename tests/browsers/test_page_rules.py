"""The page's views of the endpoints and of the rules in a real browser, by keys alone too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from corscope.mitm.rules.live import LiveRules
from tests.browsers.conftest import need
from tests.browsers.web_page import AXE, NARROW, WIDE, WebPage
from tests.support.chromium import Chromium
from tests.support.mitmdump import wait_until
from tests.support.web import Served
from tests.web.rule_folder import ALLOW, HOSTILE_RULE, NAME, OTHER, folder_of
from tests.web.scenes import HOSTILE, PAGE, Recording, answers, asks, preflight, told

pytestmark = pytest.mark.browser

SUMMARY = "#whatif .summary"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def served(folder: Path) -> Iterator[Served]:
    with Served(told().store, rules=folder_of(folder, a=ALLOW, b=OTHER)) as served:
        yield served


@pytest.fixture
def page(chromium: Chromium, served: Served) -> Iterator[WebPage]:
    with WebPage(chromium, served.page.url + "#/rules") as page:
        page.see("#verdict", "It loads")
        yield page
        assert page.errors == []


def source(page: WebPage) -> str:
    text: str = page.run("() => document.querySelector('#source').value")
    return text


def rewrite(page: WebPage, old: str, new: str) -> None:
    """Select a piece of the text, and write another over it."""
    page.run(
        """old => {
            const source = document.querySelector("#source");
            const at = source.value.indexOf(old);
            source.focus();
            source.setSelectionRange(at, at + old.length);
        }""",
        old,
    )
    page.write(new)


# The endpoints


def test_the_endpoints_come_with_the_exchanges(chromium: Chromium) -> None:
    recording = Recording()
    with (
        Served(recording.store) as served,
        WebPage(chromium, served.page.url + "#/endpoints") as page,
    ):
        page.see("#begin", "No endpoint was asked yet")
        served.do(lambda: recording.exchange(asks("GET", "/first"), answers()))
        page.see(".matrix tbody th", "/first")
        page.gone("#begin")
        page.see(".matrix td .verdict", "blocked")
        served.do(lambda: recording.exchange(asks("GET", "/second"), answers(allow_origin=PAGE)))
        page.see(".matrix tbody th", "/second")
        assert page.errors == []


def test_an_endpoint_is_opened_and_left_by_keys(chromium: Chromium, served: Served) -> None:
    with WebPage(chromium, served.page.url) as page:
        page.press("2")
        page.see(".matrix tbody th", "/items")
        page.tab_to('.matrix a[href$="/items"]')
        page.press("Enter")
        page.see("article.endpoint h2", "https://api.example.com/items")
        page.see("article.endpoint", "2 preflights")
        page.see(".matrix [aria-current]", "/items")
        page.press("Escape")
        page.gone("article.endpoint")
        page.click(".matrix .cell")
        page.see("article.exchange", "What happened")
        assert page.errors == []


# The rules


def test_a_rule_is_switched_off_and_on(page: WebPage, served: Served) -> None:
    page.see(".rules li", NAME)
    page.tab_to("[role=switch]")
    page.press("Enter")
    page.see(".rules li", "for this run")
    assert served.rules is not None
    assert not served.rules.ruleset.rules[0].enabled
    page.press("Enter")
    page.gone(".rules li", "for this run")
    assert served.rules.ruleset.rules[0].enabled


def test_a_rule_is_written_and_saved_by_keys_alone(page: WebPage, folder: Path) -> None:
    """And the editor lets the focus go again."""
    page.tab_to("#source")
    page.press("Control+a")
    written = OTHER.replace("off for now", "by keys")
    page.write(written)
    page.see("#edited", "not saved yet")
    page.see("#verdict", "It loads")
    page.press("Control+s")
    page.see("#told", "Saved, and in force")
    assert (folder / "a.toml").read_text("utf-8") == written
    page.press("Tab")
    assert page.run("() => document.activeElement.id") != "source"


def test_what_is_saved_while_it_is_being_checked_is_saved_as_it_is_then(
    page: WebPage, folder: Path
) -> None:
    """A check that came by itself meanwhile had it taken for a mistake: on a busy machine, each."""
    page.hold("rules/check/0")
    rewrite(page, "[[rule]]", "# mine\n[[rule]]")
    page.press("Control+s")
    page.press("Control+s")
    page.write("  # and more")
    page.run("() => new Promise(done => setTimeout(done, 500))")  # so that it is checked by itself
    page.let_go()
    page.see("#told", "Saved, and in force")
    page.wait_for("() => document.querySelector('#edited').textContent === ''")
    assert "# mine\n[[rule]]  # and more\n" in (folder / "a.toml").read_text("utf-8")


def test_a_mistake_shows_at_its_line_and_keeps_the_file_from_being_saved(
    page: WebPage, folder: Path
) -> None:
    rewrite(page, '"api.example.com"', "api")
    page.see("#verdict", "1 mistake")
    page.see(".line-numbers .error", "8")
    page.see("#problems", "is no TOML")
    assert page.run("() => document.querySelector('#save').disabled")
    page.press("Control+s")
    page.see("#told", "It has mistakes")
    assert (folder / "a.toml").read_text("utf-8") == ALLOW
    page.click("#problems [data-line]")
    assert page.run("() => document.activeElement.id") == "source"


def test_what_would_change_is_seen_before_it_is_saved_and_is_so_after(
    page: WebPage, folder: Path, served: Served
) -> None:
    page.see(SUMMARY, "become allowed")
    rewrite(page, f'allow_origins = ["{PAGE}"]', 'allow_origins = ["https://else.example"]')
    page.see(SUMMARY, "1 allowed becomes blocked")
    page.see("#whatif .turns", "/reports")
    page.see("#edited", "not saved yet")
    assert (folder / "a.toml").read_text("utf-8") == ALLOW
    page.press("Control+s")
    page.see("#told", "Saved, and in force")
    assert "https://else.example" in (folder / "a.toml").read_text("utf-8")
    assert served.rules is not None
    policy = served.rules.ruleset.rules[0].policy
    assert policy is not None
    assert policy.allow_origins == ("https://else.example",)
    page.gone("#edited", "not saved yet")


def test_what_is_written_stays_while_other_views_are_looked_at(page: WebPage) -> None:
    rewrite(page, "DELETE", "PATCH")
    page.see("#edited", "not saved yet")
    page.go("#/exchanges")
    page.see("[role=option]")
    page.go("#/rules")
    page.see("#edited", "not saved yet")
    assert "PATCH" in source(page)
    page.click("#undo")
    page.gone("#edited", "not saved yet")
    assert source(page) == ALLOW


def test_a_file_that_changed_elsewhere_is_not_overwritten(page: WebPage, folder: Path) -> None:
    rewrite(page, "DELETE", "PATCH")
    page.see("#verdict", "It loads")
    (folder / "a.toml").write_text("# by hand\n", "utf-8")
    page.wait_for("() => !document.querySelector('#save').disabled")
    page.click("#save")
    page.see("#told", "The file has changed since it was opened here")
    assert (folder / "a.toml").read_text("utf-8") == "# by hand\n"
    page.errors.clear()  # the console tells of the answer's status


def saved_elsewhere(served: Served, file: Path, text: str) -> None:
    """Save a file as another editor does, and let mitmproxy see it."""
    file.write_text(text, "utf-8")
    assert served.rules is not None
    served.do(served.rules.read_again)
    served.do(served.page.look)


def test_what_is_saved_elsewhere_shows_without_any_traffic(
    page: WebPage, folder: Path, served: Served
) -> None:
    saved_elsewhere(served, folder / "a.toml", ALLOW.replace(NAME, "as another editor has it"))
    page.see(".rules li", "as another editor has it")
    page.wait_for("() => document.querySelector('#source').value.includes('another editor')")
    page.gone("#edited", "not saved yet")
    saved_elsewhere(served, folder / "a.toml", "[[rule]]\n")
    page.see("#list", "What was read last has mistakes")
    page.see("#verdict", "mistake")


def test_a_file_that_goes_and_comes_back_is_told_of(chromium: Chromium, folder: Path) -> None:
    file = folder / "a.toml"
    file.write_text(ALLOW, "utf-8")
    rules = LiveRules()
    rules.read([str(file)])
    with (
        Served(told().store, rules=rules) as served,
        WebPage(chromium, served.page.url + "#/rules") as page,
    ):
        page.see("#verdict", "It loads")
        file.unlink()
        served.do(rules.read_again)
        served.do(served.page.look)
        page.see("#verdict", "It can't be read: No such file or directory")
        page.see("#list", "What was read last has mistakes")
        saved_elsewhere(served, file, ALLOW)
        page.see("#verdict", "It loads")


def test_what_is_written_stays_where_the_file_changes_elsewhere(
    page: WebPage, folder: Path, served: Served
) -> None:
    rewrite(page, "DELETE", "PATCH")
    page.see("#edited", "not saved yet")
    saved_elsewhere(served, folder / "a.toml", "# by hand\n")
    page.see("#edited", "not saved yet; the file has changed elsewhere")
    assert "PATCH" in source(page)
    page.click("#undo")
    page.wait_for("() => document.querySelector('#source').value === '# by hand\\n'")


def test_what_is_written_stays_with_its_file_where_another_comes_before_it(
    page: WebPage, folder: Path, served: Served
) -> None:
    page.choose("#file", "1")
    page.wait_for("text => document.querySelector('#source').value === text", OTHER)
    rewrite(page, "off for now", "mine")
    page.see("#edited", "not saved yet")
    saved_elsewhere(served, folder / "aa.toml", "# new\n")
    page.wait_for("() => document.querySelector('#file').options.length === 3")
    page.wait_for("() => document.querySelector('#source').value.includes('mine')")
    assert page.run("() => location.hash") == "#/rules/2"
    page.click("#save")
    page.see("#told", "Saved, and in force")
    assert 'name = "mine"' in (folder / "b.toml").read_text("utf-8")
    assert (folder / "aa.toml").read_text("utf-8") == "# new\n"


def test_a_reload_asks_first_while_anything_is_not_saved(page: WebPage) -> None:
    assert not asks_before_it_goes(page)
    rewrite(page, "DELETE", "PATCH")
    page.see("#edited", "not saved yet")
    assert asks_before_it_goes(page)
    page.click("#undo")
    page.gone("#edited", "not saved yet")
    assert not asks_before_it_goes(page)


def asks_before_it_goes(page: WebPage) -> bool:
    """Whether the page would have the browser ask its user."""
    going = """() => !dispatchEvent(new Event("beforeunload", {cancelable: true}))"""
    asks: bool = page.run(going)
    return asks


def test_another_file_is_chosen(page: WebPage) -> None:
    page.choose("#file", "1")
    page.wait_for("text => document.querySelector('#source').value === text", OTHER)
    assert page.run("() => location.hash") == "#/rules/1"


def test_a_rule_from_an_exchange_mends_it(chromium: Chromium, folder: Path) -> None:
    recording = Recording()
    recording.exchange(preflight("PUT", "x-tenant"), answers(204))
    with (
        Served(recording.store, rules=folder_of(folder, a=f"# mine\n\n{OTHER}")) as served,
        WebPage(chromium, served.page.url + "#/exchanges/exchange-1") as page,
    ):
        page.tab_to("a[href^='#/rules/from/']")
        page.press("Enter")
        page.see(SUMMARY, "1 blocked becomes allowed")
        text = source(page)
        assert text.startswith('# mine\n\n[[rule]]\nname = "https://app.example.com may PUT')
        assert text.endswith(OTHER)
        page.press("Control+s")
        page.see("#told", "Saved, and in force")
        page.see(".rules li", "https://app.example.com may PUT")
        written = folder / "a.toml"
        wait_until(lambda: written.read_text("utf-8") == text, 10, "the file to be written")
        assert page.errors == []


def test_a_rule_that_comes_when_its_view_is_left_leaves_the_address_alone(page: WebPage) -> None:
    page.hold("rules/from/exchange-1")
    page.go("#/rules/from/exchange-1")
    page.wait_for("() => window.isAsked")
    page.go("#/endpoints")
    page.see(".matrix")
    page.let_go()
    assert page.run("() => location.hash") == "#/endpoints"


# What comes late


def test_a_list_that_comes_late_takes_no_later_ones_place(page: WebPage, served: Served) -> None:
    page.see(".rules li", NAME)
    page.delay("rules/list")
    page.tab_to("[role=switch]")
    page.press("Enter")  # off; the list as it is then is on its way
    page.await_answer()
    page.click("[role=switch]")  # and on again
    assert served.rules is not None
    rules = served.rules
    wait_until(lambda: rules.ruleset.rules[0].enabled, 10, "the rule to be on")
    page.wait_for("() => document.querySelector('#told').textContent.includes('is on for')")
    page.let_go()
    page.gone(".rules li", "for this run")
    assert page.run("() => document.querySelector('[role=switch]').ariaChecked") == "true"


@pytest.mark.parametrize("is_lost", [False, True])
def test_a_file_that_comes_late_takes_no_later_ones_place(page: WebPage, is_lost: bool) -> None:
    page.delay("rules/file/1", is_lost=is_lost)
    page.choose("#file", "1")
    page.await_answer()
    page.choose("#file", "0")
    page.let_go()
    assert source(page) == ALLOW
    assert page.run("() => document.querySelector('#source').disabled") is False


def test_what_is_looked_at_again_in_vain_is_not_another_file(page: WebPage, folder: Path) -> None:
    """It would be saved over it."""
    page.delay("rules/file/0", is_lost=True)
    (folder / "b.toml").write_text(f"# changed\n{OTHER}", "utf-8")
    page.run("() => window.dispatchEvent(new Event('hashchange'))")
    page.click("[role=switch]")  # the list is made anew, and the file looked at again
    page.await_answer()
    page.choose("#file", "1")
    page.wait_for("text => document.querySelector('#source').value.includes(text)", OTHER)
    page.let_go()
    rewrite(page, "[[rule]]", "# mine\n[[rule]]")
    page.press("Control+s")
    page.see("#told", "Saved, and in force")
    assert (folder / "a.toml").read_text("utf-8") == ALLOW


def test_a_rule_that_comes_when_another_file_is_open_is_in_neither(page: WebPage) -> None:
    page.delay("rules/from/exchange-1")
    page.go("#/rules/from/exchange-1")
    page.await_answer()
    page.choose("#file", "1")
    page.wait_for("text => document.querySelector('#source').value === text", OTHER)
    page.let_go()
    assert source(page) == OTHER
    assert page.run("() => location.hash") == "#/rules/1"


def test_what_is_saved_while_another_file_is_opened_is_that_file_alone(
    page: WebPage, folder: Path
) -> None:
    rewrite(page, "[[rule]]", "# mine\n[[rule]]")
    page.see("#verdict", "It loads")
    page.delay("rules/file/0")
    page.press("Control+s")
    page.await_answer()
    page.choose("#file", "1")
    page.wait_for("text => document.querySelector('#source').value === text", OTHER)
    page.let_go()
    page.see("#told", "Saved, and in force")
    assert (source(page), page.text("#edited")) == (OTHER, "")
    assert "# mine" in (folder / "a.toml").read_text("utf-8")


def test_without_rule_files_it_says_what_to_do(chromium: Chromium) -> None:
    with Served(told().store) as served, WebPage(chromium, served.page.url + "#/rules") as page:
        page.see(".begin", "No rule file is in force")
        page.gone("#source")
        assert page.errors == []


# All of it


VIEWS = {
    "#/endpoints": ".matrix",
    "#/endpoints/https%3A//api.example.com/items": "article.endpoint .costs",
    "#/guide": "article.guide",
    "#/rules": "#whatif .turns",
}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_axe_finds_nothing(
    chromium: Chromium, served: Served, size: tuple[int, int], dark: bool
) -> None:
    need("" if AXE.exists() else "axe-core (npm in tests/browsers/axe)")
    found = []
    with WebPage(chromium, served.page.url, size, dark=dark) as page:
        for address, seen in VIEWS.items():
            page.go(address)
            page.see(seen)
            found += page.complaints()
        rewrite(page, '"api.example.com"', "api")
        page.see("#verdict", "1 mistake")
        found += page.complaints()
    assert found == []


@pytest.mark.parametrize("address", list(VIEWS))
def test_nothing_is_wider_than_a_small_phone(
    chromium: Chromium, served: Served, address: str
) -> None:
    with WebPage(chromium, served.page.url + address, NARROW) as page:
        page.see(VIEWS[address])
        wide = """() => [...document.querySelectorAll("body *")]
            .filter(each => each.getBoundingClientRect().right > innerWidth + 1)
            .filter(each => !each.closest("pre, .scrolls, .unseen, .skip"))
            .map(each => each.outerHTML.slice(0, 120))"""
        assert page.run(wide) == []


@pytest.mark.parametrize("size", [NARROW, (640, 430)], ids=["a phone", "enlarged to 200 %"])
def test_nothing_covers_anything_where_there_is_little_room(
    chromium: Chromium, folder: Path, size: tuple[int, int]
) -> None:
    bad = "\n".join(["[[rule]]", *(f"unknown-{number} = 1" for number in range(20))])
    with (
        Served(told().store, rules=folder_of(folder, a=f"{ALLOW}\n{bad}")) as served,
        WebPage(chromium, served.page.url + "#/rules", size) as page,
    ):
        page.see("#verdict", "mistakes")
        page.see("#list", "unknown-19")
        ends = "at => document.querySelector(at[0]).getBoundingClientRect()[at[1]]"
        for above, below in (("#list", ".editing"), (".editor", ".outcome")):
            assert page.run(ends, [above, "bottom"]) <= page.run(ends, [below, "top"])
        assert page.too_wide() == []


def test_nothing_from_the_wire_or_a_file_is_executed(chromium: Chromium, folder: Path) -> None:
    recording = Recording()
    recording.exchange(
        asks("GET", f"/{HOSTILE}", origin=HOSTILE), answers(allow_origin=HOSTILE, vary=HOSTILE)
    )
    recording.exchange(preflight(HOSTILE, HOSTILE), answers(204, allow_methods=HOSTILE))
    rules = folder_of(folder, a=HOSTILE_RULE)
    with Served(recording.store, rules=rules) as served, WebPage(chromium, served.page.url) as page:
        for address, seen in (
            ("#/endpoints", ".matrix"),
            ("#/endpoints/https%3A//api.example.com/items", "article.endpoint"),
            ("#/rules", "#verdict"),
        ):
            page.go(address)
            page.see(seen)
            assert not page.is_owned()
            assert (
                page.run("() => document.querySelectorAll('#view script, #view img').length") == 0
            )
