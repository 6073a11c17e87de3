"""Why did a request come without a preflight? What the browsers' preflight caches must hold.

Each client's cache is rebuilt from the answers that passed by, in its engine's way; not as they
pass, but once it is asked for: most requests have a preflight of their own. Where the credentials
mode doesn't show there are two accounts of it, one for each mode that it may have been.

The caches' partition by top-level site doesn't show at all. All requests are taken for those of one
site; what a preflight drops there is looked at last, since it may be of another.
"""

from collections import OrderedDict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from corscope.fetch.cache import (
    MAX_ENTRIES,
    CacheEntry,
    PreflightCache,
    clear_after_failure,
    clear_cache_entries,
    covering_entries,
    drop_insufficient,
    is_stored,
    store,
)
from corscope.fetch.check import CredentialsMode
from corscope.fetch.engines import Departure, Engine, departs
from corscope.fetch.origin import OPAQUE_SERIALIZED
from corscope.fetch.preflight import CorsRequest
from corscope.fetch.reasons import Failure, Reason
from corscope.fetch.safelist import is_cors_safelisted_method
from corscope.journal.alike import memo
from corscope.journal.alike.memo import Shelf
from corscope.journal.caches.stale import Answer, changed_since, whole_seconds
from corscope.journal.caches.told import Backlog, Place, Told
from corscope.journal.exchange import Finding, Verdicts
from corscope.journal.links.waits import MOST_CHARACTERS
from corscope.journal.wire import Credentials, WireView
from corscope.messages import HeaderList

__all__ = [
    "OF_A_RECORDING",
    "UNCOVERED",
    "Caches",
    "Covered",
    "FindingId",
    "is_doubtful",
    "is_simple",
]


class FindingId(StrEnum):
    """Remarks on a request that came without a preflight of its own."""

    PREFLIGHT_CACHED = "preflight-cached"
    STALE_PREFLIGHT = "stale-preflight"
    PREFLIGHT_NOT_SEEN = "preflight-not-seen"


GRACE: Final = 1.0
"""Seconds by which the proxy may be late: an answer reaches the browser after it passed here, and a
request passes here after the browser looked into its cache."""

MAX_CLIENTS: Final = 50
MAX_PLACES: Final = 2_000
MAX_PER_PLACE: Final = 16

_BEFORE_LIVE: Final = ("cached before corscope started",)
OF_A_RECORDING: Final = ("cached before the recording began", "left out of the recording")
"""Why a preflight may be missing in what was recorded elsewhere; Playwright's HARs have none."""
_LEFT_TO_WEBKIT: Final = "left to WebKit by a service worker that saw the request"
"""It sends none for what a service worker has got and not answered."""

_MODES: Final = (CredentialsMode.OMIT, CredentialsMode.INCLUDE)
_CONDITIONS: Final = {
    CredentialsMode.OMIT: ", if its credentials mode isn't include",
    CredentialsMode.INCLUDE: ", if its credentials mode is include",
}

_DOUBTFUL: Final = frozenset({"cache-control", "last-event-id", "pragma"})
"""Headers that a browser sets too, without leave; whose an Authorization is, `wire` tells."""

_HERE: Final = ""
_ELSEWHERE: Final = "elsewhere"
"""Two partitions: one for all sites' pages, and one for what was dropped from it."""

_IF_ELSEWHERE: Final = ", if it is kept apart from a later one, as for another site's pages"

Accounts = dict[CredentialsMode, PreflightCache]
"""A client's cache, by what is taken for the credentials mode wherever it didn't show."""


class Covered(NamedTuple):
    """What the cache says of a request without a preflight of its own.

    Attributes:
        preflight: the id of the preflight whose answer let it go; None where no cache explains it.
        findings: what there is to remark.
        has_authorization: whether the cache has leave for an Authorization too.
    """

    preflight: str | None
    findings: tuple[Finding, ...]
    has_authorization: bool = True


UNCOVERED: Final = Covered(None, ())


@dataclass(slots=True)
class Caches:
    """Every client's cache, and the latest answers at each place whoever asked; all bounded.

    They are as of when account was last taken of what was `told`. `unseen` says why a preflight may
    have been sent all the same, where none was seen.
    """

    clients: "OrderedDict[tuple[str, Engine], Accounts]" = field(default_factory=OrderedDict)
    answers: "Shelf[Place, deque[Answer]]" = field(
        default_factory=lambda: Shelf(MAX_PLACES, MOST_CHARACTERS)
    )
    told: Backlog = field(default_factory=Backlog)
    unseen: tuple[str, ...] = _BEFORE_LIVE

    def asked(self, client: str, wire: WireView, length: int) -> None:
        """Take note of a preflight as it is sent: what was cached didn't suffice.

        It has about so many characters.
        """
        self._tell(_place(wire.cors), Told(self._asked, (client, wire)), length)

    def answered(
        self,
        client: str,
        wire: WireView,
        id_: str,
        headers: HeaderList,
        verdicts: Verdicts,
        now: datetime,
        length: int,
    ) -> None:
        """Take note of a preflight's answer; no headers where none came.

        The two have about so many characters.
        """
        place = _place(wire.cors)
        told = Told(self._answered, (client, wire, headers, verdicts, length), (id_, now))
        if self._is_answered_again(self.told.places.get(place, []), told):
            self.told.keep_latest(place, 3)
        self._tell(place, told, length)

    def followed(
        self, client: str, engine: Engine, answer: Answer, credentials: Credentials
    ) -> None:
        """Take note of what the actual request tells of its preflight's credentials mode."""
        place = _place(answer.asked)
        told = Told(self._followed, (client, engine, answer, credentials))
        if self._is_followed_again(self.told.places.get(place, []), told):
            self.told.keep_latest(place, 5)
        self._tell(place, told, answer.length)

    def refused(
        self,
        client: str,
        wire: WireView,
        credentials: Credentials,
        verdicts: Verdicts,
        length: int,
    ) -> None:
        """Take note of the end of an actual request that was refused, where that clears the cache.

        The exchange has about so many characters.
        """
        told = Told(self._refused, (client, wire, credentials, verdicts))
        self._tell(_place(wire.cors), told, length)

    def _tell(self, place: Place, told: Told, length: int) -> None:
        self.told.add(place, told)
        if length > memo.MOST_CHARACTERS:  # what is long isn't kept without need
            self.told.take_account(place)

    def _is_answered_again(self, before: Sequence[Told], answered: Told) -> bool:
        """Whether all that was told is that the same was answered to the same preflight twice.

        What such an answer has set, the next sets anew, and the next but one what it drops
        elsewhere.
        """
        turn = [self._asked, self._answered]
        if len(before) != 5 or [told.account for told in before] != [*turn, *turn, self._asked]:
            return False
        asked, first, again, second, latest = [told.what for told in before]
        return first == second == answered.what and asked == again == latest

    def _is_followed_again(self, before: Sequence[Told], followed: Told) -> bool:
        """The same of a preflight and what followed it.

        Not before it is followed: what the first one's mode let be set, the answer alone leaves.
        """
        turn = [self._asked, self._answered, self._followed]
        if len(before) != 8 or [told.account for told in before] != [*turn, *turn, *turn[:2]]:
            return False
        asked, first, earlier, again, second, later, latest, answered = before
        mode = _mode_told(earlier, first)
        return (
            mode is not None
            and mode == _mode_told(later, second) == _mode_told(followed, answered)
            and first.what == second.what == answered.what
            and asked.what == again.what == latest.what
        )

    def _asked(self, client: str, wire: WireView) -> None:
        for cache in self._accounts(client, wire.engine).values():
            _put_elsewhere(cache, wire.cors)
            drop_insufficient(cache, _HERE, wire.cors)

    def _answered(
        self,
        client: str,
        wire: WireView,
        headers: HeaderList,
        verdicts: Verdicts,
        length: int,
        id_: str,
        now: datetime,
    ) -> None:
        moment = now.timestamp()
        for taken, cache in self._accounts(client, wire.engine).items():
            mode = _mode(wire.credentials, taken)
            failure = _failure(verdicts, mode)
            if is_stored(failure, wire.engine):
                store(cache, _HERE, wire.cors, mode, headers, now=moment, by=id_)
            if failure is not None:
                clear_after_failure(cache, _HERE, wire.cors)
        passed = _failure(verdicts, CredentialsMode.OMIT) is None
        place = _place(wire.cors)
        here, before = self.answers.items.get(place) or (deque(maxlen=MAX_PER_PLACE), 0)
        if len(here) == MAX_PER_PLACE:
            before -= here[0].length
        here.append(Answer(id_, moment, wire.cors, headers, passed, length))
        self.answers.put(place, here, before + length)

    def _followed(
        self, client: str, engine: Engine, answer: Answer, credentials: Credentials
    ) -> None:
        mode = _mode(credentials, CredentialsMode.OMIT)
        cache = self._accounts(client, engine)[_other(mode)]
        place = (_HERE, answer.asked.origin, answer.asked.url)
        entries = cache.entries.get(place, {})
        if any(entry.stored > answer.time for entry in entries.values()):
            return
        others = {key: entry for key, entry in entries.items() if entry.by != answer.id}
        cache.entries[place] = others
        store(cache, _HERE, answer.asked, mode, answer.headers, now=answer.time, by=answer.id)

    def _refused(
        self, client: str, wire: WireView, credentials: Credentials, verdicts: Verdicts
    ) -> None:
        for taken, cache in self.clients.get((client, wire.engine), {}).items():
            failure = _failure(verdicts, _mode(credentials, taken)) if cache.entries else None
            if failure is not None and failure.reason is not Reason.CLIENT_GONE:
                clear_cache_entries(cache, _HERE, wire.cors)

    def knows(self, place: Place) -> bool:
        """Whether there was any preflight at this place."""
        return place in self.told.places or place in self.answers.items

    def explain(
        self, client: str, wire: WireView, now: datetime, *, elsewhere: bool = True
    ) -> Covered:
        """Say what let an actual request go that has no preflight of its own.

        Where only an Authorization or the like may have needed leave, it may also be the browser's
        own.

        Args:
            client: what tells one browser from another.
            wire: what the request shows.
            now: when it came.
            elsewhere: whether what was dropped may explain it, as that of another site's pages.
        """
        if is_simple(wire) and not is_doubtful(wire):
            return UNCOVERED
        if wire.cors.origin == OPAQUE_SERIALIZED:  # which may hide the one that was asked for
            self.told.take_account_of_all()
        self.told.take_account(_place(wire.cors))
        partitions = (_HERE, _ELSEWHERE) if elsewhere else (_HERE,)
        if not is_cors_safelisted_method(wire.cors.method) or wire.cors.unsafe_names:
            return self._explain(client, wire, now, partitions) or self._unexplained(wire.engine)
        names = self._perhaps_scripts(wire)
        if not names:
            return UNCOVERED
        by_script = wire._replace(cors=wire.cors._replace(unsafe_names=names))
        condition = f", if script set its {' and '.join(map(_spelled, names))}"
        return self._explain(client, by_script, now, partitions, condition) or UNCOVERED

    def _unexplained(self, engine: Engine) -> Covered:
        left = (_LEFT_TO_WEBKIT,) if engine is Engine.WEBKIT else ()
        causes = ", ".join((*self.unseen, *left))
        detail = f"no preflight was seen for it: {causes}, or not a browser"
        return Covered(None, (Finding(FindingId.PREFLIGHT_NOT_SEEN, detail),))

    def _perhaps_scripts(self, wire: WireView) -> tuple[str, ...]:
        """The headers that script may have set, of those that browsers set too.

        Most of them it has rather not set, but where a preflight here has announced the same: a
        fetch that goes past the cache has both Cache-Control and Pragma.
        """
        here = self.answers.get(_place(wire.cors)) or ()
        doubtful = wire.present & _DOUBTFUL
        if not any(doubtful == _DOUBTFUL.intersection(each.asked.unsafe_names) for each in here):
            doubtful = frozenset()
        return tuple(sorted(doubtful | wire.present & {"authorization"}))

    def _explain(
        self,
        client: str,
        wire: WireView,
        now: datetime,
        partitions: Sequence[str],
        condition: str = "",
    ) -> Covered | None:
        accounts = self._accounts(client, wire.engine)
        for partition in partitions:
            found = _found(accounts, partition, wire, now)
            if found:
                condition += _IF_ELSEWHERE if partition == _ELSEWHERE else ""
                covered = self._covered(wire, found, now, condition)
                unsure = _with_authorization(wire)
                has = unsure is None or bool(_found(accounts, partition, unsure, now))
                return covered._replace(has_authorization=has)
        return None

    def _covered(
        self,
        wire: WireView,
        found: Mapping[CredentialsMode, tuple[CacheEntry, ...]],
        now: datetime,
        condition: str,
    ) -> Covered:
        taken, entries = next(iter(found.items()))
        if len(found) == 1 and wire.credentials == "unknown":
            condition += _CONDITIONS[taken]
        newest = max(entries, key=lambda entry: entry.stored)
        cached = Finding(FindingId.PREFLIGHT_CACHED, _told(entries, now) + condition)
        here = self.answers.get(_place(wire.cors)) or ()
        changed = changed_since(newest, here, wire, _mode(wire.credentials, taken), now)
        stale = () if changed is None else (Finding(FindingId.STALE_PREFLIGHT, changed),)
        return Covered(newest.by, (*stale, cached))

    def _accounts(self, client: str, engine: Engine) -> Accounts:
        key = (client, engine)
        accounts = self.clients.pop(key, None)
        if accounts is None:
            accounts = {mode: PreflightCache(engine) for mode in _MODES}
        self.clients[key] = accounts  # the clients seen last stand last
        if len(self.clients) > MAX_CLIENTS:
            self.clients.popitem(last=False)
        return accounts


def _place(asked: CorsRequest) -> Place:
    return asked.origin, asked.url


def is_simple(wire: WireView) -> bool:
    """Whether nothing about an actual request can have needed leave."""
    if wire.cors.unsafe_names or "authorization" in wire.present:
        return False
    return is_cors_safelisted_method(wire.cors.method)


def is_doubtful(wire: WireView) -> bool:
    """Whether an actual request has headers of which it doesn't show if script has set them."""
    return not _DOUBTFUL.isdisjoint(wire.present)


def _spelled(name: str) -> str:
    """As most write it."""
    return "-".join(word.capitalize() for word in name.split("-"))


def _mode(credentials: Credentials, taken: CredentialsMode) -> CredentialsMode:
    if credentials == "unknown":
        return taken
    return CredentialsMode.INCLUDE if credentials == "include" else CredentialsMode.OMIT


def _other(mode: CredentialsMode) -> CredentialsMode:
    is_include = mode is CredentialsMode.INCLUDE
    return CredentialsMode.OMIT if is_include else CredentialsMode.INCLUDE


def _failure(verdicts: Verdicts, mode: CredentialsMode) -> Failure | None:
    seen = verdicts.include if mode is CredentialsMode.INCLUDE else verdicts.omit
    return None if seen.reason is None else Failure(seen.reason, seen.detail)


def _put_elsewhere(cache: PreflightCache, asked: CorsRequest) -> None:
    """What a preflight drops may be of another site's pages, which still go by it."""
    dropped = cache.entries.get((_HERE, asked.origin, asked.url))
    if not dropped or not departs(cache.engine, Departure.ONE_CACHED_ANSWER):
        return
    kept = cache.entries.setdefault((_ELSEWHERE, asked.origin, asked.url), {})
    kept.update(dropped)
    while len(kept) > MAX_ENTRIES:
        del kept[next(iter(kept))]


def _found(
    accounts: Accounts, partition: str, wire: WireView, now: datetime
) -> dict[CredentialsMode, tuple[CacheEntry, ...]]:
    """The entries that let the request go, by what is taken for its mode where that didn't show."""
    return {
        taken: entries
        for taken, cache in accounts.items()
        if (entries := _covering(cache, partition, wire, _mode(wire.credentials, taken), now))
    }


def _with_authorization(wire: WireView) -> WireView | None:
    """The same request if script has set the Authorization; None where that isn't the question."""
    names = wire.cors.unsafe_names
    if "authorization" not in wire.present or "authorization" in names:
        return None
    return wire._replace(cors=wire.cors._replace(unsafe_names=(*names, "authorization")))


def _covering(
    cache: PreflightCache, partition: str, wire: WireView, mode: CredentialsMode, now: datetime
) -> tuple[CacheEntry, ...]:
    """The entries that let the request go; those that have just run out are still good."""
    for asked in _ways_to_ask(cache, wire):
        for moment in (now.timestamp(), now.timestamp() - GRACE):
            entries = covering_entries(cache, partition, asked, mode, now=moment) or ()
            if entries and all(entry.expires > entry.stored for entry in entries):
                return entries
    return ()


def _ways_to_ask(cache: PreflightCache, wire: WireView) -> list[CorsRequest]:
    """Once redirects have tainted the origin, Firefox still asks for the page's, which it hides."""
    asked = wire.cors
    if asked.origin != OPAQUE_SERIALIZED or not departs(
        wire.engine, Departure.PREFLIGHT_KEEPS_ORIGIN
    ):
        return [asked]
    origins = [origin for _, origin, url in cache.entries if url == asked.url]
    return [asked._replace(origin=origin) for origin in origins]


def _told(entries: tuple[CacheEntry, ...], now: datetime) -> str:
    moment = now.timestamp()
    ages = sorted({round(moment - entry.stored) for entry in entries})
    left = min(entry.expires for entry in entries) - moment
    good = f"good for {whole_seconds(left)} more" if left > 0 else "which has just run out"
    return f"answered by the OPTIONS of {' and '.join(f'{age} s' for age in ages)} ago, {good}"


def _mode_told(followed: Told, answered: Told) -> object:
    """The credentials mode that was told of just this preflight; None if it is another's."""
    answer, credentials = followed.what[2:]
    return credentials if isinstance(answer, Answer) and answer.id == answered.when[0] else None
