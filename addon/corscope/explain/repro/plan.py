"""What has a program on one machine to serve, and to ask, to play a recorded fetch back?

Each origin gets a port of its own on this machine. What the recorded values say of these origins
is said of the ports instead, all else stays to the byte.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal

from corscope.explain.escape import escaped
from corscope.explain.parts.engines import NAMES
from corscope.explain.repro.story import Leg, ReproError, Story
from corscope.explain.repro.values import harmless_headers
from corscope.fetch.check import CredentialsMode
from corscope.fetch.consoles.printed import console_messages
from corscope.fetch.consoles.scene import Scene
from corscope.fetch.embedder_policy import EmbedderPolicy
from corscope.fetch.engines import Engine
from corscope.fetch.headers import is_token
from corscope.fetch.origin import OPAQUE_SERIALIZED, TupleOrigin, origin_of_url
from corscope.fetch.preflight import CorsRequest
from corscope.fetch.reasons import INTERIM, Failure, Kind, Reason
from corscope.fetch.verdict import judge
from corscope.journal.exchange import Exchange, Judgement
from corscope.journal.senders.sites import are_cross_site
from corscope.messages import Response

__all__ = ["Answer", "Place", "Plan", "Saying", "Text", "plan"]


@dataclass(frozen=True, slots=True)
class Place:
    """A port on this machine, and the origin that it stands for."""

    name: str
    host: str
    origin: str


Text = tuple[str | Place, ...]
"""A value with places' origins in it, which are only known when the ports are."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a URL answers to a preflight or to any other request; status None: it hangs up."""

    place: Place
    path: str
    kind: Kind
    status: int | None
    headers: tuple[tuple[str, Text], ...] = ()
    is_stand_in: bool = False


@dataclass(frozen=True, slots=True)
class Saying:
    """What a browser does in the end, what its tools call that, and what its console prints."""

    browser: str
    verdict: str
    name: str | None
    prints: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """All that the program says and does."""

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
    sayings: tuple[Saying, ...]
    notes: tuple[str, ...]


def plan(told: Story) -> Plan:
    """What has to be served and asked.

    Raises:
        ReproError: it hangs on more than the program can play.
    """
    for leg in told.legs:
        for each in leg.recorded:
            _refuse(told, each)
    first = told.legs[0]
    stage = _Stage(first.either.scene.page)
    urls = [stage.url(leg.either.url, leg.either.hop) for leg in told.legs]
    answers = _redirects_before(stage, first, urls[0])
    for number, leg in enumerate(told.legs):
        following = urls[number + 1] if number + 1 < len(urls) else None
        answers += _leg_answers(stage, told, leg, urls[number], following)
    listens = any(each.what == "upload-listener" for each in first.either.why)
    return Plan(
        story=told,
        page=stage.page,
        places=tuple(stage.places.values()),
        closed=_closed(told, urls, answers),
        answers=tuple(answers),
        url=(answers[0].place, answers[0].path),
        method=first.either.method,
        headers=harmless_headers(first.either.request_headers, first.either.why),
        has_body=listens or first.either.method == "POST",
        credentials="include" if told.mode is CredentialsMode.INCLUDE else "omit",
        mode=first.either.mode,
        follows=not _ends_on_redirect(told),
        uses_xhr=listens,
        is_sandboxed=stage.page.origin == OPAQUE_SERIALIZED,
        embedder_policy=told.end.embedder_policy,
        sayings=tuple(_sayings(stage, told, _played(stage, told, answers[0], urls[-1]), listens)),
        notes=tuple(_notes(told, answers)),
    )


_ORIGIN_BEGINS: Final = r"(?<![A-Za-z0-9+.-])(?<![^ -~\u2018\u201c])"
"""Before a place's origin is no character of a name, and none that a console would escape."""

_ORIGIN_ENDS: Final = r"(?=$|[/?#, '\")\u2019\u201d]{})"
"""What may follow a place's origin: after a port, some characters are no longer of a URL."""

_SENTENCE_ENDS: Final = r"|\.(?:\s|$)"
"""What does so in a sentence; in a header's value, a host with a dot behind it is another one."""


@dataclass(slots=True)
class _Stage:
    """The places, as one origin after the other turns up."""

    page_origin: str
    places: dict[str, Place] = field(default_factory=dict)
    taken: set[tuple[Place, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        page = Place("PAGE", "localhost", self.page_origin)
        self.places[self.page_origin] = page
        self.taken.add((page, "/"))

    @property
    def page(self) -> Place:
        return self.places[self.page_origin]

    def place(self, origin: TupleOrigin) -> Place:
        """The origin's place: of another site where the origin is, for some checks go by sites."""
        text = str(origin)
        if text not in self.places:
            page = origin_of_url(self.page_origin)
            is_near = page is not None and not are_cross_site(page, origin)
            name = "API" if len(self.places) == 1 else f"API_{len(self.places)}"
            self.places[text] = Place(name, "localhost" if is_near else "127.0.0.1", text)
        return self.places[text]

    def url(self, url: str, hop: int) -> tuple[Place, str]:
        """Where a URL is played: under its own path, unless something else is played there."""
        origin = origin_of_url(url)
        if origin is None:
            raise ReproError("its URL is no http(s) URL")
        place, path = self.place(origin), _path(url)
        if (place, path) in self.taken:
            path += f"{'&' if '?' in path else '?'}hop={hop}"
        self.taken.add((place, path))
        return place, path

    def text(self, value: str) -> Text:
        """A value in which each place stands for its origin, where that is written to the letter.

        What isn't it to the letter stays, and so does what is wrong about it.
        """
        return self._parted(value, _ORIGIN_ENDS.format(""))

    def said(self, sentence: str) -> Text:
        """The same of a sentence that names origins and URLs."""
        return self._parted(sentence, _ORIGIN_ENDS.format(_SENTENCE_ENDS))

    def _parted(self, value: str, ends: str) -> Text:
        known = sorted(filter(origin_of_url, self.places), key=len, reverse=True)
        if not known:
            return (value,) if value else ()
        pattern = f"{_ORIGIN_BEGINS}({'|'.join(map(re.escape, known))}){ends}"
        parts = re.split(pattern, value)
        # Every second part is what the pattern found.
        pieces = (self.places[part] if i % 2 else part for i, part in enumerate(parts))
        return tuple(piece for piece in pieces if piece != "")


_TO_PATH: Final = re.compile(r"[A-Za-z]++:[/\\]*+[^/\\?#]*+([^?#]*+)([^#]*+)", re.DOTALL)
_PATH: Final = re.compile(r"/[A-Za-z0-9._~!$&()*+,;=:@%/-]*(?:\?[A-Za-z0-9._~!$&()*+,;=:@%/?-]*)?")
_DOTS: Final = re.compile(r"/(?:\.|%2e){1,2}(?:/|\?|$)", re.IGNORECASE)


def _path(url: str) -> str:
    """A URL's path and query, if every browser asks for it in these very words."""
    found = _TO_PATH.match(url)
    path = f"{found[1] or '/'}{found[2]}" if found else ""
    return path if _PATH.fullmatch(path) and not _DOTS.search(path) else "/recorded"


# What can't be played

_NEEDS_MORE: Final = {
    Reason.MIXED_CONTENT: "mixed content takes an https page, and so a certificate that the "
    "browser trusts",
    Reason.CLIENT_GONE: "the browser went away before the answer: no server did anything wrong",
}
_CAUSES: Final = {
    "dns": "the host's name doesn't resolve",
    "timeout": "the server didn't answer in time",
    "unreachable": "there is no way to the server",
    "tls": "the server speaks no TLS, or shows a certificate that isn't trusted",
    "invalid": "the answer can't be read",
    "scheme": "mitmproxy passes no such request on",
}
_MODES: Final = frozenset({"cors", "no-cors"})
_BEFORE_ANY_ANSWER: Final = frozenset({Reason.NO_RESPONSE, Reason.CONNECTION_DROPPED})
_BESIDE_CORS: Final = _BEFORE_ANY_ANSWER | {
    Reason.TOO_MANY_REDIRECTS,
    Reason.CROSS_ORIGIN_RESOURCE_POLICY,
    Reason.CROSS_ORIGIN_EMBEDDER_POLICY,
    Reason.PROXY_AUTHENTICATION,
}


def _refuse(told: Story, exchange: Exchange) -> None:
    """Refuse what can't be played; the sentences go on "this can't be reproduced: "."""
    judgement = told.judgement(exchange)
    if exchange.mode not in _MODES:
        raise ReproError(f"a request of mode {escaped(exchange.mode)} needs no leave")
    if judgement.reason in _NEEDS_MORE:
        raise ReproError(_NEEDS_MORE[judgement.reason])
    if judgement.reason is Reason.NO_RESPONSE and judgement.detail not in {"refused", "closed"}:
        cause = _CAUSES.get(judgement.detail or "", "the record doesn't tell why")
        raise ReproError(f"no answer came: {cause}, so there is nothing to serve")
    if judgement.reason is Reason.CONNECTION_DROPPED and judgement.detail not in {None, INTERIM}:
        raise ReproError("the browser can't read the answer, and the record doesn't hold it")
    if exchange.status is None and judgement.reason not in _BEFORE_ANY_ANSWER:
        raise ReproError("no answer of a server is in the record")
    if exchange.status == 407 and judgement.reason is not Reason.PROXY_AUTHENTICATION:
        raise ReproError("browsers take status 407 from a proxy only")
    if not _is_told_by_itself(exchange, judgement, told.mode):
        raise ReproError(
            "its verdict rests on more than this answer, such as a copy in the browser's cache"
        )
    for name, value in exchange.headers:
        if not is_token(name) or re.search(r"[\r\n\0]", value) or not _is_latin_1(value):
            raise ReproError("one of its header lines can't be sent as it was recorded")


def _is_latin_1(value: str) -> bool:
    return all(ord(character) < 256 for character in value)


def _is_told_by_itself(exchange: Exchange, judgement: Judgement, mode: CredentialsMode) -> bool:
    """Whether what is recorded of the answer leads to the recorded verdict."""
    if exchange.mode != "cors" or exchange.status is None or judgement.reason in _BESIDE_CORS:
        return True
    location = _location(exchange, judgement)
    headers = exchange.headers + ((("Location", location),) if location is not None else ())
    request = CorsRequest(exchange.origin, exchange.url, exchange.method, exchange.request_headers)
    response = Response(exchange.status, headers)
    failure = judge(exchange.kind, request, response, mode, exchange.engine)
    return (failure and failure.reason) == judgement.reason


_USER: Final = "user:password@"


def _location(exchange: Exchange, judgement: Judgement) -> str | None:
    """The Location as it was, with a made-up user in the place of the one that isn't recorded."""
    location = exchange.scene.location
    if location is None or judgement.reason is not Reason.REDIRECT_WITH_CREDENTIALS:
        return location
    return location.replace("://", f"://{_USER}", 1)


# What is served


def _redirects_before(stage: _Stage, first: Leg, url: tuple[Place, str]) -> list[Answer]:
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


def _leg_answers(
    stage: _Stage, told: Story, leg: Leg, url: tuple[Place, str], following: Text | None
) -> list[Answer]:
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
    stage: _Stage, told: Story, exchange: Exchange, url: tuple[Place, str], following: Text | None
) -> Answer:
    """The answer as it was recorded; Location, which isn't among the CORS headers, comes last."""
    headers = tuple((name, stage.text(value)) for name, value in exchange.headers)
    location = following if following is not None else _target(stage, told, exchange)
    if location is not None:
        headers += (("Location", location),)
    return Answer(*url, exchange.kind, exchange.status, headers)


def _target(stage: _Stage, told: Story, exchange: Exchange) -> Text | None:
    """Where a redirect that the browser doesn't follow leads, on this machine if it can."""
    judgement = told.judgement(exchange)
    location = _location(exchange, judgement)
    if location is None:
        return None
    origin = origin_of_url(location)
    match judgement.reason:
        case Reason.REDIRECT_WITH_CREDENTIALS:
            return (f"http://{_USER}127.0.0.1/",)
        case Reason.REDIRECT_BAD_PORT:
            return (f"http://127.0.0.1:{judgement.detail}/",)
    is_web = origin is not None and origin.scheme in {"http", "https"}
    return (stage.place(origin), _path(location)) if origin and is_web else (location,)


def _leave(stage: _Stage, told: Story, leg: Leg) -> tuple[tuple[str, Text], ...]:
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


def _ends_on_redirect(told: Story) -> bool:
    """Whether the browser was free to follow a redirect, and nothing tells that it did."""
    end = told.end
    is_free = told.judgement(end).verdict == "allowed" and end.kind == "actual"
    return is_free and end.scene.location is not None


def _closed(told: Story, urls: list[tuple[Place, str]], answers: list[Answer]) -> frozenset[Place]:
    """The place where nothing listens, if the fetch ended so and nothing was answered there."""
    place = urls[-1][0]
    answered = any(each.place == place and each.status is not None for each in answers)
    is_refused = told.judgement(told.end).detail == "refused" and told.end.status is None
    return frozenset({place}) if is_refused and not answered else frozenset()


# What is said of it


_BY_SCRIPT: Final = frozenset({None, "empty"})
"""The destinations of what script asks for."""

_AS_XHR: Final = ("Access to XMLHttpRequest at", "XMLHttpRequest cannot load")
_AS_FETCH: Final = ("Access to fetch at", "Fetch API cannot load")
"""How a console names what script has used."""


def _played(stage: _Stage, told: Story, first: Answer, url: tuple[Place, str]) -> Scene:
    """The scene of the fetch's end as the program has it, but for the ports.

    It asks by script, whatever it was for that was recorded, and some paths are its own.
    """
    scene = told.end.scene
    location, target = scene.location, _target(stage, told, told.end)
    if target is not None and isinstance(target[0], Place):
        location = _address(target)
    first_url = _address((first.place, first.path))
    return scene._replace(
        url=_address(url), first_url=first_url, location=location, destination=None
    )


def _address(text: Text) -> str:
    return "".join(each.origin if isinstance(each, Place) else each for each in text)


def _sayings(stage: _Stage, told: Story, scene: Scene, uses_xhr: bool) -> Iterable[Saying]:
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


def _notes(told: Story, answers: list[Answer]) -> Iterable[str]:
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
    if _ends_on_redirect(told):
        yield "Where the last redirect leads isn't in the record, so it isn't followed."
    if told.end.status is None and told.judgement(told.end).reason is Reason.NO_RESPONSE:
        yield (
            "Where this was recorded, the proxy answered with an error page, which browsers take "
            "for a CORS error. Here is no proxy, so they tell what it is: no answer came."
        )
