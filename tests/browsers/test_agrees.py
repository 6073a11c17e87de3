"""What corscope journals is what real browsers do, case by case, in each of the three.

All cases run once in each browser; the tests compare what was recorded on all sides.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browsers.agreement import ENGINES, Record, Run, disagreements, is_preflight, play
from tests.browsers.case import COOKIE_ORIGIN, SECURE_COOKIE_ORIGIN
from tests.browsers.cases import CASES, Case
from tests.support.chromium import Chromium
from tests.support.mitmdump import Mitmdump
from tests.support.origin_server import EMPTY_PAGE, OriginServer

pytestmark = pytest.mark.browser

RecordOf = Callable[[str], Record]

every_engine = pytest.mark.parametrize("engine", ENGINES)
every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)


@pytest.fixture(scope="module")
def record_of(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> RecordOf:
    """Gives an engine's record of all cases; they run when it is first asked for."""
    records: dict[str, Record] = {}

    def of(engine: str) -> Record:
        if engine not in records:
            browser = request.getfixturevalue(engine)
            records[engine] = play(browser, CASES, tmp_path_factory.mktemp(engine))
        return records[engine]

    return of


@pytest.fixture
def run(record_of: RecordOf, engine: str, case: Case) -> Run:
    """The case's own part of the engine's record."""
    return record_of(engine).runs[case.slug]


def test_no_two_cases_share_a_url() -> None:
    """A shared URL would let one case's cached preflight open the way for another."""
    assert len({case.slug for case in CASES}) == len(CASES)


@every_engine
def test_no_case_trips_corscope(record_of: RecordOf, engine: str) -> None:
    """An exception in corscope lets the flow pass, so only the log would tell of one.

    A traceback through others' code alone is none: Python 3.11 has one for each connection that is
    open when mitmdump ends.
    """
    log = record_of(engine).log
    assert "corscope failed" not in log
    assert not re.findall(r'File ".*addon/.*"', log)


@every_case
@every_engine
def test_the_journal_tells_what_the_browser_did(run: Run, engine: str) -> None:
    """Verdict, name, exposed headers, requests and their pairing are the browser's own."""
    assert [str(each) for each in disagreements(run, engine)] == []


@every_case
@pytest.mark.parametrize("engine", ["chromium"])
def test_the_case_is_what_it_says(run: Run) -> None:
    """Chromium ends the fetch as the row states, and asks for nothing that it does not."""
    assert run.error == run.case.error
    scripted = set(run.case.routes())
    for request in run.received:
        method = "OPTIONS" if is_preflight(request) else "*"
        assert (method, request.url) in scripted


@every_case
@every_engine
def test_cookies_go_where_the_case_sends_them(run: Run) -> None:
    """A cookie travels exactly with include, to the host that set it, and never on a preflight."""
    for request in run.received:
        same_site = request.url.startswith((COOKIE_ORIGIN, SECURE_COOKIE_ORIGIN))
        expected = same_site and run.case.mode == "include" and not is_preflight(request)
        assert bool(request.values("Cookie")) == expected


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
