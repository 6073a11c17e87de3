"""What would corscope have recorded of saved flows? The same journal as live is fed from them."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from mitmproxy import http

from corscope.journal.exchange import Exchange, Outcome
from corscope.journal.journal import Journal
from corscope.mitm.recorder import remembered, sighting
from corscope.mitm.translate import answered_at, asked_at, client_of, request_of

__all__ = ["exchanges", "records"]


def records(
    flows: Iterable[http.HTTPFlow], *, mask_urls: bool = True
) -> Iterator[Exchange | Outcome]:
    """What the journal would have recorded of saved flows, in their order."""
    journal, now = Journal(mask_urls), datetime.min.replace(tzinfo=UTC)
    for flow in flows:
        now = max(now, asked_at(flow))
        request = request_of(flow)
        client = client_of(flow, request)
        yield from journal.requested(flow.id, client, request, asked_at(flow))
        exchange = journal.answered(sighting(flow, remembered(flow)), answered_at(flow))
        if exchange is not None:
            yield exchange
        now = max(now, answered_at(flow))
        yield from journal.due(answered_at(flow))
    yield from journal.close(now)


def exchanges(flows: Iterable[http.HTTPFlow], *, mask_urls: bool = True) -> Iterator[Exchange]:
    """The CORS exchanges among saved flows, in their order, as the journal records them."""
    found = records(flows, mask_urls=mask_urls)
    return (each for each in found if isinstance(each, Exchange))
