"""What was said of hosts that can't be had is remembered for a while, and not more than so much."""

from __future__ import annotations

import logging

import pytest
from mitmproxy.test import tflow

from corscope.mitm.record import connections
from corscope.mitm.record.connections import Connections


def fail(seen: Connections, host: str) -> None:
    """Let a tunnel fail as mitmproxy tells it."""
    flow = tflow.tflow()
    flow.request.host = host
    flow.server_conn.error = "[Errno 111] Connection refused"
    seen.http_connect_error(flow)


def test_the_same_is_said_once_in_a_while(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.WARNING, "corscope")
    now = 0.0
    monkeypatch.setattr(connections, "monotonic", lambda: now)
    seen = Connections()
    for _ in range(3):
        fail(seen, "a.test")
    assert len(caplog.messages) == 1
    now = connections.QUIET_SECONDS
    fail(seen, "a.test")
    assert len(caplog.messages) == 2


def test_any_number_of_hosts_takes_only_so_much_memory() -> None:
    seen = Connections()
    for number in range(connections.MOST_TOLD + 100):
        fail(seen, f"{number}.test")
    assert len(seen.told) == connections.MOST_TOLD


def test_hosts_of_any_length_take_only_so_much_memory() -> None:
    seen = Connections()
    for number in range(30):
        fail(seen, f"{number}" + "x" * 100_000)
    assert sum(len(host) for host, _ in seen.told) <= connections.MOST_CHARACTERS
