"""The page in a real Chromium: what a person does, and what is there to see.

Run as a program, it takes the pictures that README and docs show:

    make picture
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

from playwright.async_api import Page

from tests.support.chromium import Chromium
from tests.support.web import Served
from tests.web.rule_folder import ALLOW, folder_of
from tests.web.scenes import busy, told

AXE = Path(__file__).parent / "axe" / "node_modules" / "axe-core" / "axe.min.js"

_WITHOUT_FOLDERS = """() => {
    for (const each of document.querySelectorAll("#file option, #list .path code")) {
        each.textContent = each.textContent.split("/").pop();
    }
}"""
"""A temporary folder's name is nothing to look at."""

_HELD = """path => {
    const asked = window.fetch;
    const until = new Promise(go => { window.letGo = go; });
    window.fetch = async (url, init) => {
        if (url !== path) return await asked(url, init);
        window.isAsked = true;
        await until;
        const answer = await asked(url, init);
        setTimeout(() => { window.hasCome = true; }, 50);
        return answer;
    };
}"""
"""Lets what the page asks for at this path wait for `letGo`."""

_LATE = """([path, isLost]) => {
    const asked = window.fetch;
    const until = new Promise(go => { window.letGo = go; });
    window.fetch = async (url, init) => {
        if (url !== path || window.isAsked) return await asked(url, init);
        window.isAsked = true;
        const answer = await asked(url, init);
        window.isAnswered = true;
        await until;
        setTimeout(() => { window.hasCome = true; }, 50);
        if (isLost) throw new TypeError("lost on its way");
        return answer;
    };
}"""
"""Lets the first answer from this path wait for `letGo`, as it was when it was asked for."""

_MOST_TABS = 60

WIDE = (1280, 860)
NARROW = (360, 740)


class WebPage:
    """Open while used as a context manager; `errors` is all that its console complains of."""

    def __init__(
        self,
        chromium: Chromium,
        url: str,
        size: tuple[int, int] = WIDE,
        *,
        proxy_port: int | None = None,
        proxy_scheme: str = "http",
        dark: bool = False,
    ) -> None:
        self._chromium = chromium
        self._url = url
        self._size = size
        self._proxy_port = proxy_port
        self._proxy = f"{proxy_scheme}://127.0.0.1:{proxy_port}"
        self._scheme: Any = "dark" if dark else "light"
        self.errors: list[str] = []

    def __enter__(self) -> Self:
        self.page: Page = self._chromium.call(self._open())
        return self

    def __exit__(self, *_: object) -> None:
        self._chromium.call(self.page.context.close())

    async def _open(self) -> Page:
        width, height = self._size
        context = await self._chromium._browser.new_context(
            proxy={"server": self._proxy, "bypass": "<-loopback>"} if self._proxy_port else None,
            viewport={"width": width, "height": height},
            color_scheme=self._scheme,
            bypass_csp=False,
        )
        page = await context.new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._on_console)
        await page.goto(self._url)
        await page.locator("[aria-current=page]").wait_for()
        return page

    def _on_console(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.errors.append(message.text)

    def see(self, selector: str, text: str | None = None) -> None:
        """Wait until such an element is in sight, with this text in it."""
        found = self.page.locator(selector)
        if text is not None:
            found = found.filter(has_text=text)
        self._chromium.call(found.first.wait_for())

    def gone(self, selector: str, text: str = "") -> None:
        """Wait until no such element with this text in it is in sight."""
        found = self.page.locator(selector).filter(has_text=text)
        self._chromium.call(found.first.wait_for(state="hidden"))

    def click(self, selector: str, text: str = "") -> None:
        found = self.page.locator(selector).filter(has_text=text)
        self._chromium.call(found.first.click())

    def press(self, *keys: str) -> None:
        for key in keys:
            self._chromium.call(self.page.keyboard.press(key))

    def tab_to(self, selector: str) -> None:
        """Press Tab until such an element has the focus, once it is there."""
        self.see(selector)
        for _ in range(_MOST_TABS):
            if self.run("each => document.activeElement.matches(each)", selector):
                return
            self.press("Tab")
        raise AssertionError(f"Tab doesn't lead to {selector}")

    def write(self, text: str) -> None:
        self._chromium.call(self.page.keyboard.type(text))

    def choose(self, selector: str, value: str) -> None:
        self._chromium.call(self.page.locator(selector).select_option(value))

    def text(self, selector: str) -> str:
        return self._chromium.call(self.page.locator(selector).first.inner_text())

    def texts(self, selector: str) -> list[str]:
        return self._chromium.call(self.page.locator(selector).all_inner_texts())

    def run(self, script: str, argument: object = None) -> Any:
        return self._chromium.call(self.page.evaluate(script, argument))

    def is_owned(self) -> bool:
        """Whether any of what a hostile server sends has run."""
        return bool(self.run("() => 'owned' in window"))

    def wait_for(self, script: str, argument: object = None) -> None:
        """Wait until an expression in the page is true."""
        self._chromium.call(self.page.wait_for_function(script, arg=argument))

    def hold(self, path: str) -> None:
        """Let what the page asks for at this path not come until `let_go`."""
        self.run(_HELD, path)

    def delay(self, path: str, *, is_lost: bool = False) -> None:
        """Let the next answer from this path come only at `let_go`, or get lost then."""
        self.run(_LATE, [path, is_lost])

    def await_answer(self) -> None:
        """Wait until the server has given the answer that is delayed."""
        self.wait_for("() => window.isAnswered")

    def let_go(self) -> None:
        """Let come what was held, and wait until the page has made of it what it does."""
        self.run("() => window.letGo()")
        self.wait_for("() => window.hasCome")

    def go(self, address: str) -> None:
        """Go to an address within the page, as a link does."""
        self.run("address => { location.hash = address; }", address)

    def resize(self, width: int, height: int) -> None:
        self._chromium.call(self.page.set_viewport_size({"width": width, "height": height}))

    def enlarge_text(self, pixels: int) -> None:
        """Set the browser's size of text, which is 16 pixels unless a person wants it otherwise."""
        devtools = self._chromium.call(self.page.context.new_cdp_session(self.page))
        sizes = {"fontSizes": {"standard": pixels, "fixed": pixels}}
        self._chromium.call(devtools.send("Page.setFontSizes", sizes))

    def too_wide(self) -> list[str]:
        """What reaches beyond the window, and can't be scrolled to in a place of its own."""
        beyond: int = self.run("() => document.documentElement.scrollWidth - innerWidth")
        found: list[str] = self.run(
            """() => [...document.querySelectorAll("body *")]
                .filter(each => each.getBoundingClientRect().right > innerWidth + 1)
                .filter(each => !each.closest("pre, .row, .table, .scrolls, .unseen, .skip"))
                .map(each => each.outerHTML.slice(0, 120))"""
        )
        return [*found, f"the page itself, by {beyond} pixels"] if beyond > 0 else found

    def on_paper(self) -> None:
        """Show it as it would be printed."""
        self._chromium.call(self.page.emulate_media(media="print"))

    def offline(self, is_so: bool) -> None:
        """Let nothing be reached from now on, or all again."""
        self._chromium.call(self.page.context.set_offline(is_so))

    def complaints(self) -> list[str]:
        """What axe-core finds. It is run beside the page's own scripts, past its policy."""
        self._chromium.call(self._settled())
        devtools = self._chromium.call(self.page.context.new_cdp_session(self.page))
        self._chromium.call(
            devtools.send("Runtime.evaluate", {"expression": AXE.read_text("utf-8")})
        )
        found = self.run("async () => (await axe.run()).violations")
        return [
            f"{each['id']}: {node['target']}: {node['failureSummary']}"
            for each in found
            for node in each["nodes"]
        ]

    async def _settled(self) -> None:
        """Wait until no colour is on its way to another."""
        await self.page.evaluate(
            "() => Promise.allSettled(document.getAnimations().map(each => each.finished))"
        )

    def screenshot(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._chromium.call(self._settled())
        self._chromium.call(self.page.screenshot(path=path))


def take_pictures(chromium: Chromium, folder: Path) -> None:
    """Write the pictures of the page's views."""
    with Served(told().store) as served:
        for name, address, dark in (
            ("page.png", "#/exchanges/exchange-10", False),
            ("page-redirect-dark.png", "#/exchanges/exchange-6", True),
        ):
            with WebPage(chromium, served.page.url, (1280, 900), dark=dark) as page:
                page.see("[role=option]")
                page.go(address)
                page.see("article.exchange")
                page.screenshot(folder / name)

    _take_pictures_of_rules(chromium, folder)


def _take_pictures_of_rules(chromium: Chromium, folder: Path) -> None:
    """Write those of the views that need rule files, or preflights in number."""
    with (
        TemporaryDirectory() as place,
        Served(busy().store, rules=folder_of(Path(place), api=ALLOW)) as served,
        WebPage(chromium, served.page.url, (1280, 900)) as page,
    ):
        page.resize(1280, 1240)
        page.go("#/endpoints/https%3A//api.example.com/items")
        page.see(".matrix")
        page.see("article.endpoint .costs")
        page.screenshot(folder / "page-endpoint.png")
        page.resize(1280, 900)
        page.go("#/rules")
        page.see("#whatif .turns")
        page.see("#list .path")
        page.run(_WITHOUT_FOLDERS)
        page.screenshot(folder / "page-rules.png")


def main() -> None:
    with Chromium() as chromium:
        take_pictures(chromium, Path(sys.argv[1]))


if __name__ == "__main__":
    main()
