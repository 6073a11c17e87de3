"""What did earlier exchanges show that tells of a later one?

Kept by URL, the URLs noted last at the end, all bounded.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeVar

from corscope.fetch.headers import contains, get
from corscope.fetch.origin import origin_of_url
from corscope.journal.caching import (
    cache_control,
    is_from_shared_cache,
    is_reused_unasked,
    is_storable,
    varies_by_origin,
)
from corscope.journal.exchange import Sighting
from corscope.journal.findings import Case, allow_origin, is_cors_actual, server_answer
from corscope.journal.login import login_target
from corscope.messages import Request, Response

__all__ = [
    "NOTHING",
    "Answer",
    "Copy",
    "Memory",
    "PlainRequest",
    "note",
    "note_plain",
    "plain_request",
]

MAX_URLS: Final = 2_000
MAX_PER_URL: Final = 8

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class PlainRequest:
    """A GET for another origin's URL without `Origin`, as by an `<img>`; `page` sent it."""

    client: str
    url: str
    page: str
    request: Request


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server let one origin do, answering by itself and not from a cache."""

    asked_by: str | None
    allow_origin: str | None
    with_credentials: bool


@dataclass(frozen=True, slots=True)
class Copy:
    """A cacheable answer to a plain request, without CORS headers and without `Vary: Origin`."""

    client: str
    page: str
    reused_unasked: bool
    is_shared: bool

    def is_of(self, case: Case) -> bool:
        """Whether the exchange's browser holds this copy for the exchange's page."""
        return (self.client, self.page) == (case.client, case.wire.cors.origin)


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


# The call for each CORS exchange


def note(case: Case, memory: Memory) -> None:
    """Remember what an exchange shows for those after it."""
    answer = server_answer(case.seen)
    if answer is None or not is_cors_actual(case.wire):
        return
    url = case.wire.cors.url
    target = login_target(case.wire, answer)
    if target is not None:
        clients = memory.logins.get(target, ())
        _keep(memory.logins, target, (*(c for c in clients if c != case.client), case.client))
    if is_from_shared_cache(answer.headers) or answer.status == 304:
        return
    if case.wire.cors.method == "GET" and answer.status == 200:
        # The browser's cache replaces its copy by this answer, or drops it where that isn't to
        # be stored.
        copies = memory.copies.get(url, ())
        _keep(memory.copies, url, tuple(c for c in copies if not c.is_of(case)))
    _note_answer(memory, url, case.wire.cors.origin, answer)


def _note_answer(memory: Memory, url: str, asked_by: str | None, answer: Response) -> None:
    with_credentials = get(answer.headers, "Access-Control-Allow-Credentials") == "true"
    new = Answer(asked_by, allow_origin(answer.headers), with_credentials)
    earlier = memory.answers.get(url, ())
    _keep(memory.answers, url, (*(old for old in earlier if old.asked_by != asked_by), new))


# And those for each request that isn't one


def plain_request(client: str, request: Request) -> PlainRequest | None:
    """The request, if its answer may get in the way of a later CORS request of the same page.

    Caches are divided by the page, which the Referer tells; without one, nothing can be said.
    """
    if request.method != "GET" or get(request.headers, "Sec-Fetch-Site") == "same-origin":
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
        if (copy.client, copy.page) != (plain.client, plain.page)
    )
    if allow_origin(headers) is not None:
        _keep(memory.copies, plain.url, tuple(earlier))
        if not is_from_shared_cache(headers):
            _note_answer(memory, plain.url, None, answer)
    elif is_storable(headers, now) and not varies_by_origin(headers):
        is_shared = "private" not in cache_control(headers)
        copy = Copy(plain.client, plain.page, is_reused_unasked(headers, now), is_shared)
        _keep(memory.copies, plain.url, (*earlier, copy))
