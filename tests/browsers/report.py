"""A disagreement, told so that it can be understood: what was asked, answered, and done."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tests.browsers.agreement import Record, Run, disagreements
from tests.browsers.case import Case
from tests.support.origin_server import Answer, Received, Scripted

__all__ = ["told"]

OF_INTEREST = ("access-control-", "location", "vary")


def told(record: Record) -> Iterator[tuple[Case, str]]:
    """Give each case in which the journal is wrong, and a paragraph on it."""
    for run in record.runs.values():
        found = disagreements(run, record.engine)
        if found:
            lines = [_asked(run), *_sent(run), *_answered(run), *(f"  !! {each}" for each in found)]
            yield run.case, "\n".join(lines)


def _asked(run: Run) -> str:
    case = run.case
    ways = [way for way in ("sandboxed", "xhr", "listens") if getattr(case, way)]
    init = json.dumps(dict(case.init))
    return f"{case.id}: {case.page} asks for {case.start} {init} {' '.join(ways)}"


def _sent(run: Run) -> Iterator[str]:
    """What the server got of it, and what the journal made of that."""
    for request in run.received:
        yield f"  -> {request.method} {request.url} {_own(request)}"
    for entry, verdict in zip(run.entries, run.verdicts, strict=True):
        judged = f"{verdict['verdict']} {verdict['reason'] or ''}"
        yield f"  journal: {entry['kind']} {entry['url']} {entry['credentials']}: {judged}"


def _own(request: Received) -> str:
    shown = ("origin", "access-control-request-method", "access-control-request-headers", "cookie")
    return " ".join(f"{name}={value}" for name in shown for value in request.values(name))


def _answered(run: Run) -> Iterator[str]:
    for (method, url), scripted in run.case.routes().items():
        yield f"  <- {method} {url} {_lines(scripted)}"


def _lines(scripted: Scripted) -> str:
    if not isinstance(scripted, Answer):
        return "hangs up"
    shown = [
        f"{name}: {value!r}"
        for name, value in scripted.headers
        if name.lower().startswith(OF_INTEREST)
    ]
    return f"{scripted.status} {'; '.join(shown)}"
