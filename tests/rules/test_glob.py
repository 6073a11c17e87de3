"""Globs: `rules.glob`."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corscope.rules.glob import HostName, glob_matches, host_matches, split_host, split_url_glob

few = st.text("ab*", max_size=8)


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        pytest.param("", "", True, id="nothing matches nothing"),
        pytest.param("", "a", False, id="and nothing else"),
        pytest.param("a.b", "axb", False, id="a dot is a dot"),
        pytest.param("a?b", "axb", False, id="a question mark is a question mark"),
        pytest.param("[ab]", "a", False, id="a bracket is a bracket"),
        pytest.param("*", "", True, id="a star matches nothing"),
        pytest.param("*", "a\nb", True, id="and everything"),
        pytest.param("a*", "a", True, id="also at the end"),
        pytest.param("a*a", "a", False, id="one letter isn't used twice"),
        pytest.param("a*a", "aa", True, id="two are enough"),
        pytest.param("*ab*ab", "abab", True, id="pieces stand in order"),
        pytest.param("*ab*ab", "ab", False, id="and don't overlap"),
        pytest.param("a*b*c", "abbc", True, id="any number of stars"),
        pytest.param("**", "x", True, id="two stars are one"),
    ],
)
def test_glob_matches(pattern: str, text: str, *, matches: bool) -> None:
    assert glob_matches(pattern, text) is matches


@given(few, st.text("ab", max_size=12))
def test_a_glob_is_the_regex_with_a_dot_for_each_star(pattern: str, text: str) -> None:
    regex = ".*".join(re.escape(piece) for piece in pattern.split("*"))
    assert glob_matches(pattern, text) == (re.fullmatch(regex, text, re.DOTALL) is not None)


def test_no_pattern_takes_more_than_linear_time() -> None:
    assert not glob_matches("a*" * 2000 + "b", "a" * 100_000)  # backtracking, it'd never end


@pytest.mark.parametrize(
    ("pattern", "url", "matches"),
    [
        pytest.param("*", "https://a.test/x", True, id="a star is any URL"),
        pytest.param("https://a.test/*", "https://a.test/x?y=/z", True, id="a query belongs to it"),
        pytest.param("https://a.test/*", "http://a.test/x", False, id="so does the scheme"),
        pytest.param("*://a.test/*", "http://a.test/x", True, id="a star for the scheme"),
        pytest.param("https://A.test/X", "https://a.test/X", True, id="hosts have no case"),
        pytest.param("https://a.test/X", "https://a.test/x", False, id="paths have"),
        pytest.param("https://*.a.test/*", "https://x.y.a.test/", True, id="any subdomain"),
        pytest.param("https://*.a.test/*", "https://a.test/", False, id="but one there must be"),
        pytest.param(
            "https://*.a.test/*", "https://evil.test/x.a.test/", False, id="a host star stays there"
        ),
        pytest.param(
            "*://a.test/*", "https://evil.test/?u=http://a.test/", False, id="so does a scheme star"
        ),
        pytest.param("https://a.test/*", "https://a.test:8443/", False, id="a port is another URL"),
        pytest.param("https://a.test:*/*", "https://a.test:8443/", True, id="unless a star is it"),
        pytest.param("https://a.test:*/*", "https://a.test/", True, id="which is the default too"),
        pytest.param("https://a.test:443/*", "https://a.test/", True, id="as when it is named"),
        pytest.param("https://a.test:80/*", "https://a.test/", False, id="no other scheme's"),
        pytest.param("*://a.test:443/*", "http://a.test/", False, id="nor with any scheme"),
        pytest.param("https://*:443/*", "https://a.test:8443/", False, id="nor beside another"),
        pytest.param("https://[::1]:443/*", "https://[::1]/", True, id="an address has it too"),
        pytest.param("https://[::1]/*", "https://[::1]:443/", False, id="or none"),
        pytest.param("http://a.test:80*", "http://a.test:8080/x", True, id="a last star runs on"),
        pytest.param("http://a.test*", "http://b.test/a.test", False, id="from where it stands"),
        pytest.param("*/x*", "https://a.test:8443/x/y", True, id="a first star is any beginning"),
        pytest.param("*/x*", "https://a.test/y", False, id="of what then follows"),
        pytest.param("https://a.test/*/c", "https://a.test/b/b/c", True, id="a star takes slashes"),
    ],
)
def test_url_globs(pattern: str, url: str, *, matches: bool) -> None:
    glob, parts = split_url_glob(pattern), split_url_glob(url)
    assert glob is not None
    assert parts is not None
    assert glob.matches(parts) is matches


@pytest.mark.parametrize("text", ["", "a.test/*", "https://a.test", "https:///"])
def test_what_has_no_scheme_host_or_path_is_no_url_glob(text: str) -> None:
    assert split_url_glob(text) is None


@pytest.mark.parametrize(
    ("pattern", "host", "scheme", "matches"),
    [
        pytest.param("a.test", "a.test:8080", "http", True, id="no port is any port"),
        pytest.param("a.test:8080", "a.test:8080", "http", True, id="a port is that port"),
        pytest.param("a.test:8080", "a.test", "http", False, id="and no other"),
        pytest.param("a.test:443", "a.test", "https", True, id="the default port is meant too"),
        pytest.param("a.test:443", "a.test", "http", False, id="of that scheme"),
        pytest.param("a.test:*", "a.test", "https", True, id="a star is any port"),
        pytest.param("A.TEST", "a.test", "https", True, id="hosts have no case"),
        pytest.param("*.test", "a.b.test", "https", True, id="a star is any number of labels"),
        pytest.param("[::1]", "[::1]:8080", "http", True, id="an IPv6 address has a port"),
        pytest.param("[::1]:8080", "[::1]", "http", False, id="or has none"),
    ],
)
def test_host_matches(pattern: str, host: str, scheme: str, *, matches: bool) -> None:
    assert host_matches(split_host(pattern), split_host(host), scheme) is matches


def test_split_host() -> None:
    assert split_host("A.test:80") == HostName("a.test", "80")
    assert split_host("[::1]") == HostName("[::1]", None)
