"""What does a record of a flow file hold, as far as CORS goes? The head of request and answer.

mitmproxy's own reader makes an object of every value, of bodies and certificates too, and checks
each; that takes most of the time of reading a file. Here lengths are followed to the values that
are wanted. Whatever isn't as this version of mitmproxy writes it is left to that reader.

A record is a tnetstring: `length:payload` and a byte for its type. https://tnetstrings.info
"""

from functools import lru_cache
from typing import Final, cast

from mitmproxy import connection, flow, http
from mitmproxy.io import tnetstring
from mitmproxy.version import FLOW_FORMAT_VERSION

__all__ = ["UnusualError", "flow_of"]

LONGEST_REMEMBERED: Final = 16 * 1024
"""A connection's state is read once and remembered, unless it is longer than this."""

_Value = tuple[int, int, int]
"""A value that isn't read yet: the byte for its type, where it begins, and where it ends."""

_Members = dict[bytes, _Value]

_DICT, _LIST, _BYTES, _TEXT = b"}],;"
_INTEGER, _FLOAT, _NULL = b"#^~"

_NO_SERVER: Final = connection.Server(address=None)


class UnusualError(ValueError):
    """The record isn't as this version of mitmproxy writes it, or broken."""


def flow_of(record: bytes) -> http.HTTPFlow | None:
    """The flow of a record behind its length, without bodies and connection to the server.

    None for a flow of another protocol.

    Raises:
        UnusualError: only mitmproxy's own reader can tell what it is.
    """
    try:
        return _flow_of(record)
    except (ValueError, KeyError, IndexError, TypeError, AssertionError) as error:
        raise UnusualError(str(error)) from error


def _flow_of(record: bytes) -> http.HTTPFlow | None:
    state = _members(record, (record[-1], 0, len(record) - 1))
    if _integer(record, state[b"version"]) != FLOW_FORMAT_VERSION:
        raise UnusualError("another version")
    if _text(record, state[b"type"]) != "http":
        return None
    client = _sub(record, state[b"client_conn"])
    remembers = len(client) <= LONGEST_REMEMBERED
    found = http.HTTPFlow(_remembered_client(client) if remembers else _client(client), _NO_SERVER)
    found.id = _text(record, state[b"id"])
    if state[b"is_replay"][0] != _NULL:
        found.is_replay = _text(record, state[b"is_replay"])
    found.request = _request(record, _members(record, state[b"request"]))
    if state[b"response"][0] != _NULL:
        found.response = _response(record, _members(record, state[b"response"]))
    if state[b"error"][0] != _NULL:
        error = _members(record, state[b"error"])
        found.error = flow.Error(_text(record, error[b"msg"]), _number(record, error[b"timestamp"]))
    metadata = state[b"metadata"]
    if metadata[1] != metadata[2]:
        found.metadata = cast("dict[str, object]", _loaded(_sub(record, metadata), _DICT))
    return found


def _request(record: bytes, state: _Members) -> http.Request:
    return http.Request(
        host=_text(record, state[b"host"]),
        port=_integer(record, state[b"port"]),
        method=_bytes(record, state[b"method"]),
        scheme=_bytes(record, state[b"scheme"]),
        authority=_bytes(record, state[b"authority"]),
        path=_bytes(record, state[b"path"]),
        http_version=_bytes(record, state[b"http_version"]),
        headers=_headers(record, state[b"headers"]),
        content=None,
        trailers=None,
        timestamp_start=_number(record, state[b"timestamp_start"]),
        timestamp_end=None,
    )


def _response(record: bytes, state: _Members) -> http.Response:
    return http.Response(
        http_version=_bytes(record, state[b"http_version"]),
        status_code=_integer(record, state[b"status_code"]),
        reason=b"",
        headers=_headers(record, state[b"headers"]),
        content=None,
        trailers=None,
        timestamp_start=_number(record, state[b"timestamp_start"]),
        timestamp_end=None,
    )


def _headers(record: bytes, value: _Value) -> http.Headers:
    fields = []
    for line in _items(record, value):
        name, text = _items(record, line)
        fields.append((_bytes(record, name), _bytes(record, text)))
    return http.Headers(fields)


def _client(state: bytes) -> connection.Client:
    return connection.Client.from_state(_loaded(state, _DICT))


_remembered_client = lru_cache(maxsize=64)(_client)
"""Many flows share a connection, hence the same bytes."""


def _loaded(payload: bytes, type_: int) -> object:
    return tnetstring.parse(type_, memoryview(payload))


# Following lengths


def _next(record: bytes, at: int, end: int) -> _Value:
    """The value that begins there with its length."""
    colon = record.index(b":", at, at + 13)
    length = record[at:colon]
    start = colon + 1
    # `int` also takes a sign and blanks
    stop = start + int(length) if length.isdigit() else end
    if stop >= end:
        raise UnusualError("a length that leads nowhere")
    return record[stop], start, stop


def _items(record: bytes, value: _Value) -> list[_Value]:
    """The items of a list, or the keys and values of a dict in turn."""
    _, at, end = value
    found = []
    while at < end:
        item = _next(record, at, end)
        found.append(item)
        at = item[2] + 1
    return found


def _members(record: bytes, value: _Value) -> _Members:
    if value[0] != _DICT:
        raise UnusualError("no dict")
    items = iter(_items(record, value))
    return {record[start:end]: next(items) for _, start, end in items}


def _sub(record: bytes, value: _Value) -> bytes:
    return record[value[1] : value[2]]


def _text(record: bytes, value: _Value) -> str:
    return _typed(record, value, _TEXT).decode()


def _bytes(record: bytes, value: _Value) -> bytes:
    return _typed(record, value, _BYTES)


def _integer(record: bytes, value: _Value) -> int:
    return int(_typed(record, value, _INTEGER))


def _number(record: bytes, value: _Value) -> float:
    type_, start, end = value
    if type_ not in {_INTEGER, _FLOAT}:
        raise UnusualError("no number")
    return float(record[start:end])


def _typed(record: bytes, value: _Value, wanted: int) -> bytes:
    type_, start, end = value
    if type_ != wanted:
        raise UnusualError("of another type")
    return record[start:end]
