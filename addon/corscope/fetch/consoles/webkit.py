"""What does WebKit's console print of a refusal?

It has no names for them, so its sentences stand under the reason itself. Measured in
WebKitGTK 2.50.
"""

from typing import Final

from corscope.fetch.consoles.scene import Scene
from corscope.fetch.mixed_content import UPGRADED
from corscope.fetch.origin import is_potentially_trustworthy, origin_of_url
from corscope.fetch.reasons import TOO_LONG, Failure, Kind, Reason

__all__ = ["WEBKIT", "WEBKIT_ELSE", "webkit_messages"]

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
_HEADER_TOO_BIG: Final = "Header too big"

WEBKIT_ELSE: Final[tuple[tuple[Reason, str], ...]] = (
    (Reason.ALLOW_ORIGIN_LIST, _REFUSED),
    (Reason.NO_RESPONSE, _UNSUCCESSFUL),
    (Reason.REDIRECT_NOT_HTTP, _FTP),
    (Reason.MIXED_CONTENT, _MUST),
    (Reason.MIXED_CONTENT, _NOT_UPGRADED),
    (Reason.CONNECTION_DROPPED, _NOT_PARSED),
    (Reason.CONNECTION_DROPPED, _HEADER_TOO_BIG),
)
"""What WebKit says instead of a list without commas, of a preflight, of a redirect to ftp, of mixed
content of a loopback host, and of what it can't read."""


_LOADS: Final = {
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

_NAMES: Final = {
    "etag": "ETag",
    "icy-metaint": "Icy-MetaInt",
    "last-event-id": "Last-Event-ID",
    "sourcemap": "SourceMap",
    "x-sourcemap": "X-SourceMap",
    "x-xss-protection": "X-XSS-Protection",
}
"""The header names that WebKit itself knows, which are its own to spell, and not the usual way."""


def webkit_messages(kind: Kind, failure: Failure, scene: Scene) -> tuple[str, ...]:
    """What it prints; the arguments are those of `consoles.printed.console_messages`."""
    template = _template(kind, failure, scene)
    if template is None:
        return ()
    detail = failure.detail or ""
    if failure.reason is Reason.HEADER_NOT_ALLOWED:
        # As it is usually spelled: how script did, a preflight doesn't tell.
        usual = "-".join(map(str.capitalize, detail.split("-")))
        detail = _NAMES.get(detail, usual)
    said = template.format(
        detail=detail.encode("latin-1", "replace").decode("utf-8", "replace"),
        origin=scene.origin,
        status=scene.shown_status,
        page=scene.page,
        url=scene.url,
        target=scene.target,
    )
    if failure.reason is Reason.REDIRECT_BAD_PORT:
        return (said,)
    if template == _MUST and scene.destination in UPGRADED:
        before = _NOT_UPGRADED.format(page=scene.page, target=scene.target)
        return (before, said, *_load(template, scene))
    # An empty Location leads nowhere.
    if kind == "actual" and scene.location and template not in _UNPREFIXED:
        said = (
            f"Cross-origin redirection to {scene.location} denied by Cross-Origin Resource "
            f"Sharing policy: {said}"
        )
    return said, *_load(template, scene)


def _load(template: str, scene: Scene) -> tuple[str, ...]:
    """What couldn't be loaded."""
    load = _LOADS.get(scene.destination or "empty")
    url = scene.first_url if template == _FTP else scene.url
    return () if load is None else (load.format(url=url, first_url=scene.first_url),)


def _template(kind: Kind, failure: Failure, scene: Scene) -> str | None:
    if kind == "actual" and (scene.location or "").lower().startswith("ftp:"):
        return _FTP
    if failure.reason is Reason.NO_RESPONSE and kind == "preflight":
        return _UNSUCCESSFUL
    if failure.reason is Reason.CONNECTION_DROPPED and kind == "actual":
        return None
    if failure.reason is Reason.CONNECTION_DROPPED and failure.detail:
        return _HEADER_TOO_BIG if failure.detail == TOO_LONG else _NOT_PARSED
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
