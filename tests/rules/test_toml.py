"""Where the TOML parser comes from: `rules._toml`."""

import importlib
import sys
import tomllib

import pytest
import tomli

from corscope.rules import _toml
from corscope.rules.load import Source, load
from corscope.rules.problems import RulesError


def test_the_standard_library_s_parser_comes_first() -> None:
    assert _toml.loads is tomllib.loads


def test_tomli_stands_in_where_it_was_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "tomllib", None)
        assert importlib.reload(_toml).loads is tomli.loads
    importlib.reload(_toml)


@pytest.mark.parametrize("parser", [tomllib, tomli], ids=["tomllib", "tomli"])
@pytest.mark.parametrize(
    ("data", "place"), [(b"\na = = 1", (2, 5)), (b"a = 1\nb = [", (2, 5)), (b"a = \0", (1, 5))]
)
def test_either_parser_s_syntax_errors_have_line_and_column(
    parser: object, data: bytes, place: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("corscope.rules.load.loads", parser.loads)  # type: ignore[attr-defined]
    with pytest.raises(RulesError) as caught:
        load([Source("a.toml", data)])
    (problem,) = caught.value.problems
    assert (problem.line, problem.column) == place
