"""How do a library's options become a policy?

Each library has a table: the name of an option, and the reader that turns its value into fields of
a policy. Readers that several libraries have in common are here.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

from corscope.cli.imports.tree import REST, Found, Node, Regex, Tested
from corscope.servers.policy import ECHO, WILDCARD, Policy, SettingValue

__all__ = [
    "Fields",
    "Reader",
    "any_regex",
    "characters",
    "flag",
    "found",
    "listed",
    "listed_or_any",
    "names",
    "names_as_written",
    "names_or_any",
    "number",
    "only_true",
    "origin",
    "origins_of",
    "setting",
    "truthy",
]

Fields = Mapping[str, object]
Reader = Callable[[Node], Fields]

_SETTINGS: Final = "settings"
_WARNINGS: Final = "warnings"


def found(table: Mapping[str, Node], readers: Mapping[str, Reader], place: str) -> Found:
    """Read a table of options; those that no reader knows are told of.

    A field that several options set is that of the last one in the readers' order.
    """
    if REST in table:
        table[REST].refuse("must be a table")
    fields: dict[str, object] = {}
    settings: dict[str, SettingValue] = {}
    told: list[str] = []
    for name, reader in readers.items():
        node = table.get(name)
        if node is None or node.value is None:
            continue
        read = dict(reader(node))
        settings.update(read.pop(_SETTINGS, {}))  # type: ignore[call-overload]
        told.extend(f"{node.place}: {name} {what}" for what in read.pop(_WARNINGS, ()))  # type: ignore[attr-defined]
        fields.update(read)
    policy = Policy(**fields, settings=tuple(settings.items()))  # type: ignore[arg-type]
    left = [f"{table[name].place}: {name} is not imported" for name in table if name not in readers]
    return Found(place, policy, warnings=(*told, *left))


def flag(field: str) -> Reader:
    """A boolean."""
    return lambda node: {field: node.flag()}


def only_true(field: str) -> Reader:
    """A boolean, where a string or another value counts as false, and says so."""

    def read(node: Node) -> Fields:
        if isinstance(node.value, str):
            return {field: False, _WARNINGS: ("is a string, which counts as false",)}
        return {field: node.flag()}

    return read


def truthy(field: str) -> Reader:
    """A boolean, where any string counts as true but an empty one, and says so."""

    def read(node: Node) -> Fields:
        if isinstance(node.value, str):
            said = f"is a string, which counts as {str(bool(node.value)).lower()}"
            return {field: bool(node.value), _WARNINGS: (said,)}
        return {field: node.flag()}

    return read


def number(field: str) -> Reader:
    """An integer."""
    return lambda node: {field: node.whole()}


def listed(field: str) -> Reader:
    """A list of strings, or one string that stands for a list."""
    return lambda node: {field: tuple(item.text() for item in node.items())}


def listed_or_any(field: str) -> Reader:
    """A list of strings, in which `*` alone stands for any."""

    def read(node: Node) -> Fields:
        texts = tuple(item.text() for item in node.items())
        return {field: WILDCARD if texts == (WILDCARD,) else texts}

    return read


def names(field: str) -> Reader:
    """A list of names, or a string of them with commas between."""

    def read(node: Node) -> Fields:
        if isinstance(node.value, tuple):
            return {field: tuple(item.text() for item in node.value)}
        text = node.text()
        return {field: _parted(text)}

    return read


def names_or_any(field: str) -> Reader:
    """As `names`, but that a string `*` stays one."""
    read_names = names(field)
    return lambda node: {field: WILDCARD} if node.value == WILDCARD else read_names(node)


def names_as_written(field: str, comma: str) -> Reader:
    """As `names_or_any`, of a library that sends a string as it stands and joins lists by this."""
    read_names = names_or_any(field)

    def read(node: Node) -> Fields:
        said = read_names(node)
        listed = said[field]
        if isinstance(node.value, str) and isinstance(listed, tuple):
            joined = comma.join(listed)
            if joined != node.value:
                return {**said, _WARNINGS: (f"is sent as it stands; from the rule: {joined}",)}
        return said

    return read


def characters(field: str) -> Reader:
    """A list of names, where a string is one of its characters, and says so."""
    read_list = listed(field)

    def read(node: Node) -> Fields:
        if not isinstance(node.value, str):
            return read_list(node)
        message = "is a string, of which each character is taken for a name: write a list"
        if not node.value.replace("-", "").replace("_", "").isalnum():
            node.refuse(message)
        return {field: tuple(node.value), _WARNINGS: (message,)}

    return read


def _parted(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def setting(name: str, kind: type[SettingValue]) -> Reader:
    """A setting that only this dialect knows."""

    def read(node: Node) -> Fields:
        value = node.flag() if kind is bool else node.whole() if kind is int else node.text()
        return {_SETTINGS: {name: value}}

    return read


def origin(node: Node) -> Fields:
    """An origin as the JavaScript libraries take it: a flag, a string, a regex or a list."""
    match node.value:
        case True:
            return {"allow_origins": ECHO}
        case False:
            node.refuse("is false: CORS is switched off, so there is nothing to import")
        case str():
            return {"allow_origins": node.value}
        case Tested(otherwise="fixed", allowed=(only,)):
            return {"allow_origins": only.text()}
        case Tested(allowed=bool()):
            return {"allow_origins": ECHO}
        case Tested(allowed=tuple() as items):
            return origins_of(items)
    return origins_of(node.items())


def origins_of(items: tuple[Node, ...]) -> Fields:
    """A list of origins and regexes as the two fields of a policy."""
    texts = tuple(item.text() for item in items if not isinstance(item.value, Regex))
    patterns = [item.value.pattern for item in items if isinstance(item.value, Regex)]
    fields: dict[str, object] = {"allow_origins": texts} if texts or not patterns else {}
    return {**fields, "allow_origin_regex": any_regex(patterns)} if patterns else fields


def any_regex(patterns: list[str]) -> str:
    """One regex that matches what any of them does."""
    if len(patterns) == 1:
        return patterns[0]
    hoisted = (re.sub(r"^\(\?i\)(.*)$", r"(?i:\1)", each, flags=re.DOTALL) for each in patterns)
    return "|".join(f"(?:{pattern})" for pattern in hoisted)
