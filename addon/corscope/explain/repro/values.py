"""What may a header's value be that is harmless, and unsafe in the same way as the recorded one?

The records have no values of request headers but a few; a reproduction has none of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from corscope.fetch.engines import Engine
from corscope.fetch.headers import is_token
from corscope.fetch.safelist import UnsafeRule, is_forbidden_request_header, unsafe_rule
from corscope.journal.why import Why

__all__ = ["harmless_headers"]

_LONG: Final = 200
_EXAMPLES: Final[Mapping[str, str]] = {
    "accept": "text/html(",
    "accept-language": "en_US",
    "authorization": "Bearer example",
    "content-language": "en_US",
    "content-type": "application/json",
    "if-modified-since": "Thu, 01 Jan 1970 00:00:00 GMT",
    "if-none-match": '"example"',
    "range": "bytes=-1",
}
"""Values that need leave under names that can do without, and that look right under others."""

_BY_RULE: Final[Mapping[tuple[str, str], str]] = {
    ("content-type", UnsafeRule.UNSAFE_BYTE): "text/plain;x=(",
    ("accept", UnsafeRule.VALUE_LENGTH): "a" * _LONG,
    ("accept-language", UnsafeRule.VALUE_LENGTH): "a" * _LONG,
    ("content-language", UnsafeRule.VALUE_LENGTH): "a" * _LONG,
    ("content-type", UnsafeRule.VALUE_LENGTH): "text/plain;x=" + "a" * _LONG,
    ("range", UnsafeRule.VALUE_LENGTH): "bytes=0-" + "1" * _LONG,
}


def harmless_headers(names: Sequence[str], why: Sequence[Why]) -> dict[str, str]:
    """A value for each header that the fetch needed leave for; what script can't set is left out.

    Args:
        names: the headers' names, lower-case.
        why: what is known of why they need leave.
    """
    rules = {each.name: each.rule for each in why if each.what == "header"}
    return {
        name: next(_values(name, rules.get(name)))
        for name in names
        if is_token(name) and not is_forbidden_request_header(name, "example")
    }


def _values(name: str, rule: str | None) -> Iterator[str]:
    """Values that need leave, the most alike first; the standard's own view of them counts."""
    candidates = (_BY_RULE.get((name, rule or ""), ""), _EXAMPLES.get(name, ""), "example")
    for value in candidates:
        if value and unsafe_rule(name, value, Engine.CHROMIUM) is not None:
            yield value
    yield "a" * _LONG
