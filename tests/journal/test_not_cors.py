"""What fails an exchange though CORS has nothing against it, and what doesn't."""

from __future__ import annotations

import pytest

from corscope.journal.exchange import Exchange, Sighting
from corscope.journal.journal import Journal
from corscope.messages import HeaderList, Request, Response

from .requests import API, PAGE, WEBKIT, at

PLAIN = "http://other.test"
TO_HTTP = Response(302, (("Access-Control-Allow-Origin", "*"), ("Location", f"{PLAIN}/x")))


def exchange_of(headers: HeaderList, response: Response, url: str = API) -> Exchange:
    journal = Journal()
    journal.requested("1", "browser", Request("GET", url, headers), at(0))
    exchange = journal.answered(Sighting("1", response), at(1))
    assert exchange is not None
    return exchange


@pytest.mark.parametrize(
    ("headers", "is_mixed"),
    [
        pytest.param((("Origin", PAGE),), True, id="a page of https"),
        pytest.param((("Origin", "http://page.test"),), False, id="a page of http"),
        pytest.param(
            (("Origin", "null"), ("Referer", f"{PAGE}/")), True, id="a page that Referer tells"
        ),
        pytest.param((("Origin", "null"),), False, id="a page that nothing tells"),
        pytest.param(
            (("Origin", PAGE), ("Sec-Fetch-Mode", "no-cors")), True, id="a request without CORS"
        ),
        pytest.param((("Origin", PAGE), ("Sec-Fetch-Mode", "navigate")), False, id="a navigation"),
    ],
)
def test_a_redirect_to_plain_http_is_mixed_content(headers: HeaderList, is_mixed: bool) -> None:
    judgement = exchange_of(headers, TO_HTTP).verdicts.omit
    expected = ("blocked", "mixed-content", PLAIN) if is_mixed else ("allowed", None, None)
    assert (judgement.verdict, judgement.reason, judgement.detail) == expected


def test_what_cors_refuses_is_called_that_first() -> None:
    bare = Response(302, (("Location", f"{PLAIN}/x"),))
    assert exchange_of((("Origin", PAGE),), bare).judgement.reason == "allow-origin-missing"


def test_a_preflight_for_mixed_content_opens_no_way() -> None:
    asked = (("Origin", "null"), ("Referer", f"{PAGE}/"), ("User-Agent", WEBKIT))
    passed = (("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Methods", "*"))
    journal = Journal()
    headers = (*asked, ("Access-Control-Request-Method", "PUT"))
    journal.requested("1", "browser", Request("OPTIONS", f"{PLAIN}/x", headers), at(0))
    exchange = journal.answered(Sighting("1", Response(200, passed)), at(1))
    assert exchange is not None
    assert exchange.judgement.reason == "mixed-content"
