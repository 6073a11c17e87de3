"""The report in a real Chromium: opened from a file, with what a hostile server can put into it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from corscope.explain.failure import failed_text, gaps_text
from corscope.explain.markdown import report_markdown
from corscope.web.report import report_html
from tests.browsers.conftest import need
from tests.browsers.web_page import AXE, NARROW, WIDE, WebPage
from tests.support.chromium import Chromium
from tests.web.scenes import HOSTILE, PAGE, Recording, answers, asks, preflight, told

pytestmark = pytest.mark.browser

ENDPOINT = ".matrix a[href^='#/endpoints/']"

MARKDOWN = (
    "```\n</code></pre><img src=x onerror=\"document.title='owned'\">\n```` | [a](javascript:1) "
    "![b](https://evil.test/pixel) \\| <script>document.title='owned'</script> @someone #1 \\"
)
"""What a hostile server may send where Markdown is written of it."""


def hostile() -> Recording:
    """What a browser is told to do, with hostile values wherever the wire lets them in."""
    recording = told()
    for value in (HOSTILE, MARKDOWN, "</script></style></template>" + HOSTILE, "x" * 65_536):
        recording.exchange(
            asks("GET", f"/{value}?q={value}", origin=f"https://{value}"),
            answers(allow_origin=value, expose_headers=value, vary=value),
        )
        recording.exchange(
            preflight("PUT", value.replace("\n", ""), f"/{value}"),
            answers(204, allow_origin=PAGE, allow_methods=value, allow_headers=value),
        )
        recording.exchange(asks("GET", "/moved"), answers(302, allow_origin=PAGE, location=value))
        recording.exchange(asks("GET", "/down"), None, error=value)
    return recording


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("report") / "report.html"
    file.write_text(report_html(tuple(hostile().store), "1.0"), encoding="utf-8")
    return file


@pytest.fixture
def page(chromium: Chromium, report: Path) -> Iterator[WebPage]:
    with WebPage(chromium, report.as_uri()) as opened:
        yield opened


def test_nothing_that_a_server_sent_runs_and_no_request_leaves(
    chromium: Chromium, page: WebPage
) -> None:
    """Every exchange is opened, and both views."""
    asked: list[str] = []

    async def load_anew() -> None:
        page.page.on("request", lambda request: asked.append(request.url))
        await page.page.reload()

    chromium.call(load_anew())
    for entry in hostile().store:
        page.run("document.querySelector('#detail').replaceChildren()")
        page.go(f"#/exchanges/{entry.exchange.id}")
        page.see(".exchange h2")
    page.click("[data-view=endpoints]")
    page.see(".matrix")
    addresses = page.run("each => [...document.querySelectorAll(each)].map(a => a.hash)", ENDPOINT)
    assert len(addresses) > 5
    for url in addresses:
        page.run("document.querySelector('#detail').replaceChildren()")
        page.go(url)
        page.see(".endpoint h2")
    assert chromium.call(page.page.title()) == "CORS report"
    assert not page.is_owned()
    assert page.errors == []
    assert {url.partition(":")[0] for url in asked} <= {"file", "data"}
    assert len([url for url in asked if url.startswith("file:")]) == 1
    elements = "document.querySelectorAll('main script, main img, main iframe').length"
    assert chromium.call(page.page.evaluate(elements)) == 0


def test_an_exchange_is_found_opened_and_its_place_kept_in_the_address(page: WebPage) -> None:
    page.click("#text")
    page.press("l", "o", "g", "o", "Escape")
    page.click(".chip.blocked")
    page.click(".row.blocked")
    page.see(".exchange .head h2")
    page.see(".steps .step.fail")
    page.press("Escape")
    page.see(".hint")


def test_a_cell_of_the_endpoints_leads_to_its_last_exchange(page: WebPage) -> None:
    page.click("[data-view=endpoints]")
    page.click(".matrix td.blocked a")
    page.see(".exchange.blocked")
    page.press("2")
    page.click(ENDPOINT)
    page.see(".endpoint .policy")
    page.press("1")
    page.see("[role=option]")


def test_what_is_missing_in_it_stands_above_the_exchanges(
    chromium: Chromium, page: WebPage, tmp_path: Path
) -> None:
    assert page.text("#failed") == ""
    file = tmp_path / "report.html"
    missing = (failed_text(1), gaps_text(3, 1))
    file.write_text(report_html(tuple(told().store), "1.0", missing=missing), encoding="utf-8")
    with WebPage(chromium, file.as_uri()) as opened:
        opened.see("#failed", " ".join(missing))
        assert opened.errors == []


def test_axe_finds_nothing(chromium: Chromium, tmp_path: Path) -> None:
    need("" if AXE.exists() else "axe-core (npm in tests/browsers/axe)")
    file = tmp_path / "report.html"
    file.write_text(report_html(tuple(told().store), "1.0"), encoding="utf-8")
    for size in (WIDE, NARROW):
        with WebPage(chromium, file.as_uri(), size) as page:
            page.press("k", "Enter")
            page.see(".exchange h2")
            assert page.complaints() == []
            page.click("[data-view=endpoints]")
            page.see(".matrix")
            assert page.complaints() == []


def test_the_markdown_of_hostile_values_is_text_in_any_viewer(
    chromium: Chromium, tmp_path: Path
) -> None:
    """Rendered by a viewer that lets HTML through, nothing runs, loads or leads away."""
    told_as = report_markdown(tuple(hostile().store))
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(told_as)
    file = tmp_path / "ticket.html"
    page_text = f"<!doctype html><title>ticket</title><i aria-current=page>x</i>{html}"
    file.write_text(page_text, encoding="utf-8")
    with WebPage(chromium, file.as_uri()) as page:
        script = "document.querySelectorAll('img, script, iframe, form, style, link').length"
        assert chromium.call(page.page.evaluate(script)) == 0
        links = "[...document.links].map(link => link.origin)"
        assert set(chromium.call(page.page.evaluate(links))) <= {"https://fetch.spec.whatwg.org"}
        assert chromium.call(page.page.title()) == "ticket"
        assert not page.is_owned()
        rows = "[...document.querySelectorAll('tr')].map(row => row.cells.length)"
        assert set(chromium.call(page.page.evaluate(rows))) == {6}
        headings = "document.querySelectorAll('h3').length"
        assert chromium.call(page.page.evaluate(headings)) > 10
