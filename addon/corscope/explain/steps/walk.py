"""By which steps of the standard does an exchange come to its verdict?

One walk is for one credentials mode and one engine. Its questions, in that engine's order, are in
`check`, `preflight` and `redirect`; where it ends, the verdict says.
"""

from collections.abc import Iterator
from typing import Final

from corscope.explain.escape import escaped
from corscope.explain.steps.check import check_questions
from corscope.explain.steps.preflight import preflight_questions
from corscope.explain.steps.redirect import (
    count,
    leads_on,
    location_first,
    mixed_content,
    redirect_questions,
)
from corscope.explain.steps.step import Question, Result, Step, Walk, decided
from corscope.fetch.check import CredentialsMode
from corscope.fetch.engines import Departure, Engine, departs
from corscope.fetch.exposed import cors_exposed_header_name_list
from corscope.fetch.headers import FAILURE, extract_header_list_values, get
from corscope.fetch.origin import TupleOrigin, parse_serialized_origin
from corscope.fetch.reasons import Reason
from corscope.fetch.reports import REPORT
from corscope.fetch.resource_policy import resource_policy_failure
from corscope.journal.exchange import Exchange
from corscope.messages import Response

__all__ = ["Result", "Step", "steps"]

_NETWORK: Final = "https://fetch.spec.whatwg.org/#http-network-fetch"
_CACHE: Final = "https://fetch.spec.whatwg.org/#concept-http-network-or-cache-fetch"
_MAIN: Final = "https://fetch.spec.whatwg.org/#concept-main-fetch"
_POLICY: Final = "https://fetch.spec.whatwg.org/#cross-origin-resource-policy-internal-check"
_FILTERED: Final = "https://fetch.spec.whatwg.org/#concept-filtered-response-cors"

_REPORTS: Final = "https://www.w3.org/TR/reporting-1/#try-delivery"

_APART: Final = Departure.REPORTS_CHECKED_APART
_UNREPORTED: Final = frozenset(
    {
        Reason.ALLOW_ORIGIN_MISSING,
        Reason.ALLOW_ORIGIN_LIST,
        Reason.ALLOW_ORIGIN_INVALID,
        Reason.ALLOW_ORIGIN_MISMATCH,
        Reason.ALLOW_ORIGIN_REPEATED,
        Reason.HEADER_NOT_ALLOWED,
        Reason.PREFLIGHT_REDIRECT,
        Reason.PREFLIGHT_STATUS,
    }
)

_EXPOSE: Final = "Access-Control-Expose-Headers"
_CORP: Final = "Cross-Origin-Resource-Policy"

_MODES: Final = {
    "cors": "the answer has to pass the CORS check",
    "no-cors": "no leave is needed, and the answer stays opaque",
}


def steps(exchange: Exchange, mode: CredentialsMode, engine: Engine) -> tuple[Step, ...]:
    """Walk the standard's steps for one exchange.

    A step fails only where this engine blocks in this mode, and then it is the last one that isn't
    skipped.

    Args:
        exchange: the exchange.
        mode: the credentials mode.
        engine: whose order and departures apply: one of the three, or the exchange's own.
    """
    walk = Walk(exchange, mode, engine)
    return tuple(decided(_questions(walk), walk))


def _questions(walk: Walk) -> Iterator[Question]:
    exchange = walk.exchange
    yield _answered(walk)
    if exchange.status is None and walk.judgement.reason is None:
        return
    if exchange.scene.destination == REPORT and departs(walk.engine, _APART):
        yield from _proxy_status(walk)
        yield _delivered(walk)
        yield from _onward(walk)
        return
    if exchange.kind == "preflight":
        yield from _proxy_status(walk)
        yield from preflight_questions(walk)
        return
    yield _mode(exchange)
    if exchange.mode not in _MODES:
        return
    yield from _proxy_status(walk)
    yield from _revalidation(exchange)
    yield from _of_cors(walk) if exchange.mode == "cors" else _of_no_cors(walk)


def _of_cors(walk: Walk) -> Iterator[Question]:
    yield from location_first(walk)
    yield from check_questions(walk)
    yield from redirect_questions(walk)
    yield from _onward(walk)
    if not leads_on(walk):
        yield _exposed(walk)


def _of_no_cors(walk: Walk) -> Iterator[Question]:
    yield from location_first(walk)
    yield from redirect_questions(walk)
    yield _resource_policy(walk)
    yield from _onward(walk)


def _onward(walk: Walk) -> Iterator[Question]:
    """What is asked of a redirect that may be taken."""
    yield from count(walk)
    if leads_on(walk) or walk.judgement.reason is Reason.MIXED_CONTENT:
        yield from mixed_content(walk, walk.exchange.scene.target)


_UNANSWERED: Final = frozenset(
    {
        Reason.NO_RESPONSE,
        Reason.CONNECTION_DROPPED,
        Reason.CLIENT_GONE,
        Reason.NOT_RECORDED,
    }
)


def _answered(walk: Walk) -> Question:
    status = walk.exchange.status
    return Question(
        "answered",
        "Did an answer come?",
        _NETWORK,
        (("status", walk.status_read),),
        "the proxy's error page did, and is taken for the server's"
        if status is None
        else f"one did, with status {status}",
        _UNANSWERED,
    )


def _delivered(walk: Walk) -> Question:
    """All that is asked of a report: the engine's own question, in the standard's stead."""
    name = {"preflight": "May the report be sent?", "actual": "May the report be delivered?"}
    read = ("Access-Control-Allow-Origin", "Access-Control-Allow-Headers")
    is_preflight = walk.exchange.kind == "preflight"
    return Question(
        "report",
        name[walk.exchange.kind],
        _REPORTS,
        tuple((each, get(walk.headers, each)) for each in read) if is_preflight else (),
        "the answer lets it" if is_preflight else "nothing is asked of the answer to it",
        _UNREPORTED,
        departure=_APART,
    )


def _mode(exchange: Exchange) -> Question:
    mode = exchange.mode if exchange.mode_from == "sec-fetch-mode" else None
    says = _MODES.get(exchange.mode, "no leave is needed")
    return Question(
        "mode",
        "What does the request's mode ask for?",
        _MAIN,
        (("Sec-Fetch-Mode", mode),),
        f"{escaped(exchange.mode)}: {says}",
    )


def _proxy_status(walk: Walk) -> Iterator[Question]:
    if walk.status == 407:
        refused = walk.judgement.reason is Reason.PROXY_AUTHENTICATION
        yield Question(
            "proxy-status",
            "Is a proxy's status, 407, taken from a server?",
            _CACHE,
            (("status", "407"),),
            "it is an answer as any other",
            frozenset({Reason.PROXY_AUTHENTICATION}),
            departure=Departure.PROXY_STATUS_REFUSED if refused else None,
        )


def _revalidation(exchange: Exchange) -> Iterator[Question]:
    """Which headers count where the browser had asked whether its copy is still good."""
    if exchange.revalidated:
        known = "the copy's, with the 304's in the place of those it had"
        unknown = "the 304's, and what it lacks may be in the copy, which wasn't seen"
        yield Question(
            "revalidation",
            "Whose headers count, the 304's or those of the copy that it is about?",
            _CACHE,
            (("status", "304"),),
            unknown if exchange.goes_by is None else known,
        )


_BY_POLICY: Final = frozenset(
    {
        Reason.CROSS_ORIGIN_RESOURCE_POLICY,
        Reason.CROSS_ORIGIN_EMBEDDER_POLICY,
        Reason.DOCUMENT_ISOLATION_POLICY,
    }
)


def _resource_policy(walk: Walk) -> Question:
    value = get(walk.headers, _CORP)
    scene, hop = walk.exchange.scene, walk.exchange.hop
    page = parse_serialized_origin(scene.page)
    is_known = page is not None or (scene.site is not None and hop == 0)
    return Question(
        "resource-policy",
        f"Does {_CORP} let the page have it?",
        _POLICY,
        ((_CORP, value),),
        "there is none" if value is None else f'"{escaped(value)}" doesn\'t keep it back',
        _BY_POLICY,
        idle="which page asks isn't known" if value is not None and not is_known else None,
        departure=_isolates(walk) or _takes_unknown(walk, page, value),
    )


def _isolates(walk: Walk) -> Departure | None:
    """The departure by which the page's isolation policy has any say."""
    is_kept_by_it = walk.judgement.reason is Reason.DOCUMENT_ISOLATION_POLICY
    return Departure.DOCUMENTS_ISOLATED if is_kept_by_it else None


def _takes_unknown(walk: Walk, page: TupleOrigin | None, value: str | None) -> Departure | None:
    """The departure by which an answer is embedded whose policy is none of those that there are."""
    departure = Departure.UNKNOWN_RESOURCE_POLICY_TAKEN
    exchange, response = walk.exchange, Response(200, walk.headers)
    if page is None or not value or not departs(walk.engine, departure):
        return None
    by_standard = resource_policy_failure(
        page, exchange.url, response, is_cross_site=False, embedder=exchange.embedder_policy
    )
    is_of_embedder = Reason.CROSS_ORIGIN_EMBEDDER_POLICY
    refused = by_standard is not None and by_standard.reason is is_of_embedder
    return departure if refused and walk.judgement.reason is not is_of_embedder else None


def _exposed(walk: Walk) -> Question:
    finds, departure = _exposes(walk)
    return Question(
        "exposed-headers",
        "Which headers may script read?",
        _FILTERED,
        ((_EXPOSE, get(walk.headers, _EXPOSE)),),
        finds,
        departure=departure,
    )


def _exposes(walk: Walk) -> tuple[str, Departure | None]:
    """What the header gives, and what makes the engine read it otherwise."""
    listed = extract_header_list_values(_EXPOSE, walk.headers)
    names = cors_exposed_header_name_list(walk.headers, walk.mode, walk.engine)
    if listed is None:
        return "the safelisted ones alone", None
    if listed == FAILURE:
        if names:
            outlives = Departure.EXPOSED_WILDCARD_OUTLIVES_ERROR
            return 'all, for a "*" stands before what makes no list', outlives
        return "the safelisted ones alone, as this makes no list", None
    if "*" in listed and not walk.with_credentials:
        return 'all, by "*"', None
    return f"the safelisted ones, and {escaped(', '.join(sorted(names))) or 'no others'}", None
