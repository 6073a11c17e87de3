"""Where is the page? Opens, moves and closes it as the options say, and tells its address.

A browser that goes through the proxy reads the page through it, and mitmproxy would hold the events
back until the last one: so there is a hook too.
"""

import logging
from collections.abc import Callable

from mitmproxy import ctx, http
from mitmproxy.log import ALERT

from corscope.web.server import Behind, Page

__all__ = ["OwnPage", "proxy_address"]

logger = logging.getLogger("corscope")


class OwnPage:
    """The page, or none; `port` is where it is served."""

    def __init__(self, behind: Callable[[], Behind]) -> None:
        self._behind = behind
        self._page: Page | None = None
        self.port: int | None = None

    @property
    def url(self) -> str | None:
        """The page's address, with its token."""
        return None if self._page is None else self._page.url

    def serve(self, port: int | None) -> None:
        """Serve at this port or one after it; None means nowhere."""
        self.close()
        if port is None:
            return
        try:
            self._page = page = Page(self._behind(), port)
        except OSError as error:
            why = error.strerror or error
            logger.warning("CORS page: not served: %s; set cors_web_port to another port", why)
            return
        self.port = page.port
        moved = f" (port {port} is taken)" if port not in {0, page.port} else ""
        logger.log(ALERT, "CORS page: %s%s", page.url, moved)

    def look(self) -> None:
        """Let it tell of the rules, if they are others."""
        if self._page is not None:
            self._page.look()

    def close(self) -> None:
        """Serve no more."""
        if self._page is not None:
            self._page.close()
            self._page = self.port = None

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        """Hand the page's events on as they come."""
        page = self._page
        is_own = page is not None and flow.request.path.startswith(f"/{page.token}/events")
        if is_own and flow.response is not None:
            flow.response.stream = True


def proxy_address() -> str:
    """Where a browser that is told of a proxy finds it; empty where there is no such one."""
    servers = ctx.master.addons.get("proxyserver").servers
    addresses = [
        address
        for server in servers
        if server.mode.type_name in {"regular", "upstream"}
        for address in server.listen_addrs
    ]
    return f"{ctx.options.listen_host or '127.0.0.1'}:{addresses[0][1]}" if addresses else ""
