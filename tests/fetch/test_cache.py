"""https://fetch.spec.whatwg.org/#cors-preflight-cache"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corscope.fetch.cache import (
    PreflightCache,
    clear_cache_entries,
    extract_max_age,
    header_name_cache_entry_match,
    is_covered,
    method_cache_entry_match,
    store,
)
from corscope.fetch.check import CredentialsMode
from corscope.fetch.preflight import CorsRequest, preflight_failure
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
    headers: HeaderList, request: CorsRequest = PUT, mode: CredentialsMode = OMIT
) -> PreflightCache:
    cache = PreflightCache()
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
    assert method_cache_entry_match(cache, KEY, request, OMIT, now=101) == expected
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
    assert header_name_cache_entry_match(cache, KEY, request, OMIT, asked, now=101) == expected
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
    store(
        cache,
        KEY,
        CorsRequest(ORIGIN, "https://b.example/", "PUT", ()),
        OMIT,
        answer("PUT"),
        now=109,
    )
    assert len(cache.entries) == 2
    store(
        cache,
        KEY,
        CorsRequest(ORIGIN, "https://c.example/", "PUT", ()),
        OMIT,
        answer("PUT"),
        now=110,
    )
    assert sorted(url for _, _, url in cache.entries) == [
        "https://b.example/",
        "https://c.example/",
    ]


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
