"""What is recorded of the exchanges as they come, and which preflight opened whose way."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corscope.journal import journal as journal_module
from corscope.journal.exchange import Exchange, Missing, Outcome, Sighting, Touch
from corscope.journal.journal import Journal
from corscope.journal.links import pairing
from corscope.journal.why import Why
from corscope.messages import HeaderList, Request, Response

from .requests import ALLOWED, API, CHROMIUM, FIREFOX, PAGE, REFUSED, WEBKIT, actual, at, preflight

BROWSER = "127.0.0.1 Chrome"
PUT = (Why("method", "PUT", "method"),)
PUT_WITH_COOKIE = actual("PUT", headers=(("Cookie", "a=1"),))
LENIENT = Response(
    204, (("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Headers", "*"))
)
NOT_CACHED = Response(200, (*ALLOWED.headers, ("Access-Control-Max-Age", "0")))
ANY_ORIGIN = Response(200, (("Access-Control-Allow-Origin", "*"),))


class Told:
    """A journal with a clock of its own that a test turns, and short calls."""

    def __init__(self) -> None:
        self.journal = Journal()
        self.now = 0.0

    def ask(self, id_: str, request: Request, client: str = BROWSER) -> list[Outcome]:
        return self.journal.requested(id_, client, request, at(self.now))

    def answer(self, id_: str, response: Response = ALLOWED) -> Exchange | None:
        return self.journal.answered(Sighting(id_, response), at(self.now))

    def both(self, id_: str, request: Request, response: Response = ALLOWED) -> Exchange:
        self.ask(id_, request)
        exchange = self.answer(id_, response)
        assert exchange is not None
        return exchange

    def due(self) -> list[tuple[str, str]]:
        return [(outcome.id, outcome.outcome) for outcome in self.journal.due(at(self.now))]


@pytest.fixture
def told() -> Told:
    return Told()


# What is recorded


def test_an_answer_that_broke_off_is_told_apart_from_one_like_it_that_did_not(told: Told) -> None:
    for id_, error in (("broken", "peer closed"), ("whole", None)):
        told.ask(id_, actual())
        exchange = told.journal.answered(Sighting(id_, ALLOWED, error=error), at(told.now))
        assert exchange is not None
        assert exchange.error == error


def test_what_is_no_cors_exchange_is_not_recorded(told: Told) -> None:
    assert told.ask("plain", Request("GET", API, ())) == []
    assert told.answer("plain") is None
    assert not told.journal.in_flight


def test_an_exchange_is_recorded_once(told: Told) -> None:
    told.both("get", actual())
    assert told.answer("get") is None


def test_an_answer_to_what_was_never_asked_is_not_recorded(told: Told) -> None:
    assert told.answer("unknown") is None


@pytest.mark.parametrize(
    ("request_", "response", "verdict", "reason"),
    [
        pytest.param(actual(), ALLOWED, "allowed", None, id="allowed either way"),
        pytest.param(actual(), REFUSED, "blocked", "allow-origin-missing", id="blocked either way"),
        pytest.param(
            actual(), ANY_ORIGIN, "conditional", "wildcard-with-credentials", id="it matters"
        ),
        pytest.param(
            actual(headers=(("Cookie", "a=1"),)),
            ANY_ORIGIN,
            "blocked",
            "wildcard-with-credentials",
            id="a Cookie decides",
        ),
        pytest.param(
            actual(headers=(("Sec-Fetch-Site", "cross-site"), ("User-Agent", CHROMIUM))),
            ANY_ORIGIN,
            "allowed",
            None,
            id="a browser that would have told decides",
        ),
        pytest.param(
            preflight("PUT"), ANY_ORIGIN, "blocked", "method-not-allowed", id="omit's own reason"
        ),
    ],
)
def test_the_verdict_is_conditional_only_where_the_unseen_matters(
    told: Told, request_: Request, response: Response, verdict: str, reason: str | None
) -> None:
    exchange = told.both("x", request_, response)
    assert (exchange.judgement.verdict, exchange.judgement.reason) == (verdict, reason)


def test_both_verdicts_are_kept(told: Told) -> None:
    verdicts = told.both("x", actual(), ANY_ORIGIN).verdicts
    assert verdicts.omit.verdict == "allowed"
    assert verdicts.include.verdict == "blocked"
    assert verdicts.include.chromium == "WildcardOriginNotAllowed"
    assert verdicts.include.firefox == "CORSNotSupportingCredentials"


def test_a_preflights_reason_has_the_preflights_name(told: Told) -> None:
    judgement = told.both("x", preflight(), REFUSED).judgement
    assert judgement.chromium == "PreflightMissingAllowOriginHeader"


@pytest.mark.parametrize("mode", ["no-cors", "navigate", "websocket", "same-origin"])
def test_in_another_mode_nothing_is_asked_of_the_answer(told: Told, mode: str) -> None:
    request = Request("POST", API, (("Origin", PAGE), ("Sec-Fetch-Mode", mode)))
    exchange = told.both("x", request, REFUSED)
    assert exchange.mode == mode
    assert exchange.judgement.verdict == "allowed"
    assert (exchange.exposed, exchange.hidden) == ((), ("content-type",))


@pytest.mark.parametrize(
    ("missing", "reason", "chromium"),
    [
        (Missing.NO_ANSWER, "no-response", "MissingAllowOriginHeader"),
        (Missing.DROPPED, "connection-dropped", None),
        (Missing.CLIENT_GONE, "client-gone", None),
        (Missing.NOT_RECORDED, "not-recorded", None),
    ],
)
def test_without_an_answer_every_mode_is_blocked(
    told: Told, missing: Missing, reason: str, chromium: str | None
) -> None:
    told.ask("x", actual())
    exchange = told.journal.answered(Sighting("x", None, missing, "why"), at(1))
    assert exchange is not None
    assert exchange.status is None
    assert exchange.error == "why"
    assert exchange.headers == ()
    for judgement in (exchange.judgement, exchange.verdicts.omit, exchange.verdicts.include):
        assert (judgement.verdict, judgement.reason) == ("blocked", reason)
        assert judgement.chromium == chromium
    assert exchange.exposed is None


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        pytest.param(
            "Firefox/153.0", "CORSPreflightDidNotSucceed", id="unchecked, it has a status"
        ),
        pytest.param("AppleWebKit/605", "CORSMissingAllowOrigin", id="else it lacks a header"),
    ],
)
def test_firefox_names_the_status_of_the_error_page_where_it_checks_nothing_else(
    told: Told, agent: str, name: str
) -> None:
    """A preflight of the page's own origin, which redirects have led back to."""
    headers = (
        *(("Origin", PAGE), ("Access-Control-Request-Method", "PUT")),
        ("User-Agent", f"Mozilla/5.0 Gecko/20100101 {agent}"),
    )
    told.ask("x", Request("OPTIONS", f"{PAGE}/x", headers))
    exchange = told.journal.answered(Sighting("x", None, Missing.NO_ANSWER, "why"), at(1))
    assert exchange is not None
    assert (exchange.judgement.reason, exchange.judgement.firefox) == ("no-response", name)


@pytest.mark.parametrize("mode", ["no-cors", "navigate"])
def test_the_proxys_error_page_is_an_answer_where_cors_is_not_asked(told: Told, mode: str) -> None:
    told.ask("x", Request("POST", API, (("Origin", PAGE), ("Sec-Fetch-Mode", mode))))
    exchange = told.journal.answered(Sighting("x", None, Missing.NO_ANSWER, "why"), at(1))
    assert exchange is not None
    assert exchange.judgement.verdict == "allowed"
    assert exchange.error == "why"


@pytest.mark.parametrize(
    ("location", "verdict"),
    [
        pytest.param("https://b.test/", "allowed", id="a redirect is followed"),
        pytest.param("https://u:p@b.test/", "allowed", id="also with credentials in it"),
        pytest.param("https://b.test:99999/", "blocked", id="not to what is no URL"),
        pytest.param("data:,x", "blocked", id="nor to a local one"),
        pytest.param("http://b.test:25/", "blocked", id="nor to a port for mail"),
    ],
)
def test_a_redirect_without_cors(told: Told, location: str, verdict: str) -> None:
    request = Request("POST", API, (("Origin", PAGE), ("Sec-Fetch-Mode", "no-cors")))
    exchange = told.both("x", request, Response(302, (("Location", location),)))
    assert exchange.judgement.verdict == verdict
    assert exchange.judgement.chromium is None


def test_a_dropped_connection_has_no_cors_name_where_cors_is_not_asked(told: Told) -> None:
    told.ask("x", Request("POST", API, (("Origin", PAGE), ("Sec-Fetch-Mode", "no-cors"))))
    exchange = told.journal.answered(Sighting("x", None, Missing.DROPPED, "why"), at(1))
    assert exchange is not None
    assert exchange.judgement.verdict == "blocked"
    assert exchange.judgement.chromium is None
    assert exchange.judgement.firefox is None


def test_only_the_cors_headers_are_kept_in_order_with_repeats(told: Told) -> None:
    kept: HeaderList = (
        ("access-control-allow-origin", PAGE),
        ("Vary", "Accept"),
        ("Access-Control-Allow-Origin", "*"),
        ("Access-Control-Made-Up", "\xff"),
        ("Timing-Allow-Origin", "*"),
        ("Cross-Origin-Resource-Policy", "same-site"),
        ("VARY", "Origin"),
    )
    secret = (("Set-Cookie", "sid=secret"), ("X-Token", "secret"), ("Location", "/?a=secret"))
    exchange = told.both("x", actual(), Response(200, (*kept[:3], *secret, *kept[3:])))
    assert exchange.headers == kept


def test_no_secret_of_request_or_answer_is_kept(told: Told) -> None:
    url = "https://user:s3cr3t@api.test/items?token=s3cr3t#s3cr3t"
    secrets = (("Cookie", "sid=s3cr3t"), ("Authorization", "s3cr3t"), ("X-Api-Key", "s3cr3t"))
    response = Response(307, (("Location", f"{url}&x"), ("Set-Cookie", "s3cr3t"), *ALLOWED.headers))
    for id_, request in (
        ("actual", actual("PUT", url, secrets)),
        ("preflight", preflight(url=url)),
        ("other", Request("GET", url, (("Origin", PAGE), ("Sec-Fetch-Mode", "no-cors"), *secrets))),
    ):
        assert "s3cr3t" not in repr(told.both(id_, request, response))


@pytest.mark.parametrize(
    "location",
    ["https://a.test:99999/?token=s3cr3t", "https:\\\\u:s3cr3t@a.test:99999/", "http://[/?s3cr3t"],
)
def test_no_secret_of_a_location_that_is_no_url_is_kept(told: Told, location: str) -> None:
    response = Response(302, (("Location", location), *ALLOWED.headers))
    exchange = told.both("x", actual(), response)
    assert exchange.judgement.reason == "redirect-invalid"
    assert exchange.judgement.detail
    assert "s3cr3t" not in repr(exchange)


def test_urls_are_kept_whole_where_that_is_asked_for(told: Told) -> None:
    told.journal.records.mask_urls = False
    exchange = told.both("x", actual(url="https://u:p@api.test/a?b=c#d"))
    assert exchange.url == "https://api.test/a?b=c"


def test_a_preflights_redirect_is_told_without_secrets(told: Told) -> None:
    response = Response(302, (("Location", "/login?back=secret"), *ALLOWED.headers))
    judgement = told.both("x", preflight(), response).judgement
    assert (judgement.reason, judgement.detail) == ("preflight-redirect", "/login?back=*")


def test_script_can_read_what_is_safelisted_or_exposed(told: Told) -> None:
    headers = (("ETag", "a"), ("X-Id", "b"), ("Content-Type", "c"))
    exposing = (("Access-Control-Expose-Headers", "x-id"),)
    exchange = told.both("x", actual(), Response(200, (*ALLOWED.headers, *headers, *exposing)))
    assert exchange.exposed == ("content-type", "x-id")
    assert exchange.hidden is not None
    assert "etag" in exchange.hidden
    assert "access-control-allow-origin" in exchange.hidden


@pytest.mark.parametrize(
    ("cookie", "shown"),
    [((), True), ((("Cookie", "a=1"),), False)],
    ids=["unknown counts as omitted", "a wildcard doesn't count with credentials"],
)
def test_a_wildcard_exposes_unless_credentials_are_included(
    told: Told, cookie: HeaderList, shown: bool
) -> None:
    headers = (("ETag", "a"), ("Access-Control-Expose-Headers", "*"))
    exchange = told.both("x", actual(headers=cookie), Response(200, (*ALLOWED.headers, *headers)))
    assert exchange.exposed is not None
    assert ("etag" in exchange.exposed) is shown


def test_of_a_redirect_script_reads_nothing(told: Told) -> None:
    response = Response(302, (("Location", "/elsewhere"), *ALLOWED.headers))
    exchange = told.both("x", actual(), response)
    assert exchange.judgement.verdict == "allowed"
    assert exchange.exposed == ()
    assert "location" in (exchange.hidden or ())


@pytest.mark.parametrize("response", [ALLOWED, REFUSED], ids=["allowed", "blocked"])
def test_a_preflight_has_nothing_to_read(told: Told, response: Response) -> None:
    exchange = told.both("x", preflight(), response)
    assert (exchange.exposed, exchange.hidden) == (None, None)


# What a rule did


def test_untouched_by_a_rule(told: Told) -> None:
    exchange = told.both("x", actual())
    assert (exchange.rule, exchange.rule_mode, exchange.answered_by) == (None, None, "server")
    assert exchange.server_headers is None
    assert exchange.server_verdict is None
    assert exchange.shadow is None


def test_what_the_server_had_sent_is_judged_too(told: Told) -> None:
    told.ask("x", actual())
    touch = Touch("open up", "apply", server_response=REFUSED)
    exchange = told.journal.answered(Sighting("x", ALLOWED, touch=touch), at(0))
    assert exchange is not None
    assert (exchange.rule, exchange.rule_mode, exchange.answered_by) == (
        "open up",
        "apply",
        "server",
    )
    assert exchange.server_headers == ()
    assert exchange.server_verdict is not None
    assert exchange.server_verdict.omit.verdict == "blocked"
    assert exchange.judgement.verdict == "allowed"


def test_an_answer_of_the_rules_own(told: Told) -> None:
    told.ask("x", preflight())
    touch = Touch("open up", "apply", answered=True)
    exchange = told.journal.answered(Sighting("x", ALLOWED, touch=touch), at(0))
    assert exchange is not None
    assert exchange.answered_by == "rule"
    assert exchange.server_headers is None
    assert exchange.server_verdict is None


def test_a_shadow_is_judged_and_changes_no_verdict(told: Told) -> None:
    told.ask("x", actual())
    touch = Touch("maybe", "shadow", shadow=ALLOWED)
    exchange = told.journal.answered(Sighting("x", REFUSED, touch=touch), at(0))
    assert exchange is not None
    assert exchange.judgement.verdict == "blocked"
    assert exchange.shadow is not None
    assert exchange.shadow.verdicts.omit.verdict == "allowed"
    assert exchange.shadow.headers == ALLOWED.headers
    assert exchange.server_verdict is None


# Which preflight opened the way


def test_a_request_follows_its_preflight(told: Told) -> None:
    told.both("preflight", preflight("PUT", "x-tenant"))
    told.now = 0.25
    request = actual("PUT", headers=(("X-Tenant", "a"), ("Cookie", "a=1")))
    assert told.ask("put", request) == [
        Outcome(
            *(at(0.25), "preflight", "followed", "include", "put", 250),
            why=(Why("method", "PUT", "method"), Why("header", "x-tenant", "name")),
        )
    ]
    exchange = told.answer("put")
    assert exchange is not None
    assert exchange.preflight == "preflight"
    assert exchange.request_headers == ("x-tenant",)
    told.now = 100
    assert told.due() == []


def test_headers_that_only_the_preflight_reveals_count_as_the_requests_own(told: Told) -> None:
    told.both("preflight", preflight("GET", "authorization,if-match"))
    request = actual(headers=(("Authorization", "x"), ("If-Match", "y"), ("Pragma", "no-cache")))
    exchange = told.both("get", request)
    assert exchange.request_headers == ("authorization", "if-match")
    assert exchange.credentials == "unknown"


def test_an_authorization_that_no_preflight_announced_is_the_browsers(told: Told) -> None:
    with_authorization = (("Authorization", "Basic x"),)
    assert told.both("get", actual(headers=with_authorization)).credentials == "include"
    told.both("preflight", preflight("PUT"))
    assert told.both("put", actual("PUT", headers=with_authorization)).credentials == "include"


def test_an_authorization_may_have_been_announced_by_a_cached_preflight(told: Told) -> None:
    told.both("preflight", preflight("PUT", "x-tenant"))
    told.both("put", actual("PUT", headers=(("X-Tenant", "a"),)))
    later = actual("PUT", headers=(("X-Tenant", "a"), ("Authorization", "Basic x")))
    exchange = told.both("later", later)
    assert exchange.preflight == "preflight"
    assert exchange.credentials == "unknown"


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(actual("DELETE"), id="another method"),
        pytest.param(actual("PUT", API + "/1"), id="another URL"),
        pytest.param(actual("PUT", origin="https://other.test"), id="another origin"),
        pytest.param(actual("PUT"), id="without the announced header"),
        pytest.param(
            actual("PUT", headers=(("X-Tenant", "a"), ("X-Unannounced", "b"))),
            id="with a header that was not announced",
        ),
        pytest.param(
            Request(
                "PUT", API, (("Origin", PAGE), ("X-Tenant", "a"), ("Sec-Fetch-Mode", "no-cors"))
            ),
            id="in another mode",
        ),
    ],
)
def test_what_was_not_announced_does_not_follow(told: Told, request_: Request) -> None:
    told.both("preflight", preflight("PUT", "x-tenant"))
    assert told.ask("other", request_) == []
    told.now = 100
    assert told.due() == [("preflight", "not-followed")]


def test_another_client_is_never_paired(told: Told) -> None:
    told.both("preflight", preflight("PUT"))
    assert told.ask("put", actual("PUT"), "127.0.0.1 Firefox") == []
    exchange = told.answer("put")
    assert exchange is not None
    assert exchange.preflight is None


def test_a_refused_preflight_is_followed_by_nothing(told: Told) -> None:
    told.both("preflight", preflight("PUT"), REFUSED)
    exchange = told.both("put", actual("PUT"))
    assert exchange.preflight is None
    told.now = 3
    assert told.due() == [("preflight", "not-followed")]


def test_a_preflight_that_passes_for_one_credentials_mode_may_be_followed(told: Told) -> None:
    any_origin = Response(
        204, (("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Methods", "*"))
    )
    assert told.both("preflight", preflight("PUT"), any_origin).judgement.verdict == "conditional"
    assert told.both("put", actual("PUT"), ANY_ORIGIN).preflight == "preflight"


def test_identical_preflights_in_flight_are_followed_in_their_order(told: Told) -> None:
    for id_ in ("first", "second", "third"):
        told.ask(id_, preflight("PUT"))
    for id_ in ("second", "third", "first"):
        told.answer(id_)
    followed = [told.ask(f"put {n}", actual("PUT"))[0].id for n in range(3)]
    assert followed == ["second", "third", "first"]
    assert told.ask("put 3", actual("PUT")) == []


def test_different_preflights_of_one_place_keep_apart(told: Told) -> None:
    told.both("put", preflight("PUT"))
    told.both("delete", preflight("DELETE"))
    told.both("put with a header", preflight("PUT", "x-tenant"))
    assert told.ask("1", actual("PUT", headers=(("X-Tenant", "a"),)))[0].id == "put with a header"
    assert told.ask("2", actual("DELETE"))[0].id == "delete"
    assert told.ask("3", actual("PUT"))[0].id == "put"


def test_a_later_request_went_by_the_cached_answer(told: Told) -> None:
    cached = Response(204, (*ALLOWED.headers, ("Access-Control-Max-Age", "60")))
    told.both("preflight", preflight("PUT"), cached)
    told.both("put", actual("PUT"))
    told.now = 59
    assert told.ask("later", actual("DELETE", headers=(("X-Tenant", "a"),))) == []
    exchange = told.answer("later")
    assert exchange is not None
    assert exchange.preflight == "preflight"
    told.now = 61
    assert told.both("too late", actual("DELETE")).preflight is None


def test_the_newest_answer_that_covers_it_opened_the_way(told: Told) -> None:
    for id_ in ("old", "new"):
        told.both(id_, preflight("PUT"))
        told.both(f"{id_} put", actual("PUT"))
    assert told.both("later", actual("PUT")).preflight == "new"


def test_a_simple_request_needs_nobodys_leave(told: Told) -> None:
    told.both("preflight", preflight("PUT"))
    assert told.both("get", actual()).preflight is None


def test_a_simple_request_follows_a_preflight_that_announced_it(told: Told) -> None:
    """Browsers ask for a plain POST too where an upload listener is set."""
    told.both("preflight", preflight("POST"))
    assert told.both("post", actual("POST")).preflight == "preflight"


def test_a_preflight_counts_as_not_followed_after_the_wait(told: Told) -> None:
    told.both("preflight", preflight())
    told.now = pairing.WAIT.total_seconds() - 0.01
    assert told.due() == []
    told.now += 0.01
    outcomes = told.journal.due(at(told.now))
    assert outcomes == [Outcome(at(told.now), "preflight", "not-followed", after_ms=3000)]
    assert told.due() == []


def test_a_late_follower_takes_the_outcome_back(told: Told) -> None:
    told.both("preflight", preflight("PUT"), NOT_CACHED)
    told.now = 4
    assert told.due() == [("preflight", "not-followed")]
    told.now = 5
    assert told.ask("put", PUT_WITH_COOKIE) == [
        Outcome(at(5), "preflight", "followed", "include", "put", 5000, PUT)
    ]
    told.now = 100
    assert told.due() == []
    assert told.journal.close(at(100)) == []


def test_no_request_follows_before_its_preflights_answer(told: Told) -> None:
    """In saved flows the clocks may say so: an answer's time is that of its recording."""
    told.now = 1
    told.both("preflight", preflight("PUT"))
    told.now = 0.5
    assert [outcome.after_ms for outcome in told.ask("put", actual("PUT"))] == [0]


def test_closing_tells_the_outcome_of_all_that_are_open(told: Told) -> None:
    told.both("one", preflight("PUT"))
    told.both("two", preflight("DELETE"))
    told.both("put", actual("PUT"))
    told.now = 0.5
    assert told.journal.close(at(0.5)) == [Outcome(at(0.5), "two", "not-followed", after_ms=500)]
    assert told.journal.close(at(1)) == []


def test_a_preflight_without_an_answer_is_not_followed(told: Told) -> None:
    told.ask("preflight", preflight("PUT"))
    told.journal.answered(Sighting("preflight", None, Missing.NO_ANSWER, "down"), at(0))
    assert told.both("put", actual("PUT")).preflight is None
    assert [outcome.id for outcome in told.journal.close(at(1))] == ["preflight"]


# Bounds


def test_exchanges_that_never_end_are_forgotten_one_by_one(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "MAX_IN_FLIGHT", 3)
    for number in range(5):
        told.ask(str(number), actual())
    assert list(told.journal.in_flight) == ["2", "3", "4"]


def test_firefox_asks_leave_for_the_page_where_the_request_says_null(told: Told) -> None:
    """Once redirects have tainted the origin, only the actual request is sent with `null`."""
    firefox: HeaderList = (("User-Agent", FIREFOX),)
    told.both("p", preflight("PUT", headers=firefox))
    outcomes = told.ask("a", actual("PUT", headers=firefox, origin="null"))
    assert [(o.id, o.outcome, o.actual) for o in outcomes] == [("p", "followed", "a")]


@pytest.mark.parametrize(
    ("user_agent", "status", "actual_"),
    [
        pytest.param(WEBKIT, 302, "last", id="WebKit, after a redirect"),
        pytest.param(FIREFOX, 302, "last", id="Firefox, after a redirect"),
        pytest.param(CHROMIUM, 302, None, id="not Chromium"),
        pytest.param(WEBKIT, 200, None, id="without a redirect nothing is dropped"),
    ],
)
def test_some_announce_headers_that_a_redirect_has_dropped(
    told: Told, user_agent: str, status: int, actual_: str | None
) -> None:
    browser: HeaderList = (("User-Agent", user_agent),)
    headers = (*browser, ("X-Tenant", "7"), ("X-Body", "x"))
    answer = Response(status, (("Location", f"{API}/2"), *ANY_ORIGIN.headers))
    told.both("first", actual("GET", headers=headers), answer)
    told.both("p", preflight("GET", "x-body, x-tenant", f"{API}/2", browser), LENIENT)
    outcomes = told.ask("last", actual("GET", f"{API}/2", headers[:2]))
    assert [o.actual for o in outcomes] == ([actual_] if actual_ else [])


def test_a_request_without_a_header_leaves_the_preflight_that_asks_for_it_alone(told: Told) -> None:
    """Also in the engines whose preflights after a redirect ask for more than is sent."""
    firefox: HeaderList = (("User-Agent", FIREFOX),)
    told.both("with", preflight("PUT", "x-tenant", headers=firefox))
    told.both("without", preflight("PUT", headers=firefox))
    assert [o.id for o in told.ask("1", actual("PUT", headers=firefox))] == ["without"]
    with_header = actual("PUT", headers=(*firefox, ("X-Tenant", "7")))
    assert [o.id for o in told.ask("2", with_header)] == ["with"]


def test_other_engines_ask_leave_for_null_itself(told: Told) -> None:
    told.both("p", preflight("PUT"))
    assert told.ask("a", actual("PUT", origin="null")) == []


def test_the_preflights_that_wait_are_bounded(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairing, "MAX_WAITING", 2)
    monkeypatch.setattr(pairing, "MAX_KNOWN", 2)
    told.journal = Journal()
    for path in ("/a", "/b", "/c"):
        told.both(path, preflight("PUT", url=f"https://api.test{path}"), NOT_CACHED)
    assert len(told.journal.pairing.waits) == 2
    assert list(told.journal.pairing.known) == ["/b", "/c"]
    assert told.both("late", actual("PUT", "https://api.test/a")).preflight is None
    assert told.both("put", actual("PUT", "https://api.test/b")).preflight == "/b"


def test_no_preflight_loses_its_outcome_to_the_bounds(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pairing, "MAX_WAITING", 1)
    told.journal = Journal()
    for path in ("/a", "/b"):
        told.both(path, preflight("PUT", url=f"https://api.test{path}"))
    assert told.due() == [("/a", "not-followed")]
    told.now = 10
    assert told.due() == [("/b", "not-followed")]


def test_a_clock_that_is_set_back_a_little_keeps_no_more_preflights_open_than_may_wait(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pairing, "MAX_WAITING", 3)
    for number in range(5):
        told.both(str(number), preflight("PUT"))
    told.now = -1
    assert [id_ for id_, _ in told.due()] == ["0", "1"]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["preflight", "answer", "request", "wait"]),
        st.sampled_from(["PUT", "DELETE"]),
        st.sampled_from(["/a", "/b"]),
        st.sampled_from(["one", "other"]),
    ),
    max_size=40,
)


@given(STEPS)
def test_every_answered_preflight_has_one_last_outcome(
    steps: list[tuple[str, str, str, str]],
) -> None:
    """Followed by a request of its own, or by none; in whatever order all this happens."""
    told = Told()
    asked: list[str] = []
    answered: set[str] = set()
    last: dict[str, Outcome] = {}
    for number, (step, method, path, client) in enumerate(steps):
        id_, url, outcomes = f"{step} {number}", f"https://api.test{path}", []
        if step == "preflight":
            told.ask(id_, preflight(method, url=url), client)
            asked.append(id_)
        elif step == "answer" and asked:
            id_ = asked.pop()
            told.answer(id_)
            answered.add(id_)
        elif step == "request":
            outcomes = told.ask(id_, actual(method, url), client)
        elif step == "wait":
            told.now += 2
            outcomes = told.journal.due(at(told.now))
        last |= {outcome.id: outcome for outcome in outcomes}
    last |= {outcome.id: outcome for outcome in told.journal.close(at(told.now))}
    assert last.keys() == answered
    followers = [outcome.actual for outcome in last.values() if outcome.outcome == "followed"]
    assert len(set(followers)) == len(followers)
    assert None not in followers


def test_the_time_is_that_of_the_final_picture(told: Told) -> None:
    told.now = 7
    moment: datetime = told.both("x", actual()).time
    assert moment == at(0) + timedelta(seconds=7)
