"""The figures that the stress tests leave behind."""

import os
from collections.abc import Callable, Iterator

import pytest

from tests.browsers.conftest import chromium, firefox

from .figures import is_full, write

__all__ = ["Count", "chromium", "figure", "firefox"]

Count = Callable[[str, str], None]


@pytest.fixture(scope="session")
def _figures() -> Iterator[dict[str, str]]:
    found: dict[str, str] = {}
    yield found
    if is_full() and os.environ.get("TABLE") == "1":
        write(found)


@pytest.fixture
def figure(_figures: dict[str, str]) -> Count:
    """Note what was counted: a claim, and what was seen of it."""

    def note(claim: str, seen: str) -> None:
        assert "|" not in claim + seen
        _figures[claim] = seen

    return note
