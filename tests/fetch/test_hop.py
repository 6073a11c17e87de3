"""https://fetch.spec.whatwg.org/#concept-main-fetch and #http-redirect-fetch, from step 12 on"""

from functools import reduce

import pytest

from corscope.fetch.check import CredentialsMode
from corscope.fetch.engines import Engine
from corscope.fetch.hop import (
    Hop,
    actual_request,
    begin,
    listener_forces_preflight,
    needs_preflight,
    preflight_request,
    redirect_mode,
    redirected,
)
from corscope.messages import HeaderList, Response
from tests.fetch.strategies import INCLUDE, OMIT, SAME_ORIGIN

PAGE = "https://page.example"
API = "https://api.example/"
OTHER = "https://other.example/"
HOME = f"{PAGE}/"
C, F, W, UNKNOWN = Engine.CHROMIUM, Engine.FIREFOX, Engine.WEBKIT, Engine.UNKNOWN
AUTHORIZATION: HeaderList = (("Authorization", "Bearer t"),)
JSON: HeaderList = (("Content-Type", "application/json"), ("X-A", "1"))


def redirect(location: str, status: int = 307) -> Response:
    return Response(status, (("Location", location),))


def after(hop: Hop, *answers: Response, engine: Engine = UNKNOWN) -> Hop:
    def follow(hop: Hop, answer: Response) -> Hop:
        found = redirected(hop, answer, engine)
        assert found is not None
        return found

    return reduce(follow, answers, hop)


def names(headers: HeaderList) -> list[str]:
    return [name for name, _ in headers]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param(API, True, id="to another origin"),
        pytest.param(HOME, False, id="not to its own"),
        pytest.param(f"{PAGE}:443/", False, id="nor where that is spelled out"),
        pytest.param(f"{PAGE}:8443/", True, id="but to another port"),
    ],
)
def test_a_cors_request_goes_to_another_origin(url: str, *, expected: bool) -> None:
    assert begin(PAGE, url, "GET", ()).is_cors == expected


def test_a_fetch_that_has_left_stays_a_cors_request() -> None:
    assert after(begin(PAGE, API, "GET", ()), redirect(HOME)).is_cors


def test_an_opaque_origin_is_nowhere_at_home() -> None:
    assert begin("null", HOME, "GET", ()).is_cors


@pytest.mark.parametrize(
    ("method", "headers", "expected"),
    [
        pytest.param("GET", (), False, id="a GET doesn't"),
        pytest.param("GET", (("Accept", "*/*"),), False, id="nor with a safelisted header"),
        pytest.param("GET", (("X-A", "1"),), True, id="but with another"),
        pytest.param("PUT", (), True, id="and a PUT does"),
    ],
)
def test_needs_preflight(method: str, headers: HeaderList, *, expected: bool) -> None:
    assert needs_preflight(begin(PAGE, API, method, headers)) == expected


def test_the_flag_forces_a_preflight_at_every_hop() -> None:
    hop = begin(PAGE, API, "GET", (), forced=True)
    assert needs_preflight(hop)
    assert needs_preflight(after(hop, redirect(OTHER)))


def test_a_listener_without_an_upload_is_overlooked_by_chromium() -> None:
    assert {e for e in Engine if listener_forces_preflight(uploads=False, engine=e)} == {
        *(F, W, UNKNOWN)
    }
    assert all(listener_forces_preflight(uploads=True, engine=engine) for engine in Engine)


def test_the_engines_safelist_decides() -> None:
    hop = begin(PAGE, API, "GET", (("DPR", "2"),))
    assert {engine for engine in Engine if needs_preflight(hop, engine)} == {F, W, UNKNOWN}
    assert actual_request(hop, C).unsafe_names == ()
    assert preflight_request(hop, F).unsafe_names == ("dpr",)


@pytest.mark.parametrize(
    ("method", "status", "expected"),
    [
        *[("POST", 301, "GET"), ("POST", 302, "GET"), ("POST", 303, "GET"), ("POST", 307, "POST")],
        *[("PUT", 301, "PUT"), ("PUT", 303, "GET"), ("HEAD", 303, "HEAD"), ("GET", 303, "GET")],
        *[("DELETE", 302, "DELETE"), ("DELETE", 303, "GET"), ("PATCH", 308, "PATCH")],
    ],
)
def test_a_redirect_may_make_a_get(method: str, status: int, expected: str) -> None:
    hop = after(begin(PAGE, API, method, JSON), redirect(OTHER, status))
    assert hop.method == expected
    assert names(hop.headers) == (["X-A"] if expected != method else ["Content-Type", "X-A"])


def test_webkit_makes_a_get_of_a_delete_that_leaves_its_origin() -> None:
    hop = begin(PAGE, API, "DELETE", JSON)
    assert after(hop, redirect(OTHER), engine=W).method == "GET"
    assert names(after(hop, redirect(OTHER), engine=W).headers) == ["Content-Type", "X-A"]
    assert after(hop, redirect(f"{API}2"), engine=W).method == "DELETE"


def test_authorization_stays_within_its_origin() -> None:
    hop = begin(PAGE, API, "GET", (*AUTHORIZATION, ("X-A", "1")))
    assert names(after(hop, redirect(f"{API}2")).headers) == ["Authorization", "X-A"]
    assert names(after(hop, redirect(OTHER)).headers) == ["X-A"]
    assert names(after(hop, redirect(OTHER), redirect(f"{OTHER}2")).headers) == ["X-A"]


@pytest.mark.parametrize(
    ("engine", "authorization", "content_type"),
    [(UNKNOWN, False, False), (C, False, False), (F, True, True), (W, False, True)],
)
def test_what_a_redirect_took_off_comes_back_in_some_engines(
    engine: Engine, authorization: bool, content_type: bool
) -> None:
    hop = begin(PAGE, API, "PUT", (*AUTHORIZATION, *JSON))
    hop = after(hop, redirect(OTHER, 303), engine=engine)
    assert names(hop.headers) == ["X-A"]
    hop = after(hop, redirect(f"{OTHER}2"), engine=engine)
    assert ("Authorization" in names(hop.headers)) == authorization
    assert ("Content-Type" in names(hop.headers)) == content_type


def test_firefox_asks_the_first_method_whether_a_bodys_headers_go() -> None:
    hop = begin(PAGE, API, "POST", JSON)
    hop = after(hop, redirect(API, 302), redirect(API, 302), engine=F)
    assert (hop.method, names(hop.headers)) == ("GET", ["X-A"])
    assert preflight_request(hop, F).unsafe_names == ("content-type", "x-a")
    once = after(begin(PAGE, API, "POST", JSON), redirect(API, 302), engine=F)
    assert preflight_request(once, F).unsafe_names == ("x-a",)


def test_webkit_announces_all_that_the_fetch_began_with() -> None:
    hop = begin(PAGE, API, "POST", (*AUTHORIZATION, *JSON))
    hop = after(hop, redirect(OTHER, 303), engine=W)
    assert actual_request(hop, W).unsafe_names == ("x-a",)
    assert preflight_request(hop, W).unsafe_names == ("authorization", "content-type", "x-a")


@pytest.mark.parametrize(
    ("origin", "location", "stays"),
    [
        pytest.param(PAGE, OTHER, False, id="another origin doesn't get them"),
        pytest.param(PAGE, API, False, id="nor does the same, redirected"),
        pytest.param(PAGE, HOME, True, id="but the page's own"),
        pytest.param("null", HOME, False, id="which an opaque one is not"),
    ],
)
def test_chromium_drops_client_hints(origin: str, location: str, *, stays: bool) -> None:
    hints = (("ECT", "x"), ("RTT", "50"), ("Save-Data", "x"), ("Intervention", "x"))
    hop = after(begin(origin, API, "GET", hints), redirect(location), engine=C)
    assert names(hop.headers) == [*(["ECT", "RTT"] if stays else []), "Save-Data", "Intervention"]
    assert names(after(begin(origin, API, "GET", hints), redirect(location)).headers) == [
        *("ECT", "RTT", "Save-Data", "Intervention")
    ]


@pytest.mark.parametrize(("engine", "again"), [(UNKNOWN, False), (C, False), (F, True), (W, True)])
def test_what_was_preflighted_once_always_is_in_some_engines(engine: Engine, again: bool) -> None:
    hop = after(begin(PAGE, API, "PUT", ()), redirect(OTHER, 303), engine=engine)
    assert needs_preflight(hop, engine) == again
    assert not needs_preflight(after(begin(PAGE, API, "GET", ()), redirect(OTHER)), engine)


@pytest.mark.parametrize(("engine", "needed"), [(UNKNOWN, False), (C, False), (F, True), (W, True)])
def test_some_engines_preflight_for_headers_that_are_gone(engine: Engine, needed: bool) -> None:
    hop = after(begin(PAGE, HOME, "GET", AUTHORIZATION), redirect(API), engine=engine)
    assert needs_preflight(hop, engine) == needed


@pytest.mark.parametrize(
    ("locations", "expected"),
    [
        pytest.param([f"{API}2"], PAGE, id="not within an origin"),
        pytest.param([OTHER], "null", id="but from one foreign origin to another"),
        pytest.param([HOME], "null", id="also back to the page's own"),
        pytest.param([OTHER, f"{OTHER}2"], "null", id="for good"),
    ],
)
def test_redirects_taint_the_origin(locations: list[str], expected: str) -> None:
    """https://fetch.spec.whatwg.org/#concept-request-tainted-origin"""
    hop = after(begin(PAGE, API, "PUT", ()), *map(redirect, locations))
    assert actual_request(hop).origin == expected
    assert preflight_request(hop).origin == expected
    assert preflight_request(hop, F).origin == PAGE


def test_leaving_the_own_origin_taints_nothing() -> None:
    assert not after(begin(PAGE, HOME, "GET", ()), redirect(API)).is_tainted


@pytest.mark.parametrize(
    ("answer", "from_"),
    [
        pytest.param(Response(200, ()), API, id="none"),
        pytest.param(Response(302, ()), API, id="one to nowhere"),
        pytest.param(redirect("http://["), API, id="one to no URL"),
        pytest.param(redirect("data:,x"), HOME, id="one to data"),
        pytest.param(redirect("https://u@other.example/"), API, id="one with a user"),
        pytest.param(redirect("https://u@other.example/"), HOME, id="from home as well"),
        pytest.param(redirect("https://other.example:25/"), HOME, id="one to a mail port"),
    ],
)
def test_some_redirects_lead_nowhere(answer: Response, from_: str) -> None:
    assert redirected(begin(PAGE, from_, "GET", ()), answer) is None


def test_webkit_refuses_userinfo_from_home_only_after_a_preflight() -> None:
    answer = redirect("https://u:p@api.example/x")
    hop = after(begin(PAGE, HOME, "PUT", ()), answer, engine=W)
    assert (hop.is_refused, needs_preflight(hop, W), hop.url) == (True, True, f"{API}x")
    assert redirected(begin(PAGE, API, "PUT", ()), answer, W) is None
    assert redirected(begin(PAGE, HOME, "PUT", ()), answer, F) is None
    assert redirected(begin(PAGE, HOME, "PUT", ()), redirect("data:,x"), W) is None


def test_webkit_asks_for_what_two_locations_make_together() -> None:
    answer = Response(302, (("Location", "/x"), ("Location", "/y")))
    assert redirected(begin(PAGE, API, "GET", ()), answer) is None
    assert after(begin(PAGE, API, "GET", ()), answer, engine=W).url == f"{API}x,%20/y"


def test_at_home_userinfo_may_lead_on_and_is_not_sent() -> None:
    answer = redirect("https://u:p@page.example/2")
    assert after(begin(PAGE, HOME, "GET", ()), answer).url == f"{HOME}2"
    assert redirected(begin(PAGE, HOME, "GET", ()), answer, W) is None
    assert redirected(begin(PAGE, HOME, "GET", ()), answer, C) is None
    assert after(begin(PAGE, HOME, "GET", ()), answer, engine=F).url == f"{HOME}2"


@pytest.mark.parametrize(
    ("engine", "url", "mode", "expected"),
    [
        (W, HOME, SAME_ORIGIN, INCLUDE),
        (W, HOME, OMIT, OMIT),
        (W, API, SAME_ORIGIN, SAME_ORIGIN),
        (C, HOME, SAME_ORIGIN, SAME_ORIGIN),
        (UNKNOWN, HOME, INCLUDE, INCLUDE),
    ],
)
def test_webkit_checks_redirects_of_what_began_at_home_as_with_credentials(
    engine: Engine, url: str, mode: CredentialsMode, expected: CredentialsMode
) -> None:
    assert redirect_mode(begin(PAGE, url, "GET", ()), mode, engine) is expected
