"""What does a browser make of header lines that aren't as HTTP has them?

The Fetch standard leaves that to HTTP: https://www.rfc-editor.org/rfc/rfc9112#name-field-syntax and
https://www.rfc-editor.org/rfc/rfc9113#name-field-validity. Lines are taken as they are sent to it.
"""

import re
from collections.abc import Mapping
from typing import Final

from corscope.fetch.engines import Departure, Engine, departs
from corscope.fetch.headers import HTTP_TAB_OR_SPACE
from corscope.messages import HeaderList

__all__ = [
    "LONGEST_HEADS",
    "LONGEST_HEADS_OVER_HTTP_2",
    "are_odd",
    "is_too_long",
    "is_too_long_over_http_2",
    "lines_as_read",
    "unreadable_name",
]

LONGEST_HEADS: Final[Mapping[Engine, int]] = {
    Engine.CHROMIUM: 262_144,
    Engine.FIREFOX: 393_216,
    Engine.WEBKIT: 65_538,
}
"""Bytes, from the status line to the empty one, that each takes of an answer over HTTP/1.1."""

LONGEST_HEADS_OVER_HTTP_2: Final[Mapping[Engine, tuple[int, int]]] = {
    Engine.CHROMIUM: (262_144, 32),
    Engine.FIREFOX: (393_202, 4),
}
"""The same over HTTP/2, which WebKitGTK doesn't speak through a proxy; and what each line counts
besides its name and value. Firefox takes some 50 bytes less of the first answer on a connection."""

_NUL: Final = re.compile(r"\x00")
_NUL_OR_NEWLINE: Final = re.compile(r"[\x00\r\n]")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def are_odd(headers: HeaderList) -> bool:
    """Whether any value holds a control character: if none does, all browsers read them alike."""
    return any(_CONTROL.search(value) for _, value in headers)


def unreadable_name(
    headers: HeaderList, engine: Engine = Engine.UNKNOWN, *, over_http_2: bool
) -> str | None:
    """The name of the first header on whose account the browser takes nothing of the answer.

    Args:
        headers: its lines as they are sent, with their folds.
        engine: whose departures from HTTP apply.
        over_http_2: whether the browser gets it over HTTP/2; else it is HTTP/1.1.
    """
    forbidden = _forbidden_over_http_2(engine) if over_http_2 else _NUL
    return next((name for name, value in headers if forbidden.search(value)), None)


def _forbidden_over_http_2(engine: Engine) -> re.Pattern[str]:
    if departs(engine, Departure.CONTROLS_REFUSED):
        return _CONTROL
    return _NUL if departs(engine, Departure.NEWLINES_TAKEN) else _NUL_OR_NEWLINE


def is_too_long(length: int, engine: Engine = Engine.UNKNOWN) -> bool:
    """Whether the browser takes nothing of an answer over HTTP/1.1 that has so many bytes of head.

    HTTP sets no limit: https://www.rfc-editor.org/rfc/rfc9110#section-5.4
    """
    return length > LONGEST_HEADS.get(engine, length)


def is_too_long_over_http_2(headers: HeaderList, engine: Engine = Engine.UNKNOWN) -> bool:
    """Whether the browser takes nothing of an answer with these fields, `:status` among them.

    https://www.rfc-editor.org/rfc/rfc9113#name-defined-settings
    """
    if engine not in LONGEST_HEADS_OVER_HTTP_2:
        return False
    most, besides = LONGEST_HEADS_OVER_HTTP_2[engine]
    return sum(len(name) + len(value) + besides for name, value in headers) > most


def lines_as_read(headers: HeaderList, engine: Engine = Engine.UNKNOWN) -> HeaderList:
    """The lines, folds undone, as the browser divides them over HTTP/1.1."""
    if not departs(engine, Departure.CARRIAGE_RETURN_ENDS_LINE):
        return headers
    made: list[tuple[str, str]] = []
    for name, value in headers:
        first, *further = value.split("\r")
        made.append((name, first.strip(HTTP_TAB_OR_SPACE)))
        for line in further:
            _add_line(made, line)
    return tuple(made)


def _add_line(made: list[tuple[str, str]], line: str) -> None:
    """A fold, another header, or nothing that counts."""
    name, colon, value = line.partition(":")
    if line.startswith((" ", "\t")):
        last, before = made.pop()
        made.append((last, f"{before} {line.strip()}".strip(HTTP_TAB_OR_SPACE)))
    elif colon:
        made.append((name, value.strip(HTTP_TAB_OR_SPACE)))
