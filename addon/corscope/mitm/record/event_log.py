"""How does the event log stay readable, and cheap, when hundreds of exchanges pass in a second?

Each line that mitmproxy logs goes through all its addons, which takes longer than to judge the
exchange. So as many as a person can follow are logged one by one; what comes on top within the
same moment is logged together, a line each, and while so many come, all are. None is left out.
"""

import logging
from dataclasses import dataclass, field
from typing import Final

__all__ = ["EventLog"]

ONE_BY_ONE: Final = 5
"""Lines between two calls of `flush` that are logged as they come."""

MOST_GATHERED: Final = 1_000

logger = logging.getLogger("corscope")


@dataclass(slots=True)
class EventLog:
    """What is told of exchanges; `flush` is to be called a few times a second.

    Attributes:
        room: so many more lines are logged as they come.
        gathered: the others, by their level.
    """

    room: int = ONE_BY_ONE
    gathered: dict[int, list[str]] = field(default_factory=dict)

    def tell(self, level: int, text: str) -> None:
        """Log a line, now or with the next flush."""
        if self.room:
            self.room -= 1
            logger.log(level, "%s", text)
            return
        lines = self.gathered.setdefault(level, [])
        lines.append(text)
        if len(lines) >= MOST_GATHERED:
            self.flush()

    def flush(self) -> None:
        """Log what was gathered, the lines of one level together."""
        gathered, self.gathered = self.gathered, {}
        is_calm = sum(map(len, gathered.values())) <= ONE_BY_ONE
        self.room = ONE_BY_ONE if is_calm else 0
        for level, lines in gathered.items():
            logger.log(level, "%s", "\n".join(lines))
