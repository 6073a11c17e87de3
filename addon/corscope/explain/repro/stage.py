"""Where on one machine is each origin played? At a port of its own, which stands for it."""

import re
from dataclasses import dataclass, field
from typing import Final

from corscope.explain.repro.story import ReproError
from corscope.fetch.origin import TupleOrigin, origin_of_url
from corscope.journal.senders.sites import are_cross_site

__all__ = ["Place", "Stage", "Text", "path_of"]


@dataclass(frozen=True, slots=True)
class Place:
    """A port on this machine, and the origin that it stands for."""

    name: str
    host: str
    origin: str


Text = tuple[str | Place, ...]
"""A value with places' origins in it, which are only known when the ports are."""


_ORIGIN_BEGINS: Final = r"(?<![A-Za-z0-9+.-])(?<![^ -~\u2018\u201c])"
"""Before a place's origin is no character of a name, and none that a console would escape."""

_ORIGIN_ENDS: Final = r"(?=$|[/?#, '\")\u2019\u201d]{})"
"""What may follow a place's origin: after a port, some characters are no longer of a URL."""

_SENTENCE_ENDS: Final = r"|\.(?:\s|$)"
"""What does so in a sentence; in a header's value, a host with a dot behind it is another one."""


@dataclass(slots=True)
class Stage:
    """The places, as one origin after the other turns up."""

    page_origin: str
    places: dict[str, Place] = field(default_factory=dict)
    taken: set[tuple[Place, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        page = Place("PAGE", "localhost", self.page_origin)
        self.places[self.page_origin] = page
        self.taken.add((page, "/"))

    @property
    def page(self) -> Place:
        """The place of the page that asks."""
        return self.places[self.page_origin]

    def place(self, origin: TupleOrigin) -> Place:
        """The origin's place: of another site where the origin is, for some checks go by sites."""
        text = str(origin)
        if text not in self.places:
            page = origin_of_url(self.page_origin)
            is_near = page is not None and not are_cross_site(page, origin)
            name = "API" if len(self.places) == 1 else f"API_{len(self.places)}"
            self.places[text] = Place(name, "localhost" if is_near else "127.0.0.1", text)
        return self.places[text]

    def url(self, url: str, hop: int) -> tuple[Place, str]:
        """Where a URL is played: under its own path, unless something else is played there."""
        origin = origin_of_url(url)
        if origin is None:
            raise ReproError("its URL is no http(s) URL")
        place, path = self.place(origin), path_of(url)
        if (place, path) in self.taken:
            path += f"{'&' if '?' in path else '?'}hop={hop}"
        self.taken.add((place, path))
        return place, path

    def text(self, value: str) -> Text:
        """A value in which each place stands for its origin, where that is written to the letter.

        What isn't it to the letter stays, and so does what is wrong about it.
        """
        return self._parted(value, _ORIGIN_ENDS.format(""))

    def said(self, sentence: str) -> Text:
        """The same of a sentence that names origins and URLs."""
        return self._parted(sentence, _ORIGIN_ENDS.format(_SENTENCE_ENDS))

    def _parted(self, value: str, ends: str) -> Text:
        known = sorted(filter(origin_of_url, self.places), key=len, reverse=True)
        if not known:
            return (value,) if value else ()
        pattern = f"{_ORIGIN_BEGINS}({'|'.join(map(re.escape, known))}){ends}"
        parts = re.split(pattern, value)
        # Every second part is what the pattern found.
        pieces = (self.places[part] if i % 2 else part for i, part in enumerate(parts))
        return tuple(piece for piece in pieces if piece != "")


_TO_PATH: Final = re.compile(r"[A-Za-z]++:[/\\]*+[^/\\?#]*+([^?#]*+)([^#]*+)", re.DOTALL)
_PATH: Final = re.compile(r"/[A-Za-z0-9._~!$&()*+,;=:@%/-]*(?:\?[A-Za-z0-9._~!$&()*+,;=:@%/?-]*)?")
_DOTS: Final = re.compile(r"/(?:\.|%2e){1,2}(?:/|\?|$)", re.IGNORECASE)


def path_of(url: str) -> str:
    """A URL's path and query, if every browser asks for it in these very words."""
    found = _TO_PATH.match(url)
    path = f"{found[1] or '/'}{found[2]}" if found else ""
    return path if _PATH.fullmatch(path) and not _DOTS.search(path) else "/recorded"
