"""benchmarks/ measures what it says, and runs."""

import json
import logging
from pathlib import Path

import pytest

from benchmarks import hooks
from benchmarks.core import Measure, measures, section, steps
from corscope.fetch.engines import Engine
from corscope.fetch.reasons import Failure
from corscope.journal.exchange import Exchange
from corscope.rules.model import Rule
from corscope.servers.answer import Answer


@pytest.mark.parametrize("engine", Engine)
@pytest.mark.parametrize("measure", measures(), ids=lambda measure: measure.name)
def test_a_measure_does_what_its_name_says(measure: Measure, engine: Engine) -> None:
    """Else the figures would be of something else: a refusal is found sooner than leave."""
    done = measure.of(engine)()
    if measure.name.endswith("allowed"):
        assert done is None
    elif measure.name.startswith("what"):
        assert done
    else:
        assert isinstance(done, Failure)


def test_a_step_does_what_its_name_says() -> None:
    for name, call in steps(100, 20).items():
        done = call()
        if name.startswith("a header"):
            assert done == "Origin"
        elif name.startswith("a preflight"):
            assert isinstance(done, Answer)
            assert ("access-control-allow-methods", "GET,PUT") in [
                (key.lower(), value.replace(" ", "")) for key, value in done.headers
            ]
        elif name.startswith("a match"):
            assert isinstance(done, Rule)
            assert done.name == "wanted"
        elif name.startswith("an exchange"):
            assert isinstance(done, Exchange)
            assert done.verdicts.include.verdict == "allowed"
            again = call()
            assert isinstance(again, Exchange)
            assert (again.url == done.url) == name.endswith("as often before")
        else:
            assert json.loads(str(done))["verdict"] == "allowed"


def test_the_core_has_a_time_for_everything_in_every_engine() -> None:
    found = section(quick=True)
    by_engine, on_its_way = found.tables
    assert by_engine.head == ("µs", "standard", "chromium", "firefox", "webkit")
    assert [row[0] for row in by_engine.rows] == [measure.name for measure in measures()]
    assert [row[0] for row in on_its_way.rows] == list(steps(100, 20))
    for table in found.tables:
        assert all(float(time) > 0 for _, *times in table.rows for time in times)


@pytest.mark.parametrize("at_once", [hooks.APART, hooks.TOGETHER])
@pytest.mark.parametrize("name", hooks.KINDS)
def test_what_goes_through_the_hooks_is_what_its_name_says(
    name: str, at_once: int, tmp_path: Path
) -> None:
    assert hooks.took(hooks.KINDS[name], at_once, hooks.QUICK, tmp_path) > 0
    lines = [json.loads(line) for line in (tmp_path / "cors.jsonl").read_text().splitlines()]
    exchanges = [line for line in lines if line["type"] == "exchange"]
    each = (hooks.QUICK.rounds + 1) * hooks.QUICK.exchanges
    assert {line["verdict"] for line in exchanges} <= {"allowed"}
    kinds = [line["kind"] for line in exchanges]
    followed = [line for line in lines if line.get("outcome") == "followed"]
    if name == "GET, not CORS":
        assert not exchanges
    elif name.startswith("preflight"):
        assert kinds == ["preflight", "actual"] * each
        assert len(followed) == each
    else:
        assert kinds == ["actual"] * each
        assert len({line["url"] for line in exchanges}) == (each if name.endswith("new") else 1)
    assert {line["rule"] for line in exchanges} <= {"a policy" if "rule" in name else None}
    answering = {line["kind"]: line["answered_by"] for line in exchanges if line["rule"]}
    assert answering.get("preflight", "rule") == "rule"
    assert answering.get("actual", "server") == "server"


def test_the_hooks_leave_logging_as_it_was(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The benchmarks after it log, too; and nobody wants to read of thousands of exchanges."""
    caplog.set_level(logging.INFO)
    before = list(logging.getLogger().handlers)
    for _ in range(2):
        hooks.took(hooks.KINDS["CORS GET"], hooks.APART, hooks.QUICK, tmp_path)
    assert logging.getLogger().handlers == before
    assert "CORS" not in caplog.text
    logging.getLogger("corscope").warning("after it")
    assert "after it" in caplog.text


def test_the_hooks_have_a_time_for_each_kind() -> None:
    [table] = hooks.section(quick=True).tables
    assert [row[0] for row in table.rows] == list(hooks.KINDS)
    assert all(int(each) > 0 for _, *times in table.rows for each in times)
