"""What browsers send by themselves is no CORS failure, also where a host is told of no mode.

A page of plain http has its browser report what its policy forbids, and follow a link that pings.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browsers.agreement import ENGINES, OPTIONS
from tests.browsers.case import API, PAGE
from tests.support.mitmdump import Entry, Mitmdump
from tests.support.origin_server import EMPTY_PAGE, Answer, OriginServer, Scripted

pytestmark = pytest.mark.browser

REPORTS = API.format(case="reports")
PING = API.format(case="ping")
LED_ON = API.format(case="led-on")

FOLLOW = f"""async () => {{
    document.body.insertAdjacentHTML(
        "beforeend", "<iframe name=frame></iframe><a target=frame href=/else ping={PING}>link</a>"
    );
    document.querySelector("a").click();
}}"""

ROUTES: dict[tuple[str, str], Scripted] = {
    ("GET", f"{PAGE}/"): Answer(
        headers=(
            *EMPTY_PAGE.headers,
            ("Content-Security-Policy", f"img-src data:; report-uri {REPORTS}"),
        ),
        body=EMPTY_PAGE.body + b"<img src=/image>",
    ),
    ("GET", f"{PAGE}/else"): EMPTY_PAGE,
    ("POST", REPORTS): Answer(204),
    ("POST", PING): Answer(302, (("Location", LED_ON),)),
    ("GET", LED_ON): Answer(204),
}

ASKED = {
    "chromium": [REPORTS],  # driven by a test, it sends no pings
    "firefox": [REPORTS],  # it pings where its user wants that
    "webkit": [REPORTS, PING, LED_ON],
}


def seen(proxy: Mitmdump, url: str) -> Entry:
    return proxy.wait_for(lambda entry: entry.get("url") == url)


@pytest.mark.parametrize("engine", ENGINES)
def test_reports_and_pings_are_allowed(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    browser = request.getfixturevalue(engine)
    with OriginServer(ROUTES) as server, Mitmdump(tmp_path, server.upstream_mode, OPTIONS) as proxy:
        page = browser.open(f"{PAGE}/", proxy.port)
        page.run(FOLLOW, None)
        lines = [seen(proxy, url) for url in ASKED[engine]]
        page.close()
    for line in lines:
        assert (line["mode"], line["mode_from"]) == ("no-cors", "inferred")
        assert (line["verdict"], line["why"], line["console"]) == ("allowed", [], None)
        assert "preflight-not-seen" not in {finding["id"] for finding in line["findings"]}
