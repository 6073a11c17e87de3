"""What does a browser go by that has asked whether its copy is still good?

By the copy, with the headers that the 304 brought in the place of those it had:
https://fetch.spec.whatwg.org/#concept-http-network-or-cache-fetch and
https://www.rfc-editor.org/rfc/rfc9111#section-3.2. All three engines do so.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from corscope.fetch.headers import byte_lowercase, names
from corscope.fetch.preflight import CorsRequest
from corscope.journal.caching import is_storable
from corscope.journal.wire import WireView, is_revalidation
from corscope.messages import HeaderList, Response

__all__ = ["Copies"]

MAX_COPIES: Final = 2_000

_Key = tuple[str, str, str]


@dataclass(slots=True)
class Copies:
    """The latest answers, by client, page and URL, and when they came; bounded.

    Whether a browser has kept one is looked at when it asks about it.
    """

    kept: "OrderedDict[_Key, tuple[HeaderList, datetime]]" = field(default_factory=OrderedDict)

    def note(
        self, client: str, asked: CorsRequest, url: str, response: Response, now: datetime
    ) -> None:
        """Take note of the answer that such a request of mode "cors" got at this URL."""
        if asked.method != "GET" or response.status != 200:
            return
        key = (client, asked.origin, url)
        self.kept.pop(key, None)
        self.kept[key] = (response.headers, now)
        if len(self.kept) > MAX_COPIES:
            self.kept.popitem(last=False)

    def renewed(self, client: str, wire: WireView, response: Response | None) -> Response | None:
        """The copy that a 304 is about, brought up to date.

        None for any other answer, and where no such copy was seen.
        """
        if response is None or response.status != 304 or not is_revalidation(wire):
            return None
        copy, since = self.kept.get((client, wire.cors.origin, wire.cors.url)) or ((), None)
        if since is None or not is_storable(copy, since):
            return None
        new = {byte_lowercase(name) for name in names(response.headers)}
        old = tuple(pair for pair in copy if byte_lowercase(pair[0]) not in new)
        return Response(200, (*old, *response.headers))
