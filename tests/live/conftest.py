"""What the live tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .proxy import Proxy
from .wire import RawServer


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever lies here starts a real mitmproxy."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.live)


@pytest.fixture(scope="module")
def server() -> Iterator[RawServer]:
    """One raw server a module; each test takes URLs of its own."""
    with RawServer() as running:
        yield running


@pytest.fixture(scope="module")
def proxy(
    request: pytest.FixtureRequest,
    server: RawServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Proxy]:
    """A proxy before the server, with the module's RULES; in the end it remembers nothing."""
    folder = tmp_path_factory.mktemp("proxy")
    rules = folder / "rules.toml"
    rules.write_text(request.module.RULES, "utf-8")
    with Proxy(folder, server.mode, {"cors_rules": rules}) as running:
        yield running
        state = running.control()["state"]
        assert (state["subjects"], state["touches"], state["in_flight"]) == (0, 0, 0)
