"""Why did the browser ask leave first?

The preflight itself tells the method and the headers' names; the actual request that follows tells
the values, and so the rule of the safelist that each of them breaks.
"""

from typing import Final, Literal, NamedTuple

from corscope.fetch.engines import Departure, Engine, departs
from corscope.fetch.headers import byte_lowercase, get
from corscope.fetch.safelist import (
    UnsafeRule,
    is_cors_safelisted_method,
    unsafe_rule,
    unsafe_rules,
)
from corscope.journal.wire import WireView
from corscope.messages import HeaderList

__all__ = ["Why", "WhyWhat", "why_announced", "why_asked"]

_SHOWN: Final = frozenset(
    {"accept", "accept-language", "content-language", "content-type", "range"}
)
"""The headers whose values are recorded: none that holds a secret."""

MAX_SHOWN: Final = 200
"""Characters of a value that are recorded."""


WhyWhat = Literal["method", "header", "upload-listener", "redirect"]


class Why(NamedTuple):  # which is hashed in a third of a frozen dataclass's time
    """One thing that made the browser send a preflight.

    Attributes:
        what: the kind of thing. `upload-listener` stands for what no request shows: a listener on
            an XMLHttpRequest's upload, or a body that is a stream. `redirect` is an engine's habit
            of asking again at each hop of what it has asked for once.
        name: the method, or the header's name, lower-case.
        rule: the part of the safelist that it fails; None where only the value would tell.
        value: a header's value, where that can be no secret.
    """

    what: WhyWhat
    name: str | None = None
    rule: str | None = None
    value: str | None = None


def why_announced(preflight: WireView, *, is_again: bool) -> tuple[Why, ...]:
    """What a preflight itself tells; of headers that are safe with some values, the name alone.

    Args:
        preflight: what the preflight shows.
        is_again: whether it follows a redirect of what had a preflight before.
    """
    rules = {
        name: UnsafeRule.NAME
        for name in preflight.cors.unsafe_names
        if unsafe_rule(name, "", preflight.engine) is UnsafeRule.NAME
    }
    headers = tuple(Why("header", name, rules.get(name)) for name in preflight.cors.unsafe_names)
    return _method(preflight) + headers or _unseen(preflight.engine, is_again=is_again)


def why_asked(wire: WireView, headers: HeaderList, *, is_again: bool) -> tuple[Why, ...]:
    """What of an actual request needed leave, in its engine's way, and by which rule.

    Args:
        wire: what the request shows; its `unsafe_names` are those that needed leave.
        headers: its header list.
        is_again: whether it follows a redirect of what had a preflight before.
    """
    unsafe_names = frozenset(wire.cors.unsafe_names)
    asked = tuple(pair for pair in headers if byte_lowercase(pair[0]) in unsafe_names)
    rules = unsafe_rules(asked, wire.engine)
    found = tuple(
        Why("header", name, rules[name], _shown(name, asked))
        for name in wire.cors.unsafe_names
        if name in rules
    )
    return _method(wire) + found or _unseen(wire.engine, is_again=is_again)


def _method(wire: WireView) -> tuple[Why, ...]:
    is_safe = is_cors_safelisted_method(wire.cors.method)
    return () if is_safe else (Why("method", wire.cors.method, "method"),)


def _unseen(engine: Engine, *, is_again: bool) -> tuple[Why, ...]:
    again = is_again and departs(engine, Departure.PREFLIGHTED_AGAIN)
    return (Why("redirect" if again else "upload-listener"),)


def _shown(name: str, headers: HeaderList) -> str | None:
    value = get(headers, name) if name in _SHOWN else None
    return None if value is None else value[:MAX_SHOWN]
