"""What about an exchange is worth a remark, though it is no verdict?

Caches that may give a page the wrong answer, answers that contradict each other, and failures
that look like CORS but are none. A remark rests on this exchange's headers and on those of earlier
ones, which a bounded memory keeps; one that is only probable says so in its detail. What caches do
with an answer is in `caching`.

Remarks are about the server: of an answer that a rule has made up or changed, only what the server
itself had sent counts.
"""

import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from ipaddress import ip_address
from typing import Final, TypeVar

from corscope.fetch.headers import byte_lowercase, contains, get
from corscope.fetch.origin import (
    OPAQUE_SERIALIZED,
    TupleOrigin,
    is_potentially_trustworthy,
    origin_of_url,
    parse_serialized_origin,
)
from corscope.fetch.redirect import location_url
from corscope.journal.caching import (
    cache_control,
    is_from_shared_cache,
    is_reused_unasked,
    is_storable,
    varies_by_origin,
)
from corscope.journal.exchange import Finding, Sighting
from corscope.journal.wire import Credentials, WireView
from corscope.messages import HeaderList, Request, Response

__all__ = [
    "LIKELY",
    "MAY",
    "Case",
    "FindingId",
    "Memory",
    "PlainRequest",
    "findings_of",
    "note",
    "note_plain",
    "plain_request",
]


class FindingId(StrEnum):
    """Every remark's id, the most telling first."""

    CHALLENGE_PAGE = "challenge-page"
    CAPTIVE_PORTAL = "captive-portal"
    REDIRECT_TO_LOGIN = "redirect-to-login"
    CREDENTIALS_NOT_SENT = "credentials-not-sent"
    CROSS_ORIGIN_RESOURCE_POLICY = "cross-origin-resource-policy"
    NON_CORS_COPY_MAY_BE_CACHED = "non-cors-copy-may-be-cached"
    NOT_MODIFIED_WITHOUT_CORS_HEADERS = "not-modified-without-cors-headers"
    SHARED_CACHE_FOREIGN_ORIGIN = "shared-cache-foreign-origin"
    PREFLIGHT_AND_ACTUAL_DISAGREE = "preflight-and-actual-disagree"
    ANY_ORIGIN_WITH_CREDENTIALS = "any-origin-with-credentials"
    VARY_ORIGIN_MISSING = "vary-origin-missing"
    MIXED_CONTENT = "mixed-content"


MAY: Final = "may"
"""The detail of a remark on what can happen, but wasn't seen to."""
LIKELY: Final = "likely"
"""The detail of a remark that names the likely cause of what was seen."""

MAX_URLS: Final = 2_000
MAX_PER_URL: Final = 8

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Case:
    """All that findings look at in one exchange.

    Attributes:
        seen: what the proxy saw of the answer.
        wire: what the request shows.
        client: what tells one browser from another.
        credentials: the credentials mode, as far as it shows.
        opened_by: the headers of the answer to the preflight that announced the request.
        now: when the answer came.
    """

    seen: Sighting
    wire: WireView
    client: str
    credentials: Credentials
    opened_by: HeaderList | None
    now: datetime


@dataclass(frozen=True, slots=True)
class PlainRequest:
    """A GET for another origin's URL without `Origin`, as by an `<img>`; `page` sent it."""

    client: str
    url: str
    page: str


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a server let one origin do, answering by itself and not from a cache."""

    asked_by: str | None
    allow_origin: str | None
    with_credentials: bool


@dataclass(frozen=True, slots=True)
class _Copy:
    """A cacheable answer to a plain request, without CORS headers and without `Vary: Origin`."""

    client: str
    page: str
    reused_unasked: bool
    is_shared: bool


@dataclass(slots=True)
class Memory:
    """What earlier exchanges showed, by URL, those noted last at the end; all bounded."""

    answers: "OrderedDict[str, tuple[_Answer, ...]]" = field(default_factory=OrderedDict)
    copies: "OrderedDict[str, tuple[_Copy, ...]]" = field(default_factory=OrderedDict)
    logins: "OrderedDict[str, tuple[str, ...]]" = field(default_factory=OrderedDict)
    """For each login page that a request was redirected to, the clients."""


def _keep(shelf: "OrderedDict[str, tuple[_T, ...]]", url: str, items: tuple[_T, ...]) -> None:
    """Put a URL's items at the end, and drop what was noted longest ago."""
    shelf.pop(url, None)
    if items:
        shelf[url] = items[-MAX_PER_URL:]
    if len(shelf) > MAX_URLS:
        shelf.popitem(last=False)


# The two calls for each CORS exchange


def findings_of(case: Case, memory: Memory) -> tuple[Finding, ...]:
    """The remarks on an exchange, the most telling first.

    Args:
        case: the exchange.
        memory: what was seen before it.
    """
    answer = _server_answer(case.seen)
    checks = () if answer is None else (check(case, answer, memory) for check in _CHECKS)
    found = (*checks, _preflight_and_actual_disagree(case), _mixed_content(case))
    findings = (finding for finding in found if finding is not None)
    return tuple(sorted(findings, key=lambda finding: _RANK[finding.id]))


def note(case: Case, memory: Memory) -> None:
    """Remember what an exchange shows for those after it."""
    answer = _server_answer(case.seen)
    if answer is None or not _is_cors_actual(case.wire):
        return
    url = case.wire.cors.url
    target = _login_target(case, answer)
    if target is not None:
        clients = memory.logins.get(target, ())
        _keep(memory.logins, target, (*(c for c in clients if c != case.client), case.client))
    if is_from_shared_cache(answer.headers) or answer.status == 304:
        return
    if case.wire.cors.method == "GET" and answer.status == 200:
        # The browser's cache replaces its copy by this answer, or drops it where that isn't to
        # be stored.
        copies = memory.copies.get(url, ())
        _keep(memory.copies, url, tuple(c for c in copies if not _is_of(c, case)))
    _note_answer(memory, url, case.wire.cors.origin, answer)


def _note_answer(memory: Memory, url: str, asked_by: str | None, answer: Response) -> None:
    with_credentials = get(answer.headers, "Access-Control-Allow-Credentials") == "true"
    new = _Answer(asked_by, _allow_origin(answer.headers), with_credentials)
    earlier = memory.answers.get(url, ())
    _keep(memory.answers, url, (*(old for old in earlier if old.asked_by != asked_by), new))


# And for each request that isn't one


def plain_request(client: str, request: Request) -> PlainRequest | None:
    """The request, if its answer may get in the way of a later CORS request of the same page.

    Caches are divided by the page, which the Referer tells; without one, nothing can be said.
    """
    if request.method != "GET" or get(request.headers, "Sec-Fetch-Site") == "same-origin":
        return None
    if get(request.headers, "Sec-Fetch-Mode") not in {None, "no-cors"}:
        return None  # a navigation's answer is kept for a page of its own
    page = origin_of_url(get(request.headers, "Referer") or "")
    if page is None or contains(request.headers, "Origin") or page == origin_of_url(request.url):
        return None
    return PlainRequest(client, request.url, str(page))


def note_plain(plain: PlainRequest, seen: Sighting, memory: Memory, now: datetime) -> None:
    """Remember the copy that a cache may now hold of the answer."""
    answer = _server_answer(seen)
    if answer is None or answer.status != 200:
        return
    headers = answer.headers
    earlier = (
        copy
        for copy in memory.copies.get(plain.url, ())
        if (copy.client, copy.page) != (plain.client, plain.page)
    )
    if _allow_origin(headers) is not None:
        _keep(memory.copies, plain.url, tuple(earlier))
        if not is_from_shared_cache(headers):
            _note_answer(memory, plain.url, None, answer)
    elif is_storable(headers, now) and not varies_by_origin(headers):
        is_shared = "private" not in cache_control(headers)
        copy = _Copy(plain.client, plain.page, is_reused_unasked(headers, now), is_shared)
        _keep(memory.copies, plain.url, (*earlier, copy))


# What it rests on


def _server_answer(seen: Sighting) -> Response | None:
    """What the server itself sent; None where that isn't known."""
    if seen.touch is None or seen.touch.mode == "shadow":
        return seen.response
    return seen.touch.server_response


def _is_cors_actual(wire: WireView) -> bool:
    return wire.kind == "actual" and wire.mode == "cors"


def _is_of(copy: _Copy, case: Case) -> bool:
    return (copy.client, copy.page) == (case.client, case.wire.cors.origin)


def _allow_origin(headers: HeaderList) -> str | None:
    return get(headers, "Access-Control-Allow-Origin")


def _is_conditional_by_browser(wire: WireView) -> bool:
    """Whether the browser itself asked if its copy is still good, and script didn't."""
    conditions = {"if-none-match", "if-modified-since"}
    return bool(conditions & wire.present) and not conditions.intersection(wire.cors.unsafe_names)


def _is_html(headers: HeaderList) -> bool:
    essence = (get(headers, "Content-Type") or "").partition(";")[0]
    return byte_lowercase(essence.strip()) == "text/html"


def _site(origin: TupleOrigin) -> str | None:
    """What two hosts of one site have in common, or more; None where no site can be told.

    A site's name has two labels or more. Two hosts that differ in the last two are of different
    sites, whatever the public suffix list says; where they agree, they may be of one.
    """
    labels = origin.host.rstrip(".").split(".")
    private = {"localhost", "local", "internal"}
    if len(labels) < 2 or labels[-1] in private or _is_ip_address(origin.host):
        return None
    return ".".join(labels[-2:])


def _is_ip_address(host: str) -> bool:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _are_surely_cross_site(a: TupleOrigin | None, b: TupleOrigin | None) -> bool:
    sites = [_site(origin) for origin in (a, b) if origin is not None]
    return len(sites) == 2 and None not in sites and sites[0] != sites[1]


# Failures that aren't the server's CORS policy


def _challenge_page(_case: Case, answer: Response, _memory: Memory) -> Finding | None:
    """A bot check stands before the server, and says so.

    https://developers.cloudflare.com/cloudflare-challenges/challenge-types/challenge-pages/detect-response/
    and https://docs.aws.amazon.com/waf/latest/developerguide/waf-captcha-and-challenge-actions.html;
    Akamai's edge names itself only in the answers that it makes up.
    """
    headers = answer.headers
    if get(headers, "cf-mitigated") == "challenge":
        return Finding(FindingId.CHALLENGE_PAGE, "cf-mitigated")
    if get(headers, "x-amzn-waf-action") in {"challenge", "captcha"}:
        return Finding(FindingId.CHALLENGE_PAGE, "x-amzn-waf-action")
    is_edge = get(headers, "Server") == "AkamaiGHost" and _is_html(headers)
    if is_edge and answer.status in {403, 503}:
        return Finding(FindingId.CHALLENGE_PAGE, "AkamaiGHost")
    return None


def _captive_portal(_case: Case, answer: Response, _memory: Memory) -> Finding | None:
    """The network itself wants a login: https://www.rfc-editor.org/rfc/rfc6585#section-6"""
    return Finding(FindingId.CAPTIVE_PORTAL) if answer.status == 511 else None


_LOGIN_HOSTS: Final = frozenset({"adfs", "auth", "idp", "login", "signin", "sso"})
_LOGIN_SEGMENTS: Final = frozenset(
    {"adfs", "authorize", "login", "saml", "saml2", "sign-in", "sign_in", "signin", "sso"}
)
_PATH: Final = re.compile(r"[^/?#]*//[^/?#]*([^?#]*)")


def _looks_like_login(url: str, host: str) -> bool:
    path = _PATH.match(url)
    segments = path[1].lower().split("/") if path else []
    in_path = any(segment.partition(".")[0] in _LOGIN_SEGMENTS for segment in segments)
    return in_path or host.partition(".")[0] in _LOGIN_HOSTS


def _login_target(case: Case, answer: Response) -> str | None:
    """Where the answer sends a request that is no login itself to another host's login page.

    Lasting redirects (301, 308) don't count: those say that something has moved.
    """
    if answer.status not in {302, 303, 307} or case.wire.mode != "cors":
        return None
    url = case.wire.cors.url
    location = (location_url(answer, url) or "").partition("#")[0]
    here, there = origin_of_url(url), origin_of_url(location)
    if here is None or there is None or here.host == there.host:
        return None
    if there.scheme not in {"http", "https"}:
        return None
    is_login = _looks_like_login(location, there.host) and not _looks_like_login(url, here.host)
    return location if is_login else None


def _redirect_to_login(case: Case, answer: Response, memory: Memory) -> Finding | None:
    """The redirect itself, and the page that it leads to."""
    target = _login_target(case, answer)
    url = case.wire.cors.url
    if target is None and case.client in memory.logins.get(url, ()) and _is_html(answer.headers):
        target = url
    return Finding(FindingId.REDIRECT_TO_LOGIN, str(origin_of_url(target))) if target else None


def _credentials_not_sent(case: Case, answer: Response, _memory: Memory) -> Finding | None:
    """The server asks who is there, and the request didn't say; the detail is the mode."""
    if answer.status not in {401, 403} or not _is_cors_actual(case.wire):
        return None
    if not case.wire.present.isdisjoint({"cookie", "authorization"}):
        return None
    asks = contains(answer.headers, "WWW-Authenticate")
    # A session that begins at the refusal: none came. With a 403, a bot check may set a cookie.
    begins = answer.status == 401 and contains(answer.headers, "Set-Cookie")
    return Finding(FindingId.CREDENTIALS_NOT_SENT, case.credentials) if asks or begins else None


def _cross_origin_resource_policy(case: Case, answer: Response, _memory: Memory) -> Finding | None:
    """The cross-origin resource policy check: https://fetch.spec.whatwg.org/#cross-origin-resource-policy-check"""
    if case.wire.mode != "no-cors":
        return None
    asked_by = parse_serialized_origin(case.wire.cors.origin)
    if asked_by is None:  # redirects make a page's origin `null` that may be the URL's own
        return None
    policy = get(answer.headers, "Cross-Origin-Resource-Policy")
    of = origin_of_url(case.wire.cors.url)
    is_refused = policy == "same-origin" or (
        policy == "same-site" and _are_surely_cross_site(asked_by, of)
    )
    return Finding(FindingId.CROSS_ORIGIN_RESOURCE_POLICY, policy) if is_refused else None


def _mixed_content(case: Case) -> Finding | None:
    """A secure page asks an insecure host: https://w3c.github.io/webappsec-mixed-content/

    The proxy sees only what a browser lets through, so this one made an exception.
    """
    origin, url = case.wire.cors.origin, case.wire.cors.url
    if not origin.startswith("https:") or not url.startswith("http:"):
        return None
    of = origin_of_url(url)
    is_mixed = of is not None and not is_potentially_trustworthy(of)
    return Finding(FindingId.MIXED_CONTENT) if is_mixed else None


# Caches


def _non_cors_copy(case: Case, answer: Response, memory: Memory) -> Finding | None:
    """An `<img>` first, a fetch later: the fetch may get the copy of what the `<img>` got."""
    copies = memory.copies.get(case.wire.cors.url)
    if copies is None or not _is_cors_actual(case.wire) or case.wire.cors.method != "GET":
        return None
    own = [copy for copy in copies if _is_of(copy, case)]
    allowed = _allow_origin(answer.headers)
    if allowed is not None:
        # Where the server's own answer is refused, the copy makes no difference.
        is_let_in = answer.status == 200 and allowed in {"*", case.wire.cors.origin}
        may = is_let_in and any(copy.reused_unasked for copy in own)
        return Finding(FindingId.NON_CORS_COPY_MAY_BE_CACHED, MAY) if may else None
    if answer.status == 304:
        is_at_work = bool(own) and _is_conditional_by_browser(case.wire)
    else:
        is_shared = any(copy.is_shared for copy in copies)
        is_at_work = is_shared and is_from_shared_cache(answer.headers)
    if not is_at_work:
        return None
    # A server that never was seen to send CORS headers may as well have none to send.
    answers = memory.answers.get(case.wire.cors.url, ())
    sends = any(a.allow_origin is not None and a.asked_by is not None for a in answers)
    return Finding(FindingId.NON_CORS_COPY_MAY_BE_CACHED, LIKELY if sends else MAY)


def _not_modified(case: Case, answer: Response, _memory: Memory) -> Finding | None:
    """The browser goes by the headers of the copy that it asked about, not by these."""
    if answer.status != 304 or not _is_cors_actual(case.wire):
        return None
    if _allow_origin(answer.headers) is not None or not _is_conditional_by_browser(case.wire):
        return None
    return Finding(FindingId.NOT_MODIFIED_WITHOUT_CORS_HEADERS)


def _is_fixed(allow_origin: str, answers: tuple[_Answer, ...]) -> bool:
    """Whether the server was seen to send this value to one that isn't of this origin."""
    return any(a.allow_origin == allow_origin != a.asked_by for a in answers)


def _shared_cache(case: Case, answer: Response, memory: Memory) -> Finding | None:
    """A cache gave this origin what was made for another."""
    allowed = _allow_origin(answer.headers)
    if allowed is None or allowed == case.wire.cors.origin or not _is_cors_actual(case.wire):
        return None
    if parse_serialized_origin(allowed) is None or not is_from_shared_cache(answer.headers):
        return None
    if _is_fixed(allowed, memory.answers.get(case.wire.cors.url, ())):
        return None
    return Finding(FindingId.SHARED_CACHE_FOREIGN_ORIGIN, allowed)


_KEPT_BY_CACHES: Final = frozenset({200, 203, 301, 308, 404, 410})


def _vary_origin_missing(case: Case, answer: Response, memory: Memory) -> Finding | None:
    """The answer depends on the request's Origin, and doesn't tell caches so.

    That is certain where another origin got its own at the same URL; the detail is that origin.
    """
    origin, headers = case.wire.cors.origin, answer.headers
    if not _is_cors_actual(case.wire) or case.wire.cors.method not in {"GET", "HEAD"}:
        return None
    if origin == OPAQUE_SERIALIZED or _allow_origin(headers) != origin:
        return None
    if varies_by_origin(headers) or answer.status not in _KEPT_BY_CACHES:
        return None
    if "no-store" in cache_control(headers):
        return None
    answers = memory.answers.get(case.wire.cors.url, ())
    for other in reversed(answers):
        if other.asked_by is not None and other.asked_by == other.allow_origin != origin:
            return Finding(FindingId.VARY_ORIGIN_MISSING, other.asked_by)
    may = is_storable(headers, case.now) and not _is_fixed(origin, answers)
    return Finding(FindingId.VARY_ORIGIN_MISSING, MAY) if may else None


# Policies


def _preflight_and_actual_disagree(case: Case) -> Finding | None:
    """Which header the preflight had and the answer behind it hasn't, as the browser got them."""
    answer = case.seen.response
    # A 304's headers aren't those the browser goes by.
    if case.opened_by is None or answer is None or answer.status == 304:
        return None
    names = []
    before, after = _allow_origin(case.opened_by), _allow_origin(answer.headers)
    if before is not None and (after is None or (before != after and "*" in {before, after})):
        names.append("Access-Control-Allow-Origin")
    credentials = "Access-Control-Allow-Credentials"
    if get(case.opened_by, credentials) == "true" and get(answer.headers, credentials) != "true":
        names.append(credentials)
    detail = ", ".join(names)
    return Finding(FindingId.PREFLIGHT_AND_ACTUAL_DISAGREE, detail) if names else None


def _any_origin_with_credentials(case: Case, answer: Response, memory: Memory) -> Finding | None:
    """Origins that have nothing to do with each other are all let in, or `null`, which all can be.

    An origin that was refused shows that there is a list after all.
    """
    origin, headers = case.wire.cors.origin, answer.headers
    if _allow_origin(headers) != origin or is_from_shared_cache(headers):
        return None
    if get(headers, "Access-Control-Allow-Credentials") != "true":
        return None
    if origin == OPAQUE_SERIALIZED:
        return Finding(FindingId.ANY_ORIGIN_WITH_CREDENTIALS, OPAQUE_SERIALIZED)
    if not _is_cors_actual(case.wire):
        return None
    asked = [a for a in memory.answers.get(case.wire.cors.url, ()) if a.asked_by is not None]
    if any(other.allow_origin != other.asked_by for other in asked):
        return None
    others = [a.asked_by for a in reversed(asked) if a.with_credentials and a.asked_by != origin]
    own = parse_serialized_origin(origin) if others else None
    for other in others:
        if _are_surely_cross_site(own, parse_serialized_origin(other or "")):
            return Finding(FindingId.ANY_ORIGIN_WITH_CREDENTIALS, other)
    return None


_RANK: Final[dict[str, int]] = {id_: rank for rank, id_ in enumerate(FindingId)}

_Check = Callable[[Case, Response, Memory], Finding | None]

_CHECKS: Final[tuple[_Check, ...]] = (
    _challenge_page,
    _captive_portal,
    _redirect_to_login,
    _credentials_not_sent,
    _cross_origin_resource_policy,
    _non_cors_copy,
    _not_modified,
    _shared_cache,
    _any_origin_with_credentials,
    _vary_origin_missing,
)
