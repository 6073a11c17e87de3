"""Rules written as TOML: `rules.write`."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corscope.rules.write import toml_value


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_is_written_is_read_back_and_steers_no_terminal(text: str) -> None:
    """Origins and header names in traffic may hold anything, and people print such a file."""
    written = toml_value(text)
    assert written.isprintable()
    assert tomllib.loads(f"key = {written}")["key"] == text


@pytest.mark.parametrize("text", ["\x1b[2J", "\x7f", "\x9b31m", "\u202e", "\u2028", "\U000e0001"])
def test_what_isnt_printable_is_escaped(text: str) -> None:
    assert toml_value(text).isprintable()


def test_half_a_pair_of_surrogates_which_toml_has_not_is_replaced() -> None:
    """A line of a journal may hold it, as JSON lets it."""
    assert tomllib.loads(f"key = {toml_value('a' + chr(0xD800))}")["key"] == "a\ufffd"
