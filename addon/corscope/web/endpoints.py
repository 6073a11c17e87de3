"""The view of the endpoints: who asks what, and what comes of it; one endpoint in full."""

import asyncio
from typing import TYPE_CHECKING, Final

from tornado.web import HTTPError

from corscope.explain.endpoints.costs import PreflightCosts
from corscope.explain.endpoints.matrix import Endpoint, Matrix, endpoint_of, endpoints
from corscope.explain.parts.engines import NAMES
from corscope.journal.store import Entry
from corscope.servers.policy import ECHO, WILDCARD
from corscope.web.handlers import Handler
from corscope.web.render import template_html

if TYPE_CHECKING:
    from corscope.web.server import Page

__all__ = ["HANDLERS", "endpoint_html", "fragment", "matrix_html"]

_MOST_ORIGINS: Final = 30
_MOST_ENDPOINTS: Final = 500

_FIELDS: Final = (
    ("allow_origins", "origins"),
    ("allow_methods", "methods"),
    ("allow_headers", "request headers"),
    ("expose_headers", "headers that script may read"),
    ("allow_credentials", "credentials"),
    ("max_age", "max-age"),
)

_NOW: Final = "as it is"


def fragment(_page: "Page") -> str:
    """The view's frame; the table comes into it as exchanges do."""
    return template_html("endpoints.html")


def matrix_html(matrix: Matrix) -> str:
    """The table; of very many origins or endpoints those that stand first."""
    return template_html(
        "matrix.html",
        matrix=matrix,
        origins=matrix.origins[:_MOST_ORIGINS],
        endpoints=matrix.endpoints[:_MOST_ENDPOINTS],
        more_origins=max(0, len(matrix.origins) - _MOST_ORIGINS),
        more_endpoints=max(0, len(matrix.endpoints) - _MOST_ENDPOINTS),
    )


def endpoint_html(endpoint: Endpoint, origins: tuple[str, ...]) -> str:
    """One endpoint: its policy, what is to be remarked, and what its preflights cost."""
    return template_html(
        "endpoint.html",
        endpoint=endpoint,
        asked=[pair for pair in zip(origins, endpoint.cells, strict=True) if pair[1]],
        policy=_policy(endpoint),
        bars=_bars(endpoint.preflights),
    )


def _policy(endpoint: Endpoint) -> list[tuple[str, str, str]]:
    """Each field of the observed policy, its value, and how sure it is."""
    if endpoint.policy is None:
        return []
    policy, notes = endpoint.policy.policy, endpoint.policy.notes
    return [
        (words, _shown(getattr(policy, name), notes[name]), notes[name]) for name, words in _FIELDS
    ]


def _shown(value: object, note: str) -> str:
    match value:
        case None:
            return "none" if note.startswith("certain") else "not known"
        case bool():
            return "allowed" if value else "not allowed"
        case str() if value == ECHO:
            return "whatever is asked for"
        case str() if value == WILDCARD:
            return "any (*)"
        case tuple():
            return ", ".join(map(str, value)) or "none"
    return str(value)


def _bars(costs: PreflightCosts | None) -> list[tuple[str, str, int, int]]:
    """The chart: for each bar its max-age, its browser, how many preflights are left, how long."""
    if costs is None:
        return []
    bars = [(_NOW, "", costs.preflights, costs.waited_ms)]
    for saving in costs.savings:
        left = costs.preflights - saving.preflights
        waited = costs.waited_ms - saving.waited_ms
        kept = f"{NAMES[saving.engine]} keeps it {saving.kept_for:,} s"
        bars.append((f"{saving.max_age:,} s", kept, left, waited))
    return bars


class Table(Handler):
    """The table."""

    async def get(self, _token: str) -> None:
        """Answer with its HTML; much is counted beside the traffic."""
        entries = tuple(self.page.behind.store)
        self.html(await asyncio.to_thread(lambda: matrix_html(endpoints(entries))))


class One(Handler):
    """One endpoint in full."""

    async def get(self, _token: str) -> None:
        """Answer with its HTML, for which all that is kept is looked at beside the traffic."""
        url = self.required("url")
        html = await asyncio.to_thread(_one_html, tuple(self.page.behind.store), url)
        if html is None:
            raise HTTPError(404, reason="No exchange with this endpoint is kept any more.")
        self.html(html)


def _one_html(entries: tuple[Entry, ...], url: str) -> str | None:
    here = [entry for entry in entries if endpoint_of(entry.exchange.url) == url]
    if not here:
        return None
    matrix = endpoints(here)
    return endpoint_html(matrix.endpoints[0], matrix.origins)


HANDLERS: Final[tuple[tuple[str, type[Handler]], ...]] = (
    ("matrix", Table),
    ("endpoint", One),
)
