"""What did earlier exchanges show that tells of a later one?

Kept by URL, the URLs noted last at the end, all bounded.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple, TypeVar

from corscope.fetch.headers import contains, get
from corscope.fetch.origin import origin_of_url
from corscope.fetch.policy_container import NO_POLICIES, PolicyContainer
from corscope.journal.caches.caching import (
    cache_control,
    is_from_shared_cache,
    is_reused_unasked,
    is_storable,
    varies_by_origin,
)
from corscope.journal.exchange import Sighting
from corscope.journal.remarks.findings import Case, allow_origin, is_cors_actual, server_answer
from corscope.journal.remarks.login import login_target
from corscope.journal.senders.sites import site_of
from corscope.messages import Request, Response

__all__ = [
    "NOTHING",
    "Answer",
    "Copy",
    "Memory",
    "Noted",
    "PlainRequest",
    "note",
    "note_plain",
    "noted_of",
    "plain_request",
]

MAX_URLS: Final = 2_000
MAX_PER_URL: Final = 8

_PLAIN: Final = frozenset({"GET", "HEAD"})
"""The methods that have no Origin without CORS."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class PlainRequest:
    """A GET or HEAD for another origin's URL without `Origin`, as by an `<img>`; `page` sent it.

    `policies` are that page's, as far as they are known.
    """

    client: str
    url: str
    page: str
    request: Request
    policies: PolicyContainer = NO_POLICIES


class Answer(NamedTuple):  # which is compared in a third of a frozen dataclass's time
    """What a server let one origin do, answering by itself and not from a cache."""

    asked_by: str | None
    allow_origin: str | None
    with_credentials: bool


class Copy(NamedTuple):
    """A cacheable answer to a plain request, without CORS headers and without `Vary: Origin`."""

    client: str
    page: str
    reused_unasked: bool
    is_shared: bool

    def is_of(self, client: str, page: str) -> bool:
        """Whether this browser holds this copy for this page: caches are divided by sites."""
        return self.client == client and site_of(self.page) == site_of(page)


@dataclass(slots=True)
class Memory:
    """What earlier exchanges showed, by URL, those noted last at the end; all bounded."""

    answers: "OrderedDict[str, tuple[Answer, ...]]" = field(default_factory=OrderedDict)
    copies: "OrderedDict[str, tuple[Copy, ...]]" = field(default_factory=OrderedDict)
    logins: "OrderedDict[str, tuple[str, ...]]" = field(default_factory=OrderedDict)
    """For each login page that a request was redirected to, the clients."""

    def recall(self, url: str) -> tuple[object, ...]:
        """All that is remembered of a URL, which counts among those noted last from now on."""
        answers, copies, logins = self.answers.get(url), self.copies.get(url), self.logins.get(url)
        if answers is not None:
            self.answers.move_to_end(url)
        if copies is not None:
            self.copies.move_to_end(url)
        if logins is not None:
            self.logins.move_to_end(url)
        return answers, copies, logins


NOTHING: Final = (None, None, None)
"""What `Memory.recall` says of a URL of which nothing is remembered."""


def _keep(shelf: "OrderedDict[str, tuple[_T, ...]]", url: str, items: tuple[_T, ...]) -> None:
    """Put a URL's items at the end, and drop what was noted longest ago."""
    shelf.pop(url, None)
    if items:
        shelf[url] = items[-MAX_PER_URL:]
    if len(shelf) > MAX_URLS:
        shelf.popitem(last=False)


# The calls for each CORS exchange


class Noted(NamedTuple):
    """What a CORS exchange shows for those after it.

    Attributes:
        client: what tells one browser from another.
        page: the origin that asked.
        login: the login page that it was redirected to, if it was.
        answer: what the server let that origin do; None where a cache may have answered.
        is_own_copy: whether that browser's cache has no other copy of it for that page any more:
            it has this one, or none where that isn't to be stored.
    """

    client: str
    page: str
    login: str | None
    answer: Answer | None
    is_own_copy: bool


def noted_of(case: Case) -> Noted | None:
    """What there is to note of an exchange; the same wherever an answer leads nowhere."""
    answer = server_answer(case.seen)
    if answer is None or not is_cors_actual(case.wire):
        return None
    page, login = case.wire.cors.origin, login_target(case.wire, answer)
    if is_from_shared_cache(answer.headers) or answer.status == 304:
        return Noted(case.client, page, login, None, is_own_copy=False)
    is_own_copy = case.wire.cors.method == "GET" and answer.status == 200
    return Noted(case.client, page, login, _answer(page, answer), is_own_copy)


def _answer(asked_by: str | None, answer: Response) -> Answer:
    with_credentials = get(answer.headers, "Access-Control-Allow-Credentials") == "true"
    return Answer(asked_by, allow_origin(answer.headers), with_credentials)


def note(noted: Noted, url: str, memory: Memory) -> None:
    """Remember what an exchange at this URL showed for those after it."""
    client, page, login, answer, is_own_copy = noted
    if login is not None:
        clients = memory.logins.get(login, ())
        _keep(memory.logins, login, (*(c for c in clients if c != client), client))
    if is_own_copy and url in memory.copies:
        copies = memory.copies[url]
        others = tuple(copy for copy in copies if not copy.is_of(client, page))
        _keep(memory.copies, url, others)
    if answer is not None:
        _note_answer(memory, url, answer)


def _note_answer(memory: Memory, url: str, new: Answer) -> None:
    earlier = memory.answers.get(url, ())
    if new in earlier:  # their order stays, so that what is remembered of the URL is the same
        return
    others = [old for old in earlier if old.asked_by != new.asked_by]
    _keep(memory.answers, url, (*others, new))


# And those for each request that isn't one


def plain_request(client: str, request: Request) -> PlainRequest | None:
    """The request, if its answer may be kept from its page, or get in the way of a later request.

    Caches are divided by the page's site, which the Referer tells; without it, nothing can be said.
    """
    if request.method not in _PLAIN or get(request.headers, "Sec-Fetch-Site") == "same-origin":
        return None
    if get(request.headers, "Sec-Fetch-Mode") not in {None, "no-cors"}:
        return None  # a navigation's answer is kept for a page of its own
    page = origin_of_url(get(request.headers, "Referer") or "")
    if page is None or contains(request.headers, "Origin") or page == origin_of_url(request.url):
        return None
    return PlainRequest(client, request.url, str(page), request)


def note_plain(plain: PlainRequest, seen: Sighting, memory: Memory, now: datetime) -> None:
    """Remember the copy that a cache may now hold of the answer."""
    answer = server_answer(seen)
    if answer is None or answer.status != 200:
        return
    headers = answer.headers
    earlier = (
        copy
        for copy in memory.copies.get(plain.url, ())
        if not copy.is_of(plain.client, plain.page)
    )
    if allow_origin(headers) is not None:
        _keep(memory.copies, plain.url, tuple(earlier))
        if not is_from_shared_cache(headers):
            _note_answer(memory, plain.url, _answer(None, answer))
    elif is_storable(headers, now) and not varies_by_origin(headers):
        is_shared = "private" not in cache_control(headers)
        copy = Copy(plain.client, plain.page, is_reused_unasked(headers, now), is_shared)
        _keep(memory.copies, plain.url, (*earlier, copy))
