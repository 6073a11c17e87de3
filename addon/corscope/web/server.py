"""How is the page served? On a loopback port of its own, on the loop that the proxy has."""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from tornado.httpserver import HTTPServer
from tornado.web import Application

from corscope.journal.store import Store
from corscope.rules.reload import State
from corscope.web.desk import NO_DESK, Desk
from corscope.web.feed import Feed
from corscope.web.handlers import Clear, Events, Fragment, Nothing, Shell, Static
from corscope.web.listening import bound
from corscope.web.views import VIEWS, View

__all__ = ["Behind", "Page"]

ADDRESS: Final = "127.0.0.1"

_LARGEST_BODY: Final = 4_000_000

PATIENCE: Final = 60.0
"""Seconds for a request to come in: who never ends one would keep a descriptor of the proxy's."""


@dataclass(frozen=True, slots=True)
class Behind:
    """What the page shows.

    Attributes:
        store: the exchanges.
        state: gives the rules as they are now.
        proxy: gives the proxy's address, for who sets up a browser.
        desk: what the page may do with the rules.
        failed: hears where corscope itself has failed, and with what.
    """

    store: Store
    state: Callable[[], State]
    proxy: Callable[[], str]
    desk: Desk = NO_DESK
    failed: Callable[[str, Exception], None] = lambda _where, _error: None


class Page:
    """The page, served from its making until `close`."""

    def __init__(self, behind: Behind, port: int, views: Sequence[View] = VIEWS) -> None:
        """Bind to this port or the next one that is free, and serve.

        Raises:
            OSError: none of the ports that were tried is free.
        """
        self.behind = behind
        self.views = views
        self.token = secrets.token_urlsafe(24)
        sockets = bound(ADDRESS, port)
        self.port: int = sockets[0].getsockname()[1]
        self.feed = Feed(behind.store)
        self._state = behind.state()
        self._server = HTTPServer(
            self._application(),
            max_body_size=_LARGEST_BODY,
            idle_connection_timeout=PATIENCE,
            body_timeout=PATIENCE,
        )
        self._server.add_sockets(sockets)

    @property
    def url(self) -> str:
        """The page's address, with its token."""
        return f"http://{ADDRESS}:{self.port}/{self.token}/"

    def look(self) -> None:
        """Let all that look know where the rules are others than at the last look."""
        before, self._state = self._state, self.behind.state()
        if self._state is not before:
            self.feed.rules_changed()

    def close(self) -> None:
        """Serve no more, and let all go that look."""
        self.feed.close()
        self._server.stop()
        self._ending = asyncio.get_running_loop().create_task(self._server.close_all_connections())

    def _application(self) -> Application:
        own = [
            ("", Shell),
            ("static/(.+)", Static),
            ("view/([a-z-]+)", Fragment),
            ("events", Events),
            ("clear", Clear),
        ]
        of_views = [handler for view in self.views for handler in view.handlers]
        return Application(
            [(f"/([^/]+)/{path}", handler) for path, handler in (*own, *of_views)],
            default_handler_class=Nothing,
            log_function=lambda _: None,  # mitmproxy's log isn't for this, nor is the token
            page=self,
        )
