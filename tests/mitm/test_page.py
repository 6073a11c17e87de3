"""The page in mitmproxy: what the log says of it, and that its events pass the proxy."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import pytest
from mitmproxy import http

from corscope.journal.store import Store
from corscope.mitm.page import OwnPage
from corscope.rules.reload import State
from corscope.web.server import Behind
from tests.mitm.flows import flow


def with_page(act: Callable[[OwnPage], None]) -> None:
    """Do something with a page, on a loop as mitmproxy's."""

    async def acted() -> None:
        page = OwnPage(lambda: Behind(Store(), State, str))
        act(page)
        page.close()

    asyncio.run(acted())


def test_the_log_tells_the_address(caplog: pytest.LogCaptureFixture) -> None:
    def act(page: OwnPage) -> None:
        page.serve(0)
        assert f"CORS page: {page.url}" in caplog.text
        page.serve(None)
        assert page.url is None

    caplog.set_level(logging.INFO)
    with_page(act)


def test_a_wrong_port_is_a_warning_that_names_the_option(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def act(page: OwnPage) -> None:
        page.serve(70_000)
        assert page.url is None

    with_page(act)
    [record] = caplog.records
    assert record.levelname == "WARNING"
    assert "70000 is no port" in record.message
    assert "cors_web_port" in record.message


def test_the_pages_events_pass_the_proxy_as_they_come() -> None:
    """Others' stay as they are."""

    def act(page: OwnPage) -> None:
        page.serve(0)
        events = http.Response.make(200, b"", {"Content-Type": "text/event-stream"})
        for url, is_own in ((f"{page.url}events", True), ("http://api.test/events", False)):
            passing = flow(url, response=events.copy())
            page.responseheaders(passing)
            assert passing.response is not None
            assert bool(passing.response.stream) is is_own

    with_page(act)
