"""What rules does an HAProxy configuration hold, and when does each count?

Its grammar is plain: a rule a line, its words apart or in quotes, a condition behind `if`.
Follows https://docs.haproxy.org/2.6/configuration.html: 2.2 for quotes, 7 for ACLs and samples.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from corscope.cli.imports.tree import Source

__all__ = ["VARIABLE", "Rule", "Term", "Test", "header_of", "rules", "test_of", "tested"]

VARIABLE: Final = "\0$"
"""What a word has in place of a `$` that begins a variable of the environment: within double quotes
alone does one do so."""

_PIECE: Final = re.compile(
    r"""(?P<space>\s+) | (?P<comment>\#.*) | (?P<escaped>\\(?:x[0-9A-Fa-f]{2}|.))
    | "(?P<weak>[^"\\]*(?:\\.[^"\\]*)*)" | '(?P<strong>[^']*)' | (?P<plain>[^\\"'\s#]+)""",
    re.VERBOSE,
)
_SECTIONS: Final = {
    *("global", "defaults", "frontend", "backend", "listen", "program", "userlist", "peers"),
    *("resolvers", "mailers", "cache", "http-errors", "ring", "fcgi-app", "crt-store"),
}
_ESCAPED: Final = re.compile(r"""\\(?:x([0-9A-Fa-f]{2})|([nrt \\#"']))""")
_WITHIN_WEAK: Final = re.compile(rf"{_ESCAPED.pattern}|\\\$|\$(?=[{{A-Za-z_])")
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r"}
_OR: Final = {"or", "||"}
_SAMPLE: Final = re.compile(
    r"(?:req\.)?f?hdr(?:_(?P<how>[a-z]+))?\((?P<name>[^(),]+)(?:,-?\d+)?\)(?:,lower)?"
)


@dataclass(frozen=True, slots=True)
class Rule:
    """A line: the number of its section, its words, and the backend that it stands in, if any."""

    line: int
    section: int
    words: tuple[str, ...]
    backend: str = ""

    @property
    def action(self) -> tuple[str, ...]:
        """Its words before the condition."""
        return self.words[: self._at()]

    @property
    def condition(self) -> tuple[str, ...]:
        """Its condition's words; none if it always counts."""
        return self.words[self._at() + 1 :]

    @property
    def is_turned_round(self) -> bool:
        """Whether it counts `unless`."""
        return self.words[self._at() : self._at() + 1] == ("unless",)

    def _at(self) -> int:
        found = (at for at, word in enumerate(self.words) if word in {"if", "unless"})
        return next(found, len(self.words))


@dataclass(frozen=True, slots=True)
class Test:
    """What an ACL compares, how, and with what."""

    sample: str
    how: str | None
    is_caseless: bool
    file: str | None
    values: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join((self.sample, *self.values))


@dataclass(frozen=True, slots=True)
class Term:
    """A part of a condition: an ACL's name or a test of its own, perhaps turned round."""

    test: str | Test
    is_not: bool

    def __str__(self) -> str:
        return f"{'!' if self.is_not else ''}{self.test}"


def rules(source: Source) -> Iterator[Rule]:
    """The lines that aren't empty.

    Raises:
        UnreadableError: a quote isn't closed.
    """
    section, backend = 0, ""
    for number, line in _lines(source.text):
        words = tuple(_words(line, number, source))
        if words and words[0] in _SECTIONS:
            section += 1
            backend = words[1] if words[0] == "backend" and len(words) > 1 else ""
        elif words:
            yield Rule(number, section, words, backend)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines by their number; one that ends in a backslash goes on."""
    parts: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        parts.append(line.removesuffix("\\"))
        if not line.endswith("\\"):
            yield number + 1 - len(parts), "".join(parts)
            parts = []
    yield 1, "".join(parts)


def _words(line: str, number: int, source: Source) -> Iterator[str]:
    parts: list[str] = []
    at = 0
    while at < len(line):
        piece = _PIECE.match(line, at)
        if piece is None:
            source.refuse("is no configuration of HAProxy: the quote isn't closed", number)
        at = piece.end()
        if piece.lastgroup in {"space", "comment"}:
            if parts:
                yield "".join(parts)
            parts = []
        else:
            parts.append(_said(piece))
    if parts:
        yield "".join(parts)


def _said(piece: re.Match[str]) -> str:
    text = piece[str(piece.lastgroup)]
    if piece.lastgroup == "escaped":
        return _ESCAPED.sub(_unescaped, text)
    if piece.lastgroup == "weak":
        return _WITHIN_WEAK.sub(_unescaped, text)
    return text


def _unescaped(found: re.Match[str]) -> str:
    """What stands for itself behind a backslash; of all else it stays, as before a dot."""
    if found[1]:
        return chr(int(found[1], 16))
    if found[2]:
        return _ESCAPES.get(found[2], found[2])
    return "$" if found[0] == "\\$" else VARIABLE


def tested(words: Iterable[str]) -> list[list[Term]]:
    """A condition: any of several lists, in which all terms hold."""
    groups: list[list[Term]] = [[]]
    is_not = False
    inner: list[str] | None = None
    for word in words:
        if inner is not None and word == "}":
            groups[-1].append(Term(test_of(inner), is_not))
            inner, is_not = None, False
        elif inner is not None:
            inner.append(word)
        elif word in _OR:
            groups.append([])
        elif word in {"!", "{", "!{"}:
            is_not ^= word.startswith("!")
            inner = [] if word.endswith("{") else None
        else:
            groups[-1].append(Term(word.removeprefix("!"), is_not ^ word.startswith("!")))
            is_not = False
    return groups


def test_of(words: Iterable[str]) -> Test:
    """`SAMPLE [-i] [-m HOW] [-f FILE] [--] VALUE…`."""
    sample, *rest = [*words] or [""]
    how, file, is_caseless = None, None, False
    while rest and rest[0].startswith("-"):
        flag = rest.pop(0)
        is_caseless |= flag == "-i"
        if flag in {"-m", "-f", "-M", "-u"} and rest:
            value = rest.pop(0)
            how = value if flag == "-m" else how
            file = value if flag == "-f" else file
        if flag == "--":
            break
    return Test(sample, how, is_caseless, file, tuple(rest))


def header_of(sample: str) -> tuple[str, str | None] | None:
    """The request header, in small letters, that a sample takes, and how it is compared."""
    found = _SAMPLE.fullmatch(sample)
    return None if found is None else (found["name"].lower(), found["how"])
