"""What is there to say of a reason or a finding as such, when no exchange is at hand?

Its article, in the order of a dictionary's entry: what happened, how it is mended, what the
standard says, when it is harmless, and what each browser calls and prints it. Where a pasted
message doesn't give a value, an example stands in.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from corscope.explain.articles.article import APP, Article, ArticleId
from corscope.explain.articles.catalogue import REASONS, article
from corscope.explain.escape import LONGEST_MESSAGE, escaped
from corscope.explain.parts.engines import NAMES
from corscope.explain.parts.findings import finding_words
from corscope.explain.parts.mending import Further
from corscope.explain.parts.words import Words, worded
from corscope.fetch.consoles.printed import console_messages
from corscope.fetch.consoles.scene import Scene
from corscope.fetch.engines import Engine
from corscope.fetch.preflight import is_ok_status
from corscope.fetch.reasons import Failure, Kind, Reason
from corscope.journal.exchange import Finding

__all__ = ["entry_text", "example_lines", "example_words", "heading", "names_and_sentences"]

_URL: Final = "https://api.example/items"
_TARGETS: Final = {
    Reason.REDIRECT_WITH_CREDENTIALS: "https://login.example/",
    Reason.REDIRECT_INVALID: "https://[login.example",
    Reason.REDIRECT_NOT_HTTP: "app://open",
    Reason.REDIRECT_TO_LOCAL: "data:,moved",
    Reason.REDIRECT_BAD_PORT: "https://api.example:25/",
    Reason.MIXED_CONTENT: "http://api.example/",
}
_ERRORS: Final = {Reason.NO_RESPONSE: "connection refused", Reason.CLIENT_GONE: "it disconnected"}
_STATUSES: Final = {Reason.PREFLIGHT_REDIRECT: 302, Reason.PREFLIGHT_STATUS: 403}

_CORS_CHECK: Final = "https://fetch.spec.whatwg.org/#concept-cors-check"

Values = Mapping[str, str]
"""What a pasted message told: as those of `paste.Found`."""


def heading(id_: ArticleId, values: Values | None = None) -> str:
    """The id, and what happened, in one line."""
    return f"{id_}: {example_words(id_, values or {}).what}"


def entry_text(id_: ArticleId, values: Values | None = None) -> str:
    """All there is to say of a reason or a finding, in lines.

    A pasted message gives the values, and what it doesn't tell is marked as an example then.
    """
    return "\n".join(_lines(article(id_), values))


def _lines(told: Article, values: Values | None) -> Iterator[str]:
    yield heading(told.id, values)
    yield f"Fix: {example_words(told.id, values).fix}"
    if values is not None and (examples := list(_examples(told.id, values))):
        yield f"Only examples, which the message doesn't tell: {', '.join(examples)}."
    yield f"Standard: {told.standard}"
    yield f"    {told.section}"
    if told.harmless is not None:
        yield f"Harmless: {told.harmless}"
    for browser, names, sentences in names_and_sentences(told, values):
        yield f"{browser}: {', on a preflight '.join(names)}".rstrip()
        yield from (f"    {sentence}" for sentence in sentences)


def names_and_sentences(
    told: Article, values: Values | None = None
) -> Iterator[tuple[str, Sequence[str], Sequence[str]]]:
    """Each browser that has names or sentences for it, with both, escaped."""
    if not isinstance(told.id, Reason):
        return
    names = {
        Engine.CHROMIUM: told.chromium,
        Engine.FIREFOX: (told.firefox,) if told.firefox else (),
        Engine.WEBKIT: (),
    }
    for engine, called in names.items():
        printed = _printed(engine, told.id, values or {})
        if called or printed:
            yield NAMES[engine], called, [escaped(each, LONGEST_MESSAGE) for each in printed]


def example_words(id_: ArticleId, values: Values | None = None) -> Words:
    """What happened and how it is mended, with a message's values or else with examples."""
    detail = _detail(id_, values or {})
    if not isinstance(id_, Reason):
        words = finding_words(Finding(id_, detail))
        assert words is not None  # each finding has its article
        return words
    shown = _values(id_, values or {})
    return worded(
        id_,
        detail=detail,
        origin=shown["origin"],
        method=shown["method"],
        headers=(shown["headers"],),
        status=int(shown["status"]),
        error=shown["error"],
        besides=_besides(id_, values or {}),
    )


def _besides(reason: Reason, values: Values) -> Further:
    """What a preflight needs for all that its headers are mended: an ok status."""
    is_checked = article(reason).section == _CORS_CHECK
    return Further(status=is_checked and _is_preflight(values) and not _is_ok(values))


def _is_preflight(values: Values) -> bool:
    return values.get("kind") == "preflight"


def _is_ok(values: Values) -> bool:
    return "status" in values and is_ok_status(int(values["status"]))


def example_lines(told: Article) -> Iterator[str]:
    """The header lines that show it, with examples for values."""
    shown = _values(told.id, {})
    return (line.format_map(shown) for line in told.looks)


def _values(id_: ArticleId, values: Values) -> dict[str, str]:
    detail = _detail(id_, values) or ""
    return {
        "detail": detail,
        "origin": values.get("origin", APP),
        "method": detail if id_ is Reason.METHOD_NOT_ALLOWED else "PUT",
        "headers": detail if id_ is Reason.HEADER_NOT_ALLOWED else "authorization",
        "status": str(_status(id_, values)),
        "error": _ERRORS.get(id_, "connection reset") if isinstance(id_, Reason) else "",
    }


def _detail(id_: ArticleId, values: Values) -> str | None:
    """A message's value, be it empty, or else an example."""
    if id_ is Reason.ALLOW_CREDENTIALS_NOT_TRUE and not values.get("detail"):
        return None  # of a header that is missing Chromium prints an empty value
    return values.get("detail", article(id_).example)


def _examples(id_: ArticleId, values: Values) -> Iterator[str]:
    """The values in what is said of a reason that aren't the message's own."""
    if not isinstance(id_, Reason):
        return
    said = REASONS[id_].what + REASONS[id_].fix
    shown = _values(id_, values)
    for name in ("status", "detail", "origin", "error"):
        if f"{{{name}}}" in said and name not in values:
            yield escaped(shown[name]) or "missing"


def _status(id_: ArticleId, values: Values) -> int:
    if "status" in values:
        return int(values["status"])
    return _STATUSES.get(id_, 200) if isinstance(id_, Reason) else 200


def _printed(engine: Engine, reason: Reason, values: Values) -> Sequence[str]:
    """What the engine's console prints; what only tells that a request failed is left out."""
    is_preflight = article(reason).of_preflights or _is_preflight(values)
    kind: Kind = "preflight" if is_preflight else "actual"
    origin = values.get("origin", APP)
    url = values.get("url", _URL)
    scene = Scene(
        url=url,
        origin=origin,
        status=None if reason is Reason.NO_RESPONSE else _status(reason, values),
        location=_TARGETS.get(reason),
        page=origin,
        first_url=values.get("first_url", url),
    )
    is_status_first = engine is Engine.WEBKIT and _besides(reason, values).status
    named = Reason.PREFLIGHT_STATUS if is_status_first and "status" in values else reason
    failure = Failure(named, _detail(reason, values))
    return console_messages(engine, kind, failure, scene)[:1]
