"""What gateways answer by themselves is told from what the application behind them does."""

from __future__ import annotations

import http.client

import pytest

from corscope.journal.exchange import Exchange, Sighting
from corscope.messages import Response
from tests.explain.exchanges import exchange_of
from tests.journal.requests import actual

from .libraries import LIBRARIES, Running

pytestmark = pytest.mark.server

SECONDS = 30.0
GATEWAYS = {"nginx": "nginx", "haproxy": "HAProxy", "caddy": "Caddy", "apache": "Apache"}
OF_APPLICATION = ("/status/413", "/status/429", "/status/502", "/status/503", "/status/504")


def _asked(port: int, path: str) -> Exchange:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    request = actual()
    try:
        connection.request("GET", path, headers=dict(request.headers))
        answer = connection.getresponse()
        answer.read()
    finally:
        connection.close()
    return exchange_of(request, Sighting("x", Response(answer.status, tuple(answer.getheaders()))))


@pytest.mark.parametrize("name", GATEWAYS)
def test_what_a_gateway_answers_itself(name: str) -> None:
    """The application hangs up, so that the gateway has to answer in its stead."""
    with Running(LIBRARIES[name], [""]) as server:
        [port] = server.bare
        found = _asked(port, "/silent")
        assert [(each.id, each.detail) for each in found.findings] == [
            ("gateway-error", GATEWAYS[name])
        ]
        assert [_asked(port, path).findings for path in OF_APPLICATION] == [()] * 5
