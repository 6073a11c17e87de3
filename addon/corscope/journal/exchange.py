"""What is recorded of an exchange, and how is it made from what the proxy saw?

A `Sighting` is what the adapter saw, an `Exchange` what the journal keeps of it: judged for each
credentials mode, without secrets.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Any, Final, Literal

from corscope.fetch.check import CredentialsMode
from corscope.fetch.console import Scene
from corscope.fetch.engines import Departure, Engine, departs
from corscope.fetch.exposed import cors_filtered_headers
from corscope.fetch.headers import FAILURE, get
from corscope.fetch.mixed_content import mixed_content_failure
from corscope.fetch.origin import origin_of_url
from corscope.fetch.preflight import is_unchecked
from corscope.fetch.reasons import Failure, Kind, Reason, chromium_name, firefox_name
from corscope.fetch.redirect import location_url, redirect_failure
from corscope.fetch.resource_policy import resource_policy_failure
from corscope.fetch.verdict import judge
from corscope.journal.chains import Link
from corscope.journal.masking import masked_url, plain_url
from corscope.journal.sites import are_cross_site
from corscope.journal.why import Why
from corscope.journal.wire import Credentials, WireView, is_revalidation
from corscope.messages import HeaderList, Response

__all__ = [
    "ENGINES",
    "AnsweredBy",
    "Exchange",
    "Finding",
    "Judgement",
    "Missing",
    "Outcome",
    "OutcomeWord",
    "RuleMode",
    "Shadow",
    "Sighting",
    "Touch",
    "Verdict",
    "Verdicts",
    "record",
]

ENGINES: Final = (Engine.CHROMIUM, Engine.FIREFOX, Engine.WEBKIT)
"""Those of which every exchange has a verdict."""

Verdict = Literal["allowed", "blocked", "conditional"]
RuleMode = Literal["apply", "shadow"]
AnsweredBy = Literal["server", "rule"]
OutcomeWord = Literal["followed", "not-followed"]

_RECORDED: Final = frozenset({"vary", "timing-allow-origin", "cross-origin-resource-policy"})


@dataclass(frozen=True, slots=True)
class Touch:
    """What a rule did to an exchange.

    Attributes:
        rule: the rule's name.
        mode: whether it was applied or only shadowed.
        answered: whether the rule answered in the server's stead.
        server_response: what the server had sent; None where it wasn't changed or asked.
        shadow: what a rule in shadow mode would have let the browser get.
    """

    rule: str
    mode: RuleMode
    answered: bool = False
    server_response: Response | None = None
    shadow: Response | None = None


class Missing(Enum):
    """How the browser came to get no answer from the server."""

    NO_ANSWER = "no answer"
    """The proxy answered with an error page of its own, which has no CORS headers."""
    DROPPED = "dropped"
    """The proxy closed the connection."""
    CLIENT_GONE = "client gone"
    """The browser went away first."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One exchange as the proxy saw it.

    `response` is what the browser got; where that is None, `missing` and `error` say why, and
    `cause` is a word for it where the server couldn't be had.
    """

    id: str
    response: Response | None
    missing: Missing | None = None
    error: str | None = None
    touch: Touch | None = None
    cause: str | None = None


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


@dataclass(frozen=True, slots=True)
class Shadow:
    """What a rule in shadow mode would have sent, and what the browser would do with it."""

    headers: HeaderList
    verdicts: Verdicts


@dataclass(frozen=True, slots=True)
class Finding:
    """A remark about an exchange that is no verdict."""

    id: str
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Exchange:
    """One exchange as the journal keeps it; the names are those of its lines.

    Attributes:
        location: the Location header as far as it may be shown; None where there is none.
        revalidated: whether it is a 304 to the browser's own question about its copy.
        goes_by: the CORS-related headers of that copy, as the 304 has left it, which the browser
            goes by; None where it goes by the answer itself, or the copy isn't known.
        engine_verdicts: what each engine would do, for each credentials mode.
    """

    time: datetime
    id: str
    kind: Kind
    origin: str
    url: str
    method: str
    request_headers: tuple[str, ...]
    mode: str
    mode_from: str
    credentials: Credentials
    engine: Engine
    status: int | None
    error: str | None
    headers: HeaderList
    server_headers: HeaderList | None
    rule: str | None
    rule_mode: RuleMode | None
    answered_by: AnsweredBy
    judgement: Judgement
    verdicts: Verdicts
    server_verdict: Verdicts | None
    shadow: Shadow | None
    preflight: str | None
    exposed: tuple[str, ...] | None
    hidden: tuple[str, ...] | None
    redirected_from: str | None
    hop: int
    chain: str | None
    why: tuple[Why, ...]
    location: str | None
    revalidated: bool
    goes_by: HeaderList | None
    engine_verdicts: Mapping[Engine, Verdicts]
    scene: Scene
    findings: tuple[Finding, ...] = ()

    @property
    def engines(self) -> Mapping[Engine, Judgement]:
        """What each engine would do, for the credentials mode as far as it shows."""
        return {
            engine: verdicts.seen(self.credentials)
            for engine, verdicts in self.engine_verdicts.items()
        }


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a preflight."""

    time: datetime
    id: str
    outcome: OutcomeWord
    credentials: Credentials = "unknown"
    actual: str | None = None
    after_ms: int | None = None
    why: tuple[Why, ...] = ()


_MAX_REDIRECTS: Final = 20
_ALLOWED: Final = Judgement("allowed")
_DETAIL_IS_URL: Final = frozenset({Reason.PREFLIGHT_REDIRECT, Reason.REDIRECT_INVALID})
_WHY_MISSING: Final = {
    Missing.DROPPED: Reason.CONNECTION_DROPPED,
    Missing.CLIENT_GONE: Reason.CLIENT_GONE,
}


def record(
    seen: Sighting,
    wire: WireView,
    *,
    time: datetime,
    credentials: Credentials,
    preflight: str | None,
    link: Link,
    why: tuple[Why, ...],
    mask_urls: bool,
    goes_by: Response | None = None,
) -> Exchange:
    """Judge what was seen and keep of it what the journal may know.

    Args:
        seen: the exchange.
        wire: what its request shows, with the fetch's own headers as far as the preflight tells.
        time: when its final picture was taken.
        credentials: the credentials mode as far as it shows.
        preflight: the id of the preflight that opened an actual request's way.
        link: the request's place in a chain of redirects.
        why: what made the browser ask leave.
        mask_urls: whether query values are secret.
        goes_by: the browser's copy, as a 304 has left it, that it goes by instead of the 304.
    """
    response = seen.response
    clean = masked_url if mask_urls else plain_url
    got = _Got(goes_by or response, seen.missing, seen.cause, link.hop)
    verdicts = _verdicts(wire, got, clean)
    judgement = verdicts.seen(credentials)
    exposed, hidden = _readable(wire, got.response, judgement, credentials)
    return Exchange(
        time=time,
        id=seen.id,
        kind=wire.kind,
        origin=wire.cors.origin,
        url=clean(wire.cors.url),
        method=wire.cors.method,
        request_headers=wire.cors.unsafe_names,
        mode=wire.mode,
        mode_from=wire.mode_from,
        credentials=credentials,
        engine=wire.engine,
        status=response.status if response else None,
        error=seen.error,
        headers=_cors_headers(response) if response else (),
        **_touched(wire, seen.touch, link, clean),
        judgement=judgement,
        verdicts=verdicts,
        preflight=preflight,
        exposed=exposed,
        hidden=hidden,
        redirected_from=link.redirected_from,
        hop=link.hop,
        chain=link.chain or (seen.id if _leads_on(wire, response, judgement) else None),
        why=why,
        location=_location(response, clean),
        revalidated=response is not None and response.status == 304 and is_revalidation(wire),
        goes_by=_cors_headers(goes_by) if goes_by else None,
        engine_verdicts=_engine_verdicts(wire, got, verdicts, clean),
        scene=_scene(wire, response, link, clean),
    )


def _touched(
    wire: WireView, touch: Touch | None, link: Link, clean: Callable[[str], str]
) -> dict[str, Any]:
    """The fields that tell what a rule did."""
    server = touch.server_response if touch else None
    shadow = touch.shadow if touch else None
    return {
        "rule": touch.rule if touch else None,
        "rule_mode": touch.mode if touch else None,
        "answered_by": "rule" if touch and touch.answered else "server",
        "server_headers": _cors_headers(server) if server else None,
        "server_verdict": _verdicts(wire, _Got(server, hop=link.hop), clean) if server else None,
        "shadow": _shadow(wire, shadow, link, clean) if shadow else None,
    }


def _scene(
    wire: WireView, response: Response | None, link: Link, clean: Callable[[str], str]
) -> Scene:
    location = response and location_url(response, wire.cors.url, wire.engine)
    if response is not None and location == FAILURE:
        location = get(response.headers, "Location")
    return Scene(
        url=clean(wire.cors.url),
        origin=wire.cors.origin,
        status=response.status if response else None,
        location=clean(location) if isinstance(location, str) else None,
        page=link.page or wire.cors.origin,
        first_url=clean(link.first_url or wire.cors.url),
        destination=wire.destination,
    )


def _location(response: Response | None, clean: Callable[[str], str]) -> str | None:
    """The Location header; that there is one is told also of one that may not be shown."""
    location = get(response.headers, "Location") if response else None
    return location and (clean(location) or location[0])


def _leads_on(wire: WireView, response: Response | None, judgement: Judgement) -> bool:
    """Whether the answer is a redirect that the browser follows."""
    if response is None or wire.kind == "preflight" or judgement.verdict == "blocked":
        return False
    return location_url(response, wire.cors.url, wire.engine) is not None


@dataclass(frozen=True, slots=True)
class _Got:
    """What the browser goes by, or why there is nothing, after how many redirects."""

    response: Response | None
    missing: Missing | None = None
    cause: str | None = None
    hop: int = 0


def _shadow(wire: WireView, shadow: Response, link: Link, clean: Callable[[str], str]) -> Shadow:
    return Shadow(_cors_headers(shadow), _verdicts(wire, _Got(shadow, hop=link.hop), clean))


def _engine_verdicts(
    wire: WireView, got: _Got, own: Verdicts, clean: Callable[[str], str]
) -> dict[Engine, Verdicts]:
    """What each engine would do with the same answer to the same request."""
    return {
        engine: own
        if engine is wire.engine
        else _verdicts(replace(wire, engine=engine), got, clean)
        for engine in ENGINES
    }


def _verdicts(wire: WireView, got: _Got, clean: Callable[[str], str]) -> Verdicts:
    return Verdicts(
        _judgement(wire, got, CredentialsMode.OMIT, clean),
        _judgement(wire, got, CredentialsMode.INCLUDE, clean),
    )


def _judgement(
    wire: WireView, got: _Got, mode: CredentialsMode, clean: Callable[[str], str]
) -> Judgement:
    failure = _failure(wire, got, mode)
    if failure is None:
        return _ALLOWED
    detail = failure.detail
    if detail and failure.reason in _DETAIL_IS_URL:
        detail = clean(detail)
    named = wire.mode == "cors"
    return Judgement(
        "blocked",
        failure.reason,
        detail,
        chromium_name(failure.reason, wire.kind) if named else None,
        (failure.firefox or firefox_name(failure.reason)) if named else None,
    )


def _failure(wire: WireView, got: _Got, mode: CredentialsMode) -> Failure | None:
    """The CORS protocol decides on requests of mode "cors"; others have less that can fail them."""
    response = got.response
    if response is None:
        return _missing_failure(wire, got)
    if wire.mode not in {"cors", "no-cors"}:
        return None
    if response.status == 407 and _expects_no_proxy(wire):
        return Failure(Reason.PROXY_AUTHENTICATION)
    if wire.mode == "cors":
        refused = judge(wire.kind, wire.cors, response, mode, wire.engine)
        if refused is not None and response.status == 304 and is_revalidation(wire):
            refused = None if _is_in_the_copy(refused) else refused
    else:
        refused = _no_cors_failure(wire, response)
    return refused or _too_far(wire, response, got.hop) or _mixed_content(wire, response)


def _expects_no_proxy(wire: WireView) -> bool:
    """Whether the browser takes no proxy's status from a server that it has reached by a tunnel."""
    through_tunnel = wire.cors.url.startswith("https:")
    return through_tunnel and departs(wire.engine, Departure.PROXY_STATUS_REFUSED)


def _missing_failure(wire: WireView, got: _Got) -> Failure | None:
    missing = got.missing or Missing.NO_ANSWER
    if missing is Missing.NO_ANSWER and wire.mode in {"no-cors", "navigate"}:
        # Whoever asks without CORS takes the proxy's error page for the server's answer.
        return None
    if missing is not Missing.NO_ANSWER:
        return Failure(_WHY_MISSING[missing])
    # Where the proxy's error page has no CORS check to pass, Firefox names its status.
    is_status = wire.kind == "preflight" and is_unchecked(wire.cors, wire.engine)
    named = firefox_name(Reason.PREFLIGHT_STATUS) if is_status else None
    return Failure(Reason.NO_RESPONSE, got.cause, named)


def _is_in_the_copy(refused: Failure) -> bool:
    """Whether a 304 lacks only what the copy that it is about may well have."""
    if refused.reason is Reason.ALLOW_CREDENTIALS_NOT_TRUE:
        return refused.detail is None
    return refused.reason is Reason.ALLOW_ORIGIN_MISSING


def _no_cors_failure(wire: WireView, response: Response) -> Failure | None:
    """Such a request may be redirected by a URL with userinfo, but not to anywhere."""
    refused = redirect_failure(response, wire.cors.url, wire.engine)
    if refused is not None and refused.reason is not Reason.REDIRECT_WITH_CREDENTIALS:
        return refused
    if wire.page is None:
        return None
    url = wire.cors.url
    is_cross_site = are_cross_site(wire.page, origin_of_url(url))
    return resource_policy_failure(wire.page, url, response, is_cross_site=is_cross_site)


def _too_far(wire: WireView, response: Response, hop: int) -> Failure | None:
    """https://fetch.spec.whatwg.org/#http-redirect-fetch, step 7"""
    if wire.kind == "preflight" or hop < _MAX_REDIRECTS:
        return None
    location = location_url(response, wire.cors.url, wire.engine)
    return None if location is None else Failure(Reason.TOO_MANY_REDIRECTS)


def _mixed_content(wire: WireView, response: Response) -> Failure | None:
    return mixed_content_failure(wire.kind, wire.page, wire.cors, response, wire.engine)


def _readable(
    wire: WireView, response: Response | None, judgement: Judgement, credentials: Credentials
) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
    """The names that script can and can't read; of a redirect or an opaque response, none."""
    if wire.kind == "preflight" or judgement.verdict == "blocked":
        return None, None
    if response is None:  # an error page of the proxy's, opaque
        return (), ()
    mode = CredentialsMode.INCLUDE if credentials == "include" else CredentialsMode.OMIT
    exposed, hidden = cors_filtered_headers(response.headers, mode, wire.engine)
    if wire.mode != "cors" or location_url(response, wire.cors.url, wire.engine) is not None:
        return (), tuple(sorted(exposed + hidden))
    return exposed, hidden


def _cors_headers(response: Response) -> HeaderList:
    return tuple(
        pair
        for pair in response.headers
        if pair[0].lower().startswith("access-control-") or pair[0].lower() in _RECORDED
    )
