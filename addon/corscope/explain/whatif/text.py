"""How is it told what other rules would do? A line for each exchange that would end otherwise."""

from collections.abc import Iterator

from corscope.explain.escape import escaped
from corscope.explain.whatif.compare import Change, Untold, WhatIf
from corscope.journal.exchange import Exchange, Judgement

__all__ = ["asked", "what_if_lines"]


def what_if_lines(found: WhatIf) -> Iterator[str]:
    """The summary, then each exchange that would end otherwise, or of which it can't be told."""
    yield found.summary
    yield from map(_change, found.changes)
    yield from map(_untold, found.untold)


def asked(exchange: Exchange) -> str:
    """What was asked, in one line, with the id of the exchange."""
    kind = "preflight for " if exchange.kind == "preflight" else ""
    told = f"{escaped(exchange.method)} {escaped(exchange.url)} from {escaped(exchange.origin)}"
    return f"{kind}{told} [{escaped(exchange.id)}]"


def _change(change: Change) -> str:
    by = "without any rule" if change.rule is None else f'by rule "{escaped(change.rule)}"'
    told = f"{_verdict(change.before)} -> {_verdict(change.after)}: {asked(change.exchange)}, {by}"
    return told if change.then is None else f"{told}; {change.then}"


def _untold(untold: Untold) -> str:
    told = f"can't be told: {asked(untold.exchange)}: {untold.why}"
    return told if untold.rule is None else f'{told} (rule "{escaped(untold.rule)}")'


def _verdict(judgement: Judgement) -> str:
    reason = f" ({judgement.reason})" if judgement.reason else ""
    return f"{judgement.verdict}{reason}"
