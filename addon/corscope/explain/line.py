"""How is an exchange told in one line?

For the event log, the flow's comment and `corscope explain`. Values from the wire are escaped:
what a server sends may not steer a terminal.
"""

from typing import Final

from corscope.explain.escape import escaped
from corscope.explain.findings import remark
from corscope.explain.words import worded
from corscope.journal.exchange import Exchange, Judgement

__all__ = ["comment", "exchange_text"]


def exchange_text(exchange: Exchange) -> str:
    """What was asked, what the browser does, why, which rule touched it, and what to change."""
    judgement = exchange.judgement
    told = f"{_verdict(exchange)}: {_asked(exchange)}"
    if judgement.reason is not None:
        told += f": {_why(exchange, judgement)}"
    elif exchange.mode != "cors":
        told += f": mode {escaped(exchange.mode)}, which needs no leave"
    elif exchange.hidden and exchange.status is not None:
        told += _hidden(exchange)
    return told + _note(exchange, told) + _rule(exchange)


def comment(exchange: Exchange) -> str:
    """The flow's comment: verdict and reason, for `~comment` to find."""
    reason = exchange.judgement.reason
    told = f"CORS {exchange.judgement.verdict}"
    return f"{told}: {reason}" if reason else told


def _verdict(exchange: Exchange) -> str:
    if exchange.kind == "preflight":
        return f"CORS {exchange.judgement.verdict}, preflight"
    return f"CORS {exchange.judgement.verdict}"


def _asked(exchange: Exchange) -> str:
    asked = f"{escaped(exchange.method)} {escaped(exchange.url)} from {escaped(exchange.origin)}"
    if exchange.kind == "preflight" and exchange.request_headers:
        asked += f" with {escaped(', '.join(exchange.request_headers))}"
    return asked


def _why(exchange: Exchange, judgement: Judgement) -> str:
    assert judgement.reason is not None
    words = worded(
        judgement.reason,
        detail=judgement.detail,
        origin=exchange.origin,
        method=exchange.method,
        headers=exchange.request_headers,
        status=exchange.status,
        error=exchange.error,
    )
    told = f"{judgement.reason}: {words.what}. Fix: {words.fix}"
    if judgement.verdict == "conditional":
        return f"allowed without credentials; with them blocked, {told}"
    return told


def _note(exchange: Exchange, told: str) -> str:
    noted = remark(exchange)
    full_stop = "" if told.endswith(".") else "."
    return f"{full_stop} Note: {noted}." if noted else ""


def _hidden(exchange: Exchange) -> str:
    hidden = [name for name in exchange.hidden or () if name in _MISSED]
    return f"; script can't read {', '.join(hidden)}" if hidden else ""


# Headers that script commonly wants and that are hidden unless exposed.
_MISSED: Final = frozenset(
    {
        "content-disposition",
        "content-range",
        "etag",
        "link",
        "location",
        "retry-after",
        "x-pagination",
        "x-request-id",
        "x-total-count",
    }
)


def _rule(exchange: Exchange) -> str:
    if exchange.rule is None:
        return ""
    name = escaped(exchange.rule)
    if exchange.shadow is not None:
        would = exchange.shadow.verdicts.seen(exchange.credentials)
        reason = f", {would.reason}" if would.reason else ""
        return f' [rule "{name}" in shadow mode: would be {would.verdict}{reason}]'
    if exchange.rule_mode == "shadow":
        return f' [rule "{name}" in shadow mode]'
    if exchange.server_verdict is None:
        return f' [rule "{name}"]'
    before = exchange.server_verdict.seen(exchange.credentials)
    reason = f", {before.reason}" if before.reason else ""
    return f' [rule "{name}"; the server\'s own answer: {before.verdict}{reason}]'
