"""Is this a journal, and one with an object a line? What other programs make of one may not be."""

import json
import re
from typing import Final

from corscope.mitm.saved.unreadable import packing

__all__ = ["begins_as_journal", "unfit"]

_VERSION_FIRST: Final = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"v"\s*:')
_WITHIN_LINE: Final = re.compile(rb'\n\{"v":1,"type":"[a-z]+","time":"')
_FLOW: Final = re.compile(rb"[0-9]+:")
_BOM: Final = b"\xef\xbb\xbf"

_SPREAD: Final = re.compile(rb"(\[)\s*\{|\{\s*\n")
_TYPE: Final = re.compile(rb'"type"\s*:\s*"(?:start|rules|exchange|outcome)"')
_OF_VERSION: Final = re.compile(rb'"v"\s*:\s*1\b')


def begins_as_journal(begin: bytes) -> bool:
    """Whether a file begins as a journal does, or within a line of one, as what was cut off does.

    Its keys may be in any order, as after `jq -S`. Of a rest that is longer than the beginning
    nothing is known.
    """
    if _VERSION_FIRST.match(begin) or _is_line(begin):
        return True
    return _FLOW.match(begin) is None and _WITHIN_LINE.search(begin) is not None


def _is_line(begin: bytes) -> bool:
    """Whether the first line is a journal's."""
    line = begin.removeprefix(_BOM).lstrip().partition(b"\n")[0]
    if not (line.startswith(b"{") and _TYPE.search(line) and _OF_VERSION.search(line)):
        return False
    try:
        content = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return "v" in content and isinstance(content.get("type"), str)


def unfit(begin: bytes) -> tuple[str, str] | None:
    """What a file is that has to be made a journal of first, and how, by how it begins; or None."""
    text = begin.removeprefix(_BOM).lstrip()
    spread = _SPREAD.match(text)
    if spread and _TYPE.search(text) and _OF_VERSION.search(text):
        take = ".[]" if spread[1] else "."
        return (
            "is a journal no more: its objects go over several lines",
            f"make a line of each again: `jq -c {take} FILE`",
        )
    return packing(text)
