"""Who asks what, and what comes of it? All exchanges as a table: endpoints down, origins across.

An endpoint is a URL without its query, in which path segments that are plainly ids are one. For
each there is the policy that its server seems to have, what is to be remarked on all its answers
together, and what its preflights cost.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from corscope.explain.endpoints.costs import PreflightCosts, preflight_costs
from corscope.explain.endpoints.remarks import EndpointRemark, remarks_on
from corscope.explain.infer import Inferred, infer, observed
from corscope.journal.exchange import Exchange, Verdict
from corscope.journal.store import Entry

__all__ = ["Cell", "Endpoint", "Matrix", "endpoint_of", "endpoints"]

ANY: Final = "*"
"""What stands for an id in an endpoint's URL."""

_ID: Final = re.compile(
    r"[0-9]+|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE
)
_ORIGIN_AND_PATH: Final = re.compile(r"([^:/?#]+://[^/?#]*)([^?#]*)")


@dataclass(frozen=True, slots=True)
class Cell:
    """One origin's exchanges with one endpoint.

    Attributes:
        verdict: the last one.
        reason: why the last one is blocked, or may be; None where it isn't.
        last: the id of the last exchange.
        counts: how many there were of each verdict.
    """

    verdict: Verdict
    reason: str | None
    last: str
    counts: Mapping[Verdict, int]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint, and what is known of it.

    Attributes:
        url: its URL without the query, each id an asterisk.
        methods: the methods that were asked for.
        cells: one for each of the matrix's origins; None where that never asked.
        last: when it was last asked.
        policy: the policy that its server seems to have; None where no server has answered.
        remarks: what is to be said of all its answers together.
        preflights: what its preflights cost; None where there were none.
        ids: the ids of its exchanges, in their order.
    """

    url: str
    methods: tuple[str, ...]
    cells: tuple[Cell | None, ...]
    last: datetime
    policy: Inferred | None
    remarks: tuple[EndpointRemark, ...]
    preflights: PreflightCosts | None
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """The endpoints, and the origins that are the columns of their cells."""

    origins: tuple[str, ...]
    endpoints: tuple[Endpoint, ...]


def endpoint_of(url: str) -> str:
    """The endpoint's URL: without the query, and with an asterisk for each segment that is an id.

    An id is a number or a UUID; what only may be one stays.
    """
    found = _ORIGIN_AND_PATH.match(url)
    if found is None:
        return url.partition("?")[0]
    segments = (ANY if _ID.fullmatch(each) else each for each in found[2].split("/"))
    return found[1] + "/".join(segments)


def endpoints(entries: Iterable[Entry]) -> Matrix:
    """The table of all exchanges; origins and endpoints in the order of their names."""
    grouped: dict[str, list[Entry]] = {}
    origins = set()
    for entry in entries:
        grouped.setdefault(endpoint_of(entry.exchange.url), []).append(entry)
        origins.add(entry.exchange.origin)
    columns = tuple(sorted(origins))
    rows = tuple(_endpoint(url, grouped[url], columns) for url in sorted(grouped))
    return Matrix(columns, rows)


def _endpoint(url: str, entries: Sequence[Entry], columns: Sequence[str]) -> Endpoint:
    exchanges = [entry.exchange for entry in entries]
    observations = [each for each in map(observed, exchanges) if each is not None]
    return Endpoint(
        url=url,
        methods=tuple(sorted({exchange.method for exchange in exchanges})),
        cells=_cells(exchanges, columns),
        last=max(exchange.time for exchange in exchanges),
        policy=infer(observations) if observations else None,
        remarks=remarks_on(exchanges),
        preflights=preflight_costs(entries),
        ids=tuple(exchange.id for exchange in exchanges),
    )


def _cells(exchanges: Iterable[Exchange], columns: Iterable[str]) -> tuple[Cell | None, ...]:
    by_origin: dict[str, list[Exchange]] = {}
    for exchange in exchanges:
        by_origin.setdefault(exchange.origin, []).append(exchange)
    return tuple(_cell(by_origin[each]) if each in by_origin else None for each in columns)


def _cell(exchanges: Sequence[Exchange]) -> Cell:
    last = exchanges[-1]
    reason = last.judgement.reason
    return Cell(
        last.judgement.verdict,
        None if reason is None else str(reason),
        last.id,
        Counter(exchange.judgement.verdict for exchange in exchanges),
    )
