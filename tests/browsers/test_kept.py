"""Which answers browsers keep though they refuse them: a mended server isn't asked again then."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browsers.agreement import ENGINES, OPTIONS, Browser
from tests.browsers.case import ANY
from tests.support.mitmdump import Mitmdump
from tests.support.origin_server import EMPTY_PAGE, Answer, OriginServer
from tests.support.page import Ask

pytestmark = pytest.mark.browser

PAGE, API = "http://page.test", "http://api.test"
ON = ("Location", f"{API}/on")
FRESH = ("Cache-Control", "max-age=600")
SINCE = ("Last-Modified", "Wed, 01 Jan 2020 00:00:00 GMT")

REFUSED = {
    "301": Answer(301, (ON,)),
    "308": Answer(308, (ON,)),
    "301-not-to-be-stored": Answer(301, (ON, ("Cache-Control", "no-store"))),
    "301-to-be-asked-about": Answer(301, (ON, ("Cache-Control", "no-cache"))),
    "302": Answer(302, (ON,)),
    "302-fresh": Answer(302, (ON, FRESH)),
    "200": Answer(200),
    "200-fresh": Answer(200, (FRESH,)),
    "200-fresh-by-date": Answer(200, (SINCE,)),
    "200-fresh-by-origin": Answer(200, (FRESH, ("Vary", "Origin"))),
    "204-fresh": Answer(204, (FRESH,)),
    "404-fresh": Answer(404, (FRESH,)),
    "410": Answer(410),
}

KEPT = {
    "chromium": {"301", "308", "302-fresh"},
    "firefox": {
        *("200-fresh", "200-fresh-by-date", "200-fresh-by-origin", "204-fresh"),
        "410",
    },
    "webkit": set[str](),
}
"""What each browser goes on with, by docs/scope.md."""


KEPT_FOR_FORCE_CACHE = {
    "chromium": KEPT["chromium"] | {"301-to-be-asked-about", "302"},
    "firefox": KEPT["firefox"] | {"200", "404-fresh"},
    "webkit": KEPT["webkit"],
}
"""The same for a fetch with `cache: "force-cache"`, which takes a copy however old it is."""


def _kept(browser: Browser, folder: Path, cache: str) -> set[str]:
    """The answers by which a second fetch, in this cache mode, fails without being sent."""
    kept = set()
    with (
        OriginServer({("GET", f"{PAGE}/"): EMPTY_PAGE, ("GET", ON[1]): Answer(200, (ANY,))}) as api,
        Mitmdump(folder, api.upstream_mode, OPTIONS) as proxy,
    ):
        page = browser.open(f"{PAGE}/", proxy.port)
        for name, answer in REFUSED.items():
            url = f"{API}/{name}"
            api.routes["GET", url] = answer
            [refused] = page.play([Ask(url)])
            assert not refused.ok, name
            api.routes["GET", url] = Answer(200, (ANY,))
            asked = len(api.received)
            [seen] = page.play([Ask(url, {"cache": cache})])
            assert seen.ok == (len(api.received) > asked), name
            if not seen.ok:
                kept.add(name)
        page.close()
    return kept


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_kept_though_it_is_refused(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    browser = request.getfixturevalue(engine)
    assert _kept(browser, tmp_path, "default") == KEPT[engine]


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_kept_for_a_fetch_that_takes_any_copy(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    browser = request.getfixturevalue(engine)
    assert _kept(browser, tmp_path, "force-cache") == KEPT_FOR_FORCE_CACHE[engine]
