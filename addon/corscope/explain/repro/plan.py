"""What has a program on one machine to serve, and to ask, to play a recorded fetch back?

Each origin gets a port of its own on this machine. What the recorded values say of these origins
is said of the ports instead, all else stays to the byte.
"""

from dataclasses import dataclass
from typing import Literal

from corscope.explain.repro.playable import refuse
from corscope.explain.repro.sayings import Saying, notes, played, sayings
from corscope.explain.repro.served import (
    Answer,
    closed_place,
    ends_on_redirect,
    leg_answers,
    redirects_before,
)
from corscope.explain.repro.stage import Place, Stage, Text
from corscope.explain.repro.story import Story
from corscope.explain.repro.values import harmless_headers
from corscope.fetch.check import CredentialsMode
from corscope.fetch.embedder_policy import EmbedderPolicy
from corscope.fetch.isolation_policy import IsolationPolicy
from corscope.fetch.origin import OPAQUE_SERIALIZED

__all__ = ["Plan", "plan"]


@dataclass(frozen=True, slots=True)
class Plan:
    """All that the program says and does.

    Attributes:
        story: the fetch as it was recorded.
        page: where the page is served.
        places: all that is listened at, the page's first.
        closed: those of them where nothing listens.
        answers: what is served, in the order in which it is asked.
        url: where the fetch begins.
        method: its method.
        headers: what script sets, by lower-case names; values are made up.
        has_body: whether it sends something.
        credentials: its credentials mode.
        mode: its mode, "cors" or "no-cors".
        follows: whether it follows redirects.
        uses_xhr: whether it is XMLHttpRequest's, with a listener for the upload.
        is_sandboxed: whether the page has an opaque origin.
        embedder_policy: the page's.
        isolation_policy: the page's.
        sayings: what each engine's browser makes of it.
        notes: sentences on what isn't as it was recorded.
    """

    story: Story
    page: Place
    places: tuple[Place, ...]
    closed: frozenset[Place]
    answers: tuple[Answer, ...]
    url: Text
    method: str
    headers: dict[str, str]
    has_body: bool
    credentials: Literal["include", "omit"]
    mode: str
    follows: bool
    uses_xhr: bool
    is_sandboxed: bool
    embedder_policy: EmbedderPolicy
    isolation_policy: IsolationPolicy
    sayings: tuple[Saying, ...]
    notes: tuple[str, ...]


def plan(told: Story) -> Plan:
    """What has to be served and asked.

    Raises:
        ReproError: it hangs on more than the program can play.
    """
    for leg in told.legs:
        for each in leg.recorded:
            refuse(told, each)
    first = told.legs[0]
    stage = Stage(first.either.scene.page)
    urls = [stage.url(leg.either.url, leg.either.hop) for leg in told.legs]
    answers = redirects_before(stage, first, urls[0])
    for number, leg in enumerate(told.legs):
        following = urls[number + 1] if number + 1 < len(urls) else None
        answers += leg_answers(stage, told, leg, urls[number], following)
    listens = any(each.what == "upload-listener" for each in first.either.why)
    return Plan(
        story=told,
        page=stage.page,
        places=tuple(stage.places.values()),
        closed=closed_place(told, urls, answers),
        answers=tuple(answers),
        url=(answers[0].place, answers[0].path),
        method=first.either.method,
        headers=harmless_headers(first.either.request_headers, first.either.why),
        has_body=listens or first.either.method == "POST",
        credentials="include" if told.mode is CredentialsMode.INCLUDE else "omit",
        mode=first.either.mode,
        follows=not ends_on_redirect(told),
        uses_xhr=listens,
        is_sandboxed=stage.page.origin == OPAQUE_SERIALIZED,
        embedder_policy=told.end.embedder_policy,
        isolation_policy=told.end.scene.isolation,
        sayings=tuple(sayings(stage, told, played(stage, told, answers[0], urls[-1]), listens)),
        notes=tuple(notes(told, answers)),
    )
