"""What does a request show, before anything is known of those that came before it?

It is read once for all requests that are the same, header for header, and come from one client; of
those that ask for another URL of the same origin, only that is put in its place.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from corscope.fetch.origin import origin_of_url
from corscope.fetch.policy_container import NO_POLICIES, PolicyContainer
from corscope.journal.alike.memo import Memo, is_small, keep, length_of
from corscope.journal.caches.cached import is_doubtful, is_simple
from corscope.journal.links.chains import Step, plain_step, step_of
from corscope.journal.links.in_flight import InFlight, Known
from corscope.journal.links.pairing import Place
from corscope.journal.remarks.memory import PlainRequest, plain_request
from corscope.journal.senders.documents import DocumentRequest, document_request
from corscope.journal.why import why_announced, why_asked
from corscope.journal.wire import Credentials, WireView, is_cors_exchange, unsure, view
from corscope.messages import Request

__all__ = ["Plain", "Reading", "read"]

VARIANTS: Final = 16


@dataclass(frozen=True, slots=True, eq=False)
class Plain:
    """A request that is no CORS exchange; `of` is what may matter of it later, if anything."""

    of: PlainRequest | Step | DocumentRequest | None

    @property
    def page(self) -> str | None:
        """The page that asks, or embeds the answer."""
        return self.of.page if isinstance(self.of, PlainRequest | Step) else None

    def under(self, policies: PolicyContainer) -> "Plain":
        """The same as asked for by a page with such policies."""
        if isinstance(self.of, Step):
            return Plain(self.of._replace(upgrades=policies.upgrades))
        assert isinstance(self.of, PlainRequest)
        return Plain(replace(self.of, policies=policies))


@dataclass(slots=True, eq=False)
class Reading:
    """A CORS exchange's request.

    Attributes:
        client: what tells one browser from another.
        request: as it was sent.
        place: where a preflight that announced it would wait.
        is_simple: whether it is an actual request of which nothing can have needed leave.
        is_doubtful: whether something of it may, where a preflight for its URL has told of that.
        length: about how many characters it has, but for its URL.
        like: the reading of the same request at another URL, which this one was made of.
        variants: what is known of it where it needed leave; `told` fills it.
    """

    client: str
    request: Request
    place: Place
    is_simple: bool
    is_doubtful: bool
    length: int
    like: "Reading | None" = None
    variants: dict[object, Known] = field(default_factory=dict)
    _alone: Known | None = None

    @property
    def alone(self) -> Known:
        """What is known of it by itself, as a preflight or a request that needs no leave."""
        if self._alone is None:
            assert self.like is not None
            self._alone = self.like.alone.at(self.request.url)
        return self._alone

    @property
    def anywhere(self) -> WireView:
        """What it shows, whatever its URL is: that may be another one of the same origin."""
        return (self.like or self).alone.wire

    @property
    def asked_of(self) -> tuple[str, str]:
        """The origin that asks, and the URL that it asks."""
        return self.anywhere.cors.origin, self.request.url

    def at(self, request: Request) -> "Reading":
        """The reading of a request that differs in its URL alone, but for its origin."""
        client, _, method = self.place
        place = (client, request.url, method)
        simple, doubtful = self.is_simple, self.is_doubtful
        return Reading(client, request, place, simple, doubtful, self.length, like=self)

    def unsure(self) -> "Reading":
        """The same where it doesn't show that there are no credentials."""
        wire = unsure(self.alone.wire, self.request.headers)
        return self._with(wire, _credentials(wire, certain=True))

    @property
    def page(self) -> str | None:
        """The page that asks."""
        return str(self.anywhere.page) if self.anywhere.page is not None else None

    def under(self, policies: PolicyContainer) -> "Reading":
        """The same as asked for by a page with such policies; with CORS, only upgrades count.

        https://fetch.spec.whatwg.org/#cross-origin-resource-policy-check
        """
        wire = self.anywhere
        if wire.mode != "no-cors":
            policies = NO_POLICIES._replace(upgrades=policies.upgrades)
        if policies == wire.policies:
            return self
        return self._with(self.alone.wire._replace(policies=policies), self.alone.credentials)

    def _with(self, wire: WireView, credentials: Credentials) -> "Reading":
        step = step_of(self.client, wire, self.request.headers)
        known = Known(wire, step, credentials, self.alone.why)
        return Reading(
            self.client,
            self.request,
            self.place,
            self.is_simple,
            self.is_doubtful,
            self.length,
            _alone=known,
        )

    def for_once(self, now: datetime) -> InFlight:
        """What is in flight with it where most likely nobody asks the same again."""
        if self.like is None:
            return InFlight(self.alone, now)
        return InFlight(self.like.alone, now, elsewhere=self.request.url)

    def told(self, announced: tuple[str, ...], *, certain: bool) -> Known:
        """What is known of it, given the preflight that opened its way.

        Args:
            announced: the lower-case names that the preflight announced; none where none was seen.
            certain: whether it announced this very request, or none was seen: one whose answer was
                cached may have been for another.
        """
        key = (announced, certain)
        return self.variants.get(key) or keep(
            self.variants, key, self._told(announced, certain), VARIANTS
        )

    def _told(self, announced: tuple[str, ...], certain: bool) -> Known:
        if self.like is not None:
            return self.like.told(announced, certain=certain).at(self.request.url)
        wire = _completed(self.alone.wire, announced)
        headers = self.request.headers
        return Known(
            wire,
            step_of(self.client, wire, headers),
            _credentials(wire, certain=certain),
            why_asked(wire, headers, is_again=False),
        )


_readings: Memo[object, Reading] = Memo(500)
"""Of requests to any URL of an origin: an app asks many alike of one server."""


def read(client: str, request: Request) -> Reading | Plain:
    """Read a request.

    Args:
        client: what tells one browser from another.
        request: the request as the browser sent it.
    """
    key = (client, request.method, request.headers, origin_of_url(request.url))
    like = _readings.get(key)
    if like is not None:
        return like.at(request)
    if not is_cors_exchange(request):
        return _plain(client, request)
    made = _read(client, request)
    texts = client + request.method + request.url
    return _readings.put(key, made) if is_small(request.headers, texts) else made


def _plain(client: str, request: Request) -> Plain:
    return Plain(
        plain_request(client, request)
        or plain_step(client, request)
        or document_request(client, request)
    )


def _read(client: str, request: Request) -> Reading:
    wire = view(request)
    step = step_of(client, wire, request.headers)
    if wire.kind == "preflight":
        known = Known(wire, step, wire.credentials, why_announced(wire, is_again=False))
    elif wire.mode == "cors":
        known = Known(wire, step, _credentials(wire, certain=True))
    else:
        known = Known(wire, step, wire.credentials)
    place = (client, wire.cors.url, wire.cors.method)
    simple = wire.kind == "actual" and (wire.mode != "cors" or is_simple(wire))
    doubtful = wire.kind == "actual" and wire.mode == "cors" and is_doubtful(wire)
    length = length_of(request.headers, client, len(step.own_names))
    return Reading(client, request, place, simple, doubtful, length, _alone=known)


def _completed(wire: WireView, announced: tuple[str, ...]) -> WireView:
    """Count as the fetch's own the headers that its preflight announced.

    Whatever a preflight has announced has the mode "cors", where it doesn't tell otherwise.
    """
    if announced and wire.mode_from == "inferred":
        wire = wire._replace(mode="cors")
    own = wire.present.intersection(announced).union(wire.cors.unsafe_names)
    names = tuple(sorted(own))
    if names == wire.cors.unsafe_names:
        return wire
    return wire._replace(cors=wire.cors._replace(unsafe_names=names))


def _credentials(wire: WireView, *, certain: bool) -> Credentials:
    """An Authorization that no preflight announced, nor script must have set, says `include`.

    It is the browser's own. That is certain unless a cached answer let the request through: it may
    cover the header too.
    """
    unannounced = "authorization" in wire.present and "authorization" not in wire.cors.unsafe_names
    return "include" if unannounced and certain else wire.credentials
