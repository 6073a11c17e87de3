"""The entry of a reason: complete, and with a message's own values."""

from __future__ import annotations

import pytest

from corscope.explain.articles.article import ArticleId
from corscope.explain.articles.catalogue import FINDINGS, REASONS, article
from corscope.explain.entry import entry_text, example_words, heading
from corscope.fetch.reasons import Reason, chromium_name, firefox_name

IDS = [each.id for each in (*REASONS.values(), *FINDINGS.values())]


@pytest.mark.parametrize("id_", IDS)
def test_an_entry_has_all_there_is(id_: ArticleId) -> None:
    lines = entry_text(id_).splitlines()
    assert lines[0] == heading(id_)
    assert lines[0].startswith(f"{id_}: ")
    assert lines[1].startswith("Fix: ")
    assert lines[2] == f"Standard: {article(id_).standard}"
    assert lines[3].strip() == article(id_).section
    harmless = article(id_).harmless
    assert harmless is None or lines[4] == f"Harmless: {harmless}"
    if isinstance(id_, Reason):
        names = chromium_name(id_, "actual"), chromium_name(id_, "preflight"), firefox_name(id_)
        assert all(name is None or name in "".join(lines[4:]) for name in names)


@pytest.mark.parametrize("id_", IDS)
def test_no_value_is_left_open(id_: ArticleId) -> None:
    text = entry_text(id_)
    assert "{" not in text
    assert '""' not in text
    assert "None" not in text.replace("SameSite=None", "")


@pytest.mark.parametrize("id_", IDS)
def test_examples_are_for_those_whose_detail_is_told(id_: ArticleId) -> None:
    example = article(id_).example
    assert example is None or example in entry_text(id_)


def test_an_entry_in_full() -> None:
    assert entry_text(Reason.METHOD_NOT_ALLOWED) == (
        "method-not-allowed: Access-Control-Allow-Methods doesn't allow PUT\n"
        'Fix: add it to the preflight\'s answer: "Access-Control-Allow-Methods: PUT" (names are '
        "case-sensitive, and * doesn't count with credentials).\n"
        "Standard: Any method but GET, HEAD and POST has to stand in the preflight's "
        "Access-Control-Allow-Methods, spelled alike: PATCH and patch are two methods. The "
        "wildcard stands for all of them only without credentials.\n"
        "    https://fetch.spec.whatwg.org/#cors-preflight-fetch-0\n"
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
    assert len(entry_text(Reason.CLIENT_GONE).splitlines()) == 5


def test_the_message_gives_the_values() -> None:
    values = {"detail": "PATCH", "origin": "http://localhost:3000", "status": "418"}
    text = entry_text(Reason.METHOD_NOT_ALLOWED, values)
    assert 'Access-Control-Allow-Methods: PATCH"' in text
    assert "from origin 'http://localhost:3000'" in text
    assert "status 418" in entry_text(Reason.ALLOW_ORIGIN_MISSING, values)
    header = entry_text(Reason.HEADER_NOT_ALLOWED, {"detail": "x-a"})
    assert 'Access-Control-Allow-Headers: x-a"' in header


def test_what_a_message_does_not_tell_is_marked_as_an_example() -> None:
    text = entry_text(Reason.ALLOW_ORIGIN_MISSING, {"url": "https://api.test/x"})
    assert "at 'https://api.test/x' from origin" in text
    marked = "\nOnly examples, which the message doesn't tell: 200, https://app.example.\n"
    assert marked in text
    told = {"origin": "https://app.test", "status": "404"}
    assert "Only examples" not in entry_text(Reason.ALLOW_ORIGIN_MISSING, told)
    assert "Only examples" not in entry_text(Reason.ALLOW_ORIGIN_MISSING)
    status = entry_text(Reason.PREFLIGHT_STATUS, {}).splitlines()
    assert status[2] == "Only examples, which the message doesn't tell: 403."
    flag = entry_text(Reason.ALLOW_CREDENTIALS_NOT_TRUE, {}).splitlines()
    assert flag[2].endswith("doesn't tell: missing.")


def test_a_redirected_url_is_told_with_where_it_led() -> None:
    values = {"url": "https://b.test/x", "first_url": "https://a.test/x"}
    text = entry_text(Reason.ALLOW_ORIGIN_MISSING, values)
    assert "at 'https://b.test/x' (redirected from 'https://a.test/x') from origin" in text


def test_no_value_steers_the_terminal() -> None:
    values = {"detail": "\x1b[2J\u202e", "origin": "\x9b31m"}
    for reason in Reason:
        assert entry_text(reason, values).replace("\n", "").isprintable()


def test_a_huge_value_does_not_fill_the_screen() -> None:
    assert len(entry_text(Reason.ALLOW_ORIGIN_MISMATCH, {"detail": "x" * 100_000})) < 6_000


def test_an_extension_may_do_without_leave() -> None:
    origin = {"origin": "chrome-extension://bdgellodbkpajlckmaigfmkchbphfhpi"}
    told = "Or name this host in host_permissions of the extension's manifest"
    assert told in example_words(Reason.ALLOW_ORIGIN_MISSING, origin).fix
    assert told not in example_words(Reason.REDIRECT_INVALID, origin).fix
    assert told not in example_words(Reason.ALLOW_ORIGIN_MISSING).fix
