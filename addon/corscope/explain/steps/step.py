"""What is one step of the standard's way to a verdict, and where does that way end?

The steps come as questions, in the engine's order; the verdict, which was reached long before,
says at which of them the way ends. So the steps can't contradict it: they only tell it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from corscope.explain.parts.words import exchange_words
from corscope.fetch.check import CredentialsMode
from corscope.fetch.engines import Departure, Engine
from corscope.fetch.preflight import CorsRequest
from corscope.fetch.reasons import CATALOGUE, Reason
from corscope.journal.exchange import Exchange, Judgement
from corscope.messages import HeaderList

__all__ = ["Question", "Read", "Result", "Step", "Walk", "decided"]

Result = Literal["pass", "fail", "skipped"]

Read = tuple[tuple[str, str | None], ...]
"""Headers' names with their values as they count, None where a header is absent."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step, decided.

    Attributes:
        id: its name, unique within a walk.
        asks: the question, in the words of the standard.
        section: the section that asks it.
        read: what it looked at; besides headers, `status`.
        result: how it went.
        says: what was found, in one clause; values from the wire are escaped.
        departure: the engine's departure from the standard that made it go otherwise.
        reason: why it failed; None for all others.
    """

    id: str
    asks: str
    section: str
    read: Read
    result: Result
    says: str
    departure: str | None = None
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """One step before it is known whether the way leads there.

    Attributes:
        id: its name, unique within a walk.
        asks: the question, in the words of the standard.
        section: the section that asks it.
        read: what it looks at.
        finds: what is found there where nothing is wrong.
        refuses: the reasons for which it ends the way.
        only: it does so for a refusal with this detail alone; None where any will do.
        idle: why there is nothing to ask; None where there is.
        departure: the engine's departure from the standard that makes it go otherwise.
    """

    id: str
    asks: str
    section: str
    read: Read
    finds: str
    refuses: frozenset[Reason] = frozenset()
    only: str | None = None
    idle: str | None = None
    departure: Departure | None = None

    def ends_with(self, judgement: Judgement) -> bool:
        """Whether the way to this judgement ends here."""
        return judgement.reason in self.refuses and self.only in {None, judgement.detail}


@dataclass(frozen=True, slots=True)
class Walk:
    """What the questions are about: one exchange, one credentials mode, one engine."""

    exchange: Exchange
    mode: CredentialsMode
    engine: Engine

    @property
    def judgement(self) -> Judgement:
        """The verdict that the walk leads to."""
        own = self.engine is self.exchange.engine
        verdicts = self.exchange.verdicts if own else self.exchange.engine_verdicts[self.engine]
        return verdicts.include if self.with_credentials else verdicts.omit

    @property
    def with_credentials(self) -> bool:
        """Whether credentials are included."""
        return self.mode is CredentialsMode.INCLUDE

    @property
    def headers(self) -> HeaderList:
        """The headers that the browser goes by."""
        copy = self.exchange.goes_by
        return self.exchange.headers if copy is None else copy

    @property
    def status(self) -> int | None:
        """The status that it goes by."""
        copy = self.exchange.goes_by_status
        return self.exchange.status if copy is None else copy

    @property
    def status_read(self) -> str | None:
        """The same, as a step reads it."""
        return None if self.status is None else str(self.status)

    @property
    def request(self) -> CorsRequest:
        """The fetch's own request, as the CORS protocol sees it."""
        exchange = self.exchange
        return CorsRequest(exchange.origin, exchange.url, exchange.method, exchange.request_headers)


_NOT_REACHED: Final = "it doesn't come to that"


def decided(questions: Iterable[Question], walk: Walk) -> Iterator[Step]:
    """Answer the questions, up to the one at which the verdict falls."""
    judgement, ended = walk.judgement, False
    for question in questions:
        if ended:
            yield _step(question, "skipped", _NOT_REACHED)
        elif question.ends_with(judgement):
            ended = True
            yield _failed(question, walk, judgement)
        elif question.idle is not None:
            yield _step(question, "skipped", question.idle, question.departure)
        else:
            yield _step(question, "pass", question.finds, question.departure)
    if judgement.reason is not None and not ended:
        yield _failed(_unasked(judgement.reason), walk, judgement)


def _step(
    question: Question, result: Result, says: str, departure: Departure | None = None
) -> Step:
    return Step(
        question.id, question.asks, question.section, question.read, result, says, departure
    )


def _failed(question: Question, walk: Walk, judgement: Judgement) -> Step:
    assert judgement.reason is not None
    exchange = walk.exchange
    words = exchange_words(exchange, judgement)
    return Step(
        question.id,
        question.asks,
        question.section,
        question.read,
        "fail",
        words.what,
        question.departure,
        judgement.reason,
    )


def _unasked(reason: Reason) -> Question:
    """The question of a reason that such an exchange can't have, as a journal may claim it has."""
    asks = "Is anything else in the way?"
    return Question(reason, asks, CATALOGUE[reason].section, (), "", frozenset({reason}))
