"""How a dialect is asked by hand."""

from corscope.messages import Request
from corscope.servers.answer import Answer
from corscope.servers.dialect import Dialect
from corscope.servers.policy import Policy

__all__ = ["URL", "answer", "options"]

URL = "https://api.test/items"


def options(origin: str | None, method: str | None = "PUT", names: str | None = None) -> Request:
    """A preflight, or as much of one as is given."""
    lines = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": names,
    }
    return Request("OPTIONS", URL, tuple((k, v) for k, v in lines.items() if v is not None))


def answer(dialect: Dialect, policy: Policy, request: Request) -> Answer:
    """The answer of a dialect that has one."""
    made = dialect.preflight(policy, request)
    assert made is not None
    return made
