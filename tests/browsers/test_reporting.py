"""Reports, which a page has its browser send to another origin, are judged as the browser does.

Firefox asks leave for them as for any request, Chromium in a way of its own; WebKit sends none of
these. A page's frames each break a policy of theirs that is for reports only.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from corscope.mitm.start.chromium import spki_hash
from tests.browsers.agreement import OPTIONS
from tests.browsers.case import ANY, BARE, SECURE_PAGE, allow, answer, headers, methods, redirect
from tests.browsers.conftest import need
from tests.browsers.consoles import Message, printed_of
from tests.support.chromium import Chromium, missing_parts
from tests.support.firefox import Firefox
from tests.support.mitmdump import Entry, Mitmdump
from tests.support.origin_server import EMPTY_PAGE, Answer, OriginServer

pytestmark = pytest.mark.browser

API = "https://reports.test"
TYPE = headers("content-type")
OWN = allow(SECURE_PAGE)

PREFLIGHTS: Mapping[str, Answer] = {
    "own": answer(OWN, headers("Content-Type")),
    "any": answer(ANY, TYPE),
    "star": answer(ANY, headers("*")),
    "bare": BARE,
    "no-headers": answer(ANY),
    "other": answer(allow("https://b.test"), TYPE),
    "slash": answer(allow(f"{SECURE_PAGE}/"), TYPE),
    "capitals": answer(allow(SECURE_PAGE.upper()), TYPE),
    "list": answer(allow(f"https://b.test, {SECURE_PAGE}"), TYPE),
    "lines": answer(allow("https://b.test"), OWN, TYPE),
    "among": answer(ANY, headers("x-a, content-type")),
    "spoilt-headers": answer(ANY, headers("content-type, a b")),
    "spoilt-methods": answer(ANY, TYPE, methods("a b")),
    "unauthorized": answer(ANY, TYPE, status=401),
    "redirect": redirect(f"{API}/redirected", ANY, TYPE),
    "redirect-to-http": redirect("http://reports.test/redirected", ANY, TYPE),
}
"""By the last part of an endpoint's path: what its preflight gets."""

SENT_BY_CHROMIUM = {
    *("own", "any", "star", "capitals", "list", "lines", "among"),
    *("spoilt-headers", "spoilt-methods", "redirect"),
}
SENT_BY_FIREFOX = {"own", "any", "star", "among"}

MIXED = "mixed active content"
"""Firefox doesn't print that of a report, which looks like any other request: docs/scope.md."""

QUIET_SECONDS = 6.0
"""So long browsers may collect reports before they send them."""


def serve(server: OriginServer) -> None:
    frames = "".join(f"<iframe src=/{name}></iframe>" for name in PREFLIGHTS)
    body = EMPTY_PAGE.body + f"<body>{frames}".encode()
    server.routes["GET", f"{SECURE_PAGE}/"] = Answer(headers=EMPTY_PAGE.headers, body=body)
    for name, preflight in PREFLIGHTS.items():
        own = (
            ("Reporting-Endpoints", f'x="{API}/{name}"'),
            ("Content-Security-Policy-Report-Only", "img-src 'none'; report-to x"),
        )
        server.routes |= {
            ("GET", f"{SECURE_PAGE}/{name}"): Answer(
                headers=(*EMPTY_PAGE.headers, *own), body=b"<img src=data:,>"
            ),
            ("OPTIONS", f"{API}/{name}"): preflight,
            ("POST", f"{API}/{name}"): Answer(),
        }
    server.routes["OPTIONS", f"{API}/redirected"] = answer(ANY, TYPE)


def reported(
    browser: Chromium | Firefox, server: OriginServer, proxy: Mitmdump
) -> tuple[list[Entry], set[str], list[Message]]:
    """What the journal has of the endpoints, which of them got reports, and what was printed."""
    serve(server)
    seen, last = 0, time.monotonic()

    def is_done() -> bool:
        nonlocal seen, last
        if (now := len(server.received)) != seen:
            seen, last = now, time.monotonic()
        asked = {each.url for each in server.received if each.method == "OPTIONS"}
        is_quiet = time.monotonic() - last > QUIET_SECONDS
        return is_quiet and {f"{API}/{name}" for name in PREFLIGHTS} <= asked

    printed = printed_of(browser, f"{SECURE_PAGE}/", proxy.port, is_done)
    entries = [entry for entry in proxy.journal() if entry.get("url", "").startswith(f"{API}/")]
    posts = [each.url for each in server.received if each.method == "POST"]
    sent = {url.rpartition("/")[2] for url in posts}
    return entries, sent, [each for each in printed if API in each[1]]


def let_through(entries: list[Entry]) -> set[str]:
    """The endpoints whose preflights the journal says are allowed."""
    found = {}
    for entry in entries:
        if entry["kind"] == "preflight":
            found[entry["url"].rpartition("/")[2]] = entry["verdict"] == "allowed"
    assert set(PREFLIGHTS) <= set(found)
    return {name for name, allowed in found.items() if allowed} - {"redirected"}


def test_chromium_looks_at_the_answer_by_itself(tmp_path: Path) -> None:
    need(missing_parts())
    with OriginServer() as server, Mitmdump(tmp_path, server.upstream_mode, OPTIONS) as proxy:
        # Reports go only to whom the browser trusts.
        authority = spki_hash(tmp_path / "confdir" / "mitmproxy-ca-cert.pem")
        trusted = f"--ignore-certificate-errors-spki-list={authority}"
        with Chromium(trusted, "--short-reporting-delay") as browser:
            entries, sent, printed = reported(browser, server, proxy)
    assert let_through(entries) == sent == SENT_BY_CHROMIUM
    assert {entry["scene"]["destination"] for entry in entries} == {"report"}
    assert {entry["credentials"] for entry in entries} == {"omit"}
    assert printed == []
    assert {entry["console"] for entry in entries} == {None}
    for entry in entries:
        if entry["kind"] == "actual":  # whose answer has no CORS headers at all
            assert (entry["verdict"], bool(entry["preflight"])) == ("allowed", True)


def test_firefox_asks_as_for_any_request(firefox: Firefox, tmp_path: Path) -> None:
    with OriginServer() as server, Mitmdump(tmp_path, server.upstream_mode, OPTIONS) as proxy:
        entries, sent, printed = reported(firefox, server, proxy)
    assert let_through(entries) == sent == SENT_BY_FIREFOX
    told = {text for entry in entries for text in (entry["console"] or "").splitlines()}
    assert {text for text, _ in printed} == {each for each in told if MIXED not in each}
