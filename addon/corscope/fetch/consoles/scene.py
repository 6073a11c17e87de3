"""What do the sentences of a browser's console name besides the refusal itself?"""

from typing import Final, NamedTuple

from corscope.fetch.isolation_policy import IsolationPolicy

__all__ = ["PROXY_ERROR_STATUS", "Scene"]

PROXY_ERROR_STATUS: Final = 502
"""The status of mitmproxy's error page, which the browser takes for the server's."""


class Scene(NamedTuple):
    """What the messages name besides the refusal itself. URLs are as they may be shown.

    Attributes:
        url: the request's URL.
        origin: the Origin that it was sent with.
        status: the answer's status; None where the proxy's own error page came instead.
        location: where the answer redirects to; None where it doesn't.
        page: the origin that the fetch began with, which redirects don't change.
        first_url: the URL that the fetch began with.
        destination: the request's destination, as Sec-Fetch-Dest has it; where that is empty,
            "event-stream" for an EventSource, "prefetch" for a link's; None where it isn't known.
        upgrades: whether the page has all that it asks for asked by https.
        isolation: the page's isolation policy, as far as it counts and is known.
        site: what Sec-Fetch-Site says of a request without CORS whose Origin hides the page.
    """

    url: str
    origin: str
    status: int | None
    location: str | None
    page: str
    first_url: str
    destination: str | None = None
    upgrades: bool = False
    isolation: IsolationPolicy = IsolationPolicy.NONE
    site: str | None = None

    @property
    def target(self) -> str:
        """The URL that the fetch goes on to: the redirect's target, or the request's own."""
        return self.location or self.url

    @property
    def shown_status(self) -> int:
        """The status that the browser has seen."""
        return PROXY_ERROR_STATUS if self.status is None else self.status

    def at(self, url: str) -> "Scene":
        """The same for another URL, where the fetch began with the request's own."""
        return Scene(url, self.origin, self.status, self.location, self.page, url, *self[6:])
