"""What is there to say of a reason as such, when no exchange is at hand?

All that the catalogues have, in the order of a dictionary's entry: what happened, how it is mended,
where the standard decides it, and what each browser calls it. Where a pasted message doesn't give a
value, an example stands in.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from corscope.explain.escape import LONGEST_MESSAGE, escaped
from corscope.explain.words import Words, worded
from corscope.fetch.console import Scene, console_messages
from corscope.fetch.engines import Engine
from corscope.fetch.reasons import CATALOGUE, Failure, Kind, Reason, chromium_name, firefox_name

__all__ = ["EXAMPLES", "entry_text", "heading"]

EXAMPLES: Final[dict[Reason, str]] = {
    Reason.ALLOW_ORIGIN_REPEATED: "https://app.example, *",
    Reason.ALLOW_ORIGIN_LIST: "https://app.example, https://www.example",
    Reason.ALLOW_ORIGIN_INVALID: "app.example",
    Reason.ALLOW_ORIGIN_MISMATCH: "https://www.example",
    Reason.WILDCARD_WITH_CREDENTIALS: "*",
    Reason.PREFLIGHT_REDIRECT: "https://login.example/",
    Reason.ALLOW_METHODS_INVALID: "GET; PUT",
    Reason.ALLOW_HEADERS_INVALID: "content-type authorization",
    Reason.METHOD_NOT_ALLOWED: "PUT",
    Reason.HEADER_NOT_ALLOWED: "authorization",
    Reason.REDIRECT_WITH_CREDENTIALS: "login.example",
    Reason.REDIRECT_INVALID: "https://[login.example",
    Reason.REDIRECT_NOT_HTTP: "app:",
    Reason.REDIRECT_TO_LOCAL: "data:",
    Reason.REDIRECT_BAD_PORT: "25",
    Reason.MIXED_CONTENT: "http://api.example",
    Reason.CROSS_ORIGIN_RESOURCE_POLICY: "same-origin",
}
"""A value that each reason's detail may have; others have none."""

_URL: Final = "https://api.example/items"
_ORIGIN: Final = "https://app.example"
_TARGETS: Final = {
    Reason.REDIRECT_WITH_CREDENTIALS: "https://login.example/",
    Reason.REDIRECT_INVALID: EXAMPLES[Reason.REDIRECT_INVALID],
    Reason.REDIRECT_NOT_HTTP: "app://open",
    Reason.REDIRECT_TO_LOCAL: "data:,moved",
    Reason.REDIRECT_BAD_PORT: "https://api.example:25/",
    Reason.MIXED_CONTENT: "http://api.example/",
}
_ERRORS: Final = {Reason.NO_RESPONSE: "connection refused", Reason.CLIENT_GONE: "it disconnected"}
_STATUSES: Final = {Reason.PREFLIGHT_REDIRECT: 302, Reason.PREFLIGHT_STATUS: 403}
_ONLY_ON_PREFLIGHTS: Final = CATALOGUE[Reason.PREFLIGHT_STATUS].section


def heading(reason: Reason, values: Mapping[str, str] | None = None) -> str:
    """The reason's id, and what happened, in one line; `values` as those of `paste.Found`."""
    return f"{reason}: {_words(reason, values or {}).what}"


def entry_text(reason: Reason, values: Mapping[str, str] | None = None) -> str:
    """All there is to say of a reason, in lines; a pasted message gives the values."""
    return "\n".join(_lines(reason, values or {}))


def _lines(reason: Reason, values: Mapping[str, str]) -> Iterator[str]:
    yield heading(reason, values)
    yield f"Fix: {_words(reason, values).fix}"
    yield f"Standard: {CATALOGUE[reason].section}"
    for engine, browser, name in (
        (Engine.CHROMIUM, "Chromium", _chromium_names(reason)),
        (Engine.FIREFOX, "Firefox", firefox_name(reason)),
        (Engine.WEBKIT, "WebKit", None),
    ):
        printed = _printed(engine, reason, values)
        if name or printed:
            yield f"{browser}: {name}" if name else f"{browser}:"
        yield from (f"    {escaped(message, LONGEST_MESSAGE)}" for message in printed)


def _chromium_names(reason: Reason) -> str | None:
    names = {chromium_name(reason, kind): None for kind in ("actual", "preflight")}
    return ", on a preflight ".join(filter(None, names)) or None


def _words(reason: Reason, values: Mapping[str, str]) -> Words:
    detail = values.get("detail") or EXAMPLES.get(reason)
    return worded(
        reason,
        detail=detail,
        origin=values.get("origin", _ORIGIN),
        method=detail or "" if reason is Reason.METHOD_NOT_ALLOWED else "PUT",
        headers=(detail or "",) if reason is Reason.HEADER_NOT_ALLOWED else ("authorization",),
        status=_status(reason, values),
        error=_ERRORS.get(reason, "connection reset"),
    )


def _status(reason: Reason, values: Mapping[str, str]) -> int:
    return int(values["status"]) if "status" in values else _STATUSES.get(reason, 200)


def _printed(engine: Engine, reason: Reason, values: Mapping[str, str]) -> Sequence[str]:
    """What the engine's console prints; what only tells that a request failed is left out."""
    kind: Kind = "preflight" if CATALOGUE[reason].section == _ONLY_ON_PREFLIGHTS else "actual"
    origin = values.get("origin", _ORIGIN)
    scene = Scene(
        url=_URL,
        origin=origin,
        status=None if reason is Reason.NO_RESPONSE else _status(reason, values),
        location=_TARGETS.get(reason),
        page=origin,
        first_url=_URL,
    )
    failure = Failure(reason, values.get("detail") or EXAMPLES.get(reason))
    return console_messages(engine, kind, failure, scene)[:1]
