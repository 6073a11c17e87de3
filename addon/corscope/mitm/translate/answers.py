"""What was answered, and what does the browser get of that? Or why does it get nothing?"""

from http import HTTPStatus
from typing import Final, NamedTuple

from mitmproxy import connection, flow, http

from corscope.fetch.engines import Engine, engine_of
from corscope.fetch.headers import byte_lowercase, from_fields, get
from corscope.fetch.lines import (
    are_odd,
    is_too_long,
    is_too_long_over_http_2,
    lines_as_read,
    unreadable_name,
)
from corscope.fetch.reasons import INTERIM, TOO_LONG
from corscope.journal.alike.memo import Memo, is_small
from corscope.journal.exchange import Missing
from corscope.messages import HeaderList, Response
from corscope.mitm.translate.requests import has_lower_names, request_of

__all__ = ["Unreadable", "delivered_response", "missing_of", "missing_said", "response_of"]

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
    if has_lower_names(flow.request):
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
    over_http_2 = has_lower_names(flow.request)
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
    engine, over_http_2 = engine_of(request_of(flow).headers), has_lower_names(flow.request)
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
