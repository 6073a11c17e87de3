"""What do the rule files say of themselves that people begin from, and how does one become theirs?

Such a file begins with comments: what it is about, and notes. A note is a line `# key: text`, which
goes on in lines that are indented further. Those of `rules/bugs/` say what the browsers print, why,
what mends it, and how to see it; each has the bug as its rules, and the fix as disabled ones.
"""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import takewhile
from typing import Final

from corscope.fetch.origin import OPAQUE_SERIALIZED, parse_serialized_origin
from corscope.rules.lint.origins import lint_sent_by_page

__all__ = [
    "EXAMPLES",
    "NOTES",
    "Kind",
    "Starter",
    "fill_in",
    "find_starter",
    "index",
    "read_starter",
]

EXAMPLES: Final[Mapping[str, str]] = {
    "host": "api.example.com",
    "origin": "https://app.example.com",
}
"""What stands in a file for the user's API and page, unless its notes name others."""

NOTES: Final[Mapping[str, str]] = {
    "chromium": "the error's name in DevTools, and what the console prints",
    "firefox": "the message's category and its reason; none where Firefox doesn't speak of CORS",
    "bug gives": "what `try` gives with the bug, in JSON; nothing is refused",
    "fix gives": "what it gives with the fix",
    "cause": "why that is",
    "fix": "what mends it, at its source",
    "try": "what the page does to see it, in JavaScript",
    "try fixed": "what it does instead, where the mistake is the page's",
    "page": "the page's address, where it isn't the example's",
    "refused with": "fix, where the bug is that too much is allowed",
    "check": "what `corscope check` warns of, and why it stays",
    "host": "the example that `--host` replaces",
    "origin": "the example that `--origin` replaces",
}
"""The keys of notes, and what they say."""

_SCHEMA: Final = "#:schema "
_NOTE: Final = re.compile(rf"({'|'.join(sorted(NOTES, key=len, reverse=True))}): +(.*)")
_SENTENCE: Final = re.compile(r".*?\.(?= |$)")
_EXAMPLE_NOTES: Final = re.compile(rf"^# (?:{'|'.join(EXAMPLES)}): .*\n", re.MULTILINE)
_NOT_REFUSED: Final = "nothing"
_MOST_NEAR: Final = 3
_LONGEST_NAME: Final = 100
_MISTYPED: Final = 0.8
"""So alike are a name and what was meant for it, from 0 to 1."""

_WORD: Final = re.compile(r"[a-z0-9]{2,}")
_IN_ALL: Final = frozenset({"cors", "toml"})


class Kind(Enum):
    """The folder of `rules/` that a file lies in."""

    BUG = "bugs"
    POLICY = "policies"


@dataclass(frozen=True, slots=True)
class Starter:
    """A file to begin from.

    Attributes:
        name: the file's, without .toml.
        text: all of it.
        title: what it is about, in a sentence.
        notes: by key, each in one line.
    """

    name: str
    text: str
    title: str
    notes: Mapping[str, str]


def read_starter(name: str, text: str) -> Starter:
    """Read what a file says of itself."""
    lines = [line for line in text.splitlines() if not line.startswith(_SCHEMA)]
    head = [line[1:].removeprefix(" ") for line in takewhile(lambda line: line[:1] == "#", lines)]
    title = " ".join(takewhile(bool, head))
    sentence = _SENTENCE.match(title)
    return Starter(name, text, sentence[0] if sentence else title, _notes(head))


def _notes(head: Sequence[str]) -> dict[str, str]:
    notes: dict[str, str] = {}
    key = None
    for line in head:
        found = _NOTE.fullmatch(line)
        if found:
            key = found[1]
            notes[key] = found[2]
        elif key is not None and line.startswith("  "):
            notes[key] += f" {line.strip()}"
        else:
            key = None
    return notes


def find_starter(name: str, starters: Iterable[Starter]) -> Starter:
    """The file of this name.

    Raises:
        ValueError: there is none.
    """
    known = {starter.name: starter for starter in starters}
    found = known.get(name.removesuffix(".toml"))
    if found is not None:
        return found
    *others, last = _nearest_starters(name, known)
    near = f"{', '.join(others)} or {last}" if others else last
    raise ValueError(f'there is no "{name}": did you mean {near}? Without a name, all are listed')


def _nearest_starters(name: str, known: Mapping[str, Starter]) -> list[str]:
    """The names that are spelled so, those that tell of what was asked for, or the most alike.

    People ask for what they have read in a console, and for a reason by its id, too.
    """
    asked = name[:_LONGEST_NAME].lower()
    words = [word for word in _WORD.findall(asked) if word not in _IN_ALL]
    alike = difflib.SequenceMatcher(b=asked, autojunk=False)
    ranked = []
    for starter in known.values():
        alike.set_seq1(starter.name)
        told = f"{starter.name} {starter.title} {starter.notes.get('chromium', '')}".lower()
        ranked.append((sum(word in told for word in words), alike.ratio(), starter.name))
    spelled = [rank for rank in ranked if rank[1] > _MISTYPED]
    telling = [rank for rank in ranked if rank[0]]
    return [each for *_, each in sorted(spelled or telling or ranked, reverse=True)[:_MOST_NEAR]]


# The user's own


def fill_in(starter: Starter, host: str | None = None, origin: str | None = None) -> str:
    """The file's text with the user's API and page in place of the examples.

    Args:
        starter: the file.
        host: the API's host, or its origin where that isn't https; None leaves the example.
        origin: the page's origin; None leaves the example.

    Raises:
        ValueError: either is none, or the file has none to fill in.
    """
    text = _without_our_own(starter.text)
    words: dict[str, str] = {}
    for key, given in (("host", host), ("origin", origin)):
        if given is not None:
            example = _bare(starter.notes.get(key, EXAMPLES[key]))
            if example not in text:
                raise ValueError(f"{starter.name} has no {key} to fill in: change it by hand")
            words |= _words(example, _origin(key, given))
    longest_first = sorted(words, key=len, reverse=True)
    either = "|".join(map(re.escape, longest_first))
    return re.sub(either, lambda found: words[found[0]], text) if words else text


def _without_our_own(text: str) -> str:
    """A file without what has a meaning only in its folder."""
    text = text.removeprefix(text.partition("\n")[0] + "\n") if text.startswith(_SCHEMA) else text
    return _EXAMPLE_NOTES.sub("", text).replace("\n#\n\n", "\n\n", 1)


def _origin(key: str, given: str) -> str:
    """The origin that was given, or https at the host."""
    origin = f"https://{given.lower()}" if key == "host" and "://" not in given else given
    if parse_serialized_origin(origin) is None:
        told = f"as {EXAMPLES[key]} is, without a path"
        for found in lint_sent_by_page(origin, ()):
            meant = found.hint.removeprefix("write ").strip('"')
            if parse_serialized_origin(meant) is not None and given != OPAQUE_SERIALIZED:
                told = f'"{_bare(meant) if key == "host" and "://" not in given else meant}"'
        raise ValueError(f'"{given}" is no {key}: write it {told}')
    return origin


def _words(example: str, origin: str) -> dict[str, str]:
    """What is replaced by what: with a scheme, without, and as a regular expression has it."""
    scheme, _, bare = origin.partition("://")
    return {
        f"https://{example}": origin,
        example: bare,
        f"https://{re.escape(example)}": f"{scheme}://{re.escape(bare)}",
        re.escape(example): re.escape(bare),
    }


def _bare(origin: str) -> str:
    return origin.rpartition("://")[2]


# The index


_INDEX: Final = """\
# Rule files to begin with

`corscope new policy NAME` and `corscope new bug NAME` copy one of these files and put your hosts
into it:

    corscope new policy single-page-app --host api.my.test --origin https://my.test -o my-rules.toml
    mitmproxy -s addon/cors.py --set cors_rules=my-rules.toml

Saving the file changes the next answer. Every key is explained in
[docs/rules.md](../docs/rules.md).

## Policies

A server's CORS policy as people commonly need it. Loading the whole folder gives two warnings: the
rules that open a whole host to any origin.

| file | for |
|---|---|
{policies}

## Bugs

The classic mistakes, each as one small file: what the console prints, why, and what mends it at its
source. The rule whose name ends in "bug" shows it, and the one that ends in "fix" is what is right:
to see that, swap their `enabled`. Every bug and fix was seen in Chromium and in Firefox. Load one
file at a time: all are about the same host.

| Chromium says | file | what is wrong |
|---|---|---|
{bugs}
"""


def index(policies: Iterable[Starter], bugs: Iterable[Starter]) -> str:
    """The README of `rules/`: the policies by name, the bugs by what Chromium says of them."""
    by_message = sorted(bugs, key=lambda bug: (_chromium(bug) == _NOT_REFUSED, _chromium(bug)))
    return _INDEX.format(
        policies="\n".join(f"| {_link(Kind.POLICY, each)} | {each.title} |" for each in policies),
        bugs="\n".join(
            f"| {_chromium(each)} | {_link(Kind.BUG, each)} | {each.title} |" for each in by_message
        ),
    )


def _link(kind: Kind, starter: Starter) -> str:
    return f"[{starter.name}]({kind.value}/{starter.name}.toml)"


def _chromium(bug: Starter) -> str:
    """The error's name with the bug."""
    if bug.notes.get("refused with") == "fix" or "chromium" not in bug.notes:
        return _NOT_REFUSED
    return bug.notes["chromium"].split(": ", 1)[0]
