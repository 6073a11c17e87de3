"""The journal is right on what pages embed with CORS too, and has what the consoles print of it.

Where the request doesn't show what it is for, the sentence may name another: docs/scope.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pytest

from corscope.explain.paste import found_in
from tests.browsers.agreement import ENGINES
from tests.browsers.case import PAGE, SECURE_PAGE
from tests.browsers.embedded import ANSWERS, KINDS, Embedded, play_embedded
from tests.support.mitmdump import Entry

pytestmark = pytest.mark.browser

SHOWN_BY_ACCEPT = ("style", "image", "json", "video", "events", "events-include")
"""Those whose requests tell a plain-http host, too, what they are for."""

CLASSIC_SCRIPT = "Cross-origin script load denied by Cross-Origin Resource Sharing policy."
"""What WebKit prints last of a classic script, and not of a module, which looks the same."""

PLACES: Mapping[str, tuple[str, str, Sequence[str]]] = {
    "secure": (SECURE_PAGE, "https://api.test", tuple(KINDS)),
    "plain": (PAGE, "http://api.test", SHOWN_BY_ACCEPT),
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
            known[engine, place] = play_embedded(browser, *PLACES[place], folder)
        return known[engine, place]

    return played


CASES = [
    (engine, place, kind)
    for engine in ENGINES
    for place in PLACES
    for kind in PLACES[place][2]
    if (engine, place, kind) != ("webkit", "plain", "json")  # whose Accept tells nothing
]


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize(("engine", "place", "kind"), CASES)
def test_what_is_embedded(
    played_in: PlayedIn, engine: str, place: str, kind: str, answer: str
) -> None:
    found = played_in(engine, place)[kind, answer]
    refused = _refused(found.entries, KINDS[kind].credentials)
    if kind == "font":
        assert found.ended == "badly"  # in any case: it is none
    elif not (engine == "firefox" and kind == "preload"):  # of which it says that it is loaded
        assert found.ended == ("badly" if refused else "well")
    mode = "no-cors" if (engine, kind) == ("webkit", "font") else KINDS[kind].mode
    assert {entry["mode"] for entry in found.entries} <= {mode}
    is_classic = kind in {"script", "script-include"}
    messages = [text for text in found.messages if not (is_classic and text == CLASSIC_SCRIPT)]
    assert messages == (refused["console"].splitlines() if refused else [])
    explained = [found_in(text) for text in found.messages]
    assert None not in explained
    if refused is not None and (cause := explained[0]) is not None:
        assert refused["verdicts"][KINDS[kind].credentials]["reason"] in cause.reasons


def _refused(entries: Sequence[Entry], mode: str) -> Entry | None:
    """The exchange at which the journal says that the browser gives up."""
    refused = [entry for entry in entries if entry["verdicts"][mode]["verdict"] == "blocked"]
    assert refused in ([], list(entries[-1:]))
    return refused[0] if refused else None
