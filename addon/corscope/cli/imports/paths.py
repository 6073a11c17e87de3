"""For which URLs is a policy that a server has for some paths only?

A rule says it in `match.url`, whose globs know no sign but `*`, or of a regex in `match.filter`:
what neither can say is told.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain
from typing import Final

from corscope.cli.imports.regexes import alternatives
from corscope.cli.imports.tree import Found

__all__ = [
    "at_or_below",
    "beginning_with",
    "exactly",
    "filter_of",
    "matching",
    "only_for",
    "starred",
    "with_those_below",
]

_PLAIN: Final = re.compile(r"/[\w.~@!&',;=/-]*", re.ASCII)
"""A path in which no server sees a pattern, and which a browser sends as it stands."""

_BEGINNING: Final = re.compile(r"\^?(?P<path>/[\w/-]*?)(?P<end>/\*|\.\*\$?|\$)?", re.ASCII)
"""A regex that is a path, with what may end it: `/*`, which needs no slash, `.*` or `$`."""

_SIGNS: Final = re.compile(
    r"\\.|\[\^?[\w ./?=&%,;:@!+*()-]+\]|\(\?:|\((?!\?)|\{[0-9]+(?:,[0-9]*)?\}"
    r"|[\w/=&%,;:@!)|*+?.~-]",
    re.ASCII,
)
"""The signs of a regex that mean the same to all: a class, a group, a repetition, a letter."""

_ESCAPES: Final = {"d": "[0-9]", "w": "[0-9A-Za-z_]", "/": "/", "-": "-", "_": "_"}
_LITERAL: Final = ".+*?()[{}|$&=@!,;:~%"


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


def filter_of(regex: str, *, is_caseless: bool = False, of_file: bool = False) -> str | None:
    """What fits all paths in which a regex is found, as a filter of mitmproxy's over the URL.

    It has no backslash, which quotes within a filter would take for theirs.

    Args:
        regex: it, of paths without their query.
        is_caseless: whether small letters and capitals are the same.
        of_file: whether it looks at the last piece of the path alone.

    Returns:
        None if it has a sign that may mean something else there.
    """
    none_of = "/?" if of_file else "?"
    parts = [_part_of_url(part, none_of) for part in alternatives(regex)]
    if not regex.isascii() or None in parts:
        return None
    before = "^[a-z]+://[^/]+/([^?]*/)?" if of_file else "^[a-z]+://[^/]+"
    flag = "i" if is_caseless else "-i"
    return f'~u "{before}(?{flag}:{"|".join(map(str, parts))})"'


def _part_of_url(regex: str, none_of: str) -> str | None:
    """A regex that is found in a path, or not, as one that fits from there on to its end."""
    body, begin, end = regex, f"[^{none_of}]*", f"[^{none_of}]*([?]|$)"
    if body.startswith("^"):
        body, begin = body[1:], ""
    if body.endswith("$") and not body.endswith("\\$"):
        body, end = body[:-1], "([?]|$)"
    pieces = list(_SIGNS.finditer(body))
    written = [_sign_of_url(piece[0], none_of) for piece in pieces]
    if sum(len(piece[0]) for piece in pieces) != len(body) or None in written:
        return None
    return begin + "".join(map(str, written)) + end


def _sign_of_url(sign: str, none_of: str) -> str | None:
    """A sign of a regex, which isn't to look behind the path."""
    if sign == ".":
        return f"[^{none_of}]"
    if sign.startswith("[^"):
        return None if "\\" in sign else f"[^{none_of}{sign[2:]}"
    if sign.startswith("\\"):
        return _ESCAPES.get(sign[1]) or (f"[{sign[1]}]" if sign[1] in _LITERAL else None)
    return sign
