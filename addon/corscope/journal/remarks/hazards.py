"""May a cache give a page the wrong answer?"""

from typing import Final

from corscope.fetch.engines import Departure, departs
from corscope.fetch.origin import OPAQUE_SERIALIZED, parse_serialized_origin
from corscope.journal.caches.caching import (
    cache_control,
    is_from_shared_cache,
    is_storable,
    varies_by_origin,
)
from corscope.journal.caches.revalidation import is_fetched_across_sites
from corscope.journal.exchange import Finding
from corscope.journal.remarks.findings import (
    LIKELY,
    MAY,
    Case,
    FindingId,
    allow_origin,
    is_cors_actual,
)
from corscope.journal.remarks.memory import Answer, Memory
from corscope.journal.wire import is_revalidation
from corscope.messages import Response

__all__ = ["non_cors_copy", "not_modified", "shared_cache", "vary_origin_missing"]


def non_cors_copy(case: Case, answer: Response, memory: Memory) -> Finding | None:
    """An `<img>` first, a fetch later: the fetch may get the copy of what the `<img>` got."""
    copies = memory.copies.get(case.wire.cors.url)
    if copies is None or not is_cors_actual(case.wire) or case.wire.cors.method != "GET":
        return None
    own = [copy for copy in copies if copy.is_of(case.client, case.wire.cors.origin)]
    allowed = allow_origin(answer.headers)
    if allowed is not None:
        # Where the server's own answer is refused, the copy makes no difference.
        is_let_in = answer.status == 200 and allowed in {"*", case.wire.cors.origin}
        may = is_let_in and any(copy.reused_unasked for copy in own)
        return Finding(FindingId.NON_CORS_COPY_MAY_BE_CACHED, MAY) if may else None
    if answer.status == 304:
        is_at_work = bool(own) and not _is_kept_apart(case) and is_revalidation(case.wire)
    else:
        is_shared = any(copy.is_shared for copy in copies)
        is_at_work = is_shared and is_from_shared_cache(answer.headers)
    if not is_at_work:
        return None
    # A server that never was seen to send CORS headers may as well have none to send.
    answers = memory.answers.get(case.wire.cors.url, ())
    sends = any(a.allow_origin is not None and a.asked_by is not None for a in answers)
    return Finding(FindingId.NON_CORS_COPY_MAY_BE_CACHED, LIKELY if sends else MAY)


def _is_kept_apart(case: Case) -> bool:
    """Whether the browser has another copy for this request than for an image or the like."""
    if not departs(case.wire.engine, Departure.COPIES_KEPT_APART):
        return False
    return case.credentials == "omit" or is_fetched_across_sites(case.wire.cors.origin, case.wire)


def not_modified(case: Case, answer: Response, _memory: Memory) -> Finding | None:
    """The browser goes by the headers of the copy that it asked about, not by these."""
    if answer.status != 304 or not is_cors_actual(case.wire):
        return None
    if allow_origin(answer.headers) is not None or not is_revalidation(case.wire):
        return None
    return Finding(FindingId.NOT_MODIFIED_WITHOUT_CORS_HEADERS)


def shared_cache(case: Case, answer: Response, memory: Memory) -> Finding | None:
    """A cache gave this origin what was made for another."""
    allowed = allow_origin(answer.headers)
    if allowed is None or allowed == case.wire.cors.origin or not is_cors_actual(case.wire):
        return None
    if parse_serialized_origin(allowed) is None or not is_from_shared_cache(answer.headers):
        return None
    if _is_fixed(allowed, memory.answers.get(case.wire.cors.url, ())):
        return None
    return Finding(FindingId.SHARED_CACHE_FOREIGN_ORIGIN, allowed)


_KEPT_BY_CACHES: Final = frozenset({200, 203, 301, 308, 404, 410})


def vary_origin_missing(case: Case, answer: Response, memory: Memory) -> Finding | None:
    """The answer depends on the request's Origin, and doesn't tell caches so.

    That is certain where another origin got its own at the same URL; the detail is that origin.
    """
    origin, headers = case.wire.cors.origin, answer.headers
    if not is_cors_actual(case.wire) or case.wire.cors.method not in {"GET", "HEAD"}:
        return None
    if origin == OPAQUE_SERIALIZED or allow_origin(headers) != origin:
        return None
    if varies_by_origin(headers) or answer.status not in _KEPT_BY_CACHES:
        return None
    if "no-store" in cache_control(headers):
        return None
    answers = memory.answers.get(case.wire.cors.url, ())
    for other in reversed(answers):
        if other.asked_by is not None and other.asked_by == other.allow_origin != origin:
            return Finding(FindingId.VARY_ORIGIN_MISSING, other.asked_by)
    may = is_storable(headers, case.now) and not _is_fixed(origin, answers)
    return Finding(FindingId.VARY_ORIGIN_MISSING, MAY) if may else None


def _is_fixed(allow_origin: str, answers: tuple[Answer, ...]) -> bool:
    """Whether the server was seen to send this value to one that isn't of this origin."""
    return any(a.allow_origin == allow_origin != a.asked_by for a in answers)
