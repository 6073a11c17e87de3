"""What a worker fetches is judged as what its page does, and no credentials are taken for sure.

The server lets anybody read without credentials, and the worker asks with them. What its console
prints is a page's, but for what comes after the cause; of what a module worker imports, that shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from tests.browsers.agreement import ENGINES, OPTIONS
from tests.browsers.case import LOCAL_PAGE, SECURE_PAGE
from tests.browsers.consoles import printed_of
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


REFUSED_API = "https://api.test"
ANYONE = ("Access-Control-Allow-Origin", "*")

IMPORTED: Mapping[str, Sequence[tuple[str, str]]] = {
    "import-none": (),
    "import-other": (("Access-Control-Allow-Origin", "https://b.test"),),
    "import-redirect": (("Location", f"{REFUSED_API}/import-none"), ANYONE),
    "import-refused-redirect": (("Location", f"{REFUSED_API}/import-none"),),
    "import-invalid": (("Location", "http://[x"), ANYONE),
    "import-mixed": (("Location", "http://api.test/import-none"), ANYONE),
}
"""What a module worker imports, by its path: the lines of the answer."""

ASKED: Mapping[str, str] = {
    "fetch": "fetch(url)",
    "put": "fetch(url, {method: 'PUT'})",
    "events": "new Promise((_, no) => { new EventSource(url).onerror = no; })",
    "import": "import(url)",
}
"""What another worker asks for, all of it refused, by its path."""

AFTER_THE_CAUSE = ("Failed to load resource", "Fetch API cannot load", "EventSource cannot load")
"""How a message begins that only a page's console has."""

ELSE = "Importing a module script failed."
"""An exception's, where a WebKit's worker doesn't start."""


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


def page_of_workers() -> dict[tuple[str, str], Scripted]:
    """A page that starts one worker after the other; each tells when it has ended, or is broken."""
    scripts = {path: f'import "{REFUSED_API}/{path}";' for path in IMPORTED} | {
        path: f"const url = '{REFUSED_API}/{path}'; {script}.catch(() => postMessage('badly'));"
        for path, script in ASKED.items()
    }
    start = """<script type="module">
        for (const path of PATHS) {
            const worker = new Worker(`/${path}.js`, {type: "module"});
            await new Promise((done) => { worker.onmessage = worker.onerror = done; });
        }
        await fetch("/told?all");
    </script>""".replace("PATHS", str([*scripts]))
    no_store = ("Cache-Control", "no-store")
    return {
        ("GET", f"{SECURE_PAGE}/"): Answer(
            headers=EMPTY_PAGE.headers, body=EMPTY_PAGE.body + start.encode()
        ),
        ("GET", f"{SECURE_PAGE}/told?all"): Answer(),
        **{
            ("GET", f"{SECURE_PAGE}/{path}.js"): Answer(headers=JAVASCRIPT, body=script.encode())
            for path, script in scripts.items()
        },
        **{
            ("GET", f"{REFUSED_API}/{path}"): Answer(
                302 if "Location" in dict(lines) else 200, (*JAVASCRIPT, no_store, *lines)
            )
            for path, lines in IMPORTED.items()
        },
        **{("*", f"{REFUSED_API}/{path}"): Answer(headers=JAVASCRIPT) for path in ASKED},
    }


@pytest.mark.parametrize("engine", ENGINES)
def test_a_workers_console_has_the_cause_alone(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    browser = request.getfixturevalue(engine)
    with (
        OriginServer(page_of_workers()) as server,
        Mitmdump(tmp_path, server.upstream_mode, OPTIONS) as proxy,
    ):

        def told() -> list[str]:
            return [each.url for each in server.received if each.url.endswith("/told?all")]

        printed = printed_of(browser, f"{SECURE_PAGE}/", proxy.port, told)
    said = [text for text, _ in printed if text != ELSE]
    refused = [
        entry
        for entry in proxy.journal()
        if entry["type"] == "exchange" and entry["verdicts"]["omit"]["verdict"] == "blocked"
    ]
    paths = {entry["scene"]["first_url"].removeprefix(f"{REFUSED_API}/") for entry in refused}
    assert paths == {*IMPORTED, *ASKED}
    foretold = [
        line
        for entry in refused
        for line in (entry["console"] or "").splitlines()
        if entry["scene"]["destination"] == "worker" or not line.startswith(AFTER_THE_CAUSE)
    ]
    assert said == foretold
