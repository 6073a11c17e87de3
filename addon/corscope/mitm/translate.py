"""How do mitmproxy's objects become corscope's values, and back?

Nothing else knows both. Header bytes are decoded as Latin-1, order and duplicates kept.
"""

from datetime import UTC, datetime
from http import HTTPStatus

from mitmproxy import connection, flow, http
from mitmproxy.proxy import mode_specs

from corscope.fetch.headers import from_fields, get
from corscope.fetch.origin import parse_serialized_origin
from corscope.journal.exchange import Missing
from corscope.messages import HeaderList, Request, Response
from corscope.servers.answer import Answer

__all__ = [
    "client_of",
    "made_response",
    "missing_of",
    "moment",
    "request_of",
    "response_of",
    "write_response",
]


def moment(timestamp: float | None) -> datetime:
    """A flow's timestamp as a time; now, where there is none."""
    return datetime.now(UTC) if timestamp is None else datetime.fromtimestamp(timestamp, UTC)


def request_of(flow: http.HTTPFlow) -> Request:
    """The request as the browser sent it."""
    request = flow.request
    return Request(request.method, _url(flow), from_fields(request.headers.fields))


def _url(flow: http.HTTPFlow) -> str:
    """The URL as the browser sees it, which depends on how its connection came to the proxy."""
    mode = flow.client_conn.proxy_mode
    if isinstance(mode, mode_specs.ReverseMode):
        return _reverse_url(flow)
    if isinstance(mode, mode_specs.RegularMode | mode_specs.UpstreamMode):
        return flow.request.url
    return flow.request.pretty_url


def _reverse_url(flow: http.HTTPFlow) -> str:
    """In reverse mode mitmproxy has put the server's name in place of the browser's Host.

    The browser named the address that the proxy listens at; where its Origin has that port, it
    used the Origin's host for it.
    """
    host, port = flow.client_conn.sockname[:2]
    origin = parse_serialized_origin(get(from_fields(flow.request.headers.fields), "Origin") or "")
    if origin is not None and origin.port == port:
        host = origin.host.strip("[]")
    scheme = "https" if flow.client_conn.tls else "http"
    authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return f"{scheme}://{authority}{flow.request.path}"


def response_of(response: http.Response) -> Response:
    """The head of a response."""
    return Response(response.status_code, from_fields(response.headers.fields))


def client_of(flow: http.HTTPFlow) -> str:
    """What tells one browser from another: its address and how it calls itself."""
    peer = flow.client_conn.peername
    return f"{peer[0] if peer else ''} {flow.request.headers.get('User-Agent', '')}"


def missing_of(flow: http.HTTPFlow) -> Missing:
    """Why a flow that failed gave the browser no answer of the server's."""
    message = flow.error.msg if flow.error else ""
    if message == _KILLED:
        return Missing.DROPPED
    reading = connection.ConnectionState.CAN_READ
    hung_up = flow.live and not flow.client_conn.state & reading
    if hung_up or message.startswith(("Client disconnected", "stream reset by client")):
        return Missing.CLIENT_GONE
    return Missing.NO_ANSWER


_KILLED = flow.Error.KILLED_MESSAGE


def made_response(answer: Answer, request: http.Request) -> http.Response:
    """The response of a rule that answers in the server's stead."""
    headers = _fields(answer.headers, request)
    lengthless = answer.status < 200 or answer.status in {204, 304}
    if not lengthless and "content-length" not in headers:
        headers["content-length"] = str(len(answer.body))
    return http.Response(
        http_version=request.data.http_version,
        status_code=answer.status,
        reason=_reason_phrase(answer.status),
        headers=headers,
        content=answer.body,
        trailers=None,
        timestamp_start=datetime.now(UTC).timestamp(),
        timestamp_end=None,
    )


def write_response(flow: http.HTTPFlow, response: Response) -> None:
    """Give the flow's response another head."""
    assert flow.response is not None
    if flow.response.status_code != response.status:
        flow.response.status_code = response.status
        flow.response.reason = _reason_phrase(response.status).decode()
    flow.response.headers = _fields(response.headers, flow.request)


def _fields(headers: HeaderList, request: http.Request) -> http.Headers:
    """HTTP/2 knows lower-case names only."""
    lower = request.is_http2 or request.is_http3
    return http.Headers(
        [
            ((name.lower() if lower else name).encode("latin-1"), value.encode("latin-1"))
            for name, value in headers
        ]
    )


def _reason_phrase(status: int) -> bytes:
    try:
        return HTTPStatus(status).phrase.encode()
    except ValueError:
        return b""
