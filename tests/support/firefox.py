"""Debian's Firefox ESR, driven for what its scripts see and what its console says of CORS.

Marionette, the remote control that ships in Firefox, is a JSON message behind its length on a
socket; that needs no library. Its chrome context reads the console, which alone names the cause:
a script sees the same TypeError for all.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from .mitmdump import wait_until
from .page import AskingPage

__all__ = ["Complaint", "Firefox", "FirefoxPage", "missing_parts"]

START_SECONDS = 120.0
CALL_SECONDS = 120.0

PREFERENCES: Mapping[str, object] = {
    "marionette.port": 0,  # the system chooses; MarionetteActivePort in the profile tells
    # A proxied page's request to a local address waits for a permission nobody is there to give.
    "network.lna.enabled": False,
    # Requests that no page asked for have no place in a test's journal.
    "app.normandy.enabled": False,
    "app.update.disabledForTesting": True,
    "browser.newtabpage.enabled": False,
    "browser.safebrowsing.downloads.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.search.update": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "browser.startup.page": 0,
    "browser.topsites.contile.enabled": False,
    "datareporting.healthreport.uploadEnabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "dom.push.connection.enabled": False,
    "extensions.getAddons.cache.enabled": False,
    "extensions.systemAddon.update.enabled": False,
    "extensions.update.enabled": False,
    "media.gmp-manager.updateEnabled": False,
    "media.gmp-manager.url": "data:,",
    "messaging-system.rsexperimentloader.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.dns.disablePrefetch": True,
    "network.http.speculative-parallel-limit": 0,
    "network.predictor.enabled": False,
    "network.prefetch-next": False,
    "network.trr.mode": 5,
    "nimbus.telemetry.targetingContextEnabled": False,
    "privacy.trackingprotection.enabled": False,
    "services.settings.server": "data:,#remote-settings-dummy/v1",
    "toolkit.telemetry.server": "data:,",
    # The address bar must not rewrite http to https.
    "dom.security.https_first": False,
    "dom.security.https_first_schemeless": False,
}

USE_PROXY = """
const [port] = arguments;
for (const kind of ["http", "ssl"]) {
    Services.prefs.setStringPref(`network.proxy.${kind}`, "127.0.0.1");
    Services.prefs.setIntPref(`network.proxy.${kind}_port`, port ?? 0);
}
Services.prefs.setBoolPref("network.proxy.allow_hijacking_localhost", true);
Services.prefs.setStringPref("network.proxy.no_proxies_on", "");
Services.prefs.setIntPref("network.proxy.type", port ? 1 : 0);
Services.cache2.clear();
Services.cookies.removeAll();
"""

# The console keeps only its latest 250 messages, so a listener takes them down.
LISTEN = """
globalThis.said = [];
globalThis.listener = {
    observe(message) {
        if (message instanceof Ci.nsIScriptError) {
            globalThis.said.push([message.category, message.errorMessage]);
        }
    },
    QueryInterface: ChromeUtils.generateQI(["nsIConsoleListener"]),
};
Services.console.registerListener(globalThis.listener);
"""

TAKE_SAID = "return globalThis.said;"

_ELSE = frozenset({"COEP", "Mixed Content Blocker"})
"""The categories of what resource policies and mixed content are refused for."""

_BLOCKED_URL = re.compile("remote resource at \u2018?(\\S+?)\u2019?\\. \\(Reason")


@dataclass(frozen=True, slots=True)
class Complaint:
    """One message in the console: its category, and the sentence people see."""

    category: str
    text: str

    @property
    def url(self) -> str:
        """The URL that it names; empty where it names none."""
        found = _BLOCKED_URL.search(self.text)
        return found[1] if found else ""


def missing_parts() -> str:
    """Name what a test with Firefox needs and this machine lacks; empty when all is there."""
    if shutil.which("firefox-esr") is None:
        return "the program firefox-esr (Debian: apt install firefox-esr)"
    return ""


class Firefox:
    """One headless browser with a fresh profile; it uses one proxy at a time."""

    def __init__(self) -> None:
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self._proxy_port: int | None = 0

    def __enter__(self) -> Self:
        folder = Path(self._profile.name)
        (folder / "user.js").write_text(_user_js(), "utf-8")
        with (folder / "firefox.log").open("wb") as log:
            self._process = subprocess.Popen(
                [
                    *("firefox-esr", "--headless", "--no-remote", "--profile", str(folder)),
                    *("--marionette", "--remote-allow-system-access"),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={
                    **os.environ,
                    "MOZ_CRASHREPORTER_DISABLE": "1",
                    "MOZ_REMOTE_SETTINGS_DEVTOOLS": "1",  # lets the preference name its server
                },
            )
        try:
            self._marionette = _Marionette(wait_until(self._port, START_SECONDS, "Marionette"))
            self.version = self._begin()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._marionette.close()
        self._end()

    def open(self, url: str, proxy_port: int | None) -> FirefoxPage:
        """Open a page through a proxy, if any; cookies and caches go when the proxy changes."""
        if proxy_port != self._proxy_port:
            self.in_chrome(USE_PROXY, [proxy_port])
            self._proxy_port = proxy_port
        handle = self._marionette.call("WebDriver:NewWindow", type="tab")["handle"]
        page = FirefoxPage(self, handle)
        self._marionette.call("WebDriver:SwitchToWindow", handle=handle)
        self._marionette.call("WebDriver:Navigate", url=url)
        return page

    def complaints(self) -> list[Complaint]:
        """All that the console has said up to now of CORS, and of what is refused beside it."""
        return [
            each
            for each in self.console()
            if each.category.startswith("CORS") or each.category in _ELSE
        ]

    def console(self) -> list[Complaint]:
        """All that the console has said up to now, of whatever."""
        return [Complaint(*each) for each in self.in_chrome(TAKE_SAID)]

    def in_chrome(self, script: str, args: Sequence[object] = ()) -> Any:
        """Run a script with the browser's own privileges; they share one global object."""
        return self._in_chrome("WebDriver:ExecuteScript", script, args)

    def in_chrome_later(self, script: str) -> Any:
        """The same for one that calls its only argument with what it comes to."""
        return self._in_chrome("WebDriver:ExecuteAsyncScript", script, ())

    def _in_chrome(self, command: str, script: str, args: Sequence[object]) -> Any:
        self._marionette.call("Marionette:SetContext", value="chrome")
        try:
            return self._marionette.call(
                command,
                script=script,
                args=list(args),
                sandbox="system",
                newSandbox=False,
            )["value"]
        finally:
            self._marionette.call("Marionette:SetContext", value="content")

    def in_page(self, handle: str, script: str, args: Sequence[object]) -> Any:
        """Run an asynchronous script in a tab and wait for what it resolves to."""
        self._marionette.call("WebDriver:SwitchToWindow", handle=handle)
        body = f"({script})(...arguments).then(arguments[arguments.length - 1])"
        return self._marionette.call("WebDriver:ExecuteAsyncScript", script=body, args=list(args))[
            "value"
        ]

    def close_tab(self, handle: str) -> None:
        """Close a tab; the window that Firefox starts with stays, and with it the browser."""
        self._marionette.call("WebDriver:SwitchToWindow", handle=handle)
        left = self._marionette.call("WebDriver:CloseWindow")
        self._marionette.call("WebDriver:SwitchToWindow", handle=left[0])

    def _begin(self) -> str:
        session = self._marionette.call("WebDriver:NewSession", acceptInsecureCerts=True)
        self._marionette.call("WebDriver:SetTimeouts", script=round(CALL_SECONDS * 1000))
        self.in_chrome(LISTEN)
        return str(session["capabilities"]["browserVersion"])

    def _port(self) -> int:
        """The port that Firefox writes down once Marionette listens."""
        if self._process.poll() is not None:
            log = Path(self._profile.name, "firefox.log").read_text("utf-8", "replace")
            raise AssertionError(f"Firefox did not start:\n{log}")
        told = Path(self._profile.name, "MarionetteActivePort")
        return int(told.read_text("utf-8") or 0) if told.exists() else 0

    def _end(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._profile.cleanup()


class FirefoxPage(AskingPage):
    """An open document. Its methods run in it, or in a sandboxed frame of it."""

    def __init__(self, browser: Firefox, handle: str) -> None:
        self._browser = browser
        self._handle = handle

    def run(self, script: str, argument: object) -> Any:
        """Call an asynchronous function in the page, and return what it resolves to."""
        return self._browser.in_page(self._handle, script, [argument])

    def close(self) -> None:
        """Close the tab."""
        self._browser.close_tab(self._handle)


class _Marionette:
    """A client of Firefox's remote control: one call at a time, each answered before the next."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=CALL_SECONDS + 30)
        self._stream = self._socket.makefile("rb")
        self._id = 0
        self._read()  # it introduces itself

    def call(self, command: str, **parameters: object) -> Any:
        """Send a command and return its result; an error that it reports is raised."""
        self._id += 1
        message = json.dumps([0, self._id, command, parameters]).encode()
        self._socket.sendall(b"%d:%s" % (len(message), message))
        _kind, id_, error, result = self._read()
        assert id_ == self._id, "Marionette answered another call"
        if error:
            raise AssertionError(f"{command}: {error['error']}: {error['message']}")
        return result

    def close(self) -> None:
        """Hang up."""
        self._stream.close()
        self._socket.close()

    def _read(self) -> Any:
        length = b""
        while not length.endswith(b":"):
            byte = self._stream.read(1)
            if not byte:
                raise AssertionError("Firefox has hung up")
            length += byte
        return json.loads(self._stream.read(int(length[:-1])))


def _user_js() -> str:
    lines = (f"user_pref({json.dumps(k)}, {json.dumps(v)});\n" for k, v in PREFERENCES.items())
    return "".join(lines)
