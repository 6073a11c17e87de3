"""Which status do the lines beside a message show, and is it a preflight's?

Consoles print a request that failed in a line of its own, panels show its method and status, and so
do the logs of servers and development tools.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

__all__ = ["Answered", "answer_to_options", "shown_answers"]

_STATUS: Final = r"(?P<status>[1-5]\d\d)(?!\d)"
_LINE: Final = re.compile(
    r"\b(?:XHR)?(?P<method>OPTIONS|GET|HEAD|POST|PUT|PATCH|DELETE)[ \t]*+"
    r"(?P<url>https?://\S++|(?<=\s)/\S*+)"
    r'(?:\s++\[?HTTP/[\d.]++"?)?\s++(?:net::ERR_FAILED\s++)?' + _STATUS
)
"""A line of Chromium's or Firefox's console, or of a log."""
_PANEL: Final = re.compile(
    r"(?:Request URL:?\s*+(?P<url>\S++)\s++)?"
    r"Request Method:?\s*+(?P<method>[A-Z]++)\s++Status Code:?\s*+" + _STATUS
)
"""What Chromium's network panel shows of a request's head."""
_EDGE: Final = re.compile(
    rf"HTTP{_STATUS}:[^(]{{0,200}}+\(XHR\)\s*+(?P<method>[A-Z]++)\s*+-\s*+(?P<url>\S++)"
)
"""What Edge and Internet Explorer printed, before Edge was a Chromium."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A request that a line shows, with the status of its answer; a log's URL is a path."""

    method: str
    url: str | None
    status: int

    @property
    def is_of_browser(self) -> bool:
        """Whether a browser shows it, which names the whole URL."""
        return self.url is not None and not self.url.startswith("/")


def shown_answers(text: str) -> Iterator[Answered]:
    """The requests that the lines of a text show with a status."""
    for form in (_LINE, _PANEL, _EDGE):
        for found in form.finditer(text):
            yield Answered(found["method"], found["url"], int(found["status"]))


def answer_to_options(text: str) -> Answered | None:
    """The first that is shown of an OPTIONS request, as a preflight is."""
    return next((each for each in shown_answers(text) if each.method == "OPTIONS"), None)
