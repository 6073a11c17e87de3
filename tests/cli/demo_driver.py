"""A real `corscope demo`, and a real Chromium that presses its buttons.

Run as a program, it takes the pictures that README and docs show:

    make picture
"""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from playwright.async_api import Page

from tests.cli.conftest import environment
from tests.support.chromium import Chromium
from tests.support.mitmdump import wait_until

START_SECONDS = 60.0
STOP_SECONDS = 30.0


class Demo:
    """Runs while used as a context manager; `output` is all that it wrote up to now."""

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        python: Path = Path(sys.executable),
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._log = folder / "demo.log"
        self._command = [str(python), "-m", "corscope", "demo", "--no-browser", *arguments]
        self._environ = {**environment(), **(environ or {})}

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environ,
                start_new_session=True,  # a Ctrl-C is sent to it alone
            )
        try:
            wait_until(self._is_ready, START_SECONDS, "the demo to be ready")
        except BaseException:
            self.process.kill()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.interrupt()

    def interrupt(self) -> int:
        """Press Ctrl-C and return the exit status."""
        self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"the demo did not stop:\n{self.output}") from None

    @property
    def output(self) -> str:
        return self._log.read_text("utf-8")

    def address(self, what: str) -> str:
        """Return what the demo said about its page, API, proxy, rule file or journal."""
        found = re.search(rf"^ +{what} +(\S+)$", self.output, re.MULTILINE)
        assert found is not None, self.output
        return found[1]

    @property
    def proxy_port(self) -> int:
        return int(self.address("proxy").rpartition(":")[2])

    def _is_ready(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(f"the demo ended with {self.process.returncode}:\n{self.output}")
        return "Ctrl-C ends the demo" in self.output


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page shows of one case after its button was pressed."""

    script: str
    corscope: str
    heading: str
    text: str


class DemoPage:
    """The demo's page, open in a browser that uses the demo's proxy."""

    def __init__(
        self,
        chromium: Chromium,
        demo: Demo,
        size: tuple[int, int] = (1200, 900),
        bypass: str = "<-loopback>",
    ) -> None:
        self._chromium = chromium
        self._demo = demo
        self._size = size
        self._bypass = bypass
        self.console: list[str] = []

    def __enter__(self) -> Self:
        self._page: Page = self._chromium.call(self._open())
        return self

    def __exit__(self, *_: object) -> None:
        self._chromium.call(self._page.context.close())

    async def _open(self) -> Page:
        width, height = self._size
        proxy = f"http://127.0.0.1:{self._demo.proxy_port}"
        context = await self._chromium._browser.new_context(
            proxy={"server": proxy, "bypass": self._bypass},
            viewport={"width": width, "height": height},
        )
        page = await context.new_page()
        page.on("pageerror", lambda error: self.console.append(str(error)))
        await page.goto(self._demo.address("page"))
        await page.locator("article").first.wait_for()
        return page

    def evaluate(self, script: str) -> Any:
        return self._chromium.call(self._page.evaluate(script))

    def press(self, case: str) -> Shown:
        return self._chromium.call(self._press(case))

    async def _press(self, case: str) -> Shown:
        article = self._page.locator(f"#{case}")
        await article.get_by_role("button").click()
        await self._page.locator(f"#{case} button:not([aria-busy])").wait_for()
        return Shown(
            script=await article.get_attribute("data-script") or "",
            corscope=await article.get_attribute("data-corscope") or "",
            heading=await article.locator(".corscope .outcome").inner_text(),
            text=await article.inner_text(),
        )

    def trouble(self) -> str:
        """Return what the page complains of."""
        return self._chromium.call(self._page.locator("#trouble").inner_text())

    def dark(self) -> None:
        """Ask for dark colours, as the system's setting would."""
        self._chromium.call(self._page.emulate_media(color_scheme="dark"))

    def resize(self, width: int, height: int) -> None:
        self._chromium.call(self._page.set_viewport_size({"width": width, "height": height}))

    def screenshot(self, path: Path, *, whole: bool = False) -> None:
        self._chromium.call(self._page.screenshot(path=path, full_page=whole))


PICTURES: Mapping[str, tuple[str, ...]] = {
    "demo.png": ("wildcard-with-cookies", "method-not-allowed"),
    "cors-origin.png": ("works", "no-allow-origin"),
    "cors-sent.png": ("sent-all-the-same", "opaque"),
    "cors-preflight.png": ("preflight-passes", "method-not-allowed"),
    "cors-credentials.png": ("cookies-allowed", "wildcard-with-cookies"),
}
"""The pictures that README and docs show, each of two cases that were pressed."""


def take_pictures(chromium: Chromium, demo: Demo, folder: Path) -> None:
    """Write the pictures of the page at work."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, cases in PICTURES.items():
        with DemoPage(chromium, demo, size=(1100, 400)) as page:
            for case in cases:
                page.press(case)
            shown = ", ".join(f"#{case}" for case in cases)
            page.evaluate(
                f"document.querySelectorAll('article:not({shown})').forEach(e => e.remove())"
            )
            if name.startswith("cors-"):
                page.evaluate("document.querySelector('header').remove()")
            page.screenshot(folder / name, whole=True)


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        Chromium() as chromium,
        Demo(Path(folder), "--port", "3000") as demo,
    ):
        take_pictures(chromium, demo, Path(sys.argv[1]))


if __name__ == "__main__":
    main()
