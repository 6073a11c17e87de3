"""Which policy does a vite.config.js give Vite's development server?

It hands the package cors what `server.cors` says, over a default of its own for `origin`, and its
preview what `preview.cors` does, which is the same unless set. Follows
https://github.com/vitejs/vite/blob/main/packages/vite/src/node/http.ts; Vite 8.4.0 was asked.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from corscope.cli.imports.languages.javascript import JavaScriptFile
from corscope.cli.imports.libraries.javascript import EXPRESS_OPTIONS
from corscope.cli.imports.options import found
from corscope.cli.imports.tree import Found, Node, Regex, Source
from corscope.servers.policy import WILDCARD

__all__ = ["read_vite"]

_LOCAL: Final = Regex(r"^https?:\/\/(?:(?:[^:]+\.)?localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$")
_LIKE: Final = "express"


def read_vite(source: Source) -> Iterator[Found]:
    """`server.cors` and `preview.cors` of what the file exports; without them, Vite's default."""
    file = JavaScriptFile(source)
    server, preview = _cors(file, "server"), _cors(file, "preview")
    place = source.at(1)
    yield _found(Node(place, {}) if server is None else server, "server")
    if preview is not None and preview.value is not False:
        yield _found(preview, "preview")


def _cors(file: JavaScriptFile, name: str) -> Node | None:
    for node, _ in file.options_called(name, beside=name):
        options = node.value if isinstance(node.value, Mapping) else {}
        cors = options.get("cors")
        if cors is not None and cors.value is not None:
            return cors
    return None


def _found(cors: Node, site: str) -> Found:
    if cors.value is False:
        cors.refuse("is false: there is no CORS, so there is nothing to import")
    origin = Node(cors.place, WILDCARD if cors.value is True else _LOCAL)
    given = {} if cors.value is True else cors.table()
    read = found({"origin": origin, **given}, EXPRESS_OPTIONS, cors.place)
    return replace(read, like=_LIKE, site=site)
