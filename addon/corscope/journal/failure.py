"""On which exchanges has corscope itself failed? Nobody should take what is missing for fine."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

__all__ = ["Failed", "Failure"]

MOST_KNOWN: Final = 10_000


@dataclass(frozen=True, slots=True)
class Failure:
    """One failure of corscope's.

    Attributes:
        time: when it was.
        where: what was being done, by the name of the function.
        error: the kind of exception.
        id: the exchange on which it was; None where it was on none.
        url: that exchange's URL, as far as it may be shown; None where it isn't known.
    """

    time: datetime
    where: str
    error: str
    id: str | None = None
    url: str | None = None


@dataclass(slots=True)
class Failed:
    """What is missing: how many exchanges there were failures on, and lines not written.

    One may have several failures; of so many exchanges as are remembered, each counts once.

    Attributes:
        count: the exchanges.
        gaps: the places in a journal where lines are missing.
        lines: those lines.
    """

    count: int = 0
    gaps: int = 0
    lines: int = 0
    _known: "OrderedDict[str, None]" = field(default_factory=OrderedDict)

    def note_line(self, line: Mapping[str, Any]) -> None:
        """Take note of what a journal's line says is missing; one of another type says nothing."""
        match line.get("type"):
            case "failure" if isinstance(id_ := line.get("id"), str):
                self.note(id_)
            case "gap" if isinstance(lines := line.get("lines"), int):
                self.gaps += 1
                self.lines += lines

    def note(self, id_: str) -> None:
        """Take note of a failure on this exchange."""
        if id_ in self._known:
            return
        self.count += 1
        self._known[id_] = None
        if len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)
