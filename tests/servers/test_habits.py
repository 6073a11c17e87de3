"""The table of dialects says what they do."""

from pathlib import Path

import pytest

from corscope.servers.dialect import Dialect
from corscope.servers.habits import habits, markdown
from corscope.servers.registry import dialects

PAGE = Path(__file__).parents[2] / "docs" / "dialects.md"


def test_the_page_is_what_the_dialects_say() -> None:
    """`make dialects` writes it anew."""
    assert PAGE.read_text(encoding="utf-8") == markdown(dialects())


@pytest.mark.parametrize("dialect", dialects(), ids=lambda dialect: dialect.name)
def test_every_dialect_answers_every_question(dialect: Dialect) -> None:
    assert all(habit.answer for habit in habits(dialect))


@pytest.mark.parametrize("dialect", dialects(), ids=lambda dialect: dialect.name)
def test_every_dialect_is_asked_about_a_policy_that_it_can_have(dialect: Dialect) -> None:
    told = {habit.question: habit.answer for habit in habits(dialect)}
    assert told["allowed preflight"].startswith("20")
    assert "can't be" not in {told["another origin's"], told["actual, another origin"]}
