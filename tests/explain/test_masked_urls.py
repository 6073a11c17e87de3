"""What a rule's url is to a URL whose query values aren't recorded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corscope.explain.whatif.masked_urls import undecided
from corscope.journal.lines.masking import masked_url
from corscope.rules.glob import split_url_glob
from corscope.rules.load import Source, load
from corscope.rules.model import Rule
from corscope.rules.write import toml_value

URL = "https://api.test/v1/items?id=*&page=*"


def rule(url: str) -> Rule:
    text = f'[[rule]]\nname = "r"\nmatch.url = {toml_value(url)}\nfault.abort = true\n'
    return load([Source("r.toml", text.encode())]).rules[0]


@pytest.mark.parametrize(
    "glob",
    [
        "https://api.test/*",
        "https://api.test/v1/items?*",
        "https://api.test/v1/items?id=*",
        "https://*.test*",
        "*/v1/*",
        "*://api.test/v1/*",
        "https://api.test/v1/items",
        "https://other.test/v1/*",
        "http://api.test/v1/*",
        "https://api.test/v2/*",
        "https://api.test/v1/items?other=*&x",
    ],
)
def test_most_globs_are_decided_without_the_values(glob: str) -> None:
    assert undecided([rule(glob)], URL) == frozenset()


@pytest.mark.parametrize(
    "glob",
    [
        "https://api.test/v1/items?id=7&page=*",
        "https://api.test/*page=2",
        "https://api.test/*/edit",
        "*id=7*",
    ],
)
def test_some_hang_on_them(glob: str) -> None:
    assert undecided([rule(glob)], URL) == {"r"}


def test_a_url_without_hidden_values_is_always_decided() -> None:
    for url in ("https://api.test/v1/items", "https://api.test/?", "https://api.test/a*b"):
        assert undecided([rule("https://api.test/*b")], url) == frozenset()


def test_a_url_without_a_path_which_no_url_matches_is_decided() -> None:
    for url in ("https://api.test?id=*", "https://api.test?*"):
        assert undecided([rule("https://api.test/*"), rule("*id=7*")], url) == frozenset()


def test_a_huge_url_is_not_compared_for_ever() -> None:
    url = f"https://api.test/?a=*&{'x' * 100_000}=*"
    assert undecided([rule(f"https://api.test/*{'y*' * 50}z")], url) == {"r"}


PARTS = st.text("ab/?&=*", max_size=6)


@given(glob=PARTS, path=st.text("ab/", max_size=4), query=st.text("ab&=", max_size=6))
def test_what_is_decided_holds_for_the_values_that_were_there(
    glob: str, path: str, query: str
) -> None:
    url = f"https://h.test/{path}?{query}"
    masked = masked_url(url)
    made = rule(f"https://h.test/{glob}")
    actual, hidden = split_url_glob(url), split_url_glob(masked)
    assert actual is not None
    assert hidden is not None
    if not undecided([made], masked):
        assert made.match.url[0].matches(actual) == made.match.url[0].matches(hidden)
