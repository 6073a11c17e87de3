"""Which exchange is a flow of mitmproxy's? For all that shows one because a person points at it."""

from mitmproxy import flow, http

from corscope.explain.line import exchange_lines
from corscope.explain.no_exchange import why_no_exchange
from corscope.journal.store import Entry
from corscope.mitm.recorder import Recorder
from corscope.mitm.replay import exchanges
from corscope.mitm.translate import request_of

__all__ = ["entry_of", "explained"]


def entry_of(recorder: Recorder, pointed_at: flow.Flow) -> Entry:
    """The exchange of a flow: as recorded, or for one that is no longer kept, judged anew.

    Raises:
        ValueError: it has none; the message says why.
    """
    if not isinstance(pointed_at, http.HTTPFlow):
        raise ValueError(f"no CORS exchange: a {pointed_at.type} flow, and CORS is about HTTP.")
    if (kept := recorder.store.get(pointed_at.id)) is not None:
        return kept
    answered = pointed_at.response is not None or pointed_at.error is not None
    if answered:
        for exchange in exchanges([pointed_at], mask_urls=recorder.journal.mask_urls):
            return Entry(exchange)
    raise ValueError(why_no_exchange(request_of(pointed_at), answered=answered))


def explained(entry: Entry) -> str:
    """All that there is to say of an exchange, in lines."""
    return "\n".join(exchange_lines(entry.exchange, engines=True, details=True))
