"""What does corscope take of one exchange? In a loop of its own, and between mitmproxy's work.

In a loop the processor has at hand what it needs. In a proxy, mitmproxy works on something else
between one hook and the next, which is what making its flows stands for here.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from mitmproxy import http
from mitmproxy.test import taddons, tflow

from benchmarks.core import COMMON, ORIGIN, PERMITTING, SHARED, USER_AGENTS
from benchmarks.section import Section, Table
from benchmarks.sides import POLICY
from corscope.fetch.engines import Engine
from corscope.messages import HeaderList
from corscope.mitm.addon import Corscope

__all__ = ["APART", "KINDS", "QUICK", "TOGETHER", "section", "took"]

HOST: Final = "api.example"
APART: Final = 1
TOGETHER: Final = 100
"""So many exchanges are made ready at once, where they follow one another."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of it: rounds, and the exchanges of each."""

    rounds: int
    exchanges: int


FULL: Final = Plan(12, 300)
QUICK: Final = Plan(2, 3)


class Message(NamedTuple):
    """What is asked and what is answered; a `{}` in the path is the exchange's number."""

    method: str
    path: str
    asked: HeaderList
    status: int
    answered: HeaderList


class _Made(NamedTuple):
    flow: http.HTTPFlow
    answer: Callable[[], http.Response]


_BROWSER: Final[HeaderList] = (
    ("Host", HOST),
    ("User-Agent", USER_AGENTS[Engine.CHROMIUM]),
    ("Accept", "*/*"),
    ("Accept-Encoding", "gzip, deflate, br, zstd"),
    ("Accept-Language", "en-US,en;q=0.9"),
)
_CORS: Final[HeaderList] = (
    *_BROWSER,
    ("Origin", ORIGIN),
    ("Sec-Fetch-Site", "cross-site"),
    ("Sec-Fetch-Mode", "cors"),
    ("Sec-Fetch-Dest", "empty"),
)
_IMAGE: Final[HeaderList] = (
    *_BROWSER,
    ("Sec-Fetch-Site", "same-origin"),
    ("Sec-Fetch-Mode", "no-cors"),
    ("Sec-Fetch-Dest", "image"),
)
_ANNOUNCING: Final[HeaderList] = (
    *_CORS,
    ("Access-Control-Request-Method", "PUT"),
    ("Access-Control-Request-Headers", "content-type"),
)
_WRITING: Final[HeaderList] = (*_CORS, ("Content-Type", "application/json"))


class Kind(NamedTuple):
    """What is asked and answered, one after the other, and whether a rule does something to it."""

    messages: tuple[Message, ...]
    is_ruled: bool = False


_GET: Final = Message("GET", "/items?page=2", _CORS, 200, SHARED)
_PREFLIGHTED: Final = (
    Message("OPTIONS", "/items/1", _ANNOUNCING, 204, PERMITTING),
    Message("PUT", "/items/1", _WRITING, 200, SHARED),
)

KINDS: Final[dict[str, Kind]] = {
    "GET, not CORS": Kind((Message("GET", "/logo.png", _IMAGE, 200, COMMON),)),
    "CORS GET": Kind((_GET,)),
    "CORS GET, every URL new": Kind((_GET._replace(path="/items/{}?page=2"),)),
    "preflight + PUT": Kind(_PREFLIGHTED),
    "CORS GET, edited by a rule": Kind((_GET,), is_ruled=True),
    "preflight answered by a rule, + PUT": Kind(_PREFLIGHTED, is_ruled=True),
}

RULE: Final = f"""[[rule]]
name = "a policy"
match.host = "{HOST}"
policy.allow_credentials = true
{POLICY}"""


def section(*, quick: bool) -> Section:
    """Measure; `quick` does so little that its figures say nothing."""
    plan = QUICK if quick else FULL
    with TemporaryDirectory() as folder:
        rows = tuple(
            (name, *(f"{took(kind, each, plan, Path(folder)):.0f}" for each in (TOGETHER, APART)))
            for name, kind in KINDS.items()
        )
    head = ("µs", "in a loop of its own", "between mitmproxy's work")
    return Section("An exchange in its hooks", _TEXT, (Table(head, rows),))


def took(kind: Kind, at_once: int, plan: Plan, folder: Path) -> float:
    """Microseconds in all hooks for what is of this kind.

    Args:
        kind: what is asked and answered.
        at_once: so many are made ready at once.
        plan: how many there are.
        folder: where they are journalled, in `cors.jsonl`, and the rule stands.
    """
    with _logging_apart():
        return asyncio.run(_measured(kind, at_once, plan, folder))


@contextmanager
def _logging_apart() -> Iterator[None]:
    """Keep what is told of each exchange to itself, and leave no handler of mitmproxy's behind.

    Those of a master that isn't run to its end outlive its loop, and fail at what is logged next.
    """
    root, own, nowhere = logging.getLogger(), logging.getLogger("corscope"), logging.NullHandler()
    before = list(root.handlers)
    own.addHandler(nowhere)
    own.propagate = False
    try:
        yield
    finally:
        own.removeHandler(nowhere)
        own.propagate = True
        for handler in [each for each in root.handlers if each not in before]:
            root.removeHandler(handler)


async def _measured(kind: Kind, at_once: int, plan: Plan, folder: Path) -> float:
    addon, rule = Corscope(), folder / "one.toml"
    rule.write_text(RULE)
    with taddons.context(addon) as context:
        context.configure(addon, cors_web=False, cors_journal=str(folder / "cors.jsonl"))
        context.configure(addon, cors_rules=[str(rule)] if kind.is_ruled else [])
        addon.running()
        recorder = context.master.addons.get("corscope-recorder")
        parts = (addon, recorder)
        rounds = []
        for number in range(-1, plan.rounds):  # the first is to warm up
            first = (number + 1) * plan.exchanges
            numbers = range(first, first + plan.exchanges)
            each = [spent async for spent in _exchanges(parts, kind, numbers, at_once)]
            await asyncio.sleep(0)  # what is due a few times a second isn't counted
            if number >= 0:
                rounds.append(fmean(each))
        addon.done()
    return min(rounds) / 1_000


async def _exchanges(
    parts: Sequence[object],
    kind: Kind,
    numbers: Sequence[int],
    at_once: int,
) -> AsyncIterator[int]:
    """The nanoseconds in the hooks, for each number."""
    for start in range(0, len(numbers), at_once):
        chunk = numbers[start : start + at_once]
        made = [
            [_made(each, number, at_once == APART) for each in kind.messages] for number in chunk
        ]
        for messages in made:
            yield sum([await _passed(parts, each) for each in messages])


def _made(message: Message, number: int, is_apart: bool) -> _Made:
    flow = tflow.tflow()
    flow.live = True
    url = f"https://{HOST}{message.path.format(number)}"
    flow.request = http.Request.make(message.method, url, b"", _fields(message.asked))
    answer = partial(http.Response.make, message.status, b"", _fields(message.answered))
    if is_apart:
        return _Made(flow, answer)
    answered = answer()
    return _Made(flow, lambda: answered)


def _fields(headers: HeaderList) -> http.Headers:
    return http.Headers([(name.encode(), value.encode()) for name, value in headers])


async def _passed(parts: Sequence[object], made: _Made) -> int:
    """Let a flow pass; returns the nanoseconds in the hooks."""
    spent = await _called(parts, made.flow, ("requestheaders", "request"))
    if made.flow.response is None:
        made.flow.response = made.answer()
        spent += await _called(parts, made.flow, ("responseheaders",))
    return spent + await _called(parts, made.flow, ("response",))


async def _called(parts: Sequence[object], flow: http.HTTPFlow, names: Sequence[str]) -> int:
    spent = 0
    for name in names:
        for part in parts:
            hook = getattr(part, name, None)
            if hook is not None:
                began = time.perf_counter_ns()
                if (rest := hook(flow)) is not None:
                    await rest
                spent += time.perf_counter_ns() - began
    return spent


_TEXT: Final = f"""
What is left of the cost of the layer when mitmproxy's own is taken away: the time within corscope's
hooks, for an exchange of each kind with a browser's headers, the line of the journal included. Once
with {TOGETHER} exchanges made ready, so that their hooks follow one another; once with each flow
and each answer made by mitmproxy right before its hooks, as in a proxy, where what corscope needs
has left the processor's caches meanwhile. Microseconds, the mean of {FULL.exchanges} exchanges in
the fastest of {FULL.rounds} rounds: what one exchange puts off, a later one does.
"""
