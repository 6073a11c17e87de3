"""Which characters does a file have? What reads files asks here, each for an end of its own.

Windows PowerShell's `>` writes UTF-16. `corscope import` reads that, as what it reads comes from
anywhere; rule files, journals and recordings are UTF-8, and who has others is told so.
"""

import codecs
from typing import Final, Literal

__all__ = ["Encoding", "encoding_of"]

Encoding = Literal["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]
"""As Python calls it; the first two without the byte order mark that may stand before the text."""

_MARKS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def encoding_of(begin: bytes) -> Encoding:
    """The encoding of a text by its first four bytes.

    Where no mark tells, two characters are looked at, both in ASCII: a NUL alone makes no UTF-16.
    """
    if begin.startswith(_MARKS):
        return "utf-16"
    match tuple(begin[:4]):  # bytes are no sequence to `match`
        case [0, first, 0, second] if first and second:
            return "utf-16-be"
        case [first, 0, second, 0] if first and second:
            return "utf-16-le"
    return "utf-8-sig"
