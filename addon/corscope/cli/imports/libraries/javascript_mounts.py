"""For which paths is JavaScript's middleware mounted, and what else sends headers there?

A server has all of it go by, one after the other, where the first rule alone applies.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from corscope.cli.imports.languages.javascript import ANY_PATH, JavaScriptCall
from corscope.cli.imports.paths import at_or_below, only_for, starred
from corscope.cli.imports.tree import DEEPEST, Found

__all__ = ["in_route", "of_mount", "told_of_answered_before", "with_told_of_others"]

Globs = Callable[[str], tuple[str, ...]]


def of_mount(path: str) -> tuple[str, ...]:
    """What fits a path that middleware is mounted at: that, and all below it."""
    return starred(path) if path.endswith("*") else at_or_below(path)


def fits_any(paths: Sequence[str]) -> bool:
    """Whether a route with these paths is for all; a mount at / is, too, but no route."""
    return not (ANY_PATH - {"/"}).isdisjoint(paths)


def in_route(call: JavaScriptCall, read: Found, globs: Globs, *, answered: str | None) -> Found:
    """What stands in `app.get("/path", cors({…}), …)`: no preflight comes there by itself.

    Args:
        call: it.
        read: what it says.
        globs: what fits one of its paths.
        answered: where preflights are answered by hand, if they are.
    """
    if call.route is None:
        return read
    method, paths = call.route
    match method:
        case "all":
            match: Mapping[str, object] = {}
        case "options":
            match = {"kind": "preflight"}
        case _:
            methods = ("GET", "HEAD") if method == "get" else (method.upper(),)
            match = {"kind": "actual", "method": methods}
            told = f"{answered}: preflights are answered by hand, and that is not imported"
            more = () if answered is None else (told,)
            read = replace(read, warnings=(*read.warnings, *more))
    read = replace(read, match=match)
    return read if fits_any(paths) else only_for(read, call.place, paths, globs)


def told_of_answered_before(calls: Sequence[JavaScriptCall]) -> Iterator[str]:
    """What the first `app.use(cors())` comes too late for: what stands before it has answered."""
    ours = next((call for call in calls if call.is_for_all), None)
    answering: dict[str, JavaScriptCall] = {}
    for each in [] if ours is None else ours.file.calls():
        app, _, method = each.function.rpartition(".")
        if ours is not None and method == "use" and ours.made in each.given:
            if app in answering:
                yield (
                    f"{answering[app].place}: what answers here, before it, has none of its "
                    "headers; the rule sends them there too"
                )
            return
        if each.answers:
            answering.setdefault(app, each)


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
    paths = [""] if call.route is None or fits_any(call.route[1]) else call.route[1]
    below = [each.removesuffix("*").rstrip("/") for each in call.mounted or paths]
    return [each for each in below if each.count("/") <= DEEPEST]


def _around(path: str) -> Iterator[str]:
    """A path, and each that it is below."""
    yield path
    while path:
        path = path.rpartition("/")[0]
        yield path
