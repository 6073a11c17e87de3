"""Everything said of a reason or a finding stands in one article, and in its page."""

from __future__ import annotations

import importlib
import pkgutil
import re
import string
from enum import StrEnum
from pathlib import Path

import pytest

import corscope
from corscope.explain.articles.article import Article, TogetherId
from corscope.explain.articles.catalogue import FINDINGS, REASONS, article
from corscope.explain.articles.pages import reason_pages
from corscope.fetch.embedder_policy import EmbedderPolicy
from corscope.fetch.engines import Departure, Engine
from corscope.fetch.isolation_policy import IsolationPolicy
from corscope.fetch.reasons import CATALOGUE, Reason
from corscope.fetch.safelist import UnsafeRule
from corscope.journal.caches.cached import FindingId as CacheFindingId
from corscope.journal.remarks.findings import FindingId

ROOT = Path(__file__).parents[2]
ARTICLES = [*REASONS.values(), *FINDINGS.values()]
every_article = pytest.mark.parametrize("told", ARTICLES, ids=lambda told: str(told.id))


def test_every_reason_and_every_finding_has_its_article_in_the_order_of_the_lists() -> None:
    assert list(REASONS) == list(Reason)
    assert list(FINDINGS) == [*FindingId, *CacheFindingId, *TogetherId]
    assert article(Reason.MIXED_CONTENT) is not article(FindingId.MIXED_CONTENT)


LISTED = {
    Departure: "docs/agreement.md",
    UnsafeRule: "docs/journal.md",
    Engine: "docs/journal.md",
    EmbedderPolicy: "docs/journal.md",
    IsolationPolicy: "docs/journal.md",
}
"""The documents that have a line on each of these, which are no article's."""


def test_every_id_that_is_shown_has_its_article_or_its_line() -> None:
    """All that are shown are members of such an enum, so that none can be made up in passing."""
    for module in pkgutil.walk_packages(corscope.__path__, "corscope."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    with_articles = {id_ for each in ARTICLES for id_ in type(each.id)}
    assert {each.id for each in ARTICLES} == with_articles
    for ids in StrEnum.__subclasses__():
        if not ids.__module__.startswith("corscope.") or {*ids} <= with_articles:
            continue
        text = (ROOT / LISTED[ids]).read_text("utf-8")
        assert [id_ for id_ in ids if not re.search(f'[`"|] ?{id_} ?[`"|]', text)] == []


@pytest.mark.parametrize("reason", Reason)
def test_a_reasons_article_names_the_section_that_decides_it(reason: Reason) -> None:
    assert REASONS[reason].section == CATALOGUE[reason].section


@every_article
def test_the_words_are_clauses_and_sentences(told: Article) -> None:
    fixes = [told.fix, *(fix for _, fix in told.variants.values() if fix)]
    for what in (told.what, *(what for what, _ in told.variants.values())):
        assert what
        assert not what.endswith(".")
    for sentence in (*fixes, told.standard, *filter(None, [told.harmless])):
        assert sentence.endswith(".")
    assert not told.title.endswith(".")
    assert len(told.title) < 70


@every_article
def test_the_words_ask_only_for_what_an_exchange_has(told: Article) -> None:
    texts = (told.what, told.fix, *told.looks, *(what for what, _ in told.variants.values()))
    asked = {field for text in texts for _, field, _, _ in string.Formatter().parse(text) if field}
    has = {"origin", "method", "headers", "status", "detail", "error"}
    assert asked <= (has if isinstance(told.id, Reason) else {"detail", "origin"})
    assert "{detail}" not in told.what or told.example or told.id == "allow-credentials-not-true"


@every_article
def test_the_neighbours_are_others(told: Article) -> None:
    assert told.see
    assert told not in [article(id_) for id_ in told.see]
    assert len(set(told.see)) == len(told.see)


def test_the_pages_are_up_to_date() -> None:
    folder = ROOT / "docs" / "reasons"
    written = {page.name: page.read_text("utf-8") for page in folder.glob("*.md")}
    assert written == dict(reason_pages()), "run `make reasons`"


@pytest.mark.parametrize("name", [*(f"{each.id}.md" for each in ARTICLES), "README.md"])
def test_a_page_has_its_parts_and_no_open_end(name: str) -> None:
    text = reason_pages()[name]
    titles = re.findall(r"^## (.+)$", text, re.M)
    assert "../cors.md" in text
    assert text.count("```") % 2 == 0
    if name == "README.md":
        return
    assert titles[:4] == [
        "What happened",
        "What the standard says",
        "How to fix it",
        "How to see it",
    ]
    assert "See also" in titles
    for link in re.findall(r"\]\(([a-z0-9-]+\.md)\)", text):
        assert link in reason_pages()


def test_where_a_policy_mends_it_the_page_has_it_for_three_servers() -> None:
    page = reason_pages()["header-not-allowed.md"]
    assert 'allowedHeaders: ["authorization", "content-type"]' in page
    assert 'add_header Access-Control-Allow-Headers "authorization, content-type"' in page
    assert 'allow_headers=["authorization", "content-type"]' in page


def test_a_reason_and_a_finding_of_one_name_share_a_page() -> None:
    page = reason_pages()["mixed-content.md"]
    assert article(Reason.MIXED_CONTENT).title in page
    assert article(FindingId.MIXED_CONTENT).title in page
