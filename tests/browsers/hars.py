"""What do the browsers' own developer tools write into a HAR? The real ones, of real traffic.

Firefox has its network monitor in the browser; Chromium's tools are a page that it serves itself,
opened in another context of the same browser.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from tests.support.chromium import Chromium
from tests.support.firefox import Firefox, FirefoxPage
from tests.support.mitmdump import wait_until
from tests.support.page import Ask, Seen

__all__ = ["ChromiumTools", "FirefoxTools", "chromium_for_tools"]

_WRITE = """
async isSanitized => {
    const har = await import('./models/har/har.js');
    const logs = await import('./models/logs/logs.js');
    const requests = logs.NetworkLog.NetworkLog.instance().requests();
    let written = '';
    const stream = {write: async text => { written += text; }};
    const progress = {canceled: false, createSubProgress: () => progress};
    await har.Writer.Writer.write(stream, requests, {sanitize: isSanitized}, progress);
    return written;
}
"""

_LISTENS = """
async () => {
    try {
        const sdk = await import('./core/sdk/sdk.js');
        const target = sdk.TargetManager.TargetManager.instance().primaryPageTarget();
        return Boolean(target?.model(sdk.NetworkManager.NetworkManager));
    } catch {
        return false;
    }
}
"""

_OPEN = """
const [done] = arguments;
const {require} = ChromeUtils.importESModule("resource://devtools/shared/loader/Loader.sys.mjs");
const {gDevTools} = require("devtools/client/framework/devtools");
const tab = Services.wm.getMostRecentWindow("navigator:browser").gBrowser.selectedTab;
gDevTools.showToolboxForTab(tab, {toolId: "netmonitor"}).then((toolbox) => {
    globalThis.toolbox = toolbox;
    done("");
}, (error) => done(String(error)));
"""

_GET = """
const [done] = arguments;
globalThis.toolbox.getNetMonitorAPI().then((api) => api.getHar()).then(
    (har) => done(JSON.stringify(har)), (error) => done(String(error)));
"""


@contextmanager
def chromium_for_tools() -> Iterator[tuple[Chromium, int]]:
    """A Chromium whose tools can be opened, and the port that serves them."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    flags = (f"--remote-debugging-port={port}", "--remote-allow-origins=*")
    with Chromium(*flags) as browser:
        yield browser, port


class ChromiumTools:
    """A page of a Chromium, and its developer tools, which saw all that it asked."""

    def __init__(self, browser: tuple[Chromium, int], url: str, proxy_port: int) -> None:
        chromium, port = browser
        self._page = chromium.open(url, proxy_port)
        with urlopen(f"http://127.0.0.1:{port}/json") as answer:
            [target] = [each["id"] for each in json.load(answer) if each["url"] == url]
        tools = f"http://127.0.0.1:{port}/devtools/inspector.html"
        self._tools = chromium.open(f"{tools}?ws=127.0.0.1:{port}/devtools/page/{target}", None)
        wait_until(lambda: self._tools.run(_LISTENS, None), 30, "Chromium's tools")

    def play(self, asks: list[Ask]) -> list[Seen]:
        """Send all of these at once."""
        return self._page.play(asks)

    def save(self, file: Path) -> None:
        """Write the HAR as it is saved unless told otherwise: without secrets."""
        file.write_text(self._tools.run(_WRITE, True), "utf-8")


class FirefoxTools:
    """The same of a Firefox."""

    def __init__(self, browser: Firefox, url: str, proxy_port: int) -> None:
        self._browser = browser
        self._page: FirefoxPage = browser.open(url, proxy_port)
        assert browser.in_chrome_later(_OPEN) == ""

    def play(self, asks: list[Ask]) -> list[Seen]:
        """Send all of these at once."""
        return self._page.play(asks)

    def save(self, file: Path) -> None:
        """Write the HAR."""
        found: dict[str, Any] = json.loads(self._browser.in_chrome_later(_GET))
        file.write_text(json.dumps(found if "log" in found else {"log": found}), "utf-8")
