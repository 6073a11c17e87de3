"""Pages that aren't plainly served: which Origin they send, and that the journal follows it.

Each page asks for the same answers and tells the server which of them it could read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, unquote

import pytest

from tests.browsers.agreement import ENGINES
from tests.browsers.case import ANY, BARE, PAGE, PUT, allow, answer, credentials, methods
from tests.support.mitmdump import Mitmdump, wait_until
from tests.support.origin_server import Answer, OriginServer

pytestmark = pytest.mark.browser

OPTIONS = {"cors_urls": "full", "ssl_insecure": True, "connection_strategy": "lazy"}

ASKED: Mapping[str, tuple[Answer, Mapping[str, object]]] = {
    "bare": (BARE, {}),
    "any": (answer(ANY), {}),
    "null": (answer(allow("null")), {}),
    "page": (answer(allow(PAGE)), {}),
    "file": (answer(allow("file://")), {}),
    "put": (answer(allow("null"), methods("PUT")), PUT),
    "include": (answer(allow("null"), credentials()), {"credentials": "include"}),
}

APIS = ("http://api.test", "https://api.test")

SCRIPT = """
(async () => {
    const read = [];
    for (const api of APIS) {
        for (const [name, init] of Object.entries(INITS)) {
            await fetch(`${api}/${name}`, init).then(() => read.push(`${api}/${name}`), () => {});
        }
    }
    await fetch("TOLD" + encodeURIComponent(JSON.stringify(read)), {mode: "no-cors"});
})();
"""

# How a page of PAGE's origin puts the document that asks, `html`, into a frame.
FRAMES: Mapping[str, tuple[str, str]] = {
    "a data: frame": ("frame.src = 'data:text/html,' + encodeURIComponent(html)", "null"),
    "a srcdoc frame": ("frame.srcdoc = html", PAGE),
    "a blob: frame": ("frame.src = blob()", PAGE),
    "a sandboxed srcdoc frame": ("frame.sandbox = 'allow-scripts'; frame.srcdoc = html", "null"),
    "a sandboxed blob: frame": ("frame.sandbox = 'allow-scripts'; frame.src = blob()", "null"),
    "a sandboxed frame": ("frame.sandbox = 'allow-scripts'; frame.src = 'asks'", "null"),
    "a sandboxed frame of the same origin": (
        "frame.sandbox = 'allow-scripts allow-same-origin'; frame.srcdoc = html",
        PAGE,
    ),
}


def document(script: str) -> str:
    return f"<!doctype html><link rel=icon href='data:,'><body><script>{script}</script>"


def asking(place: str) -> str:
    inits = json.dumps({name: init for name, (_, init) in ASKED.items()})
    apis = json.dumps([f"{api}/{place}" for api in APIS])
    told = f"{PAGE}/{place}/told?"
    return document(SCRIPT.replace("INITS", inits).replace("APIS", apis).replace("TOLD", told))


def asked(place: str) -> list[tuple[str, Answer, Mapping[str, object]]]:
    """Each URL, what it answers, and how it is asked for."""
    return [
        (f"{api}/{place}/{name}", given, init)
        for api in APIS
        for name, (given, init) in ASKED.items()
    ]


def framing(way: str, html: str) -> str:
    held = json.dumps(html).replace("</", "<\\/")
    return document(
        f"const html = {held}; const frame = document.createElement('iframe');"
        "const blob = () => URL.createObjectURL(new Blob([html], {type: 'text/html'}));"
        f"{way}; document.body.append(frame);"
    )


def page(html: str) -> Answer:
    return Answer(headers=(("Content-Type", "text/html"),), body=html.encode())


@pytest.fixture(scope="module")
def served(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[OriginServer, Mitmdump]]:
    folder = tmp_path_factory.mktemp("pages")
    with OriginServer() as server, Mitmdump(folder, server.upstream_mode, OPTIONS) as proxy:
        yield server, proxy


@pytest.mark.parametrize("kind", ["a data: page", "a file: page", *FRAMES])
@pytest.mark.parametrize("engine", ENGINES)
def test_the_journal_tells_what_an_odd_page_can_read(
    engine: str,
    kind: str,
    served: tuple[OriginServer, Mitmdump],
    request: pytest.FixtureRequest,
    tmp_path: Path,
) -> None:
    server, proxy = served
    place = f"{engine}/{quote(kind)}"
    browser, html = request.getfixturevalue(engine), asking(place)
    way, origin = FRAMES.get(kind, ("", "null"))
    file = tmp_path / "page.html"
    file.write_text(html, "utf-8")
    start = {"a data: page": f"data:text/html,{quote(html)}", "a file: page": file.as_uri()}
    server.routes["GET", f"{PAGE}/{place}/"] = page(framing(way, html))
    server.routes["GET", f"{PAGE}/{place}/asks"] = page(html)
    for url, given, _ in asked(place):
        server.routes["*", url] = given
    opened = browser.open(start.get(kind, f"{PAGE}/{place}/"), proxy.port)
    told = f"{PAGE}/{place}/told?"
    [report] = wait_until(lambda: [r for r in server.received if r.url.startswith(told)], 30, kind)
    opened.close()
    read = json.loads(unquote(report.url.removeprefix(told)))
    names = {"any", "null", "put", "include"} if origin == "null" else {"any", "page"}
    assert {url.rpartition("/")[2] for url in read} == names
    last = {e["url"]: e for e in proxy.journal() if e["type"] == "exchange"}
    for url, _, init in asked(place):
        verdict = last[url]["verdicts"][str(init.get("credentials", "omit"))]["verdict"]
        assert (last[url]["origin"], verdict == "allowed") == (origin, url in read), url
