"""Can a filter expression keep the proxy busy for ages?

mitmproxy tries its regexes on whatever is sent, with Python's own engine, so that whoever sends it
may choose what takes longest.
"""

import re
from collections.abc import Iterator
from typing import Final

from corscope.rules.kinds.place import Remark
from corscope.rules.lint.ids import remark
from corscope.rules.locate import KeyPath
from corscope.rules.model import Match
from corscope.servers.patterns.backtracking import BEYOND_COUNTING, ways
from corscope.servers.patterns.regex_tree import parsed

__all__ = ["lint_filters"]

_TOKEN: Final = re.compile(
    r"""~\w+|"(?P<double>(?:[^"\\]|\\.)*+)"|'(?P<single>(?:[^'\\]|\\.)*+)'|(?P<word>[^()~'"\s]+)""",
    re.DOTALL,
)
_LENGTH: Final = 512


def lint_filters(match: Match) -> Iterator[Remark]:
    """The regexes in filter expressions that can be tried in too many ways to count."""
    for index, expression in enumerate(match.filter):
        for pattern in _regexes(expression):
            if _explodes(pattern):
                message = (
                    f"holds the regex {pattern!r}, for which a text can be made up that it is "
                    "tried on for ages: the proxy stands still until then"
                )
                hint = "repeat nothing that holds a repetition or a choice"
                path: KeyPath = ("match", "filter", index)
                yield remark("filter-explosive", path, expression, message, hint)


def _regexes(expression: str) -> Iterator[str]:
    """Whatever is no operator; a number or a plain word is a harmless regex too."""
    for token in _TOKEN.finditer(expression):
        quoted = token["double"] or token["single"]
        if quoted is not None:
            yield re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL)
        elif token["word"] is not None:
            yield token["word"]


def _explodes(pattern: str) -> bool:
    try:
        return ways(parsed(pattern), _LENGTH) == BEYOND_COUNTING
    except (re.error, RecursionError, OverflowError):
        return False  # an operator, such as a lone |; what is a regex mitmproxy has compiled
