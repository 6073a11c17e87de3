"""Regexes of any shape, and those that bring a backtracking engine to its knees."""

from __future__ import annotations

import re
from typing import Final

from hypothesis import strategies as st

__all__ = ["EXPLOSIVE", "UNFOLLOWED", "flags", "patterns", "texts"]

EXPLOSIVE: Final = {
    r"^(a+)+$": "a" * 400 + "!",
    r"^(a|a)*$": "a" * 400 + "!",
    r"^(a|aa)+$": "a" * 400 + "!",
    r"^(a*)*b$": "a" * 400,
    r"^((a?){1,30}){1,30}$": "a" * 400 + "!",
    r"^https://([a-z0-9]+-?)+\.example\.com$": "https://" + "a" * 400,
    r"^https://(\w+\.?)*example\.com$": "https://" + "a" * 400,
    r"(.*)(.*)(.*)(.*)(.*)x": "a" * 500,
    r".*.*.*=.*": "a" * 500,
    r"(x+x+)+y": "x" * 500,
    r"^(([a-z])+.)+[A-Z]([a-z])+$": "a" * 400,
}
"""Each with a text that `re` alone would not be done with for years."""

UNFOLLOWED: Final = (
    r"^(?=(a+)+$)b",
    r"^(?!(a+)+$)a",
    r"(?<=a)(b|b)*c",
    r"^(a+)+\1$",
    r"^(?>(a+)+)b",
    r"^((a|a)*)*+b",
    r"^(a)?(a+)+(?(1)b|c)",
    r"(((a{0,90}){0,90}){0,90}){0,90}b",
)
"""What can't be matched in linear time, and would take ages otherwise."""

_ATOMS = st.sampled_from(
    [
        *("a", "b", "c", ".", "[ab]", "[^a]", "[a-c\\d]", "[^\\W_]", "\\w", "\\D", "\\s", "\\."),
        *("^", "$", "\\b", "\\B", "\\A", "\\Z", "\\n", "\xe9", "", "(?i:A)", "(?s:.)", "(?a:\\w)"),
        *("(?m:^)", "(?m:$)", "(?-i:a)", "(?i:[x-z\u212a])", "\u017f"),
    ]
)
_QUANTIFIERS = st.sampled_from(
    ["", "*", "+", "?", "*?", "+?", "??", "{2}", "{0}", "{1,3}", "{,2}", "{2,}", "{1,2}?"]
)


def _larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    several = st.lists(inner, min_size=1, max_size=3)
    grouped = st.one_of(several.map("".join), several.map("|".join))
    return st.one_of(
        several.map("".join),
        st.builds("(?:{}){}".format, grouped, _QUANTIFIERS),
        st.builds("({}){}".format, grouped, _QUANTIFIERS),
    )


patterns = st.recursive(_ATOMS, _larger, max_leaves=10)
texts = st.text("aabcA\xe91_.\nkKsS", max_size=8)
flags = st.sampled_from([0, re.IGNORECASE, re.MULTILINE, re.DOTALL, re.ASCII, re.VERBOSE])
