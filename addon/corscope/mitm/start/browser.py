"""How is a browser started through the proxy?

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
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

from corscope.mitm.start import chromium, firefox
from corscope.mitm.start.installed import Browser

__all__ = ["BrowserError", "RunningBrowser"]

_STOP_SECONDS: Final = 5.0


class BrowserError(Exception):
    """A browser could not be started; the message says why."""


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
            self.advice = firefox.trust_in_profile(self._profile, self._authority)
        try:
            self._process = subprocess.Popen(  # noqa: S603 - a browser found by us
                self._command(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**os.environ, **firefox.ENVIRONMENT},
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
            preferences = firefox.user_js(self._proxy)
            (self._profile / "user.js").write_text(preferences, encoding="utf-8")
            profile = ["--profile", str(self._profile), "--no-remote", "--new-instance"]
            if sys.platform == "win32":
                profile.append("--wait-for-browser")  # what is started hands over there, and ends
            return [str(self._browser.path), *profile, self._url]
        own = [f"--user-data-dir={self._profile}", *chromium.proxy_flags(self._proxy)]
        if self._authority is not None:
            own.append(
                f"--ignore-certificate-errors-spki-list={chromium.spki_hash(self._authority)}"
            )
        if sys.platform != "win32" and os.geteuid() == 0:
            own.append("--no-sandbox")  # it refuses to start for root otherwise
        return [str(self._browser.path), *own, *chromium.FLAGS, self._url]

    def _delete_profile(self) -> None:
        """Delete the profile; the browser's last children may write for a moment yet."""
        for _ in range(20):
            with suppress(FileNotFoundError):
                shutil.rmtree(self._profile, ignore_errors=True)
            if not self._profile.exists():
                return
            time.sleep(0.1)
