"""Which answers browsers keep though they refuse them: a mended server isn't asked again then."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.browsers.agreement import ENGINES, OPTIONS
from tests.browsers.case import ANY
from tests.browsers.consoles import printed_of
from tests.support.chromium import Chromium
from tests.support.firefox import Firefox
from tests.support.mitmdump import Mitmdump
from tests.support.origin_server import EMPTY_PAGE, Answer, OriginServer, Received, Scripted
from tests.support.webkit import WebKit

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
    "303-fresh": Answer(303, (ON, FRESH)),
    "307-fresh": Answer(307, (ON, FRESH)),
    "308-fresh": Answer(308, (ON, FRESH)),
    "200": Answer(200),
    "200-fresh": Answer(200, (FRESH,)),
    "200-fresh-by-date": Answer(200, (SINCE,)),
    "200-fresh-by-origin": Answer(200, (FRESH, ("Vary", "Origin"))),
    "204-fresh": Answer(204, (FRESH,)),
    "404-fresh": Answer(404, (FRESH,)),
    "410": Answer(410),
}

FRESH_REDIRECTS = {"302-fresh", "303-fresh", "307-fresh"}

KEPT = {
    "chromium": {"301", "308", *FRESH_REDIRECTS, "308-fresh"},
    "firefox": {
        *("200-fresh", "200-fresh-by-date", "200-fresh-by-origin", "204-fresh"),
        "410",
    },
    "webkit": {"301", *FRESH_REDIRECTS},
}
"""What each browser goes on with, by docs/scope.md."""


KEPT_FOR_FORCE_CACHE = {
    "chromium": KEPT["chromium"] | {"301-to-be-asked-about", "302"},
    "firefox": KEPT["firefox"] | {"200", "404-fresh"},
    "webkit": KEPT["webkit"],
}
"""The same for a fetch with `cache: "force-cache"`, which takes a copy however old it is."""


TURNS = range(3)
"""So many URLs has each answer: of one that it has kept, Firefox on a busy machine now and then
asks anew, as if its cache were too slow."""

PLAY = """
(async () => {
  const kept = [];
  const fetched = (url, cache) => fetch(url, {cache}).then(() => true, () => false);
  const urls = NAMES.flatMap(name => TURNS.map(turn => [name, `${API}/${name}?${turn}`]));
  const started = performance.now();
  for (const [name, url] of urls)
    if (await fetched(url, "default")) kept.push(`${name} was not refused`);
  // What is kept is written meanwhile; on a busy machine that takes as long as all else.
  await new Promise(resolve => setTimeout(resolve, 500 + performance.now() - started));
  for (const [name, url] of urls)
    if (!await fetched(url, CACHE)) kept.push(name);
  await fetch("/ended", {headers: {"X-Kept": kept.join()}});
})();
"""


class Mended(OriginServer):
    """Each URL's first answer is to be refused, and none after it."""

    def take(self, request: Received) -> Scripted:
        known = {received.url for received in self.received}
        found = super().take(request)
        return Answer(200, (ANY,)) if request.url in known else found


def _kept(browser: Chromium | Firefox | WebKit, folder: Path, cache: str) -> set[str]:
    """The answers by which a second fetch, in this cache mode, fails without being sent.

    The page does all by itself: driven by WebDriver, WebKit keeps nothing.
    """
    values = {"NAMES": [*REFUSED], "TURNS": [*TURNS], "CACHE": cache, "API": API}
    given = "".join(f"const {name} = {json.dumps(value)};" for name, value in values.items())
    page = EMPTY_PAGE.body + f"<body><script>{given}{PLAY}</script>".encode()
    with Mended() as server, Mitmdump(folder, server.upstream_mode, OPTIONS) as proxy:
        server.routes["GET", f"{PAGE}/"] = Answer(headers=EMPTY_PAGE.headers, body=page)
        server.routes["GET", f"{PAGE}/ended"] = Answer()
        server.routes["GET", ON[1]] = Answer(200, (ANY,))
        for turn in TURNS:
            urls = {("GET", f"{API}/{name}?{turn}"): each for name, each in REFUSED.items()}
            server.routes |= urls

        def told() -> list[str]:
            return [value for each in server.received for value in each.values("X-Kept")]

        printed_of(browser, f"{PAGE}/", proxy.port, told)
        return set(filter(None, told()[0].split(",")))


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
