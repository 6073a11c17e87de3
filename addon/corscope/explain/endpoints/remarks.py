"""What is to be remarked on all of an endpoint's answers together?

The findings of its exchanges, each once, and what only several exchanges show. They are about the
server: where a rule has made up or changed an answer, only what the server itself sent counts.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from corscope.explain.articles.article import TogetherId
from corscope.explain.infer import Observation, observed
from corscope.explain.parts.findings import finding_text
from corscope.fetch.headers import get
from corscope.fetch.origin import parse_serialized_origin
from corscope.journal.caches.cached import FindingId as CacheFindingId
from corscope.journal.caches.caching import varies_by_origin
from corscope.journal.exchange import Exchange, Finding
from corscope.journal.remarks.findings import MAY, FindingId
from corscope.journal.senders.sites import are_surely_cross_site

__all__ = ["EndpointRemark", "remarks_on"]

_ALLOW_ORIGIN: Final = "Access-Control-Allow-Origin"
_ALLOW_CREDENTIALS: Final = "Access-Control-Allow-Credentials"
_OF_ONE_REQUEST: Final = frozenset(map(str, CacheFindingId))


@dataclass(frozen=True, slots=True)
class EndpointRemark:
    """A remark.

    Attributes:
        id: that of the finding, or of a remark on several exchanges.
        text: it in words, values from the wire escaped.
        count: how many exchanges show it, alone or together.
    """

    id: str
    text: str
    count: int


def remarks_on(exchanges: Sequence[Exchange]) -> tuple[EndpointRemark, ...]:
    """The remarks on an endpoint, those that most of its exchanges show first."""
    found = list(_of_exchanges(exchanges))
    known = {remark.id for remark in found}
    answers = [each for each in map(observed, exchanges) if each is not None]
    for check in _CHECKS:
        remark = check(answers)
        if remark is not None and remark.id not in known:
            found.append(remark)
    return tuple(sorted(found, key=lambda remark: -remark.count))


def _of_exchanges(exchanges: Iterable[Exchange]) -> Iterable[EndpointRemark]:
    """The findings, of each kind the latest that is certain."""
    counts: Counter[str] = Counter()
    latest: dict[str, Finding] = {}
    for exchange in exchanges:
        for finding in exchange.findings:
            counts[finding.id] += 1
            if finding.id not in latest or finding.detail != MAY:
                latest[finding.id] = finding
    for id_, finding in latest.items():
        text = finding_text(finding)
        if text is not None and id_ not in _OF_ONE_REQUEST:
            yield EndpointRemark(id_, text, counts[id_])


# What several exchanges show

_Check = Callable[[Sequence[Observation]], EndpointRemark | None]


def _errors_without(answers: Sequence[Observation]) -> EndpointRemark | None:
    """Only the answers that go well have the headers, so that script can't see what went wrong."""
    actual = _actual(answers)
    fine = {each.origin for each in actual if each.status < 400 and _allows(each)}
    errors = [
        each
        for each in actual
        if each.status >= 400 and each.origin in fine and get(each.headers, _ALLOW_ORIGIN) is None
    ]
    if not errors:
        return None
    statuses = ", ".join(map(str, sorted({each.status for each in errors})))
    return _remark(TogetherId.ERRORS_WITHOUT_CORS_HEADERS, statuses, len(errors))


def _vary_missing(answers: Sequence[Observation]) -> EndpointRemark | None:
    """Several origins get their own, and the answers don't say that they differ by it."""
    reflected = [each for each in _actual(answers) if _reflects(each) and each.method == "GET"]
    origins = sorted({each.origin for each in reflected})
    without = [each for each in reflected if not varies_by_origin(each.headers)]
    if len(origins) < 2 or not without:
        return None
    return _remark(FindingId.VARY_ORIGIN_MISSING, origins[0], len(without))


def _any_with_credentials(answers: Sequence[Observation]) -> EndpointRemark | None:
    """Origins of unrelated sites are all let in with credentials, and none is refused."""
    actual = [each for each in _actual(answers) if each.status < 400]
    if not actual or not all(map(_reflects, actual)):
        return None
    let_in = [each for each in actual if get(each.headers, _ALLOW_CREDENTIALS) == "true"]
    origins = sorted({each.origin for each in let_in})
    first = parse_serialized_origin(origins[0]) if origins else None
    for other in origins[1:]:
        if are_surely_cross_site(first, parse_serialized_origin(other)):
            return _remark(FindingId.ANY_ORIGIN_WITH_CREDENTIALS, other, len(let_in))
    return None


def _only_on_preflights(answers: Sequence[Observation]) -> EndpointRemark | None:
    """What preflights from an origin are answered with, no other answer to it has."""
    origins = {each.origin for each in answers}
    missing: Counter[str] = Counter()
    for origin in origins:
        here = [each for each in answers if each.origin == origin and each.status < 400]
        preflights = [each for each in here if each.kind == "preflight"]
        actual = _actual(here)
        for name in (_ALLOW_ORIGIN, _ALLOW_CREDENTIALS):
            always = bool(preflights) and all(get(p.headers, name) for p in preflights)
            never = bool(actual) and not any(get(a.headers, name) for a in actual)
            missing[name] += len(actual) if always and never else 0
    names = [name for name, count in missing.items() if count]
    if not names:
        return None
    count = max(missing.values())
    return _remark(FindingId.PREFLIGHT_AND_ACTUAL_DISAGREE, ", ".join(names), count)


_CHECKS: Final[tuple[_Check, ...]] = (
    _errors_without,
    _only_on_preflights,
    _any_with_credentials,
    _vary_missing,
)


def _remark(id_: str, detail: str, count: int) -> EndpointRemark | None:
    text = finding_text(Finding(id_, detail))
    return None if text is None else EndpointRemark(id_, text, count)


def _actual(answers: Iterable[Observation]) -> list[Observation]:
    return [each for each in answers if each.kind == "actual" and each.status != 304]


def _allows(each: Observation) -> bool:
    return get(each.headers, _ALLOW_ORIGIN) in {each.origin, "*"}


def _reflects(each: Observation) -> bool:
    return get(each.headers, _ALLOW_ORIGIN) == each.origin
