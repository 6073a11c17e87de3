"""Which policy does the CorsFilter of a web.xml have?

Follows https://tomcat.apache.org/tomcat-9.0-doc/config/filter.html#CORS_Filter.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from corscope.cli.imports.languages.documents import read_xml_part
from corscope.cli.imports.options import Fields, flag, found, names_or_any, number
from corscope.cli.imports.paths import only_for, with_those_below
from corscope.cli.imports.tree import Found, Node, Opaque, Source

__all__ = ["read_tomcat"]

_CLASS: Final = "org.apache.catalina.filters.CorsFilter"
_PROPERTY: Final = re.compile(r"\$\{")


def _age(node: Node) -> Fields:
    """An empty text is 0."""
    return {"max_age": 0} if node.value == "" else number("max_age")(node)


_READERS: Final = {
    "cors.allowed.origins": names_or_any("allow_origins"),
    "cors.allowed.methods": names_or_any("allow_methods"),
    "cors.allowed.headers": names_or_any("allow_headers"),
    "cors.exposed.headers": names_or_any("expose_headers"),
    "cors.support.credentials": flag("allow_credentials"),
    "cors.preflight.maxage": _age,
    "cors.request.decorate": lambda _node: {},  # it is nothing that is sent
}


def read_tomcat(source: Source) -> Iterator[Found]:
    """The init-params of each filter that is a CorsFilter, and which paths it is for."""
    root = read_xml_part(source)
    filters = [
        each
        for node in root.all_of("filter")
        for each in node.items_or_self()
        if isinstance(each.value, Mapping) and _text(each, "filter-class") == _CLASS
    ]
    if not filters:
        source.refuse(f"has no <filter> whose <filter-class> is {_CLASS}")
    patterns = _patterns(root)
    for each in filters:
        read = found(_parameters(each), _READERS, each.place)
        yield _only_there(read, patterns.get(_text(each, "filter-name"), []))


def _text(node: Node, tag: str) -> str:
    """What an element below holds; nothing if there is none."""
    below = node.table().get(tag)
    return "" if below is None else below.text()


def _several(node: Node, tag: str) -> tuple[Node, ...]:
    """All elements of a name below."""
    below = node.table().get(tag)
    return () if below is None else below.items_or_self()


def _parameters(node: Node) -> dict[str, Node]:
    """The parameters by name; of one that is given twice the first counts."""
    given: dict[str, Node] = {}
    for each in _several(node, "init-param"):
        value = each.table().get("param-value", Node(each.place, ""))
        if _PROPERTY.search(value.text()):
            value = Node(value.place, Opaque(value.text()))
            value.refuse("")
        given.setdefault(_text(each, "param-name"), value)
    return given


def _patterns(root: Node) -> dict[str, list[Node]]:
    """Which paths the filters are for, by their names."""
    found: dict[str, list[Node]] = {}
    for node in root.all_of("filter-mapping"):
        for each in node.items_or_self():
            found.setdefault(_text(each, "filter-name"), []).extend(_several(each, "url-pattern"))
    return found


def _only_there(read: Found, patterns: list[Node]) -> Found:
    """What a filter allows, for the paths that it is mapped to."""
    texts = [pattern.text() for pattern in patterns]
    if not texts or "/*" in texts:
        return read
    return only_for(read, patterns[0].place, texts, with_those_below)
