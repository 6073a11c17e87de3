"""In which order did saved requests go out? Preflights before what they announce.

A proxy's file has each exchange once it is over, mostly. Browsers list requests by the time when
script asked for them, so that in their HARs a preflight comes after its request, which waits for it
all the while; and a list may have been saved in whatever order it was shown. Here so many are held
back until their turn has come.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from heapq import heappop, heappush
from itertools import count
from typing import Final

from corscope.fetch.headers import contains, get
from corscope.fetch.preflight import announced_request, is_cors_preflight_request
from corscope.fetch.safelist import is_request_body_header_name
from corscope.journal.alike.memo import length_of
from corscope.mitm.saved.capture import Capture

__all__ = ["in_order"]

MOST_HELD: Final = 1_000
"""So many exchanges are held back at most."""

MOST_CHARACTERS: Final = 4_000_000
"""So many characters of URLs and headers do they have at most, but for the latest."""

UNKNOWN: Final = datetime.fromtimestamp(0, UTC)
"""When what has no time was asked: as for its turn, right after what stands before it."""

MOST_TRIED: Final = 64
"""So many requests are looked at for the one that a preflight announces, of those for one URL."""

_Place = tuple[str, str, str]
"""A client, a URL and the method of the fetch."""

_Turn = tuple[datetime, bool, int]
"""When a request went out, whether that was right after an answer to its preflight, its number."""


def in_order(captures: Iterable[Capture]) -> Iterator[Capture]:
    """Yield saved exchanges by the time when they were sent, as far as that is within reach.

    A request that may have waited for a preflight was sent when that was answered.
    """
    held = _Held()
    for each in captures:
        held.add(each)
        while held.is_full():
            yield held.take()
    while held.captures:
        yield held.take()


@dataclass(slots=True)
class _Held:
    """What is held back: by number, with the turn of each, and by place what is to be matched."""

    captures: dict[int, tuple[Capture, _Turn, int]] = field(default_factory=dict)
    turns: list[_Turn] = field(default_factory=list)
    preflights: dict[_Place, list[int]] = field(default_factory=lambda: defaultdict(list))
    requests: dict[_Place, list[int]] = field(default_factory=lambda: defaultdict(list))
    characters: int = 0
    _latest: datetime = UNKNOWN
    _numbers: Iterator[int] = field(default_factory=count)

    def add(self, capture: Capture) -> None:
        """Hold an exchange back."""
        number, request = next(self._numbers), capture.request
        answer = capture.sighting.response
        length = length_of(request.headers + (answer.headers if answer else ()), request.url)
        self.characters += length
        self._latest = self._latest if capture.asked == UNKNOWN else capture.asked
        self._put(capture, (self._latest, False, number), length)
        self._match(capture, number)

    def is_full(self) -> bool:
        """Whether there are more than are to be held back."""
        is_long = self.characters > MOST_CHARACTERS and len(self.captures) > 1
        return is_long or len(self.captures) > MOST_HELD

    def take(self) -> Capture:
        """Take out the one that was asked first."""
        while True:
            turn = heappop(self.turns)
            held = self.captures.get(turn[-1])
            if held is not None and held[1] == turn:  # else it has got a later turn since
                break
        return self._drop(turn[-1])

    def _put(self, capture: Capture, turn: _Turn, length: int) -> None:
        self.captures[turn[-1]] = capture, turn, length
        heappush(self.turns, turn)

    def _match(self, capture: Capture, number: int) -> None:
        """Let a request wait for its preflight, whichever of them the file has first."""
        place, is_preflight = _place(capture), is_cors_preflight_request(capture.request)
        if is_preflight:  # which comes right behind its request
            own, others = self.preflights, self.requests.get(place, [])[: -MOST_TRIED - 1 : -1]
        elif capture.waits_until is not None:
            own, others = self.requests, self.preflights.get(place, [])[:MOST_TRIED]
        else:
            return
        own[place].append(number)
        for other in others:
            request, preflight = (other, number) if is_preflight else (number, other)
            if self._is_announced(request, preflight):
                self._let_wait(request, preflight)
                return

    def _is_announced(self, number: int, by: int) -> bool:
        request, preflight = self.captures[number][0], self.captures[by][0]
        until = request.waits_until
        if until is None or not request.asked <= preflight.asked <= until:
            return False
        headers = request.request.headers
        if not request.is_sent:  # so that not all of it may be there
            return True
        names = announced_request(preflight.request).unsafe_names
        return all(contains(headers, name) or _may_be_left_out(name) for name in names)

    def _let_wait(self, number: int, preflight: int) -> None:
        place = _place(self.captures[number][0])
        self.requests[place].remove(number)
        self.preflights[place].remove(preflight)
        capture, _, length = self.captures[number]
        if not capture.is_sent:  # the preflight tells why
            self._drop(number)
            return
        before, turn, _ = self.captures[preflight]
        made = _after(capture, before)
        self._put(made, (max(made.asked, turn[0]), True, number), length)

    def _drop(self, number: int) -> Capture:
        capture, _, length = self.captures.pop(number)
        self.characters -= length
        place = _place(capture)
        waiting = self.preflights if is_cors_preflight_request(capture.request) else self.requests
        numbers = waiting.get(place)
        if numbers is not None and number in numbers:
            numbers.remove(number)
        if not numbers:
            waiting.pop(place, None)
        return capture


_CREDENTIALS: Final = "authorization"
"""What browsers leave out of a HAR that they save without secrets, as they mostly do."""


def _may_be_left_out(name: str) -> bool:
    """Whether a preflight may announce it of a request that doesn't have it.

    Firefox still announces what tells of a body where a redirect has taken that off.
    """
    return name == _CREDENTIALS or is_request_body_header_name(name)


def _after(capture: Capture, preflight: Capture) -> Capture:
    """A request as it went out behind its preflight."""
    asked = max(capture.asked, preflight.answered)
    took = capture.answered - capture.asked
    answered = capture.answered if capture.answered > asked else asked + took
    request = capture.request
    names = announced_request(preflight.request).unsafe_names
    if _CREDENTIALS in names and not contains(request.headers, _CREDENTIALS):
        request = request._replace(headers=(*request.headers, (_CREDENTIALS, "")))
    return replace(capture, request=request, asked=asked, answered=answered)


def _place(capture: Capture) -> _Place:
    request = capture.request
    method = request.method
    if is_cors_preflight_request(request):
        method = get(request.headers, "Access-Control-Request-Method") or ""
    return capture.client, request.url, method
