"""https://fetch.spec.whatwg.org/#cors-preflight-cache"""

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corscope.fetch import cache as cache_module
from corscope.fetch.cache import (
    LINGER,
    MAX_ENTRIES,
    MAX_PLACES,
    PreflightCache,
    clear_after_failure,
    clear_cache_entries,
    covering_entries,
    drop_insufficient,
    extract_max_age,
    header_name_cache_entry_match,
    is_covered,
    is_stored,
    method_cache_entry_match,
    store,
)
from corscope.fetch.check import CredentialsMode
from corscope.fetch.engines import Engine
from corscope.fetch.headers import byte_lowercase
from corscope.fetch.preflight import CorsRequest, preflight_failure
from corscope.fetch.reasons import Failure, Reason
from corscope.messages import HeaderList, Response
from tests.fetch.strategies import (
    INCLUDE,
    OMIT,
    ORIGIN,
    SAME_ORIGIN,
    URL,
    header_names,
    methods,
    modes,
    permitting_headers,
    requests,
)
from tests.support.work import work

KEY = "https://app.example"
PUT = CorsRequest(ORIGIN, URL, "PUT", ())
GET_A = CorsRequest(ORIGIN, URL, "GET", ("x-a",))


def answer(
    methods: str | None = None, header_names: str | None = None, max_age: str | None = "60"
) -> HeaderList:
    pairs = (
        ("Access-Control-Allow-Methods", methods),
        ("Access-Control-Allow-Headers", header_names),
        ("Access-Control-Max-Age", max_age),
    )
    return tuple((name, value) for name, value in pairs if value is not None)


def cache_with(
    headers: HeaderList,
    request: CorsRequest = PUT,
    mode: CredentialsMode = OMIT,
    engine: Engine = Engine.UNKNOWN,
) -> PreflightCache:
    cache = PreflightCache(engine)
    store(cache, KEY, request, mode, headers, now=100)
    return cache


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param([], 5, id="no max-age means five seconds"),
        pytest.param(["60"], 60, id="a number of seconds"),
        pytest.param(["0"], 0, id="zero seconds"),
        pytest.param(["000"], 0, id="zero in more digits"),
        pytest.param(["0060"], 60, id="leading zeros don't count"),
        pytest.param(["86400"], 86400, id="a day"),
        pytest.param(["2147483648"], 2**31, id="the greatest number"),
        pytest.param(["2147483649"], 2**31, id="a greater one is cut"),
        pytest.param(["9" * 5000], 2**31, id="however great it is"),
        pytest.param([""], 5, id="an empty value means five seconds"),
        pytest.param(["-1"], 5, id="so does a negative number"),
        pytest.param(["+60"], 5, id="or a sign"),
        pytest.param(["60s"], 5, id="or a unit"),
        pytest.param(["60", "60"], 5, id="or a second line"),
    ],
)
def test_extract_max_age(lines: list[str], expected: int) -> None:
    """https://fetch.spec.whatwg.org/#cors-preflight-fetch-0, steps 7.8 and 7.9"""
    headers = tuple(("access-control-max-age", line) for line in lines)
    assert extract_max_age(headers) == expected
    assert extract_max_age(headers, imposed_limit=600) == min(expected, 600)
    assert extract_max_age(headers, imposed_limit=3) == min(expected, 3)


@given(st.integers(0, 2**31), st.integers(0, 10**6))
def test_any_number_is_a_max_age_up_to_the_imposed_limit(seconds: int, limit: int) -> None:
    """Step 7.10."""
    headers = answer(max_age=str(seconds))
    assert extract_max_age(headers) == seconds
    assert extract_max_age(headers, limit) == min(seconds, limit)


@pytest.mark.parametrize(
    ("stored", "asked", "expected"),
    [
        pytest.param("PUT", "PUT", True, id="a stored method"),
        pytest.param("GET, PUT", "PUT", True, id="one of two"),
        pytest.param("PUT", "DELETE", False, id="another method"),
        pytest.param("PUT", "put", False, id="another case"),
        pytest.param("*", "DELETE", True, id="any method by the wildcard"),
        pytest.param("PUT, *", "DELETE", True, id="also beside others"),
        pytest.param("*, PUT", "DELETE", True, id="in either order"),
        pytest.param("PUT", "*", False, id="the method * by nothing else"),
        pytest.param(None, "PUT", False, id="nothing without a list"),
        pytest.param("PUT @", "PUT", False, id="nothing by a malformed one"),
    ],
)
def test_method_cache_entry_match(stored: str | None, asked: str, *, expected: bool) -> None:
    """https://fetch.spec.whatwg.org/#concept-cache-match-method"""
    cache, request = cache_with(answer(stored)), CorsRequest(ORIGIN, URL, asked, ())
    assert (method_cache_entry_match(cache, KEY, request, OMIT, now=101) is not None) == expected
    assert is_covered(cache, KEY, request, OMIT, now=101) == expected


@pytest.mark.parametrize(
    ("stored", "asked", "expected"),
    [
        pytest.param("x-a", "x-a", True, id="a stored name"),
        pytest.param("X-A", "x-a", True, id="in any case"),
        pytest.param("x-b", "x-a", False, id="another name"),
        pytest.param("*", "x-a", True, id="any name by the wildcard"),
        pytest.param("*", "Authorization", False, id="save this one"),
        pytest.param("*, authorization", "Authorization", True, id="unless it is stored"),
        pytest.param(None, "x-a", False, id="nothing without a list"),
    ],
)
def test_header_name_cache_entry_match(stored: str | None, asked: str, *, expected: bool) -> None:
    """https://fetch.spec.whatwg.org/#concept-cache-match-header"""
    cache, request = cache_with(answer("PUT", stored)), CorsRequest(ORIGIN, URL, "GET", (asked,))
    found = header_name_cache_entry_match(cache, KEY, request, OMIT, asked, now=101)
    assert (found is not None) == expected
    assert is_covered(cache, KEY, request, OMIT, now=101) == expected


def test_every_unsafe_name_and_the_method_need_an_entry() -> None:
    """https://fetch.spec.whatwg.org/#concept-http-fetch"""
    cache = cache_with(answer("PUT", "x-a, x-b"))
    for method, names, expected in (
        ("PUT", ("x-a", "x-b"), True),
        ("GET", ("x-a", "x-b"), True),
        ("GET", (), True),
        ("PUT", ("x-a", "x-c"), False),
        ("DELETE", ("x-a",), False),
    ):
        request = CorsRequest(ORIGIN, URL, method, names)
        assert is_covered(cache, KEY, request, OMIT, now=101) == expected


@pytest.mark.parametrize(
    ("stored", "asked", "expected"),
    [
        pytest.param(OMIT, OMIT, True, id="without for without"),
        pytest.param(OMIT, SAME_ORIGIN, True, id="same-origin is without, across origins"),
        pytest.param(SAME_ORIGIN, OMIT, True, id="either way"),
        pytest.param(OMIT, INCLUDE, False, id="without never for with"),
        pytest.param(INCLUDE, INCLUDE, True, id="with for with"),
        pytest.param(INCLUDE, OMIT, True, id="with for without"),
    ],
)
def test_entries_are_for_credentials_modes(
    stored: CredentialsMode, asked: CredentialsMode, *, expected: bool
) -> None:
    """https://fetch.spec.whatwg.org/#concept-cache-match"""
    cache = cache_with(answer("PUT"), mode=stored)
    assert is_covered(cache, KEY, PUT, asked, now=101) == expected


@pytest.mark.parametrize("mode", CredentialsMode)
def test_a_wildcard_stored_with_credentials_is_no_wildcard(mode: CredentialsMode) -> None:
    request = CorsRequest(ORIGIN, URL, "GET", ("*",))
    cache = cache_with(answer("*", "*"), request, INCLUDE)
    assert is_covered(cache, KEY, request, mode, now=101)
    assert not is_covered(cache, KEY, PUT, mode, now=101)
    assert not is_covered(cache, KEY, GET_A, mode, now=101)


@pytest.mark.parametrize(
    ("key", "origin", "url"),
    [
        pytest.param("https://other.example", ORIGIN, URL, id="another top-level site"),
        pytest.param(KEY, "null", URL, id="another origin"),
        pytest.param(KEY, ORIGIN, URL + "?page=2", id="another URL"),
    ],
)
def test_an_entry_is_found_in_its_place_only(key: str, origin: str, url: str) -> None:
    cache = cache_with(answer("PUT"))
    assert not is_covered(cache, key, CorsRequest(origin, url, "PUT", ()), OMIT, now=101)
    clear_cache_entries(cache, key, CorsRequest(origin, url, "PUT", ()))
    assert is_covered(cache, KEY, PUT, OMIT, now=101)


def test_clearing_removes_all_entries_of_a_place() -> None:
    """https://fetch.spec.whatwg.org/#concept-cache-clear"""
    cache = cache_with(answer("PUT", "x-a"))
    clear_cache_entries(cache, KEY, GET_A)
    clear_cache_entries(cache, KEY, GET_A)
    assert not is_covered(cache, KEY, PUT, OMIT, now=100)


@given(st.integers(0, 10**6), st.sampled_from([0.001, 1, 1000]))
def test_entries_expire_exactly_at_their_max_age(max_age: int, moment: float) -> None:
    cache = cache_with(answer("PUT", "x-a", str(max_age)))
    for request in (PUT, GET_A):
        assert not is_covered(cache, KEY, request, OMIT, now=100 + max_age)
        assert not is_covered(cache, KEY, request, OMIT, now=100 + max_age + moment)
        within = 100 + max_age - moment
        assert is_covered(cache, KEY, request, OMIT, now=within)


@pytest.mark.parametrize(
    ("second", "then"),
    [
        pytest.param(answer("PUT", "x-a", "600"), 600, id="a longer max-age prolongs"),
        pytest.param(answer("PUT", "X-A", "10"), 10, id="a shorter one shortens"),
        pytest.param(answer("PUT", "x-a", "0"), 0, id="none ends it at once"),
    ],
)
def test_a_second_answer_sets_the_max_age_anew(second: HeaderList, then: int) -> None:
    """Steps 7.12 and 7.14."""
    cache = cache_with(answer("PUT", "x-a"))
    store(cache, KEY, PUT, OMIT, second, now=110)
    for request in (PUT, GET_A):
        assert not then or is_covered(cache, KEY, request, OMIT, now=110 + then - 1)
        assert not is_covered(cache, KEY, request, OMIT, now=110 + then)


def test_a_second_answer_leaves_other_entries_alone() -> None:
    """Steps 7.13 and 7.15."""
    cache = cache_with(answer("PUT", "x-a"))
    store(cache, KEY, PUT, OMIT, answer("DELETE", "x-b", "10"), now=110)
    delete = CorsRequest(ORIGIN, URL, "DELETE", ("x-b",))
    assert is_covered(cache, KEY, delete, OMIT, now=119)
    assert not is_covered(cache, KEY, delete, OMIT, now=120)
    assert is_covered(cache, KEY, PUT, OMIT, now=159)


def test_an_answer_with_credentials_does_not_reach_entries_without() -> None:
    cache = cache_with(answer("PUT"))
    store(cache, KEY, PUT, INCLUDE, answer("PUT", max_age="600"), now=110)
    assert is_covered(cache, KEY, PUT, INCLUDE, now=700)
    store(cache, KEY, PUT, OMIT, answer("PUT", max_age="0"), now=120)
    assert not is_covered(cache, KEY, PUT, INCLUDE, now=120)


def test_what_has_expired_is_removed_everywhere() -> None:
    cache = cache_with(answer("PUT", max_age="10"))
    for host, now in (("b", 100 + 10 + LINGER - 1), ("c", 100 + 10 + 2 * LINGER)):
        at = CorsRequest(ORIGIN, f"https://{host}.example/", "PUT", ())
        assert (KEY, ORIGIN, URL) in cache.entries
        store(cache, KEY, at, OMIT, answer("PUT"), now=now)
    assert [url for _, _, url in cache.entries] == ["https://b.example/", "https://c.example/"]


def test_the_cache_is_not_looked_through_at_every_answer() -> None:
    steps = []
    for places in (1, 10, 1_000):
        cache = PreflightCache()
        for number in range(places):
            at = CorsRequest(ORIGIN, f"https://api.example/{number}", "PUT", ())
            store(cache, KEY, at, OMIT, answer("PUT"), now=100)
        steps.append(work(partial(store, cache, KEY, PUT, OMIT, answer("PUT"), now=101)))
    assert steps[1] == steps[2]


def test_what_an_answer_with_many_names_costs_grows_as_they_do() -> None:
    """A server can name thousands of headers; each looked for among all would stop the proxy."""
    steps = []
    for count in (1, 400, 800):
        names = ",".join(f"x-{number}" for number in range(count))
        steps.append(work(partial(cache_with, answer(None, names))))
    assert steps[2] < 2.5 * steps[1]


def test_so_many_entries_are_kept_of_one_place() -> None:
    names = ",".join(f"x-{number}" for number in range(MAX_ENTRIES + 5))
    cache = cache_with(answer(None, names))
    assert len(cache.entries[KEY, ORIGIN, URL]) == MAX_ENTRIES
    newest = CorsRequest(ORIGIN, URL, "GET", (f"x-{MAX_ENTRIES + 4}",))
    assert is_covered(cache, KEY, newest, OMIT, now=101)


def test_what_has_expired_is_not_set_anew() -> None:
    cache = cache_with(answer("*", max_age="1"))
    store(cache, KEY, PUT, OMIT, answer("PUT"), now=102)
    assert is_covered(cache, KEY, PUT, OMIT, now=103)
    assert not is_covered(cache, KEY, DELETE, OMIT, now=103)


@given(requests, modes, permitting_headers)
def test_a_request_whose_preflight_succeeded_is_covered_if_its_method_and_names_are_listed(
    request: CorsRequest, mode: CredentialsMode, headers: HeaderList
) -> None:
    if preflight_failure(request, Response(200, headers), mode) is None:
        cache = cache_with(headers, request, mode)
        lives = extract_max_age(headers) > 0
        safelisted_only = request.method in {"GET", "POST"} and not request.unsafe_names
        assert is_covered(cache, KEY, request, mode, now=100) == (lives or safelisted_only)


@given(
    requests,
    modes,
    permitting_headers,
    methods,
    st.lists(header_names, max_size=3, unique=True).map(tuple),
    modes,
)
def test_what_is_covered_the_stored_answer_would_have_allowed(
    request: CorsRequest,
    stored_mode: CredentialsMode,
    headers: HeaderList,
    method: str,
    names: tuple[str, ...],
    asked_mode: CredentialsMode,
) -> None:
    response = Response(200, headers)
    if preflight_failure(request, response, stored_mode) is None:
        cache = cache_with(headers, request, stored_mode)
        asked = CorsRequest(request.origin, request.url, method, names)
        if is_covered(cache, KEY, asked, asked_mode, now=100) and (
            names or method not in "GET POST"
        ):
            assert preflight_failure(asked, response, asked_mode) is None


# By engine


CHROMIUM, FIREFOX, WEBKIT, UNKNOWN = Engine
DELETE = CorsRequest(ORIGIN, URL, "DELETE", ())
AUTHORIZED = CorsRequest(ORIGIN, URL, "GET", ("authorization",))
every_engine = pytest.mark.parametrize("engine", Engine)


@pytest.mark.parametrize(
    ("value", "chromium", "firefox"),
    [
        pytest.param(None, 5, 5, id="none"),
        pytest.param("", 5, 5, id="an empty value"),
        pytest.param("60", 60, 60, id="a number"),
        pytest.param("00", 0, 0, id="zeros"),
        pytest.param("+60", 60, 0, id="a plus sign"),
        pytest.param("-1", 0, 0, id="a minus sign"),
        pytest.param("-0", 0, 0, id="a minus sign before zero"),
        pytest.param("+-1", 5, 0, id="two signs"),
        pytest.param("0.5", 5, 0, id="a fraction"),
        pytest.param("60, 60", 5, 0, id="a list"),
        pytest.param("9223372036854775807", 2**63 - 1, 2**31, id="the greatest of 64 bits"),
        pytest.param("9223372036854775808", 5, 2**31, id="more than 64 bits"),
        pytest.param("-9223372036854775808", 0, 0, id="the least of 64 bits"),
        pytest.param("-9223372036854775809", 5, 0, id="less than 64 bits"),
        pytest.param("9" * 5000, 5, 2**31, id="a very great number"),
        pytest.param("0" * 5000 + "7", 7, 7, id="many leading zeros"),
        pytest.param("\u0663", 5, 0, id="another script's digit"),
    ],
)
def test_max_age_by_engine(value: str | None, chromium: int, firefox: int) -> None:
    """Departure.MAX_AGE_IS_AN_INTEGER and OTHER_MAX_AGE_NOT_CACHED"""
    headers = answer(max_age=value)
    assert extract_max_age(headers, engine=CHROMIUM) == chromium
    assert extract_max_age(headers, engine=WEBKIT) == chromium
    assert extract_max_age(headers, engine=FIREFOX) == firefox


@pytest.mark.parametrize(
    ("engine", "limit"), [(CHROMIUM, 7200), (FIREFOX, 86_400), (WEBKIT, 600), (UNKNOWN, 100_000)]
)
def test_the_imposed_limit_by_engine(engine: Engine, limit: int) -> None:
    """Departure.MAX_AGE_LIMITED"""
    cache = cache_with(answer("PUT", max_age="100000"), engine=engine)
    assert is_covered(cache, KEY, PUT, OMIT, now=100 + limit - 1)
    assert not is_covered(cache, KEY, PUT, OMIT, now=100 + limit)


@every_engine
def test_the_latest_answer_alone_or_all_of_them(engine: Engine) -> None:
    """Departure.ONE_CACHED_ANSWER"""
    cache = cache_with(answer("PUT"), engine=engine)
    store(cache, KEY, DELETE, OMIT, answer("DELETE"), now=101)
    assert is_covered(cache, KEY, DELETE, OMIT, now=102)
    assert is_covered(cache, KEY, PUT, OMIT, now=102) == (engine in {FIREFOX, UNKNOWN})


@every_engine
def test_what_does_not_cover_a_request_is_dropped_or_stays(engine: Engine) -> None:
    """Departure.ONE_CACHED_ANSWER"""
    cache = cache_with(answer("PUT"), engine=engine)
    drop_insufficient(cache, KEY, DELETE)
    assert is_covered(cache, KEY, PUT, OMIT, now=101) == (engine in {FIREFOX, UNKNOWN})


@every_engine
def test_an_answer_that_is_not_to_be_kept_may_end_others(engine: Engine) -> None:
    """Departure.UNCACHED_ANSWER_CHANGES_NOTHING"""
    cache = cache_with(answer("PUT"), engine=engine)
    store(cache, KEY, DELETE, OMIT, answer("PUT, DELETE", max_age="0"), now=101)
    assert is_covered(cache, KEY, PUT, OMIT, now=102) == (engine is FIREFOX)


@every_engine
@pytest.mark.parametrize(
    ("reason", "stored"),
    [
        (None, set(Engine)),
        (Reason.METHOD_NOT_ALLOWED, {WEBKIT}),
        (Reason.HEADER_NOT_ALLOWED, {WEBKIT}),
        (Reason.PREFLIGHT_STATUS, set()),
        (Reason.ALLOW_ORIGIN_MISSING, set()),
    ],
)
def test_which_answers_are_stored(
    engine: Engine, reason: Reason | None, stored: set[Engine]
) -> None:
    """Departure.REFUSAL_CACHED"""
    failure = Failure(reason) if reason else None
    assert is_stored(failure, engine) == (engine in stored)


@every_engine
def test_entries_with_credentials_serve_requests_without(engine: Engine) -> None:
    """Departure.CREDENTIALS_CACHED_APART"""
    cache = cache_with(answer("PUT"), mode=INCLUDE, engine=engine)
    assert is_covered(cache, KEY, PUT, INCLUDE, now=101)
    assert is_covered(cache, KEY, PUT, OMIT, now=101) == (engine is not FIREFOX)


@every_engine
@pytest.mark.parametrize(
    ("stored", "request_", "asked", "covered"),
    [
        pytest.param(OMIT, PUT, OMIT, {CHROMIUM, WEBKIT, UNKNOWN}, id="a method"),
        pytest.param(OMIT, GET_A, OMIT, {CHROMIUM, WEBKIT, UNKNOWN}, id="a header"),
        pytest.param(OMIT, AUTHORIZED, OMIT, {WEBKIT}, id="Authorization"),
        pytest.param(OMIT, PUT, INCLUDE, set(), id="nothing with credentials"),
        pytest.param(INCLUDE, PUT, OMIT, {WEBKIT}, id="after credentials, a method"),
        pytest.param(INCLUDE, AUTHORIZED, OMIT, {WEBKIT}, id="after credentials, Authorization"),
        pytest.param(INCLUDE, PUT, INCLUDE, set(), id="with credentials, nothing"),
    ],
)
def test_what_a_cached_wildcard_covers(
    engine: Engine,
    stored: CredentialsMode,
    request_: CorsRequest,
    asked: CredentialsMode,
    covered: set[Engine],
) -> None:
    """Departure.CACHED_WILDCARD_NOT_REUSED, _COVERS_AUTHORIZATION and _OF_CREDENTIALS_REUSED"""
    cache = cache_with(answer("*", "*"), mode=stored, engine=engine)
    assert is_covered(cache, KEY, request_, asked, now=101) == (engine in covered)


@every_engine
@pytest.mark.parametrize(
    ("failed", "cleared"),
    [
        pytest.param(PUT, {FIREFOX, UNKNOWN}, id="a method that needs leave"),
        pytest.param(GET_A, {FIREFOX, UNKNOWN}, id="a header that needs leave"),
        pytest.param(CorsRequest(ORIGIN, URL, "GET", ()), {FIREFOX}, id="nothing that does"),
    ],
)
def test_what_a_failed_fetch_clears(
    engine: Engine, failed: CorsRequest, cleared: set[Engine]
) -> None:
    """Departure.FAILURE_KEEPS_CACHE and SIMPLE_FAILURE_CLEARS_CACHE"""
    cache = cache_with(answer("PUT"), engine=engine)
    clear_after_failure(cache, KEY, failed)
    assert is_covered(cache, KEY, PUT, OMIT, now=101) == (engine not in cleared)


def test_a_covered_request_names_the_answers_that_cover_it() -> None:
    cache = PreflightCache()
    store(cache, KEY, PUT, OMIT, answer("PUT"), now=100, by="first")
    store(cache, KEY, GET_A, OMIT, answer(None, "x-a"), now=110, by="second")
    both = covering_entries(cache, KEY, CorsRequest(ORIGIN, URL, "PUT", ("x-a",)), OMIT, now=111)
    assert both is not None
    assert {(entry.by, entry.stored) for entry in both} == {("first", 100), ("second", 110)}
    assert covering_entries(cache, KEY, CorsRequest(ORIGIN, URL, "GET", ()), OMIT, now=111) == ()
    assert covering_entries(cache, KEY, DELETE, OMIT, now=111) is None


def test_an_entry_set_anew_is_the_later_answers() -> None:
    cache = PreflightCache()
    store(cache, KEY, PUT, OMIT, answer("PUT"), now=100, by="first")
    store(cache, KEY, PUT, OMIT, answer("PUT"), now=110, by="second")
    (entry,) = covering_entries(cache, KEY, PUT, OMIT, now=111) or ()
    assert (entry.by, entry.stored, entry.expires) == ("second", 110, 170)


def test_the_cache_is_bounded() -> None:
    cache = PreflightCache()
    for number in range(MAX_PLACES + 1):
        at = CorsRequest(ORIGIN, f"{URL}/{number}", "PUT", ())
        store(cache, KEY, at, OMIT, answer("PUT"), now=100)
    assert len(cache.entries) == MAX_PLACES
    assert (KEY, ORIGIN, f"{URL}/0") not in cache.entries


some_methods = st.lists(st.sampled_from(["PUT", "DELETE", "*"]), max_size=3)
some_names = st.lists(st.sampled_from(["x-a", "X-A", "authorization", "*"]), max_size=3)
answers = st.tuples(some_methods, some_names, st.sampled_from(["0", "1", "60"]), modes)


@given(
    st.sampled_from(Engine),
    st.lists(st.tuples(answers, st.sampled_from([0, 1, 2, 100])), max_size=6),
)
def test_what_an_answer_only_says_again_is_kept_as_if_each_entry_were_looked_for(
    engine: Engine, told: list[tuple[tuple[list[str], list[str], str, CredentialsMode], float]]
) -> None:
    at_once, one_by_one = PreflightCache(engine), PreflightCache(engine)
    now = 100.0
    for (methods_, names, max_age, mode), later in told:
        now += later
        headers = answer(",".join(methods_), ",".join(names), max_age)
        store(at_once, KEY, PUT, mode, headers, now=now, by=str(now))
        with pytest.MonkeyPatch.context() as patched:
            said = cache_module._said_by(headers, engine)._replace(is_literal=False)
            patched.setattr(cache_module, "_said_by", lambda *_, said=said: said)
            store(one_by_one, KEY, PUT, mode, headers, now=now, by=str(now))
        found, expected = (
            {
                key: entry._replace(header_name=byte_lowercase(entry.header_name or ""))
                for key, entry in cache.entries.get((KEY, ORIGIN, URL), {}).items()
            }
            for cache in (at_once, one_by_one)
        )
        assert found == expected
