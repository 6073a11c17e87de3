"""What does each reason mean, and what is to be changed?

One entry a reason, worded for the person who runs the page. The placeholders are filled with the
exchange's own values: {origin} {method} {headers} {status} {detail} {error}.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from corscope.explain.escape import escaped
from corscope.fetch.origin import OPAQUE_SERIALIZED
from corscope.fetch.reasons import Reason

__all__ = ["OPAQUE_ORIGIN_FIX", "WORDS", "Words", "worded"]


@dataclass(frozen=True, slots=True)
class Words:
    """What happened, in a clause, and how it is mended, in a sentence."""

    what: str
    fix: str


_ALLOW_THIS_ORIGIN: Final = (
    'send "Access-Control-Allow-Origin: {origin}" and "Vary: Origin", on error answers too.'
)

OPAQUE_ORIGIN_FIX: Final = (
    "find out why the page's origin is opaque: a redirect from one foreign origin to another, a "
    'sandboxed frame, a file: or data: URL. Any site can send "Origin: null", so don\'t allow it.'
)
"""The fix where the request's origin is `null` and the answer doesn't allow it."""

WORDS: Final[dict[Reason, Words]] = {
    Reason.ALLOW_ORIGIN_MISSING: Words(
        "the answer (status {status}) has no Access-Control-Allow-Origin", _ALLOW_THIS_ORIGIN
    ),
    Reason.ALLOW_ORIGIN_REPEATED: Words(
        'Access-Control-Allow-Origin is there more than once, which makes "{detail}"',
        "let one place set it: the application or the proxy before it, not both.",
    ),
    Reason.ALLOW_ORIGIN_LIST: Words(
        'Access-Control-Allow-Origin is a list, "{detail}", where one origin may stand',
        "compare the request's Origin with your list and send back the one that matches, with "
        '"Vary: Origin".',
    ),
    Reason.ALLOW_ORIGIN_INVALID: Words(
        'Access-Control-Allow-Origin is "{detail}", which is no origin',
        'send an origin, scheme, host and port: "Access-Control-Allow-Origin: {origin}".',
    ),
    Reason.ALLOW_ORIGIN_MISMATCH: Words(
        'Access-Control-Allow-Origin is "{detail}", not the page\'s origin, to the letter',
        _ALLOW_THIS_ORIGIN,
    ),
    Reason.WILDCARD_WITH_CREDENTIALS: Words(
        'Access-Control-Allow-Origin is "*", which doesn\'t count where credentials are included',
        'send "Access-Control-Allow-Origin: {origin}" and "Vary: Origin", or let the page not '
        "include credentials.",
    ),
    Reason.ALLOW_CREDENTIALS_NOT_TRUE: Words(
        "credentials are included, but Access-Control-Allow-Credentials is {detail}",
        'send "Access-Control-Allow-Credentials: true", once and in lower case, or let the page '
        "not include credentials.",
    ),
    Reason.PREFLIGHT_REDIRECT: Words(
        'the preflight is redirected (status {status}) to "{detail}"; a preflight may not be',
        "let the page ask for the final URL, or answer OPTIONS before the redirect.",
    ),
    Reason.PREFLIGHT_STATUS: Words(
        "the preflight's status is {status}, not 200 to 299",
        "answer OPTIONS with 204 before authentication and routing: a preflight never carries "
        "credentials.",
    ),
    Reason.ALLOW_METHODS_INVALID: Words(
        'Access-Control-Allow-Methods, "{detail}", is no list of methods',
        'send method names with commas between: "Access-Control-Allow-Methods: {method}".',
    ),
    Reason.ALLOW_HEADERS_INVALID: Words(
        'Access-Control-Allow-Headers, "{detail}", is no list of header names',
        'send header names with commas between: "Access-Control-Allow-Headers: {headers}".',
    ),
    Reason.METHOD_NOT_ALLOWED: Words(
        "Access-Control-Allow-Methods doesn't allow {detail}",
        'add it to the preflight\'s answer: "Access-Control-Allow-Methods: {method}" (names are '
        "case-sensitive, and * doesn't count with credentials).",
    ),
    Reason.HEADER_NOT_ALLOWED: Words(
        "Access-Control-Allow-Headers doesn't allow {detail}",
        "add it to the preflight's answer: \"Access-Control-Allow-Headers: {headers}\" (* doesn't "
        "count with credentials), or let the page not send it.",
    ),
    Reason.REDIRECT_WITH_CREDENTIALS: Words(
        "the redirect's Location has a user name or a password (host {detail})",
        "redirect to a URL without them.",
    ),
    Reason.REDIRECT_INVALID: Words(
        'the redirect\'s Location, "{detail}", is no URL',
        "send one absolute http(s) URL or a path.",
    ),
    Reason.REDIRECT_NOT_HTTP: Words(
        'the redirect leads to a "{detail}" URL, not to an http(s) one',
        "redirect to an http or https URL.",
    ),
    Reason.REDIRECT_TO_LOCAL: Words(
        'the redirect leads to a "{detail}" URL, which is no place on the network',
        "redirect to an http or https URL.",
    ),
    Reason.REDIRECT_BAD_PORT: Words(
        "the redirect leads to port {detail}, which no browser asks",
        "serve the target at another port.",
    ),
    Reason.TOO_MANY_REDIRECTS: Words(
        "this is the 21st redirect in a row, and browsers follow 20",
        "see whether the redirects lead in a circle.",
    ),
    Reason.CROSS_ORIGIN_RESOURCE_POLICY: Words(
        "Cross-Origin-Resource-Policy: {detail} keeps this answer from the page; that is no CORS "
        "error",
        'send "Cross-Origin-Resource-Policy: cross-origin" with what others may embed.',
    ),
    Reason.PROXY_AUTHENTICATION: Words(
        "407 is a status for proxies to send, which this browser takes from no server behind one",
        "answer with 401 where the page is to log in.",
    ),
    Reason.MIXED_CONTENT: Words(
        "{detail} is plain http, and the page is https: that is mixed content, and no CORS error",
        "serve it over https, and let redirects lead there.",
    ),
    Reason.NO_RESPONSE: Words(
        "no answer came from the server ({error}); the proxy's error page has no CORS headers, "
        "so the browser calls it a CORS error, which it is not",
        "start the server, or mend its address.",
    ),
    Reason.CONNECTION_DROPPED: Words(
        "the connection was dropped without an answer ({error}); that is no CORS error",
        "see why the connection was dropped.",
    ),
    Reason.CLIENT_GONE: Words(
        "the browser went away before the answer ({error})",
        "nothing, if the page was left or the request was aborted.",
    ),
}


def worded(
    reason: Reason,
    *,
    detail: str | None,
    origin: str,
    method: str,
    headers: Iterable[str],
    status: int | None,
    error: str | None,
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
    words = WORDS[reason]
    hides_origin = origin == OPAQUE_SERIALIZED and "{origin}" in words.fix
    fix = OPAQUE_ORIGIN_FIX if hides_origin else words.fix.format_map(shown)
    return Words(words.what.format_map(shown), fix)
