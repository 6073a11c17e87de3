"""Which lines of a journal differ only in what is their own? What they share is read once.

`lines` writes first a time and an id, then what alike exchanges share, then the rest of what is an
exchange's own. A line that isn't so, as another program may have written it, is left to `read`.
"""

import json
import re
from dataclasses import fields
from typing import Any, Final

from corscope.journal.alike.memo import Memo
from corscope.journal.alike.pattern import Pattern
from corscope.journal.exchange import Exchange, of_pattern
from corscope.journal.lines.read import exchange_of, own_of

__all__ = ["AlikeLines"]

MOST_PATTERNS: Final = 2_000

LONGEST: Final = 8_000
"""What a line shares is remembered unless it is longer than this, in bytes."""

_HEAD: Final = re.compile(rb'\{"v":1,"type":"exchange","time":"[^"\\]*","id":"[^"\\]*",')
_TAIL: Final = b',"waited_ms":'
_OWN_KEYS: Final = {"v", "type", "time", "id", "waited_ms", "preflight", "chain", "findings"}
_OWN_FIELDS: Final = {"time", "id", "waited_ms", "preflight", "chain", "findings", "pattern"}
_SHARED_FIELDS: Final = tuple(
    each.name for each in fields(Exchange) if each.name not in _OWN_FIELDS
)


class AlikeLines:
    """Reads lines, and remembers what they share; so many patterns at most."""

    def __init__(self) -> None:
        self._seen: Memo[bytes, bool] = Memo(MOST_PATTERNS)
        self._patterns: Memo[bytes, Pattern] = Memo(MOST_PATTERNS)

    def exchange(self, line: bytes) -> Exchange | None:
        """The exchange that a line records; None where it is to be read by `read`.

        Raises:
            LineError: as `read.exchange_of` does.
        """
        head = _HEAD.match(line)
        end = line.rfind(_TAIL)
        if head is None or not 0 <= end - head.end() <= LONGEST:
            return None
        shared = line[head.end() : end]
        if not self._seen.get(shared):
            self._seen.put(shared, True)  # most lines of many a journal have no other like them
            return None
        # The head is whole members, so what follows it here is, too.
        own = _object(head[0][:-1] + line[end:])
        if own is None or own.keys() != _OWN_KEYS:
            return None
        pattern = self._patterns.get(shared)
        if pattern is None:
            members = _object(b"{" + shared + b"}")
            if members is None or not _OWN_KEYS.isdisjoint(members):
                return None
            pattern = _pattern(exchange_of(members | own))
            self._patterns.put(shared, pattern)
        return of_pattern(pattern, **own_of(own))


def _pattern(first: Exchange) -> Pattern:
    shared = {name: getattr(first, name) for name in _SHARED_FIELDS}
    # What stands in the middle only counts while recording.
    return Pattern(None, shared, chain=None, leads_on=False, findings=first.findings)


def _object(text: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
