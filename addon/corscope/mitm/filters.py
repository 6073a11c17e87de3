"""Does a mitmproxy filter expression match a flow?

Rules hold filters as text; parsed ones are kept here.
"""

from collections.abc import Callable
from functools import lru_cache

from mitmproxy import flow, flowfilter

__all__ = ["check_filter", "matcher"]


@lru_cache(maxsize=1024)
def _parsed(text: str) -> flowfilter.TFilter:
    try:
        parsed = flowfilter.parse(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if parsed is None:
        raise ValueError(f"Invalid filter expression: {text!r}")
    return parsed


def check_filter(text: str) -> None:
    """Raise ValueError, with mitmproxy's own words, if this is no filter expression."""
    _parsed(text)


def matcher(flow: flow.Flow) -> Callable[[str], bool]:
    """What tells whether a filter expression matches this flow."""
    return lambda text: bool(_parsed(text)(flow))
