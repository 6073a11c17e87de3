"""A preflight that the browser remembers, and the requests that rest on it in the journal."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.chromium import Chromium
from tests.support.mitmdump import Mitmdump
from tests.support.origin_server import EMPTY_PAGE, Answer, OriginServer

pytestmark = pytest.mark.browser

PAGE = "http://page.test/"
API = "http://api.test/cached"
ALLOWED = (("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Methods", "PUT"))


@pytest.mark.parametrize(
    ("max_age", "asked"),
    [
        pytest.param((), ["OPTIONS", "PUT", "PUT"], id="without Max-Age it is kept for a while"),
        pytest.param(("60",), ["OPTIONS", "PUT", "PUT"], id="with Max-Age it is kept"),
        pytest.param(
            ("0",), ["OPTIONS", "PUT", "OPTIONS", "PUT"], id="with Max-Age 0 it is not kept"
        ),
    ],
)
def test_each_request_names_the_preflight_it_rests_on(
    chromium: Chromium, tmp_path: Path, max_age: tuple[str, ...], asked: list[str]
) -> None:
    """Two PUTs in a row; each preflight's outcome names the PUT that came right after it."""
    answer = Answer(headers=(*ALLOWED, *(("Access-Control-Max-Age", age) for age in max_age)))
    with (
        OriginServer({("GET", PAGE): EMPTY_PAGE, ("*", API): answer}) as server,
        Mitmdump(tmp_path, server.upstream_mode) as proxy,
    ):
        page = chromium.open(PAGE, proxy.port)
        seen = [page.fetch(API, {"method": "PUT"}).ok for _ in range(2)]
        page.close()
    assert seen == [True, True]
    assert [request.method for request in server.received if request.url == API] == asked
    journal = proxy.journal()
    exchanges = [entry for entry in journal if entry["type"] == "exchange"]
    assert [entry["kind"] == "preflight" for entry in exchanges] == [
        method == "OPTIONS" for method in asked
    ]
    outcomes = {entry["id"]: entry["actual"] for entry in journal if entry["type"] == "outcome"}
    for entry, following in pairwise(exchanges):
        if entry["kind"] == "preflight":
            assert outcomes[entry["id"]] == following["id"]
            assert following["preflight"] == entry["id"]
    assert {entry["preflight"] for entry in exchanges if entry["kind"] == "actual"} == set(outcomes)
