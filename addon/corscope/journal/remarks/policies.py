"""Do a server's answers contradict each other, or let in too many?"""

from corscope.fetch.headers import get
from corscope.fetch.origin import OPAQUE_SERIALIZED, parse_serialized_origin
from corscope.journal.caches.caching import is_from_shared_cache
from corscope.journal.exchange import Finding
from corscope.journal.remarks.findings import Case, FindingId, allow_origin, is_cors_actual
from corscope.journal.remarks.memory import Memory
from corscope.journal.senders.sites import are_surely_cross_site
from corscope.messages import Response

__all__ = ["any_origin_with_credentials", "preflight_and_actual_disagree"]


def preflight_and_actual_disagree(case: Case) -> Finding | None:
    """Which header the preflight had and the answer behind it hasn't, as the browser got them."""
    answer = case.seen.response
    # A 304's headers aren't those the browser goes by.
    if case.opened_by is None or answer is None or answer.status == 304:
        return None
    names = []
    before, after = allow_origin(case.opened_by), allow_origin(answer.headers)
    if before is not None and (after is None or (before != after and "*" in {before, after})):
        names.append("Access-Control-Allow-Origin")
    credentials = "Access-Control-Allow-Credentials"
    if get(case.opened_by, credentials) == "true" and get(answer.headers, credentials) != "true":
        names.append(credentials)
    detail = ", ".join(names)
    return Finding(FindingId.PREFLIGHT_AND_ACTUAL_DISAGREE, detail) if names else None


def any_origin_with_credentials(case: Case, answer: Response, memory: Memory) -> Finding | None:
    """Origins that have nothing to do with each other are all let in, or `null`, which all can be.

    An origin that was refused shows that there is a list after all.
    """
    origin, headers = case.wire.cors.origin, answer.headers
    if allow_origin(headers) != origin or is_from_shared_cache(headers):
        return None
    if get(headers, "Access-Control-Allow-Credentials") != "true":
        return None
    if origin == OPAQUE_SERIALIZED:
        return Finding(FindingId.ANY_ORIGIN_WITH_CREDENTIALS, OPAQUE_SERIALIZED)
    if not is_cors_actual(case.wire):
        return None
    asked = [a for a in memory.answers.get(case.wire.cors.url, ()) if a.asked_by is not None]
    if any(other.allow_origin != other.asked_by for other in asked):
        return None
    others = [a.asked_by for a in reversed(asked) if a.with_credentials and a.asked_by != origin]
    own = parse_serialized_origin(origin) if others else None
    for other in others:
        if are_surely_cross_site(own, parse_serialized_origin(other or "")):
            return Finding(FindingId.ANY_ORIGIN_WITH_CREDENTIALS, other)
    return None
