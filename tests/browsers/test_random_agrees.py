"""What corscope journals is what real browsers do, also in cases that nobody thought of.

A run prints its seed with the command that repeats it, see `seeds`; `CORSCOPE_SEED` and
`CORSCOPE_CASES` set the seed and how many cases each browser gets.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.browsers.agreement import ENGINES, play
from tests.browsers.generator import generate
from tests.browsers.report import told
from tests.support.seeds import seed

pytestmark = pytest.mark.browser

SEED = seed()
COUNT = int(os.environ.get("CORSCOPE_CASES") or 1500)


def test_a_seed_gives_the_same_cases_again() -> None:
    """And more of them begin with the same, so that a failure is found again in a longer run."""
    assert generate(SEED, 40)[:20] == generate(SEED, 20)
    assert generate(SEED, 20) != generate(SEED + 1, 20)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_journal_tells_what_the_browser_did(
    engine: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Nothing trips corscope, and it is right on every point of every case."""
    browser = request.getfixturevalue(engine)
    with capsys.disabled():
        sys.stdout.write(f"\nagain: make agree N={COUNT} SEED={SEED} ENGINES={engine} ")
        sys.stdout.flush()
    record = play(browser, generate(SEED, COUNT), tmp_path)
    assert "corscope failed" not in record.log
    assert "\n".join(paragraph for _, paragraph in told(record)) == ""
