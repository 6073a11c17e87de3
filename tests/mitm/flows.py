"""Flows made by hand: mitmproxy's test helpers, no stable interface, are used only here."""

from __future__ import annotations

from mitmproxy import connection, http, tcp
from mitmproxy.proxy import mode_specs
from mitmproxy.test import tflow, tutils

from corscope.messages import HeaderList

__all__ = ["flow", "tcp_flow"]


def flow(
    url: str = "http://api.test/",
    headers: HeaderList = (),
    *,
    response: http.Response | None = None,
    mode: str = "regular",
    listens_at: tuple[str, int] = ("127.0.0.1", 8080),
    tls: bool = False,
    live: bool = False,
    method: bytes = b"GET",
) -> http.HTTPFlow:
    """A flow as the proxy would have it in this mode."""
    request = tutils.treq(method=method, headers=_fields(headers), content=b"")
    request.url = url
    request.headers = _fields(headers)
    made = tflow.tflow(req=request, resp=response or False)
    made.client_conn = connection.Client(
        peername=("127.0.0.1", 50_000),
        sockname=listens_at,
        proxy_mode=mode_specs.ProxyMode.parse(mode),
        state=connection.ConnectionState.OPEN,
    )
    made.client_conn.tls = tls
    made.live = live
    return made


def tcp_flow() -> tcp.TCPFlow:
    """A flow that isn't HTTP."""
    return tflow.ttcpflow()


def _fields(headers: HeaderList) -> http.Headers:
    return http.Headers([(n.encode("latin-1"), v.encode("latin-1")) for n, v in headers])
