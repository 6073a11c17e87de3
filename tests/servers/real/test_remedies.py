"""What the page says to put into a server's configuration works in the real server, as it is.

The configuration is that of a refused exchange; the server that has it is then asked what the
browser would ask, and its answers are judged as the browser's would be.
"""

from __future__ import annotations

import http.client

import pytest

from corscope.journal.exchange import Exchange, Sighting
from corscope.messages import HeaderList, Request, Response
from corscope.servers.registry import find
from corscope.web.remedy import remedy
from tests.explain.exchanges import exchange_of
from tests.journal.requests import API, REFUSED

from .libraries import LIBRARIES, Running
from .test_proved import every_library

pytestmark = pytest.mark.server

SECONDS = 30.0
COOKIE = (("Cookie", "a=1"),)

ORIGINS = (
    "https://page.test",
    "http://localhost:3000",
    "http://[::1]:3000",
    "https://a-b.test:8443",
)
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
NAMES = ((), ("content-type",), ("authorization", "content-type", "x-trace_id"))


def _asked(method: str, origin: str, names: tuple[str, ...]) -> Request:
    headers: HeaderList = (("Origin", origin), ("Access-Control-Request-Method", method))
    headers += (("Access-Control-Request-Headers", ",".join(names)),) if names else ()
    return Request("OPTIONS", API, headers)


def _sent(method: str, origin: str, more: HeaderList = ()) -> Request:
    """As a browser sends it: what has a body says of what type that is."""
    body = (("Content-Type", "text/plain"), ("Content-Length", "0"))
    fields = () if method == "GET" or "Content-Type" in dict(more) else body
    return Request(method, API, (("Origin", origin), ("Sec-Fetch-Mode", "cors"), *more, *fields))


def _refused() -> list[Exchange]:
    """Every method with every origin or every list of names, and what needs no preflight."""
    requests = [
        *(
            _asked(method, ORIGINS[n % len(ORIGINS)], names)
            for n, method in enumerate(METHODS)
            for names in NAMES
        ),
        *(_sent("GET", origin, cookie) for origin in ORIGINS for cookie in ((), COOKIE)),
    ]
    return [exchange_of(request, Sighting("x", REFUSED)) for request in requests]


@every_library
def test_the_configuration_lets_in_what_was_refused(name: str) -> None:
    LIBRARIES[name].require()
    dialect = find(name)
    assert dialect is not None
    refused = _refused()
    exports = [remedy(exchange, dialect).export for exchange in refused]
    texts = [export.text for export in exports if export is not None]
    assert len(texts) == len(refused)
    with Running(LIBRARIES[name], texts) as server:
        assert server.errors == {}
        wrong = [
            told
            for exchange, text, port in zip(refused, texts, server.real, strict=True)
            for told in _wrong(exchange, text, port)
        ]
    assert "\n".join(wrong) == ""


def _wrong(exchange: Exchange, text: str, port: int) -> list[str]:
    """What the server's answers are refused for, if for anything."""
    if exchange.kind == "actual":
        cookie = COOKIE if exchange.credentials == "include" else ()
        requests = [_sent(exchange.method, exchange.origin, cookie)]
    else:
        values = {"content-type": "application/json"}
        more = tuple((name, values.get(name, "1")) for name in exchange.request_headers)
        more = tuple((n.title() if n == "content-type" else n, v) for n, v in more)
        requests = [
            _asked(exchange.method, exchange.origin, exchange.request_headers),
            _sent(exchange.method, exchange.origin, more),
        ]
    wrong = []
    for request in requests:
        got = exchange_of(request, Sighting("x", _answer(port, request)))
        judged = got.verdicts.seen("include" if exchange.credentials == "include" else "omit")
        if judged.verdict != "allowed":
            wrong.append(f"{request}: {judged.reason}, {got.status} {got.headers}, by {text}")
    return wrong


def _answer(port: int, request: Request) -> Response:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    connection.putrequest(request.method, "/ok", skip_accept_encoding=True)
    for name, value in request.headers:
        connection.putheader(name, value)
    connection.endheaders()
    got = connection.getresponse()
    got.read()
    connection.close()
    return Response(got.status, tuple(got.getheaders()))
