"""What does a server read of a request header that comes twice?

The standard, Node and most proxies join the lines by a comma and a space, which is what dialects
see by themselves. A dialect whose server does otherwise wraps its functions with one of these. No
browser sends such a request.
"""

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from corscope.messages import HeaderList, Request
from corscope.servers.policy import Policy

__all__ = [
    "joined_by_comma",
    "last_lines",
    "reading_appended_by_comma",
    "reading_first",
    "reading_joined_by_comma",
    "reading_joined_where_not_empty",
]

_Rest = ParamSpec("_Rest")
_Given = TypeVar("_Given")
_Function = Callable[Concatenate[Policy, Request, _Rest], _Given]


def reading_first(function: _Function[_Rest, _Given]) -> _Function[_Rest, _Given]:
    """The function of a dialect whose server reads the first line only."""
    return _given(function, lambda lines: lines[0])


def reading_joined_by_comma(function: _Function[_Rest, _Given]) -> _Function[_Rest, _Given]:
    """The function of a dialect whose server joins the lines without a space, as WSGI's do."""
    return _given(function, ",".join)


def reading_appended_by_comma(function: _Function[_Rest, _Given]) -> _Function[_Rest, _Given]:
    """The function of a dialect whose server puts a comma only behind what isn't empty."""
    return _given(function, _appended)


def reading_joined_where_not_empty(
    function: _Function[_Rest, _Given],
) -> _Function[_Rest, _Given]:
    """The function of a dialect whose server joins without a space what isn't empty."""
    return _given(function, lambda lines: ",".join(filter(None, lines)))


def _appended(lines: list[str]) -> str:
    joined = ""
    for line in lines:
        joined = f"{joined},{line}" if joined else line
    return joined


def joined_by_comma(request: Request) -> Request:
    """The request with the lines of each header in one."""
    return request._replace(headers=_read(request.headers, ",".join))


def last_lines(request: Request) -> Request:
    """The request with only the last line of each header."""
    return request._replace(headers=_read(request.headers, lambda lines: lines[-1]))


def _given(
    function: _Function[_Rest, _Given], read: Callable[[list[str]], str]
) -> _Function[_Rest, _Given]:
    def reading(
        policy: Policy, request: Request, /, *rest: _Rest.args, **named: _Rest.kwargs
    ) -> _Given:
        headers = _read(request.headers, read)
        return function(policy, request._replace(headers=headers), *rest, **named)

    return reading


def _read(headers: HeaderList, read: Callable[[list[str]], str]) -> HeaderList:
    lines: dict[str, list[str]] = {}
    for name, value in headers:
        lines.setdefault(name.lower(), []).append(value)
    if len(lines) == len(headers):
        return headers
    return tuple((name, read(values)) for name, values in lines.items())
