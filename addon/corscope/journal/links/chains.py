"""Which redirect led to which request?

A redirect that the browser follows waits for the request that it leads to: one of the same browser
and URL, with the method and the Origin that it leaves. Of several such it is one whose request had
the same values in those headers that a redirect keeps; else `waits` tells whose turn it is. Where
the request that comes has a preflight, the preflight is found so, and hands its place on.

Only what came through the proxy can be linked: a redirect that the browser has in its own cache
isn't seen. That it makes by itself for HSTS shows in what comes after it.
"""

import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from urllib.parse import unquote

from corscope.fetch.engines import Departure, Engine, departs
from corscope.fetch.headers import FAILURE, byte_lowercase, contains, get
from corscope.fetch.hop import redirected_method
from corscope.fetch.mixed_content import Load, upgraded_url
from corscope.fetch.origin import OPAQUE_SERIALIZED, origin_of_url
from corscope.fetch.redirect import location_url
from corscope.fetch.safelist import is_request_body_header_name
from corscope.journal.alike.memo import MOST_KEPT, length_of
from corscope.journal.links.waits import Waits
from corscope.journal.wire import Credentials, WireView, scripts_own, view
from corscope.messages import HeaderList, Request, Response

__all__ = ["FIRST", "Chains", "Link", "Step", "plain_step", "step_of"]

FOLLOWED_WITHIN: Final = timedelta(seconds=30)
"""How long a redirect may go without the request that it leads to.

Browsers follow at once, or as soon as a connection is free.
"""

MAX_REDIRECTS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Link:
    """A request's place in a chain of redirects.

    Attributes:
        redirected_from: the id of the exchange whose redirect led to it; None for the first.
        hop: how many redirects there were before it.
        chain: the id of the first exchange; None where no redirect led here.
        tainted_by: the redirect that made the Origin `null`, as "origin to origin".
        stripped_by: the same for the one that took script's Authorization off.
        preflighted: whether a request before it had a preflight.
        first_url: the URL of the first request; None where no redirect led here.
        page: the origin that the first request had; None where no redirect led here.
        destination: what the answer is for, as far as one before it told.
        credentials: the credentials mode, as far as it, its preflight or one before it told, which
            no redirect changes; unknown where that may be another's.
        upgrades: whether the page of the one before it has all that it asks for asked by https.
    """

    redirected_from: str | None = None
    hop: int = 0
    chain: str | None = None
    tainted_by: str | None = None
    stripped_by: str | None = None
    preflighted: bool = False
    first_url: str | None = None
    page: str | None = None
    destination: str | None = None
    credentials: Credentials = "unknown"
    upgrades: bool = False


FIRST: Final = Link()
"""The place of a request that no redirect led to."""


class Step(NamedTuple):
    """A request that may be part of a chain.

    Attributes:
        client: what tells one browser from another.
        url: the request's URL.
        engine: its engine.
        method: its method; of a preflight that of the fetch.
        origin: its origin as it is sent, or would be.
        page: the origin that the fetch began with.
        mode: its mode; None where that isn't known for sure.
        own_names: lower-case names of the headers that script has set for sure.
        names: lower-case names of all headers that it or one before it had, or announced.
        headers: its header list.
        destination: what its answer is for, as far as it tells.
        upgrades: whether the page has all that it asks for asked by https, as far as is known.
        link: its place.
    """

    client: str
    url: str
    engine: Engine
    method: str
    origin: str
    page: str
    mode: str | None
    own_names: frozenset[str]
    names: frozenset[str]
    headers: HeaderList
    destination: str | None = None
    upgrades: bool = False
    link: Link = FIRST

    def at(self, url: str) -> "Step":
        """The same for another URL of the same origin, of which nothing before it is known."""
        link = self.link
        if link is not FIRST:
            link = replace(link, first_url=_by_http(url))
        return Step(self.client, url, *self[2:-1], link)

    @property
    def purpose(self) -> str | None:
        """What the answer is for: as it tells, else as one before it did, else as it seems."""
        if contains(self.headers, "Sec-Fetch-Dest"):
            return self.destination
        return self.link.destination or self.destination

    @property
    def is_upgraded(self) -> bool:
        """Whether its page has all asked by https, as far as it or one before it tells."""
        return self.upgrades or self.link.upgrades

    def after(self, earlier: "Step") -> "Step":
        """This request in the place, and with the past, that are known from another view of it."""
        return self._replace(page=earlier.page, names=self.names | earlier.names, link=earlier.link)


def step_of(client: str, wire: WireView, headers: HeaderList) -> Step:
    """The step that a CORS exchange's request is, as long as nothing is known of those before."""
    own_names = frozenset(wire.cors.unsafe_names)
    link = _upgraded(wire, headers)
    return Step(
        client=client,
        url=wire.cors.url,
        engine=wire.engine,
        method=wire.cors.method,
        origin=wire.cors.origin,
        page=link.page or wire.cors.origin,
        mode=wire.mode if wire.mode_from == "sec-fetch-mode" else None,
        own_names=own_names,
        names=own_names if wire.kind == "preflight" else own_names | wire.present,
        headers=headers,
        destination=wire.destination,
        upgrades=wire.policies.upgrades,
        link=link,
    )


def _upgraded(wire: WireView, headers: HeaderList) -> Link:
    """The place of a request that the browser itself has redirected to https, for HSTS.

    Chromium's opaque pages send no Referer: where there is one, a redirect made the Origin `null`,
    and for a page of plain http one that wasn't seen is most likely this.
    """
    url = wire.cors.url
    page = origin_of_url(get(headers, "Referer") or "")
    if (
        wire.kind == "preflight"
        or wire.cors.origin != OPAQUE_SERIALIZED
        or not departs(wire.engine, Departure.HSTS_IS_A_REDIRECT)
        or not url.startswith("https:")
        or page is None
        or page.scheme != "http"
    ):
        return FIRST
    first_url = _by_http(url)
    tainted_by = f"{origin_of_url(first_url)} to {origin_of_url(url)}"
    return Link(tainted_by=tainted_by, first_url=first_url, page=str(page))


def _by_http(url: str) -> str:
    return f"http:{url.removeprefix('https:')}"


def plain_step(client: str, request: Request) -> Step | None:
    """The step that a request within the page's own origin is: such a fetch may yet leave it.

    None for what is surely no fetch of mode "cors". Whether it is one, and of a page of the
    URL's own origin, doesn't always show; what it leads to will.
    """
    origin = origin_of_url(request.url)
    page = origin_of_url(get(request.headers, "Referer") or request.url)
    if origin is None or origin != page:
        return None
    if get(request.headers, "Sec-Fetch-Mode") not in {None, "cors"}:
        return None
    step = step_of(client, view(request), request.headers)
    return step._replace(origin=str(origin), page=str(origin))


@dataclass(frozen=True, slots=True)
class _Shape:
    """What tells the redirects of one client to one target apart: the request expected there."""

    method: str
    origins: frozenset[str]
    mode: str | None
    names: frozenset[str]
    kept: frozenset[tuple[str, str]]
    credentials: Credentials


@dataclass(slots=True)
class Chains:
    """The redirects whose next request hasn't come yet, by client and target; bounded."""

    waits: Waits[tuple[str, str], _Shape, Step] = field(
        default_factory=lambda: Waits(MAX_REDIRECTS, FOLLOWED_WITHIN)
    )

    def linked(self, step: Step, now: datetime) -> Step:
        """Find a request's place as it comes; the redirect that led to it is used up."""
        if not self.waits.places:
            return step
        expected = self._awaited(step, now)
        if expected is None and step.link is not FIRST:
            expected = self._awaited_by_http(step, now)
        return step if expected is None else step.after(expected)

    def _awaited(self, step: Step, now: datetime) -> Step | None:
        place = step.client, _normal(step.url)
        if place not in self.waits.places:
            return None
        kept = _kept(step)

        def closeness(shape: _Shape) -> int | None:
            return int(shape.kept == kept) if _is_led_to(step, shape) else None

        found = self.waits.take(place, closeness, now) or self.waits.take(
            place, closeness, now, long_since=True
        )
        return found and found._replace(link=self._told(found.link, place))

    def _told(self, link: Link, place: tuple[str, str]) -> Link:
        """The same without a credentials mode where others wait there, of another.

        They may be taken for each other: it is all of one mode, or nothing is known of any.
        """
        others = self.waits.places.get(place, {})
        is_sure = all(shape.credentials == link.credentials for shape in others)
        return link if is_sure else replace(link, credentials="unknown")

    def _awaited_by_http(self, step: Step, now: datetime) -> Step | None:
        """The same for what led to plain http, from where the browser has gone on by itself."""
        by_http = step._replace(url=_by_http(step.url))
        for origin in (OPAQUE_SERIALIZED, step.page):
            expected = self._awaited(by_http._replace(origin=origin), now)
            if expected is not None:
                link = expected.link
                tainted_by = link.tainted_by or step.link.tainted_by
                return expected._replace(link=replace(link, tainted_by=tainted_by))
        return None

    def redirected(
        self,
        id_: str,
        step: Step,
        response: Response,
        now: datetime,
        *,
        asked_leave: bool,
        credentials: Credentials = "unknown",
        asked: datetime | None = None,
    ) -> None:
        """Take note of an answer that the browser goes on with, if it redirects.

        Args:
            id_: the id of the exchange that it answers.
            step: that exchange's request.
            response: the answer.
            now: when it came.
            asked_leave: whether something about the request needed a preflight.
            credentials: its credentials mode, as far as it shows.
            asked: when it came, as far as that is known: script may want to follow no redirect, so
                that what had led elsewhere by then may have ended there.
        """
        location = location_url(response, step.url, step.engine)
        if location is None or location == FAILURE:
            return
        length = length_of(step.headers, step.client + step.url + location)
        length += sum(map(len, step.names))  # of those before it, too
        if length > MOST_KEPT:
            return
        preflighted = asked_leave or step.link.preflighted
        link = replace(step.link, preflighted=preflighted, credentials=credentials)
        step = step._replace(link=link)
        expected = _followed(id_, step, response.status, location)
        place = step.client, _normal(expected.url)
        expected = expected._replace(link=self._told(expected.link, place))
        self.waits.add(place, _shape(expected), expected, now, length, asked, may_end=True)


def _shape(expected: Step) -> _Shape:
    origins = {expected.origin}
    if departs(expected.engine, Departure.PREFLIGHT_KEEPS_ORIGIN):
        origins.add(expected.page)
    return _Shape(
        expected.method,
        frozenset(origins),
        expected.mode,
        expected.names,
        _kept(expected),
        expected.link.credentials,
    )


def _is_led_to(step: Step, shape: _Shape) -> bool:
    """Whether a request is one that such a redirect makes us expect."""
    return (
        step.method == shape.method
        and step.origin in shape.origins
        and (step.mode == shape.mode or None in {step.mode, shape.mode})
        and step.own_names <= shape.names
    )


def _kept(step: Step) -> frozenset[tuple[str, str]]:
    """What stays as it is on the way: not what tells of a body, nor an Authorization."""
    own = ((byte_lowercase(name), value) for name, value in scripts_own(step.headers))
    return frozenset(
        (name, value)
        for name, value in own
        if name != "authorization" and not is_request_body_header_name(name)
    )


def _followed(id_: str, step: Step, status: int, location: str) -> Step:
    """The request that a redirect leads to, as it is asked: mixed content may be by https."""
    load = Load(origin_of_url(step.page), step.purpose, step.link.first_url, step.is_upgraded)
    asked = upgraded_url(load, step.url, location, step.engine) or location
    as_begun = Departure.LOCATION_UPGRADED if load.upgrades else Departure.UPGRADED_AS_BEGUN
    if departs(step.engine, as_begun):
        location = asked
    return _redirected(id_, step, status, location)._replace(url=asked)


def _redirected(id_: str, step: Step, status: int, location: str) -> Step:
    """What a redirect makes of the request: https://fetch.spec.whatwg.org/#http-redirect-fetch"""
    before, after = origin_of_url(step.url), origin_of_url(location)
    leaves = before != after
    redirect = f"{before} to {after}"
    link = replace(
        step.link,
        redirected_from=id_,
        hop=step.link.hop + 1,
        chain=step.link.chain or id_,
        first_url=step.link.first_url or step.url,
        page=step.page,
        destination=step.purpose,
        upgrades=step.is_upgraded,
    )
    origin = step.origin
    if leaves and origin not in {OPAQUE_SERIALIZED, str(before)}:
        origin, link = OPAQUE_SERIALIZED, replace(link, tainted_by=redirect)
    if leaves and "authorization" in step.own_names:
        link = replace(link, stripped_by=redirect)
    method = redirected_method(step.method, status, leaves=leaves, engine=step.engine)
    return step._replace(url=location, method=method, origin=origin, link=link)


_BEFORE_PATH: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/*[^/?]*")


def _normal(url: str) -> str:
    """A URL in a form in which a Location and the URL that a browser makes of it are the same.

    More may become the same than should: escapes are resolved, fragment and last slashes left out.
    """
    rest = _BEFORE_PATH.sub("", url.partition("#")[0].replace("\\", "/"), count=1)
    path, mark, query = rest.partition("?")
    segments: list[str] = []
    for segment in unquote(path, "latin-1").split("/")[1:]:
        if segment == "..":
            segments = segments[:-1]
        elif segment != ".":
            segments.append(segment)
    kept = "/".join(segments).rstrip("/")
    return f"{origin_of_url(url)}/{kept}{mark}{unquote(query, 'latin-1')}"
