"""Which policy does an Envoy have that is set up in YAML or JSON?

Its own CorsPolicy, Istio's `corsPolicy`, and the CORS filter of the Gateway API, which write the
same in words of their own.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from corscope.cli.imports.languages.documents import read_document
from corscope.cli.imports.options import Fields, Reader, flag, found, names_or_any, origins_of
from corscope.cli.imports.regexes import compiled, escaped
from corscope.cli.imports.tree import Found, Node, Regex, Source
from corscope.servers.policy import WILDCARD

__all__ = ["read_envoy"]

_FILTER: Final = "envoy.filters.http.cors"
_TABLES: Final = {_FILTER, "corspolicy", "cors"}
_GATEWAY_MAX_AGE: Final = 5
_DURATION: Final = re.compile(r"(?:([0-9]{1,9})h)?(?:([0-9]{1,9})m)?(?:([0-9]{1,9})s)?")
_AROUND: Final = {
    "prefix": ("", ".*"),
    "suffix": (".*", ""),
    "contains": (".*", ".*"),
}


def _origins(node: Node) -> Fields:
    """Texts, in which `*` stands for any part of a host, and matchers."""
    read = origins_of(tuple(map(_origin, node.items())))
    return {"allow_origins": WILDCARD} if read == {"allow_origins": (WILDCARD,)} else read


def _origin(node: Node) -> Node:
    if isinstance(node.value, Mapping):
        return _matched(node, {_plain(name): each for name, each in node.value.items()})
    text = node.text()
    if "*" not in text or text == WILDCARD:
        return node
    return Node(node.place, Regex(".*".join(map(escaped, text.split("*")))))


def _matched(node: Node, matcher: Mapping[str, Node]) -> Node:
    """`exact`, `prefix`, `suffix`, `contains`, or a regex in one of its spellings."""
    caseless = "ignorecase" in matcher and matcher["ignorecase"].flag()
    flags = "(?i)" if caseless else ""
    if "exact" in matcher:
        exact = matcher["exact"]
        return Node(node.place, Regex(flags + escaped(exact.text()))) if caseless else exact
    for name, (before, after) in _AROUND.items():
        if name in matcher:
            regex = before + escaped(matcher[name].text()) + after
            return Node(node.place, Regex(flags + regex))
    regex_node = matcher.get("saferegex") or matcher.get("regex")
    if regex_node is None:
        node.refuse("must have exact, prefix, suffix, contains or a regex")
    if isinstance(regex_node.value, Mapping):
        regex_node = regex_node.value.get("regex", regex_node)
    return Node(node.place, compiled(regex_node))


def _regexes(node: Node) -> Fields:
    return origins_of(tuple(Node(each.place, compiled(each)) for each in node.items()))


def _names(field: str) -> Reader:
    """A list, or a text with commas; `*` alone in it is any."""
    read_names = names_or_any(field)

    def read(node: Node) -> Fields:
        read = read_names(node)
        return {field: WILDCARD} if read[field] == (WILDCARD,) else read

    return read


def _age(node: Node) -> Fields:
    """Seconds, also with the units of time around: `24h`."""
    text = str(node.value)
    parts = _DURATION.fullmatch(text)
    if text and parts:
        hours, minutes, seconds = (int(part or 0) for part in parts.groups())
        return {"max_age": hours * 3600 + minutes * 60 + seconds}
    return {"max_age": node.whole()}


def _forwarded(node: Node) -> Fields:
    return {} if node.flag() else {"settings": {"forward_not_matching_preflights": False}}


def _unmatched(node: Node) -> Fields:
    is_ignored = node.text() == "IGNORE"
    return {"settings": {"forward_not_matching_preflights": False}} if is_ignored else {}


_READERS: Final = {
    "@type": lambda _node: {},
    "alloworiginregex": _regexes,
    **dict.fromkeys(("alloworiginstringmatch", "alloworigin", "alloworigins"), _origins),
    "allowmethods": _names("allow_methods"),
    "allowheaders": _names("allow_headers"),
    "exposeheaders": _names("expose_headers"),
    "allowcredentials": flag("allow_credentials"),
    "maxage": _age,
    "forwardnotmatchingpreflights": _forwarded,
    "unmatchedpreflights": _unmatched,
}


def read_envoy(source: Source) -> Iterator[Found]:
    """Every CORS policy in the file."""
    policies = list(_policies(read_document(source).tables()))
    if not policies:
        source.refuse(
            f"has no {_FILTER} with a CorsPolicy, no corsPolicy and no filter of type CORS"
        )
    for node, is_filter in policies:
        options = {_known(name): value for name, value in node.table().items()}
        read = found(options, _READERS, node.place)
        if is_filter and read.policy.max_age is None:
            read = replace(read, policy=replace(read.policy, max_age=_GATEWAY_MAX_AGE))
        yield read


def _policies(tables: Iterable[Node]) -> Iterator[tuple[Node, bool]]:
    """The tables with CORS options, and whether one is a filter of the Gateway API."""
    for table in tables:
        for name, node in table.table().items():
            if name.lower() not in _TABLES or not isinstance(node.value, Mapping):
                continue
            if name == _FILTER or {_plain(each) for each in node.value} & _READERS.keys():
                kind = table.table().get("type")
                yield node, kind is not None and kind.value == "CORS"


def _known(name: str) -> str:
    """An option as the readers call it; one that none reads as it is written."""
    return _plain(name) if _plain(name) in _READERS else name


def _plain(name: str) -> str:
    return name.replace("_", "").lower()
