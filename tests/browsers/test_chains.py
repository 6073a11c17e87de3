"""Redirects that browsers follow: each request is linked with the one whose answer led to it.

Every chain runs three times at once in the same page. The proxy saves all flows, and each fetch
marks its own by the value of a header, which the journal doesn't record: so the truth is known.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from mitmproxy import http
from mitmproxy.io import FlowReader

from tests.browsers.agreement import OPTIONS, Browser
from tests.support.chromium import Chromium
from tests.support.firefox import Firefox
from tests.support.mitmdump import Entry, Mitmdump
from tests.support.origin_server import EMPTY_PAGE, Answer, OriginServer
from tests.support.page import Ask
from tests.support.webkit import WebKit

pytestmark = pytest.mark.browser

HOME = "http://page.test"
API = "http://api.test"
CDN = "http://cdn.test"
OTHER = "http://other.test"
TIMES = 3
"""How often each chain runs at the same time."""

SHARED = (("Access-Control-Allow-Origin", HOME),)
ANYONE = (
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Allow-Methods", "PUT"),
    ("Access-Control-Allow-Headers", "authorization, x-tenant"),
)
TOKEN = {"Authorization": "Bearer x"}


@dataclass(frozen=True, slots=True)
class Chain:
    """The places that a fetch is led to, each by the answer of the one before with `status`.

    Attributes:
        slug: its name, which is in the path of all its URLs.
        places: the origins, in their order.
        status: that of the redirects.
        method: the first request's.
        headers: further headers that script sets.
        last: what the last place answers.
        redirects: what the redirects have beside their Location.
        finding: what the last exchange is to say.
    """

    slug: str
    places: tuple[str, ...]
    status: int = 302
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    last: Answer = field(default_factory=lambda: Answer(headers=ANYONE))
    redirects: tuple[tuple[str, str], ...] = ANYONE
    finding: tuple[str, str] | None = None

    @property
    def urls(self) -> list[str]:
        return [f"{place}/{self.slug}/{number}" for number, place in enumerate(self.places)]

    def asks(self) -> list[Ask]:
        return [
            Ask(
                self.urls[0],
                {
                    "method": self.method,
                    "headers": {"Accept": f"text/{number}", **self.headers},
                    "credentials": "omit",
                },
            )
            for number in range(TIMES)
        ]

    def routes(self) -> dict[tuple[str, str], Answer]:
        answers = [
            Answer(self.status, (("Location", url), *self.redirects), delay=0.02)
            for url in self.urls[1:]
        ]
        routes = {
            ("*", url): answer for url, answer in zip(self.urls, [*answers, self.last], strict=True)
        }
        preflights = {("OPTIONS", url): Answer(204, ANYONE) for url in self.urls}
        return {**routes, **preflights}


CHAINS = [
    Chain("home-cross", (HOME, API)),
    Chain("home-home-cross", (HOME, HOME, API)),
    Chain("home-cross-cross", (HOME, API, CDN)),
    Chain("cross-within", (API, API)),
    Chain("cross-cross", (API, CDN)),
    Chain("cross-back", (API, HOME)),
    Chain("cross-cross-within", (API, CDN, CDN)),
    Chain("four", (API, CDN, OTHER, API)),
    Chain("see-other-put", (API, API), 303, "PUT"),
    Chain("preserved-put", (API, CDN), 307, "PUT"),
    Chain("preserved-put-within", (API, API, API), 308, "PUT"),
    Chain("found-post", (API, CDN), 302, "POST"),
    Chain("preserved-post", (API, CDN), 307, "POST"),
    Chain("header", (API, CDN), 302, headers={"X-Tenant": "7"}),
    Chain(
        "null-refused",
        (API, CDN),
        last=Answer(headers=SHARED),
        finding=("origin-null-after-redirect", f"{API} to {CDN}"),
    ),
    Chain(
        "null-refused-later",
        (API, CDN, OTHER),
        last=Answer(headers=SHARED),
        finding=("origin-null-after-redirect", f"{API} to {CDN}"),
    ),
    Chain(
        "token-dropped",
        (HOME, API),
        headers=TOKEN,
        last=Answer(401, ANYONE),
        finding=("redirect-drops-authorization", f"{HOME} to {API}"),
    ),
    Chain(
        "token-dropped-later",
        (API, CDN),
        headers=TOKEN,
        last=Answer(401, ANYONE),
        finding=("redirect-drops-authorization", f"{API} to {CDN}"),
    ),
    Chain("refused-redirect", (API, CDN), redirects=()),
]


@dataclass(frozen=True, slots=True)
class Record:
    """What one run left: the chains' flows by slug in order, and the journal's lines by id."""

    flows: Mapping[str, Sequence[http.HTTPFlow]]
    lines: Mapping[str, Entry]
    outcomes: Mapping[str, Entry]


def played(browser: Browser, folder: Path) -> Record:
    folder.mkdir(exist_ok=True)
    saved = folder / "flows"
    with OriginServer({("GET", f"{HOME}/"): EMPTY_PAGE}) as server:
        options = {"cors_urls": "full", "save_stream_file": saved}
        with Mitmdump(folder, server.upstream_mode, options) as proxy:
            page = browser.open(f"{HOME}/", proxy.port)
            for chain in CHAINS:
                server.routes.update(chain.routes())
                page.play(chain.asks())
            page.close()
        journal = proxy.journal()
    flows: defaultdict[str, list[http.HTTPFlow]] = defaultdict(list)
    with saved.open("rb") as file:
        for flow in FlowReader(file).stream():
            assert isinstance(flow, http.HTTPFlow)
            flows[flow.request.path.split("/")[1]].append(flow)
    for each in flows.values():
        each.sort(key=lambda flow: flow.request.timestamp_start)
    lines = {line["id"]: line for line in journal if line["type"] == "exchange"}
    outcomes = {line["id"]: line for line in journal if line["type"] == "outcome"}
    return Record(flows, lines, outcomes)


@pytest.fixture(scope="module")
def chromium_record(chromium: Chromium, tmp_path_factory: pytest.TempPathFactory) -> Record:
    return played(chromium, tmp_path_factory.mktemp("chromium"))


@pytest.fixture(scope="module")
def firefox_record(firefox: Firefox, tmp_path_factory: pytest.TempPathFactory) -> Record:
    return played(firefox, tmp_path_factory.mktemp("firefox"))


@pytest.fixture(scope="module")
def webkit_record(webkit: WebKit, tmp_path_factory: pytest.TempPathFactory) -> Record:
    return played(webkit, tmp_path_factory.mktemp("webkit"))


@pytest.fixture(params=["chromium", "firefox", "webkit"])
def record(request: pytest.FixtureRequest) -> Record:
    found = request.getfixturevalue(f"{request.param}_record")
    assert isinstance(found, Record)
    return found


def instances(record: Record, chain: Chain) -> list[list[http.HTTPFlow]]:
    """The requests of each of the fetches, in order, their preflights left out."""
    marked: dict[str, list[http.HTTPFlow]] = defaultdict(list)
    for flow in record.flows[chain.slug]:
        if flow.request.method != "OPTIONS":
            marked[flow.request.headers["accept"]].append(flow)
    assert len(marked) == TIMES
    return list(marked.values())


def had_preflight(record: Record, flows: Sequence[http.HTTPFlow]) -> bool:
    return any(record.lines[flow.id]["preflight"] for flow in flows if flow.id in record.lines)


def place(line: Entry) -> tuple[object, ...]:
    return line["redirected_from"], line["hop"], line["chain"]


@pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: chain.slug)
def test_each_request_is_linked_with_the_one_that_led_to_it(record: Record, chain: Chain) -> None:
    for flows in instances(record, chain):
        first = flows[0].id if len(flows) > 1 else None
        for hop, flow in enumerate(flows):
            line = record.lines.get(flow.id)
            if line is None:  # within the page's own origin there is no line
                assert flow.request.pretty_url.startswith(HOME)
            elif any(
                record.lines[f.id]["preflight"] for f in flows[: hop + 1] if f.id in record.lines
            ):
                assert line["hop"] == hop
            else:
                assert place(line) == (flows[hop - 1].id if hop else None, hop, first)


@pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: chain.slug)
def test_a_preflight_stands_where_its_request_does(record: Record, chain: Chain) -> None:
    """It doesn't tell which of several fetches it is for, but each is for one of them."""
    hops = {f.id: hop for flows in instances(record, chain) for hop, f in enumerate(flows)}
    used: list[str] = []
    for id_, hop in hops.items():
        line = record.lines.get(id_)
        if line is None or hop == 0:
            continue
        used.append(line["redirected_from"])
        assert (hops[line["redirected_from"]], hops[line["chain"]]) == (hop - 1, 0)
        if line["preflight"] and record.outcomes[line["preflight"]]["actual"] == id_:
            assert place(record.lines[line["preflight"]]) == place(line)
    assert len(used) == len(set(used))


@pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: chain.slug)
def test_all_places_were_reached_unless_a_redirect_is_refused(record: Record, chain: Chain) -> None:
    reached = len(chain.places) if chain.redirects else 1
    assert {len(flows) for flows in instances(record, chain)} == {reached}


@pytest.mark.parametrize("chain", [c for c in CHAINS if c.finding], ids=lambda chain: chain.slug)
def test_what_a_redirect_has_changed_is_found(record: Record, chain: Chain) -> None:
    for flows in instances(record, chain):
        findings = [(f["id"], f["detail"]) for f in record.lines[flows[-1].id]["findings"]]
        assert chain.finding in findings


SECURE_HOME = "https://page.test"
CREDENTIALED = (
    ("Access-Control-Allow-Credentials", "true"),
    ("Access-Control-Allow-Methods", "PUT"),
)


@pytest.mark.parametrize("method", ["GET", "PUT"])
@pytest.mark.parametrize("mode", ["omit", "same-origin", "include"])
@pytest.mark.parametrize("engine", ["chromium", "firefox"])  # WebKit tells by a cookie alone
def test_a_request_behind_a_redirect_has_the_credentials_mode_of_the_one_before(
    engine: str, mode: str, method: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Its own Origin hides the page, so that nothing of it tells that there are none."""
    first, last = "https://api.test/1", "https://cdn.test/2"
    page = (("Access-Control-Allow-Origin", SECURE_HOME), *CREDENTIALED)
    server = OriginServer(
        {
            ("GET", f"{SECURE_HOME}/"): EMPTY_PAGE,
            ("OPTIONS", first): Answer(204, page),
            (method, first): Answer(307, (("Location", last), *page)),
            ("OPTIONS", last): Answer(204, ANYONE),
            (method, last): Answer(headers=ANYONE),
        }
    )
    with server, Mitmdump(tmp_path, server.upstream_mode, OPTIONS) as proxy:
        opened = request.getfixturevalue(engine).open(f"{SECURE_HOME}/", proxy.port)
        [seen] = opened.play([Ask(first, {"method": method, "credentials": mode})])
        opened.close()
    lines = [e for e in proxy.journal() if e["type"] == "exchange" and e["url"] == last]
    assert {line["credentials"] for line in lines} == {"include" if mode == "include" else "omit"}
    assert lines[-1]["verdict"] == ("allowed" if seen.ok else "blocked")
    assert seen.ok == (mode != "include")


def leading(home: str, first: str, last: str) -> OriginServer:
    """A page's server, one that leads it elsewhere with credentials, and one that lets all in."""
    page = (("Access-Control-Allow-Origin", home), *CREDENTIALED)
    return OriginServer(
        {
            ("GET", f"{home}/"): EMPTY_PAGE,
            ("GET", first): Answer(302, (("Location", last), *page)),
            ("GET", last): Answer(headers=ANYONE),
        }
    )


AT_ONCE = 4
"""So many fetches of each mode ask for the same at once."""


@pytest.mark.parametrize("engine", ["chromium", "firefox"])
def test_of_several_modes_at_once_none_is_taken_for_anothers(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Where they are led, Chromium tells of each its mode, and Firefox of none."""
    first, last = "https://api.test/mixed", "https://cdn.test/mixed"
    server = leading(SECURE_HOME, first, last)
    with server, Mitmdump(tmp_path, server.upstream_mode, OPTIONS) as proxy:
        opened = request.getfixturevalue(engine).open(f"{SECURE_HOME}/", proxy.port)
        opened.play([Ask(first, {"credentials": mode}) for mode in ("include", "omit") * AT_ONCE])
        opened.close()
    lines = [e for e in proxy.journal() if e["type"] == "exchange" and e["url"] == last]
    found = Counter(line["credentials"] for line in lines)
    assert found.total() == 2 * AT_ONCE
    assert max(found["include"], found["omit"]) <= AT_ONCE
    assert engine == "firefox" or not found["unknown"]


@pytest.mark.parametrize("kind", ["manual", "error"])
@pytest.mark.parametrize("engine", ["chromium", "firefox", "webkit"])
def test_what_was_not_to_be_followed_at_first_leads_nowhere(
    engine: str, kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """A page looks where it would be led, with credentials, and then goes there without."""
    first, last = f"{API}/looked-at", f"{CDN}/looked-at"
    server = leading(HOME, first, last)
    with server, Mitmdump(tmp_path, server.upstream_mode, OPTIONS) as proxy:
        opened = request.getfixturevalue(engine).open(f"{HOME}/", proxy.port)
        opened.fetch(first, {"redirect": kind, "credentials": "include"})
        assert opened.fetch(first, {"credentials": "omit"}).ok
        opened.close()
    _, led, there = [line for line in proxy.journal() if line["type"] == "exchange"]
    assert place(there) == (led["id"], 1, led["id"])
