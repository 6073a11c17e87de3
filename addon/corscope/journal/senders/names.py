"""Which browser sends a request under another name?

Firefox lets script set a User-Agent. The preflight announces it and is sent with the browser's own,
so that the request would seem to be another client's.
"""

from dataclasses import dataclass, field
from typing import Final

from corscope.fetch.headers import byte_lowercase
from corscope.journal.alike.memo import keep
from corscope.journal.wire import WireView
from corscope.messages import HeaderList, Request

__all__ = ["Names"]

MAX_ANNOUNCED: Final = 1_000
MAX_NAMES: Final = 1_000
LONGEST: Final = 1_000
"""Characters of a name; who has a longer one stays another client."""

_BROWSERS: Final = "Mozilla/"
"""How every browser's own begins: whoever says so is taken at their word."""


@dataclass(slots=True)
class Names:
    """Who has announced another name, and where; and which names those were. Both bounded.

    A client is an address, a space and a User-Agent.
    """

    announced: dict[tuple[str, str, str], str] = field(default_factory=dict)
    known: dict[str, str] = field(default_factory=dict)

    def note(self, client: str, wire: WireView) -> None:
        """Take note of a preflight that may announce a User-Agent."""
        if "user-agent" in wire.cors.unsafe_names:
            place = _address(client), wire.cors.url, wire.cors.method
            keep(self.announced, place, client, MAX_ANNOUNCED)

    def real(self, client: str, request: Request) -> tuple[str, Request]:
        """The browser that sends a request, and the request as it would be under its own name."""
        if _agent(client).startswith(_BROWSERS) or len(client) > LONGEST:
            return client, request
        place = _address(client), request.url, request.method
        real = self.known.get(client) or self.announced.get(place)
        if real is None:
            return client, request
        keep(self.known, client, real, MAX_NAMES)
        return real, request._replace(headers=_renamed(request.headers, _agent(real)))


def _address(client: str) -> str:
    return client.partition(" ")[0]


def _agent(client: str) -> str:
    return client.partition(" ")[2]


def _renamed(headers: HeaderList, agent: str) -> HeaderList:
    return tuple(
        (name, agent if byte_lowercase(name) == "user-agent" else value) for name, value in headers
    )
