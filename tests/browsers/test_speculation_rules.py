"""Of the speculation rules that a page's header names, Chromium prints what the journal has of it.

They are asked for with CORS; no other browser knows them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.browsers.agreement import OPTIONS
from tests.browsers.case import ANY, BARE, SECURE_PAGE, allow, answer, redirect
from tests.browsers.consoles import printed_of
from tests.support.chromium import Chromium
from tests.support.mitmdump import Mitmdump
from tests.support.origin_server import EMPTY_PAGE, Answer, OriginServer

pytestmark = pytest.mark.browser

API = "https://api.test"
RULES = Answer(
    200, (ANY, ("Content-Type", "application/speculationrules+json")), b'{"prefetch": []}'
)

ANSWERS: Mapping[str, Answer] = {
    "fine": RULES,
    "bare": BARE,
    "other": answer(allow("https://b.test")),
    "led-on": redirect(f"{API}/bare", ANY),
    "led-to-http": redirect("http://api.test/rules", ANY),
    "led-nowhere": redirect("https://[", ANY),
    "led-to-data": redirect("data:,rules", ANY),
}


def test_chromium_prints_what_the_journal_has(chromium: Chromium, tmp_path: Path) -> None:
    named = ", ".join(f'"{API}/{name}"' for name in ANSWERS)
    page = Answer(headers=(*EMPTY_PAGE.headers, ("Speculation-Rules", named)), body=EMPTY_PAGE.body)
    routes = {("GET", f"{API}/{name}"): given for name, given in ANSWERS.items()}
    with (
        OriginServer({("GET", f"{SECURE_PAGE}/"): page, **routes}) as server,
        Mitmdump(tmp_path, server.upstream_mode, OPTIONS) as proxy,
    ):

        def answered() -> bool:
            return {f"{API}/{name}" for name in ANSWERS} <= {
                got.get("url") for got in proxy.journal()
            }

        printed = printed_of(chromium, f"{SECURE_PAGE}/", proxy.port, answered)
        lines = [entry for entry in proxy.journal() if entry["type"] == "exchange"]
    told = [text for line in lines for text in (line["console"] or "").splitlines()]
    assert sorted(text for text, _ in printed) == sorted(told)
    assert {line["url"] for line in lines if line["verdict"] == "allowed"} >= {f"{API}/fine"}
    assert {line["credentials"] for line in lines} == {"omit"}
