"""Exchanges for the tests of how they are told: from the case table, and drawn at random."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import strategies as st

from corscope.fetch.origin import origin_of_url
from corscope.journal.exchange import Exchange, Missing, Sighting, Touch
from corscope.journal.journal import Journal
from corscope.messages import HeaderList, Request, Response
from tests.browsers.cases import CASES, Case
from tests.browsers.predict import own_headers
from tests.journal.requests import CHROMIUM, FIREFOX, WEBKIT, at
from tests.support.origin_server import Answer, Scripted

__all__ = [
    "AGENTS",
    "ISOLATED",
    "REQUIRE_CORP",
    "embedded_under",
    "exchange_of",
    "exchanges",
    "of_case",
    "of_cases",
    "redirected",
]

AGENTS = (CHROMIUM, FIREFOX, WEBKIT, "curl/8")


def exchange_of(request: Request, seen: Sighting, *before: tuple[Request, Response]) -> Exchange:
    """The exchange that a journal makes of a request and its answer, after what came before."""
    journal = Journal()
    for number, (earlier, response) in enumerate(before):
        journal.requested(f"before {number}", "browser", earlier, at(number))
        journal.answered(Sighting(f"before {number}", response), at(number))
    journal.requested(seen.id, "browser", request, at(len(before)))
    exchange = journal.answered(seen, at(len(before)))
    assert exchange is not None
    return exchange


def of_cases(agent: str = CHROMIUM) -> Iterator[Exchange]:
    """What a browser's journal has of all cases, each answer of each by itself."""
    for case in CASES:
        yield from of_case(case, agent)


def of_case(case: Case, agent: str = CHROMIUM) -> Iterator[Exchange]:
    """What a browser's journal has of each answer of a case."""
    for (method, url), scripted in case.routes().items():
        origin = "null" if case.sandboxed else case.page
        if method != "OPTIONS" and str(origin_of_url(url)) == origin:
            continue
        request = _asked(case, method, url, origin, agent)
        yield exchange_of(request, _seen(scripted))


def _asked(case: Case, method: str, url: str, origin: str, agent: str) -> Request:
    fetch_method = str(case.init.get("method", "GET"))
    own = own_headers(case)
    common = (("Origin", origin), ("User-Agent", agent), ("Sec-Fetch-Mode", "cors"))
    if method != "OPTIONS":
        cookie = (("Cookie", "a=1"),) if case.mode == "include" else ()
        return Request(fetch_method, url, (*common, *own, *cookie))
    names = ",".join(sorted(name.lower() for name, _ in own))
    asked = (
        ("Access-Control-Request-Method", fetch_method),
        ("Access-Control-Request-Headers", names),
    )
    return Request("OPTIONS", url, (*common, *asked))


def _seen(scripted: Scripted) -> Sighting:
    if isinstance(scripted, Answer):
        return Sighting("x", Response(scripted.status, scripted.headers))
    return Sighting("x", None, Missing.NO_ANSWER, "it hung up", cause="closed")


def redirected(times: int, last: Response, page: str = "https://page.test") -> Exchange:
    """The exchange after so many redirects, each of which passes."""
    url = "https://api.test/{}"
    headers = (("Origin", page), ("User-Agent", CHROMIUM), ("Sec-Fetch-Mode", "cors"))
    allow = ("Access-Control-Allow-Origin", "*")
    before = (
        (
            Request("GET", url.format(number), headers),
            Response(302, (allow, ("Location", f"/{number + 1}"))),
        )
        for number in range(times)
    )
    return exchange_of(Request("GET", url.format(times), headers), Sighting("x", last), *before)


# At random

PAGE = "https://page.test"
TEXT = st.text(st.characters(max_codepoint=255), max_size=12)
ORIGINS = st.sampled_from([PAGE, "null", "http://page.test", "https://api.test"]) | TEXT
METHODS = st.sampled_from(["GET", "POST", "PUT", "DELETE", "put", "*"]) | TEXT
NAMES = st.sampled_from(["authorization", "content-type", "x-a", "x-b", "*", "X-A"])
LISTS = st.lists(METHODS | NAMES, max_size=3).map(", ".join)
LOCATIONS = st.sampled_from(
    [
        *("", "/", "//b.test/x", "https://u:p@b.test/", "http://b.test/", "http://localhost/"),
        *("http://10.0.0.1/", "data:,x", "ftp://b.test/", "about:blank", "about:x", "#x", "?a=1"),
        *("https://b.test:25/", "https://[", "chrome-error://x", "\x01", "http://[::1]/?q=1"),
    ]
)
LINES = st.one_of(
    st.tuples(
        st.sampled_from(["Access-Control-Allow-Origin", "access-control-allow-origin"]),
        st.sampled_from([PAGE, "*", "", "null", "https://b.test", "https://api.test"]) | TEXT,
    ),
    st.tuples(
        st.just("Access-Control-Allow-Credentials"), st.sampled_from(["true", "True", ""]) | TEXT
    ),
    st.tuples(st.just("Access-Control-Allow-Methods"), LISTS),
    st.tuples(st.just("Access-Control-Allow-Headers"), LISTS),
    st.tuples(st.just("Access-Control-Expose-Headers"), LISTS),
    st.tuples(st.just("Location"), LOCATIONS | TEXT),
    st.tuples(
        st.just("Cross-Origin-Resource-Policy"),
        st.sampled_from(["same-origin", "same-site", "cross-origin"]),
    ),
    st.tuples(st.sampled_from(["Vary", "X-A", "Set-Cookie", "ETag"]), TEXT),
)
HEADERS: st.SearchStrategy[HeaderList] = st.lists(LINES, max_size=8).map(tuple)
STATUSES = st.sampled_from([200, 204, 301, 302, 303, 304, 307, 308, 401, 404, 407, 500])
RESPONSES = st.builds(Response, STATUSES, HEADERS)
URLS = st.sampled_from(["https://api.test/items?q=1", "http://api.test/", "https://page.test/x"])


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """A preflight, or an actual request of any mode, of any browser."""
    headers = [("Origin", draw(ORIGINS)), ("User-Agent", draw(st.sampled_from(AGENTS)))]
    if draw(st.booleans()):
        names = ",".join(draw(st.lists(NAMES, max_size=3)))
        headers += [
            ("Access-Control-Request-Method", draw(METHODS)),
            ("Access-Control-Request-Headers", names),
        ]
        return Request("OPTIONS", draw(URLS), tuple(headers))
    modes = st.sampled_from([None, *["cors"] * 4, "no-cors", "navigate", "websocket"])
    mode = draw(modes)
    headers += [("Sec-Fetch-Mode", mode)] if mode else []
    headers += draw(
        st.lists(
            st.sampled_from(
                [
                    ("Cookie", "a=1"),
                    ("If-None-Match", '"a"'),
                    ("X-A", "1"),
                    ("Sec-Fetch-Site", "cross-site"),
                    ("Referer", f"{PAGE}/"),
                ]
            ),
            max_size=3,
        )
    )
    return Request(draw(METHODS), draw(URLS), tuple(headers))


@st.composite
def sightings(draw: st.DrawFn) -> Sighting:
    """An answer, or none; touched by a rule or not."""
    if draw(st.integers(0, 9)) == 0:
        missing = draw(st.sampled_from(Missing))
        return Sighting(
            "x", None, missing, "it hung up", cause=draw(st.sampled_from(["dns", None]))
        )
    response = draw(RESPONSES)
    touches = st.none() | st.one_of(
        st.builds(Touch, TEXT, st.just("apply"), st.booleans(), RESPONSES | st.none(), st.none()),
        st.builds(Touch, TEXT, st.just("shadow"), st.just(False), st.none(), RESPONSES | st.none()),
    )
    return Sighting("x", response, touch=draw(touches))


@st.composite
def exchanges(draw: st.DrawFn) -> Exchange:
    """A recorded exchange, now and then after the one that left a copy in the browser's cache."""
    request, seen = draw(requests()), draw(sightings())
    if seen.response is not None and draw(st.booleans()):
        seen = seen._replace(response=_passing(request, seen.response))
    before: tuple[tuple[Request, Response], ...] = ()
    if draw(st.integers(0, 3)) == 0:
        copy = Response(200, (*draw(HEADERS), ("Cache-Control", "max-age=60")))
        before = ((request, copy),)
    journal_view = exchange_or_none(request, seen, before)
    return journal_view if journal_view is not None else draw(exchanges())


def _passing(request: Request, response: Response) -> Response:
    """The answer with a CORS check that passes, so that what comes after it is asked too."""
    headers = tuple(
        (name, value)
        for name, value in response.headers
        if name.lower() not in {"access-control-allow-origin", "access-control-allow-credentials"}
    )
    origin = ("Access-Control-Allow-Origin", request.headers[0][1])
    credentials = ("Access-Control-Allow-Credentials", "true")
    is_preflight = request.method == "OPTIONS"
    return Response(200 if is_preflight else response.status, (origin, credentials, *headers))


def exchange_or_none(
    request: Request, seen: Sighting, before: tuple[tuple[Request, Response], ...]
) -> Exchange | None:
    """The exchange, where it is one that a journal keeps."""
    try:
        return exchange_of(request, seen, *before)
    except AssertionError:
        return None


REQUIRE_CORP = (("Cross-Origin-Embedder-Policy", "require-corp"),)
ISOLATED = (("Document-Isolation-Policy", "isolate-and-require-corp"),)


def embedded_under(headers: HeaderList, response: Response, agent: str = CHROMIUM) -> Exchange:
    """What a page asks for without CORS that came with these headers."""
    page, by = "https://page.test", ("User-Agent", agent)
    opened = (by, ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document"))
    came = Response(200, headers)
    asked = (by, ("Origin", page), ("Sec-Fetch-Mode", "no-cors"))
    request = Request("POST", "https://api.test/items", asked)
    return exchange_of(request, Sighting("x", response), (Request("GET", f"{page}/", opened), came))
