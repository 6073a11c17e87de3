"""What fails in real browsers though CORS has nothing against it, and what doesn't.

One mitmdump serves all three; each engine has paths of its own.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha1
from itertools import pairwise

import pytest

from corscope.fetch.engines import Engine
from corscope.fetch.lines import LONGEST_HEADS, LONGEST_HEADS_OVER_HTTP_2
from tests.browsers.agreement import ENGINES, OPTIONS
from tests.browsers.case import ANY, OWN, PAGE, PUT, SECURE_PAGE, allow, answer, methods, redirect
from tests.browsers.embedded import GIF
from tests.support.mitmdump import Entry, Mitmdump, wait_until
from tests.support.origin_server import EMPTY_PAGE, Answer, OriginServer, Received, Scripted
from tests.support.page import Ask, Seen

pytestmark = pytest.mark.browser

API = "http://api.test"
KEPT = (("ETag", '"a"'), ("Cache-Control", "no-cache"))
NO_CORS: Mapping[str, object] = {"mode": "no-cors"}


class Stage:
    """A page of an engine, a server, and a journal."""

    def __init__(self, engine: str, server: OriginServer, proxy: Mitmdump, page: object) -> None:
        self.place, self.server, self.proxy, self.page = engine, server, proxy, page

    def url(self, path: str, api: str = API) -> str:
        return f"{api}/{self.place}/{path}"

    def fetch(
        self, url: str, init: Mapping[str, object] | None = None, *, sandboxed: bool = False
    ) -> Seen:
        ask = Ask(url, init or {}, sandboxed=sandboxed)
        [seen] = self.page.play([ask])  # type: ignore[attr-defined]
        return seen  # type: ignore[no-any-return]

    def entries(self, url: str, count: int = 1) -> Sequence[Entry]:
        """The exchanges of a URL, once there are so many."""

        def found() -> Sequence[Entry] | None:
            entries = self._entries(url)
            return entries if len(entries) >= count else None

        what = f"{count} exchanges of {url}"
        return wait_until(found, 15, what) if count else self._entries(url)

    def _entries(self, url: str) -> Sequence[Entry]:
        return [e for e in self.proxy.journal() if e["type"] == "exchange" and e["url"] == url]


class Switch(Answer):
    """The head that opens a WebSocket, and nothing behind it."""

    def wire(self, method: str) -> bytes:  # noqa: ARG002
        head = "".join(f"{name}: {value}\r\n" for name, value in self.headers)
        return f"HTTP/1.1 101 Switching Protocols\r\n{head}\r\n".encode("latin-1")


class SocketServer(OriginServer):
    """Opens a WebSocket where a 101 is scripted for it."""

    def take(self, request: Received) -> Scripted:
        found = super().take(request)
        keys = request.values("Sec-WebSocket-Key")
        if not keys or not isinstance(found, Answer) or found.status != 101:
            return found
        digest = sha1(f"{keys[0]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest()
        accept = ("Sec-WebSocket-Accept", b64encode(digest).decode())
        switches = (("Upgrade", "websocket"), ("Connection", "Upgrade"), accept)
        return Switch(101, (*switches, *found.headers), stays=True)


StageOf = Callable[[str, str], Stage]


@pytest.fixture(scope="module")
def stage_of(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StageOf]:
    folder, stages = tmp_path_factory.mktemp("not-cors"), dict[tuple[str, str], Stage]()
    with SocketServer() as server, Mitmdump(folder, server.upstream_mode, OPTIONS) as proxy:

        def of(engine: str, origin: str) -> Stage:
            if (engine, origin) not in stages:
                server.routes["GET", f"{origin}/"] = EMPTY_PAGE
                page = request.getfixturevalue(engine).open(f"{origin}/", proxy.port)
                stages[engine, origin] = Stage(engine, server, proxy, page)
            return stages[engine, origin]

        yield of
        for stage in stages.values():
            stage.page.close()  # type: ignore[attr-defined]


@pytest.fixture
def stage(stage_of: StageOf, engine: str) -> Stage:
    return stage_of(engine, PAGE)


every_engine = pytest.mark.parametrize("engine", ENGINES)


@pytest.mark.parametrize("api", ["https://api.test", "https://api.page.test"])
@pytest.mark.parametrize("policy", ["same-origin", "same-site", "cross-origin", "Same-Origin", ""])
@every_engine
def test_a_resource_policy(stage_of: StageOf, engine: str, policy: str, api: str) -> None:
    """A GET or HEAD without CORS has no Origin: it is recorded only where it is blocked."""
    stage = stage_of(engine, SECURE_PAGE)
    line = (("Cross-Origin-Resource-Policy", policy),) if policy else ()
    for method in ("GET", "HEAD", "POST"):
        url = stage.url(f"policy/{policy or 'none'}/{method}", api)
        stage.server.routes[method, url] = answer(*line)
        seen = stage.fetch(url, {**NO_CORS, "method": method})
        blocks = policy == "same-origin" or (policy == "same-site" and "page" not in api)
        assert seen.ok != blocks
        if method == "POST":
            [entry] = stage.entries(url)
            reason = "cross-origin-resource-policy" if blocks else None
            assert (entry["reason"], entry["detail"]) == (reason, policy if blocks else None)
            assert (entry["chromium"], entry["firefox"]) == (None, None)
        elif blocks:
            [entry] = stage.entries(url)
            assert (entry["origin"], entry["verdict"]) == (SECURE_PAGE, "blocked")


@pytest.mark.parametrize("policy", ["same-origin", "same-site", "cross-origin"])
@every_engine
def test_a_resource_policy_where_origin_hides_the_page(
    stage_of: StageOf, engine: str, policy: str
) -> None:
    """Of a sandboxed frame, to which even its own host is cross-site, and without a Referer."""
    stage = stage_of(engine, SECURE_PAGE)
    post = {**NO_CORS, "method": "POST", "referrerPolicy": "no-referrer"}
    far, sibling = "https://api.test", "https://api.page.test"
    for place, sandboxed in ((far, True), (SECURE_PAGE, True), (far, False), (sibling, False)):
        url = stage.url(f"hidden/{policy}/{sandboxed}", place)
        stage.server.routes["POST", url] = answer(("Cross-Origin-Resource-Policy", policy))
        seen = stage.fetch(url, post, sandboxed=sandboxed)
        [entry] = stage.entries(url)
        assert entry["reason"] == (None if seen.ok else "cross-origin-resource-policy")
        assert seen.ok == (policy in {"cross-origin", place == sibling and "same-site"})


SHEET = """async ([sheet, name]) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = sheet;
    const came = new Promise(resolve => { link.onload = link.onerror = resolve; });
    document.head.append(link);
    await came;
    const box = document.createElement("div");
    box.className = name;
    document.body.append(box);
    for (let count = 0; count < 20 && !box.offsetWidth; count++) {
        await new Promise(resolve => setTimeout(resolve, 100));
    }
    return box.offsetWidth > 0;
}"""


@pytest.mark.parametrize("policy", ["same-origin", "same-site", "none"])
@pytest.mark.parametrize("of", [SECURE_PAGE, "https://img.page.test", "https://img.test"])
@pytest.mark.parametrize("engine", ["chromium", "firefox"])  # WebKit names the page as Referer
def test_the_images_of_a_style_sheet(stage_of: StageOf, engine: str, of: str, policy: str) -> None:
    """They are the page's, wherever the sheet is from, which is their Referer."""
    stage = stage_of(engine, SECURE_PAGE)
    name = f"of-{of.rpartition('/')[2].replace('.', '-')}-{policy}"
    image, sheet = stage.url(f"{name}.gif", of), stage.url(f"{name}.css", "https://cdn.test")
    css = f".{name} {{ content: url({image}); display: inline-block }}"
    line = (("Cross-Origin-Resource-Policy", policy),) if policy != "none" else ()
    stage.server.routes["GET", sheet] = Answer(200, (("Content-Type", "text/css"),), css.encode())
    stage.server.routes["GET", image] = Answer(200, (("Content-Type", "image/gif"), *line), GIF)
    is_shown = stage.page.run(SHEET, [sheet, name])  # type: ignore[attr-defined]
    found = [
        (each["origin"], each["verdict"]) for each in stage.entries(image, 0 if is_shown else 1)
    ]
    assert found == ([] if is_shown else [(SECURE_PAGE, "blocked")])


@pytest.mark.parametrize("count", [20, 21])
@every_engine
def test_browsers_follow_twenty_redirects(stage: Stage, count: int) -> None:
    urls = [stage.url(f"chain-{count}/{hop}") for hop in range(count + 1)]
    for url, following in pairwise(urls):
        stage.server.routes["*", url] = redirect(following, ANY)
    stage.server.routes["*", urls[-1]] = answer(ANY)
    seen = stage.fetch(urls[0])
    assert seen.ok == (count == 20)
    [last] = stage.entries(urls[20])
    assert last["hop"] == 20
    reason = None if seen.ok else "too-many-redirects"
    assert last["verdicts"]["omit"]["reason"] == reason


@pytest.mark.parametrize("api", ["http://api.test", "https://api.test"])
@every_engine
def test_a_407_of_a_server(stage: Stage, engine: str, api: str) -> None:
    url = stage.url("407", api)
    stage.server.routes["*", url] = Answer(407, (ANY,))
    seen = stage.fetch(url)
    refuses = engine == "chromium" and api.startswith("https:")
    assert seen.ok != refuses
    [entry] = stage.entries(url)
    reason = "proxy-authentication" if refuses else None
    assert entry["verdicts"]["omit"]["reason"] == reason


@pytest.mark.parametrize(
    ("name", "copy", "renewal"),
    [
        pytest.param("bare", OWN, (), id="without headers"),
        pytest.param("wrong", OWN, (allow("http://b.test"),), id="with a wrong header"),
        pytest.param("right", OWN, (ANY,), id="with another right header"),
        pytest.param("better", allow("http://b.test"), (OWN,), id="with a better header"),
    ],
)
@pytest.mark.parametrize("engine", ["chromium", "firefox"])  # a private WebKit keeps nothing
def test_a_304_renews_the_copy(
    stage: Stage, name: str, copy: tuple[str, str], renewal: tuple[tuple[str, str], ...]
) -> None:
    url = stage.url(f"304/{name}")
    stage.server.routes["*", url] = answer(*KEPT, copy)
    stage.fetch(url)
    stage.server.routes["*", url] = answer(KEPT[0], *renewal, status=304)
    seen = stage.fetch(url)
    [_, entry] = stage.entries(url, 2)
    assert (entry["verdicts"]["omit"]["verdict"] == "allowed") == seen.ok
    assert seen.ok == (name != "wrong")


@pytest.mark.parametrize("renewal", [(ANY,), ()], ids=["with headers", "without any"])
@pytest.mark.parametrize("engine", ["chromium", "firefox"])
def test_a_304_may_renew_a_copy_that_was_asked_for_without_cors(
    stage: Stage, renewal: tuple[tuple[str, str], ...]
) -> None:
    url = stage.url(f"304/plain/{len(renewal)}")
    stage.server.routes["*", url] = answer(*KEPT, ("Content-Language", "de"))
    stage.fetch(url, NO_CORS)
    stage.server.routes["*", url] = answer(KEPT[0], *renewal, status=304)
    seen = stage.fetch(url)
    [entry] = stage.entries(url)
    assert (entry["verdicts"]["omit"]["verdict"] == "allowed") == seen.ok == bool(renewal)
    if seen.ok:
        assert set(entry["exposed"]) == {name for name, _ in seen.headers}
        assert "content-language" in entry["exposed"]


@pytest.mark.parametrize("of", ["actual", "preflight"])
@every_engine
def test_a_101_that_nobody_has_asked_for(stage: Stage, engine: str, of: str) -> None:
    """Over HTTP/1.1; only Firefox takes it for an answer."""
    url = stage.url(f"101/{of}")
    fine = answer(ANY, methods("PUT"))
    switches = answer(ANY, methods("PUT"), status=101)
    stage.server.routes["OPTIONS", url] = switches if of == "preflight" else fine
    stage.server.routes["*", url] = switches
    seen = stage.fetch(url, PUT)
    *_, entry = stage.entries(url, 1 if of == "preflight" else 2)
    assert seen.ok == (engine == "firefox" and of == "actual")
    verdict = entry["verdicts"]["omit"]
    if engine == "firefox":
        assert verdict["reason"] == ("preflight-status" if of == "preflight" else None)
    else:
        assert (verdict["reason"], verdict["detail"]) == ("connection-dropped", None)
        assert "takes 101 for no answer" in entry["error"]


AS_MUCH = "takes"
ONE_MORE = "refuses"


@pytest.mark.parametrize("of", ["actual", "preflight"])
@pytest.mark.parametrize("length", [AS_MUCH, ONE_MORE])
@every_engine
def test_a_head_as_long_as_a_browser_takes(stage: Stage, engine: str, length: str, of: str) -> None:
    url = stage.url(f"long/{length}/{of}")
    fine = answer(ANY, methods("PUT"))
    long = answer(ANY, methods("PUT"), ("X-Long", ""))
    room = LONGEST_HEADS[Engine(engine)] - long.wire("GET").index(b"\r\n\r\n") - 4
    value = "a" * (room + (length == ONE_MORE))
    long = answer(ANY, methods("PUT"), ("X-Long", value))
    stage.server.routes["OPTIONS", url] = long if of == "preflight" else fine
    stage.server.routes["*", url] = long if of == "actual" else fine
    seen = stage.fetch(url, PUT)
    assert seen.ok == (length == AS_MUCH)
    entry = stage.entries(url, 1 if of == "preflight" else 2)[0 if of == "preflight" else 1]
    verdict = entry["verdicts"]["omit"]
    assert (verdict["verdict"] == "allowed") == seen.ok
    assert (verdict["reason"], verdict["detail"]) == (
        (None, None) if seen.ok else ("connection-dropped", "too-long")
    )


def _counted(lines: Sequence[tuple[str, str]], besides: int) -> int:
    """What of a head counts over HTTP/2, with what is always there."""
    always = ((":status", "200"), ("content-length", "4"))
    return sum(len(name) + len(value) + besides for name, value in (*always, *lines))


@pytest.mark.parametrize(("of", "count"), [("actual", 8), ("preflight", 30)])
@pytest.mark.parametrize("length", [AS_MUCH, ONE_MORE])
@pytest.mark.parametrize("engine", ["chromium", "firefox"])
def test_a_head_as_long_as_a_browser_takes_over_http_2(
    stage_of: StageOf, engine: str, length: str, count: int, of: str
) -> None:
    """Browsers speak it to servers of https; WebKitGTK doesn't, through a proxy.

    Of many lines, as mitmproxy's work on one grows with the square of its length.
    """
    stage, path = stage_of(engine, SECURE_PAGE), f"long/{length}/{count}/{of}"
    url = stage.url(path, f"https://{length}-{count}-{of}.test")
    fine = answer(ANY, methods("PUT"))
    most, besides = LONGEST_HEADS_OVER_HTTP_2[Engine(engine)]
    further = [(f"X-Long-{n}", "a" * (most // count - 500)) for n in range(1, count)]
    lines = (ANY, methods("PUT"), *further, ("X-Long", ""))
    less = 0 if length == ONE_MORE or engine == "chromium" else 100  # docs/scope.md
    room = most - less - _counted(lines, besides) + (length == ONE_MORE)
    long = answer(*lines[:-1], ("X-Long", "a" * room))
    stage.server.routes["OPTIONS", url] = long if of == "preflight" else fine
    stage.server.routes["*", url] = long if of == "actual" else fine
    assert stage.fetch(url, PUT).ok == (length == AS_MUCH)
    entry = stage.entries(url, 1 if of == "preflight" else 2)[0 if of == "preflight" else 1]
    verdict = entry["verdicts"]["omit"]
    assert (verdict["reason"], verdict["detail"]) == (
        (None, None) if length == AS_MUCH else ("connection-dropped", "too-long")
    )


@pytest.mark.parametrize("of", ["actual", "preflight"])
@every_engine
def test_a_421_is_asked_again(stage: Stage, of: str) -> None:
    """Both requests are in the journal, and the preflight is that of both."""
    url = stage.url(f"421/{of}")
    fine, misdirected = answer(ANY, methods("PUT")), answer(ANY, methods("PUT"), status=421)
    stage.server.routes["OPTIONS", url] = misdirected if of == "preflight" else fine
    stage.server.routes["*", url] = misdirected
    seen = stage.fetch(url, PUT)
    entries = stage.entries(url, 2 if of == "preflight" else 3)
    sent = [received for received in stage.server.received if received.url == url]
    assert len(entries) == len(sent)
    assert [entry["status"] for entry in entries[-2:]] == [421, 421]
    if of == "preflight":
        assert not seen.ok
        assert {entry["reason"] for entry in entries} == {"preflight-status"}
    else:
        assert seen.status == 421
        assert [entry["preflight"] for entry in entries] == [
            None,
            entries[0]["id"],
            entries[0]["id"],
        ]


# Header lines that aren't as HTTP has them

ODD_LINES = {
    "a fold before": allow("\r\n *"),
    "a fold in a list": ("Content-Security-Policy", "img-src *;\r\n  font-src *"),
    "a carriage return": ("X-A", "a\rb"),
    "a carriage return behind the origin": allow("*\rX"),
    "a carriage return and a fold": allow("*\r X"),
    "a line of its own": ("X-A", "a\rAccess-Control-Allow-Origin: *"),
    "NUL": ("X-A", "a\x00b"),
    "NUL behind the origin": allow("*\x00"),
    "a control": ("X-A", "a\x01b"),
    "another": ("X-A", "a\x7fb"),
    "a tab": ("X-A", "a\tb"),
    "no ASCII": ("X-A", "a\xe9\x80b"),
}


@every_engine
@pytest.mark.parametrize("page", [PAGE, SECURE_PAGE])
@pytest.mark.parametrize("name", ODD_LINES)
def test_what_is_made_of_odd_lines(stage_of: StageOf, engine: str, page: str, name: str) -> None:
    stage, line = stage_of(engine, page), ODD_LINES[name]
    url = stage.url(
        f"odd/{name.replace(' ', '-')}", "https://api.test" if page == SECURE_PAGE else API
    )
    lines = (line,) if "Origin" in "".join(line) else (ANY, line)
    stage.server.routes["GET", url] = answer(*lines)
    seen = stage.fetch(url)
    entry = stage.entries(url)[-1]
    verdict = entry["verdicts"]["omit"]
    assert (verdict["verdict"] == "allowed") is seen.ok
    if verdict["reason"] == "connection-dropped":
        assert (verdict["detail"], entry["status"]) == (line[0], None)
        assert entry["error"] == f"the browser doesn't take the header {line[0]}"
    if seen.ok:
        assert set(entry["exposed"]) == {name for name, _ in seen.headers} - {"x-firefox-spdy"}


ABORTED = """
async url => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 500);
    return await fetch(url, {signal: controller.signal}).then(() => "came", error => error.name);
}
"""


@pytest.mark.parametrize("engine", ["chromium", "firefox"])
def test_what_the_page_gives_up_is_no_cors_error(stage: Stage) -> None:
    """Script takes its request back before the server says anything."""
    url = stage.url("given-up")
    stage.server.routes["GET", url] = Answer(headers=(ANY,), delay=3.0)
    assert stage.page.run(ABORTED, url) == "AbortError"  # type: ignore[attr-defined]
    [entry] = stage.entries(url)
    assert (entry["verdict"], entry["reason"]) == ("blocked", "client-gone")


SOCKET = """
url => new Promise(resolve => {
    const socket = new WebSocket(url);
    socket.onopen = () => { resolve("open"); socket.close(); };
    socket.onerror = () => resolve("failed");
    socket.onclose = () => resolve("closed");
})
"""


@pytest.mark.parametrize("is_let_in", [True, False])
@pytest.mark.parametrize("status", [101, 200, 302, 400, 401, 403, 404])
@every_engine
def test_a_web_socket_is_open_with_one_status(
    stage_of: StageOf, engine: str, status: int, is_let_in: bool
) -> None:
    """Whatever its answer says of CORS.

    Each has a host of its own: Firefox waits longer and longer before it asks one that has failed.
    """
    stage = stage_of(engine, SECURE_PAGE)
    url = stage.url("socket", f"https://socket-{status}-{is_let_in}.test".lower())
    lines = (allow(SECURE_PAGE),) if is_let_in else ()
    stage.server.routes["GET", url] = Answer(status, lines)
    seen = stage.page.run(SOCKET, url.replace("https:", "wss:"))  # type: ignore[attr-defined]
    assert seen == ("open" if status == 101 else "failed")
    [entry] = stage.entries(url)
    assert (entry["mode"], entry["verdict"]) == ("websocket", "allowed")
    found = [(each["id"], each["detail"]) for each in entry["findings"]]
    assert found == ([] if seen == "open" else [("websocket-refused", str(status))])


@pytest.mark.parametrize("engine", ["webkit"])  # the others ask for a tunnel
def test_a_web_socket_that_mitmproxy_passes_nowhere(stage: Stage) -> None:
    """Without a port in its URL, the addon isn't even told."""
    url = "ws://socket.test:8000/socket"
    assert stage.page.run(SOCKET, url) == "failed"  # type: ignore[attr-defined]
    [entry] = stage.entries(url)
    assert (entry["mode"], entry["reason"]) == ("websocket", "no-response")
    assert (entry["error"], entry["detail"]) == ("Invalid request scheme: ws", "scheme")
