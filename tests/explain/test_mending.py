"""Whoever does what the fix says is done: nothing else stands in the way of that answer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from corscope.explain.parts.words import exchange_words
from corscope.fetch.engines import Engine
from corscope.fetch.reasons import Reason
from corscope.journal.again import gone_by, is_reproduced, judged_again
from corscope.journal.exchange import Exchange, Judgement, Sighting
from corscope.messages import HeaderList, Request, Response
from tests.browsers.cases import CASES
from tests.browsers.generator import generate
from tests.browsers.mending import as_the_fix_says
from tests.explain.exchanges import exchange_of
from tests.explain.recorded import ENGINES, recorded
from tests.journal.requests import API, CHROMIUM, FIREFOX, PAGE, WEBKIT, actual, preflight
from tests.support.origin_server import Answer
from tests.support.seeds import seed

NOT_BY_HEADERS = {
    Reason.REDIRECT_WITH_CREDENTIALS: "redirect to a URL without them",
    Reason.REDIRECT_INVALID: "send one absolute http(s) URL or a path",
    Reason.REDIRECT_NOT_HTTP: "redirect to an http or https URL",
    Reason.REDIRECT_TO_LOCAL: "redirect to an http or https URL",
    Reason.REDIRECT_BAD_PORT: "serve the target at another port",
    Reason.TOO_MANY_REDIRECTS: "see whether the redirects lead in a circle",
    Reason.MIXED_CONTENT: "serve it over https",
    Reason.PROXY_AUTHENTICATION: "answer with 401",
}
"""What the fix has to say where no header of the answer lets it pass."""

OF_PAGE = ("let the page write PATCH", "it is a header of answers", "page's origin is opaque")
COOKIE = (("Cookie", "a=1"),)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_answer_passes_once_it_is_as_the_fix_says(engine: Engine) -> None:
    """In the mode that was seen; where none was, in both."""
    tried = 0
    for case in (*CASES, *generate(seed(), 300)):
        for entry in recorded(case, engine):
            exchange = entry.exchange
            judgement, response = exchange.judgement, gone_by(exchange)
            if judgement.reason is None or response is None or not is_reproduced(exchange):
                continue
            tried += 1
            fix = exchange_words(exchange, judgement).fix
            for after in _after(exchange, response, fix):
                assert _is_done(after, fix), (case.id, fix, response, after)
    assert tried > 300


def _after(exchange: Exchange, response: Response, fix: str) -> Iterator[Judgement]:
    mended = as_the_fix_says(fix, Answer(response.status, response.headers), exchange.origin)
    again = judged_again(exchange, Response(mended.status, mended.headers))
    modes = ("omit", "include") if exchange.credentials == "unknown" else (exchange.credentials,)
    yield from (again.seen(mode) for mode in modes)  # type: ignore[arg-type]


def _is_done(after: Judgement, fix: str) -> bool:
    if after.reason is None or any(words in fix for words in OF_PAGE):
        return True
    if after.reason in NOT_BY_HEADERS:
        return NOT_BY_HEADERS[after.reason] in fix
    return _is_to_null(after)


def _is_to_null(after: Judgement) -> bool:
    """What a wildcard lets in without credentials is not to be let in with them."""
    return after.reason is Reason.WILDCARD_WITH_CREDENTIALS


def fix_of(request: Request, status: int, *headers: tuple[str, str]) -> str:
    exchange = exchange_of(request, Sighting("x", Response(status, headers)))
    return exchange_words(exchange, exchange.judgement).fix


ALLOW = ("Access-Control-Allow-Origin", PAGE)
ANY = ("Access-Control-Allow-Origin", "*")
METHODS = ("Access-Control-Allow-Methods", "GET, DELETE")
NAMES = ("Access-Control-Allow-Headers", "x-a")


@pytest.mark.parametrize(
    ("request_", "status", "headers", "besides"),
    [
        pytest.param(
            preflight("PUT", "x-a,x-b"),
            405,
            (METHODS, NAMES),
            'And send "Access-Control-Allow-Methods: GET, DELETE, PUT" and '
            '"Access-Control-Allow-Headers: x-a, x-b", which the browser looks for next. '
            "And answer OPTIONS with 204",
            id="lists keep what they have",
        ),
        pytest.param(
            preflight("PUT", "x-b"),
            200,
            (ALLOW, METHODS),
            'And send "Access-Control-Allow-Headers: x-b", which',
            id="behind the method its headers",
        ),
        pytest.param(
            preflight("PUT", "x-b"),
            200,
            (("Access-Control-Allow-Methods", "GET; PUT"), ("Access-Control-Allow-Headers", "a b")),
            'And send "Access-Control-Allow-Methods: PUT" and "Access-Control-Allow-Headers: x-b"',
            id="what is no list begins anew",
        ),
        pytest.param(
            preflight("GET", "x-a"),
            200,
            (("Access-Control-Allow-Methods", "GET; PUT"), NAMES),
            "And leave out Access-Control-Allow-Methods, which can't be read as a list.",
            id="a list of which nothing is needed",
        ),
        pytest.param(
            preflight("PUT"),
            200,
            (ANY, ("Access-Control-Allow-Methods", "*")),
            'And send "Access-Control-Allow-Methods: *, PUT"',
            id="a wildcard that won't count any more",
        ),
        pytest.param(
            preflight("patch"),
            200,
            (ALLOW, METHODS),
            'And send "Access-Control-Allow-Methods: GET, DELETE, PATCH"',
            id="the method as it is meant",
        ),
        pytest.param(
            preflight("patch"),
            200,
            (METHODS,),
            "And let the page write PATCH",
            id="and its spelling",
        ),
        pytest.param(
            preflight("GET", "access-control-allow-origin,x-a"),
            200,
            (ALLOW,),
            'And send "Access-Control-Allow-Headers: x-a"',
            id="the other headers only",
        ),
        pytest.param(
            actual(headers=COOKIE),
            200,
            (("Access-Control-Allow-Credentials", "TRUE"),),
            'And send "Access-Control-Allow-Credentials: true"',
            id="credentials that are misspelled",
        ),
        pytest.param(
            actual(),
            200,
            (ANY, ALLOW),
            f'And send "Access-Control-Allow-Origin: {PAGE}"',
            id="which of two is to stay",
        ),
        pytest.param(
            actual(),
            302,
            (("Location", "ftp://b.test/"),),
            'Still, the redirect leads to a "ftp:" URL, not to an http(s) one: redirect to an http',
            id="a redirect that nobody follows",
        ),
        pytest.param(
            actual(origin="null"),
            200,
            (("Access-Control-Allow-Origin", "a, b"),),
            "And find out why the page's origin is opaque",
            id="a list for an origin that can't be on it",
        ),
    ],
)
def test_what_is_in_the_way_besides_is_said_at_once(
    request_: Request, status: int, headers: HeaderList, besides: str
) -> None:
    assert besides in fix_of(request_, status, *headers)


def test_what_the_browser_doesnt_ask_for_is_not_asked_for() -> None:
    """Two lines that say the same need no third; a list that is complete stays as it is."""
    omitted = (("User-Agent", "curl/8"), ("Cookie", "a=1"))
    twice = (ALLOW, ALLOW, ("Access-Control-Allow-Credentials", "true"))
    assert fix_of(actual(headers=omitted), 200, *twice) == (
        "let one place set it: the application or the proxy before it, not both."
    )
    complete = (("Access-Control-Allow-Credentials", "true"), METHODS, NAMES)
    assert fix_of(preflight("DELETE", "x-a"), 200, *complete) == (
        f'send "Access-Control-Allow-Origin: {PAGE}" and "Vary: Origin", on error answers too.'
    )


def test_a_list_that_isnt_needed_may_go() -> None:
    invalid = (ALLOW, METHODS, ("Access-Control-Allow-Headers", "a b"))
    assert fix_of(preflight("DELETE"), 200, *invalid).startswith("leave it out, as the request has")


def test_with_credentials_that_may_be_included_it_takes_more() -> None:
    fix = fix_of(preflight("PUT", "x-b"), 200, ("Access-Control-Allow-Methods", "*"), NAMES)
    assert fix.endswith(
        'If credentials are included, send "Access-Control-Allow-Credentials: true" and '
        '"Access-Control-Allow-Methods: *, PUT" too.'
    )


def test_a_wildcard_lets_null_in_without_credentials() -> None:
    fix = fix_of(actual(origin="null", headers=COOKIE), 200, ANY)
    assert fix.endswith("don't allow it. Without credentials the wildcard lets it in as well.")


def test_of_a_copy_that_a_304_renews_its_headers_count() -> None:
    """What the fix asks for is what the browser goes by, not what the 304 itself lacks."""
    copy = Response(200, (ANY, ("Cache-Control", "max-age=0"), ("ETag", '"a"')))
    asked = actual(headers=COOKIE)
    again = Request("GET", API, (*asked.headers, ("If-None-Match", '"a"')))
    exchange = exchange_of(again, Sighting("x", Response(304, ())), (asked, copy))
    assert exchange.judgement.reason is Reason.WILDCARD_WITH_CREDENTIALS
    assert "looks for next" not in exchange_words(exchange, exchange.judgement).fix


@pytest.mark.parametrize(
    ("agent", "method", "status", "headers", "kept"),
    [
        (CHROMIUM, "GET", 308, (("Location", "/to"),), True),
        (CHROMIUM, "GET", 301, (("Location", "/to"), ANY, ALLOW), True),
        (CHROMIUM, "GET", 302, (("Location", "/to"),), False),
        (CHROMIUM, "GET", 301, (), False),
        (CHROMIUM, "POST", 301, (("Location", "/to"),), False),
        (WEBKIT, "GET", 301, (("Location", "/to"),), True),
        (WEBKIT, "GET", 308, (("Location", "/to"),), False),
        (FIREFOX, "GET", 308, (("Location", "/to"),), False),
        (FIREFOX, "GET", 410, (), True),
        (FIREFOX, "HEAD", 410, (), False),
    ],
)
def test_an_answer_that_is_kept_has_to_be_forgotten(
    agent: str, method: str, status: int, headers: HeaderList, *, kept: bool
) -> None:
    fix = fix_of(actual(method, headers=(("User-Agent", agent),)), status, *headers)
    assert (f"Then empty the browser's cache: it may go on with this {status}" in fix) == kept


def test_a_long_list_is_not_cut_off_by_what_is_missing() -> None:
    many = ("Access-Control-Allow-Methods", ", ".join(f"X-METHOD-{n}" for n in range(40)))
    assert '"Access-Control-Allow-Methods: PUT, X-METHOD-0, ' in fix_of(preflight("PUT"), 200, many)
