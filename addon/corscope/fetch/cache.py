"""Was leave given before? The CORS-preflight cache.

Follows https://fetch.spec.whatwg.org/#cors-preflight-cache and steps 7.8 to 7.14 of
https://fetch.spec.whatwg.org/#cors-preflight-fetch-0. A cache is of one engine, whose departures
apply; the clock is the caller's: `now` is in seconds, from any fixed start.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

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
    "CacheEntry",
    "PreflightCache",
    "clear_after_failure",
    "clear_cache_entries",
    "covering_entries",
    "drop_insufficient",
    "extract_max_age",
    "header_name_cache_entry_match",
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

MAX_ENTRIES: Final = 10_000
"""Entries of one place; whoever asks leave for more has something else in mind."""

LINGER: Final = 10
"""Seconds for which an entry that has expired is still there to be looked at, and not used."""

Place = tuple[str, str, str]
"""Where an entry belongs: network partition key, byte-serialized origin, URL."""

_INTEGER: Final = re.compile(r"([+-]?)0*([0-9]{1,19})")


@dataclass(frozen=True, slots=True)
class CacheEntry:
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


@dataclass(slots=True)
class PreflightCache:
    """One engine's CORS-preflight cache: entries by place, the place written last standing last."""

    engine: Engine = Engine.UNKNOWN
    entries: dict[Place, list[CacheEntry]] = field(default_factory=dict)


def extract_max_age(
    headers: HeaderList, imposed_limit: int | None = None, engine: Engine = Engine.UNKNOWN
) -> int:
    """Steps 7.8 to 7.10 of CORS-preflight fetch: the max-age in seconds."""
    max_age = _max_age(headers, engine)
    return max_age if imposed_limit is None else min(max_age, imposed_limit)


def _max_age(headers: HeaderList, engine: Engine) -> int:
    value = get(headers, "Access-Control-Max-Age")
    if not value:
        return DEFAULT_MAX_AGE
    if departs(engine, Departure.MAX_AGE_IS_AN_INTEGER):
        return _integer_max_age(value)
    extracted = extract_header_list_values("Access-Control-Max-Age", headers)
    if extracted is None or extracted == FAILURE:
        return 0 if departs(engine, Departure.OTHER_MAX_AGE_NOT_CACHED) else DEFAULT_MAX_AGE
    # eleven digits are enough to be cut
    return min(int(extracted[0].lstrip("0")[:11] or "0"), MAX_DELTA_SECONDS)


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
    max_age = extract_max_age(headers, IMPOSED_LIMITS.get(cache.engine), cache.engine)  # 8 to 10
    if not max_age and departs(cache.engine, Departure.UNCACHED_ANSWER_CHANGES_NOTHING):
        return
    _remove_expired(cache, now - LINGER)
    place = (key, request.origin, request.url)
    entries = [entry for entry in cache.entries.pop(place, ()) if entry.expires > now]
    if departs(cache.engine, Departure.ONE_CACHED_ANSWER):
        entries = []
    new = CacheEntry(now + max_age, mode is CredentialsMode.INCLUDE, None, None, now, by)
    shelf = _Shelf(entries)
    for method in _extracted("Access-Control-Allow-Methods", headers):  # 12 and 13
        shelf.put(replace(new, method=method), cache.engine)
    for header_name in _extracted("Access-Control-Allow-Headers", headers):  # 14 and 15
        shelf.put(replace(new, header_name=header_name), cache.engine)
    cache.entries[place] = shelf.entries[-MAX_ENTRIES:]
    if len(cache.entries) > MAX_PLACES:
        del cache.entries[next(iter(cache.entries))]


def _remove_expired(cache: PreflightCache, before: float) -> None:
    """Remove what has expired, everywhere, so that the cache holds no more than it needs to."""
    for place, entries in list(cache.entries.items()):
        live = [entry for entry in entries if entry.expires > before]
        if live:
            cache.entries[place] = live
        else:
            del cache.entries[place]


def _extracted(name: str, headers: HeaderList) -> list[str]:
    extracted = extract_header_list_values(name, headers)
    return [] if extracted is None or extracted == FAILURE else extracted


class _Shelf:
    """The entries of one place, found by what they are for: a page may ask leave for thousands."""

    def __init__(self, entries: Iterable[CacheEntry]) -> None:
        self.entries: list[CacheEntry] = []
        self._places: dict[tuple[str, str], list[int]] = {}
        for entry in entries:
            self._add(entry)

    def _add(self, entry: CacheEntry) -> None:
        key = _what_for(entry.method, entry.header_name)
        self._places.setdefault(key, []).append(len(self.entries))
        self.entries.append(entry)

    def matching(self, asked: "_Asked", method: str | None, header_name: str | None) -> list[int]:
        """The positions of the entries that match a method or a header name."""
        exact = _what_for(method, header_name)
        keys = dict.fromkeys((exact, (exact[0], "*")))
        return [
            position
            for key in keys
            for position in self._places.get(key, ())
            if _entry_match(entry := self.entries[position], asked)
            and (_is_for_method(entry, asked, method) or _is_for_header(entry, asked, header_name))
        ]

    def put(self, new: CacheEntry, engine: Engine) -> None:
        """Set the max-age of the entries that match what the new one is for, or else add that.

        The standard counts the max-age from when an entry was first stored; engines, as here, from
        the answer that set it.
        """
        asked = _Asked(engine, new.credentials)
        matching = self.matching(asked, new.method, new.header_name)
        for position in matching:
            entry = self.entries[position]
            self.entries[position] = replace(
                entry, expires=new.expires, stored=new.stored, by=new.by
            )
        if not matching:
            self._add(new)


def _what_for(method: str | None, header_name: str | None) -> tuple[str, str]:
    if method is not None:
        return "method", method
    return "header", byte_lowercase(header_name or "")


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who asks the cache: which engine, and for a request with credentials or without."""

    engine: Engine
    credentials: bool


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


def _is_for_method(entry: CacheEntry, asked: _Asked, method: str | None) -> bool:
    if entry.method is None or method is None:
        return False
    return entry.method == method or _is_wildcard(entry, asked, entry.method)


def _is_for_header(entry: CacheEntry, asked: _Asked, header_name: str | None) -> bool:
    if entry.header_name is None or header_name is None:
        return False
    if byte_lowercase(entry.header_name) == byte_lowercase(header_name):
        return True
    return _is_wildcard(entry, asked, entry.header_name) and (
        not is_cors_non_wildcard_request_header_name(header_name)
        or departs(asked.engine, Departure.CACHED_WILDCARD_COVERS_AUTHORIZATION)
    )


def _live(
    cache: PreflightCache, key: str, request: CorsRequest, asked: _Asked, now: float
) -> _Shelf:
    found = cache.entries.get((key, request.origin, request.url), ())
    return _Shelf(entry for entry in found if entry.expires > now and _entry_match(entry, asked))


def method_cache_entry_match(
    cache: PreflightCache, key: str, request: CorsRequest, mode: CredentialsMode, *, now: float
) -> CacheEntry | None:
    """A method cache entry match: https://fetch.spec.whatwg.org/#concept-cache-match-method

    Returns the entry that is good for longest, or None.
    """
    asked = _Asked(cache.engine, mode is CredentialsMode.INCLUDE)
    return _best(_live(cache, key, request, asked, now), asked, request.method, None)


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
    return _best(_live(cache, key, request, asked, now), asked, None, header_name)


def _best(
    live: _Shelf, asked: _Asked, method: str | None, header_name: str | None
) -> CacheEntry | None:
    """The one that expires last, and of several the first that was stored."""
    found = sorted(live.matching(asked, method, header_name))
    entries = [live.entries[position] for position in found]
    return max(entries, key=lambda entry: entry.expires, default=None)


def covering_entries(
    cache: PreflightCache, key: str, request: CorsRequest, mode: CredentialsMode, *, now: float
) -> tuple[CacheEntry, ...] | None:
    """The entries that let the request go without a preflight; None where it needs one.

    The first condition of https://fetch.spec.whatwg.org/#concept-http-fetch, step 5.1, negated,
    for a request without the use-CORS-preflight flag.
    """
    asked = _Asked(cache.engine, mode is CredentialsMode.INCLUDE)
    live = _live(cache, key, request, asked, now)
    found = [_best(live, asked, None, name) for name in request.unsafe_names]
    if not is_cors_safelisted_method(request.method):
        found.append(_best(live, asked, request.method, None))
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
    if departs(cache.engine, Departure.FAILURE_KEEPS_CACHE):
        return
    is_simple = is_cors_safelisted_method(request.method) and not request.unsafe_names
    if not is_simple or departs(cache.engine, Departure.SIMPLE_FAILURE_CLEARS_CACHE):
        clear_cache_entries(cache, key, request)


def clear_cache_entries(cache: PreflightCache, key: str, request: CorsRequest) -> None:
    """Clear cache entries: https://fetch.spec.whatwg.org/#concept-cache-clear"""
    cache.entries.pop((key, request.origin, request.url), None)
