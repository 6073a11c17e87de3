"""What of a URL is written down."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corscope.journal.lines.masking import masked_error, masked_url, plain_url


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("https://api.test/a?token=secret&b=2", "https://api.test/a?token=*&b=*"),
        ("https://api.test/a", "https://api.test/a"),
        ("https://api.test/a?", "https://api.test/a?"),
        ("https://api.test/a?secret", "https://api.test/a?*"),
        ("https://api.test/a?=secret", "https://api.test/a?=*"),
        ("https://api.test/a?q=&r", "https://api.test/a?q=*&*"),
        ("https://api.test/a?c2VjcmV0IHNlY3JldCE=", "https://api.test/a?*"),
        ("https://api.test/a?b&c2VjcmV0IQ==&d=1", "https://api.test/a?*&*&d=*"),
        ("https://api.test/a?a=1&&b=secret?=x", "https://api.test/a?a=*&&b=*"),
        ("https://api.test/a#secret", "https://api.test/a"),
        ("https://api.test/a#x?y=secret", "https://api.test/a"),
        ("https://user:secret@api.test/a", "https://api.test/a"),
        ("https://user:se@cret@api.test/a", "https://api.test/a"),
        ("HTTPS://secret@api.test", "HTTPS://api.test"),
        ("//secret@api.test/a", "//api.test/a"),
        ("https:/secret@api.test/a", "https:/api.test/a"),
        ("https:secret@api.test/a", "https:api.test/a"),
        ("wss:user:secret@api.test/a", "wss:api.test/a"),
        ("WS:/user:secret@api.test/a", "WS:/api.test/a"),
        ("ftp:user:secret@api.test/a", "ftp:api.test/a"),
        ("https:\\\\user:secret@api.test\\a", "https:\\\\api.test\\a"),
        ("/\\user:secret@api.test/a", "/\\api.test/a"),
        (" \thttps://user:secret@api.test/a", "https://api.test/a"),
        ("/path/@name?q=secret", "/path/@name?q=*"),
        ("/@name", "/@name"),
        ("https://api.test/@name", "https://api.test/@name"),
        ("https://api.test?x=a@b", "https://api.test?x=*"),
        ("https:/\t/user:secret@api.test/a", "https://api.test/a"),
        ("ht\ttps:\t//user:sec\tret@api.test/a", "https://api.test/a"),
        ("x://@//user:secret@api.test/a", "x://api.test/a"),
        ("https:a@/b@//user:secret@api.test/a", "https:api.test/a"),
        ("//a@//api.test/@name", "////api.test/@name"),
        ("", ""),
    ],
)
def test_masked_url(url: str, masked: str) -> None:
    assert masked_url(url) == masked


def test_a_whole_url_keeps_its_query_and_loses_the_rest() -> None:
    assert plain_url("https://u:p@api.test/a?b=c#d") == "https://api.test/a?b=c"


SECRET = "s3cr3t"
ANY = st.text(max_size=12)


@given(ANY.filter(lambda name: "#" not in name), ANY)
def test_a_query_value_never_shows(name: str, after: str) -> None:
    assert SECRET not in masked_url(f"https://api.test/?{name}={SECRET}&{after}")


@given(st.sampled_from(["http://", "https:", "ws:", "//", "\\\\", "https:\\/", "HTTP:///"]), ANY)
def test_userinfo_never_shows(start: str, name: str) -> None:
    user = "".join(char for char in name if char not in "/\\?#")
    assert SECRET not in plain_url(f"{start}{user}:{SECRET}@api.test/")


@given(
    st.sampled_from(["http://", "https:", "//", "\\\\", "HTTP:///"]),
    st.lists(st.tuples(st.integers(0, 10), st.sampled_from("\t\n\r"))),
)
def test_what_browsers_take_out_of_a_url_hides_no_userinfo(
    start: str, odd: list[tuple[int, str]]
) -> None:
    for place, char in odd:
        start = start[:place] + char + start[place:]
    assert SECRET not in plain_url(f"{start}user:{SECRET}@api.test/")


@pytest.mark.parametrize(
    ("message", "masked"),
    [
        ("server closed connection", "server closed connection"),
        (
            "[Errno 111] Connect call failed ('::1', 80)",
            "[Errno 111] Connect call failed ('::1', 80)",
        ),
        ("Invalid header line: b'Set-Cookie secret'", "Invalid header line: b'*'"),
        (
            "Unknown: {b':a': b'sec\\'ret', b\":b\": b\"'secret\"}",
            "Unknown: {b'*': b'*', b'*': b'*'}",
        ),
        ("it breaks off: b'Set-Cookie secr", "it breaks off: b'*'"),
        ("unknown transfer-encoding header: 'secret'", "unknown transfer-encoding header: '*'"),
        ('invalid content-length header: "5, \'secret"', "invalid content-length header: '*'"),
        (
            "multiple content-length headers: ['1', 's', \"t'\"]",
            "multiple content-length headers: ['*']",
        ),
        ("multiple transfer-encoding headers: ['s", "multiple transfer-encoding headers: ['*'"),
        ("unexpected HTTP transfer-encoding 's' for", "unexpected HTTP transfer-encoding '*' for"),
    ],
)
def test_an_error_does_not_cite_what_came(message: str, masked: str) -> None:
    assert masked_error(message) == masked


@given(st.binary())
def test_no_bytes_are_cited_whatever_they_are(data: bytes) -> None:
    assert masked_error(f"Bad line: {data!r}, {SECRET.encode()!r}.") == "Bad line: b'*', b'*'."
