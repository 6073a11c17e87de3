"""Which CORS headers does a static site's host send, as its file of headers says?

`_headers` and `netlify.toml` of Netlify (Cloudflare Pages has the first too), `vercel.json` and
Next.js' `next.config.js`, `firebase.json`, and `staticwebapp.config.json` of Azure. Each is a list
of paths, with headers that answers from there get, whatever the Origin; preflights are no
exception.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from corscope.cli.imports.languages.documents import read_document, read_toml
from corscope.cli.imports.languages.javascript import JavaScriptFile
from corscope.cli.imports.paths import (
    at_or_below,
    beginning_with,
    exactly,
    only_for,
    starred,
)
from corscope.cli.imports.tree import Found, Node, Source
from corscope.cli.imports.web_servers.by_hand import HeaderLine
from corscope.servers.parts import ALLOW_ORIGIN, MAX_AGE, is_cors_response_header_name
from corscope.servers.policy import Policy

__all__ = ["read_firebase", "read_netlify", "read_next", "read_static_web_apps", "read_vercel"]

_LIKE: Final = "nginx"
"""The dialect that sends fixed headers with all answers."""

_ANY_PATH: Final = {"/*", "*", "**", "/**", "**/*", "/(.*)", "(.*)", "/.*", "/:path*", "/:path(.*)"}
_SETTINGS: Final = (("always", True),)
_CONDITIONS: Final = ("has", "missing")


@dataclass(frozen=True, slots=True)
class _Headers:
    """The headers for a path, by name, each with its value; both as they are written.

    Those that are detached are what other paths around it have, and this hasn't.
    """

    place: str
    path: str
    headers: tuple[tuple[str, Node], ...]
    told: tuple[str, ...] = ()
    detached: tuple[str, ...] = ()


def read_netlify(source: Source) -> Iterator[Found]:
    """A `_headers` file, or `[[headers]]` of a netlify.toml."""
    if source.name.endswith(".toml"):
        yield from _found(source, _of_toml(read_toml(source)), starred)
    else:
        yield from _found(source, _of_lines(source), starred)


def read_vercel(source: Source) -> Iterator[Found]:
    """`headers` of a vercel.json, and those of its older `routes`."""
    headers = _of_json(read_document(source), ("source", "src"))
    yield from _found(source, headers, _of_path_to_regexp)


def _of_path_to_regexp(path: str) -> tuple[str, ...]:
    """What fits a path of Vercel's, with `(.*)` or `:name*` at its end for all below."""
    if below := re.fullmatch(r"(/.*)/:\w+\*", path):
        return at_or_below(below[1])
    return beginning_with(path[:-4]) if path.endswith("(.*)") else exactly(path)


def read_next(source: Source) -> Iterator[Found]:
    """What `headers` of a next.config.js returns, whose paths are Vercel's."""
    yield from _found(source, _of_next(JavaScriptFile(source)), _of_path_to_regexp)


def _of_next(file: JavaScriptFile) -> Iterator[_Headers]:
    told: dict[str, tuple[str, ...]] = {}
    for name in _CONDITIONS:
        for node, path in file.options_called(name, beside="source"):
            if path is not None:
                warning = f"{node.place}: {name} is not imported"
                told[path.place] = (*told.get(path.place, ()), warning)
    for headers, path in file.options_called("headers", beside="source"):
        if path is not None:
            pairs = tuple(_pairs(headers))
            yield _Headers(headers.place, path.text(), pairs, told.get(path.place, ()))


def read_firebase(source: Source) -> Iterator[Found]:
    """`hosting.headers` of a firebase.json."""
    headers = _of_json(read_document(source), ("source", "regex", "glob"))
    yield from _found(source, headers, _of_glob)


def _of_glob(path: str) -> tuple[str, ...]:
    """What fits a glob of Firebase's, in which `*` stands for one piece of the path alone."""
    return beginning_with(path[:-2]) if path.endswith("/**") else exactly(path)


def read_static_web_apps(source: Source) -> Iterator[Found]:
    """`globalHeaders` and the routes' `headers` of a staticwebapp.config.json."""
    root = read_document(source)
    everywhere = [
        _Headers(each.place, "/*", tuple(each.table().items()))
        for each in root.all_of("globalheaders")
    ]
    yield from _found(source, (*everywhere, *_of_json(root, ("route",))), starred)


def _of_toml(root: Node) -> Iterator[_Headers]:
    headers = root.table().get("headers", Node(root.place, ()))
    for each in headers.items():
        table = each.table()
        values = table.get("values", Node(each.place, {}))
        path = table["for"].text() if "for" in table else "/*"
        yield _Headers(each.place, path, tuple(values.table().items()))


def _of_lines(source: Source) -> Iterator[_Headers]:
    """Paths at the line's beginning, their headers behind spaces; `#` begins a comment.

    `! NAME` is Cloudflare's, and takes a header away that a path around has.
    """
    path, place, headers = "", "", dict[str, list[Node]]()
    detached = list[str]()
    for number, line in enumerate(source.text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, colon, value = line.strip().partition(":")
        if not line[0].isspace():
            yield _joined(place, path, headers, detached)
            path, place, headers, detached = line.strip(), source.at(number), {}, []
        elif colon:
            headers.setdefault(name.strip(), []).append(Node(source.at(number), value.strip()))
        elif name.startswith("!"):
            detached.append(name[1:].strip().lower())
    yield _joined(place, path, headers, detached)


def _joined(
    place: str, path: str, headers: Mapping[str, list[Node]], detached: Iterable[str]
) -> _Headers:
    """A header that is given several times is sent once, with commas."""
    joined = (
        (name, Node(nodes[0].place, ",".join(each.text() for each in nodes)))
        for name, nodes in headers.items()
    )
    return _Headers(place, path, tuple(joined), detached=tuple(detached))


def _of_json(root: Node, paths: tuple[str, ...]) -> Iterator[_Headers]:
    """Every table with a path and headers: a table of them, or a list of `key` and `value`."""
    for node in root.tables():
        table = node.table()
        path = next((table[name] for name in paths if name in table), None)
        headers = table.get("headers")
        if path is None or headers is None:
            continue
        conditions = [name for name in (*_CONDITIONS, "methods") if name in table]
        told = tuple(f"{node.place}: {name} is not imported" for name in conditions)
        yield _Headers(node.place, path.text(), tuple(_pairs(headers)), told)


def _pairs(headers: Node) -> Iterator[tuple[str, Node]]:
    if isinstance(headers.value, Mapping):
        yield from headers.value.items()
        return
    for each in headers.items():
        table = each.table()
        if "key" in table and "value" in table:
            yield table["key"].text(), table["value"]


def _found(
    source: Source, all_headers: Iterable[_Headers], globs: Callable[[str], tuple[str, ...]]
) -> Iterator[Found]:
    found_any = False
    for each in sorted(all_headers, key=lambda each: ALLOW_ORIGIN not in each.detached):
        ours = [(n, v) for n, v in each.headers if is_cors_response_header_name(n)]
        if ours or ALLOW_ORIGIN in each.detached:
            found_any = True
            read = _policy(source, each, ours)
            is_for_all = each.path in _ANY_PATH
            yield read if is_for_all else only_for(read, each.place, [each.path], globs)
    if not found_any:
        source.refuse("has no Access-Control-… among its headers")


def _policy(source: Source, headers: _Headers, ours: list[tuple[str, Node]]) -> Found:
    fields: dict[str, Any] = {}
    told, added = list(headers.told), list[tuple[str, str]]()
    for name, node in ours:
        line = HeaderLine(0, name.lower(), str(node.text() if node.value is not True else "true"))
        if line.name == ALLOW_ORIGIN:
            fields["allow_origins"] = line.value
            continue
        if line.name == MAX_AGE:
            fields["max_age"] = node.whole()
            continue
        said = line.fields(source, {}, "\0")
        fields |= said
        for value in said.values():
            if isinstance(value, tuple) and ", ".join(value) != line.value:
                spaces = f"the rule puts one space behind each comma of {line.title}"
                told.append(f"{node.place}: {spaces}")
        added += [(line.name, line.value)] if line.is_odd else []
    if ALLOW_ORIGIN in headers.detached:
        fields.setdefault("allow_origins", ())
    policy = Policy(**fields, forward_preflight=True, settings=_SETTINGS)
    read = Found(headers.place, policy, warnings=tuple(told), like=_LIKE)
    return replace(read, added=tuple(added))
