"""However large it is, an exchange costs only as much as it has bytes: nothing hangs."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial

import pytest

from corscope.explain.explanation import explain
from corscope.explain.line import exchange_lines
from corscope.explain.markdown import report_markdown
from corscope.explain.rule_from import NoRuleError, rule_from
from corscope.journal.exchange import Exchange, Sighting
from corscope.journal.journal import Journal
from corscope.journal.lines.read import exchange_of
from corscope.journal.lines.write import exchange_line
from corscope.journal.store import Entry
from corscope.messages import HeaderList, Request, Response
from corscope.rules.glob import glob_matches
from corscope.rules.load import Source, load
from corscope.rules.problems import RulesError
from corscope.web.report import report_html
from tests.journal.requests import CHROMIUM, FIREFOX
from tests.support.work import steps

APP, API = "https://app.example", "https://api.example/"
ALLOWED = ("Access-Control-Allow-Origin", APP)
NOW = datetime(2026, 1, 2, tzinfo=UTC)

Case = Callable[[int], tuple[Request, Response]]


def put(*headers: tuple[str, str], url: str = API, origin: str = APP) -> Request:
    own = (("Origin", origin), ("Sec-Fetch-Mode", "cors"), ("User-Agent", FIREFOX))
    return Request("PUT", url, (*own, *headers))


def preflight(*headers: tuple[str, str]) -> Request:
    own = (("Origin", APP), ("Access-Control-Request-Method", "PUT"), ("User-Agent", CHROMIUM))
    return Request("OPTIONS", API, (*own, *headers))


def answer(*headers: tuple[str, str], status: int = 200) -> Response:
    return Response(status, (ALLOWED, *headers))


def numbered(count: int) -> HeaderList:
    return tuple((f"X-{number}", "1") for number in range(count))


def listed(count: int) -> str:
    return ",".join(f"x-{number}" for number in range(count))


CASES: dict[str, Case] = {
    "a header value": lambda n: (put(("X-A", "a" * n)), answer(("X-B", "b" * n))),
    "header lines": lambda n: (put(*numbered(n // 100)), answer(*numbered(n // 100))),
    "one header's lines": lambda n: (
        put(*[("Accept", "a")] * (n // 100)),
        answer(*[("Access-Control-Allow-Methods", "PUT")] * (n // 100)),
    ),
    "a URL": lambda n: (put(url=f"{API}{'a' * (n // 2)}?{'b=c&' * (n // 8)}"), answer()),
    "a URL's host": lambda n: (put(url=f"https://{'a.' * (n // 2)}b/"), answer()),
    "an origin": lambda n: (
        put(origin=f"https://{'a.' * (n // 2)}b"),
        Response(200, (("Access-Control-Allow-Origin", f"https://{'a.' * (n // 2)}c"),)),
    ),
    "announced and allowed names": lambda n: (
        preflight(("Access-Control-Request-Headers", listed(n // 50))),
        answer(
            ("Access-Control-Allow-Methods", "PUT"),
            ("Access-Control-Allow-Headers", listed(n // 50)),
        ),
    ),
    "a list of commas": lambda n: (
        preflight(("Access-Control-Request-Headers", "," * n)),
        answer(("Access-Control-Allow-Methods", "," * n), ("Vary", "," * n)),
    ),
    "quotes": lambda n: (
        preflight(("Access-Control-Request-Headers", '"' * n)),
        answer(("Vary", '"' * n), ("Cache-Control", '"\\' * (n // 2))),
    ),
    "a quote that doesn't end": lambda n: (
        put(("Content-Type", 'a/b;c="' + "\\d" * (n // 2))),
        answer(("Vary", '"' + "a" * n), ("Cache-Control", 'a="' + "\\b" * (n // 2))),
    ),
    "a MIME type's parameters": lambda n: (
        put(("Content-Type", "text/plain" + ";a=b" * (n // 4))),
        answer(("Content-Type", 'text/plain;a="b"' * (n // 16))),
    ),
    "exposed names": lambda n: (
        put(),
        answer(("Access-Control-Expose-Headers", listed(n // 50)), *numbered(n // 50)),
    ),
    "a Location": lambda n: (put(), answer(("Location", "https://" + "a@/../" * n), status=302)),
    "ages and versions": lambda n: (
        Request("OPTIONS", API, (*preflight().headers[:2], ("User-Agent", f"Chrome/{'1' * n}"))),
        answer(("Access-Control-Max-Age", "9" * n), ("Age", "1" * n), ("Expires", "0 " * n)),
    ),
    "cookies": lambda n: (
        put(("Cookie", "a=b; " * (n // 5))),
        answer(*[("Set-Cookie", "a=b")] * (n // 10)),
    ),
}


def recorded(request: Request, response: Response) -> Exchange:
    """What the proxy does with every exchange."""
    journal = Journal()
    journal.requested("id", "a browser", request, NOW)
    exchange = journal.answered(Sighting("id", response), NOW)
    assert exchange is not None
    exchange_line(exchange)
    journal.close(NOW)
    return exchange


def shown(exchange: Exchange) -> None:
    """What is done with one that somebody looks at."""
    entry = Entry(exchange_of(json.loads(exchange_line(exchange))))
    explain(exchange)
    list(exchange_lines(exchange, engines=True, details=True, steps=True))
    report_markdown([entry])
    report_html([entry], "1")
    with suppress(NoRuleError):
        rule_from(exchange)


@pytest.mark.parametrize("name", CASES)
def test_megabytes_are_recorded(name: str) -> None:
    """In square time a single one of these would take the whole day."""
    recorded(*CASES[name](2_000_000))


def _all(request: Request, response: Response) -> None:
    shown(recorded(request, response))


@pytest.mark.parametrize("name", CASES)
def test_the_work_grows_with_the_size_and_no_faster(name: str) -> None:
    work = []
    for size in (4_000, 16_000):
        request, response = CASES[name](size)
        _all(request, response)  # what is made once is made now
        work.append(steps(partial(_all, request, response)))
    assert work[1] < 5 * work[0], work


def test_a_glob_of_asterisks_is_matched_in_linear_time() -> None:
    url = "https://api.example/" + "a" * 1_000_000
    assert not glob_matches("*a" * 10_000 + "*b", url)
    assert glob_matches("*a" * 10_000 + "*", url)
    work = [steps(partial(glob_matches, "*a" * n, "a" * 4 * n + "b")) for n in (1_000, 4_000)]
    assert work[1] < 5 * work[0]


@pytest.mark.parametrize(
    "text",
    [
        *("a = " + "[" * 100_000, "a = " + "{a=" * 100_000, "[" + "a." * 100_000),
        *("a." * 100_000 + "b = 1", 'a = "' + "\\" * 100_001, "'''" * 100_000, "#" * 1_000_000),
        "[[rule]]\n" * 20_000,
        '[[rule]]\nname = "r"\nmatch.host = "' + "*" * 1_000_000 + '"\nfault.abort = true\n',
        '[[rule]]\nname = "r"\nmatch.host = "a"\nheaders.set.X-A = "' + "{" * 1_000_001 + '"\n',
    ],
    ids=range(10),
)
def test_a_rule_file_of_a_megabyte_is_read_or_refused(text: str) -> None:
    with suppress(RulesError):
        load([Source("r.toml", text.encode())])
