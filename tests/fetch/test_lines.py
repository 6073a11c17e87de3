"""Header lines that aren't as HTTP has them; each row was seen in a browser."""

from __future__ import annotations

import pytest

from corscope.fetch.engines import Engine
from corscope.fetch.lines import (
    LONGEST_HEADS,
    LONGEST_HEADS_OVER_HTTP_2,
    are_odd,
    is_too_long,
    is_too_long_over_http_2,
    lines_as_read,
    unreadable_name,
)

C, F, W, U = Engine.CHROMIUM, Engine.FIREFOX, Engine.WEBKIT, Engine.UNKNOWN
ALL = {C, F, W, U}
CONTROLS = "\x01\x07\x08\x0b\x0c\x0e\x1b\x1f\x7f"


@pytest.mark.parametrize(
    ("value", "over_http_1", "over_http_2"),
    [
        *(pytest.param(f"a{char}b", set(), {C}, id=f"{char!a}") for char in CONTROLS),
        pytest.param("a\x00b", ALL, ALL, id="NUL"),
        pytest.param("a\rb", set(), {C, F, U}, id="a carriage return"),
        pytest.param("a,\r\n b", set(), {C, F, U}, id="a fold"),
        *(pytest.param(f"a{char}b", set(), set(), id=f"{char!a}") for char in "\t\x80\xe9 "),
    ],
)
def test_who_refuses_an_answer_for_its_header(
    value: str, over_http_1: set[Engine], over_http_2: set[Engine]
) -> None:
    headers = (("Vary", "Origin"), ("X-A", value))
    for over, refusing in ((False, over_http_1), (True, over_http_2)):
        found = {engine: unreadable_name(headers, engine, over_http_2=over) for engine in ALL}
        assert found == {engine: "X-A" if engine in refusing else None for engine in ALL}
    assert are_odd(headers) == any(char in value for char in f"{CONTROLS}\x00\r\n")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("*", [("A", "*")]),
        ("*\rX", [("A", "*")]),
        ("*\r", [("A", "*")]),
        ("*\r X", [("A", "* X")]),
        ("\r\t*", [("A", "*")]),
        ("1\rB: 2", [("A", "1"), ("B", "2")]),
        ("1\rB:2\r 3", [("A", "1"), ("B", "2 3")]),
        ("1\rx\r 2", [("A", "1 2")]),
    ],
)
def test_to_chromium_a_carriage_return_ends_a_line(
    value: str, expected: list[tuple[str, str]]
) -> None:
    headers = (("A", value), ("Vary", "Origin"))
    assert lines_as_read(headers, C) == (*expected, ("Vary", "Origin"))
    for engine in (F, W, U):
        assert lines_as_read(headers, engine) == headers


@pytest.mark.parametrize(("engine", "most"), LONGEST_HEADS.items())
def test_an_engine_takes_so_much_of_a_head_and_no_more(engine: Engine, most: int) -> None:
    assert not is_too_long(most, engine)
    assert is_too_long(most + 1, engine)


def test_an_unknown_engine_has_no_limit() -> None:
    assert not is_too_long(10**9)
    assert not is_too_long_over_http_2((("x", "a" * 1_000_000),))


@pytest.mark.parametrize(("engine", "limit"), LONGEST_HEADS_OVER_HTTP_2.items())
def test_over_http_2_each_line_counts_for_more(engine: Engine, limit: tuple[int, int]) -> None:
    most, besides = limit
    status = (":status", "200")
    room = most - len(":status200") - 2 * besides
    assert not is_too_long_over_http_2((status, ("x", "a" * (room - 1))), engine)
    assert is_too_long_over_http_2((status, ("x", "a" * room)), engine)
    assert is_too_long_over_http_2((status, ("x", ""), ("x", "a" * (room - 2))), engine)
