"""https://fetch.spec.whatwg.org/#cors-preflight-fetch-0"""

import pytest
from hypothesis import given

from corscope.fetch.check import CredentialsMode
from corscope.fetch.engines import Engine
from corscope.fetch.preflight import (
    CorsRequest,
    announced_request,
    is_cors_preflight_request,
    is_ok_status,
    is_redirect_status,
    is_unchecked,
    preflight_failure,
)
from corscope.fetch.reasons import Failure, Reason
from corscope.messages import HeaderList, Request, Response
from tests.fetch.strategies import INCLUDE, OMIT, ORIGIN, URL, modes, requests, responses

ALLOWED: HeaderList = (
    ("Access-Control-Allow-Origin", ORIGIN),
    ("Access-Control-Allow-Credentials", "true"),
)


@pytest.mark.parametrize(
    ("method", "names", "expected"),
    [
        pytest.param("OPTIONS", ["Origin", "Access-Control-Request-Method"], True, id="it asks"),
        pytest.param("OPTIONS", ["origin", "access-control-request-method"], True, id="any case"),
        pytest.param("options", ["Origin", "Access-Control-Request-Method"], False, id="method"),
        pytest.param("GET", ["Origin", "Access-Control-Request-Method"], False, id="not GET"),
        pytest.param("OPTIONS", ["Origin"], False, id="a plain OPTIONS asks nothing"),
        pytest.param("OPTIONS", ["Access-Control-Request-Method"], False, id="nobody asks"),
    ],
)
def test_is_cors_preflight_request(method: str, names: list[str], *, expected: bool) -> None:
    """https://fetch.spec.whatwg.org/#cors-preflight-request"""
    headers = tuple((name, "x") for name in names)
    assert is_cors_preflight_request(Request(method, URL, headers)) == expected


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        pytest.param([], (), id="no headers are announced"),
        pytest.param([""], (), id="or none by an empty list"),
        pytest.param(["x-a,x-b"], ("x-a", "x-b"), id="several, as browsers write them"),
        pytest.param([" X-A ,\tx-b,,"], ("x-a", "x-b"), id="as others do"),
        pytest.param(["x-b", "x-a"], ("x-b", "x-a"), id="on several lines, in their order"),
    ],
)
def test_announced_request(lines: list[str], names: tuple[str, ...]) -> None:
    preflight = Request(
        "OPTIONS",
        URL,
        (
            ("Origin", ORIGIN),
            ("Access-Control-Request-Method", "PUT"),
            *(("Access-Control-Request-Headers", line) for line in lines),
        ),
    )
    assert announced_request(preflight) == CorsRequest(ORIGIN, URL, "PUT", names)


def test_what_a_broken_preflight_leaves_out_is_empty() -> None:
    assert announced_request(Request("OPTIONS", URL, ())) == CorsRequest("", URL, "", ())


def test_a_request_at_another_url_is_the_same_but_for_that() -> None:
    request = CorsRequest(ORIGIN, URL, "PUT", ("x-a",))
    assert request.at("https://b.test/") == CorsRequest(ORIGIN, "https://b.test/", "PUT", ("x-a",))


def test_of_all_statuses_a_hundred_are_ok() -> None:
    """https://fetch.spec.whatwg.org/#ok-status"""
    statuses = range(100, 600)
    assert list(filter(is_ok_status, statuses)) == list(range(200, 300))
    assert set(filter(is_redirect_status, statuses)) == {301, 302, 303, 307, 308}
    request = CorsRequest(ORIGIN, URL, "GET", ())
    for status in statuses:
        failure = preflight_failure(request, Response(status, ALLOWED), INCLUDE)
        refused = Failure(Reason.PREFLIGHT_STATUS, str(status))
        assert failure == (None if is_ok_status(status) else refused)


@pytest.mark.parametrize(
    ("status", "location", "reason"),
    [
        pytest.param(302, "/x", Reason.PREFLIGHT_REDIRECT, id="a redirect isn't followed"),
        pytest.param(308, "/x", Reason.PREFLIGHT_REDIRECT, id="whichever it is"),
        pytest.param(302, "", Reason.PREFLIGHT_REDIRECT, id="be it to the same URL"),
        pytest.param(302, None, Reason.PREFLIGHT_STATUS, id="nowhere, it is but a wrong status"),
        pytest.param(304, "/x", Reason.PREFLIGHT_STATUS, id="as with another status"),
        pytest.param(200, "/x", None, id="an ok status redirects nowhere"),
    ],
)
def test_redirects(status: int, location: str | None, reason: Reason | None) -> None:
    headers = ALLOWED if location is None else (*ALLOWED, ("Location", location))
    failure = preflight_failure(
        CorsRequest(ORIGIN, URL, "GET", ()), Response(status, headers), INCLUDE
    )
    assert (failure.reason if failure else None) == reason


@pytest.mark.parametrize(
    ("origin", "url", "expected"),
    [
        pytest.param(ORIGIN, f"{ORIGIN}/x", {Engine.FIREFOX}, id="at the page's own origin"),
        pytest.param(ORIGIN, URL, set(), id="not at another"),
        pytest.param("null", f"{ORIGIN}/x", set(), id="nor for an opaque one"),
    ],
)
def test_is_unchecked(origin: str, url: str, expected: set[Engine]) -> None:
    request = CorsRequest(origin, url, "PUT", ())
    assert {engine for engine in Engine if is_unchecked(request, engine)} == expected


def test_chromium_takes_an_empty_location_for_none() -> None:
    request, headers = CorsRequest(ORIGIN, URL, "GET", ()), (*ALLOWED, ("Location", ""))
    failure = preflight_failure(request, Response(302, headers), INCLUDE, Engine.CHROMIUM)
    assert failure == Failure(Reason.PREFLIGHT_STATUS, "302")


@pytest.mark.parametrize("engine", Engine)
def test_of_a_redirect_and_a_wrong_origin_chromium_and_webkit_name_the_redirect(
    engine: Engine,
) -> None:
    request = CorsRequest(ORIGIN, URL, "GET", ())
    failure = preflight_failure(request, Response(302, (("Location", "/x"),)), OMIT, engine)
    redirect_first = engine in {Engine.CHROMIUM, Engine.WEBKIT}
    assert failure == (
        Failure(Reason.PREFLIGHT_REDIRECT, "/x")
        if redirect_first
        else Failure(Reason.ALLOW_ORIGIN_MISSING)
    )


@pytest.mark.parametrize("engine", Engine)
def test_only_firefox_doesnt_check_a_preflight_to_the_pages_own_origin(engine: Engine) -> None:
    """It comes to be sent where a redirect leads back there; other engines send it for `null`."""
    request = CorsRequest("https://api.example", "https://api.example/x", "GET", ())
    failure = preflight_failure(request, Response(200, ()), OMIT, engine)
    assert (failure is None) == (engine is Engine.FIREFOX)
    elsewhere = CorsRequest("https://api.example", "https://b.example/x", "GET", ())
    assert preflight_failure(elsewhere, Response(200, ()), OMIT, engine) is not None


@pytest.mark.parametrize("engine", Engine)
def test_of_a_wrong_status_and_a_wrong_origin_webkit_names_the_status(engine: Engine) -> None:
    request = CorsRequest(ORIGIN, URL, "GET", ())
    failure = preflight_failure(request, Response(401, ()), OMIT, engine)
    webkit = engine is Engine.WEBKIT
    assert failure == (
        Failure(Reason.PREFLIGHT_STATUS, "401") if webkit else Failure(Reason.ALLOW_ORIGIN_MISSING)
    )
    assert preflight_failure(request, Response(200, ALLOWED), OMIT, engine) is None


def judged(
    request: CorsRequest,
    mode: CredentialsMode,
    methods: str | None,
    header_names: str | None,
    engine: Engine = Engine.UNKNOWN,
) -> Failure | None:
    headers = ALLOWED
    if methods is not None:
        headers = (*headers, ("Access-Control-Allow-Methods", methods))
    if header_names is not None:
        headers = (*headers, ("Access-Control-Allow-Headers", header_names))
    return preflight_failure(request, Response(204, headers), mode, engine)


@pytest.mark.parametrize(
    ("method", "allowed", "without", "with_credentials"),
    [
        pytest.param("PUT", "PUT", True, True, id="a named method goes"),
        pytest.param("PUT", "GET, PUT", True, True, id="also in a list"),
        pytest.param("PUT", "put", False, False, id="but not in another case"),
        pytest.param("PUT", "GET", False, False, id="nor unnamed"),
        pytest.param("PUT", "", False, False, id="nor with an empty list"),
        pytest.param("PUT", None, False, False, id="nor without one"),
        pytest.param("PUT", "*", True, False, id="a wildcard covers it without credentials"),
        pytest.param("PUT", "GET, *", True, False, id="also in a list of others"),
        pytest.param("*", "*", True, True, id="the method * is named by it"),
        pytest.param("GET", None, True, True, id="a safelisted method needs no leave"),
        pytest.param("HEAD", "PUT", True, True, id="though others be named"),
        pytest.param("POST", "", True, True, id="or none"),
        pytest.param("patch", "PATCH", False, False, id="patch isn't PATCH"),
    ],
)
def test_the_method(
    method: str, allowed: str | None, *, without: bool, with_credentials: bool
) -> None:
    """Step 7.5."""
    request = CorsRequest(ORIGIN, URL, method, ())
    failure = Failure(Reason.METHOD_NOT_ALLOWED, method)
    assert judged(request, OMIT, allowed, None) == (None if without else failure)
    assert judged(request, INCLUDE, allowed, None) == (None if with_credentials else failure)


@pytest.mark.parametrize(
    ("names", "allowed", "without", "with_credentials"),
    [
        pytest.param("x-a", "x-a", None, None, id="a named header goes"),
        pytest.param("x-a", "X-A", None, None, id="in any case"),
        pytest.param("x-a x-b", "x-b,x-a", None, None, id="in any order"),
        pytest.param("x-a x-b", "x-a", "x-b", "x-b", id="each has to be named"),
        pytest.param("x-a x-b", "", "x-a", "x-a", id="the first that isn't is at fault"),
        pytest.param("x-a", None, "x-a", "x-a", id="without a list none is"),
        pytest.param("", None, None, None, id="none needs none"),
        pytest.param("x-a x-b", "*", None, "x-a", id="a wildcard covers them without credentials"),
        pytest.param("x-a", "x-b, *", None, "x-a", id="also in a list of others"),
        pytest.param("*", "*", None, None, id="the header * is named by it"),
        pytest.param("authorization", "*", "authorization", "authorization", id="not this one"),
        pytest.param("authorization", "*, Authorization", None, None, id="unless it is named"),
        pytest.param("authorization x-a", "authorization, *", None, "x-a", id="others covered"),
    ],
)
def test_the_header_names(
    names: str, allowed: str | None, without: str | None, with_credentials: str | None
) -> None:
    """Steps 7.6 and 7.7."""
    request = CorsRequest(ORIGIN, URL, "GET", tuple(names.split()))
    for mode, at_fault in ((OMIT, without), (INCLUDE, with_credentials)):
        failure = Failure(Reason.HEADER_NOT_ALLOWED, at_fault) if at_fault else None
        assert judged(request, mode, None, allowed) == failure


@pytest.mark.parametrize("engine", Engine)
def test_browsers_let_a_wildcard_cover_authorization(engine: Engine) -> None:
    request = CorsRequest(ORIGIN, URL, "GET", ("authorization",))
    failure = Failure(Reason.HEADER_NOT_ALLOWED, "authorization")
    allowed = engine is not Engine.UNKNOWN
    assert judged(request, OMIT, None, "*", engine) == (None if allowed else failure)
    assert judged(request, INCLUDE, None, "*", engine) == failure


@pytest.mark.parametrize(
    ("methods", "header_names", "expected"),
    [
        pytest.param("a b", "x", (Reason.ALLOW_METHODS_INVALID, "a b"), id="methods"),
        pytest.param("GET", "a b", (Reason.ALLOW_HEADERS_INVALID, "a b"), id="header names"),
        pytest.param("a b", "c d", (Reason.ALLOW_METHODS_INVALID, "a b"), id="methods first"),
        pytest.param("GET", "x", None, id="neither"),
    ],
)
def test_a_malformed_list_fails_even_where_none_is_needed(
    methods: str, header_names: str, expected: tuple[Reason, str] | None
) -> None:
    """Steps 7.1 to 7.3."""
    failure = Failure(*expected) if expected else None
    assert judged(CorsRequest(ORIGIN, URL, "GET", ()), OMIT, methods, header_names) == failure


@given(requests, responses, modes)
def test_a_preflight_that_lets_go_was_ok_and_shared(
    request: CorsRequest, response: Response, mode: CredentialsMode
) -> None:
    if preflight_failure(request, response, mode) is None:
        assert is_ok_status(response.status)
        simple = CorsRequest(request.origin, request.url, "GET", ())
        assert preflight_failure(simple, response, mode) is None


@pytest.mark.parametrize("engine", Engine)
def test_of_a_method_not_allowed_and_malformed_headers_firefox_names_the_method(
    engine: Engine,
) -> None:
    request = CorsRequest(ORIGIN, URL, "PATCH", ())
    headers = (*ALLOWED[:2], ("Access-Control-Allow-Headers", "@"))
    failure = preflight_failure(request, Response(200, headers), OMIT, engine)
    assert failure is not None
    firefox = engine is Engine.FIREFOX
    assert failure.reason is (
        Reason.METHOD_NOT_ALLOWED if firefox else Reason.ALLOW_HEADERS_INVALID
    )
