"""Where keys stand: `rules.locate`, held against the parser itself."""

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corscope.rules.locate import DEEPEST, KeyPath, locate


@pytest.mark.parametrize(
    ("text", "path", "place"),
    [
        pytest.param("a = 1", ("a",), (1, 1), id="a key"),
        pytest.param("\n\n  a = 1", ("a",), (3, 3), id="an indented key"),
        pytest.param("a = 1\r\nb = 2", ("b",), (2, 1), id="a Windows line end is one line end"),
        pytest.param("# a = 1\na = 1", ("a",), (2, 1), id="a comment is no key"),
        pytest.param("a.b = 1", ("a", "b"), (1, 1), id="a dotted key"),
        pytest.param('a . "b c" = 1', ("a", "b c"), (1, 1), id="with quotes and blanks"),
        pytest.param('"\\u0061" = 1', ("a",), (1, 1), id="an escape in a key"),
        pytest.param("'a.b' = 1", ("a.b",), (1, 1), id="a dot in quotes"),
        pytest.param("[a.b]\nc = 1", ("a", "b", "c"), (2, 1), id="a table"),
        pytest.param("[ a . b ]\nc = 1", ("a", "b"), (1, 1), id="a table's header with blanks"),
        pytest.param("[[a]]\nb = 1\n[[a]]\nb = 1", ("a", 1, "b"), (4, 1), id="an array of tables"),
        pytest.param("[[a]]\n[[a]]\n[a.b]\nc = 1", ("a", 1, "b", "c"), (4, 1), id="below its last"),
        pytest.param("[[a]]\n[[a.b]]\n[[a.b]]\nc = 1", ("a", 0, "b", 1, "c"), (4, 1), id="nested"),
        pytest.param("a = [1,\n  2]", ("a", 1), (2, 3), id="an item of an array"),
        pytest.param("a = [[1], [2, 3]]", ("a", 1, 1), (1, 15), id="an array in an array"),
        pytest.param("a = [ # ]\n 1 ]", ("a", 0), (2, 2), id="a comment in an array"),
        pytest.param("a = { b = 1, c.d = 2 }", ("a", "c", "d"), (1, 14), id="an inline table"),
        pytest.param("a = [{ b = 1 }, { b = 2 }]", ("a", 1, "b"), (1, 19), id="in an array"),
        pytest.param('a = "]}#\\""\nb = 1', ("b",), (2, 1), id="a string is skipped"),
        pytest.param("a = '\\'\nb = 1", ("b",), (2, 1), id="a literal string has no escapes"),
        pytest.param('a = """\nb = 2\n"\\""""\nb = 1', ("b",), (4, 1), id="lines in a string"),
        pytest.param('a = """a"""""\nb = 1', ("b",), (2, 1), id="quotes at its end"),
        pytest.param("a = '''\nb = ''\n'''\nb = 1", ("b",), (4, 1), id="in a literal one"),
        pytest.param("a = 1979-05-27 07:32:00\nb = 1", ("b",), (2, 1), id="a date with a blank"),
        pytest.param("a = 1", ("a", "x", 3), (1, 1), id="of an unknown key the nearest above"),
        pytest.param("", ("a",), (1, 1), id="or the file's beginning"),
    ],
)
def test_find(text: str, path: KeyPath, place: tuple[int, int]) -> None:
    tomllib.loads(text)
    assert locate(text).find(path) == place


# Any TOML at all: texts are drawn together with what they are to mean.

keys = st.sampled_from(["a", "b-1", '"c d"', "'e.f'", '"\\u0067"', "''"])
scalars = st.sampled_from(
    [
        "1",
        "-2.5e3",
        "inf",
        "true",
        "1979-05-27 07:32:00Z",
        '"x ] } # \\" ="',
        "'[ { \\'",
        '"""\n]"" \\"""""""',
        "'''\n[[a]]\n''x'''''",
        '""',
        "''",
        '""""""',
    ]
)
blanks = st.sampled_from(["", " ", "\t "])
gaps = st.sampled_from(["", " ", "\n", " # ] } \" '\n ", "\n\n\t"])


def arrays(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    items = st.lists(st.tuples(gaps, values, gaps).map("".join), max_size=3)
    return st.tuples(items.map(",".join), gaps).map(lambda drawn: f"[{drawn[0]}{drawn[1]}]")


def inline_tables(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.dictionaries(keys, values, max_size=3)
    return pairs.map(lambda drawn: f"{{ {', '.join(f'{k} = {v}' for k, v in drawn.items())} }}")


values = st.recursive(scalars, lambda inner: arrays(inner) | inline_tables(inner), max_leaves=6)
pairs = st.tuples(blanks, keys, st.sampled_from([" = ", "=", ".x = ", ' . "y" = ']), values, blanks)
headers = st.tuples(
    st.sampled_from(["[{}]", "[[{}]]", "[ {} ]"]), st.lists(keys, min_size=1, max_size=3)
).map(lambda drawn: drawn[0].format(" . ".join(drawn[1])))
lines = st.one_of(pairs.map("".join), headers, st.sampled_from(["", "# [a]", "  # a = 1"]))
documents = st.lists(lines, max_size=12).map("\n".join)


def paths(value: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    items: Any = value.items() if isinstance(value, dict) else ()
    items = enumerate(value) if isinstance(value, list) else items
    for part, inner in items:
        yield (*path, part)
        yield from paths(inner, (*path, part))


def is_toml(text: str) -> bool:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True


@given(documents.filter(is_toml))
def test_exactly_the_paths_that_the_parser_finds_are_located(text: str) -> None:
    expected = {path for path in paths(tomllib.loads(text)) if len(path) <= DEEPEST}
    assert set(locate(text).offsets) == expected


@given(documents.filter(is_toml), st.sampled_from(["\n", "\r\n"]))
def test_a_key_stands_where_it_is_said_to(text: str, line_end: str) -> None:
    text = text.replace("\n", line_end)
    written = text.split(line_end)
    for path in paths(tomllib.loads(text)):
        line, column = locate(text).find(path)
        found = written[line - 1][column - 1 :]
        if isinstance(path[-1], str) and not found.startswith(("[", "{")):
            bare = found.replace("\\u0067", "g").replace(" ", "")
            assert path[-1].replace(" ", "") in bare.split("=")[0] or found[0] in "\"'"
