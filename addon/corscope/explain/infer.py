"""Which policy does a backend seem to have? Read off the answers that were seen.

A policy can't be seen, only what it made of the requests that came. What follows from all of them
is certain as far as they go; the rest is the likeliest guess, and says so.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Final, Literal

from corscope.explain.counted import counted
from corscope.fetch.headers import contains, get, get_decode_and_split
from corscope.fetch.origin import TupleOrigin, origin_of_url
from corscope.fetch.safelist import is_cors_safelisted_method
from corscope.journal.exchange import Exchange
from corscope.messages import HeaderList, Request, Response
from corscope.servers.dialect import Dialect
from corscope.servers.difference import answered, meaning
from corscope.servers.libraries.origin_function import ERROR, ERROR_STATUS, IGNORE, OTHER_ORIGINS
from corscope.servers.parts import (
    ALLOW_CREDENTIALS,
    ALLOW_HEADERS,
    ALLOW_METHODS,
    ALLOW_ORIGIN,
    EXPOSE_HEADERS,
    MAX_AGE,
)
from corscope.servers.policy import ECHO, WILDCARD, Policy

__all__ = [
    "Inferred",
    "Observation",
    "Resemblance",
    "infer",
    "observed",
    "resembling",
]

_REDIRECTS: Final = 300
_ERRORS: Final = 400
_ENOUGH: Final = 2
"""So many different questions have to be answered alike before an echo is believed."""


@dataclass(frozen=True, slots=True)
class Resemblance:
    """How many answers a dialect with this policy gives as they were seen."""

    dialect: Dialect
    policy: Policy
    alike: int


_ADDED: Final = frozenset({"Accept", "Accept-Language", "Content-Language", "Content-Type"})
"""Safelisted headers that some libraries add to any list, spelt so."""

Listed = str | tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Observation:
    """A request and the server's own answer to it.

    Attributes:
        kind: whether it is a preflight.
        own: the server's own origin, by the request's URL; some servers compare the page's to it.
        origin: the page's.
        method: the fetch's method.
        names: the headers that it asks leave for.
        status: the answer's.
        headers: the answer's.
    """

    kind: Literal["preflight", "actual"]
    own: TupleOrigin
    origin: str
    method: str
    names: tuple[str, ...]
    status: int
    headers: HeaderList

    @property
    def host(self) -> str:
        """The server's host, and its port where that isn't the scheme's default."""
        return self.own.authority

    @property
    def request(self) -> Request:
        """The request as it was sent, as far as CORS goes."""
        url = f"{self.own}/"
        if self.kind == "actual":
            return Request(self.method, url, (("Origin", self.origin),))
        headers: HeaderList = (("Origin", self.origin),)
        headers += (("Access-Control-Request-Method", self.method),)
        if self.names:
            headers += (("Access-Control-Request-Headers", ",".join(self.names)),)
        return Request("OPTIONS", url, headers)


@dataclass(frozen=True, slots=True)
class Inferred:
    """A policy, and for each of its fields a sentence: how sure it is, and why."""

    policy: Policy
    notes: Mapping[str, str]


def observed(exchange: Exchange) -> Observation | None:
    """What an exchange shows of its server; None where no server answered, or its URL is none."""
    by_rule, own = exchange.answered_by == "rule", origin_of_url(exchange.url)
    if own is None or exchange.status is None or by_rule or exchange.mode != "cors":
        return None
    server_headers = exchange.server_headers
    return Observation(
        kind=exchange.kind,
        own=own,
        origin=exchange.origin,
        method=exchange.method,
        names=exchange.request_headers,
        status=exchange.status,
        headers=exchange.headers if server_headers is None else server_headers,
    )


def infer(observations: Sequence[Observation]) -> Inferred:
    """The policy that would have made these answers."""
    allowed = [each for each in observations if _allow_origin(each) is not None]
    preflights = _telling(allowed)
    actual = [each for each in allowed if each.kind == "actual"]
    fields = {
        "allow_origins": _origins(observations, allowed),
        "allow_methods": _asked_for(preflights, ALLOW_METHODS, lambda each: {each.method}),
        "allow_headers": _asked_for(preflights, ALLOW_HEADERS, lambda each: set(each.names)),
        "expose_headers": _exposed(actual),
        "allow_credentials": _credentials(allowed),
        "max_age": _max_age(preflights),
    }
    values: dict[str, Any] = {field: value for field, (value, _) in fields.items()}
    return Inferred(Policy(**values), {field: note for field, (_, note) in fields.items()})


def _telling(allowed: Sequence[Observation]) -> list[Observation]:
    """The preflights whose answers say what is allowed: those that pass.

    Where none does, those that say so all the same, as of servers that refuse by the status.
    """
    preflights = [each for each in allowed if each.kind == "preflight"]
    passing = [each for each in preflights if each.status < _REDIRECTS]
    lists = (ALLOW_METHODS, ALLOW_HEADERS)
    return passing or [o for o in preflights if any(contains(o.headers, name) for name in lists)]


def _allow_origin(each: Observation) -> str | None:
    return get(each.headers, ALLOW_ORIGIN)


def _origins(seen: Sequence[Observation], allowed: Sequence[Observation]) -> tuple[Listed, str]:
    asked = {each.origin for each in seen}
    sent = {_allow_origin(each) or "" for each in allowed}
    if not allowed:
        return (), f"guessed: no origin was allowed, of {counted(len(asked), 'origin')} that asked"
    if sent == {WILDCARD}:
        return WILDCARD, f"certain: the wildcard was sent to {counted(len(asked), 'origin')}"
    if len(sent) == 1 and any(each.origin not in sent for each in allowed):
        return sent.pop(), f"certain: it is sent to {counted(len(asked), 'origin')} alike"
    own = tuple(sorted({each.origin for each in allowed if _allow_origin(each) == each.origin}))
    refused = sorted(asked - set(own))
    if refused:
        return own, f"certain: these were allowed, and {', '.join(refused)} wasn't"
    if len(own) >= _ENOUGH:
        return ECHO, f"guessed: {counted(len(own), 'origin')} asked, and each was allowed"
    return own, "guessed: no other origin asked, so it may be one of many, or anybody"


def _asked_for(
    preflights: Sequence[Observation], name: str, asked: Callable[[Observation], set[str]]
) -> tuple[Listed, str]:
    """A list that preflights are answered with: fixed, or made of what they ask for."""
    answers = [_members(each, name) for each in preflights if asked(each)]
    questions = {frozenset(asked(each)) for each in preflights if asked(each)}
    if not preflights:
        return None, "unknown: no allowed preflight was seen"
    known = [answer for answer in answers if answer is not None]
    if not known:
        return (), "certain: preflights were answered without it" if answers else "guessed: unasked"
    if all(answer == [WILDCARD] for answer in known):
        return WILDCARD, f"certain: sent with {counted(len(known), 'preflight')}"
    if len(questions) >= _ENOUGH and all(
        _lowered(_members(each, name) or ()) == _lowered(asked(each))
        for each in preflights
        if asked(each)
    ):
        return ECHO, f"guessed: {counted(len(questions), 'question')} got just what they asked for"
    union = tuple(dict.fromkeys(member for answer in known for member in answer))
    if all(answer == known[0] for answer in known) and len(questions) >= _ENOUGH:
        return union, f"certain: the same to {counted(len(questions), 'question')}"
    return union, "guessed: all that was answered; there may be more, or it may be an echo"


def _members(each: Observation, name: str) -> list[str] | None:
    split = get_decode_and_split(each.headers, name)
    empty = {"", '""'}  # the latter is what Quart-CORS makes of an empty list
    return None if split is None else [member for member in split if member not in empty]


def _lowered(members: Iterable[str]) -> set[str]:
    return {member.lower() for member in members}


def _exposed(actual: Sequence[Observation]) -> tuple[Listed, str]:
    lists = [tuple(_members(each, EXPOSE_HEADERS) or ()) for each in actual]
    if not lists:
        return None, "unknown: no allowed answer but a preflight's was seen"
    union = tuple(dict.fromkeys(member for members in lists for member in members))
    sure = "certain" if len(set(lists)) == 1 else "guessed: answers differ; all that was exposed"
    if union == (WILDCARD,):
        return WILDCARD, sure
    return union, sure if union else f"{sure}: nothing was exposed"


def _credentials(allowed: Sequence[Observation]) -> tuple[bool | None, str]:
    if not allowed:
        return None, "unknown: nothing was allowed"
    sent = [get(each.headers, ALLOW_CREDENTIALS) == "true" for each in allowed]
    if all(sent) or not any(sent):
        return sent[0], f"certain: in all of {counted(len(sent), 'answer')}"
    return True, f"guessed: {sum(sent)} of {counted(len(sent), 'answer')} had it"


_MOST_DIGITS: Final = 11
"""As many as make more than any browser counts."""


def _max_age(preflights: Sequence[Observation]) -> tuple[int | None, str]:
    ages = {get(each.headers, MAX_AGE) for each in preflights}
    numbers = {
        int(age.lstrip("0")[:_MOST_DIGITS] or "0")
        for age in ages
        if age is not None and age.isascii() and age.isdigit()
    }
    if not preflights:
        return None, "unknown: no allowed preflight was seen"
    if not numbers:
        return None, "certain: preflights were answered without it"
    sure = "certain" if len(ages) == 1 else "guessed: answers differ; the longest"
    return max(numbers), sure


def resembling(
    inferred: Policy, observations: Sequence[Observation], dialects: Iterable[Dialect]
) -> list[Resemblance]:
    """How many of the answers each dialect would have given too, the best one first.

    What looks like an echo may also be the way in which a server answers from a list; each dialect
    has the policy with which it comes nearest.
    """
    policies = list(_readings(inferred, observations))
    if inferred.expose_headers == ():  # some servers send an empty list, if they are given one
        policies += [replace(each, expose_headers=None) for each in policies]
    seen = Counter(observations)  # apps ask the same again and again
    found = []
    for dialect in dialects:
        scores = [
            Resemblance(
                dialect, policy, sum(n for o, n in seen.items() if _is_like(dialect, policy, o))
            )
            for policy in _with_settings(policies, dialect, observations)
            if not dialect.complaints(policy)
        ]
        if scores:
            found.append(max(scores, key=lambda each: each.alike))
    return sorted(found, key=lambda each: (-each.alike, _is_by_function(each.policy)))


def _is_by_function(policy: Policy) -> bool:
    """Whether it takes a function to answer so, where a server that always does is likelier."""
    return OTHER_ORIGINS.name in dict(policy.settings)


def _readings(inferred: Policy, observations: Sequence[Observation]) -> Iterator[Policy]:
    """The policy as inferred, with lists in the place of echoes, without what libraries add."""
    preflights = [o for o in observations if o.kind == "preflight" and _allow_origin(o)]
    seen = {
        "allow_origins": [o.origin for o in observations if _allow_origin(o) == o.origin],
        "allow_methods": [o.method for o in preflights if _members(o, ALLOW_METHODS)],
        "allow_headers": [n for o in preflights for n in _members(o, ALLOW_HEADERS) or ()],
    }
    echoes = [field for field in seen if getattr(inferred, field) == ECHO]
    for count in range(len(echoes) + 1):
        for fields in combinations(echoes, count):
            lists: dict[str, Any] = {field: tuple(dict.fromkeys(seen[field])) for field in fields}
            reading = replace(inferred, **lists)
            yield reading
            yield from _with_methods_that_go_unsaid(reading, preflights)
    if _are_as_asked(inferred.allow_headers, preflights):
        yield replace(inferred, allow_headers=ECHO)
    headers = inferred.allow_headers
    if isinstance(headers, tuple) and set(headers) >= _ADDED:
        yield replace(inferred, allow_headers=tuple(h for h in headers if h not in _ADDED))


def _with_methods_that_go_unsaid(
    reading: Policy, preflights: Sequence[Observation]
) -> Iterator[Policy]:
    """The policy with the safelisted methods that were let in, which some servers don't list."""
    listed = reading.allow_methods
    let_in = [o.method for o in preflights if o.status < _REDIRECTS]
    if isinstance(listed, tuple):
        safe = (method for method in let_in if is_cors_safelisted_method(method))
        methods = tuple(dict.fromkeys((*listed, *safe)))
        if methods != listed:
            yield replace(reading, allow_methods=methods)


def _are_as_asked(headers: Listed, preflights: Sequence[Observation]) -> bool:
    """Whether headers that are taken for a list may be an echo that was asked for but once."""
    asked = {name for each in preflights for name in each.names}
    return isinstance(headers, tuple) and bool(headers) and _lowered(headers) == _lowered(asked)


def _with_settings(
    policies: Iterable[Policy], dialect: Dialect, observations: Sequence[Observation]
) -> Iterator[Policy]:
    """Each policy with the dialect's own settings as they are by default, and as others do it."""
    others = [dialect.handed_off] if dialect.handed_off else []
    if any(setting.name == OTHER_ORIGINS.name for setting in dialect.settings):
        others += _refusals(observations)
    for policy in policies:
        yield policy
        yield from (replace(policy, settings=settings) for settings in others)


def _refusals(observations: Sequence[Observation]) -> Iterator[tuple[tuple[str, str | int], ...]]:
    """How a function for the origin may have refused, where some origins were."""
    refused = [each.status for each in observations if _allow_origin(each) is None]
    for status in sorted({each for each in refused if each >= _ERRORS}):
        given = () if status == ERROR_STATUS.default else ((ERROR_STATUS.name, status),)
        yield ((OTHER_ORIGINS.name, ERROR), *given)
    if refused:
        yield ((OTHER_ORIGINS.name, IGNORE),)


def _is_like(dialect: Dialect, policy: Policy, each: Observation) -> bool:
    application = Response(each.status, (("content-type", "text/plain"),))
    made = answered(dialect, policy, each.request, application)
    return made.meaning == meaning(each.status, each.headers)
