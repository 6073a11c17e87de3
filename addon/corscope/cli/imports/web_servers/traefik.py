"""Which policy do the accessControl… options of Traefik's headers middleware make?

They stand in YAML or TOML, in a Kubernetes Middleware, or in the labels of a container.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from corscope.cli.imports.languages.documents import read_document, read_toml
from corscope.cli.imports.options import (
    Fields,
    any_regex,
    flag,
    found,
    names_or_any,
    number,
    setting,
)
from corscope.cli.imports.regexes import compiled
from corscope.cli.imports.tree import Found, Node, Opaque, Source
from corscope.servers.policy import Policy

__all__ = ["read_traefik"]

_HEADER: Final = "access-control-"
_OURS: Final = ("accesscontrol", "addvaryheader")
_LABEL: Final = re.compile(
    r"traefik\.http\.middlewares\.(?P<name>[^.=]+)\.headers\.(?P<option>[a-z]+)", re.IGNORECASE
)
_BEGINS_TOML: Final = re.compile(r"(?:\s|#[^\n]*\n)*\[{1,2}[\w.\"'-]+\]{1,2}[ \t]*(?:#|\n|$)")
_VARIABLE: Final = re.compile(r"(?<!\$)(?:\$\$)*\$\{?\w")


def _regexes(node: Node) -> Fields:
    parts = (
        node.value.split(",") if isinstance(node.value, str) else [n.text() for n in node.items()]
    )
    patterns = [compiled(Node(node.place, part.strip())).pattern for part in parts]
    return {"allow_origin_regex": any_regex(patterns)} if patterns else {}


_READERS: Final = {
    **dict.fromkeys(
        ("accesscontrolalloworigin", "accesscontrolalloworiginlist"), names_or_any("allow_origins")
    ),
    "accesscontrolalloworiginlistregex": _regexes,
    "accesscontrolallowmethods": names_or_any("allow_methods"),
    "accesscontrolallowheaders": names_or_any("allow_headers"),
    "accesscontrolexposeheaders": names_or_any("expose_headers"),
    "accesscontrolallowcredentials": flag("allow_credentials"),
    "accesscontrolmaxage": number("max_age"),
    "addvaryheader": setting("add_vary_header", bool),
}


def read_traefik(source: Source) -> Iterator[Found]:
    """Every headers middleware that has such options."""
    is_toml = source.name.lower().endswith(".toml") or _BEGINS_TOML.match(source.text)
    root = read_toml(source) if is_toml else read_document(source)
    tables = [table for table in root.tables() if _options(table.table())]
    several = [(each.place, _options(each.table())) for each in tables]
    several += [(source.name, _options(labels)) for labels in _labelled(root).values()]
    several = [each for each in several if each[1]]
    fixed = "customResponseHeaders with Access-Control-…"
    has_fixed = all(each in source.text.lower() for each in ("customresponseheaders", _HEADER))
    if has_fixed and not several:
        source.refuse(f"has {fixed}, which aren't read: write accessControlAllowOriginList")
    told = (f"{source.name}: {fixed} are not imported",) if has_fixed else ()
    if not several:
        empty = [n for m in root.all_of("middlewares") for n in m.all_of("headers")]
        if not empty:
            source.refuse("has no headers middleware with accessControl… options")
        yield Found(empty[0].place, Policy())
    for place, options in several:
        read = found(options, _READERS, place)
        yield replace(read, warnings=(*told, *read.warnings))


def _options(table: Mapping[str, Node]) -> dict[str, Node]:
    """Those of ours, as the readers call them; one that none reads as it is written."""
    return {
        name.lower() if name.lower() in _READERS else name: node
        for name, node in table.items()
        if name.lower().startswith(_OURS)
    }


def _labelled(root: Node) -> dict[str, dict[str, Node]]:
    """The options in labels, by the middleware's name: `LABEL=value`, or a table of them."""
    labels: dict[str, dict[str, Node]] = {}
    for node in root.all_of("labels", "tags"):
        texts = [(each, each.value) for each in node.items_or_self() if isinstance(each.value, str)]
        pairs = [(Node(n.place, t.partition("=")[2]), t.partition("=")[0]) for n, t in texts]
        if isinstance(node.value, Mapping):
            pairs = [(value, name) for name, value in node.value.items()]
        for value, name in pairs:
            label = _LABEL.fullmatch(name.strip())
            if label:
                labels.setdefault(label["name"], {})[label["option"]] = _unescaped(value)
    return labels


def _unescaped(node: Node) -> Node:
    """A label's value as Compose hands it on, which takes `$$` for a dollar sign."""
    if not isinstance(node.value, str):
        return node
    if _VARIABLE.search(node.value):
        Node(node.place, Opaque(node.value)).refuse("")
    return Node(node.place, node.value.replace("$$", "$"))
