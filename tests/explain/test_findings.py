"""How a finding is worded, and which one stands in an exchange's line."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from corscope.explain.articles.catalogue import FINDINGS
from corscope.explain.line import exchange_text
from corscope.explain.parts.findings import finding_text, remark
from corscope.journal.caches.cached import FindingId as CacheFindingId
from corscope.journal.exchange import Exchange, Finding, Sighting, Touch
from corscope.journal.journal import Journal
from corscope.journal.remarks.findings import LIKELY, MAY, FindingId
from corscope.messages import Response
from tests.journal.requests import ALLOWED, API, PAGE, REFUSED, actual, at


def exchange_of(
    *findings: Finding, response: Response = ALLOWED, touch: Touch | None = None
) -> Exchange:
    journal = Journal()
    journal.requested("x", "browser", actual(), at(0))
    exchange = journal.answered(Sighting("x", response, touch=touch), at(0))
    assert exchange is not None
    return dataclasses.replace(exchange, findings=findings)


@pytest.mark.parametrize("id_", [*FindingId, *CacheFindingId])
@pytest.mark.parametrize("detail", [None, "https://other.example", MAY, LIKELY, "null", "omit"])
def test_every_finding_has_words(id_: FindingId | CacheFindingId, detail: str | None) -> None:
    words = finding_text(Finding(id_, detail))
    assert words
    assert "{" not in words
    assert not words.endswith(".")


def test_every_finding_is_documented_in_the_order_of_the_lines() -> None:
    docs = (Path(__file__).parents[2] / "docs" / "journal.md").read_text("utf-8")
    rows = [line.split("`")[1] for line in docs.splitlines() if line.startswith("| `")]
    assert [row for row in rows if row in set(FindingId)] == list(FindingId)
    assert [row for row in rows if row in set(CacheFindingId)] == list(CacheFindingId)


def test_the_detail_is_shown_and_cannot_steer_a_terminal() -> None:
    words = finding_text(Finding("shared-cache-foreign-origin", "https://a.example\x1b[2J"))
    assert words is not None
    assert "for https://a.example\\x1b[2J:" in words


def test_an_allowed_exchange_with_a_remark() -> None:
    line = exchange_text(exchange_of(Finding(FindingId.CAPTIVE_PORTAL)))
    assert line == (
        f"CORS allowed: GET {API} from {PAGE}. Note: the network wants a login before it lets "
        "anything through; that is no CORS error."
    )


def test_a_remark_behind_a_fix() -> None:
    line = exchange_text(exchange_of(Finding(FindingId.CAPTIVE_PORTAL), response=REFUSED))
    assert '-Credentials: true" too. Note: the network wants' in line


def test_the_rule_stands_behind_the_remark() -> None:
    touch = Touch("dev", "shadow")
    line = exchange_text(exchange_of(Finding(FindingId.CAPTIVE_PORTAL), touch=touch))
    assert line.endswith('that is no CORS error. [rule "dev" in shadow mode]')


def test_the_first_remark_that_has_words_is_told() -> None:
    findings = Finding("unknown"), Finding("mixed-content"), Finding("captive-portal")
    assert remark(exchange_of(*findings)) == FINDINGS["mixed-content"].what
    assert remark(exchange_of(Finding("unknown"))) is None
    assert remark(exchange_of()) is None


def test_what_only_may_happen_is_told_once_something_has() -> None:
    finding = Finding(FindingId.NON_CORS_COPY_MAY_BE_CACHED, MAY)
    assert remark(exchange_of(finding)) is None
    assert remark(exchange_of(finding, response=REFUSED)) is not None


def test_what_is_certain_is_told_before_what_may_be() -> None:
    may, certain = Finding("non-cors-copy-may-be-cached", MAY), Finding("mixed-content")
    words = remark(exchange_of(may, certain, response=REFUSED))
    assert words == FINDINGS["mixed-content"].what
