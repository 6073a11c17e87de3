"""What is told of why a preflight was sent: names by the preflight, rules by the request."""

from __future__ import annotations

import pytest

from corscope.journal.exchange import Exchange, Sighting
from corscope.journal.journal import Journal
from corscope.journal.why import MAX_SHOWN, Why
from corscope.messages import HeaderList, Request, Response

from .requests import ALLOWED, API, CHROMIUM, FIREFOX, PAGE, WEBKIT, actual, at, preflight

CDN = "https://cdn.test/items"
LONG = "a" * 129
ALL = Response(
    204,
    (
        ("Access-Control-Allow-Origin", PAGE),
        ("Access-Control-Allow-Methods", "*"),
        ("Access-Control-Allow-Headers", "*, authorization"),
    ),
)


class Told:
    """A journal that numbers what it is told."""

    def __init__(self) -> None:
        self.journal = Journal()
        self.number = 0

    def see(self, request: Request, response: Response = ALL) -> Exchange:
        self.number += 1
        self.outcomes = self.journal.requested(str(self.number), "browser", request, at(0))
        exchange = self.journal.answered(Sighting(str(self.number), response), at(0))
        assert exchange is not None
        return exchange


@pytest.fixture
def told() -> Told:
    return Told()


def test_a_simple_request_has_no_why(told: Told) -> None:
    assert told.see(actual()).why == ()
    assert (
        told.see(Request("POST", API, (("Origin", PAGE), ("Sec-Fetch-Mode", "no-cors")))).why == ()
    )


def test_a_preflight_tells_names_and_the_rules_that_names_decide(told: Told) -> None:
    assert told.see(preflight("PUT", "content-type,x-tenant")).why == (
        Why("method", "PUT", "method"),
        Why("header", "content-type"),
        Why("header", "x-tenant", "name"),
    )


def test_a_client_hint_is_decided_by_its_value_in_chromium_alone(told: Told) -> None:
    chromium = preflight("GET", "ect", headers=(("User-Agent", CHROMIUM),))
    firefox = preflight("GET", "ect", headers=(("User-Agent", FIREFOX),))
    assert told.see(chromium).why == (Why("header", "ect"),)
    assert told.see(firefox).why == (Why("header", "ect", "name"),)


@pytest.mark.parametrize(
    ("name", "value", "rule", "shown"),
    [
        ("Content-Type", "application/json", "content-type", "application/json"),
        ("Content-Type", 'text/plain;a="b"', "unsafe-byte", 'text/plain;a="b"'),
        ("Accept", LONG, "value-length", LONG),
        ("Accept", LONG * 2, "value-length", (LONG * 2)[:MAX_SHOWN]),
        ("Accept-Language", "a=\xe4", "language-byte", "a=\xe4"),
        ("Content-Language", "a@b", "language-byte", "a@b"),
        ("Range", "bytes=0-1,3-4", "range-form", "bytes=0-1,3-4"),
        ("X-Api-Key", "secret", "name", None),
        ("Authorization", "secret", "name", None),
    ],
)
def test_the_request_tells_the_rule_and_values_that_are_no_secret(
    told: Told, name: str, value: str, rule: str, shown: str | None
) -> None:
    told.see(preflight("GET", name.lower()))
    exchange = told.see(actual(headers=((name, value),)))
    assert exchange.why == (Why("header", name.lower(), rule, shown),)
    assert [outcome.why for outcome in told.outcomes] == [exchange.why]


def test_headers_that_are_safe_each_may_be_too_long_together(told: Told) -> None:
    languages = tuple(("Accept-Language", "a" * 128) for _ in range(9))
    told.see(preflight("GET", "accept-language"))
    (why,) = told.see(actual(headers=languages)).why
    assert (why.name, why.rule) == ("accept-language", "total-length")


@pytest.mark.parametrize(
    ("user_agent", "rule"), [(CHROMIUM, "client-hint-form"), (FIREFOX, "name")]
)
def test_the_rules_are_the_engines_own(told: Told, user_agent: str, rule: str) -> None:
    browser: HeaderList = (("User-Agent", user_agent),)
    told.see(preflight("GET", "ect", headers=browser))
    (why,) = told.see(actual(headers=(*browser, ("ECT", "5g")))).why
    assert (why.name, why.rule, why.value) == ("ect", rule, None)


def test_where_nothing_asks_for_it_script_listens_to_the_upload(told: Told) -> None:
    assert told.see(preflight("POST")).why == (Why("upload-listener"),)
    assert told.see(actual("POST")).why == (Why("upload-listener"),)


@pytest.mark.parametrize(
    ("user_agent", "what"),
    [(CHROMIUM, "upload-listener"), (FIREFOX, "redirect"), (WEBKIT, "redirect")],
)
def test_firefox_and_webkit_ask_again_after_a_redirect(
    told: Told, user_agent: str, what: str
) -> None:
    browser: HeaderList = (("User-Agent", user_agent),)
    see_other = Response(303, (("Location", f"{API}/done"), *ALLOWED.headers))
    told.see(preflight("PUT", headers=browser))
    told.see(actual("PUT", headers=browser), see_other)
    assert [
        why.what for why in told.see(preflight("GET", url=f"{API}/done", headers=browser)).why
    ] == [what]
    exchange = told.see(actual("GET", f"{API}/done", browser))
    assert [why.what for why in exchange.why] == [what]
    assert exchange.hop == 1


def test_headers_that_a_redirect_has_dropped_are_no_reason_any_more(told: Told) -> None:
    webkit: HeaderList = (("User-Agent", WEBKIT),)
    told.see(preflight("GET", "authorization", headers=webkit))
    leaving = Response(302, (("Location", CDN), *ALLOWED.headers))
    told.see(actual(headers=(*webkit, ("Authorization", "x"))), leaving)
    asked = preflight("GET", "authorization", CDN, webkit)
    told.see(Request("OPTIONS", CDN, (("Origin", "null"), *asked.headers[1:])), ANY)
    assert told.see(actual(url=CDN, headers=webkit, origin="null")).why == (Why("redirect"),)


ANY = Response(
    204, (("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Headers", "authorization"))
)


def test_a_cached_answer_leaves_the_why_as_it_is(told: Told) -> None:
    told.see(preflight("PUT"), ALLOWED)
    told.see(actual("PUT"))
    exchange = told.see(actual("PUT"))
    assert exchange.preflight == "1"
    assert exchange.why == (Why("method", "PUT", "method"),)
