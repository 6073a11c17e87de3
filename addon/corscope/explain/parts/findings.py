"""How is a finding told, and which one stands in an exchange's line?"""

from corscope.explain.articles.catalogue import FINDINGS
from corscope.explain.escape import escaped
from corscope.explain.parts.words import Words
from corscope.journal.exchange import Exchange, Finding
from corscope.journal.remarks.findings import MAY

__all__ = ["finding_text", "finding_words", "remark"]


def finding_words(finding: Finding) -> Words | None:
    """A finding's clause and its fix, values from the wire escaped; None for an unknown one."""
    article = FINDINGS.get(finding.id)
    if article is None:
        return None
    detail = finding.detail or ""
    what, fix = article.variants.get(detail, (article.what, None))
    return Words(what.format(detail=escaped(detail)), fix or article.fix)


def finding_text(finding: Finding) -> str | None:
    """A finding in a clause, with what to do where few words say that; None for an unknown one."""
    words = finding_words(finding)
    if words is None:
        return None
    if not FINDINGS[finding.id].says_fix:
        return words.what
    return f"{words.what}: {words.fix.removesuffix('.')}"


def remark(exchange: Exchange) -> str | None:
    """The exchange's most telling finding, worded for its line; None where there is none to tell.

    What only may be comes last, and while all goes well it is left to the journal.
    """
    certain = [finding for finding in exchange.findings if finding.detail != MAY]
    goes_well = exchange.judgement.verdict == "allowed"
    told = certain if goes_well else sorted(exchange.findings, key=lambda f: f.detail == MAY)
    return next((words for words in map(finding_text, told) if words), None)
