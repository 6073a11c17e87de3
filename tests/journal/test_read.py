"""The journal read back: all that was recorded, or an error that names the key."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corscope.fetch.engines import Engine
from corscope.journal.console import printed
from corscope.journal.exchange import ENGINES, Exchange, Outcome
from corscope.journal.lines.read import LineError, exchange_of, outcome_of
from corscope.journal.lines.write import exchange_line, outcome_line
from corscope.journal.why import Why
from corscope.messages import Response
from tests.explain.exchanges import AGENTS, exchanges, of_cases, redirected

from .requests import PAGE, at

LATER_KEYS = (
    *("location", "location_userinfo", "revalidated", "goes_by", "goes_by_status"),
    *("engine_verdicts", "scene"),
)
LATER_STILL = ("console", "engines", "why", "redirected_from", "hop", "chain")


def to_the_millisecond(exchange: Exchange) -> Exchange:
    time = exchange.time
    return replace(exchange, time=time.replace(microsecond=time.microsecond // 1000 * 1000))


def line_of(exchange: Exchange) -> dict[str, Any]:
    line = json.loads(exchange_line(exchange))
    assert isinstance(line, dict)
    return line


@settings(max_examples=200, deadline=None)
@given(exchanges())
def test_any_exchange_is_read_back_as_it_was(exchange: Exchange) -> None:
    assert exchange_of(line_of(exchange)) == to_the_millisecond(exchange)


@pytest.mark.parametrize("agent", AGENTS)
def test_every_case_is_read_back_as_it_was(agent: str) -> None:
    for exchange in of_cases(agent):
        assert exchange_of(line_of(exchange)) == to_the_millisecond(exchange)


def test_a_chain_of_redirects_is_read_back() -> None:
    exchange = redirected(3, Response(200, (("Access-Control-Allow-Origin", "*"),)))
    assert exchange.hop == 3
    assert exchange_of(line_of(exchange)) == to_the_millisecond(exchange)


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome(at(1).replace(microsecond=0), "p", "not-followed", after_ms=3000),
        Outcome(
            at(1).replace(microsecond=0),
            "p",
            "followed",
            "include",
            "a",
            12,
            (Why("header", "content-type", "content-type", "application/json"), Why("redirect")),
        ),
    ],
)
def test_an_outcome_is_read_back_as_it_was(outcome: Outcome) -> None:
    assert outcome_of(json.loads(outcome_line(outcome))) == outcome


# Lines of earlier versions


@pytest.mark.parametrize("gone", [LATER_KEYS, (*LATER_KEYS, *LATER_STILL)])
@settings(max_examples=100, deadline=None)
@given(exchange=exchanges())
def test_older_lines_still_read(gone: tuple[str, ...], exchange: Exchange) -> None:
    line = {key: value for key, value in line_of(exchange).items() if key not in gone}
    read = exchange_of(line)
    assert (read.id, read.verdicts, read.judgement) == (
        exchange.id,
        exchange.verdicts,
        exchange.judgement,
    )
    assert set(read.engine_verdicts) == set(ENGINES)
    if "engines" in line:
        told = {e: (j.verdict, j.reason, j.detail) for e, j in exchange.engines.items()}
        assert {e: (j.verdict, j.reason, j.detail) for e, j in read.engines.items()} == told


def test_of_an_older_line_the_names_are_known_too() -> None:
    line = json.loads(exchange_line(next(iter(of_cases(AGENTS[3])))))
    blocked = {"verdict": "blocked", "reason": "allow-origin-missing", "detail": None}
    line["engines"]["firefox"] = blocked
    for key in LATER_KEYS:
        del line[key]
    read = exchange_of(line)
    assert read.engines[Engine.FIREFOX].firefox == "CORSMissingAllowOrigin"
    assert "CORS header" in printed(read, Engine.FIREFOX)[0]
    assert read.scene.page == read.origin


def test_what_is_not_known_is_passed_over() -> None:
    exchange = redirected(0, Response(200, ()))
    line = line_of(exchange) | {"later": [1]}
    line["scene"] = line["scene"] | {"later": {}}
    assert exchange_of(line) == to_the_millisecond(exchange)


# Lines that can't be read

BLOCKED = {"verdict": "blocked", "reason": "allow-origin-missing"}


def broken(*path: str | int, value: object) -> dict[str, Any]:
    """A line whose value at this place is another one."""
    line = line_of(redirected(1, Response(200, (("Access-Control-Allow-Origin", PAGE),))))
    at_: Any = line
    for key in path[:-1]:
        at_ = at_[key]
    at_[path[-1]] = value
    return line


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({}, 'the key "v" is missing; it should be 1, the only version there is'),
        (broken("v", value=2), 'the key "v" should be 1, the only version there is, and is 2'),
        (
            broken("type", value="rules"),
            "should be one of exchange, and is 'rules'",
        ),
        (
            broken("status", value="200"),
            "should be a whole number, and is '200'",
        ),
        (broken("status", value=True), 'the key "status" should be a whole number, and is True'),
        (broken("time", value="now"), 'the key "time" should be a time, as in '),
        (broken("time", value="2026-01-02T03:04:05"), 'the key "time" should be a time'),
        (broken("engine", value="presto"), "is 'presto'"),
        (
            broken("request_headers", value=[1]),
            'the key "request_headers" should be a list of texts',
        ),
        (broken("headers", value=[["a"]]), 'the key "headers" should be a list of names with'),
        (broken("headers", value={}), 'the key "headers" should be a list, and is {}'),
        (broken("verdicts", value=[]), 'the key "verdicts" should be an object, and is []'),
        (broken("verdicts", "omit", "verdict", value="yes"), 'the key "verdicts.omit.verdict"'),
        (broken("verdicts", "omit", "reason", value="x"), 'the key "verdicts.omit.reason"'),
        (
            broken("verdicts", "omit", value={"verdict": "blocked"}),
            'the key "verdicts.omit.reason" is missing; it should be one of ',
        ),
        (
            broken("verdicts", "omit", "reason", value="allow-origin-missing"),
            'the key "verdicts.omit.reason" should be null, for what is allowed has none, and is',
        ),
        (
            broken("verdicts", value={"omit": BLOCKED, "include": {"verdict": "allowed"}}),
            'the key "verdicts.omit" should be allowed where credentials are, and is',
        ),
        (broken("reason", value=None), 'the key "reason" should be one of '),
        (broken("revalidated", value=1), 'the key "revalidated" should be true or false, and is 1'),
        (broken("headers", value=None), 'the key "headers" should be a list, and is None'),
        (broken("findings", value=[1]), 'the key "findings" should be a list of objects'),
        (broken("findings", value=[{"id": 1}]), 'the key "findings[0].id" should be a text'),
        (broken("why", value=[{"what": "x"}]), 'the key "why[0].what" should be one of method'),
        (
            broken("why", value=[{"what": "header", "rule": "odd"}]),
            'the key "why[0].rule" should be one of name, value-length, ',
        ),
        (
            broken("why", value=[{"what": "header", "rule": "method"}]),
            'the key "why[0].rule" should be one of name, value-length, ',
        ),
        (
            broken("why", value=[{"what": "method", "rule": "name"}]),
            "the key \"why[0].rule\" should be one of method, and is 'name'",
        ),
        (broken("scene", "page", value=None), 'the key "scene.page" should be a text, and is None'),
        (broken("url", value="\x1b[2J" * 99 + "x").copy() | {"url": 1}, 'the key "url"'),
    ],
)
def test_a_line_that_cannot_be_read_names_the_key(line: dict[str, Any], message: str) -> None:
    with pytest.raises(LineError) as raised:
        exchange_of(line)
    assert message in str(raised.value)


def test_the_message_is_short_and_steers_no_terminal() -> None:
    with pytest.raises(LineError) as raised:
        exchange_of(broken("kind", value="\x1b[2J\u202e" * 1000))
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 200


@given(st.dictionaries(st.sampled_from(["v", "id", "type"]), st.integers() | st.text()))
def test_whatever_is_there_only_line_errors_come(line: dict[str, Any]) -> None:
    for read in (exchange_of, outcome_of):
        with pytest.raises(LineError):
            read(line)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)
A_LINE = line_of(redirected(0, Response(200, ())))


@given(st.sampled_from(sorted(A_LINE)), JSON)
def test_a_key_of_any_value_is_read_or_refused(key: str, value: object) -> None:
    with contextlib.suppress(LineError):
        exchange_of(A_LINE | {key: value})
