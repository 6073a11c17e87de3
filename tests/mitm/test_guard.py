"""An exception of ours never leaves a hook, and is told once for each place."""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path

import pytest
from mitmproxy.exceptions import CommandError

from corscope.mitm import guard
from corscope.mitm.guard import answering, harmless

SECRET = "s3cr3t"


@pytest.fixture(autouse=True)
def nothing_reported_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "_reported", set())
    monkeypatch.setattr(guard, "listeners", [])


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

    @harmless
    def any(self, error: BaseException) -> None:
        raise error

    @harmless
    def by_way_of(self, words: str) -> None:
        try:
            raise KeyError(words)
        except KeyError as error:
            raise OSError(words) from error

    @harmless
    def endless(self, words: str) -> None:
        self._again(words)

    def _again(self, words: str) -> None:
        self._again(words + words[:1])


def test_what_works_returns_what_it_returns() -> None:
    assert Hooks().plain(2) == 0.5
    assert asyncio.run(Hooks().later(2)) == 0.5


def _anything(*values: object, **named: object) -> tuple[object, object]:
    return values, named


def _with_default(first: object, second: object = 2) -> tuple[object, object]:
    return first, second


def _named_only(first: object, *, second: object = 2) -> tuple[object, object]:
    return first, second


def test_whatever_takes_two_things_takes_them_as_before() -> None:
    assert harmless(_anything)() == ((), {})
    assert harmless(_anything)(1, 2, three=3) == ((1, 2), {"three": 3})
    assert harmless(_with_default)(1) == (1, 2)
    assert harmless(_with_default)(1, second=3) == (1, 3)
    assert harmless(_named_only)(1, second=3) == (1, 3)


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


# What is told


@pytest.mark.parametrize(
    "error",
    [
        ValueError(SECRET),
        KeyError(SECRET),
        MemoryError(SECRET),
        RecursionError(SECRET),
        OSError(5, SECRET, SECRET),
        UnicodeEncodeError("latin-1", SECRET, 0, 1, SECRET),
        SyntaxError(SECRET, (SECRET, 1, 1, SECRET)),
        ExceptionGroup(SECRET, [ValueError(SECRET)]),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_exceptions_own_words_are_not_told(
    caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    error.add_note(SECRET)
    Hooks().any(error)
    assert type(error).__name__ in caplog.text
    assert SECRET not in caplog.text


def test_a_report_has_the_versions_the_places_and_what_was_behind_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    Hooks().by_way_of(SECRET)
    assert SECRET not in caplog.text
    for told in ("Please report", "corscope 0", "mitmproxy 1", "Python 3.", sys.platform):
        assert told in caplog.text
    assert "failed with OSError, by way of" in caplog.text
    assert "because of KeyError, by way of" in caplog.text
    assert "tests/mitm/test_guard.py:" in caplog.text
    assert str(Path(__file__).parent) not in caplog.text


def test_a_report_of_what_recurses_is_short(caplog: pytest.LogCaptureFixture) -> None:
    Hooks().endless(SECRET)
    assert "RecursionError" in caplog.text
    assert len(caplog.text.splitlines()) < 30


def test_what_always_fails_elsewhere_is_told_of_so_often_and_no_more(
    caplog: pytest.LogCaptureFixture,
) -> None:
    for number in range(guard.MOST_REPORTS + 50):
        made = type(f"E{number}", (Exception,), {})
        Hooks().any(made())
    assert len(caplog.records) == guard.MOST_REPORTS
    assert len(guard._reported) == guard.MOST_REPORTS


# Who hears of it


def test_who_keeps_records_hears_of_each_failure() -> None:
    heard: list[tuple[object, ...]] = []
    guard.listeners.append(lambda where, error, about: heard.append((where, error, *about)))
    hooks, error = Hooks(), ValueError()
    for _ in range(2):
        hooks.any(error)
    assert heard == [("Hooks.any", error, hooks, error)] * 2


def test_a_listener_that_fails_keeps_nobody_else_from_hearing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(*_: object) -> None:
        raise OSError

    heard: list[str] = []
    guard.listeners.extend([fail, lambda where, _, __: heard.append(where)])
    Hooks().plain(0)
    assert heard == ["Hooks.plain"]
    assert len(caplog.records) == 1


def test_a_log_that_fails_is_no_failure_of_traffic() -> None:
    class Broken(logging.Handler):
        def emit(self, _: logging.LogRecord) -> None:
            raise UnicodeEncodeError("ascii", "é", 0, 1, "ordinal not in range")

    broken = Broken()
    logging.getLogger().addHandler(broken)
    try:
        assert Hooks().plain(0) is None
    finally:
        logging.getLogger().removeHandler(broken)


def test_what_is_no_usual_exception_but_ends_nothing_is_a_failure(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """As a panic of code in Rust, which no `except Exception` catches: the flow would hang."""

    class PanicException(BaseException):
        pass

    async def ask() -> None:
        with answering():
            raise PanicException

    Hooks().any(PanicException(SECRET))
    with pytest.raises(CommandError, match="PanicException"):
        asyncio.run(ask())
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 2
    assert all("PanicException" in each and SECRET not in each for each in told)


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt, SystemExit, GeneratorExit, asyncio.CancelledError]
)
def test_what_is_meant_to_end_things_ends_them(error: type[BaseException]) -> None:
    with pytest.raises(error):
        Hooks().any(error())


@pytest.mark.parametrize(
    ("name", "says"),
    [
        pytest.param("none/a", "there is no folder {}/none", id="no folder to write it into"),
        pytest.param("a", "No such file or directory: {}/a", id="no file to read"),
        pytest.param(".", "Is a directory: {}", id="a folder"),
    ],
)
def test_a_command_names_the_file_that_it_can_t_open(tmp_path: Path, name: str, says: str) -> None:
    with pytest.raises(CommandError) as told, answering():
        (tmp_path / name).read_bytes()
    assert str(told.value) == says.format(tmp_path)


def test_a_failure_of_no_file_is_told_in_its_own_words() -> None:
    with pytest.raises(CommandError, match=r"^refused$"), answering():
        raise ConnectionRefusedError(111, "refused")
