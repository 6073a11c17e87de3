"""What does a recording of the web hold? Exchanges as a developer's session has them, made up.

A session is a row of page views: the document, and what it loads. Of 100 exchanges 26 are of CORS:
fonts and scripts from a CDN, and calls of an API on another host, a third of them with a preflight.
The others are documents, scripts, stylesheets and images. Hosts, paths, origins, browsers, header
values and bodies vary; the same seed gives the same session.
"""

import base64
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final

from corscope.messages import HeaderList, Request, Response

__all__ = ["START", "Body", "Sample", "session"]

START: Final = datetime(2026, 1, 1, 9, tzinfo=UTC)

USER_AGENTS: Final = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/156.0.0.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/26.0 Safari/605.1.15",
)
SITES: Final = 60
BODIES_OF_A_KIND: Final = 24

_PLAIN: Final = (("image", 42), ("script", 20), ("style", 8), ("document", 4))
_CORS: Final = (("font", 5), ("module", 5), ("call", 8), ("announced", 4))
# Each announced call has a preflight beside it, hence 22 choices make 26 exchanges.


@dataclass(frozen=True, slots=True)
class Body:
    """A body, and what it is written as in a HAR."""

    content: bytes
    mime: str

    @property
    def is_text(self) -> bool:
        """Whether it is text: what isn't stands in a HAR as base64."""
        return not self.mime.startswith(("image/", "font/"))


@dataclass(frozen=True, slots=True)
class Sample:
    """One exchange: when, by which browser, what was asked and answered."""

    id: str
    time: datetime
    user_agent: str
    request: Request
    response: Response
    body: Body
    took: timedelta


@dataclass(frozen=True, slots=True)
class _Site:
    """A page's origin, and where it loads from."""

    origin: str
    api: str
    cdn: str
    behaviour: int
    """How its API answers: mostly rightly, some without leave, some for another origin."""


def session(cors: int | None = None, seed: int = 1) -> Iterator[Sample]:
    """Yield exchanges without end.

    Args:
        cors: how many of 100 are of CORS; None for the usual mix.
        seed: which session.
    """
    chance = random.Random(seed)  # noqa: S311 (no secret hangs on it)
    kinds, weights = _mix(cors)
    now, number = START, 0
    while True:
        site = _site(chance.randrange(SITES))
        user_agent = chance.choice(USER_AGENTS)
        for kind in chance.choices(kinds, weights, k=60):
            for request, response, body in _asked(kind, site, user_agent, chance):
                number += 1
                now += timedelta(milliseconds=chance.randrange(2, 400))
                took = timedelta(milliseconds=chance.randrange(3, 180))
                id_ = f"{number:08x}-{chance.getrandbits(48):012x}"
                yield Sample(id_, now, user_agent, request, response, body, took)


def _mix(cors: int | None) -> tuple[list[str], list[float]]:
    """Kinds of exchanges with their weights."""
    wanted = 26 if cors is None else cors
    plain = [(kind, weight * (100 - wanted) / 74) for kind, weight in _PLAIN]
    both = plain + [(kind, weight * wanted / 26) for kind, weight in _CORS]
    return [kind for kind, _ in both], [weight for _, weight in both]


@cache
def _site(number: int) -> _Site:
    name = f"site{number}.example"
    return _Site(f"https://www.{name}", f"https://api.{name}", "https://cdn.example", number % 10)


def _asked(
    kind: str, site: _Site, user_agent: str, chance: random.Random
) -> Iterator[tuple[Request, Response, Body]]:
    """One exchange, or a preflight and what it announced."""
    body = _body(_BODIES[kind], chance.randrange(BODIES_OF_A_KIND))
    if kind in {"call", "announced"}:
        path = f"{site.api}/v1/{chance.choice(_PATHS)}/{chance.randrange(100_000)}"
        url = f"{path}?page={chance.randrange(50)}&session={chance.getrandbits(64):016x}"
        if kind == "announced":
            yield _preflight(site, url, user_agent)
        yield _call(site, url, user_agent, body, is_announced=kind == "announced")
        return
    of_cors = kind in {"font", "module"}
    host = site.cdn if of_cors or chance.random() < 0.5 else site.origin
    url = f"{host}/assets/{kind}/{chance.getrandbits(40):010x}.{_SUFFIXES[kind]}"
    own = [("Origin", site.origin)] if of_cors else []
    mode = "cors" if of_cors else "navigate" if kind == "document" else "no-cors"
    headers = _request_headers(site, url, user_agent, mode, _DESTINATIONS[kind], own)
    sent = [("Access-Control-Allow-Origin", "*")] if of_cors else []
    yield Request("GET", url, headers), _answered(200, body, sent, chance), body


_PATHS: Final = ("items", "users", "orders", "search", "carts", "events", "messages", "settings")
_SUFFIXES: Final = {
    "image": "png",
    "script": "js",
    "style": "css",
    "document": "html",
    "font": "woff2",
    "module": "mjs",
}
_DESTINATIONS: Final = {**_SUFFIXES, "script": "script", "module": "script", "font": "font"}
_BODIES: Final = {
    "image": "image/png",
    "script": "text/javascript",
    "style": "text/css",
    "document": "text/html",
    "font": "font/woff2",
    "module": "text/javascript",
    "call": "application/json",
    "announced": "application/json",
}


def _preflight(site: _Site, url: str, user_agent: str) -> tuple[Request, Response, Body]:
    asked = [
        ("Access-Control-Request-Method", "PUT"),
        ("Access-Control-Request-Headers", "authorization,content-type"),
        ("Origin", site.origin),
    ]
    headers = _request_headers(site, url, user_agent, "cors", "empty", asked)
    methods = "GET, POST" if site.behaviour == 7 else "GET, POST, PUT, PATCH, DELETE"
    allowed = [
        *_leave(site),
        ("Access-Control-Allow-Methods", methods),
        ("Access-Control-Allow-Headers", "Authorization, Content-Type, X-Request-Id"),
        ("Access-Control-Max-Age", "0"),
    ]
    answer = Response(204, (("Date", _DATE), ("Server", "nginx"), *allowed, ("Vary", "Origin")))
    return Request("OPTIONS", url, headers), answer, Body(b"", "text/plain")


def _call(
    site: _Site, url: str, user_agent: str, body: Body, *, is_announced: bool
) -> tuple[Request, Response, Body]:
    own = [("Origin", site.origin), ("Cookie", "sid=0123456789abcdef0123456789abcdef")]
    if is_announced:
        own += [("Authorization", f"Bearer {'x' * 200}"), ("Content-Type", "application/json")]
    headers = _request_headers(site, url, user_agent, "cors", "empty", own)
    chance = random.Random(url)  # noqa: S311
    answer = _answered(200, body, [*_leave(site), ("Vary", "Origin")], chance)
    return Request("PUT" if is_announced else "GET", url, headers), answer, body


def _leave(site: _Site) -> list[tuple[str, str]]:
    """What the site's API allows the page; some are set up wrongly."""
    if site.behaviour == 8:
        return []
    origin = "https://localhost:3000" if site.behaviour == 9 else site.origin
    return [
        ("Access-Control-Allow-Origin", origin),
        ("Access-Control-Allow-Credentials", "true"),
    ]


_DATE: Final = "Thu, 01 Jan 2026 09:00:00 GMT"


def _request_headers(
    site: _Site,
    url: str,
    user_agent: str,
    mode: str,
    destination: str,
    own: list[tuple[str, str]],
) -> HeaderList:
    """Those of a browser, with those of this request."""
    return (
        ("Host", url.split("/")[2]),
        ("User-Agent", user_agent),
        ("Accept", "*/*"),
        ("Accept-Encoding", "gzip, deflate, br, zstd"),
        ("Accept-Language", "en-GB,en;q=0.9"),
        *own,
        ("Referer", f"{site.origin}/"),
        ("Sec-Fetch-Dest", destination),
        ("Sec-Fetch-Mode", mode),
        ("Sec-Fetch-Site", "same-origin" if url.startswith(site.origin) else "cross-site"),
        ("Cache-Control", "no-cache"),
        ("Pragma", "no-cache"),
    )


def _answered(
    status: int, body: Body, own: list[tuple[str, str]], chance: random.Random
) -> Response:
    tag = f'"{chance.getrandbits(64):016x}"'
    return Response(
        status,
        (
            ("Date", _DATE),
            ("Content-Type", body.mime),
            ("Content-Length", str(len(body.content))),
            ("Connection", "keep-alive"),
            ("Server", "nginx"),
            ("Cache-Control", "public, max-age=600"),
            ("ETag", tag),
            ("Last-Modified", _DATE),
            ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
            ("X-Content-Type-Options", "nosniff"),
            *own,
        ),
    )


_SIZES: Final = {
    "image/png": 16_000,
    "text/javascript": 30_000,
    "text/css": 14_000,
    "text/html": 24_000,
    "font/woff2": 22_000,
    "application/json": 6_000,
}
"""The median size of a body of each kind, in bytes."""


@cache
def _body(mime: str, number: int) -> Body:
    """A body as such files are: text has quotes and line feeds, which a HAR has to escape."""
    chance = random.Random(f"{mime} {number}")  # noqa: S311
    size = round(_SIZES[mime] * chance.lognormvariate(0, 0.7))
    if mime in {"image/png", "font/woff2"}:
        return Body(chance.randbytes(size), mime)
    lines: list[str] = []
    while sum(map(len, lines)) < size:
        lines.append(_line(mime, chance))
    return Body("".join(lines).encode()[:size], mime)


def _line(mime: str, chance: random.Random) -> str:
    words = [base64.b32encode(chance.randbytes(5)).decode().lower() for _ in range(6)]
    a, b, c, d, e, f = words
    match mime:
        case "application/json":
            return json.dumps({"id": chance.randrange(10**6), a: b, "name": f"{c} {d}", e: [f]})
        case "text/html":
            return (
                f'<div class="{a} {b}"><a href="/{c}">{d} {e}</a>\n  <p>{f} \u2013 {a}</p></div>\n'
            )
        case "text/css":
            return f".{a} .{b}{{color:#{c[:6]};margin:0 auto;font-family:{d},sans-serif}}\n"
    return f'function {a}({b}){{if({b}.{c}){{return "{d}"+{b}.{e}(0,1)}}var {f}=[1,2,3];}}'
