"""https://fetch.spec.whatwg.org/#terminology-headers"""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corscope.fetch.headers import (
    FAILURE,
    Failed,
    append,
    byte_lowercase,
    collect_an_http_quoted_string,
    combine,
    contains,
    convert_header_names_to_sorted_lowercase_set,
    delete,
    extract_header_list_values,
    from_fields,
    get,
    get_decode_and_split,
    is_token,
    names,
    normalize,
    set_header,
    sort_and_combine,
    split_value,
    values,
)
from corscope.messages import HeaderList
from tests.fetch.strategies import ALL_BYTES, any_value
from tests.support.tokens import TCHARS

TOKEN_BYTES = frozenset(TCHARS)
LISTED: HeaderList = (("A", "1"), ("b", "2"), ("a", "3"), ("B", "4"))


def test_bytes_are_decoded_isomorphically_and_the_order_is_kept() -> None:
    every_byte = bytes(range(0x21, 0x100))
    fields = [(b"X-A", every_byte), (b"x-b", b""), (b"X-A", b"2")]
    assert from_fields(fields) == (("X-A", every_byte.decode("latin-1")), ("x-b", ""), ("X-A", "2"))


def test_of_all_bytes_only_tab_and_space_go_around_a_value() -> None:
    fields = [(b"A", f"{byte}v{byte}".encode("latin-1")) for byte in ALL_BYTES]
    stripped = {
        byte
        for byte, (_, value) in zip(ALL_BYTES, from_fields(fields), strict=True)
        if value == "v"
    }
    assert stripped == set("\t ")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"\r\n *", "*"),
        (b"*\r\n ", "*"),
        (b"a, \r\n \t b,\n\tc", "a, b, c"),
        (b"a\rb", "a\rb"),
        (b"a\nb", "a\nb"),
    ],
)
def test_a_value_over_several_lines_is_one(value: bytes, expected: str) -> None:
    assert from_fields([(b"A", value)]) == (("A", expected),)


def test_of_all_bytes_http_whitespace_is_normalized_away() -> None:
    """https://fetch.spec.whatwg.org/#concept-header-value-normalize"""
    assert {byte for byte in ALL_BYTES if normalize(f"{byte}v{byte}") == "v"} == set("\t\n\r ")


def test_of_all_bytes_only_ascii_capitals_are_lowercased() -> None:
    """https://infra.spec.whatwg.org/#byte-lowercase"""
    lowercased = "".join(map(byte_lowercase, ALL_BYTES)).encode("latin-1")
    assert lowercased == bytes(range(256)).lower()


def test_of_all_bytes_77_make_a_token() -> None:
    """https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2"""
    assert len(TOKEN_BYTES) == 77
    assert {byte for byte in ALL_BYTES if is_token(byte)} == TOKEN_BYTES
    assert {byte for byte in ALL_BYTES if is_token(f"a{byte}b")} == TOKEN_BYTES


def test_the_empty_text_is_no_token() -> None:
    assert not is_token("")
    assert not is_token("a\n")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("a", "1, 3", id="all lines are combined, in order"),
        pytest.param("B", "2, 4", id="whatever the case of the name asked for"),
        pytest.param("c", None, id="an absent header is null"),
    ],
)
def test_get(name: str, expected: str | None) -> None:
    """https://fetch.spec.whatwg.org/#concept-header-list-get"""
    assert get(LISTED, name) == expected
    assert contains(LISTED, name) == (expected is not None)
    assert values(LISTED, name) == (tuple(expected.split(", ")) if expected else ())


def test_an_empty_value_is_not_null() -> None:
    assert get((("A", ""),), "a") == ""
    assert get((("A", ""), ("A", "")), "a") == ", "


def test_names_keep_case_order_and_repetition() -> None:
    assert names(LISTED) == ("A", "b", "a", "B")


def test_letters_beyond_ascii_are_told_apart_by_case() -> None:
    headers = (("x-é", "1"), ("x-É", "2"))
    assert get(headers, "X-é") == "1"
    assert convert_header_names_to_sorted_lowercase_set(names(headers)) == ["x-É", "x-é"]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param(["A: nosniff,"], ["nosniff", ""], id="a final comma leaves an empty value"),
        pytest.param(["A: nosniff", "B: sniff", "A:"], ["nosniff", ""], id="so does an empty line"),
        pytest.param(["A:", "B: sniff"], [""], id="a lone empty line is one empty value"),
        pytest.param(["B: sniff"], None, id="an absent header is null"),
        pytest.param(
            ['A: text/html;", x/x'], ['text/html;", x/x'], id="an open quote hides commas"
        ),
        pytest.param(['A: text/html;"', "A: x/x"], ['text/html;", x/x'], id="also across lines"),
        pytest.param(
            ['A: x/x;test="hi",y/y'], ['x/x;test="hi"', "y/y"], id="a closed quote stays in place"
        ),
        pytest.param(
            ['A: x/x;test="hi"', "C: **bingo**", "A: y/y"],
            ['x/x;test="hi"', "y/y"],
            id="other headers between the lines don't matter",
        ),
        pytest.param(["A: x / x,,,1"], ["x / x", "", "", "1"], id="empty values are kept"),
        pytest.param(["A: x / x", "A: ,", "A: 1"], ["x / x", "", "", "1"], id="also from lines"),
        pytest.param(['A: "1,2", 3'], ['"1,2"', "3"], id="a quoted comma doesn't split"),
        pytest.param(['A: "1,2"', "D: 4", "A: 3"], ['"1,2"', "3"], id="nor do quotes across lines"),
        pytest.param(['A: "a\\",b",c'], ['"a\\",b"', "c"], id="an escaped quote doesn't close"),
        pytest.param(["A: a\t ,\t b"], ["a", "b"], id="tab and space go around each value"),
        pytest.param(["A: a\v,b"], ["a\v", "b"], id="other white space stays"),
    ],
)
def test_get_decode_and_split(lines: list[str], expected: list[str] | None) -> None:
    """https://fetch.spec.whatwg.org/#example-header-list-get-decode-split, and more"""
    pairs = [line.partition(":") for line in lines]
    headers = tuple((name, value.strip("\t ")) for name, _, value in pairs)
    assert get_decode_and_split(headers, "A") == expected


@given(st.lists(st.text(alphabet="ab1/; ", max_size=4), min_size=1))
def test_values_without_quotes_split_at_every_comma(parts: list[str]) -> None:
    assert split_value(",".join(parts)) == [part.strip(" ") for part in parts]


@given(st.text(alphabet='a,"\\ ', max_size=12))
def test_splitting_loses_nothing_but_space_around_commas(value: str) -> None:
    assert ",".join(split_value(value)).replace(" ", "") == value.replace(" ", "")


@pytest.mark.parametrize(
    ("text", "collected", "value", "position"),
    [
        pytest.param('"\\', '"\\', "\\", 2, id="a backslash at the end stands for itself"),
        pytest.param('"Hello" World', '"Hello"', "Hello", 7, id="it ends with the quote"),
        pytest.param(
            '"Hello \\\\ World\\""', '"Hello \\\\ World\\""', 'Hello \\ World"', 18, id="escapes"
        ),
        pytest.param('"', '"', "", 1, id="an open quote at the end is empty"),
        pytest.param('"a\nb', '"a\nb', "a\nb", 4, id="without a quote it ends with the text"),
    ],
)
def test_collect_an_http_quoted_string(
    text: str, collected: str, value: str, position: int
) -> None:
    """https://fetch.spec.whatwg.org/#example-http-quoted-string, and more"""
    assert collect_an_http_quoted_string(text, 0) == (collected, position)
    assert collect_an_http_quoted_string(text, 0, extract_value=True) == (value, position)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param(append(LISTED, "c", "5"), (*LISTED, ("c", "5")), id="append a new one"),
        pytest.param(
            append(LISTED, "B", "5"), (*LISTED, ("b", "5")), id="append takes the first one's case"
        ),
        pytest.param(delete(LISTED, "B"), (("A", "1"), ("a", "3")), id="delete takes all lines"),
        pytest.param(delete(LISTED, "c"), LISTED, id="delete what isn't there"),
        pytest.param(
            set_header(LISTED, "B", "5"),
            (("A", "1"), ("b", "5"), ("a", "3")),
            id="set changes the first line and removes the others",
        ),
        pytest.param(set_header(LISTED, "c", "5"), (*LISTED, ("c", "5")), id="set a new one"),
        pytest.param(
            set_header((("\xc9", "1"),), "\xc9", "2"),
            (("\xc9", "2"),),
            id="a capital of no ASCII is the same only to itself",
        ),
        pytest.param(
            combine(LISTED, "B", "5"),
            (("A", "1"), ("b", "2, 5"), ("a", "3"), ("B", "4")),
            id="combine adds to the first line",
        ),
        pytest.param(combine(LISTED, "c", "5"), (*LISTED, ("c", "5")), id="combine a new one"),
    ],
)
def test_changing_a_header_list(changed: HeaderList, expected: HeaderList) -> None:
    """https://fetch.spec.whatwg.org/#concept-header-list-append and the definitions after it"""
    assert changed == expected


def test_sort_and_combine_leaves_only_set_cookie_apart() -> None:
    """https://fetch.spec.whatwg.org/#concept-header-list-sort-and-combine"""
    headers = (("X", "1"), ("Set-Cookie", "a"), ("A", "2"), ("x", "3"), ("set-cookie", "b"))
    assert sort_and_combine(headers) == (
        ("a", "2"),
        ("set-cookie", "a"),
        ("set-cookie", "b"),
        ("x", "1, 3"),
    )


METHODS = "Access-Control-Allow-Methods"
MAX_AGE = "Access-Control-Max-Age"


@pytest.mark.parametrize(
    ("name", "lines", "expected"),
    [
        pytest.param(METHODS, [], None, id="an absent list is null"),
        pytest.param(METHODS, [""], [], id="an empty list is a list"),
        pytest.param(METHODS, ["GET,PUT"], ["GET", "PUT"], id="a comma separates"),
        pytest.param(METHODS, [" GET \t,\tPUT "], ["GET", "PUT"], id="tab and space may surround"),
        pytest.param(METHODS, [",GET,,PUT,"], ["GET", "PUT"], id="empty elements are overlooked"),
        pytest.param(METHODS, ["GET", "PUT"], ["GET", "PUT"], id="lines add up"),
        pytest.param(METHODS, ["GET", ""], ["GET"], id="an empty line adds nothing"),
        pytest.param(METHODS, ["*"], ["*"], id="the wildcard is a token like others"),
        pytest.param(METHODS, ["GET PUT"], FAILURE, id="a space within an element fails the list"),
        pytest.param(METHODS, ["GET;PUT"], FAILURE, id="a semicolon does"),
        pytest.param(METHODS, ['"GET"'], FAILURE, id="quotes do"),
        pytest.param(METHODS, ["GET", "@"], FAILURE, id="one bad line fails all"),
        pytest.param(MAX_AGE, [], None, id="no max-age is null"),
        pytest.param(MAX_AGE, ["60"], ["60"], id="a max-age is a number"),
        pytest.param(MAX_AGE, ["060"], ["060"], id="leading zeros are digits"),
        pytest.param(MAX_AGE, ["60", "60"], FAILURE, id="two max-ages fail"),
        pytest.param(MAX_AGE, ["60, 60"], FAILURE, id="a list of max-ages fails"),
        pytest.param(MAX_AGE, [""], FAILURE, id="an empty max-age fails"),
        pytest.param(MAX_AGE, ["-1"], FAILURE, id="a negative max-age fails"),
        pytest.param(MAX_AGE, ["+1"], FAILURE, id="a plus sign fails"),
        pytest.param(MAX_AGE, ["1.5"], FAILURE, id="a fraction fails"),
        pytest.param(MAX_AGE, ["٣"], FAILURE, id="another script's digit fails"),
    ],
)
def test_extract_header_list_values(
    name: str, lines: list[str], expected: list[str] | Failed | None
) -> None:
    """https://fetch.spec.whatwg.org/#extract-header-list-values"""
    headers = tuple((name.lower(), line) for line in lines)
    assert extract_header_list_values(name, headers) == expected


def test_of_all_bytes_a_list_takes_those_of_tokens_and_the_comma() -> None:
    taken = {
        byte: extract_header_list_values(METHODS, ((METHODS, f"a{byte}b"),)) for byte in ALL_BYTES
    }
    assert {byte for byte in ALL_BYTES if taken[byte] == [f"a{byte}b"]} == TOKEN_BYTES
    assert {byte for byte in ALL_BYTES if taken[byte] != FAILURE} == TOKEN_BYTES | {","}
    assert taken[","] == ["a", "b"]


def test_of_all_bytes_a_max_age_takes_digits() -> None:
    taken = {
        byte
        for byte in ALL_BYTES
        if extract_header_list_values(MAX_AGE, ((MAX_AGE, f"1{byte}"),)) == [f"1{byte}"]
    }
    assert taken == set(string.digits)


@given(st.lists(any_value, max_size=4))
def test_extracted_values_are_tokens_from_the_lines(lines: list[str]) -> None:
    extracted = extract_header_list_values(METHODS, tuple((METHODS, line) for line in lines))
    assert (extracted is None) == (not lines)
    if extracted is not None and extracted != FAILURE:
        assert all(map(is_token, extracted))
        assert all(any(value in line for line in lines) for value in extracted)
