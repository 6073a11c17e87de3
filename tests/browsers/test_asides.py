"""What browsers say of things that are taken for CORS is told from what CORS refuses.

A page tries each of them. All that its exceptions and the console say is pasted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote

import pytest

from corscope.explain.pasted.paste import found_in
from corscope.fetch.reasons import Reason
from tests.browsers.agreement import ENGINES, OPTIONS
from tests.browsers.case import SECURE_PAGE
from tests.browsers.conftest import need
from tests.browsers.consoles import printed_of, when_silent
from tests.browsers.embedded import GIF
from tests.support.chromium import Chromium, missing_parts
from tests.support.firefox import Firefox
from tests.support.mitmdump import Mitmdump
from tests.support.origin_server import EMPTY_PAGE, Answer, OriginServer, Scripted
from tests.support.webkit import WebKit

pytestmark = pytest.mark.browser

API = "https://api.test"

TRIED: Mapping[str, str] = {
    "pixels": "drawn().then((context) => context.getImageData(0, 0, 1, 1))",
    "rules": """element("link", {rel: "stylesheet", href: `${api}/style`})
        .then((link) => link.sheet.cssRules)""",
    "worker": """new Promise((_, reject) => {
        new Worker(`${api}/script`).onerror = () => reject("an error event");
    })""",
    "same-origin": "fetch(`${api}/open`, {mode: 'same-origin'})",
    "frame": """element("iframe", {src: `${api}/frame`})
        .then((frame) => frame.contentWindow.document.body)""",
    "message": """element("iframe", {src: `${api}/frame`})
        .then((frame) => frame.contentWindow.postMessage("x", "https://wrong.test"))""",
    "policy": 'element("iframe", {src: "/policy"}).then(() => pause(500))',
    "opaque": 'element("img", {src: `${api}/json`})',
    "upgraded": 'element("img", {src: "http://api.test/image"})',
    "unchecked": 'element("script", {integrity, src: `${api}/script`})',
    "wrong hash": 'element("script", {crossOrigin: "anonymous", integrity, src: `${api}/open`})',
    "type": 'element("script", {src: `${api}/nosniff`})',
    "framed": 'element("iframe", {src: `${api}/framed`})',
    "cookie": "fetch(`${api}/cookie`, {credentials: 'include'})",
    "forbidden": """new Promise((resolve) => {
        const xhr = new XMLHttpRequest();
        xhr.onload = resolve;
        xhr.open("GET", `${api}/open`);
        xhr.setRequestHeader("Origin", "null");
        xhr.send();
    })""",
    "font": "document.fonts.load('12px font')",
    "module": "import(`${api}/script`)",
    "header": """new Promise((resolve) => {
        const xhr = new XMLHttpRequest();
        xhr.onload = () => resolve(xhr.getResponseHeader("X-Total"));
        xhr.open("GET", `${api}/open`);
        xhr.send();
    })""",
    "space": "fetch(`${api}/open`, {targetAddressSpace: 'local'})",
    "fetch": "fetch(`${api}/script`)",
    "at once": """new Promise(() => {
        const xhr = new XMLHttpRequest();
        xhr.open("GET", `${api}/script`, false);
        xhr.send();
    })""",
}

EXPECTED: Mapping[str, Sequence[str]] = {
    "chromium": (
        "read its pixels",
        "read its rules",
        "the page's own origin",
        "another origin, where CORS",
        "Content-Security-Policy",
        "the answer doesn't expose",
        "asked by https instead",
        "the integrity of a file",
        "in a frame of this page",
        "only the browser sets",
        "a targetAddressSpace",
        "names the cause",
        "the browser's console can",
    ),
    "firefox": (
        "read its rules",
        "the page's own origin",
        "another origin, where CORS",
        "the targetOrigin",
        "Content-Security-Policy",
        "of a type like html",
        "a cookie isn't taken",
        "asked by https instead",
        "the integrity of a file",
        "in a frame of this page",
        "only the browser sets",
        "names the cause",
        "the browser's console can",
    ),
    "webkit": (
        "of a type like html",
        "read its pixels",
        "read its rules",
        "another origin, where CORS",
        "the targetOrigin",
        "Content-Security-Policy",
        "asked by https instead",
        "the integrity of a file",
        "in a frame of this page",
        "only the browser sets",
        "names the cause",
        "the browser's console can",
    ),
}
"""A few words of each aside that the engine's messages lead to; the others aren't its own."""

_PAGE = """<style>@font-face { font-family: font; src: url(https://api.test/font) }</style>
<body><script>
const api = "https://api.test", said = [];
const integrity = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const element = (name, values) => new Promise((resolve) => {
  const made = Object.assign(document.createElement(name), values);
  made.onload = made.onerror = () => resolve(made);
  document.body.append(made);
});
const drawn = () => element("img", {src: `${api}/image`}).then((image) => {
  const context = document.createElement("canvas").getContext("2d");
  context.drawImage(image, 0, 0);
  return context;
});
(async () => {
  for (const tried of [TRIED]) {
    await Promise.race([tried(), pause(1500)]).catch((error) => said.push(String(error)));
  }
  await fetch(`/said?${encodeURIComponent(JSON.stringify(said))}`);
})();
</script>"""

_POLICY_PAGE = b"<script>fetch('https://api.test/open').catch(() => {});</script>"


def _routes() -> dict[tuple[str, str], Scripted]:
    def typed(type_: str, body: bytes, *lines: tuple[str, str]) -> Answer:
        return Answer(headers=(("Content-Type", type_), *lines), body=body)

    tried = ", ".join(f"async () => {script}" for script in TRIED.values())
    policy = ("Content-Security-Policy", "connect-src 'self'; script-src 'unsafe-inline'")
    any_origin = ("Access-Control-Allow-Origin", "*")
    return {
        ("GET", f"{SECURE_PAGE}/"): Answer(
            headers=EMPTY_PAGE.headers,
            body=EMPTY_PAGE.body + _PAGE.replace("TRIED", tried).encode(),
        ),
        ("GET", f"{SECURE_PAGE}/policy"): typed("text/html", _POLICY_PAGE, policy),
        ("GET", f"{SECURE_PAGE}/said"): Answer(),
        ("GET", f"{API}/image"): typed("image/gif", GIF),
        ("GET", f"{API}/style"): typed("text/css", b"a {}"),
        ("GET", f"{API}/script"): typed("text/javascript", b"1"),
        ("GET", f"{API}/frame"): typed("text/html", b"<p>frame"),
        ("GET", f"{API}/font"): typed("font/ttf", b"none"),
        ("GET", f"{API}/json"): typed(
            "application/json", b"{}", ("X-Content-Type-Options", "nosniff")
        ),
        ("GET", f"{API}/nosniff"): typed("text/html", b"1", ("X-Content-Type-Options", "nosniff")),
        ("GET", f"{API}/framed"): typed("text/html", b"<p>framed", ("X-Frame-Options", "DENY")),
        ("GET", f"{API}/cookie"): typed(
            "text/plain",
            b"cookie",
            ("Access-Control-Allow-Origin", SECURE_PAGE),
            ("Access-Control-Allow-Credentials", "true"),
            ("Set-Cookie", "a=1; SameSite=Lax"),
        ),
        ("GET", f"{API}/open"): typed("text/plain", b"open", any_origin, ("X-Total", "1")),
    }


def _said(browser: Chromium | Firefox | WebKit, folder: Path) -> Sequence[str]:
    """The texts of all exceptions, and all that the console printed."""
    start = f"{SECURE_PAGE}/"
    with (
        OriginServer(_routes()) as server,
        Mitmdump(folder, server.upstream_mode, OPTIONS) as proxy,
    ):

        def told() -> list[str]:
            return [each.url for each in server.received if "/said?" in each.url]

        printed = [
            text for text, _ in printed_of(browser, start, proxy.port, told, Firefox.console)
        ]
        return [*json.loads(unquote(told()[0].partition("?")[2])), *printed]


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_taken_for_cors_is_told_from_it(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    said = _said(request.getfixturevalue(engine), tmp_path)
    found = {text: found_in(text) for text in said}
    asides = {each.aside for each in found.values() if each is not None and each.aside is not None}
    for words in EXPECTED[engine]:
        assert [aside for aside in asides if words in aside], words
    # Scripts and a font are asked for with CORS here, and their server has no headers for it.
    reasons = {text: each.reasons for text, each in found.items() if each and each.reasons}
    assert reasons
    for text, named in reasons.items():
        assert Reason.ALLOW_ORIGIN_MISSING in named, text


def test_local_network_access_is_told_from_cors() -> None:
    """Though Chromium calls it so; a page of a public address asks one of this machine."""
    need(missing_parts())
    any_origin = (("Access-Control-Allow-Origin", "*"),)
    with OriginServer() as public, OriginServer() as api:
        url = f"http://127.0.0.1:{public.port}/"
        public.routes["GET", url] = EMPTY_PAGE
        api.routes["GET", f"http://127.0.0.1:{api.port}/x"] = Answer(headers=any_origin)
        override = f"--ip-address-space-overrides=127.0.0.1:{public.port}=public"
        with Chromium(override) as browser:
            page = browser.open(url, None)
            assert not page.fetch(f"http://127.0.0.1:{api.port}/x").ok
            said = when_silent(lambda: tuple(page.console))
            page.close()
    [text] = [text for text, _ in said if "CORS policy" in text]
    found = found_in(text)
    assert found is not None
    assert found.reasons == ()
    assert "local network access" in str(found.aside)


_WORKED = "https://worked.test"
"""A page of its own: the browser keeps the worker, and asks for it again at other times."""
_WORKER_PAGE = """<script>
navigator.serviceWorker.oncontrollerchange = () =>
  fetch("https://api.test/taken").catch((error) => fetch(`/said?${error}`));
navigator.serviceWorker.register("/worker");
</script>"""
_WORKER = b"""
onactivate = (event) => event.waitUntil(clients.claim());
onfetch = (event) => {
  const url = event.request.url;
  if (url.endsWith("/taken")) event.respondWith(fetch(url, {mode: "no-cors"}));
};
"""


@pytest.mark.parametrize("engine", ["firefox", "webkit"])
def test_what_a_service_worker_spoils_is_told_so(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Chromium says it in the worker's own console."""
    page = Answer(headers=EMPTY_PAGE.headers, body=EMPTY_PAGE.body + _WORKER_PAGE.encode())
    routes: dict[tuple[str, str], Scripted] = {
        ("GET", f"{_WORKED}/"): page,
        ("GET", f"{_WORKED}/worker"): Answer(
            headers=(("Content-Type", "text/javascript"),), body=_WORKER
        ),
        ("GET", f"{API}/taken"): Answer(),
    }
    browser = request.getfixturevalue(engine)
    with (
        OriginServer(routes) as server,
        Mitmdump(tmp_path, server.upstream_mode, OPTIONS) as proxy,
    ):
        printed = printed_of(
            browser,
            f"{_WORKED}/",
            proxy.port,
            lambda: [each for each in server.received if "/said?" in each.url],
            Firefox.console,
        )
    found = [found_in(text) for text, _ in printed if "opaque" in text]
    assert found
    for each in found:
        assert each is not None
        assert "the page's service worker" in str(each.aside)
