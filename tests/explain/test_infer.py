"""The policy that a backend seems to have: what a known one answers is read back."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from corscope.explain.infer import Observation, infer, observed, resembling
from corscope.fetch.origin import TupleOrigin
from corscope.journal.exchange import Sighting
from corscope.messages import Request, Response
from corscope.servers.dialect import Dialect
from corscope.servers.difference import answered
from corscope.servers.libraries.express import EXPRESS
from corscope.servers.libraries.fastify import FASTIFY
from corscope.servers.libraries.gin import GIN
from corscope.servers.libraries.gorilla import GORILLA
from corscope.servers.libraries.spring import SPRING
from corscope.servers.libraries.starlette import STARLETTE
from corscope.servers.policy import Policy
from corscope.servers.registry import dialects
from corscope.servers.standard import STANDARD
from corscope.servers.web_servers.nginx import NGINX
from corscope.servers.web_servers.tomcat import TOMCAT
from tests.journal.requests import PAGE, preflight

from .exchanges import exchange_of

APP, SECOND, EVIL = "https://app.test", "https://second.test", "https://evil.test"
API = TupleOrigin("https", "api.test")


def ask(
    dialect: Dialect, policy: Policy, origins: Iterable[str] = (APP, EVIL), methods: str = "PUT"
) -> list[Observation]:
    """What a server with this policy answers to preflights and requests of these origins."""
    found = []
    for origin in origins:
        for method in methods.split():
            for names in (("x-a",), ("content-type", "x-a")):
                found.append(Observation("preflight", API, origin, method, names, 0, ()))
            found.append(Observation("actual", API, origin, method, (), 0, ()))
    return [_answered(dialect, policy, each) for each in found]


def _answered(dialect: Dialect, policy: Policy, each: Observation) -> Observation:
    made = answered(dialect, policy, each.request)
    return replace(each, status=made.status, headers=made.headers)


USUAL = Policy(
    allow_origins=(APP,),
    allow_methods=("PUT", "DELETE"),
    allow_headers=("x-a", "content-type"),
    expose_headers=("x-total",),
    allow_credentials=True,
    max_age=600,
)


@pytest.mark.parametrize("dialect", [STANDARD, EXPRESS], ids=lambda dialect: dialect.name)
def test_a_usual_policy_is_read_back_whole(dialect: Dialect) -> None:
    inferred = infer(ask(dialect, USUAL, methods="PUT DELETE"))
    assert inferred.policy == USUAL
    assert all(note.startswith("certain") for note in inferred.notes.values())


@pytest.mark.parametrize(
    ("policy", "origins", "inferred", "note"),
    [
        pytest.param("*", (APP, EVIL), "*", "certain: the wildcard was sent to 2 origins", id="*"),
        pytest.param(
            "request", (APP, EVIL), "request", "guessed: 2 origins asked, and each", id="echo"
        ),
        pytest.param(APP, (APP, EVIL), APP, "certain: it is sent to 2 origins", id="fixed"),
        pytest.param(APP, (EVIL,), APP, "certain: it is sent to 1 origin", id="fixed, foreign"),
        pytest.param((APP,), (APP,), (APP,), "guessed: no other origin asked", id="one asked"),
        pytest.param(
            (APP, SECOND), (APP, SECOND, EVIL), (APP, SECOND), f"and {EVIL} wasn't", id="list"
        ),
        pytest.param((), (APP,), (), "guessed: no origin was allowed, of 1 origin", id="nobody"),
    ],
)
def test_origins(
    policy: str | tuple[str, ...], origins: tuple[str, ...], inferred: object, note: str
) -> None:
    found = infer(ask(STANDARD, Policy(allow_origins=policy, allow_methods=("PUT",)), origins))
    assert found.policy.allow_origins == inferred
    assert note in found.notes["allow_origins"]


@pytest.mark.parametrize(
    ("methods", "asked", "inferred", "sure"),
    [
        pytest.param("request", "PUT DELETE", "request", "guessed", id="echo"),
        pytest.param("request", "PUT", ("PUT",), "guessed", id="echo, once"),
        pytest.param("*", "PUT", "*", "certain", id="wildcard"),
        pytest.param(("PUT", "PATCH"), "PUT PATCH", ("PUT", "PATCH"), "certain", id="list"),
        pytest.param((), "PUT", (), "certain", id="none"),
    ],
)
def test_methods(methods: str | tuple[str, ...], asked: str, inferred: object, sure: str) -> None:
    policy = Policy(allow_origins="*", allow_methods=methods)
    found = infer(ask(STANDARD, policy, methods=asked))
    assert found.policy.allow_methods == inferred
    assert found.notes["allow_methods"].startswith(sure)


def test_what_was_not_seen_is_unknown() -> None:
    seen = [each for each in ask(STANDARD, USUAL) if each.kind == "actual"]
    found = infer(seen)
    assert found.policy.allow_methods is None
    assert found.notes["allow_methods"] == "unknown: no allowed preflight was seen"
    assert found.policy.max_age is None


EXPOSING = replace(USUAL, expose_headers=("x-total", "x-b"))


@pytest.mark.parametrize(
    "dialect",
    [dialect for dialect in dialects() if not dialect.complaints(EXPOSING)],
    ids=lambda dialect: dialect.name,
)
def test_the_server_that_answered_is_among_the_best(dialect: Dialect) -> None:
    """Of a usual policy it would have given every answer again."""
    seen = ask(dialect, EXPOSING, (APP, EVIL), "PUT DELETE")
    found = resembling(infer(seen).policy, seen, dialects())
    assert found[0].alike == len(seen)
    assert dialect in [each.dialect for each in found if each.alike == len(seen)]


def test_methods_that_a_server_lets_in_without_a_word_are_listed() -> None:
    """Gorilla answers a preflight for GET without a list, and refuses it unless it is listed."""
    policy = replace(EXPOSING, allow_methods=("GET", "POST", "PUT", "DELETE"))
    seen = ask(GORILLA, policy, (APP, EVIL), "GET POST PUT DELETE")
    found = resembling(infer(seen).policy, seen, [GORILLA])
    assert found[0].alike == len(seen)
    assert set(found[0].policy.allow_methods or ()) >= {"GET", "POST"}


def test_what_is_refused_by_the_status_says_what_is_allowed() -> None:
    """Starlette refuses a method with 400, and lists those that it allows all the same."""
    policy = Policy(allow_origins=(APP,), allow_methods=("GET",), allow_headers=("x-a",))
    seen = ask(STARLETTE, policy, (APP, EVIL), "PUT DELETE")
    assert {each.status for each in seen if each.kind == "preflight"} == {400}
    inferred = infer(seen)
    assert inferred.policy.allow_methods == ("GET",)
    assert resembling(inferred.policy, seen, [STARLETTE])[0].alike == len(seen)


@pytest.mark.parametrize("dialect", [SPRING, TOMCAT], ids=lambda dialect: dialect.name)
def test_a_page_of_the_same_host_and_another_scheme_is_another_origin_to_it_too(
    dialect: Dialect,
) -> None:
    """As where the page is served with TLS on a developer's machine, and the API isn't."""
    page = "https://localhost"
    policy = replace(USUAL, allow_origins=(page,), expose_headers=("x-total", "x-b"))
    asked = Request("PUT", "http://localhost/items", (("Origin", page),))
    real = dialect.actual(policy, asked, Response(200, ()))
    seen = observed(exchange_of(asked, Sighting("x", real)))
    assert seen is not None
    [found] = resembling(policy, [seen], [dialect])
    assert found.alike == 1


def test_an_exchange() -> None:
    asked, answer = preflight("PUT", "x-a"), Response(204, (("Vary", "Origin"),))
    exchange = exchange_of(asked, Sighting("x", answer))
    assert observed(exchange) == Observation(
        "preflight", API, PAGE, "PUT", ("x-a",), 204, (("Vary", "Origin"),)
    )
    assert observed(replace(exchange, answered_by="rule")) is None
    assert observed(replace(exchange, status=None)) is None
    assert observed(replace(exchange, mode="no-cors")) is None
    assert observed(replace(exchange, url="https://api.]test/")) is None
    changed = observed(replace(exchange, server_headers=()))
    assert changed is not None
    assert changed.headers == ()


@pytest.mark.parametrize("settings", [(), (("always", True),)], ids=["without", "with"])
def test_whether_nginx_has_always_is_read_off_its_errors(
    settings: tuple[tuple[str, bool], ...],
) -> None:
    policy = replace(USUAL, settings=settings)
    seen = ask(NGINX, policy)
    for each in [each for each in seen if each.kind == "actual"]:
        made = answered(NGINX, policy, each.request, Response(404, ()))
        seen.append(replace(each, status=made.status, headers=made.headers))
    (best,) = resembling(infer(seen).policy, seen, [NGINX])
    assert (best.policy.settings, best.alike) == (settings, len(seen))


BARE = Policy(allow_origins=(APP, SECOND))


@pytest.mark.parametrize(
    "dialect",
    [dialect for dialect in dialects() if not dialect.complaints(BARE)],
    ids=lambda dialect: dialect.name,
)
def test_a_server_that_is_left_as_it_is_by_default_is_among_the_best(dialect: Dialect) -> None:
    """It may send back the headers that a preflight asked for, and an empty list if it has one."""
    seen = ask(dialect, BARE, (APP, SECOND, EVIL), "PUT")
    found = resembling(infer(seen).policy, seen, dialects())
    best = {each.dialect for each in found if each.alike == found[0].alike}
    assert dialect in best


@pytest.mark.parametrize("dialect", [EXPRESS, FASTIFY], ids=lambda dialect: dialect.name)
@pytest.mark.parametrize(
    "settings",
    [
        (("other_origins", "error"),),
        (("other_origins", "error"), ("error_status", 403)),
        (("other_origins", "ignore"),),
    ],
)
def test_how_a_function_refuses_is_read_off_its_refusals(
    dialect: Dialect, settings: tuple[tuple[str, str | int], ...]
) -> None:
    seen = ask(dialect, replace(BARE, settings=settings), (APP, SECOND, EVIL), "PUT")
    (best,) = resembling(infer(seen).policy, seen, [dialect])
    assert (best.policy.settings, best.alike) == (settings, len(seen))


def test_a_server_that_refuses_by_itself_is_likelier_than_a_function() -> None:
    seen = ask(GIN, BARE, (APP, EVIL), "PUT")
    best = resembling(infer(seen).policy, seen, dialects())[0]
    assert (best.dialect, best.policy.settings) == (GIN, ())
