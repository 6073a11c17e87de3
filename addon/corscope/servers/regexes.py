"""Which of Python's regexes don't other engines know, or read otherwise?

A policy's regex is tried with Python's `re`. Servers have engines of their own, which agree on most
of what is written for origins; what they don't agree on is told before it surprises.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

__all__ = ["JAVASCRIPT", "PCRE", "RE2", "RUBY", "Engine", "misread", "unknown"]

_CONSTRUCT: Final = re.compile(
    r"\[\^?\]?(?:\\.|[^\]\\])*\]"  # a class, in which all that follows has no meaning
    r"|(\\.|\(\?(?:P[<=>]|<[=!]|[A-Za-z-]+[:)]|.)|(?:[*+?]|\{[0-9]*,?[0-9]*\})\+)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Engine:
    """A server's regex engine, by the constructs in which it differs from Python's.

    Attributes:
        name: whose engine it is.
        unknown: those with which it takes no pattern.
        otherwise: those that it takes for something else.
        hint: what to do about it.
    """

    name: str
    unknown: re.Pattern[str]
    hint: str
    otherwise: re.Pattern[str] | None = None


JAVASCRIPT: Final = Engine(
    "JavaScript",
    re.compile(r"\(\?(?:P.|[A-Za-z-]+[:)]|[>#(])|[^\\(].*\+", re.DOTALL),
    "JavaScript's regexes have no inline flags, no (?P…), comments or possessive quantifiers",
    re.compile(r"\\[AZ]"),
)
RE2: Final = Engine(
    "Go",
    re.compile(
        r"\(\?(?:[=!>#(]|<[=!]|P[=>]|[A-Za-z-]*[aLux][A-Za-z-]*[:)])|\\[1-9Z]|[^\\(].*\+", re.DOTALL
    ),
    "Go's regexes have no lookaround, backreferences or possessive quantifiers; "
    r"for \Z they have \z",
)
RUBY: Final = Engine(
    "Ruby",
    re.compile(r"\(\?(?:P.|[A-Za-z-]*[sL][A-Za-z-]*[:)])", re.DOTALL),
    "Ruby's regexes name a group (?<…>), and have other inline flags",
)
PCRE: Final = Engine(
    "PCRE",
    re.compile(r"\(\?[A-Za-z-]*[aLu][A-Za-z-]*[:)]"),
    "PCRE has other inline flags",
)


def unknown(pattern: str, engine: Engine) -> str | None:
    """The first construct that the engine doesn't know."""
    return next((each for each in _constructs(pattern) if engine.unknown.fullmatch(each)), None)


def misread(pattern: str, engine: Engine) -> str | None:
    """The first construct that means something else to the engine."""
    otherwise = engine.otherwise
    if otherwise is None:
        return None
    return next((each for each in _constructs(pattern) if otherwise.fullmatch(each)), None)


def _constructs(pattern: str) -> Iterator[str]:
    return (found[1] for found in _CONSTRUCT.finditer(pattern) if found[1])
