"""No regex of ours can be kept busy by what it is given: all of them are looked at."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping
from typing import Final

import pytest

import corscope
from corscope.servers.patterns.backtracking import BEYOND_COUNTING, ways
from corscope.servers.patterns.regex_tree import parsed

REASONS: Final = {
    "corscope.cli.imports.languages.csharp_settings._PIECE.0": "possessive",
    "corscope.cli.imports.languages.javascript._REQUIRES.0": "possessive",
    "corscope.cli.imports.web_servers.apache._WORD.0": "possessive",
    "corscope.cli.imports.web_servers.asked._OF_ONE.0": "one character or an escape, never both",
    "corscope.cli.imports.web_servers.caddyfile._TOKEN.0": (
        "what is repeated begins with what can't go before"
    ),
    "corscope.cli.imports.web_servers.haproxy_rules._PIECE.0": "the same",
    "corscope.cli.imports.regexes._OF_JAVASCRIPT.0": "one character or an escape, never both",
    "corscope.cli.imports.web_servers.traefik._BEGINS_TOML.0": (
        "a space is no comment, and a comment ends"
    ),
    "corscope.explain.pasted.shown._EDGE.0": "possessive",
    "corscope.explain.pasted.shown._LINE.0": "possessive",
    "corscope.explain.pasted.shown._PANEL.0": "possessive",
    "corscope.explain.repro.stage._TO_PATH.0": "possessive",
    "corscope.fetch.headers._QUOTED_STRING.0": "possessive",
    "corscope.fetch.origin._SERIALIZED.0": "a repetition begins with a dot, no label has one",
    "corscope.fetch.safelist._SINGLE_RANGE_WITH_WHITESPACE.0": "parts end where others begin",
    "corscope.fetch.structured._TOKEN_ITEM.0": "possessive",
    "corscope.journal.lines.masking._CITED.0": "possessive",
    "corscope.journal.lines.masking._USERINFO.0": "possessive",
    "corscope.mitm.saved.har._AS_IT_IS.0": "bounded, without the dot; the path is possessive",
    "corscope.mitm.saved.har_text._IN_STRING.0": "possessive",
    "corscope.rules._toml._ENDLESS_KEY.0": "possessive",
    "corscope.rules.lint.filters._TOKEN.0": "possessive",
    "corscope.rules.lint.origins._CLASS.0": "possessive",
    "corscope.rules.locate._BRACKETS.0": "possessive",
    "corscope.rules.locate._SPACE.0": "possessive",
    "corscope.rules.locate._KEY_PART.0": "possessive",
    "corscope.rules.locate._STRING.0": "possessive",
    "corscope.servers.libraries.aspnet_core._MEMBER.0": "possessive",
    "corscope.servers.libraries.echo._HOST.0": "one character or an escape, never both",
    "corscope.servers.libraries.quart_cors._PART.0": "possessive",
    "corscope.servers.patterns.regexes._PART.0": "one character or an escape, never both",
    "corscope.servers.libraries.spring._PORTS.0": "a comma begins each, and digits hold none",
}
"""Why those take no longer that have repetitions in repetitions."""
LENGTH: Final = 512


def patterns(value: object) -> Iterator[re.Pattern[str]]:
    match value:
        case re.Pattern(pattern=str()):
            yield value
        case Mapping():
            for each in value.values():
                yield from patterns(each)
        case tuple() | list() | frozenset():
            for each in value:
                yield from patterns(each)


def all_patterns() -> dict[str, re.Pattern[str]]:
    """Each compiled regex that a module of ours holds, by where it stands."""
    found = {}
    for module in pkgutil.walk_packages(corscope.__path__, "corscope."):
        if module.name.endswith("__main__"):
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            for number, each in enumerate(patterns(value)):
                found[f"{module.name}.{name}.{number}"] = each
    return found


ALL: Final = all_patterns()


def count_of(pattern: re.Pattern[str]) -> int:
    return ways(parsed(pattern.pattern, pattern.flags & ~re.UNICODE), LENGTH)


def test_all_that_might_be_kept_busy_have_been_looked_at() -> None:
    """What is counted here is an upper bound; each of these has a reason to be quick even so."""
    many = {name for name, each in ALL.items() if count_of(each) == BEYOND_COUNTING}
    assert many == REASONS.keys()


def samples(pattern: re.Pattern[str]) -> list[str]:
    """A character of each kind that the pattern knows of, and one of none."""
    written = re.findall(r"[A-Za-z0-9]|[^\\()?*+|^$\s]", pattern.pattern)
    return [*dict.fromkeys([*written, "a", "1", " ", "\n", "\\", '"', "'", ".", "/", "#", "\xff"])]


@pytest.mark.parametrize("name", ALL)
def test_it_comes_to_an_end_on_whatever_is_repeated(name: str) -> None:
    """An exponential one, or one of the third degree, would not within this day."""
    pattern = ALL[name]
    some = samples(pattern)[:16]
    for first in some:
        for second in some:
            text = (first + second) * 200
            for end in ("", "\x00", first):
                pattern.search(text + end)
                pattern.fullmatch(second + text + end)


@pytest.mark.parametrize("name", REASONS)
def test_those_looked_at_take_a_megabyte(name: str) -> None:
    pattern = ALL[name]
    for begin in ("", '"', "'", "[", "a", '"""', "'''"):
        for piece in ('\\"', "a", " ", "\n", '"', "'", "a.", "#\n"):
            pattern.match(begin + piece * 100_000)
