"""For which URLs is a policy that a server has for some paths only?

A rule says it in `match.url`, whose globs know no sign but `*`: what they can't say is told.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from corscope.cli.imports.tree import Found

__all__ = ["at_or_below", "beginning_with", "exactly", "only_for"]

_PLAIN: Final = re.compile(r"/[\w.~@!&',;=/-]*", re.ASCII)
"""A path in which no server sees a pattern, and which a browser sends as it stands."""


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


def only_for(found: Found, paths: Iterable[str], told: str) -> Found:
    """A policy that is for some paths only.

    Args:
        found: it.
        paths: globs over a URL from its path on; none if no glob can say which they are.
        told: what is told in that case: where, and which paths are meant.
    """
    if paths := tuple(paths):
        return replace(found, paths=paths)
    return replace(found, warnings=(f"{told}: say so in match.url", *found.warnings))
