"""Which requests go to an nginx location, and which to another one instead?

http://nginx.org/en/docs/http/ngx_http_core_module.html#location: of the paths that begin a
request's the longest counts, an exact one before all; but a regex comes before any that has no
`^~`.
"""

import sys
from bisect import bisect_right
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import replace
from typing import Final, NamedTuple

from corscope.cli.imports.paths import beginning_with, exactly, filter_of, matching, only_for
from corscope.cli.imports.tree import Found, Source
from corscope.cli.imports.web_servers.nginx_answers import Directive, walk

__all__ = [
    "before_regexes",
    "is_for_all",
    "only_there",
    "order",
    "others_first",
    "redirected",
    "taken_by",
]

_ANY_PATH: Final = {("/",), ("^~", "/"), ("~", "/"), ("~", "^/"), ("~", ".*"), ("~*", "/")}
_REGEXES: Final = {"~", "~*"}


class _Place(NamedTuple):
    """What a location says of its paths: `=`, `^~`, `~`, `~*` or nothing, and a path or regex."""

    modifier: str
    path: str


def _place(location: Directive) -> _Place:
    modifier, path = ("", *location.arguments)[-2:]
    return _Place(modifier, path)


def is_for_all(location: Directive | None) -> bool:
    """Whether all of its server goes there, but for what another location takes."""
    return location is None or location.arguments in _ANY_PATH


def order(location: Directive | None, before_regexes: Iterable[str]) -> tuple[int, int]:
    """What sorts locations as nginx asks them, those last that nothing can tell from all.

    Args:
        location: one, if it is any.
        before_regexes: the paths of those whose `^~` keeps regexes from being asked.
    """
    if location is None or is_for_all(location):
        return 4, 0
    modifier, path = _place(location)
    if modifier in _REGEXES:
        return (2 if _globs(location) or _filter(location) else 4), 0
    if modifier == "=" or path.startswith("@"):
        return (0 if modifier else 4), 0
    is_first = any(path.startswith(each) for each in before_regexes)
    return (1 if is_first else 3), -len(path)


def before_regexes(directives: Iterable[Directive]) -> list[str]:
    """The paths of the locations that are asked before any regex."""
    places = [_place(each) for each in walk(directives) if each.name == "location"]
    return [place.path for place in places if place.modifier == "^~"]


def only_there(
    found: Found, location: Directive | None, source: Source, *, is_inside: bool
) -> Found:
    """A policy that a location has, for the paths that go there: of one inside another some."""
    if location is None or is_for_all(location):
        return found
    globs, fits = _globs(location), _filter(location)
    if not globs and fits and not is_inside:
        return replace(found, match={**found.match, "filter": fits})
    written = " ".join(location.arguments)
    return only_for(found, source.at(location.line), [written], lambda _: globs)


def _filter(location: Directive) -> str | None:
    """What fits the paths in which its regex is found."""
    modifier, regex = _place(location)
    return filter_of(regex, is_caseless=modifier == "~*") if modifier in _REGEXES else None


def _globs(location: Directive) -> tuple[str, ...]:
    """What fits its path, by whose beginning or all of it it is found."""
    modifier, path = _place(location)
    if modifier in _REGEXES:
        return matching(path) if modifier == "~" and path.startswith("^") else ()
    if modifier == "=":
        return exactly(path)
    return beginning_with(path)


def redirected(found: Found, location: Directive | None, known: Container[str]) -> Iterator[Found]:
    """What one that passes requests on answers for its path without the slash at its end.

    nginx does that before any `if` or `return`, so that no preflight passes there; but not where
    there is a location of that path, which is among those that are known.
    """
    passes = location is not None and any(e.name.endswith("_pass") for e in location.block)
    if location is None or not passes or not found.paths or found.match.get("kind") == "preflight":
        return
    modifier, path = _place(location)
    is_redirected = path.endswith("/") and modifier in {"", "^~"} and path[:-1] not in known
    if is_redirected and exactly(path[:-1]):
        policy = replace(found.policy, forward_preflight=True)
        match = {key: value for key, value in found.match.items() if key != "kind"}
        paths = exactly(path[:-1])
        yield replace(found, policy=policy, match=match, paths=paths, redirect=path, warnings=())


def others_first(
    directives: tuple[Directive, ...], meant: Iterable[int]
) -> Callable[[Directive | None], list[Directive]]:
    """Which locations beside one take some of its paths, and say nothing of CORS.

    Args:
        directives: all of the file.
        meant: the ids of the blocks that say something of it.
    """
    known = frozenset(meant)
    beside: dict[int, _Silent] = {}
    for block in (directives, *(each.block for each in walk(directives))):
        locations = [each for each in block if each.name == "location" and each.block]
        silent = _silent(each for each in locations if not _is_meant(each, known))
        beside.update((id(each), silent) for each in locations)

    def others(location: Directive | None) -> list[Directive]:
        if location is None or _place(location).modifier in {"=", *_REGEXES}:
            return []
        modifier, path = _place(location)
        silent = beside[id(location)]
        taking = silent.longer_than(path) if modifier == "^~" else silent.taking(path)
        return sorted(taking, key=lambda each: each.line)

    return others


def _is_meant(location: Directive, known: frozenset[int]) -> bool:
    return any(id(each.block) in known for each in walk((location,)) if each.block)


class _Silent(NamedTuple):
    """Locations that stand beside each other: the regexes, and the others by their paths."""

    regexes: tuple[Directive, ...]
    paths: tuple[str, ...]
    others: tuple[Directive, ...]

    def longer_than(self, path: str) -> tuple[Directive, ...]:
        """Those that begin with a path, and go on."""
        end = bisect_right(self.paths, path + chr(sys.maxunicode))
        return self.others[bisect_right(self.paths, path) : end]

    def taking(self, path: str) -> tuple[Directive, ...]:
        """Those that take some of the paths that begin so."""
        return (*self.regexes, *self.longer_than(path))


def _silent(locations: Iterable[Directive]) -> _Silent:
    in_order = sorted(locations, key=lambda each: _place(each).path)
    regexes = tuple(each for each in in_order if _place(each).modifier in _REGEXES)
    others = tuple(each for each in in_order if _place(each).modifier not in _REGEXES)
    return _Silent(regexes, tuple(_place(each).path for each in others), others)


def taken_by(locations: Iterable[Directive]) -> Callable[[Directive], bool]:
    """Whether some paths of another location begin as one of these has it, which is no regex."""
    places = [_place(each) for each in locations]
    begun = {each.path for each in places if each.modifier not in {"=", *_REGEXES}}

    def taken(other: Directive) -> bool:
        place = _place(other)
        if place.modifier in _REGEXES:
            return bool(begun)
        return any(place.path[:end] in begun for end in range(1, len(place.path)))

    return taken
