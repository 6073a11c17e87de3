"""What do the browsers' consoles print of each case? For the sentences that people search for.

All cases run in one browser through one mitmdump. What the console says comes by each browser's
own way: DevTools, Marionette, or standard output.
"""

from __future__ import annotations

import json
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from tests.browsers.agreement import OPTIONS
from tests.browsers.case import Case
from tests.support.chromium import Chromium
from tests.support.firefox import Complaint, Firefox
from tests.support.mitmdump import Entry, Mitmdump, wait_until
from tests.support.origin_server import EMPTY_PAGE, Answer, OriginServer
from tests.support.page import PLAY, arguments
from tests.support.webkit import WebKit

__all__ = ["DROPPED_API", "Message", "Printed", "play_for_console", "printed_of", "when_silent"]

DROPPED_API = "http://dropped.test/{case}"
"""What is asked of this host gets no answer: a rule drops the connection."""

RULES = """
[[rule]]
name = "drop"
match.host = "dropped.test"
fault.abort = true
"""

PAGE_SECONDS = 90.0

SILENT_SECONDS = 1.0
"""How long a console has to be silent before all is taken to be said."""

_URL_PARTS = re.compile(r"[/?#:,;.'\s\u2018\u2019]")  # a sentence has its URL in quotes, or not
_WEBKIT_LINE = re.compile(r".*?CONSOLE (?:\w+ )*?(?:LOG|ERROR|WARN) (.*)")

Said = TypeVar("Said", bound=Sequence[object])

Message = tuple[str, str]
"""A text, and a place or text that names the URL that it is about."""


@dataclass(frozen=True, slots=True)
class Printed:
    """One case: what the console printed of it, and what the journal has of it, in order."""

    case: Case
    messages: tuple[str, ...]
    entries: tuple[Entry, ...]


def play_for_console(
    browser: Chromium | Firefox | WebKit, cases: Sequence[Case], folder: Path
) -> Mapping[str, Printed]:
    """Run the cases one after another, and sort what was printed by the slug of its case."""
    rules = folder / "rules.toml"
    rules.write_text(RULES, "utf-8")
    options = {**OPTIONS, "cors_rules": rules}
    messages: list[Message] = []
    with OriginServer() as server:
        with Mitmdump(folder, server.upstream_mode, options) as proxy:
            for case in cases:
                server.routes.update(case.routes())
            for origin in sorted({case.page for case in cases}):
                asked = [case for case in cases if case.page == origin]
                messages += _messages(browser, origin, asked, server, proxy.port)
        return _sorted(cases, messages, proxy.journal())


def _messages(
    browser: Chromium | Firefox | WebKit,
    origin: str,
    cases: Sequence[Case],
    server: OriginServer,
    port: int,
) -> Sequence[Message]:
    if isinstance(browser, WebKit):
        return _of_webkit(browser, origin, cases, server, port)
    server.routes["GET", f"{origin}/"] = EMPTY_PAGE
    if isinstance(browser, Firefox):
        before = len(browser.complaints())
        tab = browser.open(f"{origin}/", port)
        for case in cases:
            tab.play([case.ask])
        said = when_silent(browser.complaints)[before:]
        tab.close()
        return [(each.text, each.text) for each in said]
    page = browser.open(f"{origin}/", port)
    for case in cases:
        page.play([case.ask])
    messages = when_silent(lambda: tuple(page.console))
    page.close()
    return [(text, f"{text} {place}") for text, place in messages]


def _of_webkit(
    browser: WebKit, origin: str, cases: Sequence[Case], server: OriginServer, port: int
) -> Sequence[Message]:
    """Have a page run the cases by itself: the console of one that is steered isn't printed."""
    asks = json.dumps([arguments([case.ask]) for case in cases]).replace("</", "<\\/")
    play = PLAY.replace("</", "<\\/")
    script = f"for (const ask of {asks}) await play(ask); await fetch('/done');"
    script = f"<script>const play = {play}; (async () => {{ {script} }})();</script>"
    page = Answer(headers=EMPTY_PAGE.headers, body=EMPTY_PAGE.body + script.encode())
    done = ("GET", f"{origin}/done")
    server.routes |= {("GET", f"{origin}/"): page, done: Answer()}
    printed = browser.console(
        f"{origin}/", port, lambda: done in {(each.method, each.url) for each in server.received}
    )
    return list(_webkit_messages(printed))


def _webkit_messages(printed: str) -> Iterator[Message]:
    """Give the cause, which may name no URL, that of the line after it, which does."""
    causes: list[str] = []
    for text in _webkit_texts(printed):
        causes.append(text)
        if " cannot load " in text or "network port" in text:
            yield from ((cause, text) for cause in causes)
            causes.clear()


def printed_of(
    browser: Chromium | Firefox | WebKit,
    url: str,
    port: int,
    done: Callable[[], object],
    heard: Callable[[Firefox], list[Complaint]] = Firefox.complaints,
) -> Sequence[Message]:
    """What the console prints of a page that does all by itself, until it is done.

    Args:
        browser: the browser.
        url: the page's.
        port: the proxy's.
        done: whether the page is done.
        heard: which of its console's messages Firefox is asked for.
    """
    if isinstance(browser, WebKit):
        return [(text, text) for text in _webkit_texts(browser.console(url, port, done))]
    if isinstance(browser, Firefox):
        before, tab = len(heard(browser)), browser.open(url, port)
        wait_until(done, PAGE_SECONDS, f"{url} to be done")
        said = when_silent(lambda: heard(browser))[before:]
        tab.close()
        return [(each.text, each.text) for each in said]
    page = browser.open(url, port)
    wait_until(done, PAGE_SECONDS, f"{url} to be done")
    console = when_silent(lambda: tuple(page.console))
    page.close()
    return [(text, f"{text} {place}") for text, place in console]


def _webkit_texts(printed: str) -> Sequence[str]:
    """The messages of a WebKit's console, in what the browser has printed.

    There each byte of a character has become a character of its own.
    """
    found = [_WEBKIT_LINE.fullmatch(line) for line in printed.splitlines()]
    return [
        each[1].encode("latin-1", "replace").decode("utf-8", "replace") for each in found if each
    ]


def when_silent(said: Callable[[], Said]) -> Said:
    """What has been said once nothing more comes."""
    heard = said()
    while True:
        time.sleep(SILENT_SECONDS)
        if heard == (heard := said()):
            return heard


def _sorted(
    cases: Sequence[Case], messages: Sequence[Message], journal: Sequence[Entry]
) -> Mapping[str, Printed]:
    slugs = {case.slug for case in cases}
    texts: defaultdict[str, list[str]] = defaultdict(list)
    for text, place in messages:
        for slug in slugs.intersection(_URL_PARTS.split(place)):
            texts[slug].append(text)
    entries: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in journal:
        if entry["type"] == "exchange":
            for slug in slugs.intersection(_URL_PARTS.split(entry["url"])):
                entries[slug].append(entry)
    return {
        case.slug: Printed(case, tuple(texts[case.slug]), tuple(entries[case.slug]))
        for case in cases
    }
