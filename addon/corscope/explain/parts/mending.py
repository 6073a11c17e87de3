"""What would an answer be refused for next, were it mended as the fix says?

Browsers tell one fault at a time. So the answer is mended as the article on the first one says, and
judged again, until it passes or no header helps: all that is found on the way belongs to the fix.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from corscope.explain.escape import LONGEST_VALUE
from corscope.fetch.check import CredentialsMode
from corscope.fetch.engines import Engine
from corscope.fetch.headers import (
    FAILURE,
    byte_lowercase,
    delete,
    extract_header_list_values,
    get,
    set_header,
    values,
)
from corscope.fetch.origin import OPAQUE_SERIALIZED
from corscope.fetch.reasons import Reason
from corscope.fetch.safelist import is_cors_safelisted_method
from corscope.journal.again import gone_by, judged_again
from corscope.journal.exchange import Exchange, Judgement
from corscope.messages import HeaderList, Response
from corscope.servers.parts import is_cors_response_header_name

__all__ = ["NOTHING_FURTHER", "Further", "further", "is_misspelled"]

_ALLOW_ORIGIN: Final = "Access-Control-Allow-Origin"
_ALLOW_CREDENTIALS: Final = "Access-Control-Allow-Credentials"
_ALLOW_METHODS: Final = "Access-Control-Allow-Methods"
_ALLOW_HEADERS: Final = "Access-Control-Allow-Headers"
_RESOURCE_POLICY: Final = "Cross-Origin-Resource-Policy"
_NAMES: Final = (
    *(_ALLOW_ORIGIN, _ALLOW_CREDENTIALS, _ALLOW_METHODS, _ALLOW_HEADERS),
    _RESOURCE_POLICY,
)
_KEPT_REDIRECTS: Final[Mapping[Engine, frozenset[int]]] = {
    Engine.CHROMIUM: frozenset({301, 308}),
    Engine.FIREFOX: frozenset(),
    Engine.WEBKIT: frozenset({301}),
    Engine.UNKNOWN: frozenset(),
}
_OF_STATUS: Final = frozenset({Reason.PREFLIGHT_STATUS, Reason.PREFLIGHT_REDIRECT})


@dataclass(frozen=True, slots=True)
class Further:
    """What has to be mended besides the first fault.

    Attributes:
        lines: header lines that the answer needs, too.
        dropped: the names of headers that it must not have.
        status: whether its status has to be an ok status, too.
        of_page: faults that the page has to mend, too.
        last: what no header mends, so that what comes after it isn't known.
        with_credentials: lines that it needs on top of all that, if credentials are included.
        kept: the status of an answer that this browser may go by from its cache, for all that is
            mended; None for any other.
    """

    lines: HeaderList = ()
    dropped: tuple[str, ...] = ()
    status: bool = False
    of_page: tuple[Judgement, ...] = ()
    last: Judgement | None = None
    with_credentials: HeaderList = ()
    kept: int | None = None


NOTHING_FURTHER: Final = Further()


@dataclass(frozen=True, slots=True)
class _Case:
    """A request with an answer to it, and what the browser makes of that in one mode."""

    exchange: Exchange
    response: Response
    mode: CredentialsMode
    refused: Judgement


def further(exchange: Exchange, judgement: Judgement) -> Further:
    """What an exchange that is refused would be refused for next, and all that comes after.

    Args:
        exchange: the exchange.
        judgement: why it is refused; one that its record can't bring about has nothing further.
    """
    response = gone_by(exchange)
    mode = _mode(exchange, judgement)
    if response is None or mode is None:
        return NOTHING_FURTHER
    began = _judged(exchange, response, mode)
    if began.refused.reason is not judgement.reason:
        return NOTHING_FURTHER
    first = _mended(began) or began
    last, of_page = _to_the_end(first)
    told = Further(
        lines=_lines(first.response, last.response),
        dropped=_dropped(first.response, last.response),
        status=first.response.status != last.response.status,
        of_page=of_page,
        last=last.refused if last.refused.reason and last is not began else None,
        kept=exchange.status if _is_kept(exchange) else None,
    )
    if exchange.credentials != "unknown" or mode is CredentialsMode.INCLUDE:
        return told
    included = _judged(last.exchange, last.response, CredentialsMode.INCLUDE)
    stricter, more_of_page = _to_the_end(included)
    return replace(
        told,
        of_page=(*of_page, *more_of_page),
        with_credentials=_lines(last.response, stricter.response),
    )


def _is_kept(exchange: Exchange) -> bool:
    """Whether it is an answer that this browser keeps even where it is refused, and asks no more.

    Of those that are for good Chromium keeps redirects, WebKit a 301, and Firefox a 410; whether a
    Cache-Control forbade it isn't recorded. What else they keep hangs on that header alone.
    """
    if exchange.kind == "preflight" or exchange.method != "GET":
        return False
    if exchange.engine is Engine.FIREFOX:
        return exchange.status == 410
    return exchange.location is not None and exchange.status in _KEPT_REDIRECTS[exchange.engine]


def is_misspelled(method: str) -> bool:
    """Whether a method is PATCH but for its letters' case, which browsers leave as it is."""
    return method != "PATCH" and method.upper() == "PATCH"


def _mode(exchange: Exchange, judgement: Judgement) -> CredentialsMode | None:
    """The mode that it is a judgement for; None where it is none of this exchange's."""
    verdicts = exchange.verdicts
    if judgement.verdict == "conditional" or exchange.credentials == "include":
        mode, own = CredentialsMode.INCLUDE, verdicts.include
    elif judgement == verdicts.omit:
        mode, own = CredentialsMode.OMIT, verdicts.omit
    else:
        mode, own = CredentialsMode.INCLUDE, verdicts.include
    return mode if own.reason is judgement.reason else None


def _judged(exchange: Exchange, response: Response, mode: CredentialsMode) -> _Case:
    verdicts = judged_again(exchange, response)
    refused = verdicts.include if mode is CredentialsMode.INCLUDE else verdicts.omit
    return _Case(exchange, response, mode, refused)


def _to_the_end(case: _Case) -> tuple[_Case, tuple[Judgement, ...]]:
    """Mend one fault after the other, until there is none or no header mends it.

    Beside what comes of it are the faults that were the page's own.
    """
    of_page = []
    for _ in Reason:  # few come twice, none for ever
        mended = _mended(case) if case.refused.reason else None
        if mended is None:
            break
        if mended.exchange is not case.exchange:
            of_page.append(case.refused)
        case = mended
    return case, tuple(of_page)


def _lines(before: Response, after: Response) -> HeaderList:
    """The lines that the second answer has and the first hasn't."""
    told = ((name, get(after.headers, name)) for name in _NAMES)
    return tuple(
        (name, value)
        for name, value in told
        if value is not None and value != get(before.headers, name)
    )


def _dropped(before: Response, after: Response) -> tuple[str, ...]:
    return tuple(
        name
        for name in _NAMES
        if get(before.headers, name) is not None and get(after.headers, name) is None
    )


# One fault mended, as the article on it says

_Mended = tuple[Exchange, HeaderList] | None
"""What the page then asks for and what the answer's headers are; None where neither helps."""


def _mended(case: _Case) -> _Case | None:
    """The same with this fault mended; None where no header of the answer does it."""
    if case.refused.reason in _OF_STATUS:
        return _judged(case.exchange, case.response._replace(status=204), case.mode)
    mend = _MENDS.get(case.refused.reason) if case.refused.reason else None
    mended = mend(case) if mend else None
    if mended is None:
        return None
    exchange, headers = mended
    return _judged(exchange, case.response._replace(headers=headers), case.mode)


def _own_origin(case: _Case) -> _Mended:
    """Any site can make its requests come from `null`, so that is no origin to allow."""
    origin = case.exchange.origin
    if origin == OPAQUE_SERIALIZED:
        return None
    return case.exchange, set_header(case.response.headers, _ALLOW_ORIGIN, origin)


def _own_origin_with_credentials(case: _Case) -> _Mended:
    mended = _own_origin(case)
    return mended and (mended[0], set_header(mended[1], _ALLOW_CREDENTIALS, "true"))


def _one_of_several(case: _Case) -> _Mended:
    """Of lines that say the same one does; of others it isn't known which is meant to stay."""
    headers = case.response.headers
    said = set(values(headers, _ALLOW_ORIGIN))
    kept = said.pop() if len(said) == 1 else ""
    return case.exchange, set_header(headers, _ALLOW_ORIGIN, kept)


def _one_of_list(case: _Case) -> _Mended:
    listed = (case.refused.detail or "").replace(",", " ").split()
    kept = case.exchange.origin if case.exchange.origin in listed else ""
    return case.exchange, set_header(case.response.headers, _ALLOW_ORIGIN, kept)


def _credentials(case: _Case) -> _Mended:
    return case.exchange, set_header(case.response.headers, _ALLOW_CREDENTIALS, "true")


def _method(case: _Case) -> _Mended:
    exchange, headers = case.exchange, case.response.headers
    if is_misspelled(exchange.method) and case.refused.reason is Reason.METHOD_NOT_ALLOWED:
        return replace(exchange, method="PATCH"), headers
    wanted = () if is_cors_safelisted_method(exchange.method) else (exchange.method,)
    return exchange, _with_members(headers, _ALLOW_METHODS, wanted)


def _header_names(case: _Case) -> _Mended:
    exchange, headers = case.exchange, case.response.headers
    if is_cors_response_header_name(case.refused.detail or ""):
        names = tuple(n for n in exchange.request_headers if not is_cors_response_header_name(n))
        return replace(exchange, request_headers=names), headers
    return exchange, _with_members(headers, _ALLOW_HEADERS, exchange.request_headers)


def _embedding(case: _Case) -> _Mended:
    return case.exchange, set_header(case.response.headers, _RESOURCE_POLICY, "cross-origin")


_MENDS: Final[Mapping[Reason, Callable[[_Case], _Mended]]] = {
    Reason.ALLOW_ORIGIN_MISSING: _own_origin,
    Reason.ALLOW_ORIGIN_INVALID: _own_origin,
    Reason.ALLOW_ORIGIN_MISMATCH: _own_origin,
    Reason.ALLOW_ORIGIN_REPEATED: _one_of_several,
    Reason.ALLOW_ORIGIN_LIST: _one_of_list,
    Reason.WILDCARD_WITH_CREDENTIALS: _own_origin_with_credentials,
    Reason.ALLOW_CREDENTIALS_NOT_TRUE: _credentials,
    Reason.ALLOW_METHODS_INVALID: _method,
    Reason.METHOD_NOT_ALLOWED: _method,
    Reason.ALLOW_HEADERS_INVALID: _header_names,
    Reason.HEADER_NOT_ALLOWED: _header_names,
    Reason.CROSS_ORIGIN_RESOURCE_POLICY: _embedding,
    Reason.CROSS_ORIGIN_EMBEDDER_POLICY: _embedding,
    Reason.DOCUMENT_ISOLATION_POLICY: _embedding,
}


def _with_members(headers: HeaderList, name: str, wanted: Sequence[str]) -> HeaderList:
    """The list with what is wanted, beside all that it has; what is no list begins anew."""
    found = extract_header_list_values(name, headers)
    kept = () if found is None or found == FAILURE else found
    lowered = {byte_lowercase(member) for member in kept} if name == _ALLOW_HEADERS else set(kept)
    more = [member for member in wanted if member not in lowered]
    members = ", ".join((*kept, *more))
    if len(members) > LONGEST_VALUE:  # it will be cut off, but not by what matters
        members = ", ".join((*more, *kept))
    return set_header(headers, name, members) if members else delete(headers, name)
