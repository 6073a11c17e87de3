"""Entries of a HAR tell the same as the flows that mitmproxy would have of them."""

from __future__ import annotations

import io
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mitmproxy import flow, http
from mitmproxy.test import tflow

from corscope.fetch.url import parse_host
from corscope.journal.exchange import Missing
from corscope.mitm.saved.capture import Capture, capture_of
from corscope.mitm.saved.flows import read_captures
from corscope.mitm.saved.har import captured
from corscope.mitm.saved.har_text import HarText, UnreadableError, entries

HOSTS = st.sampled_from(
    [
        *(
            "api.test",
            "a.b.c.d.e.test",
            "127.0.0.1",
            "[::1]",
            "API.test",
            "bücher.test",
            "a_b.test",
        ),
        *("xn--bcher-kva.test", "-a.test", "a-.test", "a..b", "", ".", "a" * 63, "a" * 64, "u:p@h"),
    ]
)
PORTS = st.sampled_from(["", ":80", ":443", ":8080", ":0", ":08080", ":65536", ":", ":x"])
PATHS = st.text("/ab;?#%.[]\"'\\ \t\n{}|^`~é", max_size=8) | st.text(max_size=4)
URLS = st.builds(
    "{}://{}{}{}".format, st.sampled_from(["http", "https", "HTTPS"]), HOSTS, PORTS, PATHS
) | st.builds("{}://{}{}/{}".format, st.just("https"), st.just("api.test"), st.just(""), PATHS)

TEXTS = st.sampled_from(
    ["Origin", "User-Agent", ":path", "*\nhttps://a.test", " a\t", "\r\n", "é", "\udc80", "\ud800"]
) | st.text(max_size=4)
VALUES = TEXTS | st.none() | st.integers() | st.booleans() | st.lists(st.integers(), max_size=1)
ITEMS = (
    st.fixed_dictionaries({"name": TEXTS, "value": TEXTS})
    | st.fixed_dictionaries({}, optional={"name": VALUES, "value": VALUES, "text": VALUES})
    | st.lists(VALUES, max_size=3)
    | VALUES
)
HEADERS = st.lists(ITEMS, max_size=4) | VALUES


def reference(url: str, headers: Any) -> Capture:
    """The way by mitmproxy's own objects."""
    made = tflow.tflow()
    made.client_conn.peername = ("127.0.0.1", 0)
    made.request = http.Request.make("GET", on_the_wire(url))
    made.request.headers = http.Headers(fields(headers))
    made.error = flow.Error("the HAR holds no response", 0)
    return capture_of(made)


def on_the_wire(url: str) -> str:
    """Percent-encoded, but for what is before the path: there the host has a way of its own."""
    before = re.match("[A-Za-z][A-Za-z0-9.+-]*://[^/?#]*", url)
    begins = before.end() if before else len(url)
    named = before and re.search("//(?:.*@)?([^:@]*)", before[0], re.DOTALL)
    if named and not named[1].isascii() and (host := parse_host(named[1])):
        return on_the_wire(url[: named.start(1)] + host + url[named.end(1) :])
    return "".join(
        each
        if at < begins or each.isascii()
        else "".join(f"%{byte:02X}" for byte in each.encode("utf-8", "replace"))
        for at, each in enumerate(url)
    )


def fields(headers: Any) -> list[tuple[bytes, bytes]]:
    """Header lines as bytes."""
    found = []
    for item in headers if isinstance(headers, list) else []:
        match item:
            case {"name": str(name), "value": value} | [str(name), value]:
                if not name.startswith(":"):
                    lines = str("" if value is None else value).split("\n")
                    found += [(encoded(name), encoded(line.strip("\r"))) for line in lines]
    return found


def encoded(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return re.sub("[\ud800-\udfff]", "\ufffd", text).encode()


@given(URLS)
def test_a_url_is_as_if_it_had_passed_through_mitmproxy(url: str) -> None:
    try:
        expected = reference(url, []).request.url
    except ValueError:
        with pytest.raises(UnreadableError):
            captured({"request": {"url": url}})
        return
    found = captured({"request": {"url": url}})
    assert found is not None
    assert found.request.url == expected


def test_a_path_as_a_person_reads_it_is_that_of_the_wire() -> None:
    """Half a surrogate pair is to a browser's URL U+FFFD; a byte that is no UTF-8 is that byte."""
    found = captured({"request": {"url": "https://api.test/\u00fc?q=\u20ac&r=%20\ud800\udcff"}})
    assert found is not None
    assert found.request.url == "https://api.test/%C3%BC?q=%E2%82%AC&r=%20%EF%BF%BD%EF%BF%BD"
    found = captured({"request": {"url": "https://api.test/\udcff"}})
    assert found is not None
    assert found.request.url == "https://api.test/%FF"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://b\u00fccher.test/a", "https://xn--bcher-kva.test/a"),
        ("http://u:p@b\u00fccher.test:8080/\u00fc", "http://xn--bcher-kva.test:8080/%C3%BC"),
    ],
)
def test_so_is_its_host(url: str, expected: str) -> None:
    found = captured({"request": {"url": url}})
    assert found is not None
    assert found.request.url == expected


def test_headers_that_are_an_object_are_told_of() -> None:
    entry = {"request": {"url": "https://api.test/", "headers": {"Origin": "https://a.test"}}}
    with pytest.raises(UnreadableError, match="are an object, where a HAR has a list"):
        captured(entry)


@given(HEADERS)
def test_headers_are_as_if_they_had_passed_through_mitmproxy(headers: Any) -> None:
    found = captured({"request": {"url": "https://api.test/", "headers": headers}})
    assert found is not None
    assert found.request.headers == reference("https://api.test/", headers).request.headers


@pytest.mark.parametrize(
    ("creator", "version", "name"),
    [
        ("mitmproxy", "HTTP/2.0", "access-control-allow-origin"),
        ("mitmproxy", "HTTP/1.1", "Access-Control-Allow-Origin"),
        ("WebInspector", "h2", "Access-Control-Allow-Origin"),
        ("mitmproxy", None, "Access-Control-Allow-Origin"),
    ],
)
def test_names_are_as_the_browser_got_them(creator: str, version: object, name: str) -> None:
    """mitmproxy writes what the server sent; Firefox goes by how a repeated header is spelled."""
    asked = {"url": "https://api.test/", "httpVersion": version}
    answer = {"status": 200, "headers": [["Access-Control-Allow-Origin", "*"]]}
    found = captured({"request": asked, "response": answer}, creator)
    assert found is not None
    assert found.sighting.response is not None
    assert found.sighting.response.headers == ((name, "*"),)


@pytest.mark.parametrize(("creator", "method"), [("mitmproxy", "patch"), ("Firefox", "PATCH")])
def test_a_method_is_spelled_as_its_preflight_asks(
    tmp_path: Path, creator: str, method: str
) -> None:
    """mitmproxy writes all in capitals, and `patch` is what script has to get right."""
    asked = [["Origin", "https://app.test"], ["Access-Control-Request-Method", "patch"]]
    listed = [
        {"request": {"url": f"https://api.test/{path}", "method": each, "headers": headers}}
        for path, each, headers in (
            ("a", "OPTIONS", asked),
            ("a", "PATCH", asked[:1]),
            ("b", "PATCH", asked[:1]),
        )
    ]
    file = tmp_path / "saved.har"
    file.write_text(
        json.dumps({"log": {"creator": {"name": creator}, "entries": listed}}), encoding="utf-8"
    )
    assert [each.request.method for each in read_captures(file)] == ["OPTIONS", method, "PATCH"]


@pytest.mark.parametrize(
    ("creator", "error", "missing"),
    [
        ("mitmproxy", "whatever", Missing.NO_ANSWER),
        ("mitmproxy", "Connection killed.", Missing.DROPPED),
        ("mitmproxy", "Client disconnected.", Missing.CLIENT_GONE),
        ("WebInspector", "net::ERR_FAILED", Missing.NOT_RECORDED),
        ("WebInspector", "net::ERR_ABORTED", Missing.CLIENT_GONE),
        ("WebInspector", "net::ERR_EMPTY_RESPONSE", Missing.DROPPED),
        ("Firefox", None, Missing.NOT_RECORDED),
    ],
)
def test_why_there_is_no_answer_is_told_as_far_as_the_har_does(
    creator: str, error: str | None, missing: Missing
) -> None:
    """Behind mitmproxy a browser got its error page; of others nobody knows what it got."""
    answer = {"status": 0, "_error": error}
    found = captured({"request": {"url": "https://api.test/"}, "response": answer}, creator)
    assert found is not None
    assert found.sighting.missing is missing
    assert found.sighting.error == (error or "the HAR holds no response")


@pytest.mark.parametrize(("creator", "is_one"), [("mitmproxy", False), ("WebInspector", True)])
def test_what_waited_for_its_answer_as_mitmproxy_saved_it_is_nothing_yet(
    creator: str, is_one: bool
) -> None:
    """Browsers write the same of an answer that they have refused."""
    entry = {"request": {"url": "https://api.test/"}, "response": {"status": 0, "_error": None}}
    assert (captured(entry, creator) is not None) == is_one


@pytest.mark.parametrize(
    ("creator", "waits"),
    [("WebInspector", 140), ("", 140), ("Firefox", 10_000), ("mitmproxy", None)],
)
def test_a_request_may_have_waited_for_its_preflight(creator: str, waits: int | None) -> None:
    """In a browser's HAR, in whose time only Firefox doesn't count that, by two clocks."""
    entry = {"startedDateTime": "2026-01-02T03:04:05Z", "time": 40, "response": {"status": 200}}
    found = captured({"request": {"url": "https://api.test/"}, **entry}, creator)
    assert found is not None
    expected = None if waits is None else found.asked + timedelta(milliseconds=waits)
    assert found.waits_until == expected


def test_a_preflight_by_a_clock_that_is_ahead_is_its_requests_all_the_same(tmp_path: Path) -> None:
    """As Chromium's tools saved it once: the one that the request waited for begins after it."""
    url, origin = "https://api.test/", ["Origin", "https://app.test"]
    listed = [
        ("PUT", "2026-11-30T11:49:09.920Z", 7.7, [origin]),
        (
            "OPTIONS",
            *("2026-11-30T11:49:09.930Z", 4.0),
            [origin, ["Access-Control-Request-Method", "PUT"]],
        ),
    ]
    entries = [
        {
            "request": {"url": url, "method": method, "headers": headers},
            "response": {"status": 200, "headers": []},
            "startedDateTime": started,
            "time": took,
        }
        for method, started, took, headers in listed
    ]
    file = tmp_path / "saved.har"
    written = {"log": {"creator": {"name": "WebInspector"}, "entries": entries}}
    file.write_text(json.dumps(written), encoding="utf-8")
    assert [each.request.method for each in read_captures(file)] == ["OPTIONS", "PUT"]


REFUSED_IN_PLAYWRIGHT = {
    "request": {
        "method": "PUT",
        "url": "https://api.test/x",
        "headers": [{"name": "Referer", "value": "https://app.test/"}],
        "headersSize": -1,
    },
    "response": {"status": -1, "headers": [], "_failureText": "net::ERR_FAILED"},
    "_resourceType": "fetch",
}
"""Chromium's own tools write the same of what a preflight has kept back, but for the names."""


def test_the_origin_of_what_failed_before_it_was_sent_is_its_pages() -> None:
    found = captured(REFUSED_IN_PLAYWRIGHT, "Playwright")
    assert found is not None
    assert (found.request.headers[-1], found.is_sent) == (("Origin", "https://app.test"), False)
    assert found.sighting.error == "net::ERR_FAILED"


@pytest.mark.parametrize(
    "changed",
    [
        {"_resourceType": "image"},
        {"_resourceType": {}},
        {"response": {"status": 200}},
        {"response": {"status": 0, "_error": "net::ERR_BLOCKED_BY_CLIENT"}},
        {"request": {"url": "https://app.test/x", "headers": [["Referer", "https://app.test/"]]}},
        {"request": {"url": "https://api.test/x"}},
    ],
)
def test_what_needs_no_origin_gets_none(changed: dict[str, Any]) -> None:
    found = captured({**REFUSED_IN_PLAYWRIGHT, **changed}, "Playwright")
    assert found is not None
    assert "Origin" not in dict(found.request.headers)


@pytest.mark.parametrize(
    ("status", "is_one"),
    [
        *((100, True), (999, True), (99, False), (0, False), (-200, False), (True, False)),
        *(("200", True), (200.0, True), (200.5, False), ("200 OK", False), (None, False)),
    ],
)
def test_a_status_is_any_of_three_digits(status: object, is_one: bool) -> None:
    """As on the wire, where some servers go beyond 599; as a number or not."""
    found = captured({"request": {"url": "https://api.test/"}, "response": {"status": status}})
    assert found is not None
    assert (found.sighting.response is not None) == is_one


@pytest.mark.parametrize(
    ("creator", "read"),
    [("WebInspector", "\xe4"), ("Firefox", "\xe4"), ("mitmproxy", "\xc3\xa4"), ("", "\xc3\xa4")],
)
def test_a_header_is_read_as_who_wrote_the_har_writes_it(creator: str, read: str) -> None:
    """Browsers' tools write a character a byte, mitmproxy reads bytes as UTF-8."""
    headers = [{"name": "X-A", "value": "\xe4"}, {"name": "X-B", "value": "\u20ac"}]
    entry = {"request": {"url": "https://api.test/", "headers": headers}}
    content = json.dumps({"log": {"creator": {"name": creator}, "entries": [entry]}}).encode()
    text = HarText(io.BytesIO(content).read)
    [item] = entries(text, 10_000)
    found = captured(item, text.creator)
    assert found is not None
    assert found.request.headers == (("X-A", read), ("X-B", "\xe2\x82\xac"))


@pytest.mark.parametrize(
    ("creator", "value", "lines"),
    [
        ("WebInspector", "*\nhttps://a.test", ["*", "https://a.test"]),
        ("WebInspector", "*\n", ["*", ""]),
        ("mitmproxy", "\r\n *", ["*"]),
        ("mitmproxy", "*\r\n", ["*"]),
        ("mitmproxy", "GET,\r\n\tPUT", ["GET, PUT"]),
    ],
)
def test_a_line_feed_is_between_lines_or_within_one(
    creator: str, value: str, lines: list[str]
) -> None:
    """Browsers join the lines of one name; mitmproxy writes each, with its folds."""
    headers = [{"name": "Access-Control-Allow-Origin", "value": value}]
    found = captured({"request": {"url": "https://api.test/", "headers": headers}}, creator)
    assert found is not None
    assert [value for _, value in found.request.headers] == lines


@pytest.mark.parametrize(
    ("url", "host", "expected"),
    [
        ("http://::1:8000/x", "[::1]:8000", "http://[::1]:8000/x"),
        ("https://fe80::1/x?a", "[fe80::1]", "https://[fe80::1]/x?a"),
        ("http://127.0.0.1:8000/x", "[::1]:8000", "http://127.0.0.1:8000/x"),
    ],
)
def test_an_address_gets_its_brackets_again(url: str, host: str, expected: str) -> None:
    found = captured({"request": {"url": url, "headers": [["Host", host]]}}, "mitmproxy")
    assert found is not None
    assert found.request.url == expected


def test_a_request_that_firefox_kept_back_is_known() -> None:
    """It lists it, after a refused preflight say; then there is no time of any step."""
    for timings, size, is_sent in (({}, 0, False), ({}, -1, True), ({"wait": 0}, 0, True)):
        asked = {"url": "https://api.test/", "headersSize": size}
        found = captured({"request": asked, "timings": timings})
        assert found is not None
        assert found.is_sent is is_sent


@pytest.mark.parametrize("time", [1e300, -1e300, float("nan"), float("inf"), -5, "5", None, []])
def test_a_time_that_cannot_be_spoils_nothing(time: object) -> None:
    entry = {"request": {"url": "https://api.test/"}, "startedDateTime": "2026-01-02", "time": time}
    found = captured(entry)
    assert found is not None
    assert found.answered == found.asked


@pytest.mark.parametrize("started", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_start_beyond_all_times_spoils_nothing(started: str) -> None:
    entry = {"request": {"url": "https://api.test/"}, "startedDateTime": started, "time": 1e12}
    found = captured(entry)
    assert found is not None
    assert found.asked == datetime.fromtimestamp(0, UTC)
