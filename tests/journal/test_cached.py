"""What let a request go that came without a preflight of its own."""

from __future__ import annotations

from functools import partial

import pytest

from corscope.journal.caches import cached as cached_module
from corscope.journal.caches.cached import Caches, FindingId
from corscope.journal.exchange import Exchange, Missing, Sighting
from corscope.journal.journal import Journal
from corscope.messages import HeaderList, Request, Response
from tests.support.work import work

from .requests import API, CHROMIUM, FIREFOX, PAGE, REFUSED, WEBKIT, actual, at, preflight

IDS = {str(found) for found in FindingId}
COOKIE = ("Cookie", "a=1")
CROSS_SITE = ("Sec-Fetch-Site", "cross-site")
ENGINES = {"chromium": CHROMIUM, "firefox": FIREFOX, "webkit": WEBKIT}
every_engine = pytest.mark.parametrize("engine", ENGINES)


def answer(
    methods: str = "PUT",
    max_age: str | None = "60",
    origin: str = PAGE,
    names: str | None = None,
) -> Response:
    pairs = (
        ("Access-Control-Allow-Origin", origin),
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Allow-Methods", methods),
        ("Access-Control-Allow-Headers", names),
        ("Access-Control-Max-Age", max_age),
    )
    return Response(204, tuple((name, value) for name, value in pairs if value is not None))


class Told:
    """A journal with a clock that a test turns, and one engine's requests."""

    def __init__(self, engine: str = "chromium") -> None:
        self.journal = Journal()
        self.now = 0.0
        self.engine: HeaderList = (("User-Agent", ENGINES[engine]),)
        self.count = 0

    def exchange(
        self, request: Request, response: Response | None, client: str = "one"
    ) -> Exchange:
        self.count += 1
        id_ = str(self.count)
        self.journal.requested(id_, client, request, at(self.now))
        missing = Missing.NO_ANSWER if response is None else None
        exchange = self.journal.answered(Sighting(id_, response, missing), at(self.now))
        assert exchange is not None
        return exchange

    def options(
        self,
        method: str = "PUT",
        response: Response | None = None,
        names: str = "",
        headers: HeaderList = (),
        client: str = "one",
    ) -> str:
        request = preflight(method, names, headers=(*self.engine, *headers))
        return self.exchange(request, response or answer(method), client).id

    def send(
        self,
        method: str = "PUT",
        response: Response | None = None,
        headers: HeaderList = (),
        client: str = "one",
    ) -> tuple[str | None, list[tuple[str, str | None]]]:
        """An actual request: the preflight that it rests on, and what is remarked of that."""
        request = actual(method, headers=(*self.engine, *headers))
        exchange = self.exchange(request, response or answer(), client)
        found = [(str(each.id), each.detail) for each in exchange.findings if each.id in IDS]
        return exchange.preflight, found

    def fetch(self, method: str = "PUT", response: Response | None = None) -> str:
        """A preflight and the request that it announced."""
        id_ = self.options(method, response)
        assert self.send(method) == (id_, [])
        return id_


@pytest.fixture
def told() -> Told:
    return Told()


def cached(told_of_it: str) -> list[tuple[str, str | None]]:
    return [("preflight-cached", told_of_it)]


ELSEWHERE = ", if it is kept apart from a later one, as for another site's pages"
NOT_SEEN = (
    "preflight-not-seen",
    "no preflight was seen for it: cached before corscope started, or not a browser",
)
NOT_SEEN_BY_WEBKIT = (
    "preflight-not-seen",
    "no preflight was seen for it: cached before corscope started, left to WebKit by a service "
    "worker that saw the request, or not a browser",
)


def test_a_request_with_a_preflight_of_its_own_gets_no_remark(told: Told) -> None:
    told.fetch()


def test_a_request_that_needs_no_preflight_gets_no_remark(told: Told) -> None:
    assert told.send("GET") == (None, [])


def test_a_cached_answer_is_named_with_its_age_and_what_is_left(told: Told) -> None:
    first = told.fetch()
    told.now = 12
    assert told.send() == (first, cached("answered by the OPTIONS of 12 s ago, good for 48 s more"))


def test_a_request_that_nothing_explains(told: Told) -> None:
    assert told.send() == (None, [NOT_SEEN])
    told.fetch()
    told.now = 62
    assert told.send() == (None, [NOT_SEEN])


def test_another_clients_cache_explains_nothing(told: Told) -> None:
    told.fetch()
    assert told.send(client="other") == (None, [NOT_SEEN])


def test_the_proxys_clock_may_be_a_little_late(told: Told) -> None:
    first = told.fetch()
    told.now = 60.5
    assert told.send() == (
        first,
        cached("answered by the OPTIONS of 60 s ago, which has just run out"),
    )


def test_what_was_never_kept_has_not_just_run_out(told: Told) -> None:
    told.fetch(response=answer(max_age="0"))
    assert told.send() == (None, [NOT_SEEN])


@every_engine
def test_answers_add_up_or_replace_each_other(engine: str) -> None:
    told = Told(engine)
    put = told.fetch("PUT")
    told.fetch("DELETE")
    preflight_id, found = told.send("PUT")
    if engine == "firefox":
        assert (preflight_id, [id_ for id_, _ in found]) == (put, ["preflight-cached"])
    else:
        by = cached("answered by the OPTIONS of 0 s ago, good for 60 s more" + ELSEWHERE)
        assert (preflight_id, found) == (put, by)


def test_of_those_replaced_the_latest_that_suffices_is_named(told: Told) -> None:
    """Which site's page it is doesn't show; that a page of some other site has it, does."""
    told.fetch("PUT")
    told.now = 10
    second = told.fetch("PUT")
    for method in ("DELETE", "PATCH"):
        told.fetch(method)
    told.now = 15
    by = cached("answered by the OPTIONS of 5 s ago, good for 55 s more" + ELSEWHERE)
    assert told.send("PUT") == (second, by)
    told.now = 72
    assert told.send("PUT") == (None, [NOT_SEEN])


def test_what_was_replaced_comes_after_all_else(told: Told) -> None:
    told.fetch("PUT")
    told.fetch("DELETE")
    late = told.options("PUT")
    told.fetch("DELETE")
    told.now = 4
    assert told.send("PUT") == (late, [])


def test_what_was_replaced_is_bounded(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cached_module, "MAX_ENTRIES", 2)
    first, *_, last = [told.fetch(f"METHOD{number}") for number in range(4)]
    assert told.send("METHOD0") == (None, [NOT_SEEN])
    assert told.send("METHOD3")[0] == last != first
    (caches,) = told.journal.caches.clients.values()
    assert [len(here) for cache in caches.values() for here in cache.entries.values()] == [2, 1] * 2


def test_two_answers_may_cover_one_request_together() -> None:
    told = Told("firefox")
    told.fetch("PUT")
    told.now = 10
    second = told.options("GET", answer("GET", names="x-a"), names="x-a")
    told.send("GET", headers=(("x-a", "1"),))
    told.now = 15
    assert told.send("PUT", headers=(("x-a", "1"),)) == (
        second,
        cached("answered by the OPTIONS of 5 s and 15 s ago, good for 45 s more"),
    )


@every_engine
def test_a_failed_request_clears_the_cache_or_does_not(engine: str) -> None:
    told = Told(engine)
    told.fetch()
    told.send(response=REFUSED)
    found = [id_ for id_, _ in told.send()[1]]
    assert found == ["preflight-not-seen" if engine == "firefox" else "preflight-cached"]


def test_a_client_that_went_away_clears_nothing() -> None:
    told = Told("firefox")
    told.fetch()
    told.journal.requested("gone", "one", actual("PUT", headers=told.engine), at(1))
    told.journal.answered(Sighting("gone", None, Missing.CLIENT_GONE, "gone"), at(1))
    assert [id_ for id_, _ in told.send()[1]] == ["preflight-cached"]


@every_engine
def test_a_refused_preflight_is_cached_or_not(engine: str) -> None:
    told = Told(engine)
    refused = told.options("PUT", answer("PATCH"))
    preflight_id, found = told.send("PATCH")
    if engine == "webkit":
        assert (preflight_id, [id_ for id_, _ in found]) == (refused, ["preflight-cached"])
    else:
        assert (preflight_id, found) == (None, [NOT_SEEN])


@every_engine
def test_a_preflight_without_an_answer_is_not_cached(engine: str) -> None:
    told = Told(engine)
    told.exchange(preflight("PUT", headers=told.engine), None)
    assert told.send() == (None, [NOT_SEEN_BY_WEBKIT if engine == "webkit" else NOT_SEEN])


def test_no_other_mode_touches_the_cache() -> None:
    told = Told("firefox")
    first = told.fetch()
    plain = Request("POST", API, (("Origin", PAGE), ("Sec-Fetch-Mode", "no-cors"), *told.engine))
    told.exchange(plain, None)
    assert told.send()[0] == first


# Authorization, which the browser may have added by itself, if its scheme is one of the browsers'


AUTHORIZATION = ("Authorization", "Basic eDp5")
TOKEN = ("Authorization", "Bearer x")


def test_an_authorization_may_have_had_leave_before(told: Told) -> None:
    first = told.options("GET", answer(names="authorization"), names="authorization")
    assert told.send("GET", headers=(AUTHORIZATION,)) == (first, [])
    request = actual("GET", headers=(*told.engine, AUTHORIZATION))
    exchange = told.exchange(request, answer())
    assert (exchange.preflight, exchange.credentials) == (first, "unknown")
    assert [found.detail for found in exchange.findings if found.id in IDS] == [
        "answered by the OPTIONS of 0 s ago, good for 60 s more, if script set its Authorization"
    ]


def test_an_authorization_without_leave_is_the_browsers(told: Told) -> None:
    told.fetch()
    request = actual("GET", headers=(*told.engine, AUTHORIZATION))
    exchange = told.exchange(request, answer())
    assert (exchange.preflight, exchange.credentials) == (None, "include")
    assert [found for found in exchange.findings if found.id in IDS] == []


def test_a_token_is_scripts_and_has_had_leave(told: Told) -> None:
    first = told.options("GET", answer(names="authorization"), names="authorization")
    assert told.send("GET", headers=(TOKEN,)) == (first, [])
    told.now = 12
    by = cached("answered by the OPTIONS of 12 s ago, good for 48 s more")
    assert told.send("GET", headers=(TOKEN,)) == (first, by)


def test_of_a_token_without_leave_the_preflight_was_not_seen(told: Told) -> None:
    told.fetch()
    exchange = told.exchange(actual("GET", headers=(*told.engine, TOKEN)), answer())
    assert (exchange.preflight, exchange.credentials) == (None, "unknown")
    assert exchange.request_headers == ("authorization",)
    assert [found.id for found in exchange.findings if found.id in IDS] == ["preflight-not-seen"]


def test_where_only_another_header_had_leave_the_authorization_is_the_browsers(told: Told) -> None:
    first = told.options("GET", answer(names="x-a"), names="x-a")
    assert told.send("GET", headers=(("x-a", "1"),)) == (first, [])
    request = actual("GET", headers=(*told.engine, ("x-a", "1"), AUTHORIZATION))
    exchange = told.exchange(request, answer())
    assert (exchange.preflight, exchange.credentials) == (first, "include")


@pytest.mark.parametrize("names", ["authorization, x-a", "*, x-a"])
def test_where_it_had_leave_too_it_may_be_scripts(told: Told, names: str) -> None:
    first = told.options("GET", answer(names=names, origin="*"), names="x-a")
    assert told.send("GET", headers=(("x-a", "1"),)) == (first, [])
    request = actual("GET", headers=(*told.engine, ("x-a", "1"), AUTHORIZATION))
    exchange = told.exchange(request, answer())
    expected = "include" if "*" in names else "unknown"  # in Chromium `*` doesn't do for it
    assert (exchange.preflight, exchange.credentials) == (first, expected)


# Other headers that browsers add, too


PAST_THE_CACHE = (("Cache-Control", "no-cache"), ("Pragma", "no-cache"))


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        pytest.param((("Cache-Control", "no-cache"),), "Cache-Control", id="one"),
        pytest.param(PAST_THE_CACHE, "Cache-Control and Pragma", id="two"),
        pytest.param((("Last-Event-ID", "7"),), "Last-Event-Id", id="an event's"),
    ],
)
def test_what_a_preflight_has_announced_may_be_scripts_again(
    told: Told, headers: HeaderList, said: str
) -> None:
    names = ", ".join(sorted(name.lower() for name, _ in headers))
    assert told.send("GET", headers=headers) == (None, [])
    first = told.options("GET", answer(names=names), names=names)
    assert told.send("GET", headers=headers) == (first, [])
    told.now = 12
    by = cached(
        f"answered by the OPTIONS of 12 s ago, good for 48 s more, if script set its {said}"
    )
    assert told.send("GET", headers=headers) == (first, by)
    told.now = 62
    assert told.send("GET", headers=headers) == (None, [])


def test_a_fetch_that_goes_past_the_cache_has_them_from_the_browser(told: Told) -> None:
    told.options("GET", answer(names="pragma"), names="pragma")
    assert told.send("GET", headers=PAST_THE_CACHE[1:])[1] == []
    assert told.send("GET", headers=PAST_THE_CACHE) == (None, [])


def test_nothing_of_a_url_without_preflights_is_doubtful(told: Told) -> None:
    told.options("GET", answer(names="pragma"), names="pragma")
    request = actual("GET", f"{API}/other", (*told.engine, *PAST_THE_CACHE[1:]))
    assert told.exchange(request, answer()).preflight is None


# The credentials mode


def test_a_mode_that_does_not_show_leaves_a_condition(told: Told) -> None:
    """A `*` lets only a request without credentials go by the cache."""
    told.options("PUT", answer("*", names="x-a"))
    assert told.send("DELETE")[1] == cached(
        "answered by the OPTIONS of 0 s ago, good for 60 s more, "
        "if its credentials mode isn't include"
    )


def test_firefox_keeps_what_was_asked_for_with_credentials_to_requests_with_them() -> None:
    told = Told("firefox")
    told.options()
    told.send(headers=(COOKIE,))
    assert told.send()[1] == cached(
        "answered by the OPTIONS of 0 s ago, good for 60 s more, if its credentials mode is include"
    )


def test_what_the_actual_request_shows_counts_for_its_preflight(told: Told) -> None:
    first = told.options("PUT", answer("PUT, *"))
    told.send(headers=(COOKIE,))
    assert told.send("DELETE") == (None, [NOT_SEEN])
    assert told.send(headers=(COOKIE,))[0] == first


def test_an_answer_that_passes_for_one_mode_only_is_kept_for_that_one(told: Told) -> None:
    told.options("PUT", answer(origin="*"))
    told.send()
    assert told.send(headers=(COOKIE,)) == (None, [NOT_SEEN])
    assert told.send()[1][0][0] == "preflight-cached"


def test_what_came_later_is_not_undone_by_what_a_request_shows(told: Told) -> None:
    first, second = (preflight(method, headers=told.engine) for method in ("PUT", "DELETE"))
    put = told.exchange(first, answer("PUT")).id
    told.now = 1
    delete = told.exchange(second, answer("DELETE")).id
    told.now = 2
    assert told.send(headers=(COOKIE,)) == (put, [])
    assert told.send("DELETE", headers=(COOKIE,)) == (delete, [])
    assert told.send("DELETE", headers=(COOKIE,))[0] == delete
    by = cached("answered by the OPTIONS of 2 s ago, good for 58 s more" + ELSEWHERE)
    assert told.send("PUT", headers=(COOKIE,)) == (put, by)


def test_firefox_tells_the_mode_on_the_preflight() -> None:
    told = Told("firefox")
    told.options(headers=(CROSS_SITE,))
    assert told.send(headers=(CROSS_SITE,))[1] == []
    assert told.send(headers=(CROSS_SITE, COOKIE)) == (None, [NOT_SEEN])
    assert told.send(headers=(CROSS_SITE,))[1] == cached(
        "answered by the OPTIONS of 0 s ago, good for 60 s more"
    )


def test_firefox_goes_by_the_pages_entry_where_the_request_says_null() -> None:
    told = Told("firefox")
    first = told.fetch()
    request = actual("PUT", headers=told.engine, origin="null")
    assert told.exchange(request, answer()).preflight == first


# Stale answers


def test_another_clients_later_answer_shows_that_the_cached_one_is_stale(told: Told) -> None:
    told.fetch()
    told.now = 9
    told.options("PUT", answer("PATCH"), client="other")
    told.now = 12
    assert told.send()[1][0] == (
        "stale-preflight",
        "the browser goes by the OPTIONS of 12 s ago; that of 3 s ago would refuse it",
    )


def test_a_later_answer_that_differs_otherwise(told: Told) -> None:
    told.fetch(response=answer("PUT, PATCH"))
    told.now = 9
    told.options("PUT", answer("PUT, DELETE"), client="other")
    found = told.send()[1]
    assert found[0][1] == (
        "the browser goes by the OPTIONS of 9 s ago; that of 0 s ago was answered differently"
    )
    assert [id_ for id_, _ in found] == ["stale-preflight", "preflight-cached"]


@pytest.mark.parametrize(
    ("method", "later"),
    [
        pytest.param("PUT", answer("PUT", "600"), id="the same but for its max-age"),
        pytest.param("DELETE", answer("DELETE"), id="an echo of what was asked"),
        pytest.param("DELETE", REFUSED, id="a refusal of what was asked"),
    ],
)
def test_a_later_answer_that_tells_of_no_change(told: Told, method: str, later: Response) -> None:
    told.fetch()
    told.now = 9
    told.options(method, later, client="other")
    assert [id_ for id_, _ in told.send()[1]] == ["preflight-cached"]


def test_the_latest_answer_decides_what_is_stale(told: Told) -> None:
    told.fetch()
    told.now = 9
    told.options("PUT", answer("PATCH"), client="other")
    told.now = 10
    told.options("PUT", answer("PUT"), client="other")
    assert [id_ for id_, _ in told.send()[1]] == ["preflight-cached"]


# Bounds


def test_all_is_bounded(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cached_module, "MAX_CLIENTS", 2)
    monkeypatch.setattr(cached_module, "MAX_PLACES", 2)
    told.journal = Journal()
    for number in range(4):
        url = f"{API}/{number}"
        told.exchange(preflight("PUT", url=url, headers=told.engine), answer(), str(number))
    caches: Caches = told.journal.caches
    caches.told.take_account_of_all()
    assert [client for client, _ in caches.clients] == ["2", "3"]
    assert [url for _, url in caches.answers] == [f"{API}/2", f"{API}/3"]


def test_an_answer_that_was_forgotten_is_compared_with_nothing(told: Told) -> None:
    first = told.fetch()
    told.now = 1
    told.options("PUT", answer("PATCH"), client="other")
    told.journal.caches.told.take_account_of_all()
    here = told.journal.caches.answers.get((PAGE, API))
    assert here is not None
    here.popleft()
    preflight_id, found = told.send()
    assert (preflight_id, [id_ for id_, _ in found]) == (first, ["preflight-cached"])


def test_a_cached_answer_is_named_also_where_its_preflight_is_no_longer_known(
    told: Told,
) -> None:
    first = told.fetch()
    told.now = 2
    told.journal.pairing.known.clear()
    preflight_id, found = told.send()
    assert (preflight_id, [id_ for id_, _ in found]) == (first, ["preflight-cached"])


def test_what_follows_costs_the_same_however_many_answers_are_kept() -> None:
    put = actual("PUT", headers=(("User-Agent", CHROMIUM), COOKIE))
    steps = []
    for places in (1, 10, 1_000):
        told = Told()
        for number in range(places):
            url = f"{API}/{number}"
            told.exchange(preflight("PUT", url=url, headers=told.engine), answer(max_age="0"))
        told.options(response=answer(max_age="0"))
        told.journal.caches.told.take_account_of_all()
        asked = work(partial(told.journal.requested, "x", "one", put, at(0)))
        steps.append(asked + work(told.journal.caches.told.take_account_of_all))
    assert steps[1] == steps[2]
