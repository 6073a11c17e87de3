"""Why does the browser refuse? The catalogue of reasons, one readable id each.

A reason names the step of the standard that failed, refined by the diagnosis where developers
need to know more, and the names under which browsers report it. What it means and how it is
mended is said in `explain`.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

__all__ = [
    "CATALOGUE",
    "INTERIM",
    "TOO_LONG",
    "Entry",
    "Failure",
    "Kind",
    "Reason",
    "chromium_name",
    "firefox_name",
]

Kind = Literal["preflight", "actual"]


class Reason(StrEnum):
    """The id of a reason, as the journal has it."""

    ALLOW_ORIGIN_MISSING = "allow-origin-missing"
    ALLOW_ORIGIN_REPEATED = "allow-origin-repeated"
    ALLOW_ORIGIN_LIST = "allow-origin-list"
    ALLOW_ORIGIN_INVALID = "allow-origin-invalid"
    ALLOW_ORIGIN_MISMATCH = "allow-origin-mismatch"
    WILDCARD_WITH_CREDENTIALS = "wildcard-with-credentials"
    ALLOW_CREDENTIALS_NOT_TRUE = "allow-credentials-not-true"
    PREFLIGHT_REDIRECT = "preflight-redirect"
    PREFLIGHT_STATUS = "preflight-status"
    ALLOW_METHODS_INVALID = "allow-methods-invalid"
    ALLOW_HEADERS_INVALID = "allow-headers-invalid"
    METHOD_NOT_ALLOWED = "method-not-allowed"
    HEADER_NOT_ALLOWED = "header-not-allowed"
    REDIRECT_WITH_CREDENTIALS = "redirect-with-credentials"
    REDIRECT_INVALID = "redirect-invalid"
    REDIRECT_NOT_HTTP = "redirect-not-http"
    REDIRECT_TO_LOCAL = "redirect-to-local"
    REDIRECT_BAD_PORT = "redirect-bad-port"
    TOO_MANY_REDIRECTS = "too-many-redirects"
    MIXED_CONTENT = "mixed-content"
    CROSS_ORIGIN_RESOURCE_POLICY = "cross-origin-resource-policy"
    CROSS_ORIGIN_EMBEDDER_POLICY = "cross-origin-embedder-policy"
    DOCUMENT_ISOLATION_POLICY = "document-isolation-policy"
    PROXY_AUTHENTICATION = "proxy-authentication"
    NO_RESPONSE = "no-response"
    CONNECTION_DROPPED = "connection-dropped"
    CLIENT_GONE = "client-gone"
    NOT_RECORDED = "not-recorded"


INTERIM: Final = "interim"
"""The detail of `CONNECTION_DROPPED` where an answer came that isn't the last one, and no other."""

TOO_LONG: Final = "too-long"
"""The same where the head of an answer is longer than the browser takes."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A refusal: the reason, and the header value, method or header name at fault.

    `firefox` is Firefox's name for it where that hangs on more than the reason.
    """

    reason: Reason
    detail: str | None = None
    firefox: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """What a reason is called, and where the standard decides it.

    `chromium` is the DevTools protocol's `Network.CorsError`, `firefox` the category of the
    console message; each is None where that browser has no name of its own for the reason.
    `prefixed` says that Chromium puts `Preflight` before its name on a preflight.
    """

    section: str
    chromium: str | None
    firefox: str | None
    prefixed: bool = False


_CHECK: Final = "https://fetch.spec.whatwg.org/#concept-cors-check"
_PREFLIGHT: Final = "https://fetch.spec.whatwg.org/#cors-preflight-fetch-0"
_REDIRECT: Final = "https://fetch.spec.whatwg.org/#http-redirect-fetch"
_MAIN: Final = "https://fetch.spec.whatwg.org/#concept-main-fetch"
_POLICY: Final = "https://fetch.spec.whatwg.org/#cross-origin-resource-policy-check"
_CACHE: Final = "https://fetch.spec.whatwg.org/#concept-http-network-or-cache-fetch"
_PORTS: Final = "https://fetch.spec.whatwg.org/#port-blocking"
_ERROR: Final = "https://fetch.spec.whatwg.org/#concept-network-error"
_NETWORK: Final = "https://fetch.spec.whatwg.org/#http-network-fetch"

CATALOGUE: Final[dict[Reason, Entry]] = {
    Reason.ALLOW_ORIGIN_MISSING: Entry(
        _CHECK, "MissingAllowOriginHeader", "CORSMissingAllowOrigin", prefixed=True
    ),
    Reason.ALLOW_ORIGIN_REPEATED: Entry(
        _CHECK, "MultipleAllowOriginValues", "CORSMultipleAllowOriginNotAllowed", prefixed=True
    ),
    Reason.ALLOW_ORIGIN_LIST: Entry(
        _CHECK, "MultipleAllowOriginValues", "CORSAllowOriginNotMatchingOrigin", prefixed=True
    ),
    Reason.ALLOW_ORIGIN_INVALID: Entry(
        _CHECK, "InvalidAllowOriginValue", "CORSAllowOriginNotMatchingOrigin", prefixed=True
    ),
    Reason.ALLOW_ORIGIN_MISMATCH: Entry(
        _CHECK, "AllowOriginMismatch", "CORSAllowOriginNotMatchingOrigin", prefixed=True
    ),
    Reason.WILDCARD_WITH_CREDENTIALS: Entry(
        _CHECK, "WildcardOriginNotAllowed", "CORSNotSupportingCredentials", prefixed=True
    ),
    Reason.ALLOW_CREDENTIALS_NOT_TRUE: Entry(
        _CHECK, "InvalidAllowCredentials", "CORSMissingAllowCredentials", prefixed=True
    ),
    Reason.PREFLIGHT_REDIRECT: Entry(
        _PREFLIGHT, "PreflightDisallowedRedirect", "CORSExternalRedirectNotAllowed"
    ),
    Reason.PREFLIGHT_STATUS: Entry(
        _PREFLIGHT, "PreflightInvalidStatus", "CORSPreflightDidNotSucceed"
    ),
    Reason.ALLOW_METHODS_INVALID: Entry(
        _PREFLIGHT, "InvalidAllowMethodsPreflightResponse", "CORSInvalidAllowMethod"
    ),
    Reason.ALLOW_HEADERS_INVALID: Entry(
        _PREFLIGHT, "InvalidAllowHeadersPreflightResponse", "CORSInvalidAllowHeader"
    ),
    Reason.METHOD_NOT_ALLOWED: Entry(
        _PREFLIGHT, "MethodDisallowedByPreflightResponse", "CORSMethodNotFound"
    ),
    Reason.HEADER_NOT_ALLOWED: Entry(
        _PREFLIGHT, "HeaderDisallowedByPreflightResponse", "CORSMissingAllowHeaderFromPreflight"
    ),
    Reason.REDIRECT_WITH_CREDENTIALS: Entry(
        _REDIRECT, "RedirectContainsCredentials", "CORSDidNotSucceed"
    ),
    Reason.REDIRECT_INVALID: Entry(_REDIRECT, None, "CORSDidNotSucceed"),
    Reason.REDIRECT_NOT_HTTP: Entry(_REDIRECT, "CorsDisabledScheme", "CORSRequestNotHttp"),
    Reason.REDIRECT_TO_LOCAL: Entry(_REDIRECT, None, "CORSRequestNotHttp"),
    Reason.REDIRECT_BAD_PORT: Entry(_PORTS, None, "CORSDidNotSucceed"),
    Reason.TOO_MANY_REDIRECTS: Entry(_REDIRECT, None, "CORSDidNotSucceed"),
    Reason.MIXED_CONTENT: Entry(_MAIN, None, "CORSDidNotSucceed"),
    Reason.CROSS_ORIGIN_RESOURCE_POLICY: Entry(_POLICY, None, None),
    Reason.CROSS_ORIGIN_EMBEDDER_POLICY: Entry(_POLICY, None, None),
    Reason.DOCUMENT_ISOLATION_POLICY: Entry(_POLICY, None, None),
    Reason.PROXY_AUTHENTICATION: Entry(_CACHE, None, None),
    Reason.NO_RESPONSE: Entry(
        _NETWORK, "MissingAllowOriginHeader", "CORSMissingAllowOrigin", prefixed=True
    ),
    Reason.CONNECTION_DROPPED: Entry(_NETWORK, None, "CORSDidNotSucceed"),
    Reason.CLIENT_GONE: Entry(_NETWORK, None, None),
    Reason.NOT_RECORDED: Entry(_ERROR, None, None),
}


def chromium_name(reason: Reason, kind: Kind) -> str | None:
    """What Chromium's DevTools call it (`Network.CorsError`), on a response of this kind."""
    entry = CATALOGUE[reason]
    if entry.chromium and entry.prefixed and kind == "preflight":
        return f"Preflight{entry.chromium}"
    return entry.chromium


def firefox_name(reason: Reason) -> str | None:
    """The category of Firefox's console message."""
    return CATALOGUE[reason].firefox
