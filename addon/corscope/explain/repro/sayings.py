"""What will each browser do and print, and what isn't as it was recorded?"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from corscope.explain.escape import escaped
from corscope.explain.parts.engines import NAMES
from corscope.explain.repro.served import Answer, ends_on_redirect, target_of
from corscope.explain.repro.stage import Place, Stage, Text
from corscope.explain.repro.story import Story
from corscope.fetch.consoles.printed import console_messages
from corscope.fetch.consoles.scene import Scene
from corscope.fetch.engines import Engine
from corscope.fetch.reasons import Failure, Reason
from corscope.journal.exchange import Exchange, Judgement

__all__ = ["Saying", "notes", "played", "sayings"]


@dataclass(frozen=True, slots=True)
class Saying:
    """What a browser does in the end, what its tools call that, and what its console prints."""

    browser: str
    verdict: str
    name: str | None
    prints: tuple[Text, ...]


# What is said of it


_BY_SCRIPT: Final = frozenset({None, "empty"})
"""The destinations of what script asks for."""

_AS_XHR: Final = ("Access to XMLHttpRequest at", "XMLHttpRequest cannot load")
_AS_FETCH: Final = ("Access to fetch at", "Fetch API cannot load")
"""How a console names what script has used."""


def played(stage: Stage, told: Story, first: Answer, url: tuple[Place, str]) -> Scene:
    """The scene of the fetch's end as the program has it, but for the ports.

    It asks by script, whatever it was for that was recorded, and some paths are its own.
    """
    scene = told.end.scene
    location, target = scene.location, target_of(stage, told, told.end)
    if target is not None and isinstance(target[0], Place):
        location = _address(target)
    first_url = _address((first.place, first.path))
    return scene._replace(
        url=_address(url), first_url=first_url, location=location, destination=None
    )


def _address(text: Text) -> str:
    return "".join(each.origin if isinstance(each, Place) else each for each in text)


def sayings(stage: Stage, told: Story, scene: Scene, uses_xhr: bool) -> Iterable[Saying]:
    """What each engine does with the record that the fetch ends with."""
    end = told.end
    for engine, browser in NAMES.items():
        judgement = told.judged(end.engine_verdicts.get(engine, end.verdicts))
        verdict, name, prints = _said(end, engine, judgement, scene)
        if uses_xhr:
            prints = tuple(map(_said_of_xhr, prints))
        yield Saying(browser, verdict, name, tuple(map(stage.said, prints)))


def _said_of_xhr(line: str) -> str:
    for fetch, xhr in zip(_AS_FETCH, _AS_XHR, strict=True):
        line = line.replace(fetch, xhr, 1)
    return line


def _said(
    end: Exchange, engine: Engine, judgement: Judgement, scene: Scene
) -> tuple[str, str | None, tuple[str, ...]]:
    """Verdict, name and sentences, where there is no proxy."""
    if judgement.reason is None:
        return "allowed", None, ()
    names = {Engine.CHROMIUM: judgement.chromium, Engine.FIREFOX: judgement.firefox}
    name = names.get(engine)
    failure = Failure(judgement.reason, judgement.detail, judgement.firefox)
    if judgement.reason is Reason.NO_RESPONSE:
        # Through the proxy its error page is to blame; without one, the missing answer itself.
        name = "CORSDidNotSucceed" if engine is Engine.FIREFOX else None
        failure = Failure(Reason.CONNECTION_DROPPED)
    elif judgement.reason is Reason.CONNECTION_DROPPED:
        failure = Failure(judgement.reason, None, judgement.firefox)  # it hangs up, whatever came
    printed = console_messages(engine, end.kind, failure, scene, end.headers)
    if judgement.detail == "refused" and engine is Engine.CHROMIUM:
        printed = ("Failed to load resource: net::ERR_CONNECTION_REFUSED",)
    elif judgement.reason is Reason.NO_RESPONSE and engine is Engine.WEBKIT:
        printed = ()
    return "blocked", name, printed


def notes(told: Story, answers: list[Answer]) -> Iterable[str]:
    """What of the program isn't as it was recorded."""
    if not told.mode_is_seen:
        yield "The credentials mode didn't show; this one fails, the other doesn't."
    if any(each.is_stand_in and each.kind == "preflight" for each in answers):
        yield "The preflight isn't in the record: an answer that lets the request go stands for it."
    if any(each.is_stand_in and each.status == 307 for each in answers):
        yield "Redirects within the page's own origin aren't recorded; plain ones stand for them."
    if any(each.is_stand_in and each.status == 200 for each in answers):
        yield "The request itself isn't in the record: an answer that lets it pass stands for it."
    records = [each for leg in told.legs for each in leg.recorded]
    rules = dict.fromkeys(each.rule for each in records if each.rule_mode == "apply" and each.rule)
    for rule in rules:
        yield f'The answers are as the rule "{escaped(rule)}" left them.'
    if len(told.legs) > 1:
        yield "After a redirect, other browsers may send other requests, and end otherwise."
    if told.end.scene.destination not in _BY_SCRIPT:
        yield "Here script asks, whatever the page did, so that consoles tell of a fetch."
    if ends_on_redirect(told):
        yield "Where the last redirect leads isn't in the record, so it isn't followed."
    if told.end.status is None and told.judgement(told.end).reason is Reason.NO_RESPONSE:
        yield (
            "Where this was recorded, the proxy answered with an error page, which browsers take "
            "for a CORS error. Here is no proxy, so they tell what it is: no answer came."
        )
