"""What does a dialect answer under a policy? It is asked, so that no lint has to know it."""

from typing import Final

from corscope.fetch.headers import values
from corscope.messages import HeaderList, Request, Response
from corscope.servers.dialect import Dialect
from corscope.servers.parts import (
    ALLOW_CREDENTIALS,
    ALLOW_ORIGIN,
    ORIGIN,
    REQUEST_HEADERS,
    REQUEST_METHOD,
)
from corscope.servers.policy import Policy

__all__ = [
    "ANY_ORIGIN",
    "allows",
    "allows_any",
    "allows_credentials",
    "sent_in_preflight",
    "sent_to",
]

ANY_ORIGIN: Final = "https://any.origin.invalid"
"""What allows this one, which nobody can own, allows everybody."""

_URL: Final = "https://api.invalid/"


def sent_to(origin: str, policy: Policy, dialect: Dialect) -> HeaderList:
    """The headers of an actual response to this origin."""
    request = Request("GET", _URL, ((ORIGIN, origin),))
    return dialect.actual(policy, request, Response(200, ())).headers


def sent_in_preflight(policy: Policy, dialect: Dialect, origin: str) -> HeaderList:
    """The headers of the answer to a preflight from this origin."""
    headers = ((ORIGIN, origin), (REQUEST_METHOD, "PUT"), (REQUEST_HEADERS, "x-a"))
    answer = dialect.preflight(policy, Request("OPTIONS", _URL, headers))
    return () if answer is None else answer.headers


def allows(origin: str, policy: Policy, dialect: Dialect) -> bool:
    """Whether the origin may read a response."""
    return values(sent_to(origin, policy, dialect), ALLOW_ORIGIN) in {(origin,), ("*",)}


def allows_any(policy: Policy, dialect: Dialect) -> bool:
    """Whether every origin may; none where the dialect can't have the policy."""
    return not dialect.complaints(policy) and allows(ANY_ORIGIN, policy, dialect)


def allows_credentials(origin: str, policy: Policy, dialect: Dialect) -> bool:
    """Whether the origin may read a response to a request with credentials."""
    headers = sent_to(origin, policy, dialect)
    credentials = values(headers, ALLOW_CREDENTIALS) == ("true",)
    return credentials and values(headers, ALLOW_ORIGIN) == (origin,)
