"""What the journal remembers has an end in characters too, however long the exchanges are."""

from __future__ import annotations

import gc
import types
from datetime import UTC, datetime, timedelta

import pytest

from corscope.journal.exchange import Sighting
from corscope.journal.journal import Journal
from corscope.messages import HeaderList, Request, Response

NOW = datetime(2026, 1, 1, tzinfo=UTC)
COUNT, LENGTH = 40, 100_000
ORIGIN = ("Origin", "https://app.test")
TAG = ("ETag", "1")
ANY = ("Access-Control-Allow-Origin", "*")


def kept(journal: Journal) -> int:
    """The characters of all texts that the journal holds."""
    seen: set[int] = set()
    waiting: list[object] = [journal]
    characters = 0
    while waiting:
        each = waiting.pop()
        if id(each) in seen or isinstance(each, type | types.ModuleType | types.FunctionType):
            continue
        seen.add(id(each))
        if isinstance(each, str):
            characters += len(each)
        else:
            waiting.extend(gc.get_referents(each))
    return characters


def exchanges(long: str) -> dict[str, tuple[HeaderList, int, HeaderList]]:
    """Request headers, status and response headers, of which one is long."""
    to = ("Location", "https://b.test/")
    return {
        "client": ((ORIGIN,), 200, (ANY, TAG)),
        "url": ((ORIGIN,), 200, (ANY, TAG)),
        "origin": ((("Origin", f"https://{long}.test"),), 200, (ANY, TAG)),
        "request header": ((ORIGIN, ("X-A", long)), 200, (ANY, TAG)),
        "request header name": ((ORIGIN, (f"X-{long}", "1")), 200, (ANY, TAG)),
        "allowed origin": ((ORIGIN,), 200, (("Access-Control-Allow-Origin", long),)),
        "exposed headers": ((ORIGIN,), 200, (ANY, ("Access-Control-Expose-Headers", long))),
        "location": ((ORIGIN,), 302, (ANY, (to[0], to[1] + long))),
        "redirected": ((ORIGIN, ("X-A", long)), 307, (ANY, to)),
        "page without Origin": ((("Referer", f"https://{long}.test/"),), 200, (ANY, TAG)),
    }


@pytest.mark.parametrize("what", exchanges(""))
def test_long_exchanges_are_not_remembered(what: str) -> None:
    journal, now = Journal(), NOW
    for number in range(COUNT):
        now += timedelta(milliseconds=1)
        long = f"{number:08}" + "x" * LENGTH
        asked, status, answer = exchanges(long)[what]
        client = long if what == "client" else "client"
        url = f"https://api.test/{long if what == 'url' else number}"
        journal.requested(str(number), client, Request("GET", url, asked), now)
        recorded = journal.answered(Sighting(str(number), Response(status, answer)), now)
        assert (recorded is None) == (what == "page without Origin")
    found = kept(journal)
    assert found < 3 * LENGTH, f"of {COUNT * LENGTH:,} characters {found:,} are kept"


def test_a_long_preflight_is_paired_all_the_same() -> None:
    journal = Journal()
    url = f"https://api.test/{'x' * LENGTH}"
    asks = (ORIGIN, ("Access-Control-Request-Method", "PUT"))
    allows = (ANY, ("Access-Control-Allow-Methods", "PUT"))
    journal.requested("1", "client", Request("OPTIONS", url, asks), NOW)
    journal.answered(Sighting("1", Response(204, allows)), NOW)
    [outcome] = journal.requested("2", "client", Request("PUT", url, (ORIGIN,)), NOW)
    assert (outcome.id, outcome.outcome) == ("1", "followed")
