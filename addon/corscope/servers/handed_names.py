"""How does another server have to be told that any method or header is allowed?

By `*`, by sending back what was asked for, by nothing at all or by a list: what one server takes
for any is the name of none in another, or isn't any with credentials. So both are asked, and of the
ways to say it that is chosen which allows no more, and then no fewer.
"""

from dataclasses import replace
from itertools import chain
from typing import Final

from corscope.fetch.headers import byte_lowercase, get, get_decode_and_split
from corscope.fetch.safelist import is_cors_safelisted_method
from corscope.messages import Request
from corscope.servers.dialect import Dialect
from corscope.servers.difference import Asked, answered, mistakes
from corscope.servers.parts import ALLOW_CREDENTIALS, ALLOW_HEADERS, ALLOW_METHODS, ALLOW_ORIGIN
from corscope.servers.policy import ECHO, WILDCARD, Policy, listed

__all__ = ["with_names"]

USUAL_METHODS: Final = ("GET", "HEAD", "PUT", "PATCH", "POST", "DELETE")

_ORIGIN: Final = "https://app.example.com"
_METHODS: Final = ("GET", "PUT", "PATCH", "DELETE", "QUERY")
_HEADERS: Final = ("content-type", "x-a", "x-b", "authorization")
_WAYS: Final[dict[str, tuple[str | tuple[str, ...] | None, ...]]] = {
    "allow_methods": (WILDCARD, ECHO, USUAL_METHODS),
    "allow_headers": (WILDCARD, ECHO, (WILDCARD, "authorization"), None),
}

_Allowed = tuple[bool, bool]
"""Whether it is, without credentials and with such."""


def with_names(policy: Policy, source: Asked, target: Dialect) -> Policy:
    """The policy with its methods and headers as the target has to have them, where any is meant.

    Args:
        policy: the first server's policy, with its defaults.
        source: the first server, with its own policy.
        target: the second.
    """
    for field, ways in _WAYS.items():
        value = getattr(policy, field)
        if {WILDCARD, ECHO}.isdisjoint(listed(value)):
            continue
        wanted = _allowed(*source, field)
        plain = tuple(each for each in listed(value) if each not in {WILDCARD, ECHO})
        several = [_with(policy, field, way) for way in (value, *ways, plain)]
        policy = min(several, key=lambda way: _mistakes(wanted, target, way, field))
    return policy


def _with(policy: Policy, field: str, value: object) -> Policy:
    return replace(policy, **{field: value})  # type: ignore[arg-type]


def _mistakes(
    wanted: list[_Allowed], target: Dialect, policy: Policy, field: str
) -> tuple[bool, int, int]:
    """Whether it can't be, how often more is allowed than is wanted, and how often less."""
    can_be = all(each.field != field for each in target.complaints(policy))
    allowed = _allowed(target, policy, field)
    return not can_be, *mistakes(chain.from_iterable(allowed), chain.from_iterable(wanted))


def _allowed(dialect: Dialect, policy: Policy, field: str) -> list[_Allowed]:
    """What of the probes a server allows, to an origin that it lets in."""
    policy = replace(policy, allow_origins=(_ORIGIN,), allow_origin_regex=None)
    policy = policy if field == "allow_headers" else replace(policy, allow_headers=None)
    if field == "allow_methods":
        return [_answers(dialect, policy, method, None) for method in _METHODS]
    policy = replace(policy, allow_methods=("GET",))
    return [_answers(dialect, policy, "GET", name) for name in _HEADERS]


def _answers(dialect: Dialect, policy: Policy, method: str, name: str | None) -> _Allowed:
    lines = (("Origin", _ORIGIN), ("Access-Control-Request-Method", method))
    asked = () if name is None else (("Access-Control-Request-Headers", name),)
    request = Request("OPTIONS", "https://api.example.com/", (*lines, *asked))
    made = answered(dialect, policy, request)
    if made.status >= 300 or get(made.headers, ALLOW_ORIGIN) not in {_ORIGIN, WILDCARD}:
        return False, False
    field, value = (ALLOW_METHODS, method) if name is None else (ALLOW_HEADERS, name)
    names = get_decode_and_split(made.headers, field) or []
    known = names if name is None else [byte_lowercase(each) for each in names]
    is_named = value in known or (name is None and is_cors_safelisted_method(value))
    is_any = WILDCARD in known and name != "authorization"
    has_credentials = get(made.headers, ALLOW_CREDENTIALS) == "true"
    return is_named or is_any, is_named and has_credentials
