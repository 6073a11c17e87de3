"""How does a person get a browser that uses the running proxy? By a command at its prompt.

It gets the port that mitmproxy listens on, and goes when mitmproxy does.
"""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from mitmproxy import command, ctx, exceptions
from mitmproxy.log import ALERT
from mitmproxy.proxy import mode_specs

from corscope.mitm.arguments import OneOf
from corscope.mitm.browser import Browser, BrowserError, RunningBrowser, find_browsers

__all__ = ["Browsers"]

logger = logging.getLogger("corscope")

_PROXY_MODES: Final = (mode_specs.RegularMode, mode_specs.UpstreamMode)
_ANYWHERE: Final = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "127.0.0.1"}  # noqa: S104


class Browsers:
    """An addon of its own, which corscope brings along."""

    name = "corscope-browsers"

    def __init__(self) -> None:
        self._running: list[RunningBrowser] = []

    @command.command("cors.browsers")
    def list_browsers(self) -> Sequence[str]:
        """List the browsers that can be opened."""
        return [browser.name.lower() for browser in find_browsers()]

    @command.command("cors.browser")
    @command.argument("browser", type=OneOf("cors.browsers", "browser"))
    def open_browser(self, browser: str = "", url: str = "about:blank") -> None:
        """Open a browser that uses this proxy and trusts it, with a profile that goes with it."""
        chosen, proxy = _chosen(browser), _listens_at()
        authority = Path(ctx.options.confdir).expanduser() / "mitmproxy-ca-cert.pem"
        trusted = authority if authority.is_file() else None
        try:
            running = RunningBrowser(chosen, proxy, url, trusted).__enter__()
        except BrowserError as error:
            raise exceptions.CommandError(str(error)) from error
        self._running.append(running)
        logger.log(ALERT, "%s uses the proxy %s:%d", chosen.name, *proxy)
        if running.advice:
            logger.warning(running.advice)

    def done(self) -> None:
        """Close what was opened."""
        while self._running:
            self._running.pop().__exit__()


def _chosen(name: str) -> Browser:
    """The browser of this name; without a name the first one found."""
    found = find_browsers()
    for browser in found:
        if name in {"", browser.name.lower()}:
            return browser
    raise exceptions.CommandError("no browser was found here: set the proxy in one by hand")


def _listens_at() -> tuple[str, int]:
    """Where a browser reaches the proxy."""
    servers = list(ctx.master.addons.get("proxyserver").servers)
    for server in servers:
        if isinstance(server.mode, _PROXY_MODES) and server.listen_addrs:
            host, port = server.listen_addrs[0][:2]
            return _ANYWHERE.get(host, host), port
    modes = ", ".join(server.mode.full_spec for server in servers) or "none"
    raise exceptions.CommandError(
        f"a browser can be opened for the modes regular and upstream; running: {modes}"
    )
