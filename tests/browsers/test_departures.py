"""Each departure from the standard is shown by a case that real browsers play."""

from __future__ import annotations

from pathlib import Path

import pytest

from corscope.fetch.engines import DEPARTURES, Departure, Engine
from tests.browsers.departures import ELSEWHERE, shown_by
from tests.support.chromium import Chromium
from tests.support.mitmdump import Mitmdump
from tests.support.origin_server import EMPTY_PAGE, Answer, OriginServer

PAGE = "http://page.test"

DEPARTING = [
    pytest.param(departure, engine, id=f"{departure.value}-{engine.value}")
    for departure, entry in DEPARTURES.items()
    for engine in sorted(entry.engines)
    if departure not in ELSEWHERE
]


@pytest.mark.parametrize(("departure", "engine"), DEPARTING)
def test_some_case_would_go_otherwise(departure: Departure, engine: Engine) -> None:
    """The cases are played in `test_agrees.py`: were the row wrong, one of them would disagree."""
    assert shown_by(departure, engine) is not None


@pytest.mark.parametrize(
    "test", sorted({test for test in ELSEWHERE.values() if test.endswith(".py")})
)
def test_what_is_shown_elsewhere_has_its_test(test: str) -> None:
    assert (Path(__file__).parent / test).is_file()


@pytest.mark.browser
def test_chromium_keeps_its_own_user_agent(chromium: Chromium, tmp_path: Path) -> None:
    """So it asks no leave for script's; other engines send that, and hide which engine they are."""
    url = "http://api.test/agent"
    with (
        OriginServer() as server,
        Mitmdump(tmp_path, server.upstream_mode) as proxy,
    ):
        server.routes["GET", f"{PAGE}/"] = EMPTY_PAGE
        server.routes["*", url] = Answer(200, (("Access-Control-Allow-Origin", "*"),))
        page = chromium.open(f"{PAGE}/", proxy.port)
        seen = page.fetch(url, {"headers": {"User-Agent": "mine"}})
        page.close()
        sent = [request for request in server.received if request.url == url]
    assert seen.ok
    assert [request.method for request in sent] == ["GET"]
    assert "Chrome/" in sent[0].values("User-Agent")[0]
