"""In what a text is encoded."""

import pytest

from corscope.encoding import encoding_of


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"{}", "utf-8-sig"),
        ("{}".encode("utf-8-sig"), "utf-8-sig"),
        ("{}".encode("utf-16"), "utf-16"),
        (b"\xfe\xff\0{\0}", "utf-16"),
        ("{}".encode("utf-16-le"), "utf-16-le"),
        ("{}".encode("utf-16-be"), "utf-16-be"),
        (b"", "utf-8-sig"),
        (b"{", "utf-8-sig"),
        (b"\0", "utf-8-sig"),
        (b"\0\0\0\0", "utf-8-sig"),
        (b"a\0b", "utf-8-sig"),
        (b"{\0\0\0", "utf-8-sig"),
        (b"\0ab\0", "utf-8-sig"),
        (b"a\0b\0", "utf-16-le"),
    ],
)
def test_an_encoding_shows_in_the_first_four_bytes(data: bytes, expected: str) -> None:
    assert encoding_of(data) == expected
