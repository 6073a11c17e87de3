"""Preflights that the backend answers: what each server makes of that answer.

Those of Express, Fastify, rs/cors, nginx, Apache, Caddy and HAProxy are compared with the real ones
in `real/test_proved.py`, the last four without their rule that answers preflights. What stands here
of Flask and Quart was seen with the real ones too, with a view for OPTIONS.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from corscope.messages import HeaderList, Request, Response
from corscope.servers.forwarded import answered_by, passed_on
from corscope.servers.policy import Policy
from corscope.servers.registry import find

APP = "https://app.test"
EVIL = "https://evil.test"
POLICY = Policy(
    allow_origins=(APP, "https://second.test"), allow_methods=("PUT",), forward_preflight=True
)
OWN: HeaderList = (
    ("Vary", "Accept"),
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Max-Age", "5"),
)
ORIGIN, METHODS = ("access-control-allow-origin", APP), ("access-control-allow-methods", "PUT")


def passed(
    name: str, origin: str = APP, status: int = 200, policy: Policy = POLICY, method: bool = True
) -> Response:
    dialect = find(name)
    assert dialect is not None
    asked = (("Access-Control-Request-Method", "PUT"),) if method else ()
    request = Request("OPTIONS", "https://api.test/", (("Origin", origin), *asked))
    made = passed_on(dialect, policy, request, Response(status, OWN))
    return Response(made.status, tuple((name.lower(), value) for name, value in made.headers))


def test_who_varies_by_nothing_leaves_the_applications_vary_as_it_is() -> None:
    made = passed("standard", policy=replace(POLICY, allow_origins="*"))
    assert made.headers == (("vary", "Accept"), ("access-control-allow-origin", "*"), METHODS)


def test_nginx_inherits_where_nothing_is_only_for_preflights() -> None:
    """A block without any add_header of its own has those around it."""
    made = passed("nginx", policy=Policy(expose_headers=("x-a",), forward_preflight=True))
    assert made.headers == (("vary", "Accept"), ("access-control-expose-headers", "x-a"))


SENT: dict[str, HeaderList] = {
    "express": (ORIGIN, ("vary", "Origin, Access-Control-Request-Headers, Accept"), METHODS),
    "fastify": (("vary", "Accept"), ORIGIN, METHODS),
    "rs-cors": (
        METHODS,
        ORIGIN,
        ("vary", "Origin"),
        ("vary", "Access-Control-Request-Method"),
        ("vary", "Access-Control-Request-Headers"),
        ("vary", "Accept"),
    ),
    "nginx": (("vary", "Accept"), ORIGIN, METHODS, ("vary", "Origin")),
    "apache": (ORIGIN, METHODS, ("vary", "Origin,Accept")),
    "caddy": (METHODS, ORIGIN, ("vary", "Origin"), ("vary", "Accept")),
    "haproxy": (("vary", "Accept"), ORIGIN, METHODS, ("vary", "Origin")),
    "flask-cors": (("vary", "Accept"), ORIGIN, METHODS, ("vary", "Origin")),
    "standard": (("vary", "Accept, Origin"), ORIGIN, METHODS),
    "starlette": (
        (
            "vary",
            "Accept, Origin, Access-Control-Request-Method, Access-Control-Request-Headers, "
            "Access-Control-Request-Private-Network",
        ),
        METHODS,
        ("access-control-max-age", "600"),
        (
            "access-control-allow-headers",
            "Accept, Accept-Language, Content-Language, Content-Type",
        ),
        ORIGIN,
    ),
}


@pytest.mark.parametrize(("name", "headers"), SENT.items(), ids=SENT)
def test_the_backends_vary_is_kept_and_its_cors_headers_go(name: str, headers: HeaderList) -> None:
    assert passed(name) == Response(200, headers)


def test_an_origin_that_is_not_allowed_loses_only_its_own_line() -> None:
    assert passed("nginx", EVIL).headers == (("vary", "Accept"), METHODS, ("vary", "Origin"))
    assert passed("flask-cors", EVIL).headers == (("vary", "Accept"),)


def test_without_always_nginx_adds_nothing_to_an_error() -> None:
    assert passed("nginx", status=405) == Response(405, (("vary", "Accept"),))
    always = Policy(
        allow_origins="*", forward_preflight=True, settings=(("always", True), ("keep_own", True))
    )
    kept = tuple((name.lower(), value) for name, value in OWN)
    made = passed("nginx", status=405, policy=always)
    assert made.headers == (*kept, ("access-control-allow-origin", "*"))


def test_fastify_refuses_what_is_no_preflight_all_the_same() -> None:
    """And the application isn't asked."""
    strict = replace(POLICY, settings=(("strict_preflight", True),))
    lenient = replace(POLICY, settings=(("strict_preflight", False),))
    dialect = find("fastify")
    assert dialect is not None
    asked = Request("OPTIONS", "https://api.test/", (("Origin", APP),))
    refused = answered_by(dialect, strict, asked)
    assert refused is not None
    assert (refused.status, refused.body) == (400, b"Invalid Preflight Request")
    assert answered_by(dialect, lenient, asked) is None
    assert passed("fastify", policy=lenient, method=False).status == 200
