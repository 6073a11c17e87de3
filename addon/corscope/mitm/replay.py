"""What would corscope have recorded of what is saved? The same journal as live is fed from it."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from corscope.journal.exchange import Exchange, Outcome
from corscope.journal.journal import Journal
from corscope.mitm.capture import Capture

__all__ = ["exchanges", "records"]


def records(captures: Iterable[Capture], *, mask_urls: bool = True) -> Iterator[Exchange | Outcome]:
    """What the journal would have recorded of saved exchanges, in their order."""
    journal, now = Journal(mask_urls), datetime.min.replace(tzinfo=UTC)
    for each in captures:
        seen = each.sighting
        yield from journal.requested(seen.id, each.client, each.request, each.asked)
        exchange = journal.answered(seen, each.answered)
        if exchange is not None:
            yield exchange
        now = max(now, each.answered)
        yield from journal.due(each.answered)
    yield from journal.close(now)


def exchanges(captures: Iterable[Capture], *, mask_urls: bool = True) -> Iterator[Exchange]:
    """The CORS exchanges among what is saved, in their order, as the journal records them."""
    found = records(captures, mask_urls=mask_urls)
    return (each for each in found if isinstance(each, Exchange))
