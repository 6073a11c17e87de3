"""Does the journal tell what the browser did? One run of cases, and every point compared.

The cases run in one browser through one mitmdump, which is then stopped: only a journal that has
been closed holds every outcome. What comes out is a list of disagreements; there is no other
measure, and no case is excused.
"""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from corscope.fetch.check import CredentialsMode, cors_check
from corscope.fetch.engines import Departure, Engine, departs
from corscope.fetch.exposed import cors_filtered_headers
from corscope.fetch.headers import unfold
from corscope.fetch.reasons import Failure, Reason, chromium_name, firefox_name
from tests.browsers.case import COOKIE_ORIGIN, SECURE_COOKIE_ORIGIN, Case
from tests.browsers.predict import MISDIRECTED, Sent, own_headers, predicted
from tests.support.chromium import Chromium
from tests.support.chromium import Page as ChromiumPage
from tests.support.firefox import Complaint, Firefox
from tests.support.mitmdump import Entry, Mitmdump
from tests.support.origin_server import EMPTY_PAGE, Answer, HangUp, OriginServer, Received, Scripted
from tests.support.page import Ask, Seen
from tests.support.webkit import WebKit

__all__ = [
    "ENGINES",
    "Browser",
    "Disagreement",
    "Record",
    "Run",
    "disagreements",
    "open_pages",
    "play",
]

EXPOSE = "access-control-expose-headers"

# Without a server to ask first, mitmproxy offers HTTP/2 to browsers; real ones mostly speak that.
OPTIONS = {"cors_urls": "full", "ssl_insecure": True, "connection_strategy": "lazy"}

ADDED = {"x-firefox-spdy"}
"""What Firefox itself adds to each answer that came over HTTP/2."""

AT_ONCE = 12
"""Fetches in flight: enough to fill a round trip, few enough for every browser to connect."""

CONSOLE_SECONDS = 1.0
"""How long Firefox's console has to be silent before all is taken to be said."""


_REWORDED = re.compile(r"\d+$")
"""A category of Firefox's whose sentence was once reworded ends in a digit; what people search for,
and Mozilla documents, is the name without."""

_URL_PARTS = re.compile(r"[/?#:,;]")  # a redirect may lead to a URL of any scheme


class Page(Protocol):
    """An open document that sends what it is asked to."""

    def play(self, asks: Sequence[Ask]) -> list[Seen]: ...
    def close(self) -> None: ...


class Browser(Protocol):
    """A browser that opens pages through a proxy."""

    @property
    def version(self) -> str: ...
    def open(self, url: str, proxy_port: int) -> Page: ...


ENGINES: Mapping[str, type[Chromium | Firefox | WebKit]] = {
    "chromium": Chromium,
    "firefox": Firefox,
    "webkit": WebKit,
}


@dataclass(frozen=True, slots=True)
class Run:
    """One case as script, the browser's own tools, the server and the journal saw it.

    ``error`` is Chromium's name for the failure, a ``net::`` code where it has none for CORS;
    ``named`` is what the browser's tools call it, None where nobody asked them.
    """

    case: Case
    seen: Seen
    error: str | None
    named: tuple[str, ...] | None
    received: tuple[Received, ...]
    entries: tuple[Entry, ...]
    outcomes: Mapping[str, Entry]

    @property
    def verdicts(self) -> list[Entry]:
        """The exchanges' verdicts for the case's credentials mode, in order."""
        return [entry["verdicts"][self.case.mode] for entry in self.entries]


@dataclass(frozen=True, slots=True)
class Record:
    """All runs, by the slug of their case, and the proxy's event log."""

    engine: str
    version: str
    runs: Mapping[str, Run]
    log: str


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A point in which browser and journal differ."""

    point: str
    browser: object
    journal: object

    def __str__(self) -> str:
        return f"{self.point}: the browser {self.browser!r}, the journal {self.journal!r}"


@dataclass(frozen=True, slots=True)
class _Played:
    case: Case
    seen: Seen
    error: str | None = None
    named: tuple[str, ...] | None = None


def play(
    browser: Browser, cases: Sequence[Case], folder: Path, flow_file: Path | None = None
) -> Record:
    """Run the cases, stop mitmdump, and put together what all sides recorded.

    With ``flow_file`` mitmdump also saves the flows there.
    """
    options = {**OPTIONS, "save_stream_file": flow_file} if flow_file else OPTIONS
    with OriginServer() as server:
        with Mitmdump(folder, server.upstream_mode, options) as proxy:
            pages = open_pages(browser, server, proxy, [case.page for case in cases])
            known = len(browser.complaints()) if isinstance(browser, Firefox) else 0
            played = [
                each
                for origin, page in pages.items()
                for batch in _batches([case for case in cases if case.page == origin])
                for each in _play_batch(batch, page, server)
            ]
            if isinstance(browser, Firefox):
                played = _named_by_firefox(browser, played, known)
            for page in pages.values():
                page.close()
        journal = proxy.journal()
    engine = next(name for name, kind in ENGINES.items() if isinstance(browser, kind))
    runs = _runs(played, server.received, journal)
    return Record(engine, browser.version, runs, proxy.log())


def open_pages(
    browser: Browser, server: OriginServer, proxy: Mitmdump, wanted: Sequence[str]
) -> dict[str, Page]:
    """Open one page an origin, and have the one host with a cookie set it."""
    pages: dict[str, Page] = {}
    for origin in dict.fromkeys(wanted):
        login = f"{SECURE_COOKIE_ORIGIN if origin.startswith('https:') else COOKIE_ORIGIN}/login"
        server.routes["GET", f"{origin}/"] = EMPTY_PAGE
        server.routes["GET", login] = Answer(
            headers=(
                ("Access-Control-Allow-Origin", origin),
                ("Access-Control-Allow-Credentials", "true"),
                ("Set-Cookie", "session=1"),
            )
        )
        pages[origin] = browser.open(f"{origin}/", proxy.port)
        [seen] = pages[origin].play([Ask(login, {"credentials": "include"})])
        assert seen.ok
    return pages


def _batches(cases: Sequence[Case]) -> Iterator[Sequence[Case]]:
    for start in range(0, len(cases), AT_ONCE):
        yield cases[start : start + AT_ONCE]


def _play_batch(cases: Sequence[Case], page: Page, server: OriginServer) -> list[_Played]:
    """Have the page send all of these, and wait for Chromium to name what failed."""
    for case in cases:
        server.routes.update(case.routes())
    found = zip(cases, page.play([case.ask for case in cases]), strict=True)
    if not isinstance(page, ChromiumPage):
        return [_Played(case, seen) for case, seen in found]
    return [_named_by_chromium(page, case, seen) for case, seen in found]


def _named_by_chromium(page: ChromiumPage, case: Case, seen: Seen) -> _Played:
    if seen.ok:
        return _Played(case, seen, named=())
    failed = page.wait_for_failure(case.start)
    named = (failed.cors_error,) if failed.cors_error else ()
    return _Played(case, seen, failed.cors_error or failed.error_text, named)


def _named_by_firefox(browser: Firefox, played: Sequence[_Played], known: int) -> list[_Played]:
    """Add the categories under which the console complained of each case's URLs.

    The first ones, as many as are known, are of other tests, whose cases may be named alike.
    """
    complaints: list[Complaint] = []
    while complaints != (complaints := browser.complaints()):
        time.sleep(CONSOLE_SECONDS)
    slugs = {each.case.slug for each in played}
    named: defaultdict[str, list[str]] = defaultdict(list)
    for complaint in complaints[known:]:
        for part in slugs.intersection(_URL_PARTS.split(complaint.url)):
            named[part].append(complaint.category)
    return [_Played(p.case, p.seen, named=tuple(named[p.case.slug])) for p in played]


def _runs(
    played: Sequence[_Played], received: Sequence[Received], journal: Sequence[Entry]
) -> dict[str, Run]:
    """Give each case what server and journal recorded of it, by its URLs."""
    asked: defaultdict[str, list[Received]] = defaultdict(list)
    for request in received:
        asked[_slug(request.url)].append(request)
    entries: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in journal:
        if entry["type"] == "exchange":
            entries[_slug(entry["url"])].append(entry)
    outcomes = {entry["id"]: entry for entry in journal if entry["type"] == "outcome"}
    return {
        p.case.slug: Run(
            p.case,
            p.seen,
            p.error,
            p.named,
            tuple(asked[p.case.slug]),
            tuple(entries[p.case.slug]),
            outcomes,
        )
        for p in played
    }


def _slug(url: str) -> str:
    return urlsplit(url).path.partition("/")[2].partition("/")[0]


def is_preflight(request: Received) -> bool:
    """Whether this is a preflight, rather than an OPTIONS that script sent."""
    return request.method == "OPTIONS" and bool(request.values("Access-Control-Request-Method"))


def disagreements(run: Run, engine: str) -> list[Disagreement]:
    """Every point in which browser and journal differ on this case."""
    pairs = (
        *_end(run, engine),
        *_requests(run, engine),
        *_answers(run),
        *_pairings(run),
        *_credentials(run),
    )
    return [each for each in pairs if each.browser != each.journal]


def _end(run: Run, engine: str) -> Iterator[Disagreement]:
    """How it ends: for script, by name, and in what script may read.

    Of a request without an Origin the journal says nothing. Where it had to infer the mode, it
    says so, and takes a request without CORS for one with it. Of a redirect that is refused unless
    script wants none followed, it doesn't say what script may read then.
    """
    entries = _decisive(run)
    if not entries or (_is_opaque(run) and entries[-1]["mode_from"] == "inferred"):
        return
    verdicts = [_verdict(run, entry) for entry in entries]
    stopped = [each["verdict"] for each in verdicts[:-1] if each["verdict"] != "allowed"]
    yield Disagreement("stopped before the last exchange", [], stopped)
    allowed = verdicts[-1]["verdict"] == "allowed"
    refused = not _is_opaque(run) and predicted(run.case, Engine(engine)).refused
    yield Disagreement("script's success", run.seen.ok, allowed and not refused)
    if run.named is not None:
        yield Disagreement("name", *_names(run, verdicts[-1], engine))
    if run.seen.ok and run.verdicts[-1]["verdict"] == "allowed" and not run.case.same_origin:
        readable = sorted({name.lower() for name, _ in run.seen.headers} - ADDED)
        yield Disagreement("exposed headers", readable, _exposed(run, entries[-1]))


def _is_opaque(run: Run) -> bool:
    return run.case.init.get("mode") == "no-cors"


def _verdict(run: Run, entry: Entry) -> Entry:
    """The record's verdict; of a redirect that script wants left alone, what its check says.

    To Firefox a preflight's redirect is then but a wrong status.
    """
    verdict: Entry = entry["verdicts"][run.case.mode]
    engine = Engine(entry["engine"])
    is_of_redirect = "redirect" in str(verdict["reason"]) or verdict["reason"] == "mixed-content"
    if "redirect" not in run.case.init or not is_of_redirect:
        return verdict
    is_preflight = entry["kind"] == "preflight"
    if is_preflight and engine is not Engine.FIREFOX:
        return verdict
    lines = tuple((name, value) for name, value in entry["headers"])
    failure = cors_check(entry["origin"], CredentialsMode(run.case.mode), lines, engine)
    if failure is None and is_preflight:
        failure = Failure(Reason.PREFLIGHT_STATUS)
    if failure is None:
        return {"verdict": "allowed", "chromium": None, "firefox": None}
    firefox = failure.firefox or firefox_name(failure.reason)
    chromium = chromium_name(failure.reason, entry["kind"])
    return {"verdict": "blocked", "chromium": chromium, "firefox": firefox}


def _decisive(run: Run) -> Sequence[Entry]:
    """The exchanges that the fetch's end hangs on; on none that was repeated."""
    pairs = zip(run.entries, run.entries[1:], strict=False)
    repeated = [entry["id"] for entry, following in pairs if _is_repeated(entry, following)]
    return [entry for entry in run.entries if entry["id"] not in repeated]


def _is_repeated(entry: Entry, following: Entry) -> bool:
    """Whether the browser sends this request once more, with the one that follows."""
    same = all(entry[key] == following[key] for key in ("kind", "method", "url"))
    return same and entry["status"] == MISDIRECTED


def _exposed(run: Run, entry: Entry) -> list[str]:
    """The headers that the journal calls exposed.

    Where it doesn't know the credentials mode it gives those of ``omit``, and it can't tell an
    XMLHttpRequest from a fetch(); what those others read follows from the same record.
    """
    if run.seen.type == "opaqueredirect":  # by script's own choice
        return []
    engine = Engine(entry["engine"])
    reads_less = run.case.xhr and departs(engine, Departure.EXPOSED_WILDCARD_OUTLIVES_ERROR)
    unknown = entry["credentials"] == "unknown" and run.case.mode == "include"
    if entry["exposed"] == [] or not (reads_less or unknown):
        return list(entry["exposed"])
    present = [(name, "") for name in (*entry["exposed"], *entry["hidden"])]
    lines = [(name, value) for name, value in entry["headers"] if name.lower() == EXPOSE]
    unlisted = [pair for pair in present if pair[0] != EXPOSE]
    mode = CredentialsMode(run.case.mode)
    reader = Engine.UNKNOWN if reads_less else engine
    return list(cors_filtered_headers((*lines, *unlisted), mode, reader)[0])


def _names(run: Run, verdict: Entry, engine: str) -> tuple[list[str], list[str]]:
    """The browser's name and the journal's.

    Firefox tells of each layer that gives up; what failed comes first, and what that led to
    follows: the redirect that isn't taken, the request whose preflight it was.
    """
    assert run.named is not None
    if engine == "chromium":
        return list(run.named), [verdict["chromium"]] if verdict["chromium"] else []
    named = [_REWORDED.sub("", name) for name in run.named[:1]]
    if verdict["verdict"] == "allowed" or run.case.init.get("mode") == "no-cors":
        return named, []
    return named, [verdict["firefox"] or "CORSDidNotSucceed"]


def _scripted(run: Run, entry: Entry) -> Scripted | None:
    routes = run.case.routes()
    method = "OPTIONS" if entry["kind"] == "preflight" else entry["method"]
    return routes.get((method, entry["url"])) or routes.get(("*", entry["url"]))


def _requests(run: Run, engine: str) -> Iterator[Disagreement]:
    """Each cross-origin request is journalled once, in order; a preflight by what it asks."""
    own = {name.lower() for name, _ in own_headers(run.case)}
    sent = tuple(_sent(request, own) for request in run.received if _has_a_say(request))
    journalled = tuple((e["kind"], e["origin"], e["url"], e["method"]) for e in run.entries)
    yield Disagreement("requests", tuple(each[:4] for each in sent), journalled)
    if run.case.init.get("mode", "cors") == "cors":
        yield Disagreement("requests to be sent", sent, predicted(run.case, Engine(engine)).sent)
    yield Disagreement("engine", {engine} if sent else set(), {e["engine"] for e in run.entries})


def _has_a_say(request: Received) -> bool:
    """Whether CORS has a say in it: it names an origin, and not its own.

    Without CORS, its own may go as `null`: https://fetch.spec.whatwg.org/#append-a-request-origin-header
    """
    origins = request.values("Origin")
    own = any(request.url.startswith(f"{origin}/") for origin in origins) or (
        request.values("Sec-Fetch-Site") == ["same-origin"]
        and request.values("Sec-Fetch-Mode") == ["no-cors"]
    )
    return bool(origins) and (is_preflight(request) or not own)


def _sent(request: Received, own: set[str]) -> Sent:
    """A request that came, in the terms in which it is predicted."""
    [origin] = request.values("Origin")
    if is_preflight(request):
        [method] = request.values("Access-Control-Request-Method")
        announced = ",".join(request.values("Access-Control-Request-Headers"))
        names = {name for name in announced.split(",") if name}
        return "preflight", origin, request.url, method, tuple(sorted(names))
    carried = own.intersection(name.lower() for name, _ in request.headers)
    return "actual", origin, request.url, request.method, tuple(sorted(carried))


def _answers(run: Run) -> Iterator[Disagreement]:
    """Status and Allow-Origin lines stand in the journal as the server wrote them."""
    for entry in run.entries:
        scripted = _scripted(run, entry)
        if isinstance(scripted, HangUp):
            yield Disagreement("status", (None, True), (entry["status"], bool(entry["error"])))
        elif scripted is not None:
            lines = _allow_origins(scripted.headers), _allow_origins(entry["headers"])
            yield Disagreement("status", scripted.status, entry["status"])
            yield Disagreement("Allow-Origin lines", *lines)


def _allow_origins(headers: Sequence[Sequence[str]]) -> list[str]:
    """The lines' values, each on one; mitmproxy takes off more space than the standard does."""
    return [
        unfold(value).strip(" \t\x0b\x0c")
        for name, value in headers
        if name.lower() == "access-control-allow-origin"
    ]


def _pairings(run: Run) -> Iterator[Disagreement]:
    """An actual request names the preflight right before it, whose outcome names it in turn.

    One that is sent once more has the same preflight as before.
    """
    opened: dict[str, Entry] = {}
    followed: dict[str, str] = {}
    for before, entry in zip((None, *run.entries), run.entries, strict=False):
        if entry["kind"] == "preflight":
            opened[entry["url"]] = entry
            continue
        if before and _is_repeated(before, entry):
            yield Disagreement("preflight of both", before["preflight"], entry["preflight"])
            continue
        preflight = opened.pop(entry["url"], None)
        yield Disagreement("preflight", preflight and preflight["id"], entry["preflight"])
        if preflight:
            followed[preflight["id"]] = entry["id"]
    for entry in run.entries:
        if entry["kind"] == "preflight":
            outcome = run.outcomes[entry["id"]]
            came = followed.get(entry["id"])
            expected = ("followed" if came else "not-followed", came)
            yield Disagreement("outcome", expected, (outcome["outcome"], outcome["actual"]))


def _credentials(run: Run) -> Iterator[Disagreement]:
    """The journal knows the credentials mode or says that it doesn't, and judges accordingly."""
    for entry in run.entries:
        known = entry["credentials"]
        yield Disagreement("credentials", known if known == "unknown" else run.case.mode, known)
        modes = {mode: each["verdict"] for mode, each in entry["verdicts"].items()}
        if known == "unknown":
            expected = modes["omit"] if modes["omit"] == modes["include"] else "conditional"
        else:
            expected = modes[known]
        yield Disagreement("verdict of what was seen", expected, entry["verdict"])
