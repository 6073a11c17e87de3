"""A reproduction fails as what it was made from, in a Chromium that knows of no proxy.

The cases run once through a real mitmdump, which saves the flows; each becomes a program, which
runs by itself.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from corscope.explain.repro.program import repro
from corscope.fetch.check import CredentialsMode
from corscope.journal.exchange import Exchange
from corscope.mitm.saved.flows import read_captures
from corscope.mitm.saved.replay import exchanges
from tests.browsers.agreement import Run, play
from tests.browsers.case import (
    ANY,
    BARE,
    COOKIE_API,
    DEAD,
    FINE,
    INCLUDE,
    JSON,
    LOCAL_API,
    LOCAL_PAGE,
    OWN,
    PAGE,
    PUT,
    PUT_FINE,
    SECURE_COOKIE_API,
    SECURE_SITE_PAGE,
    TENANT,
    Case,
    Hop,
    allow,
    answer,
    credentials,
    expose,
    headers,
    methods,
    redirect,
)
from tests.browsers.travel_pictures import START_SECONDS, running, take_pictures
from tests.support.chromium import Chromium
from tests.support.firefox import Firefox
from tests.support.mitmdump import wait_until

pytestmark = pytest.mark.browser

CDN = "http://cdn.test/{case}"
API_2 = "http://api.test/{case}/2"

CASES = (
    Case("passes with its own origin", None, answer(OWN, expose("x-id"), ("X-Id", "7"))),
    Case("passes with a preflight", None, FINE, answer(ANY, headers("x-tenant")), TENANT),
    Case(
        "passes with cookies after a redirect within the API",
        None,
        redirect(COOKIE_API + "/there", allow(PAGE), credentials()),
        init=INCLUDE,
        url=COOKIE_API,
        then=(Hop(COOKIE_API + "/there", answer(allow(PAGE), credentials())),),
    ),
    Case("no header at all", "MissingAllowOriginHeader", BARE),
    Case("a header twice", "MultipleAllowOriginValues", answer(OWN, ANY)),
    Case("no origin", "InvalidAllowOriginValue", answer(allow("page.test"))),
    Case("a slash too many", "AllowOriginMismatch", answer(allow(f"{PAGE}/"))),
    Case("a capital letter", "AllowOriginMismatch", answer(allow(PAGE.upper()))),
    Case("a dot too many", "AllowOriginMismatch", answer(allow(f"{PAGE}."))),
    Case("a byte before the origin", "InvalidAllowOriginValue", answer(allow(f"\xf5{PAGE}"))),
    Case("a tab behind the origin", "MultipleAllowOriginValues", answer(allow(f"{PAGE}\t,*"))),
    Case(
        "what may be of a video",
        "InvalidAllowOriginValue",
        answer(allow("page.test")),
        init={"headers": {"Range": "bytes=0-9"}},
    ),
    Case("more after the origin", "AllowOriginMismatch", answer(allow(f"{PAGE};"))),
    Case("a wildcard with cookies", "WildcardOriginNotAllowed", FINE, init=INCLUDE),
    Case(
        "True with cookies",
        "InvalidAllowCredentials",
        answer(OWN, credentials("True")),
        init=INCLUDE,
    ),
    Case("no header on the preflight", "PreflightMissingAllowOriginHeader", FINE, BARE, PUT),
    Case("a preflight with 401", "PreflightInvalidStatus", FINE, answer(ANY, status=401), JSON),
    Case(
        "a preflight that is redirected",
        "PreflightDisallowedRedirect",
        FINE,
        redirect(CDN, ANY),
        PUT,
    ),
    Case("no method", "MethodDisallowedByPreflightResponse", FINE, answer(ANY), PUT),
    Case(
        "no header name",
        "HeaderDisallowedByPreflightResponse",
        FINE,
        answer(ANY, headers("x-other")),
        TENANT,
    ),
    Case(
        "no list of methods",
        "InvalidAllowMethodsPreflightResponse",
        FINE,
        answer(ANY, methods("GET; PUT")),
        PUT,
    ),
    Case(
        "no list of header names",
        "InvalidAllowHeadersPreflightResponse",
        FINE,
        answer(ANY, headers("x tenant")),
        TENANT,
    ),
    Case(
        "a redirect with a password",
        "RedirectContainsCredentials",
        redirect("http://me:secret@cdn.test/{case}", ANY),
    ),
    Case("a redirect to an app", "CorsDisabledScheme", redirect("app://open", ANY)),
    Case(
        "an origin that a redirect has made null",
        "AllowOriginMismatch",
        redirect(CDN, OWN),
        then=(Hop(CDN, answer(OWN)),),
    ),
    Case(
        "a redirect of a preflighted request",
        "MissingAllowOriginHeader",
        redirect(CDN, ANY, status=307),
        PUT_FINE,
        PUT,
        then=(Hop(CDN, BARE, answer(allow("null"), methods("PUT"))),),
    ),
    Case(
        "a redirect within the page's own origin",
        "InvalidAllowOriginValue",
        redirect(API_2),
        url=f"{PAGE}/{{case}}",
        then=(Hop(API_2, answer(allow("page.test"))),),
    ),
    Case(
        "a path that is played under another",
        "AllowOriginMismatch",
        answer(allow(f"{PAGE}/")),
        url="http://api.test/{case}/[1]",
    ),
    Case(
        "a page of opaque origin",
        "AllowOriginMismatch",
        answer(OWN),
        sandboxed=True,
    ),
    Case(
        "an upload that is listened to",
        "PreflightMissingAllowOriginHeader",
        FINE,
        BARE,
        {"method": "POST", "body": "text"},
        xhr=True,
        listens=True,
    ),
    Case(
        "from a trustworthy page",
        "AllowOriginMismatch",
        answer(allow("http://other.localhost")),
        url=LOCAL_API,
        page=LOCAL_PAGE,
    ),
    Case(
        "over TLS",
        "InvalidAllowCredentials",
        answer(allow(SECURE_SITE_PAGE)),
        init=INCLUDE,
        url=SECURE_COOKIE_API,
        page=SECURE_SITE_PAGE,
    ),
    Case(
        "a resource policy",
        "net::ERR_BLOCKED_BY_RESPONSE.NotSameOrigin",
        answer(("Cross-Origin-Resource-Policy", "same-origin")),
        init={"mode": "no-cors"},
        url=LOCAL_API,
    ),
)

# Firefox asks leave at each hop, in the page's own name, so that it ends some chains otherwise.
ELSEWHERE = {"a redirect of a preflighted request", "a resource policy"}
IN_FIREFOX = [case for case in CASES if case.id not in ELSEWHERE]

HUNG_UP = Case("a server that hangs up", "MissingAllowOriginHeader", DEAD)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of the cases in Chromium behind the proxy, and what the flows tell of them."""

    runs: Mapping[str, Run]
    exchanges: tuple[Exchange, ...]

    def last(self, case: Case) -> Exchange:
        """The record that the case's fetch ended with."""
        return [each for each in self.exchanges if f"/{case.slug}" in urlsplit(each.url).path][-1]


@dataclass(frozen=True, slots=True)
class Shown:
    """What the reproduction's page says, and what Chromium's own tools call it."""

    passed: bool
    error: str | None
    text: str
    console: tuple[str, ...]


@pytest.fixture(scope="module")
def recorded(chromium: Chromium, tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    folder = tmp_path_factory.mktemp("repro")
    flows = folder / "saved.flows"
    record = play(chromium, [*CASES, HUNG_UP], folder, flows)
    return Recorded(record.runs, tuple(exchanges(read_captures(flows, lambda _: None))))


@pytest.fixture
def program(recorded: Recorded, tmp_path: Path) -> Callable[[Case], Path]:
    """Make a case's reproduction."""

    def make(case: Case) -> Path:
        file = tmp_path / "repro.py"
        text = repro(recorded.last(case), recorded.exchanges, CredentialsMode(case.mode))
        ast.parse(text, feature_version=(3, 8))
        file.write_text(text, encoding="ascii")
        return file

    return make


@pytest.fixture
def shown(chromium: Chromium, program: Callable[[Case], Path]) -> Callable[[Case], Shown]:
    """Make a case's reproduction, run it, and open its page without a proxy."""

    def show(case: Case) -> Shown:
        with running(program(case)) as url:
            return looked_at(chromium, url)

    return show


def looked_at(chromium: Chromium, url: str) -> Shown:
    page = chromium.open(url, None)
    try:
        script = "async () => document.getElementById('result').dataset.passed"
        passed = wait_until(lambda: page.run(script, None), START_SECONDS, "the page's result")
        error = None
        if passed == "false":
            failed = wait_until(lambda: page.failed, START_SECONDS, "Chromium's word for it")[-1]
            error = failed.cors_error or failed.error_text
        text = page.run("async () => document.body.innerText", None)
        return Shown(passed == "true", error, text, tuple(told for told, _ in page.console))
    finally:
        page.close()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_reproduction_ends_as_the_original(
    recorded: Recorded, shown: Callable[[Case], Shown], case: Case
) -> None:
    assert recorded.runs[case.slug].error == case.error
    seen = shown(case)
    assert (seen.passed, seen.error) == (case.error is None, case.error)
    if case.error and not case.error.startswith("net::"):
        assert case.error in seen.text
    if case.error is not None:
        # What the page tells to expect of the console is what Chromium has printed there.
        first = seen.console[0].partition(" [")[0]
        assert first in seen.text


@pytest.mark.parametrize("case", IN_FIREFOX, ids=lambda case: case.id)
def test_firefox_ends_it_as_the_page_expects(
    firefox: Firefox, program: Callable[[Case], Path], case: Case
) -> None:
    """Recorded in Chromium, played in Firefox: its category and sentence stand on the page."""
    before = len(firefox.complaints())
    with running(program(case)) as url:
        page = firefox.open(url, None)
        try:
            script = "async () => document.getElementById('result').dataset.passed"
            passed = wait_until(lambda: page.run(script, None), START_SECONDS, "the page's result")
            text = str(page.run("async () => document.body.innerText", None))
        finally:
            page.close()
    assert passed == ("true" if case.error is None else "false")
    if case.error is None:
        return
    said = wait_until(lambda: firefox.complaints()[before:], START_SECONDS, "Firefox's complaint")
    # A category whose sentence was once reworded ends in a digit; people search without.
    assert said[0].category.rstrip("0123456789") in text
    assert said[0].text.strip() in text


def test_twelve_failures_and_three_passes_are_played() -> None:
    assert len({case.error for case in CASES if case.error}) >= 12
    assert sum(case.error is None for case in CASES) >= 3


def test_no_answer_is_told_as_what_it_is(shown: Callable[[Case], Shown]) -> None:
    """Behind the proxy its error page makes a CORS error of it; here is no proxy."""
    seen = shown(HUNG_UP)
    assert seen.error == "net::ERR_EMPTY_RESPONSE"
    assert "an error page, which browsers take for a CORS error" in seen.text


def test_the_pictures_of_the_docs_can_be_taken(chromium: Chromium, tmp_path: Path) -> None:
    take_pictures(chromium, tmp_path)
    for name in ("report.png", "repro.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")
