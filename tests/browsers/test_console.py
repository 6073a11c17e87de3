"""The journal has what the browsers' consoles print, to the letter, and a pasted message is found.

What no request shows is left out: whether script wants redirects followed, and whether it uses
XMLHttpRequest, whose messages are only looked up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from corscope.explain.pasted.paste import found_in
from corscope.fetch.engines import Departure, Engine, departs
from corscope.fetch.preflight import is_redirect_status
from tests.browsers.agreement import ENGINES
from tests.browsers.case import (
    ANY,
    API,
    BARE,
    BEARER,
    FINE,
    INCLUDE,
    OWN,
    PUT,
    PUT_FINE,
    PUT_INCLUDE,
    SECURE_API,
    SECURE_PAGE,
    TENANT,
    Case,
    Hop,
    allow,
    answer,
    credentials,
    headers,
    methods,
    redirect,
)
from tests.browsers.cases import CASES
from tests.browsers.consoles import DROPPED_API, Printed, play_for_console
from tests.support.firefox import Firefox
from tests.support.mitmdump import Mitmdump, wait_until
from tests.support.origin_server import EMPTY_PAGE, OriginServer
from tests.support.page import Ask

pytestmark = pytest.mark.browser

BLOCKED = "blocked"
API_2 = API + "/2"
OTHER = "http://other.test/{case}/2"
BAD_PORT = "http://other.test:25/{case}/2"

MORE = (
    Case(
        "console: a bad method among good ones",
        BLOCKED,
        FINE,
        answer(ANY, methods("GET, A B, C D")),
        PUT,
    ),
    Case(
        "console: a bad method on a second line",
        BLOCKED,
        FINE,
        answer(ANY, methods("GET"), methods("A B")),
        PUT,
    ),
    Case("console: a method in Latin-1", BLOCKED, FINE, answer(ANY, methods("G\xe9T")), PUT),
    Case(
        "console: a bad header among good ones",
        BLOCKED,
        FINE,
        answer(ANY, headers("x-tenant, a b")),
        TENANT,
    ),
    Case(
        "console: a header that browsers know",
        BLOCKED,
        FINE,
        answer(ANY),
        {"headers": {"last-event-id": "7"}},
    ),
    Case(
        "console: a header of answers",
        BLOCKED,
        FINE,
        answer(ANY),
        {"headers": {"x-xss-protection": "0"}},
    ),
    Case(
        "console: a header of answers that is spelled in capitals",
        BLOCKED,
        FINE,
        answer(ANY),
        {"headers": {"etag": "x"}},
    ),
    Case("console: a long value", BLOCKED, answer(allow(f"http://{'b' * 3000}.test"))),
    Case(
        "console: quotes in a value",
        BLOCKED,
        answer(allow("http://o'x.test/\u2018\u2019".encode().decode("latin-1"))),
    ),
    Case("console: a tab in a value", BLOCKED, answer(allow("http://o\tx.test"))),
    Case("console: a backslash in a value", BLOCKED, answer(allow("http://o.test\\"))),
    Case("console: a dropped connection", BLOCKED, url=DROPPED_API),
    Case("console: a dropped connection of a preflight", BLOCKED, init=PUT, url=DROPPED_API),
    Case("console: what can't be read", BLOCKED, answer(ANY, ("X-A", "a\x00b"))),
    Case(
        "console: of a preflight, what can't be read",
        BLOCKED,
        FINE,
        answer(ANY, methods("PUT"), ("X-A", "a\x00b")),
        PUT,
    ),
    Case("console: a query", BLOCKED, BARE, url=API + "?q=a%20b&r='%22"),
    Case(
        "console: a preflight redirected to ftp",
        BLOCKED,
        FINE,
        redirect("ftp://files.test/{case}", ANY, methods("PUT")),
        PUT,
    ),
    Case(
        "console: a preflight redirected to a bad port",
        BLOCKED,
        FINE,
        redirect(BAD_PORT, ANY, methods("PUT")),
        PUT,
    ),
    Case(
        "console: a preflight redirected for another origin",
        BLOCKED,
        FINE,
        redirect(OTHER, allow("http://b.test"), status=307),
        PUT,
    ),
    Case(
        "console: a preflight redirected elsewhere for its own origin",
        BLOCKED,
        FINE,
        redirect(OTHER, OWN, methods("PUT"), status=307),
        PUT,
    ),
    Case(
        "console: a preflight redirected to its page for its own origin",
        BLOCKED,
        FINE,
        redirect("http://page.test/{case}/2", OWN),
        PUT,
    ),
    Case(
        "console: a preflight redirected within its origin for its own origin",
        BLOCKED,
        FINE,
        redirect(API_2, OWN),
        PUT,
    ),
    Case(
        "console: a sandboxed preflight redirected elsewhere for its own origin",
        BLOCKED,
        FINE,
        redirect(OTHER, allow("null")),
        PUT,
        sandboxed=True,
    ),
    Case("console: a preflight redirected nowhere", BLOCKED, FINE, redirect(""), PUT),
    Case("console: a preflight of a redirect's status", BLOCKED, FINE, answer(status=302), PUT),
    Case("console: a redirect nowhere", BLOCKED, redirect("", ANY)),
    Case("console: a bare redirect nowhere", BLOCKED, redirect("")),
    Case("console: a redirect nowhere after a preflight", BLOCKED, redirect(""), PUT_FINE, PUT),
    Case("console: a redirect by mail", BLOCKED, redirect("mailto:a@b.test?{case}", ANY)),
    Case(
        "console: a redirect for another origin", BLOCKED, redirect(OTHER, allow("http://b.test"))
    ),
    Case("console: a redirect with a list", BLOCKED, redirect(OTHER, allow("http://b.test, *"))),
    Case("console: a redirect and the wildcard", BLOCKED, redirect(OTHER, ANY), init=INCLUDE),
    Case("console: a redirect without credentials", BLOCKED, redirect(OTHER, OWN), init=INCLUDE),
    Case(
        "console: userinfo after a redirect",
        BLOCKED,
        redirect(API_2, ANY),
        then=(Hop(API_2, redirect("http://u:p@other.test/{case}/3", ANY)),),
    ),
    Case(
        "console: ftp after a redirect",
        BLOCKED,
        redirect(API_2, ANY),
        then=(Hop(API_2, redirect("ftp://files.test/{case}/3", ANY)),),
    ),
    Case(
        "console: a bare answer after two redirects",
        BLOCKED,
        redirect(API_2, ANY),
        then=(Hop(API_2, redirect(OTHER, ANY)), Hop(OTHER, BARE)),
    ),
    Case(
        "console: a preflight after a redirect",
        BLOCKED,
        redirect(OTHER, ANY, status=307),
        PUT_FINE,
        PUT,
        then=(Hop(OTHER, FINE, answer(ANY)),),
    ),
)
"""Cases for the sake of their sentences; that they are blocked is all that is said of them."""

XHR = (
    Case("console: XHR and the wildcard", BLOCKED, answer(ANY), init=INCLUDE, xhr=True),
    Case("console: XHR without credentials", BLOCKED, answer(OWN), init=INCLUDE, xhr=True),
    Case("console: XHR for another origin", BLOCKED, answer(allow("http://b.test")), xhr=True),
    Case("console: XHR with a host alone", BLOCKED, answer(allow("b.test")), xhr=True),
    Case("console: XHR with a list", BLOCKED, answer(allow("http://a.test, *")), xhr=True),
    Case(
        "console: XHR, a preflight and the wildcard",
        BLOCKED,
        FINE,
        answer(ANY, credentials(), methods("PUT")),
        PUT_INCLUDE,
        xhr=True,
    ),
    Case("console: XHR and a method", BLOCKED, FINE, answer(ANY), PUT, xhr=True),
    Case("console: XHR and a header", BLOCKED, FINE, answer(ANY), TENANT, xhr=True),
)


def _is_told(case: Case) -> bool:
    return case.error is not None and not {"mode", "redirect"} & set(case.init)


TOLD = (*(case for case in CASES if _is_told(case)), *MORE, *XHR)

WARNED = (
    Case(
        "warned: Authorization under a star",
        None,
        FINE,
        answer(ANY, headers("*")),
        BEARER,
        url=SECURE_API,
        page=SECURE_PAGE,
    ),
    Case(
        "warned: Authorization beside a star",
        None,
        FINE,
        answer(ANY, headers("*"), headers("AUTHORIZATION")),
        BEARER,
        url=SECURE_API,
        page=SECURE_PAGE,
    ),
    Case(
        "warned: another header under a star",
        None,
        FINE,
        answer(ANY, headers("*")),
        TENANT,
        url=SECURE_API,
        page=SECURE_PAGE,
    ),
)
"""What is allowed, and looked at for a warning; it shows that there are no credentials."""

PrintedBy = Callable[[str], Mapping[str, Printed]]

every_engine = pytest.mark.parametrize("engine", ENGINES)
every_case = pytest.mark.parametrize("case", TOLD, ids=lambda case: case.id)
every_fetch = pytest.mark.parametrize(
    "case", [case for case in TOLD if not case.xhr], ids=lambda case: case.id
)

NAMED_FIRST = {"FTP URLs are disabled": "redirect-not-http"}
"""WebKit says so before it looks at the answer's headers, which may be the journal's reason."""

DROPPED_AFTER_204 = """
[[rule]]
name = "without content"
match.host = "empty.test"
policy.allow_origins = "*"
fault.status = 204
fault.delay = 0.4  # so that no connection serves two of them

[[rule]]
name = "dropped"
match.host = "dropped.test"
fault.abort = true
"""

UNRECORDED = {"mixed-content", "redirect-with-credentials"}
"""Why a browser may refuse what it leads to when the page's own server, which the journal knows
nothing of, redirects there."""

_USERINFO = re.compile("((?:redirection URL |mixed active content \u201c)https?://)[^/@]*@")
"""WebKit's and Firefox's own sentences have a password in them, which the journal never has."""


@pytest.fixture(scope="module")
def printed_by(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> PrintedBy:
    """Gives what an engine's console prints of all cases; they run when it is first asked for."""
    known: dict[str, Mapping[str, Printed]] = {}

    def of(engine: str) -> Mapping[str, Printed]:
        if engine not in known:
            browser = request.getfixturevalue(engine)
            known[engine] = play_for_console(
                browser, (*TOLD, *WARNED), tmp_path_factory.mktemp(engine)
            )
        return known[engine]

    return of


@every_fetch
@every_engine
def test_the_journal_has_what_is_printed(printed_by: PrintedBy, engine: str, case: Case) -> None:
    """Every message, as often as it is printed.

    A request that the browser refuses to send is told in its console only.
    """
    printed = printed_by(engine)[case.slug]
    refused = _refused(printed, Engine(engine))
    if refused is None and (not printed.entries or printed.entries[-1]["kind"] == "preflight"):
        return
    said = [_USERINFO.sub(r"\1", message) for message in printed.messages]
    predicted = printed.entries[-1]["console"] if refused else None
    assert said == (predicted or "").splitlines()


@pytest.mark.parametrize("case", WARNED, ids=lambda case: case.id)
@every_engine
def test_the_journal_has_what_is_printed_of_what_is_allowed(
    printed_by: PrintedBy, engine: str, case: Case
) -> None:
    printed = printed_by(engine)[case.slug]
    warned = engine == "firefox" and case is WARNED[0]
    assert [entry["kind"] for entry in printed.entries] == ["preflight", "actual"]
    allowed = [entry for entry in printed.entries if entry["verdict"] == "allowed"]
    predicted = [entry["console"] for entry in allowed if entry["console"]]
    assert list(printed.messages) == predicted
    assert len(predicted) == warned
    for found in map(found_in, predicted):
        assert found is not None
        assert "list it by name" in str(found.aside)


def _refused(printed: Printed, engine: Engine) -> str | None:
    """Why the journal says that the last exchange is refused, for the case's credentials mode."""
    if not printed.entries:
        return None
    entry, mode = printed.entries[-1], printed.case.mode
    is_redirect = entry["status"] is not None and is_redirect_status(entry["status"])
    if (
        is_redirect
        and printed.case.url.startswith(f"{printed.case.page}/")
        and departs(engine, Departure.REDIRECT_CHECKED_WITH_CREDENTIALS)
    ):
        mode = "include"
    reason: str | None = entry["verdicts"][mode]["reason"]
    return reason


@every_case
@every_engine
def test_what_is_printed_finds_the_reason(printed_by: PrintedBy, engine: str, case: Case) -> None:
    """Also wrapped, and with the name of a file before it."""
    printed = printed_by(engine)[case.slug]
    refused = _refused(printed, Engine(engine))
    reasons = {refused} if refused else UNRECORDED
    for message in printed.messages[:1]:
        for pasted in (message, message.replace(" ", "\n  "), f"app.js:1 {message}"):
            found = found_in(pasted)
            assert found is not None
            assert {*reasons, NAMED_FIRST.get(message)} & {*found.reasons}


def test_firefox_has_another_name_for_a_connection_that_dropped_after_a_204(
    firefox: Firefox, tmp_path: Path
) -> None:
    """It asks ten times, each over a connection that has carried an answer without content."""
    rules = tmp_path / "rules.toml"
    rules.write_text(DROPPED_AFTER_204, "utf-8")
    with OriginServer({("GET", "http://page.test/"): EMPTY_PAGE}) as server:
        with Mitmdump(tmp_path, server.upstream_mode, {"cors_rules": rules}) as proxy:
            tab = firefox.open("http://page.test/", proxy.port)
            tab.play([Ask(f"http://empty.test/{number}", {}) for number in range(40)])
            before = len(firefox.complaints())
            tab.play([Ask("http://dropped.test/", {})])
            said = wait_until(lambda: firefox.complaints()[before:], 15, "Firefox's complaint")
            tab.close()
        refused = [entry for entry in proxy.journal() if entry["type"] == "exchange"][-1]
    assert refused["reason"] == "connection-dropped"
    assert said[0].category == "CORSMultipleAllowOriginNotAllowed"
    found = found_in(said[0].text)
    assert found is not None
    assert refused["reason"] in found.reasons
