"""What would corscope have recorded of what is saved? The same journal as live is fed from it."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from corscope.journal.exchange import Exchange, Outcome
from corscope.journal.journal import Journal
from corscope.mitm.saved.capture import Capture
from corscope.mitm.saved.flows import FlowFileError

__all__ = ["exchanges", "records"]


def records(captures: Iterable[Capture], *, mask_urls: bool = True) -> Iterator[Exchange | Outcome]:
    """What the journal would have recorded of saved exchanges, in their order.

    Raises:
        FlowFileError: not all of them could be read; all that could is yielded before.
    """
    journal = Journal.of_a_recording(mask_urls=mask_urls)
    now = datetime.min.replace(tzinfo=UTC)
    unread = None
    try:
        for each in captures:
            yield from _recorded(journal, each)
            now = max(now, each.answered)
    except FlowFileError as error:
        unread = error
    yield from journal.close(now)
    if unread is not None:
        raise unread


def _recorded(journal: Journal, capture: Capture) -> Iterator[Exchange | Outcome]:
    seen = capture.sighting
    yield from journal.requested(seen.id, capture.client, capture.request, capture.asked)
    exchange = journal.answered(seen, capture.answered)
    if exchange is not None:
        yield exchange
    yield from journal.due(capture.asked)  # what comes next may have been asked before its answer


def exchanges(captures: Iterable[Capture], *, mask_urls: bool = True) -> Iterator[Exchange]:
    """The CORS exchanges among what is saved, in their order, as the journal records them."""
    found = records(captures, mask_urls=mask_urls)
    return (each for each in found if isinstance(each, Exchange))
