"""Which article is there on a reason or a finding? On each of them, exactly one."""

from collections.abc import Mapping
from typing import Final

from corscope.explain.articles.article import Article, ArticleId
from corscope.explain.articles.besides import OTHER_ARTICLES
from corscope.explain.articles.check import CHECK_ARTICLES
from corscope.explain.articles.findings import FINDING_ARTICLES
from corscope.explain.articles.preflight import PREFLIGHT_ARTICLES
from corscope.explain.articles.redirect import REDIRECT_ARTICLES
from corscope.fetch.reasons import Reason

__all__ = ["FINDINGS", "REASONS", "Article", "ArticleId", "article"]

REASONS: Final[Mapping[str, Article]] = {
    each.id: each
    for each in (*CHECK_ARTICLES, *PREFLIGHT_ARTICLES, *REDIRECT_ARTICLES, *OTHER_ARTICLES)
}
"""The articles on reasons, by id."""

FINDINGS: Final[Mapping[str, Article]] = {each.id: each for each in FINDING_ARTICLES}
"""The articles on findings, by id; one of them is also the id of a reason."""


def article(id_: ArticleId) -> Article:
    """What there is to say of a reason or a finding."""
    return REASONS[id_] if isinstance(id_, Reason) else FINDINGS[id_]
