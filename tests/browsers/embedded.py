"""What a page embeds with CORS: scripts, styles, fonts, images, media, event streams.

A page embeds one after the other by itself, since WebKit prints the console of such a page alone,
and tells the server how each ended. What WebKit prints has no URL in most lines, so that the page
prints a line of its own before each.
"""

from __future__ import annotations

import base64
import json
import re
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from tests.browsers.agreement import OPTIONS
from tests.browsers.consoles import Message, printed_of
from tests.support.chromium import Chromium
from tests.support.firefox import Firefox
from tests.support.mitmdump import Entry, Mitmdump
from tests.support.origin_server import EMPTY_PAGE, Answer, HeaderPairs, OriginServer
from tests.support.webkit import WebKit

__all__ = [
    "ANSWERS",
    "EVERYWHERE",
    "GIF",
    "KINDS",
    "Embed",
    "Embedded",
    "Kind",
    "content",
    "moved",
    "picked",
    "play_embedded",
]

_SILENT_WAV = (
    b"RIFF"
    + struct.pack("<I", 836)
    + b"WAVEfmt "
    + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 8000, 1, 8)
    + b"data"
    + struct.pack("<I", 800)
    + b"\x80" * 800
)
GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


@dataclass(frozen=True, slots=True)
class Kind:
    """A way to embed.

    Attributes:
        script: an expression of JavaScript, a promise that is fulfilled where `url` was embedded.
        body: what the server answers; of type `type`.
        credentials: the credentials mode.
        mode: the mode.
    """

    script: str
    type: str
    body: bytes
    credentials: str = "omit"
    mode: str = "cors"


def _element(name: str, sets: str) -> str:
    return f"made('{name}', (made) => {{ {sets} }})"


_ANONYMOUS = "made.crossOrigin = 'anonymous'; "
_INCLUDE = "made.crossOrigin = 'use-credentials'; "
_SHEET = "made.rel = 'stylesheet'; made.href = url;"
_TRACK = """new Promise((resolve, reject) => {
  const video = document.createElement('video');
  const track = document.createElement('track');
  video.crossOrigin = 'anonymous';
  Object.assign(track, {default: true, src: url, onload: resolve, onerror: reject});
  video.append(track);
  document.body.append(video);
  track.track.mode = 'showing';
})"""
_EVENTS = """new Promise((resolve, reject) => {
  const source = new EventSource(url, {withCredentials: %s});
  source.onopen = () => { source.close(); resolve(); };
  source.onerror = () => { source.close(); reject(); };
})"""
_PRELOAD = "made.rel = 'preload'; made.as = 'script'; made.href = url;"
_JS = "text/javascript"

KINDS: Mapping[str, Kind] = {
    "script": Kind(_element("script", _ANONYMOUS + "made.src = url;"), _JS, b"1"),
    "script-include": Kind(_element("script", _INCLUDE + "made.src = url;"), _JS, b"1", "include"),
    "module": Kind(_element("script", "made.type = 'module'; made.src = url;"), _JS, b"1"),
    "import": Kind("import(url)", _JS, b"1"),
    "json": Kind("import(url, {with: {type: 'json'}})", "application/json", b"{}"),
    "text": Kind("import(url, {with: {type: 'text'}})", "text/plain", b"text"),
    "preload": Kind(_element("link", _ANONYMOUS + _PRELOAD), _JS, b"1"),
    "modulepreload": Kind(
        _element("link", "made.rel = 'modulepreload'; made.href = url;"), _JS, b"1"
    ),
    "prefetch": Kind(
        _element("link", _ANONYMOUS + "made.rel = 'prefetch'; made.href = url;"), _JS, b"1"
    ),
    "worklet": Kind("CSS.paintWorklet.addModule(url)", _JS, b"1"),
    "style": Kind(_element("link", _ANONYMOUS + _SHEET), "text/css", b"a {}"),
    "style-include": Kind(_element("link", _INCLUDE + _SHEET), "text/css", b"a {}", "include"),
    "font": Kind("new FontFace('a', `url(${url})`).load()", "font/ttf", b"none"),
    "image": Kind(_element("img", _ANONYMOUS + "made.src = url;"), "image/gif", GIF),
    "image-include": Kind(
        _element("img", _INCLUDE + "made.src = url;"), "image/gif", GIF, "include"
    ),
    "audio": Kind(
        _element("audio", _ANONYMOUS + "made.preload = 'auto'; made.src = url;"),
        "audio/wav",
        _SILENT_WAV,
    ),
    "video": Kind(
        _element("video", _INCLUDE + "made.preload = 'auto'; made.src = url;"),
        "audio/wav",
        _SILENT_WAV,
        "include",
    ),
    "track": Kind(_TRACK, "text/vtt", b"WEBVTT\n\n"),
    "events": Kind(_EVENTS % "false", "text/event-stream", b"data: 1\n\n"),
    "events-include": Kind(_EVENTS % "true", "text/event-stream", b"data: 1\n\n", "include"),
    "no-cors-image": Kind(
        _element("img", "made.src = url;"), "image/gif", GIF, "include", "no-cors"
    ),
    "no-cors-fetch": Kind(
        "fetch(url, {mode: 'no-cors'})", "text/plain", b"text", "omit", "no-cors"
    ),
}

_NOT_EVERYWHERE = ("prefetch", "text", "worklet")
EVERYWHERE = tuple(kind for kind in KINDS if kind not in _NOT_EVERYWHERE)

ANSWERS: Sequence[str] = ("none", "any", "own", "other", "kept", "refused-redirect", "redirect")
"""What the server answers: without CORS headers; with `*`; with the page's origin, and for
credentials; with another's; with the page's, and a Cross-Origin-Resource-Policy; a redirect without
CORS headers; one with `*` to an answer without."""

_PLAY = """
const made = (name, set) => new Promise((resolve, reject) => {
  const element = document.createElement(name);
  element.onload = element.onloadedmetadata = resolve;
  element.onerror = reject;
  set(element);
  document.body.append(element);
});
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
// What WebKit has to say of a request, it has said before the next one is answered.
const settled = () => fetch("/settled", {cache: "no-store"});
(async () => {
  const ended = {};
  for (const [url, embed] of Object.entries(ALL)) {
    console.log(`next ${url}`);
    ended[url] = await Promise.race([
      embed(url).then(() => "well", () => "badly"), pause(10_000).then(() => "never"),
    ]);
    await settled();
  }
  await fetch(`/ended?${encodeURIComponent(JSON.stringify(ended))}`);
})();
"""

_NO_STORE = ("Cache-Control", "no-store")

_AROUND_URL = "'\"\u2018\u2019\u201c\u201d.,;:()"
_ELSE = re.compile(r"next |The resource .* was preloaded|Failed to decode|OTS parsing error")
"""What is printed of other things, and what the page prints itself."""


@dataclass(frozen=True, slots=True)
class Embed:
    """Something to embed: its kind, and what each URL answers, of which the page asks the first."""

    kind: str
    answers: Mapping[str, Answer]

    @property
    def url(self) -> str:
        """What the page asks for."""
        return next(iter(self.answers))


@dataclass(frozen=True, slots=True)
class Embedded:
    """How it ended, `well`, `badly` or `never`, what the console printed, and the journal has."""

    ended: str
    messages: tuple[str, ...]
    entries: tuple[Entry, ...]


def play_embedded(
    browser: Chromium | Firefox | WebKit,
    page: str,
    embeds: Sequence[Embed],
    folder: Path,
    headers: HeaderPairs = (),
) -> Sequence[Embedded]:
    """Embed one after the other in a page of this origin; tell of each what came of it.

    The page has these header lines besides its own.
    """
    start, ended_url = f"{page}/", f"{page}/ended"
    with OriginServer() as server, Mitmdump(folder, server.upstream_mode, OPTIONS) as proxy:
        for embed in embeds:
            server.routes.update({("GET", url): answer for url, answer in embed.answers.items()})
        server.routes["GET", ended_url] = Answer()
        server.routes["GET", f"{page}/settled"] = Answer()
        server.routes["GET", start] = _page(embeds, headers)

        def told() -> list[str]:
            return [each.url for each in server.received if each.url.startswith(f"{ended_url}?")]

        messages = _messages(browser, start, proxy.port, told)
        ended = json.loads(unquote(told()[0].partition("?")[2]))
    found = [entry for entry in proxy.journal() if entry["type"] == "exchange"]
    return [
        Embedded(
            ended[embed.url],
            tuple(dict.fromkeys(text for text, about in messages if _is_about(about, embed))),
            tuple(entry for entry in found if _is_about(entry["url"], embed)),
        )
        for embed in embeds
    ]


def _page(embeds: Sequence[Embed], headers: HeaderPairs) -> Answer:
    scripts = ",".join(
        f"{json.dumps(embed.url)}: (url) => {KINDS[embed.kind].script}" for embed in embeds
    )
    script = f"const ALL = {{{scripts}}};{_PLAY}"
    body = EMPTY_PAGE.body + f"<body><script>{script}</script>".encode()
    return Answer(headers=EMPTY_PAGE.headers + headers, body=body)


def picked(page: str, api: str, kind: str, answer: str) -> Embed:
    """Give what is embedded of a kind, with one of `ANSWERS`."""
    url = f"{api}/{kind}/{answer}"
    own = (("Access-Control-Allow-Origin", page), ("Access-Control-Allow-Credentials", "true"))
    allowed = {
        "any": (("Access-Control-Allow-Origin", "*"),),
        "own": own,
        "kept": (*own, ("Cross-Origin-Resource-Policy", "same-origin")),
        "other": (("Access-Control-Allow-Origin", "https://b.test"),),
        "redirect": (("Access-Control-Allow-Origin", "*"),),
    }.get(answer, ())
    if "redirect" not in answer:
        return Embed(kind, {url: content(kind, allowed)})
    target = url.replace("://", "://elsewhere.")
    return Embed(kind, {url: moved(302, target, allowed), target: content(kind, ())})


def content(kind: str, lines: HeaderPairs) -> Answer:
    """Answer with what a kind is to embed, and these header lines."""
    of = KINDS[kind]
    return Answer(200, (("Content-Type", of.type), _NO_STORE, *lines), of.body)


def moved(status: int, target: str, lines: HeaderPairs) -> Answer:
    """Answer with a redirect, and these header lines."""
    return Answer(status, (("Location", target), _NO_STORE, *lines))


def _is_about(text: str, embed: Embed) -> bool:
    return not embed.answers.keys().isdisjoint(word.strip(_AROUND_URL) for word in text.split())


def _messages(
    browser: Chromium | Firefox | WebKit, start: str, port: int, told: Callable[[], list[str]]
) -> Sequence[Message]:
    """Each message, and a text that has the URL which it is about."""
    printed = printed_of(browser, start, port, told)
    if isinstance(browser, WebKit):
        printed = _attributed(text for text, _ in printed)
    return [message for message in printed if not _ELSE.match(message[0])]


def _attributed(printed: Iterable[str]) -> Sequence[Message]:
    """What was printed after the page's own line belongs to what that names."""
    about, messages = "", []
    for text in printed:
        if text.startswith("next "):
            about = text.removeprefix("next ")
        else:
            messages.append((text, about))
    return messages
