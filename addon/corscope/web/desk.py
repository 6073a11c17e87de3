"""What may the page do with the rules? What it can't do by itself, the adapter does for it.

Only files that are in force can be read and written, each named by its place among them: no path
comes from the page.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from corscope.rules.load import Source

__all__ = ["NO_DESK", "Desk", "stamp"]


def _no_sources() -> Sequence[Source]:
    return ()


def _no_toggle(_name: str) -> bool:
    raise ValueError("no rules are in force")


def _no_write(_path: str, _data: bytes) -> None:
    raise OSError("nothing can be written here")


def _any_filter(_expression: str) -> None: ...


def _yes() -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Desk:
    """What the adapter does with rules for the page.

    Attributes:
        sources: reads the rule files in force, in their order.
        write: writes one of them, and has the rules read anew; raises OSError.
        toggle: switches a rule for this run, and tells whether it is on; raises ValueError.
        check_filter: raises ValueError for a bad mitmproxy filter expression.
        fresh: whether what a rule touches is kept out of caches.
    """

    sources: Callable[[], Sequence[Source]] = _no_sources
    write: Callable[[str, bytes], None] = _no_write
    toggle: Callable[[str], bool] = _no_toggle
    check_filter: Callable[[str], None] = _any_filter
    fresh: Callable[[], bool] = _yes


NO_DESK: Final = Desk()
"""That of a page behind which there are no rules."""


def stamp(data: bytes) -> str:
    """What tells whether a file is still as it was read."""
    return sha256(data).hexdigest()
