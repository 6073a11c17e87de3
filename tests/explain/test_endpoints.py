"""All exchanges as a table, and what is to be said of each endpoint."""

from __future__ import annotations

from dataclasses import replace

import pytest

from corscope.explain.articles.article import TogetherId
from corscope.explain.endpoints.costs import PreflightCosts
from corscope.explain.endpoints.matrix import Endpoint, Matrix, endpoint_of, endpoints
from corscope.fetch.cache import IMPOSED_LIMITS
from corscope.fetch.engines import Engine
from corscope.journal.exchange import Sighting, Touch
from corscope.journal.journal import Journal
from corscope.journal.remarks.findings import FindingId
from corscope.journal.store import Store
from corscope.messages import HeaderList, Request, Response
from tests.journal.requests import ALLOWED, API, PAGE, REFUSED, actual, at, preflight

OTHER = "https://shop.example"
UUID = "123e4567-e89b-12d3-a456-426614174000"
TENANT = (("X-Tenant", "7"),)
Asked = tuple[float, Request, Response, float]


def asked(request: Request, response: Response, second: float = 0, wait: float = 0.25) -> Asked:
    """A request that came at this second and waited so long for this answer."""
    return second, request, response, wait


def store_of(*sent: Asked, touch: Touch | None = None) -> Store:
    journal, store = Journal(), Store()
    for number, (second, request, response, wait) in enumerate(sent):
        for outcome in journal.requested(f"x{number}", "browser", request, at(second)):
            store.note(outcome)
        seen = Sighting(f"x{number}", response, touch=touch)
        exchange = journal.answered(seen, at(second + wait))
        assert exchange is not None
        store.add(exchange)
    return store


def matrix_of(*sent: Asked) -> Matrix:
    return endpoints(store_of(*sent))


def only(*sent: Asked) -> Endpoint:
    [endpoint] = matrix_of(*sent).endpoints
    return endpoint


def answer(origin: str | None, *lines: tuple[str, str], status: int = 200) -> Response:
    allowed: HeaderList = () if origin is None else (("Access-Control-Allow-Origin", origin),)
    return Response(status, (*allowed, *lines))


CREDENTIALS = ("Access-Control-Allow-Credentials", "true")
VARY = ("Vary", "Origin")


# The table


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("https://a.test/items?id=7#x", "https://a.test/items"),
        ("https://a.test/items/42/parts/7", "https://a.test/items/*/parts/*"),
        (f"https://a.test/{UUID}/", "https://a.test/*/"),
        (f"https://a.test/{UUID.upper()}", "https://a.test/*"),
        ("https://a.test/v1/deadbeef/2024-01-01", "https://a.test/v1/deadbeef/2024-01-01"),
        ("https://10.0.0.1:8080/1", "https://10.0.0.1:8080/*"),
        ("https://a.test", "https://a.test"),
        ("no url?x", "no url"),
    ],
)
def test_a_url_is_folded_where_it_plainly_has_an_id(url: str, endpoint: str) -> None:
    assert endpoint_of(url) == endpoint


def test_the_last_verdict_stands_in_the_cell() -> None:
    matrix = matrix_of(
        asked(actual(), REFUSED),
        asked(actual(), ALLOWED, 1),
        asked(actual(origin=OTHER), REFUSED, 2),
        asked(actual("POST", "https://api.test/log"), ALLOWED, 3),
    )
    assert matrix.origins == (PAGE, OTHER)
    items, log = matrix.endpoints
    assert (items.url, log.url) == (API, "https://api.test/log")
    assert (items.methods, log.methods) == (("GET",), ("POST",))
    own, other = items.cells
    assert own is not None
    assert other is not None
    assert (own.verdict, own.reason, own.last) == ("allowed", None, "x1")
    assert own.counts == {"blocked": 1, "allowed": 1}
    assert (other.verdict, other.reason) == ("blocked", "allow-origin-missing")
    assert log.cells[1] is None
    assert items.ids == ("x0", "x1", "x2")


def test_methods_are_those_of_the_fetch() -> None:
    endpoint = only(asked(preflight("PUT"), ALLOWED), asked(actual("PUT"), ALLOWED, 1))
    assert endpoint.methods == ("PUT",)


def test_the_policy_is_the_one_that_was_observed() -> None:
    endpoint = only(asked(preflight("PUT"), ALLOWED), asked(actual(), ALLOWED, 1))
    assert endpoint.policy is not None
    assert endpoint.policy.policy.allow_credentials is True
    assert endpoint.policy.policy.allow_methods == ("PUT", "DELETE")
    store = store_of(asked(actual(), ALLOWED), touch=Touch("r", "apply", answered=True))
    assert endpoints(store).endpoints[0].policy is None


def test_without_exchanges_there_is_an_empty_table() -> None:
    assert endpoints(()) == Matrix((), ())


# Remarks


def remarked(endpoint: Endpoint) -> dict[str, int]:
    return {remark.id: remark.count for remark in endpoint.remarks}


def test_findings_of_single_exchanges_are_told_once() -> None:
    null = answer("null", CREDENTIALS)
    endpoint = only(asked(actual(origin="null"), null), asked(actual(origin="null"), null, 1))
    [remark] = endpoint.remarks
    assert (remark.id, remark.count) == (FindingId.ANY_ORIGIN_WITH_CREDENTIALS, 2)
    assert "any site can make its requests come from null" in remark.text


def test_errors_may_lack_what_other_answers_have() -> None:
    endpoint = only(asked(actual(), ALLOWED), asked(actual(), answer(None, status=500), 1))
    assert remarked(endpoint) == {TogetherId.ERRORS_WITHOUT_CORS_HEADERS: 1}
    assert "answers with status 500 lack Access-Control-Allow-Origin" in endpoint.remarks[0].text
    fine = only(asked(actual(), ALLOWED), asked(actual(), answer(PAGE, status=500), 1))
    assert fine.remarks == ()


def test_a_header_may_be_on_preflights_alone() -> None:
    """Also where the two aren't linked: here a later request goes by the preflight cache."""
    endpoint = only(
        asked(preflight("PUT"), ALLOWED),
        asked(actual("PUT", f"{API}?a=b"), answer(PAGE), 1),
    )
    assert FindingId.PREFLIGHT_AND_ACTUAL_DISAGREE in remarked(endpoint)
    assert any("Access-Control-Allow-Credentials" in each.text for each in endpoint.remarks)


def test_two_urls_of_an_endpoint_show_that_any_origin_gets_in() -> None:
    both = only(
        asked(actual(url=f"{API}/1"), answer(PAGE, CREDENTIALS, VARY)),
        asked(actual(url=f"{API}/2", origin=OTHER), answer(OTHER, CREDENTIALS, VARY), 1),
    )
    assert remarked(both) == {FindingId.ANY_ORIGIN_WITH_CREDENTIALS: 2}
    refused = only(
        asked(actual(url=f"{API}/1"), answer(PAGE, CREDENTIALS, VARY)),
        asked(actual(url=f"{API}/2", origin=OTHER), answer(OTHER, CREDENTIALS, VARY), 1),
        asked(actual(url=f"{API}/3", origin="https://evil.test"), answer(None, VARY), 2),
    )
    assert refused.remarks == ()


def test_answers_that_follow_the_origin_and_do_not_say_so() -> None:
    without = only(
        asked(actual(url=f"{API}/1"), answer(PAGE)),
        asked(actual(url=f"{API}/2", origin=OTHER), answer(OTHER, VARY), 1),
    )
    assert remarked(without) == {FindingId.VARY_ORIGIN_MISSING: 1}


def test_no_value_steers_the_terminal() -> None:
    evil = "https://\x1b[2J.test"
    endpoint = only(
        asked(actual(url=f"{API}/1", origin=evil), answer(evil)),
        asked(actual(url=f"{API}/2"), answer(PAGE), 1),
    )
    assert endpoint.remarks
    assert all(remark.text.isprintable() for remark in endpoint.remarks)


# What preflights cost


def costs(*sent: Asked) -> PreflightCosts:
    found = only(*sent).preflights
    assert found is not None
    return found


def saved(found: PreflightCosts, max_age: int) -> dict[Engine, tuple[int, int]]:
    return {
        each.engine: (each.preflights, each.waited_ms)
        for each in found.savings
        if each.max_age == max_age
    }


def put(second: float) -> tuple[Asked, Asked]:
    """A PUT at this second: its preflight, and the request itself."""
    return (
        asked(preflight("PUT", "x-tenant"), ALLOWED, second),
        asked(actual("PUT", headers=TENANT), ALLOWED, second + 0.5),
    )


def test_preflights_are_counted_and_timed() -> None:
    found = costs(*put(0), *put(10), asked(actual(), ALLOWED, 20))
    assert (found.preflights, found.waited_ms, found.untimed) == (2, 500, 0)
    assert (found.requests, found.preceded) == (3, 2)
    assert found.share == pytest.approx(2 / 3)
    assert found.max_ages == (None,)
    assert not found.at_most


def test_an_endpoint_without_preflights_has_no_costs() -> None:
    assert only(asked(actual(), ALLOWED)).preflights is None


def test_each_engine_keeps_an_answer_up_to_its_own_limit() -> None:
    found = costs(*put(0), *put(300), *put(3_000), *put(9_000))
    assert saved(found, 600) == dict.fromkeys(IMPOSED_LIMITS, (1, 250))
    assert saved(found, 7200) == {
        Engine.CHROMIUM: (2, 500),
        Engine.FIREFOX: (2, 500),
        Engine.WEBKIT: (1, 250),
    }
    kept = {(each.engine, each.max_age): each.kept_for for each in found.savings}
    assert kept[Engine.WEBKIT, 7200] == 600
    assert kept[Engine.CHROMIUM, 7200] == 7200


def test_an_answer_spares_only_what_it_covers() -> None:
    one, two = f"{API}/1", f"{API}/2"
    found = costs(
        asked(preflight("PUT", url=one), ALLOWED),
        asked(preflight("DELETE", url=one), ALLOWED, 10),
        asked(preflight("PUT", url=two), ALLOWED, 20),
        asked(preflight("PATCH", url=one), ALLOWED, 30),
        asked(preflight("PUT", url=one), ALLOWED, 40),
    )
    assert found.preflights == 5
    # The PATCH was refused, and asking for it drops what the first two keep, but not the third.
    assert saved(found, 600)[Engine.CHROMIUM] == (1, 250)
    assert saved(found, 600)[Engine.FIREFOX] == (2, 500)


def test_refused_preflights_spare_nothing() -> None:
    found = costs(asked(preflight("PUT"), REFUSED), asked(preflight("PUT"), REFUSED, 10))
    assert set(saved(found, 600).values()) == {(0, 0)}


def test_where_queries_are_hidden_it_is_at_most_so_much() -> None:
    found = costs(
        asked(preflight("PUT", url=f"{API}?id=1"), ALLOWED),
        asked(preflight("PUT", url=f"{API}?id=2"), ALLOWED, 10),
    )
    assert found.at_most
    assert saved(found, 600)[Engine.FIREFOX] == (1, 250)


def test_what_was_not_timed_is_said() -> None:
    entries = list(store_of(*put(0)))
    old = [entry._replace(exchange=replace(entry.exchange, waited_ms=None)) for entry in entries]
    [endpoint] = endpoints(old).endpoints
    assert endpoint.preflights is not None
    assert (endpoint.preflights.waited_ms, endpoint.preflights.untimed) == (0, 1)
