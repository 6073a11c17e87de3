"""How do mitmproxy's objects become corscope's values, and back?

All that the other rooms get of live traffic, or give back to it, passes here. Header bytes are
decoded as Latin-1, order and duplicates kept.
"""

from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from http import HTTPStatus
from typing import Final, NamedTuple, TypeVar

from mitmproxy import connection, flow, http
from mitmproxy.net.http import url
from mitmproxy.proxy import mode_specs

from corscope.fetch.engines import Engine, engine_of
from corscope.fetch.headers import byte_lowercase, from_fields, get, values
from corscope.fetch.lines import (
    are_odd,
    is_too_long,
    is_too_long_over_http_2,
    lines_as_read,
    unreadable_name,
)
from corscope.fetch.origin import DEFAULT_PORTS, parse_serialized_origin
from corscope.fetch.reasons import INTERIM, TOO_LONG
from corscope.fetch.url import LONGEST_REMEMBERED
from corscope.journal.alike.memo import MOST_CHARACTERS, Memo, is_small, length_of
from corscope.journal.exchange import Missing
from corscope.messages import HeaderList, Request, Response
from corscope.servers.answer import Answer

__all__ = [
    "Asked",
    "Unreadable",
    "answered_at",
    "asked_at",
    "asked_of",
    "delivered_response",
    "joined_url",
    "made_response",
    "missing_of",
    "missing_said",
    "request_of",
    "response_of",
    "write_response",
]

T = TypeVar("T")


def asked_at(flow: http.HTTPFlow) -> datetime:
    """When the flow's request came."""
    return _moment(flow.request.timestamp_start)


def answered_at(flow: http.HTTPFlow) -> datetime:
    """When the flow's answer or its failure came; not before its request."""
    answer = flow.response.timestamp_start if flow.response else None
    failure = flow.error.timestamp if flow.error else None
    asked = flow.request.timestamp_start
    return _moment(max(asked, answer or failure or asked))


_LATEST = datetime(9000, 1, 1, tzinfo=UTC).timestamp()


def _moment(seconds: float) -> datetime:
    """A time that can be counted on from; a saved file may hold any number for it."""
    if not 0 <= seconds <= _LATEST:  # true of what is no number, too
        seconds = 0.0
    return datetime.fromtimestamp(seconds, UTC)


class Asked(NamedTuple):
    """A request as the browser sent it.

    Attributes:
        client: what tells one browser from another: its address and how it calls itself.
        request: the request.
    """

    client: str
    request: Request


_asked: Memo[object, Asked] = Memo(2_000, from_second_time=True)


def asked_of(flow: http.HTTPFlow) -> Asked:
    """Who asked what; the same value for what is the same on the wire."""
    data, client = flow.request.data, flow.client_conn
    key = (
        data.method,
        data.path,
        data.headers.fields,
        data.host,
        data.port,
        data.scheme,
        client.sockname,
        client.proxy_mode.full_spec,
        client.tls,
        client.sni,
        client.peername and client.peername[0],
    )
    return _asked.get(key) or _decoded(flow, key)


def request_of(flow: http.HTTPFlow) -> Request:
    """The request as the browser sent it."""
    return asked_of(flow).request


def _decoded(flow: http.HTTPFlow, key: object) -> Asked:
    data, peer = flow.request.data, flow.client_conn.peername
    fields = data.headers.fields
    headers, agent, length = _header_lists.get(fields) or _decoded_headers(fields)
    # `.method` of the request itself upper-cases it.
    request = Request(data.method.decode("latin-1"), _url(flow), headers)
    asked = Asked(f"{peer[0] if peer else ''} {agent}", request)
    is_short = length + len(request.url) <= MOST_CHARACTERS
    return _asked.put(key, asked) if is_short else asked


_Fields = tuple[tuple[bytes, bytes], ...]

_Headers = tuple[HeaderList, str, int]
"""A request's headers, the browser that they name, and about how many characters they have."""

_header_lists: Memo[_Fields, _Headers] = Memo(500)
"""An app sends the same headers to one URL after the other: one value for all of them."""


def _decoded_headers(fields: _Fields) -> _Headers:
    headers = from_fields(fields)
    if engine_of(headers) is Engine.WEBKIT:
        headers = tuple((name, _as_script_set(value)) for name, value in headers)
    agent, length = next(iter(values(headers, "User-Agent")), ""), length_of(headers)
    made = headers, agent, length
    return _header_lists.put(fields, made) if length <= MOST_CHARACTERS else made


def _as_script_set(value: str) -> str:
    """WebKit sends in UTF-8 what script may set in Latin-1, and has counted its length before."""
    if value.isascii():
        return value
    try:
        made = value.encode("latin-1").decode()
        made.encode("latin-1")
    except UnicodeError:
        return value
    return made


_ASKED_AS_PROXY: Final = (mode_specs.RegularMode, mode_specs.UpstreamMode)


def _url(flow: http.HTTPFlow) -> str:
    """The URL as the browser sees it, which depends on how its connection came to the proxy."""
    mode, request = flow.client_conn.proxy_mode, flow.request
    host, port = request.host, request.port
    if not isinstance(mode, _ASKED_AS_PROXY):
        if isinstance(mode, mode_specs.ReverseMode):
            return _reverse_url(flow)
        host, named = url.parse_authority(request.host_header or host, check=False)
        port = named or DEFAULT_PORTS.get(request.scheme, port)
    return joined_url(request.scheme, host, port, request.path)


def joined_url(scheme: str, host: str, port: int, path: str) -> str:
    """A URL of parts that mitmproxy has taken the brackets and the punycode from."""
    is_short = len(host) <= LONGEST_REMEMBERED
    return (_remembered if is_short else _before_path)(scheme, host, port) + path


def _before_path(scheme: str, host: str, port: int) -> str:
    if not host.isascii():
        with suppress(UnicodeError):
            host = host.encode("idna").decode()
    name = f"[{host}]" if ":" in host else host
    return url.unparse(scheme, name, port, "")


_remembered = lru_cache(maxsize=500)(_before_path)


def _reverse_url(flow: http.HTTPFlow) -> str:
    """The URL where the browser takes the proxy for the server.

    Its Host says so where mitmproxy keeps that. Else there is the server's name in its place; then
    TLS tells the host, or an Origin that has the port at which the proxy listens: a page of its own
    most likely named that as its requests do.
    """
    client, request = flow.client_conn, flow.request
    host, port = client.sockname[:2]
    scheme = "https" if client.tls else "http"
    origin = parse_serialized_origin(get(from_fields(request.headers.fields), "Origin") or "")
    if kept := _kept_host(request):
        host, named = url.parse_authority(kept, check=False)
        port = named or DEFAULT_PORTS[scheme]
    elif client.sni:
        host = client.sni
    elif origin is not None and (origin.port or DEFAULT_PORTS.get(origin.scheme)) == port:
        host = origin.host.strip("[]")
    return joined_url(scheme, host, port, request.path)


def _kept_host(request: http.Request) -> str | None:
    """The browser's own Host, where the option keep_host_header is set and it tells anything."""
    server = url.hostport(request.scheme, request.host, request.port)
    return None if request.host_header == server else request.host_header


_responses: Memo[object, Response] = Memo(500)


def response_of(response: http.Response) -> Response:
    """The head of a response; the same value for what is the same on the wire."""
    key = (response.data.status_code, response.data.headers.fields)
    return _responses.get(key) or _read(response, key)


def _read(response: http.Response, key: object) -> Response:
    head = Response(response.status_code, from_fields(response.headers.fields))
    return _responses.put(key, head) if is_small(head.headers) else head


_delivered: Memo[object, Response] = Memo(500)


class Unreadable(NamedTuple):
    """What keeps the browser from taking anything of the answer: in words, and in one, if any."""

    error: str
    detail: str | None


_INTERIM: Final = Unreadable(
    "mitmproxy takes an interim answer for the last one, and the browser waits on", INTERIM
)

_TOO_LONG: Final = Unreadable("the browser takes no head of an answer that is so long", TOO_LONG)

_UNASKED: Final = Unreadable(
    "the browser hasn't asked for another protocol, and takes 101 for no answer", None
)


def delivered_response(flow: http.HTTPFlow, response: http.Response) -> Response | Unreadable:
    """The head of a response as the browser gets it; mitmproxy lowers names where it must."""
    data = response.data
    key = (data.status_code, data.headers.fields, flow.request.data.http_version)
    return _delivered.get(key) or _deliver(flow, response, key)


def _deliver(flow: http.HTTPFlow, response: http.Response, key: object) -> Response | Unreadable:
    if unreadable := _interim(flow, response):
        return unreadable
    head = response_of(response)
    sent = tuple(  # mitmproxy takes off around a value what Python takes for space
        (name.decode("latin-1"), value.strip().decode("latin-1"))
        for name, value in response.data.headers.fields
    )
    is_short = is_small(head.headers)
    if not is_short and _is_too_long(flow, response):
        return _TOO_LONG
    is_odd = are_odd(sent)
    if is_odd:  # what becomes of it hangs on the engine, which isn't in the key
        read = _read_by_browser(flow, sent, head)
        if isinstance(read, Unreadable):
            return read
        head = read
    if _has_lower_names(flow.request):
        lower = [(byte_lowercase(name), value) for name, value in head.headers]
        head = Response(head.status, tuple(pair for pair in lower if _is_of_http_2(pair[0])))
    is_alike = not is_odd and head.status != HTTPStatus.SWITCHING_PROTOCOLS
    return _delivered.put(key, head) if is_alike and is_short else head


def _is_too_long(flow: http.HTTPFlow, response: http.Response) -> bool:
    """Whether the browser takes no head with so many bytes; over HTTP/3 that isn't known."""
    data, engine = response.data, engine_of(request_of(flow).headers)
    if flow.request.is_http2:
        status = (":status", str(data.status_code))
        fields = [pair for pair in from_fields(data.headers.fields) if _is_of_http_2(pair[0])]
        return is_too_long_over_http_2((status, *fields), engine)
    if flow.request.is_http3:
        return False
    first = f"HTTP/1.1 {data.status_code} \r\n"
    lines = sum(len(name) + len(value) + len(": \r\n") for name, value in data.headers.fields)
    length = len(first) + len(data.reason) + lines + len("\r\n")
    return is_too_long(length, engine)


def _interim(flow: http.HTTPFlow, response: http.Response) -> Unreadable | None:
    """What the browser makes of an answer below 200, but for a WebSocket's."""
    if not 100 <= response.status_code < 200:
        return None
    over_http_2 = _has_lower_names(flow.request)
    if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS or over_http_2:
        return _INTERIM
    headers = request_of(flow).headers
    if (get(headers, "Upgrade") or "").lower() == "websocket":
        return None
    takes_it = engine_of(headers) in {Engine.FIREFOX, Engine.UNKNOWN}
    return None if takes_it else _UNASKED


def _read_by_browser(
    flow: http.HTTPFlow, sent: HeaderList, head: Response
) -> Response | Unreadable:
    """What this browser makes of lines that aren't as HTTP has them."""
    engine, over_http_2 = engine_of(request_of(flow).headers), _has_lower_names(flow.request)
    name = unreadable_name(sent, engine, over_http_2=over_http_2)
    if name is not None:
        return Unreadable(f"the browser doesn't take the header {name}", name)
    return head if over_http_2 else Response(head.status, lines_as_read(head.headers, engine))


_OF_HTTP_1: Final = frozenset(
    {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"}
)
"""What HTTP/2 and 3 have no place for (https://www.rfc-editor.org/rfc/rfc9113#section-8.2.2), so
that mitmproxy leaves it out."""


def _is_of_http_2(name: str) -> bool:
    return byte_lowercase(name) not in _OF_HTTP_1


def missing_of(flow: http.HTTPFlow) -> Missing:
    """Why a flow that failed gave the browser no answer of the server's."""
    said = missing_said(flow.error.msg if flow.error else "")
    reading = connection.ConnectionState.CAN_READ
    hung_up = flow.live and not flow.is_replay and not flow.client_conn.state & reading
    return Missing.CLIENT_GONE if hung_up and said is not Missing.DROPPED else said


def missing_said(message: str) -> Missing:
    """The same, as far as a flow's error says."""
    if message == _KILLED:
        return Missing.DROPPED
    if message.startswith(("Client disconnected", "stream reset by client")):
        return Missing.CLIENT_GONE
    return Missing.NO_ANSWER


_KILLED = flow.Error.KILLED_MESSAGE


_made: Memo[object, http.Response] = Memo(500)


def made_response(answer: Answer, request: http.Request) -> http.Response:
    """The response of a rule that answers in the server's stead."""
    key = (answer, request.data.http_version)
    model = _made.get(key) or _make(answer, request, key)
    # Not made anew, which takes far longer: mitmproxy checks each field's type then.
    response = _copied(model)
    response.data = _copied(model.data)
    response.data.headers = _copied(model.data.headers)
    response.data.timestamp_start = datetime.now(UTC).timestamp()
    return response


def _copied(value: T) -> T:
    """A copy that shares what it is made of; `copy.copy` takes five times as long for it."""
    made = object.__new__(type(value))
    made.__dict__.update(value.__dict__)
    return made


def _make(answer: Answer, request: http.Request, key: object) -> http.Response:
    headers = http.Headers(_fields(answer.headers, request))
    if not _is_bodiless(answer.status) and "content-length" not in headers:
        headers["content-length"] = str(len(answer.body))
    response = http.Response(
        http_version=request.data.http_version,
        status_code=answer.status,
        reason=_reason_phrase(answer.status),
        headers=headers,
        content=answer.body,
        trailers=None,
        timestamp_start=0,
        timestamp_end=None,
    )
    is_kept = is_small(answer.headers) and len(answer.body) <= MOST_CHARACTERS
    return _made.put(key, response) if is_kept else response


def write_response(flow: http.HTTPFlow, response: Response) -> None:
    """Give the flow's response another head; if that fails, it keeps the one it has."""
    assert flow.response is not None
    fields = _fields(response.headers, flow.request)
    if flow.response.status_code != response.status:
        reason = _reason_phrase(response.status).decode()
        if _is_bodiless(response.status):
            fields = tuple(field for field in fields if field[0].lower() not in _OF_A_BODY)
            flow.response.stream = _nothing
        flow.response.status_code = response.status
        flow.response.reason = reason
    flow.response.headers.fields = fields


_OF_A_BODY: Final = (b"content-length", b"transfer-encoding")


def _is_bodiless(status: int) -> bool:
    """Whether a response with this status ends with its head, whatever the server has sent."""
    return status < 200 or status in {204, 304}


def _nothing(_: bytes) -> bytes:
    """What is passed on of each piece of a body that must not be there."""
    return b""


_encoded: Memo[object, _Fields] = Memo(500)
"""What rules make of answers is mostly the same; then its bytes are, too, and found so later."""


def _fields(headers: HeaderList, request: http.Request) -> _Fields:
    """Headers in the form that mitmproxy takes."""
    lower = _has_lower_names(request)
    return _encoded.get((headers, lower)) or _encode(headers, lower)


def _encode(headers: HeaderList, lower: bool) -> _Fields:
    fields = tuple(
        ((name.lower() if lower else name).encode("latin-1"), value.encode("latin-1"))
        for name, value in headers
    )
    return _encoded.put((headers, lower), fields) if is_small(headers) else fields


def _has_lower_names(request: http.Request) -> bool:
    """Whether the browser speaks HTTP/2 or 3, which know lower-case names only."""
    return request.is_http2 or request.is_http3


def _reason_phrase(status: int) -> bytes:
    try:
        return HTTPStatus(status).phrase.encode()
    except ValueError:
        return b""
