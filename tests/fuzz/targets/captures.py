"""Any flow file or HAR: exchanges as far as it can be read, then the listed problems."""

from __future__ import annotations

import io

from corscope.journal.exchange import Exchange, Outcome
from corscope.journal.store import Entry
from corscope.mitm.saved.flows import FlowFileError, read_captures
from corscope.mitm.saved.replay import records
from tests.fuzz.targets.headers import check_shown

__all__ = ["fuzz_one"]


def fuzz_one(data: bytes) -> None:
    """Read the file as `corscope explain` does."""
    found: list[Exchange | Outcome] = []
    try:
        found += records(read_captures(io.BufferedReader(io.BytesIO(data))))
    except FlowFileError as error:
        _check_problems(error)
    check_shown([Entry(each) for each in found[:4] if isinstance(each, Exchange)])


def _check_problems(error: FlowFileError) -> None:
    assert error.problems
    assert all(problem.message and problem.hint for problem in error.problems)
