"""Which origins does an origin pattern allow?

A pattern is a serialized origin in which `*.` before the host stands for one or more labels and
`:*` for any port, the default port included: `https://*.preview.example.com`, `http://localhost:*`.
Libraries with other ideas (suffixes, globs, prefixes) have them in their dialect.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from corscope.fetch.origin import TupleOrigin, parse_serialized_origin
from corscope.servers.patterns.backtracking import ways
from corscope.servers.patterns.linear import How, Linear, NotLinearError
from corscope.servers.patterns.regex_tree import Regex, alternatives, parsed

__all__ = [
    "OriginPattern",
    "is_any_of",
    "matches_pattern",
    "matches_regex",
    "parse_origin_pattern",
    "regex_error",
]

MAX_REGEX_SUBJECT = 512
"""The longest Origin that a regex is tried on; a scheme, 253 bytes of host and a port fit twice."""

FEW_WAYS = 300_000
"""So many ways `re` tries in a few milliseconds, where it has to."""

MOST_WAYS = 10_000_000
"""So many it tries in a second, in the worst case; nothing is to take longer."""

_PATTERN = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<wildcard>\*\.)?(?P<host>[^*/:\s]+|\[[^*/\s]+\])"
    r"(?::(?P<port>\*|[0-9]+))?"
)


@dataclass(frozen=True, slots=True)
class OriginPattern:
    """A set of origins: those of `base` itself, or of its subdomains, or on any port."""

    base: TupleOrigin
    subdomains: bool = False
    any_port: bool = False

    def allows(self, origin: TupleOrigin) -> bool:
        """Whether the origin is one of the set."""
        if origin.scheme != self.base.scheme:
            return False
        if not self.any_port and origin.port != self.base.port:
            return False
        if self.subdomains:
            return origin.host.endswith(f".{self.base.host}")
        return origin.host == self.base.host


@lru_cache(maxsize=4096)
def parse_origin_pattern(text: str) -> OriginPattern | None:
    """Read an origin or a pattern; None if it is neither, so that no origin can ever match it."""
    found = _PATTERN.fullmatch(text)
    if found is None:
        return None
    any_port = found["port"] == "*"
    port = f":{found['port']}" if found["port"] and not any_port else ""
    base = parse_serialized_origin(f"{found['scheme']}://{found['host']}{port}")
    if base is None:
        return None
    return OriginPattern(base, subdomains=found["wildcard"] is not None, any_port=any_port)


def matches_pattern(pattern: str, origin: str) -> bool:
    """Whether a serialized origin is the pattern's text itself or one of those it allows."""
    if pattern == origin:
        return True
    parsed_pattern, parsed_origin = parse_origin_pattern(pattern), parse_serialized_origin(origin)
    if parsed_pattern is None or parsed_origin is None:
        return False
    return parsed_pattern.allows(parsed_origin)


def is_any_of(origin: str, patterns: Iterable[str]) -> bool:
    """Whether any of the patterns allows the origin."""
    return any(matches_pattern(pattern, origin) for pattern in patterns)


def matches_regex(pattern: str, origin: str, how: How, *, flags: int = 0) -> bool:
    """Whether a regex allows the origin, anchored as the dialect does it.

    No Origin that a browser sends is longer than the bound; it keeps a made-up one from costing
    much. A pattern of which `regex_error` complains allows nothing.
    """
    if len(origin) > MAX_REGEX_SUBJECT:
        return False
    return _matches(pattern, flags, origin, how)


@lru_cache(maxsize=4096)
def _matches(pattern: str, flags: int, origin: str, how: How) -> bool:
    try:
        matchers = _matchers(pattern, flags)
    except NotLinearError:
        return False
    return any(_does_match(matcher, origin, how) for matcher in matchers)


_Matcher = re.Pattern[str] | Linear


def _does_match(matcher: _Matcher, origin: str, how: How) -> bool:
    if isinstance(matcher, Linear):
        return matcher.matches(origin, how)
    match how:
        case "fullmatch":
            return matcher.fullmatch(origin) is not None
        case "match":
            return matcher.match(origin) is not None
        case "search":
            return matcher.search(origin) is not None


@lru_cache(maxsize=1024)
def _matchers(pattern: str, flags: int = 0) -> tuple[_Matcher, ...]:
    """What matches the pattern, each by itself: as a rule one.

    Raises:
        NotLinearError: nothing is sure to be quick.
    """
    compiled = re.compile(pattern, flags)
    return _quick(compiled, parsed(pattern, flags))


def _quick(compiled: re.Pattern[str], regex: Regex) -> tuple[_Matcher, ...]:
    """`re` if that is quick whatever the origin, else what surely is.

    Of alternatives each may have a way of its own.
    """
    count = ways(regex, MAX_REGEX_SUBJECT)
    if count <= FEW_WAYS:
        return (compiled,)
    try:
        return (Linear(regex, MAX_REGEX_SUBJECT),)
    except NotLinearError:
        if count <= MOST_WAYS:
            return (compiled,)
        parts = alternatives(regex)
        if not parts:
            raise
    return tuple(matcher for part in parts for matcher in _quick(*part))


def regex_error(pattern: str) -> str | None:
    """Why a regex can't be used; None if it can.

    Either it is none in Python's syntax, or an origin can be made up that it takes ages to try.
    """
    try:
        _matchers(pattern)
    except NotLinearError as error:
        return (
            f"none that can be tried in time on any origin: it has {error} beside what it repeats; "
            "write it without one of both"
        )
    except (re.error, RecursionError, OverflowError) as error:
        return str(error)
    return None
