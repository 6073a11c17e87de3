"""The browsers the tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.support import chromium as chromium_
from tests.support import firefox as firefox_
from tests.support import webkit as webkit_

REQUIRED = "CORSCOPE_REQUIRE_BROWSERS"


def need(missing: str) -> None:
    """Skip what this machine can't run; where browsers are required, that is an error."""
    if not missing:
        return
    if os.environ.get(REQUIRED) == "1":
        raise RuntimeError(f"{REQUIRED}=1, but this machine lacks {missing}")
    pytest.skip(f"needs {missing}")


@pytest.fixture(scope="session")
def chromium() -> Iterator[chromium_.Chromium]:
    """One headless Chromium for all tests; each page gets a context of its own in it."""
    need(chromium_.missing_parts())
    with chromium_.Chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def firefox() -> Iterator[firefox_.Firefox]:
    """One headless Firefox for all tests."""
    need(firefox_.missing_parts())
    with firefox_.Firefox() as browser:
        yield browser


@pytest.fixture(scope="session")
def webkit() -> Iterator[webkit_.WebKit]:
    """One display for all tests, on which each page gets a browser of its own."""
    need(webkit_.missing_parts())
    with webkit_.WebKit() as browser:
        yield browser
