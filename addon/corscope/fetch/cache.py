"""Was leave given before? The CORS-preflight cache.

Follows https://fetch.spec.whatwg.org/#cors-preflight-cache and steps 7.8 to 7.14 of
https://fetch.spec.whatwg.org/#cors-preflight-fetch-0. The clock is the caller's: `now` is in
seconds, from any fixed start.
"""

from dataclasses import dataclass, field, replace
from typing import Final

from corscope.fetch.check import CredentialsMode
from corscope.fetch.headers import FAILURE, byte_lowercase, extract_header_list_values
from corscope.fetch.preflight import CorsRequest
from corscope.fetch.safelist import (
    is_cors_non_wildcard_request_header_name,
    is_cors_safelisted_method,
)
from corscope.messages import HeaderList

__all__ = [
    "DEFAULT_MAX_AGE",
    "CacheEntry",
    "PreflightCache",
    "clear_cache_entries",
    "extract_max_age",
    "header_name_cache_entry_match",
    "is_covered",
    "method_cache_entry_match",
    "store",
]

DEFAULT_MAX_AGE: Final = 5
"""Seconds that an answer without a usable Access-Control-Max-Age is kept."""

MAX_DELTA_SECONDS: Final = 2**31
"""What a greater number means: https://www.rfc-editor.org/rfc/rfc9111#section-1.2.2"""

Place = tuple[str, str, str]
"""Where an entry belongs: network partition key, byte-serialized origin, URL."""


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """A cache entry; one of `method` and `header_name` is set, `expires` on the caller's clock."""

    expires: float
    credentials: bool
    method: str | None
    header_name: str | None


@dataclass(slots=True)
class PreflightCache:
    """A CORS-preflight cache: entries by place; storing drops what has expired."""

    entries: dict[Place, list[CacheEntry]] = field(default_factory=dict)


def extract_max_age(headers: HeaderList, imposed_limit: int | None = None) -> int:
    """Steps 7.8 to 7.10 of CORS-preflight fetch: the max-age in seconds."""
    extracted = extract_header_list_values("Access-Control-Max-Age", headers)
    if extracted is None or extracted == FAILURE:
        max_age = DEFAULT_MAX_AGE
    else:  # eleven digits are enough to be cut
        max_age = min(int(extracted[0].lstrip("0")[:11] or "0"), MAX_DELTA_SECONDS)
    return max_age if imposed_limit is None else min(max_age, imposed_limit)


def store(
    cache: PreflightCache,
    key: str,
    request: CorsRequest,
    mode: CredentialsMode,
    headers: HeaderList,
    *,
    now: float,
    imposed_limit: int | None = None,
) -> None:
    """Steps 7.8 to 7.14 of CORS-preflight fetch: keep what a successful preflight allowed.

    Args:
        cache: the cache, changed in place.
        key: the network partition key.
        request: the actual request that was announced.
        mode: its credentials mode.
        headers: the preflight response's header list.
        now: the time of the answer, in seconds.
        imposed_limit: the browser's limit on max-age, in seconds; None for no limit.
    """
    expires = now + extract_max_age(headers, imposed_limit)  # 8 to 10
    credentials = mode is CredentialsMode.INCLUDE
    place = (key, request.origin, request.url)
    _remove_expired(cache, now)
    entries = cache.entries.get(place, [])
    for method in _extracted("Access-Control-Allow-Methods", headers):  # 12 and 13
        entries = _with_entry(entries, CacheEntry(expires, credentials, method, None))
    for header_name in _extracted("Access-Control-Allow-Headers", headers):  # 14 and 15
        entries = _with_entry(entries, CacheEntry(expires, credentials, None, header_name))
    cache.entries[place] = entries


def _remove_expired(cache: PreflightCache, now: float) -> None:
    """Remove what has expired, everywhere, so that the cache doesn't grow for ever."""
    for place, entries in list(cache.entries.items()):
        live = [entry for entry in entries if entry.expires > now]
        if live:
            cache.entries[place] = live
        else:
            del cache.entries[place]


def _extracted(name: str, headers: HeaderList) -> list[str]:
    extracted = extract_header_list_values(name, headers)
    return [] if extracted is None or extracted == FAILURE else extracted


def _with_entry(entries: list[CacheEntry], new: CacheEntry) -> list[CacheEntry]:
    """Set the max-age of the entries that match what the new one is for, or else add that.

    The standard counts the max-age from when an entry was first stored; engines, as here, from
    the answer that set it.
    """
    matching = {
        entry
        for entry in entries
        if _entry_match(entry, new.credentials)
        and (_is_for_method(entry, new.method) or _is_for_header(entry, new.header_name))
    }
    if not matching:
        return [*entries, new]
    return [
        replace(entry, expires=new.expires) if entry in matching else entry for entry in entries
    ]


def _entry_match(entry: CacheEntry, credentials: bool) -> bool:
    """A cache entry match, place apart: https://fetch.spec.whatwg.org/#concept-cache-match"""
    return entry.credentials or not credentials


def _is_wildcard(entry: CacheEntry, value: str) -> bool:
    # By the cache's own text a `*` that was stored with credentials covers everything, though
    # such a preflight takes it literally. No engine does that, and the note below
    # https://fetch.spec.whatwg.org/#http-new-header-syntax says that it isn't meant.
    return value == "*" and not entry.credentials


def _is_for_method(entry: CacheEntry, method: str | None) -> bool:
    if entry.method is None or method is None:
        return False
    return entry.method == method or _is_wildcard(entry, entry.method)


def _is_for_header(entry: CacheEntry, header_name: str | None) -> bool:
    if entry.header_name is None or header_name is None:
        return False
    if byte_lowercase(entry.header_name) == byte_lowercase(header_name):
        return True
    return _is_wildcard(entry, entry.header_name) and not is_cors_non_wildcard_request_header_name(
        header_name
    )


def _live(
    cache: PreflightCache, key: str, request: CorsRequest, mode: CredentialsMode, now: float
) -> list[CacheEntry]:
    found = cache.entries.get((key, request.origin, request.url), ())
    credentials = mode is CredentialsMode.INCLUDE
    return [entry for entry in found if entry.expires > now and _entry_match(entry, credentials)]


def method_cache_entry_match(
    cache: PreflightCache, key: str, request: CorsRequest, mode: CredentialsMode, *, now: float
) -> bool:
    """A method cache entry match: https://fetch.spec.whatwg.org/#concept-cache-match-method"""
    live = _live(cache, key, request, mode, now)
    return any(_is_for_method(entry, request.method) for entry in live)


def header_name_cache_entry_match(
    cache: PreflightCache,
    key: str,
    request: CorsRequest,
    mode: CredentialsMode,
    header_name: str,
    *,
    now: float,
) -> bool:
    """A header-name cache entry match: https://fetch.spec.whatwg.org/#concept-cache-match-header"""
    live = _live(cache, key, request, mode, now)
    return any(_is_for_header(entry, header_name) for entry in live)


def is_covered(
    cache: PreflightCache, key: str, request: CorsRequest, mode: CredentialsMode, *, now: float
) -> bool:
    """Whether the cache lets the request go without a preflight.

    The first condition of https://fetch.spec.whatwg.org/#concept-http-fetch, step 5.1, negated,
    for a request without the use-CORS-preflight flag.
    """
    method_goes = is_cors_safelisted_method(request.method) or method_cache_entry_match(
        cache, key, request, mode, now=now
    )
    return method_goes and all(
        header_name_cache_entry_match(cache, key, request, mode, name, now=now)
        for name in request.unsafe_names
    )


def clear_cache_entries(cache: PreflightCache, key: str, request: CorsRequest) -> None:
    """Clear cache entries: https://fetch.spec.whatwg.org/#concept-cache-clear"""
    cache.entries.pop((key, request.origin, request.url), None)
