"""https://mimesniff.spec.whatwg.org/#parsing-a-mime-type"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corscope.fetch.headers import is_token
from corscope.fetch.mimetype import MimeType, parse_a_mime_type
from tests.fetch.strategies import ALL_BYTES


def html(*parameters: tuple[str, str]) -> MimeType:
    return MimeType("text", "html", parameters)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("text/html", html(), id="a type and a subtype"),
        pytest.param("TEXT/HtMl", html(), id="both are lower-cased"),
        pytest.param("\r\n\t text/html\t \r\n", html(), id="white space around it goes"),
        pytest.param("text/html ;a=b", html(("a", "b")), id="and white space after the subtype"),
        pytest.param("text/html\v", None, id="but not a vertical tab"),
        pytest.param("", None, id="nothing is none"),
        pytest.param("text", None, id="a type alone is none"),
        pytest.param("text/", None, id="an empty subtype is none"),
        pytest.param("/html", None, id="an empty type is none"),
        pytest.param("text /html", None, id="white space after the type is none"),
        pytest.param("text/ html", None, id="white space before the subtype is none"),
        pytest.param("text/html/x", None, id="a second slash is none"),
        pytest.param("*/*", MimeType("*", "*"), id="asterisks are token bytes"),
    ],
)
def test_type_and_subtype(text: str, expected: MimeType | None) -> None:
    """Steps 1 to 10."""
    assert parse_a_mime_type(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("text/html;", html(), id="a final semicolon is nothing"),
        pytest.param("text/html;charset=gbk", html(("charset", "gbk")), id="a parameter"),
        pytest.param("text/html;CharSet=GBK", html(("charset", "GBK")), id="its name in any case"),
        pytest.param("text/html;a=1;b=2", html(("a", "1"), ("b", "2")), id="two, in order"),
        pytest.param("text/html;a=1;A=2", html(("a", "1")), id="of one name the first counts"),
        pytest.param("text/html;; ;a=1", html(("a", "1")), id="empty parameters are skipped"),
        pytest.param("text/html;\t a=1", html(("a", "1")), id="white space before a name goes"),
        pytest.param("text/html;a =1", html(), id="white space after a name spoils it"),
        pytest.param("text/html;a= 1 ", html(("a", " 1")), id="before a value it stays"),
        pytest.param("text/html;a;b=2", html(("b", "2")), id="a name without a value is skipped"),
        pytest.param("text/html;a", html(), id="also at the end"),
        pytest.param("text/html;a=", html(), id="an equals sign at the end is nothing"),
        pytest.param("text/html;a=;b=2", html(("b", "2")), id="an empty value is skipped"),
        pytest.param("text/html;a= ;b=2", html(("b", "2")), id="and one of white space"),
        pytest.param("text/html;=1;b=2", html(("b", "2")), id="an empty name is skipped"),
        pytest.param("text/html;a(=1;b=2", html(("b", "2")), id="a name that is no token too"),
        pytest.param("text/html;a=b=c", html(("a", "b=c")), id="a second equals sign is value"),
        pytest.param('text/html;a=""', html(("a", "")), id="a quoted value may be empty"),
        pytest.param('text/html;a="b;c"', html(("a", "b;c")), id="and have a semicolon"),
        pytest.param('text/html;a="b\\"c"', html(("a", 'b"c')), id="and an escaped quote"),
        pytest.param('text/html;a="b\\', html(("a", "b\\")), id="and end in a backslash"),
        pytest.param('text/html;a="b', html(("a", "b")), id="or not end at all"),
        pytest.param('text/html;a=b"c"', html(("a", 'b"c"')), id="a quote within is itself"),
        pytest.param(
            'text/html;charset="shift_jis"iso-2022-jp;b=2',
            html(("charset", "shift_jis"), ("b", "2")),
            id="what follows a closing quote is dropped",
        ),
    ],
)
def test_parameters(text: str, expected: MimeType) -> None:
    """Step 11."""
    assert parse_a_mime_type(text) == expected


def test_of_all_bytes_types_have_those_of_tokens() -> None:
    tokens = set(filter(is_token, ALL_BYTES))
    assert {byte for byte in ALL_BYTES if parse_a_mime_type(f"a{byte}b/c")} == tokens
    assert {byte for byte in ALL_BYTES if parse_a_mime_type(f"a/b{byte}c")} == tokens | {";"}


def test_of_all_bytes_a_value_has_those_of_quoted_strings() -> None:
    """https://mimesniff.spec.whatwg.org/#http-quoted-string-token-code-point"""
    for byte in ALL_BYTES:
        value = "d" if byte == ";" else f"d{byte}e"
        is_allowed = byte == "\t" or " " <= byte <= "~" or byte >= "\x80"
        expected = MimeType("a", "b", (("c", value),) if is_allowed else ())
        assert parse_a_mime_type(f"a/b;c=d{byte}e") == expected


def test_the_essence_leaves_the_parameters_out() -> None:
    assert html(("a", "b")).essence == "text/html"


@given(st.text() | st.text(alphabet='a/;="\\ \t', max_size=20))
def test_the_parser_never_raises_and_finds_tokens(text: str) -> None:
    mime_type = parse_a_mime_type(text)
    if mime_type is not None:
        parameter_names = [name for name, _ in mime_type.parameters]
        assert all(map(is_token, [mime_type.type, mime_type.subtype, *parameter_names]))
        assert len(parameter_names) == len(set(parameter_names))
