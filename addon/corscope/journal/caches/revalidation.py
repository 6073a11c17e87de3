"""What does a browser go by that has asked whether its copy is still good?

By the copy, with the headers that the 304 brought in the place of those it had:
https://fetch.spec.whatwg.org/#concept-http-network-or-cache-fetch and
https://www.rfc-editor.org/rfc/rfc9111#section-3.2. All three engines do so, and keep it like that.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

from corscope.fetch.engines import Departure, Engine, departs
from corscope.fetch.headers import byte_lowercase, get, names
from corscope.fetch.origin import origin_of_url
from corscope.journal.caches.caching import is_storable
from corscope.journal.senders.sites import site_of
from corscope.journal.wire import Credentials, WireView, is_revalidation
from corscope.messages import HeaderList, Response

__all__ = ["ASKED_ABOUT", "Cache", "Copies", "is_fetched_across_sites", "is_of_element"]

MAX_COPIES: Final = 2_000

ASKED_ABOUT: Final[Mapping[Engine, frozenset[int]]] = {
    Engine.CHROMIUM: frozenset({200}),
    Engine.FIREFOX: frozenset(range(200, 300)) - {205},
    Engine.WEBKIT: frozenset({200, 203, 204, 206, 300, 404, 405, 410, 414, 501}),
    Engine.UNKNOWN: frozenset({200}),
}
"""The statuses of the copies that each engine asks about; it asks for all others anew."""

_Place = tuple[str, str, str, bool, str]


class Cache(NamedTuple):
    """Which cache of a browser: that for pages of one site, and in Firefox for more than that.

    Attributes:
        client: what tells one browser from another.
        site: the page's site, by which caches are divided:
            https://fetch.spec.whatwg.org/#network-partition-keys
        mode: the credentials mode, where the engine keeps a copy for each; else empty.
        is_of_script: whether it is for what script fetches from another site, where the engine
            keeps that apart from what elements embed.
    """

    client: str
    site: str
    mode: str
    is_of_script: bool

    @classmethod
    def of(cls, client: str, page: str, wire: WireView, credentials: Credentials) -> "Cache":
        """That in which a request of this page is looked for."""
        if not departs(wire.engine, Departure.COPIES_KEPT_APART):
            return cls(client, site_of(page), "", is_of_script=False)
        return cls(client, site_of(page), credentials, is_fetched_across_sites(page, wire))


def is_of_element(wire: WireView) -> bool:
    """Whether an element asks for it, as far as that shows."""
    return wire.destination not in {None, "empty"}


def is_fetched_across_sites(page: str, wire: WireView) -> bool:
    """Whether script asks another site for it, and no element."""
    if is_of_element(wire):
        return False
    return site_of(page) != site_of(str(origin_of_url(wire.cors.url)))


class _Copy(NamedTuple):
    response: Response
    since: datetime


@dataclass(slots=True)
class Copies:
    """The latest answer at each URL, by the cache that may have it, and when it came; bounded.

    Whether a browser has kept one is looked at when it asks about it.
    """

    kept: "OrderedDict[_Place, _Copy]" = field(default_factory=OrderedDict)

    def note(
        self, cache: Cache, wire: WireView, url: str, response: Response, now: datetime
    ) -> None:
        """Take note of the answer that such a request of mode "cors" got at this URL."""
        if wire.cors.method == "GET" and response.status in ASKED_ABOUT[wire.engine]:
            self._keep((*cache, url), _Copy(response, now))

    def note_plain(
        self, cache: Cache, engine: Engine, url: str, response: Response, now: datetime
    ) -> None:
        """Take note of the answer that an `<img>` or the like got, which asks without CORS."""
        if response.status in ASKED_ABOUT[engine] and any(
            get(response.headers, name) for _, name in _VALIDATORS
        ):
            self._keep((*cache, url), _Copy(response, now))

    def renew(
        self, cache: Cache, wire: WireView, asked: HeaderList, response: Response | None
    ) -> Response | None:
        """Bring the copy up to date that a 304 is about, and give what it is now.

        None for any other answer, and where no such copy was seen.
        """
        if response is None or response.status != 304 or not is_revalidation(wire):
            return None
        found = self._found(cache, wire.cors.url, asked)
        if found is None:
            return None
        place, copy = found
        new = {byte_lowercase(name) for name in names(response.headers)}
        old = tuple(pair for pair in copy.response.headers if byte_lowercase(pair[0]) not in new)
        renewed = Response(copy.response.status, (*old, *response.headers))
        self._keep(place, _Copy(renewed, copy.since))
        return renewed

    def _found(self, cache: Cache, url: str, asked: HeaderList) -> tuple[_Place, _Copy] | None:
        """The copy that the browser asks about; where the mode isn't known, one that may be it."""
        for mode in _MODES[cache.mode]:
            place: _Place = (*cache._replace(mode=mode), url)
            copy = self.kept.get(place)
            if copy is not None and _is_about(asked, copy):
                return place, copy
        return None

    def _keep(self, place: _Place, copy: _Copy) -> None:
        self.kept.pop(place, None)
        self.kept[place] = copy
        if len(self.kept) > MAX_COPIES:
            self.kept.popitem(last=False)


_MODES: Final = {
    "": ("",),
    "omit": ("omit", "unknown"),
    "include": ("include", "unknown"),
    "unknown": ("unknown", "omit", "include"),
}
"""In which modes the copy may have been asked for, by that of the question."""

_VALIDATORS: Final = (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified"))


def _is_about(asked: HeaderList, copy: _Copy) -> bool:
    """Whether the question may be about this copy: one of its validators is asked with.

    Of an answer with CORS their values aren't kept.
    """
    headers = copy.response.headers
    if not is_storable(headers, copy.since):
        return False
    pairs = [(get(asked, asks), get(headers, has)) for asks, has in _VALIDATORS]
    known = [(value, of) for value, of in pairs if of]
    return not known or any(value == of for value, of in known)
