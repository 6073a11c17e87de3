"""Somebody does what corscope says, mends the server or makes a rule of it, and asks again.

A case is played in a real browser until it passes or nothing is left that could be done about it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from corscope.explain.parts.words import exchange_words
from corscope.explain.rule_from import NoRuleError, rule_from
from corscope.journal.exchange import Exchange, Judgement
from corscope.journal.lines.read import exchange_of
from tests.browsers.agreement import AT_ONCE, OPTIONS, Browser, Page, open_pages
from tests.browsers.case import Case
from tests.support.mitmdump import Mitmdump, wait_until
from tests.support.origin_server import (
    NOT_SCRIPTED,
    Answer,
    HeaderPairs,
    OriginServer,
    Scripted,
)

__all__ = ["ROUNDS", "Try", "Way", "as_the_fix_says", "play_until_mended"]

ROUNDS = 16
"""So often a case is asked again: once for each answer on its way, redirects included."""

RELOAD_SECONDS = 60.0

Way = Literal["fix", "rule"]
"""Whether it is the server that is mended, as the fix says, or a rule that is made."""

_LINE = re.compile(r'"([A-Za-z-]+): ([^"]*)"')
_LEFT_OUT = re.compile(r"leave out ([A-Za-z -]+), which can't be read")
_ALLOW_ORIGIN = "access-control-allow-origin"


def as_the_fix_says(fix: str, answer: Answer, origin: str) -> Answer:
    """The answer as somebody mends it who does what the text says, and no more."""
    headers = answer.headers
    if "let one place set it" in fix:
        first = next(pair for pair in headers if pair[0].lower() == _ALLOW_ORIGIN)
        headers = (*_without(headers, _ALLOW_ORIGIN), first)
    if "send back the one that matches" in fix:
        said = " ".join(value for name, value in headers if name.lower() == _ALLOW_ORIGIN)
        kept = origin if origin in re.split(r"[\s,]+", said) else ""
        headers = (*_without(headers, _ALLOW_ORIGIN), (_ALLOW_ORIGIN, kept))
    for name in " and ".join(_LEFT_OUT.findall(fix)).split(" and "):
        headers = _without(headers, name)
    if fix.startswith("leave it out"):
        headers = _without(headers, "access-control-allow-headers")
    for name, value in _LINE.findall(fix):
        headers = (*_without(headers, name), (name, value))
    status = 204 if "answer OPTIONS" in fix else answer.status
    return replace(answer, headers=headers, status=status)


def _without(headers: HeaderPairs, name: str) -> HeaderPairs:
    return tuple(pair for pair in headers if pair[0].lower() != name.lower())


@dataclass(frozen=True, slots=True)
class Try:
    """What was done about one refused answer.

    Attributes:
        exchange: the exchange.
        told: the fix's words, or the rule; or why there is no rule.
        is_done: whether anything was.
    """

    exchange: Exchange
    told: str
    is_done: bool

    def __str__(self) -> str:
        """What was refused and what was done about it, in a few lines."""
        of = self.exchange
        asked = f"{of.kind} {of.method} {of.url} from {of.origin}, credentials {of.credentials}"
        got = f"{of.judgement.reason}: {of.status} {of.headers}"
        return f"\n  {asked}\n    {got}\n    {'done' if self.is_done else 'left'}: {self.told}"


@dataclass(slots=True)
class _Bench:
    """A browser's open pages, the servers behind them, and the rule file between the two."""

    pages: Mapping[str, Page]
    server: OriginServer
    proxy: Mitmdump
    rules: Path
    loads: int = 0

    def ask(self, cases: Sequence[Case]) -> dict[str, bool]:
        """Which of the cases script sees resolved."""
        passed: dict[str, bool] = {}
        for origin, page in self.pages.items():
            own = [case for case in cases if case.page == origin]
            for start in range(0, len(own), AT_ONCE):
                batch = own[start : start + AT_ONCE]
                seen = page.play([case.ask for case in batch])
                passed |= {case.slug: each.ok for case, each in zip(batch, seen, strict=True)}
        return passed

    def save(self, rules: Sequence[str]) -> None:
        """Put the rules in force, the first of them first."""
        draft = self.rules.with_suffix(".draft")
        draft.write_text("\n".join(rules), "utf-8")
        draft.replace(self.rules)
        self.loads += 1
        wait_until(self._is_loaded, RELOAD_SECONDS, "the rules to be read")

    def _is_loaded(self) -> bool:
        loads = [line for line in self.proxy.journal() if line["type"] == "rules"]
        if len(loads) > self.loads:
            assert loads[-1]["applied"], loads[-1]["errors"]
        return len(loads) > self.loads


def play_until_mended(
    browser: Browser, cases: Sequence[Case], folder: Path, way: Way
) -> dict[str, tuple[bool, list[Try]]]:
    """Whether each case passes in the end, by its slug, and what was done on the way."""
    rules = folder / "rules.toml"
    rules.write_text("", "utf-8")
    with (
        OriginServer() as server,
        Mitmdump(folder, server.upstream_mode, {**OPTIONS, "cors_rules": rules}) as proxy,
    ):
        pages = open_pages(browser, server, proxy, [case.page for case in cases])
        bench = _Bench(pages, server, proxy, rules)
        for case in cases:
            server.routes.update(case.routes())
        tried = _all_rounds(bench, cases, way)
        for page in pages.values():
            page.close()
        assert "corscope failed" not in proxy.log()
    return tried


def _all_rounds(
    bench: _Bench, cases: Sequence[Case], way: Way
) -> dict[str, tuple[bool, list[Try]]]:
    tries: defaultdict[str, list[Try]] = defaultdict(list)
    passed: dict[str, bool] = {}
    rules: list[str] = []
    left = list(cases)
    for _ in range(ROUNDS):
        known = len(bench.proxy.journal())
        passed |= bench.ask(left)
        refused = _refused(bench, left, known)
        begun = {
            case.slug: [_mended(bench, exchange, judgement, way) for exchange, judgement in of]
            for case in left
            if (of := refused.get(case.slug)) and not passed[case.slug]
        }
        for slug, done in begun.items():
            tries[slug] += done
        left = [case for case in left if any(t.is_done for t in begun.get(case.slug, ()))]
        if not left:
            break
        if way == "rule":
            made = [t.told for done in begun.values() for t in done if t.is_done]
            rules = [*made, *rules]  # what is made later stands before what it mends
            bench.save(_named_apart(rules))
    return {case.slug: (passed[case.slug], tries[case.slug]) for case in cases}


def _named_apart(rules: Sequence[str]) -> list[str]:
    return [
        rule.replace('\nname = "', f'\nname = "{number}: ', 1) for number, rule in enumerate(rules)
    ]


def _refused(
    bench: _Bench, cases: Sequence[Case], known: int
) -> Mapping[str, list[tuple[Exchange, Judgement]]]:
    """What was refused of each case since then, in the mode that the case has."""
    modes = {case.slug: case.mode for case in cases}
    found: defaultdict[str, dict[object, tuple[Exchange, Judgement]]] = defaultdict(dict)
    for line in bench.proxy.journal()[known:]:
        if line["type"] != "exchange":
            continue
        slug = next((part for part in _parts(line["url"]) if part in modes), "")
        exchange = exchange_of(line)
        if slug and exchange.verdicts.seen(modes[slug]).verdict == "blocked":  # type: ignore[arg-type]
            place = (exchange.kind, exchange.url, exchange.origin)
            found[slug][place] = (
                exchange,
                exchange.judgement,
            )  # browsers repeat some by themselves
    return {slug: list(places.values()) for slug, places in found.items()}


def _parts(url: str) -> Iterator[str]:
    yield from urlsplit(url).path.split("/")


def _mended(bench: _Bench, exchange: Exchange, judgement: Judgement, way: Way) -> Try:
    if way == "rule":
        try:
            return Try(exchange, rule_from(exchange), is_done=True)
        except NoRuleError as error:
            return Try(exchange, str(error), is_done=False)
    fix = exchange_words(exchange, judgement).fix
    place, scripted = _scripted(bench.server, exchange)
    if not isinstance(scripted, Answer):
        return Try(exchange, fix, is_done=False)
    answer = as_the_fix_says(fix, scripted, exchange.origin)
    if exchange.kind == "preflight" and place[0] == "*":
        place = ("OPTIONS", place[1])
    bench.server.routes[place] = answer
    return Try(exchange, fix, is_done=answer != scripted)


def _scripted(server: OriginServer, exchange: Exchange) -> tuple[tuple[str, str], Scripted]:
    """What the server is to answer such a request with, and where that stands."""
    asked = "OPTIONS" if exchange.kind == "preflight" else exchange.method
    for method in (asked, "*"):
        if (found := server.routes.get((method, exchange.url))) is not None:
            return (method, exchange.url), found
    return ("*", exchange.url), NOT_SCRIPTED
