"""Was leave given before? The CORS-preflight cache.

Follows https://fetch.spec.whatwg.org/#cors-preflight-cache and steps 7.8 to 7.14 of
https://fetch.spec.whatwg.org/#cors-preflight-fetch-0. A cache is of one engine, whose departures
apply; the clock is the caller's: `now` is in seconds, from any fixed start.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple

from corscope.fetch.check import CredentialsMode
from corscope.fetch.engines import Departure, Engine, departs
from corscope.fetch.headers import FAILURE, byte_lowercase, extract_header_list_values, get
from corscope.fetch.preflight import CorsRequest
from corscope.fetch.reasons import Failure, Reason
from corscope.fetch.safelist import (
    is_cors_non_wildcard_request_header_name,
    is_cors_safelisted_method,
)
from corscope.messages import HeaderList

__all__ = [
    "DEFAULT_MAX_AGE",
    "IMPOSED_LIMITS",
    "LINGER",
    "MAX_ENTRIES",
    "MAX_PLACES",
    "CacheEntry",
    "PreflightCache",
    "clear_after_failure",
    "clear_cache_entries",
    "covering_entries",
    "drop_insufficient",
    "extract_max_age",
    "header_name_cache_entry_match",
    "is_cleared_by_failure",
    "is_covered",
    "is_stored",
    "method_cache_entry_match",
    "store",
]

DEFAULT_MAX_AGE: Final = 5
"""Seconds that an answer without a usable Access-Control-Max-Age is kept."""

IMPOSED_LIMITS: Final = {Engine.CHROMIUM: 7200, Engine.FIREFOX: 86_400, Engine.WEBKIT: 600}
"""Each browser's limit on max-age, in seconds: `Departure.MAX_AGE_LIMITED`."""

MAX_DELTA_SECONDS: Final = 2**31
"""What a greater number means: https://www.rfc-editor.org/rfc/rfc9111#section-1.2.2"""

MAX_PLACES: Final = 1024
"""So that the cache doesn't grow for ever; Chromium's own bound."""

MAX_ENTRIES: Final = 1_000
"""At one place; what was stored there first goes first."""

LONGEST_REMEMBERED: Final = 4_000
"""What an answer says is read anew each time where its headers have more characters than this."""

LINGER: Final = 10
"""Seconds for which an entry that has expired is still there to be looked at, and not used."""

Place = tuple[str, str, str]
"""Where an entry belongs: network partition key, byte-serialized origin, URL."""

_Key = tuple[str, str, bool]
"""What an entry is for: method or header, its name in the form in which it is compared, and
credentials."""

_Names = tuple[str | None, str | None]

_INTEGER: Final = re.compile(r"([+-]?)0*([0-9]{1,19})")


class CacheEntry(NamedTuple):  # of which each answer sets several
    """A cache entry; one of `method` and `header_name` is set.

    `stored` and `expires` are on the caller's clock; `by` is the caller's name of the answer that
    set the entry.
    """

    expires: float
    credentials: bool
    method: str | None
    header_name: str | None
    stored: float
    by: str


class _Said(NamedTuple):
    """What an answer says of the cache, made once for all that are alike.

    Attributes:
        max_age: for how many seconds, before any limit.
        names: without credentials and with them, by key, the method or the header's name of each
            entry, one of the two.
        is_literal: whether no `*` is among them, so that each matches nothing but itself.
    """

    max_age: int
    names: tuple[dict[_Key, _Names], dict[_Key, _Names]]
    is_literal: bool


class _Asked(NamedTuple):
    """Who asks the cache: which engine, and for a request with credentials or without."""

    engine: Engine
    credentials: bool


@dataclass(slots=True)
class PreflightCache:
    """One engine's CORS-preflight cache: entries by place, the place written last standing last.

    `swept` is when it was last looked through for what has expired.
    """

    engine: Engine = Engine.UNKNOWN
    entries: dict[Place, dict[_Key, CacheEntry]] = field(default_factory=dict)
    swept: float = float("-inf")


def extract_max_age(
    headers: HeaderList, imposed_limit: int | None = None, engine: Engine = Engine.UNKNOWN
) -> int:
    """Steps 7.8 to 7.10 of CORS-preflight fetch: the max-age in seconds."""
    max_age = _max_age(headers, *_ways_of(engine))
    return max_age if imposed_limit is None else min(max_age, imposed_limit)


def _ways_of(engine: Engine) -> tuple[bool, int]:
    """Whether an engine reads a max-age as an integer, and what any other value means to it."""
    other = 0 if departs(engine, Departure.OTHER_MAX_AGE_NOT_CACHED) else DEFAULT_MAX_AGE
    return departs(engine, Departure.MAX_AGE_IS_AN_INTEGER), other


def _max_age(headers: HeaderList, is_integer: bool, other: int) -> int:
    value = get(headers, "Access-Control-Max-Age")
    if not value:
        return DEFAULT_MAX_AGE
    if is_integer:
        return _integer_max_age(value)
    extracted = extract_header_list_values("Access-Control-Max-Age", headers)
    if extracted is None or extracted == FAILURE:
        return other
    # eleven digits are enough to be cut
    return min(int(extracted[0].lstrip("0")[:11] or "0"), MAX_DELTA_SECONDS)


def _said_by(headers: HeaderList, engine: Engine) -> _Said:
    length = sum([len(name) + len(value) for name, value in headers])
    return (_remembered if length <= LONGEST_REMEMBERED else _said)(headers, *_ways_of(engine))


def _said(headers: HeaderList, is_integer: bool, other: int) -> _Said:
    methods = _extracted("Access-Control-Allow-Methods", headers)  # 12 and 13
    header_names = _extracted("Access-Control-Allow-Headers", headers)  # 14 and 15
    without, with_credentials = (
        {
            **{("method", each, mode): (each, None) for each in methods},
            **{("header", byte_lowercase(each), mode): (None, each) for each in header_names},
        }
        for mode in (False, True)
    )
    is_literal = "*" not in methods and "*" not in header_names
    return _Said(_max_age(headers, is_integer, other), (without, with_credentials), is_literal)


_remembered = lru_cache(maxsize=128)(_said)
"""One server answers many preflights alike."""


def _integer_max_age(value: str) -> int:
    integer = _INTEGER.fullmatch(value)
    if integer is None:
        return DEFAULT_MAX_AGE
    number = int(integer[1] + integer[2])
    return max(0, number) if -(2**63) <= number < 2**63 else DEFAULT_MAX_AGE


def is_stored(failure: Failure | None, engine: Engine = Engine.UNKNOWN) -> bool:
    """Whether an answer to a preflight is stored: a success, and in WebKit some refusals too."""
    if failure is None:
        return True
    by_lists = failure.reason in {Reason.METHOD_NOT_ALLOWED, Reason.HEADER_NOT_ALLOWED}
    return by_lists and departs(engine, Departure.REFUSAL_CACHED)


def store(
    cache: PreflightCache,
    key: str,
    request: CorsRequest,
    mode: CredentialsMode,
    headers: HeaderList,
    *,
    now: float,
    by: str = "",
) -> None:
    """Steps 7.8 to 7.14 of CORS-preflight fetch: keep what a preflight's answer allowed.

    Args:
        cache: the cache, changed in place.
        key: the network partition key.
        request: the actual request that was announced.
        mode: its credentials mode.
        headers: the preflight response's header list.
        now: the time of the answer, in seconds.
        by: what the caller calls the answer.
    """
    said = _said_by(headers, cache.engine)
    max_age = min(said.max_age, IMPOSED_LIMITS.get(cache.engine, said.max_age))  # 8 to 10
    if not max_age and departs(cache.engine, Departure.UNCACHED_ANSWER_CHANGES_NOTHING):
        return
    if abs(now - cache.swept) >= LINGER:
        cache.swept = now
        _remove_expired(cache, now - LINGER)
    place = (key, request.origin, request.url)
    entries = _later_than(now, cache.entries.pop(place, {}))
    if departs(cache.engine, Departure.ONE_CACHED_ANSWER):
        entries = {}
    asked = _Asked(cache.engine, mode is CredentialsMode.INCLUDE)
    cache.entries[place] = _set(entries, asked, said, (now + max_age, now, by))  # 12 to 15
    if len(cache.entries) > MAX_PLACES:
        del cache.entries[next(iter(cache.entries))]


def _set(
    entries: dict[_Key, CacheEntry], asked: _Asked, said: _Said, of: tuple[float, float, str]
) -> dict[_Key, CacheEntry]:
    """The entries with those that an answer sets; `of` is when they end and were set, and by what.

    Where the answer only says again what was said, none has to be looked for.
    """
    until, now, by = of
    new = {
        key: CacheEntry(until, asked.credentials, *names, now, by)
        for key, names in said.names[asked.credentials].items()
    }
    if said.is_literal and len(new) <= MAX_ENTRIES and entries.keys() <= new.keys():
        return new
    for entry in new.values():
        _set_entry(entries, asked, entry)
    while len(entries) > MAX_ENTRIES:
        del entries[next(iter(entries))]
    return entries


def _remove_expired(cache: PreflightCache, before: float) -> None:
    """Remove what has expired, everywhere, so that the cache holds no more than it needs to."""
    for place, entries in list(cache.entries.items()):
        if live := _later_than(before, entries):
            cache.entries[place] = live
        else:
            del cache.entries[place]


def _later_than(moment: float, entries: dict[_Key, CacheEntry]) -> dict[_Key, CacheEntry]:
    return {key: entry for key, entry in entries.items() if entry.expires > moment}


def _extracted(name: str, headers: HeaderList) -> Sequence[str]:
    extracted = extract_header_list_values(name, headers)
    return () if extracted is None or extracted == FAILURE else extracted


def _set_entry(entries: dict[_Key, CacheEntry], asked: _Asked, new: CacheEntry) -> None:
    """Set the max-age of the entries that match what the new one is for, or else add that.

    The standard counts the max-age from when an entry was first stored; engines, as here, from
    the answer that set it.
    """
    if new.method is not None:
        matching = _for_method(entries, asked, new.method)
    else:
        matching = _for_header(entries, asked, new.header_name or "")
    for entry in matching:
        entries[_key(entry)] = CacheEntry(
            new.expires, entry.credentials, entry.method, entry.header_name, new.stored, new.by
        )
    if not matching:
        entries[_key(new)] = new


def _key(entry: CacheEntry) -> _Key:
    if entry.method is not None:
        return "method", entry.method, entry.credentials
    return "header", byte_lowercase(entry.header_name or ""), entry.credentials


def _entry_match(entry: CacheEntry, asked: _Asked) -> bool:
    """A cache entry match, place apart: https://fetch.spec.whatwg.org/#concept-cache-match"""
    if departs(asked.engine, Departure.CREDENTIALS_CACHED_APART):
        return entry.credentials == asked.credentials
    return entry.credentials or not asked.credentials


def _is_wildcard(entry: CacheEntry, asked: _Asked, value: str) -> bool:
    # By the cache's own text a `*` that was stored with credentials covers everything, though
    # such a preflight takes it literally. No engine does that, and the note below
    # https://fetch.spec.whatwg.org/#http-new-header-syntax says that it isn't meant.
    if value != "*" or departs(asked.engine, Departure.CACHED_WILDCARD_NOT_REUSED):
        return False
    if departs(asked.engine, Departure.CACHED_WILDCARD_OF_CREDENTIALS_REUSED):
        return not asked.credentials
    return not entry.credentials


def _for_method(entries: dict[_Key, CacheEntry], asked: _Asked, method: str) -> list[CacheEntry]:
    """The entries that match, of the few that can: those of the method, and of `*`."""
    return [
        entry
        for entry in _named(entries, "method", method)
        if _entry_match(entry, asked)
        and (entry.method == method or _is_wildcard(entry, asked, entry.method or ""))
    ]


def _for_header(
    entries: dict[_Key, CacheEntry], asked: _Asked, header_name: str
) -> list[CacheEntry]:
    """The same for a header's name."""
    by_wildcard = not is_cors_non_wildcard_request_header_name(header_name) or departs(
        asked.engine, Departure.CACHED_WILDCARD_COVERS_AUTHORIZATION
    )
    lower = byte_lowercase(header_name)
    return [
        entry
        for entry in _named(entries, "header", lower)
        if _entry_match(entry, asked)
        and (
            byte_lowercase(entry.header_name or "") == lower
            or (by_wildcard and _is_wildcard(entry, asked, entry.header_name or ""))
        )
    ]


def _named(entries: dict[_Key, CacheEntry], what: str, name: str) -> list[CacheEntry]:
    found = []
    for each in (name, "*") if name != "*" else (name,):
        for mode in (False, True):
            if (entry := entries.get((what, each, mode))) is not None:
                found.append(entry)
    return found


def _here(cache: PreflightCache, key: str, request: CorsRequest) -> dict[_Key, CacheEntry]:
    return cache.entries.get((key, request.origin, request.url), {})


def method_cache_entry_match(
    cache: PreflightCache, key: str, request: CorsRequest, mode: CredentialsMode, *, now: float
) -> CacheEntry | None:
    """A method cache entry match: https://fetch.spec.whatwg.org/#concept-cache-match-method

    Returns the entry that is good for longest, or None.
    """
    asked = _Asked(cache.engine, mode is CredentialsMode.INCLUDE)
    here = _here(cache, key, request)
    return _best(_for_method(here, asked, request.method), now)


def header_name_cache_entry_match(
    cache: PreflightCache,
    key: str,
    request: CorsRequest,
    mode: CredentialsMode,
    header_name: str,
    *,
    now: float,
) -> CacheEntry | None:
    """A header-name cache entry match: https://fetch.spec.whatwg.org/#concept-cache-match-header

    Returns the entry that is good for longest, or None.
    """
    asked = _Asked(cache.engine, mode is CredentialsMode.INCLUDE)
    here = _here(cache, key, request)
    return _best(_for_header(here, asked, header_name), now)


def _best(entries: list[CacheEntry], now: float) -> CacheEntry | None:
    live = [entry for entry in entries if entry.expires > now]
    return max(live, key=lambda entry: entry.expires, default=None)


def covering_entries(
    cache: PreflightCache, key: str, request: CorsRequest, mode: CredentialsMode, *, now: float
) -> tuple[CacheEntry, ...] | None:
    """The entries that let the request go without a preflight; None where it needs one.

    The first condition of https://fetch.spec.whatwg.org/#concept-http-fetch, step 5.1, negated,
    for a request without the use-CORS-preflight flag.
    """
    found = [
        header_name_cache_entry_match(cache, key, request, mode, name, now=now)
        for name in request.unsafe_names
    ]
    if not is_cors_safelisted_method(request.method):
        found.append(method_cache_entry_match(cache, key, request, mode, now=now))
    covering = tuple(entry for entry in found if entry is not None)
    return covering if len(covering) == len(found) else None


def is_covered(
    cache: PreflightCache, key: str, request: CorsRequest, mode: CredentialsMode, *, now: float
) -> bool:
    """Whether the cache lets the request go without a preflight."""
    return covering_entries(cache, key, request, mode, now=now) is not None


def drop_insufficient(cache: PreflightCache, key: str, request: CorsRequest) -> None:
    """What a request that isn't covered does to the cache, before its preflight is sent."""
    if departs(cache.engine, Departure.ONE_CACHED_ANSWER):
        clear_cache_entries(cache, key, request)


def clear_after_failure(cache: PreflightCache, key: str, request: CorsRequest) -> None:
    """What a fetch that came to a network error does to the cache.

    The CORS-with-preflight case of https://fetch.spec.whatwg.org/#main-fetch; that the preflight
    itself failed is one way of it.
    """
    if is_cleared_by_failure(cache.engine, request):
        clear_cache_entries(cache, key, request)


def is_cleared_by_failure(engine: Engine, request: CorsRequest) -> bool:
    """Whether an engine's cache is cleared where a fetch comes to a network error."""
    if departs(engine, Departure.FAILURE_KEEPS_CACHE):
        return False
    is_simple = is_cors_safelisted_method(request.method) and not request.unsafe_names
    return not is_simple or departs(engine, Departure.SIMPLE_FAILURE_CLEARS_CACHE)


def clear_cache_entries(cache: PreflightCache, key: str, request: CorsRequest) -> None:
    """Clear cache entries: https://fetch.spec.whatwg.org/#concept-cache-clear"""
    cache.entries.pop((key, request.origin, request.url), None)
