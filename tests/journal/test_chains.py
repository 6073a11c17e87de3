"""Which redirect led to which request, each case beside what is no link."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corscope.journal.exchange import Exchange, Sighting
from corscope.journal.journal import Journal
from corscope.journal.links import chains
from corscope.messages import HeaderList, Request, Response
from tests.support.work import work

from .requests import ALLOWED, CHROMIUM, FIREFOX, PAGE, REFUSED, WEBKIT, actual, at, preflight

HERE = "https://page.test/start"
API = "https://api.test/items"
CDN = "https://cdn.test/items"
TOKEN = ("Authorization", "Bearer x")

Place = tuple[str | None, int, str | None]
"""What a line says of its place: redirected_from, hop and chain."""


def to(location: str, status: int = 302, origin: str = PAGE) -> Response:
    allowing = (("Access-Control-Allow-Origin", origin),)
    return Response(status, (("Location", location), *allowing, *ALLOWED.headers[1:]))


def own(method: str = "GET", *headers: tuple[str, str], url: str = HERE) -> Request:
    """A request within the page's own origin."""
    return Request(method, url, (("Referer", f"{PAGE}/"), ("Sec-Fetch-Mode", "cors"), *headers))


@dataclass
class Told:
    """A journal that numbers what it is told, from 1 on, and tells each one's place."""

    journal: Journal = field(default_factory=Journal)
    ids: count[int] = field(default_factory=lambda: count(1))
    now: float = 0.0

    def ask(self, request: Request, client: str = "browser") -> str:
        id_ = str(next(self.ids))
        self.journal.requested(id_, client, request, at(self.now))
        return id_

    def answer(self, id_: str, response: Response = ALLOWED) -> Exchange | None:
        return self.journal.answered(Sighting(id_, response), at(self.now))

    def see(
        self, request: Request, response: Response = ALLOWED, client: str = "browser"
    ) -> Exchange | None:
        return self.answer(self.ask(request, client), response)

    def place(
        self, request: Request, response: Response = ALLOWED, client: str = "browser"
    ) -> Place:
        exchange = self.see(request, response, client)
        assert exchange is not None
        return exchange.redirected_from, exchange.hop, exchange.chain


@pytest.fixture
def told() -> Told:
    return Told()


def test_without_a_redirect_there_is_no_chain(told: Told) -> None:
    assert told.place(actual()) == (None, 0, None)
    assert told.place(actual()) == (None, 0, None)


def test_each_hop_names_the_one_before_and_the_first(told: Told) -> None:
    assert told.place(actual(url=API), to("/2")) == (None, 0, "1")
    assert told.place(actual(url="https://api.test/2"), to(CDN)) == ("1", 1, "1")
    assert told.place(actual(url=CDN, origin="null")) == ("2", 2, "1")


@pytest.mark.parametrize(
    ("first", "then", "expected"),
    [("font", None, "font"), ("font", "script", "script"), (None, None, None)],
)
def test_what_an_answer_is_for_is_known_from_the_request_before(
    told: Told, first: str | None, then: str | None, expected: str | None
) -> None:
    """A redirect to a plain-http host leads to where no browser tells of it."""

    def lines(destination: str | None) -> HeaderList:
        return (("Sec-Fetch-Dest", destination),) if destination else ()

    told.see(actual(url=API, headers=lines(first)), to("/2"))
    told.see(actual(url="https://api.test/2", headers=lines(then)), to(CDN))
    last = told.see(actual(url=CDN, origin="null"))
    assert last is not None
    assert (last.hop, last.scene.destination) == (2, expected)


def test_a_redirect_that_was_not_followed_before_the_next_one_was_asked_leads_nowhere(
    told: Told,
) -> None:
    """As where script wants to follow none, or WebKit has refused it for the credentials."""
    told.place(actual(url=API), to(CDN))
    told.now = 1
    told.place(actual(url=API), to(CDN))
    assert told.place(actual(url=CDN, origin="null")) == ("2", 1, "2")


def test_of_those_that_were_asked_at_once_the_first_is_followed_first(told: Told) -> None:
    for id_ in [told.ask(actual(url=API)) for _ in range(2)]:
        told.now += 0.1
        told.answer(id_, to(CDN))
    assert told.place(actual(url=CDN, origin="null")) == ("1", 1, "1")
    assert told.place(actual(url=CDN, origin="null")) == ("2", 1, "2")


CROSS_SITE = (("Sec-Fetch-Site", "cross-site"), ("User-Agent", CHROMIUM))
INCLUDES = (*CROSS_SITE, ("Sec-Fetch-Storage-Access", "none"))


FIREFOXS = (CROSS_SITE[0], ("User-Agent", FIREFOX))


@pytest.mark.parametrize(
    ("lines", "expected"), [((), "omit"), ((("Sec-Fetch-Storage-Access", "none"),), "include")]
)
def test_the_credentials_mode_is_that_of_the_request_before(
    told: Told, lines: HeaderList, expected: str
) -> None:
    """Of a page that the Origin hides, Firefox doesn't tell it by the absence of a header."""
    told.see(actual(url=API, headers=(*FIREFOXS, *lines)), to(CDN))
    told.see(actual(url=CDN, origin="null", headers=FIREFOXS), to("/2", origin="null"))
    last = told.see(
        actual(url="https://cdn.test/2", origin="null", headers=FIREFOXS), to("", origin="*")
    )
    assert last is not None
    assert (last.hop, last.credentials) == (2, expected)
    assert last.judgement.verdict == ("allowed" if expected == "omit" else "blocked")


def test_a_preflight_behind_a_redirect_has_its_credentials_mode(told: Told) -> None:
    """Chromium's preflights don't tell theirs."""
    asked = told.ask(preflight("PUT", url=API))
    told.answer(asked)
    told.see(actual("PUT", url=API, headers=INCLUDES), to(CDN, 307))
    later = preflight("PUT", url=CDN, headers=(("User-Agent", CHROMIUM),))
    headers = (("Origin", "null"), *later.headers[1:])
    anyone = (("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Methods", "PUT"))
    refused = told.see(Request("OPTIONS", CDN, headers), Response(204, anyone))
    assert refused is not None
    assert (refused.hop, refused.credentials) == (1, "include")
    assert refused.judgement.reason == "wildcard-with-credentials"


@pytest.mark.parametrize("order", [(CROSS_SITE, INCLUDES), (INCLUDES, CROSS_SITE)])
def test_of_several_modes_at_once_none_is_taken_for_anothers(
    told: Told, order: tuple[HeaderList, HeaderList]
) -> None:
    """A preflight that comes behind two redirects may be that of either."""
    for lines in order:
        told.ask(preflight("PUT", url=API))
        told.see(actual("PUT", url=API, headers=lines), to(CDN, 307))
    asked = preflight("PUT", url=CDN, headers=(("User-Agent", CHROMIUM),))
    request = Request("OPTIONS", CDN, (("Origin", "null"), *asked.headers[1:]))
    for _ in order:
        found = told.see(request)
        assert found is not None
        assert (found.hop, found.credentials) == (1, "unknown")


def test_chromium_says_that_there_are_none_once_the_page_is_known(told: Told) -> None:
    for lines in (INCLUDES, CROSS_SITE):
        told.see(actual(url=API, headers=lines), to(CDN))
    for lines, expected in ((CROSS_SITE, "omit"), (INCLUDES, "include")):
        found = told.see(actual(url=CDN, origin="null", headers=lines))
        assert found is not None
        assert (found.hop, found.credentials) == (1, expected)


def test_at_the_pages_own_site_it_says_nothing(told: Told) -> None:
    back = "https://api.page.test/items"
    for lines in (INCLUDES, CROSS_SITE):
        told.see(actual(url=API, headers=lines), to(back))
    found = told.see(actual(url=back, origin="null", headers=CROSS_SITE))
    assert found is not None
    assert (found.hop, found.credentials) == (1, "unknown")


def test_a_request_tells_more_of_itself_than_the_one_before(told: Told) -> None:
    told.see(actual(url=API, headers=CROSS_SITE), to(CDN))
    last = told.see(actual(url=CDN, origin="null", headers=INCLUDES))
    assert last is not None
    assert (last.hop, last.credentials) == (1, "include")


@pytest.mark.parametrize("first", [own(), actual(url=API, headers=(("Cookie", "a=1"),))])
def test_what_keeps_its_origin_is_known_by_itself_alone(told: Told, first: Request) -> None:
    """Within the page's origin nothing is told; and to one origin, as much of each request."""
    there = f"{API}/2"
    told.see(first, to(there))
    last = told.see(actual(url=there))
    assert last is not None
    assert (last.hop, last.credentials) == (1, "unknown")


def test_what_seems_to_be_video_may_be_known_for_audio(told: Told) -> None:
    """To a plain-http host both look the same."""
    media: HeaderList = (("Range", "bytes=0-"), ("Accept-Encoding", "identity"))
    told.see(
        actual(url=API, headers=(*media, ("Sec-Fetch-Dest", "audio"))), to("http://localhost/")
    )
    last = told.see(actual(url="http://localhost/", origin="null", headers=media))
    assert last is not None
    assert (last.hop, last.scene.destination) == (1, "audio")
    alone = told.see(actual(url="http://c.test/", headers=media))
    assert alone is not None
    assert alone.scene.destination == "video"


def test_a_redirect_leads_to_one_request(told: Told) -> None:
    told.see(actual(url=API), to(CDN))
    assert told.place(actual(url=CDN, origin=PAGE)) == (None, 0, None)
    assert told.place(actual(url=CDN, origin="null")) == ("1", 1, "1")
    assert told.place(actual(url=CDN, origin="null")) == (None, 0, None)


def test_a_chain_may_begin_at_home_where_no_request_has_a_line(told: Told) -> None:
    assert told.see(own(), to("/next")) is None
    assert told.see(own(url=f"{PAGE}/next"), to(API)) is None
    assert told.place(actual(url=API)) == ("2", 2, "1")


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(
            Request("GET", HERE, (("Referer", "https://other.test/"),)), id="of another page"
        ),
        pytest.param(Request("GET", HERE, (("Sec-Fetch-Mode", "navigate"),)), id="a navigation"),
        pytest.param(Request("GET", HERE, (("Sec-Fetch-Mode", "no-cors"),)), id="an image"),
        pytest.param(Request("GET", "about:blank", ()), id="of no origin"),
    ],
)
def test_what_is_no_fetch_of_the_pages_begins_no_chain(told: Told, request_: Request) -> None:
    told.see(request_, to(API))
    assert told.place(actual(url=API)) == (None, 0, None)


def test_a_redirect_that_is_refused_leads_nowhere(told: Told) -> None:
    assert told.place(actual(url=API), Response(302, (("Location", CDN),))) == (None, 0, None)
    assert told.place(actual(url=CDN, origin="null")) == (None, 0, None)


@pytest.mark.parametrize("location", ["data:,x", "https://a:b@cdn.test/items", "//cdn.test:99999/"])
def test_nor_does_one_that_cannot_be_followed(told: Told, location: str) -> None:
    assert told.place(actual(url=API), to(location)) == (None, 0, None)


@pytest.mark.parametrize("response", [ALLOWED, Response(302, ALLOWED.headers)])
def test_nor_does_what_is_no_redirect(told: Told, response: Response) -> None:
    assert told.place(actual(url=API), response) == (None, 0, None)


@pytest.mark.parametrize(
    ("method", "status", "then"),
    [
        ("POST", 301, "GET"),
        ("POST", 302, "GET"),
        ("POST", 303, "GET"),
        ("POST", 307, "POST"),
        ("HEAD", 303, "HEAD"),
        ("HEAD", 302, "HEAD"),
    ],
)
def test_the_method_follows_from_the_status(
    told: Told, method: str, status: int, then: str
) -> None:
    told.see(actual(method, API), to(CDN, status))
    other = "GET" if then != "GET" else "POST"
    assert told.place(actual(other, CDN, origin="null")) == (None, 0, None)
    assert told.place(actual(then, CDN, origin="null")) == ("1", 1, "1")


@pytest.mark.parametrize(
    ("user_agent", "target", "then"),
    [(WEBKIT, CDN, "GET"), (WEBKIT, f"{API}/2", "DELETE"), (CHROMIUM, CDN, "DELETE")],
    ids=["WebKit", "WebKit within an origin", "Chromium"],
)
def test_webkit_gets_where_it_was_to_delete_elsewhere(
    told: Told, user_agent: str, target: str, then: str
) -> None:
    browser: HeaderList = (("User-Agent", user_agent),)
    told.see(actual("DELETE", API, browser), to(target))
    origin = "null" if target == CDN else PAGE
    assert told.place(actual(then, target, browser, origin)) == ("1", 1, "1")


@pytest.mark.parametrize(
    ("location", "url"),
    [
        pytest.param("../items/./2", "https://api.test/items/2", id="with dots"),
        pytest.param("/a b", "https://api.test/a%20b", id="with a space"),
        pytest.param("/\xc3\xa4", "https://api.test/%C3%A4", id="with bytes beyond ASCII"),
        pytest.param("/x#there", "https://api.test/x", id="with a fragment"),
        pytest.param("?page=2", "https://api.test/items/list?page=2", id="a query alone"),
        pytest.param("HTTPS://API.TEST:443", "https://api.test/", id="a host alone"),
    ],
)
def test_a_location_may_be_written_otherwise_than_the_browser_asks(
    told: Told, location: str, url: str
) -> None:
    told.see(actual(url="https://api.test/items/list"), to(location))
    assert told.place(actual(url=url)) == ("1", 1, "1")


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(actual(url=CDN), id="another Origin"),
        pytest.param(actual(url=f"{CDN}/2", origin="null"), id="another URL"),
        pytest.param(actual("POST", CDN, origin="null"), id="another method"),
        pytest.param(
            actual(url=CDN, origin="null", headers=(("X-Tenant", "7"),)),
            id="with a header that the first hadn't",
        ),
        pytest.param(
            Request("GET", CDN, (("Origin", "null"), ("Sec-Fetch-Mode", "no-cors"))),
            id="in another mode",
        ),
    ],
)
def test_what_a_redirect_does_not_make_of_a_request_is_not_linked(
    told: Told, other: Request
) -> None:
    told.see(actual(url=API), to(CDN))
    assert told.place(other) == (None, 0, None)


def test_another_client_is_never_linked(told: Told) -> None:
    told.see(actual(url=API), to(CDN))
    assert told.place(actual(url=CDN, origin="null"), client="other") == (None, 0, None)


def test_a_redirect_is_forgotten_after_a_while(told: Told) -> None:
    told.see(actual(url=API), to(CDN))
    told.now = 30.1
    assert told.place(actual(url=CDN, origin="null")) == (None, 0, None)


def test_the_preflight_of_a_hop_hands_its_place_on(told: Told) -> None:
    """A second PUT comes in between, and takes nothing from it."""
    told.see(preflight("PUT", url=API))
    assert told.place(actual("PUT", API), to(f"{API}/2", 307)) == (None, 0, "2")
    assert told.place(preflight("PUT", url=f"{API}/2")) == ("2", 1, "2")
    assert told.place(actual("PUT", f"{API}/2")) == ("2", 1, "2")
    assert told.place(actual("PUT", f"{API}/2")) == (None, 0, None)


def test_firefox_asks_leave_for_the_page_also_after_a_taint(told: Told) -> None:
    firefox: HeaderList = (("User-Agent", FIREFOX),)
    told.see(preflight("PUT", url=API, headers=firefox))
    told.see(actual("PUT", API, firefox), to(CDN, 307))
    assert told.place(preflight("PUT", url=CDN, headers=firefox)) == ("2", 1, "2")
    assert told.place(actual("PUT", CDN, firefox, "null")) == ("2", 1, "2")


def test_webkit_asks_leave_for_what_a_redirect_has_dropped(told: Told) -> None:
    webkit: HeaderList = (("User-Agent", WEBKIT),)
    told.see(preflight("GET", "authorization", url=API, headers=webkit))
    told.see(actual("GET", API, (*webkit, TOKEN)), to(f"{API}/2"))
    told.see(actual("GET", f"{API}/2", (*webkit, TOKEN)), to(CDN))
    assert told.place(preflight("GET", "authorization", CDN, (*webkit,))) == (None, 0, None)
    tainted = Request(
        "OPTIONS", CDN, (("Origin", "null"), *preflight("GET", "authorization").headers[1:])
    )
    assert told.place(tainted) == ("3", 2, "2")


def test_concurrent_chains_are_told_apart_where_anything_differs(told: Told) -> None:
    one = told.ask(actual(url=f"{API}/a"))
    two = told.ask(actual(url=f"{API}/b", headers=(("X-Tenant", "7"),)))
    told.answer(two, to(CDN))
    told.answer(one, to(CDN))
    with_header = actual(url=CDN, origin="null", headers=(("X-Tenant", "7"),))
    assert told.place(with_header) == (two, 1, two)
    assert told.place(actual(url=CDN, origin="null")) == (one, 1, one)


def test_also_where_only_the_values_of_headers_differ(told: Told) -> None:
    ranges = [(("Range", f"bytes={start}-"),) for start in range(3)]
    asked = [told.ask(actual(url=API, headers=headers)) for headers in ranges]
    for id_ in asked:
        told.answer(id_, to(CDN))
    places = [
        told.place(actual(url=CDN, origin="null", headers=ranges[number])) for number in (2, 0, 1)
    ]
    assert places == [(asked[number], 1, asked[number]) for number in (2, 0, 1)]


def test_where_nothing_differs_the_oldest_redirect_comes_first(told: Told) -> None:
    asked = [told.ask(actual(url=API)) for _ in range(4)]
    for id_ in asked:
        told.answer(id_, to(CDN))
    places = [told.place(actual(url=CDN, origin="null")) for _ in asked]
    assert places == [(id_, 1, id_) for id_ in asked]


def test_a_redirect_that_nothing_followed_is_not_taken_for_a_later_one(told: Told) -> None:
    """A fetch with the redirect mode `manual` leaves it, as does one that is given up."""
    told.see(actual(url=API), to(CDN))
    told.now = 5
    told.see(actual(url=API), to(CDN))
    assert told.place(actual(url=CDN, origin="null")) == ("2", 1, "2")


def test_what_is_kept_is_bounded(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chains, "MAX_REDIRECTS", 3)
    told.journal = Journal()
    for number in range(5):
        told.see(actual(url=API), to(f"{API}/{number}"))
    assert len(told.journal.chains.waits) == 3
    assert [told.place(actual(url=f"{API}/{n}"))[0] for n in (1, 2)] == [None, "3"]


def test_a_request_costs_the_same_however_many_redirects_wait() -> None:
    steps = []
    for waiting in (1, 10, 2_000):
        told = Told()
        for number in range(waiting):
            told.see(actual(url=API), to(CDN))
            told.see(actual(url=API), to(f"{CDN}/{number}"))
        steps.append(work(partial(told.ask, actual(url=CDN, origin="null"))))
    assert steps[1] == steps[2]


# What they explain


def findings(exchange: Exchange | None) -> list[tuple[str, str | None]]:
    assert exchange is not None
    return [(finding.id, finding.detail) for finding in exchange.findings]


NULLED = ("origin-null-after-redirect", "https://api.test to https://cdn.test")


def test_the_redirect_that_made_the_origin_null_is_named_hops_later(told: Told) -> None:
    told.see(actual(url=API), to(CDN))
    assert findings(told.see(actual(url=CDN, origin="null"), to("/2", origin="*"))) == []
    assert findings(told.see(actual(url="https://cdn.test/2", origin="null"), REFUSED)) == [NULLED]


@pytest.mark.parametrize(
    ("origin", "found"),
    [(PAGE, [NULLED]), ("null", []), ("*", [])],
    ids=["for the page", "for null", "for all"],
)
def test_it_is_named_only_where_it_is_to_blame(
    told: Told, origin: str, found: list[tuple[str, str]]
) -> None:
    told.see(actual(url=API), to(CDN))
    answer = Response(200, (("Access-Control-Allow-Origin", origin), ("Vary", "Origin")))
    assert findings(told.see(actual(url=CDN, origin="null"), answer)) == found


def test_an_origin_that_was_null_from_the_start_is_no_redirects_doing(told: Told) -> None:
    told.see(actual(url=API, origin="null"), to(CDN, origin="null"))
    assert findings(told.see(actual(url=CDN, origin="null"), REFUSED)) == []


def upgraded(path: str, agent: str = CHROMIUM, referrer: str = "http://page.test/") -> Request:
    """What Chromium asks by https for a page of plain http, of a host known for HSTS."""
    named = (("User-Agent", agent), ("Referer", referrer))
    return actual(url=f"https://api.test{path}", origin="null", headers=named)


BY_HTTPS = ("origin-null-after-redirect", "http://api.test to https://api.test")


def test_that_the_browser_itself_went_to_https_is_known_at_each_url(told: Told) -> None:
    """Of what differs in its URL alone, too, which is read off one that came before."""
    for path in ("/1", "/2", "/1", "/3"):
        exchange = told.see(upgraded(path), REFUSED)
        assert findings(exchange) == [BY_HTTPS]
        assert exchange is not None
        assert exchange.scene.first_url == f"http://api.test{path}"
        assert (exchange.scene.page, exchange.hop) == ("http://page.test", 0)


@pytest.mark.parametrize("start", ["http://page.test", "http://elsewhere.test"])
def test_a_redirect_to_http_is_linked_where_the_browser_itself_went_on(
    told: Told, start: str
) -> None:
    is_own = start == "http://page.test"
    first = Request("GET", f"{start}/", (("Referer", "http://page.test/"),))
    if not is_own:
        first = first._replace(headers=(("Origin", "http://page.test"), *first.headers))
    first = first._replace(headers=(("User-Agent", CHROMIUM), *first.headers))
    told.see(first, to("http://api.test/", origin="*"))
    exchange = told.see(upgraded("/"), REFUSED)
    assert exchange is not None
    assert (exchange.redirected_from, exchange.hop) == ("1", 1)
    assert (exchange.scene.page, exchange.scene.first_url) == ("http://page.test", f"{start}/")
    tainted = BY_HTTPS[1] if is_own else "http://elsewhere.test to http://api.test"
    assert findings(exchange) == [(BY_HTTPS[0], tainted)]


@pytest.mark.parametrize(
    "request_",
    [
        upgraded("/", FIREFOX),
        upgraded("/", WEBKIT),
        upgraded("/", referrer="https://page.test/"),
        upgraded("/")._replace(url="http://localhost/"),
        upgraded("/")._replace(headers=upgraded("/").headers[:-1]),
        actual(headers=(("User-Agent", CHROMIUM), ("Referer", "http://page.test/"))),
    ],
    ids=["Firefox", "WebKit", "a secure page", "plain http", "no Referer", "an origin"],
)
def test_else_nothing_is_said_of_the_browser(told: Told, request_: Request) -> None:
    assert findings(told.see(request_, REFUSED)) == []


STRIPPED = ("redirect-drops-authorization", "https://page.test to https://api.test")
REFUSED_401 = Response(401, ALLOWED.headers)


def test_a_401_may_come_from_a_redirect_that_took_the_token(told: Told) -> None:
    told.see(own("GET", TOKEN), to(API))
    assert findings(told.see(actual(url=API), REFUSED_401)) == [STRIPPED]


def test_also_from_one_that_a_preflight_had_announced(told: Told) -> None:
    told.see(preflight("GET", "authorization", API))
    told.see(actual(url=API, headers=(TOKEN,)), to(CDN))
    answer = Response(401, (("Access-Control-Allow-Origin", "*"),))
    assert [id_ for id_, _ in findings(told.see(actual(url=CDN, origin="null"), answer))] == [
        "redirect-drops-authorization"
    ]


@pytest.mark.parametrize(
    ("first", "then", "response"),
    [
        pytest.param(own(), actual(url=API), REFUSED_401, id="there was none"),
        pytest.param(
            own("GET", ("Authorization", "Basic eDp5")),
            actual(url=API),
            REFUSED_401,
            id="it may have been the browser's own",
        ),
        pytest.param(
            own("GET", TOKEN), actual(url=API, headers=(TOKEN,)), REFUSED_401, id="it is there"
        ),
        pytest.param(own("GET", TOKEN), actual(url=API), ALLOWED, id="nobody asks for it"),
        pytest.param(own("GET", TOKEN), preflight("GET", url=API), REFUSED_401, id="a preflight"),
    ],
)
def test_else_nothing_is_said_of_a_token(
    told: Told, first: Request, then: Request, response: Response
) -> None:
    told.see(first, to(API))
    ids = [id_ for id_, _ in findings(told.see(then, response))]
    assert "redirect-drops-authorization" not in ids


# In whatever order it happens

HOSTS = ("api.test", "cdn.test")
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["ask", "answer"]),
        st.sampled_from(HOSTS),
        st.sampled_from([PAGE, "null"]),
        st.sampled_from(HOSTS),
        st.sampled_from(["one", "other"]),
    ),
    max_size=40,
)


@given(EVENTS)
def test_each_redirect_leads_to_one_request_at_most(
    events: list[tuple[str, str, str, str, str]],
) -> None:
    """And that is a request of its browser, at its Location, one hop further in the same chain."""
    told = Told()
    waiting: list[tuple[str, str]] = []
    clients: dict[str, str] = {}
    lines: dict[str, Exchange] = {}
    for event, host, origin, target, client in events:
        if event == "ask":
            id_ = told.ask(actual(url=f"https://{host}/", origin=origin), client)
            waiting.append((id_, origin))
            clients[id_] = client
        elif waiting:
            id_, asked_by = waiting.pop(0)
            exchange = told.answer(id_, to(f"https://{target}/", origin=asked_by))
            assert exchange is not None
            lines[id_] = exchange
    linked = {id_: line for id_, line in lines.items() if line.redirected_from is not None}
    assert len({line.redirected_from for line in linked.values()}) == len(linked)
    for id_, line in linked.items():
        before = lines[str(line.redirected_from)]
        assert clients[before.id] == clients[id_]
        assert (line.hop, line.chain) == (before.hop + 1, before.chain)
        assert (line.origin == "null") or before.origin == line.origin


@pytest.mark.parametrize(
    ("agent", "expected"),
    [(CHROMIUM, "mixed-content"), (FIREFOX, "mixed-content"), (WEBKIT, None)],
)
def test_webkit_asks_leave_once_more_before_it_looks_for_mixed_content(
    told: Told, agent: str, expected: str | None
) -> None:
    """Though the GET that is left of a PUT needs none."""
    named: HeaderList = (("User-Agent", agent),)
    told.see(preflight(headers=named))
    told.see(actual("PUT", headers=named), to("/2", 303))
    for method in ("OPTIONS",) if agent == WEBKIT else ():
        lines = (*named, ("Access-Control-Request-Method", "GET"))
        told.see(actual(method, url="https://api.test/2", headers=lines))
    last = told.see(actual(url="https://api.test/2", headers=named), to("http://plain.test/"))
    assert last is not None
    assert last.judgement.reason == expected


@pytest.mark.parametrize(
    ("agent", "location", "origin"),
    [
        (CHROMIUM, "http://plain.test/2", "null"),
        (FIREFOX, "http://plain.test/2", "null"),
        (WEBKIT, "http://plain.test/2", "null"),
        (CHROMIUM, "http://api.test:80/2", PAGE),
        (FIREFOX, "http://api.test:80/2", "null"),
        (WEBKIT, "http://api.test:80/2", "null"),
    ],
)
def test_what_is_asked_by_https_instead_is_linked_too(
    told: Told, agent: str, location: str, origin: str
) -> None:
    """To Chromium alone the redirect has led to https from the start.

    Which origin a request may have is no question to Firefox, whose preflights keep the page's.
    """
    image: HeaderList = (("User-Agent", agent), ("Sec-Fetch-Dest", "image"))
    told.see(actual(url=API, headers=image), to(location))
    url = location.replace("http:", "https:").replace(":80", "")
    if agent != FIREFOX:
        other = "null" if origin == PAGE else PAGE
        assert told.place(actual(url=url, headers=image, origin=other))[1] == 0
    assert told.place(actual(url=url, headers=image, origin=origin)) == ("1", 1, "1")


def test_a_page_that_only_its_first_request_names_may_be_led_to_no_mixed_content(
    told: Told,
) -> None:
    """Behind a redirect the Origin is `null`, and no Referer goes from https to http."""
    told.see(actual(url=API), to("http://localhost/2", origin="*"))
    last = told.see(
        actual(url="http://localhost/2", origin="null"), to("http://plain.test/", origin="null")
    )
    assert last is not None
    assert (last.scene.page, last.judgement.reason) == (PAGE, "mixed-content")
