"""Which preflight opened whose way, held against browsers that know.

Simulated browsers ask, abort and repeat in any order, several of them behind one address; each
fetch knows its own preflight, and the proxy sees of it only what the wire shows.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import count

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from corscope.journal.exchange import Exchange, Missing, Outcome, Sighting
from corscope.journal.journal import MAX_READINGS, Journal
from corscope.journal.links import waits as waits_module
from corscope.journal.links.in_flight import CONNECTIONS
from corscope.journal.links.pairing import KEPT, WAIT
from corscope.messages import HeaderList, Request, Response
from tests.support.work import work

from .requests import CHROMIUM, FIREFOX, PAGE, actual, at, preflight

HOST = "https://api.test"
KEPT_FOR = KEPT.total_seconds()

# The hidden identity is the number; two of them differ in nothing that a proxy sees.
BROWSERS = (
    (1, "10.0.0.1", CHROMIUM),
    (2, "10.0.0.1", CHROMIUM),
    (3, "10.0.0.1", FIREFOX),
    (4, "10.0.0.2", CHROMIUM),
)
ALLOWING = (
    ("Access-Control-Allow-Methods", "PUT, DELETE"),
    ("Access-Control-Allow-Headers", "x-tenant, authorization"),
)
ANSWERS = {
    "/open": (("Access-Control-Allow-Origin", PAGE), ("Access-Control-Allow-Credentials", "true")),
    "/any": (("Access-Control-Allow-Origin", "*"),),
    "/closed": (),
}
VALUES = {"x-tenant": "7", "authorization": "Bearer x"}


@dataclass
class Fetch:
    """What script asked for; `sent` and `answered` are when its preflight was."""

    preflight: str
    browser: tuple[int, str, str]
    path: str
    method: str
    names: tuple[str, ...]
    include: bool
    has_cookie: bool
    answered: float | None = None
    over: bool = False

    @property
    def client(self) -> str:
        return f"{self.browser[1]} {self.browser[2]}"

    @property
    def look(self) -> tuple[object, ...]:
        """All that its preflight shows."""
        return self.client, self.path, self.method, self.names

    def goes_on(self) -> bool:
        return self.path == "/open" or (self.path == "/any" and not self.include)

    def preflight_request(self) -> Request:
        agent = (("User-Agent", self.browser[2]),)
        return preflight(self.method, ",".join(self.names), f"{HOST}{self.path}", agent)

    def actual_request(self) -> Request:
        cookie = (("Cookie", "a=1"),) if self.include and self.has_cookie else ()
        own: HeaderList = tuple((name, VALUES[name]) for name in self.names)
        headers = (("User-Agent", self.browser[2]), *cookie, *own)
        return actual(self.method, f"{HOST}{self.path}", headers)


class Crowd(RuleBasedStateMachine):
    """Browsers, and the journal that is told what they send."""

    @initialize(max_age=st.sampled_from(["0", "60"]), ambiguous=st.booleans())
    def begin(self, max_age: str, ambiguous: bool) -> None:
        self.journal = Journal()
        self.now = 0.0
        self.numbers = count(1)
        self.is_cached = max_age != "0"
        self.names = ("x-tenant", "authorization") if ambiguous else ("x-tenant",)
        self.max_age = (("Access-Control-Max-Age", max_age),)
        self.asking: list[Fetch] = []  # whose preflight has no answer yet
        self.free: list[Fetch] = []  # who may send the actual request
        self.let_go: list[Fetch] = []  # whose answer the browser has cached
        self.by_preflight: dict[str, Fetch] = {}
        self.linked: dict[str, Fetch] = {}  # by the actual request
        self.last: dict[str, Outcome] = {}

    @rule(
        browser=st.sampled_from(BROWSERS),
        path=st.sampled_from(sorted(ANSWERS)),
        method=st.sampled_from(["PUT", "DELETE"]),
        many=st.integers(0, 2),
        include=st.booleans(),
        has_cookie=st.booleans(),
        times=st.integers(1, 4),
    )
    def fetch(
        self,
        browser: tuple[int, str, str],
        path: str,
        method: str,
        many: int,
        include: bool,
        has_cookie: bool,
        times: int,
    ) -> None:
        for _ in range(times):
            id_ = f"preflight {next(self.numbers)}"
            names = tuple(sorted(self.names[:many]))
            one = Fetch(id_, browser, path, method, names, include, has_cookie)
            self.by_preflight[id_] = one
            self.asking.append(one)
            self.note(
                self.journal.requested(id_, one.client, one.preflight_request(), at(self.now))
            )

    @precondition(lambda self: self.asking)
    @rule(which=st.integers(0, 50))
    def answer(self, which: int) -> None:
        one = self.asking.pop(which % len(self.asking))
        one.answered = self.now
        headers = (*ANSWERS[one.path], *ALLOWING, *self.max_age)
        self.journal.answered(Sighting(one.preflight, Response(204, headers)), at(self.now))
        if one.goes_on():
            self.free.append(one)

    @precondition(lambda self: self.asking)
    @rule(which=st.integers(0, 50))
    def hang_up(self, which: int) -> None:
        """The server, in place of an answer; the fetch has failed."""
        one = self.asking.pop(which % len(self.asking))
        one.answered = self.now
        one.over = True
        seen = Sighting(one.preflight, None, Missing.NO_ANSWER, "down")
        self.journal.answered(seen, at(self.now))

    @precondition(lambda self: self.free)
    @rule(which=st.integers(0, 50))
    def abort(self, which: int) -> None:
        """Script gives up, and the proxy doesn't learn it."""
        self.let_go.append(self.free.pop(which % len(self.free)))

    @precondition(lambda self: self.free)
    @rule(which=st.integers(0, 50))
    def send(self, which: int) -> None:
        one = self.free.pop(which % len(self.free))
        assert one.answered is not None
        if self.now - one.answered <= KEPT_FOR:
            self.let_go.append(one)
            self.sent(one, own_preflight=True)

    @precondition(lambda self: self.is_cached and self.let_go)
    @rule(which=st.integers(0, 50))
    def send_again(self, which: int) -> None:
        """By the cached answer, without a preflight."""
        one = self.let_go[which % len(self.let_go)]
        assert one.answered is not None
        if self.now - one.answered < 60:
            self.sent(one, own_preflight=False)

    @rule(seconds=st.sampled_from([0.01, 1, WAIT.total_seconds(), 20, 250]))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.note(self.journal.due(at(self.now)))

    def note(self, outcomes: list[Outcome]) -> None:
        for outcome in outcomes:
            known = self.last.get(outcome.id)
            assert known is None or known.outcome == "not-followed", "taken back for good"
            self.last[outcome.id] = outcome

    def candidates(self, one: Fetch, within: timedelta = WAIT) -> list[Fetch]:
        """The fetches whose preflights look like this one's, and have come lately, unfollowed."""
        # Times are compared as the journal does, to the microsecond.
        taken = {fetch.preflight for fetch in self.linked.values()}
        return [
            other
            for other in self.by_preflight.values()
            if other.look == one.look
            and other.answered is not None
            and not other.over
            and other.path != "/closed"
            and at(self.now) - at(other.answered) < within
            and other.preflight not in taken
        ]

    def sent(self, one: Fetch, *, own_preflight: bool) -> None:
        id_ = f"actual {next(self.numbers)}"
        candidates = self.candidates(one)
        outcomes = self.journal.requested(id_, one.client, one.actual_request(), at(self.now))
        self.note(outcomes)
        exchange = self.journal.answered(
            Sighting(id_, Response(200, ANSWERS[one.path])), at(self.now)
        )
        assert exchange is not None
        if not outcomes:
            assert not candidates
            # Where no answer is cached, each request has a preflight that is free: its own, or that
            # of the one which has taken its own.
            assert self.is_cached or len(self.names) > 1 or not self.candidates(one, KEPT)
            return
        (outcome,) = outcomes
        found = self.by_preflight[outcome.id]
        self.check(one, found, exchange)
        assert found.preflight not in {fetch.preflight for fetch in self.linked.values()}
        self.linked[id_] = found
        if own_preflight and [fetch.preflight for fetch in candidates] == [one.preflight]:
            assert found is one
        elif candidates:
            assert found in candidates

    def check(self, one: Fetch, found: Fetch, exchange: Exchange) -> None:
        """The preflight covers the request, and its answer had come and let it go."""
        assert found.client == one.client
        assert (found.path, found.method) == (one.path, one.method)
        assert "authorization" in one.names or found.names == one.names
        assert set(found.names) <= set(one.names)
        assert found.answered is not None
        assert not found.over
        assert found.path != "/closed"
        assert exchange.preflight == found.preflight

    def teardown(self) -> None:
        if not hasattr(self, "journal"):
            return
        self.note(self.journal.close(at(self.now)))
        answered = {id_ for id_, one in self.by_preflight.items() if one.answered is not None}
        assert self.last.keys() == answered
        followed = {o.actual: o.id for o in self.last.values() if o.outcome == "followed"}
        assert followed == {id_: one.preflight for id_, one in self.linked.items()}
        assert max(Counter(followed.values()).values(), default=1) == 1


Crowd.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestBrowsersThatKnow = Crowd.TestCase


class Told:
    """A journal with a clock that a test turns."""

    def __init__(self) -> None:
        self.journal = Journal()
        self.now = 0.0

    def both(
        self, id_: str, request: Request, *headers: tuple[str, str], client: str = "one"
    ) -> Exchange:
        self.journal.requested(id_, client, request, at(self.now))
        allowing = () if headers else (*ANSWERS["/open"], *NOT_CACHED)
        answer = Response(200, (*allowing, *headers))
        exchange = self.journal.answered(Sighting(id_, answer), at(self.now))
        assert exchange is not None
        return exchange

    def outcomes(self) -> list[tuple[str, str]]:
        return [(outcome.id, outcome.outcome) for outcome in self.journal.due(at(self.now))]


NOT_CACHED = (*ALLOWING, ("Access-Control-Max-Age", "0"))
ANY_ORIGIN = (*ANSWERS["/any"], *NOT_CACHED)
ANY_HEADER = (*ANSWERS["/any"], ("Access-Control-Allow-Headers", "*"), NOT_CACHED[-1])


@pytest.fixture
def told() -> Told:
    return Told()


def test_a_preflight_that_was_given_up_is_not_taken_for_a_later_one(told: Told) -> None:
    """As where the browser refuses the answer for its credentials mode, which didn't show."""
    told.both("given up", preflight("PUT"), *ANY_ORIGIN)
    told.now = 4
    told.both("later", preflight("PUT"))
    assert told.both("put", actual("PUT")).preflight == "later"
    assert told.outcomes() == [("given up", "not-followed")]


def test_nor_is_one_that_was_answered_before_the_later_one_was_asked(told: Told) -> None:
    """A page tries again at once; the first answer would have let a request go before that."""
    for number, name in enumerate(["first", "second", "third"]):
        told.now = number
        told.both(name, preflight("PUT"), *ANY_ORIGIN)
    assert told.both("put", actual("PUT")).preflight == "third"
    told.now = 10
    assert told.outcomes() == [("first", "not-followed"), ("second", "not-followed")]


def test_whoever_tries_again_once_the_server_is_mended_follows_the_later_one(told: Told) -> None:
    """The request doesn't tell its mode either, so that the first would have let it go."""
    told.both("refused", preflight("PUT"), *ANY_ORIGIN)
    told.now = 1
    told.both("mended", preflight("PUT"))
    assert told.both("put", actual("PUT")).preflight == "mended"
    told.now = 10
    assert told.outcomes() == [("refused", "not-followed")]


def test_of_those_that_were_asked_at_once_the_oldest_is_taken(told: Told) -> None:
    for name in ("first", "second"):
        told.journal.requested(name, "one", preflight("PUT"), at(0))
    for name in ("first", "second"):
        told.now += 0.1
        told.journal.answered(Sighting(name, Response(200, ANY_ORIGIN)), at(told.now))
    assert told.both("1", actual("PUT")).preflight == "first"
    assert told.both("2", actual("PUT")).preflight == "second"


def test_so_it_is_of_those_that_let_all_go(told: Told) -> None:
    told.both("first", preflight("PUT"))
    told.now = 1
    told.both("second", preflight("PUT"))
    assert told.both("put", actual("PUT")).preflight == "first"


def test_nor_is_one_whose_answer_refuses_the_credentials_that_show(told: Told) -> None:
    told.both("given up", preflight("PUT"), *ANY_ORIGIN)
    told.both("own", preflight("PUT"))
    assert told.both("put", actual("PUT", headers=(("Cookie", "a=1"),))).preflight == "own"


def test_what_script_sends_as_a_csp_report_is_of_mode_cors_where_it_was_announced(
    told: Told,
) -> None:
    """A browser's own report looks the same, but asks nobody's leave."""
    url = "https://api.test/reports"
    report = Request("POST", url, (("Origin", PAGE), ("Content-Type", "application/csp-report")))
    assert told.both("own", report).mode == "no-cors"
    told.both("asks", preflight("POST", "content-type", url), *ANY_HEADER)
    sent = told.both("scripts", report)
    assert (sent.preflight, sent.mode, sent.mode_from) == ("asks", "cors", "inferred")


def test_firefox_tells_by_itself_which_of_two_is_with_credentials(told: Told) -> None:
    site = (("User-Agent", FIREFOX), ("Sec-Fetch-Site", "cross-site"))
    access = ("Sec-Fetch-Storage-Access", "none")
    told.both("include", preflight("PUT", headers=(*site, access)))
    told.both("omit", preflight("PUT", headers=site))
    assert told.both("1", actual("PUT", headers=site)).preflight == "omit"
    assert told.both("2", actual("PUT", headers=(*site, access))).preflight == "include"


def test_firefox_may_send_cookies_that_its_preflight_said_nothing_of(told: Told) -> None:
    """As it does with `keepalive`; a preflight that told of credentials is rather meant."""
    site = (("User-Agent", FIREFOX), ("Sec-Fetch-Site", "cross-site"))
    access = ("Sec-Fetch-Storage-Access", "none")
    told.both("refused", preflight("PUT", headers=site), *ANY_ORIGIN)
    told.both("silent", preflight("PUT", headers=site))
    told.both("include", preflight("PUT", headers=(*site, access)))
    with_cookie = (*site, ("Cookie", "a=1"))
    assert told.both("1", actual("PUT", headers=(*with_cookie, access))).preflight == "include"
    assert told.both("2", actual("PUT", headers=with_cookie)).preflight == "silent"
    assert told.both("3", actual("PUT", headers=with_cookie)).preflight is None


def test_of_those_that_wait_the_one_that_announced_most_of_it_is_meant(told: Told) -> None:
    """An Authorization may be the browser's own, but rather is what a preflight announced."""
    told.both("without", preflight("PUT"))
    told.both("with", preflight("PUT", "authorization"))
    with_token = actual("PUT", headers=(("Authorization", "Bearer x"),))
    assert told.both("1", with_token).preflight == "with"
    assert told.both("2", actual("PUT")).preflight == "without"


def test_a_cached_answer_explains_more_than_a_preflight_of_long_ago(told: Told) -> None:
    cached = (*ANSWERS["/open"], *ALLOWING, ("Access-Control-Max-Age", "60"))
    told.both("given up", preflight("PUT"), *cached)
    told.now = 30
    told.outcomes()
    put = told.both("put", actual("PUT"))
    assert [finding.id for finding in put.findings] == ["preflight-cached"]
    assert told.journal.close(at(30)) == []


CACHED = (*ANSWERS["/open"], *ALLOWING, ("Access-Control-Max-Age", "60"))
HELD = CONNECTIONS - 1
"""The others' connections, when one has just become free."""


def hold(told: Told, many: int, host: str = HOST, client: str = "one") -> None:
    """Let so many requests be in flight."""
    for number in range(many):
        other = actual("GET", f"{host}/{number}")
        told.journal.requested(f"{client} {host} {number}", client, other, at(told.now))


def answer_held(told: Told, host: str = HOST, client: str = "one") -> None:
    for number in range(HELD):
        answer = Response(200, ANSWERS["/open"])
        told.journal.answered(Sighting(f"{client} {host} {number}", answer), at(told.now))


def late_put(told: Told) -> tuple[str | None, list[str]]:
    told.outcomes()
    put = told.both("put", actual("PUT"))
    return put.preflight, [finding.id for finding in put.findings]


def test_what_waits_for_a_connection_follows_its_own_preflight(told: Told) -> None:
    """An HTTP/1.1 host is asked six things at once, and what is asked first goes first."""
    told.both("own", preflight("PUT"), *CACHED)
    told.now = 4
    hold(told, HELD)
    told.now = 10
    assert late_put(told) == ("own", [])


def test_so_does_what_comes_as_all_before_it_were_answered(told: Told) -> None:
    told.both("own", preflight("PUT"), *CACHED)
    hold(told, HELD)
    told.now = 10
    answer_held(told)
    told.now = 10.9
    assert late_put(told) == ("own", [])


@pytest.mark.parametrize(
    ("many", "host", "client"),
    [
        pytest.param(HELD - 1, HOST, "one", id="fewer"),
        pytest.param(HELD, HOST.replace("https", "http"), "one", id="another host"),
        pytest.param(HELD, HOST, "other", id="another browser"),
    ],
)
def test_where_nothing_has_to_wait_a_cached_answer_explains_more(
    told: Told, many: int, host: str, client: str
) -> None:
    told.both("given up", preflight("PUT"), *CACHED)
    told.now = 10
    hold(told, many, host, client)
    assert late_put(told) == ("given up", ["preflight-cached"])


def test_what_was_answered_a_while_ago_holds_no_connection(told: Told) -> None:
    told.both("given up", preflight("PUT"), *CACHED)
    hold(told, HELD)
    told.now = 4
    answer_held(told)
    told.now = 5
    assert late_put(told) == ("given up", ["preflight-cached"])


def test_what_is_too_late_is_nobodys(told: Told) -> None:
    told.both("given up", preflight("PUT"))
    told.now = KEPT_FOR + 1
    assert told.both("put", actual("PUT")).preflight is None


HOUR = 3_600


def test_once_the_clock_is_set_back_outcomes_are_told_as_before(told: Told) -> None:
    """Those from before it would stand in the way of all later ones for an hour."""
    told.now = HOUR
    told.both("before", preflight("PUT"))
    told.now = 0
    assert told.outcomes() == [("before", "not-followed")]
    told.both("behind", preflight("PUT"))
    assert told.outcomes() == []
    told.now = 3
    assert told.outcomes() == [("behind", "not-followed")]


def test_once_the_clock_is_set_back_what_was_given_up_before_is_nobodys(told: Told) -> None:
    told.now = HOUR
    told.both("before", preflight("PUT"))
    told.now = 0
    told.both("behind", preflight("PUT"))
    assert told.both("put", actual("PUT")).preflight == "behind"
    assert told.both("late", actual("PUT")).preflight is None


def test_a_clock_that_is_set_back_by_a_moment_parts_nothing(told: Told) -> None:
    told.now = 2
    told.both("own", preflight("PUT"))
    told.now = 0
    assert told.both("put", actual("PUT")).preflight == "own"
    assert told.outcomes() == []


def test_a_thousand_alike_in_flight_each_open_one_request(told: Told) -> None:
    """More than any one place was once given room for."""
    for number in range(1_000):
        told.journal.requested(f"p{number}", "one", preflight("PUT"), at(0))
    for number in range(1_000):
        answer = Response(200, (*ANSWERS["/open"], *NOT_CACHED))
        told.journal.answered(Sighting(f"p{number}", answer), at(1))
    told.now = 2
    found = [told.both(f"a{number}", actual("PUT")).preflight for number in range(1_000)]
    assert found == [f"p{number}" for number in range(1_000)]


@pytest.mark.parametrize(
    "waiting",
    [
        pytest.param(lambda _: preflight("POST", "x-tenant"), id="alike"),
        pytest.param(
            lambda number: preflight("POST", "x-tenant", f"{HOST}/{number}"), id="elsewhere"
        ),
        pytest.param(lambda number: preflight("POST", f"x-{number:05}"), id="of other headers"),
    ],
)
def test_a_request_costs_the_same_however_many_preflights_wait(waiting: object) -> None:
    assert callable(waiting)
    steps = []
    for many in (100, 200, MAX_READINGS - 100):
        told = Told()
        for number in range(many):
            told.both(f"p{number}", waiting(number), *ANY_HEADER)
        told.both("own", preflight("POST", "x-tenant"))
        post = actual("POST", headers=(("X-Tenant", "7"),))
        before = f"{HOST}/before"  # what is remembered of it
        told.both("own before", preflight("POST", "x-tenant", before))
        told.journal.requested("before", "one", post._replace(url=before), at(0))
        steps.append(work(partial(told.journal.requested, "post", "one", post, at(0))))
    assert steps[1] == steps[2]


def test_a_look_at_what_is_due_costs_the_same_however_many_wait() -> None:
    steps = []
    for many in (1, 10, 2_000):
        told = Told()
        for number in range(many):
            told.both(f"p{number}", preflight("PUT"))
        told.journal.caches.told.take_account_of_all()
        steps.append(work(partial(told.journal.due, at(1))))
    assert steps[1] == steps[2]


def test_headers_that_differ_each_time_push_out_only_the_oldest_of_their_place(told: Told) -> None:
    for number in range(waits_module.MAX_LINES + 1):
        told.both(f"p{number}", preflight("POST", f"x-{number}"), *ANY_HEADER)
    newest = actual("POST", headers=((f"X-{waits_module.MAX_LINES}", "1"),))
    assert told.both("a", actual("POST", headers=(("X-0", "1"),))).preflight is None
    assert told.both("b", newest).preflight == f"p{waits_module.MAX_LINES}"
    assert len(told.journal.pairing.waits) == waits_module.MAX_LINES - 1
