"""The event log's entries: one by one as far as a person follows, together where many come."""

import logging

import pytest

from corscope.mitm.record.event_log import MOST_GATHERED, ONE_BY_ONE, EventLog


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "corscope")
    return caplog


def tell(log: EventLog, texts: range) -> None:
    for each in texts:
        log.tell(logging.INFO, str(each))


def test_a_few_lines_are_logged_as_they_come(told: pytest.LogCaptureFixture) -> None:
    tell(EventLog(), range(ONE_BY_ONE))
    assert told.messages == [str(each) for each in range(ONE_BY_ONE)]


def test_what_comes_on_top_is_logged_together_and_in_order(told: pytest.LogCaptureFixture) -> None:
    log = EventLog()
    tell(log, range(ONE_BY_ONE + 3))
    assert len(told.messages) == ONE_BY_ONE
    log.flush()
    assert told.messages[ONE_BY_ONE:] == ["5\n6\n7"]


def test_levels_are_kept_apart(told: pytest.LogCaptureFixture) -> None:
    log = EventLog(room=0)
    log.tell(logging.INFO, "allowed")
    log.tell(logging.WARNING, "blocked")
    log.tell(logging.INFO, "allowed too")
    log.flush()
    logged = [(record.levelno, record.getMessage()) for record in told.records]
    assert logged == [(logging.INFO, "allowed\nallowed too"), (logging.WARNING, "blocked")]


def test_while_many_come_all_are_logged_together(told: pytest.LogCaptureFixture) -> None:
    log = EventLog()
    tell(log, range(100))
    log.flush()
    before = len(told.messages)
    tell(log, range(100, 200))
    assert len(told.messages) == before
    log.flush()
    assert len(told.messages) == before + 1
    lines = "\n".join(told.messages).split("\n")
    assert lines == [str(each) for each in range(200)]


def test_when_few_come_again_they_are_logged_one_by_one(told: pytest.LogCaptureFixture) -> None:
    log = EventLog()
    tell(log, range(100))
    log.flush()
    tell(log, range(2))
    log.flush()
    told.clear()
    log.tell(logging.INFO, "alone")
    assert told.messages == ["alone"]


def test_a_flood_between_two_looks_takes_bounded_memory(told: pytest.LogCaptureFixture) -> None:
    log = EventLog()
    tell(log, range(5 * MOST_GATHERED))
    assert sum(map(len, log.gathered.values())) < MOST_GATHERED
    log.flush()
    lines = "\n".join(told.messages).split("\n")
    assert lines == [str(each) for each in range(5 * MOST_GATHERED)]
