"""What values does a document of JSON, YAML or XML hold?

Only the languages' plain parts are read: an XML document type, which declares entities, is refused
before it can do harm. A tree is built from the parser's events, so that its depth is known at any
time; YAML, of which the same is true, is read in `yaml_tree`.
"""

import json
import re
from typing import Final
from xml.parsers import expat

from corscope.cli.imports.languages.yaml_tree import read_yaml
from corscope.cli.imports.tree import DEEPEST, TOO_DEEP, Node, Source, UnreadableError
from corscope.rules._toml import endless_key, loads

__all__ = ["read_document", "read_toml", "read_xml_part"]

_PROLOG: Final = re.compile(r"\s*<[?!](?!--)")


def read_document(source: Source) -> Node:
    """Read a document; its first character tells the language.

    Raises:
        UnreadableError: it is none.
    """
    begins = source.text.lstrip()[:1]
    if begins == "<":
        return _xml(source)
    return _json(source) if begins in {"{", "["} else read_yaml(source)


def read_xml_part(source: Source) -> Node:
    """Read an XML document, or a part of one: elements beside each other.

    Raises:
        UnreadableError: it is none.
    """
    return _xml(source, is_part=not _PROLOG.match(source.text))


def read_toml(source: Source) -> Node:
    """Read a TOML document.

    Raises:
        UnreadableError: it is none.
    """
    if endless_key(source.text) is not None:
        source.refuse(TOO_DEEP)
    try:
        value = loads(source.text)
    except RecursionError:
        source.refuse(TOO_DEEP)
    except ValueError as error:
        source.refuse(f"is no TOML: {error}")
    return _node(value, source.name, "", 0)


def _json(source: Source) -> Node:
    try:
        value = json.loads(source.text)
    except json.JSONDecodeError as error:
        source.refuse(f"is no JSON: {error.msg}", error.lineno)
    except RecursionError:
        source.refuse(TOO_DEEP)
    except ValueError:
        source.refuse("holds a number with too many digits")
    return _node(value, source.name, "", 0)


def _node(value: object, file: str, path: str, depth: int) -> Node:
    place = f"{file}: {path}" if path else file
    if depth > DEEPEST:
        raise UnreadableError(f"{file}: {TOO_DEEP}")
    match value:
        case list():
            below = (_node(v, file, f"{path}[{i}]", depth + 1) for i, v in enumerate(value))
            return Node(place, tuple(below))
        case dict():
            dot = path and f"{path}."
            return Node(
                place, {k: _node(v, file, f"{dot}{k}", depth + 1) for k, v in value.items()}
            )
        case bool() | int() | float() | str() | None:
            return Node(place, value)
    return Node(place, str(value))  # a date or a time, which only TOML has


# XML


class _Builder:
    """Makes a tree of expat's events: one with others in it is a table, a repeated one a list."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.parser = expat.ParserCreate()
        self.parser.StartDoctypeDeclHandler = self.refuse_doctype
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.characters
        self.open: list[tuple[str, int, list[str], dict[str, list[Node]]]] = [("", 1, [], {})]

    def refuse_doctype(self, *_: object) -> None:
        message = "declares a document type: entities aren't read"
        self.source.refuse(message, self.parser.CurrentLineNumber)

    def start(self, tag: str, _attributes: dict[str, str]) -> None:
        line = self.parser.CurrentLineNumber
        if len(self.open) > DEEPEST:
            self.source.refuse(TOO_DEEP, line)
        self.open.append((tag.rpartition(":")[2], line, [], {}))

    def characters(self, text: str) -> None:
        self.open[-1][2].append(text)

    def end(self, _tag: str) -> None:
        tag, line, texts, children = self.open.pop()
        place = self.source.at(line)
        below = {name: _one_or_all(nodes) for name, nodes in children.items()}
        node = Node(place, below or "".join(texts).strip())
        self.open[-1][3].setdefault(tag, []).append(node)


def _one_or_all(nodes: list[Node]) -> Node:
    return nodes[0] if len(nodes) == 1 else Node(nodes[0].place, tuple(nodes))


def _xml(source: Source, *, is_part: bool = False) -> Node:
    builder = _Builder(source)
    begin, end = ("<part>", "</part>") if is_part else ("", "")
    try:
        builder.parser.Parse(f"{begin}{source.text}{end}", True)
    except expat.ExpatError as error:
        source.refuse(f"is no XML: {expat.ErrorString(error.code)}", error.lineno)
    (root,) = builder.open
    return Node(source.name, {tag: nodes[0] for tag, nodes in root[3].items()})
