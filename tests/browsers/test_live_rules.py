"""Rules, seen from a page that stays open: what is saved is what the next fetch gets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.chromium import Chromium, Page
from tests.support.mitmdump import Entry, Mitmdump, wait_until
from tests.support.origin_server import EMPTY_PAGE, Answer, OriginServer

pytestmark = pytest.mark.browser

PAGE = "http://page.test"
PUT = {"method": "PUT"}
RELOAD_SECONDS = 30.0  # a bound against hanging, not a claim about speed

ALLOWING = Answer(
    headers=(("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Methods", "PUT"))
)
BARE = Answer()

LET_IN = """
[[rule]]
name = "{name}"
mode = "{mode}"
[rule.match]
host = "api.test"
[rule.policy]
allow_origins = ["http://page.test"]
allow_methods = ["PUT"]
"""

SHUT_OUT = """
[[rule]]
name = "{name}"
mode = "{mode}"
[rule.match]
host = "api.test"
[rule.headers]
remove = ["access-control-allow-origin"]
"""


@dataclass(frozen=True, slots=True)
class Bench:
    """An open page, the servers behind it, and the rule file between the two."""

    page: Page
    server: OriginServer
    proxy: Mitmdump
    rules: Path

    def save(self, text: str) -> Entry:
        """Save as editors do, by putting a new file in place; return how the load went."""
        known = len(self._loads())
        draft = self.rules.with_suffix(".draft")
        draft.write_text(text, "utf-8")
        draft.replace(self.rules)
        wait_until(lambda: len(self._loads()) > known, RELOAD_SECONDS, "the rules to be read")
        return self._loads()[known]

    def succeeds(self, url: str) -> bool:
        """Whether the page's PUT to this URL resolves, which takes a preflight and a PUT."""
        return self.page.fetch(url, PUT).ok

    def last(self, url: str, kind: str) -> Entry:
        """Return the newest exchange of this kind with this URL."""

        def matches(entry: Entry) -> bool:
            return bool((entry.get("url"), entry.get("kind")) == (url, kind))

        self.proxy.wait_for(matches)
        return [entry for entry in self.proxy.journal() if matches(entry)][-1]

    def _loads(self) -> list[Entry]:
        return [entry for entry in self.proxy.journal() if entry["type"] == "rules"]


@pytest.fixture(scope="module")
def shared_bench(chromium: Chromium, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """One mitmdump with one rule file, and one page that is never loaded again."""
    folder = tmp_path_factory.mktemp("live")
    rules = folder / "rules.toml"
    rules.write_text("", "utf-8")
    with (
        OriginServer({("GET", f"{PAGE}/"): EMPTY_PAGE}) as server,
        Mitmdump(folder, server.upstream_mode, {"cors_rules": rules}) as proxy,
    ):
        page = chromium.open(f"{PAGE}/", proxy.port)
        yield Bench(page, server, proxy, rules)
        page.close()


@pytest.fixture
def bench(shared_bench: Bench) -> Bench:
    """The bench with no rules in force."""
    shared_bench.save("# no rules\n")
    return shared_bench


def test_a_saved_rule_changes_the_next_answer(bench: Bench) -> None:
    """The page need not be reloaded, and no cached preflight stands in the way, either way."""
    url = "http://api.test/saved"
    bench.server.routes["*", url] = BARE
    assert not bench.succeeds(url)
    bench.rules.write_text(LET_IN.format(name="in place", mode="apply"), "utf-8")
    wait_until(lambda: bench.succeeds(url), RELOAD_SECONDS, "the page to get through")
    bench.rules.write_text("", "utf-8")
    wait_until(lambda: not bench.succeeds(url), RELOAD_SECONDS, "the page to be refused again")


def test_a_broken_file_changes_nothing_and_is_reported(bench: Bench) -> None:
    """The last good rules stay in force; journal and log tell the file, the line and why."""
    url = "http://api.test/broken"
    bench.server.routes["*", url] = BARE
    assert bench.save(LET_IN.format(name="good", mode="apply"))["applied"] is True
    load = bench.save('[[rule]]\nname = "half a rule\n')
    assert load["applied"] is False
    assert [(Path(error["file"]).name, error["line"]) for error in load["errors"]] == [
        ("rules.toml", 2)
    ]
    assert all(error["message"] for error in load["errors"])
    assert bench.succeeds(url)
    assert bench.last(url, "actual")["rule"] == "good"
    wait_until(lambda: "rules.toml:2" in bench.proxy.log(), RELOAD_SECONDS, "a line in the log")


def test_a_rule_makes_a_failing_page_work(bench: Bench) -> None:
    """A policy answers the preflight in the backend's stead and mends the actual answer."""
    url = "http://api.test/failing"
    bench.server.routes["*", url] = BARE
    assert not bench.succeeds(url)
    bench.save(LET_IN.format(name="let in", mode="apply"))
    asked = len(bench.server.received)
    assert bench.succeeds(url)
    assert [request.method for request in bench.server.received[asked:]] == ["PUT"]
    preflight, actual = bench.last(url, "preflight"), bench.last(url, "actual")
    assert (preflight["rule"], preflight["rule_mode"]) == ("let in", "apply")
    assert (preflight["answered_by"], preflight["server_headers"]) == ("rule", None)
    assert (actual["rule"], actual["answered_by"]) == ("let in", "server")
    assert actual["preflight"] == preflight["id"]
    assert actual["verdicts"]["omit"]["verdict"] == "allowed"
    assert actual["server_verdict"]["omit"]["chromium"] == "MissingAllowOriginHeader"


def test_a_rule_makes_a_working_page_fail(bench: Bench) -> None:
    """A header taken away on the wire is missed by the browser; the server is not blamed."""
    url = "http://api.test/working"
    bench.server.routes["*", url] = ALLOWING
    assert bench.page.fetch(url).ok
    bench.save(SHUT_OUT.format(name="shut out", mode="apply"))
    assert not bench.page.fetch(url).ok
    failed = bench.page.wait_for_failure(url)
    assert failed.cors_error == "MissingAllowOriginHeader"
    actual = bench.last(url, "actual")
    assert (actual["rule"], actual["rule_mode"]) == ("shut out", "apply")
    assert actual["verdicts"]["omit"]["chromium"] == failed.cors_error
    assert actual["server_verdict"]["omit"]["verdict"] == "allowed"


@pytest.mark.parametrize(
    ("rule", "answer", "works"),
    [
        pytest.param(LET_IN, BARE, False, id="a shadow rule does not let a page in"),
        pytest.param(SHUT_OUT, ALLOWING, True, id="a shadow rule does not shut a page out"),
    ],
)
def test_a_shadow_rule_only_tells(bench: Bench, rule: str, answer: Answer, works: bool) -> None:
    """In shadow mode all stays as it is, and the journal tells what would have become of it."""
    url = f"http://api.test/shadow-{works}"
    bench.server.routes["*", url] = answer
    bench.save(rule.format(name="shadow", mode="shadow"))
    assert bench.page.fetch(url).ok is works
    entry = bench.last(url, "actual")
    judged = ("allowed", "blocked") if works else ("blocked", "allowed")
    assert (entry["rule"], entry["rule_mode"]) == ("shadow", "shadow")
    assert entry["verdicts"]["omit"]["verdict"] == judged[0]
    assert entry["shadow"]["verdicts"]["omit"]["verdict"] == judged[1]
    assert entry["server_verdict"] is None
