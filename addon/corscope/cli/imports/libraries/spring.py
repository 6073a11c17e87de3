"""How does Spring take its CORS options?

In Java, as a CorsConfiguration that is set up, a mapping of CorsRegistry, or @CrossOrigin; and in
YAML, for Spring Cloud Gateway. Origins that hold a `*` are patterns only where patterns are asked
for: elsewhere no origin is ever equal to them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Final

from corscope.cli.imports.languages.codefile import Scope, call_name
from corscope.cli.imports.languages.documents import read_document
from corscope.cli.imports.languages.java import JavaFile, chain, resolved
from corscope.cli.imports.languages.syntax import MethodCall, code_of, named
from corscope.cli.imports.options import flag, found, listed_or_any, number
from corscope.cli.imports.paths import only_for, with_those_below
from corscope.cli.imports.tree import LONGEST, Found, Node, Opaque, Source, not_always_called
from corscope.servers.policy import ECHO, WILDCARD

if TYPE_CHECKING:
    from tree_sitter import Node as Syntax

__all__ = ["read_spring"]

_LISTS: Final = {
    **dict.fromkeys(("allowedorigins", "origins", "value"), "origins"),
    **dict.fromkeys(("allowedoriginpatterns", "originpatterns"), "patterns"),
    **dict.fromkeys(("allowedmethods", "methods"), "methods"),
    "allowedheaders": "headers",
    "exposedheaders": "exposed",
}
_SINGLE: Final = {
    "allowedorigin": "origins",
    "allowedoriginpattern": "patterns",
    "allowedmethod": "methods",
    "allowedheader": "headers",
    "exposedheader": "exposed",
}
_PERMIT: Final = "applyPermitDefaultValues"
_VALUES: Final = {"allowcredentials": "credentials", "maxage": "age"}
_READERS: Final = {
    "methods": listed_or_any("allow_methods"),
    "headers": listed_or_any("allow_headers"),
    "exposed": listed_or_any("expose_headers"),
    "credentials": flag("allow_credentials"),
    "age": number("max_age"),
}
_MOST: Final = 1000
_ANY_PATH: Final = "/**"
_GATEWAY: Final = re.compile(r"^[ \t]*[\"']?[\w.-]*globalcors[\w.-]*[\"']?\s*:", re.MULTILINE)
_PLACEHOLDER: Final = re.compile(r"[$#]\{")


@dataclass(eq=False)
class _Configuration:
    """One configuration as it is set up, call by call."""

    place: str
    permits_defaults: bool = False
    options: dict[str, Node] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    paths: list[Node] = field(default_factory=list)

    def set(self, option: str, node: Node) -> None:
        """Give an option a value."""
        self.options[option] = node

    def add(self, option: str, node: Node) -> None:
        """Add to the list that an option is."""
        known = self.options.get(option)
        items = (*(() if known is None else known.items()), *node.items())
        if len(items) > LONGEST:
            node.refuse(f"makes the list longer than {LONGEST:,}")
        self.options[option] = Node(node.place, items)

    def found(self) -> Found:
        """What it allows."""
        rest = {name: node for name, node in self.options.items() if name not in _ORIGINS}
        for node in self.options.values():
            _refuse_placeholders(node)
        read = found(rest, _READERS, self.place)
        origins, dropped = _origins(self.options)
        settings = (("permit_defaults", True),) if self.permits_defaults else ()
        policy = replace(read.policy, allow_origins=origins, settings=settings)
        told = (*self.warnings, *dropped, *read.warnings)
        return _only_there(replace(read, policy=policy, warnings=told), self.paths)


_ORIGINS: Final = {"origins", "patterns"}


def _refuse_placeholders(node: Node) -> None:
    for item in node.items_or_self():
        if isinstance(item.value, str) and _PLACEHOLDER.search(item.value):
            Node(item.place, Opaque(item.value)).refuse("")


def _origins(
    options: Mapping[str, Node],
) -> tuple[str | tuple[str, ...] | None, tuple[str, ...]]:
    """Origins and patterns as one list, and what is told of those that never match."""
    exact, patterns = options.get("origins"), options.get("patterns")
    listed = [] if exact is None else [(each.place, each.text()) for each in exact.items()]
    matched = [] if patterns is None else [each.text() for each in patterns.items()]
    dropped = tuple(
        f"{place}: {text} is left out: among the origins it is no pattern, and never matches"
        for place, text in listed
        if "*" in text and text != WILDCARD
    )
    texts = [text for _, text in listed if "*" not in text or text == WILDCARD]
    if texts == [WILDCARD]:
        return WILDCARD, dropped
    if WILDCARD in matched and WILDCARD not in texts:
        return ECHO, dropped
    origins = (*texts, *(each for each in matched if each != WILDCARD))
    return (origins if exact is not None or patterns is not None else None), dropped


def read_spring(source: Source) -> Iterator[Found]:
    """CorsConfiguration, CorsRegistry and @CrossOrigin in Java, or `globalcors` in YAML."""
    if _GATEWAY.search(source.text):
        yield from _of_gateway(source)
        return
    file = JavaFile(source)
    configurations = [*_Reading(file).configurations(), *islice(_annotated(file), _MOST + 1)]
    if len(configurations) > _MOST:
        source.refuse(f"has more than {_MOST:,} CORS configurations")
    if not configurations:
        source.refuse("has no CorsConfiguration, no CorsRegistry's addMapping and no @CrossOrigin")
    for each in configurations:
        yield each.found()


# CorsConfiguration and CorsRegistry


@dataclass(frozen=True)
class _Reading:
    """What is known while the file is read from its beginning to its end."""

    file: JavaFile
    seen: set[int] = field(default_factory=set)
    registered: list[_Configuration] = field(default_factory=list)

    def configurations(self) -> list[_Configuration]:
        """Each configuration that the file makes, in the order in which Spring asks them."""
        made: list[_Configuration] = []
        for node, scope in self.file.scoped():
            if node.type == "variable_declarator":
                made += self._named(node, "name", "value", scope)
            elif node.type == "assignment_expression":
                made += self._named(node, "left", "right", scope)
            elif node.type == "method_invocation" and node.id not in self.seen:
                made += self._of_chain(node, scope)
            elif node.type == "object_creation_expression" and node.id not in self.seen:
                made += self._begun(node, [], scope)
        places = {id(e): n for n, e in reversed([*enumerate(self.registered)])}  # the first counts
        return sorted(made, key=lambda each: places.get(id(each), len(places)))

    def _named(
        self, node: "Syntax", name: str, value: str, scope: Scope
    ) -> Iterator[_Configuration]:
        """A variable that holds one, from its first value on."""
        given = node.child_by_field_name(value)
        for made in () if given is None else self._of_chain(given, scope):
            scope.names[code_of(node.child_by_field_name(name))] = made
            yield made

    def _of_chain(self, node: "Syntax", scope: Scope) -> Iterator[_Configuration]:
        base, calls = chain(node)
        self.seen.update(call.node.id for call in calls)
        mapped = [number for number, call in enumerate(calls) if call.name == "addMapping"]
        if base is not None and base.type == "object_creation_expression":
            yield from self._begun(base, calls, scope)
        elif mapped:
            yield self._mapped(calls[mapped[0]], calls[mapped[0] + 1 :], scope)
        elif base is not None and base.type == "identifier" and calls:
            known, is_branch = scope.find(code_of(base))
            if isinstance(known, _Configuration):
                self._call_all(known, calls, is_branch=is_branch)
        if calls and calls[-1].name == "registerCorsConfiguration":
            self._register(calls[-1], scope)

    def _begun(
        self, node: "Syntax", calls: list[MethodCall], scope: Scope
    ) -> Iterator[_Configuration]:
        self.seen.add(node.id)
        kind = call_name(code_of(node.child_by_field_name("type")))
        if kind == "CorsConfiguration":
            made = self._configuration(node, kind, scope)
            self._call_all(made, calls, is_branch=False)
            yield made

    def _configuration(self, node: "Syntax", name: str, scope: Scope) -> _Configuration:
        """A configuration to be made; told of where it may not be."""
        place = self.file.place(node)
        told = [not_always_called(place, name)] if scope.is_decided else []
        return _Configuration(place, warnings=told)

    def _mapped(self, mapping: MethodCall, calls: list[MethodCall], scope: Scope) -> _Configuration:
        """`registry.addMapping(path)` and what follows; it begins with the defaults."""
        made = self._configuration(mapping.node, mapping.name, scope)
        made.permits_defaults = True
        if mapping.arguments:
            made.paths.append(self.file.read(mapping.arguments[0]))
            self.registered.append(made)
        self._call_all(made, calls, is_branch=False)
        return made

    def _register(self, call: MethodCall, scope: Scope) -> None:
        """`source.registerCorsConfiguration(path, config)` says for which paths it is."""
        if len(call.arguments) == 2:
            known, _ = scope.find(code_of(call.arguments[1]))
            if isinstance(known, _Configuration):
                known.paths.append(self.file.read(call.arguments[0]))
                self.registered.append(known)

    def _call_all(self, made: _Configuration, calls: list[MethodCall], *, is_branch: bool) -> None:
        for call in calls:
            if is_branch and not call.name.startswith("get"):
                place = self.file.place(call.node)
                made.warnings.append(not_always_called(place, call.name))
            self._call(made, call)

    def _call(self, made: _Configuration, call: MethodCall) -> None:
        """What one call sets or adds."""
        place = self.file.place(call.node)
        given = [self.file.read(each) for each in call.arguments]
        option = call.name.removeprefix("set").lower()
        if call.name == _PERMIT:
            made.permits_defaults = True
        elif option in _LISTS and not [each for each in given if each.value is None]:
            made.set(_LISTS[option], Node(place, _flat(given)))
        elif call.name.startswith("add") and call.name[3:].lower() in _SINGLE:
            made.add(_SINGLE[call.name[3:].lower()], Node(place, _flat(given)))
        elif option in _VALUES and given:
            made.set(_VALUES[option], given[0])
        elif not call.name.startswith(("get", "check", "combine", "validate", "toString")):
            made.warnings.append(f"{place}: {call.name} is not imported")


def _flat(given: list[Node]) -> tuple[Node, ...]:
    """The arguments, where one may be a list of them."""
    return tuple(item for each in given for item in each.items_or_self())


def _only_there(read: Found, paths: Sequence[Node]) -> Found:
    """What a configuration allows, for the paths that it is registered for."""
    shown = [e.value.code if isinstance(e.value, Opaque) else str(e.value) for e in paths]
    if not shown or _ANY_PATH in shown:
        return read
    return only_for(read, paths[0].place, shown, _globs)


def _globs(pattern: str) -> tuple[str, ...]:
    """What fits a pattern: a path, or one and all below it."""
    return with_those_below(pattern, "/**")


# @CrossOrigin

_MAPPINGS: Final = {
    f"{method.title()}Mapping": method for method in ("GET", "POST", "PUT", "DELETE", "PATCH")
}


def _annotated(file: JavaFile) -> Iterator[_Configuration]:
    """Each @CrossOrigin; that of a method adds to that of its class."""
    waiting: list[tuple[Syntax, Syntax | None]] = [(file.root, None)]
    while waiting:
        node, outer = waiting.pop()
        below = outer
        for annotation in _annotations(node):
            if _name(annotation) == "CrossOrigin":
                is_class = node.type.endswith(("class_declaration", "interface_declaration"))
                below = annotation if is_class else outer
                yield _of_annotation(file, annotation, node, None if is_class else outer)
        waiting.extend((child, below) for child in reversed(node.children))


def _annotations(node: "Syntax") -> list["Syntax"]:
    found = [child for child in node.children if child.type == "modifiers"]
    return [each for modifiers in found for each in named(modifiers) if "annotation" in each.type]


def _name(annotation: "Syntax") -> str:
    return call_name(code_of(annotation.child_by_field_name("name")))


def _of_annotation(
    file: JavaFile, annotation: "Syntax", annotated: "Syntax", outer: "Syntax | None"
) -> _Configuration:
    place = file.place(annotation)
    made = _Configuration(place, permits_defaults=True)
    made.warnings.append(f"{place}: only what is mapped there is meant: say so in match.url")
    for each in (outer, annotation):
        for name, node in _elements(file, each):
            option = name.lower()
            if option in _LISTS:
                made.add(_LISTS[option], node)
            elif option in _VALUES:
                made.set(_VALUES[option], node)
            else:
                made.warnings.append(f"{node.place}: {name} is not imported")
    if "methods" not in made.options:
        methods = [
            Node(place, _MAPPINGS[n]) for n in map(_name, _annotations(annotated)) if n in _MAPPINGS
        ]
        if methods:
            made.set("methods", Node(place, tuple(methods)))
        else:
            told = (
                f"{place}: without methods those of each mapping count; GET, HEAD, POST are taken"
            )
            made.warnings.append(told)
    return made


def _elements(file: JavaFile, annotation: "Syntax | None") -> Iterator[tuple[str, Node]]:
    """An annotation's values by name; one that stands alone is `value`."""
    given = None if annotation is None else annotation.child_by_field_name("arguments")
    for each in named(given):
        key, value = each.child_by_field_name("key"), each.child_by_field_name("value")
        if each.type == "element_value_pair" and value is not None:
            yield code_of(key), resolved(file.read(value), file.source)
        else:
            yield "value", resolved(file.read(each), file.source)


# Spring Cloud Gateway


def _of_gateway(source: Source) -> Iterator[Found]:
    """The configurations below `globalcors`, by path; words may be parted in any way."""
    tables = [node.table() for node in read_document(source).tables()]
    paths = [n for table in tables for k, n in table.items() if _plain(k).endswith(_BY_PATH)]
    for path, node in [pair for each in paths for pair in each.table().items()]:
        made = _Configuration(node.place)
        made.paths.append(Node(node.place, path.strip("[]")))
        for name, written in node.table().items():
            option, value = _plain(name), resolved(written, source)
            if option in _LISTS:
                made.set(_LISTS[option], _parted(value))
            elif option in _VALUES:
                made.set(_VALUES[option], value)
            else:
                made.warnings.append(f"{value.place}: {name} is not imported")
        yield made.found()
    if not paths:
        source.refuse("has no globalcors with cors-configurations")


def _parted(node: Node) -> Node:
    """A list, which may be one string with commas."""
    if not isinstance(node.value, str):
        return node
    texts = (text.strip() for text in node.value.split(","))
    return Node(node.place, tuple(Node(node.place, text) for text in texts if text))


_BY_PATH: Final = "corsconfigurations"


def _plain(name: str) -> str:
    return re.sub(r"[-_]", "", name).lower()
