"""The journal has what the browsers' consoles print, to the letter, and a pasted message is found.

What no request shows is left out: whether script wants redirects followed, and whether it uses
XMLHttpRequest, whose messages are only looked up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import pytest

from corscope.explain.paste import found_in
from tests.browsers.agreement import ENGINES
from tests.browsers.case import (
    ANY,
    API,
    BARE,
    FINE,
    INCLUDE,
    OWN,
    PUT,
    PUT_FINE,
    PUT_INCLUDE,
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

pytestmark = pytest.mark.browser

BLOCKED = "blocked"
API_2 = API + "/2"
API_3 = API + "/3"
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

PrintedBy = Callable[[str], Mapping[str, Printed]]

every_engine = pytest.mark.parametrize("engine", ENGINES)
every_case = pytest.mark.parametrize("case", TOLD, ids=lambda case: case.id)
every_fetch = pytest.mark.parametrize(
    "case", [case for case in TOLD if not case.xhr], ids=lambda case: case.id
)

NAMED_FIRST = {"FTP URLs are disabled": "redirect-not-http"}
"""WebKit says so before it looks at the answer's headers, which may be the journal's reason."""

_USERINFO = re.compile(r"(?<=redirection URL )(https?://)[^/@]*@")
"""WebKit's own sentence has a password in it, which the journal never has."""


@pytest.fixture(scope="module")
def printed_by(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> PrintedBy:
    """Gives what an engine's console prints of all cases; they run when it is first asked for."""
    known: dict[str, Mapping[str, Printed]] = {}

    def of(engine: str) -> Mapping[str, Printed]:
        if engine not in known:
            browser = request.getfixturevalue(engine)
            known[engine] = play_for_console(browser, TOLD, tmp_path_factory.mktemp(engine))
        return known[engine]

    return of


@every_fetch
@every_engine
def test_the_journal_has_what_is_printed(printed_by: PrintedBy, engine: str, case: Case) -> None:
    """Every message, each once: Firefox repeats one where two layers give up.

    A request that the browser refuses to send is told in its console only.
    """
    printed = printed_by(engine)[case.slug]
    if not printed.entries:
        return
    said = [_USERINFO.sub(r"\1", message) for message in dict.fromkeys(printed.messages)]
    predicted = (printed.entries[-1]["console"] or "").splitlines()
    assert said == predicted


@every_case
@every_engine
def test_what_is_printed_finds_the_reason(printed_by: PrintedBy, engine: str, case: Case) -> None:
    """Also wrapped, and with the name of a file before it."""
    printed = printed_by(engine)[case.slug]
    reason = printed.entries[-1]["reason"] if printed.entries else "mixed-content"
    for message in printed.messages[:1]:
        for pasted in (message, message.replace(" ", "\n  "), f"app.js:1 {message}"):
            found = found_in(pasted)
            assert found is not None
            assert {reason, NAMED_FIRST.get(message)} & {*found.reasons}
