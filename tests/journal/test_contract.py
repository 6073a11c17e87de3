"""Would the checker of journals find what isn't as it should be? What it reads are real lines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.contract import departures

Entry = dict[str, Any]

OLDER = sorted((Path(__file__).parent / "older").glob("*.jsonl"))


def lines(path: Path) -> list[Entry]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.mark.parametrize("path", OLDER, ids=lambda path: path.stem)
def test_journals_of_each_version_are_as_they_should_be(path: Path) -> None:
    assert departures(lines(path)) == []


@pytest.mark.parametrize(
    ("type_", "change"),
    [
        ("exchange", {"v": "1"}),
        ("exchange", {"time": "2026-01-01T00:00:00Z"}),
        ("exchange", {"type": "exchanges"}),
        ("exchange", {"id": ""}),
        ("exchange", {"url": "https://user:secret@api.test/"}),
        ("exchange", {"url": "https://api.test/#part"}),
        ("exchange", {"request_headers": ["X-A"]}),
        ("exchange", {"status": "200"}),
        ("exchange", {"status": None, "error": None}),
        ("exchange", {"headers": {"Vary": "Origin"}}),
        ("exchange", {"verdict": "refused"}),
        ("exchange", {"verdicts": {}}),
        ("exchange", {"rule": "a rule without a mode", "rule_mode": None}),
        ("exchange", {"answered_by": "rule", "rule": None, "rule_mode": None}),
        ("exchange", {"exposed": [], "hidden": None}),
        ("exchange", {"findings": ["mixed-content"]}),
        ("outcome", {"after_ms": -1}),
        ("outcome", {"outcome": "followed", "actual": None}),
        ("rules", {"errors": ["a text"]}),
        ("start", {"options": {"rules": []}}),
    ],
)
def test_a_line_that_is_not_is_found(type_: str, change: Entry) -> None:
    whole = next(each for each in lines(OLDER[-1]) if each["type"] == type_)
    assert departures([whole | change])


KEYS = {
    "exchange": "id kind origin url method request_headers mode mode_from credentials engine "
    "status error headers server_headers rule rule_mode answered_by verdict reason detail "
    "chromium firefox verdicts server_verdict shadow preflight exposed hidden findings",
    "outcome": "id credentials outcome actual after_ms",
    "rules": "files count errors applied",
    "start": "version mitmproxy options",
}


@pytest.mark.parametrize("type_", KEYS)
def test_a_key_that_is_missing_is_found(type_: str) -> None:
    whole = next(each for each in lines(OLDER[-1]) if each["type"] == type_)
    for key in ("v", "type", "time", *KEYS[type_].split()):
        without = {name: value for name, value in whole.items() if name != key}
        assert departures([without]), key
