"""What a dialect reads of a request header that comes twice."""

from __future__ import annotations

import pytest

from corscope.fetch.headers import get
from corscope.messages import Request, Response
from corscope.servers.parts import ALLOW_ORIGIN
from corscope.servers.policy import ECHO, Policy
from corscope.servers.registry import find

ONE = ("Origin", "https://one.test")
TWO = ("origin", "https://two.test")


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("standard", "https://one.test, https://two.test"),
        ("express", "https://one.test, https://two.test"),
        ("starlette", "https://one.test"),
        ("gin", "https://one.test"),
        ("nginx", "https://one.test"),
        ("haproxy", "https://two.test"),
        ("django", "https://one.test,https://two.test"),
        ("caddy", "https://one.test,https://two.test"),
    ],
)
def test_two_origins_are_read_as_the_server_reads_them(name: str, sent: str) -> None:
    dialect = find(name)
    assert dialect is not None
    request = Request("GET", "https://api.test/", (ONE, ("accept", "*/*"), TWO))
    got = dialect.actual(Policy(allow_origins=ECHO), request, Response(200, ()))
    assert get(got.headers, ALLOW_ORIGIN) == sent
