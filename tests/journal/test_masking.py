"""What of a URL is written down."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corscope.journal.masking import masked_url, plain_url


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("https://api.test/a?token=secret&b=2", "https://api.test/a?token=*&b=*"),
        ("https://api.test/a", "https://api.test/a"),
        ("https://api.test/a?", "https://api.test/a?"),
        ("https://api.test/a?secret", "https://api.test/a?*"),
        ("https://api.test/a?=secret", "https://api.test/a?=*"),
        ("https://api.test/a?a=1&&b=secret?=x", "https://api.test/a?a=*&&b=*"),
        ("https://api.test/a#secret", "https://api.test/a"),
        ("https://api.test/a#x?y=secret", "https://api.test/a"),
        ("https://user:secret@api.test/a", "https://api.test/a"),
        ("https://user:se@cret@api.test/a", "https://api.test/a"),
        ("HTTPS://secret@api.test", "HTTPS://api.test"),
        ("//secret@api.test/a", "//api.test/a"),
        ("https:/secret@api.test/a", "https:/api.test/a"),
        ("https:secret@api.test/a", "https:api.test/a"),
        ("https:\\\\user:secret@api.test\\a", "https:\\\\api.test\\a"),
        ("/\\user:secret@api.test/a", "/\\api.test/a"),
        (" \thttps://user:secret@api.test/a", "https://api.test/a"),
        ("/path/@name?q=secret", "/path/@name?q=*"),
        ("/@name", "/@name"),
        ("https://api.test/@name", "https://api.test/@name"),
        ("https://api.test?x=a@b", "https://api.test?x=*"),
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


@given(st.sampled_from(["http://", "https:", "//", "\\\\", "https:\\/", "HTTP:///"]), ANY)
def test_userinfo_never_shows(start: str, name: str) -> None:
    user = "".join(char for char in name if char not in "/\\?#")
    assert SECRET not in plain_url(f"{start}{user}:{SECRET}@api.test/")
