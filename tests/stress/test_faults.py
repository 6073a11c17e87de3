"""Nothing of corscope's own breaks traffic: each function that it calls on the way is let fail.

The bytes at both ends are compared with those of a mitmdump without corscope. One function of
each module takes its turn in every run, all of them in the long one.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.proxy import CONTROL, Proxy
from tests.live.walk import (
    EXERCISES,
    FAULTS,
    RULED,
    RULES,
    SECRET,
    Seen,
    answer_all,
    done,
    told,
)
from tests.live.wire import RawServer

from .conftest import Count
from .figures import is_full

OPTIONS = {"stream_large_bodies": "1k"}


@pytest.fixture(scope="module")
def server() -> Iterator[RawServer]:
    with RawServer() as running:
        yield running


@pytest.fixture(scope="module")
def alone(server: RawServer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Seen]:
    """What a mitmdump without corscope makes of the exercises."""
    answer_all(server)
    folder: Path = tmp_path_factory.mktemp("alone")
    with Proxy(folder, server.mode, OPTIONS, script=None) as proxy:
        return {name: done(each, proxy, server) for name, each in EXERCISES.items()}


@pytest.fixture(scope="module")
def proxy(server: RawServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    folder: Path = tmp_path_factory.mktemp("faults")
    rules = folder / "rules.toml"
    rules.write_text(RULES, "utf-8")
    options = {**OPTIONS, "cors_rules": rules, "cors_web": True, "cors_web_port": 0}
    with Proxy(folder, server.mode, options, scripts=[CONTROL, FAULTS]) as running:
        yield running


@pytest.fixture(scope="module")
def whole(proxy: Proxy, server: RawServer, alone: dict[str, Seen]) -> dict[str, Seen]:
    """What corscope makes of the exercises where nothing fails."""
    assert alone
    return {name: done(each, proxy, server) for name, each in EXERCISES.items()}


@pytest.fixture(scope="module")
def on_the_way(proxy: Proxy, whole: dict[str, Seen]) -> dict[str, list[str]]:
    """The functions that traffic calls, each with the exercises that call it."""
    assert whole
    found: dict[str, list[str]] = defaultdict(list)
    for name, exercise in EXERCISES.items():
        told(proxy, watched=True)
        exercise(proxy)
        for function in told(proxy, watched=False)["called"]:
            found[function].append(name)
    return found


def test_without_a_fault_only_rules_change_anything(
    alone: dict[str, Seen], whole: dict[str, Seen]
) -> None:
    assert {name for name in EXERCISES if alone[name] != whole[name]} == set(RULED)


NOT_MARKED = (
    "corscope.journal.lines.write:_line",
    "corscope.journal.lines.write:_moment",
    "corscope.journal.lines.write:failure_line",
    "corscope.mitm.record.append:",
    "corscope.mitm.record.journal_file:",
)
"""Where these fail, the journal can't be written at all; the log tells."""

LEFT_OUT = (
    "corscope.mitm.ui.commands:Commands.",
    "corscope.mitm.translate.written:_nothing",
    "corscope.web.handlers:Handler.set_default_headers",
    "corscope.web.listening:_Patient.accept",
)
"""What others call right at its first line; all that could fail is in what these call in turn, or
in the system, of which `tests/live/test_page.py` has what it may say to `accept`."""


def chosen(on_the_way: dict[str, list[str]]) -> list[str]:
    """One function of each module, another in each run; in the long run all."""
    of_module: dict[str, list[str]] = defaultdict(list)
    for function in sorted(each for each in on_the_way if not each.startswith(LEFT_OUT)):
        of_module[function.partition(":")[0]].append(function)
    if is_full():
        return [function for each in of_module.values() for function in each]
    return [random.choice(each) for each in of_module.values()]


def is_one_of(seen: Seen, *ways: Seen) -> bool:
    """Whether each message is as it is in one of these ways, and none between them."""
    answers = zip(seen.client, *(way.client for way in ways), strict=True)
    asked = {head for way in ways for head in way.server}
    return all(each in ways for each, *ways in answers) and asked.issuperset(seen.server)


class Tail:
    """What has been added to a file."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self.news()

    def news(self) -> str:
        return self._file.read().decode()


def test_whatever_fails_traffic_passes_and_it_is_told(
    proxy: Proxy,
    server: RawServer,
    alone: dict[str, Seen],
    whole: dict[str, Seen],
    on_the_way: dict[str, list[str]],
    figure: Count,
) -> None:
    log, journal = Tail(proxy.log_path), Tail(proxy.journal_path)
    failed, wrong = 0, []
    functions = chosen(on_the_way)
    for function in functions:
        names = on_the_way[function]
        told(proxy, fail=function, secret=SECRET)
        for name in names if is_full() else random.sample(names, min(2, len(names))):
            try:
                seen = done(EXERCISES[name], proxy, server)
            except AssertionError as error:
                wrong.append(f"{function}: {name}: {error}")
                continue
            if not is_one_of(seen, alone[name], whole[name]):
                wrong.append(f"{function}: {name}: {seen}")
        raised = told(proxy, mend=True)["raised"]
        state = proxy.control()["state"]
        logged, lines = log.news(), [json.loads(each) for each in journal.news().splitlines()]
        reports = logged.count("corscope failed in")
        marks = [line for line in lines if line["type"] == "failure"]
        failed += bool(raised)
        wrong += [f"{function}: {reports} reports"] * (reports != bool(raised))
        is_marked = bool(marks) or function.startswith(NOT_MARKED)
        wrong += [f"{function}: not marked"] * (bool(raised) and not is_marked)
        wrong += [f"{function}: {SECRET}"] * (SECRET in logged + json.dumps(lines))
        wrong += [f"{function}: Addon error"] * ("Addon error" in logged)
        left = {key: state[key] for key in ("subjects", "touches", "in_flight") if state[key]}
        wrong += [f"{function}: {left}"] * bool(left)
    assert not wrong, "\n".join(wrong)
    assert failed > 0.9 * len(functions)
    figure(
        "Whatever function of corscope fails, traffic passes byte for byte, and it is told",
        f"{failed} functions that {len(EXERCISES)} kinds of traffic call, in "
        f"{len({function.partition(':')[0] for function in functions})} modules",
    )
