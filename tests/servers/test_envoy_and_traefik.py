"""How Envoy and Traefik answer, told in a few words; `real/` holds all of it against them."""

import json
import re
from dataclasses import replace

import pytest

from corscope.fetch.headers import values
from corscope.messages import HeaderList, Request, Response
from corscope.servers.answer import Answer
from corscope.servers.dialect import Dialect
from corscope.servers.languages.yaml_text import yaml_text
from corscope.servers.policy import Policy
from corscope.servers.web_servers.envoy import ENVOY
from corscope.servers.web_servers.traefik import TRAEFIK
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


def actual(dialect: Dialect, policy: Policy, origin: str, own: HeaderList = ()) -> Response:
    return dialect.actual(policy, Request("GET", URL, (("Origin", origin),)), Response(200, own))


@pytest.mark.parametrize(
    ("dialect", "status", "headers"),
    [
        pytest.param(
            ENVOY,
            200,
            (
                (ORIGIN, APP),
                (METHODS, "GET,PUT"),
                (HEADERS, "X-A,x-b"),
                (AGE, "0"),
                (EXPOSED, "ETag,X-Total"),
            ),
            id="envoy doesn't vary",
        ),
        pytest.param(
            TRAEFIK,
            200,
            (
                (HEADERS, "X-A,x-b"),
                (METHODS, "GET,PUT"),
                (ORIGIN, APP),
                (EXPOSED, "ETag,X-Total"),
                (AGE, "0"),
            ),
            id="traefik sorts, and exposes already here",
        ),
    ],
)
def test_an_allowed_preflight(dialect: Dialect, status: int, headers: HeaderList) -> None:
    made = answer(dialect, LISTED, options(APP, "PUT", "x-a, x-evil"))
    assert (made.status, made.headers) == (status, headers)


def test_envoy_passes_on_what_it_does_not_allow() -> None:
    assert ENVOY.preflight(LISTED, options(EVIL)) is None
    answering = Policy(allow_origins=(APP,), settings=(("forward_not_matching_preflights", False),))
    assert answer(ENVOY, answering, options(EVIL)) == Answer(200)


def test_envoy_allows_everybody_by_name() -> None:
    policy = Policy(allow_origins="*", allow_credentials=True, allow_headers="*")
    made = answer(ENVOY, policy, options(EVIL))
    assert made.headers == ((ORIGIN, EVIL), (CREDENTIALS, "true"), (HEADERS, ""))
    own = (("Access-Control-Allow-Origin", "https://own.test"),)
    assert values(actual(ENVOY, policy, EVIL, own=own).headers, ORIGIN) == (EVIL,)
    assert actual(ENVOY, LISTED, EVIL, own=own).headers == own


def test_envoy_s_regex_has_to_match_it_all() -> None:
    policy = Policy(allow_origin_regex=r"https://.*\.app\.test")
    assert actual(ENVOY, policy, "https://a.app.test").headers
    assert not actual(ENVOY, policy, "https://a.app.test.evil.test").headers
    lookahead = Policy(allow_origin_regex="(?=a)")
    assert [c.at_start for c in ENVOY.complaints(lookahead)] == [True]


def test_traefik_leaves_only_the_origin_out() -> None:
    policy = Policy(allow_origins=(APP,), allow_credentials=True, expose_headers=("ETag",))
    assert actual(TRAEFIK, policy, EVIL).headers == ((CREDENTIALS, "true"), (EXPOSED, "ETag"))
    assert actual(TRAEFIK, Policy(), APP).headers == ()
    assert TRAEFIK.preflight(Policy(), options(APP)) is None


def test_traefik_sends_no_star_with_credentials() -> None:
    every = Policy(allow_origins="*", allow_methods="*", allow_headers="*", expose_headers="*")
    assert {value for _, value in answer(TRAEFIK, every, options(APP)).headers} == {"*"}
    with_credentials = replace(every, allow_credentials=True)
    assert answer(TRAEFIK, with_credentials, options(APP, "PUT", "x-a")).headers == (
        (CREDENTIALS, "true"),
        (HEADERS, "x-a"),
        (METHODS, "PUT"),
        (ORIGIN, APP),
    )


@pytest.mark.parametrize(
    ("own", "lines"),
    [((), ("Origin",)), (("Origin",), ("Origin",)), (("Accept", "Cookie"), ("Accept,Origin",))],
)
def test_traefik_varies_if_told_to(own: tuple[str, ...], lines: tuple[str, ...]) -> None:
    policy = Policy(allow_origins=(APP,), settings=(("add_vary_header", True),))
    got = actual(TRAEFIK, policy, APP, own=tuple(("Vary", each) for each in own))
    assert values(got.headers, "vary") == lines


@pytest.mark.parametrize(
    ("dialect", "policy", "field", "at_start"),
    [
        (ENVOY, Policy(allow_origin_regex=""), "allow_origin_regex", True),
        (TRAEFIK, Policy(), "allow_origins", True),
        (TRAEFIK, Policy(allow_origins="request"), "allow_origins", False),
    ],
)
def test_what_is_complained_about(
    dialect: Dialect, policy: Policy, field: str, *, at_start: bool
) -> None:
    assert [(c.field, c.at_start) for c in dialect.complaints(policy)] == [(field, at_start)]


def test_traefik_reads_its_lists_without_the_white_space_around_them() -> None:
    policy = Policy(allow_origins=(" * ",), allow_methods=("GET", " PUT"))
    made = answer(TRAEFIK, policy, options(APP, "PUT"))
    assert made.headers == ((METHODS, "GET,PUT"), (ORIGIN, "*"))


@pytest.mark.parametrize(
    ("dialect", "policy", "text"),
    [
        (
            ENVOY,
            Policy(allow_origins=(APP,), allow_origin_regex="a.*", max_age=5),
            '    allow_origin_string_match:\n      - exact: "https://app.test"\n'
            '      - safe_regex:\n          regex: "a.*"\n    max_age: "5"\n',
        ),
        (
            TRAEFIK,
            Policy(allow_origins=(APP,), max_age=5),
            "http:\n  middlewares:\n    cors:\n      headers:\n"
            '        accessControlAllowOriginList:\n          - "https://app.test"\n'
            "        accessControlMaxAge: 5\n",
        ),
    ],
)
def test_the_export(dialect: Dialect, policy: Policy, text: str) -> None:
    assert dialect.complaints(policy) == ()
    assert dialect.export is not None
    assert text in dialect.export(policy).text


def test_yaml_has_json_s_scalars() -> None:
    text = yaml_text({"a": {"b": ("*", 'c"'), "d": True, "e": None}, "f": ()})
    assert text == 'a:\n  b:\n    - "*"\n    - "c\\""\n  d: true\nf: []\n'
    assert json.loads(re.findall(r'".*"', text)[-1]) == 'c"'


@pytest.mark.parametrize(
    ("lines", "joined"),
    [((APP, EVIL), f"{APP},{EVIL}"), (("", APP), APP), ((APP, ""), f"{APP},")],
)
def test_envoy_appends_lines_by_a_comma(lines: tuple[str, ...], joined: str) -> None:
    asked = Request("GET", URL, tuple(("Origin", each) for each in lines))
    got = ENVOY.actual(Policy(allow_origins="*"), asked, Response(200, ()))
    assert values(got.headers, ORIGIN) == (joined,)
