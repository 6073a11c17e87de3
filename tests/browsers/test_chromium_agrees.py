"""What corscope journals is what a real Chromium does, case by case.

All cases run once, in one browser through one mitmdump, which is then stopped: only a journal
that has been closed holds every outcome. The tests compare what was recorded on all sides.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.browsers.cases import CASES, COOKIE_ORIGIN, PAGES, Case
from tests.support.chromium import Chromium, Failed, Page, Seen
from tests.support.mitmdump import Entry, Mitmdump
from tests.support.origin_server import EMPTY_PAGE, Answer, HangUp, OriginServer, Received

pytestmark = pytest.mark.browser

every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
every_allowed_case = pytest.mark.parametrize(
    "case",
    [case for case in CASES if case.error is None and not case.same_origin],
    ids=lambda case: case.id,
)


@dataclass(frozen=True, slots=True)
class Run:
    """One case as the page, the browser's network stack, the server and the journal saw it."""

    case: Case
    seen: Seen
    failed: Failed | None
    received: tuple[Received, ...]
    entries: tuple[Entry, ...]

    @property
    def verdicts(self) -> list[Entry]:
        """The exchanges' verdicts for the case's credentials mode, in order."""
        return [entry["verdicts"][self.case.mode] for entry in self.entries]


@dataclass(frozen=True, slots=True)
class Record:
    """All cases, the last word on each preflight by its id, and the event log."""

    runs: Mapping[str, Run]
    outcomes: Mapping[str, Entry]
    log: str


@pytest.fixture(scope="module")
def record(chromium: Chromium, tmp_path_factory: pytest.TempPathFactory) -> Record:
    """Run every case, stop mitmdump, and put together what all sides recorded."""
    folder = tmp_path_factory.mktemp("agrees")
    with OriginServer() as server:
        with Mitmdump(folder, server.upstream_mode) as proxy:
            pages = _open_pages(chromium, server, proxy)
            ends = [_play(case, pages[case.page], server) for case in CASES]
            for page in pages.values():
                page.close()
        journal = proxy.journal()
    runs = [_run(*end, server, journal) for end in ends]
    return Record(
        runs={run.case.slug: run for run in runs},
        outcomes={entry["id"]: entry for entry in journal if entry["type"] == "outcome"},
        log=proxy.log(),
    )


@pytest.fixture
def run(record: Record, case: Case) -> Run:
    """The case's own part of the record."""
    return record.runs[case.slug]


def _open_pages(chromium: Chromium, server: OriginServer, proxy: Mitmdump) -> dict[str, Page]:
    """Open one page an origin, and have the one host with a cookie set it."""
    for origin in PAGES:
        server.routes["GET", f"{origin}/"] = EMPTY_PAGE
    pages = {origin: chromium.open(f"{origin}/", proxy.port) for origin in PAGES}
    login = f"{COOKIE_ORIGIN}/login"
    for origin, page in pages.items():
        server.routes["GET", login] = Answer(
            headers=(
                ("Access-Control-Allow-Origin", origin),
                ("Access-Control-Allow-Credentials", "true"),
                ("Set-Cookie", "session=1"),
            )
        )
        assert page.fetch(login, {"credentials": "include"}).ok
    return pages


def _play(case: Case, page: Page, server: OriginServer) -> tuple[Case, Seen, Failed | None]:
    """Have the page fetch, and wait for the browser to name the failure where there is one."""
    server.routes.update(case.routes())
    send = page.xhr if case.xhr else page.fetch
    seen = send(case.start, case.init, case.sandboxed)
    return case, seen, None if seen.ok else page.wait_for_failure(case.start)


def _run(
    case: Case, seen: Seen, failed: Failed | None, server: OriginServer, journal: list[Entry]
) -> Run:
    """Pick out what server and journal recorded of the case, by its URLs."""
    exchanges = [entry for entry in journal if entry["type"] == "exchange"]
    return Run(
        case,
        seen,
        failed,
        tuple(request for request in server.received if _slug(request.url) == case.slug),
        tuple(entry for entry in exchanges if _slug(entry["url"]) == case.slug),
    )


def _slug(url: str) -> str:
    return urlsplit(url).path.split("/")[1]


def _is_preflight(request: Received) -> bool:
    return request.method == "OPTIONS" and bool(request.values("Access-Control-Request-Method"))


def test_no_two_cases_share_a_url() -> None:
    """A shared URL would let one case's cached preflight open the way for another."""
    assert len({case.slug for case in CASES}) == len(CASES)


def test_no_case_trips_corscope(record: Record) -> None:
    """An exception in corscope lets the flow pass, so only the log would tell of one."""
    assert "Traceback" not in record.log


@every_case
def test_the_case_is_what_it_says(run: Run) -> None:
    """The browser ends the fetch as the row states, and asks for nothing that it does not."""
    error = (run.failed.cors_error or run.failed.error_text) if run.failed else None
    assert error == run.case.error
    scripted = set(run.case.routes())
    for request in run.received:
        method = "OPTIONS" if _is_preflight(request) else "*"
        assert (method, request.url) in scripted


@every_case
def test_cookies_go_where_the_case_sends_them(run: Run) -> None:
    """A cookie travels exactly with include, to the host that set it, and never on a preflight."""
    for request in run.received:
        same_site = request.url.startswith(COOKIE_ORIGIN)
        expected = same_site and run.case.mode == "include" and not _is_preflight(request)
        assert bool(request.values("Cookie")) == expected


@every_case
def test_script_sees_the_verdict(run: Run) -> None:
    """A fetch resolves exactly when every exchange that it caused is allowed."""
    assert all(each["verdict"] == "allowed" for each in run.verdicts) == run.seen.ok


@every_case
def test_the_browser_names_the_journalled_reason(run: Run) -> None:
    """What stops a fetch is one exchange, the last, and Chromium's error is the one journalled."""
    last_word = ("blocked", run.failed.cors_error) if run.failed else ("allowed", None)
    before = [("allowed", None)] * (len(run.entries) - 1)
    journalled = [(each["verdict"], each["chromium"]) for each in run.verdicts]
    assert journalled == ([*before, last_word] if run.entries else [])


@every_allowed_case
def test_script_reads_what_is_exposed(run: Run) -> None:
    """Script can read the headers that the journal says are exposed, and no other."""
    readable = {name.lower() for name, _ in run.seen.headers}
    exposed = run.entries[-1]["exposed"] if run.entries else []  # no-cors sends no Origin to GET
    assert {name.lower() for name in exposed} == readable


@every_case
def test_every_exchange_is_journalled(run: Run) -> None:
    """Each request with an Origin is journalled once, in order; a preflight by what it asks."""
    expected = []
    for request in run.received:
        kind = "preflight" if _is_preflight(request) else "actual"
        method = request.values("Access-Control-Request-Method") or [request.method]
        expected += [(kind, origin, request.url, method[0]) for origin in request.values("Origin")]
    journalled = [(e["kind"], e["origin"], e["url"], e["method"]) for e in run.entries]
    assert journalled == expected


@every_case
def test_the_answer_is_journalled_as_it_was_written(run: Run) -> None:
    """Status and Allow-Origin lines stand in the journal as the server wrote them, repeats too."""
    routes = run.case.routes()
    for entry in run.entries:
        method = "OPTIONS" if entry["kind"] == "preflight" else "*"
        scripted = routes[method, entry["url"]]
        if isinstance(scripted, HangUp):
            assert (entry["status"], bool(entry["error"])) == (None, True)
            continue
        assert entry["status"] == scripted.status
        assert _allow_origins(entry["headers"]) == _allow_origins(scripted.headers)


def _allow_origins(headers: list[list[str]] | tuple[tuple[str, str], ...]) -> list[str]:
    return [
        value.strip(" \t")
        for name, value in headers
        if name.lower() == "access-control-allow-origin"
    ]


@every_case
def test_preflights_are_paired(run: Run, record: Record) -> None:
    """An actual request names the preflight that let it pass, whose outcome names it in turn."""
    preflights = {e["url"]: e["id"] for e in run.entries if e["kind"] == "preflight"}
    actuals = {e["url"]: e for e in run.entries if e["kind"] == "actual"}
    for url, entry in actuals.items():
        assert entry["preflight"] == preflights.get(url)
    for url, preflight in preflights.items():
        outcome = record.outcomes[preflight]
        followed_by = actuals[url]["id"] if url in actuals else None
        expected = "followed" if followed_by else "not-followed"
        assert (outcome["outcome"], outcome["actual"]) == (expected, followed_by)


@every_case
def test_credentials_are_never_guessed(run: Run) -> None:
    """The journal knows the case's credentials mode or says that it does not."""
    for entry in run.entries:
        assert entry["credentials"] in {"unknown", run.case.mode}


@every_case
def test_the_verdict_is_conditional_only_on_unseen_credentials(run: Run) -> None:
    """The verdict is that of the mode that was seen, of both where they agree, or open."""
    for entry in run.entries:
        modes = {mode: each["verdict"] for mode, each in entry["verdicts"].items()}
        if entry["credentials"] == "unknown":
            expected = modes["omit"] if modes["omit"] == modes["include"] else "conditional"
        else:
            expected = modes[entry["credentials"]]
        assert entry["verdict"] == expected


def test_a_backend_that_is_not_there(chromium: Chromium, tmp_path: Path) -> None:
    """Chromium calls a refused connection a CORS error: mitmproxy's own 502 has no headers."""
    with (
        socket.socket() as closed,
        OriginServer() as server,
        Mitmdump(tmp_path) as proxy,
    ):
        closed.bind(("127.0.0.1", 0))  # bound, not listening: nobody else can answer there
        start = f"http://127.0.0.1:{server.port}/"
        target = f"http://127.0.0.1:{closed.getsockname()[1]}/gone"
        server.routes["GET", start] = EMPTY_PAGE
        page = chromium.open(start, proxy.port)
        seen = page.fetch(target)
        failed = page.wait_for_failure(target)
        page.close()
        entry = proxy.wait_for(lambda entry: entry.get("url") == target)
    assert not seen.ok
    assert failed.cors_error == "MissingAllowOriginHeader"
    assert (entry["status"], entry["verdict"]) == (None, "blocked")
    assert entry["error"]
    assert entry["verdicts"]["omit"]["chromium"] == failed.cors_error
