"""Which headers count where a 304 answers the browser's own question."""

from __future__ import annotations

import pytest

from corscope.journal.caches import revalidation
from corscope.journal.console import printed
from corscope.journal.exchange import Exchange, Sighting
from corscope.journal.journal import Journal
from corscope.journal.senders.sites import site_of
from corscope.messages import HeaderList, Request, Response

from .requests import API, CHROMIUM, FIREFOX, PAGE, WEBKIT, actual, at

KEPT = (("ETag", '"a"'), ("Cache-Control", "no-cache"))
OWN = ("Access-Control-Allow-Origin", PAGE)
CREDENTIALS = ("Access-Control-Allow-Credentials", "true")
FOREIGN = ("Access-Control-Allow-Origin", "https://b.test")
ASKS = (("If-None-Match", '"a"'),)


class Cache:
    """A browser with a cache, and a server."""

    def __init__(self) -> None:
        self.journal = Journal()
        self.count = 0

    def see(self, request: Request, response: Response, client: str = "browser") -> Exchange:
        self.count += 1
        self.journal.requested(str(self.count), client, request, at(self.count))
        exchange = self.journal.answered(Sighting(str(self.count), response), at(self.count))
        assert exchange is not None
        return exchange


def first(*headers: tuple[str, str], status: int = 200) -> Response:
    return Response(status, (*KEPT, *headers))


def verdicts(exchange: Exchange) -> tuple[str | None, str | None]:
    return exchange.verdicts.omit.reason, exchange.verdicts.include.reason


@pytest.mark.parametrize(
    ("copy", "lines", "expected"),
    [
        pytest.param((OWN, CREDENTIALS), (), (None, None), id="the copy's headers stay"),
        pytest.param(
            (OWN, CREDENTIALS),
            (FOREIGN,),
            ("allow-origin-mismatch",) * 2,
            id="a new one takes the old one's place",
        ),
        pytest.param((FOREIGN, CREDENTIALS), (OWN,), (None, None), id="also for the better"),
        pytest.param(
            (OWN,), (OWN,), (None, "allow-credentials-not-true"), id="neither has credentials"
        ),
        pytest.param((), (), ("allow-origin-missing",) * 2, id="neither has anything"),
    ],
)
def test_a_304_renews_the_copy(
    copy: HeaderList, lines: HeaderList, expected: tuple[str | None, str | None]
) -> None:
    cache = Cache()
    cache.see(actual(), first(*copy))
    exchange = cache.see(actual(headers=ASKS), Response(304, lines))
    assert verdicts(exchange) == expected
    assert exchange.status == 304
    assert exchange.headers == lines


def test_what_script_can_read_is_the_renewed_copys() -> None:
    cache = Cache()
    expose = ("Access-Control-Expose-Headers", "X-A")
    cache.see(actual(), first(OWN, expose, ("X-A", "1"), ("X-B", "1")))
    exchange = cache.see(actual(headers=ASKS), Response(304, (("X-A", "2"),)))
    assert exchange.exposed is not None
    assert "x-a" in exchange.exposed
    assert "x-b" in (exchange.hidden or ())


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param((), (None, None), id="what isn't there may be in the copy"),
        pytest.param((OWN,), (None, None), id="so may what goes with it"),
        pytest.param((FOREIGN,), ("allow-origin-mismatch",) * 2, id="what is there counts"),
        pytest.param(
            (OWN, ("Access-Control-Allow-Credentials", "no")),
            (None, "allow-credentials-not-true"),
            id="so does a wrong value",
        ),
    ],
)
def test_of_a_copy_that_was_not_seen_the_best_is_assumed(
    lines: HeaderList, expected: tuple[str | None, str | None]
) -> None:
    exchange = Cache().see(actual(headers=ASKS), Response(304, lines))
    assert verdicts(exchange) == expected
    remarks = {finding.id for finding in exchange.findings}
    assert ("not-modified-without-cors-headers" in remarks) == (lines == ())


@pytest.mark.parametrize(
    ("asked", "kept", "client"),
    [
        pytest.param(actual(), first(FOREIGN), "other", id="another browser's"),
        pytest.param(actual("POST"), first(FOREIGN), "browser", id="another method's"),
        pytest.param(actual(), first(FOREIGN, status=404), "browser", id="an error page"),
        pytest.param(
            actual(), Response(200, (FOREIGN, ("Cache-Control", "no-store"))), "browser", id="none"
        ),
        pytest.param(
            actual(origin="https://c.test"), first(FOREIGN), "browser", id="another page's"
        ),
    ],
)
def test_other_answers_are_no_copy(asked: Request, kept: Response, client: str) -> None:
    cache = Cache()
    cache.see(asked, kept, client)
    assert verdicts(cache.see(actual(headers=ASKS), Response(304, ()))) == (None, None)


IMAGE = Request("GET", API, (("Referer", f"{PAGE}/"), ("Sec-Fetch-Mode", "no-cors")))


@pytest.mark.parametrize(
    ("validator", "asks", "expected"),
    [
        pytest.param(("ETag", '"a"'), ASKS, ("cache-control",), id="the same tag"),
        pytest.param(("ETag", '"b"'), ASKS, None, id="another"),
        pytest.param(
            ("Last-Modified", "Mon, 01 Jan 2024 00:00:00 GMT"),
            (("If-Modified-Since", "Mon, 01 Jan 2024 00:00:00 GMT"),),
            ("cache-control", "last-modified"),
            id="the same time",
        ),
    ],
)
def test_the_copy_may_be_an_images(
    validator: tuple[str, str], asks: HeaderList, expected: tuple[str, ...] | None
) -> None:
    """Field's bug 54: the image was asked for without CORS."""
    cache = Cache()
    cache.journal.requested("image", "browser", IMAGE, at(0))
    answer = Response(200, (validator, ("Cache-Control", "no-cache")))
    assert cache.journal.answered(Sighting("image", answer), at(0)) is None
    bare = cache.see(actual(headers=asks), Response(304, ()))
    assert verdicts(bare)[0] == ("allow-origin-missing" if expected else None)
    exchange = cache.see(actual(headers=asks), Response(304, (OWN,)))
    assert exchange.judgement.verdict in {"allowed", "conditional"}
    assert exchange.exposed == (expected or ())


def test_a_304_that_nobody_asked_for_is_judged_by_itself() -> None:
    cache = Cache()
    cache.see(actual(), first(OWN))
    assert verdicts(cache.see(actual(), Response(304, ()))) == ("allow-origin-missing",) * 2


def test_few_copies_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revalidation, "MAX_COPIES", 2)
    cache = Cache()
    for path in "abc":
        cache.see(actual(url=f"{API}{path}"), first(OWN))
    assert [url for *_, url in cache.journal.records.copies.kept] == [f"{API}b", f"{API}c"]


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        pytest.param("https://www.page.test", "allow-origin-mismatch", id="of its site"),
        pytest.param("https://page.test:8443", "allow-origin-mismatch", id="at another port"),
        pytest.param("http://page.test", None, id="of another scheme"),
        pytest.param("https://page2.test", None, id="of another site"),
        pytest.param("null", None, id="of none"),
    ],
)
def test_a_copy_is_shared_within_a_site(page: str, expected: str | None) -> None:
    cache = Cache()
    cache.see(actual(), first(OWN, CREDENTIALS))
    exchange = cache.see(actual(headers=ASKS, origin=page), Response(304, ()))
    assert verdicts(exchange) == (expected, expected)


def test_what_a_304_brings_stays() -> None:
    cache = Cache()
    cache.see(actual(), first(OWN))
    cache.see(actual(headers=ASKS), Response(304, (FOREIGN,)))
    spoilt = cache.see(actual(headers=ASKS), Response(304, ()))
    assert verdicts(spoilt) == ("allow-origin-mismatch",) * 2
    cache.see(actual(headers=ASKS), Response(304, (OWN, CREDENTIALS)))
    assert verdicts(cache.see(actual(headers=ASKS), Response(304, ()))) == (None, None)


SENDS = ("Sec-Fetch-Storage-Access", "active")
FETCHED = ("Sec-Fetch-Dest", "empty")
COOKIE = ("Cookie", "a=1")
OWN_API = "https://api.page.test/items"
"""Of the page's site."""


@pytest.mark.parametrize(
    ("agent", "told", "url", "expected"),
    [
        pytest.param(CHROMIUM, (), API, "allow-origin-missing", id="one copy"),
        pytest.param(FIREFOX, (), OWN_API, None, id="one for each mode"),
        pytest.param(FIREFOX, (COOKIE,), OWN_API, "allow-origin-missing", id="the image's"),
        pytest.param(FIREFOX, (SENDS,), API, None, id="one for script, of another site"),
    ],
)
def test_an_image_takes_the_place_of_what_was_fetched(
    agent: str, told: HeaderList, url: str, expected: str | None
) -> None:
    site = "cross-site" if url == API else "same-site"
    cache, of = Cache(), (("User-Agent", agent), ("Sec-Fetch-Site", site))
    asked = (*of, *told, FETCHED)
    cache.see(actual(headers=asked, url=url), first(OWN, CREDENTIALS))
    embeds = Request("GET", url, (*IMAGE.headers, ("Sec-Fetch-Dest", "image"), *of))
    cache.journal.requested("image", "browser", embeds, at(2))
    cache.journal.answered(Sighting("image", first()), at(2))
    exchange = cache.see(actual(headers=(*asked, *ASKS), url=url), Response(304, ()))
    assert exchange.judgement.reason == expected


@pytest.mark.parametrize(
    ("agent", "expected"),
    [(CHROMIUM, None), (FIREFOX, "allow-origin-mismatch"), (WEBKIT, None)],
)
def test_what_is_refused_may_take_no_place(agent: str, expected: str | None) -> None:
    cache, of = Cache(), (("User-Agent", agent),)
    cache.see(actual(headers=of), first(OWN, CREDENTIALS))
    cache.see(actual(headers=of), first(FOREIGN))
    exchange = cache.see(actual(headers=(*of, *ASKS)), Response(304, ()))
    assert verdicts(exchange) == (expected, expected)


@pytest.mark.parametrize(
    ("agent", "status", "is_asked_about"),
    [
        pytest.param(CHROMIUM, 203, False, id="chromium: only a 200"),
        pytest.param(FIREFOX, 201, True, id="firefox: what went well"),
        pytest.param(FIREFOX, 205, False, id="firefox: but for a 205"),
        pytest.param(FIREFOX, 404, False, id="firefox: no error"),
        pytest.param(WEBKIT, 404, True, id="webkit: an error"),
        pytest.param(WEBKIT, 403, False, id="webkit: but not every one"),
        pytest.param(WEBKIT, 201, False, id="webkit: nor all that went well"),
    ],
)
def test_the_copy_may_have_another_status(agent: str, status: int, is_asked_about: bool) -> None:
    """A page of the same site gets the copy that was made for another."""
    cache, of = Cache(), (("User-Agent", agent),)
    cache.see(actual(headers=of), first(OWN, status=status))
    neighbour = actual(headers=(*of, *ASKS), origin="https://www.page.test")
    exchange = cache.see(neighbour, Response(304, ()))
    assert exchange.verdicts.omit.reason == ("allow-origin-mismatch" if is_asked_about else None)
    assert exchange.goes_by_status == (status if is_asked_about else None)
    if is_asked_about and agent == WEBKIT:
        assert f"Status code: {status}" in printed(exchange, exchange.engine)[0]


@pytest.mark.parametrize(("agent", "status"), [(FIREFOX, 200), (WEBKIT, 200)])
def test_the_status_that_is_printed_is_the_copys(agent: str, status: int) -> None:
    cache, of = Cache(), (("User-Agent", agent), ("Sec-Fetch-Mode", "no-cors"))
    page = ("Referer", f"{PAGE}/")
    cache.journal.requested("image", "browser", Request("GET", API, (page, *of)), at(0))
    cache.journal.answered(Sighting("image", first()), at(0))
    exchange = cache.see(actual(headers=(of[0], *ASKS)), Response(304, ()))
    assert f"Status code: {status}" in printed(exchange, exchange.engine)[0]


@pytest.mark.parametrize(
    ("origin", "site"),
    [
        ("https://a.b.example.co.uk:8443", "https://example.co.uk"),
        ("http://localhost:3000", "http://localhost"),
        ("http://127.0.0.1:3000", "http://127.0.0.1"),
        ("http://[::1]:3000", "http://[::1]"),
        ("null", "null"),
        (f"https://{'a.' * 300}test", "https://a.test"),
    ],
)
def test_the_site_of_an_origin(origin: str, site: str) -> None:
    assert site_of(origin) == site
