"""Which policies does a C# file give ASP.NET Core?

A policy is built by the calls on what `UseCors`, `AddPolicy` or `AddDefaultPolicy` hand a lambda,
or on a `new CorsPolicyBuilder()`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from corscope.cli.imports.languages.codefile import Scope, call_name
from corscope.cli.imports.languages.csharp import CSharpFile, chain
from corscope.cli.imports.languages.syntax import MethodCall, code_of, named
from corscope.cli.imports.options import flag, found, listed_or_any, number, origin
from corscope.cli.imports.tree import LONGEST, Found, Node, Source, not_always_called
from corscope.servers.policy import WILDCARD

if TYPE_CHECKING:
    from tree_sitter import Node as Syntax

__all__ = ["read_aspnet_core"]

_GIVING: Final = {"UseCors", "AddPolicy", "AddDefaultPolicy"}
_LAMBDAS: Final = {"lambda_expression", "anonymous_method_expression"}
_LISTS: Final = {
    "WithOrigins": "origins",
    "WithMethods": "methods",
    "WithHeaders": "headers",
    "WithExposedHeaders": "exposed",
}
_ANY: Final = {
    "AllowAnyOrigin": "origins",
    "AllowAnyMethod": "methods",
    "AllowAnyHeader": "headers",
}
_SUBDOMAINS: Final = "SetIsOriginAllowedToAllowWildcardSubdomains"
_READERS: Final = {
    "origins": listed_or_any("allow_origins"),
    "tested": origin,
    "methods": listed_or_any("allow_methods"),
    "headers": listed_or_any("allow_headers"),
    "exposed": listed_or_any("expose_headers"),
    "credentials": flag("allow_credentials"),
    "age": number("max_age"),
}


@dataclass
class _Builder:
    """A policy as it is built, call by call."""

    file: CSharpFile
    place: str
    options: dict[str, Node] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    has_subdomains: bool = False
    name: str = ""

    def call(self, call: MethodCall, *, is_branch: bool) -> None:
        """What one call adds or sets."""
        place = self.file.place(call.node)
        if is_branch:
            self.warnings.append(not_always_called(place, call.name))
        if call.name in _LISTS:
            self.add(_LISTS[call.name], call)
        elif call.name in _ANY:
            self.options[_ANY[call.name]] = Node(place, (Node(place, WILDCARD),))
        elif call.name == "SetIsOriginAllowed" and call.arguments:
            self.options["tested"] = self.file.origin_test(self.file.bare(call.arguments[0]))
        elif call.name in {"AllowCredentials", "DisallowCredentials"}:
            self.options["credentials"] = Node(place, call.name == "AllowCredentials")
        elif call.name == "SetPreflightMaxAge" and call.arguments:
            self.options["age"] = self.file.read(call.arguments[0])
        elif call.name == _SUBDOMAINS:
            self.has_subdomains = True
        elif call.name != "Build":
            self.warnings.append(f"{place}: {call.name} is not imported")

    def add(self, option: str, call: MethodCall) -> None:
        """Add to a list; an array among the arguments is a list itself."""
        known = self.options.get(option)
        given = [item for each in call.arguments for item in self.file.read(each).items_or_self()]
        node = Node(self.file.place(call.node), (*(known.items() if known else ()), *given))
        if len(node.items()) > LONGEST:
            node.refuse(f"makes the list longer than {LONGEST:,}")
        self.options[option] = node

    def found(self) -> Found:
        """What it allows; a function that tests origins is asked instead of the list."""
        options, told = dict(self.options), list(self.warnings)
        listed = options.get("origins")
        if "tested" in options and listed is not None:
            is_any = [each.value for each in listed.items()] == [WILDCARD]
            options.pop("tested" if is_any else "origins")
            told.append(f"{self.place}: {_LEFT_OUT[is_any]}")
        elif listed is not None and not self.has_subdomains:
            options["origins"], patterns = _without_patterns(listed)
            told += [
                f"{each.place}: {each.value} is left out: without {_SUBDOMAINS} it is no pattern"
                for each in patterns
            ]
        read = found(options, _READERS, self.place)
        return replace(read, warnings=(*told, *read.warnings))


_LEFT_OUT: Final = {
    False: "WithOrigins is left out: SetIsOriginAllowed is asked instead",
    True: "SetIsOriginAllowed is left out: any origin is allowed",
}


def _without_patterns(node: Node) -> tuple[Node, list[Node]]:
    patterns = [each for each in node.items() if "://*." in each.text()]
    return Node(node.place, tuple(each for each in node.items() if each not in patterns)), patterns


def read_aspnet_core(source: Source) -> Iterator[Found]:
    """Each policy that the file builds."""
    file = CSharpFile(source)
    builders = list(_Reading(file).builders())
    if not builders:
        source.refuse("has no UseCors(policy => …), AddPolicy or CorsPolicyBuilder")
    used = _used(file)
    for builder in sorted(builders, key=lambda each: bool(used) and each.name not in used):
        if used and builder.name and builder.name not in used:
            names = " or ".join(sorted(used))
            builder.warnings.append(f"{builder.place}: UseCors names {names}, not {builder.name}")
        yield builder.found()


def _used(file: CSharpFile) -> set[str]:
    """The policies that `UseCors` names; empty if it names none that can be told."""
    found: set[str] = set()
    for node in file.all:
        function = node.child_by_field_name("function")
        name = None if function is None else function.child_by_field_name("name")
        given = named(node.child_by_field_name("arguments"))
        if name is not None and code_of(name) == "UseCors" and len(given) == 1:
            value = file.read(given[0]).value
            found |= {value} if isinstance(value, str) else set()
    return found


@dataclass(frozen=True)
class _Reading:
    """What is known while the file is read from its beginning to its end."""

    file: CSharpFile
    seen: set[int] = field(default_factory=set)
    handed: dict[int, _Builder] = field(default_factory=dict)

    def builders(self) -> Iterator[_Builder]:
        """Each policy that the file builds."""
        made: list[_Builder] = []
        for node, scope in self.file.scoped():
            if node.id in self.handed:
                names = re.findall(r"\w+", code_of(node.child_by_field_name("parameters")))
                scope.names[names[-1] if names else ""] = self.handed[node.id]
            elif node.type == "variable_declarator" and len(named(node)) > 1:
                for builder in self._of_chain(named(node)[-1], scope):
                    scope.names[code_of(named(node)[0])] = builder
                    made.append(builder)
            elif node.type == "invocation_expression":
                made += self._handed(node, scope)
                made += self._of_chain(node, scope) if node.id not in self.seen else ()
            elif node.type == "object_creation_expression" and node.id not in self.seen:
                made += self._begun(node, [], scope)
        yield from made

    def _handed(self, node: "Syntax", scope: Scope) -> Iterator[_Builder]:
        """What a lambda is to build that one of the three methods is given."""
        function = node.child_by_field_name("function")
        name = None if function is None else function.child_by_field_name("name")
        if name is None or code_of(name) not in _GIVING:
            return
        for argument in named(node.child_by_field_name("arguments")):
            function = self.file.bare(argument)
            if function.type in _LAMBDAS:
                builder = self._builder(function, code_of(name), scope)
                first = self.file.read(named(node.child_by_field_name("arguments"))[0]).value
                builder.name = first if isinstance(first, str) else ""
                self.handed[function.id] = builder
                yield builder

    def _builder(self, node: "Syntax", name: str, scope: Scope) -> _Builder:
        """A policy to be built; told of where it may not be."""
        place = self.file.place(node)
        told = [not_always_called(place, name)] if scope.is_decided else []
        return _Builder(self.file, place, warnings=told)

    def _of_chain(self, node: "Syntax", scope: Scope) -> Iterator[_Builder]:
        base, calls = chain(node)
        self.seen.update(call.node.id for call in calls)
        if base is not None and base.type == "object_creation_expression":
            yield from self._begun(base, calls, scope)
        elif base is not None and base.type == "identifier" and calls:
            known, is_branch = scope.find(code_of(base))
            for call in calls if isinstance(known, _Builder) else ():
                known.call(call, is_branch=is_branch)  # type: ignore[attr-defined]

    def _begun(self, node: "Syntax", calls: list[MethodCall], scope: Scope) -> Iterator[_Builder]:
        """`new CorsPolicyBuilder(origins…)` and the calls on it."""
        self.seen.add(node.id)
        kind = call_name(code_of(node.child_by_field_name("type")))
        if kind != "CorsPolicyBuilder":
            return
        builder = self._builder(node, kind, scope)
        given = tuple(named(node.child_by_field_name("arguments")))
        first = [MethodCall("WithOrigins", given, node)] if given else []
        for call in (*first, *calls):
            builder.call(call, is_branch=False)
        yield builder
