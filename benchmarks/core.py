"""What does the core take? A verdict, a rule's decision, a match among many, a line, an exchange.

Each figure is the fastest of several rounds, in this process's own time: what slows a round down is
other processes, never this code.
"""

import time
import timeit
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import cycle
from typing import Final

from benchmarks.section import Goal, Section, Table
from corscope.fetch.check import CredentialsMode
from corscope.fetch.engines import Engine
from corscope.fetch.exposed import cors_filtered_headers
from corscope.fetch.headers import get
from corscope.fetch.preflight import CorsRequest
from corscope.fetch.reasons import Kind
from corscope.fetch.safelist import cors_unsafe_request_header_names
from corscope.fetch.verdict import judge
from corscope.journal.exchange import Exchange, Sighting
from corscope.journal.journal import Journal
from corscope.journal.lines.write import exchange_line
from corscope.messages import HeaderList, Request, Response
from corscope.rules.apply import answer
from corscope.rules.load import Source, load
from corscope.rules.match import Subject, choose_at_request, subject_of
from corscope.rules.model import Rule, Ruleset

__all__ = ["Measure", "measures", "microseconds", "section", "steps"]


ROUNDS: Final = 9
SECONDS: Final = 0.02
"""How long a round is to take."""

ORIGIN: Final = "https://app.example"
URL: Final = "https://api.example/items?page=2"
MANY_RULES: Final = 10_000
MANY_HOSTS: Final = 2_000
UNLIKE: Final = 20_000
"""More than anything that is remembered of earlier exchanges."""

NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
OMIT, INCLUDE = CredentialsMode.OMIT, CredentialsMode.INCLUDE

USER_AGENTS: Final = {
    Engine.UNKNOWN: "curl/8.14.1",
    Engine.CHROMIUM: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/156.0.0.0 Safari/537.36",
    Engine.FIREFOX: "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0",
    Engine.WEBKIT: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/26.0 Safari/605.1.15",
}

COMMON: Final[HeaderList] = (
    ("Server", "nginx"),
    ("Date", "Thu, 01 Jan 2026 00:00:00 GMT"),
    ("Content-Type", "application/json"),
    ("Content-Length", "123"),
    ("Connection", "keep-alive"),
    ("Cache-Control", "no-store"),
    ("ETag", '"1"'),
    ("Vary", "Origin"),
)
SHARED: Final[HeaderList] = (
    *COMMON,
    ("Access-Control-Allow-Origin", ORIGIN),
    ("Access-Control-Allow-Credentials", "true"),
)
PERMITTING: Final[HeaderList] = (
    *SHARED,
    ("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE"),
    ("Access-Control-Allow-Headers", "authorization, content-type, x-request-id"),
    ("Access-Control-Max-Age", "600"),
)
ASKED: Final[HeaderList] = (
    ("Accept", "application/json"),
    ("Content-Type", "application/json"),
    ("X-Request-Id", "7"),
)
GET: Final = CorsRequest(ORIGIN, URL, "GET", ())
PREFLIGHT: Final = (
    ("Origin", ORIGIN),
    ("Access-Control-Request-Method", "PUT"),
    ("Access-Control-Request-Headers", "content-type,x-request-id"),
)
PUT: Final = CorsRequest(ORIGIN, URL, "PUT", ("content-type", "x-request-id"))


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing to measure: what it is, and how it is done for an engine."""

    name: str
    of: Callable[[Engine], Callable[[], object]]


def measures() -> tuple[Measure, ...]:
    """Everything that the table has a row for, the common case first."""
    allowed, bare = Response(200, SHARED), Response(200, COMMON)
    other = Response(200, (*COMMON, ("Access-Control-Allow-Origin", "https://www.app.example")))
    permitting = Response(204, PERMITTING)
    return (
        _judging("an answer, allowed", "actual", allowed, OMIT),
        _judging("an answer with credentials, allowed", "actual", allowed, INCLUDE),
        _judging("an answer, bare", "actual", bare, OMIT),
        _judging("an answer for another origin", "actual", other, OMIT),
        _judging("a preflight, allowed", "preflight", permitting, INCLUDE),
        _judging("a preflight, its method refused", "preflight", allowed, INCLUDE),
        Measure("what script may read", lambda _: partial(cors_filtered_headers, PERMITTING, OMIT)),
        Measure(
            "what a preflight is to announce",
            lambda _: partial(cors_unsafe_request_header_names, ASKED),
        ),
    )


def _judging(name: str, kind: Kind, response: Response, mode: CredentialsMode) -> Measure:
    request = GET if kind == "actual" else PUT
    return Measure(name, lambda engine: partial(judge, kind, request, response, mode, engine))


def steps(rules: int = MANY_RULES, hosts: int = MANY_HOSTS) -> dict[str, Callable[[], object]]:
    """What an exchange meets on its way, each as a call; a name tells what it is."""
    subject = subject_of(Request("OPTIONS", URL, PREFLIGHT))
    one, many = _ruleset(1, 1), _ruleset(rules, hosts)
    rule = _chosen(one, subject)
    assert rule is not None
    exchange = _recorder(1)()
    return {
        "a header list read for the first time": lambda: get((*SHARED,), "Vary"),
        "a preflight answered by a rule": partial(answer, rule, subject, fresh=True),
        "a match, one rule": partial(_chosen, one, subject),
        f"a match, {rules:,} rules over {hosts:,} hosts": partial(_chosen, many, subject),
        "an exchange recorded, both modes, as often before": _recorder(1),
        "an exchange recorded, both modes, of a new URL": _recorder(UNLIKE),
        "an exchange recorded, both modes, unlike any before": _recorder(UNLIKE, is_alike=False),
        "a line of the journal, as often before": partial(exchange_line, exchange),
        "a line of the journal, unlike any before": _liner(exchange),
    }


def _ruleset(rules: int, hosts: int) -> Ruleset:
    """So many rules, of which the last names the host that is asked."""
    texts = [
        f"[[rule]]\nname = 'rule {number}'\nmatch.host = 'api{number % hosts}.example'\n"
        f"match.url = 'https://api{number % hosts}.example/{number}/*'\n{_POLICY}"
        for number in range(rules - 1)
    ]
    texts.append(f"[[rule]]\nname = 'wanted'\nmatch.host = 'api.example'\n{_POLICY}")
    return load([Source("rules.toml", "\n".join(texts).encode())])


_POLICY: Final = f"""policy.allow_origins = ['{ORIGIN}']
policy.allow_methods = ['GET', 'PUT']
policy.allow_headers = ['content-type', 'x-request-id']
"""


def _chosen(ruleset: Ruleset, subject: Subject) -> Rule | None:
    return choose_at_request(ruleset, subject, lambda _: True)


def _recorder(unlike: int, *, is_alike: bool = True) -> Callable[[], Exchange]:
    """Record exchanges; so many of them differ in what varies between exchanges of an API.

    Where they aren't alike, no two browsers are.
    """
    journal = Journal()
    agent = ("User-Agent", USER_AGENTS[Engine.CHROMIUM])
    each = cycle(_unlike(unlike))

    def recorded() -> Exchange:
        number, url, response = next(each)
        language = ("Accept-Language", "en" if is_alike else f"en;q=0.{number}")
        request = Request("GET", url, (("Origin", ORIGIN), agent, language))
        journal.requested("1", "client", request, NOW)
        exchange = journal.answered(Sighting("1", response), NOW)
        assert exchange is not None
        return exchange

    return recorded


def _unlike(count: int) -> Iterator[tuple[int, str, Response]]:
    for number in range(count):
        headers = (*SHARED, ("Content-Length", str(1_000 + number)), ("ETag", f'"{number:x}"'))
        yield number, f"https://api.example/items/{number}?page={number}", Response(200, headers)


def _liner(exchange: Exchange) -> Callable[[], str]:
    each = cycle([replace(exchange, url=f"{URL}&n={number}") for number in range(UNLIKE)])
    return lambda: exchange_line(next(each))


def microseconds(call: Callable[[], object], seconds: float = SECONDS) -> float:
    """The time of one call, by the fastest of several rounds of about so many seconds each."""
    timer = timeit.Timer(call, timer=time.process_time)
    once = min(timer.repeat(3, 1))
    number = max(1, round(seconds / once))
    return min(timer.repeat(ROUNDS, number)) / number * 1e6


def section(*, quick: bool) -> Section:
    """Measure everything."""
    seconds = 1e-5 if quick else SECONDS
    on_the_way = steps(100, 20) if quick else steps()
    verdicts = {
        measure.name: [microseconds(measure.of(engine), seconds) for engine in USER_AGENTS]
        for measure in measures()
    }
    taken = {name: microseconds(call, seconds) for name, call in on_the_way.items()}
    head = ("µs", "standard", *list(USER_AGENTS)[1:])
    by_engine = [(name, *(f"{each:.1f}" for each in of)) for name, of in verdicts.items()]
    on_its_way = [(name, f"{each:.1f}") for name, each in taken.items()]
    tables = (Table(head, tuple(by_engine)), Table(("µs", "CPU time"), tuple(on_its_way)))
    return Section("The core", _TEXT, tables, _goals(verdicts, taken))


_TEXT: Final = f"""
The first table has verdicts on an answer with ten headers, as many as servers send, by the
standard and by each engine's departures from it, once the header list has been read; the second
what an exchange meets on its way, in the rules and in the journal. Where the URL is new,
{UNLIKE:,} URLs take turns, and answers whose length and ETag differ; where nothing before was
alike, a request header differs, too. Microseconds of CPU time of a call, the fastest of
{ROUNDS} rounds.
"""


def _goals(verdicts: dict[str, list[float]], taken: dict[str, float]) -> tuple[Goal, ...]:
    common = next(iter(verdicts.values()))[0]
    one, many = (each for name, each in taken.items() if name.startswith("a match"))
    share = many / one
    return (
        Goal("the common verdict", "< 10 µs", f"{common:.1f} µs", common < 10),
        Goal("a match among many rules", "≤ 1.2 x one", f"{share:.2f} x", share <= 1.2),
    )
