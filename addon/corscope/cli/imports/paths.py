"""For which URLs is a policy that a server has for some paths only?

A rule says it in `match.url`, whose globs know no sign but `*`: what they can't say is told.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain
from typing import Final

from corscope.cli.imports.tree import Found

__all__ = [
    "at_or_below",
    "beginning_with",
    "exactly",
    "matching",
    "only_for",
    "starred",
    "with_those_below",
]

_PLAIN: Final = re.compile(r"/[\w.~@!&',;=/-]*", re.ASCII)
"""A path in which no server sees a pattern, and which a browser sends as it stands."""

_BEGINNING: Final = re.compile(r"\^?(?P<path>/[\w/-]*?)(?P<end>/\*|\.\*\$?|\$)?", re.ASCII)
"""A regex that is a path, with what may end it: `/*`, which needs no slash, `.*` or `$`."""


def exactly(path: str) -> tuple[str, ...]:
    """What fits this path alone, with any query; nothing if it is no plain path."""
    return (path, f"{path}?*") if _PLAIN.fullmatch(path) else ()


def beginning_with(prefix: str) -> tuple[str, ...]:
    """What fits all that begins so; nothing if it is no plain path."""
    return (f"{prefix}*",) if _PLAIN.fullmatch(prefix) else ()


def at_or_below(path: str) -> tuple[str, ...]:
    """What fits this path and those below it; nothing if it is no plain path."""
    path = path.removesuffix("/")
    return (*exactly(path), f"{path}/*") if _PLAIN.fullmatch(path) else ()


def with_those_below(path: str, sign: str = "/*") -> tuple[str, ...]:
    """What fits a path alone, or, with this at its end, it and those below it."""
    return at_or_below(path[: -len(sign)]) if path.endswith(sign) else exactly(path)


def starred(path: str) -> tuple[str, ...]:
    """What fits a path with a `*` at its end for all that begins so; nothing if it is no such.

    One elsewhere stands for a piece of the path, where that of a glob may reach into the query.
    """
    return beginning_with(path[:-1]) if path.endswith("*") else exactly(path)


def matching(regex: str) -> tuple[str, ...]:
    """What fits a regex as `re.match` does, from the path's beginning; nothing if it is harder."""
    found = _BEGINNING.fullmatch(regex)
    if found is None:
        return ()
    return exactly(found["path"]) if found["end"] == "$" else beginning_with(found["path"])


def only_for(
    found: Found, place: str, paths: Sequence[str], globs: Callable[[str], tuple[str, ...]]
) -> Found:
    """A policy that is for some paths only, which is told where a rule can't say it.

    Args:
        found: it.
        place: where the paths are written.
        paths: they, as the server has them.
        globs: what fits one of them, over a URL from its path on; nothing if no glob can say it.
    """
    made = [globs(path) for path in paths]
    if all(made):
        return replace(found, paths=tuple(dict.fromkeys(chain.from_iterable(made))))
    told = f"{place}: only paths that fit {' or '.join(paths)} are meant: say so in match.url"
    return replace(found, warnings=(told, *found.warnings))
