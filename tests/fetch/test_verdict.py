"""The room's front door."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corscope.fetch.check import CredentialsMode, cors_check
from corscope.fetch.engines import Engine
from corscope.fetch.headers import delete
from corscope.fetch.preflight import CorsRequest, preflight_failure
from corscope.fetch.reasons import Failure, Kind, Reason, firefox_name
from corscope.fetch.verdict import judge
from corscope.messages import HeaderList, Response
from tests.fetch.strategies import (
    INCLUDE,
    OMIT,
    ORIGIN,
    SAME_ORIGIN,
    URL,
    engines,
    modes,
    permitting_headers,
    requests,
    responses,
)

kinds: st.SearchStrategy[Kind] = st.sampled_from(["preflight", "actual"])
SHARED = ("Access-Control-Allow-Origin", ORIGIN)
PUT = CorsRequest(ORIGIN, URL, "PUT", ())

SHARED_WITH_ALL: HeaderList = (("Access-Control-Allow-Origin", "*"),)
UNNAMED, NOT_HTTP = "CORSDidNotSucceed", "CORSRequestNotHttp"
EXTERNAL = "CORSExternalRedirectNotAllowed"


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        pytest.param(Response(200, (SHARED,)), None, id="a shared response is read"),
        pytest.param(Response(200, ()), Reason.ALLOW_ORIGIN_MISSING, id="another isn't"),
        pytest.param(Response(500, (SHARED,)), None, id="its status doesn't matter"),
        pytest.param(
            Response(302, (SHARED, ("Location", "https://b.example"))),
            None,
            id="a shared redirect is followed",
        ),
        pytest.param(
            Response(302, (("Location", "https://b.example"),)),
            Reason.ALLOW_ORIGIN_MISSING,
            id="another isn't followed",
        ),
        pytest.param(
            Response(302, (SHARED, ("Location", "https://u@b.example"))),
            Reason.REDIRECT_WITH_CREDENTIALS,
            id="nor one with credentials",
        ),
        pytest.param(
            Response(302, (("Location", "https://u@b.example"),)),
            Reason.ALLOW_ORIGIN_MISSING,
            id="and the check comes first",
        ),
        pytest.param(
            Response(302, (SHARED, ("Location", "https://"))),
            Reason.REDIRECT_INVALID,
            id="a redirect to no URL fails",
        ),
        pytest.param(
            Response(200, (SHARED, ("Location", "https://"))), None, id="but only of a redirect"
        ),
    ],
)
def test_an_actual_response(response: Response, expected: Reason | None) -> None:
    """https://fetch.spec.whatwg.org/#concept-http-fetch"""
    failure = judge("actual", PUT, response, OMIT)
    assert (failure.reason if failure else None) == expected


@pytest.mark.parametrize(
    ("engine", "location", "reason"),
    [
        (Engine.UNKNOWN, "https://", Reason.ALLOW_ORIGIN_MISSING),
        (Engine.CHROMIUM, "https://", Reason.REDIRECT_INVALID),
        (Engine.FIREFOX, "https://", Reason.REDIRECT_INVALID),
        (Engine.UNKNOWN, "data:,x", Reason.ALLOW_ORIGIN_MISSING),
        (Engine.FIREFOX, "data:,x", Reason.REDIRECT_TO_LOCAL),
    ],
)
@pytest.mark.parametrize("kind", ["preflight", "actual"])
def test_some_engines_refuse_an_unusable_location_before_the_check(
    kind: Kind, engine: Engine, location: str, reason: Reason
) -> None:
    failure = judge(kind, PUT, Response(302, (("Location", location),)), OMIT, engine)
    assert failure is not None
    assert failure.reason is reason


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        pytest.param(
            Response(204, (SHARED, ("Access-Control-Allow-Methods", "PUT"))), None, id="allowed"
        ),
        pytest.param(Response(204, (SHARED,)), Reason.METHOD_NOT_ALLOWED, id="method not allowed"),
        pytest.param(Response(404, (SHARED,)), Reason.PREFLIGHT_STATUS, id="no ok status"),
        pytest.param(
            Response(302, (SHARED, ("Location", "/"))), Reason.PREFLIGHT_REDIRECT, id="redirect"
        ),
    ],
)
def test_a_preflights_answer(response: Response, expected: Reason | None) -> None:
    failure = judge("preflight", PUT, response, OMIT)
    assert (failure.reason if failure else None) == expected


@given(kinds, requests, responses, engines)
def test_include_is_never_laxer_than_omit(
    kind: Kind, request: CorsRequest, response: Response, engine: Engine
) -> None:
    if judge(kind, request, response, INCLUDE, engine) is None:
        assert judge(kind, request, response, OMIT, engine) is None


@given(kinds, requests, responses, engines)
def test_same_origin_is_omit_across_origins(
    kind: Kind, request: CorsRequest, response: Response, engine: Engine
) -> None:
    assert judge(kind, request, response, OMIT, engine) == judge(
        kind, request, response, SAME_ORIGIN, engine
    )


@given(kinds, requests, permitting_headers, modes, engines, st.integers(0, 4))
def test_a_well_formed_header_less_is_never_laxer(
    kind: Kind,
    request: CorsRequest,
    headers: HeaderList,
    mode: CredentialsMode,
    engine: Engine,
    index: int,
) -> None:
    fewer = delete(headers, headers[index][0])
    if judge(kind, request, Response(200, fewer), mode, engine) is None:
        assert judge(kind, request, Response(200, headers), mode, engine) is None


@given(requests, responses, modes, engines)
def test_nothing_is_shared_that_fails_the_check(
    request: CorsRequest, response: Response, mode: CredentialsMode, engine: Engine
) -> None:
    checked = cors_check(request.origin, mode, response.headers, engine)
    actual = judge("actual", request, response, mode, engine)
    preflight = judge("preflight", request, response, mode, engine)
    assert checked is None or (actual is not None and preflight is not None)


@given(requests, responses, modes)
def test_the_standard_asks_the_check_before_anything_of_a_redirect(
    request: CorsRequest, response: Response, mode: CredentialsMode
) -> None:
    checked = cors_check(request.origin, mode, response.headers)
    assert checked is None or judge("actual", request, response, mode) == checked
    preflight = judge("preflight", request, response, mode)
    decided = preflight_failure(request, response, mode)
    assert (preflight is None) == (decided is None)
    if preflight is not None and decided is not None:
        assert (preflight.reason, preflight.detail) == (decided.reason, decided.detail)


@given(kinds, requests, responses, modes, engines)
def test_every_engine_is_at_least_as_lax_as_the_standard(
    kind: Kind, request: CorsRequest, response: Response, mode: CredentialsMode, engine: Engine
) -> None:
    """All departures known so far allow more; the day that one allows less, this is to change."""
    if judge(kind, request, response, mode) is None:
        assert judge(kind, request, response, mode, engine) is None


def test_a_failure_says_what_is_at_fault() -> None:
    response = Response(200, (SHARED, ("Access-Control-Allow-Methods", "GET")))
    assert judge("preflight", PUT, response, OMIT) == Failure(Reason.METHOD_NOT_ALLOWED, "PUT")


def named_by_firefox(kind: Kind, location: str) -> str | None:
    headers = (*SHARED_WITH_ALL, ("Location", location))
    failure = judge(kind, PUT, Response(302, headers), OMIT, Engine.FIREFOX)
    assert failure is not None
    return failure.firefox or firefox_name(failure.reason)


@pytest.mark.parametrize(
    ("location", "actual", "preflight"),
    [
        pytest.param("javascript:x", UNNAMED, UNNAMED, id="some schemes are refused unread"),
        pytest.param("wss://b.example/", UNNAMED, UNNAMED, id="that of WebSockets too"),
        pytest.param("about:config", UNNAMED, UNNAMED, id="as what is about the browser"),
        pytest.param("about:blank?x", NOT_HTTP, UNNAMED, id="but a blank page is looked at"),
        pytest.param("x-app:open", NOT_HTTP, UNNAMED, id="as is any other scheme"),
        pytest.param("https://u@b.example/", UNNAMED, UNNAMED, id="a user has no name"),
        pytest.param("http://b.example:25/", UNNAMED, EXTERNAL, id="nor has a blocked port"),
    ],
)
def test_firefox_names_a_redirect_by_its_target(location: str, actual: str, preflight: str) -> None:
    assert named_by_firefox("actual", location) == actual
    assert named_by_firefox("preflight", location) == preflight


def test_firefox_names_a_preflights_redirect_that_could_be_followed() -> None:
    assert named_by_firefox("preflight", "https://b.example/") == EXTERNAL
