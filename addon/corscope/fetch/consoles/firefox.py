"""What does Firefox's console print of a refusal, and of what it lets through only for now?

The sentences stand under the categories of its console messages. Measured in Firefox 153, in
English.
"""

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Final

from corscope.fetch.consoles.scene import Scene
from corscope.fetch.headers import (
    FAILURE,
    byte_lowercase,
    extract_header_list_values,
    get,
    is_token,
)
from corscope.fetch.origin import origin_of_url
from corscope.fetch.reasons import Failure, Kind, Reason, firefox_name
from corscope.messages import HeaderList

__all__ = [
    "FIREFOX",
    "FIREFOX_ELSE",
    "FIREFOX_STATUS",
    "FIREFOX_UNNAMED",
    "FIREFOX_WARNING",
    "firefox_messages",
    "firefox_warnings",
]

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

_WORKERS: Final = frozenset({"worker", "sharedworker", "serviceworker"})


def firefox_messages(
    kind: Kind, failure: Failure, scene: Scene, answer: HeaderList
) -> tuple[str, ...]:
    """What it prints; the arguments are those of `consoles.printed.console_messages`."""
    told = FIREFOX_UNNAMED.get(failure.reason)
    if scene.destination in _WORKERS:  # whose mixed content it doesn't call so
        told = None
    unnamed = () if told is None else (told.format(url=scene.url, target=scene.target),)
    category = failure.firefox or firefox_name(failure.reason)
    if category is None:
        return unnamed
    url = scene.target if category == "CORSRequestNotHttp" else scene.url
    said = [_message(category, url, failure, scene)]
    by_origin = replace(failure, detail=scene.origin)
    said += [
        _message(follow_up, scene.url, by_origin, scene)
        for follow_up in _follow_ups(kind, category, scene, answer)
    ]
    return (*unnamed, *(message[:_LONGEST] for message in said))


def _follow_ups(kind: Kind, category: str, scene: Scene, answer: HeaderList) -> Iterator[str]:
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


_LONGEST: Final = 1_000
"""Firefox cuts a message of CORS's off after so many characters."""


def _message(category: str, url: str, failure: Failure, scene: Scene) -> str:
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
        said
        if status is None
        else f"{said} Status code: {status.format(status=scene.shown_status)}."
    )


def _curly(template: str) -> str:
    return template.replace(" '", " \u2018").replace("'", "\u2019")


def _no_token(element: str) -> str | None:
    stripped = element.strip(" \t")
    return None if is_token(stripped) else stripped


def firefox_warnings(names: Collection[str], answer: HeaderList, scene: Scene) -> tuple[str, ...]:
    """What it prints of a preflight that passes; the arguments are those of `console_warnings`."""
    if "authorization" not in names:
        return ()
    listed = extract_header_list_values("Access-Control-Allow-Headers", answer)
    if listed is None or listed == FAILURE or "authorization" in map(byte_lowercase, listed):
        return ()
    return (FIREFOX_WARNING.format(url=scene.url),)
