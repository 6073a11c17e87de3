"""On which exchanges has corscope itself failed? Nobody should take what is missing for fine."""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

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
    """How many exchanges there were failures on.

    One may have several failures; of so many exchanges as are remembered, each counts once.
    """

    count: int = 0
    _known: "OrderedDict[str, None]" = field(default_factory=OrderedDict)

    def note(self, id_: str) -> None:
        """Take note of a failure on this exchange."""
        if id_ in self._known:
            return
        self.count += 1
        self._known[id_] = None
        if len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)
