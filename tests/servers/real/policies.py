"""Which policies the real servers are given: each field alone, and what matters together."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from corscope.servers.dialect import Dialect
from corscope.servers.policy import Policy

from .asked import APP, SECOND

__all__ = ["POLICIES", "generate_policies"]

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


def generate_policies(random: Random, dialect: Dialect, count: int) -> Sequence[Policy]:
    """Give that many policies in every combination, with the dialect's own settings."""
    return [_random(random, dialect) for _ in range(count)]


def _random(random: Random, dialect: Dialect) -> Policy:
    origins = [policy.allow_origins for policy in POLICIES]
    regexes = [policy.allow_origin_regex for policy in POLICIES if policy.allow_origin_regex]
    methods = [policy.allow_methods for policy in POLICIES]
    headers = [policy.allow_headers for policy in POLICIES]
    exposed = [policy.expose_headers for policy in POLICIES]
    settings = {
        setting.name: not setting.default
        for setting in dialect.settings
        if setting.kind == "boolean" and random.random() < 0.3
    }
    return Policy(
        allow_origins=random.choice((LIST, LIST, *origins)),
        allow_origin_regex=random.choice((*[None] * 9, *regexes)),
        allow_methods=random.choice(methods),
        allow_headers=random.choice(headers),
        expose_headers=random.choice(exposed),
        allow_credentials=random.choice((None, False, True)),
        max_age=random.choice((None, None, 0, 5, 600)),
        settings=tuple(settings.items()),
    )
