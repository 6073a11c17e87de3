"""What the live tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .wire import RawServer


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever lies here starts a real mitmproxy."""
    for item in items:
        if item.path.is_relative_to(__file__.rpartition("/")[0]):
            item.add_marker(pytest.mark.live)


@pytest.fixture(scope="module")
def server() -> Iterator[RawServer]:
    """One raw server a module; each test takes URLs of its own."""
    with RawServer() as running:
        yield running
