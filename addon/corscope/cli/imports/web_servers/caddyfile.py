"""What directives does a Caddyfile hold?

Its grammar is plain: words apart or in quotes, a directive a line, a block where the line ends in
`{`. Snippets, and files that stand beside it, are put in place of the `import` that names them,
with what is given to them.
Follows https://caddyserver.com/docs/caddyfile/concepts.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from corscope.cli.imports.environment import default_of
from corscope.cli.imports.tree import DEEPEST, LONGEST, Source
from corscope.cli.imports.web_servers.included import Included

__all__ = ["Directive", "parsed"]

_TOKEN: Final = re.compile(
    r"""
    (?P<space>(?:[ \t\r\f\v]|\\\r?\n)+) | (?P<newline>\n) | (?P<comment>\#[^\n]*)
    | "(?P<quoted>[^"\\]*(?:\\.[^"\\]*)*)" | `(?P<raw>[^`]*)` | (?P<mark><<[A-Za-z0-9_-]+\r?\n)
    | (?P<word>(?!["`])(?:\\\r?\n|[^\s])+)
    """,
    re.VERBOSE | re.DOTALL,
)
_GIVEN: Final = re.compile(r"\{args(?:\[(\d{1,4}|:)\]|\.(\d{1,4}))\}")
_DEFAULT: Final = re.compile(r"\{\$(\w+):([^{}\n]*)\}")
_OF_CORS: Final = re.compile(r"(?i)access-control|origin|^\s*import\s")
_MOST_IMPORTS: Final = 10
_PREFIXES: Final = ("/etc/caddy/", "/usr/local/etc/", "/opt/homebrew/etc/")
"""Where Caddy has its configuration, below which a copy of it has the same folders."""


@dataclass(frozen=True, slots=True)
class Directive:
    """A directive: its words, and what stands in its block."""

    line: int
    words: tuple[str, ...]
    block: tuple["Directive", ...] = ()

    @property
    def name(self) -> str:
        """Its first word."""
        return self.words[0]

    @property
    def arguments(self) -> tuple[str, ...]:
        """The words after it."""
        return self.words[1:]


@dataclass(slots=True)
class _Open:
    """A block that isn't read to its end yet."""

    line: int
    words: tuple[str, ...]
    block: list[Directive] = field(default_factory=list)


def parsed(source: Source) -> tuple[Source, tuple[Directive, ...]]:
    """The directives of a Caddyfile, snippets and files put where they are imported.

    The file comes with them as one that knows whose lines those of other files are.

    Raises:
        UnreadableError: it is none.
    """
    files = Included(source, _PREFIXES)
    directives = _Importing(files).expanded(_read(files, source), 0)
    return files.source, directives


def _read(files: Included, source: Source) -> tuple[Directive, ...]:
    before = files.begin(source)
    directives = _built(_with_defaults(source))
    return tuple(_moved(each, before) for each in directives) if before else directives


def _moved(directive: Directive, lines: int) -> Directive:
    block = tuple(_moved(each, lines) for each in directive.block)
    return Directive(directive.line + lines, directive.words, block)


def _with_defaults(source: Source) -> Source:
    """The file in which each `{$NAME:default}` is the default; of those that may matter it's told.

    Caddy replaces them before it reads the file, and so anything may stand there.
    """
    text = source.text
    if not _DEFAULT.search(text):
        return source
    for number, line in enumerate(text.splitlines(), 1):
        if _OF_CORS.search(line):
            for found in _DEFAULT.finditer(line):
                default_of(source, number, found[1], found[2])
    return replace(source, text=_DEFAULT.sub(r"\2", text))


def _built(source: Source) -> tuple[Directive, ...]:
    waiting = [_Open(1, ())]
    for line, words, opens, closes in _lines(source):
        if words:
            waiting[-1].block += [] if opens else [Directive(line, words)]
        if opens:  # what has no name are the options of all sites
            waiting.append(_Open(line, words or ("",)))
        if closes:
            if len(waiting) == 1:
                source.refuse("is no Caddyfile: a } without a {", line)
            done = waiting.pop()
            waiting[-1].block.append(Directive(done.line, done.words, tuple(done.block)))
        if len(waiting) > DEEPEST:
            source.refuse("is nested too deeply", line)
    if len(waiting) > 1:
        source.refuse("is no Caddyfile: the block isn't closed", waiting[-1].line)
    return tuple(waiting[0].block)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    line: int
    text: str

    def is_brace(self, brace: str) -> bool:
        """Whether it is that brace; one in quotes is none."""
        return self.kind == "word" and self.text == brace


def _lines(source: Source) -> Iterator[tuple[int, tuple[str, ...], bool, bool]]:
    """Each line's words, whether it opens a block, and whether it closes one."""
    tokens: list[_Token] = []
    for token in _tokens(source):
        if token.kind == "newline":
            yield from _line(tokens)
            tokens = []
        elif token.kind not in {"space", "comment"}:
            tokens.append(token)
    yield from _line(tokens)


def _tokens(source: Source) -> Iterator[_Token]:
    at, line = 0, 1
    while at < len(source.text):
        found = _TOKEN.match(source.text, at)
        if found is None:
            source.refuse("is no Caddyfile: the quote isn't closed", line)
        kind, text, at = found.lastgroup or "", found[0], found.end()
        if kind == "mark":
            text, at = _heredoc(source, found, line)
        yield _Token(kind, line, _plain(kind, found, text))
        line += source.text.count("\n", found.start(), at)


def _heredoc(source: Source, begin: re.Match[str], line: int) -> tuple[str, int]:
    """The text up to the line that has the mark alone, and where that ends."""
    mark = re.escape(begin[0].strip()[2:])
    end = re.compile(rf"^[ \t]*{mark}(?!\S)", re.MULTILINE).search(source.text, begin.end())
    if end is None:
        source.refuse("is no Caddyfile: the heredoc isn't closed", line)
    return source.text[begin.end() : end.start()].rstrip("\r\n"), end.end()


def _plain(kind: str, found: re.Match[str], text: str) -> str:
    """What a token says."""
    match kind:
        case "quoted":
            return found["quoted"].replace('\\"', '"')
        case "raw":
            return found["raw"]
        case "word":
            return re.sub(r"\\\r?\n", "", text)
    return text


def _line(tokens: list[_Token]) -> Iterator[tuple[int, tuple[str, ...], bool, bool]]:
    if not tokens:
        return
    line = tokens[0].line
    if tokens[0].is_brace("}"):
        yield line, (), False, True
        tokens = tokens[1:]
    opens, closes = (bool(tokens) and tokens[-1].is_brace(brace) for brace in "{}")
    words = tuple(token.text for token in (tokens[:-1] if opens or closes else tokens))
    if words or opens or closes:
        yield line, words, opens, closes


@dataclass(slots=True)
class _Importing:
    files: Included
    snippets: dict[str, tuple[Directive, ...]] = field(default_factory=dict)
    count: int = 0

    def expanded(
        self, directives: tuple[Directive, ...], depth: int, given: tuple[str, ...] | None = None
    ) -> tuple[Directive, ...]:
        """The directives with snippets and files in place of imports."""
        return tuple(self._expanded(directives, depth, given))

    def _expanded(
        self, directives: tuple[Directive, ...], depth: int, given: tuple[str, ...] | None
    ) -> Iterator[Directive]:
        for each in directives:
            self.count += depth > 0
            if depth > _MOST_IMPORTS or self.count > LONGEST:
                self.files.source.refuse("imports too much", each.line)
            words = each.words if given is None else self._filled(each, given)
            if words[0].startswith("(") and words[0].endswith(")") and len(words) == 1:
                self.snippets[words[0][1:-1]] = each.block
            elif words[0] == "import" and words[1:]:
                yield from self._imported(replace(each, words=words), depth)
            else:
                yield Directive(each.line, words, self.expanded(each.block, depth, given))

    def _imported(self, directive: Directive, depth: int) -> Iterator[Directive]:
        """What an `import` stands for: a snippet, files in their order, or itself."""
        name, *given = directive.arguments
        if name in self.snippets:
            yield from self.expanded(self.snippets[name], depth + 1, tuple(given))
            return
        line = directive.line
        found = self.files.found(f"imports {name}", name, depth, line, by_own=True)
        if not found:
            yield directive
        for file in found:
            source = self.files.opened(file, f"import {name}", line)
            read = _read(self.files, source)
            yield from self.expanded(read, depth + 1, tuple(given))

    def _filled(self, directive: Directive, given: tuple[str, ...]) -> tuple[str, ...]:
        """The words with what a snippet is given."""
        longest = sum(map(len, given)) + len(given)
        for word in directive.words:
            places = len(_GIVEN.findall(word))
            if places and len(word) + places * longest > LONGEST:
                self.files.source.refuse("imports too much", directive.line)
        return tuple(_GIVEN.sub(lambda found: _given(found, given), w) for w in directive.words)


def _given(found: re.Match[str], given: tuple[str, ...]) -> str:
    if found[1] == ":":
        return " ".join(given)
    number = int(found[1] or found[2])
    return given[number] if number < len(given) else found[0]
