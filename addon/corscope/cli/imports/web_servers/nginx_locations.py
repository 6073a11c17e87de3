"""Which requests go to an nginx location, and which to another one instead?

http://nginx.org/en/docs/http/ngx_http_core_module.html#location: of the paths that begin a
request's the longest counts, an exact one before all; but a regex comes before any that has no
`^~`.
"""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from corscope.cli.imports.paths import beginning_with, exactly, only_for
from corscope.cli.imports.tree import Found, Source
from corscope.cli.imports.web_servers.nginx_answers import Directive, walk

__all__ = ["is_for_all", "only_there", "order", "others_first"]

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


def order(location: Directive | None) -> tuple[int, int]:
    """What sorts locations as nginx asks them, those last that no glob can tell from all."""
    if location is None or is_for_all(location) or _place(location).modifier in _REGEXES:
        return 2, 0
    place = _place(location)
    return (0, 0) if place.modifier == "=" else (1, -len(place.path))


def only_there(found: Found, location: Directive | None, source: Source) -> Found:
    """A policy that a location has, for the paths that go there."""
    if location is None or is_for_all(location):
        return found
    modifier, _ = _place(location)
    written = " ".join(location.arguments)
    globs = () if modifier in _REGEXES else _globs(location)
    return only_for(found, source.at(location.line), [written], lambda _: globs)


def _globs(location: Directive) -> tuple[str, ...]:
    """What fits its path, by whose beginning or all of it it is found."""
    modifier, path = _place(location)
    if modifier == "=":
        return exactly(path)
    without_slash = exactly(path[:-1]) if _redirects(location) else ()
    return (*without_slash, *beginning_with(path))


def _redirects(location: Directive) -> bool:
    """Whether it is asked for its path without the slash at its end, and answers by a redirect."""
    passes = any(each.name.endswith("_pass") for each in location.block)
    return passes and _place(location).path.endswith("/")


def others_first(
    location: Directive | None, directives: tuple[Directive, ...], meant: Iterable[int]
) -> Iterator[Directive]:
    """The locations beside one that take some of its paths, and say nothing of CORS.

    Args:
        location: the one.
        directives: all of the file.
        meant: the ids of the blocks that say something of it.
    """
    if location is None or _place(location).modifier in {"=", *_REGEXES}:
        return
    known = frozenset(meant)
    blocks = (directives, *(each.block for each in walk(directives)))
    beside = next(block for block in blocks if any(each is location for each in block))
    for each in beside:
        is_meant = any(id(inner.block) in known for inner in walk((each,)) if inner.block)
        is_other = each.name == "location" and each.block and each is not location
        if is_other and not is_meant and _takes(_place(each), _place(location)):
            yield each


def _takes(other: _Place, place: _Place) -> bool:
    """Whether some paths that fit one location go to another."""
    if other.modifier in _REGEXES:
        return place.modifier != "^~"
    return other.path != place.path and other.path.startswith(place.path)
