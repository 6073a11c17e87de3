"""How is an input changed so that it still reads? By words, and with what other inputs have.

Bytes that are flipped seldom make another header, key or argument: most of what libFuzzer does by
itself ends at the first thing that a reader looks at.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random
from typing import Final

__all__ = ["WORDS", "changed"]

WORDS: Final = (
    ":",
    ",",
    ";",
    "=",
    "*",
    '"',
    "'",
    "\\",
    "/",
    "//",
    "[",
    "]",
    "{",
    "}",
    "(",
    ")",
    "#",
    "?",
    "&",
    "@",
    "%",
    "%2e",
    "..",
    "null",
    "true",
    "false",
    "0",
    "-1",
    "9999999999",
    "bytes=0-",
    "Access-Control-Allow-Origin",
    "Access-Control-Allow-Credentials",
    "Access-Control-Allow-Methods",
    "Access-Control-Allow-Headers",
    "Access-Control-Expose-Headers",
    "Access-Control-Max-Age",
    "Access-Control-Request-Method",
    "Access-Control-Request-Headers",
    "Origin",
    "Vary",
    "Location",
    "OPTIONS",
    "PUT",
    "GET",
    "Sec-Fetch-Mode",
    "Sec-Fetch-Site",
    "Sec-Fetch-Dest",
    "Cookie",
    "Authorization",
    "Content-Type",
    "Cache-Control",
    "https://",
    "http://",
    "xn--",
    "[::1]",
    "127.0.0.1",
    "localhost",
    "[[rule]]",
    "[rule.policy]",
    "[rule.headers]",
    "[rule.fault]",
    "match.host",
    "match.url",
    "match.filter",
    "name",
    "allow_origins",
    "allow_origin_regex",
    "allow_headers",
    "like",
    "express",
    "{origin}",
    "{headers}",
    "{{",
    "}}",
    "<hostile>",
    "import",
    "log",
    "entries",
    "request",
    "response",
    "headers",
    "value",
)
"""What means something to a target; libFuzzer puts them in too."""

_PARTS: Final = re.compile(rb"\w+|\s+|.", re.DOTALL)
_CHANGES: Final = (1, 1, 2, 3, 5)
_LONGEST: Final = 12
"""Words that are taken out, or put in, at once."""


def changed(data: bytes, others: Sequence[bytes], seed: int) -> bytes:
    """The input with some runs of words replaced; the same for the same seed.

    Args:
        data: the input.
        others: what else a run is taken from.
        seed: which of all changes it is.
    """
    random = Random(seed)
    words = _PARTS.findall(data)
    for _ in range(random.choice(_CHANGES)):
        start, end = _run(words, random)
        words[start:end] = _put_in(words, others, random)
    return b"".join(words)


def _put_in(words: list[bytes], others: Sequence[bytes], random: Random) -> list[bytes]:
    """Nothing, a word that means something, or what stands here or in another input."""
    match random.randrange(4):
        case 0:
            return []
        case 1:
            return [random.choice(WORDS).encode()]
        case 2:
            source = words
        case _:
            source = _PARTS.findall(random.choice(others))
    start, end = _run(source, random)
    return source[start:end]


def _run(words: Sequence[bytes], random: Random) -> tuple[int, int]:
    start = random.randrange(len(words) + 1)
    return start, min(len(words), start + random.randrange(_LONGEST))
