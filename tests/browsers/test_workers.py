"""What a worker fetches is judged as what its page does, and no credentials are taken for sure.

The server lets anybody read without credentials, and the worker asks with them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browsers.agreement import ENGINES, OPTIONS
from tests.browsers.case import LOCAL_PAGE
from tests.support.mitmdump import Entry, Mitmdump, wait_until
from tests.support.origin_server import EMPTY_PAGE, Answer, OriginServer, Scripted

pytestmark = pytest.mark.browser

API = "http://127.0.0.1:8000"
JAVASCRIPT = (("Content-Type", "text/javascript"),)

ASK = "fetch(`{api}/worker`, {credentials: 'include'})".replace("{api}", API)
TELL = f"const tell = (tell) => {ASK}.then(() => tell('well'), () => tell('badly'));"

SCRIPTS = {
    "worker": f"{TELL} tell(postMessage);",
    "shared": f"{TELL} onconnect = ({{ports: [to]}}) => tell((ended) => to.postMessage(ended));",
    "service": "onactivate = (event) => event.waitUntil(clients.claim());"
    "onfetch = (event) => event.respondWith(fetch(event.request));",
}
STARTS = {
    "worker": "new Worker('/worker.js').onmessage = ({data}) => told(data);",
    "shared": "new SharedWorker('/worker.js').port.onmessage = ({data}) => told(data);",
    "service": "navigator.serviceWorker.oncontrollerchange = () => "
    f"{ASK}.then(() => told('well'), () => told('badly'));"
    "navigator.serviceWorker.register('/worker.js');",
}
"""How a page has a worker of each kind ask, or what it asks itself be asked by it."""

SEEN = {"chromium": "include", "firefox": "unknown", "webkit": "unknown"}
"""The credentials mode of the worker's request."""


def routes(kind: str) -> dict[tuple[str, str], Scripted]:
    script = f"""<script>
        const told = (ended) => fetch("/told?" + ended);
        fetch("{API}/page").then(() => {{ {STARTS[kind]} }});
    </script>"""
    allowed = Answer(headers=(("Access-Control-Allow-Origin", "*"), ("Cache-Control", "no-store")))
    return {
        ("GET", f"{LOCAL_PAGE}/"): Answer(
            headers=EMPTY_PAGE.headers, body=EMPTY_PAGE.body + script.encode()
        ),
        ("GET", f"{LOCAL_PAGE}/worker.js"): Answer(headers=JAVASCRIPT, body=SCRIPTS[kind].encode()),
        ("GET", f"{LOCAL_PAGE}/told?well"): Answer(),
        ("GET", f"{LOCAL_PAGE}/told?badly"): Answer(),
        ("GET", f"{API}/page"): allowed,
        ("GET", f"{API}/worker"): allowed,
    }


def exchanges(proxy: Mitmdump, path: str) -> Iterator[Entry]:
    return (entry for entry in proxy.journal() if entry.get("url") == f"{API}/{path}")


@pytest.mark.parametrize("kind", SCRIPTS)
@pytest.mark.parametrize("engine", ENGINES)
def test_a_workers_request_with_credentials_is_never_taken_for_one_without(
    engine: str, kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    browser = request.getfixturevalue(engine)
    with (
        OriginServer(routes(kind)) as server,
        Mitmdump(tmp_path, server.upstream_mode, OPTIONS) as proxy,
    ):

        def told() -> list[str]:
            return [each.url for each in server.received if "/told?" in each.url]

        page = browser.open(f"{LOCAL_PAGE}/", proxy.port)
        wait_until(lambda: bool(told()), 30, "the worker to be done")
        proxy.wait_for(lambda entry: entry.get("url") == f"{API}/worker")
        page.close()
        assert told() == [f"{LOCAL_PAGE}/told?badly"]
    [own] = exchanges(proxy, "page")
    assert own["credentials"] == ("unknown" if engine == "webkit" else "omit")
    [entry] = exchanges(proxy, "worker")
    assert entry["credentials"] == SEEN[engine]
    assert entry["verdict"] == ("blocked" if SEEN[engine] == "include" else "conditional")
    assert entry["verdicts"]["include"]["reason"] == "wildcard-with-credentials"
