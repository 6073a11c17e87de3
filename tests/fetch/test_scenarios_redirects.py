"""Redirects hop by hop: which Origin each hop gets to see, and where the fetch ends.

The ideas are those of web-platform-tests (`cors/redirect-*.htm`, `fetch/api/cors/cors-redirect*`),
of Firefox's chains of hops, and of Chromium's unit tests of its URL loader.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import pytest

from corscope.fetch.check import CredentialsMode
from corscope.fetch.engines import Engine
from corscope.fetch.hop import (
    actual_request,
    begin,
    needs_preflight,
    preflight_request,
    redirected,
)
from corscope.fetch.preflight import CorsRequest
from corscope.fetch.reasons import Failure, Reason
from corscope.fetch.redirect import redirect_failure
from corscope.fetch.verdict import judge
from corscope.messages import HeaderList, Response
from tests.fetch.strategies import INCLUDE, OMIT

PAGE, REMOTE, OTHER = "https://page.example", "https://remote.example", "https://other.example"
THIRD = "https://third.example"

Place = tuple[str, str | None]
"""The origin that a hop is at, and the Access-Control-Allow-Origin of its answers."""


@dataclass(frozen=True, slots=True)
class Way:
    """A fetch's way: what was sent, and why it ended; None where the last answer was read.

    `sent` has each request's Origin, `-` where CORS had no say; a preflight's follows a `?`.
    """

    sent: str
    reason: Reason | None = None


def walk(
    places: Sequence[Place],
    mode: CredentialsMode = OMIT,
    engine: Engine = Engine.UNKNOWN,
    method: str = "GET",
    headers: HeaderList = (),
) -> Way:
    """Follow PAGE's fetch from place to place, by 307; every preflight gives leave for all."""
    urls = [f"{place}/{number}" for number, (place, _) in enumerate(places)]
    sent, hop = [], begin(PAGE, urls[0], method, headers)
    for number, (_, allow_origin) in enumerate(places):
        if not hop.is_cors:
            sent.append("-")
        response = _answer(allow_origin, urls[number + 1 :])
        if hop.is_cors and needs_preflight(hop, engine):
            asked = preflight_request(hop, engine)
            sent.append(f"?{asked.origin}")
            failure = judge("preflight", asked, _answer(allow_origin, []), mode, engine)
            if failure is not None:
                return Way(" ".join(sent), failure.reason)
        if hop.is_cors:
            request = actual_request(hop, engine)
            sent.append(request.origin)
            failure = judge("actual", request, response, mode, engine)
            if failure is not None:
                return Way(" ".join(sent), failure.reason)
        hop = redirected(hop, response, engine) or hop
    return Way(" ".join(sent))


def _answer(allow_origin: str | None, onward: list[str]) -> Response:
    headers: HeaderList = (
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Allow-Methods", "PUT, DELETE"),
        ("Access-Control-Allow-Headers", "x-a, authorization"),
    )
    if allow_origin is not None:
        headers += (("Access-Control-Allow-Origin", allow_origin),)
    return Response(307, (*headers, ("Location", onward[0]))) if onward else Response(200, headers)


VALUES = ("*", PAGE, "null", None, REMOTE)


@pytest.mark.parametrize(
    ("first", "second", "origins"),
    [
        pytest.param(PAGE, PAGE, ("-", "-"), id="within the page's origin"),
        pytest.param(PAGE, REMOTE, ("-", PAGE), id="from there to another"),
        pytest.param(REMOTE, REMOTE, (PAGE, PAGE), id="within another"),
        pytest.param(REMOTE, PAGE, (PAGE, "null"), id="from another back"),
        pytest.param(REMOTE, OTHER, (PAGE, "null"), id="from another to a third"),
    ],
)
@pytest.mark.parametrize("mode", CredentialsMode)
def test_one_redirect(
    first: str, second: str, origins: tuple[str, str], mode: CredentialsMode
) -> None:
    """Each hop is checked for the Origin it got; the page's own is not, till it was left."""
    star = set() if mode is INCLUDE else {"*"}
    for values in product(VALUES, repeat=2):
        shared = [
            origin == "-" or value in {*star, origin}
            for origin, value in zip(origins, values, strict=True)
        ]
        way = walk(list(zip((first, second), values, strict=True)), mode)
        assert way.sent == " ".join(origins if shared[0] else origins[:1])
        assert (way.reason is None) == all(shared)


MISSING, MISMATCH = Reason.ALLOW_ORIGIN_MISSING, Reason.ALLOW_ORIGIN_MISMATCH


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ([(PAGE, None), (PAGE, None), (OTHER, PAGE)], Way(f"- - {PAGE}")),
        (
            [(PAGE, None), (PAGE, None), (OTHER, PAGE), (PAGE, None)],
            Way(f"- - {PAGE} null", MISSING),
        ),
        ([(OTHER, PAGE), (PAGE, "*")], Way(f"{PAGE} null")),
        ([(OTHER, PAGE), (PAGE, PAGE)], Way(f"{PAGE} null", MISMATCH)),
        ([(OTHER, PAGE), (THIRD, PAGE), (REMOTE, PAGE)], Way(f"{PAGE} null", MISMATCH)),
        ([(OTHER, PAGE), (THIRD, "*"), (REMOTE, "*")], Way(f"{PAGE} null null")),
        (
            [(OTHER, PAGE), (THIRD, "*"), (REMOTE, "*"), (REMOTE, PAGE)],
            Way(f"{PAGE} null null null", MISMATCH),
        ),
        ([(OTHER, PAGE), (THIRD, "null"), (OTHER, "null")], Way(f"{PAGE} null null")),
        ([(OTHER, PAGE), (THIRD, "x")], Way(f"{PAGE} null", Reason.ALLOW_ORIGIN_INVALID)),
        ([(PAGE, None), (OTHER, PAGE), (OTHER, PAGE)], Way(f"- {PAGE} {PAGE}")),
        ([(PAGE, None), (OTHER, PAGE), (THIRD, PAGE)], Way(f"- {PAGE} null", MISMATCH)),
        ([(PAGE, None), (OTHER, PAGE), (THIRD, "*")], Way(f"- {PAGE} null")),
        ([(OTHER, OTHER), (OTHER, "*")], Way(PAGE, MISMATCH)),
        ([(PAGE, None), (f"{PAGE}:8443", PAGE)], Way(f"- {PAGE}")),
        ([(PAGE, None), ("http://page.example", PAGE)], Way(f"- {PAGE}")),
        ([(f"{PAGE}:8443", PAGE), (PAGE, "*")], Way(f"{PAGE} null")),
    ],
)
def test_longer_ways(places: list[Place], expected: Way) -> None:
    assert walk(places) == expected


ASKS: HeaderList = (("X-A", "1"),)


@pytest.mark.parametrize(("method", "headers"), [("PUT", ()), ("POST", ASKS), ("GET", ASKS)])
@pytest.mark.parametrize(
    ("places", "standard", "firefox"),
    [
        pytest.param(
            [(PAGE, None), (OTHER, PAGE)],
            *(Way(f"- ?{PAGE} {PAGE}"),) * 2,
            id="the first foreign hop is asked",
        ),
        pytest.param(
            [(PAGE, None), (OTHER, None)],
            *(Way(f"- ?{PAGE}", MISSING),) * 2,
            id="and may refuse",
        ),
        pytest.param(
            [(OTHER, PAGE), (OTHER, PAGE)],
            *(Way(f"?{PAGE} {PAGE} ?{PAGE} {PAGE}"),) * 2,
            id="every further one too",
        ),
        pytest.param(
            [(PAGE, None), (OTHER, PAGE), (OTHER, PAGE)],
            *(Way(f"- ?{PAGE} {PAGE} ?{PAGE} {PAGE}"),) * 2,
            id="also on the way from home",
        ),
        pytest.param(
            [(OTHER, PAGE), (THIRD, "*")],
            Way(f"?{PAGE} {PAGE} ?null null"),
            Way(f"?{PAGE} {PAGE} ?{PAGE} null"),
            id="a third origin is asked for null, by Firefox for the page",
        ),
        pytest.param(
            [(OTHER, PAGE), (THIRD, "null")],
            Way(f"?{PAGE} {PAGE} ?null null"),
            Way(f"?{PAGE} {PAGE} ?{PAGE}", MISMATCH),
            id="so that there null is not enough",
        ),
        pytest.param(
            [(OTHER, PAGE), (THIRD, PAGE)],
            Way(f"?{PAGE} {PAGE} ?null", MISMATCH),
            Way(f"?{PAGE} {PAGE} ?{PAGE} null", MISMATCH),
            id="nor the page",
        ),
        pytest.param(
            [(OTHER, PAGE), (PAGE, "null")],
            Way(f"?{PAGE} {PAGE} ?null null"),
            Way(f"?{PAGE} {PAGE} ?{PAGE} null"),
            id="back home Firefox doesn't check the preflight",
        ),
        pytest.param(
            [(OTHER, PAGE), (PAGE, PAGE)],
            Way(f"?{PAGE} {PAGE} ?null", MISMATCH),
            Way(f"?{PAGE} {PAGE} ?{PAGE} null", MISMATCH),
            id="but what follows",
        ),
    ],
)
def test_ways_with_preflights(
    places: list[Place], method: str, headers: HeaderList, standard: Way, firefox: Way
) -> None:
    for engine in Engine:
        expected = firefox if engine is Engine.FIREFOX else standard
        assert walk(places, OMIT, engine, method, headers) == expected


PONY: HeaderList = (("Content-Type", "application/x-pony"),)
PLAIN: HeaderList = (("Content-Type", "text/plain"),)


@pytest.mark.parametrize(
    ("method", "headers", "status", "expected"),
    [
        ("GET", (), 301, ("GET", (), False)),
        ("GET", PONY, 301, ("GET", ("content-type",), True)),
        ("GET", PONY, 303, ("GET", ("content-type",), True)),
        ("HEAD", (), 303, ("HEAD", (), False)),
        ("POST", PLAIN, 301, ("GET", (), False)),
        ("POST", PONY, 301, ("GET", (), False)),
        ("POST", PONY, 302, ("GET", (), False)),
        ("POST", PONY, 303, ("GET", (), False)),
        ("POST", PONY, 307, ("POST", ("content-type",), True)),
        ("POST", PONY, 308, ("POST", ("content-type",), True)),
        ("POST", PLAIN, 308, ("POST", (), False)),
        ("FOO", PLAIN, 308, ("FOO", (), True)),
        ("FOO", PONY, 301, ("FOO", ("content-type",), True)),
        ("FOO", PONY, 302, ("FOO", ("content-type",), True)),
        ("FOO", PONY, 303, ("GET", (), False)),
        ("FOO", PONY, 307, ("FOO", ("content-type",), True)),
        ("PUT", ASKS, 303, ("GET", ("x-a",), True)),
        ("GET", (("Authorization", "Bearer t"),), 302, ("GET", (), False)),
        ("GET", (("Authorization", "Bearer t"), *ASKS), 302, ("GET", ("x-a",), True)),
    ],
)
def test_what_a_redirect_from_home_makes_of_a_request(
    method: str, headers: HeaderList, status: int, expected: tuple[str, tuple[str, ...], bool]
) -> None:
    """The method that it then has, its unsafe names, and whether it asks leave."""
    answer = Response(status, (("Location", f"{REMOTE}/"),))
    hop = redirected(begin(PAGE, f"{PAGE}/", method, headers), answer)
    assert hop is not None
    request = actual_request(hop)
    assert (request.method, request.unsafe_names, needs_preflight(hop)) == expected


@pytest.mark.parametrize("engine", Engine)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("target", [PAGE, REMOTE, OTHER])
@pytest.mark.parametrize(
    ("userinfo", "followed"),
    [
        ("user:password@", False),
        ("user:@", False),
        ("user@", False),
        (":password@", False),
        ("%20@", False),
        (":@", True),
        ("@", True),
        ("", True),
    ],
)
def test_userinfo_in_a_location(
    userinfo: str, target: str, status: int, engine: Engine, *, followed: bool
) -> None:
    """No matter where the redirect leads."""
    location = target.replace("://", f"://{userinfo}") + "/x"
    headers = (("Access-Control-Allow-Origin", "*"), ("Location", location))
    request = CorsRequest(PAGE, f"{REMOTE}/1", "GET", ())
    failure = judge("actual", request, Response(status, headers), OMIT, engine)
    host = target.removeprefix("https://")
    refused = Failure(Reason.REDIRECT_WITH_CREDENTIALS, host)
    assert failure == (None if followed else refused)


@pytest.mark.parametrize("status", [300, 304, 305, 306, 309, 399, 200, 201])
def test_other_statuses_lead_nowhere(status: int) -> None:
    response = Response(status, (("Location", "https://user@bad.example:25/"),))
    assert redirect_failure(response, f"{REMOTE}/1") is None


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("foo://bar.cgi", Reason.REDIRECT_NOT_HTTP),
        ("mailto:someone@example.com", Reason.REDIRECT_NOT_HTTP),
        ("javascript:alert(1)", Reason.REDIRECT_NOT_HTTP),
        ("ftp://files.example/", Reason.REDIRECT_NOT_HTTP),
        ("wss://socket.example/", Reason.REDIRECT_NOT_HTTP),
        ("data:text/plain,cors", Reason.REDIRECT_TO_LOCAL),
        ("about:blank", Reason.REDIRECT_TO_LOCAL),
        ("blob:https://page.example/0f7a", Reason.REDIRECT_TO_LOCAL),
        ("file:///etc/hosts", Reason.REDIRECT_TO_LOCAL),
        ("chrome-extension://0f7a/page.html", Reason.REDIRECT_TO_LOCAL),
        ("view-source:https://remote.example/", Reason.REDIRECT_TO_LOCAL),
        ("moz-extension://0f7a/page.html", Reason.REDIRECT_NOT_HTTP),
        ("https://", Reason.REDIRECT_INVALID),
        ("//", Reason.REDIRECT_INVALID),
        ("https://remote.example:99999/", Reason.REDIRECT_INVALID),
        ("https://[::1/", Reason.REDIRECT_INVALID),
        ("http://remote.example:6667/", Reason.REDIRECT_BAD_PORT),
        ("#fragment", None),
        ("..//x", None),
        ("/a:b@c", None),
        ("?a=https://u:p@b.example", None),
        (":443", None),
    ],
)
def test_where_a_location_may_lead(location: str, reason: Reason | None) -> None:
    """A redirect that the check has let pass."""
    headers = (("Access-Control-Allow-Origin", "*"), ("Location", location))
    request = CorsRequest(PAGE, f"{REMOTE}/1", "GET", ())
    failure = judge("actual", request, Response(302, headers), OMIT)
    assert (failure.reason if failure else None) == reason
