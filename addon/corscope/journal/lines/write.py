"""How is the journal written? JSON Lines, version 1.

One JSON object a line; its keys keep their name and meaning within a version. Nothing of an
exchange or an outcome is left out, so that `read` makes the same of the line again.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from corscope.journal.alike.memo import MOST_CHARACTERS, Memo
from corscope.journal.alike.mould import Mould
from corscope.journal.alike.pattern import Pattern
from corscope.journal.console import printed
from corscope.journal.exchange import (
    Exchange,
    Finding,
    Judgement,
    Outcome,
    Shadow,
    Verdicts,
    around_url,
)
from corscope.journal.failure import Failure
from corscope.journal.why import Why
from corscope.messages import HeaderList

__all__ = [
    "VERSION",
    "exchange_line",
    "exchange_object",
    "exchange_pieces",
    "failure_line",
    "gap_line",
    "outcome_line",
    "rules_line",
    "start_line",
]

VERSION: Final = 1

Line = dict[str, Any]


_encode: Final = json.JSONEncoder(separators=(",", ":")).encode
_quoted: Final = json.encoder.encode_basestring_ascii


def _line(type_: str, time: datetime, content: Line) -> str:
    return _encode({"v": VERSION, "type": type_, "time": _moment(time)} | content)


def _moment(time: datetime) -> str:
    began, written = _last.second  # as one value, whoever else writes meanwhile
    within = time - began
    if within.days or within.seconds:
        began = time.astimezone(UTC).replace(microsecond=0)
        written = began.isoformat()[:-6]  # without `+00:00`
        _last.second = began, written
        within = time - began
    return f"{written}.{within.microseconds // 1_000:03}Z"


@dataclass(slots=True)
class _Last:
    """The second of the last line, which most share: to write it takes 8 us."""

    second: tuple[datetime, str]


_last: Final = _Last((datetime.min.replace(tzinfo=UTC), ""))


def start_line(time: datetime, version: str, mitmproxy: str, options: Mapping[str, object]) -> str:
    """The first line of a run: corscope's and mitmproxy's versions, and corscope's options."""
    return _line(
        "start", time, {"version": version, "mitmproxy": mitmproxy, "options": dict(options)}
    )


def rules_line(
    time: datetime, files: Sequence[str], count: int, errors: Sequence[Line], *, applied: bool
) -> str:
    """A load of the rule files: the files, the rules in force, and each mistake with its place."""
    content = {"files": list(files), "count": count, "errors": list(errors), "applied": applied}
    return _line("rules", time, content)


def gap_line(time: datetime, lines: int, why: str) -> str:
    """How many lines are missing at this place, and why they couldn't be written."""
    return _line("gap", time, {"lines": lines, "why": why})


def outcome_line(outcome: Outcome) -> str:
    """What became of a preflight."""
    after = outcome.after_ms
    return (
        f'{{"v":{VERSION},"type":"outcome","time":"{_moment(outcome.time)}",'
        f'"id":{_quoted(outcome.id)},"credentials":{_quoted(outcome.credentials)},'
        f'"outcome":{_quoted(outcome.outcome)},"actual":{_or_null(outcome.actual)},'
        f'"after_ms":{"null" if after is None else after},"why":{_written_whys(outcome.why)}}}'
    )


def _or_null(text: str | None) -> str:
    return "null" if text is None else _quoted(text)


_WHYS: Memo[tuple[Why, ...], str] = Memo(500)
"""What made a browser ask is the same for many a preflight."""


def _written_whys(whys: tuple[Why, ...]) -> str:
    found = _WHYS.get(whys)
    if found is None:
        found = _encode(_whys(whys))
        if len(found) <= MOST_CHARACTERS:
            _WHYS.put(whys, found)
    return found


def failure_line(failure: Failure) -> str:
    """A failure of corscope's own, on an exchange or elsewhere."""
    return _line(
        "failure",
        failure.time,
        {
            "id": failure.id,
            "url": failure.url,
            "where": failure.where,
            "error": failure.error,
        },
    )


def exchange_line(exchange: Exchange) -> str:
    """One exchange."""
    return b"".join(exchange_pieces(exchange)).decode("ascii")


def exchange_pieces(exchange: Exchange) -> tuple[bytes, bytes, bytes]:
    """One exchange's line in pieces, the middle one of them shared by all that are alike.

    It is 2 KB long, and as fast made as copied once more.
    """
    pattern = exchange.pattern
    shared = None if pattern is None else pattern.line
    if shared is None:
        shared = _shared_line(exchange, pattern)
    waited = exchange.waited_ms
    head = (
        f'{{"v":{VERSION},"type":"exchange","time":"{_moment(exchange.time)}",'
        f'"id":{_quoted(exchange.id)},'
    )
    tail = (
        f',"waited_ms":{"null" if waited is None else waited},'
        f'"preflight":{_or_null(exchange.preflight)},"chain":{_or_null(exchange.chain)},'
        f'"findings":{_findings(exchange)}}}'
    )
    return head.encode("ascii"), shared, tail.encode("ascii")


def _shared_line(exchange: Exchange, pattern: Pattern | None) -> bytes:
    """What those that are alike share; put around the URL where others have the same so."""
    made = _moulded(exchange, None if pattern is None else pattern.mould)
    if pattern is not None and pattern.settled is not None:  # not for one that may be the only one
        pattern.line = made
    return made


def _moulded(exchange: Exchange, mould: Mould | None) -> bytes:
    if mould is None:
        return _encoded_shared(exchange).encode("ascii")
    if mould.line is None:
        mould.line = [
            piece.encode("ascii") for piece in around_url(exchange, mould, _encoded_shared)
        ]
    url = _quoted(exchange.url)[1:-1].encode("ascii")
    return url.join(mould.line) or _encoded_shared(exchange).encode("ascii")


def _encoded_shared(exchange: Exchange) -> str:
    return _encode(_shared(exchange))[1:-1]


def _findings(exchange: Exchange) -> str:
    findings, pattern = exchange.findings, exchange.pattern
    if not findings:
        return "[]"
    if pattern is None or findings != pattern.findings:
        return _encoded(findings)
    if pattern.findings_line is None:
        pattern.findings_line = _encoded(findings)
    return pattern.findings_line


def _encoded(findings: Sequence[Finding]) -> str:
    return _encode([_finding(found) for found in findings])


def exchange_object(exchange: Exchange) -> Line:
    """What an exchange's line says, but for the three keys that begin every line."""
    return {
        "id": exchange.id,
        **_shared(exchange),
        "waited_ms": exchange.waited_ms,
        "preflight": exchange.preflight,
        "chain": exchange.chain,
        "findings": [_finding(found) for found in exchange.findings],
    }


def _finding(finding: Finding) -> Line:
    return {"id": finding.id, "detail": finding.detail}


def _shared(exchange: Exchange) -> Line:
    """What `Pattern.shared` holds of an exchange, or follows from it."""
    return {
        "kind": exchange.kind,
        "origin": exchange.origin,
        "url": exchange.url,
        "method": exchange.method,
        "request_headers": list(exchange.request_headers),
        "mode": exchange.mode,
        "mode_from": exchange.mode_from,
        "credentials": exchange.credentials,
        "engine": exchange.engine,
        "status": exchange.status,
        "error": exchange.error,
        "headers": _pairs(exchange.headers),
        "server_headers": _pairs(exchange.server_headers),
        "server_status": exchange.server_status,
        "location": exchange.location,
        "location_userinfo": exchange.location_userinfo,
        "revalidated": exchange.revalidated,
        "goes_by": _pairs(exchange.goes_by),
        "goes_by_status": exchange.goes_by_status,
        "rule": exchange.rule,
        "rule_mode": exchange.rule_mode,
        "answered_by": exchange.answered_by,
        **_judgement(exchange.judgement),
        "console": "\n".join(printed(exchange, exchange.engine)) or None,
        "verdicts": _verdicts(exchange.verdicts),
        "engines": {
            engine: {
                "verdict": judgement.verdict,
                "reason": judgement.reason,
                "detail": judgement.detail,
            }
            for engine, judgement in exchange.engines.items()
        },
        "engine_verdicts": {
            engine: _verdicts(verdicts)
            for engine, verdicts in exchange.engine_verdicts.items()
            if verdicts != exchange.verdicts
        },
        "server_verdict": _verdicts(exchange.server_verdict),
        "shadow": _shadow(exchange.shadow),
        "why": _whys(exchange.why),
        "redirected_from": exchange.redirected_from,
        "hop": exchange.hop,
        "scene": {
            "location": exchange.scene.location,
            "page": exchange.scene.page,
            "first_url": exchange.scene.first_url,
            "destination": exchange.scene.destination,
            "upgrades": exchange.scene.upgrades,
            "isolation": exchange.scene.isolation,
            "site": exchange.scene.site,
        },
        "embedder_policy": exchange.embedder_policy,
        "exposed": None if exchange.exposed is None else list(exchange.exposed),
        "hidden": None if exchange.hidden is None else list(exchange.hidden),
    }


def _whys(whys: Sequence[Why]) -> list[Line]:
    return [
        {"what": why.what, "name": why.name, "rule": why.rule, "value": why.value} for why in whys
    ]


def _pairs(headers: HeaderList | None) -> list[list[str]] | None:
    return None if headers is None else [list(pair) for pair in headers]


def _judgement(judgement: Judgement) -> Line:
    return {
        "verdict": judgement.verdict,
        "reason": judgement.reason,
        "detail": judgement.detail,
        "chromium": judgement.chromium,
        "firefox": judgement.firefox,
    }


def _verdicts(verdicts: Verdicts | None) -> Line | None:
    if verdicts is None:
        return None
    return {"omit": _judgement(verdicts.omit), "include": _judgement(verdicts.include)}


def _shadow(shadow: Shadow | None) -> Line | None:
    if shadow is None:
        return None
    return {"headers": _pairs(shadow.headers), "verdicts": _verdicts(shadow.verdicts)}
