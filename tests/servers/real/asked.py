"""What is asked of a server: every kind of request in which CORS libraries differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random

from corscope.messages import HeaderList
from corscope.servers.policy import Policy, listed
from tests.support.tokens import TCHARS

__all__ = ["ASKED", "FORWARDED", "LONG_ORIGIN", "STATUSES", "Asked", "generate_asked"]

APP = "https://app.test"
SECOND = "https://second.test:8443"

ORIGINS = (
    *(APP, SECOND, "https://evil.test", "null", "http://app.test", "https://app.test:8443"),
    *("https://APP.test", "HTTPS://app.test", "https://app.test/", "https://app.test.evil.test"),
    *("https://one.sub.test", "https://two.one.sub.test", "https://sub.test", "https://xsub.test"),
    *(
        "http://localhost:3000",
        "app.test",
        "https://evil.test/https://app.test",
        "https://app,test",
    ),
)
LONG_ORIGIN = "https://deploy-preview-1234--a-site-with-a-long-name.netlify.app"
ODD_ORIGINS = (
    *(LONG_ORIGIN, LONG_ORIGIN.replace("netlify", "Netlify"), f"{LONG_ORIGIN}.test"),
    *("https://tenant-69.test", "https://tenant-70.test"),
    *("https://app.test:443", "https://app.test.", "https://app.test:", "https://app.test/path"),
    *("https://xn--bcher-kva.test", "http://[::1]:3000", "http://127.0.0.1:8080", "https://b.test"),
    *("file://", "capacitor://localhost", "https://", "x://app.test", "//app.test", "*", ""),
    *("https://user@app.test", "https://app_1.test", "https://a.sub.test:8443", "NULL"),
    *("https://one.SUB.test", f"https://{'a' * 200}.sub.test", "null, null"),
)
REQUESTED_METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "put", "QUERY", "HEAD")
ODD_METHODS = ("", "OPTIONS", "PUT, DELETE", "*", "X-Y", "get", "Put", " PUT", "CONNECT")
REQUESTED_HEADERS = (
    *(None, "content-type", "x-a", "x-a,x-b", "X-A, content-type", "x-a,x-b,x-evil", "x-evil"),
    *("authorization", "content-type,x-a", "accept", " x-a ,x-b", "X-B,X-A", "* ,x-a"),
    "request",
)
ODD_HEADERS = (
    *("", ",", "x-a,", ",x-a", "x-a,,x-b", "x-a, x-a", "*", "x a", "origin", "x_a", "a.b,!b"),
    *("X-A,X-B", "content-type, authorization", "x-a;q=1", "Content-Language,Accept-Language"),
    *('"x-a"', 'x-b,"x-a', '"x-a, x-b",x-a', '"x\\-a" ,x-b'),
)
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD")
VARIED = ("Accept-Encoding", "Origin", "*", "ORIGIN", "Accept+Cookie", "Accept+origin")
PATHS = (
    *("/ok", "/status/401", "/status/404", "/status/500", "/own", "/crash", "/missing"),
    *("/status/204", "/status/304", "/thrown"),
    *(f"/{how}/{varied}" for how in ("vary", "other-vary") for varied in VARIED),
)
OWN_NAMES = (
    *("Allow-Origin", "Allow-Credentials", "Allow-Methods", "Allow-Headers", "Max-Age"),
    *("Expose-Headers", "Request-Method", "Allow-Private-Network"),
)
"""What an application says itself, without `Access-Control-` before it."""

STATUSES = (
    *(200, 201, 202, 203, 204, 206, 226, 299, 300, 301, 302, 303, 304, 307, 308, 400, 401, 402),
    *(403, 404, 405, 406, 409, 410, 412, 413, 415, 416, 418, 422, 428, 429, 431, 451, 499, 500),
    *(501, 503, 599),
)
QUERIED = "text/plain"
"""What a query is written in: Envoy refuses one that doesn't say so, before it looks at CORS."""

PRIVATE_NETWORK = ("Access-Control-Request-Private-Network", "true")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, its URL given by the path alone."""

    method: str
    path: str
    headers: HeaderList = ()

    def __str__(self) -> str:
        lines = "; ".join(f"{name}: {value}" for name, value in self.headers)
        return f"{self.method} {self.path} {lines}"


def _preflight(
    origin: str | None, method: str | None = "PUT", names: str | None = None, path: str = "/ok"
) -> Asked:
    lines = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": names,
    }
    return Asked("OPTIONS", path, tuple((n, v) for n, v in lines.items() if v is not None))


def _actual(origin: str | None, method: str = "GET", path: str = "/ok") -> Asked:
    lines = {"Origin": origin, "Content-Type": QUERIED if method == "QUERY" else None}
    return Asked(method, path, tuple((n, v) for n, v in lines.items() if v is not None))


def _own(names: Iterable[str]) -> str:
    return "/own/" + "+".join(f"Access-Control-{name}" for name in names)


def _all() -> Iterator[Asked]:
    """One dimension after another, so that each is seen where all else is usual."""
    for origin in ORIGINS:
        yield _preflight(origin)
        yield _actual(origin)
    for method in REQUESTED_METHODS:
        yield _preflight(APP, method)
    for names in REQUESTED_HEADERS:
        yield _preflight(APP, "POST", names)
    yield _preflight(APP, "POST", f"x-{'a' * 600}")
    yield _preflight(APP, "PUT", "x-a", "/missing")
    yield _preflight(APP, "PUT", "x-a", "/own")
    yield _preflight("https://evil.test", "QUERY", "x-evil")
    yield _preflight("https://evil.test", "PUT", "x-a")
    yield _preflight(APP, "QUERY", "x-evil")
    for origin in (APP, "https://evil.test"):
        asked = _preflight(origin)
        yield replace(asked, headers=(*asked.headers, PRIVATE_NETWORK))
    yield _preflight(APP, None)
    yield _preflight("https://evil.test", None)
    yield _preflight(None, "PUT")
    yield _preflight(None, None)
    yield Asked("GET", "/ok", (("X-Origin", APP),))
    yield Asked("GET", "/ok", (("X-Origin", APP), ("Origin", "https://evil.test")))
    yield Asked("OPTIONS", "/ok", (("X-Origin", APP), ("Access-Control-Request-Method", "PUT")))
    for method in METHODS:
        yield _actual(APP, method)
    for path in PATHS:
        yield _actual(APP, path=path)
        yield _actual("https://evil.test", path=path)
    for path in ("/ok", "/vary/Accept-Encoding", "/own", "/missing", "/thrown"):
        yield _actual(None, path=path)
    yield from _of_the_application()
    for method in ("PUT", "DELETE", "QUERY"):
        yield _actual("https://evil.test", method)
    yield _actual(APP, "QUERY")
    yield _actual("https://*.sub.test")


def _of_the_application() -> Iterator[Asked]:
    """What it answers itself: each status, and each CORS header of its own."""
    for status in (201, 206, 301, 302, 303, 307, 308, 400, 403, 405, 422, 429, 503):
        yield _actual(APP, path=f"/status/{status}")
    for origin in (APP, "https://evil.test", None):
        yield _actual(origin, path=_own(OWN_NAMES[1:]))
    for name in OWN_NAMES:
        yield _actual(APP, path=_own((name,)))


ASKED: tuple[Asked, ...] = tuple(dict.fromkeys(_all()))


FORWARDED: tuple[Asked, ...] = (
    *(
        _preflight(origin, method, names, f"/vary/{varied}")
        for varied in ("Accept", "Origin", "Accept-Encoding+Cookie", "*")
        for origin in (APP, SECOND, "https://evil.test", "null")
        for method, names in (("PUT", None), ("PUT", "x-a,content-type"), ("QUERY", "x-evil"))
    ),
    *(_preflight(origin, None, path="/vary/Accept") for origin in (APP, "https://evil.test", None)),
    _preflight(None, path="/vary/Accept"),
)
"""OPTIONS for which the application has an answer, where preflights are passed on to it."""


def generate_asked(random: Random, policy: Policy, count: int) -> Sequence[Asked]:
    """Give that many requests, in every combination, for what the policy names among others."""
    return [_random(random, policy) for _ in range(count)]


def _random(random: Random, policy: Policy) -> Asked:
    origin = random.choice((APP, APP, APP, SECOND, None, *ORIGINS, *ODD_ORIGINS))
    path = random.choice(("/ok", "/ok", "/ok", *PATHS, _own_drawn(random), _status_drawn(random)))
    if random.random() < 0.5:
        return _repeated(random, _actual(origin, random.choice(METHODS), path))
    method = random.choice((*REQUESTED_METHODS, *ODD_METHODS, None))
    names = random.choice((*REQUESTED_HEADERS, *ODD_HEADERS))
    if random.random() < 0.3:
        known = (*REQUESTED_METHODS, *listed(policy.allow_methods))
        method = _respelt(random, random.choice(known))
    if random.random() < 0.5:
        names = _header_list(random, listed(policy.allow_headers))
    return _repeated(random, _preflight(origin, method, names, path))


def _own_drawn(random: Random) -> str:
    return _own(random.sample(OWN_NAMES, random.randint(1, len(OWN_NAMES))))


def _status_drawn(random: Random) -> str:
    return f"/status/{random.choice(STATUSES)}"


def _header_list(random: Random, allowed: Sequence[str]) -> str:
    """A list as a browser writes it, or almost so."""
    known = (*allowed, *allowed, "content-type", "x-a", "x-evil", "accept", "range")
    names = [_respelt(random, random.choice(known)) for _ in range(random.choice((1, 2, 3, 6)))]
    comma = random.choice((",", ",", ",", ", ", ", ", " ,", ",,", "\t,", ", ,", " ", ";"))
    return comma.join(names)


def _respelt(random: Random, name: str) -> str:
    """The name in some case; seldom without a letter, or with one more."""
    name = random.choice((name, name, name.lower(), name.upper(), name.title()))
    if random.random() > 0.1:
        return name
    place = random.randrange(len(name) + 1)
    put: str = random.choice(("", *TCHARS))
    return name[:place] + put + name[place + random.randrange(2) :]


def _repeated(random: Random, asked: Asked) -> Asked:
    """The request, now and then with a second line of the same name, as no browser sends it."""
    if not asked.headers or random.random() > 0.05:
        return asked
    name, value = random.choice(asked.headers)
    further = {"Origin": SECOND, "Access-Control-Request-Method": "DELETE"}
    line = name, random.choice((value, further.get(name, "x-b")))
    return replace(asked, headers=(*asked.headers, line))
