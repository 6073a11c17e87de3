"""Which kinds of request does a configuration tell apart?

One that writes its headers by hand is a little program. Its reader runs it for an origin that one
of its tests is about and for one that fits none, for preflights and for other requests.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import combinations, islice
from typing import Final

from corscope.cli.imports.regexes import python_regex
from corscope.cli.imports.tree import LONGEST, Source
from corscope.cli.imports.web_servers.by_hand import HeaderLine
from corscope.servers.parts import ALLOW_ORIGIN
from corscope.servers.patterns.origins import matches_regex, regex_error

__all__ = ["OPTIONS", "Answered", "Asked", "Compared", "Effort", "answers", "is_found"]

_OF_ONE: Final = re.compile(r"\^(?:[\w:/-]|\\[.:/-])+\$", re.ASCII)
OPTIONS: Final = "OPTIONS"
_GET: Final = "GET"
_OTHERS: Final = ("POST", "PUT", "PATCH", "DELETE")
_FEW: Final = 100
_MOST_REGEXES: Final = 50
_MOST_TESTS: Final = 1_000_000
_ANSWER: Final = 10


@dataclass(frozen=True, slots=True)
class Asked:
    """A kind of request.

    Attributes:
        method: its method; for a preflight `OPTIONS`.
        origin: its origin, if that is one which the configuration names.
        fits: the configuration's regexes that are found in its origin.
    """

    method: str
    origin: str | None = None
    fits: frozenset[str] = frozenset()

    @property
    def is_other(self) -> bool:
        """Whether its origin is none that the configuration knows."""
        return self.origin is None and not self.fits


@dataclass(frozen=True, slots=True)
class Answered:
    """What is done with it.

    Attributes:
        lines: the CORS headers and `Vary` that its answer gets.
        status: that of an answer for which no backend is asked.
        line: where that is written.
    """

    lines: tuple[HeaderLine, ...]
    status: int | None = None
    line: int | None = None

    @property
    def origin(self) -> HeaderLine | None:
        """The line that allows the origin."""
        return next((line for line in self.lines if line.name == ALLOW_ORIGIN), None)

    def values(self, name: str) -> list[str]:
        """The values of one header."""
        return [line.value for line in self.lines if line.name == name]


@dataclass
class Effort:
    """What reading a file takes: each test counts, and each answer as several."""

    tests: int = 0


@dataclass
class Compared:
    """What a place of a configuration compares the origin with, noted while it runs."""

    source: Source
    effort: Effort
    texts: dict[str, None] = field(default_factory=dict)
    regexes: dict[str, None] = field(default_factory=dict)

    def note(self, texts: Iterable[str]) -> None:
        """Origins that a table has."""
        self.texts.update(dict.fromkeys(texts))
        self.count()

    def is_text(self, asked: Asked, text: str) -> bool:
        """Whether the origin is this text."""
        self.texts.setdefault(text)
        self.count()
        return asked.origin == text

    def fits(self, asked: Asked, regex: str) -> bool:
        """Whether this regex is found in the origin; one of a single text is that text."""
        if (text := _only_text(regex)) is not None:
            return self.is_text(asked, text)
        self.regexes.setdefault(regex)
        self.count()
        return regex in asked.fits

    def count(self, tests: int = 1) -> None:
        """Refuse what would take too long."""
        self.effort.tests += tests
        too_many = len(self.regexes) > _MOST_REGEXES or len(self.texts) > LONGEST
        if too_many or self.effort.tests > _MOST_TESTS:
            self.source.refuse("holds too much to tell which origins fit")

    def kinds(self) -> Iterator[Asked]:
        """Origins that fit nothing, one test, or two regexes; few of them by the other methods."""
        fitting = {t: frozenset(r for r in self.regexes if is_found(r, t)) for t in self.texts}
        pairs = [frozenset(pair) for pair in combinations(self.regexes, 2)]
        for method in (_GET, OPTIONS, *_OTHERS):
            most = _FEW if method in _OTHERS else None
            yield Asked(method)
            for text, fits in islice(fitting.items(), most):
                yield Asked(method, text, fits)
            for regex in self.regexes:
                yield Asked(method, fits=frozenset({regex}))
            yield from (Asked(method, fits=pair) for pair in pairs if most is None)


@lru_cache(maxsize=10_000)  # each of a file's regexes is compared with each of its origins
def _only_text(regex: str) -> str | None:
    """The only text that a regex fits; None if it fits several."""
    return re.sub(r"\\(.)", r"\1", regex[1:-1]) if _OF_ONE.fullmatch(regex) else None


def is_found(regex: str, text: str) -> bool | None:
    """Whether a regex, as PCRE has it, is found in a text; None where it can't be read."""
    pattern = python_regex(regex) or regex
    return matches_regex(pattern, text, "search") if regex_error(pattern) is None else None


def answers(compared: Compared, answer: Callable[[Asked], Answered]) -> dict[Asked, Answered]:
    """The answers to all kinds of request: asking goes on while it shows further tests."""
    known: dict[Asked, Answered] = {}
    while True:
        kinds = list(compared.kinds())
        unasked = [each for each in kinds if each not in known]
        if not unasked:
            return {each: known[each] for each in kinds}
        compared.count(_ANSWER * len(unasked))
        known |= {each: answer(each) for each in unasked}
