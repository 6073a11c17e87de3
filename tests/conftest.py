"""What holds for all tests."""

import signal
import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

# A test may take as long as it does on a busy machine; what hangs, CI ends.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

# A shell without job control has what it puts in the background ignore Ctrl-C, and all that the
# tests start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def hang_up_counts() -> Iterator[None]:
    """What is started hears of its terminal being closed, though nohup runs the tests."""
    if sys.platform == "win32":
        pytest.skip("Windows has no such signal")
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)
