"""benchmarks/ measures what it says, and runs."""

import pytest

from benchmarks.verdict import Measure, measures, table
from corscope.fetch.engines import Engine
from corscope.fetch.reasons import Failure
from corscope.journal.exchange import Exchange


@pytest.mark.parametrize("engine", Engine)
@pytest.mark.parametrize("measure", measures(), ids=lambda measure: measure.name)
def test_a_measure_does_what_its_name_says(measure: Measure, engine: Engine) -> None:
    """Else the figures would be of something else: a refusal is found sooner than leave."""
    done = measure.of(engine)()
    if measure.name.endswith("allowed"):
        assert done is None
    elif measure.name.startswith("an exchange"):
        assert isinstance(done, Exchange)
        assert (done.engine, done.verdicts.include.verdict) == (engine, "allowed")
    elif measure.name.startswith("what"):
        assert done
    else:
        assert isinstance(done, Failure)


def test_the_table_has_a_time_for_everything_in_every_engine() -> None:
    head, *rows = table(seconds=1e-6).splitlines()
    assert head.split() == ["µs", "standard", "chromium", "firefox", "webkit"]
    assert [row[:36].strip() for row in rows] == [measure.name for measure in measures()]
    assert all(float(time) > 0 for row in rows for time in row[36:].split())
