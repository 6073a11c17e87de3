"""What values does a YAML document hold?

A tag that names a Python object is refused before it can do harm; other tags, as CloudFormation has
them, are values that can't be told. An alias is what it stands for, as long as all of them together
don't make the document much longer.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from corscope.cli.imports.tree import DEEPEST, LONGEST, TOO_DEEP, Node, Opaque, Source

__all__ = ["read_yaml"]

_PLAIN: Final = {"true": True, "false": False, "null": None, "~": None, "": None}
_OWN_TAG: Final = re.compile(r"![A-Za-z]")
_MERGE: Final = "<<"


def read_yaml(source: Source) -> Node:
    """Read a YAML document; several in one file are a list.

    Raises:
        UnreadableError: it is none.
    """
    try:
        events = YAML(typ="safe", pure=True).parse(source.text)
        roots = [
            _Tree(source, events).built(event, 0)
            for event in events
            if isinstance(event, NodeEvent)
        ]
        return roots[0] if len(roots) == 1 else Node(source.name, tuple(roots) or None)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        source.refuse(f"is no YAML: {error.problem}", line)
    except YAMLError as error:
        source.refuse(f"is no YAML: {str(error).splitlines()[0]}")
    except RecursionError:
        source.refuse(TOO_DEEP)


@dataclass
class _Tree:
    """A document that is being built.

    Attributes:
        source: the file.
        events: what the parser says, from here on.
        anchors: what aliases stand for, and how many values are in it.
        count: how many values there are, with those that aliases stand for.
        repeated: how many of these do.
    """

    source: Source
    events: Iterator[Event]
    anchors: dict[str, tuple[Node, int]] = field(default_factory=dict)
    count: int = 0
    repeated: int = 0

    def built(self, event: NodeEvent, depth: int) -> Node:
        """The value that begins with an event."""
        line = event.start_mark.line + 1
        if depth > DEEPEST:
            self.source.refuse(TOO_DEEP, line)
        if isinstance(event, AliasEvent):
            return self._aliased(str(event.anchor), line)
        tag = str(getattr(event, "tag", None) or "")
        if tag and not _OWN_TAG.match(tag) and tag != "!":
            self.source.refuse(f"has the tag {tag}: tags that make objects aren't read", line)
        before = self.count
        self.count += 1
        value: object = None
        match event:
            case ScalarEvent():
                value = event.value if event.style or tag else _plain(event.value)
            case SequenceStartEvent():
                value = tuple(self._items(depth))
            case MappingStartEvent():
                value = self._table(depth, line)
        if _OWN_TAG.match(tag):
            value = Opaque(f"{tag} {value}" if isinstance(event, ScalarEvent) else tag)
        node = Node(self.source.at(line), value)  # type: ignore[arg-type]
        if event.anchor is not None:
            self.anchors[str(event.anchor)] = node, self.count - before
        return node

    def _aliased(self, name: str, line: int) -> Node:
        """What an alias stands for, told as of where it is written."""
        if name not in self.anchors:
            self.source.refuse(f"has the alias *{name}, which stands for nothing before it", line)
        node, size = self.anchors[name]
        self.count += size
        self.repeated += size
        if self.repeated > LONGEST:
            message = f"has aliases (*) that stand for more than {LONGEST:,} values"
            self.source.refuse(message, line)
        return node

    def _items(self, depth: int) -> Iterator[Node]:
        while isinstance(event := next(self.events), NodeEvent):
            yield self.built(event, depth + 1)

    def _table(self, depth: int, line: int) -> dict[str, Node]:
        """A table, with what `<<` takes over: its own values count more, and the first taken."""
        flat = list(self._items(depth))
        pairs = [(str(key.value), value) for key, value in zip(flat[::2], flat[1::2], strict=True)]
        taken = [each for key, value in pairs if key == _MERGE for each in value.items_or_self()]
        found: dict[str, Node] = {}
        for each in reversed(taken):
            if not isinstance(each.value, dict):
                self.source.refuse(f"has a {_MERGE} that is no table", line)
            found |= each.value
        return {**found, **{key: value for key, value in pairs if key != _MERGE}}


def _plain(text: str) -> bool | int | str | None:
    """An unquoted scalar as YAML's core schema has it; other numbers stay text."""
    if text.lower() in _PLAIN:
        return _PLAIN[text.lower()]
    return int(text) if re.fullmatch(r"[-+]?[0-9]{1,18}", text) else text
