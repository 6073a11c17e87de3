"""How does what is known look as HTML? Values in, text out; no server is needed.

Values from the wire are hostile. Jinja escapes all that it writes, and `wire` makes visible before
that what HTML lets pass: control characters, and those that turn the direction of what follows.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from corscope.explain.articles.catalogue import article
from corscope.explain.escape import escaped
from corscope.explain.explanation import Explanation, explain
from corscope.explain.parts.engines import NAMES, engine_lines
from corscope.explain.steps.walk import Step
from corscope.journal.alike import memo
from corscope.journal.exchange import Exchange
from corscope.journal.store import Entry, characters_of
from corscope.rules.model import Rule
from corscope.web.remedy import Handoff, exportable, first_remedy, least_rule
from corscope.web.story import Story

__all__ = ["Leg", "exchange_html", "handoff_html", "legs", "shell_html", "template_html"]

_LONGEST: Final = 2_000
"""Characters that are shown of a value from the wire."""

_LEAVE: Final = ("access-control-allow-", "access-control-expose-")
"""How the names begin of the headers that give leave."""

MOST_PARTS: Final = 1_000
"""So many parts of pages are kept at most."""

_WORD: Final = re.compile(r"[a-z']+(?: |$)")

Readers = dict[str, tuple[int, str]]
"""By the name of a header, in lowercase: the number of a step, and its result."""

_UNREAD: Final = (None, None)


def _wire(value: object) -> str:
    text = str(value)
    shown = escaped(text[:_LONGEST], _LONGEST)
    more = len(text) - _LONGEST
    return shown if more <= 0 else f"{shown}… ({more:,} more characters)"


def _sentence(text: str) -> str:
    """A clause of the catalogue as a sentence of its own; a value it begins with stays as it is."""
    is_word = _WORD.match(text) is not None
    first = text[:1].upper() if is_word else text[:1]
    return first + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


_ENVIRONMENT: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    auto_reload=False,  # which looks at the files' times at each use
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters |= {"wire": _wire, "sentence": _sentence}
_ENVIRONMENT.globals |= {"engine_names": NAMES, "article": article}


class Line(NamedTuple):
    """A header line of a sequence, and the number of the step that read it, with its result."""

    name: str
    value: str
    step: int | None = None
    result: str | None = None


@dataclass(frozen=True, slots=True)
class Leg:
    """One request and its answer within a sequence.

    Attributes:
        entry: the exchange.
        explained: the same, explained.
        host: where the request goes.
        asked: the header lines of the request that take part.
        answered: those of the answer.
        copied: those of the browser's copy, where it goes by that; None where it doesn't.
        is_chosen: whether it is the exchange that was asked for.
    """

    entry: Entry
    explained: Explanation
    host: str
    asked: tuple[Line, ...]
    answered: tuple[Line, ...]
    copied: tuple[Line, ...] | None
    is_chosen: bool


def template_html(name: str, **values: Any) -> str:
    """A template of this room with these values."""
    return _ENVIRONMENT.get_template(name).render(values)


def _part(name: str, **values: Any) -> Markup:
    """A template that a part of a page is made by; nothing but the values may hang on it."""
    return Markup(template_html(name, **values))  # noqa: S704 (Jinja has escaped it)


kept_part = lru_cache(maxsize=MOST_PARTS)(_part)
"""The same, kept: of a thousand exchanges most differ in URL and time alone."""


def shell_html(views: Sequence[tuple[str, str]]) -> str:
    """The page's frame, with its views' names and titles."""
    return template_html("shell.html", views=views)


def exchange_html(
    story: Story,
    *,
    rules: Sequence[Rule] = (),
    is_live: bool = True,
    asks: bool = True,
    anchor: str = "",
) -> str:
    """One exchange: its sequence, its verdicts, what script can read, and what to change.

    Args:
        story: the exchange, and those that belong to it.
        rules: the rules that hold.
        is_live: whether there is a script, which opens other exchanges and copies.
        asks: whether there is a server that the script can ask for more.
        anchor: begins the ids of places within, where several exchanges share a document.
    """
    drawn = legs(story)
    chosen = next(leg for leg in drawn if leg.is_chosen)
    exchange = story.chosen.exchange
    return template_html(
        "exchange.html",
        part=kept_part if all(map(_is_small, story.entries)) else _part,
        legs=drawn,
        explained=chosen.explained,
        exchange=exchange,
        otherwise=tuple(engine_lines(exchange)),
        is_live=is_live,
        asks=is_live and asks,
        handoff=first_remedy(exchange, rules),
        rule=least_rule(story.chosen),
        anchor=anchor,
        dialects=exportable(),
    )


def handoff_html(handoff: Handoff) -> str:
    """A policy as a dialect's configuration, with what to mind, or why it can't be written."""
    return template_html("handoff.html", handoff=handoff, is_live=True)


def _is_small(entry: Entry) -> bool:
    """Whether parts of it may be kept."""
    exchange = entry.exchange
    lines = len(exchange.headers) + len(exchange.goes_by or ())
    return characters_of(exchange) + memo.LINE * lines <= memo.MOST_CHARACTERS


def legs(story: Story) -> tuple[Leg, ...]:
    """The story's requests and answers, each with the lines that took part."""
    return tuple(_leg(entry, is_chosen=entry is story.chosen) for entry in story.entries)


def _leg(entry: Entry, *, is_chosen: bool) -> Leg:
    exchange = entry.exchange
    explained = explain(exchange, entry.outcome)
    readers = _readers(explained.steps)
    scheme, _, rest = exchange.url.partition("://")
    copy = exchange.goes_by
    return Leg(
        entry,
        explained,
        f"{scheme}://{rest.partition('/')[0]}",
        _marked(_asked(exchange), readers),
        _marked(_answered(exchange, explained.steps), {} if copy else readers),
        None if copy is None else _marked(copy, readers),
        is_chosen,
    )


def _asked(exchange: Exchange) -> Iterator[tuple[str, str]]:
    names = ", ".join(exchange.request_headers)
    yield "Origin", exchange.origin
    if exchange.kind == "preflight":
        yield "Access-Control-Request-Method", exchange.method
        if names:
            yield "Access-Control-Request-Headers", names
    else:
        if names:
            yield "headers that need leave", names
        yield "credentials", exchange.credentials


def _answered(exchange: Exchange, steps: Iterable[Step]) -> Iterator[tuple[str, str]]:
    """The answer's lines, then those that were looked for in vain where the verdict fell."""
    if exchange.scene.location is not None:
        yield "Location", exchange.scene.location
    yield from exchange.headers
    failed = (name for step in steps if step.result == "fail" for name, _ in step.read)
    present = {name.lower() for name, _ in exchange.goes_by or exchange.headers}
    for name in dict.fromkeys(failed):
        if name.lower().startswith(_LEAVE) and name.lower() not in present:
            yield name, ""


def _readers(steps: Iterable[Step]) -> Readers:
    """By header, the step that read it: of several the one that failed, else the first."""
    readers: Readers = {}
    for number, step in enumerate(steps, 1):
        if step.result != "skipped":
            for name in (name.lower() for name, _ in step.read):
                if step.result == "fail" or name not in readers:
                    readers[name] = number, step.result
    return readers


def _marked(lines: Iterable[tuple[str, str]], readers: Readers) -> tuple[Line, ...]:
    return tuple(Line(name, value, *readers.get(name.lower(), _UNREAD)) for name, value in lines)
