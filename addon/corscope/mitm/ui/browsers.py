"""How does a person get a browser that uses the running proxy? By a command at its prompt.

It gets the port that mitmproxy listens on, and goes when mitmproxy does.
"""

import asyncio
import atexit
import logging
import os
import signal
import sys
from collections.abc import Sequence
from typing import Final

from mitmproxy import command, ctx, exceptions
from mitmproxy.log import ALERT

from corscope.mitm.guard import answering
from corscope.mitm.start.browser import BrowserError, RunningBrowser
from corscope.mitm.start.installed import Browser, find_browsers
from corscope.mitm.start.way_in import WayIn, authority, first_way_in
from corscope.mitm.ui.arguments import OneOf

__all__ = ["Browsers"]

logger = logging.getLogger("corscope")

_LOOK_AFTER: Final = 2.0
"""Seconds after which a browser that can't run has ended."""


class Browsers:
    """The browsers that were opened, and the commands for that."""

    def __init__(self) -> None:
        self._running: list[RunningBrowser] = []

    @command.command("cors.browsers")
    def list_browsers(self) -> Sequence[str]:
        """List the browsers that can be opened."""
        with answering():
            return [browser.name.lower() for browser in find_browsers()]

    @command.command("cors.browser")
    @command.argument("browser", type=OneOf("cors.browsers", "browser"))
    def open_browser(self, browser: str = "", url: str = "") -> None:
        """Open a browser that uses this proxy and trusts it, with a profile that goes with it."""
        with answering():
            self._open(browser, url)

    def _open(self, browser: str, url: str) -> None:
        chosen, way = _chosen(browser), _way_in()
        trusted = authority(ctx.options)
        try:
            running = RunningBrowser(chosen, way.proxy, url or way.url, trusted).__enter__()
        except BrowserError as error:
            raise exceptions.CommandError(str(error)) from error
        if not self._running:
            atexit.register(self.close)  # the console may fail where its terminal is gone
            self._end_with_the_terminal()
        self._running.append(running)
        logger.log(ALERT, "%s is opened: it uses this proxy, and ends with it", chosen.name)
        if running.advice:
            logger.warning(running.advice)
        asyncio.get_running_loop().call_later(_LOOK_AFTER, _look, chosen, running)

    def _end_with_the_terminal(self) -> None:
        """Close them when the terminal is closed, which ends mitmproxy and no browser.

        Not by way of the loop: a console whose terminal is gone may never come back to it.
        """
        if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
            signal.signal(signal.SIGHUP, self._hang_up)

    def _hang_up(self, number: int, _frame: object) -> None:
        self.close()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    def close(self) -> None:
        """Close what was opened."""
        atexit.unregister(self.close)
        while self._running:
            self._running.pop().__exit__()


def _look(browser: Browser, running: RunningBrowser) -> None:
    """Say so if it has not come up; a user who closes it that fast is not to be feared."""
    if running.exit_status():
        status = running.exit_status()
        logger.warning("%s ended at once (status %s): is there a screen?", browser.name, status)


def _chosen(name: str) -> Browser:
    """The browser of this name; without a name the first one found."""
    found = find_browsers()
    for browser in found:
        if name in {"", browser.name.lower()}:
            return browser
    raise exceptions.CommandError("no browser was found here: set the proxy in one by hand")


def _way_in() -> WayIn:
    servers = ctx.master.addons.get("proxyserver").servers
    return first_way_in(
        (server.mode, *server.listen_addrs[0][:2]) for server in servers if server.listen_addrs
    )
