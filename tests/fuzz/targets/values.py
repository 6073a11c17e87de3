"""Any header value: MIME types, ranges, lists, ages and dates, as each engine reads them."""

from __future__ import annotations

from datetime import UTC, datetime

from corscope.fetch.cache import extract_max_age
from corscope.fetch.engines import Engine
from corscope.fetch.headers import (
    collect_an_http_quoted_string,
    extract_header_list_values,
    get_decode_and_split,
    normalize,
    split_value,
)
from corscope.fetch.mimetype import parse_a_mime_type
from corscope.fetch.safelist import (
    MAX_SAFELISTED_VALUE,
    is_cors_safelisted_request_header,
    is_forbidden_request_header,
    is_no_cors_safelisted_request_header,
    parse_single_range_header_value,
    unsafe_rules,
)
from corscope.journal.caches.caching import is_from_shared_cache, is_reused_unasked, is_storable
from corscope.messages import HeaderList

__all__ = ["fuzz_one"]

NOW = datetime(2026, 1, 2, tzinfo=UTC)
LISTS = ("Access-Control-Allow-Methods", "Access-Control-Allow-Headers")
SAFELISTED = (
    "Accept",
    "Accept-Language",
    "Content-Language",
    "Content-Type",
    "Range",
    "DPR",
    "ECT",
)


def fuzz_one(data: bytes) -> None:
    """The text is a value; where it has lines, one of a header that stands on several."""
    text = data.decode("latin-1")
    _check_mime_type(text)
    _check_range(text)
    _check_lists(text.split("\n"))
    for name in SAFELISTED:
        for engine in Engine:
            safe = is_cors_safelisted_request_header(name, text, engine)
            assert not safe or len(text) <= MAX_SAFELISTED_VALUE
        assert not is_no_cors_safelisted_request_header(name, text) or (
            is_cors_safelisted_request_header(name, text)
        )
    is_forbidden_request_header("X-HTTP-Method", text)


def _check_mime_type(text: str) -> None:
    """What was parsed is read the same when it is written: #serializing-a-mime-type."""
    found = parse_a_mime_type(text)
    if found is None:
        return
    escaped = ((n, v.replace("\\", r"\\").replace('"', r"\"")) for n, v in found.parameters)
    written = found.essence + "".join(f';{name}="{value}"' for name, value in escaped)
    assert parse_a_mime_type(written) == found, written


def _check_range(text: str) -> None:
    strictly = parse_single_range_header_value(text, allow_whitespace=False)
    leniently = parse_single_range_header_value(text, allow_whitespace=True)
    assert strictly is None or strictly == leniently
    if leniently is not None:
        start, end = leniently
        assert start is not None or end is not None
        assert start is None or end is None or start <= end


def _check_lists(lines: list[str]) -> None:
    for line in lines:
        assert normalize(normalize(line)) == normalize(line)
        for piece in split_value(line):
            assert piece == piece.strip(" \t")
        if line.startswith('"'):
            value, end = collect_an_http_quoted_string(line, 0, extract_value=True)
            assert len(value) < end <= len(line)
    for name in LISTS:
        headers: HeaderList = tuple((name, line) for line in lines)
        extract_header_list_values(name, headers)
        split = get_decode_and_split(headers, name)
        assert split is not None
        assert split == split_value(", ".join(lines)), split
    ages: HeaderList = tuple(("Access-Control-Max-Age", line) for line in lines)
    for engine in Engine:
        assert extract_max_age(ages, engine=engine) >= 0
    for name in ("Cache-Control", "Expires", "Date", "Age", "X-Cache", "Vary"):
        cached: HeaderList = tuple((name, line) for line in lines)
        is_storable(cached, NOW)
        is_reused_unasked(cached, NOW)
        is_from_shared_cache(cached)
    unsafe_rules(tuple(("Accept", line) for line in lines))
