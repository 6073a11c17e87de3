"""Redirects hop by hop: which Origin each hop gets to see, and where the fetch ends.

The ideas are those of web-platform-tests (`cors/redirect-*.htm`, `fetch/api/cors/cors-redirect*`),
of Firefox's chains of hops, and of Chromium's unit tests of its URL loader.
"""

from itertools import product

import pytest

from corscope.fetch.check import CredentialsMode
from corscope.fetch.engines import Engine
from corscope.fetch.origin import has_redirect_tainted_origin, origin_of_url
from corscope.fetch.preflight import CorsRequest
from corscope.fetch.reasons import Failure, Reason
from corscope.fetch.redirect import redirect_failure
from corscope.fetch.verdict import judge
from corscope.messages import HeaderList, Response
from tests.fetch.strategies import INCLUDE, OMIT

PAGE, REMOTE, OTHER = "https://page.example", "https://remote.example", "https://other.example"
THIRD = "https://third.example"

Hop = tuple[str, str | None]
"""The origin that a hop is at, and the Access-Control-Allow-Origin of its answer."""


def walk(hops: list[Hop], mode: CredentialsMode = OMIT) -> tuple[list[str | None], Failure | None]:
    """Follow PAGE's GET over all hops.

    Returns:
        The Origin that each hop was asked with, None where CORS had no say; and why the fetch
        ended at the last of them, None if it was read.
    """
    urls = [f"{place}/{number}" for number, (place, _) in enumerate(hops)]
    sent: list[str | None] = []
    for number, (place, allow_origin) in enumerate(hops):
        if place == PAGE and not any(sent):
            sent.append(None)
            continue
        tainted = has_redirect_tainted_origin(origin_of_url(PAGE), urls[: number + 1])
        sent.append("null" if tainted else PAGE)
        request = CorsRequest(sent[-1] or "", urls[number], "GET", ())
        failure = judge("actual", request, _answer(allow_origin, urls[number + 1 :]), mode)
        if failure is not None:
            return sent, failure
    return sent, None


def _answer(allow_origin: str | None, onward: list[str]) -> Response:
    headers: HeaderList = (("Access-Control-Allow-Credentials", "true"),)
    if allow_origin is not None:
        headers += (("Access-Control-Allow-Origin", allow_origin),)
    return Response(302, (*headers, ("Location", onward[0]))) if onward else Response(200, headers)


VALUES = ("*", PAGE, "null", None, REMOTE)


@pytest.mark.parametrize(
    ("first", "second", "origins"),
    [
        pytest.param(PAGE, PAGE, [None, None], id="within the page's origin"),
        pytest.param(PAGE, REMOTE, [None, PAGE], id="from there to another"),
        pytest.param(REMOTE, REMOTE, [PAGE, PAGE], id="within another"),
        pytest.param(REMOTE, PAGE, [PAGE, "null"], id="from another back"),
        pytest.param(REMOTE, OTHER, [PAGE, "null"], id="from another to a third"),
    ],
)
@pytest.mark.parametrize("mode", CredentialsMode)
def test_one_redirect(
    first: str, second: str, origins: list[str | None], mode: CredentialsMode
) -> None:
    """Each hop is checked for the Origin it got; the page's own is not, till it was left."""
    star = set() if mode is INCLUDE else {"*"}
    for values in product(VALUES, repeat=2):
        shared = [
            origin is None or value in {*star, origin}
            for origin, value in zip(origins, values, strict=True)
        ]
        sent, failure = walk(list(zip((first, second), values, strict=True)), mode)
        assert sent == (origins if shared[0] else origins[:1])
        assert (failure is None) == all(shared)


@pytest.mark.parametrize(
    ("hops", "origins", "reason"),
    [
        ([(PAGE, None), (PAGE, None), (OTHER, PAGE)], [None, None, PAGE], None),
        (
            [(PAGE, None), (PAGE, None), (OTHER, PAGE), (PAGE, None)],
            [None, None, PAGE, "null"],
            Reason.ALLOW_ORIGIN_MISSING,
        ),
        ([(OTHER, PAGE), (PAGE, "*")], [PAGE, "null"], None),
        ([(OTHER, PAGE), (PAGE, PAGE)], [PAGE, "null"], Reason.ALLOW_ORIGIN_MISMATCH),
        (
            [(OTHER, PAGE), (THIRD, PAGE), (REMOTE, PAGE)],
            [PAGE, "null"],
            Reason.ALLOW_ORIGIN_MISMATCH,
        ),
        ([(OTHER, PAGE), (THIRD, "*"), (REMOTE, "*")], [PAGE, "null", "null"], None),
        (
            [(OTHER, PAGE), (THIRD, "*"), (REMOTE, "*"), (REMOTE, PAGE)],
            [PAGE, "null", "null", "null"],
            Reason.ALLOW_ORIGIN_MISMATCH,
        ),
        ([(OTHER, PAGE), (THIRD, "null"), (OTHER, "null")], [PAGE, "null", "null"], None),
        ([(OTHER, PAGE), (THIRD, "x")], [PAGE, "null"], Reason.ALLOW_ORIGIN_INVALID),
        ([(PAGE, None), (OTHER, PAGE), (OTHER, PAGE)], [None, PAGE, PAGE], None),
        (
            [(PAGE, None), (OTHER, PAGE), (THIRD, PAGE)],
            [None, PAGE, "null"],
            Reason.ALLOW_ORIGIN_MISMATCH,
        ),
        ([(PAGE, None), (OTHER, PAGE), (THIRD, "*")], [None, PAGE, "null"], None),
        ([(OTHER, OTHER), (OTHER, "*")], [PAGE], Reason.ALLOW_ORIGIN_MISMATCH),
        ([(PAGE, None), (f"{PAGE}:8443", PAGE)], [None, PAGE], None),
        ([(PAGE, None), ("http://page.example", PAGE)], [None, PAGE], None),
        ([(f"{PAGE}:8443", PAGE), (PAGE, "*")], [PAGE, "null"], None),
    ],
)
def test_longer_ways(hops: list[Hop], origins: list[str | None], reason: Reason | None) -> None:
    sent, failure = walk(hops)
    assert sent == origins
    assert (failure.reason if failure else None) == reason


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
