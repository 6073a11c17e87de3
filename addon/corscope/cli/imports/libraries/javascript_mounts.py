"""For which paths is JavaScript's middleware mounted, and what else sends headers there?

A server has all of it go by, one after the other, where the first rule alone applies.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from corscope.cli.imports.languages.javascript import ANY_PATH, JavaScriptCall
from corscope.cli.imports.paths import at_or_below, starred
from corscope.cli.imports.tree import DEEPEST, Found

__all__ = ["of_mount", "with_told_of_others"]


def of_mount(path: str) -> tuple[str, ...]:
    """What fits a path that middleware is mounted at: that, and all below it."""
    return starred(path) if path.endswith("*") else at_or_below(path)


def with_told_of_others(calls: Sequence[JavaScriptCall], read: Sequence[Found]) -> Iterator[Found]:
    """The policies of these calls, each told of one for the same paths that says something else."""
    known: dict[str, Found] = {}
    for call, each in zip(calls, read, strict=True):
        for path in _paths(call):
            known.setdefault(path, each)
    for call, each in zip(calls, read, strict=True):
        around = [known[a] for path in _paths(call) for a in _around(path) if a in known]
        other = next((one for one in around if one.policy != each.policy), None)
        if other is None:
            yield each
            continue
        told = f"{each.place}: what {other.place} sends there too is not imported"
        yield replace(each, warnings=(*each.warnings, told))


def _paths(call: JavaScriptCall) -> list[str]:
    """Below which paths it is always asked what answers have; an empty one is that of all."""
    is_of_preflights = call.route is not None and call.route[0] == "options"
    if call.is_branch or call.router or is_of_preflights:
        return []
    path = "" if call.route is None or call.route[1] in ANY_PATH else call.route[1]
    below = [each.removesuffix("*").rstrip("/") for each in call.mounted or [path]]
    return [each for each in below if each.count("/") <= DEEPEST]


def _around(path: str) -> Iterator[str]:
    """A path, and each that it is below."""
    yield path
    while path:
        path = path.rpartition("/")[0]
        yield path
