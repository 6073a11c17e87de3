"""What does each finding mean?

One entry an id, worded for the log line; {detail} is the finding's own.
"""

from typing import Final

from corscope.explain.escape import escaped
from corscope.journal.cached import FindingId as CacheFindingId
from corscope.journal.exchange import Exchange, Finding
from corscope.journal.findings import LIKELY, MAY, FindingId

__all__ = ["FINDING_WORDS", "finding_text", "remark"]

FINDING_WORDS: Final[dict[str, str]] = {
    FindingId.CHALLENGE_PAGE: "a bot check answered in the server's stead ({detail}); that is no "
    "CORS error",
    FindingId.CAPTIVE_PORTAL: "the network wants a login before it lets anything through; that is "
    "no CORS error",
    FindingId.REDIRECT_TO_LOGIN: "this leads to what looks like a login page, at {detail}: the "
    "session is missing or over; answer such requests with 401 instead",
    FindingId.ORIGIN_NULL_AFTER_REDIRECT: "the redirect from {detail} made the Origin null: fetch "
    "the last URL itself, or let the first one's server ask for it",
    FindingId.REDIRECT_DROPS_AUTHORIZATION: "the redirect from {detail} took the Authorization "
    "off, as every redirect to another origin does",
    FindingId.CREDENTIALS_NOT_SENT: "the request carried neither Cookie nor Authorization, which "
    "the server asks for",
    FindingId.NON_CORS_COPY_MAY_BE_CACHED: "a cache may hold this URL's answer to a request "
    "without Origin, which lacks the CORS headers: send Vary: Origin on those answers too",
    FindingId.NOT_MODIFIED_WITHOUT_CORS_HEADERS: "this 304 has no CORS headers, so the browser "
    "goes by those of its copy",
    FindingId.SHARED_CACHE_FOREIGN_ORIGIN: "a shared cache answered, with what is for {detail}: "
    "send Vary: Origin, and let the cache heed it",
    FindingId.PREFLIGHT_AND_ACTUAL_DISAGREE: "the preflight's answer and this one differ in "
    "{detail}",
    FindingId.ANY_ORIGIN_WITH_CREDENTIALS: "{detail} is allowed with credentials too, so any site "
    "may be: compare the Origin with a list",
    FindingId.VARY_ORIGIN_MISSING: "{detail} got its own Access-Control-Allow-Origin at this URL, "
    "yet Vary: Origin is missing: a cache may mix the answers up",
    FindingId.MIXED_CONTENT: "a https page asks an http host: mixed content, which other browsers "
    "don't even send",
    CacheFindingId.PREFLIGHT_CACHED: "its preflight was {detail}",
    CacheFindingId.STALE_PREFLIGHT: "its preflight is out of date: {detail}",
    CacheFindingId.PREFLIGHT_NOT_SEEN: "it needs a preflight: {detail}",
}
"""The words for each id, where those for its detail aren't in the next table."""

FINDING_WORDS_FOR: Final[dict[tuple[str, str], str]] = {
    (FindingId.CREDENTIALS_NOT_SENT, "omit"): "the server asks for credentials, and the page "
    'didn\'t include any: credentials: "include" sends cookies',
    (FindingId.CREDENTIALS_NOT_SENT, "include"): "the page included credentials, but no cookie "
    "came: there is none, or its SameSite, Secure, Domain or Path keeps it back",
    (FindingId.NON_CORS_COPY_MAY_BE_CACHED, LIKELY): "likely the cached answer to a request "
    "without Origin, such as an image's: send the CORS headers or Vary: Origin on those too",
    (FindingId.ANY_ORIGIN_WITH_CREDENTIALS, "null"): "null is allowed with credentials, and any "
    "site can make its requests come from null",
    (FindingId.VARY_ORIGIN_MISSING, MAY): "if Access-Control-Allow-Origin follows the request's "
    "Origin, Vary: Origin is missing",
}


def finding_text(finding: Finding) -> str | None:
    """A finding in words, values from the wire escaped; None for one that isn't of the table."""
    detail = finding.detail or ""
    words = FINDING_WORDS_FOR.get((finding.id, detail)) or FINDING_WORDS.get(finding.id)
    return words and words.format(detail=escaped(detail))


def remark(exchange: Exchange) -> str | None:
    """The exchange's most telling finding, worded for its line; None where there is none to tell.

    What only may be comes last, and while all goes well it is left to the journal.
    """
    certain = [finding for finding in exchange.findings if finding.detail != MAY]
    goes_well = exchange.judgement.verdict == "allowed"
    told = certain if goes_well else sorted(exchange.findings, key=lambda f: f.detail == MAY)
    return next((words for words in map(finding_text, told) if words), None)
