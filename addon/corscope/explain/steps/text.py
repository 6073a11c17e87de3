"""How are the standard's steps told in lines?"""

from collections.abc import Iterator, Sequence
from typing import Final

from corscope.explain.engines import NAMES
from corscope.explain.escape import escaped
from corscope.explain.explanation import shown_mode
from corscope.explain.steps.step import Step
from corscope.fetch.check import CredentialsMode
from corscope.journal.exchange import Exchange

__all__ = ["step_lines", "steps_title"]

_WITH: Final = {
    CredentialsMode.INCLUDE: "with credentials",
    CredentialsMode.OMIT: "without credentials",
}


def steps_title(exchange: Exchange) -> str:
    """Whose steps they are."""
    engine = NAMES.get(exchange.engine, "an unknown browser")
    return f"The standard's steps in {engine}, {_WITH[shown_mode(exchange)]}"


def step_lines(walk: Sequence[Step]) -> Iterator[str]:
    """Two lines a step: the question with how it went, and what was read and found."""
    for step in walk:
        yield f"{step.result:7}  {step.asks}"
        if step.result == "skipped":
            yield f"         {step.says}{_departed(step)}"
            continue
        read = ", ".join(_read(name, value) for name, value in step.read)
        told = f"{read}: {step.says}" if read else step.says
        yield f"         {told}{_departed(step)}"


def _departed(step: Step) -> str:
    return f" (by {step.departure})" if step.departure else ""


def _read(name: str, value: str | None) -> str:
    return f"no {name}" if value is None else f'{name} "{escaped(value)}"'
