"""What would corscope have said of saved flows?

The same journal and the same words as live, fed from flows that were saved.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from mitmproxy import http

from corscope.explain.line import exchange_lines
from corscope.journal.exchange import Exchange, Outcome
from corscope.journal.journal import Journal
from corscope.mitm.recorder import remembered, sighting
from corscope.mitm.translate import answered_at, asked_at, client_of, request_of

__all__ = ["exchanges", "explain_flows", "records"]


def records(
    flows: Iterable[http.HTTPFlow], *, mask_urls: bool = True
) -> Iterator[Exchange | Outcome]:
    """What the journal would have recorded of saved flows, in their order."""
    journal, now = Journal(mask_urls), datetime.min.replace(tzinfo=UTC)
    for flow in flows:
        now = max(now, asked_at(flow))
        yield from journal.requested(flow.id, client_of(flow), request_of(flow), asked_at(flow))
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


def explain_flows(
    flows: Iterable[http.HTTPFlow],
    *,
    engines: bool = False,
    details: bool = False,
    steps: bool = False,
) -> Iterator[str]:
    """The lines of each CORS exchange among saved flows, as `exchange_lines` gives them."""
    for exchange in exchanges(flows):
        yield "\n".join(exchange_lines(exchange, engines=engines, details=details, steps=steps))
