"""What would corscope have said of saved flows?

The same journal and the same words as live, fed from flows that were saved.
"""

from collections.abc import Iterable, Iterator

from mitmproxy import http

from corscope.explain.line import exchange_lines
from corscope.journal.exchange import Exchange
from corscope.journal.journal import Journal
from corscope.mitm.recorder import remembered, sighting
from corscope.mitm.translate import answered_at, asked_at, client_of, request_of

__all__ = ["exchanges", "explain_flows"]


def exchanges(flows: Iterable[http.HTTPFlow], *, mask_urls: bool = True) -> Iterator[Exchange]:
    """The CORS exchanges among saved flows, in their order, as the journal records them."""
    journal = Journal(mask_urls)
    for flow in flows:
        journal.requested(flow.id, client_of(flow), request_of(flow), asked_at(flow))
        exchange = journal.answered(sighting(flow, remembered(flow)), answered_at(flow))
        if exchange is not None:
            yield exchange
        journal.due(answered_at(flow))  # outcomes aren't told here, and memory stays bounded


def explain_flows(
    flows: Iterable[http.HTTPFlow], *, engines: bool = False, details: bool = False
) -> Iterator[str]:
    """The lines of each CORS exchange among saved flows, as `exchange_lines` gives them."""
    for exchange in exchanges(flows):
        yield "\n".join(exchange_lines(exchange, engines=engines, details=details))
