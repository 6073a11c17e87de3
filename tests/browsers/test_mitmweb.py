"""corscope in mitmweb, in a real Chromium: marker, comment, content view, commands."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page

from corscope.mitm.start.installed import find_browsers
from tests.live.wire import Client, RawServer, ask, preflight, reply
from tests.support.chromium import Chromium
from tests.support.mitmdump import wait_until
from tests.support.mitmweb import Mitmweb

RULES = """
[[rule]]
name = "the API"
match.host = "ruled.test"
policy = { allow_origins = ["http://page.test"], allow_methods = ["PUT"] }
"""

HOSTILE = (
    b"Access-Control-Allow-Origin: <img src=x onerror=alert(1)><script>alert(2)</script>\x1b[2J"
    + "\u202e".encode()
    + b"x" * 60_000
)
URL = "http://api.test/"

WITH_ICON = b"<!doctype html><link rel=icon href='data:,'>"
"""A page that gives its icon, so that no browser asks for one in a later test."""


class Web:
    """mitmweb's page, and what a person does with it."""

    def __init__(self, mitmweb: Mitmweb, chromium: Chromium, folder: Path) -> None:
        self.mitmweb = mitmweb
        self.folder = folder
        self._chromium = chromium
        self._opened = chromium.open(f"{mitmweb.url}#/flows?c=true", None)
        self.page: Page = self._opened._page
        self.dialogs: list[str] = []
        self._call(self._settle())

    async def _settle(self) -> None:
        """Load it twice: a command bar that is there before mitmweb's cookie never gets it."""
        self.page.on("dialog", lambda dialog: self.dialogs.append(dialog.message))
        await self.page.wait_for_function("document.cookie.includes('_xsrf')")
        await self.page.reload()

    def close(self) -> None:
        self._opened.close()

    def send(self, data: bytes) -> None:
        with Client(self.mitmweb.port) as client:
            client.send(data).reply()

    def see(self, selector: str, text: str) -> None:
        self._call(self.page.locator(selector).filter(has_text=text).first.wait_for())

    def click(self, selector: str, text: str) -> None:
        self._call(self.page.locator(selector).filter(has_text=text).first.click())

    def open_cors_view(self) -> None:
        """Show the response as corscope does, once mitmweb's own choice of a view has come.

        Which of the two comes last is shown: a click before the first would be undone by it.
        """
        self.click(".flow-detail nav a", "Response")
        self.see(".contentview .controls h5", "Raw")
        self.click(".contentview .controls a", "View:")
        self.click(".dropdown-menu a", "cors")

    def text(self, selector: str) -> str:
        return str(self._call(self.page.locator(selector).first.inner_text()))

    def command(self, *words: object) -> Any:
        """Type a command into the command bar, and return what it shows of the result."""
        told = " ".join(f"'{word}'" if " " in str(word) else str(word) for word in words)
        results = self.page.locator(".command-result > div")
        before = self._call(results.count())
        self._call(self.page.locator(".command input").first.fill(told))
        self._call(self.page.locator(".command input").first.press("Enter"))
        self._call(results.nth(before).wait_for())
        shown = str(self._call(results.nth(before).inner_text())).partition("\n")[2].strip()
        return json.loads(shown) if shown else None

    def clear(self) -> None:
        self.command("view.clear")

    def _call(self, doing: Any) -> Any:
        return self._chromium.call(doing)


@pytest.fixture(scope="module")
def server() -> Iterator[RawServer]:
    with RawServer() as running:
        yield running


@pytest.fixture(scope="module")
def environment() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


def _path_with_chromium(folder: Path) -> str:
    """A PATH on which Chromium needs no screen, and is the first."""
    found = next(each.path for each in find_browsers() if each.name == "Chromium")
    wrapper = folder / "chromium"
    wrapper.write_text(f'#!/bin/sh\nexec "{found}" --headless "$@"\n', "utf-8")
    wrapper.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


@pytest.fixture(scope="module")
def running(
    server: RawServer,
    chromium: Chromium,
    environment: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Web]:
    folder: Path = tmp_path_factory.mktemp("mitmweb")
    (folder / "rules.toml").write_text(RULES, "utf-8")
    options = {"cors_rules": folder / "rules.toml", "connection_strategy": "lazy"}
    environment.setenv("PATH", _path_with_chromium(folder))
    with Mitmweb(folder, server.mode, options) as mitmweb:
        web = Web(mitmweb, chromium, folder)
        yield web
        web.close()


@pytest.fixture
def web(running: Web) -> Web:
    """With no flows."""
    running.clear()
    return running


def test_marker_comment_and_view_tell_of_a_blocked_exchange(web: Web, server: RawServer) -> None:
    server.answers[URL] = reply()
    web.send(ask(URL))
    web.see("td .marker", "🔴")
    web.click("tbody tr", URL)
    web.click(".flow-detail nav a", "Comment")
    web.see(".flow-detail", "CORS blocked: allow-origin-missing")
    web.open_cors_view()
    web.see(".contentview pre", "fail     Is there an Access-Control-Allow-Origin?")


def test_a_preflights_comment_changes_while_it_is_looked_at(web: Web, server: RawServer) -> None:
    server.answers[URL] = reply(
        *("Access-Control-Allow-Origin: http://page.test", "Access-Control-Allow-Methods: PUT"),
        "Access-Control-Allow-Credentials: true",
    )
    web.send(preflight(URL))
    web.click("tbody tr", URL)
    web.click(".flow-detail nav a", "Comment")
    web.see(".flow-detail", "CORS allowed")
    web.send(ask(URL, method="PUT"))
    web.see(".flow-detail", "CORS allowed, followed")


def test_an_exchange_is_explained_in_the_command_bar(web: Web, server: RawServer) -> None:
    server.answers[URL] = reply()
    web.send(preflight(URL))
    web.see("tbody tr", URL)
    lines = web.command("cors.explain", "~u api.test")
    assert any(line.startswith("Preflight because PUT") for line in lines)


def test_the_rules_are_listed_switched_and_read_again(web: Web) -> None:
    assert web.command("cors.rules")[0].startswith("the API (apply;")
    web.command("cors.rule.toggle", "the API")
    assert web.command("cors.rules")[0].startswith("the API (off for this run;")
    web.command("cors.rule.toggle", "the API")
    assert web.command("cors.rule.names") == ["the API"]
    assert web.command("cors.rule.toggle", "te API") == 'no rule "te API": did you mean "the API"?'
    web.command("cors.reload")
    wait_until(lambda: web.mitmweb.log().count("1 in force") == 2, 10, "another reading")


def test_rules_and_files_are_made_from_what_came(web: Web, server: RawServer) -> None:
    server.answers[URL] = reply()
    web.send(ask(URL))
    web.see("tbody tr", URL)
    rule = web.command("cors.rule.from", "@focus")
    assert "[[rule]]" in rule
    (web.folder / "new.toml").write_text("\n".join(rule), "utf-8")
    told = web.command("cors.whatif", web.folder / "new.toml", "@all")
    assert told[0] == "1 blocked becomes allowed"
    web.command("cors.repro", "@focus", web.folder / "repro.py")
    web.command("cors.report", web.folder / "report.html")
    web.command("cors.export", "the API", "express", web.folder / "server.js")
    wait_until(lambda: "exchanges written to" in web.mitmweb.log(), 10, "the report's end")
    for name in ("repro.py", "report.html", "server.js"):
        assert (web.folder / name).stat().st_size > 100


def test_a_browser_is_opened_from_the_command_bar(web: Web, server: RawServer) -> None:
    server.answers[f"{URL}opened"] = reply("Content-Type: text/html", body=WITH_ICON)
    web.command("cors.browser", "chromium", f"{URL}opened")
    web.see("tbody tr", f"{URL}opened")


def test_a_missing_browser_is_told_with_those_that_are_there(web: Web) -> None:
    assert "chromium" in web.command("cors.browsers")
    assert web.command("cors.browser", "netscape").startswith('no browser "netscape": there is ')


def test_the_page_executes_nothing_that_a_server_sends(web: Web, server: RawServer) -> None:
    server.answers[URL] = reply(HOSTILE)
    web.send(ask(URL))
    web.click("tbody tr", URL)
    web.open_cors_view()
    web.see(".contentview pre", "<img src=x onerror=alert(1)>")
    shown = web.text(".contentview pre")
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert any("<script>alert(2)</script>" in line for line in web.command("cors.explain", "@all"))
    assert web.dialogs == []
