"""What is remembered of a request until its answer comes, and until it comes again?

Browsers send some requests once more by themselves, without a preflight or a redirect before: what
was found out about the first holds for the second.
"""

from collections import OrderedDict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Final, NamedTuple

from corscope.journal.alike.memo import keep
from corscope.journal.alike.mould import Mould
from corscope.journal.alike.pattern import Pattern
from corscope.journal.exchange import Finding
from corscope.journal.links.chains import Step
from corscope.journal.links.waits import since
from corscope.journal.remarks.memory import PlainRequest
from corscope.journal.senders.documents import DocumentRequest
from corscope.journal.why import Why
from corscope.journal.wire import Credentials, WireView
from corscope.messages import HeaderList

__all__ = ["CHALLENGED", "REPEATED", "Busy", "InFlight", "Known", "Pending", "Repeats"]

REPEATED: Final = frozenset({408, 421})
"""The statuses after which a browser may ask once more by itself: all engines do so after a 421
(https://www.rfc-editor.org/rfc/rfc9110#section-15.5.20), Chromium also after a 408."""

REPEATED_WITHIN: Final = timedelta(seconds=2)
MAX_REPEATS: Final = 1_000

CHALLENGED: Final = 401
"""The status after which a browser may ask once more with an Authorization of its own."""

CHALLENGED_WITHIN: Final = timedelta(minutes=5)
"""It may have to ask a person for the password first."""

CONNECTIONS: Final = 6
"""So many an engine opens to a host by HTTP/1.1; what else is to be asked there waits."""

JUST_NOW: Final = timedelta(seconds=1)
LOOKED_AT: Final = 64
"""So many requests in flight are looked at, the latest, to tell whether others wait for them."""

ANSWERED_LAST: Final = 16
"""And so many of those that were answered."""

PATTERNS_PER_REQUEST: Final = 16
ANSWERS_PER_REQUEST: Final = 4


@dataclass(slots=True, eq=False)
class Known:
    """What is known of a CORS exchange's request, whenever it is asked; and of its answers, a few.

    Attributes:
        wire: what it shows, with the fetch's own headers as far as the preflight tells.
        step: its place in a chain of redirects.
        credentials: the credentials mode, as far as it shows.
        why: what made the browser ask leave.
        patterns: what exchanges of this request were, by what counts of the answer.
        answers: the same by the latest answers, word for word.
        moulds: what exchanges of the same request at any URL of its origin are, by what counts of
            the answer.
    """

    wire: WireView
    step: Step
    credentials: Credentials
    why: tuple[Why, ...] = ()
    patterns: dict[object, Pattern] = field(default_factory=dict)
    answers: dict[object, Pattern] = field(default_factory=dict)
    moulds: dict[object, Mould] = field(default_factory=dict)

    def at(self, url: str) -> "Known":
        """What is known of the same request at another URL of the same origin."""
        wire, step = self.wire.at(url), self.step.at(url)
        return Known(wire, step, self.credentials, self.why, moulds=self.moulds)

    def answered(self, word_for_word: object, essential: object, pattern: Pattern) -> None:
        """Take note of what the exchange with such an answer was."""
        keep(self.patterns, essential, pattern, PATTERNS_PER_REQUEST)
        keep(self.answers, word_for_word, pattern, ANSWERS_PER_REQUEST)

    def casts(self, essential: object, mould: Mould) -> Mould:
        """Take note of what exchanges at other URLs, with such an answer, are."""
        return keep(self.moulds, essential, mould, PATTERNS_PER_REQUEST)


class InFlight(NamedTuple):
    """A CORS exchange whose answer hasn't come.

    Attributes:
        known: what is known of its request.
        asked: when it came.
        preflight: the id of the preflight that opened its way.
        opened_by: the headers of that preflight's answer, where it announced this very request.
        findings: remarks that need no answer.
        elsewhere: its URL, where `known` is of a request that differs from it in the URL alone.
    """

    known: Known
    asked: datetime
    preflight: str | None = None
    opened_by: HeaderList | None = None
    findings: tuple[Finding, ...] = ()
    elsewhere: str | None = None

    def there(self) -> "InFlight":
        """The same with what is known of its own request."""
        if self.elsewhere is None:
            return self
        return self._replace(known=self.known.at(self.elsewhere), elsewhere=None)


Pending = InFlight | PlainRequest | Step | DocumentRequest
"""What a browser has asked for, and waits for."""


@dataclass(slots=True)
class Busy:
    """Whether requests wait in the browser, as long as its connections are in use.

    Attributes:
        answered: what was answered last, and when; short ones only.
    """

    answered: "deque[tuple[datetime, InFlight]]" = field(
        default_factory=lambda: deque(maxlen=ANSWERED_LAST)
    )

    def is_so(
        self,
        client: str,
        url: str,
        in_flight: Iterable[Pending],
        now: datetime,
    ) -> bool:
        """Whether a request that comes to this URL may have waited for a connection.

        All are in use then, but for the one that has just become free. That another page's request
        without CORS may hold one, which isn't known of, is allowed for.
        """
        ended = [seen for when, seen in self.answered if since(when, now) < JUST_NOW]
        there = (client, _server(url))
        use = [_whither(seen) == there for seen in (*islice(in_flight, LOOKED_AT), *ended)]
        return sum(use) >= CONNECTIONS - 1


def _whither(seen: Pending) -> tuple[str, str]:
    if not isinstance(seen, InFlight):
        return seen.client, _server(seen.url)
    return seen.known.step.client, _server(seen.elsewhere or seen.known.wire.cors.url)


def _server(url: str) -> str:
    """Scheme, host and port as written; browsers write them in one way, and origins take longer."""
    return "/".join(url.split("/", 3)[:3])


_Key = tuple[str, str, str, str, str, frozenset[str]]
_Requests = OrderedDict[_Key, tuple[datetime, InFlight]]


@dataclass(slots=True)
class Repeats:
    """The requests that a browser may be about to send once more, the latest last; bounded.

    Attributes:
        answered: those that may come again as they were.
        challenged: those that may come again with the browser's own Authorization.
    """

    answered: _Requests = field(default_factory=OrderedDict)
    challenged: _Requests = field(default_factory=OrderedDict)

    def note(self, pending: InFlight, now: datetime) -> None:
        """Take note of an answer that has one of those statuses, or of a connection dropped."""
        _put(self.answered, _key(pending.known.step.client, pending.known.wire), pending, now)

    def note_challenge(self, pending: InFlight, now: datetime) -> None:
        """Take note of an answer that asks who it is."""
        key = _key_but_for_who(pending.known.step.client, pending.known.wire)
        _put(self.challenged, key, pending, now)

    def take_challenged(self, client: str, wire: WireView, now: datetime) -> InFlight | None:
        """What is known of a request that comes again, this time with an Authorization."""
        if not self.challenged:
            return None
        key = _key_but_for_who(client, wire)
        answered, pending = self.challenged.pop(key, (now, None))
        return None if since(answered, now) > CHALLENGED_WITHIN else pending

    def take(self, client: str, wire: WireView, now: datetime) -> InFlight | None:
        """What is known of a request that comes again; None for one that is new."""
        if not self.answered:
            return None
        answered, pending = self.answered.pop(_key(client, wire), (now, None))
        if pending is None or since(answered, now) > REPEATED_WITHIN:
            return None
        return pending._replace(asked=now)

    def forget(self, now: datetime) -> None:
        """Drop those that have come again by now, or won't."""
        for requests, within in (
            (self.answered, REPEATED_WITHIN),
            (self.challenged, CHALLENGED_WITHIN),
        ):
            while requests and since(next(iter(requests.values()))[0], now) > within:
                requests.popitem(last=False)


def _put(requests: _Requests, key: _Key, pending: InFlight, now: datetime) -> None:
    requests.pop(key, None)
    requests[key] = (now, pending)
    if len(requests) > MAX_REPEATS:
        requests.popitem(last=False)


def _key(client: str, wire: WireView) -> _Key:
    """All that is the same where a request is repeated."""
    cors = wire.cors
    return client, wire.kind, cors.method, cors.url, cors.origin, wire.present


def _key_but_for_who(client: str, wire: WireView) -> _Key:
    """The same where it is repeated with an Authorization, and cookies that the answer has set."""
    return (*_key(client, wire)[:-1], wire.present - {"authorization", "cookie"})
