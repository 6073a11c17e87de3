"""What does `Configuration["Cors:Origins"]` of ASP.NET Core hold?

Its files stand beside the code, or in a folder above it: appsettings.json, and over that the one
for production, where the server is unless its environment says otherwise. That may set any of it.
Follows https://learn.microsoft.com/aspnet/core/fundamentals/configuration.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from corscope.cli.imports.tree import DEEPEST, LONGEST, Source
from corscope.encoding import encoding_of

__all__ = ["Settings", "listed", "settings_beside"]

Settings = Mapping[str, str]
"""The texts by their keys in small letters, `cors:origins:0` say."""

_FILES: Final = ("appsettings.json", "appsettings.Production.json")
_UP: Final = 2
_MOST_BYTES: Final = 1024 * 1024
_PIECE: Final = re.compile(r'"(?:\\.|[^"\\])*+"?|//[^\n]*|/\*|,|\s+|[^"/,\s]', re.DOTALL)


def settings_beside(source: Source) -> Settings:
    """What the files say; nothing where there are none.

    Raises:
        UnreadableError: one of them can't be read.
    """
    if source.name == "-":
        return {}
    for folder in Path(source.name).absolute().parents[: _UP + 1]:
        if (folder / _FILES[0]).is_file():
            found: dict[str, str] = {}
            for name in _FILES:
                if (folder / name).is_file():
                    found |= _read(folder / name, source)
            return found
    return {}


def _read(file: Path, source: Source) -> Settings:
    try:
        with file.open("rb") as stream:
            data = stream.read(_MOST_BYTES + 1)
        text = data.decode(encoding_of(data))
        if len(data) > _MOST_BYTES:
            raise ValueError("is too large")
        return dict(_flat(json.loads(_plain(text)), ""))
    except (OSError, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        source.refuse(f"{file.name} beside it can't be read: {reason}")


def _plain(text: str) -> str:
    """JSON without what System.Text.Json passes over: comments, and commas before an end."""
    kept: list[str] = []
    comma, at = 0, 0
    while (found := _PIECE.match(text, at)) is not None:
        piece, at = found[0], found.end()
        if piece == "/*":
            end = text.find("*/", at)
            at = len(text) if end < 0 else end + 2
        elif not piece.startswith("//"):
            if piece in {"}", "]"} and comma:
                kept[comma] = ""
            if not piece.isspace():
                comma = len(kept) if piece == "," else 0
            kept.append(piece)
    return "".join(kept) + text[at:]


def _flat(value: object, key: str, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Each text under the way to it; a list's items stand under their numbers."""
    if depth > DEEPEST:
        raise RecursionError
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for name, inner in pairs:
            way = f"{key}:{str(name).lower()}" if key else str(name).lower()
            yield from _flat(inner, way, depth + 1)
    elif value is not None:
        yield key, str(value)


def listed(settings: Settings, name: str) -> tuple[str, ...]:
    """What stands under the numbers from 0 on."""
    items: list[str] = []
    while len(items) < LONGEST and (key := f"{name.lower()}:{len(items)}") in settings:
        items.append(settings[key])
    return tuple(items)
