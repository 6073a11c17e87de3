"""What the content view and `cors.explain` say where there is nothing to explain, or they fail.

What they say of exchanges, the tests of mitmproxy's console and of mitmweb see.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from mitmproxy import exceptions
from mitmproxy import flow as mitmproxy_flow

from corscope.mitm.record.journal_file import JournalFile
from corscope.mitm.record.recorder import Recorder
from corscope.mitm.rules.live import LiveRules
from corscope.mitm.ui.commands import Commands
from corscope.mitm.ui.content_view import ContentView

from .flows import flow, tcp_flow

BROKEN: Any = None  # in the place of a recorder: whatever is asked of it fails


def as_11_and_12_ask(view: ContentView, shown: mitmproxy_flow.Flow | None) -> list[str]:
    _, lines = view(b"body", flow=shown, http_message=None)
    text = "\n".join(part for line in lines for _, part in line)
    return [text, view.prettify(b"body", SimpleNamespace(flow=shown))]


@pytest.mark.parametrize(
    ("shown", "told"),
    [
        pytest.param(flow(), "no Origin header", id="no Origin"),
        pytest.param(tcp_flow(), "a tcp flow, and CORS is about HTTP", id="no HTTP"),
        pytest.param(flow(headers=(("Origin", "http://a.test"),)), "no verdict yet", id="open"),
        pytest.param(None, "doesn't say which flow", id="no flow"),
    ],
)
def test_the_view_says_why_there_is_nothing(shown: mitmproxy_flow.Flow | None, told: str) -> None:
    view = ContentView(Recorder(JournalFile("")))
    for text in as_11_and_12_ask(view, shown):
        assert told in text


def test_a_view_that_fails_says_so_and_raises_nothing() -> None:
    for text in as_11_and_12_ask(ContentView(BROKEN), flow()):
        assert text.startswith("corscope failed")


def test_the_view_is_never_the_best() -> None:
    assert ContentView(BROKEN).render_priority(b"", SimpleNamespace()) < -1


def test_a_command_that_fails_raises_what_mitmproxy_shows() -> None:
    with pytest.raises(exceptions.CommandError, match=r"corscope failed \(AttributeError\)"):
        Commands(LiveRules(), BROKEN).explain(flow())
