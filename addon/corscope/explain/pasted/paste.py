"""Which reason does a pasted console message tell of?

The sentences are those of `fetch.console_…`, and some that older browsers printed. A message may be
wrapped, cut off, or have a browser's decorations around it: whole sentences are looked for first,
then a browser's name for a reason, what Firefox leaves untranslated, and runs of three words that
only one of the sentences has. All take time linear in the message's length.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from string import Formatter
from typing import Final
from urllib.parse import unquote_plus

from corscope.explain.articles.catalogue import FINDINGS, ArticleId
from corscope.explain.pasted.asides import (
    ASIDES,
    BAD_PORT,
    ERROR_STATUS,
    FIRST_ASIDES,
    LAST_ASIDES,
    LOGIN,
    OF_NO_CAUSE,
    UNANSWERED,
)
from corscope.explain.pasted.codes import aside_of_code, reasons_of_code
from corscope.explain.pasted.shown import answer_to_options, shown_answers
from corscope.explain.pasted.translated import translated
from corscope.explain.pasted.unsent import unsent
from corscope.fetch.consoles.chromium import CHROMIUM, CHROMIUM_ELSE, CHROMIUM_UNNAMED
from corscope.fetch.consoles.firefox import (
    FIREFOX,
    FIREFOX_ELSE,
    FIREFOX_STATUS,
    FIREFOX_UNNAMED,
)
from corscope.fetch.consoles.scene import PROXY_ERROR_STATUS
from corscope.fetch.consoles.webkit import WEBKIT, WEBKIT_ELSE
from corscope.fetch.diagnose import name_origin_mismatch
from corscope.fetch.headers import byte_lowercase
from corscope.fetch.preflight import is_ok_status, is_redirect_status
from corscope.fetch.reasons import CATALOGUE, Reason, chromium_name, firefox_name
from corscope.journal.remarks.login import leads_to_login

__all__ = ["Found", "found_in", "known_names", "likelier", "named", "named_finding"]

OLDER: Final[tuple[tuple[Reason, str], ...]] = (
    (
        Reason.WILDCARD_WITH_CREDENTIALS,
        "A wildcard '*' cannot be used in the 'Access-Control-Allow-Origin' header when the "
        "credentials flag is true.",
    ),
    (Reason.PREFLIGHT_STATUS, "Response for preflight has invalid HTTP status code"),
    (Reason.PREFLIGHT_STATUS, "CORS preflight channel did not succeed"),
    (Reason.PREFLIGHT_REDIRECT, "Response for preflight is invalid (redirect)"),
    (
        Reason.HEADER_NOT_ALLOWED,
        "missing token '{detail}' in CORS header 'Access-Control-Allow-Headers' from CORS "
        "preflight channel",
    ),
    (
        Reason.ALLOW_CREDENTIALS_NOT_TRUE,
        "Credentials flag is 'true', but the 'Access-Control-Allow-Credentials' header is "
        "'{detail}'. It must be 'true'",
    ),
    (
        Reason.ALLOW_CREDENTIALS_NOT_TRUE,
        "Credentials flag was set to true, but Access-Control-Allow-Credentials was not present or "
        'was not set to "true.',
    ),
    (
        Reason.HEADER_NOT_ALLOWED,
        "Request header {detail} was not present in the Access-Control-Allow-Headers list",
    ),
    (
        Reason.METHOD_NOT_ALLOWED,
        "Request method {detail} was not present in the Access-Control-Allow-Methods list",
    ),
    (Reason.PREFLIGHT_REDIRECT, "Redirects are not allowed for CORS preflight requests"),
    (
        Reason.ALLOW_ORIGIN_REPEATED,
        "Multiple Access-Control-Allow-Origin headers are not allowed for CORS response",
    ),
)
"""What earlier versions of Chromium, Firefox and Edge printed; the web is full of it."""

OF_ORIGIN: Final = (
    "Origin {origin} not found in Access-Control-Allow-Origin header",
    "The origin '{origin}' did not find '{again}' in the Access-Control-Allow-Origin response "
    "header",
)
"""What Edge printed of an origin that isn't allowed, before it was a Chromium."""

_OF_NO_ANSWER: Final = "(Reason: CORS request failed)"
"""What Firefox once printed where it prints today that the request did not succeed."""

ISSUES: Final[dict[str, tuple[str, ...]]] = {
    "Ensure CORS response header values are valid": (
        *("MissingAllowOriginHeader", "MultipleAllowOriginValues", "InvalidAllowOriginValue"),
        *("InvalidAllowMethodsPreflightResponse", "InvalidAllowHeadersPreflightResponse"),
    ),
    "Ensure credentialed requests are not sent to CORS resources with origin wildcards": (
        "WildcardOriginNotAllowed",
    ),
    "Ensure preflight responses are valid": (
        "PreflightInvalidStatus",
        "PreflightDisallowedRedirect",
    ),
    "Ensure CORS requesting origin matches resource's allowed origin": ("AllowOriginMismatch",),
    "Ensure CORS requests include credentials only when allowed": ("InvalidAllowCredentials",),
    "Ensure CORS request uses allowed method": ("MethodDisallowedByPreflightResponse",),
    "Ensure CORS request includes only allowed headers": ("HeaderDisallowedByPreflightResponse",),
    "Ensure CORS requests aren't redirected to URLs containing credentials": (
        "RedirectContainsCredentials",
    ),
}
"""The titles that Chromium's issues panel has, with the names of the protocol that they are for."""

BLOCKED: Final[tuple[tuple[Reason, str], ...]] = (
    (Reason.MIXED_CONTENT, "blocked:mixed-content"),
    (Reason.CROSS_ORIGIN_RESOURCE_POLICY, "blocked:NotSameOrigin"),
    (Reason.CROSS_ORIGIN_RESOURCE_POLICY, "blocked:NotSameSite"),
    (
        Reason.CROSS_ORIGIN_EMBEDDER_POLICY,
        "blocked:NotSameOriginAfterDefaultedToSameOriginByCoep",
    ),
    (
        Reason.DOCUMENT_ISOLATION_POLICY,
        "blocked:NotSameOriginAfterDefaultedToSameOriginByDip",
    ),
    (
        Reason.CROSS_ORIGIN_EMBEDDER_POLICY,
        "blocked:NotSameOriginAfterDefaultedToSameOriginByCoepAndDip",
    ),
    (Reason.CLIENT_GONE, "NS_BINDING_ABORTED"),
)
"""What the network panels of Chromium and Firefox show, and no console."""

PANEL: Final[dict[str, str]] = {
    "CORS Failed": "CORSDidNotSucceed",
    "CORS Not HTTP": "CORSRequestNotHttp",
    "CORS Multiple Origin Not Allowed": "CORSMultipleAllowOriginNotAllowed",
    "CORS Missing Allow Origin": "CORSMissingAllowOrigin",
    "CORS No Allow Credentials": "CORSNotSupportingCredentials",
    "CORS Allow Origin Not Matching Origin": "CORSAllowOriginNotMatchingOrigin",
    "CORS Missing Allow Credentials": "CORSMissingAllowCredentials",
    "CORS External Redirect Not Allowed": "CORSExternalRedirectNotAllowed",
    "CORS Preflight Did Not Succeed": "CORSPreflightDidNotSucceed",
    "CORS Invalid Allow Method": "CORSInvalidAllowMethod",
    "CORS Method Not Found": "CORSMethodNotFound",
    "CORS Invalid Allow Header": "CORSInvalidAllowHeader",
    "CORS Missing Allow Header": "CORSMissingAllowHeaderFromPreflight",
}
"""What Firefox's network panel shows, by the category of the console's message."""

_AROUND: Final = (
    "from origin '{origin}' has been blocked by CORS policy",
    "Origin '{origin}' is therefore not allowed access",
    "at '{url}' from origin",
    "at '{url}' (redirected from '{first_url}') from origin",
    "Redirect from '{first_url}' to '{url}' has been blocked by CORS policy",
    "reading the remote resource at {url}. (Reason:",
)
"""What stands around a sentence and has values of its own, in Chromium, an old one, and Firefox."""
_LOADED: Final = re.compile(r"\b(?:cannot|Failed to) load (?P<url>https?://\S+?)[.:]?(?:\s|$)")
"""How old Chromiums began, and WebKit ends."""
_FOLLOW_UP: Final = FIREFOX["CORSDidNotSucceed"]


@dataclass(frozen=True, slots=True)
class Found:
    """What a message tells of: the reasons that it may have, or an aside; or both.

    An aside beside reasons is likelier than any of them. `values` are those of a whole sentence's
    placeholders, `detail` and `status`, and what stands around one: `origin`, `url`, in
    `first_url` what that was redirected from, and as `kind` whether it tells of a preflight. What
    `is_translated` is in another language than English, and found by what stays the same.
    """

    reasons: tuple[Reason, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    aside: str | None = None
    is_translated: bool = False


def named(name: str) -> tuple[Reason, ...]:
    """The reasons that have this id or browser's name, in any case; Firefox may add a digit."""
    wanted = byte_lowercase(name.strip())
    spelled = known_names()
    known = spelled.get(wanted) or spelled.get(wanted.rstrip("0123456789"))
    return tuple(reason for reason in Reason if known in _names(reason))


def known_names() -> Mapping[str, str]:
    """All ids and names that are found: as they are spelled, by their lower case."""
    names = {byte_lowercase(name): name for reason in Reason for name in _names(reason)}
    return {id_: id_ for id_ in FINDINGS} | names


def likelier(reasons: Collection[str]) -> str | None:
    """What is likelier than all of these reasons, where a browser has one name for them."""
    return UNANSWERED if set(named("CORSDidNotSucceed")) <= set(reasons) else None


def named_finding(name: str) -> ArticleId | None:
    """The finding that has this id, in any case."""
    found = FINDINGS.get(byte_lowercase(name.strip()))
    return found.id if found else None


def _names(reason: Reason) -> tuple[str, ...]:
    chromium = chromium_name(reason, "actual"), chromium_name(reason, "preflight")
    return tuple(name for name in (reason, *chromium, firefox_name(reason)) if name)


def found_in(message: str) -> Found | None:
    """Find what a pasted message tells of; None where nothing is known of it."""
    text = _Text(message)
    first = (aside for template, aside in FIRST_ASIDES.items() if text.find(template))
    if (aside := next(first, None)) is not None:
        return Found(aside=aside)
    whole = [
        (place, template) for template in _sentences() if (place := text.find(template)) is not None
    ]
    unasked = unsent(text.located)
    if unasked is not None and all(unasked[0] <= place.start for place, _ in whole):
        return Found(aside=unasked[1])
    if not whole:
        return _found_otherwise(message, text)
    # What comes first names the cause; of two that begin alike, one is part of the other.
    place, template = min(
        whole, key=lambda each: (each[1] == _FOLLOW_UP, each[0].start, -len(each[1]))
    )
    values = {**text.around(), **place.values, **text.kind(place.start)}
    values |= text.status(values)
    reasons = _narrowed(_sentences()[template], values)
    return Found(reasons, values, _likelier_of(reasons, values))


def _likelier_of(reasons: tuple[Reason, ...], values: Mapping[str, str]) -> str | None:
    """What is likelier than these reasons, by what the message tells besides."""
    if reasons == (Reason.REDIRECT_BAD_PORT,):
        return BAD_PORT
    if leads_to_login(values.get("first_url", ""), values.get("url", "")):
        return LOGIN
    return likelier(reasons)


def _found_otherwise(message: str, text: "_Text") -> Found | None:
    """The same where no sentence of a reason is in it as a whole."""
    reasons = reasons_of_code(text.plain) or _named_within(text.plain)
    if reasons is not None:
        return Found(reasons, text.around(), aside=likelier(reasons))
    if (aside := aside_of_code(text.plain)) is not None:
        return Found(aside=aside)
    asides = (aside for template, aside in ASIDES.items() if text.find(template))
    aside = next(asides, None)
    if aside in {None, *OF_NO_CAUSE} and (refused := _found_refused(text.plain)) is not None:
        return refused
    if aside is not None:
        return Found(aside=aside)
    return _found_translated(message) or _found_in_part(text) or _found_last(text)


def _found_last(text: "_Text") -> Found | None:
    """What stands around a message that tells more, where none does."""
    told = [aside for template, aside in LAST_ASIDES.items() if text.find(template)]
    if any(each.status >= 400 and each.is_of_browser for each in shown_answers(text.plain)):
        told.append(ERROR_STATUS)
    return Found(aside=told[0]) if told else None


def _found_refused(text: str) -> Found | None:
    """What a line tells that shows no more than a preflight's status."""
    answered = answer_to_options(text)
    if answered is None or is_ok_status(answered.status):
        return None
    is_redirect = is_redirect_status(answered.status)
    reason = Reason.PREFLIGHT_REDIRECT if is_redirect else Reason.PREFLIGHT_STATUS
    values = {"kind": "preflight", "status": str(answered.status)}
    if answered.url is not None and answered.is_of_browser:
        values["url"] = answered.url
    return Found((reason,), values)


_NAME: Final = re.compile(r"[A-Z][A-Za-z]{11,}[0-9]?")
"""How the browsers' own names look: in the address of a documentation's page, or in JSON."""


def _named_within(text: str) -> tuple[Reason, ...] | None:
    """What the first name stands for that a browser has for a reason."""
    found = (named(each[0]) for each in _NAME.finditer(text))
    return next(filter(None, found), None)


def _found_translated(message: str) -> Found | None:
    told = translated(message)
    if told is None:
        return None
    category, value = told
    reasons = tuple(reason for reason in Reason if reason in _of_category(category))
    placeholder = "status" if FIREFOX_STATUS.get(category) == "{status}" else "detail"
    is_valued = value or category == "CORSAllowOriginNotMatchingOrigin"
    values = {placeholder: value} if is_valued else {}
    return Found(_narrowed(reasons, values), values, likelier(reasons), is_translated=True)


def _of_category(category: str) -> frozenset[Reason]:
    """All reasons that Firefox may mean by it."""
    return frozenset(_sentences()[FIREFOX[category]])


@cache
def _sentences() -> Mapping[str, tuple[Reason, ...]]:
    """The reasons that each sentence stands for."""
    told = [*CHROMIUM_UNNAMED.items(), *CHROMIUM_ELSE, *FIREFOX_UNNAMED.items()]
    told += [*WEBKIT.items(), *WEBKIT_ELSE, *OLDER, *BLOCKED]
    unequal = Reason.ALLOW_ORIGIN_MISSING, *named("CORSAllowOriginNotMatchingOrigin")
    told += [(reason, said) for said in OF_ORIGIN for reason in unequal]
    told += [(each, title) for title, of in ISSUES.items() for name in of for each in named(name)]
    told += [(each, _OF_NO_ANSWER) for each in named("CORSDidNotSucceed")]
    shown = {category: text for text, category in PANEL.items()}
    for reason, entry in CATALOGUE.items():
        told += [(reason, CHROMIUM[entry.chromium])] if entry.chromium else []
        told += [(reason, FIREFOX[entry.firefox])] if entry.firefox else []
        told += [(reason, shown[entry.firefox])] if entry.firefox in shown else []
    told += [(reason, FIREFOX[category]) for reason, category in FIREFOX_ELSE]
    told += [(reason, shown[category]) for reason, category in FIREFOX_ELSE]
    sentences: defaultdict[str, set[Reason]] = defaultdict(set)
    for reason, template in told:
        sentences[_core(template)].add(reason)
    return {
        template: tuple(reason for reason in Reason if reason in reasons)
        for template, reasons in sentences.items()
    }


def _core(template: str) -> str:
    """A sentence without what stands around it, and what gets lost where people copy it."""
    core = template.removeprefix("Failed to load resource: ").removeprefix("The ")
    core = core.removesuffix(" Status code: {status}")
    return core if core.endswith("}.") else core.removesuffix(".")


def _narrowed(reasons: tuple[Reason, ...], values: Mapping[str, str]) -> tuple[Reason, ...]:
    """Leave those out that the values in the sentence rule out."""
    kept = set(reasons)
    status = int(values.get("status", PROXY_ERROR_STATUS))
    if status != PROXY_ERROR_STATUS:
        kept.discard(Reason.NO_RESPONSE)
    if "status" in values and not is_redirect_status(status):
        kept.discard(Reason.PREFLIGHT_REDIRECT)
    if Reason.ALLOW_ORIGIN_MISMATCH in kept and "detail" in values:
        kept &= _named_by_value(values["detail"])
    return tuple(reason for reason in reasons if reason in kept) or reasons


def _named_by_value(allow_origin: str) -> set[Reason]:
    """What an Access-Control-Allow-Origin may be called, as far as a message still shows it.

    Lines that came apart are together by then, and bytes that are no ASCII have been changed.
    """
    lines = (("Access-Control-Allow-Origin", allow_origin),)
    found = {name_origin_mismatch(allow_origin, lines).reason}
    if ", " in allow_origin:
        found.add(Reason.ALLOW_ORIGIN_REPEATED)
    elif not allow_origin.isascii():
        found |= {Reason.ALLOW_ORIGIN_INVALID, Reason.ALLOW_ORIGIN_MISMATCH}
    return found


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a sentence stands in a text, and what its placeholders are there."""

    start: int
    values: Mapping[str, str]


_STRAIGHT: Final = str.maketrans("\u2018\u2019\u201c\u201d`", "''\"\"'")
_DRESSED: Final = re.compile(
    r"\x1b\[[0-9;]*m|\\u(?:20(?:18|19|1[cCdD])|002[27])|\\\"|&(?:#39|#x27|apos|lsquo|rsquo|quot);",
    re.ASCII,
)
"""Colours of a terminal, and quotes as JSON and HTML write them."""
_OF_QUERY: Final = re.compile(r"\S*%[0-9A-Fa-f]{2}\S*")
"""How a message stands in an address or a log of such: without a space."""
_STATUS: Final = re.compile(r"statuscode:?(\d{3})(?!\d)")
_OF_PREFLIGHT: Final = "responsetopreflightrequestdoesn'tpassaccesscontrolcheck:"
"""What Chromium says before the sentence, squeezed."""


class _Text:
    """A message, in which sentences are found whatever its white space, case and quotes are."""

    def __init__(self, message: str) -> None:
        if _OF_QUERY.fullmatch(message.strip()):
            message = unquote_plus(message)
        self.plain = _DRESSED.sub(_undressed, message).translate(_STRAIGHT)
        self._places = [at for at, char in enumerate(self.plain) if not char.isspace()]
        self._squeezed = byte_lowercase("".join(self.plain[at] for at in self._places))

    def find(self, template: str) -> _Place | None:
        """Find a sentence by its longest part, and each way from there the nearest of others."""
        literals, names = _parts(template)
        longest = max(range(len(literals)), key=lambda index: len(literals[index]))
        starts = {longest: self._squeezed.find(literals[longest])}
        for index in range(longest - 1, -1, -1):
            starts[index] = self._squeezed.rfind(literals[index], 0, max(starts[index + 1], 0))
        for index in range(longest + 1, len(literals)):
            end = starts[index - 1] + len(literals[index - 1])
            starts[index] = self._squeezed.find(literals[index], end)
        if min(starts.values()) < 0:
            return None
        values = {
            name: self._between(starts[index] + len(literals[index]), starts.get(index + 1))
            for index, name in enumerate(names)
        }
        return _Place(starts[0], values)

    def located(self, template: str) -> tuple[int, Mapping[str, str]] | None:
        """Where a sentence begins, and its placeholders' values; None where it isn't there."""
        place = self.find(template)
        return None if place is None else (place.start, place.values)

    def around(self) -> Mapping[str, str]:
        """Origin and URLs, as far as the message names them; a line's end may part a URL."""
        loaded = _LOADED.search(self.plain)
        values = {} if loaded is None else {"url": loaded["url"]}
        for place in filter(None, map(self.find, _AROUND)):
            values |= {name: "".join(value.split()) for name, value in place.values.items()}
        return values

    def kind(self, start: int) -> Mapping[str, str]:
        """That it is of a preflight, where that stands before the sentence that starts here."""
        before = self._squeezed[max(start - len(_OF_PREFLIGHT) - len("the"), 0) : start]
        is_of_preflight = before.removesuffix("the").endswith(_OF_PREFLIGHT)
        return {"kind": "preflight"} if is_of_preflight else {}

    def status(self, known: Mapping[str, str]) -> Mapping[str, str]:
        """The status code that the message names, or a line beside it of the same request."""
        found = _STATUS.search(self._squeezed)
        if found is not None:
            return {"status": found[1]}
        is_of_preflight = known.get("kind") == "preflight"
        shown = (
            str(each.status)
            for each in shown_answers(self.plain)
            if (each.method == "OPTIONS") == is_of_preflight
            and ("url" not in known or each.url == known["url"])
        )
        return {"status": status} if (status := next(shown, None)) else {}

    def _between(self, start: int, end: int | None) -> str:
        """A placeholder's value; what ends the sentence ends with its line."""
        if start == end or start == len(self._places):
            return ""
        stop = self._places[end - 1] + 1 if end is not None else None
        lines = self.plain[self._places[start] : stop].splitlines()
        return lines[0].strip() if end is None else " ".join(map(str.strip, lines))


def _undressed(found: re.Match[str]) -> str:
    text = found[0].lower()
    if text.startswith("\x1b"):
        return ""
    return '"' if text in {'\\"', "&quot;", "\\u0022", "\\u201c", "\\u201d"} else "'"


@cache
def _parts(template: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """A template's literal parts, squeezed, and the placeholders that follow each."""
    parsed = list(Formatter().parse(template.translate(_STRAIGHT)))
    literals = tuple(byte_lowercase("".join(literal.split())) for literal, *_ in parsed)
    return literals, tuple(name for _, name, *_ in parsed if name is not None)


# A message that is cut off

_WORD: Final = re.compile(r"[\w*:-]+")

_EVERYDAY: Final = frozenset(
    {
        *("a", "and", "are", "at", "be", "because", "been", "but", "by", "can", "did", "do"),
        *("does", "according", "blocked", "content", "equal", "find", "load", "loaded", "local"),
        *("due", "for", "from", "has", "have", "if", "in", "is", "it", "its", "must", "not", "of"),
        *("on", "one", "only", "or", "than", "that", "the", "this", "to", "was", "when", "which"),
        *("with", "more", "page", "request", "requested", "requests", "resource", "see", "served"),
        *("supported", "upgraded", "use", "used", "value", "violates"),
    }
)
"""Words that tell nothing of CORS, not even three of them in a row."""

Run = tuple[str, str, str]


def _found_in_part(text: _Text) -> Found | None:
    """Find the reasons that most runs of words hint at, one of them at nothing else."""
    hints: defaultdict[tuple[Reason, ...], float] = defaultdict(float)
    for run in set(_runs(text.plain)):
        hinted = _reasons_of_runs().get(run, frozenset())
        for reasons in hinted:
            hints[reasons] += 1 / len(hinted)
    most = max(hints.values(), default=0)
    if most < 1:
        return None
    likely = {reason for reasons, hint in hints.items() if hint == most for reason in reasons}
    in_order = tuple(reason for reason in Reason if reason in likely)
    values = dict(text.around())
    values |= text.status(values)
    return Found(_narrowed(in_order, values), values)


@cache
def _reasons_of_runs() -> Mapping[Run, frozenset[tuple[Reason, ...]]]:
    """What the sentences stand for in which each run of words stands."""
    found: defaultdict[Run, set[tuple[Reason, ...]]] = defaultdict(set)
    for template, reasons in _sentences().items():
        for literal, *_ in Formatter().parse(template):
            for run in _runs(literal):
                if not _EVERYDAY.issuperset(run):
                    found[run].add(reasons)
    return {run: frozenset(each) for run, each in found.items()}


def _runs(text: str) -> Iterator[Run]:
    words = _WORD.findall(byte_lowercase(text))
    return zip(words, words[1:], words[2:], strict=False)
