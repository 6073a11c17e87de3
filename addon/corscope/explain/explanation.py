"""What is there to say of one exchange, in parts, for all that shows more than a line?

The content view, the page, the report and the commands take from here what they have room for.
Texts are one clause or sentence each, with values from the wire in them escaped; what stands in
`exchange`, `steps`' values and `changes` is as it was on the wire.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from corscope.explain.articles.catalogue import FINDINGS, article
from corscope.explain.parts.asking import why_text
from corscope.explain.parts.findings import finding_words
from corscope.explain.parts.words import Words, exchange_words
from corscope.explain.steps.walk import Step, steps
from corscope.fetch.check import CredentialsMode
from corscope.fetch.engines import Engine
from corscope.fetch.headers import byte_lowercase, get, names
from corscope.journal.console import printed
from corscope.journal.exchange import Exchange, Judgement, Outcome
from corscope.journal.lines.write import exchange_object
from corscope.messages import HeaderList

__all__ = [
    "EngineVerdict",
    "Explanation",
    "HeaderChange",
    "Remark",
    "as_object",
    "explain",
    "shown_mode",
]


@dataclass(frozen=True, slots=True)
class EngineVerdict:
    """What an engine does in each credentials mode; `own` is that of the exchange's browser."""

    engine: Engine
    omit: Judgement
    include: Judgement
    own: bool


@dataclass(frozen=True, slots=True)
class HeaderChange:
    """A header as the server sent it and as the browser gets it; None where it is absent."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Remark:
    """A finding in words."""

    id: str
    title: str
    text: str
    fix: str | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """One exchange, explained.

    Attributes:
        exchange: the exchange.
        outcome: of a preflight, what became of it, where that is known.
        title: verdict and cause, in one line.
        what: what happened, in a clause; None where it is allowed.
        fix: what is to be changed, in a sentence; None where it is allowed.
        verdicts: those of all three engines.
        steps: the standard's, for the own engine and the credentials mode that was seen, or with
            credentials where it wasn't and that matters.
        prints: what the own browser's console prints.
        why: why a preflight came, in clauses that follow a "because".
        readable: the response headers that script can read.
        hidden: those that it can't.
        changes: what a rule changed, or in shadow mode would have.
        findings: remarks that are no verdict.
    """

    exchange: Exchange
    outcome: Outcome | None
    title: str
    what: str | None
    fix: str | None
    verdicts: tuple[EngineVerdict, ...]
    steps: tuple[Step, ...]
    prints: tuple[str, ...]
    why: str | None
    readable: tuple[str, ...]
    hidden: tuple[str, ...]
    changes: tuple[HeaderChange, ...]
    findings: tuple[Remark, ...]


def explain(exchange: Exchange, outcome: Outcome | None = None) -> Explanation:
    """Explain one exchange.

    Args:
        exchange: the exchange.
        outcome: of a preflight, what became of it, where that is known.
    """
    words = _words(exchange)
    whys = (outcome.why if outcome else ()) or exchange.why
    return Explanation(
        exchange=exchange,
        outcome=outcome,
        title=_title(exchange),
        what=words.what if words else None,
        fix=words.fix if words else None,
        verdicts=tuple(
            EngineVerdict(engine, each.omit, each.include, engine is exchange.engine)
            for engine, each in exchange.engine_verdicts.items()
        ),
        steps=steps(exchange, shown_mode(exchange), exchange.engine),
        prints=printed(exchange, exchange.engine),
        why=why_text(whys) if whys else None,
        readable=exchange.exposed or (),
        hidden=exchange.hidden or (),
        changes=tuple(_changes(exchange)),
        findings=tuple(_remarks(exchange)),
    )


def shown_mode(exchange: Exchange) -> CredentialsMode:
    """The credentials mode that an exchange is explained for: where it matters, the stricter."""
    differs = exchange.credentials == "unknown" and exchange.judgement.verdict == "conditional"
    with_credentials = exchange.credentials == "include" or differs
    return CredentialsMode.INCLUDE if with_credentials else CredentialsMode.OMIT


def as_object(explanation: Explanation) -> dict[str, Any]:
    """The explanation as JSON has it; the exchange as in its line of the journal."""
    outcome = explanation.outcome
    return {
        "exchange": exchange_object(explanation.exchange)
        | {"time": explanation.exchange.time.isoformat(timespec="milliseconds")},
        "outcome": outcome.outcome if outcome else None,
        "title": explanation.title,
        "what": explanation.what,
        "fix": explanation.fix,
        "verdicts": [asdict(each) for each in explanation.verdicts],
        "steps": [asdict(each) for each in explanation.steps],
        "prints": list(explanation.prints),
        "why": explanation.why,
        "readable": list(explanation.readable),
        "hidden": list(explanation.hidden),
        "changes": [asdict(each) for each in explanation.changes],
        "findings": [asdict(each) for each in explanation.findings],
    }


def _words(exchange: Exchange) -> Words | None:
    judgement = exchange.judgement
    if judgement.reason is None:
        return None
    return exchange_words(exchange, judgement)


def _title(exchange: Exchange) -> str:
    judgement = exchange.judgement
    told = f"{'Preflight ' if exchange.kind == 'preflight' else ''}{judgement.verdict}"
    told = told[0].upper() + told[1:]
    if judgement.verdict == "conditional":
        told += ", blocked if credentials are included"
    return told if judgement.reason is None else f"{told}: {article(judgement.reason).title}"


def _changes(exchange: Exchange) -> Iterator[HeaderChange]:
    before, after = exchange.server_headers, exchange.headers
    if exchange.shadow is not None:
        before, after = exchange.headers, exchange.shadow.headers
    if before is None:
        return
    for name in _named_once((*before, *after)):
        change = HeaderChange(name, get(before, name), get(after, name))
        if change.before != change.after:
            yield change


def _named_once(headers: HeaderList) -> tuple[str, ...]:
    """The headers' names, each once, as it is first spelled."""
    spelled: dict[str, str] = {}
    for name in names(headers):
        spelled.setdefault(byte_lowercase(name), name)
    return tuple(spelled.values())


def _remarks(exchange: Exchange) -> Iterator[Remark]:
    for finding in exchange.findings:
        words = finding_words(finding)
        if words is not None:
            title = FINDINGS[finding.id].title
            yield Remark(finding.id, title, words.what, words.fix)
