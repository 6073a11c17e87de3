r"""Which of Python's regexes don't other engines know, or read otherwise?

A policy's regex is tried with Python's `re`. Servers have engines of their own, which agree on most
of what is written for origins; what they don't agree on is told before it surprises.

A regex is taken apart into its constructs. One that stands in a set is written with its bracket:
`[\b]` is a backspace in a set, `\b` a boundary outside; `[]` and `[^]` begin a set with a bracket
as its first member; `[[`, `[&&]` and `[-[` stand somewhere in one, `[:alpha:]` at its end.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

__all__ = [
    "DOTNET",
    "JAVASCRIPT",
    "PCRE",
    "PCRE_WITHOUT_NUMBERS",
    "RE2",
    "RUBY",
    "Engine",
    "misread",
    "unknown",
    "way_out",
]

_ESCAPE: Final = r"\\(?:N\{[^}]*\}|U.{8}|u.{4}|x..|[0-7]{3}|%s|.)"
_TIMES: Final = r"\{(?:[0-9]+(?:,[0-9]*)?|,[0-9]*)\}"

_PART: Final = re.compile(
    r"(?P<set>\[\^?\]?(?:\\.|[^\]\\])*\])"
    rf"|{_ESCAPE % '[1-9][0-9]?'}"
    r"|\(\?(?:P[<=>]|<[=!]|[A-Za-z-]+[:)]|\([^)]*\)|.)"
    rf"|(?:[*+?]|{_TIMES})[+?]?",
    re.DOTALL,
)
_OF_SET: Final = re.compile(
    r"(?P<whole>\[([:.=]).*\2\]\Z)"
    rf"|{_ESCAPE % '[0-7]{1,2}'}|(?P<open>-?\[)|&&",
    re.DOTALL,
)

_POSIX: Final = (
    r"\[:\^?(?:alnum|alpha|ascii|blank|cntrl|digit|graph|lower|print|punct|space|upper|word|xdigit)"
    r":\]"
)
_NO_POSIX: Final = rf"(?!{_POSIX})\[:.*"
_UNICODE: Final = r"\[?\\[UN].*"


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.DOTALL)


def _flags(letters: str) -> str:
    return rf"\(\?[A-Za-z-]*[{letters}][A-Za-z-]*[:)]"


@dataclass(frozen=True, slots=True)
class Engine:
    """A server's regex engine, by the constructs in which it differs from Python's.

    Attributes:
        name: whose engine it is.
        unknown: those with which it takes no pattern.
        otherwise: those that it takes for something else.
        hint: what it lacks.
    """

    name: str
    unknown: re.Pattern[str]
    otherwise: re.Pattern[str]
    hint: str


_POSSESSIVE: Final = r"[*+?{].*\+"
_NO_LEAST: Final = r"\{,.*"

JAVASCRIPT: Final = Engine(
    "JavaScript",
    _any(r"\(\?(?:P.|(?![ims]+\))[A-Za-z-]+[:)]|[>#]|\(.*)", _POSSESSIVE),
    _any(r"\\[AZaz]", r"\[\\a\]", _UNICODE, _NO_LEAST, r"\[\^?\]"),
    "JavaScript's regexes have no flags but i, m and s, and those for the whole regex; no (?P…), "
    "comments or possessive quantifiers",
)
RE2: Final = Engine(
    "Go",
    _any(
        *(r"\(\?(?:[=!>#]|\(.*|<[=!]|P[=>])", _flags("aLux"), _POSSESSIVE, r"\\[1-9][0-9]?|\\Z"),
        *(_UNICODE, r"\[?\\u.*", r"\[\\[1-7b]\]", r"\[?\\[^\x00-\x7f]\]?", _NO_POSIX),
        r"\{(?:[0-9]*,)?(?!0*1000\b)0*[1-9][0-9]{3,}(?:,[0-9]*)?\}\??",
    ),
    _any(_NO_LEAST, _POSIX),
    "Go's regexes have no lookaround, backreferences, comments or possessive quantifiers, and "
    "other inline flags",
)
RUBY: Final = Engine(
    "Ruby",
    _any(r"\(\?P.", _flags("sL"), _NO_POSIX, r"\[?\\(?:[23][0-7]{2}|x[89A-Fa-f].)\]?"),
    _any(_UNICODE, r"\{,\}.?", r"\{[0-9]+\}\?", r"\{.*\+", r"\[-?\[", r"\[[:.=].*", r"\[&&\]"),
    "Ruby's regexes name a group (?<…>), and have other inline flags",
)
_UNKNOWN_TO_PCRE: Final = (_flags("aLu"), _UNICODE, r"\[?\\u.*", _NO_POSIX, r"\[[.=].*")
_OTHERWISE_TO_PCRE: Final = _any(_NO_LEAST, _POSIX)
PCRE: Final = Engine(
    "PCRE", _any(*_UNKNOWN_TO_PCRE), _OTHERWISE_TO_PCRE, "PCRE has other inline flags"
)
PCRE_WITHOUT_NUMBERS: Final = Engine(
    "PCRE, used without numbered groups,",
    _any(*_UNKNOWN_TO_PCRE, r"\\[1-9][0-9]?", r"\(\?\([0-9].*"),
    _OTHERWISE_TO_PCRE,
    "name the group, (?P<…>), and refer to it by (?P=…); PCRE has other inline flags",
)
DOTNET: Final = Engine(
    ".NET",
    _any(r"\(\?P.", _flags("aLu"), _POSSESSIVE, _UNICODE),
    _any(_NO_LEAST, r"\[-\["),
    ".NET's regexes name a group (?<…>), have other inline flags, and no possessive quantifiers",
)

_WAYS_OUT: Final = (
    (r"\\[AZz]", "write ^ and $"),
    (r"\\[1-9][0-9]?", ""),  # a backreference: the engine's own hint
    (r"\[?\\.*", "write the character itself"),
    (_NO_LEAST, "write a 0 before the comma"),
    (r"\{.*[0-9]{4}.*", "a thousand times is the most"),
    (r"\{[0-9,]*\}\?", "leave out the question mark"),
    (r"\[\^?\]", r"write \] for a bracket"),
    (r"\[[:.=].*", "write out which characters, as in a-z"),
    (r"\[-?\[", r"write \[ for a bracket"),
    (r"\[&&\]", "write & once"),
)


def unknown(pattern: str, engine: Engine) -> str | None:
    """The first construct that the engine doesn't know."""
    return next((each for each in _constructs(pattern) if engine.unknown.fullmatch(each)), None)


def misread(pattern: str, engine: Engine) -> str | None:
    """The first construct that means something else to the engine."""
    return next((each for each in _constructs(pattern) if engine.otherwise.fullmatch(each)), None)


def way_out(construct: str, engine: Engine) -> str:
    """What to write instead of a construct that the engine doesn't know, or reads otherwise."""
    found = (hint for like, hint in _WAYS_OUT if re.fullmatch(like, construct, re.DOTALL))
    return next(found, "") or engine.hint


def _constructs(pattern: str) -> Iterator[str]:
    for found in _PART.finditer(pattern):
        if found["set"]:
            yield from _of_set(found["set"])
        else:
            yield found[0]


def _of_set(text: str) -> Iterator[str]:
    """Those of a set: its first bracket, where that is a member, then what stands in it."""
    start = 2 if text.startswith("[^") else 1
    if text[start] == "]" and len(text) > start + 1:
        yield f"{text[:start]}]"
    for found in _OF_SET.finditer(text, start):
        inner = found[0]
        if found["whole"] is not None:
            yield inner
        elif found["open"] is not None:
            yield f"[{inner}"
        else:
            yield f"[{inner}]"
