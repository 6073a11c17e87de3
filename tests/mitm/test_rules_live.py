"""Which rules are in force while their files change; `live` and `stress` ask a running mitmdump."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from corscope.mitm.rules.live import RESTLESS, LiveRules
from tests.support.limits import file_limit


def rule(name: str) -> str:
    return f'[[rule]]\nname = "{name}"\nmatch.host = "api.test"\nfault.status = 500\n'


def in_force(rules: LiveRules) -> list[str]:
    return [rule.name for rule in rules.ruleset.rules]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "rules.toml"
    path.write_text(rule("first"), "utf-8")
    return path


def test_files_that_keep_changing_are_told_of_once_and_wait(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rules = LiveRules()
    rules.read([str(path)])
    for number in range(RESTLESS * 2):
        path.write_text(rule("x" * number), "utf-8")
        asyncio.run(rules.look())
        assert in_force(rules) == ["first"]
    assert caplog.text.count("the files keep changing; the 1 before stay in force") == 1
    asyncio.run(rules.look())
    assert in_force(rules) == ["x" * (RESTLESS * 2 - 1)]


def test_a_folder_without_rule_files_is_told_of_and_keeps_nothing_back(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rules = LiveRules()
    (path.parent / "empty").mkdir()
    rules.read([str(path), str(path.parent / "empty")])
    assert in_force(rules) == ["first"]
    assert f"CORS rules: no rule files: there is no *.toml in {path.parent}/empty" in caplog.text
    assert rules.state.applied
    assert rules.state.problems == ()
    caplog.clear()
    rules.read([str(path), str(path.parent)])
    assert "no rule files" not in caplog.text


def test_a_switch_by_hand_holds_though_files_are_read_meanwhile(path: Path) -> None:
    rules = LiveRules()
    rules.read([str(path)])
    path.write_text(rule("first") + rule("second"), "utf-8")

    async def look_and_switch() -> None:
        await rules.look()
        looking = asyncio.create_task(rules.look())
        await asyncio.sleep(0)
        rules.toggle("first")
        await looking

    asyncio.run(look_and_switch())
    assert [rule.enabled for rule in rules.ruleset.rules] == [False, True]


def test_what_the_page_saves_on_a_full_disk_is_refused_and_nothing_changes(path: Path) -> None:
    rules = LiveRules()
    rules.read([str(path)])
    before = path.read_bytes()
    with file_limit(len(before)), pytest.raises(OSError, match="File too large"):
        rules.write(str(path), before * 2)
    assert path.read_bytes() == before
    assert in_force(rules) == ["first"]


def test_without_files_a_look_takes_no_thread(path: Path) -> None:
    """A thread that is started stays, for the next one."""

    async def threads_after(rules: LiveRules) -> int:
        before = threading.active_count()
        await rules.look()
        return threading.active_count() - before

    rules = LiveRules()
    assert asyncio.run(threads_after(rules)) == 0
    rules.read([str(path)])
    assert asyncio.run(threads_after(rules)) == 1
    rules.read([])
    assert asyncio.run(threads_after(rules)) == 0
    assert in_force(rules) == []
