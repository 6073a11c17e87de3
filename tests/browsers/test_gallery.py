"""The gallery of bugs in real browsers: each fails as its file says, and works once it is mended.

All files are loaded at once, twice: with the bug and with the fix. For that each copy gets hosts of
its own, over http: what is refused, and how, doesn't depend on TLS.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal

import pytest

from corscope.rules.gallery import EXAMPLES, Starter, read_starter
from tests.browsers.conftest import need
from tests.browsers.consoles import when_silent
from tests.support import chromium as chromium_
from tests.support import firefox as firefox_
from tests.support import webkit as webkit_
from tests.support.chromium import Chromium, Page
from tests.support.firefox import Firefox, FirefoxPage
from tests.support.mitmdump import Entry, Mitmdump
from tests.support.origin_server import EMPTY_PAGE, Answer, OriginServer, Received, Scripted
from tests.support.webkit import WebKit, WebKitPage

pytestmark = pytest.mark.browser

BUGS = sorted((Path(__file__).parents[2] / "rules" / "bugs").glob("*.toml"))

# What a bug breaks is an API that answers well; what a fix mends is one that knows no CORS.
WELL = Answer(
    headers=(
        ("Access-Control-Allow-Origin", EXAMPLES["origin"].replace("https:", "http:")),
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Allow-Methods", "PUT, PATCH, patch"),
        ("Access-Control-Allow-Headers", "authorization, content-type, x-requested-with"),
        ("Content-Type", "image/png"),
    )
)
BARE = Answer(headers=(("Content-Type", "image/png"),))

RUN = """
async tries => await Promise.all(tries.map(async text => {
    try {
        const found = await eval(`(async () => (${text}))()`);
        return {value: found instanceof Response ? found.type : found};
    } catch (error) {
        return {error: String(error)};
    }
}))
"""

UNSEEN = {"corp-same-origin", "image-cached-before-fetch"}
"""What fails for a no-cors request, or by a cached answer: the journal has no exchange for it."""

SPARED_BY_WEBKIT = {"image-cached-before-fetch"}
"""What WebKit doesn't do: it asks again where the cached answer was to a request without Origin."""

Side = Literal["bug", "fix"]
SIDES: tuple[Side, ...] = ("bug", "fix")


@dataclass(frozen=True, eq=False)
class Trial:
    """One file with its bug or its fix in force, on hosts that no other trial has."""

    starter: Starter
    side: Side
    number: int

    @cached_property
    def is_refused(self) -> bool:
        """Whether the browser is to refuse."""
        return "chromium" in self._notes and self.side == self._notes.get("refused with", "bug")

    @cached_property
    def rules(self) -> str:
        """The rules, with only this side's enabled, under names that no other trial has."""
        text = re.sub(r'^(name = ".*)"$', rf'\1 in {self._mark}"', self.starter.text, flags=re.M)
        for side in SIDES:
            enabled = str(side == self.side).lower()
            text = re.sub(
                rf'^(name = "[\w-]+: {side}\b.*\nenabled = )\w+$', rf"\1{enabled}", text, flags=re.M
            )
        return self.moved(text)

    @property
    def hangs_up(self) -> bool:
        """Whether the browser gets no answer at all."""
        return self.side == "bug" and "fault.abort" in self.starter.text

    @cached_property
    def script(self) -> str:
        tried = self._notes["try"]
        return self.moved(self._notes.get("try fixed", tried) if self.side == "fix" else tried)

    @cached_property
    def page(self) -> str:
        page = self.moved(self._notes.get("page", EXAMPLES["origin"]))
        return page if page.startswith("data:") else f"{page}/"

    def said(self, browser: str) -> tuple[str | None, str]:
        """The name of the browser's error, and what its console prints; nothing for `none`."""
        name, _, sentence = self._notes[browser].partition(": ")
        return None if name == "none" else name, self.moved(sentence)

    @property
    def gives(self) -> str | None:
        """What script is to get, in JSON; None where any answer will do."""
        return self._notes.get(f"{self.side} gives")

    @property
    def api(self) -> Answer:
        """A rule that is like a server leaves what the application sets, as that server does."""
        is_like = "policy.like" in self.starter.text
        return BARE if self.side == "fix" or is_like else WELL

    def __str__(self) -> str:
        return f"{self.starter.name}: {self.side}"

    def asks(self, text: str) -> bool:
        """Whether a text has one of this trial's hosts in it."""
        return f"-{self._mark}." in text

    def moved(self, text: str) -> str:
        text = re.sub(
            r"\b(api|dev|files|login)\.example\.com", rf"\1-{self._mark}.example.com", text
        )
        return text.replace("https://", "http://")

    @property
    def _mark(self) -> str:
        return f"{self.number}{self.side}"

    @property
    def _notes(self) -> Mapping[str, str]:
        return self.starter.notes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a trial: what script saw, the error's name, and what the console printed.

    `refused` has the journal's lines of what it takes for refused, for one of both credentials
    modes at least.
    """

    seen: Mapping[str, Any]
    name: str | None = None
    printed: str = ""
    refused: tuple[Entry, ...] = ()


class Backend(OriginServer):
    """Pages, and the API of all trials: which one is asked, the host tells."""

    def take(self, request: Received) -> Scripted:
        self.received.append(request)
        if request.values("Sec-Fetch-Mode") == ["navigate"]:
            return EMPTY_PAGE
        return next((each.api for each in TRIALS if each.asks(request.url)), BARE)


TRIALS = tuple(
    Trial(read_starter(file.stem, file.read_text("utf-8")), side, number)
    for number, file in enumerate(BUGS)
    for side in SIDES
)
PAGES = sorted({trial.page for trial in TRIALS})

Outcomes = Mapping[Trial, Outcome]


@pytest.fixture(scope="module")
def outcomes_in(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Outcomes]:
    """Gives what became of all trials in a browser; they run when it is first asked for.

    The browser is a fresh one, with no connections that other tests have used.
    """

    @cache
    def of(name: str) -> Outcomes:
        folder = tmp_path_factory.mktemp(name)
        if name == "chromium":
            need(chromium_.missing_parts())
            with Chromium() as chromium:
                return play(chromium, folder)
        if name == "webkit":
            need(webkit_.missing_parts())
            with WebKit() as webkit:
                return play(webkit, folder)
        need(firefox_.missing_parts())
        with Firefox() as firefox:
            return play(firefox, folder)

    return of


def play(browser: Chromium | Firefox | WebKit, folder: Path) -> Outcomes:
    """Run all trials in one browser, through one mitmdump."""
    rules = folder / "rules"
    rules.mkdir()
    for number, trial in enumerate(TRIALS):
        (rules / f"{number:03}.toml").write_text(trial.rules, "utf-8")
    with (
        Backend() as server,
        Mitmdump(folder, server.upstream_mode, {"cors_rules": rules}) as proxy,
    ):
        loaded = proxy.wait_for(lambda entry: entry["type"] == "rules")
        assert loaded["applied"], loaded["errors"]
        match browser:
            case Chromium():
                played = _in_chromium(browser, proxy.port)
            case Firefox():
                played = _in_firefox(browser, proxy.port)
            case WebKit():
                played = _in_webkit(browser, proxy.port)
        lines = when_silent(proxy.journal)
    refused = [each for each in lines if each.get("verdict") in {"blocked", "conditional"}]
    return {
        trial: replace(outcome, refused=tuple(each for each in refused if trial.asks(each["url"])))
        for trial, outcome in played.items()
    }


def _in_chromium(browser: Chromium, port: int) -> Outcomes:
    pages = {url: browser.open(url, port) for url in PAGES}
    seen = _seen(pages)
    printed = when_silent(lambda: [each for page in pages.values() for each in page.console])
    failed = [each for page in pages.values() for each in page.failed]
    for page in pages.values():
        page.close()

    def of(trial: Trial) -> Outcome:
        names = [each.cors_error or each.error_text for each in failed if trial.asks(each.start)]
        texts = [text for text, place in printed if trial.asks(f"{text} {place}")]
        return Outcome(seen[trial], names[0] if names else None, "\n".join(texts))

    return {trial: of(trial) for trial in TRIALS}


def _in_firefox(browser: Firefox, port: int) -> Outcomes:
    before = len(browser.complaints())
    pages = {url: browser.open(url, port) for url in PAGES}
    seen = _seen(pages)
    complaints = when_silent(browser.complaints)[before:]
    for page in pages.values():
        page.close()

    def of(trial: Trial) -> Outcome:
        own = [each for each in complaints if trial.asks(each.text)]
        # Firefox has numbered the categories whose wording changed.
        name = own[0].category.rstrip("0123456789") if own else None
        return Outcome(seen[trial], name, "\n".join(each.text for each in own))

    return {trial: of(trial) for trial in TRIALS}


def _in_webkit(browser: WebKit, port: int) -> Outcomes:
    """What script sees: steered, WebKit keeps its console to itself."""
    pages = {url: browser.open(url, port) for url in PAGES}
    seen = _seen(pages)
    for page in pages.values():
        page.close()
    return {trial: Outcome(seen[trial]) for trial in TRIALS}


def _seen(
    pages: Mapping[str, Page] | Mapping[str, FirefoxPage] | Mapping[str, WebKitPage],
) -> dict[Trial, Mapping[str, Any]]:
    """What script sees of each trial; those of one page run at once.

    What gets no answer comes first, over connections that have carried no 204 yet: docs/scope.md.
    """
    seen: dict[Trial, Mapping[str, Any]] = {}
    for hangs_up in (True, False):
        for url, page in pages.items():
            trials = [each for each in TRIALS if (each.page, each.hangs_up) == (url, hangs_up)]
            found = page.run(RUN, [trial.script for trial in trials])
            seen |= zip(trials, found, strict=True)
    return seen


@pytest.mark.parametrize("trial", TRIALS, ids=str)
@pytest.mark.parametrize("browser", ["chromium", "firefox"])
def test_a_bug_shows_as_its_file_says_and_the_fix_mends_it(
    outcomes_in: Callable[[str], Outcomes], browser: str, trial: Trial
) -> None:
    outcome = outcomes_in(browser)[trial]
    if trial.is_refused:
        name, sentence = trial.said(browser)
        assert "error" in outcome.seen
        assert outcome.name == name, outcome.printed
        assert sentence in outcome.printed
    else:
        assert "error" not in outcome.seen, outcome.printed
        assert trial.gives is None or outcome.seen["value"] == json.loads(trial.gives)


@pytest.mark.parametrize("trial", TRIALS, ids=str)
def test_webkit_refuses_it_too(outcomes_in: Callable[[str], Outcomes], trial: Trial) -> None:
    outcome = outcomes_in("webkit")[trial]
    is_spared = trial.starter.name in SPARED_BY_WEBKIT
    assert ("error" in outcome.seen) is (trial.is_refused and not is_spared)
    if "error" not in outcome.seen and trial.gives is not None:
        assert outcome.seen["value"] == json.loads(trial.gives)


@pytest.mark.parametrize(
    "trial", [each for each in TRIALS if each.starter.name not in UNSEEN], ids=str
)
@pytest.mark.parametrize("browser", ["chromium", "firefox", "webkit"])
def test_the_journal_names_what_the_browser_refuses(
    outcomes_in: Callable[[str], Outcomes], browser: str, trial: Trial
) -> None:
    outcome = outcomes_in(browser)[trial]
    blocked = [each for each in outcome.refused if each["verdict"] == "blocked"]
    assert ("error" in outcome.seen) or not blocked
    if "error" in outcome.seen:
        # What hangs on credentials only counts where nothing is blocked whatever they are.
        (reason,) = {each["reason"] for each in blocked or outcome.refused}
        assert reason is not None
        names = {each.get(browser) for each in blocked or outcome.refused}
        assert {outcome.name} <= {None, *names} or str(outcome.name).startswith("net::")
