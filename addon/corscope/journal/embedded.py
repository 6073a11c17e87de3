"""Is an image or the like, which is asked for without CORS, kept from the page that embeds it?"""

from datetime import datetime

from corscope.fetch.headers import contains
from corscope.fetch.origin import parse_serialized_origin
from corscope.journal.caches.revalidation import Cache, Copies, is_of_element
from corscope.journal.exchange import Exchange, Sighting, of_pattern, pattern_of
from corscope.journal.links.chains import FIRST
from corscope.journal.remarks.memory import PlainRequest
from corscope.journal.wire import view
from corscope.messages import Response

__all__ = ["kept_back", "plain_cache"]


def kept_back(
    plain: PlainRequest, seen: Sighting, copies: Copies, now: datetime, *, mask_urls: bool
) -> Exchange | None:
    """The exchange, only where a policy keeps what was answered from the page."""
    response, asked = seen.response, plain.request.headers
    if response is None or not contains(asked, "Sec-Fetch-Mode"):
        return None
    if response.status != 304 and not _may_be_kept_back(plain, response):
        return None
    wire, page = view(plain.request), parse_serialized_origin(plain.page)
    cors = wire.cors._replace(origin=plain.page)
    wire = wire._replace(cors=cors, page=page, policies=plain.policies)
    goes_by = copies.renew(plain_cache(plain), wire, asked, response)
    if not _may_be_kept_back(plain, goes_by or response):
        return None
    pattern = pattern_of(
        seen,
        wire,
        credentials=wire.credentials,
        link=FIRST,
        why=(),
        mask_urls=mask_urls,
        goes_by=goes_by,
    )
    exchange = of_pattern(pattern, now, seen.id)
    return exchange if exchange.judgement.verdict == "blocked" else None


def plain_cache(plain: PlainRequest) -> Cache:
    """Which cache of the browser it is looked for in: what an element embeds has credentials."""
    wire = view(plain.request)
    credentials = "include" if is_of_element(wire) else wire.credentials
    return Cache.of(plain.client, plain.page, wire, credentials)


def _may_be_kept_back(plain: PlainRequest, answer: Response) -> bool:
    """Whether a policy may keep an answer from the page; what a 304 lacks may be in the copy."""
    if contains(answer.headers, "Cross-Origin-Resource-Policy"):
        return True
    is_whole = answer.status != 304
    return is_whole and plain.policies.demands_leave
