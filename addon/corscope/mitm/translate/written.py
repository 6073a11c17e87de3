"""How does an answer of corscope's become one of mitmproxy's?"""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final, TypeVar

from mitmproxy import http

from corscope.journal.alike.memo import MOST_CHARACTERS, Memo, is_small
from corscope.messages import HeaderList, Response
from corscope.mitm.translate.requests import Fields, has_lower_names
from corscope.servers.answer import Answer

__all__ = ["made_response", "write_response"]

T = TypeVar("T")

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


_encoded: Memo[object, Fields] = Memo(500)
"""What rules make of answers is mostly the same; then its bytes are, too, and found so later."""


def _fields(headers: HeaderList, request: http.Request) -> Fields:
    """Headers in the form that mitmproxy takes."""
    lower = has_lower_names(request)
    return _encoded.get((headers, lower)) or _encode(headers, lower)


def _encode(headers: HeaderList, lower: bool) -> Fields:
    fields = tuple(
        ((name.lower() if lower else name).encode("latin-1"), value.encode("latin-1"))
        for name, value in headers
    )
    return _encoded.put((headers, lower), fields) if is_small(headers) else fields


def _reason_phrase(status: int) -> bytes:
    try:
        return HTTPStatus(status).phrase.encode()
    except ValueError:
        return b""
