"""The table of endpoints and one endpoint, as HTML."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from corscope.explain.endpoints.matrix import endpoints
from corscope.web.endpoints import matrix_html
from tests.support.web import Served
from tests.web.scenes import API, HOSTILE, PAGE, Recording, answers, asks, preflight, told


def endpoint(served: Served, url: str) -> str:
    return served.ask(f"endpoint?url={quote(url, safe='')}").text


def test_origins_stand_across_and_endpoints_down() -> None:
    with Served(told().store) as served:
        html = served.ask("matrix").text
    assert html.count('<th scope="col">') == 3
    assert f"{API}/items/*" in html
    assert "never asked" in html
    assert 'href="#/exchanges/exchange-10"' in html, "the last one of its cell"


def test_an_endpoint_tells_its_policy_and_what_its_preflights_cost() -> None:
    recording = Recording()
    for _ in range(3):
        recording.exchange(preflight("PUT"), answers(204, allow_origin=PAGE, allow_methods="PUT"))
        recording.exchange(asks("PUT"), answers(allow_origin=PAGE))
    with Served(recording.store) as served:
        html = endpoint(served, f"{API}/items")
        assert served.ask("endpoint?url=https%3A//else.test/").status == 404
        assert served.ask("endpoint").status == 400
    assert "3 preflights, for which the browser waited 243 ms" in html
    assert "3 of 3 requests (100%) had to wait for one" in html
    assert "no max-age" in html
    assert html.count('<rect class="left"') == 7
    assert 'width="33.3"' in html, "one of three is left"
    assert "PUT" in html


def test_without_preflights_there_is_no_chart() -> None:
    recording = Recording()
    recording.exchange(asks("GET"), answers(allow_origin="*"))
    with Served(recording.store) as served:
        html = endpoint(served, f"{API}/items")
    assert "What its preflights cost" not in html
    assert "any (*)" in html


def test_hostile_values_are_text() -> None:
    recording = Recording()
    recording.exchange(asks("GET", f"/{HOSTILE}", origin=HOSTILE), answers(allow_origin=HOSTILE))
    with Served(recording.store) as served:
        [row] = endpoints(recording.store).endpoints
        for html in (served.ask("matrix").text, endpoint(served, row.url)):
            assert "<script>" not in html
            assert "<img" not in html
            assert "\u202e" not in html


@pytest.mark.parametrize("what", ["origins", "endpoints"])
def test_of_very_many_the_rest_is_counted(what: str) -> None:
    recording = Recording()
    for number in range(510):
        origin = f"https://a{number}.test" if what == "origins" else PAGE
        path = "/items" if what == "origins" else f"/a{number}"
        recording.exchange(asks("GET", path, origin=origin), answers())
    html = matrix_html(endpoints(recording.store))
    assert f"{480 if what == 'origins' else 10} more {what}" in html
