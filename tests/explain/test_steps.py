"""The steps lead to the verdict, and what they say of the answer is so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings

from corscope.explain.steps.walk import Step, steps
from corscope.fetch.check import CredentialsMode
from corscope.fetch.engines import DEPARTURES, Departure, Engine
from corscope.fetch.headers import FAILURE, extract_header_list_values, get, values
from corscope.fetch.reasons import Reason
from corscope.journal.exchange import Exchange, Judgement, Missing, Sighting, Verdicts
from corscope.messages import HeaderList, Request, Response
from tests.journal.requests import ALLOWED, PAGE, REFUSED, actual, preflight

from .exchanges import (
    AGENTS,
    ISOLATED,
    REQUIRE_CORP,
    embedded_under,
    exchange_of,
    exchanges,
    of_cases,
    redirected,
)

OMIT, INCLUDE = CredentialsMode.OMIT, CredentialsMode.INCLUDE
THREE = (Engine.CHROMIUM, Engine.FIREFOX, Engine.WEBKIT)
ACAO = "Access-Control-Allow-Origin"
IMAGE = actual(headers=(("Sec-Fetch-Dest", "image"),))


def walks(exchange: Exchange) -> dict[tuple[Engine, CredentialsMode], tuple[Step, ...]]:
    return {
        (engine, mode): steps(exchange, mode, engine)
        for engine in {*THREE, exchange.engine}
        for mode in (OMIT, INCLUDE)
    }


def check_invariants(exchange: Exchange) -> None:
    for (engine, mode), walk in walks(exchange).items():
        by_engine = exchange.engine_verdicts.get(engine, exchange.verdicts)
        judgement = by_engine.include if mode is INCLUDE else by_engine.omit
        taken = [step for step in walk if step.result != "skipped"]
        failed = [step.reason for step in walk if step.result == "fail"]
        assert failed == ([] if judgement.reason is None else [judgement.reason])
        if failed:
            assert taken[-1].result == "fail"
        assert len({step.id for step in walk}) == len(walk)
        assert all(step.id not in set(Reason) for step in walk), "a reason without a question"
        for step in walk:
            assert (step.result == "fail") == (step.reason is not None)
            assert step.says
            assert f"{step.asks}{step.says}{step.id}".isprintable()
            assert step.departure is None or engine in DEPARTURES[Departure(step.departure)].engines
            holds = HOLDS.get(step.id)
            if step.result == "pass" and holds is not None and not is_in_the_copy(exchange):
                assert holds(exchange, mode), (step, exchange)


def is_in_the_copy(exchange: Exchange) -> bool:
    return exchange.revalidated and exchange.goes_by is None


def headers_of(exchange: Exchange) -> HeaderList:
    return exchange.headers if exchange.goes_by is None else exchange.goes_by


def allows_origin(exchange: Exchange, mode: CredentialsMode) -> bool:
    lines = values(headers_of(exchange), ACAO)
    joined = {", ".join(lines), ", ".join(filter(None, lines))}
    return exchange.origin in joined or (mode is not INCLUDE and "*" in joined)


def allows_credentials(exchange: Exchange, _: CredentialsMode) -> bool:
    lines = values(headers_of(exchange), "Access-Control-Allow-Credentials")
    return [line for line in lines if line] == ["true"]


def parses(name: str) -> Callable[[Exchange, CredentialsMode], bool]:
    return lambda exchange, _: extract_header_list_values(name, headers_of(exchange)) != FAILURE


def allows_header(number: int) -> Callable[[Exchange, CredentialsMode], bool]:
    def holds(exchange: Exchange, mode: CredentialsMode) -> bool:
        lines = values(headers_of(exchange), "Access-Control-Allow-Headers")
        listed = {name.strip(" \t").lower() for line in lines for name in line.split(",")}
        name = list(dict.fromkeys(exchange.request_headers))[number - 1]
        return name in listed or (mode is not INCLUDE and "*" in listed)

    return holds


# What each passed step claims, read off the headers without the code under test.
HOLDS: Mapping[str, Callable[[Exchange, CredentialsMode], bool]] = {
    "answered": lambda e, _: e.status is not None or e.mode in {"no-cors", "navigate"},
    "allow-origin-present": lambda e, _: get(headers_of(e), ACAO) is not None,
    "allow-origin-matches": allows_origin,
    "allow-credentials": allows_credentials,
    "preflight-ok-status": lambda e, _: 200 <= (e.status or 0) < 300,
    "preflight-not-redirected": lambda e, _: (
        e.status not in {301, 302, 303, 307, 308} or not e.location
    ),
    "allow-methods-parses": parses("Access-Control-Allow-Methods"),
    "allow-headers-parses": parses("Access-Control-Allow-Headers"),
    "method-allowed": lambda e, mode: (
        e.method in {"GET", "HEAD", "POST"}
        or bool(
            {e.method, *(() if mode is INCLUDE else "*")}
            & set(extract_header_list_values("Access-Control-Allow-Methods", headers_of(e)) or ())
        )
    ),
    **{f"header-{number}-allowed": allows_header(number) for number in (1, 2, 3)},
    "resource-policy": lambda e, _: (
        get(headers_of(e), "Cross-Origin-Resource-Policy") != "same-origin"
        or e.url.startswith(e.scene.page)
    ),
    "redirect-count": lambda e, _: e.hop < 20,
}


@pytest.mark.parametrize("agent", AGENTS)
def test_the_steps_of_every_case_lead_to_its_verdict(agent: str) -> None:
    count = 0
    for exchange in of_cases(agent):
        check_invariants(exchange)
        count += 1
    assert count > 300


@settings(max_examples=300, deadline=None)
@given(exchanges())
def test_the_steps_of_any_exchange_lead_to_its_verdict(exchange: Exchange) -> None:
    check_invariants(exchange)


def told(walk: tuple[Step, ...]) -> list[tuple[str, str]]:
    return [(step.id, step.result) for step in walk]


def named(walk: tuple[Step, ...], id_: str) -> Step:
    [step] = [step for step in walk if step.id == id_]
    return step


def seen(request: Request, response: Response) -> Exchange:
    return exchange_of(request, Sighting("x", response))


def test_an_actual_request_that_passes() -> None:
    walk = steps(seen(actual(), ALLOWED), INCLUDE, Engine.CHROMIUM)
    assert told(walk) == [
        ("answered", "pass"),
        ("mode", "pass"),
        ("allow-origin-present", "pass"),
        ("allow-origin-single", "pass"),
        ("allow-origin-matches", "pass"),
        ("allow-credentials", "pass"),
        ("exposed-headers", "pass"),
    ]


def test_without_credentials_nobody_asks_whether_they_are_allowed() -> None:
    step = named(steps(seen(actual(), ALLOWED), OMIT, Engine.FIREFOX), "allow-credentials")
    assert (step.result, step.says) == ("skipped", "credentials aren't included")


def test_a_preflight_has_a_step_for_each_header_name() -> None:
    exchange = seen(preflight("PUT", "content-type,x-unknown,x-other"), ALLOWED)
    walk = steps(exchange, OMIT, Engine.CHROMIUM)
    assert told(walk)[-3:] == [
        ("header-1-allowed", "pass"),
        ("header-2-allowed", "fail"),
        ("header-3-allowed", "skipped"),
    ]
    failed = named(walk, "header-2-allowed")
    assert failed.asks == "Is the header x-unknown allowed?"
    assert failed.says == "Access-Control-Allow-Headers doesn't allow x-unknown"
    assert failed.read[0] == (
        "Access-Control-Allow-Headers",
        "content-type, x-tenant, authorization, if-match",
    )


@pytest.mark.parametrize(
    ("engine", "failed"),
    [(Engine.CHROMIUM, "allow-origin-present"), (Engine.WEBKIT, "preflight-ok-status")],
)
def test_the_engines_order_counts(engine: Engine, failed: str) -> None:
    walk = steps(seen(preflight(), Response(404, ())), OMIT, engine)
    assert next(step.id for step in walk if step.result == "fail") == failed


def departed(walk: tuple[Step, ...]) -> list[tuple[str, str]]:
    return [(step.id, step.departure) for step in walk if step.departure]


STARS = ((ACAO, "*"), ("Access-Control-Allow-Headers", "*"))
EMPTY_TOO = ((ACAO, ""), (ACAO.lower(), PAGE))
BAD_HEADERS = ((ACAO, "*"), ("Access-Control-Allow-Headers", "a b"))
AT_HOME = "https://page.test/x"


@pytest.mark.parametrize(
    ("request_", "response", "engine", "expected"),
    [
        pytest.param(
            preflight(),
            Response(404, ()),
            Engine.WEBKIT,
            [("preflight-ok-status", "status-named-before-origin")],
            id="a status before the origin",
        ),
        pytest.param(
            preflight(), Response(404, ((ACAO, "*"),)), Engine.WEBKIT, [], id="in either order"
        ),
        pytest.param(
            preflight(),
            Response(302, (("Location", "/"),)),
            Engine.CHROMIUM,
            [("preflight-not-redirected", "preflight-redirect-named-first")],
            id="a redirect before the origin",
        ),
        pytest.param(
            preflight("GET", "authorization"),
            Response(200, STARS),
            Engine.CHROMIUM,
            [("header-1-allowed", "authorization-covered-by-wildcard")],
            id="authorization by the wildcard",
        ),
        pytest.param(
            actual(),
            Response(200, EMPTY_TOO),
            Engine.FIREFOX,
            [("allow-origin-single", "empty-lines-dropped")],
            id="an empty line",
        ),
        pytest.param(
            preflight("PUT", "x-a"),
            Response(200, BAD_HEADERS),
            Engine.FIREFOX,
            [("method-allowed", "method-named-before-headers")],
            id="the method before the headers",
        ),
        pytest.param(
            actual(),
            Response(302, (("Location", "https://["),)),
            Engine.FIREFOX,
            [("location-valid", "invalid-location-named-first")],
            id="no URL",
        ),
        pytest.param(
            actual(),
            Response(302, (("Location", "data:,x"),)),
            Engine.FIREFOX,
            [("location-http", "local-location-named-first")],
            id="a local URL",
        ),
        pytest.param(
            actual(),
            Response(302, (("Location", "http://b.test/"),)),
            Engine.FIREFOX,
            [("not-mixed-content", "mixed-content-named-first")],
            id="mixed content, where the check fails too",
        ),
        pytest.param(
            actual(),
            Response(302, ((ACAO, "*"), ("Location", "http://b.test/"))),
            Engine.FIREFOX,
            [],
            id="mixed content alone",
        ),
        pytest.param(
            preflight("PUT"),
            Response(307, ((ACAO, "*"), ("Location", "http://b.test/"))),
            Engine.FIREFOX,
            [("not-mixed-content", "mixed-content-named-first")],
            id="a preflight that is led to mixed content",
        ),
        pytest.param(
            actual(),
            Response(302, ((ACAO, "*"), ("Location", ""))),
            Engine.CHROMIUM,
            [("location-valid", "empty-location-ignored")],
            id="an empty Location is none",
        ),
        pytest.param(
            actual(),
            Response(302, ((ACAO, "*"), ("Location", ""))),
            Engine.WEBKIT,
            [("location-valid", "empty-location-refused")],
            id="an empty Location is refused",
        ),
        pytest.param(
            actual(),
            Response(302, ((ACAO, "*"), ("Location", "/a"), ("Location", "/b"))),
            Engine.WEBKIT,
            [("location-valid", "locations-joined")],
            id="two Locations",
        ),
        pytest.param(
            actual(),
            Response(302, ((ACAO, "*"), ("Location", "http://127.0.0.1/"))),
            Engine.WEBKIT,
            [("not-mixed-content", "loopback-is-mixed-content")],
            id="loopback",
        ),
        pytest.param(
            actual(),
            Response(302, ((ACAO, "*"), ("Location", "http://10.0.0.1/"))),
            Engine.CHROMIUM,
            [("not-mixed-content", "local-network-is-no-mixed-content")],
            id="a local network",
        ),
        pytest.param(
            IMAGE,
            Response(302, ((ACAO, "*"), ("Location", "http://b.test/"))),
            Engine.CHROMIUM,
            [],
            id="an upgraded image",
        ),
        pytest.param(
            IMAGE,
            Response(302, ((ACAO, "*"), ("Location", "http://127.0.0.1/"))),
            Engine.CHROMIUM,
            [("not-mixed-content", "upgraded-as-begun")],
            id="an image upgraded wherever it leads",
        ),
        pytest.param(
            IMAGE,
            Response(302, ((ACAO, "*"), ("Location", "http://8.8.8.8/"))),
            Engine.FIREFOX,
            [("not-mixed-content", "ip-addresses-upgraded")],
            id="an image upgraded at an address",
        ),
        pytest.param(
            IMAGE,
            Response(302, ((ACAO, "*"), ("Location", "http://[::1]/"))),
            Engine.WEBKIT,
            [("not-mixed-content", "ipv6-upgraded")],
            id="an image upgraded at an address of version 6",
        ),
        pytest.param(
            IMAGE,
            Response(302, ((ACAO, "*"), ("Location", "http://127.0.0.1/"))),
            Engine.WEBKIT,
            [("not-mixed-content", "loopback-is-mixed-content")],
            id="an image at a loopback address",
        ),
        pytest.param(
            actual(headers=(("Sec-Fetch-Dest", "track"),)),
            Response(302, ((ACAO, "*"), ("Location", "http://b.test/"))),
            Engine.FIREFOX,
            [("not-mixed-content", "track-is-no-mixed-content")],
            id="a text track",
        ),
        pytest.param(
            actual("PUT"),
            Response(302, ((ACAO, "*"), ("Location", "http://b.test/"))),
            Engine.WEBKIT,
            [("not-mixed-content", "preflight-before-mixed-content")],
            id="a preflight before mixed content",
        ),
        pytest.param(
            Request(
                "GET", "https://api.test/a.png", (("Origin", PAGE), ("Sec-Fetch-Mode", "no-cors"))
            ),
            Response(302, (("Location", "https://user@b.test/"),)),
            Engine.CHROMIUM,
            [("location-without-userinfo", "userinfo-always-refused")],
            id="userinfo without CORS",
        ),
        pytest.param(
            actual(),
            Response(407, ((ACAO, "*"),)),
            Engine.CHROMIUM,
            [("proxy-status", "proxy-status-refused")],
            id="a proxy's status",
        ),
        pytest.param(
            actual(),
            Response(200, ((ACAO, "*"), ("Access-Control-Expose-Headers", "*, a b"))),
            Engine.FIREFOX,
            [("exposed-headers", "exposed-wildcard-outlives-error")],
            id="a wildcard before an error",
        ),
    ],
)
def test_a_departure_stands_at_the_step_that_it_changes(
    request_: Request, response: Response, engine: Engine, expected: list[tuple[str, str]]
) -> None:
    assert departed(steps(seen(request_, response), OMIT, engine)) == expected


def test_what_is_asked_in_the_place_of_mixed_content_is_said() -> None:
    response = Response(302, ((ACAO, "*"), ("Location", "http://b.test/x")))
    *_, step = steps(seen(IMAGE, response), OMIT, Engine.WEBKIT)
    assert (step.id, step.result) == ("not-mixed-content", "pass")
    assert step.says == "https://b.test is asked in its place"


def test_firefox_checks_nothing_where_a_preflight_asks_its_own_origin() -> None:
    exchange = seen(preflight("GET", url=AT_HOME), Response(200, ()))
    walk = steps(exchange, OMIT, Engine.FIREFOX)
    assert {step.departure for step in walk if step.id.startswith("allow-origin")} == {
        "preflight-keeps-origin"
    }
    assert {step.result for step in walk if step.id.startswith("allow-origin")} == {"skipped"}


def test_firefox_reads_no_further_where_the_header_is_repeated() -> None:
    exchange = seen(actual(), Response(200, ((ACAO, PAGE), (ACAO, ""))))
    walk = steps(exchange, OMIT, Engine.FIREFOX)
    failed = next(step for step in walk if step.result == "fail")
    assert (failed.id, failed.reason) == ("allow-origin-single", Reason.ALLOW_ORIGIN_REPEATED)


COPY = ((ACAO, PAGE), ("ETag", '"a"'), ("Cache-Control", "no-cache"))
ASKS = (("If-None-Match", '"a"'),)


def test_after_a_304_the_copys_headers_count() -> None:
    before = (actual(), Response(200, COPY))
    exchange = exchange_of(actual(headers=ASKS), Sighting("x", Response(304, ())), before)
    walk = steps(exchange, OMIT, Engine.CHROMIUM)
    assert "the copy's" in named(walk, "revalidation").says
    assert named(walk, "allow-origin-matches").read[0] == (ACAO, PAGE)
    assert {step.result for step in walk} == {"pass", "skipped"}


def test_of_a_copy_that_was_not_seen_nothing_is_claimed() -> None:
    exchange = exchange_of(actual(headers=ASKS), Sighting("x", Response(304, ())))
    walk = steps(exchange, INCLUDE, Engine.CHROMIUM)
    assert "wasn't seen" in named(walk, "revalidation").says
    assert named(walk, "allow-origin-present").result == "pass"
    assert named(walk, "allow-origin-matches").result == "skipped"
    assert named(walk, "allow-credentials").result == "skipped"


def test_the_21st_redirect_is_one_too_many() -> None:
    exchange = redirected(20, Response(302, ((ACAO, "*"), ("Location", "/last"))))
    walk = steps(exchange, OMIT, Engine.CHROMIUM)
    assert named(walk, "redirect-count").result == "fail"


def test_a_resource_policy_keeps_an_image_from_the_page() -> None:
    request = Request(
        "GET", "https://api.test/a.png", (("Origin", PAGE), ("Sec-Fetch-Mode", "no-cors"))
    )
    response = Response(200, (("Cross-Origin-Resource-Policy", "same-origin"),))
    walk = steps(seen(request, response), OMIT, Engine.CHROMIUM)
    assert told(walk) == [("answered", "pass"), ("mode", "pass"), ("resource-policy", "fail")]


@pytest.mark.parametrize(
    ("policies", "engine", "ends", "departure"),
    [
        ((), Engine.FIREFOX, "fail", None),
        (("Cross-Origin",), Engine.CHROMIUM, "fail", None),
        (("Cross-Origin",), Engine.FIREFOX, "pass", "unknown-resource-policy-taken"),
        (("cross-origin",), Engine.FIREFOX, "pass", None),
    ],
)
def test_a_page_may_demand_a_resource_policy(
    policies: tuple[str, ...], engine: Engine, ends: str, departure: str | None
) -> None:
    lines = tuple(("Cross-Origin-Resource-Policy", policy) for policy in policies)
    exchange = embedded_under(REQUIRE_CORP, Response(200, lines))
    last = steps(exchange, OMIT, engine)[-1]
    assert (last.id, last.result, last.departure) == ("resource-policy", ends, departure)
    check_invariants(exchange)


@pytest.mark.parametrize(
    ("engine", "ends", "departure"),
    [(Engine.CHROMIUM, "fail", "documents-isolated"), (Engine.FIREFOX, "pass", None)],
)
def test_an_isolated_page_may_demand_it_of_chromium(
    engine: Engine, ends: str, departure: str | None
) -> None:
    exchange = embedded_under(ISOLATED, Response(200, ()))
    last = steps(exchange, OMIT, engine)[-1]
    assert (last.id, last.result, last.departure) == ("resource-policy", ends, departure)
    check_invariants(exchange)


REPORTS = (("Accept-Encoding", "gzip"), ("Accept-Language", "en"), ("User-Agent", AGENTS[0]))
REPORT = actual("POST", headers=(("Content-Type", "application/reports+json"), *REPORTS))


@pytest.mark.parametrize(
    ("request_", "response", "reason"),
    [
        (preflight("POST", "content-type", headers=REPORTS), REFUSED, Reason.ALLOW_ORIGIN_MISSING),
        (preflight("POST", "content-type", headers=REPORTS), ALLOWED, None),
        (
            preflight("POST", "content-type", headers=REPORTS),
            Response(407, ()),
            Reason.PROXY_AUTHENTICATION,
        ),
        (REPORT._replace(headers=(REPORT.headers[0], *REPORT.headers[2:])), REFUSED, None),
    ],
)
def test_of_a_report_chromium_asks_in_its_own_way(
    request_: Request, response: Response, reason: Reason | None
) -> None:
    exchange = seen(request_, response)
    check_invariants(exchange)
    walk = steps(exchange, OMIT, Engine.CHROMIUM)
    assert "report" in {step.id for step in walk}
    assert [step.reason for step in walk if step.result == "fail"] == ([reason] if reason else [])
    assert "report" not in {step.id for step in steps(exchange, OMIT, Engine.FIREFOX)}


def test_another_mode_needs_no_leave() -> None:
    request = Request(
        "POST", "https://api.test/", (("Origin", PAGE), ("Sec-Fetch-Mode", "navigate"))
    )
    walk = steps(seen(request, REFUSED), OMIT, Engine.CHROMIUM)
    assert [step.says for step in walk][-1] == "navigate: no leave is needed"


@pytest.mark.parametrize("missing", Missing)
def test_without_an_answer_the_walk_ends_at_once(missing: Missing) -> None:
    exchange = exchange_of(preflight(), Sighting("x", None, missing, "gone"))
    walk = steps(exchange, OMIT, Engine.WEBKIT)
    assert told(walk)[0] == ("answered", "fail")
    assert {step.result for step in walk[1:]} == {"skipped"}


def test_a_reason_that_such_an_exchange_cannot_have_still_ends_the_walk() -> None:
    odd = Judgement("blocked", Reason.METHOD_NOT_ALLOWED, "PUT")
    exchange = replace(seen(actual(), ALLOWED), engine_verdicts={Engine.WEBKIT: Verdicts(odd, odd)})
    last = steps(exchange, OMIT, Engine.WEBKIT)[-1]
    assert (last.result, last.reason) == ("fail", Reason.METHOD_NOT_ALLOWED)
