"""How is an exchange told in one line?

For the event log, the flow's comment and `corscope explain`. Values from the wire are escaped:
what a server sends may not steer a terminal.
"""

from collections.abc import Iterator
from typing import Final

from corscope.explain.escape import LONGEST_MESSAGE, escaped
from corscope.explain.explanation import explain
from corscope.explain.parts.asking import why_text
from corscope.explain.parts.engines import NAMES, engine_lines, otherwise
from corscope.explain.parts.findings import remark
from corscope.explain.parts.words import exchange_words
from corscope.explain.steps.text import step_lines, steps_title
from corscope.fetch.engines import Engine
from corscope.fetch.headers import get_decode_and_split, is_token
from corscope.journal.alike.mould import Mould
from corscope.journal.console import printed
from corscope.journal.exchange import Exchange, Judgement, Outcome, around_url

__all__ = ["asked_text", "comment", "exchange_lines", "exchange_text", "judgement_after"]


def exchange_text(exchange: Exchange) -> str:
    """What was asked, what the browser does, why, which rule touched it, and what to change."""
    pattern = exchange.pattern
    if pattern is None or exchange.findings != pattern.findings:
        return _text(exchange)
    if pattern.text is None:
        pattern.text = _moulded_text(exchange, pattern.mould)
    return pattern.text


def _moulded_text(exchange: Exchange, mould: Mould | None) -> str:
    """The text, put together around its URL where those of other URLs say the same."""
    if mould is None or exchange.findings:
        return _text(exchange)
    if mould.text is None:
        mould.text = around_url(exchange, mould, _text)
    return escaped(exchange.url).join(mould.text) or _text(exchange)


def _text(exchange: Exchange) -> str:
    judgement = exchange.judgement
    told = f"{_verdict(exchange)}: {asked_text(exchange)}"
    if judgement.reason is not None:
        told += f": {_why(exchange, judgement)}"
    elif exchange.mode != "cors":
        told += f": {_without_leave(exchange.mode)}"
    elif exchange.hidden and exchange.status is not None:
        told += _hidden(exchange)
    told += _sentence(told, otherwise(exchange))
    return told + _sentence(told, remark(exchange), "Note: ") + _rule(exchange)


def exchange_lines(
    exchange: Exchange, *, engines: bool = False, details: bool = False, steps: bool = False
) -> Iterator[str]:
    """The exchange's line, and below it, indented, in what engines differ and why.

    Args:
        exchange: the exchange.
        engines: whether to tell all three engines' verdicts, also where they agree.
        details: whether to tell, too, why the browser asked leave and what its console prints.
        steps: whether to tell the steps of the standard that lead to the verdict.
    """
    yield exchange_text(exchange)
    if details and exchange.why:
        yield f"    Preflight because {why_text(exchange.why)}"
    yield from (f"    {line}" for line in engine_lines(exchange, always=engines))
    if details:
        yield from (f"    {line}" for line in _console(exchange))
    if steps:
        yield f"    {steps_title(exchange)}"
        yield from (f"      {line}" for line in step_lines(explain(exchange).steps))


def _console(exchange: Exchange) -> Iterator[str]:
    """What the own engine's console prints, or the consoles of all where that isn't known."""
    own = [exchange.engine] if exchange.engine is not Engine.UNKNOWN else list(NAMES)
    prints = "would print" if exchange.judgement.verdict == "conditional" else "prints"
    for engine in own:
        for message in printed(exchange, engine):
            yield f"{NAMES[engine]} {prints}: {escaped(message, LONGEST_MESSAGE)}"


def comment(exchange: Exchange, outcome: Outcome | None = None) -> str:
    """The flow's comment: verdict, a preflight's outcome, and reason, for `~comment` to find."""
    judgement = judgement_after(exchange, outcome)
    told = f"CORS {judgement.verdict}"
    if outcome is not None:
        told += f", {outcome.outcome.replace('-', ' ')}"
    return f"{told}: {judgement.reason}" if judgement.reason else told


def judgement_after(exchange: Exchange, outcome: Outcome | None) -> Judgement:
    """The decision, for the credentials mode that a preflight's actual request has shown."""
    if outcome is None or outcome.credentials == "unknown":
        return exchange.judgement
    return exchange.verdicts.seen(outcome.credentials)


def _verdict(exchange: Exchange) -> str:
    if exchange.kind == "preflight":
        return f"CORS {exchange.judgement.verdict}, preflight"
    return f"CORS {exchange.judgement.verdict}"


def asked_text(exchange: Exchange) -> str:
    """What was asked, by whom, after how many redirects."""
    asked = f"{escaped(exchange.method)} {escaped(exchange.url)} from {escaped(exchange.origin)}"
    if exchange.hop:
        redirects = "a redirect" if exchange.hop == 1 else f"{exchange.hop} redirects"
        asked += f" after {redirects} from {escaped(exchange.scene.first_url)}"
    if exchange.kind == "preflight" and exchange.request_headers:
        asked += f" with {escaped(', '.join(exchange.request_headers))}"
    return asked


def _why(exchange: Exchange, judgement: Judgement) -> str:
    assert judgement.reason is not None
    words = exchange_words(exchange, judgement)
    told = f"{judgement.reason}: {words.what}. Fix: {words.fix}"
    if judgement.verdict == "conditional":
        return f"allowed without credentials; with them blocked, {told}"
    return told


def _without_leave(mode: str) -> str:
    told = f"mode {escaped(mode)}, which needs no leave"
    return f"{told}; the answer is opaque: script can't read it" if mode == "no-cors" else told


def _sentence(told: str, clause: str | None, start: str = "") -> str:
    """A further sentence, after a full stop where there is none yet."""
    full_stop = "" if told.endswith(".") else "."
    return f"{full_stop} {start}{clause}." if clause else ""


def _hidden(exchange: Exchange) -> str:
    if exchange.scene.location is not None:  # script gets what the redirect leads to
        return ""
    exposed = get_decode_and_split(exchange.headers, "Access-Control-Expose-Headers") or ()
    means_all = "*" in exposed and exchange.credentials == "include"
    hidden = [name for name in exchange.hidden or () if _is_missed(name, means_all=means_all)]
    if not hidden:
        return ""
    named = [name for name in exposed if is_token(name) and not (means_all and name == "*")]
    names = ", ".join((*named, *hidden))
    unless = f'unless "Access-Control-Expose-Headers: {escaped(names)}" is sent'
    if means_all:
        unless += " (* doesn't count with credentials)"
    return f"; script can't read {escaped(', '.join(hidden))} {unless}"


def _is_missed(name: str, *, means_all: bool) -> bool:
    """Whether script may want it; where the server means to expose all, an app's own, too."""
    return name in _MISSED or (means_all and name.startswith("x-") and is_token(name))


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
