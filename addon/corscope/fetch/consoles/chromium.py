"""What does Chromium's console print of a refusal?

The sentences stand under the names of the DevTools protocol. Measured in Chromium 156.
"""

from typing import Final

from corscope.fetch.consoles.scene import Scene
from corscope.fetch.isolation_policy import IsolationPolicy
from corscope.fetch.reasons import CATALOGUE, TOO_LONG, Failure, Kind, Reason, chromium_name
from corscope.fetch.reports import REPORT

__all__ = ["CHROMIUM", "CHROMIUM_ELSE", "CHROMIUM_UNNAMED", "chromium_messages"]

CHROMIUM: Final[dict[str, str]] = {
    "MissingAllowOriginHeader": "No 'Access-Control-Allow-Origin' header is present on the "
    "requested resource.",
    "MultipleAllowOriginValues": "The 'Access-Control-Allow-Origin' header contains multiple "
    "values '{detail}', but only one is allowed.",
    "InvalidAllowOriginValue": "The 'Access-Control-Allow-Origin' header contains the invalid "
    "value '{detail}'.",
    "AllowOriginMismatch": "The 'Access-Control-Allow-Origin' header has a value '{detail}' that "
    "is not equal to the supplied origin.",
    "WildcardOriginNotAllowed": "The value of the 'Access-Control-Allow-Origin' header in the "
    "response must not be the wildcard '*' when the request's credentials mode is 'include'.",
    "InvalidAllowCredentials": "The value of the 'Access-Control-Allow-Credentials' header in the "
    "response is '{detail}' which must be 'true' when the request's credentials mode is "
    "'include'.",
    "PreflightDisallowedRedirect": "Redirect is not allowed for a preflight request.",
    "PreflightInvalidStatus": "It does not have HTTP ok status.",
    "InvalidAllowMethodsPreflightResponse": "Cannot parse Access-Control-Allow-Methods response "
    "header field in preflight response.",
    "InvalidAllowHeadersPreflightResponse": "Cannot parse Access-Control-Allow-Headers response "
    "header field in preflight response.",
    "MethodDisallowedByPreflightResponse": "Method {detail} is not allowed by "
    "Access-Control-Allow-Methods in preflight response.",
    "HeaderDisallowedByPreflightResponse": "Request header field {detail} is not allowed by "
    "Access-Control-Allow-Headers in preflight response.",
    "RedirectContainsCredentials": "Redirect location '' contains a username and password, which "
    "is disallowed for cross-origin requests.",
    "CorsDisabledScheme": "Cross origin requests are only supported for protocol schemes: chrome, "
    "chrome-experimental-site-token-provider, chrome-extension, chrome-untrusted, data, http, "
    "https, isolated-app.",
}
"""What Chromium says between the request and its advice, by its name on an actual response."""

CHROMIUM_UNNAMED: Final[dict[Reason, str]] = {
    Reason.REDIRECT_INVALID: "Failed to load resource: net::ERR_INVALID_REDIRECT",
    Reason.REDIRECT_TO_LOCAL: "Failed to load resource: net::ERR_UNSAFE_REDIRECT",
    Reason.REDIRECT_BAD_PORT: "Failed to load resource: net::ERR_UNSAFE_PORT",
    Reason.MIXED_CONTENT: "Mixed Content: The page at '{page}/' was loaded over HTTPS, but "
    "requested an insecure {what} '{target}'. This request has been blocked; the content must be "
    "served over HTTPS.",
    Reason.TOO_MANY_REDIRECTS: "Failed to load resource: net::ERR_TOO_MANY_REDIRECTS",
    Reason.CROSS_ORIGIN_RESOURCE_POLICY: "Failed to load resource: "
    "net::ERR_BLOCKED_BY_RESPONSE.NotSame{kept_to}",
    Reason.CROSS_ORIGIN_EMBEDDER_POLICY: "Failed to load resource: "
    "net::ERR_BLOCKED_BY_RESPONSE.NotSameOriginAfterDefaultedToSameOriginByCoep",
    Reason.DOCUMENT_ISOLATION_POLICY: "Failed to load resource: "
    "net::ERR_BLOCKED_BY_RESPONSE.NotSameOriginAfterDefaultedToSameOriginByDip",
    Reason.PROXY_AUTHENTICATION: "Failed to load resource: net::ERR_UNEXPECTED_PROXY_AUTH",
    Reason.CONNECTION_DROPPED: "Failed to load resource: net::ERR_EMPTY_RESPONSE",
}
"""What Chromium says, all of it, for the reasons that its CORS code has no name for.

Of the page it names more than its origin, but no more of it shows.
"""

_LOCAL: Final = "Not allowed to load local resource: {target}"
_UNREADABLE: Final = "Failed to load resource: net::ERR_INVALID_HTTP_RESPONSE"
_UNREADABLE_OVER_HTTP_2: Final = "Failed to load resource: net::ERR_HTTP2_PROTOCOL_ERROR"
_TOO_BIG: Final = "Failed to load resource: net::ERR_RESPONSE_HEADERS_TOO_BIG"
_BY_BOTH: Final = (
    "Failed to load resource: "
    "net::ERR_BLOCKED_BY_RESPONSE.NotSameOriginAfterDefaultedToSameOriginByCoepAndDip"
)

CHROMIUM_ELSE: Final[tuple[tuple[Reason, str], ...]] = (
    (Reason.REDIRECT_TO_LOCAL, _LOCAL),
    (Reason.CROSS_ORIGIN_EMBEDDER_POLICY, _BY_BOTH),
    (Reason.CONNECTION_DROPPED, _UNREADABLE),
    (Reason.CONNECTION_DROPPED, _UNREADABLE_OVER_HTTP_2),
    (Reason.CONNECTION_DROPPED, _TOO_BIG),
)
"""What Chromium says instead of a redirect to view-source:, where another policy of the page
demands the same, and of what it can't read."""

_WORKLETS: Final = frozenset({"audioworklet", "paintworklet"})

_OF_WORKERS: Final[dict[str, tuple[str, ...]]] = {
    "worker": (),
    "sharedworker": ("Failed to fetch a worker script.",),
    "serviceworker": ("An unknown error occurred when fetching the script.",),
}
"""What is said after the cause where a module worker's import isn't loaded."""

_FAILED: Final = "Failed to load resource: "
"""How a message begins that a page's console has, and a worker's never."""

_RULE_SET: Final = (
    "Load failed or canceled ({error}) for rule set requested from "
    '"{url}" found in Speculation-Rules header.'
)
"""What is said last where the rules aren't loaded that a page's header names."""

_OF_WEB_IDENTITY: Final = (
    "The fetch of the id assertion endpoint resulted in a network error: ERR_FAILED",
    "Server did not send the correct CORS headers.",
)
"""What is said instead where a login by FedCM gets no token."""

_BY_DESTINATION: Final = {
    "audio": "audio",
    "audioworklet": "script",
    "event-stream": "resource",
    "font": "font",
    "image": "image",
    "json": "script",
    "paintworklet": "script",
    "prefetch": "link prefetch resource",
    "script": "script",
    "serviceworker": "script",
    "sharedworker": "script",
    "speculationrules": "speculationrule",
    "style": "CSS stylesheet",
    "text": "script",
    "track": "text track",
    "video": "video",
    "worker": "script",
}
_INSECURE: Final = {
    "audio": "audio file",
    "event-stream": "EventSource endpoint",
    "font": "font",
    "image": "image",
    "json": "json",
    "script": "script",
    "sharedworker": "Shared Worker script",
    "speculationrules": "speculation rules",
    "style": "stylesheet",
    "text": "text",
    "track": "Text Track",
    "video": "video",
    "worker": "Worker script",
}
_ON_PREFLIGHT: Final = "Response to preflight request doesn't pass access control check: "
_ADVISED: Final = frozenset(
    {"AllowOriginMismatch", "InvalidAllowOriginValue", "MultipleAllowOriginValues"}
)
_ADVICE: Final = " Have the server send the header with a valid value."


def chromium_messages(kind: Kind, failure: Failure, scene: Scene) -> tuple[str, ...]:
    """What it prints; the arguments are those of `consoles.printed.console_messages`."""
    if scene.destination == REPORT:  # which no page's console hears of
        return ()
    name = CATALOGUE[failure.reason].chromium
    if name is None:
        said = _unnamed(failure, scene)
    elif scene.destination == "webidentity":
        return _OF_WEB_IDENTITY
    else:
        said = (_blocked(name, kind, failure, scene), _failed(scene))
    if scene.destination == "speculationrules" and said:
        return (*said, _of_rule_set(said[-1], scene))
    of_worker = _OF_WORKERS.get(scene.destination or "")
    if of_worker is None or not said:
        return said
    return (*(message for message in said if not message.startswith(_FAILED)), *of_worker)


def _unnamed(failure: Failure, scene: Scene) -> tuple[str, ...]:
    told = CHROMIUM_UNNAMED.get(failure.reason)
    isolates = scene.isolation is IsolationPolicy.REQUIRE_CORP
    if failure.detail == "view-source:":
        told = _LOCAL
    elif failure.reason is Reason.CONNECTION_DROPPED and failure.detail == TOO_LONG:
        told = _UNREADABLE_OVER_HTTP_2 if scene.url.startswith("https:") else _TOO_BIG
    elif failure.reason is Reason.CONNECTION_DROPPED and failure.detail:
        told = _UNREADABLE_OVER_HTTP_2 if scene.url.startswith("https:") else _UNREADABLE
    elif failure.reason is Reason.CROSS_ORIGIN_EMBEDDER_POLICY and isolates:
        told = _BY_BOTH
    kept_to = "Site" if failure.detail == "same-site" else "Origin"
    what = _INSECURE.get(scene.destination or "", "resource")
    values = {"page": scene.page, "target": scene.target, "kept_to": kept_to, "what": what}
    return () if told is None else (told.format_map(values),)


def _blocked(name: str, kind: Kind, failure: Failure, scene: Scene) -> str:
    what = _BY_DESTINATION.get(scene.destination or "", "fetch")
    said = CHROMIUM[name].format(detail=_ascii(failure.detail or ""))
    if (chromium_name(failure.reason, kind) or "").startswith("Preflight"):
        said = _ON_PREFLIGHT + said
    if name in _ADVISED and what == "fetch":
        said += _ADVICE
    # A redirect to another scheme is refused once it is taken.
    url = scene.target if name == "CorsDisabledScheme" else scene.url
    redirected = f" (redirected from '{scene.first_url}')" if url != scene.first_url else ""
    return (
        f"Access to {what} at '{url}'{redirected} from origin '{scene.page}' "
        f"has been blocked by CORS policy: {said}"
    )


def _failed(scene: Scene) -> str:
    if scene.destination not in _WORKLETS:
        return f"{_FAILED}net::ERR_FAILED"
    url = scene.first_url
    return f"Failed to load worklet module script: {url} (CORS or access check error)"


def _of_rule_set(said: str, scene: Scene) -> str:
    error = said.removeprefix(_FAILED) if said.startswith(_FAILED) else "net::ERR_ABORTED"
    return _RULE_SET.format(error=error, url=scene.first_url)


def _ascii(value: str) -> str:
    """A header's value as Chromium shows it: escaped, but for what is printable in ASCII."""
    return "".join(c if " " <= c <= "~" else f"\\u{ord(c):04X}" for c in value)
