"""Was leave given before? The CORS-preflight cache.

Follows https://fetch.spec.whatwg.org/#cors-preflight-cache and steps 7.8 to 7.14 of
https://fetch.spec.whatwg.org/#cors-preflight-fetch-0. The clock is the caller's: `now` is in
seconds, from any fixed start.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from corscope.fetch.check import CredentialsMode
from corscope.fetch.headers import FAILURE, extract_header_list_values
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
    """A CORS-preflight cache: entries by place; storing to a place drops its expired ones."""

    entries: dict[Place, list[CacheEntry]] = field(default_factory=dict)


def extract_max_age(headers: HeaderList, imposed_limit: int | None = None) -> int:
    """Steps 7.8 to 7.10 of CORS-preflight fetch: the max-age in seconds."""
    extracted = extract_header_list_values("Access-Control-Max-Age", headers)
    if extracted is None or extracted == FAILURE:
        return DEFAULT_MAX_AGE
    digits = extracted[0].lstrip("0") or "0"
    max_age = int(digits) if len(digits) <= 18 else 10**18
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
    expires = now + extract_max_age(headers, imposed_limit)
    methods = _extracted("Access-Control-Allow-Methods", headers)
    header_names = _extracted("Access-Control-Allow-Headers", headers)
    place = (key, request.origin, request.url)
    entries = [entry for entry in cache.entries.get(place, ()) if entry.expires > now]
    credentials = mode is CredentialsMode.INCLUDE
    for method in methods:
        entries = _renewed(entries, expires, credentials, method=method)
    for header_name in header_names:
        entries = _renewed(entries, expires, credentials, header_name=header_name)
    cache.entries[place] = entries


def _extracted(name: str, headers: HeaderList) -> list[str]:
    extracted = extract_header_list_values(name, headers)
    return [] if extracted is None or extracted == FAILURE else extracted


def _renewed(
    entries: Iterable[CacheEntry],
    expires: float,
    credentials: bool,
    *,
    method: str | None = None,
    header_name: str | None = None,
) -> list[CacheEntry]:
    """Set the max-age of the matching entry, or add a new one."""
    renewed, found = [], False
    for entry in entries:
        matches = _entry_match(entry, credentials) and (
            _is_for_method(entry, method) if method else _is_for_header(entry, header_name or "")
        )
        found = found or matches
        renewed.append(
            CacheEntry(expires, entry.credentials, entry.method, entry.header_name)
            if matches
            else entry
        )
    if not found:
        renewed.append(CacheEntry(expires, credentials, method, header_name))
    return renewed


def _entry_match(entry: CacheEntry, credentials: bool) -> bool:
    """A cache entry match, place apart: https://fetch.spec.whatwg.org/#concept-cache-match"""
    return entry.credentials or not credentials


def _is_for_method(entry: CacheEntry, method: str) -> bool:
    return entry.method is not None and entry.method in {method, "*"}


def _is_for_header(entry: CacheEntry, header_name: str) -> bool:
    if entry.header_name is None:
        return False
    if entry.header_name.lower() == header_name.lower():
        return True
    return entry.header_name == "*" and not is_cors_non_wildcard_request_header_name(header_name)


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
