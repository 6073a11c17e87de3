"""The three engines' verdicts on one exchange, whichever of them it came from."""

from __future__ import annotations

import pytest

from corscope.fetch.check import CredentialsMode
from corscope.fetch.engines import Engine
from corscope.fetch.verdict import judge
from corscope.journal.exchange import Exchange, Missing, Sighting
from corscope.journal.journal import Journal
from corscope.journal.wire import view
from corscope.messages import Request, Response

from .requests import CHROMIUM, FIREFOX, PAGE, REFUSED, WEBKIT, actual, at, preflight

THREE = (Engine.CHROMIUM, Engine.FIREFOX, Engine.WEBKIT)
COOKIE = (("Cookie", "a=1"),)
ACAO = "Access-Control-Allow-Origin"
WITH = ("Access-Control-Allow-Credentials", "true")
TWICE = Response(200, ((ACAO, ""), (ACAO.lower(), PAGE), WITH))
STARS = Response(
    200,
    ((ACAO, "*"), ("Access-Control-Allow-Methods", "*"), ("Access-Control-Allow-Headers", "*")),
)


def seen(request: Request, response: Response | None) -> Exchange:
    journal = Journal()
    journal.requested("x", "browser", request, at(0))
    missing = Missing.NO_ANSWER if response is None else None
    exchange = journal.answered(Sighting("x", response, missing), at(0))
    assert exchange is not None
    return exchange


def verdicts(exchange: Exchange) -> list[str]:
    return [exchange.engines[engine].verdict for engine in THREE]


@pytest.mark.parametrize(
    ("request_", "response", "expected"),
    [
        (actual(), Response(200, ((ACAO, PAGE), WITH)), ["allowed"] * 3),
        (actual(), REFUSED, ["blocked"] * 3),
        (actual(), Response(200, ((ACAO, "*"),)), ["conditional"] * 3),
        (actual(headers=COOKIE), TWICE, ["blocked", "allowed", "blocked"]),
        (actual(), None, ["blocked"] * 3),
        (preflight("GET", "authorization"), STARS, ["conditional"] * 3),
    ],
    ids=["allowed", "blocked", "conditional", "they differ", "no answer", "a departure of all"],
)
@pytest.mark.parametrize("user_agent", [CHROMIUM, FIREFOX, WEBKIT, "curl/8"])
def test_each_engine_has_its_verdict_whoever_asked(
    request_: Request, response: Response | None, expected: list[str], user_agent: str
) -> None:
    own = Request(request_.method, request_.url, (*request_.headers, ("User-Agent", user_agent)))
    exchange = seen(own, response)
    assert verdicts(exchange) == expected
    if exchange.engine is not Engine.UNKNOWN:
        assert exchange.engines[exchange.engine] == exchange.judgement


def test_reason_and_detail_are_each_engines_own() -> None:
    exchange = seen(preflight("PUT", "x-tenant"), Response(404, ()))
    told = {engine: (j.reason, j.detail) for engine, j in exchange.engines.items()}
    asked = view(preflight("PUT", "x-tenant")).cors
    for engine in THREE:
        failure = judge("preflight", asked, Response(404, ()), CredentialsMode.OMIT, engine)
        assert failure is not None
        assert told[engine] == (failure.reason, failure.detail)
    assert told[Engine.WEBKIT] == ("preflight-status", "404")
    assert told[Engine.CHROMIUM] == ("allow-origin-missing", None)
