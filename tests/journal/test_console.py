"""What the console prints of an exchange, as far as the journal tells."""

from __future__ import annotations

import json

import pytest

from corscope.fetch.engines import Engine
from corscope.journal.console import printed
from corscope.journal.exchange import Exchange, Sighting
from corscope.journal.journal import Journal
from corscope.journal.lines.write import exchange_line
from corscope.messages import HeaderList, Request, Response
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

MISSING = "No 'Access-Control-Allow-Origin' header is present on the requested resource."


def exchanges(*asked: tuple[Request, Response]) -> list[Exchange]:
    journal = Journal()
    found = []
    for index, (request, response) in enumerate(asked):
        journal.requested(str(index), "browser", request, at(index))
        exchange = journal.answered(Sighting(str(index), response), at(index))
        assert exchange is not None
        found.append(exchange)
    return found


def by(user_agent: str, url: str = API, headers: HeaderList = (), origin: str = PAGE) -> Request:
    return actual(url=url, headers=(("User-Agent", user_agent), *headers), origin=origin)


def test_the_journal_has_what_the_own_engine_prints() -> None:
    [exchange] = exchanges((by(CHROMIUM), REFUSED))
    said = (
        f"Access to fetch at '{API}' from origin '{PAGE}' has been blocked by CORS policy: "
        f"{MISSING}"
    )
    assert printed(exchange, Engine.CHROMIUM) == (said, "Failed to load resource: net::ERR_FAILED")
    line = json.loads(exchange_line(exchange))
    assert line["console"] == f"{said}\nFailed to load resource: net::ERR_FAILED"


def test_another_engine_is_asked_for_its_own_verdict() -> None:
    twice = (("Access-Control-Allow-Origin", PAGE), ("Access-Control-Allow-Origin", ""))
    [exchange] = exchanges((by(CHROMIUM), Response(200, twice)))
    assert "multiple values" in printed(exchange, Engine.CHROMIUM)[0]
    assert "Multiple CORS header" in printed(exchange, Engine.FIREFOX)[0]
    [exchange] = exchanges((by(FIREFOX), Response(200, twice)))
    assert "Multiple CORS header" in printed(exchange, Engine.FIREFOX)[0]
    assert "more than one origin" in printed(exchange, Engine.WEBKIT)[0]


@pytest.mark.parametrize(
    ("agent", "said", "more"),
    [
        (CHROMIUM, "Mixed Content: ", 0),
        (FIREFOX, "Blocked loading mixed active content \u201chttp://b.test/\u201d", 0),
        (WEBKIT, "[blocked] ", 1),
    ],
)
def test_mixed_content_is_printed_without_cors_too(agent: str, said: str, more: int) -> None:
    """Firefox then says no more."""
    headers = (("User-Agent", agent), ("Origin", PAGE), ("Sec-Fetch-Mode", "no-cors"))
    asked = Request("POST", API, headers)
    [exchange] = exchanges((asked, Response(302, (("Location", "http://b.test/"),))))
    assert exchange.judgement.reason == "mixed-content"
    cause, *rest = printed(exchange, exchange.engine)
    assert cause.startswith(said)
    assert len(rest) == more


@pytest.mark.parametrize(
    ("request_", "response"),
    [
        pytest.param(by(CHROMIUM), ALLOWED, id="allowed"),
        pytest.param(by("curl/8"), REFUSED, id="no browser"),
        pytest.param(
            Request("GET", API, (("Origin", PAGE), ("Sec-Fetch-Mode", "no-cors"))),
            Response(302, (("Location", "data:,x"),)),
            id="no CORS",
        ),
    ],
)
def test_else_nothing_is_printed(request_: Request, response: Response) -> None:
    [exchange] = exchanges((request_, response))
    assert json.loads(exchange_line(exchange))["console"] is None


def test_a_resource_policy_is_told_without_cors() -> None:
    request = Request(
        "POST", API, (("Origin", PAGE), ("Sec-Fetch-Mode", "no-cors"), ("User-Agent", CHROMIUM))
    )
    answer = Response(200, (("Cross-Origin-Resource-Policy", "same-site"),))
    [exchange] = exchanges((request, answer))
    assert printed(exchange, Engine.CHROMIUM) == (
        "Failed to load resource: net::ERR_BLOCKED_BY_RESPONSE.NotSameSite",
    )
    [of_firefox] = printed(exchange, Engine.FIREFOX)
    assert of_firefox.startswith(f"The resource at \u201c{API}\u201d was blocked due to its Cross-")


def test_a_preflight_that_passes_may_print_a_warning() -> None:
    """Of the same answer to a fetch with credentials, Firefox says that it is refused."""
    lines = (("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Headers", "*"))
    told = (("User-Agent", FIREFOX), ("Sec-Fetch-Site", "cross-site"))
    without = preflight("GET", "authorization", headers=told)
    included = (*told, ("Sec-Fetch-Storage-Access", "none"))
    with_credentials = preflight("GET", "authorization", headers=included)
    passed, refused = exchanges(
        (without, Response(200, lines)), (with_credentials, Response(200, lines))
    )
    assert passed.judgement.verdict == "allowed"
    [warning] = printed(passed, Engine.FIREFOX)
    assert warning.startswith("Cross-Origin Request Warning: The Same Origin Policy will disallow ")
    assert json.loads(exchange_line(passed))["console"] == warning
    assert printed(passed, Engine.CHROMIUM) == ()
    assert "Credential is not supported" in printed(refused, Engine.FIREFOX)[0]


def test_an_unknown_engine_prints_nothing_but_others_would() -> None:
    [exchange] = exchanges((by("curl/8"), REFUSED))
    assert printed(exchange, Engine.UNKNOWN) == ()
    assert len(printed(exchange, Engine.WEBKIT)) == 2


def test_a_conditional_verdict_prints_what_credentials_would() -> None:
    [exchange] = exchanges((by(WEBKIT), Response(200, (("Access-Control-Allow-Origin", "*"),))))
    assert exchange.judgement.verdict == "conditional"
    assert "Cannot use wildcard" in printed(exchange, Engine.WEBKIT)[0]


def test_no_secret_of_a_url_is_in_it() -> None:
    location = "https://me:pw@b.test/?token=1#f"
    answer = Response(302, (*ALLOWED.headers, ("Location", location)))
    [exchange] = exchanges((by(WEBKIT, f"{API}?key=2"), answer))
    said = printed(exchange, Engine.WEBKIT)
    assert "redirection URL https://b.test/?token=* has credentials" in said[0]
    assert f"{API}?key=*" in said[1]


def test_a_location_that_is_no_url_is_there_as_it_came() -> None:
    answer = Response(302, (*ALLOWED.headers, ("Location", "http://[x")))
    [exchange] = exchanges((by(WEBKIT), answer))
    assert printed(exchange, Engine.WEBKIT)[0].startswith("Cross-origin redirection to http://[x ")


def test_after_redirects_the_first_url_and_the_page_are_named() -> None:
    second, third = "https://b.test/2?a=*", "https://c.test/3"
    *_, last = exchanges(
        (by(CHROMIUM), Response(302, (*ALLOWED.headers, ("Location", second)))),
        (
            by(CHROMIUM, second, origin="null"),
            Response(302, (("Access-Control-Allow-Origin", "*"), ("Location", third))),
        ),
        (by(CHROMIUM, third, origin="null"), REFUSED),
    )
    assert last.hop == 2
    assert printed(last, Engine.CHROMIUM)[0].startswith(
        f"Access to fetch at '{third}' (redirected from '{API}') from origin '{PAGE}' has been"
    )


def test_what_is_loaded_is_named_where_that_shows() -> None:
    [exchange] = exchanges((by(CHROMIUM, headers=(("Sec-Fetch-Dest", "font"),)), REFUSED))
    assert printed(exchange, Engine.CHROMIUM)[0].startswith("Access to font at ")
