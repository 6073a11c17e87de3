"""What does the page's server answer? What all handlers share, and those of no single view."""

import asyncio
import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, MissingArgumentError, RequestHandler

from corscope.web.access import Asked, refusal, response_headers
from corscope.web.feed import Event
from corscope.web.render import shell_html

if TYPE_CHECKING:
    from corscope.web.server import Page

__all__ = ["Clear", "Events", "Fragment", "Handler", "Nothing", "Shell", "Static"]

_STATIC: Final = Path(__file__).parent / "static"
_HEADERS: Final = response_headers()
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}


class Handler(RequestHandler):
    """Answers whom it may, with the headers that all answers have; the path begins with a token."""

    @property
    def page(self) -> "Page":
        """What there is to show."""
        page: Page = self.settings["page"]
        return page

    def set_default_headers(self) -> None:
        """Let every answer have its headers, errors included."""
        self.clear_header("Server")
        for name, value in _HEADERS.items():
            self.set_header(name, value)

    def compute_etag(self) -> None:
        """Nothing of it is kept, so nothing needs a tag."""

    def prepare(self) -> None:
        """Refuse whom nothing is to be told."""
        token = self.request.path.partition("/")[2].partition("/")[0]
        asked = Asked(self.request.method or "", token, self.request.headers)
        if (why := refusal(asked, self.page.token, self.page.port)) is not None:
            raise HTTPError(403, reason=why)

    def write_error(self, *_: Any, **__: Any) -> None:
        """Say in a line of plain text what is wrong; what failed inside is for the log."""
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(f"corscope: {self._reason}\n")

    def log_exception(self, _kind: Any, value: Any, _trace: Any) -> None:
        """Have it told what failed inside, without the address, which has the token in it."""
        if not isinstance(value, HTTPError | StreamClosedError):
            # Not by a way that may be what has failed.
            self.settings["page"].behind.failed(type(self).__qualname__, value)

    def required(self, name: str) -> str:
        """Answer an argument of the query, exactly as it was sent.

        Raises:
            MissingArgumentError: It is missing, which is answered with 400.
        """
        values = self.get_query_arguments(name, strip=False)
        if not values:
            raise MissingArgumentError(name)
        return values[-1]

    def html(self, text: str) -> None:
        """Answer with HTML."""
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(text)

    def json(self, value: object) -> None:
        """Answer with JSON."""
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(value))


class Shell(Handler):
    """The page itself, which holds no exchange yet."""

    def get(self, _token: str) -> None:
        """Answer with the page."""
        self.html(shell_html([(view.name, view.title) for view in self.page.views]))


class Static(Handler):
    """Its style and its modules."""

    def get(self, _token: str, name: str) -> None:
        """Answer with a file of the folder, by a name that was found there."""
        path = next((path for path in _files() if path.as_posix() == name), None)
        if path is None:
            raise HTTPError(404)
        self.set_header("Content-Type", _TYPES[path.suffix])
        self.finish((_STATIC / path).read_bytes())


class Fragment(Handler):
    """A view's HTML, for the page to put in its place."""

    def get(self, _token: str, name: str) -> None:
        """Answer with the view of this name."""
        view = next((view for view in self.page.views if view.name == name), None)
        if view is None:
            raise HTTPError(404)
        self.html(view.fragment(self.page))


class Events(Handler):
    """The exchanges as they come, as server-sent events."""

    async def get(self, _token: str) -> None:
        """Answer until one of both goes."""
        self.set_header("Content-Type", "text/event-stream")
        known = self.request.headers.get("Last-Event-ID") or self.get_query_argument("known", None)
        # The client goes, or mitmproxy ends: both are how this comes to its end.
        with (
            suppress(StreamClosedError, asyncio.CancelledError),
            self.page.feed.subscribed(known) as subscription,
        ):
            async for event in subscription.events():
                self.write(_event_text(event))
                await self.flush()


class Clear(Handler):
    """Forgets all exchanges that are kept in memory; the journal's file stays."""

    def post(self, _token: str) -> None:
        """Clear, and let all that look know."""
        self.page.behind.store.clear()
        self.page.feed.cleared()
        self.json({})


class Nothing(Handler):
    """What isn't there; who doesn't know the token doesn't learn that either."""

    def get(self) -> None:
        """Answer that there is nothing."""
        raise HTTPError(404)

    post = put = delete = patch = options = head = get


def _files() -> list[Path]:
    return [path.relative_to(_STATIC) for path in _STATIC.rglob("*") if path.suffix in _TYPES]


def _event_text(event: Event) -> str:
    upto = "" if event.upto is None else f"id: {event.upto}\n"
    if event.name == "reset":  # an empty id voids what the client has said so far
        upto = f"id: {event.upto or ''}\n"
    data = event.failed if event.name == "failed" else event.rows
    return f"event: {event.name}\n{upto}data: {json.dumps(data, separators=(',', ':'))}\n\n"
