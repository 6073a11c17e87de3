"""What do exchanges share that differ in their URL alone, but for its origin?

All that is judged and written of them, where nothing is to remark and the answer leads nowhere:
then nothing hangs on the path. An app's URLs are new more often than not; a pattern of another one
takes 10 us, not 100, and its line 4, not 33.
"""

import secrets
from dataclasses import dataclass
from typing import Any, Final

from corscope.journal.alike.pattern import Pattern

__all__ = ["LONGEST_CAST", "TOKEN", "Mould", "around"]

LONGEST_CAST: Final = 250
"""So many characters may a URL have, and a detail of the verdict, to be put together: Firefox cuts
off what it prints, but not before both are in it."""

TOKEN: Final = secrets.token_hex(8)
"""The path of a URL that nobody asks for, by which it is found where URLs stand in a text."""


@dataclass(slots=True, eq=False)
class Mould:
    """What the patterns of such exchanges are made of.

    Attributes:
        first: the pattern of the first.
        length: how many characters the first has, without its URL.
        quiet_on: what was remembered of its URL, and what had opened the way, when there was no
            finding.
        noted: what was to note of it for those after it.
        line: what stands before, between and behind the URLs in the part of the line that is the
            same; None as long as none was made, and empty where that can't be told.
        text: the same for the event log's text.
    """

    first: Pattern
    length: int
    quiet_on: tuple[object, ...]
    noted: Any
    line: list[bytes] | None = None
    text: list[str] | None = None

    def cast(self, url: str, length: int) -> Pattern:
        """The pattern for another URL.

        Args:
            url: as far as it may be kept.
            length: of all of it, in characters.
        """
        first = self.first
        made = Pattern(
            first.seen,
            first.shared,
            None,
            leads_on=False,
            clears_cache=first.clears_cache,
            annotations=first.annotations,
            awaited=first.awaited,
            mould=self,
            url=url,
        )
        made.measure(self.length + length)
        if first.characters is not None:
            made.characters = first.characters + 2 * (len(url) - len(first.shared["url"]))
        return made


def around(text: str, url: str) -> list[str]:
    """What stands around a URL that has the token; nothing where its path stands by itself."""
    parts = text.split(url)
    return parts if len(parts) > 1 and not any(TOKEN in part for part in parts) else []
