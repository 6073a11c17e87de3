"""Which page asks for what a style sheet embeds? Chromium and Firefox name the sheet as Referer.

Where a sheet comes from elsewhere, its origin isn't the page's. That a page has loaded one from
there shows; unless that origin has pages of its own, or several pages have, it is that page.
"""

from dataclasses import dataclass, field
from typing import Final

from corscope.journal.alike.memo import MOST_CHARACTERS, keep

__all__ = ["Sheets"]

MAX_ORIGINS: Final = 1_000

_EMBEDDED: Final = frozenset({"image", "style"})
"""What a sheet asks for without CORS."""


@dataclass(slots=True)
class Sheets:
    """The page that has loaded a style sheet, by client and the sheet's origin; bounded.

    None where several have.
    """

    pages: dict[tuple[str, str], str | None] = field(default_factory=dict)

    def note(self, client: str, page: str, sheet: str) -> bool:
        """Take note of a sheet's origin that a page loads one from; tells whether that is new."""
        place = client, sheet
        if page == sheet or len(client) + len(page) + len(sheet) > MOST_CHARACTERS:
            return False
        if place not in self.pages:
            keep(self.pages, place, page, MAX_ORIGINS)
        elif self.pages[place] in {None, page}:
            return False
        else:
            self.pages[place] = None
        return True

    def page(self, client: str, referrer: str, destination: str | None) -> str:
        """The page that asks, by the origin of the Referer and what the answer is for."""
        if not self.pages or destination not in _EMBEDDED:
            return referrer
        return self.pages.get((client, referrer)) or referrer
