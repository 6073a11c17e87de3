"""The dialects of servers that no test runs, held against what their source and documentation say.

What Spring and Laravel are asked here was asked of spring-web 6.2 and 7.0 and php-cors 1.4 by hand.
"""

import pytest

from corscope.fetch.headers import get, values
from corscope.messages import HeaderList, Request, Response
from corscope.servers.answer import Answer
from corscope.servers.dialect import Dialect
from corscope.servers.libraries.laravel import LARAVEL
from corscope.servers.libraries.spring import SPRING
from corscope.servers.policy import Policy
from tests.servers.asking import URL, answer, options

APP = "https://app.test"
EVIL = "https://evil.test"
LISTED = Policy(
    allow_origins=(APP, "https://second.test"),
    allow_methods=("GET", "PUT"),
    allow_headers=("X-A", "x-b"),
    expose_headers=("ETag", "X-Total"),
    max_age=0,
)
ORIGIN, METHODS = "access-control-allow-origin", "access-control-allow-methods"
HEADERS, AGE = "access-control-allow-headers", "access-control-max-age"
EXPOSED = "access-control-expose-headers"
CREDENTIALS = "access-control-allow-credentials"
UNCACHED = ("cache-control", "no-cache, private")
SPRING_VARY = (
    ("vary", "Origin"),
    ("vary", "Access-Control-Request-Method"),
    ("vary", "Access-Control-Request-Headers"),
)


def actual(
    dialect: Dialect, policy: Policy, origin: str | None, method: str = "GET", own: HeaderList = ()
) -> Response:
    request = Request(method, URL, () if origin is None else (("Origin", origin),))
    return dialect.actual(policy, request, Response(200, own))


@pytest.mark.parametrize(
    ("dialect", "status", "headers"),
    [
        pytest.param(
            SPRING,
            200,
            (
                *SPRING_VARY,
                (ORIGIN, APP),
                (METHODS, "GET,PUT"),
                (HEADERS, "x-a"),
                (EXPOSED, "ETag, X-Total"),
                (AGE, "0"),
            ),
            id="spring lists the allowed ones as they were asked for",
        ),
        pytest.param(
            LARAVEL,
            204,
            (
                UNCACHED,
                (ORIGIN, APP),
                ("vary", "Origin, Access-Control-Request-Method"),
                (METHODS, "GET, PUT"),
                (HEADERS, "x-a, x-b"),
                (AGE, "0"),
            ),
            id="laravel lists all, in small letters",
        ),
    ],
)
def test_an_allowed_preflight(dialect: Dialect, status: int, headers: HeaderList) -> None:
    made = answer(dialect, LISTED, options(APP, "PUT", "x-a, x-evil"))
    assert sorted(made.headers) == sorted(headers)
    assert made.status == status


def test_spring_refuses_whom_it_does_not_know() -> None:
    refused = Answer(403, SPRING_VARY, b"Invalid CORS request")
    for asked in (options(EVIL), options(APP, "DELETE"), options(APP, "PUT", "x-evil")):
        assert answer(SPRING, LISTED, asked) == refused
    assert answer(SPRING, LISTED, options(APP, None)) == refused
    assert answer(SPRING, LISTED, Request("GET", URL, (("Origin", EVIL),))) == refused
    assert (
        actual(SPRING, LISTED, EVIL).status == actual(SPRING, LISTED, APP, "DELETE").status == 403
    )


def test_spring_always_varies() -> None:
    assert actual(SPRING, LISTED, None).headers == SPRING_VARY
    assert actual(SPRING, LISTED, "https://api.test").headers == SPRING_VARY
    own = (("Vary", "Accept"), ("Access-Control-Allow-Origin", "https://own.test"))
    got = actual(SPRING, LISTED, APP, own=own).headers
    assert values(got, "vary") == (*(value for _, value in SPRING_VARY), "Accept")
    assert values(got, ORIGIN) == ("https://own.test",)


@pytest.mark.parametrize(
    ("listed", "origin", "allowed"),
    [
        (f"{APP}/", APP, True),
        (APP, f"{APP}/", True),
        ("https://APP.test", APP, True),
        ("https://*.app.test", "https://a.b.app.test", True),
        ("https://*.app.test", APP, False),
        ("https://*.app.test", "https://A.APP.test", False),
        ("https://app.test:[*]", "https://app.test:8443", True),
        ("https://app.test:[*]", APP, True),
        ("https://app.test:[80,8443]", "https://app.test:8443", True),
        ("https://app.test:[80,8443]", APP, False),
        (f"{EVIL}, {APP}/", APP, True),
        (f"{EVIL},https://app.test:[80,8443]", "https://app.test:8443", True),
    ],
)
def test_what_spring_takes_for_the_same(listed: str, origin: str, *, allowed: bool) -> None:
    got = actual(SPRING, Policy(allow_origins=(listed,)), origin)
    assert get(got.headers, ORIGIN) == (origin if allowed else None)


def test_spring_ends_a_preflight_from_its_own_origin() -> None:
    assert answer(SPRING, LISTED, options("https://api.test")) == Answer(200, SPRING_VARY)


@pytest.mark.parametrize(
    ("names", "sent"),
    [
        ('"x-a"', "x-a"),
        ('x-b,"X-A"', "x-b, X-A"),
        ('"x-\\a","x-a, x-b', "x-a"),
        ("x-a\t,\tx-b", "x-a, x-b"),
        ("x -a, x -b", "x-b"),
        ('"', None),
        ("x-a,\xa0x-b", "x-a"),
    ],
)
def test_spring_reads_the_names_of_a_list_as_tokens(names: str, sent: str | None) -> None:
    made = answer(SPRING, LISTED, options(APP, "PUT", names))
    assert (made.status, get(made.headers, HEADERS)) == (200, sent)


def test_spring_reads_the_first_line_but_all_names() -> None:
    lines = (("Access-Control-Request-Method", "DELETE"), ("Origin", EVIL))
    names = (("Access-Control-Request-Headers", "x-b"),)
    asked = options(APP, "PUT", "x-a")
    made = answer(SPRING, LISTED, asked._replace(headers=asked.headers + lines + names))
    assert (made.status, get(made.headers, ORIGIN)) == (200, APP)
    assert get(made.headers, HEADERS) == "x-a, x-b"


def test_spring_sends_back_even_an_empty_method() -> None:
    every = Policy(allow_origins=(APP,), allow_methods="*")
    assert get(answer(SPRING, every, options(APP, "")).headers, METHODS) == ""


def test_spring_s_defaults_are_shut_unless_they_permit() -> None:
    assert answer(SPRING, Policy(), options(APP)).status == 403
    permitting = Policy(settings=(("permit_defaults", True),))
    made = answer(SPRING, permitting, options(APP, "POST", "x-any"))
    assert made.headers[3:] == (
        (ORIGIN, "*"),
        (METHODS, "GET,HEAD,POST"),
        (HEADERS, "x-any"),
        (AGE, "1800"),
    )


def test_laravel_sends_one_origin_to_everybody() -> None:
    one = Policy(allow_origins=(APP,))
    assert actual(LARAVEL, one, EVIL).headers == ((ORIGIN, APP),)
    assert actual(LARAVEL, LISTED, EVIL).headers == (("vary", "Origin"),)
    assert answer(LARAVEL, LISTED, options(EVIL)) == Answer(
        204, (UNCACHED, ("vary", "Origin, Access-Control-Request-Method"))
    )


def test_laravel_sends_back_what_a_star_allows() -> None:
    made = answer(LARAVEL, Policy(allow_credentials=True), options(APP, "put", "X-A"))
    assert made.headers == (
        UNCACHED,
        (ORIGIN, APP),
        ("vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"),
        (CREDENTIALS, "true"),
        (METHODS, "PUT"),
        (HEADERS, "X-A"),
        (AGE, "0"),
    )
    assert get(answer(LARAVEL, Policy(), options(None)).headers, HEADERS) == ""


def test_laravel_s_patterns() -> None:
    policy = Policy(allow_origins=("https://*.app.test",), allow_origin_regex="^https://pr-")
    for origin in ("https://a.b.app.test", "https://pr-1.test"):
        assert get(actual(LARAVEL, policy, origin).headers, ORIGIN) == origin
    assert get(actual(LARAVEL, policy, EVIL).headers, ORIGIN) is None


@pytest.mark.parametrize(
    ("own", "lines"),
    [
        (("Accept",), ("Accept, Origin",)),
        (("Origin",), ("Origin",)),
        (("Accept", "Cookie"), ("Accept", "Cookie", "Origin")),
    ],
)
def test_laravel_adds_to_vary(own: tuple[str, ...], lines: tuple[str, ...]) -> None:
    got = actual(LARAVEL, LISTED, APP, own=tuple(("Vary", each) for each in own))
    assert values(got.headers, "vary") == lines
    assert [name.lower() for name, _ in got.headers[: len(lines)]] == ["vary"] * len(lines)


@pytest.mark.parametrize(
    ("dialect", "policy", "field"),
    [
        (SPRING, Policy(allow_origins="*", allow_credentials=True), "allow_credentials"),
        (SPRING, Policy(allow_origin_regex="a"), "allow_origin_regex"),
        (LARAVEL, Policy(allow_origins="request"), "allow_origins"),
        (LARAVEL, Policy(allow_origins="*", allow_origin_regex="a"), "allow_origin_regex"),
        (LARAVEL, Policy(allow_origin_regex="("), "allow_origin_regex"),
    ],
)
def test_what_is_complained_about(dialect: Dialect, policy: Policy, field: str) -> None:
    assert [complaint.field for complaint in dialect.complaints(policy)] == [field]


@pytest.mark.parametrize(
    ("dialect", "policy", "text"),
    [
        (
            SPRING,
            Policy(allow_origins=(APP, "https://*.app.test")),
            f'config.setAllowedOrigins(List.of("{APP}"));\n'
            '    config.setAllowedOriginPatterns(List.of("https://*.app.test"));\n',
        ),
        (SPRING, Policy(allow_origins="request"), 'setAllowedOriginPatterns(List.of("*"))'),
        (
            LARAVEL,
            Policy(allow_origin_regex=r"a#\d'"),
            r"'allowed_origins_patterns' => ['#a\\#\\d\'#'],",
        ),
    ],
)
def test_the_export(dialect: Dialect, policy: Policy, text: str) -> None:
    assert dialect.complaints(policy) == ()
    assert dialect.export is not None
    assert text in dialect.export(policy).text
