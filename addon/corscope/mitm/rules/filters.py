"""Does a mitmproxy filter expression match a flow's request?

Rules hold filters as text; parsed ones are kept here. A rule is chosen before there is an answer
or after, and its filter has to say the same both times: whatever has come or changed meanwhile.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, Final

from mitmproxy import flowfilter, http

__all__ = ["check_filter", "matcher"]

MOST_NESTED: Final = 100
"""Deeper than that, to ask it of a flow could take more of the stack than there is."""

_OF_THE_ANSWER: Final = frozenset({"a", "bs", "c", "e", "hs", "s", "ts"})


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
    """Look whether this is a filter expression, over the request.

    Raises:
        ValueError: it isn't, which mitmproxy says in its own words; or it looks at the answer.
    """
    for code in _codes(_parsed(text)):
        if code in _OF_THE_ANSWER:
            way_out = " (for its status there is match.status)" if code == "c" else ""
            raise ValueError(f"~{code} looks at the answer{way_out}")


def _codes(token: Any, depth: int = 0) -> Iterator[str]:
    """The operators in it, as `hq` for `~hq`."""
    if depth > MOST_NESTED:
        raise ValueError("it is nested too deeply")
    inner = [*getattr(token, "lst", ()), *([token.itm] if hasattr(token, "itm") else ())]
    if not inner:
        yield token.code
    for each in inner:
        yield from _codes(each, depth + 1)


def matcher(flow: http.HTTPFlow) -> Callable[[str], bool]:
    """What tells whether a filter expression matches this flow's request, as it is now.

    Where mitmproxy sends it on to another host or with other headers, the filter still sees what
    the browser has sent. Only the body may come later.
    """
    sent = flow.request.copy()

    def matches(text: str) -> bool:
        if sent.raw_content is None:
            sent.raw_content = flow.request.raw_content
        request, response = flow.request, flow.response
        flow.request, flow.response = sent, None
        try:
            return bool(_parsed(text)(flow))
        finally:
            flow.request, flow.response = request, response

    return matches
