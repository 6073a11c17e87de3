"""Does a rule's url match a URL whose query values aren't recorded?

The journal writes `*` for each value of a query. Such a URL stands for many, and a glob may match
all of them, none, or only some: then it can't be told.
"""

from collections.abc import Iterable
from typing import Final

from corscope.rules.glob import UrlGlob, glob_matches, split_url_glob
from corscope.rules.model import Rule

__all__ = ["is_masked", "undecided"]

MOST_COMPARED: Final = 1_000_000
"""So many pairs of characters are compared at most; beyond that nothing is told."""

_MASK: Final = "*"


def is_masked(url: str) -> bool:
    """Whether a value of the URL's query is hidden."""
    return bool(_hidden(url))


def undecided(rules: Iterable[Rule], url: str) -> frozenset[str]:
    """The names of the rules whose `url` would match for some values of the query only."""
    split = split_url_glob(url)
    if split is None or not is_masked(split.rest):  # without a path no url matches
        return frozenset()
    return frozenset(rule.name for rule in rules if _is_undecided(rule.match.url, split))


def _is_undecided(globs: Iterable[UrlGlob], url: UrlGlob) -> bool:
    told = [_told(glob, url) for glob in globs]
    return True not in told and None in told


def _told(glob: UrlGlob, url: UrlGlob) -> bool | None:
    """Whether a glob matches all such URLs, none, or, as None says, perhaps some."""
    if glob.whole is not None:
        return _compared(glob.whole, str(url))
    if not glob.matches_before_path(url):
        return False
    return _compared(glob.rest, url.rest)


def _compared(pattern: str, text: str) -> bool | None:
    hidden = _hidden(text)
    known = text[: min(hidden)]
    if pattern.endswith("*") and glob_matches(pattern, known):
        return True
    begins, asterisk, _ = pattern.partition("*")
    common = min(len(begins), len(known))
    if begins[:common] != known[:common] or (not asterisk and len(begins) < len(known)):
        return False
    if len(pattern) * len(text) > MOST_COMPARED:
        return None
    return None if _can_meet(pattern, text, hidden) else False


def _hidden(url: str) -> frozenset[int]:
    """The places of the values that are hidden."""
    start = url.find("?") + 1
    places = []
    for parameter in url[start:].split("&") if start else ():
        if parameter == _MASK or parameter.partition("=")[2] == _MASK:
            places.append(start + len(parameter) - 1)
        start += len(parameter) + 1
    return frozenset(places)


def _can_meet(pattern: str, text: str, hidden: frozenset[int]) -> bool:
    """Whether any text of this form matches, each hidden place standing for any characters."""
    after = [False] * len(text) + [True]
    for place in range(len(text) - 1, -1, -1):
        after[place] = place in hidden and after[place + 1]
    for char in reversed(pattern):
        here = [False] * (len(text) + 1)
        here[-1] = char == "*" and after[-1]
        for place in range(len(text) - 1, -1, -1):
            if char == "*" or place in hidden:
                here[place] = after[place] or here[place + 1]
            else:
                here[place] = char == text[place] and after[place + 1]
        after = here
    return after[0]
