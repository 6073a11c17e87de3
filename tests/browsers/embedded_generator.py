"""What a page embeds by lot: its kind, the redirects on the way, and what each server allows.

As for fetches, each part is right more often than not, so that what lies behind it is tested too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from random import Random

from tests.browsers.case import LOCAL_PAGE, PAGE, SECURE_PAGE
from tests.browsers.embedded import EVERYWHERE, KINDS, Embed, Kind, content, moved
from tests.browsers.generator import (
    REDIRECTS,
    SECURE_TARGETS,
    TARGETS,
    allow_credentials,
    allow_origin,
)
from tests.support.origin_server import Answer

__all__ = ["EMBEDDED_IN", "SHOWN_BY_ACCEPT", "generate_embeds", "led_to_plain_http"]

SHOWN_BY_ACCEPT = ("style", "image", "video", "events", "events-include")
"""Those whose requests tell a plain-http host, too, what they are for."""

LOOPBACK = ("http://api.localhost", "http://127.0.0.1:8000", "http://[::1]:8000")
PLAIN = (
    *("http://api.test", "http://api.test:8080", "http://nas.local", "http://192.168.7.7"),
    *("http://8.8.8.8", "http://[2001:4860::1]:81", *LOOPBACK),
)

EMBEDDED_IN = {
    SECURE_PAGE: (EVERYWHERE, SECURE_TARGETS, (*SECURE_TARGETS, *PLAIN)),
    LOCAL_PAGE: (EVERYWHERE, LOOPBACK, LOOPBACK),
    PAGE: (SHOWN_BY_ACCEPT, TARGETS, TARGETS),
}
"""By the page: what it embeds, where from, and where those servers may redirect to."""


def generate_embeds(seed: int, page: str, count: int) -> list[Embed]:
    """Give what is embedded by this seed; a greater count begins with those of a smaller one."""
    return [_embed(Random(f"{seed}/{page}/{index}"), page, index) for index in range(count)]


def _embed(random: Random, page: str, index: int) -> Embed:
    kinds, firsts, nexts = EMBEDDED_IN[page]
    kind = random.choice(kinds)
    origins = [page if random.random() < 0.1 else random.choice(firsts)]
    while len(origins) < 5 and random.random() < 0.4 and KINDS[kind].mode == "cors":
        # Within the page's origin nothing is recorded, so that mixed content wouldn't show.
        onward = firsts if set(origins) == {page} else nexts
        led_to = page if random.random() < 0.2 else random.choice(onward)
        if led_to != _plain(origins[-1]):  # which WebKit checks twice: docs/scope.md
            origins.append(led_to)
    urls = [f"{origin}/embedded-{index}/{hop}" for hop, origin in enumerate(origins)]
    answers: dict[str, Answer] = {}
    for url, following in zip(urls, [*urls[1:], None], strict=True):
        lines = tuple(_lines(random, page, KINDS[kind]))
        answers |= _of(
            url,
            moved(random.choice(REDIRECTS), following, lines)
            if following
            else content(kind, lines),
        )
    return Embed(kind, answers)


def _plain(origin: str) -> str:
    return origin.replace("https://", "http://")


def _of(url: str, answer: Answer) -> dict[str, Answer]:
    """Let a URL of plain http answer also where a browser rather asks it by https."""
    return {url: answer, url.replace("http://", "https://"): answer}


def _lines(random: Random, page: str, kind: Kind) -> Iterator[tuple[str, str]]:
    init: dict[str, object] = {"credentials": kind.credentials}
    yield from allow_origin(random, page, init)
    yield from allow_credentials(random, init)
    if random.random() < 0.15:
        policy = random.choice(("same-origin", "same-site", "cross-origin", "x"))
        yield "Cross-Origin-Resource-Policy", policy


def led_to_plain_http(kinds: Sequence[str]) -> list[Embed]:
    """Give what a page of https is led to by redirects that would be mixed content, or are."""
    firsts = ("https://api.test", "https://api.localhost", "https://8.8.4.4", LOOPBACK[0])
    credentials = ("Access-Control-Allow-Credentials", "true")
    embeds = []
    for number, (kind, first, target) in enumerate(product(kinds, firsts, PLAIN)):
        if first != target and _plain(first) == target:
            continue
        origins = (SECURE_PAGE, SECURE_PAGE if first == target else "null")
        led, then = ((("Access-Control-Allow-Origin", each), credentials) for each in origins)
        url, last = f"{first}/plain-{number}/0", f"{target}/plain-{number}/1"
        embeds.append(Embed(kind, {url: moved(302, last, led)} | _of(last, content(kind, then))))
    return embeds
