"""Which browsers are here, and how is one started through the proxy?

A started browser has a fresh profile, hence empty caches, asks nothing, sends loopback addresses
through the proxy too, and leaves no trace: its profile goes when it stops. Nothing here touches the
profile of the user's own browser.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final, Literal, Self

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

__all__ = ["Browser", "BrowserError", "RunningBrowser", "find_browsers"]

Family = Literal["chromium", "firefox"]

_ON_PATH: Final[Mapping[str, tuple[str, ...]]] = {
    "Chromium": ("chromium", "chromium-browser"),
    "Chrome": ("google-chrome", "google-chrome-stable", "chrome"),
    "Edge": ("microsoft-edge", "microsoft-edge-stable", "msedge"),
    "Firefox": ("firefox", "firefox-esr"),
}

_ON_MACOS: Final[Mapping[str, str]] = {
    "Chromium": "Chromium.app/Contents/MacOS/Chromium",
    "Chrome": "Google Chrome.app/Contents/MacOS/Google Chrome",
    "Edge": "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "Firefox": "Firefox.app/Contents/MacOS/firefox",
}

_ON_WINDOWS: Final[Mapping[str, str]] = {
    "Chromium": r"Chromium\Application\chrome.exe",
    "Chrome": r"Google\Chrome\Application\chrome.exe",
    "Edge": r"Microsoft\Edge\Application\msedge.exe",
    "Firefox": r"Mozilla Firefox\firefox.exe",
}

_PROGRAM_FOLDERS: Final = ("ProgramFiles", "ProgramFiles(x86)", "LocalAppData")

_CHROMIUM_FLAGS: Final = (
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-search-engine-choice-screen",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--allow-browser-signin=false",
    # What can't be switched off is sent to a port that Chromium refuses to ask.
    "--gaia-url=http://127.0.0.1:1",
    "--component-updater=url-source=http://127.0.0.1:1/",
    "--disable-client-side-phishing-detection",
    "--disable-component-extensions-with-background-pages",
    "--disable-domain-reliability",
    "--no-pings",
    "--disable-quic",  # HTTP/3 would go past the proxy
    # A page may be asked for a permission before it reaches a local server: that is no CORS,
    # and in a fresh profile it only stands in the way. Nor should http turn into https.
    "--disable-features=LocalNetworkAccessChecks,HttpsUpgrades,"
    "HttpsFirstBalancedModeAutoEnable,NetworkTimeServiceQuerying,OptimizationHints,"
    "OptimizationGuideModelDownloading,Translate",
)

_FIREFOX_PREFERENCES: Final[Mapping[str, bool | int | str]] = {
    "network.proxy.no_proxies_on": "",
    "network.proxy.allow_hijacking_localhost": True,  # else localhost is reached past the proxy
    "network.lna.enabled": False,  # the prompt for local addresses, as above
    "network.http.http3.enable": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.aboutwelcome.enabled": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "browser.startup.page": 0,
    "browser.newtabpage.enabled": False,
    "browser.newtabpage.activity-stream.feeds.topsites": False,
    "browser.newtabpage.activity-stream.unifiedAds.endpoint": "data:,",
    "browser.newtabpage.activity-stream.unifiedAds.tiles.enabled": False,
    "browser.search.update": False,
    "browser.sessionstore.resume_from_crash": False,
    "browser.topsites.contile.enabled": False,
    "datareporting.usage.uploadEnabled": False,
    "dom.push.connection.enabled": False,
    "extensions.getAddons.cache.enabled": False,
    "extensions.systemAddon.update.enabled": False,
    "extensions.update.enabled": False,
    "media.gmp-manager.updateEnabled": False,
    "media.gmp-manager.url": "data:,",
    "messaging-system.rsexperimentloader.enabled": False,
    "network.trr.mode": 5,
    "datareporting.policy.dataSubmissionEnabled": False,
    "datareporting.policy.firstRunURL": "",
    "datareporting.healthreport.uploadEnabled": False,
    "termsofuse.bypassNotification": True,
    "app.normandy.enabled": False,
    "app.update.enabled": False,
    "extensions.blocklist.enabled": False,
    "browser.region.network.url": "",
    "browser.safebrowsing.provider.google4.updateURL": "",
    "browser.safebrowsing.provider.mozilla.updateURL": "",
    "services.settings.server": "data:,",
    "toolkit.telemetry.server": "",
}

_FIREFOX_ENVIRONMENT: Final = {"MOZ_REMOTE_SETTINGS_DEVTOOLS": "1"}
"""Lets `services.settings.server` count, without which Firefox fetches lists all the time."""

_STOP_SECONDS: Final = 5.0
_TRUST_SECONDS: Final = 20.0


class BrowserError(Exception):
    """A browser could not be started; the message says why."""


@dataclass(frozen=True, slots=True)
class Browser:
    """An installed browser."""

    name: str
    path: Path

    @property
    def family(self) -> Family:
        """Which of the two ways to set a proxy it understands."""
        return "firefox" if self.name == "Firefox" else "chromium"


class RunningBrowser:
    """A browser that uses the proxy; started on entering, stopped and cleaned up on leaving.

    `proxy` is None where it is to be addressed as a server is, in reverse mode. `authority` is the
    certificate with which the proxy signs; where given, the browser trusts it for the time of this
    run. For Firefox that takes NSS's certutil; `advice` says what to do where it isn't here.
    """

    def __init__(
        self,
        browser: Browser,
        proxy: tuple[str, int] | None,
        url: str,
        authority: Path | None = None,
    ) -> None:
        self._browser = browser
        self._proxy = proxy
        self._url = url
        self._authority = authority
        self.advice: str | None = None

    def __enter__(self) -> Self:
        self._profile = Path(tempfile.mkdtemp(prefix="corscope-browser-"))
        if self._browser.family == "firefox" and self._authority is not None:
            self.advice = _store_in_profile(self._profile, self._authority)
        try:
            self._process = subprocess.Popen(  # noqa: S603 - a browser found by us
                self._command(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**os.environ, **_FIREFOX_ENVIRONMENT},
                # A Ctrl-C in the terminal is for us, who then stop it in order.
                start_new_session=True,
            )
        except OSError as error:
            self._delete_profile()
            raise BrowserError(f"{self._browser.path} can't be started: {error}") from error
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._delete_profile()

    @property
    def pid(self) -> int:
        """The browser's process id."""
        return self._process.pid

    def exit_status(self) -> int | None:
        """Return the status with which the user or a crash ended it; None while it runs."""
        return self._process.poll()

    def _command(self) -> list[str]:
        if self._browser.family == "firefox":
            preferences = _firefox_preferences(self._proxy)
            (self._profile / "user.js").write_text(preferences, encoding="utf-8")
            profile = ["--profile", str(self._profile), "--no-remote", "--new-instance"]
            if sys.platform == "win32":
                profile.append("--wait-for-browser")  # what is started hands over there, and ends
            return [str(self._browser.path), *profile, self._url]
        own = [f"--user-data-dir={self._profile}", *_chromium_proxy(self._proxy)]
        if self._authority is not None:
            own.append(f"--ignore-certificate-errors-spki-list={_spki_hash(self._authority)}")
        if sys.platform != "win32" and os.geteuid() == 0:
            own.append("--no-sandbox")  # it refuses to start for root otherwise
        return [str(self._browser.path), *own, *_CHROMIUM_FLAGS, self._url]

    def _delete_profile(self) -> None:
        """Delete the profile; the browser's last children may write for a moment yet."""
        for _ in range(20):
            with suppress(FileNotFoundError):
                shutil.rmtree(self._profile, ignore_errors=True)
            if not self._profile.exists():
                return
            time.sleep(0.1)


def find_browsers() -> list[Browser]:
    """Find the installed browsers, the one that explains CORS errors best first."""
    if sys.platform == "darwin":
        found = _from_macos()
    elif sys.platform == "win32":
        found = _from_windows(os.environ)
    else:
        found = _from_path()
    return list(found)


def _from_path() -> Iterator[Browser]:
    for name, programs in _ON_PATH.items():
        for program in programs:
            if path := shutil.which(program):
                yield Browser(name, Path(path))
                break


def _from_macos() -> Iterator[Browser]:
    for name, place in _ON_MACOS.items():
        for folder in (Path("/Applications"), Path.home() / "Applications"):
            if (folder / place).is_file():
                yield Browser(name, folder / place)
                break


def _from_windows(environment: Mapping[str, str]) -> Iterator[Browser]:
    folders = [environment[name] for name in _PROGRAM_FOLDERS if name in environment]
    for name, place in _ON_WINDOWS.items():
        for folder in folders:
            if (Path(folder) / place).is_file():
                yield Browser(name, Path(folder) / place)
                break


def _chromium_proxy(proxy: tuple[str, int] | None) -> tuple[str, ...]:
    if proxy is None:
        return ("--no-proxy-server",)
    host, port = proxy
    # Without the second, localhost is reached past the proxy.
    return (f"--proxy-server=http://{host}:{port}", "--proxy-bypass-list=<-loopback>")


def _firefox_preferences(proxy: tuple[str, int] | None) -> str:
    """Write user.js: https://kb.mozillazine.org/User.js_file"""
    chosen = {**_FIREFOX_PREFERENCES, "network.proxy.type": 0}
    if proxy is not None:
        host, port = proxy
        chosen["network.proxy.type"] = 1
        for scheme in ("http", "ssl"):
            chosen |= {f"network.proxy.{scheme}": host, f"network.proxy.{scheme}_port": port}
    lines = [f'user_pref("{name}", {_javascript(value)});' for name, value in chosen.items()]
    return "\n".join(lines) + "\n"


def _store_in_profile(profile: Path, authority: Path) -> str | None:
    """Let a Firefox profile trust a certificate authority; returns what to do where that fails.

    Windows has a certutil of its own, which is another program and refuses these arguments.
    """
    program = shutil.which("certutil")
    if program is None:
        return _BY_HAND
    trusted = ["-A", "-d", f"sql:{profile}", "-n", "mitmproxy", "-t", "C,,", "-i", str(authority)]
    try:
        done = subprocess.run(  # noqa: S603 - NSS's own tool
            [program, *trusted],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TRUST_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return _BY_HAND
    return None if done.returncode == 0 else _BY_HAND


_BY_HAND: Final = (
    "Firefox doesn't trust mitmproxy's certificate yet: open http://mitm.it in it and install the "
    "certificate. NSS's certutil would let corscope do it (Debian: apt install libnss3-tools)."
)


def _javascript(value: bool | int | str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) else str(value)


def _spki_hash(certificate: Path) -> str:
    """Hash a certificate's public key as Chromium's flag wants it."""
    key = x509.load_pem_x509_certificate(certificate.read_bytes()).public_key()
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return b64encode(sha256(der).digest()).decode()
