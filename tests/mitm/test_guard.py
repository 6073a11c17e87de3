"""An exception of ours never leaves a hook, and is told once for each place."""

from __future__ import annotations

import asyncio
import logging

import pytest

from corscope.mitm import guard
from corscope.mitm.guard import harmless


@pytest.fixture(autouse=True)
def nothing_reported_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "_reported", set())


class Hooks:
    @harmless
    def plain(self, value: int) -> float:
        return 1 / value

    @harmless
    async def later(self, value: int) -> float:
        await asyncio.sleep(0)
        return 1 / value

    @harmless
    def two_places(self, value: int) -> None:
        if value:
            raise KeyError(value)
        raise ValueError(value)


def test_what_works_returns_what_it_returns() -> None:
    assert Hooks().plain(2) == 0.5
    assert asyncio.run(Hooks().later(2)) == 0.5


def test_what_fails_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        assert Hooks().plain(0) is None
        assert asyncio.run(Hooks().later(0)) is None
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 2
    assert "Hooks.plain" in told[0]
    assert "ZeroDivisionError" in told[0]
    assert "Hooks.later" in told[1]


def test_it_is_a_warning_because_an_error_ends_mitmproxy_at_its_start(
    caplog: pytest.LogCaptureFixture,
) -> None:
    Hooks().plain(0)
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


def test_another_place_in_the_same_hook_is_told_too(caplog: pytest.LogCaptureFixture) -> None:
    Hooks().two_places(0)
    Hooks().two_places(1)
    assert len(caplog.records) == 2


def test_being_cancelled_is_no_failure(caplog: pytest.LogCaptureFixture) -> None:
    class Waiting:
        @harmless
        async def hook(self) -> None:
            await asyncio.sleep(60)

    async def cancel() -> None:
        task = asyncio.create_task(Waiting().hook())
        await asyncio.sleep(0)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancel())
    assert not caplog.records


def test_mitmproxy_still_sees_which_hooks_are_async() -> None:
    assert asyncio.iscoroutinefunction(Hooks.later)
    assert not asyncio.iscoroutinefunction(Hooks.plain)
