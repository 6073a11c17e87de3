"""What is known of a request at one URL is taken over for another; it comes to the same."""

from __future__ import annotations

from collections.abc import Sequence
from email.utils import format_datetime
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corscope.explain.line import comment, exchange_text
from corscope.journal import reading
from corscope.journal.alike.memo import Memo
from corscope.journal.alike.mould import LONGEST_CAST, TOKEN, around
from corscope.journal.exchange import Exchange, Sighting, Touch
from corscope.journal.journal import Journal
from corscope.journal.lines.write import exchange_line
from corscope.journal.links.in_flight import InFlight
from corscope.journal.recording import Records
from corscope.journal.store import characters_of
from corscope.messages import HeaderList, Request, Response
from tests.explain.exchanges import RESPONSES, requests, sightings

from .requests import CHROMIUM, FIREFOX, PAGE, actual, at, preflight

HOST: Final = "https://api.test"
OTHERS: Final = (
    "/other",
    "/o?token=x&y",
    '/%22\\é"',
    f"/{HOST}/first",
    "/last/",
    *("/" + "x" * length for length in (LONGEST_CAST - len(HOST) - 1, 900, 9_000)),
)
ASKED: Final = (
    actual(),
    actual(headers=(("User-Agent", CHROMIUM), ("Sec-Fetch-Site", "cross-site"))),
    actual(headers=(("Cookie", "a=1"),)),
    actual("PUT", headers=(("X-A", "1"),)),
    preflight("PUT", "x-a"),
    preflight("GET", "authorization"),
    actual("GET", headers=(("Authorization", "Bearer x"),)),
)
ALLOW: Final = "Access-Control-Allow-Origin"
PASSES: Final[HeaderList] = (
    (ALLOW, PAGE),
    ("Access-Control-Allow-Methods", "PUT"),
    ("Access-Control-Allow-Headers", "x-a, authorization"),
)
REFUSED: Final[HeaderList] = (
    (ALLOW, "https://b.test"),
    (ALLOW, "*"),
    (ALLOW, "x" * 700),
    ("Access-Control-Allow-Methods", "*"),
)
FURTHER: Final = (
    ("Access-Control-Allow-Credentials", "true"),
    ("Access-Control-Expose-Headers", "etag"),
    ("Access-Control-Max-Age", "60"),
    ("Cache-Control", "max-age=60"),
    ("Content-Type", "text/html"),
    ("ETag", '"1"'),
    ("Location", "?next"),
    ("Vary", "Origin"),
    ("X-Cache", "HIT"),
    ("X-Url", f"{HOST}/other"),
)
TOUCHES: Final = st.none() | st.one_of(
    st.just(Touch("a rule", "apply", answered=True)),
    RESPONSES.map(lambda response: Touch(f"{HOST}/other", "apply", server_response=response)),
    RESPONSES.map(lambda response: Touch("a rule", "shadow", shadow=response)),
)
PASSED: Final = st.builds(
    lambda status, allow, more, touch: Sighting(
        "", Response(status, allow + tuple(more)), touch=touch
    ),
    st.sampled_from([200, 200, 200, 204, 302, 304]),
    st.sampled_from([PASSES, PASSES, *((line, *PASSES[1:]) for line in REFUSED)]),
    st.lists(st.sampled_from(FURTHER), max_size=4, unique=True),
    TOUCHES,
)
TURNS: Final = st.tuples(st.sampled_from(ASKED), PASSED) | st.tuples(requests(), sightings())

VARIES: Final = ("Vary", "Origin")
CACHED: Final = ("Access-Control-Max-Age", "60")
KEY: Final = (("Authorization", "Bearer x"),)
AS_FIREFOX: Final = (("User-Agent", FIREFOX),)


def answered(*headers: tuple[str, str]) -> Sighting:
    return Sighting("", Response(200, headers))


SEQUENCES: Final = {
    "a detail that a console cuts off": [
        (actual(headers=AS_FIREFOX), answered(REFUSED[2])),
    ],
    "a detail as long as may be": [
        (actual(headers=AS_FIREFOX), answered((ALLOW, "x" * LONGEST_CAST))),
        (preflight(headers=AS_FIREFOX), answered((ALLOW, "x" * LONGEST_CAST))),
    ],
    "a remark from the second time on": [
        (preflight("PUT", "x-a"), answered(*PASSES)),
        (actual("PUT", headers=(("X-A", "1"),)), answered(*PASSES, VARIES)),
        *[
            (preflight("PUT", "x-a"), answered(REFUSED[1], *PASSES[1:])),
            (actual("PUT", headers=(("X-A", "1"),)), answered(*PASSES, VARIES)),
        ]
        * 3,
    ],
    "a refusal that clears the cache": [
        (preflight("PUT", "x-a"), answered(*PASSES, CACHED)),
        (actual("PUT", headers=(("X-A", "1"),)), answered(REFUSED[0], VARIES)),
        (actual("PUT", headers=(("X-A", "1"),)), answered(*PASSES, VARIES)),
    ],
    "a simple request's refusal, which clears the cache": [
        (preflight("PUT", "x-a", headers=AS_FIREFOX), answered(*PASSES, CACHED)),
        (actual(headers=AS_FIREFOX), answered(VARIES)),
        *[(actual("PUT", headers=(("X-A", "1"), *AS_FIREFOX)), answered(*PASSES, VARIES))] * 2,
    ],
    "another origin's answer before": [
        (actual(), answered((ALLOW, PAGE))),
        (actual(origin="https://b.test"), answered((ALLOW, "https://b.test"))),
    ],
    "a copy to go by": [
        (actual(), answered((ALLOW, PAGE), VARIES, ("ETag", '"1"'))),
        (actual(headers=(("If-None-Match", '"1"'),)), Sighting("", Response(304, ()))),
    ],
    "a cached answer that may have let it go": [
        (preflight("GET", "authorization"), answered(*PASSES, CACHED)),
        (actual(headers=KEY), answered(*PASSES, VARIES)),
        (actual(headers=KEY), answered(*PASSES, VARIES)),
    ],
}


def play(
    journal: Journal, url: str, turns: Sequence[tuple[Request, Sighting]], start: int
) -> list[object]:
    """All that is made of these exchanges at this URL, and kept with what they share."""
    made: list[object] = []
    for number, (request, seen) in enumerate(turns, start):
        asked = request._replace(url=url)
        made += journal.requested(str(number), "browser", asked, at(number))
        exchange = journal.answered(seen._replace(id=str(number)), at(number))
        if exchange is not None:
            made += _told(exchange)
    return made


def _told(exchange: Exchange) -> list[object]:
    texts = exchange_line(exchange), exchange_text(exchange), comment(exchange)
    assert exchange.pattern is not None
    lengths = characters_of(exchange), exchange.pattern.length, exchange.pattern.is_kept
    return [exchange, *texts, *lengths]


def alone(
    url: str, turns: Sequence[tuple[Request, Sighting]], start: int, *, masked: bool
) -> list[object]:
    """The same where nothing was seen before, and nothing is kept for other URLs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "_readings", Memo(500))
        patch.setattr(Records, "_keep_mould", lambda *_: None)
        return play(Journal(records=Records(masked)), url, turns, start)


@settings(max_examples=700, deadline=None)
@given(
    st.lists(TURNS, min_size=1, max_size=5),
    st.lists(st.sampled_from(OTHERS), min_size=1, unique=True),
    st.booleans(),
)
def test_a_new_url_is_told_as_if_it_were_the_only_one(
    turns: list[tuple[Request, Sighting]], paths: list[str], masked: bool
) -> None:
    _compare(turns, ["/first", *paths], masked=masked)


def _compare(turns: list[tuple[Request, Sighting]], paths: Sequence[str], *, masked: bool) -> None:
    journal = Journal(records=Records(masked))
    for number, turn in enumerate(turns):  # what is to remark of it later isn't by itself
        play(journal, f"{HOST}/alone/{number}", [turn], number)
    for place, path in enumerate(paths, 1):
        url, start = HOST + path, place * len(turns)
        found, expected = play(journal, url, turns, start), alone(url, turns, start, masked=masked)
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert one == other


@pytest.mark.parametrize("turns", SEQUENCES.values(), ids=SEQUENCES)
def test_what_comes_before_counts_at_a_new_url_too(turns: list[tuple[Request, Sighting]]) -> None:
    _compare(turns, ["/first", *OTHERS], masked=True)


def test_nor_is_a_url_like_others_that_a_console_cuts_off() -> None:
    turns = SEQUENCES["a detail that a console cuts off"]
    _compare([(turns[0][0], answered())], ["/" + "x" * 900, *OTHERS], masked=True)


@pytest.mark.parametrize("asked", [ASKED[0], ASKED[4]], ids=["actual", "preflight"])
def test_what_another_url_had_is_not_made_once_more(asked: Request) -> None:
    journal = Journal()
    answer = Sighting("", Response(200, (*PASSES, ("Vary", "Origin"))))
    patterns = []
    for number in range(3):
        journal.requested(str(number), "browser", asked._replace(url=f"{HOST}/{number}"), at(0))
        exchange = journal.answered(answer._replace(id=str(number)), at(0))
        assert exchange is not None
        assert exchange.pattern is not None
        patterns.append(exchange.pattern)
        assert exchange.url == exchange.scene.first_url == f"{HOST}/{number}"
    assert patterns[0] is not patterns[1]
    assert patterns[0].mould is patterns[1].mould is patterns[2].mould is not None
    assert patterns[0].shared["verdicts"] is patterns[2].shared["verdicts"]


def test_only_of_a_url_that_comes_again_anything_is_kept_to_know_it_by() -> None:
    """That it is the same which is told, kept or not, the comparisons above show."""
    journal = Journal()
    answer = Sighting("", Response(200, (*PASSES, ("Vary", "Origin"))))
    patterns = []
    for number, path in enumerate(("first", "other", "other", "other", "other")):
        url = f"https://once.test/{path}"
        journal.requested(str(number), "browser", actual(url=url), at(0))
        pending = journal.in_flight[str(number)]
        assert isinstance(pending, InFlight)
        assert pending.elsewhere == (url if number in {1, 2} else None)
        exchange = journal.answered(answer._replace(id=str(number)), at(0))
        assert exchange is not None
        patterns.append(exchange.pattern)
    assert len(set(map(id, patterns))) == 4
    assert patterns[3] is patterns[4]


def test_one_that_the_browser_sends_once_more_is_known_again_at_a_new_url_too() -> None:
    """And so isn't taken for the one that a redirect leads to."""
    journal = Journal()
    allowed, german = ((ALLOW, PAGE), VARIES), (("Accept-Language", "de"),)
    turns: list[tuple[str, HeaderList, Response]] = [
        ("first", (), Response(421, allowed)),
        ("first", (), Response(200, allowed)),
        ("other", (), Response(421, allowed)),
        ("other", german, Response(302, (*allowed, ("Location", "")))),
        ("other", (), Response(200, allowed)),
    ]
    for number, (path, headers, response) in enumerate(turns):
        turn = actual(headers=headers), Sighting("", response)
        exchange = play(journal, f"{HOST}/{path}", [turn], number)[0]
        assert isinstance(exchange, Exchange)
        assert exchange.redirected_from is None


def test_where_urls_stand_is_not_told_of_a_text_that_has_their_paths_too() -> None:
    url = f"{HOST}/{TOKEN}"
    assert around(f"at {url}, {url}.", url) == ["at ", ", ", "."]
    assert around(f"{url} at /{TOKEN}", url) == []
    assert around("nowhere", url) == []


def test_what_hangs_on_the_time_is_made_anew() -> None:
    """A clock may be put back, to before an answer's end."""
    journal, expires = Journal(), ("Expires", format_datetime(at(3), usegmt=True))
    found = []
    for number, seconds in enumerate((5, 0)):
        request = actual(url=f"{HOST}/{number}")
        journal.requested(str(number), "browser", request, at(seconds))
        answer = Response(200, (*PASSES, expires))
        exchange = journal.answered(Sighting(str(number), answer), at(seconds))
        assert exchange is not None
        found.append([finding.id for finding in exchange.findings])
    assert found == [[], ["vary-origin-missing"]]
