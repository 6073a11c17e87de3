"""Whoever does what the fix says, or makes the rule that corscope writes, gets through.

In real browsers, with hand-picked cases and random ones, a thirtieth of `CORSCOPE_CASES` each time;
what no answer's headers can mend is said to be so.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from corscope.explain.line import exchange_text
from corscope.explain.parts.mending import is_misspelled
from corscope.explain.parts.words import OPAQUE_ORIGIN_FIX
from corscope.fetch.engines import Engine
from corscope.fetch.origin import OPAQUE_SERIALIZED
from corscope.fetch.preflight import is_redirect_status
from corscope.fetch.reasons import Reason
from corscope.journal.lines.read import exchange_of
from tests.browsers.agreement import ENGINES, OPTIONS
from tests.browsers.case import (
    SECURE_API,
    SECURE_COOKIE_API,
    SECURE_PAGE,
    SECURE_SITE_PAGE,
    Case,
    allow,
    credentials,
    expose,
)
from tests.browsers.cases import CASES
from tests.browsers.generator import generate
from tests.browsers.mending import Try, Way, as_the_fix_says, play_until_mended
from tests.support.mitmdump import Mitmdump
from tests.support.origin_server import EMPTY_PAGE, Answer, OriginServer
from tests.support.page import Ask
from tests.support.seeds import seed

pytestmark = pytest.mark.browser

COUNT = int(os.environ.get("CORSCOPE_CASES") or 1500) // 30
TRIALS: list[tuple[str, Way]] = [(engine, way) for way in ("fix", "rule") for engine in ENGINES]

NOT_BY_HEADERS = {
    *(Reason.REDIRECT_WITH_CREDENTIALS, Reason.REDIRECT_INVALID, Reason.REDIRECT_NOT_HTTP),
    *(Reason.REDIRECT_TO_LOCAL, Reason.REDIRECT_BAD_PORT, Reason.TOO_MANY_REDIRECTS),
    *(Reason.MIXED_CONTENT, Reason.NO_RESPONSE, Reason.CONNECTION_DROPPED),
    *(Reason.PROXY_AUTHENTICATION, Reason.CLIENT_GONE),
}


@pytest.mark.parametrize(("engine", "way"), TRIALS)
def test_what_is_refused_passes_once_it_is_mended(
    engine: str, way: Way, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Each answer takes one fix, or one rule; the hand-picked cases are shared among the trials."""
    browser = request.getfixturevalue(engine)
    cases = [*CASES[TRIALS.index((engine, way)) :: len(TRIALS)], *generate(seed(), COUNT)]
    found = play_until_mended(browser, cases, tmp_path, way)
    wrong = [
        f"{case.id}: {told}{''.join(map(str, found[case.slug][1]))}"
        for case in cases
        if (told := _trouble(case, *found[case.slug], way)) is not None
    ]
    assert "\n".join(wrong) == ""
    assert sum(passed and bool(tries) for passed, tries in found.values()) > len(cases) // 10


KEPT_BACK = Answer(headers=(("Cross-Origin-Resource-Policy", "same-origin"),))
NO_CORS = {"mode": "no-cors"}


@pytest.mark.parametrize(("engine", "way"), TRIALS)
def test_what_is_kept_from_a_page_is_given_to_it(
    engine: str, way: Way, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """A rule gives it to the page's own site alone, where the page is of it."""
    own = Case("kept from its site", None, KEPT_BACK, None, NO_CORS, SECURE_COOKIE_API)
    own = replace(own, page=SECURE_SITE_PAGE)
    foreign = Case("kept from others", None, KEPT_BACK, None, NO_CORS, SECURE_API, page=SECURE_PAGE)
    browser = request.getfixturevalue(engine)
    found = play_until_mended(browser, [own, foreign], tmp_path, way)
    for case, value in ((own, "same-site"), (foreign, "cross-origin")):
        passed, tries = found[case.slug]
        assert passed
        [each] = tries
        assert each.exchange.judgement.reason is Reason.CROSS_ORIGIN_RESOURCE_POLICY
        assert value in each.told


@pytest.mark.parametrize(
    ("engine", "exposed", "before"),
    [
        *((engine, "X-Total", {"x-total"}) for engine in ENGINES),
        *((engine, "*", set[str]()) for engine in ("chromium", "firefox")),  # which show the mode
    ],
)
def test_what_is_exposed_as_the_line_says_is_read(
    engine: str, exposed: str, before: set[str], request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """And what was exposed before stays so; with credentials `*` exposes nothing."""
    page, url = "https://page.test", "https://api.test/exposed"
    sent = (allow(page), credentials(), expose(exposed), ("X-Total", "9"), ("ETag", "a"))
    with (
        OriginServer({("GET", f"{page}/"): EMPTY_PAGE}) as server,
        Mitmdump(tmp_path, server.upstream_mode, OPTIONS) as proxy,
    ):
        opened = request.getfixturevalue(engine).open(f"{page}/", proxy.port)
        server.routes["GET", url] = Answer(headers=sent)
        ask = Ask(url, {"credentials": "include"})
        [first] = opened.play([ask])
        told = exchange_text(exchange_of(proxy.wait_for(lambda entry: entry.get("url") == url)))
        server.routes["GET", url] = as_the_fix_says(told, Answer(headers=sent), page)
        [after] = opened.play([ask])
        opened.close()
    read = [
        {name.lower() for name, _ in each.headers} & {"x-total", "etag"} for each in (first, after)
    ]
    assert read == [before, {"x-total", "etag"}]


def _trouble(case: Case, passed: bool, tries: Sequence[Try], way: Way) -> str | None:
    """What went otherwise than promised."""
    twice = [place for place, times in _places(tries, way).items() if times > 1]
    if twice:
        return f"mended more than once: {twice}"
    if passed or not tries or _is_of_page(tries[-1], way):
        return None
    if tries[-1].is_done:  # and what came then was refused by nothing
        ends_there = case.init.get("redirect") in {"error", "manual"}
        return None if ends_there or _is_kept(case, tries[-1]) else "in vain"
    reasons = [str(reason) for reason in NOT_BY_HEADERS]
    told = tries[-1].told
    is_said = tries[-1].exchange.judgement.reason in NOT_BY_HEADERS or (
        way == "rule" and any(told.startswith(f"no rule helps: {reason}") for reason in reasons)
    )
    return None if is_said else "nothing was done"


def _places(tries: Sequence[Try], way: Way) -> Counter[tuple[str, str, str]]:
    """How often each answer was mended, but for `null`, which no fix lets in."""
    return Counter(
        (each.exchange.kind, each.exchange.url, each.exchange.origin)
        for each in tries
        if each.is_done and (way == "rule" or each.exchange.origin != OPAQUE_SERIALIZED)
    )


def _is_of_page(last: Try, way: Way) -> bool:
    """Whether the fix is the page's: no answer helps then. A rule lets in what the page sends."""
    if way == "rule":
        return False
    return OPAQUE_ORIGIN_FIX in last.told or is_misspelled(last.exchange.method)


def _is_kept(case: Case, last: Try) -> bool:
    """Whether the browser goes by its copy of the answer, and doesn't ask the mended server.

    Which ones it keeps is in `test_kept`.
    """
    exchange = last.exchange
    if exchange.kind == "preflight":
        return False
    if case.init.get("cache") == "force-cache":
        is_redirect = exchange.engine is Engine.CHROMIUM and is_redirect_status(
            exchange.status or 0
        )
        return exchange.engine is Engine.FIREFOX or is_redirect
    return exchange.status in {301, 308, 410}
