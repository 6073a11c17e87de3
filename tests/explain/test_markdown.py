"""The ticket: of failures that are alike the first, and no more than can be read.

That hostile values stay text is shown in tests/browsers/test_report.py.
"""

from __future__ import annotations

import re

from corscope.explain.failure import failed_text, gaps_text
from corscope.explain.markdown import MOST_FAILURES, report_markdown
from tests.web.scenes import PAGE, Recording, answers, asks, preflight, told


def ticket(recording: Recording) -> str:
    return report_markdown(tuple(recording.store))


def test_the_summary_counts_what_was_recorded() -> None:
    text = ticket(told())
    assert "exchanges from 2026-01-02 03:04:05" in text
    counts = re.search(r": (\d+) allowed, (\d+) blocked, (\d+) conditional\.", text)
    assert counts is not None
    assert sum(map(int, counts.groups())) == len(told().store)


def test_a_single_exchange_is_counted_as_one() -> None:
    recording = Recording()
    recording.exchange(asks("GET", "/items"), answers())
    assert "1 exchange from " in ticket(recording)


def test_what_corscope_itself_failed_on_is_told() -> None:
    assert "corscope failed" not in ticket(told())
    text = report_markdown(tuple(told().store), (failed_text(1), gaps_text(2, 1)))
    assert "corscope failed on 1 exchange, which may be missing here." in text
    assert "\n\n2 lines of the journal couldn't be written, at 1 place: " in text


def test_failures_that_are_alike_are_one() -> None:
    recording = Recording()
    for number in range(3):
        recording.exchange(asks("GET", f"/items/{number}"), answers())
    recording.exchange(asks("GET", "/other"), answers())
    text = ticket(recording)
    assert re.findall(r"^### (\d+)\. .*", text, re.MULTILINE) == ["1", "2"]
    assert ", 3 times." in text


def test_what_is_blocked_goes_before_what_may_be() -> None:
    recording = Recording()
    recording.exchange(asks("GET", "/maybe", agent="unknown"), answers(allow_origin="*"))
    recording.exchange(asks("GET", "/surely"), answers())
    headings = re.findall(r"^### .*", ticket(recording), re.MULTILINE)
    assert ["surely" in heading for heading in headings] == [True, False]


def test_a_failure_has_its_lines_its_sentences_and_its_fix() -> None:
    recording = Recording()
    recording.exchange(
        preflight("PUT", "x-tenant"), answers(204, allow_origin=PAGE, allow_methods="PUT")
    )
    text = ticket(recording)
    assert "### 1. `header-not-allowed`: `PUT https://api.example.com/items`" in text
    assert (
        f"From `{PAGE}` in Chromium, on the preflight; headers that need leave: `x-tenant`." in text
    )
    assert (
        f"```http\nAccess-Control-Allow-Origin: {PAGE}\nAccess-Control-Allow-Methods: PUT\n```"
        in text
    )
    assert "Request header field x-tenant is not allowed by Access-Control-Allow-Headers" in text
    assert "Fix: add it to the preflight's answer" in text
    assert "<https://fetch.spec.whatwg.org/#cors-preflight-fetch-0>" in text


def test_a_server_that_is_down_has_no_lines() -> None:
    recording = Recording()
    recording.exchange(asks("GET"), None, error="Connection refused")
    assert "No answer came: `Connection refused`" in ticket(recording)


def test_a_ticket_stays_short() -> None:
    recording = Recording()
    for number in range(MOST_FAILURES + 5):
        recording.exchange(asks("GET", f"/page-{number}"), answers())
    text = ticket(recording)
    assert len(re.findall(r"^### ", text, re.MULTILINE)) == MOST_FAILURES
    assert "5 failures of other kinds aren't listed here." in text


def test_where_nothing_failed_that_is_said() -> None:
    recording = Recording()
    recording.exchange(asks("GET"), answers(allow_origin=PAGE, allow_credentials="true"))
    assert ticket(recording).endswith("## Failures\n\nNone.\n")
    assert "No CORS exchange was recorded." in ticket(Recording())
