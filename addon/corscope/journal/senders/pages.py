"""Which page asks for what is no CORS exchange, and which policies has any that asks?

Only what a page has loaded before tells: its document, and its style sheets.
"""

from dataclasses import dataclass, field, replace

from corscope.fetch.headers import get
from corscope.fetch.origin import origin_of_url
from corscope.fetch.policy_container import NO_POLICIES
from corscope.journal.reading import Plain, Reading
from corscope.journal.remarks.memory import PlainRequest
from corscope.journal.senders.documents import DocumentRequest, Documents
from corscope.journal.senders.sheets import Sheets
from corscope.messages import Request, Response

__all__ = ["Pages"]


@dataclass(slots=True)
class Pages:
    """What is known of the pages; whatever tells that more is known asks for requests read anew."""

    documents: Documents = field(default_factory=Documents)
    sheets: Sheets = field(default_factory=Sheets)

    def opened(self, asked: DocumentRequest | None, response: Response | None) -> bool:
        """Take note of a document; tells whether more is known now."""
        return asked is not None and response is not None and self.documents.note(asked, response)

    def asks(
        self, client: str, request: Request, reading: Reading | Plain
    ) -> tuple[Reading | Plain, bool]:
        """A request as its page asks it; and whether more is known now."""
        told = False
        if isinstance(reading, Plain):
            reading, told = self._named(client, reading)
        elif reading.anywhere.destination == "style":
            told = self._note_sheet(client, request, str(reading.anywhere.page))
        policies = self.documents.policies(client, reading.page)
        return reading if policies == NO_POLICIES else reading.under(policies), told

    def _named(self, client: str, reading: Plain) -> tuple[Plain, bool]:
        """Where the Referer is a style sheet from elsewhere, it is that sheet's page that asks."""
        asked = reading.of
        if not isinstance(asked, PlainRequest):
            return reading, False
        page, destination = asked.page, get(asked.request.headers, "Sec-Fetch-Dest")
        if (client, page) not in self.documents.places:
            page = self.sheets.page(client, page, destination)
        told = destination == "style" and self._note_sheet(client, asked.request, page)
        if page == asked.page:
            return reading, told
        is_own = page == str(origin_of_url(asked.url))
        return Plain(None if is_own else replace(asked, page=page)), told

    def _note_sheet(self, client: str, request: Request, page: str) -> bool:
        return self.sheets.note(client, page, str(origin_of_url(request.url)))
