"""What do exchanges share that are alike but for their time?

An app asks the same of the same place many times a minute. All that doesn't depend on when it was
asked is made once, for the first such exchange, and shared by those that come after: 15 µs instead
of 300 for judging and writing one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from corscope.fetch.headers import byte_lowercase, contains
from corscope.journal.alike.memo import MOST_KEPT, Memo
from corscope.messages import Response

__all__ = ["Pattern", "depends_on_time", "essence"]


@dataclass(slots=True, eq=False)
class Pattern:
    """What alike exchanges share, and what was made of it once.

    Attributes:
        seen: the `Sighting` of the first, with those values alone that the journal looks at.
        shared: the fields of `Exchange` that are the same for all of them, by name.
        chain: the id of the first exchange of the chain of redirects that led here.
        leads_on: whether the answer is a redirect that the browser follows.
        clears_cache: whether the browser may refuse it, and then clears its preflight cache.
        is_of_any_url: whether nothing of it but the URL itself hangs on the URL.
        length: about how many characters the exchange has.
        is_kept: whether it is short enough that exchanges after it may be known by it.
        settled: what was remembered of the URL, and what had opened the way, when the findings
            were made; while both are so, they hold.
        findings: the findings.
        line: the part of the journal's line that is the same, in ASCII.
        findings_line: the part of it that tells the findings.
        text: the event log's text, where it tells of these findings.
        annotations: what the proxy's own list says of them, by what became of a preflight.
        awaited: what tells the preflight apart at its place; None as long as it isn't known.
        characters: about how much of it comes from the wire.
        mould: the `Mould` that it shares with those of other URLs, if it does with any.
        url: the exchange's URL, as far as it may be kept, where `shared` has another's.
    """

    seen: Any
    shared: Mapping[str, Any]
    chain: str | None
    leads_on: bool
    clears_cache: bool = False
    is_of_any_url: bool = False
    length: int = 0
    is_kept: bool = True
    settled: tuple[object, ...] | None = None
    findings: tuple[Any, ...] = ()
    line: bytes | None = None
    findings_line: str | None = None
    text: str | None = None
    annotations: dict[Any, Any] = field(default_factory=dict)
    awaited: Any = None
    characters: int | None = None
    mould: Any = None
    url: str | None = None

    def get(self, name: str) -> Any:
        """What its exchanges have in the field of this name, one of those that `shared` has."""
        if self.url is not None:
            if name == "url":
                return self.url
            if name == "scene":
                return self.shared[name].at(self.url)
        return self.shared[name]

    def measure(self, length: int) -> None:
        """Take note of the exchange's length."""
        self.length, self.is_kept = length, length <= MOST_KEPT

    def settle(self, on: tuple[object, ...], findings: tuple[Any, ...]) -> None:
        """Keep the findings; what tells of those before doesn't hold any more."""
        self.settled, self.findings = on, findings
        self.findings_line = self.text = None


_READ: Final = frozenset(
    {
        "age",
        "cache-control",
        "cf-cache-status",
        "cf-mitigated",
        "content-type",
        "cross-origin-resource-policy",
        "location",
        "server",
        "timing-allow-origin",
        "vary",
        "x-amzn-waf-action",
        "x-cache",
    }
)
"""The headers of an answer whose values the journal looks at, beside those of the CORS protocol."""

_DATES: Final = frozenset({"expires", "date"})

_WRITTEN: Memo[str, str] = Memo(2_000)
"""Header names as they were written, and in lower case: the same few come with every answer."""


def essence(response: Response) -> Response:
    """The answer with the values that the journal looks at; of other headers the names alone.

    Whatever else an answer says, a date or an id, makes it no other answer. Its date counts where
    another is held against it.
    """
    lower = [_WRITTEN.get(name) or _lower(name) for name, _ in response.headers]
    read = _READ | _DATES if "expires" in lower else _READ
    kept = [
        pair if name in read or name.startswith("access-control-") else (pair[0], "")
        for name, pair in zip(lower, response.headers, strict=True)
    ]
    return Response(response.status, tuple(kept))


def depends_on_time(response: Response | None) -> bool:
    """Whether an answer is good until a moment, so that what is said of it changes with time."""
    return response is not None and contains(response.headers, "Expires")


def _lower(name: str) -> str:
    lower = byte_lowercase(name)
    return _WRITTEN.put(name, lower) if len(name) <= _LONGEST_NAME else lower


_LONGEST_NAME: Final = 100
