"""https://www.rfc-editor.org/rfc/rfc9651#name-parsing-an-item"""

import pytest

from corscope.fetch.structured import token_of_item


@pytest.mark.parametrize(
    ("value", "token"),
    [
        ("token", "token"),
        ("  To-Ken/1:a  ", "To-Ken/1:a"),
        ("*x", "*x"),
        ('a;b=token;c=1.5;d=?0;e=:YQ==:;*f;g="a \\" and a \\\\"', "a"),
        ("a;  b=-12", "a"),
        ("", None),
        ("1", None),
        ('"a"', None),
        ("(a)", None),
        ("a, a", None),
        ("a b", None),
        ("a;", None),
        ("a ; b", None),
        ("a; B=1", None),
        ("a; b=@", None),
        ('a; b="x', None),
        ('a; b="\\x"', None),
        ("a\t", None),
    ],
)
def test_the_token_that_is_all_but_its_parameters(value: str, token: str | None) -> None:
    assert token_of_item(value) == token
