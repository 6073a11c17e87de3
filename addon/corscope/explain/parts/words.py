"""What happened in this exchange, and what is to be changed?

The catalogue's words, with the exchange's own values in the place of their placeholders.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from corscope.explain.articles.catalogue import REASONS
from corscope.explain.escape import escaped
from corscope.explain.parts.mending import NOTHING_FURTHER, Further, further, is_misspelled
from corscope.explain.pasted.asides import LOOK_BEFORE
from corscope.explain.pasted.paste import found_in
from corscope.fetch.origin import OPAQUE_SERIALIZED
from corscope.fetch.reasons import INTERIM, TOO_LONG, Reason
from corscope.journal.exchange import Exchange, Judgement
from corscope.messages import HeaderList
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

_EXTENSIONS: Final = ("chrome-extension://", "moz-extension://", "safari-web-extension://")
_OF_EXTENSION_FIX: Final = (
    "Or name this host in host_permissions of the extension's manifest, and ask from the "
    "extension's own pages or worker: browsers then ask the server for no leave."
)

_SPELLED_FIX: Final = (
    "let the page write PATCH: methods differ by case, browsers send {method} as script wrote it, "
    "and servers know no such method."
)
_OF_ANSWERS_FIX: Final = (
    "let the page not send it: it is a header of answers, which is the server's to send."
)

_WILDCARD_WILL_DO: Final = "Without credentials the wildcard lets it in as well."
_NO_NAMES_FIX: Final = (
    "leave it out, as the request has no header that needs leave, or send header names with commas "
    "between them."
)
_STATUS_TOO: Final = (
    "And answer OPTIONS with 204, before authentication and routing: a preflight's status has to "
    "be 200 to 299."
)
"""What is to be mended besides, where a preflight's headers are what is told of first."""


_UNANSWERED_FIXES: Final = {
    "dns": "mend the host's name in the page, or let it be known here.",
    "timeout": "see whether the server runs, and what keeps it from answering.",
    "unreachable": "see whether this machine is on the server's network.",
    "tls": "let mitmproxy trust the server's certificate (ssl_verify_upstream_trusted_ca, or "
    "ssl_insecure for a test server), or ask the server by http if it speaks no TLS.",
    "invalid": "see what the server sends: it isn't HTTP.",
    "scheme": "let the page ask by wss:, or the browser go there without the proxy, which takes no "
    "other request for a WebSocket from WebKit.",
    "closed": "see in the server's log why it hung up.",
}
"""By the cause that is known; where none is, or the server refuses, the article's own will do."""

_UNREAD_FIXES: Final = {
    TOO_LONG: "send fewer headers, or shorter ones.",
    INTERIM: "let the server send no interim answer, as 103 Early Hints, while mitmproxy stands "
    "between.",
}

_MOST_ERRORS: Final = 256
"""Of so many errors it is remembered what they say."""

_UNREADABLE_HEADER_FIX: Final = (
    "send {detail} on one line, without control characters, or leave it out."
)


def exchange_words(exchange: Exchange, judgement: Judgement) -> Words:
    """The words for why an exchange is refused, by a judgement that has a reason."""
    assert judgement.reason is not None
    return worded(
        judgement.reason,
        detail=judgement.detail,
        origin=exchange.origin,
        method=exchange.method,
        headers=exchange.request_headers,
        status=exchange.status,
        error=exchange.error,
        besides=further(exchange, judgement),
    )


def worded(
    reason: Reason,
    *,
    detail: str | None,
    origin: str,
    method: str,
    headers: Iterable[str],
    status: int | None,
    error: str | None,
    besides: Further = NOTHING_FURTHER,
) -> Words:
    """The words for a reason, with an exchange's own values in them, escaped.

    Args:
        reason: why the browser refuses.
        detail: the header value, method or header name at fault.
        origin: the request's origin, byte-serialized.
        method: the fetch's method.
        headers: the names of its CORS-unsafe headers.
        status: the answer's status; None if there was no answer.
        error: why there was none.
        besides: what it would be refused for next.
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
    of_extension = (_OF_EXTENSION_FIX,) if _is_for_extension(reason, origin) else ()
    fix = " ".join((_fix(reason, detail, shown), *_besides(besides, shown), *of_extension))
    return Words(REASONS[reason].what.format_map(shown), fix)


def _is_for_extension(reason: Reason, origin: str) -> bool:
    """Whether leave is what is missing, and an extension might do without."""
    return origin.startswith(_EXTENSIONS) and "{origin}" in REASONS[reason].fix


def _fix(reason: Reason, detail: str | None, shown: Mapping[str, str]) -> str:
    """How this one fault is mended."""
    fix = REASONS[reason].fix
    if shown["origin"] == OPAQUE_SERIALIZED and "{origin}" in fix:
        if reason is Reason.WILDCARD_WITH_CREDENTIALS:
            return f"{OPAQUE_ORIGIN_FIX} {_WILDCARD_WILL_DO}"
        return OPAQUE_ORIGIN_FIX
    if reason is Reason.ALLOW_HEADERS_INVALID and not shown["headers"]:
        return _NO_NAMES_FIX
    if reason is Reason.NOT_RECORDED:
        return _fix_of_error(shown["error"]) or fix
    said = _fix_of_page(reason, detail or "") or _fix_of_cause(reason, detail) or fix
    return said.format_map(shown)


def _fix_of_cause(reason: Reason, cause: str | None) -> str | None:
    """The fix where no answer came, or none that can be read, and it is known why."""
    if reason is Reason.NO_RESPONSE:
        return _UNANSWERED_FIXES.get(cause or "")
    if reason is Reason.CONNECTION_DROPPED and cause is not None:
        return _UNREAD_FIXES.get(cause, _UNREADABLE_HEADER_FIX)
    return None


@lru_cache(_MOST_ERRORS)
def _fix_of_error(error: str) -> str | None:
    """The fix where a recording has no more than an error's text, and that is known to say more."""
    found = found_in(error)
    if found is None or found.aside == LOOK_BEFORE:
        return None
    if found.aside is not None:
        return f"the error says {found.aside}."
    reasons = ", ".join(found.reasons)
    return f"the error is what a browser says of {reasons}: `corscope why` has the fix."


def _besides(besides: Further, shown: Mapping[str, str]) -> Iterator[str]:
    """What has to be mended besides, so that nobody is sent in circles: a sentence each."""
    if besides.lines:
        yield f"And send {_lines_text(besides.lines)}, which the browser looks for next."
    if besides.dropped:
        yield f"And leave out {' and '.join(besides.dropped)}, which can't be read as a list."
    if besides.status:
        yield _STATUS_TOO
    for each in besides.of_page:
        yield f"And {_fix_of(each, shown)}"
    if besides.last is not None and besides.last.reason is not None:
        fix = _fix_of(besides.last, shown)
        what = REASONS[besides.last.reason].what.format_map(_with_detail(besides.last, shown))
        yield f"And {fix}" if fix.startswith(OPAQUE_ORIGIN_FIX) else f"Still, {what}: {fix}"
    if besides.with_credentials:
        yield f"If credentials are included, send {_lines_text(besides.with_credentials)} too."
    if besides.kept is not None:
        yield f"Then empty the browser's cache: it may go on with this {besides.kept}, unasked."


def _fix_of(judgement: Judgement, shown: Mapping[str, str]) -> str:
    assert judgement.reason is not None
    return _fix(judgement.reason, judgement.detail, _with_detail(judgement, shown))


def _with_detail(judgement: Judgement, shown: Mapping[str, str]) -> Mapping[str, str]:
    return {**shown, "detail": escaped(judgement.detail or "")}


def _lines_text(lines: HeaderList) -> str:
    return " and ".join(f'"{name}: {escaped(value)}"' for name, value in lines)


def _fix_of_page(reason: Reason, detail: str) -> str | None:
    """The fix where it is the page that asks for what it can't have meant."""
    if reason is Reason.METHOD_NOT_ALLOWED and is_misspelled(detail):
        return _SPELLED_FIX.format(method=detail)
    if reason is Reason.HEADER_NOT_ALLOWED and is_cors_response_header_name(detail):
        return _OF_ANSWERS_FIX
    return None
