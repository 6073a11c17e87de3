"""The journal's lines, held against what the format promises to its readers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corscope.journal.exchange import Exchange, Outcome, Sighting, Touch
from corscope.journal.journal import Journal
from corscope.journal.lines.write import exchange_line, outcome_line, rules_line, start_line
from corscope.messages import HeaderList, Request, Response

from .requests import ALLOWED, API, PAGE, REFUSED, actual, at, preflight

Check = Callable[[Any], bool]


def one_of(*values: object) -> Check:
    return lambda value: value in values


def maybe(check: Check) -> Check:
    return lambda value: value is None or check(value)


def text(value: object) -> bool:
    return isinstance(value, str)


def number(value: object) -> bool:
    return type(value) is int


def names(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def pairs(value: object) -> bool:
    return isinstance(value, list) and all(names(item) and len(item) == 2 for item in value)


def shaped(keys: dict[str, Check]) -> Check:
    """Whether it has exactly these keys with values that pass."""

    def holds(value: Any) -> bool:
        assert list(value) == list(keys)
        for key, check in keys.items():
            assert check(value[key]), (key, value[key])
        return True

    return holds


def whys(value: Any) -> bool:
    return all(each.keys() == {"what", "name", "rule", "value"} for each in value)


VERDICT: Final = one_of("allowed", "blocked", "conditional")
JUDGEMENT: Final[dict[str, Check]] = {
    "verdict": VERDICT,
    "reason": maybe(text),
    "detail": maybe(text),
    "chromium": maybe(text),
    "firefox": maybe(text),
}
VERDICTS: Final = shaped({"omit": shaped(JUDGEMENT), "include": shaped(JUDGEMENT)})
HEAD: Final[dict[str, Check]] = {"v": one_of(1), "type": text, "time": text}
EXCHANGE: Final[dict[str, Check]] = {
    **HEAD,
    "id": text,
    "kind": one_of("preflight", "actual"),
    "origin": text,
    "url": text,
    "method": text,
    "request_headers": names,
    "mode": text,
    "mode_from": one_of("sec-fetch-mode", "inferred"),
    "credentials": one_of("include", "omit", "unknown"),
    "engine": one_of("chromium", "firefox", "webkit", "unknown"),
    "status": maybe(number),
    "error": maybe(text),
    "headers": pairs,
    "server_headers": maybe(pairs),
    "server_status": maybe(number),
    "location": maybe(text),
    "location_userinfo": one_of(True, False),
    "revalidated": one_of(True, False),
    "goes_by": maybe(pairs),
    "goes_by_status": maybe(number),
    "rule": maybe(text),
    "rule_mode": one_of("apply", "shadow", None),
    "answered_by": one_of("server", "rule"),
    **JUDGEMENT,
    "console": maybe(text),
    "verdicts": VERDICTS,
    "engines": shaped(
        {
            engine: shaped({"verdict": VERDICT, "reason": maybe(text), "detail": maybe(text)})
            for engine in ("chromium", "firefox", "webkit")
        }
    ),
    "engine_verdicts": lambda value: all(map(VERDICTS, value.values())),
    "server_verdict": maybe(VERDICTS),
    "shadow": maybe(shaped({"headers": pairs, "verdicts": VERDICTS})),
    "why": whys,
    "redirected_from": maybe(text),
    "hop": number,
    "scene": shaped(
        {
            "location": maybe(text),
            "page": text,
            "first_url": text,
            "destination": maybe(text),
            "upgrades": one_of(True, False),
            "isolation": one_of("none", "isolate-and-credentialless", "isolate-and-require-corp"),
            "site": one_of(None, "same-origin", "same-site", "cross-site"),
        }
    ),
    "embedder_policy": one_of("unsafe-none", "credentialless", "require-corp"),
    "exposed": maybe(names),
    "hidden": maybe(names),
    "waited_ms": maybe(number),
    "preflight": maybe(text),
    "chain": maybe(text),
    "findings": lambda value: all(found.keys() == {"id", "detail"} for found in value),
}


def exchange_of(request: Request, seen: Sighting) -> Exchange:
    journal = Journal()
    journal.requested(seen.id, "browser", request, at(0))
    exchange = journal.answered(seen, at(0))
    assert exchange is not None
    return exchange


CHANGED = Touch("r", "apply", server_response=REFUSED)
SHADOWED = Touch("r", "shadow", shadow=ALLOWED)


@pytest.mark.parametrize(
    ("request_", "seen"),
    [
        pytest.param(actual(), Sighting("x", ALLOWED), id="allowed"),
        pytest.param(actual(), Sighting("x", REFUSED), id="blocked"),
        pytest.param(preflight(), Sighting("x", REFUSED), id="a preflight"),
        pytest.param(actual(), Sighting("x", None, error="gone"), id="no answer"),
        pytest.param(actual(), Sighting("x", ALLOWED, touch=CHANGED), id="changed by a rule"),
        pytest.param(actual(), Sighting("x", ALLOWED, touch=SHADOWED), id="shadowed by a rule"),
    ],
)
def test_an_exchanges_line_has_every_key_and_only_good_values(
    request_: Request, seen: Sighting
) -> None:
    line = json.loads(exchange_line(exchange_of(request_, seen)))
    assert shaped(EXCHANGE)(line)
    assert line["type"] == "exchange"


def test_an_exchanges_line_says_what_was_seen() -> None:
    request = actual("PUT", f"{API}?a=b", (("X-Tenant", "t"), ("Cookie", "c")))
    line = json.loads(exchange_line(exchange_of(request, Sighting("id", REFUSED, touch=SHADOWED))))
    assert line["id"] == "id"
    assert line["kind"] == "actual"
    assert (line["origin"], line["url"], line["method"]) == (PAGE, f"{API}?a=*", "PUT")
    assert line["request_headers"] == ["x-tenant"]
    assert (line["mode"], line["mode_from"]) == ("cors", "sec-fetch-mode")
    assert line["credentials"] == "include"
    assert line["status"] == 200
    assert line["reason"] == "allow-origin-missing"
    assert line["chromium"] == "MissingAllowOriginHeader"
    assert line["firefox"] == "CORSMissingAllowOrigin"
    assert line["verdicts"]["omit"]["verdict"] == "blocked"
    assert (line["rule"], line["rule_mode"]) == ("r", "shadow")
    assert line["shadow"]["headers"] == [list(pair) for pair in ALLOWED.headers]
    assert line["shadow"]["verdicts"]["include"]["verdict"] == "allowed"


def test_what_a_server_had_sent_stands_beside_what_the_browser_gets() -> None:
    server = Response(200, (("Access-Control-Allow-Origin", "*"), ("Vary", "Origin")))
    touch = Touch("r", "apply", server_response=server)
    line = json.loads(exchange_line(exchange_of(actual(), Sighting("x", ALLOWED, touch=touch))))
    assert line["server_headers"] == [list(pair) for pair in server.headers]
    assert line["server_verdict"]["include"]["reason"] == "wildcard-with-credentials"
    assert line["verdicts"]["include"]["reason"] is None


def test_the_servers_own_status_stands_beside_what_it_had_sent() -> None:
    server = Response(503, (("Access-Control-Allow-Origin", "*"),))
    touch = Touch("r", "apply", server_response=server)
    line = json.loads(exchange_line(exchange_of(actual(), Sighting("x", ALLOWED, touch=touch))))
    assert (line["status"], line["server_status"]) == (200, 503)
    untouched = json.loads(exchange_line(exchange_of(actual(), Sighting("x", ALLOWED))))
    assert untouched["server_status"] is None


@pytest.mark.parametrize(
    ("answered", "waited"),
    [(0.25, 250), (0.0, 0), (-1.0, 0)],
    ids=["a quarter of a second", "no time", "by a clock that was set back"],
)
def test_the_wait_is_counted_from_request_to_answer(answered: float, waited: int) -> None:
    journal = Journal()
    journal.requested("x", "browser", preflight(), at(0))
    exchange = journal.answered(Sighting("x", ALLOWED), at(answered))
    assert exchange is not None
    assert json.loads(exchange_line(exchange))["waited_ms"] == waited


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome(at(0), "p", "followed", "include", "a", 12),
        Outcome(at(0), "p", "not-followed", after_ms=3000),
    ],
    ids=["followed", "not followed"],
)
def test_an_outcomes_line(outcome: Outcome) -> None:
    line = json.loads(outcome_line(outcome))
    assert shaped(
        {
            **HEAD,
            "id": one_of("p"),
            "credentials": one_of(outcome.credentials),
            "outcome": one_of(outcome.outcome),
            "actual": one_of(outcome.actual),
            "after_ms": one_of(outcome.after_ms),
            "why": whys,
        }
    )(line)
    assert line["type"] == "outcome"


def test_the_line_of_a_load() -> None:
    error = {"file": "a.toml", "line": 3, "column": None, "message": "is wrong"}
    line = json.loads(rules_line(at(0), ["a.toml"], 2, [error], applied=False))
    time = line.pop("time")
    assert time
    assert line == {
        "v": 1,
        "type": "rules",
        "files": ["a.toml"],
        "count": 2,
        "errors": [error],
        "applied": False,
    }


def test_the_first_line() -> None:
    line = json.loads(start_line(at(0), "1.2.3", "12.2.3", {"cors_fresh": True}))
    assert line["type"] == "start"
    assert (line["version"], line["mitmproxy"]) == ("1.2.3", "12.2.3")
    assert line["options"] == {"cors_fresh": True}


@pytest.mark.parametrize(
    ("moment", "written"),
    [
        (at(0), "2026-01-02T03:04:05.678Z"),
        (at(0).replace(microsecond=0), "2026-01-02T03:04:05.000Z"),
        (at(0).astimezone(timezone(timedelta(hours=5, minutes=30))), "2026-01-02T03:04:05.678Z"),
    ],
    ids=["truncated to milliseconds", "always with milliseconds", "always UTC"],
)
def test_times_are_rfc_3339(moment: datetime, written: str) -> None:
    assert json.loads(outcome_line(Outcome(moment, "p", "followed")))["time"] == written


LATIN_1 = st.text(st.characters(max_codepoint=255), max_size=20)
NAMES = st.sampled_from(["Origin", "Access-Control-Allow-Origin", "Vary", "access-control-x"])
HEADERS = st.lists(st.tuples(NAMES | LATIN_1, LATIN_1), max_size=6).map(tuple)


@given(LATIN_1, LATIN_1, HEADERS, HEADERS, LATIN_1)
def test_every_exchange_is_one_line_of_ascii(
    method: str, path: str, headers: HeaderList, answered: HeaderList, error: str
) -> None:
    request = Request(method, f"https://api.test/{path}", (("Origin", PAGE), *headers))
    written = exchange_line(
        exchange_of(request, Sighting("x", Response(200, answered), None, error))
    )
    assert re.fullmatch(r"[ -~]+", written)
    assert shaped(EXCHANGE)(json.loads(written))
