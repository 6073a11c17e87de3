"""What another engine would do, and by which departure."""

from __future__ import annotations

import pytest

from corscope.explain.line import exchange_lines, exchange_text
from corscope.explain.parts.engines import NAMES, TURNS, engine_lines, otherwise
from corscope.fetch.engines import DEPARTURES, Departure, Engine
from corscope.journal.exchange import Exchange, Sighting
from corscope.journal.journal import Journal
from corscope.messages import HeaderList, Request, Response
from tests.explain.exchanges import ISOLATED, REQUIRE_CORP, embedded_under
from tests.journal.requests import (
    ALLOWED,
    API,
    CHROMIUM,
    FIREFOX,
    PAGE,
    REFUSED,
    WEBKIT,
    actual,
    at,
    preflight,
)

OWN = ("Access-Control-Allow-Origin", PAGE)
ANY = ("Access-Control-Allow-Origin", "*")
EMPTY = ("Access-Control-Allow-Origin", "")
BAD_HEADERS = ("Access-Control-Allow-Headers", "x y")
USER_AGENTS = {Engine.CHROMIUM: CHROMIUM, Engine.FIREFOX: FIREFOX, Engine.WEBKIT: WEBKIT}


def exchange_of(request: Request, response: Response) -> Exchange:
    journal = Journal()
    journal.requested("x", "browser", request, at(0))
    exchange = journal.answered(Sighting("x", response), at(0))
    assert exchange is not None
    return exchange


def asked_by(user_agent: str, request: Request) -> Request:
    headers = (*request.headers, ("User-Agent", user_agent))
    return Request(request.method, request.url, headers)


def answered(*lines: tuple[str, str], status: int = 200) -> Response:
    return Response(status, lines)


GET = actual()
PUT = preflight("PUT")
BEARER = preflight("GET", "authorization")
IMAGE: HeaderList = (("Sec-Fetch-Dest", "image"),)
NULL_TO_PAGE: HeaderList = (("Origin", PAGE), ("Access-Control-Request-Method", "PUT"))

DIFFERENCES = [
    (GET, answered(("access-control-allow-origin", PAGE), EMPTY), Departure.EMPTY_LINES_DROPPED),
    (PUT, answered(OWN, BAD_HEADERS), Departure.METHOD_NAMED_BEFORE_HEADERS),
    (PUT, answered(status=401), Departure.STATUS_NAMED_BEFORE_ORIGIN),
    (
        PUT,
        answered(("Location", "https://b.test/"), status=302),
        Departure.PREFLIGHT_REDIRECT_NAMED_FIRST,
    ),
    (GET, answered(("Location", "http://[x"), status=302), Departure.INVALID_LOCATION_NAMED_FIRST),
    (GET, answered(("Location", "data:,x"), status=302), Departure.LOCAL_LOCATION_NAMED_FIRST),
    (
        actual(url="https://api.test/"),
        answered(("Location", "http://b.test/"), status=302),
        Departure.MIXED_CONTENT_NAMED_FIRST,
    ),
    (
        actual(url="https://api.test/"),
        answered(ANY, ("Location", "http://localhost/"), status=302),
        Departure.LOOPBACK_IS_MIXED_CONTENT,
    ),
    (
        actual(url="https://api.test/"),
        answered(ANY, ("Location", "http://10.0.0.1/"), status=302),
        Departure.LOCAL_NETWORK_IS_NO_MIXED_CONTENT,
    ),
    (
        actual(url="https://api.test/", headers=IMAGE),
        answered(ANY, ("Location", "http://10.0.0.1/"), status=302),
        Departure.UPGRADED_AS_BEGUN,
    ),
    (
        actual(url="https://api.test/", headers=IMAGE),
        answered(ANY, ("Location", "http://10.0.0.1/"), status=302),
        Departure.IP_ADDRESSES_UPGRADED,
    ),
    (
        actual(url="https://api.test/", headers=(("Sec-Fetch-Dest", "track"),)),
        answered(ANY, ("Location", "http://b.test/"), status=302),
        Departure.TRACK_IS_NO_MIXED_CONTENT,
    ),
    (
        Request("OPTIONS", f"{PAGE}/x", NULL_TO_PAGE),
        answered(("Access-Control-Allow-Methods", "PUT")),
        Departure.PREFLIGHT_KEEPS_ORIGIN,
    ),
]


@pytest.mark.parametrize(
    ("request_", "response", "departure"),
    DIFFERENCES,
    ids=[each[2].value for each in DIFFERENCES],
)
def test_the_departure_is_named(
    request_: Request, response: Response, departure: Departure
) -> None:
    """From whichever engine it is looked at, if that one differs by it."""
    entry = DEPARTURES[departure]
    named = 0
    for user_agent in USER_AGENTS.values():
        for line in engine_lines(exchange_of(asked_by(user_agent, request_), response)):
            if line.endswith(f"({departure.value})"):
                assert f". By the standard {entry.standard}; in " in line
                assert f" {entry.instead} (" in line
                named += 1
    assert named >= 2


@pytest.mark.parametrize("agent", [CHROMIUM, FIREFOX])
def test_firefox_lets_a_page_have_what_has_an_unknown_policy(agent: str) -> None:
    odd = Response(200, (("Cross-Origin-Resource-Policy", "any"),))
    [*_, line] = engine_lines(embedded_under(REQUIRE_CORP, odd, agent))
    assert line.endswith(f"({Departure.UNKNOWN_RESOURCE_POLICY_TAKEN.value})")


def test_chromium_alone_isolates_documents() -> None:
    lines = [*engine_lines(embedded_under(ISOLATED, Response(200, ())))]
    assert [line.partition(":")[0] for line in lines] == ["Firefox", "WebKit"]
    assert all(line.endswith(f"({Departure.DOCUMENTS_ISOLATED.value})") for line in lines)


def test_to_an_unknown_browser_all_engines_may_differ() -> None:
    response = answered(OWN, ("Access-Control-Allow-Headers", "*"))
    exchange = exchange_of(BEARER, response)
    lines = list(engine_lines(exchange))
    assert [line.partition(":")[0] for line in lines] == ["Chromium", "Firefox", "WebKit"]
    for line in lines:
        assert line.endswith(f"({Departure.AUTHORIZATION_COVERED_BY_WILDCARD.value})")


def test_engines_that_agree_are_told_only_if_asked_for() -> None:
    exchange = exchange_of(asked_by(CHROMIUM, GET), REFUSED)
    assert list(engine_lines(exchange)) == []
    assert otherwise(exchange) is None
    assert list(engine_lines(exchange, always=True)) == [
        f"{name}: blocked, allow-origin-missing" for name in NAMES.values()
    ]


def test_the_line_tells_another_verdict_but_not_another_name() -> None:
    response = answered(OWN, EMPTY)
    lower = answered(("access-control-allow-origin", PAGE), EMPTY)
    assert "would" not in exchange_text(exchange_of(asked_by(CHROMIUM, GET), response))
    line = exchange_text(exchange_of(asked_by(CHROMIUM, GET), lower))
    assert line.endswith(". Firefox would allow it without credentials.")


def test_engines_of_one_mind_are_told_together() -> None:
    lower = answered(("access-control-allow-origin", PAGE), EMPTY)
    request = actual(headers=(("User-Agent", FIREFOX),))
    told = otherwise(exchange_of(request, lower))
    assert told == "Chromium and WebKit would block it: allow-origin-repeated"


def test_a_report_is_told_to_be_checked_apart() -> None:
    lines = (
        ("User-Agent", CHROMIUM),
        ("Accept-Encoding", "gzip"),
        ("Accept-Language", "en"),
        ("Content-Type", "application/reports+json"),
    )
    report = Request("POST", "https://reports.test/", (("Origin", PAGE), *lines))
    exchange = exchange_of(report, answered())
    assert exchange.judgement.verdict == "allowed"
    told = list(engine_lines(exchange))
    assert len(told) == 2
    assert all("the answer to the report isn't checked" in line for line in told)


def test_every_turn_is_of_an_engine_that_departs() -> None:
    for departure in TURNS:
        assert DEPARTURES[departure].engines


def test_no_value_steers_the_terminal() -> None:
    evil = answered(("Access-Control-Allow-Origin", "\x1b[2J\x9b\u202e"))
    for line in exchange_lines(
        exchange_of(asked_by(CHROMIUM, GET), evil), engines=True, details=True
    ):
        assert line.isprintable()


# The lines below the line


def test_an_exchange_may_be_told_at_length() -> None:
    journal = Journal()
    asks = asked_by(CHROMIUM, preflight("PUT", "content-type,x-secret"))
    journal.requested("p", "browser", asks, at(0))
    assert journal.answered(Sighting("p", ALLOWED), at(0)) is not None
    own = (("Content-Type", "application/json"), ("X-Secret", "s3cret"))
    put = asked_by(CHROMIUM, actual("PUT", headers=own))
    journal.requested("a", "browser", put, at(1))
    exchange = journal.answered(Sighting("a", REFUSED), at(1))
    assert exchange is not None
    lines = list(exchange_lines(exchange, details=True))
    assert lines[0] == exchange_text(exchange)
    assert lines[1] == (
        "    Preflight because PUT is no safelisted method, content-type: application/json is not "
        "safelisted, x-secret is not safelisted"
    )
    assert lines[2].startswith(f"    Chromium prints: Access to fetch at '{API}' from origin")
    assert "s3cret" not in "".join(lines)


def test_of_an_unknown_browser_all_consoles_are_told() -> None:
    lines = list(exchange_lines(exchange_of(GET, REFUSED), details=True))
    for name in NAMES.values():
        assert any(line.startswith(f"    {name} prints: ") for line in lines)


def test_what_hangs_on_credentials_is_only_said_to_be_printed_perhaps() -> None:
    lines = list(exchange_lines(exchange_of(asked_by(WEBKIT, GET), answered(ANY)), details=True))
    assert lines[1].startswith("    WebKit would print: Cannot use wildcard")


def test_a_redirected_request_says_where_the_fetch_began() -> None:
    journal = Journal()
    exchange = None
    for index, url in enumerate((API, "https://b.test/2", "https://c.test/3")):
        request = asked_by(CHROMIUM, actual(url=url, origin="null" if index else PAGE))
        journal.requested(str(index), "browser", request, at(index))
        location = (("Location", ("https://b.test/2", "https://c.test/3", "")[index]),)
        status = 302 if index < 2 else 200
        exchange = journal.answered(
            Sighting(str(index), Response(status, (ANY, *location))), at(index)
        )
    assert exchange is not None
    assert f"GET https://c.test/3 from null after 2 redirects from {API}" in exchange_text(exchange)
