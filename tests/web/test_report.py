"""The report is one file that says by itself that nothing else may run or be loaded."""

from __future__ import annotations

import json
import re
import zlib
from base64 import b64decode, b64encode
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from corscope.journal.store import Store
from corscope.web import report as report_module
from corscope.web.render import shell_html
from corscope.web.report import AT_ONCE, report_html
from tests.web.scenes import HOSTILE, PAGE, Recording, answers, asks, told

STATIC = Path(report_module.__file__).parent / "static"


class Parts(HTMLParser):
    """The texts of the elements that have nothing else in them, and all attributes, of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, str | None, str]] = []
        self.attributes: list[tuple[str, str, str]] = []
        self._is_open = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self.elements.append((tag, dict(attrs).get("type"), ""))
        self._is_open = True

    def handle_endtag(self, _tag: str) -> None:
        self._is_open = False

    def handle_data(self, data: str) -> None:
        if self._is_open:
            tag, kind, text = self.elements[-1]
            self.elements[-1] = (tag, kind, text + data)

    def of(self, tag: str, kind: str | None = None) -> list[str]:
        return [text for *found, text in self.elements if found == [tag, kind]]


def report(recording: Recording | None = None) -> str:
    return report_html(tuple((recording or told()).store), "1.0")


def test_the_policy_names_the_files_own_script_and_style_and_nothing_else() -> None:
    parts = Parts(report())
    [policy] = [value for tag, name, value in parts.attributes if value.startswith("default-src")]
    [script] = parts.of("script", "module")
    [style] = parts.of("style")
    named = [b64encode(sha256(text.encode()).digest()).decode() for text in (script, style)]
    assert policy.split("; ") == [
        "default-src 'none'",
        f"script-src 'sha256-{named[0]}'",
        f"style-src 'sha256-{named[1]}'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    ]


def test_it_knows_what_is_missing_in_it() -> None:
    assert 'data-missing=""' in report()
    html = report_html(tuple(told().store), "1.0", missing=("One failed.", "2 lines couldn't be."))
    [said] = [value for _, name, value in Parts(html).attributes if name == "data-missing"]
    assert said == "One failed. 2 lines couldn't be."


def test_the_file_names_nothing_to_be_loaded() -> None:
    packet = unpacked(Parts(report()).of("script", "text/plain")[-1])
    endpoints = [packet["matrix"], *packet["endpoint"].values()]
    for html in (report(), *pages(report()), *endpoints):
        for tag, name, value in Parts(html).attributes:
            assert name not in {"src", "srcset", "action", "data", "poster", "ping"}, (tag, value)
            assert not name.startswith("on")
            if name == "href":
                links_out = tag == "a" and value.startswith("https://fetch.spec.whatwg.org/")
                assert links_out or value.startswith(("#", "data:,"))
            if name == "style":
                raise AssertionError(value)


def pages(html: str) -> list[str]:
    """The exchanges' own HTML, unpacked."""
    *packets, endpoints = map(unpacked, Parts(html).of("script", "text/plain"))
    assert set(endpoints) == {"matrix", "endpoint"}
    return [each for packet in packets for each in packet]


def unpacked(packet: str) -> Any:
    return json.loads(zlib.decompress(b64decode(packet)))


def test_every_exchange_is_in_it_as_the_page_shows_it() -> None:
    recording = told()
    html = report(recording)
    rows = json.loads(Parts(html).of("script", "application/json")[0])
    assert [row["id"] for row in rows] == [entry.exchange.id for entry in recording.store]
    assert len(pages(html)) == len(rows)
    assert all('class="exchange' in page for page in pages(html))


def test_thousands_are_packed_small() -> None:
    recording = Recording(Store())
    for number in range(AT_ONCE + 1):
        recording.exchange(asks("GET", f"/items/{number}"), answers(allow_origin=PAGE))
    html = report(recording)
    assert html.count('class="packet"') == 2
    assert len(pages(html)) == AT_ONCE + 1
    # Ten thousand exchanges have to stay a file that can be attached somewhere.
    assert sum(map(len, re.findall(r'class="packet">(.*?)<', html))) < 1_500 * (AT_ONCE + 1)


def test_hostile_values_end_no_element() -> None:
    recording = Recording()
    recording.exchange(
        asks("GET", "/</script><script>1", origin=f"https://{HOSTILE}"),
        answers(allow_origin=f"</script></style>{HOSTILE}"),
    )
    html = report(recording)
    assert html.count("</script>") == len(["rows", "packet", "endpoints", "module"])
    assert HOSTILE not in html
    assert "\x1b" not in html
    assert "\u202e" not in html
    assert "<script" not in "".join(pages(html))


def test_an_empty_report_says_so() -> None:
    html = report(Recording())
    assert "No CORS exchange" in html
    assert pages(html) == []


def test_the_report_has_all_that_the_page_has_of_style_for_its_views() -> None:
    """A view that gets a style sheet of its own would else look bare here."""
    links = re.findall(r'href="static/([a-z]+\.css)"', shell_html([]))
    assert len(links) >= 2
    [style] = Parts(report()).of("style")
    for name in set(links) - {"rules.css", "guide.css"}:
        assert (STATIC / name).read_text(encoding="utf-8") in style
