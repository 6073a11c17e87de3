"""How does an HTTP cache treat this answer?

Follows RFC 9111, as far as it decides whether a page may be given another request's answer.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Final

from corscope.fetch.headers import byte_lowercase, contains, get, split_value
from corscope.messages import HeaderList

__all__ = [
    "cache_control",
    "is_from_shared_cache",
    "is_reused_unasked",
    "is_storable",
    "varies_by_origin",
]


def varies_by_origin(headers: HeaderList) -> bool:
    """Whether `Vary` keeps the answer from requests of another origin, or of none."""
    named = {byte_lowercase(name) for name in split_value(get(headers, "Vary") or "")}
    return not named.isdisjoint({"origin", "*"})


LONGEST_REMEMBERED: Final = 200
"""A longer Cache-Control than this is read anew each time."""


def cache_control(headers: HeaderList) -> Mapping[str, str]:
    """The directives of Cache-Control, in lower case, and their values without quotes."""
    value = get(headers, "Cache-Control") or ""
    return (_remembered if len(value) <= LONGEST_REMEMBERED else _directives)(value)


def _directives(control: str) -> Mapping[str, str]:
    directives = {}
    for directive in split_value(control):
        name, _, value = directive.partition("=")
        directives[byte_lowercase(name.strip())] = value.strip().strip('"')
    return directives


_remembered = lru_cache(maxsize=256)(_directives)
"""An answer is asked three times, and the next one says the same."""


def is_storable(headers: HeaderList, now: datetime) -> bool:
    """Whether caches keep it with any use: it is good for a time, or can be asked about."""
    directives = cache_control(headers)
    if "no-store" in directives:
        return False
    if contains(headers, "ETag") or contains(headers, "Last-Modified"):
        return True
    return _is_positive(directives.get("s-maxage", "")) or is_reused_unasked(headers, now)


def is_reused_unasked(headers: HeaderList, now: datetime) -> bool:
    """Whether a browser gives its copy to a page, for a time, without asking the server.

    https://www.rfc-editor.org/rfc/rfc9111#section-4.2.1; where only Last-Modified is there,
    browsers make up a time of their own.
    """
    directives = cache_control(headers)
    if not directives.keys().isdisjoint({"no-store", "no-cache"}):
        return False
    if "max-age" in directives:
        return _is_positive(directives["max-age"])
    if contains(headers, "Expires"):
        expires = _date(get(headers, "Expires"))
        return expires is not None and expires > (_date(get(headers, "Date")) or now)
    return contains(headers, "Last-Modified")


def _is_positive(seconds: str) -> bool:
    return seconds.isascii() and seconds.isdigit() and seconds.strip("0") != ""


def _date(value: str | None) -> datetime | None:
    try:
        date = parsedate_to_datetime(value or "")
    except (ValueError, OverflowError):
        return None
    # Without a zone it can't be compared, and HTTP's dates have one.
    return date if date.tzinfo else None


_HIT: Final = re.compile(r"(?:^|[\s,_])HIT\b", re.IGNORECASE)


def is_from_shared_cache(headers: HeaderList) -> bool:
    """Whether a cache between browser and server says that it has answered."""
    if _is_positive(get(headers, "Age") or ""):
        return True
    said = (get(headers, "X-Cache"), get(headers, "CF-Cache-Status"))
    return any(value is not None and _HIT.search(value) for value in said)
