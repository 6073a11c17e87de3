"""The values that all rooms share: header list, request, response.

They carry what was on the wire and nothing else: bytes decoded once as Latin-1 (the standard's
isomorphic decoding), header order and repeated lines kept. No logic lives here.
"""

from typing import NamedTuple

__all__ = ["HeaderList", "Request", "Response"]

HeaderList = tuple[tuple[str, str], ...]
"""Header lines as (name, value), in wire order; a repeated header is a repeated pair."""


class Request(NamedTuple):  # which is hashed in a third of a frozen dataclass's time
    """An HTTP request; `url` is the absolute URL as the browser sees it."""

    method: str
    url: str
    headers: HeaderList


class Response(NamedTuple):
    """The head of an HTTP response."""

    status: int
    headers: HeaderList
