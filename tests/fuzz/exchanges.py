"""Exchanges written as text, so that a seed can be read and a mutation still means something.

    PUT https://api.example/items
    Origin: https://app.example

    204
    Access-Control-Allow-Origin: *

A request and its answer stand in turns, an empty line between them; any bytes are some exchanges.
"""

from __future__ import annotations

from collections.abc import Iterator

from corscope.messages import HeaderList, Request, Response

__all__ = ["header_list", "read_exchanges"]

MOST_EXCHANGES = 8


def header_list(lines: list[str]) -> HeaderList:
    """Header lines; one without a colon is a name without a value."""
    pairs = (line.partition(":") for line in lines)
    return tuple((name, value.strip(" \t")) for name, _, value in pairs)


def read_exchanges(data: bytes) -> Iterator[tuple[Request, Response | None]]:
    """The exchanges that the text tells of; an answer that is missing or has no status is none."""
    blocks = [block.split("\n") for block in data.decode("latin-1").split("\n\n")]
    for place in range(0, min(len(blocks), 2 * MOST_EXCHANGES), 2):
        (first, *lines), answer = blocks[place], blocks[place + 1 : place + 2]
        method, _, url = first.partition(" ")
        request = Request(method, url, header_list(lines))
        yield request, _response(answer[0]) if answer else None


def _response(lines: list[str]) -> Response | None:
    status = lines[0].strip(" ")
    if not (status.isascii() and status.isdigit() and len(status) == 3):
        return None
    return Response(int(status), header_list(lines[1:]))
