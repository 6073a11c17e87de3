"""The entry of a reason: complete, and with a message's own values."""

from __future__ import annotations

import pytest

from corscope.explain.entry import EXAMPLES, entry_text, heading
from corscope.fetch.reasons import CATALOGUE, Reason, chromium_name, firefox_name


@pytest.mark.parametrize("reason", Reason)
def test_an_entry_has_all_there_is(reason: Reason) -> None:
    lines = entry_text(reason).splitlines()
    assert lines[0] == heading(reason)
    assert lines[0].startswith(f"{reason}: ")
    assert lines[1].startswith("Fix: ")
    assert lines[2] == f"Standard: {CATALOGUE[reason].section}"
    names = chromium_name(reason, "actual"), chromium_name(reason, "preflight")
    for name in (*names, firefox_name(reason)):
        assert name is None or name in "".join(lines[3:])


@pytest.mark.parametrize("reason", Reason)
def test_no_value_is_left_open(reason: Reason) -> None:
    text = entry_text(reason)
    assert "{" not in text
    assert '""' not in text
    assert "None" not in text


def test_examples_are_for_reasons_whose_detail_is_told() -> None:
    for reason, example in EXAMPLES.items():
        assert example in entry_text(reason)


def test_an_entry_in_full() -> None:
    assert entry_text(Reason.METHOD_NOT_ALLOWED) == (
        "method-not-allowed: Access-Control-Allow-Methods doesn't allow PUT\n"
        'Fix: add it to the preflight\'s answer: "Access-Control-Allow-Methods: PUT" (names are '
        "case-sensitive, and * doesn't count with credentials).\n"
        "Standard: https://fetch.spec.whatwg.org/#cors-preflight-fetch-0\n"
        "Chromium: MethodDisallowedByPreflightResponse\n"
        "    Access to fetch at 'https://api.example/items' from origin 'https://app.example' has "
        "been blocked by CORS policy: Method PUT is not allowed by Access-Control-Allow-Methods in "
        "preflight response.\n"
        "Firefox: CORSMethodNotFound\n"
        "    Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote "
        "resource at https://api.example/items. (Reason: Did not find method in CORS header "
        "\u2018Access-Control-Allow-Methods\u2019).\n"
        "WebKit:\n"
        "    Method PUT is not allowed by Access-Control-Allow-Methods."
    )


def test_a_browser_that_prints_nothing_is_left_out() -> None:
    assert "WebKit" not in entry_text(Reason.CONNECTION_DROPPED)
    assert len(entry_text(Reason.CLIENT_GONE).splitlines()) == 3


def test_the_message_gives_the_values() -> None:
    values = {"detail": "PATCH", "origin": "http://localhost:3000", "status": "418"}
    text = entry_text(Reason.METHOD_NOT_ALLOWED, values)
    assert 'Access-Control-Allow-Methods: PATCH"' in text
    assert "from origin 'http://localhost:3000'" in text
    assert "status 418" in entry_text(Reason.ALLOW_ORIGIN_MISSING, values)
    header = entry_text(Reason.HEADER_NOT_ALLOWED, {"detail": "x-a"})
    assert 'Access-Control-Allow-Headers: x-a"' in header


def test_no_value_steers_the_terminal() -> None:
    values = {"detail": "\x1b[2J\u202e", "origin": "\x9b31m"}
    for reason in Reason:
        assert entry_text(reason, values).replace("\n", "").isprintable()


def test_a_huge_value_does_not_fill_the_screen() -> None:
    assert len(entry_text(Reason.ALLOW_ORIGIN_MISMATCH, {"detail": "x" * 100_000})) < 6_000
