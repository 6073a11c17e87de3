"""Saved exchanges come in the order in which they went out, whatever order a file has them in."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from mitmproxy.io import FlowWriter
from mitmproxy.test import tutils

from corscope.journal.exchange import Exchange, Sighting
from corscope.messages import HeaderList, Request, Response
from corscope.mitm.saved import in_order as module
from corscope.mitm.saved.capture import Capture
from corscope.mitm.saved.flows import read_captures
from corscope.mitm.saved.in_order import MOST_HELD, in_order
from corscope.mitm.saved.replay import records
from tests.mitm.flows import flow

BEGIN = datetime(2026, 11, 30, 6, 9, tzinfo=UTC)
ORIGIN: HeaderList = (("Origin", "https://app.test"),)
URL = "https://api.test/x"


def capture(
    id_: str,
    at: float,
    took: float = 5,
    *,
    method: str = "PUT",
    headers: HeaderList = ORIGIN,
    url: str = URL,
    waits: float | None = 100,
) -> Capture:
    """One that began so many milliseconds after the beginning, and took so many.

    Its preflight may have begun until so many later.
    """
    asked = BEGIN + timedelta(milliseconds=at)
    allowed = (
        ("Allow-Origin", "https://app.test"),
        ("Allow-Methods", "*"),
        ("Allow-Headers", "authorization"),
    )
    answer = Response(200, tuple((f"Access-Control-{name}", value) for name, value in allowed))
    return Capture(
        "someone",
        Request(method, url, headers),
        asked,
        Sighting(id_, answer),
        asked + timedelta(milliseconds=took),
        None if waits is None else asked + timedelta(milliseconds=waits),
    )


def preflight(
    id_: str, at: float, took: float = 5, names: str = "", method: str = "PUT"
) -> Capture:
    announced = (("Access-Control-Request-Headers", names),) if names else ()
    headers = (*ORIGIN, ("Access-Control-Request-Method", method), *announced)
    return capture(id_, at, took, method="OPTIONS", headers=headers)


def ids(found: Sequence[Capture]) -> str:
    return " ".join(each.sighting.id for each in in_order(found))


def test_what_was_asked_first_comes_first() -> None:
    three = [capture(str(at), at, url=f"{URL}/{at}") for at in range(3)]
    for order in permutations(three):
        assert ids(order) == "0 1 2"


def test_what_has_the_same_time_or_none_stays_where_it_is() -> None:
    timeless = Capture(
        "someone", Request("GET", URL, ()), module.UNKNOWN, Sighting("b", None), BEGIN
    )
    assert ids([capture("a", 0), timeless, capture("c", 0), capture("d", 0)]) == "a b c d"


@pytest.mark.parametrize("took", [60, 5], ids=["Chromium's time", "Firefox's time"])
def test_a_request_goes_out_behind_its_preflight(took: float) -> None:
    """Chromium's time of a request has its preflight's in it, Firefox's has not."""
    pair = [capture("request", 0, took), preflight("preflight", 10, 40)]
    for order in permutations(pair):
        first, second = in_order(order)
        assert (first.sighting.id, second.sighting.id) == ("preflight", "request")
        assert second.asked == first.answered
        waited = (second.answered - second.asked) / timedelta(milliseconds=1)
        assert waited == (10 if took == 60 else 5)


def test_in_a_proxys_file_it_has_been_sent_when_it_says_so() -> None:
    pair = [capture("request", 0, waits=None), preflight("preflight", 10)]
    assert ids(pair) == "request preflight"


@pytest.mark.parametrize("waits", [None, 5], ids=["one that is known", "another"])
def test_where_nothing_is_cached_each_preflight_stays_before_its_own(waits: float | None) -> None:
    """However soon after each other they come: in the time that it took, no request began."""
    polled = [
        each
        for number in range(3)
        for each in (
            preflight(f"p{number}", number * 20),
            capture(f"r{number}", number * 20 + 6, waits=waits),
        )
    ]
    assert ids(polled) == "p0 r0 p1 r1 p2 r2"


def test_each_of_several_goes_out_behind_one() -> None:
    both = [capture("a", 0), capture("b", 1), preflight("1", 2, 50), preflight("2", 3, 50)]
    assert ids(both) == "1 2 b a"


def test_one_that_needed_no_preflight_again_is_no_other_ones() -> None:
    earlier, later = capture("earlier", 0), capture("later", 10)
    assert ids([earlier, later, preflight("preflight", 11)]) == "earlier preflight later"
    assert ids([earlier, preflight("preflight", 2000)]) == "earlier preflight"


@pytest.mark.parametrize(
    ("names", "headers", "is_its_own"),
    [
        ("x-a", (("X-A", "1"),), True),
        ("x-a", (), False),
        ("authorization", (), True),
        ("content-type,x-a", (("x-a", "1"),), True),
    ],
)
def test_it_has_what_its_preflight_announces(
    names: str, headers: HeaderList, is_its_own: bool
) -> None:
    """But for what a HAR without secrets lacks, and what a redirect has taken off."""
    asked = capture("request", 0, headers=(*ORIGIN, *headers))
    expected = "preflight request" if is_its_own else "request preflight"
    assert ids([asked, preflight("preflight", 1, names=names)]) == expected


def test_one_of_another_method_is_none() -> None:
    assert ids([capture("get", 0, method="GET"), preflight("preflight", 1)]) == "get preflight"


def test_what_was_never_sent_is_left_out_where_its_preflight_tells_why() -> None:
    """A browser lists it all the same, and maybe not with all of its headers."""
    kept_back = replace(capture("request", 0), is_sent=False)
    assert ids([kept_back, preflight("preflight", 1, names="x-a")]) == "preflight"
    assert ids([kept_back, preflight("preflight", 1, method="GET")]) == "request preflight"


def test_an_authorization_that_was_left_out_is_known_again() -> None:
    """Else the request looks like one that its preflight hasn't announced."""
    asked = [capture("request", 0), preflight("preflight", 1, names="authorization")]
    found = list(records(in_order(asked)))
    request = next(each for each in found if isinstance(each, Exchange) and each.kind == "actual")
    assert (request.preflight, request.request_headers) == ("preflight", ("authorization",))


def test_a_missing_preflight_is_explained_by_what_a_recording_may_lack() -> None:
    """Corscope may have started long after; Playwright's HARs have no preflights at all."""
    found = records([capture("request", 0)])
    (remark,) = next(each for each in found if isinstance(each, Exchange)).findings
    assert (remark.id, remark.detail) == (
        "preflight-not-seen",
        "no preflight was seen for it: cached before the recording began, left out of the "
        "recording, or not a browser",
    )


def test_so_many_are_held_back_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    late = capture("late", -1, url=f"{URL}/late")
    many = [capture(str(at), at, url=f"{URL}/{at}") for at in range(MOST_HELD)]
    assert ids([*many, late]).startswith("late 0 1")
    assert ids([*many, capture("more", 2000), late]).startswith("0 late 1 2")
    monkeypatch.setattr(module, "MOST_CHARACTERS", 1_000)
    assert ids([*many[:20], late]).split().index("late") > 10


def test_nothing_is_kept_of_what_has_gone() -> None:
    held = module._Held()
    kept_back = replace(capture("d", 3, url=f"{URL}/d"), is_sent=False)
    other = replace(preflight("e", 4), request=preflight("e", 4).request._replace(url=f"{URL}/d"))
    three = (capture("a", 0), preflight("b", 1), capture("c", 2, url=f"{URL}/c"))
    for each in (*three, kept_back, other):
        held.add(each)
    while held.captures:
        held.take()
    assert (held.turns, held.preflights, held.requests, held.characters) == ([], {}, {}, 0)


def test_flows_that_come_by_a_pipe_are_read_as_they_come() -> None:
    """As of `mitmdump -w - | corscope explain -`, which may run all day."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb", buffering=0) as sink, os.fdopen(reading, "rb") as stream:
        captures = read_captures(stream)
        for url in ("http://api.test/first", "http://api.test/second"):
            FlowWriter(sink).add(flow(url, ORIGIN, response=tutils.tresp()))
            assert next(captures).request.url == url
