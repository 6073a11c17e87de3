"""One exchange as HTML: what is in it, and what from the wire can't be."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import pytest

from corscope.journal.exchange import Exchange, Touch
from corscope.journal.wire import Credentials
from corscope.servers.dialect import Dialect
from corscope.servers.libraries.express import EXPRESS
from corscope.servers.registry import find
from corscope.web.remedy import exportable, first_remedy, remedy, rule_export
from corscope.web.render import exchange_html, handoff_html, kept_part, legs, shell_html
from corscope.web.story import Index
from tests.web.scenes import HOSTILE, Recording, answers, asks, preflight, put, redirected, told

ALLOWED_TAGS = frozenset(
    [
        "a",
        "article",
        "b",
        "blockquote",
        "button",
        "code",
        "details",
        "div",
        "figcaption",
        "figure",
        "h2",
        "h3",
        "h4",
        "header",
        "label",
        "li",
        "ol",
        "option",
        "p",
        "pre",
        "section",
        "select",
        "span",
        "strong",
        "summary",
        "svg",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "time",
        "tr",
        "ul",
        "use",
    ]
)


class Tags(HTMLParser):
    """Notes each tag, and each attribute that could run something."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.scripts: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            is_link = name in {"href", "src"} and not (value or "").startswith(("#", "https://"))
            if name.startswith("on") or name == "style" or is_link:
                self.scripts.append(f"{name}={value}")

    def handle_data(self, data: str) -> None:
        self.text += data


def read(html: str) -> Tags:
    found = Tags()
    found.feed(html)
    found.close()
    return found


def page_of(recording: Recording, id_: str, *, is_live: bool = True, anchor: str = "") -> str:
    story = Index(recording.store).story(id_)
    assert story is not None
    return exchange_html(story, is_live=is_live, anchor=anchor)


def exchange_of(recording: Recording, id_: str) -> Exchange:
    entry = recording.store.get(id_)
    assert entry is not None
    return entry.exchange


@pytest.mark.parametrize("is_live", [True, False])
def test_hostile_values_become_text(is_live: bool) -> None:
    recording = Recording()
    ids = [
        recording.exchange(
            asks("GET", f"/?{HOSTILE}", origin=HOSTILE),
            answers(allow_origin=HOSTILE, expose_headers=HOSTILE, vary=HOSTILE),
        ),
        recording.exchange(preflight(HOSTILE, HOSTILE), answers(204, allow_methods=HOSTILE)),
        recording.exchange(asks("GET"), answers(302, allow_origin="*", location=HOSTILE)),
        recording.exchange(asks("GET"), None, error=HOSTILE),
        recording.exchange(
            asks("GET"),
            answers(allow_origin="*", vary=HOSTILE),
            Touch(HOSTILE, "apply", server_response=answers(allow_origin=HOSTILE)),
        ),
    ]
    for id_ in ids:
        found = read(page_of(recording, id_, is_live=is_live))
        assert found.tags <= ALLOWED_TAGS
        assert found.scripts == []
        assert "<script>" in found.text
        assert not set(found.text) & set("\x1b\u202e")


def test_a_long_value_is_cut_and_says_so() -> None:
    recording = Recording()
    id_ = recording.exchange(asks("GET"), answers(allow_origin="x" * 65_536))
    html = page_of(recording, id_)
    assert "(63,536 more characters)" in html
    assert len(html) < 40_000


def test_without_a_server_nothing_offers_to_ask_it() -> None:
    recording = told()
    for entry in recording.store:
        found = read(page_of(recording, entry.exchange.id, is_live=False))
        assert not found.tags & {"button", "select", "option"}
        assert "look at this one" not in found.text


def test_ids_within_begin_with_the_anchor() -> None:
    recording = told()
    html = page_of(recording, "exchange-10", anchor="e10-")
    assert 'id="e10-step-1"' in html
    assert 'href="#e10-step-' in html
    assert 'id="step-1"' not in html


def test_a_value_that_begins_a_sentence_stays_as_it_was() -> None:
    """An origin with a capital letter would be another one."""
    recording = Recording()
    for origin in ("https://app.example.com", "https://unrelated.test"):
        answer = answers(allow_origin=origin, allow_credentials="true")
        recording.exchange(asks("GET", "/me", (("Cookie", "a=b"),), origin=origin), answer)
    text = read(page_of(recording, "exchange-2")).text
    assert "https://app.example.com is allowed with credentials too" in text
    assert "Https://" not in text
    assert "One did, with status 200." in text


def test_the_shell_names_its_views() -> None:
    html = shell_html([("exchanges", "Exchanges"), ("rules", "Rules")])
    assert 'href="#/rules"' in html
    assert "<script>" not in html
    assert " style=" not in html


# Stories


def story_ids(recording: Recording, id_: str) -> list[str]:
    story = Index(recording.store).story(id_)
    assert story is not None
    return [entry.exchange.id for entry in story.entries]


def test_a_preflight_and_what_it_opened_are_one_story() -> None:
    recording = Recording()
    recording.exchange(asks("GET", "/else"), answers())
    put(recording)
    assert story_ids(recording, "exchange-2") == ["exchange-2", "exchange-3"]
    assert story_ids(recording, "exchange-3") == ["exchange-2", "exchange-3"]
    assert story_ids(recording, "exchange-1") == ["exchange-1"]


def test_the_hops_of_a_redirect_are_one_story() -> None:
    recording = Recording()
    redirected(recording)
    assert story_ids(recording, "exchange-1") == ["exchange-1", "exchange-2"]
    assert story_ids(recording, "exchange-2") == ["exchange-1", "exchange-2"]


def test_what_is_no_longer_kept_is_no_story() -> None:
    assert Index(()).story("gone") is None
    recording = Recording()
    put(recording)
    kept = [entry for entry in recording.store if entry.exchange.kind == "actual"]
    story = Index(kept).story("exchange-2")
    assert story is not None
    assert story.entries == tuple(kept)


# Lines and steps


def test_lines_are_marked_with_the_step_that_read_them() -> None:
    recording = told()
    story = Index(recording.store).story("exchange-10")
    assert story is not None
    (leg,) = legs(story)
    failed = [line.name for line in (*leg.asked, *leg.answered) if line.result == "fail"]
    assert "Access-Control-Allow-Headers" in failed
    for line in (*leg.asked, *leg.answered):
        if line.step is not None:
            step = leg.explained.steps[line.step - 1]
            assert line.name.lower() in {name.lower() for name, _ in step.read}
            assert step.result == line.result


def test_a_header_that_was_looked_for_in_vain_is_there_as_not_sent() -> None:
    recording = Recording()
    id_ = recording.exchange(asks("GET"), answers(vary="Origin"))
    found = read(page_of(recording, id_))
    assert "Access-Control-Allow-Origin" in found.text
    assert "not sent" in found.text


# Parts that are kept


def test_what_is_kept_of_one_exchange_shows_in_no_other() -> None:
    recording = told()
    ids = [entry.exchange.id for entry in recording.store]
    apart = []
    for id_ in ids:
        kept_part.cache_clear()
        apart.append((page_of(recording, id_), page_of(recording, id_, anchor="other-")))
    together = [(page_of(recording, id_), page_of(recording, id_, anchor="other-")) for id_ in ids]
    assert together == apart


def test_what_alike_exchanges_share_is_made_once() -> None:
    recording = Recording()
    ids = [
        recording.exchange(asks("GET", f"/items/{number}"), answers(etag='"1"'))
        for number in range(50)
    ]
    page_of(recording, ids[0])
    before = kept_part.cache_info().misses
    pages = {page_of(recording, id_) for id_ in ids}
    assert len(pages) == len(ids)
    assert kept_part.cache_info().misses == before


def test_of_a_long_exchange_nothing_is_kept() -> None:
    recording = Recording()
    kept_part.cache_clear()
    for headers in ({"vary": "x" * 8_000}, {f"x-{number}": "" for number in range(150)}):
        page_of(
            recording, recording.exchange(asks("GET"), answers(200, allow_origin="*", **headers))
        )
    assert kept_part.cache_info().currsize == 0


# Remedies


@pytest.mark.parametrize("dialect", exportable(), ids=lambda dialect: dialect.name)
def test_each_dialect_has_a_remedy_or_says_why_not(dialect: Dialect) -> None:
    handoff = remedy(exchange_of(told(), "exchange-10"), dialect)
    found = read(handoff_html(handoff))
    if handoff.export is None:
        assert handoff.trouble.rstrip(".").lower() in found.text.lower()
    else:
        assert "https://app.example.com" in found.text.replace("\\", "")  # some write regexes


@pytest.mark.parametrize("mode", ["include", "omit", "unknown"])
def test_where_the_mode_does_not_show_credentials_are_asked_after(mode: Credentials) -> None:
    """Else an answer for everybody else would be refused once more, for its credentials."""
    refused = replace(exchange_of(told(), "exchange-10"), credentials=mode)
    assert refused.judgement.verdict == "blocked"
    found = read(handoff_html(remedy(refused, EXPRESS)))
    assert ("credentials are included didn't show" in found.text) == (mode == "unknown")


def test_what_no_policy_mends_has_no_remedy() -> None:
    recording = told()
    down = next(entry for entry in recording.store if entry.exchange.status is None)
    assert first_remedy(down.exchange) is None
    hop = exchange_of(recording, "exchange-6")
    assert hop.origin == "null"
    assert first_remedy(hop) is None, "to allow null would open it to all"


def test_a_rule_that_is_gone_says_so() -> None:
    nginx = find("nginx")
    assert nginx is not None
    assert 'no rule "gone"' in rule_export((), "gone", nginx).trouble
