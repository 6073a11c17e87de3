"""Which policies the real servers are given: each field alone, and what matters together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from corscope.servers.dialect import Dialect, Setting
from corscope.servers.policy import Policy, SettingValue
from tests.support.tokens import TCHARS

from .asked import APP, LONG_ORIGIN, SECOND

__all__ = ["ODD", "POLICIES", "generate_policies", "policies_of_settings"]

LIST = (APP, SECOND)

POLICIES: tuple[Policy, ...] = (
    Policy(),
    Policy(allow_origins="*"),
    Policy(allow_origins="request"),
    Policy(allow_origins=APP),
    Policy(allow_origins=(APP,)),
    Policy(allow_origins=LIST),
    Policy(allow_origins=()),
    Policy(allow_origins=("*",)),
    Policy(allow_origins=(APP, "*")),
    Policy(allow_origins=(APP, "null")),
    Policy(allow_origins=("https://*.sub.test",)),
    Policy(allow_origins=("http://localhost:*", APP)),
    Policy(allow_origins=("https://APP.test",)),
    Policy(allow_origins=("https://app.test/",)),
    Policy(allow_origin_regex=r"https://.*\.sub\.test"),
    Policy(allow_origins=(APP,), allow_origin_regex=r"^https://(one|two)\."),
    Policy(allow_origin_regex=r"app\.test$"),
    Policy(allow_origins="*", allow_credentials=True),
    Policy(allow_origins="request", allow_credentials=True),
    Policy(allow_origins=APP, allow_credentials=True),
    Policy(allow_origins=LIST, allow_credentials=True, expose_headers=("X-Total", "x-b")),
    Policy(allow_origins=LIST, allow_methods=("GET", "PUT")),
    Policy(allow_origins=LIST, allow_methods=("PUT",), allow_headers=("X-A",)),
    Policy(allow_origins=LIST, allow_methods=("put", "QUERY")),
    Policy(allow_origins=LIST, allow_methods="*", allow_headers="*"),
    Policy(allow_origins="*", allow_methods="*", allow_headers="*", expose_headers="*"),
    Policy(allow_origins="*", allow_methods="*", allow_headers="*", allow_credentials=True),
    Policy(allow_origins=LIST, allow_methods=(), allow_headers=(), expose_headers=()),
    Policy(allow_origins=LIST, allow_methods="request", allow_headers="request"),
    Policy(allow_origins=LIST, allow_headers="request", allow_methods=("PUT", "DELETE")),
    Policy(allow_origins=LIST, allow_headers=("request",), allow_methods=("request", "POST")),
    Policy(allow_origins=LIST, allow_headers=("x-a", "Content-Type", "x-b")),
    Policy(allow_origins="*", allow_headers=("authorization", "x-a"), max_age=600),
    Policy(expose_headers="*"),
    Policy(allow_origins=LIST, max_age=0),
    Policy(allow_origins=LIST, max_age=86400, expose_headers=("ETag",)),
    Policy(
        allow_origins=LIST,
        allow_methods=("GET", "POST", "PUT", "DELETE", "PATCH"),
        allow_headers=("content-type", "authorization", "x-a"),
        expose_headers=("x-total",),
        allow_credentials=True,
        max_age=7200,
    ),
)

ODD: tuple[Policy, ...] = (
    Policy(allow_origins=("https://app.test:443", "http://localhost:3000", "https://ONE.sub.test")),
    Policy(allow_origins=("https://app.test.", "https://*.test.")),
    Policy(allow_origins=("https://xn--bcher-kva.test", "https://b\u00fccher.test")),
    Policy(allow_origins=("http://[::1]:3000", "http://127.0.0.1:*")),
    Policy(allow_origins="https://app.test "),
    Policy(allow_origins=("https://evil.test,https://app.test", " https://second.test:8443")),
    Policy(allow_origins=" * "),
    Policy(allow_origins="null", allow_credentials=True),
    Policy(allow_origins=("null",)),
    Policy(allow_origins="https://*.sub.test"),
    Policy(allow_origins=("https://*",)),
    Policy(allow_origins=("https://app.*", "https://*b.test")),
    Policy(allow_origins=("https://*.*.test",)),
    Policy(allow_origins=("https://???.test", "https://*.sub.test:*")),
    Policy(allow_origins=("*.sub.test", ".sub.test", "app.test")),
    Policy(allow_origins=("HTTPS://app.test", "file://", "capacitor://localhost")),
    Policy(allow_origins=(APP, APP, "https://app.test/path")),
    Policy(allow_origins=(LONG_ORIGIN, *(f"https://tenant-{n}.test" for n in range(70)))),
    Policy(allow_origin_regex=r"(?i)^https://APP\.test$"),
    Policy(allow_origin_regex=r"^https?://[\w-]+(\.sub)?\.test(:\d+)?$"),
    Policy(allow_origin_regex=r"(?P<host>app)\.test"),
    Policy(allow_origin_regex=r"\Ahttps://app\.test\Z"),
    Policy(allow_origin_regex=r"^(?!https://evil)https://(?:app|one\.sub)\.test"),
    Policy(allow_origin_regex="https://app"),
    Policy(allow_origin_regex=""),
    Policy(allow_origin_regex="^null$"),
    Policy(allow_origin_regex=".*", allow_credentials=True),
    Policy(allow_origins=LIST, max_age=-1),
    Policy(allow_origins="*", max_age=2**31 - 1),
    Policy(
        allow_origins=LIST,
        allow_methods=("GET", "put", "PUT", "GET"),
        allow_headers=("X-A", "x-b", "x-a"),
        expose_headers=("x-b", "X-B", "X-A"),
    ),
    Policy(allow_origins=LIST, allow_methods=("*",), allow_headers=("*",), expose_headers=("*",)),
    Policy(
        allow_origins=LIST,
        allow_methods=("*", "PUT"),
        allow_headers=("*", "authorization"),
        expose_headers=("*", "x-b"),
        allow_credentials=True,
    ),
    Policy(allow_origins="*", allow_methods=("OPTIONS", "X-Y"), allow_headers=("x_a", "a.b", "!b")),
    Policy(allow_origins="request", allow_methods=("DELETE",), expose_headers=("x_a", "a.b")),
)
"""What people write too, though it is seldom meant so."""

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "QUERY", "PROPFIND", "*")
HEADERS = (
    *("accept", "content-type", "content-language", "authorization", "origin", "range", "*"),
    *("x-a", "x-b", "x_a", "a.b", "etag", "x-total", "set-cookie", "access-control-allow-origin"),
)
TEXTS = {
    "error_message": ("The origin {origin} isn't allowed", 'no "`${"x"}\\` <\u00e9>'),
    "error_body": ('{"message":"{origin}: no"}', "no \u00e9, `{origin}`"),
}
SUCCESS_STATUSES = (200, 201, 202, 204, 205, 304, 404, 500)


def policies_of_settings(dialect: Dialect) -> Sequence[Policy]:
    """Each of the dialect's own settings by itself, with every value that it is drawn with.

    What chooses one of several ways is met by each of the others too.
    """
    alone = [((each.name, value),) for each in dialect.settings for value in _values(each)]
    chosen = [
        ((setting.name, value), *other)
        for setting in dialect.settings
        if setting.choices
        for value in _values(setting)
        for other in alone
        if other[0][0] != setting.name
    ]
    return [
        *(
            replace(p, settings=s)
            for s in alone
            for p in (Policy(allow_origins=LIST), POLICIES[-1])
        ),
        *(Policy(allow_origins=LIST, settings=settings) for settings in chosen),
    ]


def generate_policies(random: Random, dialect: Dialect, count: int) -> Sequence[Policy]:
    """Give that many policies in every combination, with the dialect's own settings."""
    return [_random(random, dialect) for _ in range(count)]


def _random(random: Random, dialect: Dialect) -> Policy:
    known = (*POLICIES, *ODD)
    origins = [policy.allow_origins for policy in known]
    regexes = [policy.allow_origin_regex for policy in known if policy.allow_origin_regex]
    methods = [policy.allow_methods for policy in known]
    headers = [policy.allow_headers for policy in known]
    exposed = [policy.expose_headers for policy in known]
    settings = {
        setting.name: value
        for setting in dialect.settings
        if random.random() < 0.3 and (value := _other(random, setting)) is not None
    }
    return Policy(
        allow_origins=random.choice((LIST, LIST, *origins)),
        allow_origin_regex=random.choice((*[None] * 9, *regexes)),
        allow_methods=random.choice((random.choice(methods), _names(random, METHODS))),
        allow_headers=random.choice((random.choice(headers), _names(random, HEADERS))),
        expose_headers=random.choice((random.choice(exposed), _names(random, HEADERS))),
        allow_credentials=random.choice((None, False, True)),
        max_age=random.choice((None, None, -1, 0, 5, 600, 2**31 - 1)),
        settings=tuple(settings.items()),
    )


def _names(random: Random, known: Sequence[str]) -> tuple[str, ...]:
    """Names that are known, in any case and as often as not twice, and others."""
    count = random.choice((1, 1, 2, 3, 5, 8))
    drawn = (random.choice((*known, *known, _token(random))) for _ in range(count))
    return tuple(random.choice((n, n, n.lower(), n.upper(), n.title())) for n in drawn)


def _token(random: Random) -> str:
    return "".join(random.choices(TCHARS, k=random.randint(1, 8)))


def _other(random: Random, setting: Setting) -> SettingValue | None:
    values = _values(setting)
    return random.choice(values) if values else None


def _values(setting: Setting) -> Sequence[SettingValue]:
    """Values that aren't the default's; none for what the routes or the version decide."""
    if setting.name == "version":
        return ()
    if setting.choices:
        return [choice for choice in setting.choices if choice != setting.default]
    match setting.kind:
        case "boolean":
            return (not setting.default,)
        case "integer":
            return SUCCESS_STATUSES
        case _:
            return TEXTS.get(setting.name, ())
