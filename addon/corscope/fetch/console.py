"""What do the browsers' consoles print of a refusal? The sentences that people search for.

And of what they let through only for now.

Each is a template under the name that its browser has for the reason: Chromium's of the DevTools
protocol, Firefox's category of console messages. WebKit has no names, so its sentences stand under
the reason itself. Measured in Chromium 156, Firefox 153 and WebKitGTK 2.50, in English.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from typing import Final, NamedTuple

from corscope.fetch.engines import Engine
from corscope.fetch.headers import (
    FAILURE,
    byte_lowercase,
    extract_header_list_values,
    get,
    is_token,
)
from corscope.fetch.mixed_content import UPGRADED
from corscope.fetch.origin import is_potentially_trustworthy, origin_of_url
from corscope.fetch.reasons import (
    CATALOGUE,
    INTERIM,
    Failure,
    Kind,
    Reason,
    chromium_name,
    firefox_name,
)
from corscope.messages import HeaderList

__all__ = [
    "CHROMIUM",
    "CHROMIUM_ELSE",
    "CHROMIUM_UNNAMED",
    "FIREFOX",
    "FIREFOX_ELSE",
    "FIREFOX_STATUS",
    "FIREFOX_UNNAMED",
    "FIREFOX_WARNING",
    "PROXY_ERROR_STATUS",
    "WEBKIT",
    "WEBKIT_ELSE",
    "Scene",
    "console_messages",
    "console_warnings",
]

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
    Reason.PROXY_AUTHENTICATION: "Failed to load resource: net::ERR_UNEXPECTED_PROXY_AUTH",
    Reason.CONNECTION_DROPPED: "Failed to load resource: net::ERR_EMPTY_RESPONSE",
}
"""What Chromium says, all of it, for the reasons that its CORS code has no name for.

Of the page it names more than its origin, but no more of it shows.
"""

_LOCAL: Final = "Not allowed to load local resource: {target}"
_UNREADABLE: Final = "Failed to load resource: net::ERR_INVALID_HTTP_RESPONSE"
_UNREADABLE_OVER_HTTP_2: Final = "Failed to load resource: net::ERR_HTTP2_PROTOCOL_ERROR"

CHROMIUM_ELSE: Final[tuple[tuple[Reason, str], ...]] = (
    (Reason.REDIRECT_TO_LOCAL, _LOCAL),
    (Reason.CONNECTION_DROPPED, _UNREADABLE),
    (Reason.CONNECTION_DROPPED, _UNREADABLE_OVER_HTTP_2),
)
"""What Chromium says instead of a redirect to view-source:, and of what it can't read."""

FIREFOX: Final[dict[str, str]] = {
    "CORSMissingAllowOrigin": "CORS header 'Access-Control-Allow-Origin' missing",
    "CORSMultipleAllowOriginNotAllowed": "Multiple CORS header 'Access-Control-Allow-Origin' not "
    "allowed",
    "CORSAllowOriginNotMatchingOrigin": "CORS header 'Access-Control-Allow-Origin' does not match "
    "'{detail}'",
    "CORSNotSupportingCredentials": "Credential is not supported if the CORS header "
    "'Access-Control-Allow-Origin' is '*'",
    "CORSMissingAllowCredentials": "expected 'true' in CORS header "
    "'Access-Control-Allow-Credentials'",
    "CORSExternalRedirectNotAllowed": "CORS request external redirect not allowed",
    "CORSPreflightDidNotSucceed": "CORS preflight response did not succeed",
    "CORSInvalidAllowMethod": "invalid token '{detail}' in CORS header "
    "'Access-Control-Allow-Methods'",
    "CORSInvalidAllowHeader": "invalid token '{detail}' in CORS header "
    "'Access-Control-Allow-Headers'",
    "CORSMethodNotFound": "Did not find method in CORS header 'Access-Control-Allow-Methods'",
    "CORSMissingAllowHeaderFromPreflight": "header '{detail}' is not allowed according to header "
    "'Access-Control-Allow-Headers' from CORS preflight response",
    "CORSRequestNotHttp": "CORS request not http",
    "CORSDidNotSucceed": "CORS request did not succeed",
}
"""What Firefox gives as the reason, by the category of its message; its quotes are curly ones."""

FIREFOX_ELSE: Final[tuple[tuple[Reason, str], ...]] = (
    (Reason.ALLOW_ORIGIN_REPEATED, "CORSAllowOriginNotMatchingOrigin"),
    (Reason.PREFLIGHT_REDIRECT, "CORSDidNotSucceed"),
    (Reason.REDIRECT_NOT_HTTP, "CORSDidNotSucceed"),
    (Reason.REDIRECT_TO_LOCAL, "CORSDidNotSucceed"),
    (Reason.CONNECTION_DROPPED, "CORSMultipleAllowOriginNotAllowed"),
)
"""The categories that Firefox also has for a reason: `Failure.firefox` says when.

A dropped connection is called so where it had carried an answer without content right before, as
the 204 of a preflight: Firefox then looks for an answer's headers that never came.
"""

_KEPT_BACK: Final = (
    "The resource at \u201c{url}\u201d was blocked due to its Cross-Origin-Resource-Policy header "
    "(or lack thereof). See "
    "https://developer.mozilla.org/docs/Web/HTTP/Cross-Origin_Resource_Policy_(CORP)#"
)

FIREFOX_UNNAMED: Final[dict[Reason, str]] = {
    Reason.MIXED_CONTENT: "Blocked loading mixed active content \u201c{target}\u201d",
    Reason.CROSS_ORIGIN_RESOURCE_POLICY: _KEPT_BACK,
    Reason.CROSS_ORIGIN_EMBEDDER_POLICY: _KEPT_BACK,
}
"""What Firefox says where no name of CORS's fits, or before it gives one."""

FIREFOX_STATUS: Final[dict[str, str]] = {
    "CORSMissingAllowOrigin": "{status}",
    "CORSPreflightDidNotSucceed": "{status}",
    "CORSDidNotSucceed": "(null)",
}
"""The status code that Firefox puts after some reasons."""

FIREFOX_WARNING: Final = (
    "Cross-Origin Request Warning: The Same Origin Policy will disallow reading the remote "
    "resource at {url} soon. (Reason: When the `Access-Control-Allow-Headers` is `*`, the "
    "`Authorization` header is not covered. To include the `Authorization` header, it must be "
    "explicitly listed in CORS header `Access-Control-Allow-Headers`)."
)
"""What Firefox says of a preflight that it lets pass though the standard doesn't."""

PROXY_ERROR_STATUS: Final = 502
"""The status of mitmproxy's error page, which the browser takes for the server's."""

_REFUSED: Final = "Origin {origin} is not allowed by Access-Control-Allow-Origin. " + (
    "Status code: {status}"
)
_UNSUCCESSFUL: Final = "Preflight response is not successful. Status code: {status}"
_NOT_FOLLOWED: Final = "not allowed to follow a cross-origin CORS redirection with non CORS scheme"
_MORE_THAN_ONE: Final = "Access-Control-Allow-Origin cannot contain more than one origin."
_FTP: Final = "FTP URLs are disabled"
_CANCELLED: Final = (
    "Cancelled load to {url} because it violates the resource's Cross-Origin-Resource-Policy "
    "response header."
)

_MUST: Final = (
    "[blocked] The page at {page}/ requested insecure content from {target}. "
    "This content was blocked and must"
)
"""All that it says of a loopback host."""

_NOT_UPGRADED: Final = (
    "The page at {page}/ requested insecure content from {target}. This content was not upgraded "
    "to HTTPS and must be served from the local host."
)
"""What it says first where it would have upgraded another host."""

WEBKIT: Final[dict[Reason, str]] = {
    Reason.ALLOW_ORIGIN_MISSING: _REFUSED,
    Reason.ALLOW_ORIGIN_REPEATED: _MORE_THAN_ONE,
    Reason.ALLOW_ORIGIN_LIST: _MORE_THAN_ONE,
    Reason.ALLOW_ORIGIN_INVALID: _REFUSED,
    Reason.ALLOW_ORIGIN_MISMATCH: _REFUSED,
    Reason.WILDCARD_WITH_CREDENTIALS: "Cannot use wildcard in Access-Control-Allow-Origin when "
    "credentials flag is true.",
    Reason.ALLOW_CREDENTIALS_NOT_TRUE: "Credentials flag is true, but "
    'Access-Control-Allow-Credentials is not "true".',
    Reason.PREFLIGHT_REDIRECT: _UNSUCCESSFUL,
    Reason.PREFLIGHT_STATUS: _UNSUCCESSFUL,
    Reason.ALLOW_METHODS_INVALID: "Header Access-Control-Allow-Methods has an invalid value: "
    "{detail}",
    Reason.ALLOW_HEADERS_INVALID: "Header Access-Control-Allow-Headers has an invalid value: "
    "{detail}",
    Reason.METHOD_NOT_ALLOWED: "Method {detail} is not allowed by Access-Control-Allow-Methods.",
    Reason.HEADER_NOT_ALLOWED: "Request header field {detail} is not allowed by "
    "Access-Control-Allow-Headers.",
    Reason.REDIRECT_WITH_CREDENTIALS: "redirection URL {target} has credentials",
    Reason.REDIRECT_INVALID: _NOT_FOLLOWED,
    Reason.REDIRECT_NOT_HTTP: _NOT_FOLLOWED,
    Reason.REDIRECT_TO_LOCAL: _NOT_FOLLOWED,
    Reason.REDIRECT_BAD_PORT: "Not allowed to use restricted network port {detail}: {target}",
    Reason.MIXED_CONTENT: f"{_MUST} be served over HTTPS.",
    Reason.TOO_MANY_REDIRECTS: "Load cannot follow more than 20 redirections",
    Reason.CROSS_ORIGIN_RESOURCE_POLICY: _CANCELLED,
    Reason.CROSS_ORIGIN_EMBEDDER_POLICY: _CANCELLED,
    Reason.NO_RESPONSE: _REFUSED,
    Reason.CONNECTION_DROPPED: "Connection terminated unexpectedly",
}
"""What WebKit says, by the reason."""

_NOT_PARSED: Final = "Could not parse HTTP response"

WEBKIT_ELSE: Final[tuple[tuple[Reason, str], ...]] = (
    (Reason.ALLOW_ORIGIN_LIST, _REFUSED),
    (Reason.NO_RESPONSE, _UNSUCCESSFUL),
    (Reason.REDIRECT_NOT_HTTP, _FTP),
    (Reason.MIXED_CONTENT, _MUST),
    (Reason.MIXED_CONTENT, _NOT_UPGRADED),
    (Reason.CONNECTION_DROPPED, _NOT_PARSED),
)
"""What WebKit says instead of a list without commas, of a preflight, of a redirect to ftp, of mixed
content of a loopback host, and of what it can't read."""


_WEBKIT_LOADS: Final = {
    "empty": "Fetch API cannot load {url} due to access control checks.",
    "event-stream": "EventSource cannot load {url} due to access control checks.",
    "image": "Cannot load image {first_url} due to access control checks.",
    "track": "Cross-origin text track load denied by Cross-Origin Resource Sharing policy.",
}
"""What WebKit says after the cause, by the destination; of others, nothing, or not always."""

_UNPREFIXED: Final = {
    _FTP,
    _MUST,
    WEBKIT[Reason.MIXED_CONTENT],
    WEBKIT[Reason.TOO_MANY_REDIRECTS],
}
"""What WebKit says of a redirect without telling where it leads."""


class Scene(NamedTuple):
    """What the messages name besides the refusal itself. URLs are as they may be shown.

    Attributes:
        url: the request's URL.
        origin: the Origin that it was sent with.
        status: the answer's status; None where the proxy's own error page came instead.
        location: where the answer redirects to; None where it doesn't.
        page: the origin that the fetch began with, which redirects don't change.
        first_url: the URL that the fetch began with.
        destination: the request's destination, as Sec-Fetch-Dest has it; where that is empty,
            "event-stream" for an EventSource, "prefetch" for a link's; None where it isn't known.
    """

    url: str
    origin: str
    status: int | None
    location: str | None
    page: str
    first_url: str
    destination: str | None = None

    @property
    def target(self) -> str:
        """The URL that the fetch goes on to: the redirect's target, or the request's own."""
        return self.location or self.url

    def at(self, url: str) -> "Scene":
        """The same for another URL, where the fetch began with the request's own."""
        return Scene(url, self.origin, self.status, self.location, self.page, url, self.destination)


def console_messages(
    engine: Engine, kind: Kind, failure: Failure, scene: Scene, answer: HeaderList = ()
) -> tuple[str, ...]:
    """What the engine's console prints of a refused fetch, in order and as often.

    The first names the cause, others tell what came of it. Of an engine that isn't known, and of
    what a console passes over, there is none. Where script is free to choose, it is taken to use
    `fetch` without a word on redirects: XMLHttpRequest gives its own name instead.

    Args:
        engine: the engine.
        kind: whether it is a preflight that was refused.
        failure: why.
        scene: what the messages name besides.
        answer: the answer's header lines, on which hangs what is said after the cause.
    """
    printer = _PRINTERS.get(engine)
    if printer is None or (failure.detail == INTERIM and not _gives_up(engine, scene)):
        return ()
    return printer(kind, failure, scene, answer)


def _gives_up(engine: Engine, scene: Scene) -> bool:
    """Whether it doesn't wait on behind an interim answer that ends there."""
    return engine is Engine.FIREFOX and scene.url.startswith("https:")


def console_warnings(
    engine: Engine, names: Collection[str], answer: HeaderList, scene: Scene
) -> tuple[str, ...]:
    """What the engine's console prints of a preflight that passes.

    Args:
        engine: the engine.
        names: the lower-case names that the preflight asks leave for.
        answer: the answer's header lines.
        scene: what the message names.
    """
    if engine is not Engine.FIREFOX or "authorization" not in names:
        return ()
    listed = extract_header_list_values("Access-Control-Allow-Headers", answer)
    if listed is None or listed == FAILURE or "authorization" in map(byte_lowercase, listed):
        return ()
    return (FIREFOX_WARNING.format(url=scene.url),)


def _status(scene: Scene) -> int:
    return PROXY_ERROR_STATUS if scene.status is None else scene.status


# Chromium

_WORKLETS: Final = frozenset({"audioworklet", "paintworklet"})
_WORKERS: Final[dict[str, tuple[str, ...]]] = {
    "worker": (),
    "sharedworker": ("Failed to fetch a worker script.",),
    "serviceworker": ("An unknown error occurred when fetching the script.",),
}
"""What is said after the cause where a module worker's import isn't loaded."""

_FAILED: Final = "Failed to load resource: "
"""How a message begins that a page's console has, and a worker's never."""

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


def _chromium(kind: Kind, failure: Failure, scene: Scene, _answer: HeaderList) -> tuple[str, ...]:
    name = CATALOGUE[failure.reason].chromium
    if name is None:
        said = _chromium_unnamed(failure, scene)
    else:
        said = (_chromium_blocked(name, kind, failure, scene), _chromium_failed(scene))
    of_worker = _WORKERS.get(scene.destination or "")
    if of_worker is None or not said:
        return said
    return (*(message for message in said if not message.startswith(_FAILED)), *of_worker)


def _chromium_unnamed(failure: Failure, scene: Scene) -> tuple[str, ...]:
    told = CHROMIUM_UNNAMED.get(failure.reason)
    if failure.detail == "view-source:":
        told = _LOCAL
    elif failure.reason is Reason.CONNECTION_DROPPED and failure.detail:
        told = _UNREADABLE_OVER_HTTP_2 if scene.url.startswith("https:") else _UNREADABLE
    kept_to = "Site" if failure.detail == "same-site" else "Origin"
    what = _INSECURE.get(scene.destination or "", "resource")
    values = {"page": scene.page, "target": scene.target, "kept_to": kept_to, "what": what}
    return () if told is None else (told.format_map(values),)


def _chromium_blocked(name: str, kind: Kind, failure: Failure, scene: Scene) -> str:
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


def _chromium_failed(scene: Scene) -> str:
    if scene.destination not in _WORKLETS:
        return f"{_FAILED}net::ERR_FAILED"
    url = scene.first_url
    return f"Failed to load worklet module script: {url} (CORS or access check error)"


def _ascii(value: str) -> str:
    """A header's value as Chromium shows it: escaped, but for what is printable in ASCII."""
    return "".join(c if " " <= c <= "~" else f"\\u{ord(c):04X}" for c in value)


# Firefox


def _firefox(kind: Kind, failure: Failure, scene: Scene, answer: HeaderList) -> tuple[str, ...]:
    told = FIREFOX_UNNAMED.get(failure.reason)
    if scene.destination in _WORKERS:  # whose mixed content it doesn't call so
        told = None
    unnamed = () if told is None else (told.format(url=scene.url, target=scene.target),)
    category = failure.firefox or firefox_name(failure.reason)
    if category is None:
        return unnamed
    url = scene.target if category == "CORSRequestNotHttp" else scene.url
    said = [_firefox_message(category, url, failure, scene)]
    by_origin = replace(failure, detail=scene.origin)
    said += [
        _firefox_message(follow_up, scene.url, by_origin, scene)
        for follow_up in _firefox_follow_ups(kind, category, scene, answer)
    ]
    return (*unnamed, *(message[:_FIREFOX_LONGEST] for message in said))


def _firefox_follow_ups(
    kind: Kind, category: str, scene: Scene, answer: HeaderList
) -> Iterator[str]:
    """What is said after the cause: a redirect gives up, and then the preflight that it answers.

    So one message may come twice.
    """
    if category == "CORSExternalRedirectNotAllowed":
        is_other = origin_of_url(scene.target) != origin_of_url(scene.url)
        if is_other and _names_origin(scene, answer):
            yield "CORSAllowOriginNotMatchingOrigin"
        else:
            yield "CORSPreflightDidNotSucceed"
    elif scene.location is not None and category != "CORSDidNotSucceed":
        yield "CORSDidNotSucceed"
    if kind == "preflight":
        yield "CORSDidNotSucceed"


def _names_origin(scene: Scene, answer: HeaderList) -> bool:
    """Whether the answer is for an origin that a redirect to another one makes `null`.

    Firefox looks at the answer once more when it has given the redirect up.
    """
    return scene.origin != "null" and get(answer, "Access-Control-Allow-Origin") == scene.origin


_FIREFOX_LONGEST: Final = 1_000
"""Firefox cuts a message of CORS's off after so many characters."""


def _firefox_message(category: str, url: str, failure: Failure, scene: Scene) -> str:
    """One message, with header values read as UTF-8."""
    detail = failure.detail or ""
    if failure.reason in {Reason.ALLOW_METHODS_INVALID, Reason.ALLOW_HEADERS_INVALID}:
        detail = next(filter(None, map(_no_token, detail.split(","))), "")
    detail = detail.encode("latin-1", "replace").decode("utf-8", "replace")
    at = " '{url}'" if category == "CORSNotSupportingCredentials" else " {url}"
    said = _curly(
        "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote "
        f"resource at{at}. (Reason: {FIREFOX[category]})."
    ).format(url=url, detail=detail)
    status = FIREFOX_STATUS.get(category)
    return (
        said if status is None else f"{said} Status code: {status.format(status=_status(scene))}."
    )


def _curly(template: str) -> str:
    return template.replace(" '", " \u2018").replace("'", "\u2019")


def _no_token(element: str) -> str | None:
    stripped = element.strip(" \t")
    return None if is_token(stripped) else stripped


# WebKit


_WEBKIT_NAMES: Final = {
    "etag": "ETag",
    "icy-metaint": "Icy-MetaInt",
    "last-event-id": "Last-Event-ID",
    "sourcemap": "SourceMap",
    "x-sourcemap": "X-SourceMap",
    "x-xss-protection": "X-XSS-Protection",
}
"""The header names that WebKit itself knows, which are its own to spell, and not the usual way."""


def _webkit(kind: Kind, failure: Failure, scene: Scene, _answer: HeaderList) -> tuple[str, ...]:
    template = _webkit_template(kind, failure, scene)
    if template is None:
        return ()
    detail = failure.detail or ""
    if failure.reason is Reason.HEADER_NOT_ALLOWED:
        # As it is usually spelled: how script did, a preflight doesn't tell.
        usual = "-".join(map(str.capitalize, detail.split("-")))
        detail = _WEBKIT_NAMES.get(detail, usual)
    said = template.format(
        detail=detail.encode("latin-1", "replace").decode("utf-8", "replace"),
        origin=scene.origin,
        status=_status(scene),
        page=scene.page,
        url=scene.url,
        target=scene.target,
    )
    if failure.reason is Reason.REDIRECT_BAD_PORT:
        return (said,)
    if template == _MUST and scene.destination in UPGRADED:
        before = _NOT_UPGRADED.format(page=scene.page, target=scene.target)
        return (before, said, *_webkit_load(template, scene))
    # An empty Location leads nowhere.
    if kind == "actual" and scene.location and template not in _UNPREFIXED:
        said = (
            f"Cross-origin redirection to {scene.location} denied by Cross-Origin Resource "
            f"Sharing policy: {said}"
        )
    return said, *_webkit_load(template, scene)


def _webkit_load(template: str, scene: Scene) -> tuple[str, ...]:
    """What couldn't be loaded."""
    load = _WEBKIT_LOADS.get(scene.destination or "empty")
    url = scene.first_url if template == _FTP else scene.url
    return () if load is None else (load.format(url=url, first_url=scene.first_url),)


def _webkit_template(kind: Kind, failure: Failure, scene: Scene) -> str | None:
    if kind == "actual" and (scene.location or "").lower().startswith("ftp:"):
        return _FTP
    if failure.reason is Reason.NO_RESPONSE and kind == "preflight":
        return _UNSUCCESSFUL
    if failure.reason is Reason.CONNECTION_DROPPED and kind == "actual":
        return None
    if failure.reason is Reason.CONNECTION_DROPPED and failure.detail:
        return _NOT_PARSED
    if failure.reason is Reason.REDIRECT_INVALID and failure.detail == "":  # an empty Location
        return None
    if failure.reason is Reason.MIXED_CONTENT and _is_loopback(scene.target):
        return _MUST
    template = WEBKIT.get(failure.reason)
    is_one = template == _MORE_THAN_ONE and "," not in (failure.detail or "")
    return _REFUSED if is_one else template


def _is_loopback(url: str) -> bool:
    """Whether WebKit takes a URL of plain http for one of this machine."""
    origin = origin_of_url(url)
    if origin is None or origin.host.endswith("."):
        return False
    return origin.scheme == "http" and is_potentially_trustworthy(origin)


_Printer = Callable[[Kind, Failure, Scene, HeaderList], tuple[str, ...]]

_PRINTERS: Final[dict[Engine, _Printer]] = {
    Engine.CHROMIUM: _chromium,
    Engine.FIREFOX: _firefox,
    Engine.WEBKIT: _webkit,
}
