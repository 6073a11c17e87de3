"""What if corscope itself fails?

Then the flow passes as if corscope weren't there, the log says so, once for each place, and who
keeps the records hears of each failure.
"""

import asyncio
import functools
import inspect
import logging
import os
import platform
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from mitmproxy import exceptions, version

import corscope
from corscope.explain.escape import escaped
from corscope.explain.failure import failure_text, kind_of, place_of

__all__ = ["answering", "failed", "harmless", "listeners"]

MOST_REPORTS: Final = 100
"""So many failures are told of; after them there is nothing new to learn."""

Hook = TypeVar("Hook", bound=Callable[..., Any])
Listener = Callable[[str, BaseException, Sequence[object]], None]

_ENDS: Final = (KeyboardInterrupt, SystemExit, GeneratorExit, asyncio.CancelledError)
"""What is meant to end things; other exceptions of that sort aren't, as a panic of code in Rust."""

logger = logging.getLogger("corscope")

listeners: Final[list[Listener]] = []
"""Each is told where a failure was, the exception, and what the hook was called with."""

_reported: set[tuple[str, str, int]] = set()


def harmless(hook: Hook) -> Hook:
    """Wrap a hook, plain or async, so that no exception of ours reaches the flow."""
    if inspect.iscoroutinefunction(hook):

        @functools.wraps(hook)
        async def guarded_async(*args: Any, **kwargs: Any) -> Any:
            try:
                return await hook(*args, **kwargs)
            except BaseException as error:
                _failed_or_ends(hook.__qualname__, error, args)

        return cast("Hook", guarded_async)

    if _takes_two(hook):
        # Most do, and are called for every flow: with names, no tuple and no dict is made of them.

        @functools.wraps(hook)
        def guarded_method(self: Any, about: Any) -> Any:
            try:
                return hook(self, about)
            except BaseException as error:
                _failed_or_ends(hook.__qualname__, error, (self, about))

        return cast("Hook", guarded_method)

    @functools.wraps(hook)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        try:
            return hook(*args, **kwargs)
        except BaseException as error:
            _failed_or_ends(hook.__qualname__, error, args)

    return cast("Hook", guarded)


def _takes_two(hook: Callable[..., Any]) -> bool:
    """Whether it takes two values and nothing else: `self`, and what it is called for."""
    parameters = inspect.signature(hook).parameters.values()
    return len(parameters) == 2 and all(
        each.kind is each.POSITIONAL_OR_KEYWORD and each.default is each.empty
        for each in parameters
    )


@contextmanager
def answering() -> Iterator[None]:
    """Turn what the other rooms say of bad input into mitmproxy's words for it.

    A mistake of ours too: anything but a CommandError ends mitmproxy's console.
    """
    try:
        yield
    except exceptions.CommandError:
        raise
    except OSError as error:
        raise exceptions.CommandError(_told(error)) from error
    except ValueError as error:
        raise exceptions.CommandError(str(error)) from error
    except _ENDS:
        raise
    except BaseException as error:
        failed("a command", error)
        told = f"corscope failed ({kind_of(error)}); the event log says what to report"
        raise exceptions.CommandError(told) from error


def _told(error: OSError) -> str:
    """Why a file can't be written or read; most often a folder on its way is missing."""
    if error.filename is None:
        return error.strerror or str(error)
    path = Path(os.fsdecode(error.filename))
    if isinstance(error, FileNotFoundError) and not path.parent.is_dir():
        return f"there is no folder {escaped(str(path.parent))}"
    return f"{error.strerror}: {escaped(str(path))}"


def failed(where: str, error: BaseException, about: Sequence[object] = ()) -> None:
    """Tell of a failure; that this can't be done either is no reason to stop traffic.

    Args:
        where: the function that failed.
        error: what it failed with.
        about: what it was called with.
    """
    # The records first: where the log can't be written, they still may.
    for listener in tuple(listeners):
        _attempt(listener, where, error, about)
    _attempt(_report, where, error)


def _failed_or_ends(where: str, error: BaseException, about: Sequence[object]) -> None:
    """Tell of a failure, and let go on what is meant to end things."""
    if isinstance(error, _ENDS):
        raise error
    failed(where, error, about)


def _attempt(do: Callable[..., None], *about: object) -> None:
    try:
        do(*about)
    except BaseException as error:
        if isinstance(error, _ENDS):
            raise


def _report(where: str, error: BaseException) -> None:
    place = place_of(error)
    if place in _reported or len(_reported) >= MOST_REPORTS:
        return
    _reported.add(place)
    # A warning, because mitmproxy ends when an error is logged at its start.
    logger.warning("%s", failure_text(where, error, _versions()))


def _versions() -> str:
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"corscope {corscope.__version__}, mitmproxy {version.VERSION}, {python}, {sys.platform}"
