"""What blocks and values does a file of Terraform's language hold, without running it?

Texts, numbers, flags, lists, objects, and what the file's own `locals` and the defaults of its
variables give names to. Calls, conditions and all that asks a resource is kept as the code it is.
Follows https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md.
"""

import re
from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import Final, NoReturn

from corscope.cli.imports.environment import default_of
from corscope.cli.imports.tree import DEEPEST, LONGEST, TOO_DEEP, Node, Opaque, Source, Value

__all__ = ["Block", "HclFile"]

_TOKEN: Final = re.compile(
    r"""
    (?P<space>[^\S\n]+) | (?P<newline>\n) | (?P<comment>\#[^\n]*|//[^\n]*) | (?P<long>/\*)
    | <<-?(?P<heredoc>\w+)[ \t\r]*\n | (?P<number>\d+(?:\.\d+)?) | (?P<word>[^\W\d][\w-]*)
    | (?P<sign>[{}\[\]()=,.:]) | (?P<other>[^\s"])
    """,
    re.VERBOSE,
)
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}
_WORDS: Final = {"true": True, "false": False, "null": None}
_OPENS: Final = {"{": "}", "[": "]", "(": ")"}
_REFERENCE: Final = re.compile(
    r"\$\{\s*((?:var|local)\.[\w-]+|[\w-]+\.(?:key|value)(?:\.[\w-]+)?)\s*\}"
)
_CALLED: Final = re.compile(r"(tolist|toset|concat)\((.*)\)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Token:
    line: int
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Block:
    """A block: its kind and labels, its values by name, and the blocks in it."""

    place: str
    kind: str
    labels: tuple[str, ...] = ()
    values: dict[str, Node] = field(default_factory=dict)
    blocks: list["Block"] = field(default_factory=list)

    def inner(self, kind: str) -> Iterator["Block"]:
        """The blocks of a kind in it."""
        return (each for each in self.blocks if each.kind == kind)


class HclFile:
    """A file of Terraform's language."""

    def __init__(self, source: Source) -> None:
        """Read it.

        Raises:
            UnreadableError: it is none.
        """
        self.source = source
        self._tokens = list(_tokens(source))
        self._at = 0
        self.root = Block(source.name, "")
        self._body(self.root, "", 0)
        self._busy: set[str] = set()
        self._known: dict[str, Value] = {}
        self._names: Mapping[str, Node] = dict(self._named())

    def _named(self) -> Iterator[tuple[str, Node]]:
        for block in self.root.blocks:
            if block.kind == "locals":
                yield from ((f"local.{name}", node) for name, node in block.values.items())
            elif block.kind == "variable" and block.labels and "default" in block.values:
                yield f"var.{block.labels[0]}", block.values["default"]

    # Values

    def knowing(self, names: Mapping[str, Node]) -> "HclFile":
        """The file in which these names mean something too, as within a `dynamic` block."""
        file = copy(self)
        file._names = {**self._names, **names}
        file._busy, file._known = set(), {}
        return file

    def value(self, node: Node, depth: int = 0) -> Node:
        """A value, in which names are what they stand for."""
        if depth > DEEPEST:
            node.refuse("is nested too deeply")
        match node.value:
            case tuple() as items:
                known = [self.value(each, depth + 1) for each in items]
                return Node(node.place, tuple(known))
            case Mapping() as table:
                return Node(
                    node.place, {name: self.value(each, depth + 1) for name, each in table.items()}
                )
            case str() as text if "${" in text:
                return Node(node.place, self._interpolated(text, node, depth))
            case Opaque(code):
                return Node(node.place, self._referred(code, node, depth))
        return node

    def _interpolated(self, text: str, node: Node, depth: int) -> Value:
        found = _REFERENCE.findall(text)
        values = [self._referred(each, node, depth) for each in found]
        left = _REFERENCE.sub("", text)
        if "${" in left.replace("$${", "") or not all(type(v) in {str, int} for v in values):
            return Opaque(text)
        texts = iter(map(str, values))
        whole = _REFERENCE.sub(lambda _: next(texts), text).replace("$${", "${")
        return whole if len(whole) <= LONGEST else Opaque(text)

    def _referred(self, code: str, node: Node, depth: int) -> Value:
        """What a name, or a call that only joins lists, is."""
        called = _CALLED.fullmatch(code)
        if called is not None:
            return self._called(called[1], called[2], code, node, depth)
        if code not in self._names or code in self._busy:
            return Opaque(code)
        if code not in self._known:
            self._busy.add(code)
            self._known[code] = self.value(self._names[code], depth + 1).value
            self._busy.discard(code)
        value = self._known[code]
        if code.startswith("var."):
            return default_of(self.source, node.place, code, value)
        return value

    def _called(self, name: str, given: str, code: str, node: Node, depth: int) -> Value:
        if depth > DEEPEST:
            node.refuse("is nested too deeply")
        inner = HclFile(Source(self.source.name, f"x = [{given}]\n", self.source.notes))
        inner._names, inner._busy, inner._known = self._names, self._busy, self._known
        items = inner.value(Node(node.place, inner.root.values["x"].value), depth + 1).items()
        lists = [each.value for each in items if isinstance(each.value, tuple)]
        if len(lists) < len(items) or sum(map(len, lists)) > LONGEST:
            return Opaque(code)
        whole = tuple(one for each in lists for one in each)
        if name != "toset":
            return whole
        texts = {one.value: one for one in whole if isinstance(one.value, str)}
        is_known = all(isinstance(one.value, str) for one in whole)
        return tuple(texts[text] for text in sorted(texts)) if is_known else Opaque(code)

    # Blocks

    def _peek(self, ahead: int = 0) -> _Token:
        index = self._at + ahead
        return self._tokens[index] if index < len(self._tokens) else self._tokens[-1]

    def _next(self) -> _Token:
        token = self._peek()
        self._at += 1
        return token

    def _skip_newlines(self) -> None:
        while self._peek().kind == "newline":
            self._at += 1

    def _body(self, block: Block, end: str, depth: int) -> None:
        """All up to the closing bracket, or the file's end."""
        if depth > DEEPEST:
            self.source.refuse(TOO_DEEP, self._peek().line)
        while True:
            self._skip_newlines()
            token = self._next()
            if token.kind == "end" or (token.text == end and token.kind == "sign"):
                if (token.kind == "end") is bool(end):
                    self._refuse(token)
                return
            if token.kind != "word":
                self._refuse(token)
            if self._peek().text == "=" and self._peek().kind == "sign":
                self._at += 1
                place = self.source.at(token.line)
                block.values[token.text] = Node(place, self._expression(depth + 1))
            else:
                self._block(block, token, depth)

    def _block(self, outer: Block, first: _Token, depth: int) -> None:
        labels: list[str] = []
        while self._peek().kind in {"word", "text"}:
            labels.append(self._next().text)
        if self._next().text != "{":
            self._refuse(self._peek(-1))
        inner = Block(self.source.at(first.line), first.text, tuple(labels))
        outer.blocks.append(inner)
        self._body(inner, "}", depth + 1)

    def _expression(self, depth: int) -> Value:
        """A value up to the line's end, a comma or a closing bracket."""
        begin = self._at
        if depth > DEEPEST:
            self.source.refuse(TOO_DEEP, self._peek().line)
        value = self._primary(depth)
        if self._ends():
            return value
        return self._code(begin)

    def _ends(self) -> bool:
        token = self._peek()
        is_sign = token.kind == "sign" and token.text in {",", "]", "}", ")"}
        return is_sign or token.kind in {"newline", "end"}

    def _primary(self, depth: int) -> Value:
        token = self._next()
        match token.kind:
            case "text":
                return token.text
            case "number":
                whole = token.text.isdigit() and len(token.text) < 19
                return int(token.text) if whole else Opaque(token.text)
            case "word" if token.text in _WORDS:
                return _WORDS[token.text]
            case "word":
                self._at -= 1
                return self._code(self._at)
            case "sign" if token.text == "[":
                return self._list(depth)
            case "sign" if token.text == "{":
                return self._object(depth)
        self._at -= 1
        return self._code(self._at)

    def _list(self, depth: int) -> Value:
        begin, items = self._at - 1, list[Node]()
        while True:
            self._skip_newlines()
            if self._peek().text == "]" and self._peek().kind == "sign":
                self._at += 1
                return tuple(items)
            if self._peek().text == "for" and self._peek().kind == "word":
                self._at = begin
                return self._code(begin)
            place = self.source.at(self._peek().line)
            items.append(Node(place, self._expression(depth + 1)))
            self._skip_newlines()
            token = self._peek()
            if token.text == "," and token.kind == "sign":
                self._at += 1
            elif token.text != "]" or token.kind != "sign":
                self._refuse(token)

    def _object(self, depth: int) -> Value:
        begin, table = self._at - 1, dict[str, Node]()
        while True:
            self._skip_newlines()
            token = self._next()
            if token.text == "}" and token.kind == "sign":
                return table
            if token.kind not in {"word", "text"} or self._peek().text not in {"=", ":"}:
                self._at = begin
                return self._code(begin)
            self._at += 1
            table[token.text] = Node(self.source.at(token.line), self._expression(depth + 1))
            if self._peek().text == ",":
                self._at += 1

    def _code(self, begin: int) -> Opaque:
        """All up to the expression's end, as it is written but for spaces."""
        self._at = begin
        waiting: list[str] = []
        while True:
            token = self._peek()
            if token.kind == "end" or (not waiting and self._ends()):
                break
            if token.kind == "sign" and token.text in _OPENS:
                waiting.append(_OPENS[token.text])
            elif token.kind == "sign" and waiting and token.text == waiting[-1]:
                waiting.pop()
            self._at += 1
        if self._at == begin or waiting:
            self._refuse(self._peek())
        return Opaque("".join(map(_written, self._tokens[begin : self._at])))

    def _refuse(self, token: _Token) -> None:
        shown = "the end" if token.kind == "end" else repr(token.text)
        self.source.refuse(f"is no Terraform: {shown} isn't expected", token.line)


def _written(token: _Token) -> str:
    if token.kind == "text":
        escaped = token.text.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return " " if token.kind == "newline" else token.text


def _tokens(source: Source) -> Iterator[_Token]:
    """The file's words; a text is what it says, with `${…}` in it as it stands."""
    text, at, line = source.text, 0, 1
    while at < len(text):
        if text[at] == '"':
            end, value = _quoted(source, at, line)
            yield _Token(line, "text", value)
        elif (found := _TOKEN.match(text, at)) is not None:
            end, kind = found.end(), str(found.lastgroup)
            if kind == "long":
                end = _end_of(r"\*/", source, end, line)
            elif kind == "heredoc":
                last = rf"\n[ \t]*{found['heredoc']}[ \t\r]*(?=\n|\Z)"
                end = _end_of(last, source, end - 1, line)
                yield _Token(line, "other", text[at:end])
            elif kind not in {"space", "comment"}:
                yield _Token(line, kind, found[0])
        line += text.count("\n", at, end)
        at = end
    yield _Token(line, "newline", "\n")
    yield _Token(line, "end", "")


def _end_of(last: str, source: Source, begin: int, line: int) -> int:
    """Where what has to end with this ends."""
    found = re.compile(last).search(source.text, begin)
    return _no_end(source, line) if found is None else found.end()


def _no_end(source: Source, line: int) -> NoReturn:
    source.refuse("is no Terraform: what begins here has no end", line)


def _quoted(source: Source, begin: int, line: int) -> tuple[int, str]:
    """Where a text ends, and what it says; in `${…}` there may be others."""
    text, at, parts, depth = source.text, begin + 1, list[str](), 0
    while at < len(text) and text[at] != "\n":
        if depth == 0 and text[at] == '"':
            return at + 1, "".join(parts)
        if depth == 0 and text[at] == "\\":
            parts.append(_ESCAPES.get(text[at + 1 : at + 2], text[at : at + 2]))
            at += 2
            continue
        opens = text.startswith(("${", "%{"), at) and text[at - 1] != text[at]
        depth += 1 if opens or (depth and text[at] == "{") else 0
        depth -= 1 if depth and text[at] == "}" else 0
        width = 2 if opens else 1
        parts.append(text[at : at + width])
        at += width
    return _no_end(source, line)
