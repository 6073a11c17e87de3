"""How would the verdicts of what was recorded change under other rules?

Of each recorded exchange it is asked what the rules would make of it. What can't be told is listed
too, and why.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

from corscope.explain.whatif.ruled import Filters, Ruled, RuledBy, UntoldError, ruled
from corscope.journal.exchange import Exchange, Judgement, Verdict
from corscope.journal.store import Entry
from corscope.rules.model import Ruleset

__all__ = ["Change", "Untold", "WhatIf", "what_if"]


@dataclass(frozen=True, slots=True)
class Change:
    """An exchange that would end otherwise.

    Attributes:
        exchange: the exchange.
        before: the verdict as it was recorded.
        after: the verdict under the rules; of the same word where only the reason changes.
        rule: the name of the rule that would apply; None where none would.
        then: what would come of that and isn't in the record; None where nothing would.
    """

    exchange: Exchange
    before: Judgement
    after: Judgement
    rule: str | None
    then: str | None = None


@dataclass(frozen=True, slots=True)
class Untold:
    """An exchange of which it can't be told how it would end, why not, and by which rule."""

    exchange: Exchange
    why: str
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What would become of recorded exchanges.

    Attributes:
        changes: those that would end otherwise, in their order.
        untold: those of which it can't be told.
        same: how many would end as they did.
    """

    changes: tuple[Change, ...]
    untold: tuple[Untold, ...]
    same: int

    @property
    def turns(self) -> Mapping[tuple[Verdict, Verdict], int]:
        """How many would change from one verdict to another, those that were blocked first."""
        counted = Counter((each.before.verdict, each.after.verdict) for each in self.changes)
        turned = [(turn, number) for turn, number in counted.items() if turn[0] != turn[1]]
        return dict(sorted(turned, key=lambda item: (-_RANK[item[0][0]], _RANK[item[0][1]])))

    @property
    def summary(self) -> str:
        """All of it in a sentence: "12 blocked become allowed, 1 allowed becomes blocked"."""
        told = [
            f"{number} {before} {'becomes' if number == 1 else 'become'} {after}"
            for (before, after), number in self.turns.items()
        ]
        others = len(self.changes) - sum(self.turns.values())
        if others:
            keeps = "keeps its" if others == 1 else "keep their"
            told.append(f"{others} {keeps} verdict for another reason")
        if self.untold:
            told.append(f"{len(self.untold)} can't be told")
        return ", ".join(told) or "no verdict changes"


_RANK: Final[Mapping[Verdict, int]] = {"allowed": 0, "conditional": 1, "blocked": 2}


def what_if(
    entries: Iterable[Entry], ruleset: Ruleset, *, fresh: bool, filters: Filters | None = None
) -> WhatIf:
    """How recorded exchanges would end under these rules.

    Args:
        entries: what was recorded, in its order.
        ruleset: the rules.
        fresh: whether what a rule touches is kept out of caches.
        filters: judges the rules' filter expressions; without it none can be told.
    """
    ask = _asker(ruleset, fresh=fresh, filters=filters)
    changes: list[Change] = []
    untold: list[Untold] = []
    same = 0
    for entry in entries:
        made = ask(entry.exchange)
        if isinstance(made, UntoldError):
            untold.append(Untold(entry.exchange, str(made), made.rule))
        elif (change := _change(entry, made)) is not None:
            changes.append(change)
        else:
            same += 1
    return WhatIf(tuple(changes), tuple(untold), same)


_RULED_BY: Final[Callable[[Exchange], Any]] = attrgetter(
    *("kind", "origin", "url", "method", "request_headers", "mode", "engine", "hop", "scene"),
    *("status", "headers", "location", "location_userinfo", "revalidated", "goes_by", "verdicts"),
    *("goes_by_status", "answered_by", "rule", "server_status", "server_headers", "server_verdict"),
)
"""All of an exchange that it hangs on what rules make of it, filters apart."""


def _asker(
    ruleset: Ruleset, *, fresh: bool, filters: Filters | None
) -> Callable[[Exchange], Ruled | UntoldError]:
    """What tells what the rules make of an exchange; of those that are alike it asks once."""
    by = RuledBy(ruleset, fresh) if filters is None else RuledBy(ruleset, fresh, filters)
    known: dict[Any, Ruled | UntoldError] = {}

    def asked(exchange: Exchange) -> Ruled | UntoldError:
        try:
            return ruled(exchange, by)
        except UntoldError as error:
            return error

    def remembered(exchange: Exchange) -> Ruled | UntoldError:
        key = _RULED_BY(exchange)
        if key not in known:
            known[key] = asked(exchange)
        return known[key]

    return remembered if filters is None else asked


def _change(entry: Entry, made: Ruled) -> Change | None:
    exchange = entry.exchange
    before, after = exchange.judgement, made.verdicts.seen(exchange.credentials)
    if (before.verdict, before.reason) == (after.verdict, after.reason):
        return None
    rule = made.rule.name if made.rule else None
    return Change(exchange, before, after, rule, _then(entry, after))


def _then(entry: Entry, after: Judgement) -> str | None:
    """What another verdict would lead to, beyond the exchange itself."""
    exchange, before = entry.exchange, entry.exchange.judgement
    if exchange.kind == "preflight":
        followed = entry.outcome is not None and entry.outcome.outcome == "followed"
        if after.verdict == "blocked" and followed:
            return "the request that followed it would not be sent"
        if before.verdict == "blocked" and not followed:
            return "the request that it asks for would follow; its answer isn't in the record"
    elif before.verdict == "blocked" != after.verdict and exchange.scene.location is not None:
        if exchange.location_userinfo is None:
            return (
                "the redirect would be followed, unless it has a password in its Location; neither "
                "that nor what comes of it is in the record"
            )
        return "the redirect would be followed; what comes of it isn't in the record"
    return None
