"""Which rules are in force in the running proxy, and how does that change?

By saving a file, by another value of the option, or by hand. What a change means is decided in
`rules.reload`; here it is looked for, told in the log, and handed to whoever keeps a record.
"""

import asyncio
import errno
import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from corscope.mitm.rules.files import RuleFiles, nothing_in, overwrite
from corscope.mitm.rules.filters import check_filter
from corscope.rules.load import Source
from corscope.rules.model import Ruleset
from corscope.rules.reload import State, reload, toggle

__all__ = ["LiveRules"]

MOST_PROBLEMS_TOLD: Final = 100
"""Problems of rule files that the event log has room for."""

RESTLESS: Final = 10
"""Looks in a row at files that keep changing, after which the event log says so."""

logger = logging.getLogger("corscope")


class LiveRules:
    """The rules in force; `listeners` are called with the state after each reading."""

    def __init__(self) -> None:
        self._paths: tuple[str, ...] = ()
        self._files = RuleFiles(())
        self.state = State()
        self.listeners: list[Callable[[State], None]] = []

    @property
    def ruleset(self) -> Ruleset:
        """The rules as they are tried now."""
        return self.state.ruleset

    def read(self, paths: Iterable[str]) -> None:
        """Read these files, and from now on those."""
        self._paths = tuple(paths)
        self.read_again()

    def read_again(self) -> None:
        """Read the files, changed or not."""
        self._files = RuleFiles(self._paths)  # so that a reading under way doesn't count
        self._take(reload(self.state, self._files.sources(), check_filter))

    async def look(self) -> None:
        """Read the files again if they have changed and are at rest."""
        if not self._paths:
            return  # a thread's turn takes longer than all else that is done between two looks
        files = self._files
        sources = await asyncio.to_thread(files.news)
        if files.restless == RESTLESS:
            self._tell_restless()
        if sources is None:
            return
        before = self.state
        # A large file is parsed beside the traffic, not in its way.
        after = await asyncio.to_thread(reload, before, sources, check_filter)
        if files is self._files:
            is_still_so = self.state is before
            self._take(after if is_still_so else reload(self.state, sources, check_filter))

    def sources(self) -> list[Source]:
        """What the files hold now, read anew."""
        return RuleFiles(self._paths).sources()

    def write(self, path: str, data: bytes) -> None:
        """Write one of the files in force, and let what it says hold.

        Raises:
            OSError: it is none of them, or can't be written.
        """
        if path not in self.state.files:
            raise FileNotFoundError(errno.ENOENT, "it is no rule file in force")
        overwrite(Path(path), data)
        self.read_again()

    def toggle(self, name: str) -> bool:
        """Switch a rule on or off for this run; returns whether it is on now.

        Raises:
            ValueError: there is no such rule.
        """
        self.state = toggle(self.state, name)
        return any(rule.name == name and rule.enabled for rule in self.ruleset.rules)

    def _tell_restless(self) -> None:
        logger.warning(
            "CORS rules: the files keep changing; the %d before stay in force until they don't",
            len(self.ruleset.rules),
        )

    def _take(self, state: State) -> None:
        """Let the rules count, or say why the ones before them still do."""
        self.state = state
        for problem in state.problems[:MOST_PROBLEMS_TOLD]:
            logger.warning("CORS rules: %s", problem)
        if len(state.problems) > MOST_PROBLEMS_TOLD:
            more = len(state.problems) - MOST_PROBLEMS_TOLD
            logger.warning("CORS rules: %d more; `corscope check` lists them all", more)
        if missed := nothing_in(self._paths):
            logger.warning("CORS rules: no rule files: %s", missed)
        count = len(state.ruleset.rules)
        if state.applied:
            logger.info("CORS rules: %d in force", count)
        else:
            logger.warning("CORS rules: not applied; the %d before stay in force", count)
        for listener in tuple(self.listeners):
            listener(state)
