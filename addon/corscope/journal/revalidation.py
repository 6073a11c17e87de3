"""What does a browser go by that has asked whether its copy is still good?

By the copy, with the headers that the 304 brought in the place of those it had:
https://fetch.spec.whatwg.org/#concept-http-network-or-cache-fetch and
https://www.rfc-editor.org/rfc/rfc9111#section-3.2. All three engines do so.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from corscope.fetch.headers import byte_lowercase, get, names
from corscope.fetch.preflight import CorsRequest
from corscope.journal.caching import is_storable
from corscope.journal.wire import WireView, is_revalidation
from corscope.messages import HeaderList, Response

__all__ = ["Copies"]

MAX_COPIES: Final = 2_000

_Key = tuple[str, str, str]
_Copy = tuple[HeaderList, datetime]


@dataclass(slots=True)
class Copies:
    """The latest answers, by client, page and URL, and when they came; bounded.

    Whether a browser has kept one is looked at when it asks about it. Those to an `<img>` and the
    like, which were asked for without CORS, are `plain`.
    """

    kept: "OrderedDict[_Key, _Copy]" = field(default_factory=OrderedDict)
    plain: "OrderedDict[_Key, _Copy]" = field(default_factory=OrderedDict)

    def note(
        self, client: str, asked: CorsRequest, url: str, response: Response, now: datetime
    ) -> None:
        """Take note of the answer that such a request of mode "cors" got at this URL."""
        if asked.method == "GET" and response.status == 200:
            _keep(self.kept, (client, asked.origin, url), (response.headers, now))

    def note_plain(
        self, client: str, page: str, url: str, response: Response, now: datetime
    ) -> None:
        """Take note of the answer that a page got at this URL without CORS."""
        if response.status == 200 and any(get(response.headers, name) for _, name in _VALIDATORS):
            _keep(self.plain, (client, page, url), (response.headers, now))

    def renewed(
        self, client: str, wire: WireView, asked: HeaderList, response: Response | None
    ) -> Response | None:
        """The copy that a 304 is about, brought up to date.

        None for any other answer, and where no such copy was seen.
        """
        if response is None or response.status != 304 or not is_revalidation(wire):
            return None
        key = (client, wire.cors.origin, wire.cors.url)
        copy, since = self.kept.get(key) or self._plain_copy(key, asked) or ((), None)
        if since is None or not is_storable(copy, since):
            return None
        new = {byte_lowercase(name) for name in names(response.headers)}
        old = tuple(pair for pair in copy if byte_lowercase(pair[0]) not in new)
        return Response(200, (*old, *response.headers))

    def _plain_copy(self, key: _Key, asked: HeaderList) -> _Copy | None:
        """That of an `<img>`, if it is what the browser asks about."""
        found = self.plain.get(key)
        if found is None:
            return None
        pairs = ((get(asked, asks), get(found[0], has)) for asks, has in _VALIDATORS)
        return found if any(value is not None and value == of for value, of in pairs) else None


_VALIDATORS: Final = (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified"))


def _keep(copies: "OrderedDict[_Key, _Copy]", key: _Key, copy: _Copy) -> None:
    copies.pop(key, None)
    copies[key] = copy
    if len(copies) > MAX_COPIES:
        copies.popitem(last=False)
