"""The browser the tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.support.chromium import Chromium, missing_parts

REQUIRED = "CORSCOPE_REQUIRE_BROWSERS"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    """One headless Chromium for all tests; each page gets a context of its own in it."""
    if missing := missing_parts():
        if os.environ.get(REQUIRED) == "1":
            raise RuntimeError(f"{REQUIRED}=1, but this machine lacks {missing}")
        pytest.skip(f"needs {missing}")
    with Chromium() as browser:
        yield browser
