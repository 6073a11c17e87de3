"""The journal is right on what pages embed with CORS too, and has what the consoles print of it.

Where the request doesn't show what it is for, the sentence may name another: docs/scope.md. A run
prints the seed of what was drawn by lot, see `seeds`, and how to repeat it; each page embeds a
fifteenth of `CORSCOPE_CASES`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from pathlib import Path

import pytest

from corscope.explain.pasted.paste import found_in
from tests.browsers.agreement import ENGINES
from tests.browsers.case import PAGE, SECURE_PAGE
from tests.browsers.embedded import (
    ANSWERS,
    EVERYWHERE,
    KINDS,
    Embed,
    Embedded,
    picked,
    play_embedded,
)
from tests.browsers.embedded_generator import (
    EMBEDDED_IN,
    SHOWN_BY_ACCEPT,
    generate_embeds,
    led_to_plain_http,
)
from tests.support.mitmdump import Entry
from tests.support.seeds import seed

pytestmark = pytest.mark.browser

SEED = seed()
COUNT = int(os.environ.get("CORSCOPE_CASES") or 1500) // 15

PRELOADS = ("preload", "modulepreload")

CLASSIC_SCRIPT = "Cross-origin script load denied by Cross-Origin Resource Sharing policy."
"""What WebKit prints last of a classic script, and not of a module, which looks the same."""

LET_THROUGH = (
    "This request was automatically upgraded to HTTPS",
    "This request was not upgraded to HTTPS",
    "This content was automatically upgraded",
    "This content was not upgraded to HTTPS",
    "This content should also be served over HTTPS",
)
"""What is printed also of mixed content that isn't refused."""

PLACES: Mapping[str, tuple[str, str, Sequence[str]]] = {
    "secure": (SECURE_PAGE, "https://api.test", tuple(KINDS)),
    "plain": (PAGE, "http://api.test", (*SHOWN_BY_ACCEPT, "json", "text")),
}

PlayedIn = Callable[[str, str], Mapping[tuple[str, str], Embedded]]


@pytest.fixture(scope="module")
def played_in(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> PlayedIn:
    """Gives all that an engine embeds in a page; it is played when it is first asked for."""
    known: dict[tuple[str, str], Mapping[tuple[str, str], Embedded]] = {}

    def played(engine: str, place: str) -> Mapping[tuple[str, str], Embedded]:
        if (engine, place) not in known:
            folder = tmp_path_factory.mktemp(f"{engine}-{place}")
            browser = request.getfixturevalue(engine)
            page, api, kinds = PLACES[place]
            wanted = [
                (kind, answer)
                for kind, answer in product(kinds, ANSWERS)
                if kind in EVERYWHERE or engine == "chromium"
            ]
            embeds = [picked(page, api, *each) for each in wanted]
            found = play_embedded(browser, page, embeds, folder)
            known[engine, place] = dict(zip(wanted, found, strict=True))
        return known[engine, place]

    return played


CASES = [
    (engine, place, kind)
    for engine in ENGINES
    for place in PLACES
    for kind in PLACES[place][2]
    if (engine, place, kind) != ("webkit", "plain", "json")  # whose Accept tells nothing
    if kind in EVERYWHERE or engine == "chromium"
]


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize(("engine", "place", "kind"), CASES)
def test_what_is_embedded(
    played_in: PlayedIn, engine: str, place: str, kind: str, answer: str
) -> None:
    page, api, _ = PLACES[place]
    found = played_in(engine, place)[kind, answer]
    assert wrong(engine, page, picked(page, api, kind, answer), found) == []
    explained = [found_in(text) for text in found.messages]
    assert None not in explained
    refused = [entry for entry in found.entries if _reason(entry, kind) is not None]
    if refused and (cause := explained[0]) is not None:
        assert _reason(refused[0], kind) in cause.reasons


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_redirected_to_plain_http(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Images, audio and video are mixed content to no engine as the standard has it."""
    embeds = led_to_plain_http(("image", "audio", "video", "track", "script", "events"))
    browser = request.getfixturevalue(engine)
    assert (
        _told(engine, SECURE_PAGE, embeds, play_embedded(browser, SECURE_PAGE, embeds, tmp_path))
        == ""
    )


@pytest.mark.parametrize("page", EMBEDDED_IN)
@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_embedded_by_lot(
    engine: str,
    page: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with capsys.disabled():
        sys.stdout.write(f"\nagain: CORSCOPE_SEED={SEED} CORSCOPE_CASES={15 * COUNT} ")
    embeds = generate_embeds(SEED, page, COUNT)
    browser = request.getfixturevalue(engine)
    assert _told(engine, page, embeds, play_embedded(browser, page, embeds, tmp_path)) == ""


def _told(engine: str, page: str, embeds: Sequence[Embed], found: Sequence[Embedded]) -> str:
    """Tell each in which the journal is wrong."""
    lines = []
    for embed, each in zip(embeds, found, strict=True):
        unseen = not each.entries and _may_be_unseen(engine, page, embed)
        if points := [] if unseen else wrong(engine, page, embed, each, by_lot=True):
            lines += [f"{embed.kind} {embed.url}", *points]
            lines += [f"  <- {url} {answer}" for url, answer in embed.answers.items()]
            lines += [f"  journal: {entry}" for entry in each.entries]
    return "\n".join(lines)


def wrong(
    engine: str, page: str, embed: Embed, found: Embedded, *, by_lot: bool = False
) -> list[str]:
    """Give each point in which browser and journal differ; what is picked is excused of nothing."""
    is_checked = engine == "webkit" and (
        embed.url.startswith(f"{page}/") or embed.kind == "modulepreload"
    )
    refused = [
        entry
        for entry in found.entries
        if _reason(entry, embed.kind, checked=is_checked) is not None
    ]
    if refused not in ([], list(found.entries[-1:])):
        return ["  !! it goes on after a refusal"]
    points = []
    # A font is none in any case, and Firefox says of what it preloads that it is loaded.
    if embed.kind != "font" and not (engine == "firefox" and embed.kind in PRELOADS):
        ended = "badly" if refused else "well"
        points += [] if found.ended == ended else [f"  !! ended {found.ended}"]
    mode = "no-cors" if (engine, embed.kind) == ("webkit", "font") else KINDS[embed.kind].mode
    points += [f"  !! mode {entry['mode']}" for entry in found.entries if entry["mode"] != mode]
    expected = (refused[0]["console"] or "").splitlines() if refused else []
    always = {CLASSIC_SCRIPT} if embed.kind in {"script", "script-include"} else set()
    messages = [text for text in found.messages if text not in always]
    if by_lot:
        messages = [text for text in messages if text in expected or not _is_let_through(text)]
    excused = by_lot and refused and _may_print_another(refused[0], embed.kind)
    if messages != expected and not excused:
        points.append(f"  !! printed {messages}, not {expected}")
    return points


def _is_let_through(text: str) -> bool:
    return any(each in text for each in LET_THROUGH)


def _may_be_unseen(engine: str, page: str, embed: Embed) -> bool:
    """Whether nothing need come of it: mixed content from the start, or WebKit's fonts."""
    is_mixed = page.startswith("https:") and embed.url.startswith("http:")
    return is_mixed or (engine, embed.kind) == ("webkit", "font")


def _may_print_another(entry: Entry, kind: str) -> bool:
    """Whether what is printed hangs on what doesn't show.

    It is refused in both modes, for different reasons, and the mode isn't known; or it is mixed
    content, of which Chromium says nothing where it is preloaded.
    """
    reasons = {entry["verdicts"][mode]["reason"] for mode in ("omit", "include")}
    is_either = entry["credentials"] == "unknown" and len(reasons) == 2 and None not in reasons
    return is_either or (kind in PRELOADS and _reason(entry, kind) == "mixed-content")


def _reason(entry: Entry, kind: str, *, checked: bool = False) -> str | None:
    """Why it is refused; a redirect that WebKit checks with credentials may be only by that."""
    mode = KINDS[kind].credentials
    if checked and 300 <= (entry["status"] or 0) < 400:
        mode = "include"
    reason: str | None = entry["verdicts"][mode]["reason"]
    return reason
