"""Debian's WebKitGTK, driven for what its scripts see.

WebKitWebDriver steers MiniBrowser, WebKitGTK's own test browser, by the W3C's WebDriver protocol,
which is plain JSON over HTTP. MiniBrowser needs a display: Xvfb gives it one.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Self

from .mitmdump import wait_until
from .page import AskingPage

__all__ = ["WebKit", "WebKitPage", "missing_parts"]

START_SECONDS = 120.0
CALL_SECONDS = 120.0

MINI_BROWSERS = "usr/lib/*/webkit2gtk-4.*/MiniBrowser"  # in a folder of the architecture's name


def missing_parts() -> str:
    """Name what a test with WebKitGTK needs and this machine lacks; empty when all is there."""
    missing = []
    if shutil.which("WebKitWebDriver") is None:
        missing.append("the program WebKitWebDriver (Debian: apt install webkit2gtk-driver)")
    if not _mini_browsers():
        missing.append("WebKitGTK's MiniBrowser (Debian: apt install libwebkit2gtk-4.1-0)")
    if shutil.which("Xvfb") is None:
        missing.append("the program Xvfb (Debian: apt install xvfb)")
    return " and ".join(missing)


def _mini_browsers() -> list[Path]:
    return sorted(Path("/").glob(MINI_BROWSERS))


class WebKit:
    """A display on which each page is a browser of its own, with cookies and caches of its own."""

    def __init__(self) -> None:
        self.version = ""
        self._display = ""

    def __enter__(self) -> Self:
        reading, writing = os.pipe()
        self._xvfb = subprocess.Popen(
            [
                *("Xvfb", "-displayfd", str(writing), "-nolisten", "tcp"),
                *("-screen", "0", "800x600x24"),
            ],
            pass_fds=[writing],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(writing)
        with os.fdopen(reading) as told:
            self._display = f":{told.readline().strip()}"
        return self

    def __exit__(self, *_: object) -> None:
        _stop(self._xvfb)

    def open(self, url: str, proxy_port: int) -> WebKitPage:
        """Open a page through a proxy, with cookies and caches that no other page shares."""
        page = WebKitPage(self._display, proxy_port)
        self.version = page.version
        page.navigate(url)
        return page

    def console(self, url: str, proxy_port: int, until: Callable[[], object]) -> str:
        """Open a page that nobody steers, and return what its console has printed when it is done.

        Driven by WebDriver, or in private, WebKit keeps its console to itself.
        """
        command = [str(_mini_browsers()[-1]), "--enable-write-console-messages-to-stdout=true"]
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
            browser = subprocess.Popen(
                [*command, "--ignore-tls-errors", *_options(proxy_port), url],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=_environment(self._display, home),
            )
            assert browser.stdout is not None
            # The last lines are written, and the pipe is at its end, once all its processes have.
            with browser.stdout as output, ThreadPoolExecutor(1) as reader:
                printed = reader.submit(output.read)
                try:
                    wait_until(until, CALL_SECONDS, f"{url} to be done")
                finally:
                    _stop(browser)
                return printed.result().decode("utf-8", "replace")


class WebKitPage(AskingPage):
    """An open document. Its methods run in it, or in a sandboxed frame of it."""

    def __init__(self, display: str, proxy_port: int) -> None:
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self._port = _free_port()
        with Path(self._folder.name, "log").open("wb") as log:
            self._driver = subprocess.Popen(
                ["WebKitWebDriver", f"--port={self._port}"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=_environment(display, self._folder.name),
            )
        try:
            wait_until(self._listens, START_SECONDS, "WebKitWebDriver")
            session = self._call("POST", "/session", {"capabilities": _capabilities(proxy_port)})
        except BaseException:
            self._end()
            raise
        self._session = f"/session/{session['sessionId']}"
        self.version = str(session["capabilities"]["browserVersion"])
        self._call("POST", f"{self._session}/timeouts", {"script": round(CALL_SECONDS * 1000)})

    def navigate(self, url: str) -> None:
        """Load a document."""
        self._call("POST", f"{self._session}/url", {"url": url})

    def run(self, script: str, argument: object) -> Any:
        """Call an asynchronous function in the page, and return what it resolves to."""
        body = f"({script})(arguments[0]).then(arguments[1])"
        asked = {"script": body, "args": [argument]}
        return self._call("POST", f"{self._session}/execute/async", asked)

    def log(self) -> str:
        """All that driver and browser have written."""
        return Path(self._folder.name, "log").read_text("utf-8", "replace")

    def close(self) -> None:
        """Close the browser."""
        try:
            self._call("DELETE", self._session)
        finally:
            self._end()

    def _listens(self) -> bool:
        if self._driver.poll() is not None:
            raise AssertionError(f"WebKitWebDriver did not start:\n{self.log()}")
        try:
            return bool(self._call("GET", "/status")["ready"])
        except ConnectionError:
            return False

    def _call(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:
        """Make a WebDriver call; an error that it reports is raised."""
        connection = HTTPConnection("127.0.0.1", self._port, timeout=CALL_SECONDS + 30)
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            answer = connection.getresponse()
            value = json.loads(answer.read())["value"]
        finally:
            connection.close()
        if answer.status != 200:
            raise AssertionError(f"{method} {path}: {value['error']}: {value['message']}")
        return value

    def _end(self) -> None:
        _stop(self._driver)
        self._folder.cleanup()


def _capabilities(proxy_port: int) -> Mapping[str, object]:
    options = ["--automation", "--private", *_options(proxy_port)]
    browser = {"binary": str(_mini_browsers()[-1]), "args": options}
    return {"alwaysMatch": {"acceptInsecureCerts": True, "webkitgtk:browserOptions": browser}}


def _options(proxy_port: int) -> tuple[str, ...]:
    return (
        # By default it takes no third-party cookies, and under a domain that no registry knows,
        # as .test, it takes every other host for a third party.
        "--cookies-policy=always",
        f"--proxy=http://127.0.0.1:{proxy_port}",
    )


def _environment(display: str, home: str) -> Mapping[str, str]:
    """A fresh home keeps a person's cookies out; nothing here needs a graphics card."""
    return {
        **os.environ,
        "DISPLAY": display,
        "GDK_BACKEND": "x11",
        "XDG_CACHE_HOME": home,
        "XDG_CONFIG_HOME": home,
        "XDG_DATA_HOME": home,
        "LIBGL_ALWAYS_SOFTWARE": "1",
        "WEBKIT_DISABLE_COMPOSITING_MODE": "1",
        "NO_AT_BRIDGE": "1",
    }


def _free_port() -> int:
    """Find a port for the driver, which must be told one and can't choose for itself."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
