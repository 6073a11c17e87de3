"""What if corscope itself fails?

Then the flow passes as if corscope weren't there, and the log says so, once for each place.
"""

import functools
import inspect
import logging
from collections.abc import Callable
from typing import Any, TypeVar, cast

__all__ = ["harmless"]

Hook = TypeVar("Hook", bound=Callable[..., Any])

logger = logging.getLogger("corscope")

_reported: set[tuple[str, int]] = set()


def harmless(hook: Hook) -> Hook:
    """Wrap a hook, plain or async, so that no exception of ours reaches the flow."""
    if inspect.iscoroutinefunction(hook):

        @functools.wraps(hook)
        async def guarded_async(*args: Any, **kwargs: Any) -> Any:
            try:
                return await hook(*args, **kwargs)
            except Exception as error:
                _report(hook.__qualname__, error)

        return cast("Hook", guarded_async)

    @functools.wraps(hook)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        try:
            return hook(*args, **kwargs)
        except Exception as error:
            _report(hook.__qualname__, error)

    return cast("Hook", guarded)


def _report(where: str, error: Exception) -> None:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = (where, trace.tb_lineno if trace is not None else 0)
    if place in _reported:
        return
    _reported.add(place)
    logger.warning(
        "corscope failed in %s and left the exchange as it was; please report this: %r",
        where,
        error,
        exc_info=error,
    )
