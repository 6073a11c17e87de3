"""How is an exchange told in many lines, where there is room for them?

For mitmproxy's own viewers and the terminal: plain text, values from the wire escaped.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from corscope.explain.escape import LONGEST_MESSAGE, escaped
from corscope.explain.explanation import EngineVerdict, Explanation, HeaderChange
from corscope.explain.line import asked_text
from corscope.explain.parts.engines import NAMES
from corscope.explain.steps.text import other_lines, step_lines, steps_title
from corscope.journal.exchange import Judgement

__all__ = ["explanation_text"]

_OUTCOMES: Final = {
    "followed": "its actual request followed",
    "not-followed": "its actual request didn't follow",
}


def explanation_text(explanation: Explanation) -> str:
    """All that there is to say of one exchange, in lines."""
    return "\n".join(_lines(explanation))


def _lines(explanation: Explanation) -> Iterator[str]:
    exchange = explanation.exchange
    yield explanation.title
    yield asked_text(exchange)
    if explanation.what:
        yield f"What happened: {explanation.what}"
        yield f"Fix: {explanation.fix}"
    if explanation.why:
        yield f"Preflight because {explanation.why}"
    if explanation.outcome:
        yield f"Outcome: {_OUTCOMES[explanation.outcome.outcome]}"
    yield ""
    yield steps_title(exchange)
    yield from (f"  {line}" for line in step_lines(explanation.steps))
    yield from (f"  {line}" for line in other_lines(exchange))
    yield ""
    yield "In each browser"
    yield from _verdict_lines(explanation.verdicts)
    if explanation.prints:
        yield ""
        yield f"{NAMES[exchange.engine]}'s console"
        yield from (f"  {escaped(each, LONGEST_MESSAGE)}" for each in explanation.prints)
    yield from _listed("Script can read", explanation.readable)
    yield from _listed("Script can't read", explanation.hidden)
    yield from _rule_lines(explanation)
    for remark in explanation.findings:
        yield ""
        yield f"Note: {remark.text} ({escaped(remark.id)})"
        if remark.fix:
            yield f"  Fix: {remark.fix}"


def _verdict_lines(verdicts: Sequence[EngineVerdict]) -> Iterator[str]:
    for each in verdicts:
        omit, include = _judged(each.omit), _judged(each.include)
        told = omit if omit == include else f"{omit}; with credentials {include}"
        yield f"  {NAMES[each.engine]}: {told}{' (this browser)' if each.own else ''}"


def _judged(judgement: Judgement) -> str:
    if judgement.reason is None:
        return judgement.verdict
    detail = f" ({escaped(judgement.detail)})" if judgement.detail else ""
    return f"{judgement.verdict}, {judgement.reason}{detail}"


def _listed(title: str, header_names: Sequence[str]) -> Iterator[str]:
    if header_names:
        yield ""
        yield f"{title}: {', '.join(map(escaped, header_names))}"


def _rule_lines(explanation: Explanation) -> Iterator[str]:
    exchange = explanation.exchange
    if exchange.rule is None:
        return
    yield ""
    did = "would change" if exchange.rule_mode == "shadow" else "changed"
    if exchange.answered_by == "rule":
        yield f'The rule "{escaped(exchange.rule)}" answered; no server was asked'
    elif not explanation.changes:
        yield f'The rule "{escaped(exchange.rule)}" {did} no CORS header'
    else:
        yield f'The rule "{escaped(exchange.rule)}" {did}'
    yield from map(_change, explanation.changes)


def _change(change: HeaderChange) -> str:
    before, after = (
        "absent" if value is None else f'"{escaped(value)}"'
        for value in (change.before, change.after)
    )
    return f"  {escaped(change.name)}: {before} -> {after}"
