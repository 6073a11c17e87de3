"""What is said of a reason or a finding, whoever says it?

The line in the log, the content view, the page, the report, `corscope why` and `docs/reasons/` all
take their words from the same article. In `what`, `fix` and `looks` stand placeholders for an
exchange's own values: {origin} {method} {headers} {status} {detail} {error}.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from corscope.fetch.reasons import CATALOGUE, Reason, chromium_name, firefox_name
from corscope.journal.caches.cached import FindingId as CacheFindingId
from corscope.journal.remarks.findings import FindingId
from corscope.servers.policy import Policy

__all__ = ["APP", "OTHER_APP", "Article", "ArticleId", "TogetherId"]


class TogetherId(StrEnum):
    """Every remark's id that no single exchange shows, only several of an endpoint together."""

    ERRORS_WITHOUT_CORS_HEADERS = "errors-without-cors-headers"


ArticleId = Reason | FindingId | CacheFindingId | TogetherId
"""What an article is about. Other ids stand in a list with a line each, which says enough: the
warnings of rule files in docs/rules.md, engines' departures in docs/agreement.md, and why a
preflight came in docs/journal.md."""

APP: Final = "https://app.example"
"""The page's origin in examples."""
OTHER_APP: Final = "https://www.example"
"""Another page's origin in examples."""


@dataclass(frozen=True, slots=True)
class Article:
    """All that is said of one reason or finding.

    Attributes:
        id: what it is about.
        title: it in a few words.
        what: what happened, in a clause.
        standard: what the standard says, in sentences.
        section: where the standard says it.
        fix: how it is mended, in a sentence that begins small.
        looks: the header lines that show it, `>` before a request's and `<` before a response's.
        harmless: when it may be left alone; None where never.
        see: the ids of neighbouring articles.
        example: a value that the detail may have; None where it has none.
        policy: a small policy that mends it, for servers' own configuration; None where none does.
        says_fix: whether a finding's line in the log has its fix too.
        variants: other clauses and fixes of a finding, by its detail.
    """

    id: ArticleId
    title: str
    what: str
    standard: str
    section: str
    fix: str
    looks: tuple[str, ...]
    harmless: str | None = None
    see: tuple[ArticleId, ...] = ()
    example: str | None = None
    policy: Policy | None = None
    says_fix: bool = False
    variants: Mapping[str, tuple[str, str | None]] = field(default_factory=dict)

    @property
    def chromium(self) -> tuple[str, ...]:
        """Chromium's names for the reason, on an actual response and on a preflight's."""
        if not isinstance(self.id, Reason):
            return ()
        found = (chromium_name(self.id, "actual"), chromium_name(self.id, "preflight"))
        return tuple(dict.fromkeys(filter(None, found)))

    @property
    def firefox(self) -> str | None:
        """Firefox's category for the reason."""
        return firefox_name(self.id) if isinstance(self.id, Reason) else None

    @property
    def of_preflights(self) -> bool:
        """Whether only a preflight can fail so."""
        of_preflight = CATALOGUE[Reason.PREFLIGHT_STATUS].section
        return isinstance(self.id, Reason) and CATALOGUE[self.id].section == of_preflight
