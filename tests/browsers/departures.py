"""Which case shows that an engine leaves the standard? One that would go otherwise if it didn't."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from unittest import mock

from corscope.fetch.check import CredentialsMode
from corscope.fetch.engines import DEPARTURES, Departure, Engine
from corscope.fetch.exposed import cors_filtered_headers
from corscope.fetch.verdict import judge
from tests.browsers import predict
from tests.browsers.case import Case
from tests.browsers.cases import CASES
from tests.support.origin_server import Answer

__all__ = ["ELSEWHERE", "shown_by", "without"]

_CACHE = "test_preflight_cache.py"
_EMBEDDED = "test_embedded.py"

ELSEWHERE = {
    Departure.USER_AGENT_SAFELISTED: "test_departures.py",
    Departure.MAX_AGE_IS_AN_INTEGER: _CACHE,
    Departure.OTHER_MAX_AGE_NOT_CACHED: _CACHE,
    Departure.MAX_AGE_LIMITED: "none: it would take hours",
    Departure.UNCACHED_ANSWER_CHANGES_NOTHING: _CACHE,
    Departure.ONE_CACHED_ANSWER: _CACHE,
    Departure.REFUSAL_CACHED: _CACHE,
    Departure.CREDENTIALS_CACHED_APART: _CACHE,
    Departure.CACHED_WILDCARD_NOT_REUSED: _CACHE,
    Departure.CACHED_WILDCARD_COVERS_AUTHORIZATION: _CACHE,
    Departure.CACHED_WILDCARD_OF_CREDENTIALS_REUSED: _CACHE,
    Departure.FAILURE_KEEPS_CACHE: _CACHE,
    Departure.SIMPLE_FAILURE_CLEARS_CACHE: _CACHE,
    Departure.UPGRADED_AS_BEGUN: _EMBEDDED,
    Departure.LOCATION_UPGRADED: "test_upgraded.py",
    Departure.ALL_UPGRADED: "test_upgraded.py",
    Departure.IP_ADDRESSES_UPGRADED: _EMBEDDED,
    Departure.IPV6_UPGRADED: _EMBEDDED,
    Departure.TRACK_IS_NO_MIXED_CONTENT: _EMBEDDED,
    Departure.CREDENTIALLESS_UNKNOWN: "test_embedder_policy.py",
    Departure.UNKNOWN_RESOURCE_POLICY_TAKEN: "test_embedder_policy.py",
    Departure.DOCUMENTS_ISOLATED: "test_embedder_policy.py",
    Departure.COPIES_KEPT_APART: "test_copies.py",
    Departure.REFUSED_NOT_KEPT: "test_copies.py",
    Departure.PROXY_STATUS_REFUSED: "test_not_cors.py",
    Departure.CARRIAGE_RETURN_ENDS_LINE: "test_not_cors.py",
    Departure.CONTROLS_REFUSED: "test_not_cors.py",
    Departure.NEWLINES_TAKEN: "test_not_cors.py",
    Departure.HSTS_IS_A_REDIRECT: "test_hsts.py",
    Departure.REPORTS_CHECKED_APART: "test_reporting.py",
}
"""What a single fetch can't show, by the test in real browsers that does."""


@cache
def shown_by(departure: Departure, engine: Engine) -> str | None:
    """Name the first hand-picked case that goes otherwise by the standard, or a test elsewhere."""
    if departure in ELSEWHERE:
        return ELSEWHERE[departure]
    for case in CASES:
        told = _foretold(case, engine)
        with without(departure):
            if _foretold(case, engine) != told:
                return case.id
    return None


@contextmanager
def without(departure: Departure) -> Iterator[None]:
    """No engine leaves the standard at this point, for as long as this lasts."""
    following = replace(DEPARTURES[departure], engines=frozenset())
    with mock.patch.dict(DEPARTURES, {departure: following}):
        yield


def _foretold(case: Case, engine: Engine) -> tuple[object, ...]:
    """What the browser is to send, what is refused and how that is named, what script may read."""
    with mock.patch.object(predict, "judge", side_effect=judge) as judged:
        course = predict.predicted(case, engine)
        calls = [judge(*call.args, **call.kwargs) for call in judged.call_args_list]
    mode = CredentialsMode(str(case.init.get("credentials", "same-origin")))
    exposed = [
        cors_filtered_headers(tuple(answer.headers), mode, engine)
        for answer in (case.actual, *(hop.actual for hop in case.then))
        if isinstance(answer, Answer)
    ]
    return course, calls, exposed
