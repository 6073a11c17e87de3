"""What does each URL answer? As recorded; where the record has none, so that the fetch goes on."""

from dataclasses import dataclass

from corscope.explain.repro.playable import USER, location_of
from corscope.explain.repro.stage import Place, Stage, Text, path_of
from corscope.explain.repro.story import Leg, Story
from corscope.fetch.check import CredentialsMode
from corscope.fetch.origin import origin_of_url
from corscope.fetch.reasons import Kind, Reason
from corscope.journal.exchange import Exchange

__all__ = [
    "Answer",
    "closed_place",
    "ends_on_redirect",
    "leg_answers",
    "redirects_before",
    "target_of",
]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a URL answers to a preflight or to any other request; status None: it hangs up."""

    place: Place
    path: str
    kind: Kind
    status: int | None
    headers: tuple[tuple[str, Text], ...] = ()
    is_stand_in: bool = False


# What is served


def redirects_before(stage: Stage, first: Leg, url: tuple[Place, str]) -> list[Answer]:
    """Redirects within the page's own origin, where CORS has no say and nothing is recorded.

    Of all their URLs the first alone is known.
    """
    hops, began = first.either.hop, first.either.scene.first_url
    places: list[tuple[Place, str]] = [
        stage.url(began, 0)
        if number == 0 and _is_of(began, stage.page)
        else (stage.page, f"/redirect-{number + 1}")
        for number in range(hops)
    ]
    return [
        Answer(*place, "actual", 307, (("Location", following),), True)
        for place, following in zip(places, [*places[1:], url], strict=False)
    ]


def _is_of(url: str, place: Place) -> bool:
    return str(origin_of_url(url)) == place.origin


def leg_answers(
    stage: Stage, told: Story, leg: Leg, url: tuple[Place, str], following: Text | None
) -> list[Answer]:
    """What a leg's URL answers to its preflight and its request, in that order.

    Args:
        stage: where all is played.
        told: the fetch.
        leg: the leg, one of the fetch's.
        url: where its URL is played.
        following: where the next leg's is; None for the last one.
    """
    answers = []
    place, path = url
    is_over = leg.preflight is told.end
    if leg.preflight is not None:
        answers.append(_recorded(stage, told, leg.preflight, url, None))
    elif _needs_leave(leg):
        answers.append(Answer(place, path, "preflight", 204, _leave(stage, told, leg), True))
    if leg.actual is not None and not is_over:
        answers.append(_recorded(stage, told, leg.actual, url, following))
    elif not is_over or told.judgement(told.end).verdict != "blocked":
        answers.append(Answer(place, path, "actual", 200, _leave(stage, told, leg), True))
    return answers


def _needs_leave(leg: Leg) -> bool:
    return leg.actual is not None and leg.actual.mode == "cors" and bool(leg.actual.why)


def _recorded(
    stage: Stage, told: Story, exchange: Exchange, url: tuple[Place, str], following: Text | None
) -> Answer:
    """The answer as it was recorded; Location, which isn't among the CORS headers, comes last."""
    headers = tuple((name, stage.text(value)) for name, value in exchange.headers)
    location = following if following is not None else target_of(stage, told, exchange)
    if location is not None:
        headers += (("Location", location),)
    return Answer(*url, exchange.kind, exchange.status, headers)


def target_of(stage: Stage, told: Story, exchange: Exchange) -> Text | None:
    """Where a redirect that the browser doesn't follow leads, on this machine if it can."""
    judgement = told.judgement(exchange)
    location = location_of(exchange, judgement)
    if location is None:
        return None
    origin = origin_of_url(location)
    match judgement.reason:
        case Reason.REDIRECT_WITH_CREDENTIALS:
            return (f"http://{USER}127.0.0.1/",)
        case Reason.REDIRECT_BAD_PORT:
            return (f"http://127.0.0.1:{judgement.detail}/",)
    is_web = origin is not None and origin.scheme in {"http", "https"}
    return (stage.place(origin), path_of(location)) if origin and is_web else (location,)


def _leave(stage: Stage, told: Story, leg: Leg) -> tuple[tuple[str, Text], ...]:
    """The headers that let a request through, for an answer that isn't in the record."""
    request = leg.either
    headers: list[tuple[str, Text]] = [
        ("Access-Control-Allow-Origin", stage.text(request.origin)),
        ("Access-Control-Allow-Methods", (request.method,)),
        ("Access-Control-Allow-Headers", (", ".join(request.request_headers),)),
    ]
    if told.mode is CredentialsMode.INCLUDE:
        headers.append(("Access-Control-Allow-Credentials", ("true",)))
    return tuple((name, value) for name, value in headers if value != ("",))


def ends_on_redirect(told: Story) -> bool:
    """Whether the browser was free to follow a redirect, and nothing tells that it did."""
    end = told.end
    is_free = told.judgement(end).verdict == "allowed" and end.kind == "actual"
    return is_free and end.scene.location is not None


def closed_place(
    told: Story, urls: list[tuple[Place, str]], answers: list[Answer]
) -> frozenset[Place]:
    """The place where nothing listens, if the fetch ended so and nothing was answered there."""
    place = urls[-1][0]
    answered = any(each.place == place and each.status is not None for each in answers)
    is_refused = told.judgement(told.end).detail == "refused" and told.end.status is None
    return frozenset({place}) if is_refused and not answered else frozenset()
