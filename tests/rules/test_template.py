"""Placeholders in header values: `rules.template`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corscope.rules.problems import BadValueError
from corscope.rules.template import fill, parse_template

VALUES = {"origin": "https://a.test", "method": "PUT", "headers": None, "host": "b.test"}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        pytest.param("plain", "plain", id="text stays"),
        pytest.param("", "", id="also none at all"),
        pytest.param("{origin}", "https://a.test", id="a placeholder is filled in"),
        pytest.param("a{method}b{host}", "aPUTbb.test", id="several are"),
        pytest.param("{{origin}}", "{origin}", id="doubled braces are braces"),
        pytest.param("{{{method}}}", "{PUT}", id="around a placeholder too"),
        pytest.param("a{headers}b", None, id="nothing to fill in leaves it out"),
    ],
)
def test_fill(text: str, filled: str | None) -> None:
    assert fill(parse_template(text), VALUES) == filled


@pytest.mark.parametrize(
    "text", ["{", "}", "{origin", "origin}", "{}", "{Origin}", "{ origin }", "{a}", "{{{", "{{}"]
)
def test_bad_placeholders_are_refused(text: str) -> None:
    with pytest.raises(BadValueError):
        parse_template(text)


@given(st.text())
def test_any_text_can_be_written_with_doubled_braces(text: str) -> None:
    written = text.replace("{", "{{").replace("}", "}}")
    assert fill(parse_template(written), VALUES) == text
    assert parse_template(written).text == written
