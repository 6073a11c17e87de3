"""`cors.report` in a running mitmproxy: written beside the traffic, which goes on."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .proxy import Proxy
from .wire import RawServer, ask, reply

API = "http://api.test/r"


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory, server: RawServer) -> Iterator[Proxy]:
    server.answers[API] = reply()
    with Proxy(tmp_path_factory.mktemp("report"), server.mode) as running:
        running.ask(ask(API))
        running.exchange(API)
        yield running


def report(proxy: Proxy, file: Path) -> None:
    assert "error" not in proxy.control(command="cors.report", arguments=[str(file)])


@pytest.mark.skipif(sys.platform == "win32", reason="needs a named pipe")
@pytest.mark.parametrize("name", ["report.html", "report.md"])
def test_requests_are_answered_while_a_report_is_written(
    proxy: Proxy, tmp_path: Path, name: str
) -> None:
    """The file is a pipe, whose writing lasts until the test reads."""
    pipe = tmp_path / name
    os.mkfifo(pipe)
    report(proxy, pipe)
    assert proxy.ask(ask(API)).status == 200
    proxy.told(rf"CORS report: writing \d exchanges? to \S*{name}")
    assert re.search(rf"exchanges? written to \S*{name}", proxy.log()) is None
    assert "http://api.test" in pipe.read_text("utf-8")
    proxy.told(rf"CORS report: \d exchanges? written to \S*{name}")


def test_reports_are_written_in_the_order_in_which_they_are_asked_for(
    proxy: Proxy, tmp_path: Path
) -> None:
    file = tmp_path / "twice.md"
    report(proxy, file)
    report(proxy, file)
    proxy.told(r"(?s)written to \S*twice\.md.*written to \S*twice\.md")
    assert file.read_text("utf-8").startswith("# CORS report")


def test_what_keeps_a_report_from_being_written_is_told(proxy: Proxy, tmp_path: Path) -> None:
    report(proxy, tmp_path / "none" / "report.html")
    proxy.told(r"CORS report: not written: there is no folder .*none")
    report(proxy, tmp_path)
    proxy.told(r"(?s)not written.*CORS report: not written: \S")
    assert list(tmp_path.iterdir()) == []
