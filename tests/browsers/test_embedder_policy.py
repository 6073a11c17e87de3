"""What a page's Cross-Origin-Embedder-Policy keeps from it, in real browsers and in the journal.

So does its Document-Isolation-Policy, in Chromium.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from corscope.explain.repro.program import repro
from corscope.messages import Response
from tests.browsers.agreement import ENGINES, OPTIONS
from tests.browsers.case import answer, redirect
from tests.browsers.embedded import Embed, content, moved, play_embedded
from tests.browsers.test_embedded import wrong
from tests.browsers.travel_pictures import START_SECONDS, running
from tests.explain.exchanges import embedded_under
from tests.support.chromium import Chromium
from tests.support.firefox import Firefox
from tests.support.mitmdump import Mitmdump, wait_until
from tests.support.origin_server import EMPTY_PAGE, Answer, HeaderPairs, OriginServer
from tests.support.page import Ask, Seen
from tests.support.webkit import WebKit

pytestmark = pytest.mark.browser

API, CDN = "https://api.test", "https://cdn.test"
REQUIRE_CORP = (("Cross-Origin-Embedder-Policy", "require-corp"),)
FOR_ALL = ("Cross-Origin-Resource-Policy", "cross-origin")
ISOLATED = (("Document-Isolation-Policy", "isolate-and-require-corp"),)
KEPT = "cross-origin-embedder-policy"

PAGES: Mapping[str, HeaderPairs] = {
    "require-corp": REQUIRE_CORP,
    "reporting": (("Cross-Origin-Embedder-Policy", 'require-corp; report-to="x"'),),
    "credentialless": (("Cross-Origin-Embedder-Policy", "credentialless"),),
    "report-only": (("Cross-Origin-Embedder-Policy-Report-Only", "require-corp"),),
    "twice": REQUIRE_CORP * 2,
    "half-empty": (*REQUIRE_CORP, ("Cross-Origin-Embedder-Policy", "")),
    "capitals": (("Cross-Origin-Embedder-Policy", "Require-Corp"),),
    "quoted": (("Cross-Origin-Embedder-Policy", '"require-corp"'),),
    "isolated": ISOLATED,
    "isolated-credentialless": (("Document-Isolation-Policy", "isolate-and-credentialless"),),
}
"""What a page comes with; its host has the name."""

POLICIES: Mapping[str, tuple[str, ...]] = {
    "none": (),
    "same-origin": ("same-origin",),
    "same-site": ("same-site",),
    "cross-origin": ("cross-origin",),
    "capitals": ("Cross-Origin",),
    "empty": ("",),
    "twice": ("cross-origin", "cross-origin"),
    "half-empty": ("cross-origin", ""),
    "kept-half-empty": ("same-origin", ""),
}


class Stage:
    """An engine's pages, a server, and a journal."""

    def __init__(self, browser: object, server: OriginServer, proxy: Mitmdump) -> None:
        self.browser, self.server, self.proxy = browser, server, proxy
        self.pages: dict[str, object] = {}

    def open(self, url: str, headers: HeaderPairs) -> None:
        """Open a page; one that is open there is closed."""
        if url in self.pages:
            self.pages.pop(url).close()  # type: ignore[attr-defined]
        self.server.routes["GET", url] = Answer(200, EMPTY_PAGE.headers + headers, EMPTY_PAGE.body)
        self.pages[url] = self.browser.open(url, self.proxy.port)  # type: ignore[attr-defined]

    def play(self, page: str, asks: list[Ask]) -> list[Seen]:
        seen: list[Seen] = self.pages[page].play(asks)  # type: ignore[attr-defined]
        return seen

    def reasons(self, url: str) -> list[str | None]:
        """Why what was recorded of a URL was refused, or None."""
        entries = [e for e in self.proxy.journal() if e["type"] == "exchange"]
        return [entry["reason"] for entry in entries if entry["url"] == url]

    def asks(self, page: str, urls: list[str]) -> None:
        """Ask without CORS, and hold what comes of it against the journal."""
        no_cors = {"mode": "no-cors"}
        asks = [Ask(f"{url}/{m}", {**no_cors, "method": m}) for url in urls for m in METHODS]
        for ask, seen in zip(asks, self.play(page, asks), strict=True):
            reasons = self.reasons(ask.url)
            assert (seen.ok, ask.url) == (not any(reasons), ask.url)
            assert len(reasons) == 1 or (seen.ok and "GET" in ask.url)


METHODS = ("GET", "POST")
StageOf = Callable[[str], Stage]


@pytest.fixture(scope="module")
def stage_of(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StageOf]:
    folder, stages = tmp_path_factory.mktemp("embedder"), dict[str, Stage]()
    with OriginServer() as server, Mitmdump(folder, server.upstream_mode, OPTIONS) as proxy:

        def of(engine: str) -> Stage:
            if engine not in stages:
                stages[engine] = Stage(request.getfixturevalue(engine), server, proxy)
            return stages[engine]

        yield of
        for stage in stages.values():
            for page in stage.pages.values():
                page.close()  # type: ignore[attr-defined]


@pytest.fixture
def stage(stage_of: StageOf, engine: str) -> Stage:
    return stage_of(engine)


every_engine = pytest.mark.parametrize("engine", ENGINES)


@pytest.mark.parametrize("name", PAGES)
@every_engine
def test_what_a_page_gets_without_cors(stage: Stage, engine: str, name: str) -> None:
    page = f"https://{engine}.{name}.test/"
    stage.open(page, PAGES[name])
    urls = []
    for api in (API, page.replace("https://", "https://api.").rstrip("/")):
        for policy, lines in POLICIES.items():
            urls.append(f"{api}/{engine}/{name}/{policy}")
            kept = answer(*(("Cross-Origin-Resource-Policy", line) for line in lines))
            stage.server.routes |= {("*", f"{urls[-1]}/{method}"): kept for method in METHODS}
    stage.asks(page, urls)


@pytest.mark.parametrize("last", [(), (FOR_ALL,)], ids=["bare", "for all"])
@pytest.mark.parametrize("hop", [(), (FOR_ALL,)], ids=["a bare hop", "a hop for all"])
@pytest.mark.parametrize("first", [API, "own"])
@every_engine
def test_each_hop_is_looked_at(
    stage: Stage, engine: str, first: str, hop: HeaderPairs, last: HeaderPairs
) -> None:
    page = f"https://{engine}.hops.test/"
    stage.open(page, REQUIRE_CORP)
    for method in METHODS:
        path = f"{engine}/hops/{len(hop)}{len(last)}/{method}"
        start = f"{page if first == 'own' else API + '/'}{path}"
        target = f"{CDN}/{path}/{first[:3]}"
        stage.server.routes |= {
            ("*", start): redirect(target, *hop, status=307),
            ("*", target): answer(*last),
        }
        [seen] = stage.play(page, [Ask(start, {"mode": "no-cors", "method": method})])
        kept = stage.reasons(start).count(KEPT) + stage.reasons(target).count(KEPT)
        assert (kept == 0) == seen.ok
        assert seen.ok == (bool(last) and (bool(hop) or first == "own"))


FRAMES: Mapping[str, HeaderPairs] = {
    "bare": (),
    "adhering": REQUIRE_CORP,
    "for-all": (FOR_ALL,),
    "adhering-for-all": (*REQUIRE_CORP, FOR_ALL),
}
FRAME = """async url => {
    const frame = document.createElement("iframe");
    frame.src = url;
    return new Promise(resolve => {
        let begun = false;
        const isShut = () => { if (!begun) resolve("nothing"); };
        onmessage = ({data}) => { if (data === "begun") begun = true; else resolve(data); };
        frame.onload = () => setTimeout(isShut, 1000);
        setTimeout(isShut, 3000);  // Firefox fires no event
        document.body.append(frame);
    });
}"""
ASKS = """<script>
parent.postMessage("begun", "*");
fetch(ASKED, {mode: "no-cors", method: "POST"})
    .then(() => "well", () => "badly").then(end => parent.postMessage(end, "*"));
</script>"""


def opened_with_frame(
    stage: Stage, case: str, headers: HeaderPairs, place: str, framed: HeaderPairs
) -> str:
    """Open the case's page with a frame, and tell how what that asks for ends."""
    page, url = f"https://{case}.test/", f"{API}/{case}"
    frame = f"{page if place == 'own' else f'https://frame.{case}.example/'}frame"
    asks = ASKS.replace("ASKED", f"'{url}/frame'").encode()
    stage.server.routes |= {
        ("GET", frame): Answer(200, EMPTY_PAGE.headers + framed, asks),
        ("POST", f"{url}/frame"): answer(),
        ("*", f"{url}/GET"): answer(),
        ("*", f"{url}/POST"): answer(),
    }
    stage.open(page, headers)
    ended: str = stage.pages[page].run(FRAME, frame)  # type: ignore[attr-defined]
    return ended


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("place", ["own", "elsewhere"])
@pytest.mark.parametrize("name", ["none", "require-corp"])
@pytest.mark.parametrize("engine", ["chromium", "firefox"])
def test_a_page_with_a_frame(stage: Stage, engine: str, name: str, place: str, frame: str) -> None:
    """Each of them is judged by its own policy, where both don't share an origin and differ."""
    case = f"{engine}-{name}-{place}-{frame}"
    page, url = f"https://{case}.test/", f"{API}/{case}"
    ended = opened_with_frame(stage, case, PAGES.get(name, ()), place, FRAMES[frame])
    if (name, place) == ("none", "own") and "adhering" in frame:
        assert (ended, stage.reasons(f"{url}/frame")) == ("badly", [None])
        return
    expected = {"well": [None], "badly": [KEPT], "nothing": []}
    assert stage.reasons(f"{url}/frame") == expected[ended]
    stage.asks(page, [url])


@pytest.mark.parametrize("place", ["own", "elsewhere"])
@pytest.mark.parametrize(("headers", "framed"), [(ISOLATED, ()), ((), ISOLATED)])
def test_an_isolated_page_demands_nothing_of_frames(
    stage_of: StageOf, headers: HeaderPairs, framed: HeaderPairs, place: str
) -> None:
    stage, case = stage_of("chromium"), f"isolated-{len(headers)}-{place}"
    ended = opened_with_frame(stage, case, headers, place, framed)
    assert ended == ("badly" if framed else "well")
    is_known = place == "elsewhere"
    reason = "document-isolation-policy" if framed and is_known else None
    assert stage.reasons(f"{API}/{case}/frame") == [reason]
    if is_known:
        stage.asks(f"https://{case}.test/", [f"{API}/{case}"])


@every_engine
def test_a_page_that_comes_anew(stage: Stage, engine: str) -> None:
    """With another policy, and by a 304 that says nothing of the copy's."""
    page, url = f"https://{engine}.anew.test/", f"{API}/{engine}/anew"
    for number, headers in enumerate([(), REQUIRE_CORP, (), REQUIRE_CORP]):
        stage.open(page, headers)
        stage.server.routes["*", f"{url}/{number}/GET"] = answer()
        stage.server.routes["*", f"{url}/{number}/POST"] = answer()
        stage.asks(page, [f"{url}/{number}"])
        assert bool(stage.reasons(f"{url}/{number}/POST")[0]) == bool(headers)


@pytest.mark.parametrize("renewal", ["", "same-origin"])
@pytest.mark.parametrize("engine", ["firefox"])  # the others keep nothing of untrusted hosts
def test_what_is_still_good_goes_by_its_copy(stage: Stage, engine: str, renewal: str) -> None:
    page, url = f"https://{engine}.copies.test/", f"{API}/copies/{renewal}"
    stage.open(page, REQUIRE_CORP)
    kept = (("ETag", '"a"'), ("Cache-Control", "no-cache"))
    anew = (("Cross-Origin-Resource-Policy", renewal),) if renewal else ()
    stage.server.routes["GET", url] = answer(*kept, FOR_ALL)
    [first] = stage.play(page, [Ask(url, {"mode": "no-cors"})])
    stage.server.routes["GET", url] = answer(*kept, *anew, status=304)
    [again] = stage.play(page, [Ask(url, {"mode": "no-cors"})])
    assert first.ok
    assert again.ok == (not renewal)
    assert stage.reasons(url) == (["cross-origin-resource-policy"] if renewal else [])


PRINTED = (
    Embed("no-cors-image", {f"{API}/image": content("no-cors-image", ())}),
    Embed("no-cors-image", {f"{API}/image/for-all": content("no-cors-image", (FOR_ALL,))}),
    Embed("no-cors-fetch", {f"{API}/fetch": Answer()}),
    Embed("no-cors-fetch", {f"{API}/moved": moved(302, f"{CDN}/1", ()), f"{CDN}/1": Answer()}),
    Embed(
        "no-cors-fetch",
        {f"{API}/moved/there": moved(302, f"{CDN}/2", (FOR_ALL,)), f"{CDN}/2": Answer()},
    ),
)


@every_engine
def test_what_is_printed(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    is_printed(engine, request.getfixturevalue(engine), tmp_path, REQUIRE_CORP)


def test_what_is_printed_of_an_isolated_page(chromium: Chromium, tmp_path: Path) -> None:
    is_printed("chromium", chromium, tmp_path, ISOLATED)


def is_printed(
    engine: str, browser: Chromium | Firefox | WebKit, folder: Path, headers: HeaderPairs
) -> None:
    page = "https://page.test"
    played = play_embedded(browser, page, PRINTED, folder, headers)
    for embed, found in zip(PRINTED, played, strict=True):
        assert wrong(engine, page, embed, found) == []
        assert (found.ended == "well") == embed.url.endswith("/for-all")


@pytest.mark.parametrize(
    ("engine", "headers"),
    [("chromium", ISOLATED), ("firefox", REQUIRE_CORP)],
)
def test_it_can_be_played_back(
    engine: str, headers: HeaderPairs, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    program = tmp_path / "repro.py"
    program.write_text(repro(embedded_under(headers, Response(200, ()))), "ascii")
    with running(program) as url:
        page = request.getfixturevalue(engine).open(url, None)
        script = "async () => document.getElementById('result').dataset.passed"
        passed = wait_until(lambda: page.run(script, None), START_SECONDS, "the page's result")
        page.close()
    assert passed == "false"
