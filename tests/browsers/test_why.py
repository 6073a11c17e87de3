"""Why a preflight was sent: what script set comes back as the reasons that the journal gives.

Random requests from a fixed seed, put together of headers whose rule is written down here.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from tests.browsers.agreement import Browser
from tests.support.chromium import Chromium
from tests.support.firefox import Firefox
from tests.support.mitmdump import Entry, Mitmdump
from tests.support.origin_server import EMPTY_PAGE, Answer, OriginServer
from tests.support.page import Ask
from tests.support.webkit import WebKit

pytestmark = pytest.mark.browser

PAGE = "http://page.test"
API = "http://api.test"
SEED = 20260
ASKS = 60
AT_ONCE = 12
LONG = "a" * 129

Reason = tuple[str, str | None, str | None, str | None]
"""What, name, rule and value."""

HEADERS: list[tuple[str, str, str | None]] = [
    ("Accept", "text/plain", None),
    ("Accept", "a{b", "unsafe-byte"),
    ("Accept", LONG, "value-length"),
    ("Accept-Language", "de, en;q=0.5", None),
    ("Accept-Language", "a@b", "language-byte"),
    ("Content-Language", "de-DE", None),
    ("Content-Language", "x_y", "language-byte"),
    ("Content-Type", "text/plain;charset=utf-8", None),
    ("Content-Type", "application/json", "content-type"),
    ("Content-Type", 'text/plain;a="b"', "unsafe-byte"),
    ("Content-Type", f"text/plain;a={LONG}", "value-length"),
    ("Range", "bytes=0-5", None),
    ("Range", "bytes=0-1,3-4", "range-form"),
    ("Range", "bytes=-5", "range-form"),
    ("X-Tenant", "secret", "name"),
    ("X-Api-Key", "secret", "name"),
    ("Authorization", "secret", "name"),
    ("If-Match", "secret", "name"),
    ("Pragma", "secret", "name"),
]
METHODS = ["GET", "GET", "POST", "PUT", "DELETE", "PATCH"]
SHOWN = {"accept", "accept-language", "content-language", "content-type", "range"}

ALLOWING = (
    ("Access-Control-Allow-Origin", PAGE),
    ("Access-Control-Allow-Methods", "PUT, DELETE, PATCH"),
    ("Access-Control-Allow-Headers", ", ".join({name for name, _, _ in HEADERS})),
)


@dataclass(frozen=True, slots=True)
class Case:
    """A request, and the reasons for its preflight in the journal's order."""

    slug: str
    ask: Ask
    reasons: tuple[Reason, ...]


def case(random: Random, number: int) -> Case:
    drawn = {row[0]: row for row in random.sample(HEADERS, random.randint(0, 3))}
    method, slug = random.choice(METHODS), f"r{number}"
    asked = {name: value for name, value, _ in drawn.values()}
    headers = sorted((name.lower(), rule, value) for name, value, rule in drawn.values() if rule)
    reasons = tuple(
        ("header", name, rule, value if name in SHOWN else None) for name, rule, value in headers
    )
    if method not in {"GET", "POST"}:
        reasons = (("method", method, "method", None), *reasons)
    init = {"method": method, "headers": asked, "credentials": "omit"}
    return Case(slug, Ask(f"{API}/{slug}", init), reasons)


def listening(slug: str, headers: dict[str, str], *reasons: Reason) -> Case:
    init = {"method": "POST", "body": "x", "headers": {"Content-Type": "text/plain", **headers}}
    return Case(slug, Ask(f"{API}/{slug}", init, xhr=True, listens=True), reasons)


RANDOM = Random(SEED)
CASES = [
    *(case(RANDOM, number) for number in range(ASKS)),
    listening("listens", {}, ("upload-listener", None, None, None)),
    listening("listens-and-more", {"X-Tenant": "1"}, ("header", "x-tenant", "name", None)),
]


def reasons(line: Entry) -> tuple[Reason, ...]:
    return tuple((why["what"], why["name"], why["rule"], why["value"]) for why in line["why"])


def names(of: tuple[Reason, ...]) -> list[tuple[str, str | None]]:
    return [(what, name) for what, name, _, _ in of]


def played(browser: Browser, folder: Path) -> dict[str, list[Entry]]:
    routes = {("*", each.ask.url): Answer(headers=ALLOWING) for each in CASES}
    with OriginServer({("GET", f"{PAGE}/"): EMPTY_PAGE, **routes}) as server:
        with Mitmdump(folder, server.upstream_mode) as proxy:
            page = browser.open(f"{PAGE}/", proxy.port)
            for start in range(0, len(CASES), AT_ONCE):
                page.play([each.ask for each in CASES[start : start + AT_ONCE]])
            page.close()
        lines: defaultdict[str, list[Entry]] = defaultdict(list)
        ids: dict[str, str] = {}
        for line in proxy.journal():
            if line["type"] in {"exchange", "outcome"}:
                ids.setdefault(line["id"], str(line.get("url")).rpartition("/")[2])
                lines[ids[line["id"]]].append(line)
    return lines


@pytest.mark.parametrize("engine", ["chromium", "firefox", "webkit"])
def test_the_reasons_are_what_script_set(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    browser = request.getfixturevalue(engine)
    assert isinstance(browser, Chromium | Firefox | WebKit)
    lines = played(browser, tmp_path)
    wrong = []
    for each in CASES:
        found = {
            "preflight" if line.get("kind") == "preflight" else line["type"]: reasons(line)
            for line in lines[each.slug]
        }
        if found["exchange"] != each.reasons:
            wrong.append((each, found))
        if each.reasons:
            is_wrong = names(found["preflight"]) != names(each.reasons)
            wrong += [(each, found)] * (is_wrong or found["outcome"] != each.reasons)
        else:
            wrong += [(each, found)] * ("preflight" in found)
    assert wrong == []


def test_the_random_requests_have_reasons_of_every_kind() -> None:
    drawn = {(what, rule) for each in CASES for what, _, rule, _ in each.reasons}
    rules = {rule for _, _, rule in HEADERS if rule}
    assert {rule for _, rule in drawn if rule} == rules | {"method"}
    assert {what for what, _ in drawn} == {"method", "header", "upload-listener"}
    assert any(not each.reasons for each in CASES)
