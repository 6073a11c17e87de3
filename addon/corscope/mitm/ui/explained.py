"""Which exchange is a flow of mitmproxy's? For all that shows one because a person points at it."""

from collections.abc import Iterable, Mapping
from contextlib import suppress

from mitmproxy import flow, http

from corscope.explain.explanation import explain
from corscope.explain.no_exchange import why_no_exchange
from corscope.explain.text import explanation_text
from corscope.journal.store import Entry
from corscope.mitm.record.recorder import Recorder
from corscope.mitm.saved.capture import capture_of
from corscope.mitm.saved.replay import exchanges
from corscope.mitm.translate.requests import request_of

__all__ = ["entries_of", "entry_of", "explained"]


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
        captured = [capture_of(pointed_at)]
        for exchange in exchanges(captured, mask_urls=recorder.journal.records.mask_urls):
            return Entry(exchange)
    raise ValueError(why_no_exchange(request_of(pointed_at), answered=answered))


def entries_of(
    recorder: Recorder, pointed_at: Iterable[flow.Flow]
) -> Mapping[http.HTTPFlow, Entry]:
    """The exchanges of flows, in their order; those that have none are left out."""
    found: dict[http.HTTPFlow, Entry] = {}
    for each in pointed_at:
        if isinstance(each, http.HTTPFlow):
            with suppress(ValueError):
                found[each] = entry_of(recorder, each)
    return found


def explained(entry: Entry) -> str:
    """All that there is to say of an exchange, in lines."""
    return explanation_text(explain(entry.exchange, entry.outcome))
