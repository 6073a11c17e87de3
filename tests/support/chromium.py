"""Debian's Chromium, driven for what its scripts see and what its network stack reports.

Playwright starts and steers it; a DevTools session beside that listens to ``Network.*``, because
only there does Chromium name the CORS error (``corsErrorStatus.corsError``): a script sees the
same TypeError for every cause.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import shutil
import threading
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, TypeVar

from .mitmdump import wait_until
from .page import AskingPage

if TYPE_CHECKING:  # imported at run time only once it is known to be installed
    from playwright.async_api import (
        Browser,
        BrowserContext,
        ConsoleMessage,
        Playwright,
        ProxySettings,
    )
    from playwright.async_api import Page as PlaywrightPage

__all__ = ["Chromium", "Failed", "Page", "missing_parts"]

T = TypeVar("T")

CALL_SECONDS = 120.0

FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-client-side-phishing-detection",
    "--no-pings",
    "--no-service-autorun",
    # Proxied hosts are never resolved here, so that whatever still asks for a name is to fail.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)

# The browser's own address bar must not rewrite http to https, and an isolated sandbox would hide
# its requests from the page's DevTools session: neither is CORS.
DISABLED_FEATURES = (
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "IsolateSandboxedIframes",
    "MediaRouter",
    "DialMediaRouteProvider",
    "OptimizationHints",
    "Translate",
)


@dataclass(frozen=True, slots=True)
class Failed:
    """One ``Network.loadingFailed``; the error of a preflight stands on its actual request."""

    start: str  # where the fetch began
    url: str  # where it ended, after redirects
    cors_error: str | None
    failed_parameter: str
    error_text: str  # a net:: code; where nothing was sent, what kept it back


def missing_parts() -> str:
    """Name what a browser test needs and this machine lacks; empty when all is there."""
    missing = []
    if shutil.which("chromium") is None:
        missing.append("the program chromium (Debian: apt install chromium)")
    if importlib.util.find_spec("playwright") is None:
        missing.append("the Python package playwright")
    return " and ".join(missing)


class Chromium:
    """One headless browser with a fresh profile; each proxy gets a context of its own.

    It may be given flags besides those that all tests want.

    Playwright runs on an event loop in a thread of its own: its synchronous interface would
    leave a running loop in the tests' thread, where any later ``asyncio.run`` then fails.
    """

    def __init__(self, *flags: str) -> None:
        self._flags = flags
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._playwright, self._browser = self.call(_launch(self._flags))
        return self

    def __exit__(self, *_: object) -> None:
        self.call(self._browser.close())
        self.call(self._playwright.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the browser's loop and wait for what it returns."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(CALL_SECONDS)

    def open(self, url: str, proxy_port: int | None) -> Page:
        """Open a page through a proxy, if any, with cookies and caches that no other shares."""
        return self.call(_open(self, url, proxy_port))

    @property
    def version(self) -> str:
        """The browser's version, for reports."""
        return self._browser.version


class Page(AskingPage):
    """An open document. Its methods run in it, or in a sandboxed frame of it."""

    def __init__(self, browser: Chromium, context: BrowserContext, page: PlaywrightPage) -> None:
        self._browser = browser
        self._context = context
        self._page = page
        self._urls: dict[str, list[str]] = {}
        self.failed: list[Failed] = []
        self.console: list[tuple[str, str]] = []  # each message's text, and its place

    def run(self, script: str, argument: object) -> Any:
        """Call an asynchronous function in the page, and return what it resolves to."""
        return self._browser.call(self._page.evaluate(script, argument))

    def wait_for_failure(self, start: str, timeout: float = 10.0) -> Failed:
        """Return the latest failure of a fetch that began at this URL; it may trail the promise.

        A URL that is fetched again after a failure needs ``failed`` cleared in between.
        """
        return wait_until(
            lambda: [failed for failed in self.failed if failed.start == start],
            timeout,
            f"Network.loadingFailed for {start}",
        )[-1]

    def close(self) -> None:
        """Close the page and forget its cookies and caches."""
        self._browser.call(self._context.close())

    def on_console(self, message: ConsoleMessage) -> None:
        """Note a message; where it is about a request, its place is the request's URL."""
        self.console.append((message.text, message.location["url"]))

    def on_entry(self, event: dict[str, Any]) -> None:
        """Note a message of a worker's, of which Playwright doesn't tell."""
        entry = event["entry"]
        if entry["source"] == "worker":
            self.console.append((entry["text"], entry.get("url", "")))

    def on_request(self, event: dict[str, Any]) -> None:
        """Note a request's URLs; a redirect repeats the event under the same id."""
        self._urls.setdefault(event["requestId"], []).append(event["request"]["url"])

    def on_failed(self, event: dict[str, Any]) -> None:
        """Note a failure, and the CORS error where that was the cause.

        A preflight is a request of its own here and may fail beside the one it was sent for, with
        the same URL; only the latter carries the CORS error. What began before anyone listened is
        none of the test's.
        """
        urls = self._urls.get(event["requestId"])
        if event["type"] == "Preflight" or urls is None:
            return
        status = event.get("corsErrorStatus") or {}
        self.failed.append(
            Failed(
                start=urls[0],
                url=urls[-1],
                cors_error=status.get("corsError"),
                failed_parameter=status.get("failedParameter", ""),
                error_text=event["errorText"] or event.get("blockedReason", ""),
            )
        )


async def _launch(flags: Sequence[str]) -> tuple[Playwright, Browser]:
    from playwright.async_api import async_playwright

    playwright = await async_playwright().start()
    browser = await playwright.chromium.launch(
        executable_path=shutil.which("chromium"),
        chromium_sandbox=os.geteuid() != 0,  # Chromium refuses to sandbox for root
        args=[*FLAGS, *flags, f"--disable-features={','.join(DISABLED_FEATURES)}"],
    )
    return playwright, browser


async def _open(browser: Chromium, url: str, proxy_port: int | None) -> Page:
    through: ProxySettings = {"server": f"http://127.0.0.1:{proxy_port}", "bypass": "<-loopback>"}
    context = await browser._browser.new_context(
        proxy=through if proxy_port else None, ignore_https_errors=True
    )
    tab = await context.new_page()
    page = Page(browser, context, tab)
    tab.on("console", page.on_console)
    devtools = await context.new_cdp_session(tab)
    devtools.on("Network.requestWillBeSent", page.on_request)
    devtools.on("Network.loadingFailed", page.on_failed)
    devtools.on("Log.entryAdded", page.on_entry)
    await devtools.send("Network.enable")
    await devtools.send("Log.enable")
    await tab.goto(url)
    return page
