"""What happened in this exchange, and what is to be changed?

The catalogue's words, with the exchange's own values in the place of their placeholders.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from corscope.explain.articles.catalogue import REASONS
from corscope.explain.escape import escaped
from corscope.fetch.headers import contains
from corscope.fetch.origin import OPAQUE_SERIALIZED
from corscope.fetch.preflight import is_ok_status
from corscope.fetch.reasons import Kind, Reason
from corscope.fetch.safelist import is_cors_safelisted_method
from corscope.journal.exchange import Exchange, Judgement
from corscope.servers.parts import is_cors_response_header_name

__all__ = ["OPAQUE_ORIGIN_FIX", "Words", "exchange_words", "worded"]


@dataclass(frozen=True, slots=True)
class Words:
    """What happened, in a clause, and how it is mended, in a sentence."""

    what: str
    fix: str


OPAQUE_ORIGIN_FIX: Final = (
    "find out why the page's origin is opaque: a redirect from one foreign origin to another, a "
    'sandboxed frame, a file: or data: URL. Any site can send "Origin: null", so don\'t allow it.'
)
"""The fix where the request's origin is `null` and the answer doesn't allow it."""

_SPELLED_FIX: Final = (
    "let the page write PATCH: methods differ by case, browsers send {method} as script wrote it, "
    "and servers know no such method."
)
_OF_ANSWERS_FIX: Final = (
    "let the page not send it: it is a header of answers, which is the server's to send."
)

_STATUS_TOO: Final = (
    "And answer OPTIONS with 204, before authentication and routing: a preflight's status has to "
    "be 200 to 299."
)
"""What is to be mended besides, where a preflight's headers are what is told of first."""

_OF_ORIGIN: Final = frozenset(
    {
        Reason.ALLOW_ORIGIN_MISSING,
        Reason.ALLOW_ORIGIN_REPEATED,
        Reason.ALLOW_ORIGIN_LIST,
        Reason.ALLOW_ORIGIN_INVALID,
        Reason.ALLOW_ORIGIN_MISMATCH,
    }
)
"""Where the answer's origin is mended, what it says of credentials is asked next."""
_OF_CHECK: Final = frozenset(
    {*_OF_ORIGIN, Reason.WILDCARD_WITH_CREDENTIALS, Reason.ALLOW_CREDENTIALS_NOT_TRUE}
)
"""The CORS check's; after it a preflight's status, method and headers are looked at."""


def exchange_words(exchange: Exchange, judgement: Judgement) -> Words:
    """The words for why an exchange is refused, by a judgement that has a reason."""
    assert judgement.reason is not None
    return worded(
        judgement.reason,
        kind=exchange.kind,
        detail=judgement.detail,
        origin=exchange.origin,
        method=exchange.method,
        headers=exchange.request_headers,
        status=exchange.status,
        error=exchange.error,
        lacking=_lacking(exchange, judgement.reason),
    )


def _lacking(exchange: Exchange, reason: Reason) -> Sequence[tuple[str, str]]:
    """The lines that the answer lacks, too, and for want of which it would be refused next."""
    wanted: list[tuple[str, str]] = []
    if reason in _OF_ORIGIN and exchange.credentials == "include":
        wanted.append(("Access-Control-Allow-Credentials", "true"))
    if reason in _OF_CHECK and exchange.kind == "preflight":
        if not is_cors_safelisted_method(exchange.method):
            wanted.append(("Access-Control-Allow-Methods", exchange.method))
        if exchange.request_headers:
            names = ", ".join(exchange.request_headers)
            wanted.append(("Access-Control-Allow-Headers", names))
    return [(name, value) for name, value in wanted if not contains(exchange.headers, name)]


def worded(
    reason: Reason,
    *,
    kind: Kind,
    detail: str | None,
    origin: str,
    method: str,
    headers: Iterable[str],
    status: int | None,
    error: str | None,
    lacking: Sequence[tuple[str, str]] = (),
) -> Words:
    """The words for a reason, with an exchange's own values in them, escaped.

    Args:
        reason: why the browser refuses.
        kind: whether it is a preflight that is refused.
        detail: the header value, method or header name at fault.
        origin: the request's origin, byte-serialized.
        method: the fetch's method.
        headers: the names of its CORS-unsafe headers.
        status: the answer's status; None if there was no answer.
        error: why there was none.
        lacking: header lines that the answer would be refused for next, if it stays without them.
    """
    if reason is Reason.ALLOW_CREDENTIALS_NOT_TRUE:
        detail = "missing" if detail is None else f'"{detail}"'
    values = {
        "detail": detail or "",
        "origin": origin,
        "method": method,
        "headers": ", ".join(headers),
        "status": str(status),
        "error": error or "",
    }
    shown = {name: escaped(value) for name, value in values.items()}
    words = REASONS[reason]
    if origin == OPAQUE_SERIALIZED and "{origin}" in words.fix:
        fix = OPAQUE_ORIGIN_FIX
    elif detail is not None and (of_page := _fix_of_page(reason, detail)):
        fix = of_page
    else:
        fix = words.fix.format_map(shown)
        if lacking:
            lines = [f'"{name}: {escaped(value)}"' for name, value in lacking]
            fix = f"{fix} And send {' and '.join(lines)}, which the browser looks for next."
        if kind == "preflight" and _status_is_next(reason, status):
            fix = f"{fix} {_STATUS_TOO}"
    return Words(words.what.format_map(shown), fix)


def _fix_of_page(reason: Reason, detail: str) -> str | None:
    """The fix where it is the page that asks for what it can't have meant."""
    if reason is Reason.METHOD_NOT_ALLOWED and detail != "PATCH" and detail.upper() == "PATCH":
        return _SPELLED_FIX.format(method=detail)
    if reason is Reason.HEADER_NOT_ALLOWED and is_cors_response_header_name(detail):
        return _OF_ANSWERS_FIX
    return None


def _status_is_next(reason: Reason, status: int | None) -> bool:
    """Whether a preflight that passes the CORS check is refused for its status then."""
    return reason in _OF_CHECK and status is not None and not is_ok_status(status)
