"""How are the standard's steps told in lines?

In full for one walk; of those in other engines, or in the other credentials mode, only what goes
otherwise.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from corscope.explain.escape import escaped
from corscope.explain.explanation import shown_mode
from corscope.explain.parts.engines import NAMES
from corscope.explain.steps.step import Step
from corscope.explain.steps.walk import steps
from corscope.fetch.check import CredentialsMode
from corscope.fetch.engines import Engine
from corscope.journal.exchange import Exchange

__all__ = ["other_lines", "other_walks", "step_lines", "steps_title"]

Where = tuple[tuple[Engine, CredentialsMode], ...]
"""The engines, each with a credentials mode, that go the same way."""

_WITH: Final = {
    CredentialsMode.OMIT: "without credentials",
    CredentialsMode.INCLUDE: "with credentials",
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


def other_walks(exchange: Exchange) -> Iterator[tuple[Where, tuple[Step, ...]]]:
    """What goes otherwise than in the walk that is shown, and where: like ways are told once."""
    shown = frozenset(steps(exchange, shown_mode(exchange), exchange.engine))
    found: dict[tuple[Step, ...], list[tuple[Engine, CredentialsMode]]] = {}
    for mode in _WITH:
        for engine in exchange.engine_verdicts:
            walk = steps(exchange, mode, engine)
            other = tuple(step for step in walk if step.result != "skipped" and step not in shown)
            if other:
                found.setdefault(other, []).append((engine, mode))
    yield from ((tuple(where), other) for other, where in found.items())


def other_lines(exchange: Exchange) -> Iterator[str]:
    """The same in lines."""
    for where, walk in other_walks(exchange):
        yield f"Otherwise {_places(where)}"
        yield from (f"  {line}" for line in step_lines(walk))


def _places(where: Where) -> str:
    modes_of: dict[Engine, list[str]] = {}
    for engine, mode in where:
        modes_of.setdefault(engine, []).append(_WITH[mode])
    engines_of: dict[str, list[str]] = {}
    for engine, modes in modes_of.items():
        told = modes[0] if len(modes) == 1 else "with and without credentials"
        engines_of.setdefault(told, []).append(NAMES[engine])
    return "; ".join(f"{told} in {', '.join(names)}" for told, names in engines_of.items())


def _departed(step: Step) -> str:
    return f" (by {step.departure})" if step.departure else ""


def _read(name: str, value: str | None) -> str:
    return f"no {name}" if value is None else f'{name} "{escaped(value)}"'
