"""What a line shares with others is read once; what is found is the same as line by line."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest
from hypothesis import given, settings

from corscope.journal.exchange import Exchange, Finding
from corscope.journal.lines.alike import LONGEST, AlikeLines
from corscope.journal.lines.read import LineError, exchange_of
from corscope.journal.lines.write import exchange_line
from tests.explain.exchanges import exchanges, of_cases

from .requests import CHROMIUM

EXCHANGE: Final = next(iter(of_cases(CHROMIUM)))


def later(exchange: Exchange) -> Exchange:
    """One that is alike: another time and id, other findings."""
    return replace(
        exchange,
        time=exchange.time + timedelta(seconds=1),
        id="later",
        preflight="p",
        chain="c",
        findings=(Finding("one", "of them"), Finding("another")),
        waited_ms=12,
    )


def line_of(exchange: Exchange) -> bytes:
    return exchange_line(exchange).encode()


@settings(max_examples=100, deadline=None)
@given(exchanges())
def test_lines_that_are_alike_are_read_as_each_by_itself(exchange: Exchange) -> None:
    lines = AlikeLines()
    assert lines.exchange(line_of(exchange)) is None
    for line in (line_of(exchange), line_of(later(exchange)), line_of(exchange)):
        found = lines.exchange(line)
        assert found is None if len(line) > LONGEST else found == exchange_of(json.loads(line))


def test_what_is_shared_is_there_only_once() -> None:
    lines = AlikeLines()
    lines.exchange(line_of(EXCHANGE))
    first, second = lines.exchange(line_of(EXCHANGE)), lines.exchange(line_of(later(EXCHANGE)))
    assert first is not None
    assert second is not None
    assert first.pattern is second.pattern
    assert first.verdicts is second.verdicts


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        (b'"v":1', b'"v": 1'),
        (b'"waited_ms":', b'"waited":'),
        (b'"hop":0', b'"hop":0,"id":"twice"'),
        (b'"hop":0', b'"hop":0,"waited_ms":7'),
        (b'"hop":0', b'"hop":[0'),
        (b'"chain":', b'"more":1,"chain":'),
        (b"}", b""),
        (b'"id":"', b'"id":"\\n'),
    ],
)
def test_a_line_that_is_written_otherwise_is_left_to_the_general_reader(
    written: bytes, instead: bytes
) -> None:
    lines, line = AlikeLines(), line_of(EXCHANGE)
    lines.exchange(line)
    assert lines.exchange(line) is not None
    place = line.rindex(written)
    other = line[:place] + instead + line[place + len(written) :]
    assert [lines.exchange(other) for _ in range(3)] == [None] * 3


@pytest.mark.parametrize("is_known", [False, True])
@pytest.mark.parametrize(
    ("written", "instead", "key"),
    [
        (b'"waited_ms":null', b'"waited_ms":"x"', "waited_ms"),
        (b'"findings":[]', b'"findings":[{"id":7}]', "findings[0].id"),
        (b'"time":"2', b'"time":"x', "time"),
    ],
)
def test_a_wrong_value_is_named_also_where_the_rest_is_known(
    is_known: bool, written: bytes, instead: bytes, key: str
) -> None:
    lines = AlikeLines()
    line = line_of(replace(EXCHANGE, waited_ms=None, findings=()))
    lines.exchange(line)
    if is_known:
        lines.exchange(line)
    assert written in line
    with pytest.raises(LineError, match=f'the key "{key}"'.replace("[", r"\[")):
        lines.exchange(line.replace(written, instead, 1))
