"""What the tests of the command share: running it, flows and HARs to read, a browser."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.chromium import Chromium, missing_parts

ADDON = Path(__file__).parents[2] / "addon"

Command = Callable[..., subprocess.CompletedProcess[str]]


def environment() -> dict[str, str]:
    """The command finds the checkout's package, installed or not."""
    return {**os.environ, "PYTHONPATH": str(ADDON), "PYTHONUNBUFFERED": "1"}


@pytest.fixture
def corscope() -> Command:
    """Run `corscope ARGUMENTS…` to its end."""

    def run(
        *arguments: object, stdin: bytes = b"", timeout: float = 120
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "corscope", *map(str, arguments)],
            input=stdin,
            capture_output=True,
            timeout=timeout,
            env=environment(),
            check=False,
        )
        decoded = (done.stdout.decode("utf-8"), done.stderr.decode("utf-8"))
        return subprocess.CompletedProcess(done.args, done.returncode, *decoded)

    return run


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    """One headless Chromium for the demo's tests."""
    if missing := missing_parts():
        if os.environ.get("CORSCOPE_REQUIRE_BROWSERS") == "1":
            raise RuntimeError(f"CORSCOPE_REQUIRE_BROWSERS=1, but this machine lacks {missing}")
        pytest.skip(f"needs {missing}")
    with Chromium() as browser:
        yield browser
