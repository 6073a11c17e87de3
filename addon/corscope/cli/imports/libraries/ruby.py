"""How does rack-cors take its options in Ruby?

Each `allow` is for its own origins, and each `resource` in it for its own paths. Of those that fit
a request the first one counts, so each is imported as a rule.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from corscope.cli.imports.languages.ruby import RubyFile, Symbol
from corscope.cli.imports.languages.syntax import code_of, line_of, named
from corscope.cli.imports.options import Fields, Reader, found, listed, number, origins_of
from corscope.cli.imports.paths import only_for, starred
from corscope.cli.imports.tree import DEEPEST, LONGEST, Found, Node, Opaque, Regex, Source
from corscope.servers.policy import ECHO, WILDCARD
from corscope.servers.web_servers.by_hand import regex_of

if TYPE_CHECKING:
    from tree_sitter import Node as Syntax

__all__ = ["read_rack_cors"]

_CONDITIONS: Final = {
    *("if", "unless", "elsif", "if_modifier", "unless_modifier"),
    *("case", "while", "until", "conditional"),
}
_ALL_PATHS: Final = {"*", "/*"}
_WEB: Final = ("http://", "https://")
_NAME: Final = "Rack::Cors"
_LONGEST_CONDITION: Final = 60


@dataclass(frozen=True, slots=True)
class _Resource:
    """A `resource`: its path, its options, and the conditions that it stands under."""

    place: str
    path: Node
    options: Mapping[str, Node]
    conditions: tuple[str, ...]


@dataclass(eq=False, slots=True)
class _Allow:
    """An `allow`: its origins, None if it names none, and its resources."""

    conditions: tuple[str, ...]
    origins: Node | None = None
    resources: list[_Resource] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Place:
    """What a piece of code stands in."""

    conditions: tuple[str, ...] = ()
    in_cors: bool = False
    allow: _Allow | None = None
    itself: str = ""
    """What the block around it calls the object whose methods it calls."""


# Options


def _origins(node: Node) -> Fields:
    """Origins, hosts and regexes; a function that allows everything sends any origin back."""
    items = tuple(item for item in node.items() if item.value != "")
    if any(item.value is True for item in items):
        return {"allow_origins": ECHO}
    if [item.value for item in items] == [WILDCARD]:
        return {"allow_origins": WILDCARD}
    return origins_of(items) if items else {}


def _any_or(reader: Reader) -> Reader:
    """`:any`, or a list; a string of that name is no such word."""

    def read(node: Node) -> Fields:
        if isinstance(node.value, Symbol) and node.value == "any":
            return dict.fromkeys(reader(node), WILDCARD)
        return reader(node)

    return read


def _methods(node: Node) -> Fields:
    return {"allow_methods": tuple(item.text().upper() for item in node.items())}


def _credentials(node: Node) -> Fields:
    """Anything but `true` is false."""
    if isinstance(node.value, Opaque):
        node.refuse("must be true or false")
    return {"allow_credentials": node.value is True}


_RACK: Final = {
    "origins": _origins,
    "headers": _any_or(listed("allow_headers")),
    "methods": _any_or(_methods),
    "expose": listed("expose_headers"),
    "credentials": _credentials,
    "max_age": number("max_age"),
}


def read_rack_cors(source: Source) -> Iterator[Found]:
    """`use Rack::Cors do allow do origins …; resource … end end`, and Rails' initializer."""
    allows = _Reading(RubyFile(source)).all()
    if not any(allow.resources for allow in allows):
        source.refuse(f"has no resource within an allow of {_NAME}")
    for index, allow in enumerate(allows):
        is_last = index == len(allows) - 1
        match, told = ({}, ()) if len(allows) == 1 else _match(allow, is_last=is_last)
        for resource in allow.resources:
            yield _of_resource(resource, allow, match, told)


def _of_resource(
    resource: _Resource, allow: _Allow, match: Mapping[str, object], lost: tuple[str, ...]
) -> Found:
    origins = {} if allow.origins is None else {"origins": allow.origins}
    read = found({**origins, **resource.options}, _RACK, resource.place)
    told = [*lost, *(f"is meant only as `{each}` decides" for each in resource.conditions)]
    warnings = (*(f"{resource.place}: {each}" for each in told), *read.warnings)
    read = replace(read, match=match, warnings=warnings)
    path = resource.path.value
    if path in _ALL_PATHS:
        return read
    shown = path if isinstance(path, str) else "its regular expression"
    return only_for(read, resource.place, [shown], _globs)


def _globs(path: str) -> tuple[str, ...]:
    """What fits a path: its `*` stands for anything, and for the `/` before it too."""
    return starred(path.replace("/*", "*"))


def _match(allow: _Allow, *, is_last: bool) -> tuple[Mapping[str, object], tuple[str, ...]]:
    """For which origins one of several `allow` is; a rule can't be chosen by a regex."""
    items = () if allow.origins is None else allow.origins.items()
    texts = [item.value for item in items if isinstance(item.value, str) and item.value]
    if WILDCARD in texts:
        return {}, ()
    if len(texts) < len(items):
        told = "the rules after it are never asked: a rule can't be chosen by a regex or a function"
        return {}, () if is_last else (told,)
    return {"origin": tuple(t if "://" in t else f"*://{t}" for t in texts)}, ()


# What stands in the file


@dataclass(frozen=True, slots=True)
class _Reading:
    """A file, and every `allow` within a block of Rack::Cors that was come upon."""

    file: RubyFile
    allows: list[_Allow] = field(default_factory=list)

    def all(self) -> list[_Allow]:
        """All of them, in the file's order; of an excerpt, those within nothing."""
        source = self.file.source
        waiting = [(self.file.root, _Place(in_cors=_NAME not in source.text))]
        while waiting:
            node, place = waiting.pop()
            if node.type in _CONDITIONS:
                place = replace(place, conditions=(*place.conditions, _told(node)))
            elif node.type == "call":
                place = self._called(node, place)
            if len(place.conditions) > DEEPEST:
                source.refuse("is nested too deeply", line_of(node))
            waiting.extend((child, place) for child in reversed(node.named_children))
        return self.allows

    def _called(self, node: "Syntax", place: _Place) -> _Place:
        """What stands within a call; what it says of origins and resources is taken note of."""
        given = named(node.child_by_field_name("arguments"))
        block = node.child_by_field_name("block")
        method = _asked(node, place.itself)
        if block is not None and _is_of_cors(node, given):
            return _Place(place.conditions, in_cors=True, itself=_parameter(block))
        if block is not None and place.in_cors and method == "allow":
            self.allows.append(_Allow(place.conditions))
            return replace(place, allow=self.allows[-1], itself=_parameter(block))
        if place.allow is None or method not in {"origins", "resource"}:
            return place
        if method == "origins":
            self._take_origins(node, place, place.allow)
        elif given:
            here = self.file.source.at(line_of(node))
            path, options = self.file.read(given[0]), self.file.table(given[1:])
            place.allow.resources.append(_Resource(here, path, options, place.conditions))
        return _Place()

    def _take_origins(self, node: "Syntax", place: _Place, allow: _Allow) -> None:
        """Take note of origins; what counts is what was said last."""
        source = self.file.source
        if place.conditions != allow.conditions:
            source.refuse(f"can't tell whether `{place.conditions[-1]}` holds", line_of(node))
        here, block = source.at(line_of(node)), node.child_by_field_name("block")
        items = _flat(self.file.spread(named(node.child_by_field_name("arguments"))))
        tested = () if block is None else _flat((Node(here, self.file.tested(block)),))
        allow.origins = Node(here, (*items, *map(_exactly, tested)))


def _is_of_cors(node: "Syntax", given: list["Syntax"]) -> bool:
    """Whether it is `use Rack::Cors`, `insert_before 0, "Rack::Cors"` or `Rack::Cors.new`."""
    receiver = node.child_by_field_name("receiver")
    longest = len(_NAME) + 4
    short = [n for n in (receiver, *given) if n and n.end_byte - n.start_byte <= longest]
    return _NAME in {code_of(each).strip("'\"").removeprefix("::") for each in short}


def _asked(node: "Syntax", itself: str) -> str:
    """The method that is called on the block's own object; empty if on another one."""
    receiver = node.child_by_field_name("receiver")
    is_own = receiver is None or (receiver.type == "identifier" and code_of(receiver) == itself)
    return code_of(node.child_by_field_name("method")) if is_own else ""


def _parameter(block: "Syntax") -> str:
    parameters = named(block.child_by_field_name("parameters"))
    return code_of(parameters[0]) if parameters else ""


def _exactly(tested: Node) -> Node:
    """What a block compares is the whole origin, which a list takes a host for."""
    is_host = isinstance(tested.value, str) and not tested.value.startswith(_WEB)
    return Node(tested.place, Regex(regex_of(tested.text()))) if is_host else tested


def _flat(items: tuple[Node, ...]) -> tuple[Node, ...]:
    """Lists among them are what they hold."""
    flat: list[Node] = []
    waiting = list(reversed(items))
    while waiting:
        item = waiting.pop()
        if isinstance(item.value, tuple):
            waiting.extend(reversed(item.value))
        else:
            flat.append(item)
        if len(flat) + len(waiting) > LONGEST:
            item.refuse(f"has more than {LONGEST:,} items")
    return tuple(flat)


def _told(node: "Syntax") -> str:
    """A condition in short: `if Rails.env.development?`."""
    kind = node.type.removesuffix("_modifier")
    asked = node.child_by_field_name("condition") or node.child_by_field_name("value")
    is_short = asked is not None and asked.end_byte - asked.start_byte <= _LONGEST_CONDITION
    return " ".join(f"{kind} {code_of(asked) if is_short else '…'}".split())
