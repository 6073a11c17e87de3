"""What is recorded of an exchange, and how is it made from what the proxy saw?

A `Sighting` is what the adapter saw, an `Exchange` what the journal keeps of it: judged for each
credentials mode, without secrets.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from corscope.fetch.cache import is_cleared_by_failure
from corscope.fetch.check import CredentialsMode
from corscope.fetch.consoles.scene import Scene
from corscope.fetch.embedder_policy import EmbedderPolicy
from corscope.fetch.engines import Engine
from corscope.fetch.exposed import cors_filtered_headers
from corscope.fetch.headers import FAILURE, contains, get
from corscope.fetch.origin import origin_of_url, parse_serialized_origin
from corscope.fetch.reasons import Kind
from corscope.fetch.redirect import location_url
from corscope.fetch.url import parse_url
from corscope.journal.alike.mould import LONGEST_CAST, TOKEN, Mould, around
from corscope.journal.alike.pattern import Pattern, depends_on_time
from corscope.journal.judging import (
    ENGINES,
    Got,
    Judgement,
    Missing,
    Past,
    Verdict,
    Verdicts,
    judged,
    judged_everywhere,
)
from corscope.journal.lines.masking import cleaning, masked_error
from corscope.journal.links.chains import FIRST, Link
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
    "around_url",
    "milliseconds",
    "of_pattern",
    "pattern_of",
]

RuleMode = Literal["apply", "shadow"]
AnsweredBy = Literal["server", "rule"]
OutcomeWord = Literal["followed", "not-followed"]

_RECORDED: Final = frozenset({"vary", "timing-allow-origin", "cross-origin-resource-policy"})


class Touch(NamedTuple):
    """What a rule did to an exchange.

    Attributes:
        rule: the rule's name.
        mode: whether it was applied or only shadowed.
        answered: whether the rule answered in the server's stead.
        server_response: what the server had sent; None where it wasn't changed or asked.
        shadow: what a rule in shadow mode would have let the browser get, or why that is nothing.
    """

    rule: str
    mode: RuleMode
    answered: bool = False
    server_response: Response | None = None
    shadow: Response | Missing | None = None


class Sighting(NamedTuple):  # which is made in a third of a frozen dataclass's time
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

    @property
    def heads(self) -> list[Response]:
        """The answers: what the browser got, the server sent, and a shadowed rule would have."""
        touch = self.touch
        every = (self.response, touch and touch.server_response, touch and touch.shadow)
        return [head for head in every if isinstance(head, Response)]


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


@dataclass(frozen=True)  # without slots, so that what it shares needn't be copied
class Exchange:
    """One exchange as the journal keeps it; the names are those of its lines.

    Attributes:
        location: the Location header as far as it may be shown; None where there is none.
        location_userinfo: whether a redirect's Location had userinfo, which may not be shown; None
            where that isn't known.
        revalidated: whether it is a 304 to the browser's own question about its copy.
        goes_by: the CORS-related headers of that copy, as the 304 has left it, which the browser
            goes by; None where it goes by the answer itself, or the copy isn't known.
        goes_by_status: the status that goes with them.
        engine_verdicts: what each engine would do, for each credentials mode.
        embedder_policy: the page's, as far as it counts and is known.
        server_status: the status that goes with `server_headers`.
        waited_ms: how long the browser waited for the answer or the failure, in milliseconds.
        pattern: what it shares with others that are alike; None for one that was read or changed.
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
    exposed: tuple[str, ...] | None
    hidden: tuple[str, ...] | None
    redirected_from: str | None
    hop: int
    why: tuple[Why, ...]
    location: str | None
    location_userinfo: bool | None
    revalidated: bool
    goes_by: HeaderList | None
    goes_by_status: int | None
    engine_verdicts: Mapping[Engine, Verdicts]
    scene: Scene
    embedder_policy: EmbedderPolicy
    server_status: int | None
    waited_ms: int | None = None
    preflight: str | None = None
    chain: str | None = None
    findings: tuple[Finding, ...] = ()
    pattern: Pattern | None = field(default=None, init=False, compare=False, repr=False)

    if not TYPE_CHECKING:  # or any name would be taken for a field's

        def __getattr__(self, name: str) -> object:
            """What isn't its own it shares with others that are alike."""
            pattern = self.pattern
            if pattern is None or name not in pattern.shared:
                raise AttributeError(name=name, obj=self)
            return pattern.get(name)

    @property
    def engines(self) -> Mapping[Engine, Judgement]:
        """What each engine would do, for the credentials mode as far as it shows."""
        return {
            engine: verdicts.seen(self.credentials)
            for engine, verdicts in self.engine_verdicts.items()
        }


class Outcome(NamedTuple):
    """What became of a preflight."""

    time: datetime
    id: str
    outcome: OutcomeWord
    credentials: Credentials = "unknown"
    actual: str | None = None
    after_ms: int | None = None
    why: tuple[Why, ...] = ()


def pattern_of(
    seen: Sighting,
    wire: WireView,
    *,
    credentials: Credentials,
    link: Link,
    why: tuple[Why, ...],
    mask_urls: bool,
    goes_by: Response | None = None,
) -> Pattern:
    """Judge what was seen and keep of it what the journal may know, whenever it happened.

    Args:
        seen: the exchange.
        wire: what its request shows, with the fetch's own headers as far as the preflight tells.
        credentials: the credentials mode as far as it shows.
        link: the request's place in a chain of redirects.
        why: what made the browser ask leave.
        mask_urls: whether query values are secret.
        goes_by: the browser's copy, as a 304 has left it, that it goes by instead of the 304.
    """
    response = seen.response
    clean = cleaning(mask_urls)
    past = Past(link.hop, bool(why), link.first_url)
    wire = _linked(wire, link)
    got = Got(goes_by or response, seen.missing, seen.cause, past)
    verdicts, engine_verdicts = judged_everywhere(wire, got, clean)
    judgement = verdicts.seen(credentials)
    exposed, hidden = _readable(wire, got.response, judgement, credentials)
    url = clean(wire.cors.url)
    shared = {
        **_asked(wire, url),
        "credentials": credentials,
        "status": response.status if response else None,
        "error": seen.error and masked_error(seen.error),
        "headers": _cors_headers(response) if response else (),
        **_touched(wire, seen.touch, past, clean),
        "judgement": judgement,
        "verdicts": verdicts,
        "exposed": exposed,
        "hidden": hidden,
        "redirected_from": link.redirected_from,
        "hop": link.hop,
        "why": why,
        **_went_by(wire, response, goes_by, clean),
        "engine_verdicts": engine_verdicts,
        "scene": _scene(wire, url, response, link, clean),
    }
    return Pattern(
        seen,
        shared,
        link.chain,
        leads_on=_leads_on(wire, response, judgement),
        clears_cache=_clears_cache(wire, verdicts),
        is_of_any_url=link is FIRST
        and wire.mode != "navigate"  # whose URL is a page's
        and _is_of_any_url(seen, engine_verdicts),
    )


def _clears_cache(wire: WireView, verdicts: Verdicts) -> bool:
    """Whether the browser may refuse it, and then clears its preflight cache."""
    return (
        wire.kind == "actual"
        and wire.mode == "cors"
        and bool(verdicts.omit.reason or verdicts.include.reason)
        and is_cleared_by_failure(wire.engine, wire.cors)
    )


def _linked(wire: WireView, link: Link) -> WireView:
    if wire.page is None and link.page is not None:
        wire = wire._replace(page=parse_serialized_origin(link.page))
    if link.destination is not None and "sec-fetch-dest" not in wire.present:
        wire = wire._replace(destination=link.destination)
    if link.upgrades:
        wire = wire._replace(policies=wire.policies._replace(upgrades=True))
    return wire


def _is_of_any_url(seen: Sighting, everywhere: Mapping[Engine, Verdicts]) -> bool:
    """Whether the answer says the same whatever the URL's path is: one that leads nowhere does."""
    judgements = [
        each for verdicts in everywhere.values() for each in (verdicts.omit, verdicts.include)
    ]
    if any(len(judgement.detail or "") > LONGEST_CAST for judgement in judgements):
        return False
    return seen.response is not None and not any(
        contains(head.headers, "Location") or depends_on_time(head) for head in seen.heads
    )


def around_url(exchange: Exchange, mould: Mould, write: Callable[[Exchange], str]) -> list[str]:
    """What stands around the URLs in what is written of such an exchange at any URL.

    It is found at a URL like no other; nothing, where it can't be told.
    """
    url = f"{origin_of_url(exchange.url)}/{TOKEN}"
    alike = of_pattern(mould.cast(url, len(url)), exchange.time, exchange.id)
    return around(write(alike), url)


_set: Final = object.__setattr__


def of_pattern(
    pattern: Pattern,
    time: datetime,
    id_: str,
    waited_ms: int | None = None,
    *,
    preflight: str | None = None,
    chain: str | None = None,
    findings: tuple[Finding, ...] = (),
) -> Exchange:
    """The exchange that has a pattern, and these fields that alike ones don't share."""
    exchange = object.__new__(Exchange)
    # `__init__` would take 12 us instead of 1, and a copy of what is shared; set like this, the
    # fields need no dict either, which the garbage collector would look through as well.
    _set(exchange, "pattern", pattern)
    _set(exchange, "time", time)
    _set(exchange, "id", id_)
    _set(exchange, "waited_ms", waited_ms)
    if preflight is not None:
        _set(exchange, "preflight", preflight)
    if chain is not None:
        _set(exchange, "chain", chain)
    if findings:
        _set(exchange, "findings", findings)
    return exchange


def _asked(wire: WireView, url: str) -> dict[str, Any]:
    """The fields that tell what was asked, and by whom; the URL as far as it may be kept."""
    return {
        "kind": wire.kind,
        "origin": wire.cors.origin,
        "url": url,
        "method": wire.cors.method,
        "request_headers": wire.cors.unsafe_names,
        "mode": wire.mode,
        "mode_from": wire.mode_from,
        "engine": wire.engine,
        "embedder_policy": wire.policies.embedder,
    }


def _touched(
    wire: WireView, touch: Touch | None, past: Past, clean: Callable[[str], str]
) -> dict[str, Any]:
    """The fields that tell what a rule did."""
    server = touch.server_response if touch else None
    shadow = touch.shadow if touch else None
    return {
        "rule": touch.rule if touch else None,
        "rule_mode": touch.mode if touch else None,
        "answered_by": "rule" if touch and touch.answered else "server",
        "server_headers": _cors_headers(server) if server else None,
        "server_status": server.status if server else None,
        "server_verdict": judged(wire, Got(server, past=past), clean) if server else None,
        "shadow": _shadow(wire, shadow, past, clean) if shadow else None,
    }


def _scene(
    wire: WireView, url: str, response: Response | None, link: Link, clean: Callable[[str], str]
) -> Scene:
    location = response and location_url(response, wire.cors.url, wire.engine)
    if response is not None and location == FAILURE:
        location = get(response.headers, "Location")
    return Scene(
        url=url,
        origin=wire.cors.origin,
        status=response.status if response else None,
        location=clean(location) if isinstance(location, str) else None,
        page=link.page or wire.cors.origin,
        first_url=clean(link.first_url) if link.first_url else url,
        destination=wire.destination,
        upgrades=wire.policies.upgrades,
        isolation=wire.policies.isolation,
        site=wire.site,
    )


def _went_by(
    wire: WireView,
    response: Response | None,
    goes_by: Response | None,
    clean: Callable[[str], str],
) -> dict[str, Any]:
    """The fields that tell what the browser goes by besides the answer's own CORS headers."""
    location = get(response.headers, "Location") if response else None
    return {
        # That there is a Location is told also of one that may not be shown.
        "location": location and (clean(location) or location[0]),
        "location_userinfo": _leads_by_userinfo(wire, response),
        "revalidated": bool(response and response.status == 304 and is_revalidation(wire)),
        "goes_by": _cors_headers(goes_by) if goes_by else None,
        "goes_by_status": goes_by.status if goes_by else None,
    }


def _leads_by_userinfo(wire: WireView, response: Response | None) -> bool:
    location = response and location_url(response, wire.cors.url, wire.engine)
    target = parse_url(location) if isinstance(location, str) else None
    return target is not None and target.includes_credentials


def _leads_on(wire: WireView, response: Response | None, judgement: Judgement) -> bool:
    """Whether the answer is a redirect that the browser follows."""
    if response is None or wire.kind == "preflight" or judgement.verdict == "blocked":
        return False
    return location_url(response, wire.cors.url, wire.engine) is not None


def _shadow(
    wire: WireView, shadow: Response | Missing, past: Past, clean: Callable[[str], str]
) -> Shadow:
    if isinstance(shadow, Missing):
        return Shadow((), judged(wire, Got(None, shadow, past=past), clean))
    return Shadow(_cors_headers(shadow), judged(wire, Got(shadow, past=past), clean))


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


def milliseconds(since: datetime | None, until: datetime) -> int | None:
    """How long it was; never less than nothing, whatever the clocks say."""
    if since is None:
        return None
    waited = until - since  # whose parts are added in a third of the time of its division
    seconds = waited.days * 86_400 + waited.seconds
    return max(0, seconds * 1_000 + (waited.microseconds + 500) // 1_000)
