"""Cases that nobody picked: a seed gives as many as are wanted, in every combination.

Each part of a case is right more often than not. Were all drawn evenly, nearly every case would
end at its first check, and what lies behind it would go untested.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random

from tests.browsers.case import (
    COOKIE_ORIGIN,
    PAGES,
    SECURE_COOKIE_ORIGIN,
    SECURE_PAGE,
    SECURE_SITE_PAGE,
    Case,
    Hop,
)
from tests.support.origin_server import Answer, HangUp, HeaderPairs, Scripted
from tests.support.tokens import TCHARS

__all__ = [
    "REDIRECTS",
    "SECURE_TARGETS",
    "TARGETS",
    "allow_credentials",
    "allow_origin",
    "generate",
]

Init = dict[str, object]

TARGETS = (
    *("http://api.test", "http://api.test:8080", "http://other.test", "http://api.localhost"),
    *(COOKIE_ORIGIN, "http://127.0.0.1:8000", "http://[::1]:8000", "http://192.168.7.7"),
)

SECURE_PAGES = (SECURE_PAGE, SECURE_SITE_PAGE)
SECURE_TARGETS = (
    *("https://api.test", "https://api.test:8443", "https://other.test", "https://api.localhost"),
    *(SECURE_COOKIE_ORIGIN, "https://127.0.0.1:8443"),
)

METHODS = (
    *("GET", "GET", "GET", "GET", "POST", "POST", "POST", "HEAD", "PUT", "PUT", "PUT", "DELETE"),
    *("PATCH", "OPTIONS", "get", "pOsT", "put", "patch", "Patch", "delete", "QUERY", "X!~'"),
)

REFERRER_POLICIES = (
    *("no-referrer", "no-referrer-when-downgrade", "same-origin", "origin", "strict-origin"),
    *("origin-when-cross-origin", "unsafe-url"),
)

LONG = "a" * 128

REQUEST_HEADERS = (
    *(("X-Tenant", "7"), ("x-tenant", "7"), ("X-A", "1"), ("X-B", ""), ("!#$%&'*+-.^_`|~0", "1")),
    *(("Authorization", "Bearer t"), ("authorization", "Basic dTpw"), ("X-API-Key", "k")),
    *(
        ("Content-Type", value)
        for value in (
            *("application/json", "text/plain", "TEXT/PLAIN", "text/plain; charset=utf-8"),
            *("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/html"),
            *("text/plain;charset=a(b", "text", "", "text/plain;", "text/plain/", "text/ plain"),
            *(f"text/plain;p={LONG}", "text/plain;a=b,c", "text/plain; ;", "text/plain;a=b;"),
            *(
                "text/plain;a=\xe9",
                "text/plain a;b",
                "text/plain;;charset=x",
                "text/plain,text/plain",
            ),
        )
    ),
    *(
        ("Accept", value)
        for value in (
            *(
                "*/*",
                "application/json",
                'text/html;q="1"',
                "a{b",
                "a\tb",
                LONG,
                f"{LONG}a",
                "",
                "a\xe9b",
            ),
        )
    ),
    *(("Accept-Language", value) for value in ("de", "de,en;q=0.5", "de_DE", "*", "a:b", LONG)),
    *(("Content-Language", value) for value in ("en", "en, de", "en_US", "(en)")),
    *(
        ("Range", value)
        for value in (
            *("bytes=0-", "bytes=0-9", "bytes=9-0", "bytes=-5", "bytes=0-1,3-4", "bytes = 0-1"),
            *("bytes=0-9223372036854775807", "bytes=0-18446744073709551616", "items=0-1"),
            *("bytes=-", "bytes=00-01", "BYTES=0-", "bytes=+0-+1", "bytes=9223372036854775806-"),
        )
    ),
    *(("Cache-Control", "no-cache"), ("Pragma", "no-cache"), ("If-None-Match", '"x"')),
    *(("If-Modified-Since", "Mon, 01 Jan 2024 00:00:00 GMT"), ("Last-Event-ID", "5")),
    *(("Save-Data", "on"), ("Save-Data", "maybe"), ("DPR", "2"), ("Device-Memory", "4")),
    *(("Downlink", "1"), ("RTT", "50"), ("ECT", "4g"), ("ECT", "x"), ("Viewport-Width", "99")),
    *(("DPR", "1."), ("RTT", "5.5"), ("Intervention", "x"), ("X-Odd", "\xe9\xff")),
    *(("Width", "99"), ("Upgrade-Insecure-Requests", "1"), ("Purpose", "prefetch")),
    *(("X-HTTP-Method-Override", "TRACE"), ("X-HTTP-Method-Override", "PUT")),
    *(("Referer", "x"), ("Cookie", "a=b"), ("Sec-X", "1"), ("Proxy-X", "1"), ("DNT", "1")),
)

SAFE_BODIES = (
    *("text",) * 10,
    *({"kind": kind, "text": "text"} for kind in ("buffer", "form", "params")),
    *(
        {"kind": "blob", "text": "text", "type": of_blob}
        for of_blob in (
            *("", "text/plain", "text/plain;charset=utf-8"),
            *("application/x-www-form-urlencoded", "multipart/form-data;boundary=x"),
        )
    ),
)
BODIES = (
    *SAFE_BODIES,
    *(
        {"kind": "blob", "text": "text", "type": of_blob}
        for of_blob in ("application/json", "text/html", "image/png")
    ),
)

WRONG_CREDENTIALS = ("", "True", "TRUE", "true, true", "1", "false", "truE", '"true"', "true;")

EXPOSED = (
    *("X-Total", "*", "x-total, x-b", "", "x-total, *", "@", "x-total x-b", "Set-Cookie", "x-b,,"),
    *("*, @", "@, *", "x-total, @", "X-Total, *, x b", "*,,"),
    *('"x-total"', "X-TOTAL\t,\tX-B", "content-encoding, x-b", "x-total;x-b"),
)

SPOILT = frozenset(
    f"Access-Control-{name}"
    for name in (
        "Allow-Origin",
        "Allow-Credentials",
        "Allow-Methods",
        "Allow-Headers",
        "Expose-Headers",
        "Max-Age",
    )
)
"""The lines whose values are spoilt in some answers."""

ODD = tuple(map(chr, (*range(0x20, 0x7F), *range(0x7F, 0x100), 0x01, 0x07, 0x09, 0x1B)))
"""What may get into a value: all that is sent, and read, as a byte of it."""

FOLDS = ("\r\n ", "\n ", "\r\n\t ", " \r\n  ")

CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")

# Whether a browser asks again after a 408 hangs on its own connection: see docs/scope.md.
STATUSES = (
    *(200, 200, 200, 200, 200, 201, 202, 203, 204, 205, 206, 226, 299, 300, 304, 305, 306, 310),
    *(
        400,
        401,
        403,
        404,
        405,
        409,
        410,
        418,
        421,
        422,
        429,
        451,
        499,
        500,
        501,
        502,
        503,
        599,
    ),
)
REDIRECTS = (301, 302, 303, 307, 308)

MAIL = "mailto:{case}"
"""Firefox's tab crashes where a fetch of mode "no-cors" is redirected to this."""

WRONG_LOCATIONS = (
    *("http://u:p@other.test/{case}/x", "//u@other.test/{case}/x", "ftp://f.test/{case}"),
    *("data:,{case}", "http://[{case}", "x-app:{case}", "file:///{case}", "javascript:{case}"),
    *("about:blank?{case}", "about:{case}", MAIL, "blob:http://files.test/{case}"),
    *("ws://api.test/{case}", "http://", "tel:{case}", "http://api.test:99999/{case}"),
    "view-source:http://api.test/{case}",
)


GENEROUS = Answer(
    headers=(
        ("Access-Control-Allow-Origin", "*"),
        ("Access-Control-Allow-Methods", "*"),
        ("Access-Control-Allow-Headers", "*"),
    )
)


BLOCKED_PORT = "http://other.test:25/{case}/x"
"""Firefox never settles a fetch that would have to preflight this, nor any XMLHttpRequest."""


def generate(seed: int, count: int) -> list[Case]:
    """Give the cases of this seed; a greater count begins with those of a smaller one."""
    return [_case(Random(f"{seed}/{index}"), index) for index in range(count)]


def _case(random: Random, index: int) -> Case:
    page = random.choice(SECURE_PAGES if random.random() < 0.3 else PAGES)
    # What is mixed content in a sandbox doesn't show: see docs/scope.md.
    sandboxed = page in PAGES and random.random() < 0.1
    generous = random.random() < 0.35
    init, xhr = _init(random, generous), random.random() < 0.25
    listens = xhr and random.random() < 0.4
    if xhr:
        init.pop("redirect", None)
    urls = [f"{target}/{{case}}/{hop}" for hop, target in enumerate(_chain(random, page))]
    if not xhr and random.random() < 0.05:
        urls = urls[:1]
        init.pop("redirect", None)  # it must then be followed
        init |= {"mode": "no-cors", "method": random.choice(("GET", "HEAD", "POST"))}
    if init.get("method", "GET") in {"POST", "PUT", "PATCH", "DELETE"} and random.random() < 0.7:
        # Behind redirects Firefox has rules of its own for the type of an XMLHttpRequest's Blob.
        init["body"] = random.choice(SAFE_BODIES if xhr and len(urls) > 1 else BODIES)
    origin = "null" if sandboxed else page
    hops = tuple(
        Hop(
            url,
            _generous(random, following)
            if generous
            else _sendable(_actual(random, origin, init, following, xhr), url),
            GENEROUS if generous else _sendable(_preflight(random, origin, init), url),
        )
        for url, following in zip(urls, [*urls[1:], None], strict=True)
    )
    return Case(
        id=f"random {index}",
        error=None,
        actual=hops[0].actual,
        preflight=hops[0].preflight,
        init=init,
        url=urls[0],
        then=hops[1:],
        page=page,
        xhr=xhr,
        sandboxed=sandboxed,
        listens=listens,
    )


def _sendable(scripted: Scripted, url: str) -> Scripted:
    """Over HTTP/2, Chromium refuses all of an answer with a control character: docs/scope.md."""
    if isinstance(scripted, HangUp) or not url.startswith("https:"):
        return scripted
    lines = ((name, CONTROLS.sub("", value)) for name, value in scripted.headers)
    return replace(scripted, headers=tuple(lines))


def _chain(random: Random, page: str) -> Iterator[str]:
    """Give the origins that a fetch passes through: mostly one, with redirects up to four."""
    secure = 0.9 if page in SECURE_PAGES else 0.1
    yield page if random.random() < 0.05 else _target(random, secure)
    for _ in range(5):
        if random.random() < 0.65:
            return
        yield page if random.random() < 0.2 else _target(random, secure)


def _target(random: Random, secure: float) -> str:
    return random.choice(SECURE_TARGETS if random.random() < secure else TARGETS)


def _init(random: Random, generous: bool) -> Init:
    headers = dict(random.sample(REQUEST_HEADERS, random.choice((0, 0, 0, 1, 1, 2, 3))))
    method = random.choice(METHODS)
    if random.random() < 0.2:
        headers = {_misspelt(random, name): _spoilt(random, headers[name]) for name in headers}
        method = _misspelt(random, method)
    init: Init = {"method": method}
    if headers:
        init["headers"] = headers
    if not generous and random.random() < 0.6:
        init["credentials"] = random.choice(("omit", "same-origin", "include", "include"))
    if random.random() < 0.1:
        init["redirect"] = random.choice(("manual", "error"))
    return init | _beside_cors(random, init)


def _beside_cors(random: Random, init: Init) -> Init:
    """Give what script may also choose, and what CORS has nothing to do with."""
    choices: Init = {}
    if random.random() < 0.15:
        choices["referrerPolicy"] = random.choice(REFERRER_POLICIES)
    if random.random() < 0.15:
        choices["cache"] = random.choice(("no-store", "reload", "no-cache", "force-cache"))
    if random.random() < 0.1:
        choices["priority"] = random.choice(("high", "low"))
    # With `keepalive`, Firefox hides its credentials, and Chromium keeps client hints.
    if random.random() < 0.1 and "credentials" not in init and "headers" not in init:
        choices["keepalive"] = True
    return choices


def _actual(random: Random, origin: str, init: Init, following: str | None, xhr: bool) -> Scripted:
    if random.random() < 0.01:
        return HangUp()
    lines = [
        *allow_origin(random, origin, init),
        *allow_credentials(random, init),
        *(("Access-Control-Expose-Headers", value) for value in _some(random, EXPOSED)),
        *(("X-Total", "9"), ("X-B", ""), ("Set-Cookie", "probe=1; Path=/none")),
    ]
    status = random.choice(STATUSES)
    if following:
        status = random.choice(REDIRECTS)
        lines += _locations(random, following, init)
    elif random.random() < 0.06:
        status = random.choice(REDIRECTS)
        lines += _locations_to_nowhere(random, init, xhr)
    return _answer(random, status, lines)


# Where script wants a redirect to be an error, or left alone, every Location is a right one: which
# of the two an engine asks about first is a matter of a choice that no proxy sees.


def _locations(random: Random, following: str, init: Init) -> Iterator[tuple[str, str]]:
    yield "Location", following if "redirect" in init else _location(random, following)
    if "redirect" not in init and random.random() < 0.03:
        yield "Location", random.choice((following, "/{case}/other"))


def _locations_to_nowhere(random: Random, init: Init, xhr: bool) -> list[tuple[str, str]]:
    if "redirect" in init:
        return [("Location", "")]  # else it is the same URL once more, and again, and again
    plain = "headers" not in init and str(init["method"]).upper() in {"GET", "HEAD", "POST"}
    left_out = {MAIL} if init.get("mode") == "no-cors" else set()
    if xhr or not plain:
        left_out.add(BLOCKED_PORT)
    wrong = [each for each in (*WRONG_LOCATIONS, BLOCKED_PORT) if each not in left_out]
    return [("Location", value) for value in _some(random, wrong)]


def _generous(random: Random, following: str | None) -> Answer:
    """Answer so that nothing stops a fetch without credentials, whatever it asks."""
    if not following:
        return GENEROUS
    return Answer(random.choice(REDIRECTS), (*GENEROUS.headers, ("Location", following)))


def _preflight(random: Random, origin: str, init: Init) -> Scripted:
    if random.random() < 0.01:
        return HangUp()
    method, headers = str(init["method"]), init.get("headers", {})
    assert isinstance(headers, dict)
    lines = [
        *allow_origin(random, origin, init),
        *allow_credentials(random, init),
        *(("Access-Control-Allow-Methods", v) for v in _list(random, _method_forms(method))),
        *(("Access-Control-Allow-Headers", v) for v in _list(random, _header_forms(headers))),
        *(("Access-Control-Max-Age", v) for v in _some(random, ("0", "60", "-1", "x"))),
    ]
    status = 200
    if random.random() < 0.12:
        status = random.choice((*STATUSES, *REDIRECTS))
        if status in REDIRECTS and random.random() < 0.8:
            lines.append(
                ("Location", random.choice(("/{case}/p", "", BLOCKED_PORT, *WRONG_LOCATIONS)))
            )
    return _answer(random, status, lines)


def _answer(random: Random, status: int, lines: Sequence[tuple[str, str]]) -> Answer:
    """Write the header names as servers do, the lines in any order, and some values spoilt."""
    case = random.choice((str, str.lower, str.upper))
    spoils = random.random() < 0.2
    folds = random.random() < 0.05
    change = _spoilt if spoils else _folded if folds else None
    written: HeaderPairs = tuple(
        (case(name), change(random, value) if change and name in SPOILT else value)
        for name, value in lines
    )
    return Answer(status, tuple(random.sample(written, len(written))))


def _spoilt(random: Random, value: str) -> str:
    """Leave a value as it is, or change it in one or two places."""
    return _changed(random, value, random.choice((0, 1, 1, 2)), (*ODD, *ODD, LONG, LONG * 40))


def _folded(random: Random, value: str) -> str:
    """Go on with a value in another line."""
    return _changed(random, value, 1, FOLDS)


def _misspelt(random: Random, name: str) -> str:
    """Leave a name as it is, or change it in one place."""
    return _changed(random, name, random.choice((0, 0, 0, 1)), TCHARS) or name


def _changed(random: Random, text: str, times: int, put_in: Sequence[str]) -> str:
    for _ in range(times):
        place = random.randrange(len(text) + 1)
        cut = random.random() < 0.3
        put = "" if cut else random.choice(put_in)
        text = text[:place] + put + text[place + cut :]
    return text


def _location(random: Random, following: str) -> str:
    if random.random() < 0.06:
        return following.replace("://", "://u:p@")
    return following


def allow_origin(random: Random, origin: str, init: Init) -> Iterator[tuple[str, str]]:
    """Give the lines that name the origin: right, for the wildcard or ``null``, or wrong."""
    include = init.get("credentials") == "include"
    draw = random.random()
    if draw < 0.75:
        values = [random.choice((origin, origin, "null", origin if include else "*", "*"))]
    elif draw < 0.8:
        values = []
    elif draw < 0.9:
        values = [random.choice(_wrong_origins(origin))]
    else:
        values = [random.choice((origin, "*", "", "null", "http://b.test")) for _ in range(2)]
    for value in values:
        yield "Access-Control-Allow-Origin", value


def _wrong_origins(origin: str) -> tuple[str, ...]:
    return (
        *("", "NULL", "http://b.test", "b.test", "**", '"*"', "*, *", "*,", "http://*.test"),
        *(f"{origin}/", origin.upper(), f"{origin}:80", f"{origin},{origin}", f"{origin} *"),
        *(f"{origin};", f"'{origin}'", f" {origin}\t", f"{origin}\xa0", f"{origin}/x", "*\x0b"),
        *(
            origin.replace("http", "https"),
            origin.replace("http://", "//"),
            f"{origin}.",
            "undefined",
        ),
        *(origin.replace("page", "p%61ge"), f"{origin}?", f"{origin}#", "http://", "http://[::1"),
    )


def allow_credentials(random: Random, init: Init) -> Iterator[tuple[str, str]]:
    """Give the lines on credentials: mostly right where they are wanted."""
    wanted = init.get("credentials") == "include"
    draw = random.random()
    if draw < (0.85 if wanted else 0.3):
        yield "Access-Control-Allow-Credentials", "true"
    elif draw < 0.95:
        for value in _some(random, ("true", *WRONG_CREDENTIALS)):
            yield "Access-Control-Allow-Credentials", value


def _method_forms(method: str) -> tuple[str, ...]:
    upper = method.upper()
    right = upper if upper in {"GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS"} else method
    return (
        *(right, right, right, right, "*", "*", f"GET,{right}", f"{right} , GET", f",{right},"),
        *(method.lower(), upper, f"{right};", f"GET {right}", f'"{right}"', "", "@", "GET"),
    )


def _header_forms(headers: dict[str, str]) -> tuple[str, ...]:
    right = ", ".join(headers)
    lower = ",".join(headers).lower()
    return (
        *(right, right, lower, lower, right.upper(), "*", "*", f"x-other,{lower}", f"{right},*"),
        *(f"{lower},,", f" {lower}\t", lower.replace(",", " "), "", "@", f"{lower}:1", "x-other"),
        *("*, authorization", ",".join(list(headers)[1:])),
    )


def _list(random: Random, forms: Sequence[str]) -> list[str]:
    """Give one line mostly, sometimes none or two."""
    draw = random.random()
    if draw < 0.1:
        return []
    return [random.choice(forms) for _ in range(1 if draw < 0.9 else 2)]


def _some(random: Random, values: Sequence[str]) -> list[str]:
    """Give none, one or, rarely, two of these."""
    return [random.choice(values) for _ in range(random.choice((0, 1, 1, 1, 1, 1, 1, 2)))]
