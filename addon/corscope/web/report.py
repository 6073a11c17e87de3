"""How does what was recorded become one file, which needs neither a server nor a network?

The page's own views, with all that they show in the file. A content security policy lets nothing
run but the file's own script, which is named by its hash, and nothing be loaded at all.
"""

import json
import re
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from corscope.explain.endpoints.matrix import endpoints
from corscope.journal.store import Entry
from corscope.web.endpoints import endpoint_html, matrix_html
from corscope.web.render import exchange_html, template_html
from corscope.web.rows import row_of
from corscope.web.story import Index

__all__ = ["report_html"]

_STATIC: Final = Path(__file__).parent / "static"
_STYLES: Final = ("page.css", "endpoints.css", "report.css")
_SHARED: Final = ("dom.js", "filters.js", "list.js")
"""The modules that the views import from."""
_VIEWS: Final = ("exchanges", "endpoints")

_IMPORT: Final = re.compile(r"^import .*;\n", re.MULTILINE)
_EXPORT: Final = re.compile(r"^export (?=(?:async )?(?:function|class|const|let)\b)", re.MULTILINE)

AT_ONCE: Final = 200
"""Exchanges of one packet: small enough to be opened without waiting, large enough to pack well."""


def report_html(
    entries: Sequence[Entry],
    version: str,
    advance: Callable[[int], None] = lambda _: None,
    missing: Sequence[str] = (),
) -> str:
    """The report, as text of an HTML file.

    Args:
        entries: the exchanges, the oldest first.
        version: corscope's.
        advance: hears how many exchanges are written so far.
        missing: what to say of that which the record lacks.
    """
    style = "\n".join(_text(name) for name in _STYLES)
    script = _bundled()
    return template_html(
        "report.html",
        policy=_policy(script, style),
        style=style,
        script=script,
        version=version,
        entries=entries,
        rows=_as_json([row_of(entry, number) for number, entry in enumerate(entries, 1)]),
        packets=list(_packets(entries, advance)),
        endpoints=_packed(_endpoints(entries)),
        at_once=AT_ONCE,
        missing=" ".join(missing),
        proxy="",
        url="",
    )


def _endpoints(entries: Sequence[Entry]) -> dict[str, Any]:
    """The table of the endpoints as HTML, and each endpoint by its URL."""
    matrix = endpoints(entries)
    pages = {each.url: endpoint_html(each, matrix.origins) for each in matrix.endpoints}
    return {"matrix": matrix_html(matrix), "endpoint": pages}


def _packets(entries: Sequence[Entry], advance: Callable[[int], None]) -> Iterator[str]:
    """The exchanges as HTML, packed: they have much in common, and are opened one by one."""
    index = Index(entries)
    for start in range(0, len(entries), AT_ONCE):
        pages = []
        for entry in entries[start : start + AT_ONCE]:
            story = index.story(entry.exchange.id)
            assert story is not None
            pages.append(exchange_html(story, asks=False))
        yield _packed(pages)
        advance(start + len(pages))


def _packed(value: object) -> str:
    return b64encode(zlib.compress(json.dumps(value).encode(), 6)).decode()


def _as_json(value: object) -> str:
    """JSON that can stand in a script element, which ends at its first `</script`."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")


def _bundled() -> str:
    """The modules as one, since a file can't import from beside itself under a policy of hashes.

    Each view has a scope of its own, as a module has: all of them export `mount`.
    """
    views = [f"{{\n{_module(f'views/{name}.js')}views.{name} = mount;\n}}" for name in _VIEWS]
    parts = [*map(_module, _SHARED), "const views = {};", *views, _module("report.js")]
    return "\n".join(parts)


def _module(name: str) -> str:
    return _EXPORT.sub("", _IMPORT.sub("", _text(name)))


def _text(name: str) -> str:
    return (_STATIC / name).read_text(encoding="utf-8")


def _policy(script: str, style: str) -> str:
    """The content security policy; browsers hash what stands between the tags."""
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {_hash(script)}",
            f"style-src {_hash(style)}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
