"""What does the list show of an exchange? Little, and bounded: there are thousands of rows."""

from typing import Any, Final

from corscope.explain.escape import escaped
from corscope.journal.store import Entry

__all__ = ["Row", "row_of"]

_LONGEST: Final = 300

Row = dict[str, Any]


def row_of(entry: Entry, number: int) -> Row:
    """A row as JSON has it; values from the wire are escaped and cut.

    Args:
        entry: the exchange.
        number: its place among all that came, the later the greater.
    """
    exchange = entry.exchange
    judgement = exchange.judgement
    host, path = _split(exchange.url)
    return {
        "n": number,
        "id": exchange.id,
        "time": round(exchange.time.timestamp() * 1_000),
        "kind": exchange.kind,
        "method": escaped(exchange.method, 40),
        "host": escaped(host, _LONGEST),
        "path": escaped(path, _LONGEST),
        "origin": escaped(exchange.origin, _LONGEST),
        "status": exchange.status,
        "verdict": judgement.verdict,
        "reason": judgement.reason and str(judgement.reason),
        "rule": None if exchange.rule is None else escaped(exchange.rule, _LONGEST),
        "shadow": exchange.rule_mode == "shadow",
        "answeredBy": exchange.answered_by,
        "hop": exchange.hop,
        "findings": len(exchange.findings),
        "outcome": entry.outcome and entry.outcome.outcome,
    }


def _split(url: str) -> tuple[str, str]:
    """The URL's host with scheme and port, and what follows."""
    scheme, separator, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return scheme + separator + host, slash + path
