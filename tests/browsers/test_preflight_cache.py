"""The preflights that browsers send, and those that their cache lets them leave out.

Each case is a few fetches of one URL. What `corscope.fetch.cache` predicts of them is compared with
what came, in each browser.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from corscope.fetch.cache import (
    PreflightCache,
    clear_after_failure,
    drop_insufficient,
    is_covered,
    is_stored,
    store,
)
from corscope.fetch.check import CredentialsMode
from corscope.fetch.engines import DEPARTURES, Departure, Engine
from corscope.fetch.preflight import CorsRequest, preflight_failure
from corscope.fetch.verdict import judge
from corscope.journal.caches.cached import FindingId
from corscope.messages import Response
from tests.browsers.agreement import Browser, Page
from tests.support.chromium import Chromium
from tests.support.mitmdump import Entry, Mitmdump
from tests.support.origin_server import EMPTY_PAGE, Answer, HeaderPairs, OriginServer, Scripted
from tests.support.origin_server import Received as ReceivedRequest
from tests.support.page import Ask
from tests.support.seeds import seed

pytestmark = pytest.mark.browser

ORIGIN = "http://page.test"
PAGE = f"{ORIGIN}/"
API = "http://api.test"
SHARED = (("Access-Control-Allow-Origin", ORIGIN), ("Access-Control-Allow-Credentials", "true"))
ANYONE = (("Access-Control-Allow-Origin", "*"),)
AT_ONCE = 12
LATE_SECONDS = 6.0
"""By then what was kept for the five seconds without a max-age has expired."""


@dataclass(frozen=True, slots=True)
class Step:
    """A fetch, and how the server answers it and its preflight, if one is sent."""

    method: str = "PUT"
    names: tuple[str, ...] = ()
    include: bool = False
    preflight: HeaderPairs = ()
    actual: HeaderPairs = SHARED
    status: int = 200

    @property
    def needs_leave(self) -> bool:
        return self.method not in {"GET", "POST"} or bool(self.names)

    def is_announced_by(self, other: Step) -> bool:
        """Whether it looks so: an Authorization may be the browser's own, and need no leave."""
        mine, others = (set(step.names) - {"Authorization"} for step in (self, other))
        return (self.method, mine) == (other.method, others)

    def ask(self, url: str) -> Ask:
        init = {
            "method": self.method,
            "headers": dict.fromkeys(self.names, "x"),
            "credentials": "include" if self.include else "omit",
        }
        return Ask(url, init)


@dataclass(frozen=True, slots=True)
class CacheCase:
    """Fetches in quick succession, and one after a while."""

    slug: str
    steps: tuple[Step, ...]
    late: Step | None = None

    @property
    def url(self) -> str:
        return f"{API}/{self.slug}"


def leave(
    methods: str | None = "PUT", names: str | None = None, *ages: str, origin: HeaderPairs = SHARED
) -> HeaderPairs:
    """A preflight's answer; no age given means a minute, `...` in its place none."""
    lists = (("Access-Control-Allow-Methods", methods), ("Access-Control-Allow-Headers", names))
    told = tuple((name, value) for name, value in lists if value is not None)
    return (*origin, *told, *(("Access-Control-Max-Age", age) for age in ages or ("60",)))


def twice(first: Step, then: Step | None = None) -> tuple[Step, ...]:
    return (first, then or first)


def max_age(slug: str, *ages: str) -> CacheCase:
    """Two PUTs in a row, and one when five seconds have passed."""
    step = Step(preflight=(*SHARED, ("Access-Control-Allow-Methods", "PUT"), *_ages(ages)))
    return CacheCase(f"age-{slug}", (step, step), step)


def _ages(ages: Sequence[str]) -> HeaderPairs:
    return tuple(("Access-Control-Max-Age", age) for age in ages)


PUT = Step(preflight=leave())
PUT_REFUSED = Step(preflight=leave("PATCH"))
DELETE = Step("DELETE", preflight=leave("DELETE"))
DELETE_REFUSED = Step("DELETE", preflight=leave("PUT"))
ANY = leave("*", "*", origin=ANYONE)
ANY_SHARED = leave("*, PUT", "*, x-a", origin=SHARED)
AUTHORIZED = Step("GET", ("Authorization",), preflight=ANY, actual=ANYONE)

CASES = [
    max_age("missing"),
    max_age("empty", ""),
    max_age("minute", "60"),
    max_age("leading-zeros", "0060"),
    max_age("zero", "0"),
    max_age("zeros", "00"),
    max_age("negative", "-1"),
    max_age("negative-zero", "-0"),
    max_age("positive-zero", "+0"),
    max_age("signed", "+60"),
    max_age("two-signs", "+-60"),
    max_age("fraction", "0.5"),
    max_age("fraction-of-minutes", "60.5"),
    max_age("exponent", "6e1"),
    max_age("unit", "60s"),
    max_age("word", "never"),
    max_age("list", "60, 60"),
    max_age("list-of-zeros", "0, 0"),
    max_age("repeated", "60", "60"),
    max_age("repeated-zero", "0", "0"),
    max_age("uint32", "4294967296"),
    max_age("int64", "9223372036854775807"),
    max_age("over-int64", "9223372036854775808"),
    max_age("under-int64", "-9223372036854775809"),
    max_age("26-digits", "9" * 26),
    max_age("26-digits-of-little", "60".rjust(26, "0")),
    max_age("26-digits-negative", "-" + "9" * 26),
    CacheCase("echo", (PUT, DELETE, PUT)),
    CacheCase("both-listed", twice(Step(preflight=leave("PUT, DELETE")), DELETE)),
    CacheCase("narrower-answer", (Step(preflight=leave("PUT, PATCH")), DELETE, Step("PATCH"))),
    CacheCase("insufficient-then-refused", (PUT, DELETE_REFUSED, PUT)),
    CacheCase("insufficient-then-refused-elsewhere", (PUT, Step("DELETE"), PUT)),
    CacheCase(
        "zero-after-minute", (PUT, Step("DELETE", preflight=leave("PUT, DELETE", None, "0")), PUT)
    ),
    CacheCase("header-case", twice(Step("GET", ("X-A",), preflight=leave(None, "x-A")))),
    CacheCase(
        "headers-apart",
        (
            Step("GET", ("x-a",), preflight=leave(None, "x-a")),
            Step("GET", ("x-b",), preflight=leave(None, "x-b")),
            Step("GET", ("x-a", "x-b"), preflight=leave(None, "x-a, x-b")),
        ),
    ),
    CacheCase("any-method", twice(Step(preflight=ANY, actual=ANYONE))),
    CacheCase(
        "any-other-method",
        twice(Step(preflight=ANY, actual=ANYONE), Step("DELETE", preflight=ANY, actual=ANYONE)),
    ),
    CacheCase("any-header", twice(Step("GET", ("x-a",), preflight=ANY, actual=ANYONE))),
    CacheCase("any-header-authorization", twice(AUTHORIZED)),
    CacheCase(
        "any-header-then-authorization",
        (Step("GET", ("x-a",), preflight=ANY, actual=ANYONE), AUTHORIZED),
    ),
    CacheCase(
        "any-header-and-authorization",
        twice(Step("GET", ("Authorization",), preflight=leave(None, "*, authorization"))),
    ),
    CacheCase(
        "any-asked-with-credentials",
        (Step(preflight=ANY_SHARED), Step("DELETE", include=True, preflight=leave("DELETE"))),
    ),
    CacheCase(
        "any-stored-with-credentials",
        (Step(include=True, preflight=ANY_SHARED), Step("DELETE", preflight=ANY_SHARED)),
    ),
    CacheCase(
        "any-header-stored-with-credentials",
        (
            Step("GET", ("x-a",), include=True, preflight=ANY_SHARED),
            Step("GET", ("x-b",), preflight=ANY_SHARED),
        ),
    ),
    CacheCase("include-then-omit", (Step(include=True, preflight=leave()), PUT)),
    CacheCase("omit-then-include", (PUT, Step(include=True, preflight=leave()))),
    CacheCase("include-then-include", twice(Step(include=True, preflight=leave()))),
    CacheCase("omit-include-omit", (PUT, Step(include=True, preflight=leave()), PUT)),
    CacheCase(
        "include-omit-include",
        (
            Step(include=True, preflight=leave()),
            Step("DELETE", preflight=leave("DELETE")),
            Step(include=True, preflight=leave()),
        ),
    ),
    CacheCase("actual-fails", (PUT, Step(preflight=leave(), actual=()), PUT)),
    CacheCase("actual-fails-at-once", (Step(preflight=leave(), actual=()), PUT)),
    CacheCase("simple-fails", (PUT, Step("GET", actual=()), PUT)),
    CacheCase(
        "other-mode-fails",
        (PUT, Step("GET", ("x-a",), include=True, preflight=leave(None, "x-a"), actual=()), PUT),
    ),
    CacheCase("preflight-fails-its-check", (PUT, Step("DELETE", preflight=()), PUT)),
    CacheCase("refused-then-allowed", (PUT_REFUSED, Step("PATCH", preflight=leave("PATCH")))),
    CacheCase(
        "refused-header-then-allowed",
        (
            Step("GET", ("x-a",), preflight=leave(None, "x-b")),
            Step("GET", ("x-b",), preflight=leave(None, "x-b")),
        ),
    ),
    CacheCase(
        "refused-without-leave",
        (
            Step(
                preflight=(
                    ("Access-Control-Allow-Methods", "PATCH"),
                    ("Access-Control-Max-Age", "60"),
                )
            ),
            Step("PATCH", preflight=leave("PATCH")),
        ),
    ),
    CacheCase("refused-status", (Step("PATCH", preflight=leave("PUT"), status=404), PUT)),
    CacheCase(
        "refused-keeps-others",
        (
            Step(preflight=leave("PUT")),
            Step("DELETE", preflight=leave("PUT, PATCH")),
            Step("PATCH", preflight=leave("PATCH")),
        ),
    ),
]


class Clocked(OriginServer):
    """Notes when each request came, by URL."""

    def __init__(self, routes: dict[tuple[str, str], Scripted]) -> None:
        super().__init__(routes)
        self.came: dict[str, list[tuple[str, float]]] = defaultdict(list)
        self._lock = threading.Lock()

    def take(self, request: ReceivedRequest) -> Scripted:
        with self._lock:
            self.came[request.url].append((request.method, time.monotonic()))
        return super().take(request)


@dataclass(frozen=True, slots=True)
class Played:
    """A case as it went: for each step the methods that came, and when the first of them did."""

    case: CacheCase
    steps: list[Step] = field(default_factory=list)
    came: list[list[str]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)


def play(page: Page, server: Clocked, cases: Sequence[CacheCase]) -> dict[str, Played]:
    """Play all cases, some at once; their late steps come when all else is done."""
    played = {case.slug: Played(case) for case in cases}
    for start in range(0, len(cases), AT_ONCE):
        chunk = cases[start : start + AT_ONCE]
        for number in range(max(len(case.steps) for case in chunk)):
            steps = [(played[c.slug], c.steps[number]) for c in chunk if number < len(c.steps)]
            play_round(page, server, steps)
    late = [(played[case.slug], case.late) for case in cases if case.late]
    last = max((earlier.times[-1] for earlier, _ in late), default=0.0)
    time.sleep(max(0.0, last + LATE_SECONDS - time.monotonic()))
    for start in range(0, len(late), AT_ONCE):
        play_round(page, server, late[start : start + AT_ONCE])
    return played


def play_round(page: Page, server: Clocked, steps: Sequence[tuple[Played, Step]]) -> None:
    for played, step in steps:
        url = played.case.url
        server.routes["OPTIONS", url] = Answer(step.status, step.preflight)
        server.routes["*", url] = Answer(200, step.actual)
        server.came[url].clear()
    page.play([step.ask(played.case.url) for played, step in steps])
    for played, step in steps:
        came = server.came[played.case.url]
        played.steps.append(step)
        played.came.append([method for method, _ in came])
        played.times.append(came[0][1] if came else time.monotonic())


def predict(played: Played, engine: Engine) -> list[list[str]]:
    """The methods of the requests that each step sends, by the cache of this engine."""
    cache = PreflightCache(engine)
    return [
        predict_step(cache, played.case.url, step, now)
        for step, now in zip(played.steps, played.times, strict=True)
    ]


def predict_step(cache: PreflightCache, url: str, step: Step, now: float) -> list[str]:
    request = CorsRequest(ORIGIN, url, step.method, tuple(sorted(n.lower() for n in step.names)))
    mode = CredentialsMode.INCLUDE if step.include else CredentialsMode.OMIT
    sent = []
    if not is_covered(cache, "", request, mode, now=now):
        sent.append("OPTIONS")
        drop_insufficient(cache, "", request)
        answer = Response(step.status, step.preflight)
        failure = preflight_failure(request, answer, mode, cache.engine)
        if is_stored(failure, cache.engine):
            store(cache, "", request, mode, answer.headers, now=now)
        if failure is not None:
            clear_after_failure(cache, "", request)
            return sent
    if judge("actual", request, Response(200, step.actual), mode, cache.engine) is not None:
        clear_after_failure(cache, "", request)
    return [*sent, step.method]


@dataclass(frozen=True, slots=True)
class Record:
    """All cases as one browser played them, and what corscope wrote of them."""

    engine: Engine
    played: dict[str, Played]
    journal: dict[str, list[Entry]]


RecordOf = Callable[[str], Record]
every_engine = pytest.mark.parametrize("engine", ["chromium", "firefox", "webkit"])


@pytest.fixture(scope="module")
def record_of(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> RecordOf:
    """Gives an engine's record of all cases; they run when it is first asked for."""
    records: dict[str, Record] = {}

    def of(engine: str) -> Record:
        if engine not in records:
            browser = request.getfixturevalue(engine)
            records[engine] = record(Engine(engine), browser, tmp_path_factory.mktemp(engine))
        return records[engine]

    return of


def record(
    engine: Engine, browser: Browser, folder: Path, cases: Sequence[CacheCase] = CASES
) -> Record:
    with (
        Clocked({("GET", PAGE): EMPTY_PAGE}) as server,
        Mitmdump(folder, server.upstream_mode) as proxy,
    ):
        page = browser.open(PAGE, proxy.port)
        try:
            played = play(page, server, cases)
        finally:
            page.close()
    journal: dict[str, list[Entry]] = defaultdict(list)
    for entry in proxy.journal():
        if entry["type"] == "exchange":
            journal[entry["url"]].append(entry)
    return Record(engine, played, journal)


def test_no_two_cases_share_a_url() -> None:
    assert len({case.slug for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.slug)
@every_engine
def test_the_preflights_that_come_are_those_predicted(
    record_of: RecordOf, engine: str, case: CacheCase
) -> None:
    played = record_of(engine).played[case.slug]
    assert played.came == predict(played, Engine(engine))


CACHE_DEPARTURES = [
    Departure.MAX_AGE_IS_AN_INTEGER,
    Departure.OTHER_MAX_AGE_NOT_CACHED,
    Departure.UNCACHED_ANSWER_CHANGES_NOTHING,
    Departure.ONE_CACHED_ANSWER,
    Departure.REFUSAL_CACHED,
    Departure.CREDENTIALS_CACHED_APART,
    Departure.CACHED_WILDCARD_NOT_REUSED,
    Departure.CACHED_WILDCARD_COVERS_AUTHORIZATION,
    Departure.CACHED_WILDCARD_OF_CREDENTIALS_REUSED,
    Departure.FAILURE_KEEPS_CACHE,
    Departure.SIMPLE_FAILURE_CLEARS_CACHE,
]
"""All that a short test can show: hours would have to pass for the limits on max-age."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.slug)
@every_engine
def test_the_journal_explains_each_preflight_that_was_left_out(
    record_of: RecordOf, engine: str, case: CacheCase
) -> None:
    """And says nothing of the kind where one was sent, or none is needed."""
    check_explained(record_of(engine).played[case.slug], record_of(engine).journal[case.url])


def check_explained(played: Played, journal: Sequence[Entry], *, surely: bool = True) -> None:
    """Nothing tells apart preflights that announce the same: any that wasn't followed may be meant.

    Unless it has to be `surely` so, that goes for a request, too, whose own preflight was left out.
    """
    entries = iter(journal)
    preflights: dict[str, Step] = {}
    followed: set[str] = set()
    for step, came in zip(played.steps, played.came, strict=True):
        for method in came:
            entry = next(entries)
            assert (entry["kind"] == "preflight") == (method == "OPTIONS")
            found = {finding["id"] for finding in entry["findings"]} & set(FindingId)
            id_, by = entry["id"], entry["preflight"]
            if entry["kind"] == "preflight":
                preflights[id_] = step
                assert found == set(), entry
                continue
            named = preflights.get(by)
            is_announced = named is not None and by not in followed and step.is_announced_by(named)
            if not step.needs_leave:
                assert (by, found) == (None, set()), entry
            elif "OPTIONS" in came or (is_announced and not found and not surely):
                assert (is_announced, found) == (True, set()), entry
                followed.add(by)
            else:
                assert named is not None, entry
                assert found - {"stale-preflight"} == {"preflight-cached"}, entry
    assert next(entries, None) is None


@pytest.mark.parametrize("departure", CACHE_DEPARTURES, ids=lambda departure: departure.value)
@every_engine
def test_without_an_engines_departure_some_case_would_disagree(
    record_of: RecordOf, monkeypatch: pytest.MonkeyPatch, engine: str, departure: Departure
) -> None:
    """Each row of the table is needed, for each of the engines that it names."""
    entry = DEPARTURES[departure]
    if Engine(engine) not in entry.engines:
        return
    others = entry.engines - {Engine(engine)}
    monkeypatch.setitem(DEPARTURES, departure, replace(entry, engines=others))
    all_played = record_of(engine).played.values()
    assert any(played.came != predict(played, Engine(engine)) for played in all_played)


SEED = seed()
COUNT = int(os.environ.get("CORSCOPE_CASES") or 1500) // 5


def generate(random: Random, count: int) -> list[CacheCase]:
    """Cases whose preflights are mostly answered so that the fetch may go on."""
    return [
        CacheCase(
            f"cached-{number}", tuple(_step(random) for _ in range(random.choice((2, 3, 4, 5))))
        )
        for number in range(count)
    ]


def _step(random: Random) -> Step:
    method = random.choice(("PUT", "PUT", "DELETE", "PATCH", "GET", "GET", "POST"))
    names = tuple(random.sample(("x-a", "x-b", "Authorization"), random.choice((0, 0, 1, 1, 2))))
    listed = ", ".join(names) or None
    methods = (method, method, method, "PUT", "PUT, DELETE", "*", "*, PUT", "", None, "put")
    headers = (listed, listed, listed, "x-a", "X-A, X-B", "*", "*, authorization", "", None)
    ages = (("60",), ("60",), ("60",), (), ("0",), ("-1",), ("x",), ("60", "0"), ("0", "60"))
    return Step(
        method,
        names,
        include=random.random() < 0.35,
        preflight=(
            *random.choice((SHARED, SHARED, SHARED, ANYONE, ())),
            *(
                ("Access-Control-Allow-Methods", v)
                for v in [random.choice(methods)]
                if v is not None
            ),
            *(
                ("Access-Control-Allow-Headers", v)
                for v in [random.choice(headers)]
                if v is not None
            ),
            *_ages(random.choice(ages)),
        ),
        actual=random.choice((SHARED, SHARED, SHARED, ANYONE, ())),
        status=random.choice((200, 200, 200, 204, 404)),
    )


@every_engine
def test_random_fetches_ask_leave_as_predicted_and_the_journal_explains_it(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    engine: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with capsys.disabled():
        sys.stdout.write(f"\nagain: CORSCOPE_SEED={SEED} CORSCOPE_CASES={5 * COUNT} ")
        sys.stdout.flush()
    cases = generate(Random(SEED), COUNT)
    browser = request.getfixturevalue(engine)
    seen = record(Engine(engine), browser, tmp_path, cases)
    for case in cases:
        played = seen.played[case.slug]
        assert played.came == predict(played, Engine(engine)), played
        check_explained(played, seen.journal[case.url], surely=False)


URL = f"{API}/cached"
ALLOWED = (*ANYONE, ("Access-Control-Allow-Methods", "PUT"))


@pytest.mark.parametrize(
    ("max_age", "asked"),
    [
        pytest.param((), ["OPTIONS", "PUT", "PUT"], id="without Max-Age it is kept for a while"),
        pytest.param(("60",), ["OPTIONS", "PUT", "PUT"], id="with Max-Age it is kept"),
        pytest.param(
            ("0",), ["OPTIONS", "PUT", "OPTIONS", "PUT"], id="with Max-Age 0 it is not kept"
        ),
    ],
)
def test_each_request_names_the_preflight_it_rests_on(
    chromium: Chromium, tmp_path: Path, max_age: tuple[str, ...], asked: list[str]
) -> None:
    """Two PUTs in a row; each preflight's outcome names the PUT that came right after it."""
    answer = Answer(headers=(*ALLOWED, *(("Access-Control-Max-Age", age) for age in max_age)))
    with (
        OriginServer({("GET", PAGE): EMPTY_PAGE, ("*", URL): answer}) as server,
        Mitmdump(tmp_path, server.upstream_mode) as proxy,
    ):
        page = chromium.open(PAGE, proxy.port)
        seen = [page.fetch(URL, {"method": "PUT"}).ok for _ in range(2)]
        page.close()
    assert seen == [True, True]
    assert [request.method for request in server.received if request.url == URL] == asked
    journal = proxy.journal()
    exchanges = [entry for entry in journal if entry["type"] == "exchange"]
    assert [entry["kind"] == "preflight" for entry in exchanges] == [
        method == "OPTIONS" for method in asked
    ]
    outcomes = {entry["id"]: entry["actual"] for entry in journal if entry["type"] == "outcome"}
    for entry, following in pairwise(exchanges):
        if entry["kind"] == "preflight":
            assert outcomes[entry["id"]] == following["id"]
            assert following["preflight"] == entry["id"]
    assert {entry["preflight"] for entry in exchanges if entry["kind"] == "actual"} == set(outcomes)
