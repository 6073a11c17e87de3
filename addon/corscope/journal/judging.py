"""What will the browser do with what it got, in each credentials mode?

Puts the CORS protocol's verdict together with what else can end a fetch, and with what it means
that no answer came. `exchange` keeps what is judged here as it happens, `again` judges it anew.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal, NamedTuple

from corscope.fetch.check import CredentialsMode
from corscope.fetch.engines import Departure, Engine, departs
from corscope.fetch.headers import contains
from corscope.fetch.mixed_content import Load, mixed_content_failure
from corscope.fetch.origin import origin_of_url
from corscope.fetch.preflight import is_unchecked
from corscope.fetch.reasons import Failure, Reason, chromium_name, firefox_name
from corscope.fetch.redirect import location_url, redirect_failure
from corscope.fetch.reports import REPORT
from corscope.fetch.resource_policy import resource_policy_failure
from corscope.fetch.verdict import judge
from corscope.journal.alike.memo import Memo, is_small
from corscope.journal.senders.sites import are_cross_site
from corscope.journal.wire import Credentials, WireView, is_revalidation
from corscope.messages import Response

__all__ = [
    "ENGINES",
    "Got",
    "Judgement",
    "Missing",
    "Past",
    "Verdict",
    "Verdicts",
    "judged",
    "judged_everywhere",
]

Verdict = Literal["allowed", "blocked", "conditional"]

Clean = Callable[[str], str]
"""What of a URL may be kept."""

ENGINES: Final = (Engine.CHROMIUM, Engine.FIREFOX, Engine.WEBKIT)
"""Those of which every exchange has a verdict."""


class Missing(Enum):
    """How the browser came to get no answer from the server."""

    NO_ANSWER = "no answer"
    """The proxy answered with an error page of its own, which has no CORS headers."""
    DROPPED = "dropped"
    """The proxy closed the connection."""
    CLIENT_GONE = "client gone"
    """The browser went away first."""
    NOT_RECORDED = "not recorded"
    """What it got isn't in the recording, only that it failed."""
    UNREADABLE = "unreadable"
    """The browser takes nothing of it: its lines aren't as HTTP has them, or it isn't the last."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """The browser's decision for one credentials mode, and its names for the reason."""

    verdict: Verdict
    reason: Reason | None = None
    detail: str | None = None
    chromium: str | None = None
    firefox: str | None = None


@dataclass(frozen=True, slots=True)
class Verdicts:
    """The decision for each credentials mode; `omit` stands for `same-origin` too."""

    omit: Judgement
    include: Judgement

    def seen(self, credentials: Credentials) -> Judgement:
        """The decision for what the wire showed; conditional where it didn't and it matters."""
        if credentials == "include":
            return self.include
        if credentials == "unknown" and self.omit.verdict != self.include.verdict:
            blocked = self.include
            return Judgement(
                "conditional", blocked.reason, blocked.detail, blocked.chromium, blocked.firefox
            )
        return self.omit


class Past(NamedTuple):
    """What came before the request.

    Attributes:
        hop: how many redirects.
        preflighted: whether a preflight did.
        first_url: the URL that the fetch began with; None for the request's own.
    """

    hop: int = 0
    preflighted: bool = False
    first_url: str | None = None


_NOTHING: Final = Past()


@dataclass(frozen=True, slots=True)
class Got:
    """What the browser goes by, or why there is nothing, and after what."""

    response: Response | None
    missing: Missing | None = None
    cause: str | None = None
    past: Past = _NOTHING


_MAX_REDIRECTS: Final = 20
_ALLOWED: Final = Judgement("allowed")
_DETAIL_IS_URL: Final = frozenset({Reason.PREFLIGHT_REDIRECT, Reason.REDIRECT_INVALID})
_WHY_MISSING: Final = {
    Missing.DROPPED: Reason.CONNECTION_DROPPED,
    Missing.CLIENT_GONE: Reason.CLIENT_GONE,
    Missing.UNREADABLE: Reason.CONNECTION_DROPPED,
    Missing.NOT_RECORDED: Reason.NOT_RECORDED,
}


_Everywhere = tuple[Verdicts, Mapping[Engine, Verdicts]]
_MEMO: Final = Memo[object, _Everywhere](1_000)


def judged_everywhere(wire: WireView, got: Got, clean: Clean) -> _Everywhere:
    """The request's own engine's decisions, and every engine's.

    An API answers many URLs alike, and of a URL only the origin counts where the answer doesn't
    redirect: looking for it takes a tenth of the time that six decisions do.
    """
    key = _key(wire, got)
    if key is not None and (found := _MEMO.get(key)) is not None:
        return found
    own = judged(wire, got, clean)
    made = (own, _judged_by_engine(wire, got, own, clean))
    return made if key is None else _MEMO.put(key, made)


def _key(wire: WireView, got: Got) -> object | None:
    """All that the decisions hang on; None where that is more."""
    response, cors = got.response, wire.cors
    if response is None or wire.mode != "cors" or response.status == 304:
        return None
    headers = tuple(
        [pair for pair in response.headers if pair[0][:15].lower() == "access-control-"]
    )
    texts = "".join((cors.url, cors.origin, cors.method, *cors.unsafe_names))
    if contains(response.headers, "Location") or not is_small(headers, texts):
        return None
    place = (cors.origin, origin_of_url(cors.url), wire.page, wire.destination == REPORT)
    asked = (wire.kind, cors.method, cors.unsafe_names, wire.engine, wire.policies)
    return (place, asked, response.status, headers)


def judged(wire: WireView, got: Got, clean: Clean) -> Verdicts:
    """The decision for each credentials mode.

    Args:
        wire: the request, and the engine that decides.
        got: what it got.
        clean: what of a URL may be kept.
    """
    return Verdicts(
        _judgement(wire, got, CredentialsMode.OMIT, clean),
        _judgement(wire, got, CredentialsMode.INCLUDE, clean),
    )


def _judged_by_engine(
    wire: WireView, got: Got, own: Verdicts, clean: Clean
) -> Mapping[Engine, Verdicts]:
    """What each engine would do with the same answer to the same request.

    Args:
        wire: the request, and its own engine.
        got: what it got.
        own: the own engine's decision.
        clean: what of a URL may be kept.
    """
    return {
        engine: own if engine is wire.engine else judged(wire._replace(engine=engine), got, clean)
        for engine in ENGINES
    }


def _judgement(wire: WireView, got: Got, mode: CredentialsMode, clean: Clean) -> Judgement:
    failure = _failure(wire, got, mode)
    if failure is None:
        return _ALLOWED
    detail = failure.detail
    if detail and failure.reason in _DETAIL_IS_URL:
        detail = clean(detail)
    named = wire.mode == "cors"
    is_report = wire.destination == REPORT
    return Judgement(
        "blocked",
        failure.reason,
        detail,
        chromium_name(failure.reason, wire.kind) if named and not is_report else None,
        (failure.firefox or firefox_name(failure.reason)) if named else None,
    )


def _failure(wire: WireView, got: Got, mode: CredentialsMode) -> Failure | None:
    """The CORS protocol decides on requests of mode "cors"; others have less that can fail them."""
    response = got.response
    if response is None:
        return _missing_failure(wire, got)
    if wire.mode not in {"cors", "no-cors"}:
        return None
    if response.status == 407 and _expects_no_proxy(wire):
        return Failure(Reason.PROXY_AUTHENTICATION)
    load = Load(wire.page, wire.destination, got.past.first_url, wire.policies.upgrades)
    if wire.mode == "cors":
        refused = judge(wire.kind, wire.cors, response, mode, wire.engine, load)
        if refused is not None and response.status == 304 and is_revalidation(wire):
            refused = None if _is_in_the_copy(refused) else refused
    else:
        refused = _no_cors_failure(wire, response, got.past.hop)
    return (
        refused
        or _too_far(wire, response, got.past.hop)
        or _mixed_content(wire, load, response, preflighted=got.past.preflighted)
    )


def _expects_no_proxy(wire: WireView) -> bool:
    """Whether the browser takes no proxy's status from a server that it has reached by a tunnel."""
    through_tunnel = wire.cors.url.startswith("https:")
    return through_tunnel and departs(wire.engine, Departure.PROXY_STATUS_REFUSED)


def _missing_failure(wire: WireView, got: Got) -> Failure | None:
    missing = got.missing or Missing.NO_ANSWER
    if missing is Missing.NO_ANSWER and wire.mode in {"no-cors", "navigate"}:
        # Whoever asks without CORS takes the proxy's error page for the server's answer.
        return None
    if missing is not Missing.NO_ANSWER:
        detail = got.cause if missing is Missing.UNREADABLE else None
        return Failure(_WHY_MISSING[missing], detail)
    # Where the proxy's error page has no CORS check to pass, Firefox names its status.
    is_status = wire.kind == "preflight" and is_unchecked(wire.cors, wire.engine)
    named = firefox_name(Reason.PREFLIGHT_STATUS) if is_status else None
    return Failure(Reason.NO_RESPONSE, got.cause, named)


def _is_in_the_copy(refused: Failure) -> bool:
    """Whether a 304 lacks only what the copy that it is about may well have."""
    if refused.reason is Reason.ALLOW_CREDENTIALS_NOT_TRUE:
        return refused.detail is None
    return refused.reason is Reason.ALLOW_ORIGIN_MISSING


def _no_cors_failure(wire: WireView, response: Response, hop: int) -> Failure | None:
    """Such a request may be redirected by a URL with userinfo, but not to anywhere."""
    refused = redirect_failure(response, wire.cors.url, wire.engine)
    if refused is not None and (
        refused.reason is not Reason.REDIRECT_WITH_CREDENTIALS
        or departs(wire.engine, Departure.USERINFO_ALWAYS_REFUSED)
    ):
        return refused
    return _policy_failure(wire, response, hop)


def _policy_failure(wire: WireView, response: Response, hop: int) -> Failure | None:
    """After a redirect Sec-Fetch-Site tells the worst of the way, and the page may be nearer."""
    url, page = wire.cors.url, wire.page
    if wire.site is not None and hop == 0:
        if wire.site == "same-origin":
            return None
        page, is_cross_site = None, wire.site == "cross-site"
    elif page is None:
        return None
    else:
        is_cross_site = are_cross_site(page, origin_of_url(url))
    return resource_policy_failure(
        page,
        url,
        response,
        is_cross_site=is_cross_site,
        embedder=wire.policies.embedder,
        isolation=wire.policies.isolation,
        engine=wire.engine,
    )


def _too_far(wire: WireView, response: Response, hop: int) -> Failure | None:
    """https://fetch.spec.whatwg.org/#http-redirect-fetch, step 7"""
    if wire.kind == "preflight" or hop < _MAX_REDIRECTS:
        return None
    location = location_url(response, wire.cors.url, wire.engine)
    return None if location is None else Failure(Reason.TOO_MANY_REDIRECTS)


def _mixed_content(
    wire: WireView, load: Load, response: Response, *, preflighted: bool
) -> Failure | None:
    return mixed_content_failure(
        wire.kind, load, wire.cors, response, wire.engine, preflighted=preflighted
    )
