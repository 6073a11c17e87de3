"""Which rule applies to an exchange?

The first enabled one that matches, and only it. A rule may ask for the answer's status, which is
not known when the request comes, so the question is asked twice: at the request among the rules
that don't ask for a status, and at the response among all. If the rule chosen at the request
answers by itself (see `apply`), it applies, and no server is asked; otherwise the rule chosen at
the response applies.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from corscope.fetch.headers import get
from corscope.messages import Request
from corscope.rules.glob import (
    HostName,
    UrlGlob,
    glob_matches,
    host_matches,
    split_host,
    split_url_glob,
)
from corscope.rules.model import Kind, Match, Rule, Ruleset
from corscope.servers.parts import ORIGIN, REQUEST_METHOD, is_cors_preflight_request

__all__ = ["Subject", "choose_at_request", "choose_at_response", "subject_of"]

FilterMatches = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Subject:
    """What rules are matched against.

    Attributes:
        request: as it was sent.
        kind: whether it is a preflight.
        origin: the Origin header's value; None where there is none.
        method: the fetch's: for a preflight, the one that it asks for.
        host: the URL's host, with its port where the URL names one.
    """

    request: Request
    kind: Kind
    origin: str | None
    method: str
    host: str


def subject_of(request: Request) -> Subject:
    """What a request is to the rules."""
    url = split_url_glob(request.url)
    asked = get(request.headers, REQUEST_METHOD) if is_cors_preflight_request(request) else None
    return Subject(
        request=request,
        kind="actual" if asked is None else "preflight",
        origin=get(request.headers, ORIGIN),
        method=request.method if asked is None else asked,
        host=url.host.rpartition("@")[2] if url else "",
    )


def choose_at_request(
    ruleset: Ruleset, subject: Subject, filter_matches: FilterMatches
) -> Rule | None:
    """The first enabled rule that matches, among those that don't ask for a status."""
    candidates = (rule for rule in _candidates(ruleset, subject) if not rule.match.status)
    return _first_match(candidates, subject, filter_matches)


def choose_at_response(
    ruleset: Ruleset, subject: Subject, status: int, filter_matches: FilterMatches
) -> Rule | None:
    """The first enabled rule that matches, now that the status is known."""
    candidates = (
        rule
        for rule in _candidates(ruleset, subject)
        if not rule.match.status or any(status in statuses for statuses in rule.match.status)
    )
    return _first_match(candidates, subject, filter_matches)


def _candidates(ruleset: Ruleset, subject: Subject) -> Iterator[Rule]:
    for position in ruleset.index.positions(split_host(subject.host).name):
        rule = ruleset.rules[position]
        if rule.enabled:
            yield rule


def _first_match(
    candidates: Iterator[Rule], subject: Subject, filter_matches: FilterMatches
) -> Rule | None:
    host = split_host(subject.host)
    url = split_url_glob(subject.request.url)
    if url is None:
        return None
    for rule in candidates:
        match = rule.match
        if (
            _matches_exchange(match, subject)
            and _matches_place(match, host, url)
            and (not match.filter or any(filter_matches(text) for text in match.filter))
        ):
            return rule
    return None


def _matches_exchange(match: Match, subject: Subject) -> bool:
    if match.kind and subject.kind not in match.kind:
        return False
    if match.method and subject.method not in match.method:
        return False
    if not match.origin:
        return True
    origin = subject.origin
    return origin is not None and any(glob_matches(pattern, origin) for pattern in match.origin)


def _matches_place(match: Match, host: HostName, url: UrlGlob) -> bool:
    if match.host and not any(host_matches(pattern, host, url.scheme) for pattern in match.host):
        return False
    return not match.url or any(glob.matches(url) for glob in match.url)
