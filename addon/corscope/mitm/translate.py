"""How do mitmproxy's objects become corscope's values, and back?

Nothing else knows both. Header bytes are decoded as Latin-1, order and duplicates kept.
"""

from contextlib import suppress
from datetime import UTC, datetime
from http import HTTPStatus

from mitmproxy import connection, flow, http
from mitmproxy.net.http import url
from mitmproxy.proxy import mode_specs

from corscope.fetch.headers import byte_lowercase, from_fields, get
from corscope.fetch.origin import DEFAULT_PORTS, parse_serialized_origin
from corscope.journal.exchange import Missing
from corscope.messages import HeaderList, Request, Response
from corscope.servers.answer import Answer

__all__ = [
    "answered_at",
    "asked_at",
    "client_of",
    "delivered_response",
    "made_response",
    "missing_of",
    "request_of",
    "response_of",
    "write_response",
]


def asked_at(flow: http.HTTPFlow) -> datetime:
    """When the flow's request came."""
    return datetime.fromtimestamp(flow.request.timestamp_start, UTC)


def answered_at(flow: http.HTTPFlow) -> datetime:
    """When the flow's answer or its failure came; not before its request."""
    answer = flow.response.timestamp_start if flow.response else None
    failure = flow.error.timestamp if flow.error else None
    asked = flow.request.timestamp_start
    return datetime.fromtimestamp(max(asked, answer or failure or asked), UTC)


def request_of(flow: http.HTTPFlow) -> Request:
    """The request as the browser sent it."""
    method = flow.request.data.method.decode("latin-1")  # `.method` upper-cases it
    return Request(method, _url(flow), from_fields(flow.request.headers.fields))


def _url(flow: http.HTTPFlow) -> str:
    """The URL as the browser sees it, which depends on how its connection came to the proxy."""
    mode, request = flow.client_conn.proxy_mode, flow.request
    if isinstance(mode, mode_specs.ReverseMode):
        return _reverse_url(flow)
    host, port = request.host, request.port
    if not isinstance(mode, mode_specs.RegularMode | mode_specs.UpstreamMode):
        host, named = url.parse_authority(request.host_header or host, check=False)
        port = named or DEFAULT_PORTS.get(request.scheme, port)
    return _joined(request.scheme, host, port, request.path)


def _joined(scheme: str, host: str, port: int, path: str) -> str:
    """A URL of parts that mitmproxy has taken the brackets and the punycode from."""
    if not host.isascii():
        with suppress(UnicodeError):
            host = host.encode("idna").decode()
    name = f"[{host}]" if ":" in host else host
    return url.unparse(scheme, name, port, path)


def _reverse_url(flow: http.HTTPFlow) -> str:
    """In reverse mode mitmproxy has put the server's name in place of the browser's Host.

    The browser named the address that the proxy listens at; where its Origin has that port, it
    used the Origin's host for it.
    """
    host, port = flow.client_conn.sockname[:2]
    scheme = "https" if flow.client_conn.tls else "http"
    origin = parse_serialized_origin(get(from_fields(flow.request.headers.fields), "Origin") or "")
    if origin is not None and (origin.port or DEFAULT_PORTS.get(origin.scheme)) == port:
        host = origin.host.strip("[]")
    return _joined(scheme, host, port, flow.request.path)


def response_of(response: http.Response) -> Response:
    """The head of a response."""
    return Response(response.status_code, from_fields(response.headers.fields))


def delivered_response(flow: http.HTTPFlow, response: http.Response) -> Response:
    """The head of a response as the browser gets it; mitmproxy lowers names where it must."""
    head = response_of(response)
    if not _has_lower_names(flow.request):
        return head
    return Response(head.status, tuple((byte_lowercase(n), v) for n, v in head.headers))


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
    hung_up = flow.live and not flow.is_replay and not flow.client_conn.state & reading
    if hung_up or message.startswith(("Client disconnected", "stream reset by client")):
        return Missing.CLIENT_GONE
    return Missing.NO_ANSWER


_KILLED = flow.Error.KILLED_MESSAGE


def made_response(answer: Answer, request: http.Request) -> http.Response:
    """The response of a rule that answers in the server's stead."""
    headers = _fields(answer.headers, request)
    if not _is_bodiless(answer.status) and "content-length" not in headers:
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
    """Give the flow's response another head; if that fails, it keeps the one it has."""
    assert flow.response is not None
    headers = _fields(response.headers, flow.request)
    is_other = flow.response.status_code != response.status
    loses_body = is_other and _is_bodiless(response.status)
    reason = _reason_phrase(response.status).decode()
    if loses_body:
        for name in ("content-length", "transfer-encoding"):
            headers.pop(name, None)
        flow.response.stream = _nothing
    if is_other:
        flow.response.status_code = response.status
        flow.response.reason = reason
    flow.response.headers = headers


def _is_bodiless(status: int) -> bool:
    """Whether a response with this status ends with its head, whatever the server has sent."""
    return status < 200 or status in {204, 304}


def _nothing(_: bytes) -> bytes:
    """What is passed on of each piece of a body that must not be there."""
    return b""


def _fields(headers: HeaderList, request: http.Request) -> http.Headers:
    """Headers in the form that mitmproxy takes."""
    lower = _has_lower_names(request)
    return http.Headers(
        [
            ((name.lower() if lower else name).encode("latin-1"), value.encode("latin-1"))
            for name, value in headers
        ]
    )


def _has_lower_names(request: http.Request) -> bool:
    """Whether the browser speaks HTTP/2 or 3, which know lower-case names only."""
    return request.is_http2 or request.is_http3


def _reason_phrase(status: int) -> bytes:
    try:
        return HTTPStatus(status).phrase.encode()
    except ValueError:
        return b""
