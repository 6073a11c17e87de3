"""May a worker have sent it? Firefox doesn't tell of their credentials as it does of a page's.

A page's cross-site request with credentials has a Sec-Fetch-Storage-Access, whose absence says that
there are none. A worker's never has, and else looks like the page's; that there is a worker shows
when its script is loaded.
"""

from dataclasses import dataclass, field
from typing import Final

from corscope.fetch.engines import Engine
from corscope.fetch.headers import get
from corscope.fetch.origin import origin_of_url
from corscope.journal.alike.memo import keep
from corscope.journal.wire import WireView
from corscope.messages import Request

__all__ = ["Workers"]

MAX_WORKERS: Final = 1_000
_DESTINATIONS: Final = frozenset({"worker", "sharedworker", "serviceworker"})


@dataclass(slots=True)
class Workers:
    """The clients and origins that have loaded a worker; bounded."""

    places: dict[tuple[str, str], None] = field(default_factory=dict)

    def note(self, client: str, request: Request) -> bool:
        """Take note of a request that may load one; tells whether it is the first of its origin."""
        if get(request.headers, "Sec-Fetch-Dest") not in _DESTINATIONS:
            return False
        place = client, str(origin_of_url(request.url))
        if place in self.places:
            return False
        keep(self.places, place, None, MAX_WORKERS)
        return True

    def may_have_sent(self, client: str, wire: WireView) -> bool:
        """Whether it says nothing of credentials, and may be a worker's."""
        if not self.places or wire.engine is not Engine.FIREFOX or wire.credentials != "omit":
            return False
        return (client, str(wire.page)) in self.places
