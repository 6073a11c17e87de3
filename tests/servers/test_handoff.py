"""A policy written for another server: what is translated, lost, and answered otherwise."""

import re
from dataclasses import replace
from operator import gt

import pytest

from corscope.fetch.headers import get
from corscope.messages import HeaderList, Request, Response
from corscope.servers.dialect import Dialect
from corscope.servers.difference import answered, differences, probes
from corscope.servers.handoff import hand_off, translated
from corscope.servers.libraries.express import EXPRESS
from corscope.servers.libraries.flask_cors import FLASK_CORS
from corscope.servers.libraries.gorilla import GORILLA
from corscope.servers.policy import Policy
from corscope.servers.registry import dialects, find
from corscope.servers.standard import STANDARD
from corscope.servers.web_servers.nginx import NGINX
from corscope.servers.web_servers.tomcat import TOMCAT

from .real.policies import POLICIES

APP = "https://app.test"
API = "https://api.test/"
USUAL = Policy(
    allow_origins=(APP,),
    allow_methods=("PUT",),
    allow_headers=("content-type",),
    allow_credentials=True,
    max_age=600,
)

every_target = pytest.mark.parametrize(
    "target", [d for d in dialects() if d.export], ids=lambda dialect: dialect.name
)


def test_a_dialect_differs_from_itself_in_nothing() -> None:
    for dialect in dialects():
        for policy in POLICIES:
            if not dialect.complaints(policy):
                side = (dialect, policy)
                assert list(differences(side, side, spelling=True)) == []


def test_what_only_shows_behind_an_application_that_fails_is_told() -> None:
    always = replace(USUAL, settings=(("always", True),))
    found = [d.probe.title for d in differences((NGINX, always), (NGINX, USUAL))]
    assert found == ["a GET that fails with 404"]


def test_nginx_sends_on_errors_what_another_server_does_there() -> None:
    """Its own policies have `always` only where they say so."""
    meant, _ = translated(USUAL, EXPRESS, NGINX)
    assert meant.settings == (("always", True),)
    assert "$cors_origin always;" in hand_off(USUAL, EXPRESS, NGINX).text
    assert "always" not in hand_off(USUAL, NGINX, NGINX).text


def test_what_differs_is_told_by_request() -> None:
    found = {d.probe.title: d for d in differences((STANDARD, USUAL), (EXPRESS, USUAL))}
    assert set(found) == {
        "a preflight from another origin",
        "an OPTIONS that is no preflight",
        "a GET from another origin",
        "a GET without Origin",
        "a GET of an application that allows an origin itself",
    }
    assert found["a preflight from another origin"].told() == (
        "status 204 (status 403); access-control-allow-credentials: true (none); "
        "access-control-allow-methods: PUT (none); "
        "access-control-allow-headers: content-type (none); access-control-max-age: 600 (none)"
    )


def test_spelling_counts_only_where_it_is_asked_for() -> None:
    policy = Policy(allow_origins=(APP,), allow_methods=("GET", "PUT"), allow_headers=("x-a",))
    titles = {d.probe.title for d in differences((STANDARD, policy), (EXPRESS, policy))}
    assert "a preflight" not in titles
    spelt = differences((STANDARD, policy), (EXPRESS, policy), spelling=True)
    assert "a preflight" in {d.probe.title for d in spelt}


def test_a_pattern_is_asked_about_by_an_origin_that_it_means() -> None:
    policy = Policy(allow_origins=("https://*.b.test", "http://localhost:*"))
    asked = [dict(p.request.headers).get("Origin") for p in probes(policy)]
    assert {"https://one.b.test", "http://localhost:8123"} <= set(asked)


def test_the_first_servers_defaults_are_written_out() -> None:
    meant, lost = translated(Policy(allow_origins=(APP,)), EXPRESS, STANDARD)
    assert meant.allow_methods == ("GET", "HEAD", "PUT", "PATCH", "POST", "DELETE")
    assert meant.allow_headers == "request"
    assert lost == ()
    back, _ = translated(Policy(allow_origins=(APP,)), STANDARD, EXPRESS)
    assert (back.allow_methods, back.allow_headers) == ((), ())


def test_a_pattern_becomes_a_regex_where_the_server_has_none() -> None:
    policy = Policy(allow_origins=(APP, "https://*.b.test"), allow_origin_regex="https://c[0-9]")
    meant, _ = translated(policy, STANDARD, EXPRESS)
    assert meant.allow_origins == (APP,)
    pattern = re.compile(meant.allow_origin_regex or "")
    allowed = ("https://one.b.test", "https://two.one.b.test", "https://c1")
    assert all(pattern.search(origin) for origin in allowed)
    refused = ("https://b.test", "http://one.b.test", "https://one.bxtest", "https://one.b.test.x")
    assert not any(pattern.search(origin) for origin in refused)


def test_a_ports_pattern_takes_any_port_and_none() -> None:
    meant, _ = translated(Policy(allow_origins=("http://localhost:*",)), STANDARD, EXPRESS)
    pattern = re.compile(meant.allow_origin_regex or "")
    assert all(pattern.search(f"http://localhost{port}") for port in ("", ":80", ":5173"))
    assert not pattern.search("http://localhost:x")


def test_what_a_server_cant_express_is_left_out_and_told() -> None:
    hapi = find("hapi")
    assert hapi is not None
    policy = Policy(allow_origins=(APP,), allow_origin_regex="sub", allow_methods=("GET",))
    exported = hand_off(policy, STANDARD, hapi)
    assert exported.warnings[:2] == (
        "allow_methods is left out: it can't be set: every method that has a route is allowed; "
        "leave it out; which methods have routes is the setting routed_methods.",
        "allow_origin_regex is left out: it can't be: origins are strings; "
        'list patterns such as "https://*.example.com".',
    )
    assert "sub" not in exported.text


def test_nothing_can_be_written_for_the_standard() -> None:
    with pytest.raises(ValueError, match="standard has no configuration"):
        hand_off(USUAL, EXPRESS, STANDARD)


@every_target
def test_any_policy_is_written_for_any_server(target: Dialect) -> None:
    """Whatever is lost is said; what is written is a policy that the server takes."""
    for policy in POLICIES:
        if STANDARD.complaints(policy):
            continue
        meant, lost = translated(policy, STANDARD, target)
        assert not target.complaints(meant)
        assert all(sentence.endswith(".") for sentence in lost)
        assert hand_off(policy, STANDARD, target).text.strip()
        target.actual(meant, Request("GET", "https://api.test/", ()), Response(200, ()))


REGEXES = (
    r"https://.*\.sub\.test",
    r"app\.test$",
    r"^https://app\.test",
    r"^https://app\.test$",
    r"https://app\.test|https://one\.sub\.test",
    r"^https://app\.test$|sub\.test",
    r"(?i)https://APP\.test",
    r"(?i)APP|sub",
    r"test\$?$",
)
FITTED = (
    *("https://app.test", "https://one.sub.test", "https://app.test.evil.test", "https://sub.test"),
    *("http://evil.test/https://app.test", "https://one.sub.test.evil.test", "https://evil.test"),
    *("https://appxtest", "https://app.test:8443", "null"),
)
WITH_REGEXES = [
    each
    for each in dialects()
    if each.export and not each.complaints(Policy(allow_origin_regex="[a]pp"))
]


@pytest.mark.parametrize("one", WITH_REGEXES, ids=lambda dialect: dialect.name)
def test_a_regex_fits_there_what_it_fits_here(one: Dialect) -> None:
    """However each of them looks for it: anywhere, from the beginning, or in all of it."""
    for regex in REGEXES:
        policy = Policy(allow_origins=(), allow_origin_regex=regex, allow_methods=("GET",))
        here = [_allows(one, policy, origin) for origin in FITTED]
        for target in WITH_REGEXES:
            meant, lost = translated(policy, one, target)
            if not (lost or one.complaints(policy) or target.complaints(meant)):
                there = [_allows(target, meant, origin) for origin in FITTED]
                assert there == here, (regex, target.name, meant.allow_origin_regex)


LISTED: tuple[tuple[str, ...] | str, ...] = (
    (r"https://.*\.sub\.test",),
    r"https://.*\.sub\.test",
    (r"^https://app\.test$", "https://sub.test", "https://evil.test|https://one[.]sub[.]test$"),
    ("https://app.test/*",),
    "https://app*.test",
    ("https://*.sub.test", "https://app.test"),
)


@pytest.mark.parametrize("origins", LISTED, ids=str)
@pytest.mark.parametrize("target", WITH_REGEXES, ids=lambda dialect: dialect.name)
def test_regexes_among_the_origins_fit_there_what_they_fit_here(
    target: Dialect, origins: tuple[str, ...] | str
) -> None:
    """Flask-CORS takes them so; to others they would be text."""
    policy = Policy(allow_origins=origins, allow_methods=("GET",))
    here = [_allows(FLASK_CORS, policy, origin) for origin in FITTED]
    assert any(here) or origins == "https://app*.test"
    meant, lost = translated(policy, FLASK_CORS, target)
    there = [_allows(target, meant, origin) for origin in FITTED]
    assert there == here or (lost and not any(map(gt, there, here))), meant


@pytest.mark.parametrize("source", WITH_REGEXES, ids=lambda dialect: dialect.name)
@every_target
def test_where_a_regex_cannot_be_nobody_is_let_in(target: Dialect, source: Dialect) -> None:
    """To hapi, origins that aren't set are all."""
    policy = Policy(allow_origin_regex=r"^https://app\.test$", allow_methods=("GET",))
    meant, _ = translated(policy, source, target)
    assert not _lets_in(target, meant, "https://evil.test")


def _allows(server: Dialect, policy: Policy, origin: str) -> bool:
    request = Request("GET", "https://api.test/", (("Origin", origin),))
    headers = server.actual(policy, request, Response(200, ())).headers
    return get(headers, "access-control-allow-origin") == origin


@pytest.mark.parametrize(
    "policy",
    [
        pytest.param(Policy(allow_origins=(APP,)), id="an origin alone"),
        pytest.param(Policy(allow_origins=(APP,), allow_headers=("x-a",)), id="a header"),
        pytest.param(
            Policy(allow_origins=(APP,), allow_methods=("PUT",), allow_credentials=True),
            id="a method",
        ),
        pytest.param(Policy(allow_origins=("capacitor://localhost",)), id="an app's own scheme"),
    ],
)
@every_target
def test_what_the_standard_lets_in_the_other_server_does(target: Dialect, policy: Policy) -> None:
    """Safelisted methods too, which some servers refuse unless they are listed."""
    meant, _ = translated(policy, STANDARD, target)
    assert policy.allow_origins is not None
    origin, names = policy.allow_origins[0], policy.allow_headers
    for method in ("GET", "HEAD", "POST", *(policy.allow_methods or ())):
        asked: HeaderList = (("Origin", origin), ("Access-Control-Request-Method", method))
        asked += (("Access-Control-Request-Headers", names[0]),) if names else ()
        preflight = answered(target, meant, Request("OPTIONS", API, asked))
        sent = (("Origin", origin), ("Content-Type", "text/plain"))
        actual = answered(target, meant, Request(method, API, sent))
        assert {
            get(each.headers, "Access-Control-Allow-Origin") for each in (preflight, actual)
        } <= {
            origin,
            "*",
        }, method
        assert max(preflight.status, actual.status) < 300, method
        if names:
            assert (
                names[0] in (get(preflight.headers, "Access-Control-Allow-Headers") or "").lower()
            )


def test_no_more_methods_are_listed_than_have_to_be() -> None:
    """Express looks at no list before it answers; Gorilla refuses what isn't on its own."""
    wanted = Policy(allow_origins=(APP,), allow_methods=("PUT",))
    assert translated(wanted, STANDARD, EXPRESS)[0].allow_methods == ("PUT",)
    listed, _ = translated(wanted, STANDARD, GORILLA)
    assert listed.allow_methods == ("PUT", "GET", "HEAD", "POST")
    only = Policy(allow_origins=(APP,), allow_methods=("GET", "PUT"))
    assert translated(only, GORILLA, TOMCAT)[0].allow_methods == ("GET", "PUT")


HANDED = (
    ("*",),
    ("https://*",),
    ("https://*.sub.test",),
    ("*.sub.test",),
    ("http://localhost:*",),
    ("https://APP.test",),
    ("https://app.test/",),
    ("app.test",),
    (APP, "*"),
    (),
)
HANDING = (
    *("standard", "express", "fastify", "starlette", "django", "flask-cors", "nginx", "rs-cors"),
    *("gin", "spring", "laravel", "aspnet-core", "s3", "rack-cors"),
)
COMING = (
    *(APP, "http://app.test", "https://app.test:8443", "https://evil.test", "http://evil.test:80"),
    *("https://one.sub.test", "https://two.one.sub.test", "https://sub.test", "http://localhost"),
    *("https://one.sub.test.evil.test", "http://localhost:3000", "https://xsub.test"),
    "http://localhost.evil.test:3000",
)


def _lets_in(server: Dialect, policy: Policy, origin: str) -> bool:
    answer = answered(server, policy, Request("GET", API, (("Origin", origin),)))
    return get(answer.headers, "access-control-allow-origin") in {origin, "*"}


@pytest.mark.parametrize("origins", HANDED, ids=str)
@every_target
def test_nobody_is_let_in_there_who_isnt_here(target: Dialect, origins: tuple[str, ...]) -> None:
    """Nor anybody left out, where the server has patterns or regexes at all."""
    policy = Policy(allow_origins=origins, allow_methods=("GET",))
    has_regexes = not target.complaints(Policy(allow_origin_regex="[a]pp", allow_methods=("GET",)))
    for source in map(find, HANDING):
        assert source is not None
        if source.complaints(policy):
            continue
        meant, _ = translated(policy, source, target)
        here = [_lets_in(source, policy, origin) for origin in COMING]
        there = [_lets_in(target, meant, origin) for origin in COMING]
        more = [o for o, a, b in zip(COMING, here, there, strict=True) if b and not a]
        assert more == [], (source.name, meant)
        is_plain = not any("*" in each for each in origins if each != "*")
        if is_plain or has_regexes:
            assert there == here, (source.name, meant)


def test_a_list_of_the_wildcard_alone_is_any_origin_there_too() -> None:
    """As FastAPI is mostly configured: Express would compare with the asterisk."""
    anyone = Policy(allow_origins=("*",))
    starlette, koa = (find(name) for name in ("starlette", "koa"))
    assert starlette is not None
    assert koa is not None
    assert translated(anyone, starlette, EXPRESS)[0].allow_origins == "*"
    assert 'origin: "*"' in hand_off(anyone, starlette, EXPRESS).text
    with_credentials = replace(anyone, allow_credentials=True)
    assert translated(with_credentials, starlette, EXPRESS)[0].allow_origins == "request"
    assert translated(with_credentials, starlette, GORILLA)[0].allow_credentials
    # What browsers refuse with credentials, because it is `*`, isn't any origin with such.
    literal = replace(with_credentials, allow_origins="*")
    meant, lost = translated(literal, EXPRESS, koa)
    assert (meant.allow_origins, meant.allow_credentials) == ("*", None)
    assert "allow_credentials is left out: with it any origin could" in lost[0]


def test_an_empty_list_never_becomes_all() -> None:
    gin = find("gin")
    assert gin is not None
    meant, _ = translated(Policy(allow_origins=()), EXPRESS, gin)
    assert meant.allow_origins == ("https://nobody.invalid",)


ANYTHING = Policy(
    allow_origins=("*",), allow_methods=("*",), allow_headers=("*",), allow_credentials=True
)
"""As FastAPI's documentation has it."""


@pytest.mark.parametrize("name", ["express", "fastify", "koa", "hono", "h3", "django", "rs-cors"])
def test_any_method_and_header_is_allowed_with_credentials_there_too(name: str) -> None:
    """Where `*` is a name, or counts only without credentials, they are listed or sent back."""
    starlette, target = find("starlette"), find(name)
    assert starlette is not None
    assert target is not None
    meant, _ = translated(ANYTHING, starlette, target)
    asked = (("Origin", APP), ("Access-Control-Request-Method", "DELETE"))
    for header in (None, "x-own") if name != "django" else (None,):
        named = () if header is None else (("Access-Control-Request-Headers", header),)
        made = answered(target, meant, Request("OPTIONS", API, (*asked, *named)))
        assert made.status < 300
        assert get(made.headers, "access-control-allow-origin") == APP
        assert get(made.headers, "access-control-allow-credentials") == "true"
        assert "DELETE" in (get(made.headers, "access-control-allow-methods") or "")
        if header:
            assert header in (get(made.headers, "access-control-allow-headers") or "").lower()


@pytest.mark.parametrize("name", ["nginx", "apache", "caddy", "haproxy"])
def test_what_a_proxy_is_not_told_to_send_isnt_opened_there(name: str) -> None:
    """Express and others have defaults of their own, which list all methods and any header."""
    proxy, h3 = find(name), find("h3")
    assert proxy is not None
    assert h3 is not None
    meant, _ = translated(Policy(allow_origins=(APP,)), proxy, EXPRESS)
    assert (meant.allow_methods, meant.allow_headers) == ((), ())
    assert translated(Policy(), proxy, EXPRESS)[0].allow_origins == ()
    assert translated(Policy(allow_origins=(APP,)), proxy, h3)[0].expose_headers == ()


def test_one_origin_is_a_list_where_a_string_is_none() -> None:
    """Django takes each letter of a string for an origin."""
    django = find("django")
    assert django is not None
    meant, lost = translated(Policy(allow_origins=APP, allow_headers=("x-a",)), EXPRESS, django)
    assert (meant.allow_origins, lost) == ((APP,), ())


def test_a_wildcard_that_is_a_name_stays_none() -> None:
    """To hapi `*` is a header of that name; to browsers what Express sends would be any."""
    hapi = find("hapi")
    assert hapi is not None
    policy = Policy(allow_origins=(APP,), allow_headers=("*", "x-a"))
    assert translated(policy, hapi, EXPRESS)[0].allow_headers == ("x-a",)
