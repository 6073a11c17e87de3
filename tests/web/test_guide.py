"""The guide on the page is docs/cors.md, and leads out of it only to other sites."""

from __future__ import annotations

import re

from corscope.cli.demo.cases import CASES
from corscope.web.render import template_html
from tests.web.guide import GUIDE, TEMPLATE, guide_html


def test_the_pages_guide_is_that_of_the_docs() -> None:
    written = guide_html(GUIDE.read_text("utf-8"))
    assert TEMPLATE.read_text("utf-8") == written, "run make guide"


def test_it_names_each_button_of_the_demo() -> None:
    html = template_html("guide.html")
    for case in CASES:
        assert f"<strong>{case.title}</strong>" in html


def test_it_asks_for_nothing_that_the_page_has_not() -> None:
    html = template_html("guide.html")
    assert "<img" not in html
    assert all(url.startswith("https://") for url in re.findall(r'(?:href|src)="([^"]+)"', html))
    assert "(<code>docs/rules.md</code>)" in html


def test_its_headings_stand_below_the_pages_own() -> None:
    html = template_html("guide.html")
    assert "<h2>How CORS works</h2>" in html
    assert "<h1>" not in html
