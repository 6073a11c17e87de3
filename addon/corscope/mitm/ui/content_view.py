"""What does mitmproxy's message tab show of a flow's CORS exchange? A view beside JSON and all.

mitmproxy 12 asks a content view otherwise than 11 did, and neither looks at its class: one class
answers both. It is never chosen by itself, only where someone asks for it.
"""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from mitmproxy import contentviews, flow

from corscope.mitm.guard import harmless
from corscope.mitm.record.recorder import Recorder
from corscope.mitm.ui.explained import entry_of, explained

__all__ = ["ContentView"]

Lines = Iterator[list[tuple[str, str]]]

_FAILED = "corscope failed to explain this; the event log says how."

_contentviews: Any = contentviews  # what of it there is differs between the versions


class ContentView:
    """The view."""

    name = "CORS"
    syntax_highlight = "none"

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def register(self) -> None:
        """Let mitmproxy offer the view; one of a script loaded before makes place."""
        self.remove()
        _contentviews.add(self)

    def remove(self) -> None:
        """Take the view away, where mitmproxy can do that: 12 can't, but takes another instead."""
        views = getattr(_contentviews, "views", ())
        for view in [view for view in views if view.name == self.name]:
            _contentviews.remove(view)

    def prettify(self, _: bytes, metadata: Any) -> str:
        """The explanation, as mitmproxy 12 asks for it."""
        return self._text(metadata.flow) or _FAILED

    def __call__(
        self, _: bytes, *, flow: flow.Flow | None = None, **__: object
    ) -> tuple[str, Lines]:
        """The explanation, as mitmproxy 11 asks for it."""
        return self.name, ([("text", line)] for line in (self._text(flow) or _FAILED).split("\n"))

    def render_priority(self, *_: object, **__: object) -> float:
        """Below every other view's."""
        return -1000.0

    def __lt__(self, other: Any) -> bool:
        """By name, as mitmproxy sorts views."""
        return self.name < str(other.name)

    @harmless
    def _text(self, shown: flow.Flow | None) -> str:
        _let_the_console_forget()
        if shown is None:
            return "no CORS exchange: mitmproxy doesn't say which flow this is of."
        try:
            return explained(entry_of(self._recorder, shown))
        except ValueError as error:
            return str(error)


def _let_the_console_forget() -> None:
    """Empty the console's cache of rendered bodies, once this one is in it.

    It takes equal bodies with equal headers for the same, and two exchanges may have them.
    """
    console = sys.modules.get("mitmproxy.tools.console.flowview")
    rendered = getattr(getattr(console, "FlowDetails", None), "_get_content_view", None)
    if rendered is not None:
        with suppress(RuntimeError):  # without a running loop there is no console either
            asyncio.get_running_loop().call_soon(rendered.cache_clear)
